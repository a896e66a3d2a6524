"""The scale beside the spectrogram, whose values are the logarithms of frequencies."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pyqtgraph
from PySide6.QtGui import QPen

from editorbot_gui.theme import TINY_TEXT_PX, figures_font

if TYPE_CHECKING:
    from collections.abc import Sequence

    from editorbot_gui.theme import Palette

_DECADES_HZ = (100, 1000, 10_000)
_BETWEEN_HZ = (200, 500, 2000, 5000, 20_000, 50_000)
_NAMED_HZ = _DECADES_HZ[0]
_ROOMY_PX = 160
_EDGE_PX = TINY_TEXT_PX / 2 + 1
"""A label nearer to an edge would be cut off."""
_KILO = 1000


def format_frequency(frequency_hz: float) -> str:
    """Returns a frequency as `87 Hz` or `1.24 kHz`."""
    if round(frequency_hz) < _KILO:
        return f"{frequency_hz:.0f} Hz"
    kilohertz = frequency_hz / _KILO
    return f"{kilohertz:.2f} kHz" if kilohertz < 10 else f"{kilohertz:.1f} kHz"


class FrequencyAxis(pyqtgraph.AxisItem):  # type: ignore[misc]  # is untyped
    """Ticks at 100, 1k and 10k; with room, in between, too."""

    def dress(self, palette: Palette) -> None:
        """Takes the colours of the window."""
        self.setPen(QPen(palette.line, 1))
        self.setTextPen(palette.muted)
        self.setTickPen(QPen(palette.muted, 1))
        self.setStyle(tickFont=figures_font(TINY_TEXT_PX), tickLength=-4, autoExpandTextSpace=False)

    def tickValues(
        self, lowest: float, highest: float, size: float
    ) -> list[tuple[float, list[float]]]:
        """Returns where the ticks are: logarithms of frequencies."""
        rows = (_DECADES_HZ, _BETWEEN_HZ) if size >= _ROOMY_PX else (_DECADES_HZ,)
        edge = _EDGE_PX / max(size, 1) * (highest - lowest)
        lowest, highest = lowest + edge, highest - edge
        return [
            (1.0, [value for hz in row if lowest <= (value := math.log10(hz)) <= highest])
            for row in rows
        ]

    def tickStrings(self, values: Sequence[float], _scale: float, _spacing: float) -> list[str]:
        """Returns the labels of ticks."""
        return [
            f"{hz // _KILO}k" if hz >= _KILO else f"{hz} Hz" if hz == _NAMED_HZ else str(hz)
            for hz in (round(10**value) for value in values)
        ]
