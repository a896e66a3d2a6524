from __future__ import annotations

import json
from pathlib import Path

import pytest

from model_core.errors import StyleError
from model_core.styles import Style, read_style, write_style

STYLE = Style("Tight – Änne", (0.25, -1.0, 3.5), "f95fc2c1")
WITH_VALUES = (
    '{"format": "editorbot-style", "version": 1, "name": "a", "checkpoint": "b", "values": %s}'
)


def test_a_style_is_the_same_after_saving(tmp_path: Path) -> None:
    path = tmp_path / "ä b.json"
    write_style(path, STYLE)
    assert read_style(path) == STYLE
    assert read_style(path, "f95fc2c1") == STYLE


def test_another_models_style_is_refused(tmp_path: Path) -> None:
    write_style(tmp_path / "s.json", STYLE)
    with pytest.raises(StyleError, match="another model"):
        read_style(tmp_path / "s.json", "0000")


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", "null", "\x00", '{"format": "other"}', "[" * 50_000,
     WITH_VALUES % "[]", WITH_VALUES % "[NaN]", WITH_VALUES % "1"],
)  # fmt: skip
def test_what_is_no_style_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StyleError, match="not a style"):
        read_style(path)


def test_a_missing_and_a_newer_style_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(StyleError, match="can't be read"):
        read_style(tmp_path / "none.json")
    path = tmp_path / "s.json"
    write_style(path, STYLE)
    values = json.loads(path.read_text(encoding="utf-8")) | {"version": 3}
    path.write_text(json.dumps(values), encoding="utf-8")
    with pytest.raises(StyleError, match="newer version"):
        read_style(path)
