"""What EditorBot is, its licence, and the licences of what it stands on."""

from __future__ import annotations

import html

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from editorbot_gui.dialogs.plain import without_icons
from editorbot_gui.icon import app_icon
from editorbot_gui.settings import APP_NAME
from editorbot_gui.theme import GRID_PX, Theme, text_font
from editorbot_gui.version import editorbot_version, version_of

PACKAGES = (
    ("PySide6-Essentials", "Qt for Python", "LGPL-3.0"),
    ("torch", "PyTorch", "BSD-3-Clause"),
    ("numpy", "NumPy", "BSD-3-Clause"),
    ("scipy", "SciPy", "BSD-3-Clause"),
    ("soundfile", "SoundFile, with libsndfile (LGPL-2.1)", "BSD-3-Clause"),
    ("av", "PyAV, with FFmpeg (LGPL-2.1 or GPL)", "BSD-3-Clause"),
    ("soxr", "Python-SoXR, with libsoxr", "LGPL-2.1"),
    ("sounddevice", "sounddevice, with PortAudio (MIT)", "MIT"),
    ("librosa", "librosa", "ISC"),
    ("matplotlib", "Matplotlib", "PSF-based"),
    ("pyqtgraph", "PyQtGraph", "MIT"),
    ("qtawesome", "QtAwesome, with Material Design Icons (Apache-2.0)", "MIT"),
    ("safetensors", "safetensors", "Apache-2.0"),
    ("platformdirs", "platformdirs", "MIT"),
    ("tqdm", "tqdm", "MPL-2.0, MIT"),
)
"""Distribution, name for the person, licence."""


class AboutDialog(QDialog):
    """Version, licence and credits.

    Args:
        parent: The window.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("About {name}").format(name=APP_NAME))
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
        head = QHBoxLayout()
        head.setSpacing(2 * GRID_PX)
        head.addWidget(icon)
        text = QVBoxLayout()
        text.addWidget(name)
        text.addWidget(words)
        head.addLayout(text, 1)
        self.licences = QTextBrowser()
        self.licences.setAccessibleName(self.tr("Licences"))
        self.licences.setHtml(self._licences_html())
        self.licences.setMinimumSize(62 * GRID_PX, 34 * GRID_PX)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        without_icons(buttons.buttons())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * GRID_PX, 3 * GRID_PX, 3 * GRID_PX, 2 * GRID_PX)
        layout.setSpacing(2 * GRID_PX)
        layout.addLayout(head)
        layout.addWidget(self.licences)
        layout.addWidget(buttons)

    def _licences_html(self) -> str:
        muted = Theme.current().palette.muted.name()
        rows = "".join(
            f"<tr><td>{html.escape(name)}</td>"
            f"<td style='color:{muted}'>{html.escape(version_of(distribution))}</td>"
            f"<td style='color:{muted}'>{html.escape(licence)}</td></tr>"
            for distribution, name, licence in PACKAGES
        )
        return (
            f"<p>{html.escape(self.tr('EditorBot stands on these, with thanks:'))}</p>"
            f"<table cellspacing='0' cellpadding='4' width='100%'>{rows}</table>"
        )
