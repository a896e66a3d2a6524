"""The names of a recording's tracks, written over the lanes of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter

from editorbot_gui.theme import GRID_PX, TINY_TEXT_PX, Palette, faded, mixed, text_font

if TYPE_CHECKING:
    from collections.abc import Sequence

    from model_core.audio.source import Track

_HEIGHT_PX = TINY_TEXT_PX + 5
_LEAST_HEIGHT_PX = TINY_TEXT_PX - 1
LEAST_LANE_PX = TINY_TEXT_PX + 2
"""In lower lanes a name has no room."""
_MIN_WIDTH_PX = 40
_WIDEST_SHARE = 0.4
_SILENT_SHARE = 0.6


def lane_colours(
    tracks: Sequence[Track], factors: Sequence[float], heard: QColor, palette: Palette
) -> list[QColor]:
    """Returns the colour of each channel's lane: a pale grey where a track isn't heard."""
    silent = mixed(palette.well, palette.muted, _SILENT_SHARE)
    return [
        heard if factor else silent
        for track, factor in zip(tracks, factors, strict=True)
        for _ in range(track.channels)
    ]


def paint_track_names(
    painter: QPainter,
    lanes: Sequence[QRectF],
    tracks: Sequence[Track],
    factors: Sequence[float],
    palette: Palette,
) -> None:
    """Writes the name of each track at the left end of its lanes, where it has room.

    Args:
        painter: In logical pixels.
        lanes: One for each channel.
        tracks: The tracks.
        factors: How loud each of them is heard; 0 is said.
        palette: The colours.
    """
    font = text_font(TINY_TEXT_PX, bold=True)
    metrics = QFontMetricsF(font)
    painter.setFont(font)
    for track, factor in zip(tracks, factors, strict=True):
        own = lanes[track.columns]
        if not own:
            continue
        area = own[0].united(own[-1])
        room = area.width() * _WIDEST_SHARE
        if area.height() < _LEAST_HEIGHT_PX or room < _MIN_WIDTH_PX:
            continue
        name = track.name if factor else _tr("{name} · not heard").format(name=track.name)
        words = metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, room - 2 * GRID_PX)
        top = area.top() + (2 if area.height() >= _HEIGHT_PX + 4 else 0)
        pill = QRectF(
            area.left() + GRID_PX / 2,
            top,
            metrics.horizontalAdvance(words) + GRID_PX,
            min(_HEIGHT_PX, area.height()),
        )
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(faded(palette.panel, 0.86))
        painter.drawRoundedRect(pill, 3, 3)
        painter.setPen(palette.text if factor else palette.muted)
        painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, words)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _tr(text: str) -> str:
    return QCoreApplication.translate("TrackNames", text)
