from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from editorbot_gui.playback.player import Player
from editorbot_gui.session import Session
from editorbot_gui.transport import Transport
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
    ):
        move()
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
