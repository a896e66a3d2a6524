from __future__ import annotations

import errno
import shutil
from typing import TYPE_CHECKING, BinaryIO

import pytest

from model_core.errors import AudioReadError, FileWriteError
from tests.training.library_pairs import aligned, write_pair
from training.library import Library, LibraryError, PairState
from training.library.layout import check_name
from training.library.making import Result
from training.library.references import REFERENCE_SUFFIX, resolve

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "name", ["", " ", "a/b", "a\\b", "a:b", "CON", "nul.x", ".x", "x.", " x", "a\nb", "ü" * 101]
)
def test_names_that_some_system_cannot_bear_are_refused(name: str) -> None:
    with pytest.raises(LibraryError, match="can't be named"):
        check_name(name)


@pytest.mark.parametrize("by_reference", [False, True])
def test_adding_a_pair(tmp_path: Path, by_reference: bool) -> None:
    write_pair(tmp_path / "take.1", "x")
    raw = tmp_path / "take.1" / "input" / "x_raw.wav"
    edit = tmp_path / "take.1" / "desired_output" / "x_edit.wav"
    library = Library(tmp_path / "new")
    pair = library.add("Gespräch v1.2", raw, edit, by_reference=by_reference)
    assert pair.state is PairState.NEW
    suffix = REFERENCE_SUFFIX if by_reference else ".wav"
    assert pair.raw == library.layout.inputs / f"Gespräch v1.2_raw{suffix}"
    assert aligned(tmp_path / "new", pair.name).result is Result.MADE
    assert library.pair(pair.name).state is PairState.READY
    with pytest.raises(LibraryError, match="already"):
        library.add("gespräch V1.2", raw, edit)
    if by_reference:
        # The library and what it refers to move together.
        shutil.move(tmp_path / "new", tmp_path / "deeper")
        assert Library(tmp_path / "deeper").pair(pair.name).state is PairState.READY
        raw.unlink()
        lost = Library(tmp_path / "deeper").pair(pair.name)
        assert lost.state is PairState.UNREADABLE
        assert "gone away" in lost.sentence


def test_adding_what_is_no_pair_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_pair(tmp_path, "x")
    raw, edit = tmp_path / "input" / "x_raw.wav", tmp_path / "desired_output" / "x_edit.wav"
    library = Library(tmp_path / "new")
    with pytest.raises(AudioReadError):
        library.add("talk", raw, tmp_path / "nowhere.wav")
    with pytest.raises(LibraryError, match="same file"):
        library.add("talk", raw, raw)

    real = shutil.copyfileobj

    def full(source: BinaryIO, copy: BinaryIO, length: int) -> None:
        if "edit" in source.name:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(source, copy, length)

    monkeypatch.setattr("training.library.references.shutil.copyfileobj", full)
    with pytest.raises(FileWriteError, match="no space"):
        library.add("talk", raw, edit)
    assert not [path for path in (tmp_path / "new").rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"format": "editorbot-reference", "path": 3}',
        '{"format": "x", "path": "y"}',
    ],
)
def test_a_damaged_reference_is_told(tmp_path: Path, text: str) -> None:
    path = tmp_path / f"x_raw{REFERENCE_SUFFIX}"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(LibraryError, match=r"x_raw\.reference"):
        resolve(path)


def test_a_reference_to_itself_leads_nowhere(tmp_path: Path) -> None:
    path = tmp_path / f"x_raw{REFERENCE_SUFFIX}"
    path.write_text(f'{{"format": "editorbot-reference", "path": "{path.name}"}}', encoding="utf-8")
    with pytest.raises(LibraryError, match="gone away"):
        resolve(path)
