from __future__ import annotations

import gc
import weakref
from typing import TYPE_CHECKING

import pytest

from editorbot_gui import garbage
from editorbot_gui.garbage import FullCollections

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot

pytestmark = pytest.mark.usefixtures("qtbot")


class _Ring:
    """Refers to itself, so that only a collection frees it."""

    def __init__(self) -> None:
        self.itself = self


def _old_ring() -> weakref.ref[_Ring]:
    """Returns a ring that the collections of younger objects have left behind."""
    ring = _Ring()
    gc.collect(1)
    gc.collect(1)
    found = weakref.ref(ring)
    del ring
    gc.collect(1)
    assert found() is not None
    return found


class Rig:
    def __init__(self) -> None:
        self.at_work: object = 1
        self.collections = FullCollections(lambda: self.at_work)


@pytest.fixture
def rig(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    del qtbot
    monkeypatch.setattr(garbage, "_DUE", 0)
    rig = Rig()
    rig.collections.start()
    yield rig
    rig.collections.stop()


def test_python_begins_no_full_collection_meanwhile() -> None:
    before = gc.get_threshold()
    collections = FullCollections(lambda: 1)
    collections.start()
    assert gc.get_threshold()[:2] == before[:2]
    assert gc.get_threshold()[2] > 1_000_000
    collections.stop()
    assert gc.get_threshold() == before


def test_garbage_is_collected_once_nothing_is_done_any_more(rig: Rig) -> None:
    found = _old_ring()
    for rig.at_work in range(3):
        rig.collections.look()
        assert found() is not None
    rig.collections.look()
    assert found() is None


def test_nothing_is_collected_while_something_is_played(rig: Rig) -> None:
    found = _old_ring()
    rig.at_work = None
    for _ in range(3):
        rig.collections.look()
    assert found() is not None


def test_what_is_not_due_waits(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(garbage, "_DUE", 10)
    gc.collect()
    found = _old_ring()
    for _ in range(3):
        rig.collections.look()
    assert found() is not None
