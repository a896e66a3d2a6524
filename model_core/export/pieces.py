"""What of an edit is exported: all of it, a part, or each segment or take as its own file."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from model_core.audio.render import Renderer
from model_core.edit.timeline import Timeline
from model_core.edit.types import EditList, Segment
from model_core.errors import FileWriteError
from model_core.export.chapters import edited_chapters, with_markers
from model_core.export.sound import ExportedSound, export_sound
from model_core.export.tags import Tags, read_tags
from model_core.progress import no_progress, part_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from model_core.audio.source import AudioSource
    from model_core.edit.markers import Marker
    from model_core.export.levelling import LoudnessTarget
    from model_core.progress import CancelToken, Progress

_UNSAFE: Final = re.compile(r'[\x00-\x1f<>:"/\\|?*]+')
_LONGEST_NAME: Final = 60


@dataclass(frozen=True, slots=True)
class Piece:
    """One file that an export writes.

    Attributes:
        path: The file.
        edit: The edit that it is of.
        within: The part of the edited timeline that it holds, in samples; None for all of it.
    """

    path: Path
    edit: EditList
    within: tuple[int, int] | None = None

    @property
    def length(self) -> int:
        """Length in samples of the recording's rate."""
        start, stop = self.within or (0, Timeline(self.edit).length)
        return stop - start


@dataclass(frozen=True, slots=True)
class SoundOptions:
    """How sound is written; what is left out stays as the recording has it.

    Attributes:
        format: Name of the kind of file; None: the file's ending tells.
        subtype: libsndfile's name of the encoding; None keeps the depth.
        sample_rate: In Hz; None keeps the rate.
        loudness: What the loudness is brought to; None leaves it as it is.
        dither: Whether to dither where depth is lost.
        keeps_tags: Whether tags, pictures and chapter marks are carried over.
    """

    format: str | None = None
    subtype: str | None = None
    sample_rate: int | None = None
    loudness: LoudnessTarget | None = None
    dither: bool = True
    keeps_tags: bool = True


def segment_pieces(edit: EditList, path: Path) -> tuple[Piece, ...]:
    """Returns a piece for each segment: one after the other they are the whole edit, less gaps."""
    timeline = Timeline(edit)
    stretches = [
        (int(start), int(start) + item.length)
        for start, item in zip(timeline.starts, edit.items, strict=False)
        if isinstance(item, Segment)
    ]
    digits = max(2, len(str(len(stretches))))
    return tuple(
        Piece(path.with_name(f"{path.stem}_{number:0{digits}}{path.suffix}"), edit, stretch)
        for number, stretch in enumerate(stretches, 1)
    )


def take_pieces(takes: Iterable[tuple[str, EditList]], path: Path) -> tuple[Piece, ...]:
    """Returns a piece for each of several edits, given their names; no two get one file."""
    pieces: list[Piece] = []
    used: set[str] = set()
    for name, edit in takes:
        base = f"{path.stem}_{safe_name(name) or 'take'}"
        stem, number = base, 1
        while stem.casefold() in used:
            number += 1
            stem = f"{base}-{number}"
        used.add(stem.casefold())
        pieces.append(Piece(path.with_name(f"{stem}{path.suffix}"), edit))
    return tuple(pieces)


def safe_name(text: str) -> str:
    """Returns a text as a part of a file's name that every system takes."""
    return _UNSAFE.sub("_", text)[:_LONGEST_NAME].strip(" .")


def export_pieces(
    sources: Sequence[AudioSource],
    pieces: Sequence[Piece],
    options: SoundOptions,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
    markers: Sequence[Marker] = (),
) -> tuple[ExportedSound, ...]:
    """Writes pieces of edits to sound files, one after the other.

    Args:
        sources: The edits' recordings; tags come from the first one.
        pieces: What to write. An edit of which nothing is left is refused before any is written.
        options: How.
        progress: Told the written share.
        cancel: Looked at after every block; the files that are finished stay.
        markers: Named places of the first recording; they become chapter marks.

    Raises:
        FileWriteError: A file can't be written, or there is nothing to write.
        AudioReadError: A recording can't be read.
        CancelledError: `cancel` was set.
    """
    lengths = [piece.length for piece in pieces]
    if not pieces or min(lengths) <= 0:
        raise FileWriteError("The edit is empty: there is nothing to export.", "Keep some of it.")
    path = sources[0].path
    kept = read_tags(path) if options.keeps_tags and path is not None else Tags()
    kept = replace(kept, chapters=with_markers(kept.chapters, markers, sources[0].sample_rate))
    written: list[ExportedSound] = []
    done, whole = 0, sum(lengths)
    for piece, length in zip(pieces, lengths, strict=True):
        renderer = Renderer(sources, piece.edit)
        written.append(
            export_sound(
                renderer,
                piece.path,
                options.format,
                options.subtype,
                options.sample_rate,
                progress=part_of(progress, done / whole, (done + length) / whole),
                cancel=cancel,
                within=piece.within,
                loudness=options.loudness,
                dither=options.dither,
                tags=_tags_of(kept, piece, renderer.sample_rate),
            )
        )
        done += length
    return tuple(written)


def _tags_of(kept: Tags, piece: Piece, sample_rate: int) -> Tags | None:
    chapters = edited_chapters(kept.chapters, piece.edit, sample_rate, piece.within)
    if not (kept.fields or kept.pictures or chapters):
        return None
    return Tags(kept.fields, kept.pictures, chapters)
