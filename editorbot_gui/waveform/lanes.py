"""Lanes of sound: columns where many samples share a pixel, a line with dots where they don't."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QLineF, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPen, QPixmap, QPolygonF

from editorbot_gui.theme import Palette, faded, mixed
from editorbot_gui.waveform.extremes import Floats
from editorbot_gui.waveform.pieces import Positions, pieces_of, runs_of
from editorbot_gui.waveform.raster import Columns, colour_table, lane_image
from editorbot_gui.waveform.waveform_data import WaveformData
from model_core.edit.timeline import Timeline

_HATCH_PX = 8
_DIMMED_SHARE = 0.30
_ENVELOPE_SHARE = 0.55
_DOT_SPACING_PX = 7
_DOT_PX = 4.5
_LINE_PX = 1.5


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
def _table(palette_name: str, colour: int, dim: int, well: int) -> list[int]:
    """Returns the colours of a lane; the palette's name is there to tell the schemes apart."""
    del palette_name
    return colour_table(QColor(dim), QColor(colour), QColor(well), _ENVELOPE_SHARE)


def table_for(colour: QColor, palette: Palette) -> list[int]:
    """Returns the colour table of lanes in one colour."""
    return _table(palette.name, colour.rgb(), dimmed(colour, palette).rgb(), palette.well.rgb())


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
def _hatch_tile(size: int, width: float, colour: int) -> QPixmap:
    tile = QPixmap(size, size)
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
    for start, stop in runs_of(left_out):
        painter.fillRect(QRect(area.left() + start, area.top(), stop - start, area.height()), brush)
    painter.setBrushOrigin(QPointF(0, 0))


@dataclass(frozen=True, slots=True)
class Line:
    """A stretch of single samples.

    Attributes:
        start: First sample in the recording.
        stop: Its end, exclusive.
        shift: What is added to get positions on the view's axis.
        gain: Factor.
        colour: The colour.
    """

    start: int
    stop: int
    shift: int
    gain: float
    colour: QColor


def paint_lines(
    painter: QPainter,
    data: WaveformData,
    lines: Sequence[Line],
    lanes: Sequence[QRectF],
    origin: tuple[float, float],
    samples_per_pixel: float,
    scale: float,
) -> None:
    """Paints single samples as a line, with dots where they are far apart.

    Args:
        painter: In logical pixels.
        data: The recording.
        lines: What to paint.
        lanes: The area of each channel, in logical pixels.
        origin: A position on the axis and where it is, in logical pixels.
        samples_per_pixel: The zoom.
        scale: Magnification of the level.
    """
    position, left = origin
    for line in lines:
        samples = data.samples(line.start, line.stop)
        if samples is None:
            continue
        # A sample is a cell of the axis; its dot is in the middle.
        places = np.arange(line.start, line.start + samples.shape[1]) + line.shift + 0.5
        x = (left + (places - position) / samples_per_pixel).tolist()
        for lane, values in zip(lanes, samples, strict=True):
            half = (lane.height() / 2 - 1) * scale * line.gain
            y = np.clip(lane.center().y() - values * half, lane.top(), lane.bottom()).tolist()
            points = QPolygonF([QPointF(*point) for point in zip(x, y, strict=True)])
            pen = QPen(line.colour, _LINE_PX)
            pen.setJoinStyle(Qt.PenJoinStyle.BevelJoin)
            painter.setPen(pen)
            painter.drawPolyline(points)
            if samples_per_pixel * _DOT_SPACING_PX <= 1:
                dot = QPen(line.colour, _DOT_PX)
                dot.setCapStyle(Qt.PenCapStyle.RoundCap)
                painter.setPen(dot)
                painter.drawPoints(points)


def paint_middle(painter: QPainter, lanes: Sequence[QRectF], palette: Palette) -> None:
    """Paints the line of silence in every lane."""
    painter.setPen(QPen(faded(palette.muted, 0.35), 1))
    for lane in lanes:
        y = math.floor(lane.center().y()) + 0.5
        painter.drawLine(QPointF(lane.left(), y), QPointF(lane.right(), y))
