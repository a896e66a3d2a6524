from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from model_core.audio.features import mel_from_array
from model_core.errors import CheckpointError
from model_core.nn import pauses
from model_core.nn.pauses import PauseListener, load_listener, save_listener
from training.taste import BUNDLED_LISTENER

RATE, HOP = 22050, 256


def test_long_recordings_are_heard_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    listener = PauseListener(16).eval()
    mel = torch.rand(1, 16, 700)
    with torch.no_grad():
        whole = listener(mel)
        monkeypatch.setattr(pauses, "_PIECE", 150)
        for one, other in zip(whole, listener(mel), strict=True):
            torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-4)


def test_a_listener_comes_back(tmp_path: Path) -> None:
    torch.manual_seed(0)
    listener = PauseListener()
    path = tmp_path / "pauses.safetensors"
    save_listener(path, listener, {"updates": "0"})
    for name, value in load_listener(path).state_dict().items():
        torch.testing.assert_close(value, listener.state_dict()[name])


def test_what_is_no_listener_is_refused(tmp_path: Path) -> None:
    foreign, damaged = tmp_path / "foreign.safetensors", tmp_path / "damaged.safetensors"
    save_file({"weight": torch.zeros(2)}, foreign)
    damaged.write_bytes(b"no tensors")
    for path in (foreign, damaged, tmp_path / "none.safetensors"):
        with pytest.raises(CheckpointError, match="finds pauses"):
            load_listener(path)


def test_the_bundled_one_finds_both_ends_of_pauses() -> None:
    rng = np.random.default_rng(0)
    samples = rng.normal(0, 1e-3, 12 * RATE)
    sounds = ((0.5, 2.5), (4.0, 6.0), (7.0, 9.0), (10.5, 11.5))
    for start, stop in sounds:
        first, last = round(start * RATE), round(stop * RATE)
        samples[first:last] += rng.normal(0, 0.1, last - first)
    mel = torch.from_numpy(mel_from_array(samples.astype(np.float32)))[None]
    with torch.no_grad():
        heard = load_listener(BUNDLED_LISTENER)(mel)
    for (_, ended), (begins, _) in pairwise(sounds):
        middle = round((ended + begins) / 2 * RATE / HOP)
        assert float(heard.inside[0, middle]) > 0
        for place_s, track in ((ended, heard.begins), (begins, heard.ends)):
            place = round(place_s * RATE / HOP)
            around = track[0, place - 40 : place + 40]
            # Words reach some hundredths of a second beyond their level.
            assert abs(int(around.argmax()) - 40) <= 14
