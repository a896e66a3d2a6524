"""The spectrogram's colours: from the ground, where it is silent, to the text's."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from editorbot_gui.theme import Palette

N_COLOURS = 256
_CHROMA = 0.13
# Ottosson's Oklab, in which equal steps look equal.
_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)

Floats = npt.NDArray[np.float64]


def oklab(rgb: Floats) -> Floats:
    """Returns colours of shape `[..., 3]`, sRGB in 0 to 1, as lightness, a and b of Oklab."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    lab: Floats = np.cbrt(linear @ _TO_LMS.T) @ _TO_LAB.T
    return lab


def srgb(lab: Floats) -> Floats:
    """Returns colours of Oklab as sRGB in 0 to 1; what sRGB lacks is clipped."""
    linear = np.clip((lab @ np.linalg.inv(_TO_LAB).T) ** 3 @ np.linalg.inv(_TO_LMS).T, 0, 1)
    rgb: Floats = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return rgb


def colour_table(palette: Palette) -> npt.NDArray[np.uint8]:
    """Returns a palette's colours from silent to loud.

    The lightness goes in equal steps from the ground to the text, so that equal differences of
    level look equally large, in colour or without. In between it has the recording's hue.

    Args:
        palette: The colours of the window.

    Returns:
        RGB of shape `[256, 3]`.
    """
    ground, text, hue = (
        oklab(np.array((colour.redF(), colour.greenF(), colour.blueF())))
        for colour in (palette.well, palette.text, palette.raw)
    )
    share = np.linspace(0, 1, N_COLOURS)[:, np.newaxis]
    table = ground + share * (text - ground)
    table[:, 1:] += np.sin(np.pi * share) * _CHROMA * hue[1:] / np.hypot(*hue[1:])
    colours: npt.NDArray[np.uint8] = np.round(srgb(table) * 255).astype(np.uint8)
    return colours
