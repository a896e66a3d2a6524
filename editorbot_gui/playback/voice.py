"""Material from a position on, along a course, in the sound device's rate and channels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import soxr

from editorbot_gui.playback.channels import to_device_channels
from editorbot_gui.playback.plan import STRAIGHT_ON, Course, Material
from editorbot_gui.playback.tempo import TempoStretch

_BLOCK_S = 0.05

PITCH_KEPT_UP_TO = 2
"""So much faster forwards, the pitch stays. Beyond it, and backwards, it rises with the speed."""


class Voice:
    """Reads material along a course, block after block.

    Forwards at the device's own rate and the material's own speed the samples are the material's
    own, but for the crossfade where a loop begins again.

    Args:
        material: What is read.
        position: First sample.
        device_rate: In hertz. Material at another rate is resampled as it is read.
        device_channels: 1 or 2.
        course: How the place moves on.
        gain: What the samples are multiplied by.
        ramp_s: Length of the crossfade from a loop's end to its start, in seconds.
    """

    def __init__(
        self,
        material: Material,
        position: int,
        device_rate: int,
        device_channels: int,
        course: Course = STRAIGHT_ON,
        gain: float = 1.0,
        ramp_s: float = 0.0,
    ) -> None:
        self._material = material
        self._position = position
        self._device_channels = device_channels
        self._gain = np.float32(gain)
        self._speed = course.speed
        self._end = course.rest_position(material.length)
        loop = course.within(material.length).loop
        self._loop = loop if loop is not None and position < loop[1] else None
        self._ramp_samples = round(ramp_s * material.sample_rate)
        self._fading = np.zeros((0, material.channels), dtype=np.float32)
        self._fade_gain: npt.NDArray[np.float32] = np.zeros((0, 1), dtype=np.float32)

        keeps_pitch = 1 < course.speed <= PITCH_KEPT_UP_TO
        speed = 1 if keeps_pitch else abs(course.speed)
        self._block_samples = max(256, int(_BLOCK_S * material.sample_rate)) * speed
        self._resampler = None
        if material.sample_rate * speed != device_rate:
            self._resampler = soxr.ResampleStream(
                material.sample_rate * speed,
                device_rate,
                device_channels,
                dtype="float32",
                quality="HQ",
            )
        self._stretch = None
        if keeps_pitch:
            self._stretch = TempoStretch(device_rate, device_channels, course.speed)
        self._ready = np.zeros((0, device_channels), dtype=np.float32)
        self._drained = False

    def read(self, n_frames: int) -> npt.NDArray[np.float32]:
        """Returns the next frames, `[n, device_channels]`.

        Returns:
            Exactly `n_frames`, or fewer at the end of the course.

        Raises:
            EditorBotError: The recording can't be read any more.
        """
        if self._resampler is None and self._stretch is None:
            return self._read_source(n_frames)
        while len(self._ready) < n_frames and not self._drained:
            block = self._read_source(self._block_samples)
            self._drained = self._at_end
            if self._resampler is not None:
                block = self._resampler.resample_chunk(block, last=self._drained)
            if self._stretch is not None:
                block = self._stretch.process(block, last=self._drained)
            self._ready = np.concatenate([self._ready, block])
        frames, self._ready = self._ready[:n_frames], self._ready[n_frames:]
        return frames

    @property
    def _at_end(self) -> bool:
        if self._speed < 0:
            return self._position <= 0
        return self._loop is None and self._position >= self._end

    def _read_source(self, n_samples: int) -> npt.NDArray[np.float32]:
        """Returns the next samples along the course, `[n, device_channels]`, gain applied."""
        if self._speed < 0:
            block = self._read_backwards(n_samples)
        elif self._loop is None:
            block = self._read_on(n_samples, self._end)
        else:
            block = self._read_around(n_samples, self._loop)
        heard = to_device_channels(block, self._device_channels)
        return heard if self._gain == 1 else heard * self._gain

    def _read_on(self, n_samples: int, end: int) -> npt.NDArray[np.float32]:
        stop = min(self._position + n_samples, end)
        if stop <= self._position:
            return np.zeros((0, self._material.channels), dtype=np.float32)
        block = self._material.read_float(self._position, stop)
        self._position = stop
        return block

    def _read_backwards(self, n_samples: int) -> npt.NDArray[np.float32]:
        start = max(0, self._position - n_samples)
        block = self._material.read_float(start, self._position)[::-1]
        self._position = start
        return block

    def _read_around(self, n_samples: int, loop: tuple[int, int]) -> npt.NDArray[np.float32]:
        start, stop = loop
        pieces = []
        while n_samples > 0:
            if self._position == stop:
                self._position = start
                self._begin_fade(start, stop)
            piece = self._read_on(n_samples, stop)
            pieces.append(self._faded(piece))
            n_samples -= len(piece)
        return np.concatenate(pieces)

    def _begin_fade(self, start: int, stop: int) -> None:
        """Takes what would follow the loop's end, to be faded out over its start."""
        n_samples = min(self._ramp_samples, (stop - start) // 2)
        beyond = self._material.read_float(stop, min(stop + n_samples, self._material.length))
        self._fading = np.zeros((n_samples, self._material.channels), dtype=np.float32)
        self._fading[: len(beyond)] = beyond
        steps = np.arange(1, n_samples + 1, dtype=np.float32)
        self._fade_gain = (steps / np.float32(n_samples + 1))[:, None]

    def _faded(self, piece: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        n_samples = min(len(piece), len(self._fading))
        if n_samples == 0:
            return piece
        gain, fading = self._fade_gain[:n_samples], self._fading[:n_samples]
        faded = piece.copy()
        faded[:n_samples] = piece[:n_samples] * gain + fading * (1.0 - gain)
        self._fade_gain, self._fading = self._fade_gain[n_samples:], self._fading[n_samples:]
        return faded
