from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
import torch

from model_core import PointerNetwork
from model_core.edit.pointers import STOP
from model_core.nn.card import DecodingSettings
from model_core.nn.evidence import compute_evidence
from model_core.nn.lattice import best_edit
from model_core.nn.search import best_runs, make_scores, runs_to_pointers
from tests.nn.small import a_network, eager

IntArray = npt.NDArray[np.int64]


@pytest.fixture(scope="module")
def model() -> PointerNetwork:
    return eager(a_network(1), leave=-4.0, copy=7.0)


def a_mel(n_frames: int, n_mels: int = 16, seed: int = 0) -> torch.Tensor:
    return torch.rand(n_mels, n_frames, generator=torch.Generator().manual_seed(seed))


def played(pointers: torch.Tensor, n_frames: int, max_visits: int = 3) -> IntArray:
    """Returns the frames that are played, once it is sure that they make a valid edit."""
    assert pointers.dtype == torch.int64
    assert pointers.dim() == 1
    values: IntArray = pointers.numpy()
    assert values[-1] == STOP
    frames = values[:-1]
    assert ((frames >= 0) & (frames < n_frames)).all()
    if frames.size:
        assert np.bincount(frames, minlength=n_frames).max() <= max_visits
    return frames


@pytest.mark.parametrize(
    ("stepwise", "n_frames"),
    [*((False, n) for n in (1, 2, 3, 64, 1000)), *((True, n) for n in (1, 2, 3, 64, 250))],
)
@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_recordings_of_any_length_give_valid_edits(
    model: PointerNetwork, n_frames: int, temperature: float, stepwise: bool
) -> None:
    for seed in range(2):
        generated = model.generate(
            a_mel(n_frames), temperature=temperature, seed=seed, stepwise=stepwise
        )
        frames = played(generated.pointers, n_frames, max_visits=20 if stepwise else 3)
        assert len(frames) > 0 or stepwise
        assert generated.style.shape == (model.config.style_dim,)
        assert 1 <= generated.expected_length <= 10 * n_frames


def test_one_recording_may_come_as_a_batch_of_one(model: PointerNetwork) -> None:
    mel = a_mel(80)
    one, other = model.generate(mel), model.generate(mel[None])
    assert torch.equal(one.pointers, other.pointers)


@pytest.mark.parametrize("shape", [(16,), (16, 0), (1, 16, 0), (2, 16, 50), (1, 1, 16, 50), ()])
def test_anything_but_one_spectrogram_is_refused(
    model: PointerNetwork, shape: tuple[int, ...]
) -> None:
    with pytest.raises(ValueError, match="spectrogram"):
        model.generate(torch.zeros(shape))


@pytest.mark.parametrize("stepwise", [False, True])
def test_seeds_repeat(model: PointerNetwork, stepwise: bool) -> None:
    mel = a_mel(200)

    def drawn(seed: int) -> list[int]:
        return model.generate(mel, temperature=1.0, seed=seed, stepwise=stepwise).pointers.tolist()

    assert drawn(3) == drawn(3)
    assert len({str(drawn(seed)) for seed in range(4)}) > 1


@pytest.mark.parametrize("vae", [False, True])
def test_styles_are_drawn_or_the_mean_editors(vae: bool) -> None:
    model = a_network(use_style_vae=vae)
    mel = a_mel(60)
    mean = [model.generate(mel, sample_style=False, seed=seed).style for seed in (0, 1)]
    torch.testing.assert_close(mean[0], mean[1])
    torch.testing.assert_close(mean[0], model.style(torch.zeros(1, 3))[0])
    drawn = [model.generate(mel, seed=seed).style for seed in (0, 0, 1)]
    torch.testing.assert_close(drawn[0], drawn[1])
    assert not torch.allclose(drawn[0], drawn[2], atol=1e-3)
    assert not torch.allclose(drawn[0], mean[0], atol=1e-3)


def test_at_temperature_zero_it_is_the_best_edit(model: PointerNetwork) -> None:
    mel = a_mel(500)
    generated = model.generate(mel, sample_style=False)
    encoded = model.encode(mel[None])
    evidence = compute_evidence(model, encoded, model.style(torch.zeros(1, 3)))
    best = best_edit(make_scores(evidence, DecodingSettings())).runs
    frames = played(generated.pointers, 500)
    np.testing.assert_array_equal(frames, runs_to_pointers(best))
    length = model.length(encoded, model.style(torch.zeros(1, 3))).item()
    assert generated.expected_length == round(500 * math.exp(length))


def cuts_anywhere() -> PointerNetwork:
    """A network that would cut here and there, and loves some frames more than others."""
    model = eager(a_network(3, max_visits=2), leave=-3.0, copy=4.0)
    with torch.no_grad():
        model.coverage_head.out.weight *= 20
        model.coverage_head.out.bias[1] = -30.0
    return model


@pytest.mark.parametrize("share", [0.5, 0.7, 0.9])
def test_a_target_length_is_met_by_the_search(share: float) -> None:
    target = round(share * 2000)
    generated = cuts_anywhere().generate(a_mel(2000), target, sample_style=False)
    frames = played(generated.pointers, 2000)
    assert len(frames) == pytest.approx(target, rel=0.03)


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_steps_never_play_more_than_the_target_length(
    model: PointerNetwork, temperature: float
) -> None:
    generated = model.generate(a_mel(300), 120, temperature=temperature, stepwise=True)
    assert len(played(generated.pointers, 300, max_visits=20)) <= 120


def test_a_low_stop_threshold_lets_edits_end_earlier() -> None:
    model = eager(a_network(5), copy=7.0)
    with torch.no_grad():
        model.head.stop_proj.bias.fill_(-4.0)
        model.head.use_jump_proj.bias.fill_(-4.0)
    mel = a_mel(150)

    def length(threshold: float) -> int:
        generated = model.generate(mel, sample_style=False, stop_threshold=threshold, stepwise=True)
        return len(played(generated.pointers, 150, max_visits=20))

    assert length(0.01) < length(0.999)


def test_three_hours_are_searched_at_once() -> None:
    """A tiny network, since it is about sizes: 930,000 frames, and cuts in a few places."""
    n_frames = 930_000
    model = eager(
        a_network(
            n_mels=8, d_model=8, n_encoder_layers=1, dim_feedforward=8, match_reach=16,
            key_dim=4, attn_window_size=32, max_visits=2,
        ),
        leave=-11.0,
        copy=12.0,
    )  # fmt: skip
    with torch.inference_mode():
        model.head.use_jump_proj.weight *= 4
        encoded = model.encode(a_mel(n_frames, 8)[None])
        assert encoded.frame_emb.shape == (1, n_frames, 8)
        assert encoded.global_tokens.shape[1] <= 64
        evidence = compute_evidence(model, encoded, model.style(torch.zeros(1, 3)))
        for part in (evidence.coverage, evidence.end, evidence.landing):
            assert np.isfinite(part).all()
        runs = best_runs(make_scores(evidence, model.card.decoding))
    assert len(runs) >= 1
    assert (runs[:, 0] < runs[:, 1]).all()
    assert runs.min() >= 0
    assert runs.max() <= n_frames
