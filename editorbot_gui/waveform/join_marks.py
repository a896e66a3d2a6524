"""Where an edit's items meet: lines and letters over the edited waveform."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QLineF, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from editorbot_gui.theme import LETTERS, TINY_TEXT_PX, Palette, faded, ink_on, text_font
from editorbot_gui.waveform.joins import KINDS, Joins
from editorbot_gui.waveform.pieces import Positions
from editorbot_gui.waveform.plot_raster import bars_image
from model_core.edit.types import ChangeKind

BADGE_PX = 14
_BADGE_GAP_PX = 3
_SPARSE_PX = 10
_TICK_SHARE = 0.55
_UNMARKED = (None, ChangeKind.GAP)
_LINE_ALPHA = 0.8
_BAR_PX = 2
_MIN_BAR_PX = 3
_DENSE_ALPHA = 0.55
_EDGE_PX = 3
_EDGE_ARM_PX = 8
_DROP_PX = 7


def is_dense(joins: Joins, chosen: slice, width: float) -> bool:
    """Returns whether joins are so close together that their lines would hide the sound."""
    n_changes = np.count_nonzero(joins.kinds[chosen] > KINDS.index(ChangeKind.GAP))
    return bool(n_changes * _SPARSE_PX > width)


def paint_ticks(
    painter: QPainter,
    joins: Joins,
    chosen: slice,
    column: Positions,
    header: QRect,
    palette: Palette,
) -> None:
    """Paints dense joins as ticks in the header only.

    Args:
        painter: In device pixels.
        joins: All joins.
        chosen: Which of them are visible.
        column: Their device pixels in the header, of the same length.
        header: The strip over the lanes, in device pixels.
        palette: The colours.
    """
    kinds = joins.kinds[chosen]
    size = (header.width(), header.height())
    for number, kind in enumerate(KINDS):
        at = column[kinds == number]
        if kind in _UNMARKED or not len(at):
            continue
        colour = faded(palette.line_of_kind(kind), _DENSE_ALPHA)
        top = np.full(len(at), _TICK_SHARE * header.height())
        bottom = np.full(len(at), float(header.height()))
        painter.drawImage(header.topLeft(), bars_image(at, top, bottom, size, colour))


def paint_joins(
    painter: QPainter,
    joins: Joins,
    chosen: slice,
    x: npt.NDArray[np.floating],
    area: QRectF,
    header: QRectF,
    palette: Palette,
) -> None:
    """Paints a line for each visible join and, where there is room, its letter.

    Args:
        painter: In logical pixels.
        joins: All joins.
        chosen: Which of them are visible; not many.
        x: Where those are, on whole device pixels, of the same length.
        area: The lanes.
        header: The strip over them, for letters.
        palette: The colours.
    """
    kinds = joins.kinds[chosen]
    for number, kind in enumerate(KINDS):
        if kind is ChangeKind.GAP:  # gaps are painted as what they are
            continue
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
        if kind is None:
            painter.setPen(QPen(faded(palette.muted, 0.5), 1, Qt.PenStyle.DotLine))
        else:
            painter.setPen(QPen(faded(palette.line_of_kind(kind), _LINE_ALPHA), 1))
        at = np.unique(x[kinds == number])
        top, bottom = header.top() + 1, area.bottom()
        painter.drawLines([QLineF(px, top, px, bottom) for px in (at + 0.5).tolist()])
    free = header.left()
    for px, number in zip(x.tolist(), kinds.tolist(), strict=True):
        kind = KINDS[number]
        if kind is None or kind is ChangeKind.GAP or px - BADGE_PX / 2 < free:
            continue
        paint_badge(painter, px + 0.5, header.center().y(), kind, palette)
        free = px + BADGE_PX / 2 + _BADGE_GAP_PX


def paint_badge(painter: QPainter, x: float, y: float, kind: ChangeKind, palette: Palette) -> None:
    """Paints the letter of a kind on its colour, around a point."""
    colour = palette.of_kind(kind)
    badge = QRectF(x - BADGE_PX / 2, y - BADGE_PX / 2, BADGE_PX, BADGE_PX)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawRoundedRect(badge, 3, 3)
    painter.setPen(ink_on(colour))
    painter.setFont(text_font(TINY_TEXT_PX - 1, bold=True))
    painter.drawText(badge, Qt.AlignmentFlag.AlignCenter, LETTERS[kind])


def paint_edge(painter: QPainter, x: float, area: QRectF, at_end: bool, colour: QColor) -> None:
    """Paints a bracket that holds a segment at its end or at its start.

    Args:
        painter: In logical pixels.
        x: Where the edge is.
        area: The lanes.
        at_end: Whether it is the segment's end: the bracket opens to the left then.
        colour: Its colour.
    """
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
    left = x - _EDGE_PX if at_end else x + 1
    arm = left + _EDGE_PX - _EDGE_ARM_PX if at_end else left
    painter.fillRect(QRectF(left, area.top(), _EDGE_PX, area.height()), colour)
    for top in (area.top(), area.bottom() - _EDGE_PX):
        painter.fillRect(QRectF(arm, top, _EDGE_ARM_PX, _EDGE_PX), colour)


def paint_drop(painter: QPainter, x: float, area: QRectF, colour: QColor) -> None:
    """Paints the line at which dragged segments would be put in, with a point on top.

    Args:
        painter: In logical pixels.
        x: Where it is.
        area: The lanes; the point is over them.
        colour: Its colour.
    """
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawRect(QRectF(x - 1.5, 0, 3, area.bottom()))
    tip = [QPointF(x - _DROP_PX, 0), QPointF(x + _DROP_PX, 0), QPointF(x, 1.5 * _DROP_PX)]
    painter.drawPolygon(QPolygonF(tip))


def paint_stretches(
    painter: QPainter,
    left: npt.NDArray[np.floating],
    right: npt.NDArray[np.floating],
    kind: ChangeKind,
    header: QRectF,
    palette: Palette,
) -> None:
    """Marks stretches of the recording that a kind of change is about, where they are wide enough.

    Args:
        painter: In logical pixels.
        left: Where stretches begin.
        right: Where they end, of the same length.
        kind: What happens to them.
        header: The strip over the lanes.
        palette: The colours.
    """
    wide = right - left >= _MIN_BAR_PX
    left, right = np.maximum(left[wide], header.left() - 1), np.minimum(right[wide], header.right())
    rows = list(zip(left.tolist(), right.tolist(), strict=True))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(palette.line_of_kind(kind))
    top = header.bottom() - _BAR_PX
    painter.drawRects([QRectF(start, top, stop - start, _BAR_PX) for start, stop in rows])
    for start, stop in rows:
        if stop - start >= BADGE_PX + 4 * _BADGE_GAP_PX:
            paint_badge(painter, (start + stop) / 2, top - BADGE_PX / 2 - 0.5, kind, palette)
