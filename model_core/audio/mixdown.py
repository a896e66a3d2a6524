"""Edits of recordings with several microphones, mixed down or one microphone at a time.

Both read like a `Renderer`, so that player and exporters take them in its place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from model_core.audio.source import full_scale
from model_core.edit.mix import factors

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from model_core.audio.render import Renderer
    from model_core.audio.source import AudioSource, Samples, Track
    from model_core.edit.mix import Mix


class Rendered(Protocol):
    """What a `Renderer` is to those who only read from it."""

    @property
    def sources(self) -> tuple[AudioSource, ...]:
        """The recordings."""

    @property
    def sample_rate(self) -> int:
        """Samples a second."""

    @property
    def channels(self) -> int:
        """Number of channels."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type that `read` returns."""

    @property
    def bits(self) -> int:
        """Significant bits of a sample."""

    @property
    def length(self) -> int:
        """Length in samples."""

    def read(self, start: int, stop: int) -> Samples:
        """Returns samples `[stop - start, channels]` in `dtype`."""


def mix_channels(tracks: Sequence[Track]) -> int:
    """Returns how many channels the mix of tracks has: 2 if one of them has several."""
    return 2 if any(track.channels > 1 for track in tracks) else 1


def export_channels(source: AudioSource, *, separately: bool) -> int:
    """Returns the most channels that a file has when a recording is exported."""
    if not source.tracks:
        return source.channels
    if separately:
        return max(track.channels for track in source.tracks)
    return mix_channels(source.tracks)


def mix_weights(tracks: Sequence[Track], mix: Mix, n_channels: int) -> npt.NDArray[np.float64]:
    """Returns how loud each channel of a recording is in each channel of the mix.

    Mono tracks are heard on both sides as loud as they are, stereo tracks each side on its own.

    Args:
        tracks: Of the recording.
        mix: How loud each of them is.
        n_channels: Of the mix, 1 or 2.

    Returns:
        Weights `[C, n_channels]`.
    """
    weights = np.zeros((sum(track.channels for track in tracks), n_channels))
    for track, factor in zip(tracks, factors(mix, len(tracks)), strict=True):
        rows = weights[track.columns]
        if track.channels == n_channels == 2:
            rows[:] = factor * np.eye(2)
        else:
            rows[:] = factor / track.channels
    return weights


class MixOf:
    """The tracks of an edit added up. Samples are computed, and may exceed full scale.

    Args:
        renderer: The edit of one recording that has tracks.
        mix: How loud each of them is.

    Attributes:
        sources: The recording.
        sample_rate: Samples a second.
        channels: 1, or 2 if one of the tracks has several channels.
        dtype: float64, full scale at 1.
        bits: Significant bits of the recording's samples.
        length: Length of the edited timeline in samples.
        peak: The loudest sample that was read so far.
    """

    def __init__(self, renderer: Renderer, mix: Mix = ()) -> None:
        self._renderer = renderer
        tracks = renderer.sources[0].tracks
        self.sources = renderer.sources
        self.sample_rate = renderer.sample_rate
        self.channels = mix_channels(tracks)
        self.dtype = np.dtype(np.float64)
        self.bits = renderer.bits
        self.length = renderer.length
        self.peak = 0.0
        self._weights = mix_weights(tracks, mix, self.channels) / full_scale(renderer.dtype)

    def read(self, start: int, stop: int) -> npt.NDArray[np.float64]:
        """Returns samples of shape `[stop - start, channels]`, full scale at 1.

        Raises:
            ValueError: If the range isn't within the timeline.
            AudioReadError: If a file can't be read.
        """
        mixed: npt.NDArray[np.float64] = (
            self._renderer.read(start, stop).astype(np.float64) @ self._weights
        )
        self.peak = max(self.peak, float(np.abs(mixed).max(initial=0.0)))
        return mixed

    def read_float(self, start: int, stop: int) -> npt.NDArray[np.float32]:
        """Returns the same as float32."""
        return self.read(start, stop).astype(np.float32)


class TrackOf:
    """One track of an edit, as it was recorded: its very samples outside the joins.

    Args:
        renderer: The edit of one recording that has tracks.
        index: Which one.

    Attributes:
        sources: The track's file.
        sample_rate: Samples a second.
        channels: Number of its channels.
        dtype: As the renderer's.
        bits: Significant bits of a sample.
        length: Length of the edited timeline in samples, which all tracks share.
    """

    def __init__(self, renderer: Renderer, index: int) -> None:
        self._renderer = renderer
        track = renderer.sources[0].tracks[index]
        self._columns = track.columns
        self.sources: tuple[AudioSource, ...] = (track.file,)
        self.sample_rate = renderer.sample_rate
        self.channels = track.channels
        self.dtype = renderer.dtype
        self.bits = renderer.bits
        self.length = renderer.length

    def read(self, start: int, stop: int) -> Samples:
        """Returns samples of shape `[stop - start, channels]` in `dtype`."""
        return self._renderer.read(start, stop)[:, self._columns]

    def read_float(self, start: int, stop: int) -> npt.NDArray[np.float32]:
        """Returns the same as float32, full scale at 1."""
        return self._renderer.read_float(start, stop)[:, self._columns]
