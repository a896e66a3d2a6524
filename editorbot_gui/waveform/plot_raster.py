"""Thousands of lines of the alignment plot, drawn by numpy into indexed images.

Where segments are only a few pixels wide, an antialiasing painter spends longer on each of them
than a frame allows for all. Here they are spans of columns.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QColor, QImage

from editorbot_gui.theme import faded
from editorbot_gui.waveform.pieces import Positions

Rows = npt.NDArray[np.floating]
_SOLID = 255


def indexed_image(indices: npt.NDArray[np.uint8], table: list[int]) -> QImage:
    """Returns an image of its own from indices of shape `[H, W]`."""
    height, width = indices.shape
    padded = np.zeros((height, (width + 3) // 4 * 4), np.uint8)
    padded[:, :width] = indices
    # The image keeps the bytes alive; `copy` gives it memory of its own.
    image = QImage(
        padded.tobytes(), padded.shape[1], height, padded.shape[1], QImage.Format.Format_Indexed8
    )
    image.setColorTable(table)
    return image.copy(0, 0, width, height)


@lru_cache(maxsize=8)
def _ramp(colour: int) -> list[int]:
    """Returns a colour at 256 opacities."""
    return [faded(QColor(colour), n / _SOLID).rgba() for n in range(_SOLID + 1)]


def spans_image(
    column: Positions, top: Rows, bottom: Rows, size: tuple[int, int], colour: QColor
) -> QImage:
    """Draws short vertical spans with soft ends; together they look like lines.

    Args:
        column: The column of each span, of shape `[P]`.
        top: Its upper end in rows, of shape `[P]`.
        bottom: Its lower end in rows.
        size: Width and height of the image.
        colour: The colour.
    """
    width, height = size
    cover = np.zeros((height, width), np.uint8)
    seen = (column >= 0) & (column < width) & (bottom > 0) & (top < height)
    column = column[seen]
    top, bottom = np.clip(top[seen], 0, height), np.clip(bottom[seen], 0, height)
    first = np.floor(top).astype(np.int64)
    tallest = int(np.ceil(np.max(bottom - first, initial=0)))
    for step in range(tallest):
        row = first + step
        share = np.minimum(bottom, row + 1) - np.maximum(top, row)
        here = (share > 0) & (row < height)
        values = np.round(np.clip(share[here], 0, 1) * _SOLID).astype(np.uint8)
        np.maximum.at(cover, (row[here], column[here]), values)
    return indexed_image(cover, _ramp(colour.rgb()))


def bars_image(
    column: Positions, top: Rows, bottom: Rows, size: tuple[int, int], colour: QColor
) -> QImage:
    """Draws vertical bars, one for all that share a column.

    Args:
        column: The column of each bar, not decreasing, of shape `[P]`.
        top: Its upper end in rows, of shape `[P]`.
        bottom: Its lower end in rows.
        size: Width and height of the image.
        colour: The colour, which may be translucent.
    """
    width, height = size
    seen = (column >= 0) & (column < width)
    here, first = np.unique(column[seen], return_index=True)
    bars = np.zeros((height, width), np.uint8)
    if len(here):
        rows = np.arange(height, dtype=np.int16)[:, np.newaxis]
        upper, lower = np.full(width, height, np.int16), np.zeros(width, np.int16)
        uppers = np.floor(np.minimum.reduceat(top[seen], first))
        lowers = np.ceil(np.maximum.reduceat(bottom[seen], first))
        upper[here] = np.clip(uppers, 0, height)
        lower[here] = np.clip(lowers, 0, height)
        np.logical_and(rows >= upper, rows < lower, out=bars.view(np.bool_))
    return indexed_image(bars, [0, colour.rgba()])
