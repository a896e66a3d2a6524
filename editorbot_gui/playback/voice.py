"""Material from a position on, in the sound device's rate and channels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import soxr

from editorbot_gui.playback.channels import to_device_channels
from editorbot_gui.playback.plan import Material

_BLOCK_S = 0.05


class Voice:
    """Reads material forwards, block after block; at the device's own rate, sample for sample.

    Args:
        material: What is read.
        position: First sample.
        device_rate: In hertz. Material at another rate is resampled as it is read.
        device_channels: 1 or 2.
    """

    def __init__(
        self, material: Material, position: int, device_rate: int, device_channels: int
    ) -> None:
        self._material = material
        self._position = position
        self._device_channels = device_channels
        self._block_samples = max(256, int(_BLOCK_S * material.sample_rate))
        self._resampler = None
        self._resampled = np.zeros((0, device_channels), dtype=np.float32)
        self._drained = False
        if material.sample_rate != device_rate:
            self._resampler = soxr.ResampleStream(
                material.sample_rate, device_rate, device_channels, dtype="float32", quality="HQ"
            )

    def read(self, n_frames: int) -> npt.NDArray[np.float32]:
        """Returns the next frames, `[n, device_channels]`.

        Returns:
            Exactly `n_frames`, or fewer at the end of the material.

        Raises:
            EditorBotError: The recording can't be read any more.
        """
        if self._resampler is None:
            return self._read_source(n_frames)
        while len(self._resampled) < n_frames and not self._drained:
            block = self._read_source(self._block_samples)
            self._drained = self._position >= self._material.length
            more = self._resampler.resample_chunk(block, last=self._drained)
            self._resampled = np.concatenate([self._resampled, more])
        frames, self._resampled = self._resampled[:n_frames], self._resampled[n_frames:]
        return frames

    def _read_source(self, n_samples: int) -> npt.NDArray[np.float32]:
        stop = min(self._position + n_samples, self._material.length)
        if stop <= self._position:
            return np.zeros((0, self._device_channels), dtype=np.float32)
        block = self._material.read_float(self._position, stop)
        self._position = stop
        return to_device_channels(block, self._device_channels)
