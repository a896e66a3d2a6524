from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from editorbot_gui.session import Session, changed_range
from model_core.audio.source import ArraySource
from model_core.edit.markers import Marker
from model_core.edit.types import ChangeKind, EditList, Join, Proposal, Segment
from model_core.errors import EditError

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

WHOLE = EditList.whole(1000)
CUT = EditList.from_ranges([(0, 300), (500, 1000)])
TWO_CUTS = EditList.from_ranges([(0, 300), (500, 700), (800, 1000)])


@pytest.fixture
def session(qapp: QApplication) -> Session:
    session = Session(qapp)
    session.open_source(ArraySource(np.zeros((1000, 2), np.int16), 1000))
    return session


def test_opening_shows_the_whole_recording_with_an_empty_history(session: Session) -> None:
    assert session.edit_list == WHOLE
    assert not session.is_edited
    assert session.changes == ()
    assert session.undo_stack.count() == 0


def test_applying_is_one_step_that_undo_and_redo_go_over(session: Session) -> None:
    proposal = Proposal(CUT, ())
    session.apply_edit(CUT, "Generate", proposal=proposal)
    assert session.is_edited
    assert session.proposal is proposal
    assert [change.kind for change in session.changes] == [ChangeKind.CUT]
    assert session.undo_stack.undoText() == "Generate"
    session.undo_stack.undo()
    assert session.edit_list == WHOLE
    assert session.proposal is None
    assert session.changes == ()
    session.undo_stack.redo()
    assert session.edit_list == CUT
    assert session.proposal is proposal
    assert session.timeline.length == CUT.length


def test_every_change_bumps_the_revision_and_announces_its_range(session: Session) -> None:
    revisions: list[int] = []
    ranges: list[tuple[int, int]] = []
    session.document_changed.connect(revisions.append)
    session.edit_changed.connect(lambda start, stop: ranges.append((start, stop)))
    before = session.revision
    session.apply_edit(CUT, "Cut")
    session.undo_stack.undo()
    assert revisions == [before + 1, before + 2]
    assert session.revision == before + 2
    assert ranges == [(0, 800), (0, 1000)]


def test_steps_with_the_same_key_become_one(session: Session) -> None:
    session.apply_edit(CUT, "Drag", merge_key="drag 1")
    session.apply_edit(TWO_CUTS, "Drag", merge_key="drag 1")
    assert session.undo_stack.count() == 1
    session.apply_edit(WHOLE, "Drag", merge_key="drag 2")
    assert session.undo_stack.count() == 2
    session.undo_stack.undo()
    assert session.edit_list == TWO_CUTS
    session.undo_stack.undo()
    assert session.edit_list == WHOLE


def test_edit_beyond_the_recording_is_refused_and_nothing_changes(session: Session) -> None:
    with pytest.raises(EditError):
        session.apply_edit(EditList.from_ranges([(0, 1001)]), "Cut")
    assert session.edit_list == WHOLE
    assert session.undo_stack.count() == 0


def test_opening_another_recording_clears_the_history(session: Session) -> None:
    session.apply_edit(CUT, "Cut")
    session.open_source(None)
    assert session.source is None
    assert session.path is None
    assert session.edit_list == EditList()
    assert session.undo_stack.count() == 0


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (WHOLE, WHOLE, (1000, 1000)),
        (CUT, TWO_CUTS, (300, 700)),
        (TWO_CUTS, CUT, (300, 800)),
        (WHOLE, EditList(), (0, 0)),
        (EditList(), CUT, (0, 800)),
        (CUT, EditList((*CUT.items, Segment(0, 10, 20))), (800, 810)),
        (CUT, EditList(CUT.items, (Join(length=5),)), (300, 300)),
    ],
)
def test_changed_range_covers_what_differs(
    before: EditList, after: EditList, expected: tuple[int, int]
) -> None:
    assert changed_range(before, after) == expected


def test_markers_are_steps_of_their_own_and_stay_with_every_edit(session: Session) -> None:
    edits: list[object] = []
    session.edit_changed.connect(lambda *range_: edits.append(range_))
    session.apply_markers((Marker(10, "a"),), "Add a marker")
    session.apply_markers((Marker(10, "a"),), "Nothing new")
    assert edits == []
    assert session.undo_stack.count() == 1
    session.apply_edit(EditList.from_ranges([(100, 900)]), "Cut")
    assert session.markers == (Marker(10, "a"),)
    session.undo_stack.undo()
    session.undo_stack.undo()
    assert session.markers == ()
