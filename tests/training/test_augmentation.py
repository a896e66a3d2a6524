from __future__ import annotations

import itertools

import numpy as np
import pytest

from training.augmentation import Augmentation, augmented, kept_stems, shuffle_chunks, vary_channel
from training.dataset import Cropping, Example, make_batch, visits_of

NEVER = {"noise": 0.0, "masks": 0.0, "gain": 0.0, "channel_dropout": 0.0, "chunk_shuffle": 0.0}


def an_example(n_frames: int = 4321) -> Example:
    """Each frame shows its own number, so that it is known again wherever it goes."""
    numbers = np.arange(n_frames)
    mel = np.stack((numbers % 251, numbers // 251)).astype(np.uint8)
    runs = np.array([[100, 1500], [1700, 3000], [2500, 3200], [10, 900], [4000, 4321]], np.int64)
    reason = np.where(visits_of(runs, n_frames) > 0, -1, numbers % 6).astype(np.int8)
    return Example(mel, runs, reason, np.zeros(3, np.float32), 0)


def only(**chances: float) -> Augmentation:
    return Augmentation(**{**NEVER, **chances})  # type: ignore[arg-type]


def a_mel() -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    return np.full((64, 300), 0.5, np.float32)


def test_the_defaults_are_those_of_the_specification() -> None:
    how = Augmentation()
    assert (how.noise, how.masks, how.gain, how.channel_dropout, how.chunk_shuffle) == (
        0.7, 0.7, 0.7, 0.5, 0.5,
    )  # fmt: skip
    assert (how.noise_level, how.gain_scale) == ((0.05, 0.15), (0.7, 1.3))
    assert (how.n_frequency_masks, how.frequency_mask_width) == (2, 20)
    assert (how.n_time_masks, how.time_mask_width) == (2, 50)
    assert (how.channel_dropout_rate, how.chunk_frames) == (0.1, 1000)


def played(example: Example) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    return np.concatenate([example.mel[:, start:stop] for start, stop in example.runs], axis=1)


def test_pointers_move_with_shuffled_chunks() -> None:
    example = an_example()
    shuffled = shuffle_chunks(example, np.random.default_rng(3), 1000)
    assert not np.array_equal(shuffled.mel, example.mel)
    np.testing.assert_array_equal(played(shuffled), played(example))
    number = shuffled.mel[0].astype(int) + 251 * shuffled.mel[1].astype(int)
    np.testing.assert_array_equal(np.sort(number), np.arange(example.n_frames))
    np.testing.assert_array_equal(shuffled.reason, example.reason[number])
    for one, other in itertools.pairwise(shuffled.runs.tolist()):
        assert one[1] != other[0]
    np.testing.assert_array_equal(example.mel, an_example().mel)


def test_a_recording_of_one_chunk_stays() -> None:
    example = an_example()
    same = shuffle_chunks(example, np.random.default_rng(0), 5000)
    np.testing.assert_array_equal(same.runs, example.runs)
    np.testing.assert_array_equal(same.mel, example.mel)


def test_noise_gain_and_masks_do_what_they_say() -> None:
    rng = np.random.default_rng(0)
    noisy = augmented(a_mel(), rng, only(noise=1.0))
    assert 0.04 < noisy.std() < 0.16
    assert noisy.mean() == pytest.approx(0.5, abs=0.01)
    gains = {round(float(augmented(a_mel(), rng, only(gain=1.0))[0, 0]), 6) for _ in range(200)}
    assert len(gains) > 100
    assert 0.35 <= min(gains) < 0.37
    assert 0.63 < max(gains) <= 0.65
    widths = []
    for _ in range(300):
        masked = augmented(a_mel(), rng, only(masks=1.0)) == 0
        widths.append((masked.all(axis=1).sum(), masked.all(axis=0).sum()))
    bands, frames = np.max(widths, axis=0)
    assert 20 < bands <= 40
    assert 50 < frames <= 100
    np.testing.assert_array_equal(augmented(a_mel(), rng, only()), a_mel())


def test_augmentations_come_as_often_as_asked() -> None:
    rng = np.random.default_rng(1)
    changed = [
        not np.array_equal(augmented(a_mel(), rng, only(gain=0.7)), a_mel()) for _ in range(500)
    ]
    assert 0.63 < np.mean(changed) < 0.77


def test_stems_are_silenced_by_chance() -> None:
    rng = np.random.default_rng(0)
    names = ["drums", "bass", "vocals", "other"]
    assert kept_stems(names, rng, only()) == names
    kept = [len(kept_stems(names, rng, only(channel_dropout=1.0))) for _ in range(1000)]
    assert np.mean(kept) == pytest.approx(3.6, abs=0.1)


def test_short_spectrograms_are_masked_too() -> None:
    tiny = np.full((3, 2), 0.5, np.float32)
    for seed in range(20):
        assert augmented(tiny, np.random.default_rng(seed), only(masks=1.0)).shape == tiny.shape
        assert vary_channel(tiny, np.random.default_rng(seed)).shape == tiny.shape


def test_batches_are_made_with_augmentations() -> None:
    how = Augmentation(chunk_frames=200)
    cropping = Cropping(400, augment=True, augmentation=how)
    batch = make_batch([an_example()] * 3, np.random.default_rng(0), cropping)
    again = make_batch([an_example()] * 3, np.random.default_rng(0), cropping)
    np.testing.assert_array_equal(batch.mel, again.mel)
    np.testing.assert_array_equal(batch.pointers, again.pointers)


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"noise": 2}, "probability"), ({"noise_level": [0.2, 0.1]}, "range"),
        ({"chunk_frames": 0}, "at least 1"), ({"reverb": 1}, "Unknown"),
        ({"noise": "often"}, "sensible"), ({"channel_dropout_rate": -1}, "share"),
    ],
)  # fmt: skip
def test_absurd_settings_are_refused(values: dict[str, object], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        Augmentation.from_dict(values)
    assert Augmentation.from_dict({"gain_scale": [0.5, 2.0]}).gain_scale == (0.5, 2.0)
