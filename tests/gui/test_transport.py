from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from editorbot_gui.playback.player import Player
from editorbot_gui.session import Session
from editorbot_gui.transport import Transport
from editorbot_gui.waveform.edges import Edge
from editorbot_gui.waveform.view_state import Axis, ViewState
from model_core.audio.source import ArraySource
from model_core.edit.types import EditList
from tests.gui.playback_fakes import ManualBackend

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PySide6.QtWidgets import QApplication

RATE = 8000
RANGES = [(1000, 3000), (5000, 9000), (2000, 2500)]
EDIT = EditList.from_ranges(RANGES)


class Rig:
    def __init__(self, parent: QApplication) -> None:
        self.backend = ManualBackend(channels=1)
        self.session = Session(parent)
        self.view = ViewState(parent)
        self.player = Player(parent, self.backend, ramp_s=0.0, threaded=False)
        self.transport = Transport(self.session, self.view, self.player, parent)
        self.session.open_source(ArraySource(np.zeros(10_000, np.int16), RATE))

    def hear(self, n_frames: int) -> None:
        self.player.feed()
        self.backend.stream.pull(n_frames)
        self.player._poll()

    @property
    def places(self) -> tuple[int, int]:
        return self.view.playhead(Axis.RAW), self.view.playhead(Axis.EDITED)


@pytest.fixture
def rig(qapp: QApplication) -> Iterator[Rig]:
    rig = Rig(qapp)
    rig.session.apply_edit(EDIT, "Edit")
    yield rig
    rig.player.close()
    for thing in (rig.transport, rig.player, rig.view, rig.session):
        thing.deleteLater()


def test_seeking_moves_both_playheads_to_the_same_sound(rig: Rig) -> None:
    rig.transport.seek(Axis.RAW, 6000)
    assert rig.places == (6000, 3000)
    assert rig.player.position() == 6000
    rig.transport.seek(Axis.EDITED, 6100)
    assert rig.places == (2100, 6100)
    assert rig.player.position() == 2100


def test_switching_stays_at_the_same_place(rig: Rig) -> None:
    rig.transport.seek(Axis.RAW, 6000)
    rig.transport.switch()
    assert rig.transport.heard is Axis.EDITED
    assert rig.view.heard is Axis.EDITED
    assert rig.transport.position == 3000
    rig.transport.switch()
    assert rig.transport.position == 6000


def test_switching_from_what_is_cut_goes_to_what_follows(rig: Rig) -> None:
    rig.transport.seek(Axis.RAW, 4000)
    rig.transport.switch()
    assert rig.places == (5000, 2000)


def test_another_edit_leaves_the_playhead_at_its_sound(rig: Rig) -> None:
    rig.transport.listen_to(Axis.EDITED)
    rig.transport.seek(Axis.EDITED, 5000)
    assert rig.places == (8000, 5000)
    rig.session.apply_edit(EditList.from_ranges([(1000, 2000), *RANGES[1:]]), "Trim")
    assert rig.places == (8000, 4000)
    assert rig.player.position() == 4000
    rig.transport.to_end()
    rig.session.undo_stack.undo()
    assert rig.places[1] == EDIT.length


def test_another_edit_stays_in_the_same_pass_of_a_loop(rig: Rig) -> None:
    loop = [(1000, 3000)] * 4
    rig.session.apply_edit(EditList.from_ranges(loop), "Loop")
    rig.transport.listen_to(Axis.EDITED)
    rig.transport.seek(Axis.EDITED, 6500)
    rig.session.apply_edit(EditList.from_ranges([(1500, 3000), *loop[1:]]), "Trim")
    assert rig.places == (1500, 6000)
    rig.session.apply_edit(EditList.from_ranges([(1500, 3000), *loop[1:3], (1000, 2000)]), "Trim")
    assert rig.places == (1500, 6000)
    rig.session.apply_edit(EditList.from_ranges([(1500, 3000), *loop[1:3]]), "Delete")
    assert rig.places == (1500, 4000)  # the same sound, in the nearest pass


def test_switching_while_playing_goes_on(rig: Rig) -> None:
    rig.transport.seek(Axis.RAW, 5000)
    rig.transport.toggle_play()
    rig.hear(800)
    rig.transport.switch()
    rig.hear(800)
    assert rig.transport.playing
    assert rig.transport.heard is Axis.EDITED
    assert rig.transport.position == pytest.approx(3600, abs=200)


def test_play_at_the_end_begins_again(rig: Rig) -> None:
    rig.transport.to_end()
    assert rig.transport.position == 10_000
    rig.transport.toggle_play()
    assert rig.transport.playing
    assert rig.transport.position == 0


def test_stop_returns_to_where_playing_began(rig: Rig) -> None:
    rig.transport.listen_to(Axis.EDITED)
    rig.transport.seek(Axis.EDITED, 2500)
    rig.transport.toggle_play()
    rig.hear(1000)
    assert rig.transport.position > 2500
    rig.transport.stop()
    assert not rig.transport.playing
    assert rig.transport.position == 2500


def test_segments_of_the_edit_are_stepped_through(rig: Rig) -> None:
    rig.transport.listen_to(Axis.EDITED)
    rig.transport.to_start()
    places = []
    for _ in range(4):
        rig.transport.next_segment()
        places.append(rig.transport.position)
    assert places == [2000, 6000, 6500, 6500]
    places = []
    for _ in range(4):
        rig.transport.previous_segment()
        places.append(rig.transport.position)
    assert places == [6000, 2000, 0, 0]


def test_stretches_of_the_recording_are_stepped_through(rig: Rig) -> None:
    places = []
    for _ in range(6):
        rig.transport.next_segment()
        places.append(rig.transport.position)
    assert places == [1000, 3000, 5000, 9000, 10_000, 10_000]


def test_an_edit_while_playing_keeps_the_place_in_the_recording(rig: Rig) -> None:
    rig.transport.listen_to(Axis.EDITED)
    rig.transport.seek(Axis.EDITED, 3000)
    rig.transport.toggle_play()
    rig.hear(100)
    rig.session.apply_edit(EditList.from_ranges([(5500, 9000)]), "Shorter")
    rig.hear(800)
    assert rig.transport.playing
    assert rig.transport.heard is Axis.EDITED
    raw, edited = rig.places
    assert raw == edited + 5500
    assert 6000 < raw < 7500


def test_without_a_recording_nothing_happens(rig: Rig) -> None:
    rig.session.open_source(None)
    for move in (
        rig.transport.toggle_play,
        rig.transport.stop,
        rig.transport.switch,
        rig.transport.to_end,
        rig.transport.next_segment,
        rig.transport.previous_segment,
        rig.transport.audition_join,
        rig.transport.loop_selection,
        rig.transport.play_selection,
        lambda: rig.transport.shuttle(1),
        lambda: rig.transport.shuttle(-1),
        lambda: rig.transport.scrub(Axis.EDITED, 100),
        rig.transport.end_scrub,
    ):
        move()
    assert rig.transport.last_join_heard() is None
    assert rig.backend.streams == []
    assert rig.places == (0, 0)
    assert not rig.transport.playing


def test_another_recording_begins_at_its_start_with_the_recording(rig: Rig) -> None:
    rig.transport.listen_to(Axis.EDITED)
    rig.transport.toggle_play()
    rig.session.open_source(ArraySource(np.zeros((500, 2), np.float32), 48_000))
    assert not rig.transport.playing
    assert rig.places == (0, 0)
    assert rig.view.sample_rate == 48_000
    assert rig.view.length(Axis.EDITED) == 500


def hear_on(rig: Rig, n_frames: int, block: int = 80) -> None:
    for _ in range(n_frames // block):
        rig.hear(block)


def test_the_join_nearest_to_the_playhead_is_auditioned_again_and_again(rig: Rig) -> None:
    rig.transport.seek(Axis.RAW, 8800)  # 200 samples before the second join, at 6000
    assert rig.transport.audition_join()
    assert rig.transport.heard is Axis.EDITED
    assert rig.transport.loop == (6000 - 6000, 6500)  # a second is 8000 samples
    rig.session.apply_edit(EditList.from_ranges([(0, 9000), (0, 9000), (0, 9000)]), "Long")
    rig.transport.pause()
    rig.transport.seek(Axis.EDITED, 17_000)
    assert rig.transport.audition_join()
    assert rig.transport.loop == (10_000, 26_000)
    assert rig.transport.position == 10_000
    hear_on(rig, 16_080)
    assert 10_000 <= rig.transport.position < 10_200
    assert rig.transport.playing
    rig.transport.toggle_play()
    assert not rig.transport.playing


def test_the_join_of_the_chosen_edge_is_auditioned(rig: Rig) -> None:
    rig.session.apply_edit(EditList.from_ranges([(0, 9000)] * 4), "Long")
    rig.transport.seek(Axis.EDITED, 0)
    rig.view.choose_edge(Edge(2, at_end=True))
    assert rig.transport.audition_join()
    assert rig.transport.loop == (27_000 - RATE, 27_000 + RATE)
    rig.view.choose_edge(Edge(3, at_end=True))  # the edit's end is no join: the nearest one
    rig.transport.pause()
    rig.transport.seek(Axis.EDITED, 0)
    rig.view.choose_edge(Edge(3, at_end=True))
    assert rig.transport.audition_join()
    assert rig.transport.loop == (9000 - RATE, 9000 + RATE)


def test_without_a_join_there_is_nothing_to_audition(rig: Rig) -> None:
    rig.session.apply_edit(EditList.whole(10_000), "All")
    assert not rig.transport.audition_join()
    assert not rig.transport.playing
    assert rig.backend.streams == []


def test_stopping_an_audition_returns_to_where_one_was(rig: Rig) -> None:
    rig.transport.listen_to(Axis.EDITED)
    rig.transport.seek(Axis.EDITED, 1234)
    rig.transport.audition_join()
    hear_on(rig, 800)
    rig.transport.audition_join()
    rig.transport.stop()
    assert rig.transport.position == 1234


def test_an_edit_during_an_audition_is_heard_in_it(rig: Rig) -> None:
    rig.session.apply_edit(EditList.from_ranges([(0, 9000), (0, 9000)]), "Twice")
    rig.transport.listen_to(Axis.EDITED)
    rig.transport.seek(Axis.EDITED, 9000)
    rig.transport.audition_join()
    assert rig.transport.loop == (1000, 17_000)
    hear_on(rig, 400)
    rig.session.apply_edit(EditList.from_ranges([(0, 8900), (0, 9000)]), "Nudge")
    assert rig.transport.playing
    assert rig.transport.loop == (1000, 16_900)


def test_a_selection_is_looped_with_a_lead_in(rig: Rig) -> None:
    assert not rig.transport.loop_selection()
    rig.view.select(Axis.RAW, 5000, 5100)
    assert not rig.transport.loop_selection()  # 12.5 ms: a tone, no passage
    rig.view.select(Axis.RAW, 5000, 6000)
    assert rig.transport.loop_selection()
    assert rig.transport.position == 1000
    assert rig.transport.loop == (5000, 6000)
    hear_on(rig, 5200)
    assert 5000 <= rig.transport.position < 5400
    rig.transport.shuttle(1)  # out of the loop
    assert rig.transport.loop is None


def test_looping_again_goes_to_just_before_the_seam(rig: Rig) -> None:
    rig.session.apply_edit(EditList.from_ranges([(0, 9000)] * 4), "Long")
    rig.view.select(Axis.EDITED, 2000, 30_000)
    assert rig.transport.loop_selection()
    assert rig.transport.heard is Axis.EDITED
    assert rig.transport.loop_selection()
    assert rig.transport.position == 30_000 - RATE
    assert rig.transport.loop == (2000, 30_000)


def test_a_selection_is_played_once(rig: Rig) -> None:
    assert not rig.transport.play_selection()
    rig.view.select(Axis.EDITED, 1000, 2600)
    assert rig.transport.play_selection()
    assert rig.transport.heard is Axis.EDITED
    hear_on(rig, 2400)
    assert not rig.transport.playing
    assert rig.transport.position == 2600


def test_the_shuttle_goes_faster_turns_and_pauses(rig: Rig) -> None:
    transport = rig.transport
    transport.seek(Axis.RAW, 5000)
    speeds = []
    for direction in (1, 1, 1, 1, -1, -1, -1, 1):
        transport.shuttle(direction)
        speeds.append(transport.speed)
    assert speeds == [1, 2, 4, 4, -1, -2, -4, 1]
    transport.pause()
    assert transport.speed == 0
    transport.shuttle(-1)
    place = transport.position
    hear_on(rig, 800)
    assert transport.position == pytest.approx(place - 800, abs=200)
    transport.toggle_play()
    transport.toggle_play()
    assert transport.speed == 1


def test_the_views_follow_only_if_they_are_to(rig: Rig) -> None:
    rig.view.show_range(Axis.RAW, 0, 1000)
    rig.transport.follows = False
    rig.transport.toggle_play()
    hear_on(rig, 2000)
    assert rig.view.visible(Axis.RAW)[0] == 0
    rig.transport.follows = True
    hear_on(rig, 160)
    assert rig.view.visible(Axis.RAW)[0] > 0


def test_the_join_heard_last_is_known(rig: Rig) -> None:
    transport = rig.transport
    rig.session.apply_edit(EditList.from_ranges([*RANGES[:2], (0, 9000)]), "Longer")
    transport.listen_to(Axis.EDITED)
    transport.seek(Axis.EDITED, 1800)
    assert transport.last_join_heard() is None
    transport.toggle_play()
    hear_on(rig, 160)
    assert transport.last_join_heard() is None
    hear_on(rig, 6000)  # over the joins at 2000 and 6000
    assert [join.position for join in transport.joins_heard()] == [6000, 2000]
    join = transport.last_join_heard()
    transport.pause()
    assert transport.last_join_heard() == join
    transport.seek(Axis.EDITED, 3000)
    assert transport.last_join_heard() is None  # jumped over, not heard
    transport.listen_to(Axis.RAW)
    transport.toggle_play()
    hear_on(rig, 800)
    assert transport.last_join_heard() is None


def test_a_join_that_came_just_now_is_meant_only_if_there_is_no_other(rig: Rig) -> None:
    rig.session.apply_edit(EditList.from_ranges([(0, 2000), (3000, 5000), (6000, 9000)]), "Cuts")
    transport = rig.transport
    transport.listen_to(Axis.EDITED)
    transport.toggle_play()
    hear_on(rig, 2400)
    assert [join.position for join in transport.joins_heard()] == [2000]
    hear_on(rig, 2000)
    assert 4000 < transport.position < 4000 + 0.15 * RATE
    assert [join.position for join in transport.joins_heard()] == [2000, 4000]


def test_in_a_loop_the_join_stays_the_last_one_heard(rig: Rig) -> None:
    rig.session.apply_edit(EditList.from_ranges([(0, 9000), (0, 9000)]), "Twice")
    rig.transport.listen_to(Axis.EDITED)
    rig.transport.seek(Axis.EDITED, 9000)
    rig.transport.audition_join()
    hear_on(rig, 4000)
    assert rig.transport.last_join_heard() is None
    hear_on(rig, 6400)
    join = rig.transport.last_join_heard()
    assert join is not None
    assert join.position == 9000
    hear_on(rig, 6800)  # round, and before the join again
    assert rig.transport.position < 9000
    assert rig.transport.last_join_heard() == join
    rig.session.apply_edit(EditList.from_ranges([(0, 8000), (0, 9000)]), "Trim")
    join = rig.transport.last_join_heard()
    assert join is not None
    assert join.position == 8000


def test_an_edit_while_it_plays_is_heard_within_the_next_blocks(qapp: QApplication) -> None:
    rng = np.random.default_rng(5)
    pcm = rng.integers(-20_000, 20_000, 4 * 44_100, dtype=np.int16)
    rig = Rig(qapp)
    rig.session.open_source(ArraySource(pcm, 44_100))
    rig.session.apply_edit(EditList.from_ranges([(0, 40_000), (60_000, 170_000)]), "Cut")
    rig.transport.listen_to(Axis.EDITED)
    rig.transport.toggle_play()
    for _ in range(40):
        rig.player.feed()
        rig.backend.stream.pull(441)
    rig.session.apply_edit(EditList.from_ranges([(0, 20_000), (60_000, 170_000)]), "Cut earlier")
    heard = []
    for _ in range(20):
        rig.player.feed()
        heard.append(rig.backend.stream.pull(441))
    samples = np.rint(np.concatenate(heard)[:, 0] * 32768).astype(np.int16)
    # 17640 samples were heard of the old edit; the first change is at 20 000 of either.
    before = 20_000 - 17_640 - 176
    np.testing.assert_array_equal(samples[:before], pcm[17_640 : 17_640 + before])
    after = 20_000 - 17_640 + 177  # the crossfade of the join is 8 ms long
    np.testing.assert_array_equal(samples[after:], pcm[60_177 : 60_177 + len(samples) - after])
    rig.player.close()
    for thing in (rig.transport, rig.player, rig.view, rig.session):
        thing.deleteLater()
