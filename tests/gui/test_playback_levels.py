from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import Qt

from editorbot_gui.panels import level_meter
from editorbot_gui.panels.level_meter import FLOOR_DB, HOLD_S, LevelMeter
from editorbot_gui.playback.levels import LevelReader, to_decibels
from editorbot_gui.theme import Theme

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

RATE = 44_100


def sine(hertz: float, seconds: float, level: float = 1.0, phase: float = 0.0) -> np.ndarray:
    angle = 2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE + phase
    return np.repeat((level * np.sin(angle)).astype(np.float32)[:, None], 2, axis=1)


def test_peak_and_rms_of_a_sine() -> None:
    levels = LevelReader().read(sine(441, 1.0, 0.5))
    assert to_decibels(levels.peak[0]) == pytest.approx(-6.02, abs=0.01)
    assert to_decibels(levels.rms[1]) == pytest.approx(-9.03, abs=0.01)


@pytest.mark.parametrize(
    ("hertz", "phase"), [(RATE / 4, math.pi / 4), (RATE / 6, math.pi / 6), (997, 0.0), (15_000, 1)]
)
def test_peaks_between_the_samples_are_found(hertz: float, phase: float) -> None:
    wave = sine(hertz, 0.5, 0.5, phase)
    reader = LevelReader()
    reader.read(wave[:1000])  # a sine that begins all at once overshoots
    levels = reader.read(wave[1000:])
    assert to_decibels(levels.true_peak[0]) == pytest.approx(-6.02, abs=0.2)


def test_blocks_make_no_difference_to_true_peaks() -> None:
    wave = np.random.default_rng(1).uniform(-0.5, 0.5, (3000, 2)).astype(np.float32)
    whole = LevelReader().read(wave).true_peak
    reader = LevelReader()
    parts = [reader.read(wave[first : first + 7]).true_peak for first in range(0, 3000, 7)]
    np.testing.assert_allclose(np.max(parts, axis=0), whole, rtol=1e-12)


@pytest.fixture
def meter(qtbot: QtBot) -> LevelMeter:
    meter = LevelMeter()
    qtbot.addWidget(meter)
    return meter


def played(meter: LevelMeter, wave: np.ndarray) -> None:
    for first in range(0, len(wave), 882):
        meter.take(wave[first : first + 882], RATE)


def test_the_meter_tells_what_it_shows(meter: LevelMeter) -> None:
    assert meter.accessibleName() == "Level meter"
    assert "Nothing was played yet" in meter.accessibleDescription()
    meter.take(np.zeros((0, 2), np.float32), RATE)
    played(meter, sine(997, 0.5, 0.5))
    assert meter.true_peak_db == pytest.approx(-6.0, abs=0.1)
    assert "−6.0 dB" in meter.accessibleDescription()
    assert not meter.clipped
    meter.show_note("matched −1.2 dB")
    assert "Loudness is matched −1.2 dB." in meter.accessibleDescription()


def test_clipping_stays_marked_until_a_click(meter: LevelMeter, qtbot: QtBot) -> None:
    played(meter, sine(RATE / 4, 0.2, 1.2, math.pi / 4))  # the samples alone are below full scale
    assert meter.clipped
    assert "beyond full scale" in meter.accessibleDescription()
    played(meter, sine(997, 0.2, 0.1))
    assert meter.clipped
    qtbot.mouseClick(meter, Qt.MouseButton.LeftButton)
    assert not meter.clipped
    assert meter.true_peak_db == -math.inf


def test_bars_fall_and_peaks_are_held(
    meter: LevelMeter, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr(level_meter.time, "monotonic", lambda: now[0])
    with qtbot.waitExposed(meter):
        meter.show()
    played(meter, sine(997, 0.5, 0.5))
    assert meter._timer.isActive()
    now[0] += 1.0
    meter._advance()
    assert meter._peaks_db[0] == pytest.approx(-30, abs=0.2)
    assert meter._held_db[0] == pytest.approx(-6, abs=0.2)
    now[0] += HOLD_S
    meter._advance()
    assert meter._held_db[0] < -30
    for _ in range(40):
        now[0] += 0.1
        meter._advance()
    assert meter._peaks_db == [FLOOR_DB, FLOOR_DB]
    assert not meter._timer.isActive()


def test_mono_and_stereo(meter: LevelMeter) -> None:
    played(meter, sine(997, 0.1)[:, :1])
    assert meter._n_channels == 1
    meter.grab()
    played(meter, sine(997, 0.1))
    assert meter._n_channels == 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_frame_takes_far_less_than_16_ms(meter: LevelMeter, scheme: str) -> None:
    Theme.current().set_scheme(scheme)
    wave = sine(997, 0.02)
    times = []
    for _ in range(30):
        begun = time.thread_time()
        meter.take(wave, RATE)
        meter._advance()
        meter.grab()
        times.append(time.thread_time() - begun)
    Theme.current().set_scheme("system")
    assert sorted(times)[15] < 0.008
