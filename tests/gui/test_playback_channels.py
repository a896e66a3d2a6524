from __future__ import annotations

import numpy as np
import pytest

from editorbot_gui.playback.channels import channel_weights, fold_notice, to_device_channels


@pytest.mark.parametrize("channels", range(1, 12))
@pytest.mark.parametrize("device_channels", [1, 2])
def test_every_channel_is_heard_and_nothing_clips(channels: int, device_channels: int) -> None:
    weights = channel_weights(channels, device_channels)
    assert weights.shape == (channels, device_channels)
    assert (weights.sum(axis=1) > 0.5 / channels).all()
    assert (weights.sum(axis=0) <= 1.0 + 1e-6).all()
    loud = np.ones((3, channels), dtype=np.float32)
    heard = to_device_channels(loud, device_channels)
    assert heard.shape == (3, device_channels)
    assert heard.dtype == np.float32
    assert np.abs(heard).max() <= 1.0 + 1e-6


@pytest.mark.parametrize("channels", range(2, 9))
def test_left_and_right_are_told_alike(channels: int) -> None:
    weights = channel_weights(channels, 2)
    assert weights[:, 0].sum() == pytest.approx(weights[:, 1].sum())


def test_mono_and_stereo_keep_their_samples() -> None:
    stereo = np.random.default_rng(1).normal(size=(50, 2)).astype(np.float32)
    assert to_device_channels(stereo, 2) is stereo
    mono = stereo[:, :1]
    np.testing.assert_array_equal(to_device_channels(mono, 2), np.repeat(mono, 2, axis=1))
    assert to_device_channels(mono, 1) is mono
    np.testing.assert_allclose(to_device_channels(stereo, 1)[:, 0], stereo.mean(axis=1), rtol=1e-5)


def test_folding_is_said() -> None:
    assert fold_notice(1, 2) == fold_notice(2, 2) == fold_notice(1, 1) == ""
    assert "6-channel recording is heard in stereo" in fold_notice(6, 2)
    assert "stereo recording is heard in mono" in fold_notice(2, 1)
