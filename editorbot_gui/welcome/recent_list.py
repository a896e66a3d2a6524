"""The recordings and projects that were opened last, as buttons."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QCommandLinkButton, QLabel, QVBoxLayout, QWidget

from editorbot_gui.actions import tinted_icon
from editorbot_gui.projects.projects import is_project
from editorbot_gui.theme import GRID_PX, Theme, text_font

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_SHOWN = 5
_ICON_PX = 18


class RecentList(QWidget):
    """A heading, and a row for each file.

    Args:
        parent: The owner.
    """

    chosen = Signal(object)
    """The `Path` of a file was chosen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.buttons: list[QCommandLinkButton] = []
        self._files: tuple[Path, ...] = ()
        heading = QLabel(self.tr("Go on with"))
        heading.setFont(text_font(bold=True))
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addWidget(heading)
        self._column.addSpacing(GRID_PX // 2)
        Theme.current().theme_changed.connect(self._dress)

    def show_files(self, files: Sequence[Path]) -> None:
        """Lists files, newest first; they need not be there any more."""
        files = tuple(files[:MOST_SHOWN])
        if files == self._files:
            return
        self._files = files
        for button in self.buttons:
            self._column.removeWidget(button)
            button.hide()
            button.deleteLater()
        self.buttons = []
        for path in files:
            # A file's own ampersands must not become mnemonics.
            button = QCommandLinkButton(path.name.replace("&", "&&"))
            button.setDescription(shortened_folder(path.parent))
            button.setIconSize(QSize(_ICON_PX, _ICON_PX))
            button.setToolTip(str(path))
            button.setAccessibleName(self.tr("Open {name}").format(name=path.name))
            button.clicked.connect(partial(self.chosen.emit, path))
            self._column.addWidget(button)
            self.buttons.append(button)
        self.setVisible(bool(files))
        self._dress()

    def _dress(self) -> None:
        palette = Theme.current().palette
        self.setStyleSheet(
            "QCommandLinkButton { background: transparent; border-color: transparent; }"
            f" QCommandLinkButton:hover {{ background: {palette.raised.name()}; }}"
            f" QCommandLinkButton:focus {{ border-color: {palette.muted.name()}; }}"
        )
        for button, path in zip(self.buttons, self._files, strict=True):
            icon = "mdi6.file-document-edit-outline" if is_project(path) else "mdi6.waveform"
            button.setIcon(tinted_icon(icon, palette.muted))


def shortened_folder(folder: Path) -> str:
    """Returns a folder as a person knows it: from the home folder on."""
    try:
        return str(Path("~") / folder.relative_to(Path.home()))
    except ValueError:
        return str(folder)
