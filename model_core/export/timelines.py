"""Handing an edit over to other programs: the formats, and how a timeline is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from model_core.edit.serialise import SourceInfo, edit_list_to_text
from model_core.errors import EditError, FileWriteError
from model_core.export.audacity import (
    write_edited_labels,
    write_kept_labels,
    write_removed_labels,
)
from model_core.export.cmx_edl import write_cmx_edl
from model_core.export.dawproject import write_dawproject
from model_core.export.final_cut_xml import write_final_cut_xml
from model_core.export.hand_over import HandOver, Written
from model_core.export.otio import write_otio
from model_core.export.reaper import write_reaper
from model_core.files import refuse_overwriting_source, write_bytes_atomically

if TYPE_CHECKING:
    import os

    from model_core.edit.types import EditList

_Writer: TypeAlias = Callable[[HandOver, Path], Written]


@dataclass(frozen=True, slots=True)
class TimelineFormat:
    """A way to hand an edit over.

    Attributes:
        name: How commands call it.
        label: What people call it.
        used_by: The programs that it is for.
        suffix: Ending of its files' names.
        write: Returns the file's bytes, given the edit and the folder that the file will lie in.
        ending: What is put between a name and the suffix where several formats share a suffix.
        has_media: Whether it points at sound files.
        has_frames: Whether its clock counts video frames.
        has_tracks: Whether each microphone of a recording with several gets a track of its own;
            others get the mix.
    """

    name: str
    label: str
    used_by: str
    suffix: str
    write: _Writer
    ending: str = ""
    has_media: bool = True
    has_frames: bool = False
    has_tracks: bool = False

    def file_name(self, stem: str) -> str:
        """Returns the usual name of a file for an edit."""
        return f"{stem}{self.ending}{self.suffix}"


@dataclass(frozen=True, slots=True)
class HandedOver:
    """What was written: the file, and sentences about what the format couldn't keep."""

    path: Path
    notes: tuple[str, ...] = ()


def _write_json(hand_over: HandOver, folder: Path) -> Written:
    sources = [
        SourceInfo(media.seen_from(folder), media.sample_rate, media.n_samples, media.content_hash)
        for media in hand_over.media
    ]
    notes = ("Chapter marks are left out.",) if hand_over.markers else ()
    return Written(edit_list_to_text(hand_over.edit, sources).encode(), notes)


TIMELINE_FORMATS: Final[dict[str, TimelineFormat]] = {
    each.name: each
    for each in (
        TimelineFormat(
            "reaper", "REAPER project", "REAPER", ".rpp", write_reaper, has_tracks=True
        ),
        TimelineFormat(
            "labels", "Audacity labels: what is kept", "Audacity, on the recording",
            ".txt", write_kept_labels, "_kept", has_media=False,
        ),
        TimelineFormat(
            "labels-removed", "Audacity labels: what is left out", "Audacity, on the recording",
            ".txt", write_removed_labels, "_removed", has_media=False,
        ),
        TimelineFormat(
            "labels-edited", "Audacity labels: the joins", "Audacity, on the exported edit",
            ".txt", write_edited_labels, "_joins", has_media=False,
        ),
        TimelineFormat(
            "dawproject", "DAWproject", "Bitwig Studio, Studio One, Cubase", ".dawproject",
            write_dawproject,
        ),
        TimelineFormat(
            "otio", "OpenTimelineIO", "DaVinci Resolve, Kdenlive and others", ".otio", write_otio,
            has_tracks=True,
        ),
        TimelineFormat(
            "final-cut-xml", "Final Cut Pro 7 XML", "Premiere Pro, DaVinci Resolve", ".xml",
            write_final_cut_xml, has_frames=True,
        ),
        TimelineFormat(
            "edl", "Edit decision list (CMX3600)", "nearly every video program", ".edl",
            write_cmx_edl, has_media=False, has_frames=True,
        ),
        TimelineFormat("json", "EditorBot edit list", "scripts, EditorBot", ".json", _write_json),
    )
}  # fmt: skip
"""By name, in the order in which they are offered."""


def timeline_format(path: Path, name: str | None = None) -> TimelineFormat:
    """Returns the format to write a timeline in: the one that is named, or that of its ending.

    Raises:
        FileWriteError: There is no such format.
    """
    if name is not None:
        if name.lower() in TIMELINE_FORMATS:
            return TIMELINE_FORMATS[name.lower()]
        raise FileWriteError(
            f"EditorBot knows no timeline format “{name}”.",
            f"Choose one of {', '.join(TIMELINE_FORMATS)}.",
        )
    for each in TIMELINE_FORMATS.values():
        if path.suffix.lower() == each.suffix:
            return each
    raise FileWriteError(
        f"“{path}” has no ending that says which kind of timeline to write.",
        f"Use one of {', '.join(dict.fromkeys(f.suffix for f in TIMELINE_FORMATS.values()))}.",
    )


def check_hand_over(edit: EditList) -> None:
    """Raises `EditError` if there is nothing to hand over."""
    if not edit.segments:
        raise EditError("The edit is empty: there is nothing to hand over.", "Keep some of it.")


def write_timeline(
    hand_over: HandOver, path: str | os.PathLike[str], name: str | None = None
) -> HandedOver:
    """Writes an edit as a timeline for another program.

    Args:
        hand_over: The edit.
        path: The file.
        name: Of the format; left out, the file's ending tells.

    Raises:
        EditError: The edit is empty, or beyond what the format can hold.
        FileWriteError: The file can't be written, or is one of the recordings.
    """
    path = Path(path)
    kind = timeline_format(path, name)
    check_hand_over(hand_over.edit)
    refuse_overwriting_source(path, [media.path for media in hand_over.files])
    written = kind.write(hand_over, path.absolute().parent)
    write_bytes_atomically(path, written.data)
    return HandedOver(path, written.notes)
