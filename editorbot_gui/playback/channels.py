"""From a recording's channels to the one or two that are listened to."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_HALF_POWER = 0.5**0.5
_LEFT, _RIGHT, _BOTH = (1.0, 0.0), (0.0, 1.0), (_HALF_POWER, _HALF_POWER)
_LEFT_BACK, _RIGHT_BACK = (_HALF_POWER, 0.0), (0.0, _HALF_POWER)
_LOW = (0.5, 0.5)

# In the order in which WAV and FLAC files store them. Every channel is heard, also the one for
# the subwoofer: in a recording with several microphones it holds a voice.
_STEREO_WEIGHTS: dict[int, tuple[tuple[float, float], ...]] = {
    3: (_LEFT, _RIGHT, _BOTH),
    4: (_LEFT, _RIGHT, _LEFT_BACK, _RIGHT_BACK),
    5: (_LEFT, _RIGHT, _BOTH, _LEFT_BACK, _RIGHT_BACK),
    6: (_LEFT, _RIGHT, _BOTH, _LOW, _LEFT_BACK, _RIGHT_BACK),
    7: (_LEFT, _RIGHT, _BOTH, _LOW, _BOTH, _LEFT_BACK, _RIGHT_BACK),
    8: (_LEFT, _RIGHT, _BOTH, _LOW, _LEFT_BACK, _RIGHT_BACK, _LEFT_BACK, _RIGHT_BACK),
}


def channel_weights(channels: int, device_channels: int) -> npt.NDArray[np.float32]:
    """Returns how loud each channel is heard on each of the device's.

    Args:
        channels: Of the recording, at least 1.
        device_channels: 1 or 2.

    Returns:
        Weights `[channels, device_channels]`. No column adds up to more than 1, so that nothing
        that didn't clip clips by being folded.
    """
    if channels == 1:
        return np.ones((1, device_channels), dtype=np.float32)
    if channels == 2:
        stereo = np.eye(2)
    elif channels in _STEREO_WEIGHTS:
        stereo = np.array(_STEREO_WEIGHTS[channels])
    else:
        stereo = np.full((channels, 2), _HALF_POWER)
    weights = stereo if device_channels == 2 else stereo.sum(axis=1, keepdims=True)
    return np.asarray(weights / max(1.0, float(weights.sum(axis=0).max())), dtype=np.float32)


def to_device_channels(
    block: npt.NDArray[np.float32], device_channels: int
) -> npt.NDArray[np.float32]:
    """Returns a block `[n, channels]` as `[n, device_channels]`; the same samples where it can."""
    channels = block.shape[1]
    if channels == device_channels:
        return block
    if channels == 1:
        return np.repeat(block, device_channels, axis=1)
    return block @ channel_weights(channels, device_channels)


def fold_notice(channels: int, device_channels: int) -> str:
    """Returns the sentence to say when channels are folded together; empty when none are."""
    if channels <= device_channels:
        return ""
    heard_as = "stereo" if device_channels == 2 else "mono"
    recorded = "stereo" if channels == 2 else f"{channels}-channel"
    return f"This {recorded} recording is heard in {heard_as} here; exports keep every channel."
