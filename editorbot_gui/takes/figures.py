"""What two takes measure, side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QSize, Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QSizePolicy,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from editorbot_gui.theme import GRID_PX, figures_font
from editorbot_gui.waveform.timecode import format_length
from model_core.edit.types import UNDONE, ChangeKind, Reason
from model_core.measuring import kept_length

if TYPE_CHECKING:
    from collections.abc import Sequence

    from editorbot_gui.takes.take import Take

_ROW_PX = 3 * GRID_PX


@dataclass(frozen=True, slots=True)
class Figures:
    """What a take measures.

    Attributes:
        length: In samples.
        kept: Share of the recording that is heard, 0 to 1.
        cuts: How many there are.
        pauses: How many of them shorten a silence.
        loops: How many there are.
    """

    length: int
    kept: float
    cuts: int
    pauses: int
    loops: int


def figures_of(take: Take, n_samples: int) -> Figures:
    """Measures a take.

    Args:
        take: The take.
        n_samples: Length of the recording.
    """
    made = [change for change in take.changes if change.state not in UNDONE]
    cuts = [change for change in made if change.kind is ChangeKind.CUT]
    return Figures(
        take.edit_list.length,
        kept_length(take.edit_list, n_samples) / max(1, n_samples),
        len(cuts),
        sum(change.reason is Reason.SILENCE for change in cuts),
        sum(change.kind is ChangeKind.LOOP for change in made),
    )


class FiguresTable(QTableWidget):
    """Shows what two takes measure, and how far apart they are.

    Args:
        letters: How the two are called.
        parent: The owner.
    """

    def __init__(self, letters: Sequence[str], parent: QWidget | None = None) -> None:
        columns = (
            ("", ""),
            (self.tr("Length"), ""),
            (self.tr("Kept"), self.tr("How much of the recording is heard in the edit")),
            (self.tr("Cuts"), ""),
            (self.tr("Pauses"), self.tr("How many of the cuts shorten a silence")),
            (self.tr("Loops"), ""),
        )
        super().__init__(len(letters) + 1, len(columns), parent)
        self.setAccessibleName(self.tr("What both measure"))
        for place, (words, tip) in enumerate(columns):
            heading = QTableWidgetItem(words)
            heading.setToolTip(tip)
            self.setHorizontalHeaderItem(place, heading)
        for row, words in enumerate((*letters, self.tr("Difference"))):
            self.setItem(row, 0, QTableWidgetItem(words))
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setFrameShape(QTableWidget.Shape.NoFrame)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        rows = self.verticalHeader()
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(_ROW_PX)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def sizeHint(self) -> QSize:
        """Asks for all of its rows."""
        height = self.horizontalHeader().sizeHint().height() + self.rowCount() * _ROW_PX
        return QSize(super().sizeHint().width(), height)

    def minimumSizeHint(self) -> QSize:
        """Is always seen whole."""
        return QSize(super().minimumSizeHint().width(), self.sizeHint().height())

    def show_takes(self, takes: Sequence[Take], n_samples: int, sample_rate: int) -> None:
        """Measures two takes of a recording and shows what comes of it."""
        first, second = (figures_of(take, n_samples) for take in takes)
        for row, figures in enumerate((first, second)):
            self._fill(row, _texts(figures, sample_rate))
        self._fill(2, _differences(first, second, sample_rate))

    def _fill(self, row: int, words: Sequence[str]) -> None:
        for column, text in enumerate(words, 1):
            item = QTableWidgetItem(text)
            item.setFont(figures_font())
            item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self.setItem(row, column, item)


def _texts(figures: Figures, rate: int) -> tuple[str, ...]:
    return (
        format_length(figures.length, rate),
        f"{figures.kept:.1%}",
        str(figures.cuts),
        str(figures.pauses),
        str(figures.loops),
    )


def _differences(first: Figures, second: Figures, rate: int) -> tuple[str, ...]:
    longer = second.length - first.length
    kept = round(100 * (second.kept - first.kept), 1)
    counts = (
        second.cuts - first.cuts, second.pauses - first.pauses, second.loops - first.loops,
    )  # fmt: skip
    return (
        f"{_sign(longer)}{format_length(abs(longer), rate)}",
        _tr("{signed} points").format(signed=f"{_sign(kept)}{abs(kept):.1f}"),
        *(f"{_sign(count)}{abs(count)}" for count in counts),
    )


def _sign(value: float) -> str:
    return "−" if value < 0 else "+" if value > 0 else "±"


def _tr(text: str) -> str:
    return QCoreApplication.translate("Figures", text)
