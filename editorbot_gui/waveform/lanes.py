"""Lanes of sound: columns where many samples share a pixel, a line with dots where they don't."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QLineF, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPen, QPolygonF

from editorbot_gui.theme import Palette, faded, mixed
from editorbot_gui.waveform.extremes import Floats
from editorbot_gui.waveform.pieces import Positions, pieces_of, runs_of
from editorbot_gui.waveform.raster import Columns, colour_table, lane_image
from editorbot_gui.waveform.waveform_data import WaveformData
from model_core.edit.timeline import Timeline

_HATCH_PX = 8
_DIMMED_SHARE = 0.30
_ENVELOPE_SHARE = 0.55
DOT_SPACING_PX = 7
"""Samples this far apart get dots."""
_DOT_PX = 4.5
LINE_PX = 1.5
_MIN_HATCH_PX = 6


def lane_areas(area: QRect, n_lanes: int, gap: int) -> list[QRect]:
    """Divides an area into lanes below each other, `gap` pixels apart."""
    height = max(1, (area.height() - gap * (n_lanes - 1)) // n_lanes)
    return [
        QRect(area.left(), area.top() + lane * (height + gap), area.width(), height)
        for lane in range(n_lanes)
    ]


def dimmed(colour: QColor, palette: Palette) -> QColor:
    """Returns the colour of sound that is left out."""
    return mixed(palette.well, colour, _DIMMED_SHARE)


@lru_cache(maxsize=16)
def _table(colour: int, dim: int, well: int) -> list[int]:
    return colour_table(QColor(dim), QColor(colour), QColor(well), _ENVELOPE_SHARE)


def table_for(colour: QColor, palette: Palette) -> list[int]:
    """Returns the colour table of lanes in one colour."""
    return _table(colour.rgb(), dimmed(colour, palette).rgb(), palette.well.rgb())


def raw_columns(data: WaveformData, edges: Positions) -> list[Columns]:
    """Returns what columns of the recording show, for each channel.

    Args:
        data: The recording.
        edges: Where columns begin, from `column_edges`.
    """
    n_columns = len(edges) - 1
    column = np.flatnonzero((edges[:-1] >= 0) & (edges[:-1] < data.n_samples))
    starts = edges[:-1][column]
    stops = np.clip(edges[1:][column], starts + 1, data.n_samples)
    return data.extremes(starts, stops).as_columns(column, n_columns)


def edited_columns(
    data: WaveformData, timeline: Timeline, gains: Floats, edges: Positions
) -> list[Columns]:
    """Returns what columns of the edit show, for each channel.

    Args:
        data: The recording.
        timeline: The edit.
        gains: Each item's gain as a factor, of shape `[n]`.
        edges: Where columns begin, from `column_edges`.
    """
    pieces = pieces_of(timeline, edges)
    inside = pieces.stop <= data.n_samples
    starts, stops = pieces.start[inside], pieces.stop[inside]
    found = data.extremes(starts, stops).scaled(gains[pieces.item[inside]])
    return found.as_columns(pieces.column[inside], len(edges) - 1)


def paint_lane(
    painter: QPainter,
    area: QRect,
    columns: Columns,
    levels: npt.NDArray[np.uint8],
    scale: float,
    table: list[int],
) -> None:
    """Paints columns; painter and area in device pixels."""
    painter.drawImage(area.topLeft(), lane_image(columns, levels, area.height(), scale, table))


@lru_cache(maxsize=8)
def _hatch_tile(size: int, width: float, colour: int) -> QImage:
    tile = QImage(size, size, QImage.Format.Format_ARGB32_Premultiplied)
    tile.fill(Qt.GlobalColor.transparent)
    painter = QPainter(tile)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(colour), width))
    for offset in (-size, 0, size):
        painter.drawLine(QLineF(offset - size, 2 * size, offset + 2 * size, -size))
    painter.end()
    return tile


def paint_hatch(
    painter: QPainter,
    area: QRect,
    left_out: npt.NDArray[np.bool_],
    phase: float,
    ratio: float,
    palette: Palette,
) -> None:
    """Hatches columns whose sound is left out.

    Args:
        painter: In device pixels.
        area: Where columns are, in device pixels.
        left_out: Which columns to hatch, of shape `[W]`.
        phase: Device pixels from the axis' zero to the area's left edge; keeps the hatch in its
            place on the sound while panning.
        ratio: Device pixels in a logical one.
        palette: The colours.
    """
    size = max(4, round(_HATCH_PX * ratio))
    brush = QBrush(
        _hatch_tile(size, max(1.0, ratio), mixed(palette.line, palette.muted, 0.12).rgb())
    )
    painter.setBrushOrigin(QPointF(area.left() - math.floor(phase) % size, area.top()))
    least = _MIN_HATCH_PX * ratio  # in a narrower stretch the dimmed colour has to say it
    for start, stop in runs_of(left_out):
        if stop - start < least:
            continue
        painter.fillRect(QRect(area.left() + start, area.top(), stop - start, area.height()), brush)
    painter.setBrushOrigin(QPointF(0, 0))


@dataclass(frozen=True, slots=True)
class Stretch:
    """Single samples of the recording that follow each other on a view's axis.

    Attributes:
        places: Where they are on the axis, in samples, of shape `[n]`.
        values: What they are, full scale at 1, of shape `[C, n]`.
    """

    places: npt.NDArray[np.floating]
    values: Floats


def stretch_of(
    data: WaveformData, start: int, stop: int, shift: int, gain: float
) -> Stretch | None:
    """Returns a stretch of samples, or None while it is being read.

    Args:
        data: The recording.
        start: First sample in the recording.
        stop: Its end, exclusive.
        shift: What is added to get positions on the view's axis.
        gain: Factor.
    """
    values = data.samples(start, stop)
    if values is None:
        return None
    # A sample is a cell of the axis; it is drawn in the middle.
    return Stretch(np.arange(start, stop) + (shift + 0.5), values * np.float32(gain))


def line_columns(
    stretches: Sequence[Stretch], n_channels: int, grid: npt.NDArray[np.float64], thickness: float
) -> list[Columns]:
    """Returns columns that draw a line from sample to sample, for each channel.

    A painter's antialiased line through noise takes tens of milliseconds.

    Args:
        stretches: What to draw.
        n_channels: Number of channels.
        grid: Where columns begin, from `column_grid`.
        thickness: Of the line, in units of the level.
    """
    n_columns = len(grid) - 1
    low = np.full((n_channels, n_columns), np.inf)
    high = np.full((n_channels, n_columns), -np.inf)
    for stretch in stretches:
        first, last = np.searchsorted(grid, (stretch.places[0], stretch.places[-1]), side="right")
        first, last = max(int(first) - 1, 0), min(int(last), n_columns)
        if first >= last:
            continue
        column = np.searchsorted(grid, stretch.places, side="right") - 1
        inside = (column >= first) & (column < last)
        for channel, values in enumerate(stretch.values):
            between = np.interp(grid[first : last + 1], stretch.places, values)
            lowest = np.minimum(between[:-1], between[1:])
            highest = np.maximum(between[:-1], between[1:])
            np.minimum(low[channel, first:last], lowest, out=low[channel, first:last])
            np.maximum(high[channel, first:last], highest, out=high[channel, first:last])
            np.minimum.at(low[channel], column[inside], values[inside])
            np.maximum.at(high[channel], column[inside], values[inside])
    shown = high[0] >= low[0]
    low[:, ~shown] = high[:, ~shown] = 0
    lows = (low - thickness / 2).astype(np.float32)
    highs = (high + thickness / 2).astype(np.float32)
    return [Columns(lows[c], highs[c], lows[c], highs[c], shown) for c in range(n_channels)]


def paint_dots(
    painter: QPainter,
    x: npt.NDArray[np.floating],
    values: Floats,
    lane: QRectF,
    scale: float,
    colour: QColor,
) -> None:
    """Paints a dot for each sample of a lane.

    Args:
        painter: In logical pixels.
        x: Where they are, of shape `[n]`.
        values: What they are, of shape `[n]`.
        lane: The lane.
        scale: Magnification of the level.
        colour: The dots' colour.
    """
    half = (lane.height() / 2 - 1) * scale
    y = np.clip(lane.center().y() - values * half, lane.top(), lane.bottom())
    pen = QPen(colour, _DOT_PX)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setPen(pen)
    points = zip(x.tolist(), y.tolist(), strict=True)
    painter.drawPoints(QPolygonF([QPointF(*point) for point in points]))


def paint_middle(
    painter: QPainter, lanes: Sequence[QRectF], right: float, palette: Palette
) -> None:
    """Paints the line of silence in every lane, as far as `right`."""
    painter.setPen(QPen(faded(palette.muted, 0.35), 1))
    for lane in lanes:
        y = math.floor(lane.center().y()) + 0.5
        painter.drawLine(QPointF(lane.left(), y), QPointF(right, y))
