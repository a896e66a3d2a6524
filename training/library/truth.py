"""Pairs whose edit list is known, because the edit was made in EditorBot: nothing to align."""

from __future__ import annotations

from typing import TYPE_CHECKING

from model_core.align.types import Alignment, AlignmentReport, Verdict
from model_core.edit.coverage import joins_of, kept_ranges
from model_core.edit.pointers import edit_list_to_pointers, hop_samples
from model_core.edit.serialise import read_edit_list
from model_core.edit.types import Gap
from model_core.errors import EditError

if TYPE_CHECKING:
    from model_core.audio.source import AudioSource
    from model_core.edit.types import EditList
    from training.library.layout import Layout


def known_alignment(
    layout: Layout, name: str, raw: AudioSource, edited: AudioSource, raw_hash: str
) -> Alignment | None:
    """Returns how a pair aligns where its edit list is known; None where it has to be found out.

    Args:
        layout: Of the library.
        name: The sample.
        raw: The recording.
        edited: The finished edit.
        raw_hash: Hash of the recording's bytes: an edit list of another one is of no use.
    """
    path = layout.truth(name)
    if not path.is_file():
        return None
    try:
        saved = read_edit_list(path)
        saved.edit_list.check_within((raw.n_samples,))
    except EditError:
        return None
    if len(saved.sources) != 1 or saved.sources[0].content_hash != raw_hash:
        return None
    if (saved.edit_list.length, raw.sample_rate) != (edited.n_samples, edited.sample_rate):
        return None
    return alignment_of(saved.edit_list, raw)


def alignment_of(edit_list: EditList, raw: AudioSource) -> Alignment:
    """Returns an edit list of a recording in the form that the aligner answers in."""
    pointers = edit_list_to_pointers(edit_list, hop_samples(raw.sample_rate), raw.n_samples)
    foreign, at = [], 0
    for item in edit_list.items:
        if isinstance(item, Gap):
            foreign.append((at, at + item.length))
        at += item.length
    kept = kept_ranges(edit_list, 0, raw.n_samples)
    length = max(1, edit_list.length)
    report = AlignmentReport(
        coverage=float((kept[:, 1] - kept[:, 0]).sum()) / max(1, raw.n_samples),
        matched=1.0 - sum(stop - start for start, stop in foreign) / length,
        joins=sum(join.kind is not None for join in joins_of(edit_list)),
        length_ratio=edit_list.length / max(1, raw.n_samples),
        confidence=1.0,
        speed=1.0,
        identical=1.0,
        verdict=Verdict.GOOD,
    )
    return Alignment(edit_list, pointers, tuple(foreign), 1.0, report)
