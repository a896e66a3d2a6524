"""The pointer-alignment plot: what the edit plays, against where it comes from."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QLineF, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QWidget

from editorbot_gui.theme import (
    GRID_PX,
    TINY_TEXT_PX,
    faded,
    figures_font,
    mixed,
    text_font,
)
from editorbot_gui.waveform.axis_view import HEADER_PX, AxisView
from editorbot_gui.waveform.join_marks import BADGE_PX, paint_badge
from editorbot_gui.waveform.joins import KINDS
from editorbot_gui.waveform.pieces import Positions, column_edges, pieces_of
from editorbot_gui.waveform.plot_raster import bars_image, spans_image
from editorbot_gui.waveform.ruler import LABEL_PX, scale_between
from editorbot_gui.waveform.timecode import format_length, format_time
from editorbot_gui.waveform.view_state import Axis, ViewState
from model_core.edit.types import ChangeKind, Segment

_FOOT_PX = 20
_RAW_LABEL_PX = 4 * GRID_PX
_MARGIN = 0.04
_COPY_PX = 2.0
_DENSE_PX = 8
_DENSE_ALPHA = 0.55
_MIN_BADGE_STEP_PX = 28
_DOT_PX = 4.0
_ROW_PX = 6
_SHOWN_KINDS = (ChangeKind.CUT, ChangeKind.LOOP, ChangeKind.REORDER)

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Copies:
    """Visible stretches of the recording, as lines of the plot; all of shape `[S]`, in samples.

    Attributes:
        left: Edited position of the first visible sample.
        right: Edited position of the end.
        low: The first visible sample in the recording.
        high: The end in the recording.
    """

    left: Numbers
    right: Numbers
    low: Numbers
    high: Numbers


class AlignmentPlot(AxisView):
    """Edited time across, the recording's time up.

    What is copied is a diagonal; a cut is a step up, a loop a step down. A click asks for a
    position of the edit, which is one of the recording too.

    Args:
        state: What the views share.
        parent: The owner.
    """

    def __init__(self, state: ViewState, parent: QWidget | None = None) -> None:
        super().__init__(state, Axis.EDITED, parent)
        self._counts: dict[ChangeKind, int] = {}
        self._raw_range = (0.0, 1.0)
        self.setMinimumHeight(12 * GRID_PX)
        self.setAccessibleName(self.tr("Alignment of the edit with the recording"))
        self.setAccessibleDescription(
            self.tr("Edited time across, recorded time up. Click to move both playheads.")
        )
        state.range_changed.connect(self._fit_raw_range)
        state.timeline_changed.connect(self._take_timeline)
        self._take_timeline()

    def sizeHint(self) -> QSize:
        """Wide and not too low."""
        return QSize(960, 24 * GRID_PX)

    def choose(self, sample: int) -> None:
        """Selects the segment."""
        self.state.choose_edge(None)
        self.state.select_stretch(Axis.EDITED, sample)

    # Mapping --------------------------------------------------------------------------------------

    @property
    def area(self) -> QRectF:
        """Where lines are drawn, in logical pixels."""
        plot = self.plot
        return QRectF(
            plot.left(), HEADER_PX, plot.width(), max(1, self.height() - HEADER_PX - _FOOT_PX)
        )

    @property
    def raw_range(self) -> tuple[float, float]:
        """The recording's samples at the lower and the upper edge."""
        return self._raw_range

    def y_of(self, raw: float) -> float:
        """Returns the vertical place of a sample of the recording."""
        low, high = self._raw_range
        return self.area.bottom() - (raw - low) / (high - low) * self.area.height()

    def _take_timeline(self) -> None:
        self._counts = {kind: self.state.joins.count(kind) for kind in _SHOWN_KINDS}
        self._fit_raw_range()
        self.invalidate()

    def _fit_raw_range(self) -> None:
        """Shows as much of the recording as the visible part of the edit plays."""
        copies = self._copies()
        start, stop = self.state.visible(Axis.EDITED)
        length = self.state.length(Axis.RAW)
        whole = start <= 0 and stop >= self.state.length(Axis.EDITED)
        if whole or not len(copies.low):
            self._raw_range = (0.0, float(max(length, 1)))
            return
        low, high = float(copies.low.min()), float(copies.high.max())
        # A lone copy stays a diagonal of the slope that it has in a view of the same span.
        missing = max(0.0, self.state.span - (high - low))
        margin = (high - low + missing) * _MARGIN
        self._raw_range = (low - missing / 2 - margin, high + missing / 2 + margin)

    def _copies(self) -> Copies:
        timeline = self.state.timeline
        start, stop = self.state.visible(Axis.EDITED)
        shown = timeline.visible(math.floor(start), math.ceil(stop))
        chosen = np.arange(shown.start, shown.stop)
        chosen = chosen[timeline.sources[chosen] == 0]
        shift = (timeline.source_starts[chosen] - timeline.starts[chosen]).astype(np.float64)
        left = np.maximum(timeline.starts[chosen].astype(np.float64), start)
        right = np.minimum(timeline.starts[chosen + 1].astype(np.float64), stop)
        return Copies(left, right, left + shift, right + shift)

    def _x(self, edited: Numbers | Positions) -> npt.NDArray[np.floating]:
        return self.plot.left() + (edited - self.state.start(Axis.EDITED)) / self.samples_per_pixel

    def _y(self, raw: Numbers | Positions) -> npt.NDArray[np.floating]:
        low, high = self._raw_range
        return self.area.bottom() - (raw - low) * (self.area.height() / (high - low))

    # Words ----------------------------------------------------------------------------------------

    def describe(self, sample: int) -> str:
        """Names the segment."""
        timeline, rate = self.state.timeline, self.state.sample_rate
        index = timeline.item_at(sample)
        item = timeline.edit_list.items[index]
        if not isinstance(item, Segment):
            return self.tr("Gap of {0}").format(format_length(item.length, rate))
        return self.tr("Segment {0} of {1}  ·  {2} – {3} of the recording  ·  {4}").format(
            index + 1,
            len(timeline.edit_list.items),
            format_time(item.start, rate, 1),
            format_time(item.stop, rate, 1),
            format_length(item.length, rate),
        )

    def _pill_top(self) -> float:
        return self.area.top() + GRID_PX / 2

    # Painting -------------------------------------------------------------------------------------

    def _paint_layer(self, painter: QPainter) -> None:
        palette, area = self.palette_in_use, self.area
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
        painter.fillRect(QRectF(0, 0, self.plot.left(), self.height()), palette.panel)
        painter.fillRect(QRectF(0, 0, self.width(), HEADER_PX), palette.panel)
        painter.fillRect(QRectF(0, area.bottom(), self.width(), _FOOT_PX), palette.panel)
        painter.setPen(palette.text)
        painter.setFont(text_font(TINY_TEXT_PX, bold=True))
        painter.drawText(
            QRectF(GRID_PX, 0, self.plot.left(), HEADER_PX),
            Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft,
            self.tr("Map"),
        )
        if self.state.length(Axis.EDITED) == 0:
            self._paint_empty(
                painter,
                self.tr("The map of the edit"),
                self.tr("What is kept will be a diagonal, a cut a step up, a loop a step down"),
            )
            return
        self._paint_axes(painter)
        painter.setClipRect(area)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self._dense:
            self._paint_steps(painter)
            self._paint_copies(painter)
        painter.setClipping(False)
        self._paint_legend(painter)

    def _paint_axes(self, painter: QPainter) -> None:
        palette, area, rate = self.palette_in_use, self.area, self.state.sample_rate
        grid, labels = QPen(palette.faint, 1), QPen(palette.muted)
        painter.setFont(figures_font(TINY_TEXT_PX - 1))
        low, high = self._raw_range
        per_pixel = (high - low) / area.height()
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        lines = []
        painter.setPen(labels)
        for sample, label in scale_between(low, high, per_pixel, rate, _RAW_LABEL_PX).labelled:
            y = math.floor(self.y_of(sample)) + 0.5
            if area.top() <= y <= area.bottom():
                lines.append(QLineF(area.left(), y, area.right(), y))
                top = min(max(y - GRID_PX, area.top()), area.bottom() - 2 * GRID_PX)
                place = QRectF(0, top, area.left() - GRID_PX / 2, 2 * GRID_PX)
                painter.drawText(place, right, label)
        painter.setClipRect(QRectF(area.left(), area.top(), area.width(), self.height()))
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        start, stop = self.state.visible(Axis.EDITED)
        for sample, label in scale_between(
            start, stop, self.samples_per_pixel, rate, LABEL_PX
        ).labelled:
            x = self._snapped(self.x_of(sample)) + 0.5
            lines.append(QLineF(x, area.top(), x, area.bottom() + GRID_PX / 2))
            if x + GRID_PX / 2 + painter.fontMetrics().horizontalAdvance(label) <= area.right():
                place = QRectF(x + GRID_PX / 2, area.bottom(), LABEL_PX, _FOOT_PX)
                painter.drawText(place, left, label)
        painter.setPen(grid)
        painter.drawLines(lines)
        painter.setClipping(False)

    @property
    def _dense(self) -> bool:
        """Whether lines are so many that they are drawn as columns."""
        start, stop = self.state.visible(Axis.EDITED)
        n_items = len(self.state.timeline.visible(math.floor(start), math.ceil(stop)))
        return n_items * _DENSE_PX > self.area.width()

    def _paint_sound(self, painter: QPainter, ratio: float) -> None:
        if not self._dense:
            return
        palette, timeline, joins = self.palette_in_use, self.state.timeline, self.state.joins
        area = QRect(
            round(self.area.left() * ratio),
            round(self.area.top() * ratio),
            self.n_columns,
            round(self.area.height() * ratio),
        )
        size = (area.width(), area.height())
        low, high = self._raw_range
        start, span = self.state.start(Axis.EDITED), self.state.span

        def row_of(raw: Positions) -> npt.NDArray[np.floating]:
            return size[1] - (raw - low) * (size[1] / (high - low))

        for kind in _SHOWN_KINDS:
            chosen = np.flatnonzero(joins.kinds == KINDS.index(kind))
            if not len(chosen):
                continue
            column = np.floor((joins.positions[chosen] - start) * (size[0] / span))
            leaving, landing = row_of(joins.leaving[chosen]), row_of(joins.landing[chosen])
            top, bottom = np.minimum(leaving, landing), np.maximum(leaving, landing)
            colour = faded(palette.line_of_kind(kind), _DENSE_ALPHA)
            bars = bars_image(column.astype(np.int64), top, bottom, size, colour)
            painter.drawImage(area.topLeft(), bars)
        pieces = pieces_of(timeline, column_edges(start, span, size[0]))
        half = _COPY_PX * ratio / 2
        spans = spans_image(
            pieces.column, row_of(pieces.stop) - half, row_of(pieces.start) + half, size,
            palette.edited,
        )  # fmt: skip
        painter.drawImage(area.topLeft(), spans)

    def _paint_copies(self, painter: QPainter) -> None:
        copies = self._copies()
        ends = (
            self._x(copies.left),
            self._y(copies.low),
            self._x(copies.right),
            self._y(copies.high),
        )
        pen = QPen(self.palette_in_use.edited, _COPY_PX)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        painter.setPen(pen)
        rows = zip(*(end.tolist() for end in ends), strict=True)
        painter.drawLines([QLineF(*row) for row in rows])

    def _paint_steps(self, painter: QPainter) -> None:
        """Paints the jumps as dashed lines with their letters."""
        palette, joins = self.palette_in_use, self.state.joins
        shown = np.zeros(len(joins.positions), np.bool_)
        shown[joins.visible(*self.state.visible(Axis.EDITED))] = True
        ratio = self.devicePixelRatioF()
        badges = []
        for kind in _SHOWN_KINDS:
            chosen = shown & (joins.kinds == KINDS.index(kind))
            x = np.floor(self._x(joins.positions[chosen]) * ratio) / ratio + 0.5
            leaving, landing = self._y(joins.leaving[chosen]), self._y(joins.landing[chosen])
            pen = QPen(palette.line_of_kind(kind), 1)
            pen.setDashPattern([4, 3])
            painter.setPen(pen)
            rows = list(zip(x.tolist(), leaving.tolist(), landing.tolist(), strict=True))
            painter.drawLines([QLineF(at, from_y, at, to_y) for at, from_y, to_y in rows])
            badges += [
                (at, (from_y + to_y) / 2, kind)
                for at, from_y, to_y in rows
                if abs(to_y - from_y) >= _MIN_BADGE_STEP_PX
            ]
        for x_middle, y_middle, kind in badges:
            paint_badge(painter, x_middle, y_middle, kind, palette)

    def _paint_legend(self, painter: QPainter) -> None:
        """Says at the right of the header what the lines mean, and how many there are."""
        palette = self.palette_in_use
        counts = self._counts
        words = {
            ChangeKind.CUT: self.tr("cut"),
            ChangeKind.LOOP: self.tr("loop"),
            ChangeKind.REORDER: self.tr("move"),
        }
        font = figures_font(TINY_TEXT_PX)
        right = float(self.width() - GRID_PX)
        middle = HEADER_PX / 2
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for kind in reversed(_SHOWN_KINDS):
            if not counts[kind]:
                continue
            right = self._legend_entry(painter, right, f"{words[kind]} ×{counts[kind]}")
            paint_badge(painter, right - BADGE_PX / 2, middle, kind, palette)
            right -= BADGE_PX + 2 * GRID_PX
        painter.setFont(font)
        right = self._legend_entry(painter, right, self.tr("copy"))
        painter.setPen(QPen(palette.edited, _COPY_PX))
        painter.drawLine(QPointF(right - BADGE_PX, middle + 4), QPointF(right - 2, middle - 4))

    def _legend_entry(self, painter: QPainter, right: float, words: str) -> float:
        """Writes words that end at `right`; returns where a sign before them ends."""
        painter.setFont(figures_font(TINY_TEXT_PX))
        width = painter.fontMetrics().horizontalAdvance(words)
        painter.setPen(self.palette_in_use.muted)
        painter.drawText(
            QRectF(right - width, 0, width + 1, HEADER_PX), Qt.AlignmentFlag.AlignVCenter, words
        )
        return right - width - GRID_PX / 2

    # What moves -----------------------------------------------------------------------------------

    def _paint_overlay(self, painter: QPainter) -> None:
        if self.state.length(Axis.EDITED):
            painter.save()
            painter.setClipRect(self.area, Qt.ClipOperation.IntersectClip)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._paint_hovered_copy(painter)
            self._paint_place(painter)
            painter.restore()
        super()._paint_overlay(painter)

    def _hovered_line(self) -> QLineF | None:
        """Returns the copy under the pointer, wherever among the views that is."""
        position = self.state.hover_on(Axis.EDITED)
        if position is None or not 0 <= position < self.state.length(Axis.EDITED):
            return None
        timeline = self.state.timeline
        index = timeline.item_at(position)
        if timeline.sources[index] != 0:
            return None
        return QLineF(
            self.x_of(int(timeline.starts[index])),
            self.y_of(int(timeline.source_starts[index])),
            self.x_of(int(timeline.starts[index + 1])),
            self.y_of(int(timeline.source_stops[index])),
        )

    def _paint_hovered_copy(self, painter: QPainter) -> None:
        line = self._hovered_line()
        if line is not None:
            palette = self.palette_in_use
            pen = QPen(mixed(palette.edited, palette.text, 0.35), 2 * _COPY_PX)
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            painter.setPen(pen)
            painter.drawLine(line)

    def _paint_place(self, painter: QPainter) -> None:
        """Paints the playhead's line across, and the dot where both playheads meet."""
        palette, area = self.palette_in_use, self.area
        x = self.x_of(self.state.playhead(Axis.EDITED))
        y = self.y_of(self.state.playhead(Axis.RAW))
        painter.setPen(QPen(faded(palette.text, 0.28), 1))
        painter.drawLine(
            QPointF(area.left(), math.floor(y) + 0.5), QPointF(area.right(), math.floor(y) + 0.5)
        )
        painter.setPen(QPen(palette.well, 1.5))
        painter.setBrush(QColor(palette.text))
        painter.drawEllipse(QPointF(x, y), _DOT_PX, _DOT_PX)

    def _overlay_strips(self) -> tuple[QRect, ...]:
        strips = list(super()._overlay_strips())
        if self.state.length(Axis.EDITED) == 0:
            return tuple(strips)
        y = self.y_of(self.state.playhead(Axis.RAW))
        if -_ROW_PX < y < self.height() + _ROW_PX:
            strips.append(QRect(0, int(y) - _ROW_PX, self.width(), 2 * _ROW_PX))
        line = self._hovered_line()
        if line is not None:
            box = QRectF(line.p1(), line.p2()).normalized()
            inside = box.adjusted(-4, -4, 4, 4).intersected(QRectF(self.rect()))
            strips.append(inside.toAlignedRect())
        return tuple(strips)
