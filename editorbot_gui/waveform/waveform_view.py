"""The waveform of the recording or of the edit."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QWidget

from editorbot_gui.theme import GRID_PX, TINY_TEXT_PX, faded, figures_font, text_font
from editorbot_gui.waveform.axis_view import HEADER_PX, AxisView
from editorbot_gui.waveform.edges import Edge, edge_near
from editorbot_gui.waveform.join_marks import (
    is_dense,
    paint_drop,
    paint_edge,
    paint_joins,
    paint_stretches,
    paint_ticks,
)
from editorbot_gui.waveform.joins import KINDS
from editorbot_gui.waveform.lanes import (
    DOT_SPACING_PX,
    LINE_PX,
    Stretch,
    dimmed,
    edited_columns,
    lane_areas,
    line_columns,
    paint_dots,
    paint_hatch,
    paint_lane,
    paint_middle,
    raw_columns,
    stretch_of,
    table_for,
)
from editorbot_gui.waveform.pieces import Positions, column_grid, kept_share, runs_of
from editorbot_gui.waveform.raster import N_LEVELS
from editorbot_gui.waveform.timecode import format_length, format_time
from editorbot_gui.waveform.track_names import LEAST_LANE_PX, lane_colours, paint_track_names
from editorbot_gui.waveform.view_state import Axis, ViewState
from editorbot_gui.waveform.waveform_data import WaveformData
from model_core.edit.timeline import GAP_SOURCE
from model_core.edit.types import ChangeKind, Segment

_LANE_GAP_PX = 1
_MOST_NAMED_LANES = 6
_MIN_SCALE_LANE_PX = 48
_MARKS_DB = (0, -6, -12, -24)
_REACH_PX = 5
_EDGE_REACH_PX = 6
_EDGE_ROOM_PX = 24
_MIN_GAP_LABEL_PX = 64
_MIN_GAP_FRAME_PX = 4
_DECIBELS_A_DECADE = 20


class WaveformView(AxisView):
    """Sound along a time axis, a lane for each channel.

    The recording's view shows kept stretches brightly and what is left out dimmed and hatched; the
    edit's marks where stretches meet.

    Args:
        state: What the views share.
        kind: "raw" or "edited".
        parent: The owner.
    """

    def __init__(self, state: ViewState, kind: Axis | str, parent: QWidget | None = None) -> None:
        super().__init__(state, Axis(kind), parent)
        self._data: WaveformData | None = None
        self._gains = np.zeros(0, np.float32)
        self.setMinimumHeight(HEADER_PX + 5 * GRID_PX)
        if self.axis is Axis.RAW:
            self.setAccessibleName(self.tr("Waveform of the recording"))
            self._name = self.tr("Raw")
        else:
            self.setAccessibleName(self.tr("Waveform of the edit"))
            self._name = self.tr("Edit")
        self.setAccessibleDescription(
            self.tr(
                "Click to move the playhead and to select what is there, drag to select a part, "
                "Ctrl and wheel to zoom."
            )
        )
        state.edge_changed.connect(self.refresh)
        state.timeline_changed.connect(self._take_timeline)
        self._take_timeline()

    def sizeHint(self) -> QSize:
        """Enough for two comfortable lanes."""
        return QSize(960, 20 * GRID_PX)

    def set_data(self, data: WaveformData | None) -> None:
        """Shows a recording, or nothing."""
        if self._data is not None:
            self._data.improved.disconnect(self._take_improvement)
        self._data = data
        lanes = data.channels if data is not None and data.source.tracks else 1
        room = max(5 * GRID_PX, min(lanes, _MOST_NAMED_LANES) * LEAST_LANE_PX)
        self.setMinimumHeight(HEADER_PX + room)
        if data is not None:
            data.improved.connect(self._take_improvement)
        self._take_timeline()

    @property
    def data(self) -> WaveformData | None:
        """The recording that is shown, or None."""
        return self._data

    def choose(self, sample: int) -> None:
        """Selects the segment, or what lies between two edges in the recording."""
        self.state.choose_edge(None)
        self.state.select_stretch(self.axis, sample)

    def edge_at(self, place: QPointF) -> Edge | None:
        """Returns the edge of a segment that can be held at a place, or None."""
        if (
            self.axis is Axis.RAW
            or place.y() < HEADER_PX
            or not self.plot.contains(place.toPoint())
        ):
            return None
        per_pixel = self.samples_per_pixel
        return edge_near(
            self.state.timeline,
            self.sample_at(place.x()),
            _EDGE_REACH_PX * per_pixel,
            _EDGE_ROOM_PX * per_pixel,
        )

    # What is shown --------------------------------------------------------------------------------

    def _take_timeline(self) -> None:
        if self.axis is Axis.EDITED:
            factors = 10 ** (self.state.timeline.gains_db / _DECIBELS_A_DECADE)
            self._gains = factors.astype(np.float32)
        self.invalidate()

    def _take_improvement(self, start: int, stop: int) -> None:
        """Draws anew if a stretch of the recording that got better is in view."""
        if self.axis is Axis.RAW:
            low, high = self.state.visible(Axis.RAW)
            if stop < low or start > high:
                return
        self.invalidate()

    def describe(self, sample: int) -> str:
        """Returns time and segment, or what a join does."""
        return (
            self._describe_raw(sample) if self.axis is Axis.RAW else self._describe_edited(sample)
        )

    def _describe_raw(self, sample: int) -> str:
        rate = self.state.sample_rate
        time = format_time(sample, rate)
        index = int(np.searchsorted(self.state.kept[:, 0], sample, side="right")) - 1
        if index >= 0 and sample < self.state.kept[index, 1]:
            return self.tr("{0}  ·  kept").format(time)
        start = int(self.state.kept[index, 1]) if index >= 0 else 0
        last = index + 1 >= len(self.state.kept)
        stop = self.state.length(Axis.RAW) if last else int(self.state.kept[index + 1, 0])
        return self.tr("{0}  ·  left out, {1} from {2}").format(
            time, format_length(stop - start, rate), format_time(start, rate)
        )

    def _describe_edited(self, sample: int) -> str:
        rate, timeline = self.state.sample_rate, self.state.timeline
        time = format_time(sample, rate)
        join = self.state.joins.near(sample, _REACH_PX * self.samples_per_pixel)
        if join is not None and join.kind in (ChangeKind.CUT, ChangeKind.LOOP, ChangeKind.REORDER):
            words = {
                ChangeKind.CUT: self.tr("cut, {0} left out"),
                ChangeKind.LOOP: self.tr("loop, {0} back"),
            }.get(join.kind, self.tr("moved by {0}"))
            length = format_length(abs(join.skipped), rate)
            return f"{time}  ·  {words.format(length)}"
        index = timeline.item_at(sample)
        item = timeline.edit_list.items[index]
        if not isinstance(item, Segment):
            return self.tr("{0}  ·  gap of {1}").format(time, format_length(item.length, rate))
        place = item.start + sample - int(timeline.starts[index])
        return self.tr("{0}  ·  segment {1} of {2}  ·  from {3}").format(
            time, index + 1, len(timeline.edit_list.items), format_time(place, rate)
        )

    # Painting -------------------------------------------------------------------------------------

    @property
    def _shows_samples(self) -> bool:
        """Whether there are more pixels than samples."""
        return self.state.span < self.n_columns

    def _lanes(self, ratio: float) -> list[QRect]:
        """Returns the lanes in device pixels."""
        top, bottom = round(HEADER_PX * ratio), math.ceil(self.height() * ratio)
        left = round(self.plot.left() * ratio)
        area = QRect(left, top, self.n_columns, max(1, bottom - top))
        n_lanes = self._data.channels if self._data is not None else 1
        return lane_areas(area, n_lanes, max(1, round(_LANE_GAP_PX * ratio)))

    def _paint_sound(self, painter: QPainter, ratio: float) -> None:
        data = self._data
        if data is None or self.state.length(self.axis) == 0:
            return
        palette = self.palette_in_use
        header = QRect(round(self.plot.left() * ratio), 0, self.n_columns, round(HEADER_PX * ratio))
        painter.fillRect(header, palette.panel)
        lanes = self._lanes(ratio)
        start, span = self.state.start(self.axis), self.state.span
        grid = column_grid(start, span, self.n_columns)
        area = lanes[0].united(lanes[-1])
        inside = (grid[1:] > 0) & (grid[:-1] < self.state.length(self.axis))
        for first, last in runs_of(~inside):
            nothing = QRect(area.left() + first, area.top(), last - first, area.height())
            painter.fillRect(nothing, palette.panel)
        if self.axis is Axis.RAW:
            share = kept_share(self.state.kept, grid)
            left_out = (share < 0.5) & inside
            paint_hatch(painter, area, left_out, start * self.n_columns / span, ratio, palette)
            levels = np.round(share * (N_LEVELS - 1)).astype(np.uint8)
        else:
            levels = np.full(self.n_columns, N_LEVELS - 1, np.uint8)
            chosen = self.state.joins.visible(start, start + span)
            if is_dense(self.state.joins, chosen, self.plot.width()):
                column = (self.state.joins.positions[chosen] - start) * (self.n_columns / span)
                paint_ticks(
                    painter, self.state.joins, chosen, column.astype(np.int64), header, palette
                )
        if self._shows_samples:
            pixel = 2 / (lanes[0].height() * data.level_scale)
            thickness = max(1.0, LINE_PX * ratio) * pixel
            columns = line_columns(self._stretches(), data.channels, grid, thickness)
        elif self.axis is Axis.RAW:
            columns = raw_columns(data, np.floor(grid).astype(np.int64))
        else:
            edges = np.floor(grid).astype(np.int64)
            columns = edited_columns(data, self.state.timeline, self._gains, edges)
        colour = palette.raw if self.axis is Axis.RAW else palette.edited
        tracks = data.source.tracks
        own = lane_colours(tracks, data.track_factors, colour, palette)
        tables = [table_for(each, palette) for each in own or [colour] * len(lanes)]
        for lane, channel, table in zip(lanes, columns, tables, strict=True):
            paint_lane(painter, lane, channel, levels, data.level_scale, table)

    def _paint_layer(self, painter: QPainter) -> None:
        palette = self.palette_in_use
        ratio = self.devicePixelRatioF()
        lanes = [
            QRectF(
                lane.left() / ratio, lane.top() / ratio, lane.width() / ratio, lane.height() / ratio
            )
            for lane in self._lanes(ratio)
        ]
        self._paint_chrome(painter, lanes)
        if self._data is None or self.state.length(self.axis) == 0:
            self._paint_absence(painter)
            return
        painter.setClipRect(self.plot)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
        paint_track_names(
            painter, lanes, self._data.source.tracks, self._data.track_factors, palette
        )
        end = self.x_of(self.state.length(self.axis))
        paint_middle(painter, lanes, min(end, self.width()), palette)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.samples_per_pixel * DOT_SPACING_PX <= 1:
            self._paint_dots(painter, lanes)
        header = QRectF(self.plot.left(), 0, self.plot.width(), HEADER_PX)
        if self.axis is Axis.RAW:
            self._paint_stretches(painter, header)
        else:
            self._paint_gaps(painter, lanes)
            chosen = self.state.joins.visible(*self.state.visible(self.axis))
            if is_dense(self.state.joins, chosen, self.plot.width()):
                return
            x = np.floor(self._x(self.state.joins.positions[chosen]) * ratio) / ratio
            area = lanes[0].united(lanes[-1])
            paint_joins(painter, self.state.joins, chosen, x, area, header, palette)

    def _x(self, samples: Positions | npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
        return self.plot.left() + (samples - self.state.start(self.axis)) / self.samples_per_pixel

    def _paint_stretches(self, painter: QPainter, header: QRectF) -> None:
        """Marks over the recording what is left out and what is played again."""
        joins, palette = self.state.joins, self.palette_in_use
        bounds = np.concatenate(([0], self.state.kept.reshape(-1), [self.state.length(Axis.RAW)]))
        looped = joins.kinds == KINDS.index(ChangeKind.LOOP)
        for kind, starts, stops in (
            (ChangeKind.CUT, bounds[::2], bounds[1::2]),
            (ChangeKind.LOOP, joins.landing[looped], joins.leaving[looped]),
        ):
            low, high = self.state.visible(Axis.RAW)
            shown = (stops > low) & (starts < high)
            paint_stretches(
                painter, self._x(starts[shown]), self._x(stops[shown]), kind, header, palette
            )

    def _stretches(self) -> list[Stretch]:
        """Returns the single samples in view, as far as they were read."""
        data, timeline = self._data, self.state.timeline
        if data is None:
            return []
        low, high = (math.floor(edge) for edge in self.state.visible(self.axis))
        low, high = max(0, low - 1), min(high + 2, self.state.length(self.axis))
        if self.axis is Axis.RAW:
            found = [stretch_of(data, low, min(high, data.n_samples), 0, 1.0)]
        else:
            found = []
            for index in timeline.visible(low, high):
                if timeline.sources[index] == 0:
                    first, stop = int(timeline.starts[index]), int(timeline.starts[index + 1])
                    shift = first - int(timeline.source_starts[index])
                    start, stop = max(low, first) - shift, min(high, stop) - shift
                    gain = float(self._gains[index])
                    found.append(stretch_of(data, start, stop, shift, gain))
        return [stretch for stretch in found if stretch is not None]

    def _paint_dots(self, painter: QPainter, lanes: list[QRectF]) -> None:
        palette = self.palette_in_use
        if self._data is None:
            return
        scale = self._data.level_scale
        tracks, factors = self._data.source.tracks, self._data.track_factors
        for stretch in self._stretches():
            x = self._x(stretch.places)
            if self.axis is Axis.RAW:
                index = np.searchsorted(self.state.kept.reshape(-1), stretch.places)
                kept = index % 2 == 1
                parts = [(kept, palette.raw), (~kept, dimmed(palette.raw, palette))]
            else:
                parts = [(np.ones(len(x), np.bool_), palette.edited)]
            for chosen, colour in parts:
                own = lane_colours(tracks, factors, colour, palette) or [colour] * len(lanes)
                for lane, values, each in zip(lanes, stretch.values, own, strict=True):
                    paint_dots(painter, x[chosen], values[chosen], lane, scale, each)

    def _paint_chrome(self, painter: QPainter, lanes: list[QRectF]) -> None:
        """Paints header and gutter: the view's name, channels and a scale of levels."""
        palette, plot = self.palette_in_use, self.plot
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
        painter.fillRect(QRectF(0, 0, plot.left(), self.height()), palette.panel)
        if self._data is None or self.state.length(self.axis) == 0:
            painter.fillRect(QRectF(0, 0, self.width(), HEADER_PX), palette.panel)
        colour = palette.raw if self.axis is Axis.RAW else palette.edited
        painter.fillRect(QRectF(0, 0, 3, self.height()), colour)
        painter.setPen(palette.text)
        painter.setFont(text_font(TINY_TEXT_PX, bold=True))
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(
            QRectF(GRID_PX, 0, plot.left(), HEADER_PX), middle | Qt.AlignmentFlag.AlignLeft,
            self._name,
        )  # fmt: skip
        if self._data is None or self.state.length(self.axis) == 0:
            return
        tracks = self._data.source.tracks
        parts = [track.channels for track in tracks] or [self._data.channels]
        names = [name for n_channels in parts for name in _channel_names(n_channels)]
        painter.setFont(figures_font(TINY_TEXT_PX - 1))
        # In narrow lanes only every second or third name has room.
        stride = math.ceil(TINY_TEXT_PX / (lanes[1].top() - lanes[0].top())) if lanes[1:] else 1
        for number, (lane, name) in enumerate(zip(lanes, names, strict=True)):
            painter.setPen(palette.muted)
            if number % stride == 0:
                painter.drawText(
                    QRectF(GRID_PX, lane.top() - GRID_PX, 2 * GRID_PX, lane.height() + 2 * GRID_PX),
                    middle | Qt.AlignmentFlag.AlignLeft,
                    name,
                )
            if lane.height() >= _MIN_SCALE_LANE_PX:
                self._paint_levels(painter, lane)
        painter.setPen(QPen(palette.line, 1))
        for lane in lanes[1:]:
            y = lane.top() - 0.5
            painter.drawLine(QPointF(0, y), QPointF(self.width(), y))

    def _paint_levels(self, painter: QPainter, lane: QRectF) -> None:
        """Writes decibels beside a lane, where they don't collide."""
        scale = self._data.level_scale if self._data is not None else 1.0
        half = lane.height() / 2 - 1
        free = lane.bottom()
        right = self.plot.left() - GRID_PX / 2
        for decibels in _MARKS_DB:
            height = half * scale * 10 ** (decibels / _DECIBELS_A_DECADE)
            if height > half or height < TINY_TEXT_PX:
                continue
            y = lane.center().y() - height
            text_top = max(y - TINY_TEXT_PX / 2, lane.top())
            if free != lane.bottom() and text_top < free + 2:
                continue
            painter.setPen(self.palette_in_use.muted)
            area = QRectF(GRID_PX, text_top, right - GRID_PX - 4, TINY_TEXT_PX)
            painter.drawText(
                area,
                Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
                str(decibels).replace("-", "−"),
            )
            painter.drawLine(QPointF(right - 2, y + 0.5), QPointF(right + GRID_PX / 2, y + 0.5))
            free = text_top + TINY_TEXT_PX

    def _paint_gaps(self, painter: QPainter, lanes: list[QRectF]) -> None:
        """Paints inserted silence as a dashed frame with its length."""
        palette, timeline = self.palette_in_use, self.state.timeline
        area = lanes[0].united(lanes[-1])
        low, high = (math.floor(edge) for edge in self.state.visible(self.axis))
        shown = timeline.visible(low, high + 1)
        gaps = np.flatnonzero(timeline.sources[shown.start : shown.stop] == GAP_SOURCE)
        gaps += shown.start
        left, right = self._x(timeline.starts[gaps]), self._x(timeline.starts[gaps + 1])
        wide = right - left >= _MIN_GAP_FRAME_PX
        painter.setFont(figures_font(TINY_TEXT_PX))
        rows = zip(gaps[wide].tolist(), left[wide].tolist(), right[wide].tolist(), strict=True)
        for index, start, stop in rows:
            frame = QRectF(start, area.top() + 2, stop - start, area.height() - 4)
            painter.setPen(QPen(faded(palette.muted, 0.7), 1, Qt.PenStyle.DashLine))
            painter.setBrush(faded(palette.muted, 0.07))
            painter.drawRect(frame.adjusted(0.5, 0.5, -0.5, -0.5))
            if frame.width() >= _MIN_GAP_LABEL_PX:
                length = int(timeline.starts[index + 1] - timeline.starts[index])
                words = self.tr("gap {0}").format(format_length(length, self.state.sample_rate))
                painter.setPen(palette.muted)
                painter.drawText(frame, Qt.AlignmentFlag.AlignCenter, words)

    def _paint_overlay(self, painter: QPainter) -> None:
        super()._paint_overlay(painter)
        if self.axis is Axis.RAW:
            return
        area = QRectF(self.plot).adjusted(0, HEADER_PX, 0, 0)
        n_items = len(self.state.timeline.sources)
        for edge, strength in ((self.state.pointed_edge, 0.65), (self.state.edge, 1.0)):
            if edge is not None and edge.item < n_items:
                x = self._snapped(self.x_of(edge.position(self.state.timeline)))
                colour = faded(self.palette_in_use.text, strength)
                paint_edge(painter, x, area, edge.at_end, colour)

        drop = self.state.drop
        if drop is not None:
            left, right = self.x_of(drop.start), self.x_of(drop.stop)
            shade = faded(self.palette_in_use.text, 0.18)
            painter.fillRect(QRectF(left, 0, right - left, self.height()), shade)
            paint_drop(painter, self._snapped(self.x_of(drop.position)), area,
                       self.palette_in_use.text)  # fmt: skip

    def _paint_absence(self, painter: QPainter) -> None:
        if self._data is None and self.axis is Axis.RAW:
            self._paint_empty(
                painter, self.tr("Drop a recording here"), self.tr("or open one with Ctrl+O")
            )
        elif self._data is None:
            self._paint_empty(painter, self.tr("The edit will be heard and seen here"))
        else:
            self._paint_empty(
                painter, self.tr("Nothing is kept"), self.tr("Undo, or generate another edit")
            )


def _channel_names(n_channels: int) -> list[str]:
    """Returns short names of lanes."""
    if n_channels == 1:
        return [""]
    if n_channels == 2:
        return ["L", "R"]
    return [str(number) for number in range(1, n_channels + 1)]
