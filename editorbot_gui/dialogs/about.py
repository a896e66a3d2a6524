"""What EditorBot is, its licence, and the licences of what it stands on."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, qVersion
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QTabWidget,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from editorbot_gui.dialogs.plain import fit_screen, without_icons
from editorbot_gui.icon import app_icon
from editorbot_gui.settings import APP_NAME
from editorbot_gui.theme import GRID_PX, Theme, text_font
from editorbot_gui.version import editorbot_version

if TYPE_CHECKING:
    from editorbot_gui.legal import Credits


_SIZE_PX = (82 * GRID_PX, 72 * GRID_PX)


class AboutDialog(QDialog):
    """Version, licence and credits; those are shown when they have been read.

    Args:
        parent: The window.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("About {name}").format(name=APP_NAME))
        self._credits: Credits | None = None
        icon = QLabel()
        icon.setPixmap(app_icon().pixmap(QSize(64, 64)))
        icon.setAlignment(Qt.AlignmentFlag.AlignTop)
        name = QLabel(f"{APP_NAME} {editorbot_version()}".strip())
        name.setFont(text_font(20, bold=True))
        words = QLabel(
            self.tr(
                "A desktop audio editor that learns how you edit.\n"
                "MIT licence. Your recordings stay on this machine."
            )
        )
        self.versions = QLabel()
        self.versions.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.versions.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        head = QHBoxLayout()
        head.setSpacing(2 * GRID_PX)
        head.addWidget(icon)
        text = QVBoxLayout()
        for label in (name, words, self.versions):
            text.addWidget(label)
        head.addLayout(text, 1)
        self.libraries = _page(self.tr("Libraries"))
        self.third_party = _page(self.tr("Sounds and material of others"))
        self.licence = _page(self.tr("Licence of EditorBot"))
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.setAccessibleName(self.tr("Pages"))
        self.tabs.tabBar().setAccessibleName(self.tr("Pages"))
        self.tabs.setMinimumSize(60 * GRID_PX, 16 * GRID_PX)
        for page in (self.libraries, self.third_party, self.licence):
            page.setPlainText(self.tr("Reading…"))
            self.tabs.addTab(page, page.accessibleName())
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.copy_button = buttons.addButton(
            self.tr("Copy versions"), QDialogButtonBox.ButtonRole.ActionRole
        )
        self.copy_button.setToolTip(self.tr("For a report of a problem."))
        self.copy_button.clicked.connect(self._copy)
        buttons.rejected.connect(self.reject)
        buttons.button(QDialogButtonBox.StandardButton.Close).setDefault(True)
        without_icons(buttons.buttons())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * GRID_PX, 3 * GRID_PX, 3 * GRID_PX, 2 * GRID_PX)
        layout.setSpacing(2 * GRID_PX)
        layout.addLayout(head)
        layout.addWidget(self.tabs, 1)
        layout.addWidget(buttons)
        self._show_versions()
        fit_screen(self, *_SIZE_PX)

    def show_credits(self, credits_: Credits) -> None:
        """Shows what was read of the packages and of the files beside the program."""
        self._credits = credits_
        missing = self.tr("This page is missing from the installation.")
        self.libraries.setHtml(self._libraries_html(credits_))
        self.third_party.setMarkdown(credits_.third_party or missing)
        self.licence.setPlainText(credits_.licence or missing)
        self._show_versions()

    @property
    def versions_text(self) -> str:
        """Versions of everything, a line each, for a report."""
        lines = [f"{APP_NAME} {editorbot_version()}", f"Qt {qVersion()}"]
        if self._credits is not None:
            lines += [f"Python {self._credits.python}", self._credits.system]
            lines += [f"{library.name} {library.version}" for library in self._credits.libraries]
        return "\n".join(lines)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.versions_text)

    def _show_versions(self) -> None:
        parts = [f"Qt {qVersion()}"]
        if self._credits is not None:
            parts = [f"Python {self._credits.python}", *parts, self._credits.system]
        self.versions.setText(" · ".join(parts))
        self.versions.setStyleSheet(f"color: {Theme.current().palette.muted.name()}")

    def _libraries_html(self, credits_: Credits) -> str:
        muted = Theme.current().palette.muted.name()
        rows = "".join(
            f"<tr><td>{html.escape(library.name)}</td>"
            f"<td style='color:{muted}'>{html.escape(library.version)}</td>"
            f"<td style='color:{muted}'>{html.escape(library.licence)}</td></tr>"
            for library in credits_.libraries
        )
        thanks = self.tr(
            "EditorBot stands on these, with thanks. What they bring along is on the next page."
        )
        return (
            f"<p>{html.escape(thanks)}</p>"
            f"<table cellspacing='0' cellpadding='4' width='100%'>{rows}</table>"
        )


def _page(name: str) -> QTextBrowser:
    page = QTextBrowser()
    page.setAccessibleName(name)
    page.setOpenExternalLinks(True)
    page.setTabChangesFocus(True)
    page.document().setDocumentMargin(GRID_PX)
    return page
