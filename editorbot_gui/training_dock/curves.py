"""The curves of a training, drawn with pyqtgraph; imported when they are first shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyqtgraph
from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from editorbot_gui.theme import GRID_PX, TINY_TEXT_PX, Theme, figures_font, text_font

if TYPE_CHECKING:
    from collections.abc import Mapping

pyqtgraph.setConfigOption("exitCleanup", False)

_HEIGHT_PX = 22 * GRID_PX
_SMOOTHING = 0.85
_LINE_PX = 2.0
_DOT_PX = 7


class TrainingCurves(QWidget):
    """How well the edits are told, over the updates: those learned from and those held out.

    Args:
        parent: The owner.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.losses: dict[int, float] = {}
        self.checks: dict[int, float] = {}
        self._updates = 0
        self.plot = pyqtgraph.PlotWidget()
        self.plot.setMenuEnabled(False)
        self.plot.setMouseEnabled(x=False, y=False)
        self.plot.hideButtons()
        self.plot.setFixedHeight(_HEIGHT_PX)
        self.plot.setFrameShape(self.plot.Shape.NoFrame)
        self.plot.setAccessibleName(self.tr("Curves of the training"))
        self._learned = self.plot.plot()
        self._held = self.plot.plot()
        self.key_learned = QLabel()
        self.key_held = QLabel()
        keys = QHBoxLayout()
        keys.setSpacing(2 * GRID_PX)
        for label in (self.key_held, self.key_learned):
            label.setFont(text_font(TINY_TEXT_PX))
            keys.addWidget(label)
        keys.addStretch()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID_PX // 2)
        column.addLayout(keys)
        column.addWidget(self.plot)
        Theme.current().theme_changed.connect(self._dress)
        self._dress()

    def sizeHint(self) -> QSize:
        """As high as the plot with its legend."""
        return QSize(40 * GRID_PX, _HEIGHT_PX + 3 * GRID_PX)

    def start_over(self, updates: int) -> None:
        """Shows nothing, with room for so many updates."""
        self.losses.clear()
        self.checks.clear()
        self._updates = updates
        self._draw()

    def take(self, event: Mapping[str, object]) -> None:
        """Adds what a training has told; `draw` shows it.

        Args:
            event: As `training/personal_run.py` writes it.
        """
        step, kind = event.get("step"), event.get("event")
        if not isinstance(step, int):
            return
        if kind == "resumed":
            # What was made after the last saving is made again.
            for points in (self.losses, self.checks):
                for later in [place for place in points if place > step]:
                    del points[later]
        value = event.get("loss" if kind == "update" else "held")
        if isinstance(value, int | float):
            if kind == "update":
                self.losses[step] = float(value)
            elif kind == "check":
                self.checks[step] = float(value)

    def draw(self) -> None:
        """Shows all that was taken."""
        self._draw()

    def _draw(self) -> None:
        steps = np.array(sorted(self.losses), np.float64)
        values = smoothed(np.array([self.losses[int(step)] for step in steps], np.float64))
        self._learned.setData(steps, values)
        looks = np.array(sorted(self.checks), np.float64)
        held = np.array([self.checks[int(step)] for step in looks], np.float64)
        self._held.setData(looks, held)
        last = max([self._updates, *self.losses, *self.checks, 1])
        self.plot.setXRange(0, last, padding=0.02)
        shown = np.concatenate((values, held))
        if len(shown):
            low, high = float(shown.min()), float(shown.max())
            room = max(0.05 * (high - low), 0.02 * abs(high), 1e-6)
            self.plot.setYRange(low - room, high + room, padding=0)

    def _dress(self) -> None:
        palette = Theme.current().palette
        self.plot.setBackground(palette.window)
        held, learned = palette.edited, palette.muted
        self._learned.setPen(pyqtgraph.mkPen(learned, width=_LINE_PX / 2))
        self._held.setPen(pyqtgraph.mkPen(held, width=_LINE_PX))
        self._held.setSymbol("o")
        self._held.setSymbolSize(_DOT_PX)
        self._held.setSymbolBrush(held)
        self._held.setSymbolPen(None)
        for side in ("left", "bottom"):
            axis = self.plot.getAxis(side)
            axis.setPen(pyqtgraph.mkPen(palette.line))
            axis.setTextPen(pyqtgraph.mkPen(palette.muted))
            axis.setStyle(tickFont=figures_font(TINY_TEXT_PX))
            axis.enableAutoSIPrefix(False)
        style = {"color": palette.muted.name(), "font-size": f"{TINY_TEXT_PX}px"}
        self.plot.setLabel("left", self.tr("Nats per event: less is better"), **style)
        self.plot.setLabel("bottom", self.tr("Updates"), **style)
        for label, colour, words in (
            (self.key_held, held, self.tr("Held-out edits")),
            (self.key_learned, learned, self.tr("Edits learned from")),
        ):
            mark = "●" if label is self.key_held else "—"
            label.setTextFormat(Qt.TextFormat.RichText)
            label.setText(
                f'<span style="color:{colour.name()}">{mark}</span> '
                f'<span style="color:{palette.muted.name()}">{words}</span>'
            )


def smoothed(
    values: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Returns a running mean of values `[n]`, so that single crops don't hide the course."""
    result = values.copy()
    mean, weight = 0.0, 0.0
    for place, value in enumerate(values):
        mean = _SMOOTHING * mean + (1 - _SMOOTHING) * float(value)
        weight = _SMOOTHING * weight + (1 - _SMOOTHING)
        result[place] = mean / weight
    return result
