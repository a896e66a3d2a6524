from __future__ import annotations

import re
from pathlib import Path

import pytest

import model_core
import training
from model_core.audio.cache import (
    CACHE_VARIABLE,
    KINDS,
    cache_folder,
    cache_root,
    cache_size,
    clear_cache,
)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    return cache_root()


def fill(name: str, size: int, kind: str = "peaks") -> Path:
    path = cache_folder(kind) / name
    path.write_bytes(bytes(size))
    return path


def test_an_absent_cache_is_empty(root: Path) -> None:
    assert not root.exists()
    assert cache_size(root) == 0
    assert clear_cache(root) == 0


def test_clearing_frees_all_but_what_is_in_use_and_what_is_not_the_caches(root: Path) -> None:
    fill("aa.npz", 100)
    used = fill("bb.npz", 50)
    fill("cc.w64", 1000, "decoded")
    other = root / "settings.ini"
    other.write_text("mine")
    elsewhere = root / "peaks" / "folder"
    elsewhere.mkdir()
    assert cache_size(root) == 1150
    assert clear_cache(root, spared=("bb",)) == 1100
    assert used.exists()
    assert other.exists()
    assert elsewhere.exists()
    assert cache_size(root) == 50


def test_links_are_not_followed(root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "recording.wav"
    outside.write_bytes(bytes(10))
    link = cache_folder("peaks") / "aa.npz"
    try:
        link.symlink_to(outside)
    except OSError:
        pytest.skip("this system lets nobody make links")
    assert clear_cache(root) == 0
    assert outside.exists()


def test_every_kind_that_is_cached_is_counted() -> None:
    asked = set()
    for package in (model_core, training):
        for path in Path(package.__path__[0]).rglob("*.py"):
            asked |= set(re.findall(r'cache_folder\("(\w+)"\)', path.read_text(encoding="utf-8")))
    assert asked == set(KINDS)
