from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import Qt

from editorbot_gui.history.history_dock import HistoryPanel
from editorbot_gui.session import Session
from editorbot_gui.takes.takes import Takes
from model_core.audio.source import ArraySource
from model_core.edit.types import EditList, Proposal

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

N_SAMPLES = 10_000


@pytest.fixture
def session(qapp: object) -> Session:  # noqa: ARG001 - signals need an application
    session = Session()
    session.open_source(ArraySource(np.zeros((N_SAMPLES, 1), np.float32), 8000))
    return session


def cut_to(session: Session, length: int, words: str, take: int | None = None) -> None:
    session.apply_edit(EditList.from_ranges([(0, length)]), words, take=take)


def names(panel: HistoryPanel) -> list[str]:
    return [panel.model.index(row).data() for row in range(panel.model.rowCount())]


def marked(panel: HistoryPanel) -> list[int]:
    rows = range(panel.model.rowCount())
    role = Qt.ItemDataRole.DecorationRole
    return [row for row in rows if panel.model.index(row).data(role) is not None]


def test_steps_are_listed_by_name_and_the_present_one_is_marked(
    qtbot: QtBot, session: Session
) -> None:
    panel = HistoryPanel(session)
    qtbot.addWidget(panel)
    assert names(panel) == ["As opened"]
    cut_to(session, 900, "Delete")
    cut_to(session, 800, "Split")
    assert names(panel) == ["As opened", "Delete", "Split"]
    assert marked(panel) == [2]
    session.undo_stack.undo()
    assert marked(panel) == [1]
    assert names(panel) == ["As opened", "Delete", "Split"]
    cut_to(session, 700, "Gain")
    assert names(panel) == ["As opened", "Delete", "Gain"]
    session.open_source(session.source)
    assert names(panel) == ["As opened"]


def test_a_click_goes_there_in_one_go(qtbot: QtBot, session: Session) -> None:
    panel = HistoryPanel(session)
    qtbot.addWidget(panel)
    panel.resize(240, 400)
    panel.show()
    for number in range(1, 8):
        cut_to(session, 1000 * number, f"Step {number}")
    told: list[int] = []
    session.document_changed.connect(told.append)
    place = panel.list.visualRect(panel.model.index(2)).center()
    qtbot.mouseClick(panel.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert session.edit_list.length == 2000
    assert session.timeline.length == 2000
    assert session.undo_stack.index() == 2
    assert len(told) == 1
    panel.go_to(0)
    assert session.edit_list == EditList.whole(N_SAMPLES)
    panel.go_to(7)
    assert session.edit_list.length == 7000
    assert panel.list.currentIndex().row() == 7


def test_arrows_and_enter_go_there_too(qtbot: QtBot, session: Session) -> None:
    panel = HistoryPanel(session)
    qtbot.addWidget(panel)
    panel.show()
    cut_to(session, 900, "Delete")
    cut_to(session, 800, "Split")
    qtbot.keyClick(panel.list, Qt.Key.Key_Up)
    assert session.edit_list.length == 800, "looking along the list changes nothing"
    qtbot.keyClick(panel.list, Qt.Key.Key_Return)
    assert session.edit_list.length == 900


def test_takes_that_are_passed_are_left_as_they_were_there(session: Session) -> None:
    takes = Takes(session)
    first, second = session.new_take(), session.new_take()
    proposal = Proposal(EditList.from_ranges([(0, 5000)]), ())
    session.apply_edit(proposal.edit_list, "Generate", proposal=proposal, take=first)
    cut_to(session, 4000, "Delete")
    other = Proposal(EditList.from_ranges([(0, 3000)]), ())
    session.apply_edit(other.edit_list, "New variation", proposal=other, take=second)
    cut_to(session, 2000, "Delete")
    for _ in range(4):
        session.undo_stack.undo()
    stepwise = [take.edit_list for take in takes.all]
    session.go_to(4)
    assert [take.edit_list.length for take in takes.all] == [4000, 2000]
    session.go_to(0)
    assert [take.edit_list for take in takes.all] == stepwise


def test_the_present_state_is_told_by_a_screen_reader(qtbot: QtBot, session: Session) -> None:
    panel = HistoryPanel(session)
    qtbot.addWidget(panel)
    cut_to(session, 900, "Delete")
    role = Qt.ItemDataRole.AccessibleTextRole
    assert panel.model.index(1).data(role) == "Delete, the present state"
    session.undo_stack.undo()
    assert panel.model.index(1).data(role) == "Delete, taken back"
    assert panel.list.accessibleName() == "History"
