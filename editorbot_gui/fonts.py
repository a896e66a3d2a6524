"""The typeface, where the system has not chosen one."""

from __future__ import annotations

import sys

from PySide6.QtGui import QFontDatabase, QFontInfo
from PySide6.QtWidgets import QApplication

_FALLBACK = "DejaVu Sans"
_BETTER = ("Inter", "Noto Sans", "Ubuntu", "Cantarell", "Roboto", "Open Sans")


def choose_font(app: QApplication) -> None:
    """Takes a typeface made for screens where a bare X11 desktop offers its last resort.

    Everywhere else the system's own one stays.
    """
    if sys.platform in ("win32", "darwin") or QFontInfo(app.font()).family() != _FALLBACK:
        return
    family = next((name for name in _BETTER if QFontDatabase.hasFamily(name)), None)
    if family is not None:
        font = app.font()
        font.setFamily(family)
        app.setFont(font)
