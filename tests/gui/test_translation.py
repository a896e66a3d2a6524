"""Every text that a person reads goes through Qt's translation."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QAbstractTableModel, QCoreApplication, QLocale, QTranslator
from PySide6.QtGui import QAction, QStandardItemModel
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QDialog,
    QGroupBox,
    QLabel,
    QLineEdit,
    QSpinBox,
    QTabBar,
    QWidget,
)

import editorbot_gui
from editorbot_gui.actions import ACTIONS, text_of, translated
from editorbot_gui.guide.cache_jobs import folder_now
from editorbot_gui.translation import install_translations
from scripts.translations import compile_all, find_messages, write_ts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot

    from tests.gui.conftest import Rig

pytestmark = pytest.mark.usefixtures("no_hardware")

SOURCES = Path(editorbot_gui.__path__[0])

# Lint: literals that reach a person without a translation call ------------------------------------

SHOWN_BY = {
    "setText", "setToolTip", "setStatusTip", "setWindowTitle", "setPlaceholderText",
    "setAccessibleName", "setAccessibleDescription", "setTitle", "setSuffix", "setPrefix",
    "setSpecialValueText", "setInformativeText", "setHeaderLabels", "setDescription", "setIconText",
    "setLabelText", "addMenu", "addTab", "setTabText", "addButton", "tell",
}  # fmt: skip
SHOWN_BY_MAKING = {"QLabel", "QPushButton", "QCheckBox", "QRadioButton", "QGroupBox", "QToolBar"}
EMITTED = {"told", "noticed"}
WORD = re.compile(r"[A-Za-z]{2}")
MARKUP = re.compile(r"<[^>]*(>|$)|^[^<]*>")  # whole tags, and their parts in an f-string
NO_WORDS = {"EditorBot"}


def literals_shown(path: Path) -> list[str]:
    """Returns the literals of a module that are shown as they are."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not _shows(node.func):
            continue
        for argument in node.args:
            found += [
                f"{path.name}:{node.lineno}: {text!r}"
                for text in _own_words(argument)
                if WORD.search(MARKUP.sub("", text)) and text not in NO_WORDS
            ]
    return found


def _shows(function: ast.expr) -> bool:
    if isinstance(function, ast.Name):
        return function.id in SHOWN_BY_MAKING
    if not isinstance(function, ast.Attribute):
        return False
    if function.attr == "emit" and isinstance(function.value, ast.Attribute):
        return function.value.attr in EMITTED
    return function.attr in SHOWN_BY


def _own_words(argument: ast.expr) -> Iterator[str]:
    """The words of an argument that are literals and go through no call."""
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        yield argument.value
    elif isinstance(argument, ast.JoinedStr):
        for part in argument.values:
            if isinstance(part, ast.Constant):
                yield str(part.value)
    elif isinstance(argument, ast.BinOp):
        yield from _own_words(argument.left)
        yield from _own_words(argument.right)
    elif isinstance(argument, ast.IfExp):
        yield from _own_words(argument.body)
        yield from _own_words(argument.orelse)
    elif isinstance(argument, ast.List):
        for element in argument.elts:
            yield from _own_words(element)


def test_no_literal_is_shown_untranslated() -> None:
    found = [line for path in sorted(SOURCES.rglob("*.py")) for line in literals_shown(path)]
    assert found == []


def test_the_lint_finds_what_it_looks_for(tmp_path: Path) -> None:
    module = tmp_path / "bad.py"
    module.write_text(
        'label.setText("Hello there")\n'
        'QLabel(f"{n} files")\n'
        'self.told.emit("Done" if good else self.tr("Failed"))\n'
        'label.setText(self.tr("Fine"))\n'
        'label.setText(f"{n} · {m}")\n',
        encoding="utf-8",
    )
    assert literals_shown(module) == [
        "bad.py:1: 'Hello there'", "bad.py:2: ' files'", "bad.py:3: 'Done'",
    ]  # fmt: skip


def test_every_text_can_be_collected_for_translators() -> None:
    messages, hidden = find_messages()
    assert hidden == []
    assert all(message.context for message in messages), "a text without a context isn't found"
    collected = {message.text for message in messages if message.context == "Actions"}
    for spec in ACTIONS:
        if not spec.name.startswith("take_"):  # made from one text with a number
            assert {spec.text, spec.tip} <= collected, spec.name


# Trial: a window in a language in which every text is marked --------------------------------------

MARKED = "⟦"
TABLES = (
    QAbstractTableModel,
    QStandardItemModel,
)  # others keep the number of columns to themselves


class Marking(QTranslator):
    """A language that puts every text into brackets."""

    def translate(
        self,
        _context: str | bytes,
        text: str | bytes,
        _disambiguation: str | bytes | None = None,
        _n: int = -1,
    ) -> str:
        words = text.decode() if isinstance(text, bytes) else text
        return f"{MARKED}{words}⟧" if words else words


# Before the window: fixtures are made in the order in which a test names them.
@pytest.fixture
def marked(qapp: QApplication) -> Iterator[None]:
    translator = Marking(qapp)
    qapp.installTranslator(translator)
    yield
    qapp.removeTranslator(translator)


def texts_of(widget: QWidget) -> Iterator[str]:
    """Everything that a widget shows or says."""
    yield widget.toolTip()
    yield widget.statusTip()
    yield widget.accessibleName()
    if widget.isWindow():
        yield widget.windowTitle()
    if isinstance(widget, QLabel | QAbstractButton):
        yield widget.text()
    elif isinstance(widget, QLineEdit):
        yield widget.placeholderText()
    elif isinstance(widget, QGroupBox):
        yield widget.title()
    elif isinstance(widget, QComboBox):
        yield from (widget.itemText(index) for index in range(widget.count()))
    elif isinstance(widget, QSpinBox):
        yield widget.specialValueText()
        yield widget.suffix()
    elif isinstance(widget, QTabBar):
        yield from (widget.tabText(index) for index in range(widget.count()))
    elif isinstance(widget, QAbstractItemView) and widget.model() is not None:
        model = widget.model()
        for row in range(min(model.rowCount(), 4)):
            yield from (
                str(model.index(row, column).data() or "")
                for column in range(model.columnCount() if isinstance(model, TABLES) else 1)
            )


KEYS = re.compile(
    r"\(?\b(Ctrl|Shift|Alt|Ins|Del|Esc|Space|Home|End|Up|Down|Left|Right|F\d+)\b[^)]*\)?"
)


def unmarked(root: QWidget, data: tuple[str, ...]) -> list[str]:
    """Returns the words that a window and what is in it show in English."""
    texts: set[str] = set()
    for widget in (root, *root.findChildren(QWidget)):
        texts |= set(texts_of(widget))
    for action in root.findChildren(QAction):
        texts |= {action.text(), action.toolTip(), action.iconText(), action.statusTip()}
    found = []
    for text in sorted(texts):
        rest = text
        for word in data:
            rest = rest.replace(word, "")
        rest = re.sub(r"⟦.*⟧", "", rest, flags=re.DOTALL)
        if WORD.search(KEYS.sub("", MARKUP.sub("", rest))):
            found.append(text)
    return found


FORMATS = ("WAV", "FLAC", "OGG", "Vorbis", "OPUS", "MP3", "W64", "RF64")
UNITS = (
    *FORMATS,
    "EditorBot",
    "Qt",
    "kHz",
    "dBFS",
    "dBTP",
    "LUFS",
    "dB",
    "ms",
    "Hz",
    "kB",
    "MB",
    "CPU",
)


@pytest.mark.usefixtures("marked")
def test_the_window_speaks_another_language_throughout(
    rig: Rig, qtbot: QtBot, speech: Path
) -> None:
    window = rig.window
    data = (speech.name, str(speech), str(speech.parent), str(folder_now()), *UNITS)
    assert unmarked(window, data) == []
    rig.open(qtbot, speech)
    rig.generate(qtbot)
    assert unmarked(window, data) == []
    for name in ("preferences", "shortcuts", "change_keys", "command_palette", "about", "gain",
                 "crossfade", "repeat", "export"):  # fmt: skip
        window.commands["select_all"].trigger()
        window.commands[name].trigger()
        dialog = [w for w in window.findChildren(QDialog) if w.isVisible()][-1]
        assert dialog.windowTitle().startswith(MARKED), name
        assert unmarked(dialog, data) == [], name
        dialog.reject()
        qtbot.waitUntil(lambda: not window.runner.jobs, timeout=30_000)


# Real files ---------------------------------------------------------------------------------------


def test_what_is_translated_is_kept_compiled_and_used(qapp: QApplication, tmp_path: Path) -> None:
    messages, _ = find_messages()
    path = tmp_path / "editorbot_de.ts"
    assert write_ts(path, "de", messages) > 100
    text = path.read_text(encoding="utf-8")
    old = '<source>&amp;Open…</source>\n      <translation type="unfinished" />'
    assert text.count(old) == 1
    new = "<source>&amp;Open…</source>\n      <translation>Ö&amp;ffnen …</translation>"
    text = text.replace(old, new)
    old = '<source>Take &amp;{number}</source>\n      <translation type="unfinished" />'
    assert text.count(old) == 1
    new = old.replace(' type="unfinished" />', ">Fassung &amp;{number}</translation>")
    path.write_text(text.replace(old, new), encoding="utf-8")
    all_texts = len({(message.context, message.text) for message in messages})
    assert write_ts(path, "de", messages) == all_texts - 2, "the translations are kept"
    assert compile_all(tmp_path) == [tmp_path / "editorbot_de.qm"]
    translators = install_translations(qapp, QLocale("de_AT"), tmp_path)
    try:
        assert translated("&Open…") == "Ö&ffnen …"
        assert translated("Sa&ve") == "Sa&ve"
        take = next(spec for spec in ACTIONS if spec.name == "take_3")
        assert text_of(take) == "Fassung &3"
    finally:
        for translator in translators:
            qapp.removeTranslator(translator)
    assert translated("&Open…") == "&Open…"


def test_a_language_that_is_not_there_changes_nothing(qapp: QApplication, tmp_path: Path) -> None:
    for translator in install_translations(qapp, QLocale("xx"), tmp_path):
        qapp.removeTranslator(translator)
    assert QCoreApplication.translate("Actions", "File") == "File"
