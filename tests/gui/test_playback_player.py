from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from editorbot_gui.playback.plan import Course
from editorbot_gui.playback.player import Listening, Player, PlayerState
from model_core.errors import AudioReadError
from tests.gui.playback_fakes import CountingMaterial, ManualBackend, ManualStream, positions

RATE = 8000
GUARD = 40  # the next block and 1 ms
EDITED = 1_000_001


class Rig:
    """A player on a device pulled by hand, and what it has said."""

    def __init__(self, backend: ManualBackend, **options: float) -> None:
        self.backend = backend
        self.player = Player(None, backend, ramp_s=0.0, threaded=False, **options)
        self.said: list[tuple[str, object]] = []
        for name in (
            "state_changed",
            "listening_changed",
            "position_polled",
            "device_failed",
            "notice_given",
        ):
            getattr(self.player, name).connect(lambda what, n=name: self.said.append((n, what)))

    def said_of(self, name: str) -> list[object]:
        return [what for said, what in self.said if said == name]

    def hear(self, n_frames: int, block_frames: int = 32) -> list[int]:
        heard = []
        while n_frames > 0:
            self.player.feed()
            heard.extend(positions(self.backend.stream.pull(min(block_frames, n_frames))))
            n_frames -= block_frames
        self.player.feed()
        return heard


MakeRig = Callable[..., Rig]


@pytest.fixture
def make_rig(qapp: QApplication) -> Iterator[MakeRig]:
    rigs: list[Rig] = []

    def make(backend: ManualBackend | None = None, **options: float) -> Rig:
        rigs.append(Rig(backend or ManualBackend(), **options))
        return rigs[-1]

    yield make
    for rig in rigs:
        rig.player.close()
        assert all(stream.closed for stream in rig.backend.streams)
        rig.player.deleteLater()
    qapp.processEvents()


@pytest.fixture
def rig(make_rig: MakeRig) -> Rig:
    rig = make_rig()
    rig.player.set_raw(CountingMaterial(100_000))
    rig.player.set_edited(CountingMaterial(50_000, offset=EDITED))
    return rig


def test_without_material_nothing_happens(make_rig: MakeRig) -> None:
    rig = make_rig()
    rig.player.play()
    rig.player.pause()
    rig.player.seek(100)
    rig.player.listen_to("edited")
    rig.player.toggle()
    assert (rig.player.position(), rig.player.length) == (0, 0)
    assert rig.player.state is PlayerState.STOPPED
    assert rig.player.listening is Listening.RAW
    assert rig.backend.streams == []
    assert rig.said_of("state_changed") == []


def test_play_pause_and_on(rig: Rig) -> None:
    player = rig.player
    assert rig.backend.streams == []
    player.play(500)
    assert player.position() == 500
    assert rig.hear(640) == list(range(501, 1141))
    assert player.position() == 1140
    player.toggle()
    assert rig.hear(640) == [*range(1141, 1141 + GUARD), *[0] * (640 - GUARD)]
    assert player.position() == 1140 + GUARD
    player.toggle()
    assert rig.hear(64) == list(range(1141 + GUARD, 1141 + GUARD + 64))
    assert rig.said_of("state_changed") == ["playing", "paused", "playing"]
    assert len(rig.backend.streams) == 1
    assert player.underruns == 0


def test_playing_again_while_it_plays_changes_nothing(rig: Rig) -> None:
    rig.player.play()
    rig.hear(64)
    rig.player.play()
    assert rig.hear(640) == list(range(65, 705))


def test_the_position_is_what_is_heard_not_what_was_handed_over(make_rig: MakeRig) -> None:
    rig = make_rig(ManualBackend(latency_s=0.05))
    rig.player.set_raw(CountingMaterial(100_000))
    rig.player.play(1000)
    stream = rig.backend.stream
    rig.hear(800)
    assert rig.player.position() == 1000 + 800 - 400
    stream.time_s += 0.02
    assert rig.player.position() == 1000 + 800 - 240
    stream.time_s += 10.0
    assert rig.player.position() == 1800


def test_with_a_slow_device_a_seek_shows_at_once_and_waits_to_be_heard(make_rig: MakeRig) -> None:
    rig = make_rig(ManualBackend(latency_s=0.05))
    rig.player.set_raw(CountingMaterial(100_000))
    rig.player.play()
    rig.hear(800)
    rig.player.seek(30_000)
    seen = [rig.player.position()]
    for _ in range(80):
        rig.hear(8, 8)
        seen.append(rig.player.position())
    # 50 ms in the device and 5 ms in the ring play out first.
    assert seen[: 1 + 55] == [30_000] * 56
    assert seen[56:] == [30_000 + 8 * i for i in range(1, 26)]


def test_a_b_is_told_on_the_timeline_that_is_listened_to(make_rig: MakeRig) -> None:
    rig = make_rig(ManualBackend(latency_s=0.02))
    rig.player.set_raw(CountingMaterial(100_000))
    rig.player.set_edited(CountingMaterial(50_000, offset=EDITED))
    rig.player.play(20_000)
    rig.hear(1600)
    assert rig.player.position() == 20_000 + 1600 - 160
    rig.player.listen_to("edited", lambda position: position - 15_000)
    seen, heard = [], []
    for _ in range(64):
        seen.append(rig.player.position())
        heard.extend(rig.hear(8, 8))
    # The place goes on evenly although for 26 ms the recording is still heard.
    assert seen == [5000 + 1600 - 160 + 8 * i for i in range(64)]
    assert heard == [
        *range(21_601, 21_601 + GUARD),
        *range(EDITED + 6600 + GUARD, EDITED + 6600 + 512),
    ]
    assert rig.said_of("listening_changed") == ["edited"]


def test_a_b_with_a_number_means_the_place_of_now(rig: Rig) -> None:
    rig.player.play(20_000)
    rig.hear(640)
    rig.player.listen_to("edited", rig.player.position() - 15_000)
    heard = rig.hear(GUARD + 10, 10)
    assert heard[-10:] == list(range(EDITED + 5640 + GUARD, EDITED + 5650 + GUARD))


def test_a_b_there_and_back_within_a_moment(rig: Rig) -> None:
    rig.player.play(20_000)
    rig.hear(640)
    for _ in range(3):
        rig.player.listen_to("edited", lambda position: position // 2)
        assert rig.player.position() == 10_320
        rig.player.listen_to("raw", lambda position: position * 2)
        assert rig.player.position() == 20_640
    assert rig.hear(512) == list(range(20_641, 20_641 + 512))


def test_a_b_at_rest_moves_the_cursor(rig: Rig) -> None:
    rig.player.seek(20_000)
    rig.player.listen_to("edited", 7000)
    assert rig.player.position() == 7000
    assert rig.player.length == 50_000
    rig.player.listen_to("raw")
    assert rig.player.position() == 7000
    rig.player.listen_to("raw", 1)
    assert rig.player.position() == 7000
    assert rig.said_of("position_polled")[-3:] == [20_000, 7000, 7000]
    assert rig.backend.streams == []


def test_there_is_no_switching_to_what_is_not_there(make_rig: MakeRig) -> None:
    rig = make_rig()
    rig.player.set_raw(CountingMaterial(1000))
    rig.player.listen_to("edited", 7)
    assert rig.player.listening is Listening.RAW
    with pytest.raises(ValueError, match="both"):
        rig.player.listen_to("both")


def test_the_end_stops_by_itself_and_play_begins_again(rig: Rig, qtbot: QtBot) -> None:
    rig.player.play(99_900)
    with qtbot.waitSignal(rig.player.state_changed) as stopped:
        rig.hear(256)
    assert stopped.args == ["stopped"]
    assert rig.player.position() == 100_000
    assert rig.said_of("position_polled")[-1] == 100_000
    rig.player.play()
    assert rig.hear(64) == list(range(1, 65))


def test_the_end_is_reached_only_when_it_is_heard(make_rig: MakeRig, qtbot: QtBot) -> None:
    rig = make_rig(ManualBackend(latency_s=0.05))
    rig.player.set_raw(CountingMaterial(1000))
    rig.player.play()
    rig.hear(1064)
    with qtbot.waitSignal(rig.player.position_polled):
        pass
    assert rig.player.state is PlayerState.PLAYING
    with qtbot.waitSignal(rig.player.state_changed):
        rig.hear(400)
    assert rig.player.state is PlayerState.STOPPED


def test_seeks_stay_within_the_material(rig: Rig) -> None:
    rig.player.seek(-5)
    assert rig.player.position() == 0
    rig.player.seek(10**12)
    assert rig.player.position() == 100_000
    rig.player.play(-3)
    rig.hear(640)
    rig.player.seek(700)
    assert rig.hear(GUARD + 9, 8)[GUARD:] == list(range(701, 710))


def test_positions_beyond_32_bits_can_be_told(make_rig: MakeRig) -> None:
    rig = make_rig()
    rig.player.set_raw(CountingMaterial(2**33))
    rig.player.seek(2**32 + 5)
    assert rig.said_of("position_polled")[-1] == 2**32 + 5


def test_an_edit_during_playback_is_heard_at_once_at_the_same_sound(rig: Rig) -> None:
    rig.player.listen_to("edited")
    rig.player.play(10_000)
    rig.hear(640)
    rig.player.set_edited(
        CountingMaterial(45_000, offset=EDITED + 5000), lambda position: position - 5000
    )
    assert rig.player.position() == 5640
    assert rig.hear(512) == list(range(EDITED + 10_640, EDITED + 11_152))
    assert rig.player.state is PlayerState.PLAYING
    assert len(rig.backend.streams) == 1


def test_an_edit_while_the_recording_is_heard_disturbs_nothing(rig: Rig) -> None:
    rig.player.play()
    rig.hear(640)
    rig.player.set_edited(CountingMaterial(10, offset=EDITED))
    rig.player.set_edited(None)
    assert rig.hear(640) == list(range(641, 1281))


def test_an_edit_at_rest_moves_the_cursor_along(rig: Rig) -> None:
    rig.player.listen_to("edited", 10_000)
    rig.player.set_edited(CountingMaterial(45_000), lambda position: position - 5000)
    assert rig.player.position() == 5000
    rig.player.set_edited(CountingMaterial(3000))
    assert rig.player.position() == 3000


def test_taking_the_edit_away_goes_back_to_the_recording(rig: Rig) -> None:
    rig.player.listen_to("edited")
    rig.player.play(10_000)
    rig.hear(64)
    rig.player.set_edited(None)
    assert rig.player.state is PlayerState.STOPPED
    assert rig.player.listening is Listening.RAW
    assert rig.player.position() == 0
    assert rig.backend.stream.closed


def test_a_new_recording_stops_and_frees_the_old_one(rig: Rig) -> None:
    rig.player.play(10_000)
    rig.hear(64)
    rig.player.set_raw(CountingMaterial(500, sample_rate=16_000, channels=1))
    assert rig.backend.stream.closed
    assert rig.player.state is PlayerState.STOPPED
    assert rig.player.position() == 0
    rig.player.play()
    assert rig.backend.stream.format.sample_rate == 16_000
    assert rig.hear(64) == list(range(1, 65))


def test_an_edit_at_another_rate_pauses_and_opens_the_device_anew(rig: Rig) -> None:
    rig.player.listen_to("edited")
    rig.player.play(100)
    rig.hear(640)
    rig.player.set_edited(CountingMaterial(20_000, sample_rate=16_000))
    assert rig.player.state is PlayerState.PAUSED
    rig.player.play()
    assert rig.backend.stream.format.sample_rate == 16_000
    assert rig.hear(64) == list(range(741, 805))


def test_no_device_is_a_sentence_and_the_rest_works(rig: Rig) -> None:
    rig.backend.refusal = "No sound device was found."
    rig.player.play(300)
    assert rig.said_of("device_failed") == ["No sound device was found."]
    assert rig.player.state is PlayerState.STOPPED
    rig.player.seek(500)
    assert rig.player.position() == 500
    rig.backend.refusal = ""
    rig.player.play()
    assert rig.hear(64) == list(range(501, 565))


def test_a_device_that_goes_away_is_replaced_and_playing_goes_on(rig: Rig, qtbot: QtBot) -> None:
    rig.player.play(300)
    rig.hear(640)
    with qtbot.waitSignal(rig.player.notice_given) as noticed:
        rig.backend.stream.failing = "The sound device has gone away."
    assert noticed.args == ["The sound device has gone away. Playing goes on through “By hand”."]
    assert rig.player.state is PlayerState.PLAYING
    assert len(rig.backend.streams) == 2
    assert rig.backend.streams[0].closed
    assert rig.hear(64) == list(range(941, 1005))
    assert rig.said_of("state_changed") == ["playing"]
    assert rig.said_of("device_failed") == []
    with qtbot.waitSignal(rig.player.position_polled):
        rig.hear(64)


def test_a_device_that_goes_away_with_no_other_pauses_at_the_place(rig: Rig, qtbot: QtBot) -> None:
    rig.player.play(300)
    rig.hear(640)
    rig.backend.refusal = "No sound device was found."
    with qtbot.waitSignal(rig.player.device_failed) as failed:
        rig.backend.stream.failing = "The sound device has gone away."
    assert failed.args == ["The sound device has gone away. No sound device was found."]
    assert rig.player.state is PlayerState.PAUSED
    assert rig.player.position() == 940
    rig.backend.refusal = ""
    rig.player.play()
    assert len(rig.backend.streams) == 2
    assert rig.hear(64) == list(range(941, 1005))


def test_devices_that_go_away_at_once_are_not_tried_for_ever(rig: Rig, qtbot: QtBot) -> None:
    rig.player.play(300)
    rig.hear(640)
    rig.backend.stream.failing = "It has gone away."
    with qtbot.waitSignal(rig.player.notice_given):
        pass
    with qtbot.waitSignal(rig.player.device_failed):
        rig.backend.stream.failing = "It has gone away, too."
    assert len(rig.backend.streams) == 2
    assert rig.player.state is PlayerState.PAUSED
    assert rig.player.position() == 940


def test_another_device_can_be_chosen_while_it_plays(rig: Rig) -> None:
    rig.player.play(300)
    rig.hear(640)
    rig.player.use_device("Headphones")
    assert rig.backend.device == "Headphones"
    assert rig.player.device_in_use == "By hand"
    assert [stream.closed for stream in rig.backend.streams] == [True, False]
    assert rig.hear(64) == list(range(941, 1005))
    assert rig.said_of("state_changed") == ["playing"]
    rig.player.pause()
    rig.player.use_device(None)
    assert rig.backend.stream.closed
    assert rig.player.device_in_use == ""
    assert len(rig.backend.streams) == 2


def test_a_loop_is_entered_from_before_it_and_goes_round(rig: Rig) -> None:
    rig.player.play(400, Course(loop=(500, 800)))
    assert rig.hear(1000) == [*range(401, 801), *range(501, 801), *range(501, 801)]
    assert rig.player.position() == 500  # where the next sample comes from
    assert rig.hear(20, 10) == list(range(501, 521))
    assert rig.player.position() == 520
    rig.player.pause()
    rig.hear(200)
    assert rig.player.position() == 520 + GUARD
    rig.player.play()
    assert rig.hear(400)[-1] == 520 + GUARD + 400  # on and out of it


def test_a_seek_within_a_loop_keeps_it_and_one_out_of_it_ends_it(rig: Rig) -> None:
    rig.player.play(500, Course(loop=(500, 800)))
    rig.hear(100)
    rig.player.seek(700)
    assert rig.hear(GUARD + 200)[GUARD:] == [*range(701, 801), *range(501, 601)]
    rig.player.seek(3000)
    assert rig.player.course == Course()
    assert rig.hear(GUARD + 50)[GUARD:] == list(range(3001, 3051))


def test_a_loop_goes_along_to_the_other_one_and_to_another_edit(rig: Rig) -> None:
    rig.player.play(20_500, Course(loop=(20_500, 20_800)))
    rig.hear(100)
    rig.player.listen_to("edited", lambda position: position - 15_000)
    assert rig.player.course.loop == (5500, 5800)
    heard = rig.hear(GUARD + 400)
    assert heard[GUARD:][: 200 - GUARD] == list(range(EDITED + 5600 + GUARD, EDITED + 5800))
    assert heard[200:248] == list(range(EDITED + 5500, EDITED + 5548))
    rig.player.set_edited(
        CountingMaterial(45_000, offset=EDITED + 5000), lambda position: position - 5000
    )
    assert rig.player.course.loop == (500, 800)
    rig.player.set_edited(CountingMaterial(45_000), lambda _position: 77)
    assert rig.player.course.loop is None  # nothing is left of it
    assert rig.player.state is PlayerState.PLAYING


def test_a_passage_is_played_to_its_end(rig: Rig, qtbot: QtBot) -> None:
    rig.player.play(400, Course(stop=900))
    with qtbot.waitSignal(rig.player.state_changed) as stopped:
        assert rig.hear(640) == [*range(401, 901), *[0] * 140]
    assert stopped.args == ["stopped"]
    assert rig.player.position() == 900
    assert rig.player.underruns == 0


def test_speeds_change_while_it_plays_and_the_place_follows(rig: Rig) -> None:
    rig.player.play(20_000)
    rig.hear(640)
    for speed in (4, -1, -2, 2, 1):
        before = rig.player.position()
        rig.player.change_course(Course(speed))
        rig.player.feed()
        rig.backend.stream.pull(160)
        rig.player.feed()
        rig.backend.stream.pull(160)
        place = rig.player.position()
        assert abs(place - before) <= 4 * 320
        for _ in range(5):
            rig.player.feed()
            rig.backend.stream.pull(160)
        assert rig.player.position() - place == 800 * speed
    assert rig.player.underruns == 0


def test_backwards_it_stops_at_the_beginning(rig: Rig, qtbot: QtBot) -> None:
    rig.player.play(500, Course(-1))
    with qtbot.waitSignal(rig.player.state_changed) as stopped:
        assert rig.hear(640) == [*range(500, 0, -1), *[0] * 140]
    assert stopped.args == ["stopped"]
    assert rig.player.position() == 0


def test_scrubbing_plays_a_moment_and_leaves_the_place(rig: Rig, qtbot: QtBot) -> None:
    rig.player.seek(3000)
    polled = len(rig.said_of("position_polled"))
    rig.player.scrub(7000)
    assert rig.hear(1000)[:641] == [*range(7001, 7641), 0]
    rig.player.scrub(200, "edited")
    assert rig.hear(30) == list(range(EDITED + 200, EDITED + 230))
    assert rig.player.position() == 3000
    qtbot.wait(60)
    assert rig.player.state is PlayerState.STOPPED
    rig.player.end_scrub()
    assert rig.player.position() == 3000
    assert set(rig.said_of("position_polled")[polled:]) <= {3000}
    assert not any(rig.hear(100)[GUARD:])
    rig.player.play()
    assert rig.hear(32) == list(range(3001, 3033))


def test_scrubbing_without_a_device_says_so_once_a_drag(rig: Rig) -> None:
    rig.backend.refusal = "No sound device was found."
    for place in range(5):
        rig.player.scrub(place)
    rig.player.end_scrub()
    assert rig.said_of("device_failed") == ["No sound device was found."]
    assert rig.player.position() == 0


def test_scrubbing_does_not_disturb_what_plays(rig: Rig) -> None:
    rig.player.play(300)
    rig.hear(640)
    rig.player.scrub(9000)
    rig.player.end_scrub()
    assert rig.hear(320) == list(range(941, 1261))


def test_gains_are_heard_and_a_gain_of_one_leaves_every_sample(make_rig: MakeRig) -> None:
    rig = make_rig()
    rig.player.set_raw(CountingMaterial(100_000))
    rig.player.set_gains({Listening.RAW: 2.0})
    rig.player.play(100)
    assert rig.hear(4) == [202, 204, 206, 208]
    rig.player.set_gains({})
    assert rig.hear(GUARD + 40)[-5:] == list(range(140 + GUARD, 145 + GUARD))


def test_the_frames_that_are_heard_are_handed_out(make_rig: MakeRig) -> None:
    rig = make_rig(ManualBackend(latency_s=0.05))
    rig.player.set_raw(CountingMaterial(100_000))
    rig.player.play(0)
    handed: list[int] = []
    rates: set[int] = set()

    def take(frames: np.ndarray, rate: int) -> None:
        handed.extend(positions(frames))
        rates.add(rate)

    rig.player.frames_heard.connect(take)
    for _ in range(20):
        rig.hear(320)
        rig.player._poll()
    assert rates == {RATE}
    # What is still in the device isn't heard yet; everything else is there, once and in order.
    assert handed == list(range(1, 6400 - 400 + 1))


def test_a_device_that_goes_away_during_a_pause_is_opened_anew(rig: Rig, qtbot: QtBot) -> None:
    rig.player.play(300)
    rig.hear(640)
    rig.player.pause()
    rig.hear(640)
    qtbot.waitUntil(lambda: not rig.player._poll_timer.isActive())
    rig.backend.stream.failing = "The sound device has gone away."
    rig.player.play()
    assert len(rig.backend.streams) == 2
    assert rig.hear(64) == list(range(941 + GUARD, 1005 + GUARD))
    assert rig.said_of("device_failed") == []


def test_a_device_that_does_not_answer_is_told(
    rig: Rig, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("editorbot_gui.playback.output._PATIENCE_POLLS", 3)
    rig.player.play()
    with qtbot.waitSignal(rig.player.notice_given) as noticed:
        rig.hear(64)
    sentence = "The sound device “By hand” does not answer."
    assert noticed.args == [f"{sentence} Playing goes on through “By hand”."]
    with qtbot.waitSignal(rig.player.device_failed) as failed:
        pass
    assert failed.args == [sentence]
    assert rig.player.state is PlayerState.PAUSED


def test_a_recording_that_cant_be_read_is_told(rig: Rig, qtbot: QtBot) -> None:
    def vanish() -> None:
        raise AudioReadError("The file is gone.", "Bring it back.")

    material = CountingMaterial(100_000)
    rig.player.set_raw(material)
    rig.player.play()
    rig.hear(64)
    material.while_reading = vanish
    with qtbot.waitSignal(rig.player.device_failed) as failed:
        rig.hear(6400)
    assert failed.args == ["The file is gone. Bring it back."]
    assert rig.player.state is PlayerState.PAUSED


def test_what_is_heard_differently_is_said_once(make_rig: MakeRig) -> None:
    rig = make_rig(ManualBackend(sample_rate=48_000))
    rig.player.set_raw(CountingMaterial(100_000, sample_rate=96_000, channels=6))
    rig.player.play()
    (sentence,) = rig.said_of("notice_given")
    assert "6-channel recording is heard in stereo" in str(sentence)
    assert "does not play 96 kHz" in str(sentence)
    assert "resampled to 48 kHz" in str(sentence)
    rig.player.close()
    rig.player.play()
    assert len(rig.said_of("notice_given")) == 1


def test_the_device_is_given_back_after_a_while(make_rig: MakeRig, qtbot: QtBot) -> None:
    rig = make_rig(close_after_ms=0)
    rig.player.set_raw(CountingMaterial(100_000))
    rig.player.play()
    rig.hear(640)
    rig.player.pause()
    rig.hear(640)
    qtbot.waitUntil(lambda: rig.backend.stream.closed)
    assert rig.player.position() == 640 + GUARD
    assert rig.player.state is PlayerState.PAUSED
    rig.player.play()
    assert rig.hear(64) == list(range(641 + GUARD, 705 + GUARD))


def test_underruns_are_counted_over_devices(rig: Rig) -> None:
    rig.player.play()
    rig.player.feed()
    rig.backend.stream.pull(20_000)
    rig.backend.stream.underflows = 2
    assert rig.player.underruns == 3
    rig.player.close()
    assert rig.player.underruns == 3


def test_the_interpreter_is_handed_over_more_often_while_the_device_is_open(rig: Rig) -> None:
    before = sys.getswitchinterval()
    rig.player.play()
    assert sys.getswitchinterval() == pytest.approx(0.001)
    rig.player.close()
    assert sys.getswitchinterval() == before


def test_closing_while_playing_keeps_the_place(rig: Rig) -> None:
    rig.player.play(500)
    rig.hear(640)
    rig.player.close()
    assert rig.player.position() == 1140
    assert rig.player.state is PlayerState.PAUSED
    assert rig.backend.stream.closed


def test_with_its_thread_it_plays_all_of_it(qtbot: QtBot) -> None:
    backend = ManualBackend()
    player = Player(None, backend, ramp_s=0.0)
    player.set_raw(CountingMaterial(60_000))
    with qtbot.waitSignal(player.opening_changed, check_params_cb=lambda opening: not opening):
        player.play()
    output = player._output
    assert output is not None
    ring = output.feeder._ring
    heard: list[int] = []
    with qtbot.waitSignal(player.state_changed) as stopped:
        while len(heard) < 60_000:
            wanted = min(12_000, 60_000 - len(heard))
            qtbot.waitUntil(lambda n=wanted: ring.waiting_frames >= n)
            heard.extend(positions(backend.stream.pull(wanted)))
    assert heard == list(range(1, 60_001))
    assert stopped.args == ["stopped"]
    assert any(thread.name == "audio-feeder" for thread in threading.enumerate())
    player.close()
    assert not any(thread.name == "audio-feeder" for thread in threading.enumerate())
    player.deleteLater()


class SlowBackend(ManualBackend):
    """Opens its device only when the test lets it."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()

    def open(self, sample_rate: int) -> ManualStream:
        assert threading.current_thread() is not threading.main_thread()
        assert self.gate.wait(20)
        return super().open(sample_rate)


@pytest.fixture
def slow(qtbot: QtBot) -> Iterator[Player]:
    player = Player(None, SlowBackend(), ramp_s=0.0)
    player.set_raw(CountingMaterial(60_000))
    yield player
    backend_of(player).gate.set()
    player.close()
    qtbot.wait(0)
    player.deleteLater()


def backend_of(player: Player) -> SlowBackend:
    assert isinstance(player._backend, SlowBackend)
    return player._backend


def let_open(player: Player, qtbot: QtBot) -> None:
    with qtbot.waitSignal(player.opening_changed, check_params_cb=lambda opening: not opening):
        backend_of(player).gate.set()


def heard_first(player: Player, qtbot: QtBot) -> int:
    """Returns the first position that is heard."""
    heard: list[int] = []

    def sounds() -> bool:
        heard.extend(p for p in positions(backend_of(player).stream.pull(64)) if p)
        return bool(heard)

    qtbot.waitUntil(sounds)
    return heard[0]


def test_the_window_does_not_wait_for_a_device_to_open(slow: Player, qtbot: QtBot) -> None:
    openings: list[bool] = []
    slow.opening_changed.connect(openings.append)
    slow.play(500)
    # The command is taken at once: the gate is closed, and nothing has waited for it.
    assert slow.state is PlayerState.PLAYING
    assert (openings, slow.position(), slow.device_in_use) == ([True], 500, "")
    slow.seek(700)
    assert slow.position() == 700
    let_open(slow, qtbot)
    assert openings == [True, False]
    assert heard_first(slow, qtbot) == 701
    assert slow.device_in_use == "By hand"
    assert backend_of(slow).prepared == 1


def test_nor_for_one_to_close(slow: Player, qtbot: QtBot) -> None:
    slow.play(500)
    let_open(slow, qtbot)
    stream, closers = backend_of(slow).stream, []
    close = stream.close

    def note_and_close() -> None:
        closers.append(threading.current_thread())
        close()

    stream.close = note_and_close  # type: ignore[method-assign]
    slow.free_device()
    assert slow.state is PlayerState.PAUSED
    qtbot.waitUntil(lambda: stream.closed)
    assert threading.main_thread() not in closers


def test_a_pause_while_the_device_opens_leaves_it_silent(slow: Player, qtbot: QtBot) -> None:
    slow.play(500)
    slow.pause()
    assert slow.state is PlayerState.PAUSED
    let_open(slow, qtbot)
    assert positions(backend_of(slow).stream.pull(256)) == [0] * 256
    assert slow.position() == 500
    slow.play()
    assert heard_first(slow, qtbot) == 501


def test_the_other_one_is_heard_if_it_is_chosen_while_the_device_opens(
    slow: Player, qtbot: QtBot
) -> None:
    slow.set_edited(CountingMaterial(40_000, offset=EDITED))
    slow.play(500)
    slow.listen_to("edited", 300)
    assert (slow.listening, slow.position()) == (Listening.EDITED, 300)
    let_open(slow, qtbot)
    assert heard_first(slow, qtbot) == EDITED + 300


def test_a_device_that_opens_too_late_is_closed_again(slow: Player, qtbot: QtBot) -> None:
    slow.play(500)
    slow.set_raw(None)
    assert slow.state is PlayerState.STOPPED
    backend_of(slow).gate.set()
    qtbot.waitUntil(lambda: bool(backend_of(slow).streams) and backend_of(slow).stream.closed)
    assert slow.device_in_use == ""


def test_a_device_that_fails_to_open_pauses_with_a_sentence(slow: Player, qtbot: QtBot) -> None:
    backend_of(slow).refusal = "No sound device was found."
    slow.play(500)
    with qtbot.waitSignal(slow.device_failed) as failed:
        backend_of(slow).gate.set()
    assert failed.args == ["No sound device was found."]
    assert (slow.state, slow.position()) == (PlayerState.PAUSED, 500)


def test_a_driver_that_breaks_is_a_sentence_too(slow: Player, qtbot: QtBot) -> None:
    backend_of(slow).open = broken  # type: ignore[method-assign]
    with qtbot.waitSignal(slow.device_failed) as failed:
        slow.play(500)
    assert failed.args == ["The sound device can't be opened (a driver's fault)."]
    assert slow.state is PlayerState.PAUSED


def broken(_sample_rate: int) -> ManualStream:
    raise RuntimeError("a driver's fault")
