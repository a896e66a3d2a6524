from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from editorbot_gui import texts
from editorbot_gui.actions import ActionSet
from editorbot_gui.panels.action_button import ActionButton
from editorbot_gui.panels.edits.changes_model import (
    CONFIDENCE,
    LENGTH,
    STATE,
    WHERE,
    is_doubtful,
)
from editorbot_gui.panels.edits.edits_list import EditsList
from editorbot_gui.panels.elided_label import ElidedLabel
from editorbot_gui.panels.notice_bar import NoticeBar
from editorbot_gui.panels.time_field import TimeField
from model_core.edit.types import Change, ChangeKind, ChangeState, Reason

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

RATE = 1000
CHANGES = (
    Change(0, ChangeKind.CUT, Reason.SILENCE, 0, 0, 500, 0.9),
    Change(1, ChangeKind.LOOP, Reason.REPEAT, 0, 1000, 3000, 0.2),
    Change(2, ChangeKind.CUT, Reason.RETAKE, 0, 4000, 4100, None),
)


@pytest.fixture
def owner(qtbot: QtBot) -> QWidget:
    owner = QWidget()
    qtbot.addWidget(owner)
    return owner


@pytest.fixture
def edits(owner: QWidget) -> EditsList:
    edits = EditsList(ActionSet(owner), owner)
    owner.resize(460, 300)
    edits.resize(460, 300)
    owner.show()
    edits.show_changes(CHANGES, RATE)
    edits.show()
    return edits


def shown(edits: EditsList, column: int) -> list[str]:
    model = edits.table.model()
    return [model.index(row, column).data() for row in range(model.rowCount())]


def test_each_change_is_a_row(edits: EditsList) -> None:
    assert shown(edits, WHERE) == ["0:00.000", "0:01.000", "0:04.000"]
    assert shown(edits, CONFIDENCE) == ["90%", "20%", "–"]
    assert edits.summary.text() == "3 to review · 1 is worth a listen"
    assert edits.table.isVisible()


def test_rows_are_sorted_by_what_they_mean(edits: EditsList) -> None:
    edits.table.sortByColumn(LENGTH, Qt.SortOrder.AscendingOrder)
    assert shown(edits, LENGTH) == ["100 ms", "500 ms", "2.00 s"]
    edits.table.sortByColumn(CONFIDENCE, Qt.SortOrder.DescendingOrder)
    assert shown(edits, CONFIDENCE) == ["90%", "20%", "–"]


def test_a_row_is_told_whatever_the_order(edits: EditsList, qtbot: QtBot) -> None:
    edits.table.sortByColumn(LENGTH, Qt.SortOrder.AscendingOrder)
    with qtbot.waitSignal(edits.change_chosen) as caught:
        edits.table.selectRow(0)
    assert caught.args == [CHANGES[2]]


def test_the_choice_stays_with_its_changes(edits: EditsList, qtbot: QtBot) -> None:
    edits.table.selectRow(1)
    edits.table.sortByColumn(LENGTH, Qt.SortOrder.DescendingOrder)
    assert edits.chosen == (CHANGES[1],)
    with qtbot.assertNotEmitted(edits.change_chosen):
        edits.show_changes((CHANGES[0], replace(CHANGES[1], state=ChangeState.LOCKED)), RATE)
    assert [change.id for change in edits.chosen] == [1]
    assert edits.chosen[0].state is ChangeState.LOCKED


def test_rows_are_filtered_by_kind_state_and_confidence(edits: EditsList) -> None:
    filters = edits.filters
    filters.kind.setCurrentText("Cuts")
    assert shown(edits, WHERE) == ["0:00.000", "0:04.000"]
    assert edits.summary.text() == "2 of 3 shown · 3 to review · 1 is worth a listen"
    filters.limit.setValue(95)
    assert shown(edits, WHERE) == ["0:00.000"]
    filters.show_all()
    assert len(shown(edits, WHERE)) == 3
    accepted = replace(CHANGES[0], state=ChangeState.ACCEPTED)
    kept = replace(CHANGES[2], state=ChangeState.KEPT)
    edits.show_changes((accepted, CHANGES[1], kept), RATE)
    starts = {
        "To review": ["0:01.000"],
        "Accepted": ["0:00.000"],
        "Rejected": ["0:04.000"],
        "Locked": ["0:04.000"],
    }
    for text, expected in starts.items():
        filters.state.setCurrentText(text)
        assert shown(edits, WHERE) == expected


def test_a_change_that_is_filtered_out_is_shown_when_it_is_chosen(edits: EditsList) -> None:
    edits.filters.kind.setCurrentText("Loops")
    edits.choose(CHANGES[2])
    assert edits.chosen == (CHANGES[2],)


def test_states_have_words_where_there_is_room_and_signs_always(edits: EditsList) -> None:
    index = edits.model.index(0, STATE)
    assert index.data() == "New"
    edits.resize(380, 300)
    edits.table.resize(380, 200)
    assert index.data() == ""
    assert not index.data(Qt.ItemDataRole.DecorationRole).isNull()
    assert "not reviewed yet" in index.data(Qt.ItemDataRole.ToolTipRole)


def test_thousands_of_rows_are_sorted_within_a_frame(edits: EditsList) -> None:
    many = tuple(
        Change(n, ChangeKind.CUT, Reason.SILENCE, 0, 10 * n, 10 * n + n % 7 + 1, n % 100 / 100)
        for n in range(3000)
    )
    edits.show_changes(many, RATE)
    times = []
    for order in (Qt.SortOrder.DescendingOrder, Qt.SortOrder.AscendingOrder) * 3:
        began = time.perf_counter()
        edits.model.sort(CONFIDENCE, order)
        times.append(time.perf_counter() - began)
    assert edits.model.change_at(0).confidence == 0
    assert min(times) < 0.016


def test_confidence_is_told_by_length_and_sign_not_by_colour_alone(edits: EditsList) -> None:
    def cell(row: int) -> QImage:
        box = edits.table.visualRect(edits.model.index(row, CONFIDENCE))
        image = edits.table.viewport().grab(box).toImage()
        return image.convertToFormat(QImage.Format.Format_Grayscale8)

    def widths(image: QImage) -> int:
        """Counts pixels of the bar's line that differ from the end of it."""
        y = image.height() - 6
        empty = image.pixelColor(image.width() - 12, y)
        return sum(image.pixelColor(x, y) != empty for x in range(4, image.width() - 10))

    edits.show_changes(
        (replace(CHANGES[0], confidence=0.8), replace(CHANGES[1], confidence=0.45)), RATE
    )
    sure, unsure = cell(0), cell(1)
    assert widths(sure) > 1.3 * widths(unsure)
    edits.show_changes((CHANGES[0], CHANGES[1]), RATE)
    doubtful = cell(1)
    accepted = replace(CHANGES[1], state=ChangeState.ACCEPTED)
    edits.show_changes((CHANGES[0], accepted), RATE)
    left = QRect(4, 4, 14, doubtful.height() - 14)
    assert doubtful.copy(left) != cell(1).copy(left)


def test_a_row_is_read_out_as_a_sentence(edits: EditsList) -> None:
    spoken = edits.model.index(1, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == (
        "Loop (repeat), 0:01.000 to 0:03.000 of the recording: not reviewed yet; "
        "the network is not sure: worth a listen"
    )


def test_without_changes_the_list_says_what_it_is_for(edits: EditsList) -> None:
    edits.show_changes((), RATE)
    assert not edits.table.isVisible()
    assert not edits.summary.isVisible()


def test_only_a_known_low_confidence_is_doubtful() -> None:
    assert [is_doubtful(change) for change in CHANGES] == [False, True, False]


def test_a_notice_is_acted_on_once_or_dismissed(qtbot: QtBot) -> None:
    bar = NoticeBar()
    qtbot.addWidget(bar)
    done: list[str] = []
    bar.tell("Something.", "Do it", lambda: done.append("first"))
    assert bar.isVisible()
    bar.button.click()
    assert not bar.isVisible()
    bar.tell("Something else.", "Do it", lambda: done.append("second"))
    bar.close_button.click()
    bar.button.click()
    assert done == ["first"]
    bar.tell("Only words.")
    assert not bar.button.isVisible()


def test_a_time_field_takes_what_people_write(qtbot: QtBot) -> None:
    field = TimeField()
    qtbot.addWidget(field)
    assert field.seconds is None
    assert field.text() == "Auto"
    field.selectAll()
    qtbot.keyClicks(field, "2:05")
    field.interpretText()
    assert field.seconds == 125.0
    assert field.text() == "2:05"
    field.setValue(0)
    assert field.seconds is None


def test_a_button_follows_its_action(qtbot: QtBot) -> None:
    owner = QWidget()
    qtbot.addWidget(owner)
    commands = ActionSet(owner)
    button = ActionButton(commands["generate"], owner)
    commands.allow("generate", "Wait.")
    assert not button.isEnabled()
    qtbot.waitUntil(lambda: "Wait." in button.toolTip())
    commands.allow("generate")
    with qtbot.waitSignal(commands["generate"].triggered):
        button.click()


def test_a_long_line_gives_way_and_is_told_in_full(qtbot: QtBot) -> None:
    label = ElidedLabel()
    qtbot.addWidget(label)
    label.resize(120, 20)
    label.show()
    label.setText("short")
    assert label.toolTip() == ""
    long = "a very long sentence " * 10
    label.setText(long)
    assert label.minimumSizeHint().width() < 100
    assert label.toolTip() == long
    assert label.text() == long
    label.grab()


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ((), "no changes"),
        ((ChangeKind.CUT,), "1 cut"),
        ((ChangeKind.CUT, ChangeKind.CUT, ChangeKind.LOOP), "2 cuts, 1 loop"),
        ((ChangeKind.REORDER, ChangeKind.GAP, ChangeKind.GAP), "1 move, 2 gaps"),
    ],
)
@pytest.mark.usefixtures("qapp")
def test_changes_are_counted_in_words(kinds: tuple[ChangeKind, ...], expected: str) -> None:
    changes = [Change(n, kind, Reason.OTHER, 0, 0, 1) for n, kind in enumerate(kinds)]
    assert texts.counts_text(changes) == expected


@pytest.mark.usefixtures("qapp")
def test_rejected_changes_do_not_count() -> None:
    rejected = Change(0, ChangeKind.CUT, Reason.OTHER, 0, 0, 1, state=ChangeState.REJECTED)
    assert texts.counts_text([rejected]) == "no changes"


@pytest.mark.usefixtures("qapp")
def test_rates_and_channels_and_sizes_are_told_as_people_say_them() -> None:
    assert texts.rate_text(44_100) == "44.1 kHz"
    assert texts.rate_text(8000) == "8 kHz"
    assert [texts.channels_text(n) for n in (1, 2, 6)] == ["mono", "stereo", "6 channels"]
    assert [texts.size_text(n) for n in (1, 340_000, 7_540_000, 1.2e9)] == [
        "1 kB",
        "340 kB",
        "7.5 MB",
        "1.2 GB",
    ]
