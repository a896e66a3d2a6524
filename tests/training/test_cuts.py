from __future__ import annotations

from dataclasses import fields
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch

from model_core import PointerNetwork
from model_core.nn.config import PointerNetworkConfig
from model_core.nn.cuts import CutListener, load_listener
from model_core.nn.taste import TasteLayer
from tests.nn.small import SMALL, eager
from training.corpus import SAMPLE_RATE, Corpus
from training.cut_lessons import (
    Lesson,
    LessonFiles,
    an_editor,
    at_other_speeds,
    lesson_of,
    record,
    save_lesson,
)
from training.cuts import _shuffled, lessons_of, train, varied
from training.dataset import Cropping
from training.simulator import SimulatorSettings
from training.simulator.types import Phenomenon
from training.taste import Copies

CROPPING = Cropping(60_000)
TALK = SimulatorSettings.silent(long_pauses=1.0)


@pytest.fixture(scope="module")
def plain() -> PointerNetwork:
    torch.manual_seed(0)
    config = PointerNetworkConfig(**{**SMALL, "n_mels": 128, "d_model": 128, "max_delta": 64})
    return eager(PointerNetwork(config).eval(), -4.0, 6.0)


def a_lesson(corpus: Corpus, plain: PointerNetwork, seed: int) -> Lesson:
    recorded = record(np.random.default_rng(seed), corpus, "speech", TALK)
    lesson = lesson_of(recorded, plain, CROPPING)
    assert lesson is not None
    return lesson


def test_a_recording_is_quiet_where_it_pauses(corpus: Corpus) -> None:
    recorded = record(np.random.default_rng(3), corpus, "speech", TALK)
    samples = np.abs(recorded.recording.samples)
    assert recorded.pause.shape == samples.shape
    assert 0.05 < recorded.pause.mean() < 0.95
    assert samples[recorded.pause].mean() < samples[~recorded.pause].mean() / 3


def test_some_editors_keep_noises(corpus: Corpus) -> None:
    settings = SimulatorSettings.silent(noises=1.0, dead_air=0.0)
    heard = set()
    for seed in range(12):
        recorded = record(np.random.default_rng(seed), corpus, "speech", settings)
        whats = {removal.what for removal in recorded.recording.removed}
        if recorded.keeps_noises:
            assert Phenomenon.NOISE not in whats
        heard.add((recorded.keeps_noises, Phenomenon.NOISE in whats))
    assert {(True, False), (False, True)} <= heard


def test_cuts_lie_where_the_habit_has_them(corpus: Corpus, plain: PointerNetwork) -> None:
    off = []
    for seed in range(4):
        lesson = a_lesson(corpus, plain, seed)
        begins = torch.nonzero(lesson.pause[1:] & ~lesson.pause[:-1])[:, 0] + 1
        for at in lesson.told.at[lesson.told.to > 0].tolist():
            before = begins[begins < at]
            if len(before):
                off.append(at - int(before[-1]) - float(lesson.lags[0]))
    assert len(off) >= 4
    # Most of them: where one side of a pause is short, the other makes up for it.
    assert np.mean(np.abs(off) < 1 + 3 * 0.03 * 86) > 0.6


def test_editors_differ() -> None:
    drawn = [an_editor(np.random.default_rng(seed)) for seed in range(30)]
    assert all(editor.extension == 1 for editor in drawn)
    assert len({editor.after_share for editor in drawn}) > 10


def test_voices_at_other_speeds_are_others_of_the_same_words() -> None:
    t = np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE
    tones = {name: [np.sin(2 * np.pi * 400 * t).astype(np.float32)] for name in "abcdef"}
    noise = np.full(500, 0.25, np.float32)
    corpus = Corpus.from_arrays(tones, {"track": noise}, {"hum": noise})
    other = at_other_speeds(corpus, np.random.default_rng(3), 0.2)
    speeds = []
    for clip, same in zip(other.clips, corpus.clips, strict=True):
        samples = other.samples(clip)
        if clip.section != "speech":
            assert clip == same
            np.testing.assert_array_equal(samples, corpus.samples(same))
            continue
        speed = same.seconds / clip.seconds
        assert samples.size / SAMPLE_RATE == pytest.approx(clip.seconds, abs=1e-3)
        heard_hz = np.argmax(np.abs(np.fft.rfft(samples))) * SAMPLE_RATE / samples.size
        assert heard_hz == pytest.approx(400 * speed, rel=0.01)
        assert clip.native_rate_hz == pytest.approx(same.native_rate_hz * speed, abs=1)
        speeds.append(speed)
    assert len(set(speeds)) == 6
    assert all(np.exp(-0.2) <= speed <= np.exp(0.2) for speed in speeds)
    again = at_other_speeds(corpus, np.random.default_rng(3), 0.2)
    assert again.clips == other.clips


def test_training_makes_edits_likelier(
    corpus: Corpus, plain: PointerNetwork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from training import cuts

    monkeypatch.setattr(cuts, "_WARM_UP", 2)
    monkeypatch.setattr(cuts, "_WRITE_EVERY", 5)
    lessons = [a_lesson(corpus, plain, seed) for seed in range(2)]
    layer = TasteLayer(plain.config)
    nats = []
    for updates in (1, 15):
        layer.listener = train(lessons, plain, updates, write=tmp_path / "cuts.safetensors")
        with torch.no_grad():
            told = [
                cuts.loss_of(layer.listener, layer, one, one.told.mel.float() / 255, plain.head)
                for one in lessons
            ]
        nats.append(sum(float(likely) for likely, _ in told) / sum(one.events for one in lessons))
    assert nats[1] < nats[0] - 0.3
    load_listener(tmp_path / "cuts.safetensors")


def test_what_tells_other_voices_best_is_kept(
    corpus: Corpus, plain: PointerNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    from training import cuts

    told = iter([5.0, 3.0, 4.0])
    seen: list[dict[str, torch.Tensor]] = []

    def judge(listener: CutListener, *_: object) -> float:
        seen.append({name: value.clone() for name, value in listener.state_dict().items()})
        return next(told)

    monkeypatch.setattr(cuts, "_WRITE_EVERY", 2)
    monkeypatch.setattr(cuts, "nats_per_event", judge)
    lesson = a_lesson(corpus, plain, 0)
    kept = train([lesson], plain, 5, judged=[lesson])
    assert len(seen) == 3
    assert any(not torch.equal(seen[1][name], seen[2][name]) for name in seen[1])
    for name, value in kept.state_dict().items():
        torch.testing.assert_close(value, seen[1][name], rtol=0, atol=0)


def test_lessons_are_simulated_as_asked_and_once(
    corpus: Corpus, plain: PointerNetwork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from training import cuts

    lessons = lessons_of(corpus, plain, 0.05, 0, TALK, tmp_path / "lessons")
    assert lessons
    assert all(lesson.events for lesson in lessons)
    frames = [len(lesson.pause) for lesson in lessons]
    assert sum(frames) >= 0.05 * 3600 * 86
    assert [lesson.told.mel.shape[-1] for lesson in lessons] == frames
    faster = lessons_of(corpus, plain, 0.02, 0, TALK, tmp_path / "others", spread=0.2)
    assert len(faster[0].pause) != frames[0]
    monkeypatch.setattr(cuts, "record", None)
    again = lessons_of(corpus, plain, 0.05, 0, TALK, tmp_path / "lessons")
    assert [len(lesson.pause) for lesson in again] == frames


def test_a_lesson_is_read_as_it_was_written(
    corpus: Corpus, plain: PointerNetwork, tmp_path: Path
) -> None:
    lesson = a_lesson(corpus, plain, 0)
    save_lesson(tmp_path / "one.safetensors", lesson)
    (read,) = LessonFiles([tmp_path / "one.safetensors"])
    for name in ("pause", "lags", "deviations", "habit"):
        assert torch.equal(getattr(read, name), getattr(lesson, name))
    for field in fields(lesson.told):
        one, other = getattr(lesson.told, field.name), getattr(read.told, field.name)
        if isinstance(one, tuple):
            assert type(one) is type(other)
            assert all(torch.equal(*pair) for pair in zip(one, other, strict=True))
        elif isinstance(one, Copies):
            assert all(
                torch.equal(getattr(one, each.name), getattr(other, each.name))
                for each in fields(Copies)
            )
        else:
            assert torch.equal(one, other)


def test_spectrograms_vary_within_bounds() -> None:
    mel = torch.full((1, 128, 50), 128, dtype=torch.uint8)
    one, other = (varied(mel, torch.Generator().manual_seed(seed)) for seed in (0, 1))
    assert not torch.equal(one, other)
    assert 0 <= float(one.min()) <= float(one.max()) <= 1
    # The same in every frame: nothing moves in time.
    torch.testing.assert_close(one[..., :1].expand_as(one), one)


def test_every_lesson_comes_before_one_comes_again() -> None:
    order = list(islice(_shuffled(5, np.random.default_rng(0)), 15))
    for first in range(0, 15, 5):
        assert sorted(order[first : first + 5]) == list(range(5))


def test_there_must_be_something_to_learn_from(plain: PointerNetwork) -> None:
    with pytest.raises(ValueError, match="nothing to learn"):
        train([], plain, 1)
