from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from model_core import PointerNetwork
from model_core.edit.pointers import STOP
from model_core.edit.types import REASONS
from model_core.nn.card import DecodingSettings
from model_core.nn.config import PointerNetworkConfig
from model_core.nn.evidence import Evidence, compute_evidence
from model_core.nn.lattice import best_edit
from model_core.nn.search import make_scores, runs_to_pointers
from tests.nn.small import SMALL, a_network
from training.dataset import Cropping, Example, make_batch, visits_of
from training.losses import LossWeights, compute_losses

CONFIG = PointerNetworkConfig(**SMALL)


@pytest.fixture
def model() -> PointerNetwork:
    torch.manual_seed(0)
    return PointerNetwork(CONFIG).eval()


def evidence_of(model: PointerNetwork, mel: torch.Tensor) -> Evidence:
    with torch.inference_mode():
        return compute_evidence(model, model.encode(mel), model.style(torch.zeros(1, 3)))


@pytest.mark.parametrize("n_frames", [1, 2, 3, 5, 63, 64, 65, 1000])
def test_any_length_gives_finite_evidence(model: PointerNetwork, n_frames: int) -> None:
    evidence = evidence_of(model, torch.rand(1, 16, n_frames))
    assert evidence.coverage.shape == (n_frames, CONFIG.max_visits)
    assert evidence.reason.shape == evidence.landing.shape == (n_frames,)
    assert evidence.end.shape == evidence.stop.shape == (n_frames + 1,)
    for part in (evidence.coverage, evidence.end, evidence.stop, evidence.landing):
        assert np.isfinite(part).all()
    assert ((evidence.end >= 0) & (evidence.end <= 1)).all()
    assert (evidence.stop <= evidence.end + 1e-6).all()
    assert evidence.end[-1] == pytest.approx(1.0)
    assert ((evidence.landing >= 0) & (evidence.landing <= 1)).all()
    assert ((evidence.reason >= 0) & (evidence.reason < len(REASONS))).all()
    back = evidence.backward
    assert len(back.leave) == len(back.land) == len(back.mass)
    assert (np.diff(back.leave) >= 0).all()
    assert ((back.land >= 0) & (back.land < back.leave) & (back.leave <= n_frames)).all()
    assert ((back.mass > 0) & (back.mass <= 1)).all()
    assert len(best_edit(make_scores(evidence, DecodingSettings())).runs) >= 1


def test_padding_changes_nothing(model: PointerNetwork) -> None:
    mel = torch.rand(1, 16, 203)
    mask = torch.ones(1, 203, dtype=torch.bool)
    style = model.style(torch.zeros(1, 3))
    alone = model.encode(mel, mask)
    padded = model.encode(
        F.pad(mel, (0, 150), value=0.7), F.pad(mask, (0, 150)), total=torch.tensor([203])
    )
    torch.testing.assert_close(padded.frame_emb[:, :203], alone.frame_emb, atol=1e-4, rtol=1e-4)
    steps_alone = model.steps(alone, style)
    steps_padded = model.steps(padded, style, 0, 204, lengths=torch.tensor([203]))
    torch.testing.assert_close(
        steps_padded.stop_logits, steps_alone.stop_logits, atol=1e-4, rtol=1e-4
    )
    torch.testing.assert_close(model.length(padded, style), model.length(alone, style))


def test_steps_in_pieces_equal_the_whole(model: PointerNetwork) -> None:
    encoded = model.encode(torch.rand(1, 16, 300))
    style = model.style(torch.zeros(1, 3))
    whole = model.steps(encoded, style)
    for edges in ((0, 128, 256, 301), (0, 1, 70, 200, 301)):
        pieces = [model.steps(encoded, style, *ends) for ends in itertools.pairwise(edges)]
        for name in whole._fields:
            together = torch.cat([getattr(piece, name) for piece in pieces], dim=1)
            torch.testing.assert_close(together, getattr(whole, name), atol=1e-5, rtol=1e-4)


def test_a_long_recording_is_read_in_pieces_without_a_trace(
    model: PointerNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    mel = torch.rand(1, 16, 701)
    whole = model.encode(mel)
    monkeypatch.setattr("model_core.nn.device._CACHED_ROWS", 40)
    with torch.inference_mode():
        in_pieces = model.encode(mel)
    for name in ("frame_emb", "tokens", "global_tokens"):
        torch.testing.assert_close(
            getattr(in_pieces, name), getattr(whole, name), atol=1e-5, rtol=1e-4
        )


def test_global_tokens_are_bounded(model: PointerNetwork) -> None:
    assert model.encode(torch.rand(1, 16, 640)).global_tokens.shape[1] == 10
    assert model.encode(torch.rand(1, 16, 9000)).global_tokens.shape[1] <= 64


def test_unknown_styles_are_all_alike(model: PointerNetwork) -> None:
    quantities = torch.tensor([[1.0, 2.0, 0.0], [-1.0, 0.5, 3.0]])
    styles = model.style(quantities, torch.tensor([False, False]))
    torch.testing.assert_close(styles[0], styles[1])
    assert not torch.allclose(*model.style(quantities))


def test_a_style_turns_every_head() -> None:
    model = a_network()
    encoded = model.encode(torch.rand(1, 16, 50))
    one, other = (model.style(torch.full((1, 3), value)) for value in (-1.0, 1.0))
    for ask in (
        lambda z: model.frame_logits(encoded, z).coverage,
        lambda z: model.frame_logits(encoded, z).reason,
        lambda z: model.length(encoded, z),
        lambda z: model.steps(encoded, z).use_jump_logits,
    ):
        assert not torch.allclose(ask(one), ask(other), atol=1e-4)


def test_a_fresh_network_expects_the_usual_length(model: PointerNetwork) -> None:
    encoded = model.encode(torch.rand(1, 16, 50))
    length = model.length(encoded, model.style(torch.zeros(1, 3)))
    assert length.exp().item() == pytest.approx(CONFIG.compression_ratio)


RUNS = [(10, 55), (75, 125), (85, 125), (129, 190)]
"""A late start, a long cut, frames 85 to 124 played twice, a short cut and an early end."""


def an_example() -> Example:
    """200 frames; loud ones stay, quiet ones go, and what is played twice is bright."""
    rng = np.random.default_rng(0)
    runs = np.array(RUNS, np.int64)
    mel = rng.integers(0, 60, (16, 200)).astype(np.uint8)
    visits = visits_of(runs, 200)
    mel[:, visits > 0] += 120
    mel[12:, visits > 1] += 70
    reason = np.where(visits > 0, -1, 0).astype(np.int8)
    return Example(mel, runs, reason, np.zeros(3, np.float32), 0)


def test_one_recording_can_be_learned_to_the_frame() -> None:
    torch.manual_seed(1)
    model = PointerNetwork(PointerNetworkConfig(**{**SMALL, "max_visits": 2}))
    example = an_example()
    optimizer = torch.optim.AdamW(model.parameters(), 3e-3)
    rng = np.random.default_rng(0)
    totals = []
    for _ in range(120):
        batch = make_batch([example], rng, Cropping(200))
        losses = compute_losses(model, batch, LossWeights(), 0.0)
        optimizer.zero_grad()
        losses.total.backward()
        optimizer.step()
        totals.append(losses.total.item())
    assert min(totals) < 0.05 * totals[0]
    mel = torch.from_numpy(example.mel.astype(np.float32) / 255)
    evidence = evidence_of(model.eval(), mel[None])
    found = best_edit(make_scores(evidence, DecodingSettings()))
    np.testing.assert_array_equal(found.runs, example.runs)
    generated = model.generate(mel, sample_style=False).pointers.numpy()
    np.testing.assert_array_equal(generated, np.append(runs_to_pointers(example.runs), STOP))


@pytest.mark.parametrize("padding", [0.0, 0.9])
def test_padding_within_a_token_changes_nothing(padding: float) -> None:
    model = a_network(2)
    mel = torch.rand(1, 16, 90)
    mask = F.pad(torch.ones(1, 90, dtype=torch.bool), (0, 60))
    with torch.no_grad():
        alone = model.encode(mel)
        padded = model.encode(F.pad(mel, (0, 60), value=padding), mask, total=torch.tensor([90]))
    torch.testing.assert_close(padded.frame_emb[:, :90], alone.frame_emb, atol=1e-4, rtol=1e-4)
