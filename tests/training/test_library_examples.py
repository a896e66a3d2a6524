from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from model_core.edit.types import REASONS, Reason
from model_core.nn.kinds import guess_kind
from tests.training.library_pairs import aligned, write_pair, write_stranger
from training.dataset import Cropping, Example, at_frame_rate, make_batch, standardise_style
from training.library import Library, LibraryError
from training.library.examples import example_of, standardised
from training.library.style import FRAME_S, Style, measure_style, pooled, silent_frames
from training.shards import example_of as shard_example
from training.simulator import EditorStyle, SimulatorSettings, simulate_recording

if TYPE_CHECKING:
    from training.corpus import Corpus


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    root = tmp_path_factory.mktemp("library")
    write_pair(root / "training_data", "talk")
    write_stranger(root / "training_data", "odd")
    aligned(root)
    aligned(root, "odd")
    return Library(root)


def blocks(*parts: tuple[float, float]) -> np.ndarray:
    """A spectrogram of stretches: `(seconds, level)`."""
    return np.concatenate(
        [np.full((128, round(seconds / FRAME_S)), level, np.float32) for seconds, level in parts],
        axis=1,
    )


def frames(*seconds: tuple[float, float]) -> np.ndarray:
    return np.round(np.array(seconds) / FRAME_S).astype(np.int64)


def test_a_pair_becomes_an_example_that_can_be_trained_on(library: Library) -> None:
    pair = library.pair("talk")
    example = example_of(pair)
    assert isinstance(example, Example)
    assert example.mel.dtype == np.uint8
    np.testing.assert_allclose(example.mel / 255, pair.mel(), atol=0.5 / 255 + 1e-6)
    played = np.concatenate([np.arange(start, stop) for start, stop in example.runs])
    np.testing.assert_array_equal(played, pair.pointers())
    assert example.style.shape == (3,)
    assert example.style.dtype == np.float32
    gone = np.ones(example.n_frames, bool)
    gone[played] = False
    silence = REASONS.index(Reason.SILENCE)
    assert set(np.unique(example.reason)) <= {-1, silence}
    assert (example.reason[~gone] == -1).all()
    batch = make_batch([example, example], np.random.default_rng(0), Cropping(frames=500))
    assert batch.mel.shape == (2, 128, 500)
    assert bool(batch.mel.isfinite().all())


def test_a_pair_that_is_not_ready_is_no_example(library: Library) -> None:
    with pytest.raises(LibraryError, match="can't be used"):
        example_of(library.pair("odd"))


def test_pauses_and_margins_are_measured() -> None:
    # Talk of 2 s, a pause of 3 s of which 0.5 s stay, talk, and dead air at both ends.
    mel = blocks((1.5, 0.1), (2, 0.8), (3, 0.1), (2, 0.8), (3, 0.1), (2, 0.8), (2, 0.1))
    runs = frames((1.3, 3.8), (6.3, 8.8), (11.3, 13.7))
    style = measure_style(mel, runs)
    decay = 4 * FRAME_S
    assert style.pause_s == pytest.approx(0.5 - 2 * decay, abs=2 * FRAME_S)
    assert style.margin_s == pytest.approx(0.2 - decay, abs=2 * FRAME_S)
    assert style.extension == 1
    assert (style.n_pauses, style.n_margins) == (2, 2)


def test_what_cannot_be_measured_is_not_made_up() -> None:
    mel = blocks((10, 0.8), (0.5, 0.1), (10, 0.7))
    style = measure_style(mel, np.array([[0, mel.shape[1]]]))
    assert (style.pause_s, style.margin_s) == (None, None)
    assert standardised(style)[:2].tolist() == [0, 0]
    assert measure_style(np.zeros((128, 0)), np.empty((0, 2), np.int64)).pause_s is None


def test_loops_are_the_extension() -> None:
    style = measure_style(blocks((10, 0.5)), frames((0, 8), (4, 8), (4, 10)))
    assert style.extension == pytest.approx(1.8, abs=0.01)


def test_short_sounds_do_not_end_a_pause_and_dips_do_not_begin_one() -> None:
    mel = blocks((1, 0.8), (0.5, 0.1), (0.02, 0.8), (0.5, 0.1), (1, 0.8), (0.03, 0.1), (1, 0.8))
    silent = silent_frames(mel)
    (edges,) = np.nonzero(np.diff(silent.astype(int)))
    np.testing.assert_allclose((edges + 1) * FRAME_S, [1, 2.02], atol=2 * FRAME_S)


def test_few_cuts_count_less_and_nothing_is_extreme() -> None:
    one, many = (standardised(Style(1.2, 0.5, 1.0, n, n)) for n in (1, 99))
    full = standardise_style(np.array([1.2, 0.5, 1.0]))
    np.testing.assert_allclose(one[:2], full[:2] / 2, rtol=1e-5)
    np.testing.assert_allclose(many[:2], full[:2] * 0.99, rtol=1e-5)
    assert np.abs(standardised(Style(0.0, 99.0, 50.0, 99, 99))).max() == 2.5


def test_an_editor_is_measured_over_several_recordings(corpus: Corpus) -> None:
    """Simulated editors' true style is known: what is measured goes along with it."""
    pairs = []
    for seed in range(6):
        rng = np.random.default_rng([3, seed])
        pause_s = float(np.geomspace(0.15, 1.2, 6)[seed])
        editor = EditorStyle(pause_s, 0.2)
        settings = SimulatorSettings.silent(long_pauses=0.8, dead_air=1.0)
        examples = [
            at_frame_rate(
                shard_example(simulate_recording(rng, corpus, "speech", editor, settings))
            )
            for _ in range(2)
        ]
        style = pooled([measure_style(example.mel, example.runs) for example in examples])
        assert style.pause_s is not None
        pairs.append((pause_s, style.pause_s))
    true, told = np.log(np.array(pairs)).T
    assert np.corrcoef(true, told)[0, 1] > 0.9
    assert np.abs(told - true).max() < np.log(2)


def test_pooling_weighs_by_cuts() -> None:
    style = pooled([Style(0.2, None, 1.0, 9), Style(0.8, 0.1, 1.5, 1, 2), Style(None, None, 1.0)])
    assert style.pause_s == pytest.approx(0.2 * 4**0.1)
    assert style.margin_s == pytest.approx(0.1)
    assert style.extension == 1.5
    assert pooled([]) == Style(None, None, 1.0)


def test_talk_and_music_are_told_apart() -> None:
    rng = np.random.default_rng(1)
    syllables = np.clip(np.sin(np.arange(4000) / 5) * 0.3 + 0.5, 0, 1)
    steady = 0.6 + 0.01 * rng.standard_normal(4000)
    for level, kind in ((syllables, "speech"), (steady, "music")):
        mel = np.repeat(level[None].astype(np.float32), 128, axis=0)
        assert guess_kind(mel) == kind
        assert guess_kind(np.round(mel * 255).clip(0, 255).astype(np.uint8)) == kind
    assert guess_kind(np.zeros((128, 10), np.float32)) == "speech"
