"""The curves of a training: how well edits are foretold, those learned from and those held out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEvent, QLineF, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QHelpEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from editorbot_gui.theme import GRID_PX, TINY_TEXT_PX, Theme, figures_font

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from editorbot_gui.theme import Palette

_HEIGHT_PX = 22 * GRID_PX
_LEGEND_PX = 20
_FOOT_PX = 34
_LEFT_PX = 44
_RIGHT_PX = 12
_SMOOTHING = 0.85
_DOT_PX = 3.5
_ROWS = 4
_LEAST_COLUMN_PX = 56
_NEAR_PX = 12


class TrainingCurves(QWidget):
    """Nats per event over the updates.

    Args:
        parent: The owner.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.losses: dict[int, float] = {}
        self.checks: dict[int, float] = {}
        self._updates = 0
        self.setMinimumHeight(_HEIGHT_PX)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.MinimumExpanding)
        self.setAccessibleName(self.tr("Curves of the training"))
        Theme.current().theme_changed.connect(self.update)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show."""
        return not self.losses and not self.checks

    def sizeHint(self) -> QSize:
        """Wide and not too low."""
        return QSize(40 * GRID_PX, _HEIGHT_PX)

    def start_over(self, updates: int) -> None:
        """Shows nothing, with room for so many updates."""
        self.losses.clear()
        self.checks.clear()
        self._updates = updates
        self._describe()

    def take(self, event: Mapping[str, object]) -> None:
        """Adds what a training has told.

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
        elif kind == "update" and isinstance(loss := event.get("loss"), int | float):
            self.losses[step] = float(loss)
        elif kind == "check" and isinstance(held := event.get("held"), int | float):
            self.checks[step] = float(held)
        self._describe()

    def event(self, event: QEvent) -> bool:
        """Tells the figures of the look at held-out edits that the pointer is near."""
        if event.type() is QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            words = self._words_at(event.pos().x())
            QToolTip.showText(event.globalPos(), words, self)
            return True
        return super().event(event)

    # Mapping --------------------------------------------------------------------------------------

    @property
    def _area(self) -> QRectF:
        return QRectF(
            _LEFT_PX,
            _LEGEND_PX,
            max(1, self.width() - _LEFT_PX - _RIGHT_PX),
            max(1, self.height() - _LEGEND_PX - _FOOT_PX),
        )

    @property
    def _last(self) -> int:
        return max([self._updates, *self.losses, *self.checks, 1])

    def _x(self, step: float) -> float:
        return self._area.left() + step / self._last * self._area.width()

    def _words_at(self, x: float) -> str:
        near = min(self.checks, key=lambda step: abs(self._x(step) - x), default=None)
        if near is None or abs(self._x(near) - x) > _NEAR_PX:
            return ""
        return self.tr("After {step} updates: {nats} nats per event on held-out edits").format(
            step=near, nats=f"{self.checks[near]:.2f}"
        )

    def _describe(self) -> None:
        looks = sorted(self.checks)
        self.setAccessibleDescription(
            self.tr("Held-out edits: {first} nats per event at first, {last} now").format(
                first=f"{self.checks[looks[0]]:.2f}", last=f"{self.checks[looks[-1]]:.2f}"
            )
            if looks
            else ""
        )
        self.update()

    # Painting -------------------------------------------------------------------------------------

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draws legend, axes and both curves."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(figures_font(TINY_TEXT_PX))
        palette = Theme.current().palette
        painter.fillRect(self._area, palette.well)
        self._paint_legend(painter, palette)
        steps = np.array(sorted(self.losses), np.float64)
        values = smoothed(np.array([self.losses[int(step)] for step in steps], np.float64))
        looks = np.array(sorted(self.checks), np.float64)
        held = np.array([self.checks[int(step)] for step in looks], np.float64)
        shown = np.concatenate((values, held))
        if len(shown):
            low, high, row = rows_between(float(shown.min()), float(shown.max()))
            self._paint_axes(painter, palette, low, high, row)
            painter.setClipRect(self._area)
            self._paint_line(painter, QPen(palette.muted, 1.2), steps, values, (low, high))
            points = self._paint_line(painter, QPen(palette.edited, 2), looks, held, (low, high))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(palette.edited)
            painter.setClipping(False)
            for point in points:
                painter.drawEllipse(point, _DOT_PX, _DOT_PX)
        painter.end()

    def _paint_legend(self, painter: QPainter, palette: Palette) -> None:
        middle, x = _LEGEND_PX / 2, float(_LEFT_PX)
        for words, pen, has_dot in (
            (self.tr("Held-out edits"), QPen(palette.edited, 2), True),
            (self.tr("Edits learned from"), QPen(palette.muted, 1.2), False),
        ):
            painter.setPen(pen)
            painter.drawLine(QLineF(x, middle, x + 2 * GRID_PX, middle))
            if has_dot:
                painter.setBrush(pen.color())
                painter.drawEllipse(QPointF(x + GRID_PX, middle), _DOT_PX, _DOT_PX)
            painter.setPen(palette.muted)
            x += 2 * GRID_PX + 6
            width = painter.fontMetrics().horizontalAdvance(words)
            painter.drawText(
                QRectF(x, 0, width + 2, _LEGEND_PX), Qt.AlignmentFlag.AlignVCenter, words
            )
            x += width + 2 * GRID_PX

    def _paint_axes(
        self, painter: QPainter, palette: Palette, low: float, high: float, row: float
    ) -> None:
        area = self._area
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for number in range(round((high - low) / row) + 1):
            value = low + number * row
            y = area.bottom() - (value - low) / (high - low) * area.height()
            painter.setPen(QPen(palette.line, 1))
            painter.drawLine(QLineF(area.left(), y, area.right(), y))
            painter.setPen(palette.muted)
            place = QRectF(0, y - GRID_PX, _LEFT_PX - 6, 2 * GRID_PX)
            painter.drawText(place, right, f"{value:.{decimals_of(row)}f}")
        column = step_for(self._last * _LEAST_COLUMN_PX / area.width())
        centre = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop
        for step in range(0, self._last + 1, max(1, round(column))):
            x = self._x(step)
            painter.drawText(QRectF(x - 30, area.bottom() + 2, 60, 2 * GRID_PX), centre, f"{step}")
        words = self.tr("Nats per event over updates; less is better")
        foot = QRectF(area.left(), area.bottom() + 2 * GRID_PX, area.width(), 2 * GRID_PX)
        painter.drawText(foot, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom, words)

    def _paint_line(
        self,
        painter: QPainter,
        pen: QPen,
        steps: npt.NDArray[np.float64],
        values: npt.NDArray[np.float64],
        between: tuple[float, float],
    ) -> list[QPointF]:
        low, high = between
        area = self._area
        points = [
            QPointF(self._x(step), area.bottom() - (value - low) / (high - low) * area.height())
            for step, value in zip(steps.tolist(), values.tolist(), strict=True)
        ]
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(QPolygonF(points))
        return points


def smoothed(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Returns a running mean of values `[n]`, so that single crops don't hide the course."""
    result = values.copy()
    mean, weight = 0.0, 0.0
    for place, value in enumerate(values):
        mean = _SMOOTHING * mean + (1 - _SMOOTHING) * float(value)
        weight = _SMOOTHING * weight + (1 - _SMOOTHING)
        result[place] = mean / weight
    return result


def step_for(least: float) -> float:
    """Returns the least of 1, 2 and 5 times a power of ten that isn't below `least`."""
    power = 10.0 ** math.floor(math.log10(max(least, 1e-6)))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least * (1 - 1e-9))


def decimals_of(step: float) -> int:
    """Returns how many decimals tell multiples of a step apart."""
    return max(0, -math.floor(math.log10(step) + 1e-9))


def rows_between(low: float, high: float) -> tuple[float, float, float]:
    """Returns the lower end, the upper end and the distance of grid lines around some values."""
    spread = max(high - low, 0.02 * abs(high), 1e-3)
    row = step_for(spread / _ROWS)
    lower = math.floor(low / row + 1e-9) * row
    upper = math.ceil(high / row - 1e-9) * row
    return lower, max(upper, lower + row), row
