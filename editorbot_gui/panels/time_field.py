"""A field for a length of time that may be left to the program."""

from __future__ import annotations

import re

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtGui import QValidator
from PySide6.QtWidgets import QAbstractSpinBox, QDoubleSpinBox, QWidget

_LONGEST_S = 24 * 3600.0
_STEP_S = 5.0
_PATTERN = re.compile(r"(?:(?:(\d+):)?(\d{1,4}):)?(\d{1,5}(?:[.,]\d?)?)\s*s?")


def seconds_of(text: str) -> float | None:
    """Returns the seconds that a person has written as "75", "1:15" or "1:01:15", or None."""
    match = _PATTERN.fullmatch(text.strip())
    if match is None:
        return None
    hours, minutes, seconds = match.groups()
    return 3600 * int(hours or 0) + 60 * int(minutes or 0) + float(seconds.replace(",", "."))


class SelectOnFocus(QObject):
    """Selects what a spin box shows when it gets the focus, so that typing replaces it.

    Otherwise a number would be typed beside the word that stands for "no number".

    Args:
        box: The spin box; owns this.
    """

    def __init__(self, box: QAbstractSpinBox) -> None:
        super().__init__(box)
        self._box = box
        box.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Selects once the click that gave the focus has put its cursor."""
        if event.type() is QEvent.Type.FocusIn:
            QTimer.singleShot(0, self._box, self._box.selectAll)
        return super().eventFilter(watched, event)


class TimeField(QDoubleSpinBox):
    """Minutes and seconds; 0 stands for "Auto".

    Args:
        parent: The owner.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setDecimals(1)
        self.setRange(0.0, _LONGEST_S)
        self.setSingleStep(_STEP_S)
        self.setSpecialValueText(self.tr("Auto"))
        SelectOnFocus(self)

    @property
    def seconds(self) -> float | None:
        """The length in seconds, or None where it is left to the program."""
        return self.value() or None

    def textFromValue(self, value: float) -> str:  # noqa: N802 - Qt's own
        """Returns m:ss, with a tenth of a second where there is one."""
        minutes, seconds = divmod(round(value, 1), 60)
        text = f"{int(minutes)}:{seconds:04.1f}"
        return text.removesuffix(".0")

    def valueFromText(self, text: str) -> float:  # noqa: N802 - Qt's own
        """Returns the seconds of what was written; 0 if it is no time."""
        return seconds_of(text) or 0.0

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        """Lets anything stand that can still become a time."""
        if not text.strip() or text == self.specialValueText() or seconds_of(text) is not None:
            return QValidator.State.Acceptable, text, position
        if re.fullmatch(r"[\d:.,\ss]*", text):
            return QValidator.State.Intermediate, text, position
        return QValidator.State.Invalid, text, position
