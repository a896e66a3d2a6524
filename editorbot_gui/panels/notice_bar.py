"""A strip above the views for what a person should know but need not answer at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from editorbot_gui.actions import tinted_icon
from editorbot_gui.theme import GRID_PX, Theme

if TYPE_CHECKING:
    from collections.abc import Callable


class NoticeBar(QFrame):
    """One sentence, at most one thing to do about it, and a way to dismiss it.

    Args:
        parent: The owner.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("noticeBar")
        self._do: Callable[[], None] | None = None
        self._icon = QLabel()
        self.sentence = QLabel()
        self.sentence.setTextFormat(Qt.TextFormat.PlainText)
        self.sentence.setWordWrap(True)
        self.sentence.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.button = QPushButton()
        self.button.clicked.connect(self._act)
        self.close_button = QToolButton()
        self.close_button.setAutoRaise(True)
        self.close_button.setToolTip(self.tr("Dismiss"))
        self.close_button.setAccessibleName(self.tr("Dismiss"))
        self.close_button.clicked.connect(self.dismiss)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(2 * GRID_PX, GRID_PX // 2, GRID_PX, GRID_PX // 2)
        layout.setSpacing(GRID_PX)
        layout.addWidget(self._icon)
        layout.addWidget(self.sentence, 1)
        layout.addWidget(self.button)
        layout.addWidget(self.close_button)
        Theme.current().theme_changed.connect(self._dress)
        self._dress()
        self.hide()

    def tell(self, sentence: str, button: str = "", do: Callable[[], None] | None = None) -> None:
        """Shows a sentence in place of the one before.

        Args:
            sentence: What the person should know.
            button: What the button says; empty for none.
            do: What it does; the strip goes away then.
        """
        self._do = do
        self.sentence.setText(sentence)
        self.button.setText(button)
        self.button.setVisible(bool(button))
        self.show()

    def dismiss(self) -> None:
        """Takes the strip away, and what its button would have done."""
        self._do = None
        self.hide()

    def _act(self) -> None:
        do = self._do
        self.dismiss()
        if do is not None:
            do()

    def _dress(self) -> None:
        palette = Theme.current().palette
        self.setStyleSheet(
            f"#noticeBar {{ background: {palette.raised.name()};"
            f" border: none; border-bottom: 1px solid {palette.line.name()}; }}"
        )
        self._icon.setPixmap(
            tinted_icon("mdi6.information-outline", palette.muted).pixmap(QSize(18, 18))
        )
        self.close_button.setIcon(tinted_icon("mdi6.close", palette.muted))
