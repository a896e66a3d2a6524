from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from model_core.audio.features import mel_from_array
from model_core.edit.types import REASONS
from model_core.errors import CheckpointError
from model_core.nn import cuts
from model_core.nn.cuts import CutListener, load_listener, save_listener
from training.taste import BUNDLED_LISTENER

RATE, HOP = 22050, 256
HABIT = torch.tensor([0.6, 0.78])


def test_long_recordings_are_heard_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    listener = CutListener(16, 32).eval()
    reason = torch.randn(1, 1399, len(REASONS))
    heard = torch.rand(1, 16, 1399), torch.randn(1, 350, 32), torch.randn(1, 1399), reason
    with torch.no_grad():
        whole = listener(*heard, HABIT)
        monkeypatch.setattr(cuts, "_PIECE", 250)
        for one, other in zip(whole, listener(*heard, HABIT), strict=True):
            torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-4)


def test_what_the_network_says_and_the_habit_are_heeded() -> None:
    torch.manual_seed(0)
    listener = CutListener(16, 32).eval()
    mel, tokens = torch.rand(1, 16, 200), torch.randn(1, 50, 32)
    coverage, reason = torch.randn(1, 200), torch.randn(1, 200, len(REASONS))
    with torch.no_grad():
        one = listener(mel, tokens, coverage, reason, HABIT)
        for changed in (
            (mel, -tokens, coverage, reason, HABIT),
            (mel, tokens, coverage + 1, reason, HABIT),
            (mel, tokens, coverage, reason.flip(-1), HABIT),
            (mel, tokens, coverage, reason, HABIT / 2),
        ):
            assert (listener(*changed).habitual - one.habitual).abs().max() > 1e-4


def test_a_listener_comes_back(tmp_path: Path) -> None:
    torch.manual_seed(0)
    listener = CutListener()
    path = tmp_path / "cuts.safetensors"
    save_listener(path, listener, {"updates": "0"})
    for name, value in load_listener(path).state_dict().items():
        torch.testing.assert_close(value, listener.state_dict()[name])


def test_what_is_no_listener_is_refused(tmp_path: Path) -> None:
    foreign, damaged = tmp_path / "foreign.safetensors", tmp_path / "damaged.safetensors"
    save_file({"weight": torch.zeros(2)}, foreign)
    damaged.write_bytes(b"no tensors")
    for path in (foreign, damaged, tmp_path / "none.safetensors"):
        with pytest.raises(CheckpointError, match="hears where to cut"):
            load_listener(path)


def test_the_bundled_one_finds_both_ends_of_pauses() -> None:
    rng = np.random.default_rng(0)
    samples = rng.normal(0, 1e-3, 12 * RATE)
    sounds = ((0.5, 2.5), (4.0, 6.0), (7.0, 9.0), (10.5, 11.5))
    for start, stop in sounds:
        first, last = round(start * RATE), round(stop * RATE)
        samples[first:last] += rng.normal(0, 0.1, last - first)
    mel = torch.from_numpy(mel_from_array(samples.astype(np.float32)))[None]
    n_frames = mel.shape[-1]
    # Of silence the network says that it goes, of sound that it stays.
    reason = torch.zeros(1, n_frames, len(REASONS))
    reason[..., 0] = 4.0
    coverage = torch.full((1, n_frames), -3.0)
    tokens = torch.zeros(1, -(-n_frames // 4), 128)
    for start, stop in sounds:
        coverage[0, round(start * RATE / HOP) : round(stop * RATE / HOP)] = 5.0
    with torch.no_grad():
        pauses = load_listener(BUNDLED_LISTENER)(mel, tokens, coverage, reason, HABIT).pauses[0]
    inside, begins, ends = pauses.unbind(dim=-1)
    for (_, ended), (begun, _) in pairwise(sounds):
        middle = round((ended + begun) / 2 * RATE / HOP)
        assert float(inside[middle]) > 0
        for place_s, track in ((ended, begins), (begun, ends)):
            place = round(place_s * RATE / HOP)
            around = track[place - 40 : place + 40]
            # Words reach some hundredths of a second beyond their level.
            assert abs(int(around.argmax()) - 40) <= 14
