from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QWidget

from editorbot_gui.waveform.drawing_turns import DrawingTurns

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot


class _View(QWidget):
    """Writes down what is done to it."""

    def __init__(self, name: str, happened: list[str], turns: DrawingTurns) -> None:
        super().__init__()
        self.name, self.happened, self.turns = name, happened, turns
        self.draws: Callable[[], None] = lambda: None

    def draw(self) -> None:
        self.happened.append(f"{self.name} draws")
        self.draws()

    def update(self) -> None:  # type: ignore[override]
        self.happened.append(f"{self.name} is shown")

    def isVisible(self) -> bool:  # noqa: N802 - Qt's own
        return True


def _next_event(turns: DrawingTurns) -> None:
    """Handles what was posted until now, not what is posted meanwhile."""
    QCoreApplication.sendPostedEvents(turns, QEvent.Type.MetaCall.value)


def test_each_view_draws_in_an_event_of_its_own_and_all_are_shown_together(qtbot: QtBot) -> None:
    turns, happened = DrawingTurns(), list[str]()
    views = [_View(name, happened, turns) for name in ("one", "two", "three")]
    for view in views:
        qtbot.addWidget(view)
        turns.ask(view)
        turns.ask(view)
    _next_event(turns)
    assert happened == ["one draws"]
    _next_event(turns)
    assert happened == ["one draws", "two draws"]
    _next_event(turns)
    assert happened[2:] == ["three draws", "one is shown", "two is shown", "three is shown"]
    _next_event(turns)
    assert len(happened) == 6


def test_a_view_that_asks_again_waits_until_the_others_are_shown(qtbot: QtBot) -> None:
    turns, happened = DrawingTurns(), list[str]()
    one, two = (_View(name, happened, turns) for name in ("one", "two"))
    for view in (one, two):
        qtbot.addWidget(view)
        turns.ask(view)
    one.draws = lambda: turns.ask(one)
    for _ in range(3):
        _next_event(turns)
    assert happened == ["one draws", "two draws", "one is shown", "two is shown",
                        "one draws", "one is shown"]  # fmt: skip


def test_what_is_hidden_or_gone_draws_nothing(qtbot: QtBot) -> None:
    turns, happened = DrawingTurns(), list[str]()
    hidden, gone, seen = (_View(name, happened, turns) for name in ("hidden", "gone", "seen"))
    hidden.isVisible = lambda: False  # type: ignore[method-assign]
    for view in (hidden, gone, seen):
        qtbot.addWidget(view)
        turns.ask(view)
    gone.deleteLater()
    QCoreApplication.sendPostedEvents(gone, QEvent.Type.DeferredDelete.value)
    for _ in range(3):
        _next_event(turns)
    assert happened == ["seen draws", "seen is shown"]
