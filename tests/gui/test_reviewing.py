from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QMenu

from editorbot_gui.generation import EngineLoader
from editorbot_gui.main_window import MainWindow
from editorbot_gui.playback.player import Player
from editorbot_gui.settings import Settings
from editorbot_gui.waveform.view_state import Axis
from model_core.edit.coverage import changes_of, kept_ranges
from model_core.edit.types import (
    Change,
    ChangeKind,
    ChangeState,
    EditList,
    Gap,
    Reason,
    Segment,
)
from resources import resource_path
from tests.gui.playback_fakes import ManualBackend

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from tests.gui.conftest import Rig

RATE, N = 16_000, 48_000
CHECKPOINT = resource_path("model", "editorbot.safetensors")
NEW, ACCEPTED, REJECTED, LOCKED, MANUAL, KEPT = (
    ChangeState.PROPOSED,
    ChangeState.ACCEPTED,
    ChangeState.REJECTED,
    ChangeState.LOCKED,
    ChangeState.MANUAL,
    ChangeState.KEPT,
)


@pytest.fixture
def open_rig(rig: Rig, qtbot: QtBot, speech: Path) -> Rig:
    """With a recording of three bursts, and the three cuts before them proposed."""
    rig.open(qtbot, speech)
    rig.generate(qtbot)
    rig.window.activateWindow()
    return rig


def choose(rig: Rig, *rows: int) -> tuple[Change, ...]:
    """Chooses rows of the list, which are in the order of the recording."""
    table = rig.window.edits_list.table
    table.clearSelection()
    for row in rows:
        index = table.model().index(row, 0)
        flags = table.selectionModel().SelectionFlag
        table.selectionModel().select(index, flags.Select | flags.Rows)
    return rig.window.edits_list.chosen


def do(rig: Rig, name: str) -> None:
    rig.window.commands[name].trigger()


def states(rig: Rig) -> list[ChangeState]:
    return [change.state for change in rig.window.session.changes]


def is_heard(rig: Rig, change: Change) -> bool:
    kept = kept_ranges(rig.window.session.edit_list, 0, N)
    return bool(np.any((kept[:, 0] <= change.start) & (change.stop <= kept[:, 1])))


def test_accepting_is_a_step_of_its_own_and_leaves_the_edit(open_rig: Rig) -> None:
    session = open_rig.window.session
    edit = session.edit_list
    choose(open_rig, 1)
    do(open_rig, "accept_change")
    assert states(open_rig) == [NEW, ACCEPTED, NEW]
    assert session.edit_list is edit
    assert session.proposal is not None
    assert session.undo_stack.count() == 2
    assert session.undo_stack.undoText().startswith("Accept the cut at 0:0")
    do(open_rig, "undo")
    assert states(open_rig) == [NEW, NEW, NEW]
    do(open_rig, "redo")
    assert states(open_rig) == [NEW, ACCEPTED, NEW]


def test_rejecting_has_the_recording_heard_there(open_rig: Rig) -> None:
    session = open_rig.window.session
    edit = session.edit_list
    (change,) = choose(open_rig, 1)
    do(open_rig, "reject_change")
    assert is_heard(open_rig, change)
    assert states(open_rig) == [NEW, REJECTED, NEW]
    assert session.edit_list.length == edit.length + change.stop - change.start
    assert session.undo_stack.undoText().startswith("Reject the cut at 0:0")
    assert open_rig.window.player.length == session.edit_list.length
    do(open_rig, "undo")
    assert session.edit_list == edit
    assert states(open_rig) == [NEW, NEW, NEW]
    do(open_rig, "redo")
    choose(open_rig, 1)
    do(open_rig, "accept_change")
    assert session.edit_list == edit
    assert states(open_rig) == [NEW, ACCEPTED, NEW]


def test_many_at_once_are_one_step(open_rig: Rig) -> None:
    session = open_rig.window.session
    choose(open_rig, 0, 1, 2)
    do(open_rig, "reject_change")
    assert session.edit_list == EditList.whole(N)
    assert states(open_rig) == [REJECTED] * 3
    assert session.undo_stack.undoText() == "Reject 3 changes"
    assert open_rig.window.happened.text() == "Reject 3 changes: all reviewed."
    do(open_rig, "undo")
    choose(open_rig, 0, 2)
    do(open_rig, "accept_change")
    assert states(open_rig) == [ACCEPTED, NEW, ACCEPTED]
    assert session.undo_stack.undoText() == "Accept 2 changes"


def test_keys_of_the_list(open_rig: Rig, qtbot: QtBot) -> None:
    table = open_rig.window.edits_list.table
    table.setFocus()
    choose(open_rig, 0)
    qtbot.keyClick(table, Qt.Key.Key_Return)
    assert states(open_rig)[0] is ACCEPTED
    choose(open_rig, 1)
    qtbot.keyClick(table, Qt.Key.Key_Delete)
    assert states(open_rig) == [ACCEPTED, REJECTED, NEW]
    choose(open_rig, 2)
    qtbot.keyClick(table, Qt.Key.Key_Y)
    qtbot.keyClick(table, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    assert states(open_rig) == [ACCEPTED, REJECTED, LOCKED]
    qtbot.keyClick(table, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert len(open_rig.window.edits_list.chosen) == 3


def test_locked_changes_are_not_rejected_before_they_are_unlocked(open_rig: Rig) -> None:
    session, window = open_rig.window.session, open_rig.window
    choose(open_rig, 0, 1)
    do(open_rig, "lock_change")
    assert states(open_rig) == [LOCKED, LOCKED, NEW]
    assert session.undo_stack.undoText() == "Lock 2 changes"
    assert window.commands["lock_change"].iconText() == "Unlock"
    edit = session.edit_list
    do(open_rig, "reject_change")
    assert session.edit_list is edit
    assert window.happened.text() == "2 locked changes stay; unlock them first (Ctrl+L)."
    assert session.undo_stack.count() == 2
    do(open_rig, "lock_change")
    assert states(open_rig) == [ACCEPTED, ACCEPTED, NEW]
    assert session.undo_stack.undoText() == "Unlock 2 changes"


def test_a_rejected_change_can_be_locked_to_stay_as_recorded(open_rig: Rig) -> None:
    (change,) = choose(open_rig, 1)
    do(open_rig, "reject_change")
    do(open_rig, "lock_change")
    assert states(open_rig) == [NEW, KEPT, NEW]
    do(open_rig, "accept_change")
    assert is_heard(open_rig, change)
    do(open_rig, "lock_change")
    assert states(open_rig) == [NEW, REJECTED, NEW]


def test_what_is_selected_in_a_view_is_locked_to_stay(open_rig: Rig) -> None:
    window = open_rig.window
    (start, stop), *_ = kept_ranges(window.session.edit_list, 0, N).tolist()
    window.view.select(Axis.RAW, start + 100, stop - 100)
    assert window.commands["lock_change"].isEnabled()
    do(open_rig, "lock_change")
    row = next(change for change in window.session.changes if change.state is KEPT)
    assert (row.kind, row.start, row.stop) == (ChangeKind.CUT, start + 100, stop - 100)
    assert window.session.undo_stack.undoText().startswith("Lock the stretch at ")
    assert window.page.facts.edited.text().startswith("3 cuts, ")
    window.view.select(Axis.RAW, start - 100, stop - 100)
    do(open_rig, "lock_change")
    cut = window.session.changes[0]
    window.view.select(Axis.RAW, start - 1, start + 50)
    do(open_rig, "lock_change")
    assert "select a stretch that is heard whole" in window.happened.text()
    window.view.select(Axis.RAW, cut.start, cut.stop)
    do(open_rig, "lock_change")
    assert window.session.changes[0].state is LOCKED


def test_selecting_elsewhere_gives_up_the_choice_of_the_list(open_rig: Rig) -> None:
    window = open_rig.window
    choose(open_rig, 1)
    assert window.view.selection is not None
    assert window.edits_list.chosen
    window.view.select(Axis.RAW, 0, 100)
    assert window.edits_list.chosen == ()
    assert not window.commands["accept_change"].isEnabled()
    assert "Choose a change" in window.commands["accept_change"].toolTip()


def test_the_next_to_review(open_rig: Rig, qtbot: QtBot) -> None:
    window = open_rig.window
    qtbot.keyClick(window, Qt.Key.Key_U)
    assert [change.id for change in window.edits_list.chosen] == [0]
    selection = window.view.selection
    assert selection is not None
    assert selection.start == window.session.changes[0].start
    choose(open_rig, 1)
    do(open_rig, "accept_change")
    choose(open_rig, 0)
    do(open_rig, "next_unreviewed")
    assert [change.id for change in window.edits_list.chosen] == [2]
    do(open_rig, "next_unreviewed")
    assert [change.id for change in window.edits_list.chosen] == [0]
    window.edits_list.filters.state.setCurrentText("Accepted")
    do(open_rig, "next_unreviewed")
    assert [change.id for change in window.edits_list.chosen] == [0]
    choose(open_rig, 0, 1, 2)
    do(open_rig, "accept_change")
    assert not window.commands["next_unreviewed"].isEnabled()


def heard(rig: Rig, seconds: float) -> None:
    """Has the device play on, as the clock of the window sees it."""
    for _ in range(round(seconds / 0.05)):
        rig.window.player.feed()
        rig.backend.stream.pull(round(0.05 * RATE))
        rig.window.player._poll()


def test_x_rejects_the_join_heard_last_and_playing_goes_on(open_rig: Rig, qtbot: QtBot) -> None:
    window = open_rig.window
    first, second = window.view.joins.positions.tolist()
    window.transport.seek(Axis.EDITED, first - 1600)
    do(open_rig, "play")
    qtbot.keyClick(window, Qt.Key.Key_X)
    assert window.happened.text() == "No join was heard yet that could be rejected."
    heard(open_rig, 0.3)
    assert first < window.transport.position < second
    place = window.session.timeline.to_source(window.transport.position)
    qtbot.keyClick(window, Qt.Key.Key_X)
    assert states(open_rig) == [NEW, REJECTED, NEW]
    assert window.session.undo_stack.undoText().startswith("Reject the join heard last, the cut")
    assert window.transport.playing
    heard(open_rig, 0.1)
    after = window.session.timeline.to_source(window.transport.position)
    assert place is not None
    assert after is not None
    assert after[1] == pytest.approx(place[1] + 0.1 * RATE, abs=0.06 * RATE)
    qtbot.keyClick(window, Qt.Key.Key_X)
    assert states(open_rig) == [NEW, REJECTED, NEW]
    do(open_rig, "undo")
    assert states(open_rig) == [NEW, NEW, NEW]


def test_a_join_that_was_jumped_over_was_not_heard(open_rig: Rig) -> None:
    window = open_rig.window
    _, second = window.view.joins.positions.tolist()
    window.transport.seek(Axis.EDITED, 0)
    do(open_rig, "play")
    heard(open_rig, 0.1)
    window.transport.seek(Axis.EDITED, second + 800)
    heard(open_rig, 0.1)
    do(open_rig, "reject_last_join")
    assert window.happened.text() == "No join was heard yet that could be rejected."
    window.transport.listen_to(Axis.RAW)
    do(open_rig, "reject_last_join")
    assert window.happened.text().startswith("Listen to the edit first (A)")
    assert window.session.undo_stack.count() == 1


def test_a_chosen_change_is_played_on_wish_and_stops_after_it(open_rig: Rig) -> None:
    window = open_rig.window
    choose(open_rig, 0)
    assert not window.transport.playing
    do(open_rig, "play_chosen")
    choose(open_rig, 1)
    join = int(window.view.joins.positions[0])
    assert window.transport.playing
    assert window.transport.heard is Axis.EDITED
    begin = max(0, join - RATE)
    assert window.player.position() == begin
    heard(open_rig, (join - begin) / RATE + 0.8)
    assert window.transport.playing
    heard(open_rig, 0.4)
    assert not window.transport.playing
    assert window.transport.position == begin
    do(open_rig, "play_chosen")
    choose(open_rig, 2)
    assert not window.transport.playing


def test_the_mouse_does_it_too(open_rig: Rig, qtbot: QtBot) -> None:
    edits = open_rig.window.edits_list
    box = edits.table.visualRect(edits.model.index(1, 2))
    qtbot.mouseClick(
        edits.table.viewport(), Qt.MouseButton.LeftButton, pos=box.center() + QPoint(1, 1)
    )
    assert [change.id for change in edits.chosen] == [1]
    edits.buttons["reject_change"].click()
    assert states(open_rig) == [NEW, REJECTED, NEW]
    edits.table.customContextMenuRequested.emit(box.center())
    menu = edits.table.findChildren(QMenu)[-1]
    assert open_rig.window.commands["accept_change"] in menu.actions()
    menu.close()
    edits.table.doubleClicked.emit(edits.model.index(0, 0))
    assert open_rig.window.transport.playing


def test_loops_moves_and_gaps_are_rejected_too(rig: Rig, qtbot: QtBot, speech: Path) -> None:
    rig.open(qtbot, speech)
    edit = EditList(
        (
            Segment(0, 0, 10_000), Segment(0, 6_000, 20_000), Gap(700), Segment(0, 20_000, 24_000),
            Segment(0, 30_000, 34_000), Segment(0, 24_000, 30_000), Segment(0, 34_000, N),
        )
    )  # fmt: skip
    session = rig.window.session
    session.apply_edit(edit, "By hand", changes=changes_of(edit, N))
    kinds = [change.kind for change in session.changes]
    assert kinds == [ChangeKind.LOOP, ChangeKind.GAP, ChangeKind.REORDER]
    choose(rig, 0, 1, 2)
    do(rig, "reject_change")
    assert session.edit_list == EditList.whole(N)
    assert states(rig) == [REJECTED] * 3
    choose(rig, 0, 1, 2)
    do(rig, "accept_change")
    assert states(rig) == [ACCEPTED] * 3
    assert changes_of(session.edit_list, N) == changes_of(edit, N)
    session.undo_stack.undo()
    assert states(rig) == [REJECTED] * 3


def test_a_move_that_an_older_version_has_rejected_says_why_it_stays_so(
    rig: Rig, qtbot: QtBot, speech: Path
) -> None:
    rig.open(qtbot, speech)
    row = Change(0, ChangeKind.REORDER, Reason.OTHER, 0, 100, 200, state=REJECTED)
    rig.window.session.apply_edit(EditList.whole(N), "Before", changes=(row,))
    choose(rig, 0)
    do(rig, "accept_change")
    assert states(rig) == [REJECTED]
    assert "can't be made again from the list" in rig.window.happened.text()


def test_what_was_cut_by_hand_is_no_decision_but_is_kept_too(open_rig: Rig) -> None:
    window = open_rig.window
    window.view.select(Axis.RAW, 11_000, 12_000)
    window.commands["delete"].trigger()
    assert window.generate_panel.keeps_decided.text() == "Keep 1 change by hand"
    choose(open_rig, 0)
    do(open_rig, "accept_change")
    assert window.generate_panel.keeps_decided.text() == "Keep 1 decision and 1 change by hand"


def test_generating_again_keeps_what_is_decided(open_rig: Rig, qtbot: QtBot) -> None:
    window, session = open_rig.window, open_rig.window.session
    panel = window.generate_panel
    assert not panel.keeps_decided.isVisibleTo(panel)
    (accepted,) = choose(open_rig, 0)
    do(open_rig, "accept_change")
    (rejected,) = choose(open_rig, 1)
    do(open_rig, "reject_change")
    (locked,) = choose(open_rig, 2)
    do(open_rig, "lock_change")
    assert panel.keeps_decided.isVisibleTo(panel)
    assert panel.keeps_decided.text() == "Keep 3 decisions"
    assert "2 changes stay as they are, 1 stretch stays as recorded" in (
        panel.keeps_decided.toolTip()
    )
    panel.variation.setValue(5)
    open_rig.generate(qtbot)
    locks = open_rig.engine.options[-1].locks
    assert locks.drop == ((accepted.start, accepted.stop), (locked.start, locked.stop))
    assert any(low <= rejected.start and rejected.stop <= high for low, high in locks.keep)
    after = {(row.start, row.stop): row.state for row in session.changes}
    assert after[accepted.start, accepted.stop] is ACCEPTED
    assert after[locked.start, locked.stop] is LOCKED
    assert after[rejected.start, rejected.stop] is REJECTED
    assert is_heard(open_rig, rejected)
    assert session.undo_stack.undoText() == "Generate"
    panel.keeps_decided.click()
    open_rig.generate(qtbot)
    assert not open_rig.engine.options[-1].locks
    assert set(states(open_rig)) == {NEW}


def test_an_edit_by_hand_keeps_what_was_decided(open_rig: Rig) -> None:
    window = open_rig.window
    choose(open_rig, 0)
    do(open_rig, "lock_change")
    choose(open_rig, 1)
    do(open_rig, "reject_change")
    do(open_rig, "lock_change")
    window.view.select(Axis.EDITED, 500, 900)
    do(open_rig, "delete")
    assert sorted(states(open_rig)) == sorted([LOCKED, MANUAL, KEPT, NEW])


def test_a_thousand_changes_are_decided_at_once(rig: Rig, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    soundfile.write(path, np.zeros(200_000), 8000)
    rig.open(qtbot, path)
    edit = EditList.from_ranges([(200 * n, 200 * n + 150) for n in range(1000)])
    session = rig.window.session
    session.apply_edit(edit, "Many", changes=changes_of(edit, 200_000))
    rig.window.edits_list.table.selectAll()
    do(rig, "reject_change")
    assert session.edit_list == EditList.whole(200_000)
    assert set(states(rig)) == {REJECTED}
    do(rig, "accept_change")
    assert session.edit_list == edit
    assert set(states(rig)) == {ACCEPTED}
    do(rig, "undo")
    assert session.edit_list == EditList.whole(200_000)


@pytest.fixture
def real_window(qtbot: QtBot, own_folders: Path) -> Iterator[MainWindow]:
    player = Player(backend=ManualBackend(), threaded=False)
    window = MainWindow(Settings(own_folders / "settings.ini"), EngineLoader(), player)
    qtbot.addWidget(window)
    window.show()
    yield window
    window.projects.give_up()
    window.close()


@pytest.mark.skipif(not CHECKPOINT.exists(), reason="no bundled checkpoint in this tree")
def test_the_real_network_keeps_what_is_decided_to_the_sample(
    real_window: MainWindow, qtbot: QtBot
) -> None:
    window, session = real_window, real_window.session
    with qtbot.waitSignal(session.source_changed, timeout=60_000):
        window.open_demo("speech")
    with qtbot.waitSignal(window.generation.applied, timeout=120_000):
        window.generate()
    changes = session.changes
    assert len(changes) >= 4
    locked, rejected = changes[1], changes[2]
    decided = {locked.id: LOCKED, rejected.id: REJECTED}
    for change, name in ((locked, "lock_change"), (rejected, "reject_change")):
        window.edits_list.choose(change)
        window.commands[name].trigger()
    assert {row.id: row.state for row in session.changes if row.id in decided} == decided
    window.generate_panel.tightness.setValue(95)
    window.generate_panel.variation.setValue(3)
    with qtbot.waitSignal(window.generation.applied, timeout=120_000):
        window.generate()
    after = {(row.start, row.stop): row.state for row in session.changes}
    assert after[locked.start, locked.stop] is LOCKED
    assert after[rejected.start, rejected.stop] is REJECTED
    source = session.source
    assert source is not None
    kept = kept_ranges(session.edit_list, 0, source.n_samples)
    assert np.any((kept[:, 0] <= rejected.start) & (rejected.stop <= kept[:, 1]))
    assert NEW in {row.state for row in session.changes}
