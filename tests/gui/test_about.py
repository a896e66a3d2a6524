from __future__ import annotations

import importlib.metadata
from email.message import EmailMessage
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest
from PySide6.QtWidgets import QApplication

from editorbot_gui import legal
from editorbot_gui.dialogs.about import AboutDialog
from editorbot_gui.legal import (
    LICENCE,
    THIRD_PARTY,
    dependencies,
    legal_text,
    libraries,
    licence_of,
    read_credits,
)
from editorbot_gui.version import editorbot_version
from model_core.progress import CancelToken, no_progress

if TYPE_CHECKING:
    from importlib.metadata import PackageMetadata

    from pytestqt.qtbot import QtBot

    from tests.gui.conftest import Rig


def test_every_library_that_is_asked_for_is_named_with_version_and_licence() -> None:
    found = {library.name.lower().replace("_", "-"): library for library in libraries()}
    for name in dependencies():
        library = found[name.lower()]
        assert library.version == importlib.metadata.version(name)
        assert library.licence, name
        assert len(library.licence) < 120, name


class Metadata(EmailMessage):
    """A package's metadata as the standard library gives it."""

    @property
    def json(self) -> dict[str, object]:
        result: dict[str, object] = {}
        for key in self:
            result[key.lower().replace("-", "_")] = self[key]
        result["classifier"] = self.get_all("Classifier", [])
        return result


@pytest.mark.parametrize(
    ("fields", "licence"),
    [
        ([("License-Expression", "MIT"), ("License", "whatever")], "MIT"),
        ([("License", "ISC")], "ISC"),
        ([("License", "x" * 500), ("Classifier", "License :: OSI Approved :: BSD License")],
            "BSD License"),
        ([("Classifier", "Programming Language :: Python")], ""),
    ],
)  # fmt: skip
def test_whichever_field_a_package_uses(fields: list[tuple[str, str]], licence: str) -> None:
    metadata = Metadata()
    for key, value in fields:
        metadata[key] = value
    assert licence_of(cast("PackageMetadata", metadata)) == licence


def test_the_pages_are_those_beside_the_program() -> None:
    root = Path(legal.__file__).resolve().parents[1]
    assert legal_text(THIRD_PARTY) == (root / THIRD_PARTY).read_text(encoding="utf-8")
    assert "MIT" in legal_text(LICENCE)
    assert legal_text("no such file") == ""


def test_an_installed_program_without_its_source_tree_finds_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    page = tmp_path / "licenses" / THIRD_PARTY
    page.parent.mkdir()
    page.write_text("# Others", encoding="utf-8")
    monkeypatch.setattr(legal, "_ROOT", tmp_path / "elsewhere")
    monkeypatch.setattr(importlib.metadata, "files", lambda _name: [page])
    monkeypatch.setattr(
        importlib.metadata, "requires", lambda _name: ["numpy>=1", "x; extra == 'test'"]
    )
    assert legal_text(THIRD_PARTY) == "# Others"
    assert dependencies() == ("numpy",)


def test_the_dialog_shows_it_all_once_it_is_read(qtbot: QtBot) -> None:
    dialog = AboutDialog()
    qtbot.addWidget(dialog)
    assert dialog.libraries.toPlainText() == "Reading…"
    dialog.show_credits(read_credits(None, CancelToken(), no_progress))
    text = dialog.libraries.toPlainText()
    for library in libraries():
        assert library.name in text
        assert library.licence in text
    assert "Sonnet 1" in dialog.third_party.toPlainText()
    assert "PortAudio" in dialog.third_party.toPlainText()
    assert "AS IS" in dialog.licence.toPlainText()
    assert f"EditorBot {editorbot_version()}" in dialog.versions_text
    assert "Python " in dialog.versions.text()


def test_it_opens_from_the_menu_and_copies_versions(rig: Rig, qtbot: QtBot) -> None:
    rig.window.commands["about"].trigger()
    dialog = rig.window.findChild(AboutDialog)
    qtbot.waitUntil(lambda: "torch" in dialog.libraries.toPlainText())
    dialog.copy_button.click()
    assert "torch " in QApplication.clipboard().text()
    dialog.reject()
