"""How thorough a training is, and what the trainer's warnings mean to a person who edits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QCoreApplication

LEAST_PAIRS: Final = 2
"""With fewer there is nothing to judge by."""


@dataclass(frozen=True, slots=True)
class Preset:
    """How thorough a training is.

    Attributes:
        key: How it is known.
        updates: How many updates it makes.
    """

    key: str
    updates: int


PRESETS: Final = (Preset("quick", 100), Preset("standard", 300), Preset("thorough", 1000))


def plain_warning(sentence: str) -> str:
    """Returns a warning of the trainer in words for a person who edits."""
    for part, plain in (
        (
            "A loss is not a number",
            _tr(
                "Something in a recording could not be computed with, and was skipped. A damaged "
                "recording may be the cause."
            ),
        ),
        (
            "The gradient is not finite",
            _tr("Something in a recording could not be computed with, and was skipped."),
        ),
        (
            "The gradient explodes",
            _tr(
                "The training makes unusually large steps. If held-out edits get worse, exclude "
                "pairs that differ much from the others."
            ),
        ),
        (
            "The loss of near offsets",
            _tr(
                "The training hardly gets on with where cuts lie. Look at the pairs that you were "
                "asked to look at."
            ),
        ),
        (
            "out of memory",
            _tr(
                "There is little memory left; the training goes on in smaller portions, and is "
                "slower. Close other programs."
            ),
        ),
    ):
        if part.casefold() in sentence.casefold():
            return plain
    return sentence[:1].upper() + sentence[1:]


def duration_text(seconds: float) -> str:
    """Returns a time that is only about right: "40 s", "12 min", "1 h 20 min"."""
    if seconds < 55:
        return _tr("{n} s").format(n=max(5, 5 * round(seconds / 5)))
    minutes = max(1, round(seconds / 60))
    if minutes < 60:
        return _tr("{n} min").format(n=minutes)
    minutes = 5 * round(minutes / 5)
    if minutes % 60:
        return _tr("{h} h {n} min").format(h=minutes // 60, n=minutes % 60)
    return _tr("{h} h").format(h=minutes // 60)


def _tr(text: str) -> str:
    return QCoreApplication.translate("Presets", text)
