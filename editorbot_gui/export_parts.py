"""What of the document can be exported: all of the edit, a selection, each segment, each take."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from editorbot_gui.waveform.view_state import Axis, Selection
from model_core.edit.types import EditList

if TYPE_CHECKING:
    from pathlib import Path

    from model_core.audio.source import Track
    from model_core.export.pieces import Piece


class Part(Enum):
    """What is exported."""

    WHOLE = auto()
    SELECTION = auto()
    SEGMENTS = auto()
    TAKES = auto()


@dataclass(frozen=True, slots=True)
class ExportMaterial:
    """What the document has to export.

    Attributes:
        edit_list: The edit.
        selection: What is selected, in the edit or in the recording; None for nothing.
        takes: Names and edits of the takes.
        tracks: The microphones of a recording with several.
    """

    edit_list: EditList
    selection: Selection | None = None
    takes: tuple[tuple[str, EditList], ...] = ()
    tracks: tuple[Track, ...] = ()

    @property
    def parts(self) -> tuple[Part, ...]:
        """What can be chosen."""
        return (
            Part.WHOLE,
            *((Part.SELECTION,) if self.selection is not None else ()),
            *((Part.SEGMENTS,) if len(self.edit_list.segments) > 1 else ()),
            *((Part.TAKES,) if len(self.takes) > 1 else ()),
        )

    def label(self, part: Part) -> str:
        """Returns how a part is called."""
        if part is Part.SELECTION:
            of_recording = self.selection is not None and self.selection.axis is Axis.RAW
            return (
                _tr("The selection of the recording, uncut")
                if of_recording
                else _tr("The selection")
            )
        if part is Part.SEGMENTS:
            return _tr("Each segment as a file: {n}").format(n=len(self.edit_list.segments))
        if part is Part.TAKES:
            return _tr("Each take as a file: {n}").format(n=len(self.takes))
        return _tr("The whole edit")

    def pieces(self, part: Part, path: Path, *, separately: bool = False) -> tuple[Piece, ...]:
        """Returns the files that exporting a part to a path writes.

        Args:
            part: What is exported.
            path: The file; where they are several, it names them all.
            separately: Whether each microphone becomes a file, instead of their mix.
        """
        from model_core.export.pieces import track_pieces

        pieces = self._mixed_pieces(part, path)
        return track_pieces(pieces, self.tracks) if separately and self.tracks else pieces

    def _mixed_pieces(self, part: Part, path: Path) -> tuple[Piece, ...]:
        from model_core.export.pieces import Piece, segment_pieces, take_pieces

        if part is Part.SEGMENTS:
            return segment_pieces(self.edit_list, path)
        if part is Part.TAKES:
            return take_pieces(self.takes, path)
        chosen = self.selection
        if part is Part.SELECTION and chosen is not None:
            stretch = (chosen.start, chosen.stop)
            if chosen.axis is Axis.RAW:
                return (Piece(path, EditList.from_ranges([stretch])),)
            return (Piece(path, self.edit_list, stretch),)
        return (Piece(path, self.edit_list),)


def _tr(text: str) -> str:
    return QCoreApplication.translate("ExportDialog", text)
