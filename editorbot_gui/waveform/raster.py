"""Columns of a waveform, drawn by numpy into an indexed image.

A view is redrawn for every frame of a pan. A call for each column would take too long from Python;
here a whole lane is a few comparisons of arrays, and Qt only turns indices into colours.

An index is `32 * level + tone`. The level, 0 to 7, says how much of the column is kept. Tones 0 to
15 are the coverage of the envelope's edge, 16 to 31 go on from the envelope to the denser body.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QColor, QImage

from editorbot_gui.theme import mixed
from editorbot_gui.waveform.plot_raster import indexed_image

N_LEVELS = 8
_TONES = 32
_SOLID = 15
_ROW = np.int16


@dataclass(frozen=True, slots=True)
class Columns:
    """What a lane shows in each column, full scale at 1; of shape `[W]` each.

    Attributes:
        low: The lowest sample.
        high: The highest sample.
        body_low: Where the denser body begins: a mean of the lowest samples of parts of the column.
        body_high: Where it ends.
        shown: Whether anything is known of the column.
    """

    low: npt.NDArray[np.float32]
    high: npt.NDArray[np.float32]
    body_low: npt.NDArray[np.float32]
    body_high: npt.NDArray[np.float32]
    shown: npt.NDArray[np.bool_]


def colour_table(
    dimmed: QColor, bright: QColor, background: QColor, body_share: float
) -> list[int]:
    """Returns the colours of all indices.

    Args:
        dimmed: The body where nothing is kept.
        bright: The body where all is kept.
        background: What the envelope is mixed with around the body.
        body_share: How far the envelope's colour is from the background towards the body's.
    """
    table = []
    for level in range(N_LEVELS):
        body = mixed(dimmed, bright, level / (N_LEVELS - 1))
        envelope = mixed(background, body, body_share)
        for tone in range(_TONES):
            if tone <= _SOLID:
                colour = QColor(envelope)
                colour.setAlphaF(tone / _SOLID)
            else:
                colour = mixed(envelope, body, (tone - _SOLID - 1) / (_SOLID))
            table.append(colour.rgba())
    return table


def _edges(
    low: npt.NDArray[np.float32], high: npt.NDArray[np.float32], height: int, scale: float
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Returns the upper and lower edges in rows, at least one row apart."""
    middle = height / 2
    half = (middle - 1) * scale
    top = np.clip(middle - high * half, 0, height - 1).astype(np.float32)
    bottom = np.clip(middle - low * half, 1, height).astype(np.float32)
    thin = bottom - top < 1
    centre = (top + bottom) / 2
    top[thin] = np.clip(np.round(centre[thin] - 0.5), 0, height - 1)
    bottom[thin] = top[thin] + 1
    return top, bottom


def lane_image(
    columns: Columns, levels: npt.NDArray[np.uint8], height: int, scale: float, table: list[int]
) -> QImage:
    """Draws one lane.

    Args:
        columns: What it shows.
        levels: How much of each column is kept, 0 to 7, of shape `[W]`.
        height: Its height in device pixels.
        scale: Magnification of the level.
        table: The colours, from `colour_table`.

    Returns:
        An indexed image, `W` by `height`, clear where there is no sound.
    """
    width = len(levels)
    rows = np.arange(height, dtype=_ROW)[:, np.newaxis]
    top, bottom = _edges(columns.low, columns.high, height, scale)
    inner_top, inner_bottom = _edges(columns.body_low, columns.body_high, height, scale)
    first, last = np.ceil(top).astype(_ROW), np.floor(bottom).astype(_ROW)
    inner_first = np.maximum(np.ceil(inner_top).astype(_ROW), first)
    inner_last = np.minimum(np.floor(inner_bottom).astype(_ROW), last)
    last[~columns.shown] = -1
    inner_last[~columns.shown] = -1

    lane = np.empty((height, width), np.uint8)
    np.multiply((rows >= first) & (rows < last), np.uint8(_SOLID), out=lane)
    lane += ((rows >= inner_first) & (rows < inner_last)).view(np.uint8) * np.uint8(_SOLID + 1)

    shown = np.flatnonzero(columns.shown)
    for row, cover in ((first - 1, first - top), (last, bottom - last)):
        x = shown[(row[shown] >= 0) & (row[shown] < height)]
        lane[row[x], x] = np.round(cover[x] * _SOLID).astype(np.uint8)
    lane += levels * np.uint8(_TONES)

    return indexed_image(lane, table)
