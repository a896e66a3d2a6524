"""The alignment plot of a take as a small picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPoint
from PySide6.QtGui import QPainter, QPixmap

from editorbot_gui.theme import faded
from editorbot_gui.waveform.joins import KINDS, Joins
from editorbot_gui.waveform.pieces import column_edges, pieces_of
from editorbot_gui.waveform.plot_raster import bars_image, spans_image
from model_core.edit.timeline import timeline_of
from model_core.edit.types import ChangeKind

if TYPE_CHECKING:
    import numpy.typing as npt
    from PySide6.QtCore import QSize

    from editorbot_gui.theme import Palette
    from editorbot_gui.waveform.pieces import Positions
    from model_core.edit.types import EditList

_COPY_PX = 1.5
_STEP_ALPHA = 0.55
_KINDS = (ChangeKind.CUT, ChangeKind.LOOP, ChangeKind.REORDER)
_MOST_JOINS = 1000
"""Above that, steps would hide what is copied, and finding them would hold up the window."""


def miniature(
    edit: EditList, longest: int, n_samples: int, size: QSize, ratio: float, palette: Palette
) -> QPixmap:
    """Draws edited time across and the recording's time up, as the large plot does.

    Args:
        edit: The edit.
        longest: Samples across; the same for all that are to be compared.
        n_samples: Length of the recording, from the lower to the upper edge.
        size: In logical pixels.
        ratio: Device pixels in a logical one.
        palette: The colours.
    """
    width, height = round(size.width() * ratio), round(size.height() * ratio)
    picture = QPixmap(width, height)
    picture.fill(palette.well)
    span, scale = float(max(longest, 1)), height / max(n_samples, 1)

    def row_of(raw: Positions) -> npt.NDArray[np.floating]:
        return height - raw * scale

    painter = QPainter(picture)
    if len(edit.joins) <= _MOST_JOINS:
        joins = Joins.of(edit)
        for kind in _KINDS:
            chosen = joins.kinds == KINDS.index(kind)
            if not np.any(chosen):
                continue
            column = np.floor(joins.positions[chosen] * (width / span)).astype(np.int64)
            ends = row_of(joins.leaving[chosen]), row_of(joins.landing[chosen])
            colour = faded(palette.line_of_kind(kind), _STEP_ALPHA)
            bars = bars_image(column, np.minimum(*ends), np.maximum(*ends), (width, height), colour)
            painter.drawImage(QPoint(0, 0), bars)
    pieces = pieces_of(timeline_of(edit), column_edges(0.0, span, width))
    half = _COPY_PX * ratio / 2
    spans = spans_image(
        pieces.column, row_of(pieces.stop) - half, row_of(pieces.start) + half, (width, height),
        palette.edited,
    )  # fmt: skip
    painter.drawImage(QPoint(0, 0), spans)
    painter.end()
    picture.setDevicePixelRatio(ratio)
    return picture
