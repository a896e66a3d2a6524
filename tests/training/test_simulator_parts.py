from __future__ import annotations

import numpy as np
import pytest

from training.corpus import Corpus
from training.simulator import channel
from training.simulator.channel import impair
from training.simulator.dsp import band, coloured_noise, faded, frequencies, rms, shaped, tilt
from training.simulator.noises import KINDS, random_noise, recorded
from training.simulator.phrases import analyse, find_phrases, room_tone
from training.simulator.rooms import impulse_response, in_room, off_microphone
from training.simulator.script import choose_voices, sentences_of
from training.simulator.types import (
    SAMPLE_RATE,
    EditorStyle,
    Mono,
    SimulatorSettings,
    samples_of,
)
from training.simulator.variation import Variation, bent, stretched


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def bursts(places_s: list[float], length_s: float, total_s: float) -> Mono:
    out = 1e-4 * rng(5).standard_normal(samples_of(total_s)).astype(np.float32)
    for place in places_s:
        n = samples_of(length_s)
        time = np.arange(n) / SAMPLE_RATE
        tone = 0.2 * np.sin(2 * np.pi * 180 * time) + 0.1 * np.sin(2 * np.pi * 1500 * time)
        start = samples_of(place)
        out[start : start + n] += faded(tone.astype(np.float32), 500, 500)
    return out


# -- phrases ------------------------------------------------------------------------------------


def test_phrases_reach_over_the_edges_of_speech() -> None:
    phrases = find_phrases(bursts([1.0, 3.0], 0.8, 5.0)) / SAMPLE_RATE
    assert phrases.shape == (2, 2)
    for (start, stop), place in zip(phrases, [1.0, 3.0], strict=True):
        assert place - 0.12 <= start <= place - 0.03
        assert place + 0.8 + 0.05 <= stop <= place + 0.8 + 0.18


def test_clicks_are_no_phrases() -> None:
    samples = bursts([1.0], 1.0, 4.0)
    samples[samples_of(3.0) : samples_of(3.0) + 60] += 0.3
    assert len(find_phrases(samples)) == 1


def test_sound_without_a_pause_is_one_phrase() -> None:
    noise = coloured_noise(rng(), samples_of(2.0), 0.0)
    assert find_phrases(noise).tolist() == [[0, noise.size]]
    assert find_phrases(np.zeros(100, np.float32)).shape == (0, 2)


def test_the_room_holds_no_speech_even_if_a_clip_begins_with_it() -> None:
    samples = bursts([0.0, 1.5], 1.0, 3.0)
    clip = analyse(samples)
    tone = room_tone(rng(), clip, samples_of(4.0))
    assert tone.shape == (samples_of(4.0),)
    quiet = samples[samples_of(1.2) : samples_of(1.4)] * (rms(clip.samples) / rms(samples))
    assert rms(tone) < 2 * rms(quiet)
    # As even as the room is: no holes between the grains.
    levels = np.sqrt(np.square(tone).reshape(-1, 2205).mean(axis=1))
    assert levels.max() < 2 * levels.min()


def test_a_clip_without_pauses_gets_a_faint_room() -> None:
    clip = analyse(coloured_noise(rng(), samples_of(2.0), 0.0) * np.float32(0.1))
    tone = room_tone(rng(), clip, 5000)
    assert 0 < rms(tone) < 0.01 * rms(clip.samples)


def test_sentences_follow_each_other_in_a_clip(corpus: Corpus) -> None:
    voice = next(iter(corpus.groups("speech").values()))
    clip = analyse(corpus.samples(voice[0]))
    sentences = sentences_of(clip, 0, rng(), clip.samples.size)
    assert sentences[0].pause_before is None
    said = np.concatenate(
        [
            part
            for sentence in sentences
            for part in (sentence.pause_before, sentence.samples)
            if part is not None
        ]
    )
    first, last = int(clip.phrases[0, 0]), int(clip.phrases[-1, 1])
    np.testing.assert_array_equal(said, clip.samples[first:last])


def test_wanted_voices_and_others_are_different_people(corpus: Corpus) -> None:
    for seed in range(10):
        wanted, others = choose_voices(rng(seed), corpus, 2)
        assert len(wanted) == 2
        assert others
        assert not set(wanted) & set(others)


# -- variation ----------------------------------------------------------------------------------


@pytest.mark.parametrize("tempo", [0.9, 0.97, 1.05, 1.12])
def test_a_tempo_keeps_the_pitch(tempo: float) -> None:
    time = np.arange(samples_of(2.0)) / SAMPLE_RATE
    tone = np.sin(2 * np.pi * 220 * time).astype(np.float32)
    out, _ = stretched(tone, tempo)
    assert out.size == pytest.approx(tone.size / tempo, rel=0.02)
    peak = np.argmax(np.abs(np.fft.rfft(out * np.hanning(out.size)))) * SAMPLE_RATE / out.size
    assert peak == pytest.approx(220, abs=2)
    # Neither end is faded.
    assert rms(out[:500]) > 0.6
    assert rms(out[-500:]) > 0.6


def test_a_bend_moves_the_pitch_along() -> None:
    time = np.arange(samples_of(2.0)) / SAMPLE_RATE
    tone = np.sin(2 * np.pi * 300 * time).astype(np.float32)
    out, sources = bent(tone, np.array([1.1, 1.1, 1.1]))
    assert out.size == sources.size == pytest.approx(tone.size / 1.1, abs=3)
    peak = np.argmax(np.abs(np.fft.rfft(out * np.hanning(out.size)))) * SAMPLE_RATE / out.size
    assert peak == pytest.approx(330, abs=2)


def test_too_short_a_sound_is_left_alone() -> None:
    short = np.ones(900, np.float32)
    out, _ = stretched(short, 1.1)
    np.testing.assert_array_equal(out, short)


@pytest.mark.parametrize("seed", range(8))
def test_places_move_along_with_a_varied_take(seed: int) -> None:
    places = [0.4, 1.3, 2.4, 3.1]
    samples = bursts(places, 0.3, 4.0)
    variation = Variation.of_speech(rng(seed))
    out, moved = variation.apply_and_map(samples)
    found = find_phrases(out)
    expected = moved(find_phrases(samples))
    assert found.shape == expected.shape
    assert np.max(np.abs(found - expected)) < samples_of(0.05)
    assert moved(np.array([0, samples.size])).tolist() == [0, out.size]


def test_no_variation_changes_nothing() -> None:
    samples = bursts([0.5], 0.5, 2.0)
    out, moved = Variation().apply_and_map(samples)
    np.testing.assert_array_equal(out, samples)
    assert moved(np.array([5, 77])).tolist() == [5, 77]


# -- noises and rooms ---------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_every_noise_is_a_finite_sound_of_some_length(kind: str) -> None:
    sizes = set()
    for seed in range(8):
        sound = KINDS[kind](rng(seed))
        assert sound.dtype == np.float32
        assert np.all(np.isfinite(sound))
        assert 0.005 < sound.size / SAMPLE_RATE < 8
        assert np.max(np.abs(sound)) > 1e-4
        sizes.add(sound.size)
    assert len(sizes) > 1


def test_random_noises_have_a_peak_of_one(corpus: Corpus) -> None:
    for seed in range(25):
        assert np.max(np.abs(random_noise(rng(seed), corpus))) == pytest.approx(1, abs=1e-4)


def test_recorded_noises_come_from_the_corpus(corpus: Corpus) -> None:
    assert recorded(rng(), corpus) is not None
    assert recorded(rng(), Corpus.from_arrays({})) is None


def test_a_room_leaves_the_direct_sound_in_its_place() -> None:
    response = impulse_response(rng(), 0.5, 3.0)
    assert response[0] == 1.0
    click = np.zeros(8000, np.float32)
    click[1000] = 1.0
    wet = in_room(click, response)
    assert wet.size == click.size
    assert np.argmax(np.abs(wet)) == 1000
    assert not np.any(np.abs(wet[:1000]) > 1e-4)


def test_a_longer_reverberation_rings_longer() -> None:
    def fall(rt60_s: float) -> float:
        response = impulse_response(rng(), rt60_s, 0.0)
        return float(np.sum(np.square(response[samples_of(0.1) :])))

    assert fall(0.9) > 5 * fall(0.15)


def test_a_voice_off_the_microphone_is_dull() -> None:
    voice = coloured_noise(rng(), samples_of(1.0), 0.0)
    away = off_microphone(rng(), voice)
    spectrum = np.abs(np.fft.rfft(away))
    edge = spectrum.size // 11025 * 6000
    assert np.mean(spectrum[edge:]) < 0.3 * np.mean(spectrum[: spectrum.size // 8])


# -- processing ---------------------------------------------------------------------------------


def test_filters_have_no_delay() -> None:
    click = np.zeros(4000, np.float32)
    click[2000] = 1.0
    for response in (tilt(3.0), band(300, 3400), band(0, 5000, order=16)):
        assert np.argmax(np.abs(shaped(click, response))) == 2000


def test_a_band_passes_its_middle_and_stops_the_rest() -> None:
    response = band(300, 3400, order=8)
    hz = frequencies()
    assert np.all(response[(hz > 500) & (hz < 2500)] > 0.9)
    assert np.all(response[(hz < 150) | (hz > 6000)] < 0.02)


@pytest.mark.parametrize("exponent", [0.0, 1.0, 2.0])
def test_coloured_noise_falls_as_it_should(exponent: float) -> None:
    noise = coloured_noise(rng(), 2**16, exponent)
    assert rms(noise) == pytest.approx(1, abs=0.05)
    power = np.square(np.abs(np.fft.rfft(noise)))
    hz = np.fft.rfftfreq(noise.size, 1 / SAMPLE_RATE)
    low = np.mean(power[(hz > 100) & (hz < 200)])
    high = np.mean(power[(hz > 1600) & (hz < 3200)])
    assert 10 * np.log10(low / high) == pytest.approx(exponent * 10 * np.log10(16), abs=1.5)


def test_the_channel_of_narrow_material_is_narrow_throughout(corpus: Corpus) -> None:
    samples = coloured_noise(rng(), samples_of(2.0), 0.0) * np.float32(0.1)
    out = impair(rng(), samples, corpus, SimulatorSettings.silent(), 8000.0)
    power = np.square(np.abs(np.fft.rfft(out * np.hanning(out.size))))
    hz = np.fft.rfftfreq(out.size, 1 / SAMPLE_RATE)
    assert np.mean(power[hz > 9500]) < 1e-4 * np.mean(power[(hz > 1000) & (hz < 6000)])


@pytest.mark.parametrize("seed", range(12))
def test_codecs_leave_sound_in_its_place(seed: int) -> None:
    samples = bursts([0.3, 0.9, 1.7, 2.2], 0.25, 3.0)
    out = channel._through_codec(rng(seed), samples)
    assert out.size == samples.size
    size = 2 * samples.size
    cross = np.fft.irfft(np.fft.rfft(out, size) * np.conj(np.fft.rfft(samples, size)))
    lag = int(np.argmax(cross))
    assert min(lag, size - lag) <= 2


def test_editors_differ_within_their_range() -> None:
    editors = [EditorStyle.draw(rng(seed)) for seed in range(200)]
    pauses = np.array([editor.pause_s for editor in editors])
    margins = np.array([editor.margin_s for editor in editors])
    assert 0.15 <= pauses.min() < 0.2
    assert 0.9 < pauses.max() <= 1.2
    assert 0.05 <= margins.min() < margins.max() <= 0.5
