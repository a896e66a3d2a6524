"""The person's language, where somebody has translated EditorBot into it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QLibraryInfo, QLocale, QTranslator

from resources import resource_path

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtCore import QCoreApplication


def install_translations(
    app: QCoreApplication, locale: QLocale | None = None, folder: Path | None = None
) -> list[QTranslator]:
    """Has texts be shown in a language, as far as there are translations.

    Args:
        app: The application.
        locale: The language; left out, the system's.
        folder: Where the .qm files lie; left out, with the other resources.

    Returns:
        What was installed: Qt's own texts, and EditorBot's.
    """
    locale = locale or QLocale.system()
    folder = folder or resource_path("translations")
    installed = []
    for name, where in (
        ("qtbase", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)),
        ("editorbot", str(folder)),
    ):
        translator = QTranslator(app)
        if translator.load(locale, name, "_", where):
            app.installTranslator(translator)
            installed.append(translator)
    # Half a window in another language would be worse than none of it.
    if len(installed) == 1 and installed[0].filePath().rpartition("/")[2].startswith("qtbase"):
        app.removeTranslator(installed.pop())
    return installed
