"""The takes of a document, without a window."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from editorbot_gui.session import Session
from editorbot_gui.takes.differences import Difference, differences
from editorbot_gui.takes.take import Take, from_project, unused_name
from editorbot_gui.takes.takes import Takes
from model_core.audio.source import ArraySource
from model_core.edit.project import Project, ProjectSource, dict_to_project, project_to_dict
from model_core.edit.types import Change, ChangeKind, EditList, Proposal, Provenance, Reason
from model_core.options import GenerateOptions
from model_core.targets import Targets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PySide6.QtWidgets import QApplication

N = 1000
ONE = EditList.from_ranges([(0, 300), (500, 1000)])
TWO = EditList.from_ranges([(0, 200), (600, 1000)])
BY_HAND = EditList.from_ranges([(0, 250), (600, 1000)])
DRAWN = GenerateOptions(seed=7, temperature=0.7, sample_style=True)


def a_proposal(edit: EditList, options: GenerateOptions | None = None) -> Proposal:
    options = options or GenerateOptions()
    changes = (Change(0, ChangeKind.CUT, Reason.SILENCE, 0, 300, 500, 0.9),)
    seed = options.seed if options.sample_style else None
    return Proposal(edit, (), changes, Provenance(seed=seed, temperature=options.temperature))


class Desk:
    def __init__(self, parent: QApplication) -> None:
        self.session = Session(parent)
        self.takes = Takes(self.session, lambda asked: "Tight" if asked.style else "", parent)
        self.open()

    def open(self) -> None:
        self.session.open_source(ArraySource(np.zeros(N, np.int16), 1000))

    def generate(self, edit: EditList, options: GenerateOptions | None = None) -> Take:
        proposal = a_proposal(edit, options)
        self.takes.note_options(proposal, options or GenerateOptions())
        self.session.apply_edit(edit, "Generate", proposal=proposal, take=self.session.new_take())
        assert self.takes.current is not None
        return self.takes.current

    def by_hand(self, edit: EditList, words: str = "Trim") -> None:
        self.session.apply_edit(edit, words)

    @property
    def names(self) -> list[str]:
        return [take.name for take in self.takes.all]

    @property
    def undo(self) -> str:
        return self.session.undo_stack.undoText()


@pytest.fixture
def desk(qapp: QApplication) -> Iterator[Desk]:
    desk = Desk(qapp)
    yield desk
    for thing in (desk.takes, desk.session):
        thing.deleteLater()


def test_each_generated_edit_is_a_take_with_a_telling_name(desk: Desk) -> None:
    first = desk.generate(ONE)
    desk.generate(TWO, DRAWN)
    desk.generate(ONE, replace(DRAWN, style=(1.0,)))
    desk.generate(TWO)
    assert desk.names == ["Best", "Variation 7", "Tight · Variation 7", "Best (2)"]
    assert first.changes == a_proposal(ONE).changes
    assert desk.takes.current == desk.takes.all[-1]


def test_switching_is_one_step_and_changes_only_the_edit(desk: Desk) -> None:
    one, two = desk.generate(ONE), desk.generate(TWO)
    assert desk.session.undo_stack.count() == 2
    desk.takes.show(one.number)
    assert desk.session.edit_list == ONE
    assert desk.session.proposal is one.proposal
    assert desk.session.changes == one.changes
    assert desk.session.undo_stack.count() == 3
    assert desk.undo == "Take “Best”"
    desk.session.undo_stack.undo()
    assert desk.takes.current == two
    desk.session.undo_stack.redo()
    assert desk.takes.current == one


def test_switching_to_and_fro_is_one_step_named_by_the_last(desk: Desk) -> None:
    one, two = desk.generate(ONE), desk.generate(TWO)
    for take in (one, two, one, two, one):
        desk.takes.show(take.number)
    assert desk.session.undo_stack.count() == 3
    assert desk.undo == "Take “Best”"
    desk.session.undo_stack.undo()
    assert desk.session.edit_list == TWO


def test_the_shown_take_and_absent_ones_are_no_step(desk: Desk) -> None:
    one = desk.generate(ONE)
    desk.takes.show(one.number)
    desk.takes.show(one.number + 100)
    assert desk.session.undo_stack.count() == 1


def test_changes_by_hand_stay_with_their_take(desk: Desk) -> None:
    one, two = desk.generate(ONE), desk.generate(TWO)
    assert not two.edited_by_hand
    desk.by_hand(BY_HAND)
    desk.takes.show(one.number)
    kept = desk.takes.find(two.number)
    assert kept is not None
    assert kept.edit_list == BY_HAND
    assert kept.edited_by_hand
    assert kept.proposal is two.proposal
    desk.takes.show(two.number)
    assert desk.session.edit_list == BY_HAND
    desk.session.undo_stack.undo()  # both switches
    desk.session.undo_stack.undo()  # the change
    assert desk.takes.find(two.number) == two


def test_an_edit_of_no_take_is_kept_when_it_is_left(desk: Desk) -> None:
    desk.by_hand(BY_HAND)
    assert desk.takes.all == ()
    aside = desk.takes.add(a_proposal(ONE))
    desk.takes.show(aside.number)
    assert desk.session.edit_list == ONE
    kept = next(take for take in desk.takes.all if take.name == "By hand")
    desk.takes.show(kept.number)
    assert desk.session.edit_list == BY_HAND


def test_the_whole_recording_is_no_take(desk: Desk) -> None:
    aside = desk.takes.add(a_proposal(ONE))
    desk.takes.show(aside.number)
    assert desk.names == ["Best"]


def test_what_comes_from_elsewhere_is_named_by_its_step(desk: Desk) -> None:
    desk.session.apply_edit(ONE, "Compare with talk.wav", take=desk.session.new_take())
    assert desk.names == ["Compare with talk.wav"]
    desk.by_hand(BY_HAND, "Trim")
    assert desk.names == ["Compare with talk.wav"]
    assert desk.takes.all[0].edit_list == BY_HAND


def test_names_and_stars(desk: Desk) -> None:
    one = desk.generate(ONE)
    heard: list[int] = []
    desk.takes.take_changed.connect(heard.append)
    desk.takes.rename(one.number, "  The \n good one ")
    desk.takes.rename(one.number, "   ")
    desk.takes.star(one.number)
    assert desk.takes.all[0] == replace(one, name="The good one", starred=True)
    assert heard == [0, 0]
    desk.takes.star(one.number)
    assert not desk.takes.all[0].starred
    assert desk.session.undo_stack.count() == 1
    assert unused_name("The good one", desk.takes.all) == "The good one (2)"


def test_a_deleted_take_can_be_brought_back_to_its_place(desk: Desk) -> None:
    one, two, three = desk.generate(ONE), desk.generate(TWO), desk.generate(ONE, DRAWN)
    desk.takes.drop(two.number)
    assert desk.takes.all == (one, three)
    desk.takes.bring_back(two.number)
    assert desk.takes.all == (one, two, three)
    assert desk.takes.drop(99) is None


def test_deleting_the_shown_take_leaves_the_document(desk: Desk) -> None:
    one, two = desk.generate(ONE), desk.generate(TWO)
    desk.takes.drop(two.number)
    assert desk.session.edit_list == TWO
    assert desk.takes.current is None
    desk.takes.show(one.number)
    assert desk.takes.all == (one,)


def test_what_is_done_to_a_deleted_take_is_not_lost(desk: Desk) -> None:
    one, two = desk.generate(ONE), desk.generate(TWO)
    desk.takes.drop(two.number)
    desk.by_hand(BY_HAND)
    desk.takes.show(one.number)
    assert [take.edit_list for take in desk.takes.all] == [ONE, BY_HAND]


def test_another_state_of_a_take_replaces_what_it_was_asked_for_with(desk: Desk) -> None:
    one = desk.generate(ONE)
    tight = GenerateOptions(tightness=0.8)
    proposal = a_proposal(TWO)
    desk.takes.note_options(proposal, tight)
    desk.session.apply_edit(TWO, "Tightness", proposal=proposal)
    assert desk.takes.current is not None
    assert desk.takes.current.options == tight
    desk.session.undo_stack.undo()
    assert desk.takes.current == one
    desk.session.undo_stack.redo()
    assert desk.takes.current.options == tight


def test_another_recording_has_no_takes(desk: Desk) -> None:
    desk.generate(ONE, DRAWN)
    desk.open()
    assert desk.takes.all == ()
    assert desk.takes.current is None
    assert desk.takes.next_seed() == 1
    desk.generate(ONE)
    assert desk.names == ["Best"]


def test_seeds_are_not_used_twice(desk: Desk) -> None:
    desk.generate(ONE, DRAWN)
    assert [desk.takes.next_seed() for _ in range(3)] == [8, 9, 10]
    assert desk.takes.next_seed(at_least=50) == 50
    assert desk.takes.next_seed() == 51


def test_takes_come_back_from_a_project(desk: Desk, qapp: QApplication) -> None:
    one = desk.generate(ONE)
    asked = replace(DRAWN, style=(1.0,), axes=(("loops", 1.5),), targets=Targets(pause_s=0.3))
    desk.generate(TWO, asked)
    desk.by_hand(BY_HAND)
    desk.takes.star(one.number)
    source = ProjectSource("talk.wav", 1000, N)
    written = project_to_dict(Project((source,), desk.session.edit_list, takes=desk.takes.saved()))
    read = dict_to_project(written)
    other = Desk(qapp)
    other.session.open_source(
        ArraySource(np.zeros(N, np.int16), 1000),
        replace(desk.session.snapshot, edit_list=read.edit_list, take=0),
    )
    other.takes.restore(read.takes)
    assert other.names == ["Best", "Tight · Variation 7"]
    assert other.takes.all[0].starred
    assert other.takes.current == other.takes.all[1]
    assert other.takes.all[1].options == asked
    assert other.takes.all[1].style_name == "Tight"
    assert other.takes.next_seed() == 8
    other.by_hand(TWO)
    assert other.takes.all[1].edit_list == TWO
    assert other.session.undo_stack.count() == 1


def test_a_take_made_by_hand_has_no_options() -> None:
    from model_core.edit.project import Take as SavedTake

    take = from_project(SavedTake("Mine", ONE), 3)
    assert (take.number, take.options, take.edited_by_hand) == (3, None, True)


def test_differences_are_what_one_keeps_and_the_other_does_not() -> None:
    assert differences(ONE, TWO, N).rows() == [
        Difference(200, 300, in_first=True),
        Difference(500, 600, in_first=True),
    ]
    assert differences(TWO, ONE, N).rows() == [
        Difference(200, 300, in_first=False),
        Difference(500, 600, in_first=False),
    ]


def test_loops_and_splits_are_no_difference_in_what_is_kept() -> None:
    looped = EditList.from_ranges([(0, 100), (0, 300), (500, 1000)])
    split = EditList.from_ranges([(0, 150), (150, 300), (500, 1000)])
    assert differences(looped, split, N).rows() == []
    assert differences(EditList(), EditList(), N).rows() == []
    everything = differences(EditList(), EditList.whole(N), N)
    assert everything.rows() == [Difference(0, N, in_first=False)]


def test_short_differences_and_lengths_are_counted() -> None:
    one = EditList.from_ranges([(0, 100), (105, 500)])
    two = EditList.from_ranges([(0, 500), (700, 1000)])
    found = differences(one, two, N)
    assert len(found) == 2
    assert found.rows(1) == [Difference(100, 105, in_first=False)]
    assert found.not_shorter(6).rows() == [Difference(700, 1000, in_first=False)]
    assert (found.length(in_first=True), found.length(in_first=False)) == (0, 305)


@pytest.mark.parametrize("seed", range(20))
def test_differences_are_right_sample_by_sample(seed: int) -> None:
    rng = np.random.default_rng(seed)

    def an_edit() -> tuple[EditList, np.ndarray]:
        kept = np.zeros(N, np.bool_)
        ranges = []
        for _ in range(rng.integers(1, 12)):
            start = int(rng.integers(0, N - 1))
            stop = int(rng.integers(start + 1, N + 1))
            kept[start:stop] = True
            ranges.append((start, stop))
        return EditList.from_ranges(ranges), kept

    (first, in_first), (second, in_second) = an_edit(), an_edit()
    only = np.zeros(N, np.int8)
    found = differences(first, second, N).rows()
    for difference in found:
        only[difference.start : difference.stop] = 1 if difference.in_first else -1
    np.testing.assert_array_equal(only, in_first.astype(np.int8) - in_second.astype(np.int8))
    for one, next_one in itertools.pairwise(found):
        assert one.stop < next_one.start or one.in_first != next_one.in_first
