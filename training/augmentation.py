"""Variation of what the network is shown, so that it learns what matters."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from training.dataset import Example

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]

_COUNTS = (
    "n_frequency_masks", "frequency_mask_width", "n_time_masks", "time_mask_width", "chunk_frames",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How often each augmentation is applied, and how strongly; spectrograms lie in [0, 1].

    Attributes:
        noise: Probability of adding Gaussian noise of a deviation within `noise_level`.
        masks: Probability of SpecAugment: bands and stretches of time set to 0 (Park et al., 2019).
        gain: Probability of scaling everything by a factor within `gain_scale`.
        channel_dropout: Probability of silencing stems, each with `channel_dropout_rate`.
        chunk_shuffle: Probability of shuffling the recording's chunks; pointers move along.
        noise_level: Lowest and highest deviation.
        n_frequency_masks: Bands masked.
        frequency_mask_width: Most mel bands in each.
        n_time_masks: Stretches masked.
        time_mask_width: Most frames in each.
        gain_scale: Lowest and highest factor.
        channel_dropout_rate: Share of stems that is silenced.
        chunk_frames: Length of a chunk.
    """

    noise: float = 0.7
    masks: float = 0.7
    gain: float = 0.7
    channel_dropout: float = 0.5
    chunk_shuffle: float = 0.5
    noise_level: tuple[float, float] = (0.05, 0.15)
    n_frequency_masks: int = 2
    frequency_mask_width: int = 20
    n_time_masks: int = 2
    time_mask_width: int = 50
    gain_scale: tuple[float, float] = (0.7, 1.3)
    channel_dropout_rate: float = 0.1
    chunk_frames: int = 1000

    def __post_init__(self) -> None:
        for name in ("noise", "masks", "gain", "channel_dropout", "chunk_shuffle"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is a probability, not {getattr(self, name)}.")
        if not 0 <= self.channel_dropout_rate <= 1:
            raise ValueError(f"channel_dropout_rate is a share, not {self.channel_dropout_rate}.")
        for name in ("noise_level", "gain_scale"):
            low, high = getattr(self, name)
            if not 0 <= low <= high < math.inf:
                raise ValueError(f"{name} is a range from low to high, not {low} to {high}.")
        for name in _COUNTS:
            least, value = int(not name.startswith("n_")), getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise ValueError(f"{name} is a whole number of at least {least}, not {value!r}.")

    @classmethod
    def from_dict(cls, values: dict[str, object]) -> Augmentation:
        """Returns what a configuration file describes.

        Raises:
            ValueError: An entry is unknown or has no sensible value.
        """
        unknown = set(values) - {entry.name for entry in fields(cls)}
        if unknown:
            raise ValueError(f"Unknown augmentations: {', '.join(sorted(unknown))}.")
        ranges = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in values.items()
        }
        try:
            return cls(**ranges)  # type: ignore[arg-type] # checked as it is made
        except TypeError as error:
            raise ValueError(f"An augmentation has no sensible value: {error}.") from error


def augmented(mel: FloatArray, rng: np.random.Generator, how: Augmentation) -> FloatArray:
    """Returns a spectrogram with noise, masks and another gain, each by chance.

    Args:
        mel: Of shape `[n_mels, T]` in [0, 1]; left as it is.
        rng: Source of every choice.
        how: What is done how often.
    """
    varied = mel.copy()
    if rng.random() < how.noise:
        varied += rng.normal(0, rng.uniform(*how.noise_level), mel.shape).astype(np.float32)
    if rng.random() < how.gain:
        varied *= np.float32(rng.uniform(*how.gain_scale))
    varied = varied.clip(0, 1)
    if rng.random() < how.masks:
        for _ in range(how.n_frequency_masks):
            low, high = _mask(mel.shape[0], how.frequency_mask_width, rng)
            varied[low:high] = 0
        for _ in range(how.n_time_masks):
            low, high = _mask(mel.shape[1], how.time_mask_width, rng)
            varied[:, low:high] = 0
    return varied


def _mask(length: int, width: int, rng: np.random.Generator) -> tuple[int, int]:
    wide = int(rng.integers(0, min(width, length) + 1))
    low = int(rng.integers(0, length - wide + 1))
    return low, low + wide


def kept_stems(names: list[str], rng: np.random.Generator, how: Augmentation) -> list[str]:
    """Returns the stems that aren't silenced."""
    if rng.random() >= how.channel_dropout:
        return names
    return [name for name in names if rng.random() >= how.channel_dropout_rate]


def shuffle_chunks(example: Example, rng: np.random.Generator, chunk_frames: int) -> Example:
    """Shuffles the chunks of a recording; the edit plays the same sound from its new places.

    Args:
        example: The recording with its edit.
        rng: Source of the order.
        chunk_frames: Length of a chunk; the last one may be shorter.
    """
    starts = np.arange(0, example.n_frames, chunk_frames)
    stops = np.minimum(starts + chunk_frames, example.n_frames)
    order = rng.permutation(len(starts))
    places = np.concatenate([np.arange(starts[i], stops[i]) for i in order])
    moved = np.empty_like(starts)
    moved[order] = np.concatenate(([0], np.cumsum((stops - starts)[order])[:-1]))
    runs: list[tuple[int, int]] = []
    for start, stop in example.runs.tolist():
        for chunk in range(start // chunk_frames, (stop - 1) // chunk_frames + 1):
            low, high = max(start, int(starts[chunk])), min(stop, int(stops[chunk]))
            shift = int(moved[chunk] - starts[chunk])
            if runs and runs[-1][1] == low + shift:
                runs[-1] = (runs[-1][0], high + shift)
            else:
                runs.append((low + shift, high + shift))
    return replace(
        example,
        mel=example.mel[:, places],
        runs=np.array(runs, np.int64).reshape(-1, 2),
        reason=example.reason[places],
        stems={name: stem[:, places] for name, stem in example.stems.items()},
        # Where chunks were torn apart there are new jumps.
        ops=None,
    )


def vary_channel(mel: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Tilts the spectrum, lifts the floor and adds a little noise, within the units of [0, 1].

    The recording's maximum is the top of the scale, so one loud knock shifts all the rest: a
    random shift (up to 12 dB of the 80) teaches not to rely on absolute values.
    """
    n_mels = mel.shape[0]
    bands = np.linspace(-1, 1, n_mels, dtype=np.float32)[:, None]
    tilt = rng.normal(0, 0.03) * bands + rng.normal(0, 0.02) * np.cos(
        np.pi * bands * rng.uniform(0.5, 2) + rng.uniform(0, 6.28)
    )
    varied = mel + tilt - rng.choice([0.0, rng.uniform(0, 0.15)])
    if rng.random() < 0.5:
        varied = varied + rng.normal(0, rng.uniform(0, 0.03), mel.shape)
    if rng.random() < 0.3:
        width = int(rng.integers(1, max(2, n_mels // 6)))
        low = int(rng.integers(0, n_mels - width))
        varied[low : low + width] = 0
    clipped: FloatArray = varied.clip(0, 1).astype(np.float32)
    return clipped
