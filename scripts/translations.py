"""Collects the texts of the window for translators, and compiles what they have translated.

    python -m scripts.translations de     # updates resources/translations/editorbot_de.ts
    python -m scripts.translations        # compiles all .ts files to .qm files

The .ts file is edited with Qt Linguist or any editor. Qt's own lupdate doesn't know of the short
functions that modules here translate with, so the texts are found in the syntax tree.
"""

from __future__ import annotations

import argparse
import ast
import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]
SOURCES = _ROOT / "editorbot_gui"
FOLDER = _ROOT / "resources" / "translations"
STYLES = _ROOT / "resources" / "styles"
_FROM_STYLES = ": style.name"
"""The names of bundled styles are texts, too, but lie in their files."""
_METHODS = {"tr"}
_HELPERS = {"_tr", "tr"}
_MARKERS = {"QT_TRANSLATE_NOOP"}


@dataclass(frozen=True, slots=True)
class Message:
    """A text for people.

    Attributes:
        context: Where it belongs: the class, or what its module's function names.
        text: The text, in English.
        numerus: Whether it depends on a number.
        place: File and line, from the project's folder on.
    """

    context: str
    text: str
    numerus: bool
    place: str


class _Finder(ast.NodeVisitor):
    """Finds the translated texts of one module."""

    def __init__(self, place: str, helper_context: str) -> None:
        self.found: list[Message] = []
        self.hidden: list[str] = []
        self._place = place
        self._helper_context = helper_context
        self._classes: list[str] = []
        self._functions: list[str] = []

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._classes.append(node.name)
        self.generic_visit(node)
        self._classes.pop()

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._functions.append(node.name)
        self.generic_visit(node)
        self._functions.pop()

    def visit_Call(self, node: ast.Call) -> None:
        context, texts = self._texts(node)
        for argument in texts:
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                numerus = "%n" in argument.value
                place = f"{self._place}:{node.lineno}"
                self.found.append(Message(context, argument.value, numerus, place))
            elif not self._passes_on(argument):
                self.hidden.append(f"{self._place}:{node.lineno}: {ast.unparse(argument)}")
        self.generic_visit(node)

    def _texts(self, node: ast.Call) -> tuple[str, list[ast.expr]]:
        function, arguments = node.func, node.args
        name = function.attr if isinstance(function, ast.Attribute) else ""
        name = function.id if isinstance(function, ast.Name) else name
        if isinstance(function, ast.Attribute) and name in _METHODS and arguments:
            return self._classes[-1] if self._classes else "", arguments[:1]
        if isinstance(function, ast.Name) and name in _HELPERS and arguments:
            return self._helper_context, arguments[:1]
        if (name in _MARKERS or self._is_translate(function)) and len(arguments) > 1:
            context = arguments[0]
            if isinstance(context, ast.Constant):
                return str(context.value), arguments[1:2]
            return "", arguments[1:2]
        return "", []

    def _is_translate(self, function: ast.expr) -> bool:
        return isinstance(function, ast.Attribute) and ast.unparse(function).endswith(
            "QCoreApplication.translate"
        )

    def _passes_on(self, _argument: ast.expr) -> bool:
        """Whether this is the one place where a function hands on what it is given."""
        return bool(self._functions) and self._functions[-1] in {"_tr", "tr", "translated"}


def find_messages(sources: Path = SOURCES) -> tuple[list[Message], list[str]]:
    """Reads all modules.

    Args:
        sources: Their folder.

    Returns:
        The texts, and the calls whose text can't be told from the source.
    """
    messages: list[Message] = []
    hidden: list[str] = []
    for path in sorted(sources.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        place = path.relative_to(sources.parent).as_posix()
        finder = _Finder(place, _helper_context(tree))
        finder.visit(tree)
        messages += finder.found
        hidden += [line for line in finder.hidden if not line.endswith(_FROM_STYLES)]
    return messages + list(_style_names()), hidden


def _style_names() -> Iterator[Message]:
    for path in sorted(STYLES.glob("*.json")):
        name = json.loads(path.read_text(encoding="utf-8")).get("name")
        if isinstance(name, str):
            yield Message("Styles", name, numerus=False, place=f"resources/styles/{path.name}:1")


def _helper_context(tree: ast.Module) -> str:
    """Returns what a module's own `_tr` names as its context; empty if it has none."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name in _HELPERS:
            for call in ast.walk(node):
                if isinstance(call, ast.Call) and call.args:
                    first = call.args[0]
                    if isinstance(first, ast.Constant) and isinstance(first.value, str):
                        return first.value
    return ""


def write_ts(path: Path, language: str, messages: list[Message]) -> int:
    """Writes a file for translators; what is translated in it already stays.

    Args:
        path: The .ts file.
        language: Its language, such as "de".
        messages: All texts.

    Returns:
        How many of them still lack a translation.
    """
    done = _translations(path)
    root = ET.Element("TS", version="2.1", language=language, sourcelanguage="en")
    contexts: dict[str, ET.Element] = {}
    seen: set[tuple[str, str]] = set()
    missing = 0
    for message in messages:
        key = (message.context, message.text)
        if key in seen:
            continue
        seen.add(key)
        if message.context not in contexts:
            context = contexts[message.context] = ET.SubElement(root, "context")
            ET.SubElement(context, "name").text = message.context
        entry = ET.SubElement(contexts[message.context], "message")
        file, _, line = message.place.partition(":")
        ET.SubElement(entry, "location", filename=f"../../{file}", line=line)
        ET.SubElement(entry, "source").text = message.text
        if message.numerus:
            entry.set("numerus", "yes")
        if key in done:
            entry.append(done[key])
        else:
            translation = ET.SubElement(entry, "translation", type="unfinished")
            missing += 1
            if message.numerus:
                ET.SubElement(translation, "numerusform")
    ET.indent(root)
    path.parent.mkdir(parents=True, exist_ok=True)
    text = ET.tostring(root, encoding="unicode")
    path.write_text(
        f'<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE TS>\n{text}\n', encoding="utf-8"
    )
    return missing


def _translations(path: Path) -> dict[tuple[str, str], ET.Element]:
    if not path.is_file():
        return {}
    found = {}
    for context in ET.parse(path).getroot().iter("context"):  # noqa: S314 - the project's own file
        for message in context.iter("message"):
            translation = message.find("translation")
            if translation is not None and translation.get("type") != "unfinished":
                key = (context.findtext("name", ""), message.findtext("source", ""))
                found[key] = translation
    return found


def compile_all(folder: Path = FOLDER) -> list[Path]:
    """Compiles all .ts files of a folder; returns the .qm files."""
    compiled = []
    for path in sorted(folder.glob("*.ts")):
        target = path.with_suffix(".qm")
        subprocess.run([*_lrelease(), "-silent", str(path), "-qm", str(target)], check=True)
        compiled.append(target)
    return compiled


def _lrelease() -> Iterator[str]:
    import PySide6

    folder = Path(PySide6.__file__).parent
    names = ("lrelease", "lrelease.exe")
    yield next(str(folder / name) for name in names if (folder / name).is_file())


def main() -> int:
    """Updates the file of a language, or compiles all."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("language", nargs="?", help="such as de or pt_BR; left out, compile all")
    options = parser.parse_args()
    if options.language is None:
        for path in compile_all():
            print(path)
        return 0
    messages, hidden = find_messages()
    for line in hidden:
        print(f"can't be collected: {line}", file=sys.stderr)
    path = FOLDER / f"editorbot_{options.language}.ts"
    missing = write_ts(path, options.language, messages)
    print(f"{path}: {len(messages)} texts, {missing} of them not translated yet")
    return 1 if hidden else 0


if __name__ == "__main__":
    sys.exit(main())
