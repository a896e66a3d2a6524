from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from model_core import PointerNetwork
from model_core.nn.card import DecodingSettings
from model_core.nn.config import PointerNetworkConfig
from model_core.nn.evidence import Evidence, compute_evidence
from model_core.nn.search import best_runs, make_scores
from training.dataset import Example, make_batch
from training.losses import LossWeights, compute_losses

SMALL = PointerNetworkConfig(
    n_mels=16,
    d_model=32,
    n_heads=2,
    n_encoder_layers=2,
    n_decoder_layers=1,
    dim_feedforward=64,
    dropout=0.0,
    attn_window_size=64,
    max_delta=8,
    local_block=16,
    key_dim=16,
    global_token_stride=64,
)


@pytest.fixture
def model() -> PointerNetwork:
    torch.manual_seed(0)
    return PointerNetwork(SMALL).eval()


def evidence_of(model: PointerNetwork, mel: torch.Tensor) -> Evidence:
    with torch.inference_mode():
        return compute_evidence(model, model.encode(mel), model.style(torch.zeros(1, 2)))


@pytest.mark.parametrize("n_frames", [1, 2, 3, 5, 63, 64, 65, 1000])
def test_any_length_gives_finite_evidence(model: PointerNetwork, n_frames: int) -> None:
    evidence = evidence_of(model, torch.rand(1, 16, n_frames))
    assert evidence.coverage.shape == evidence.landing.shape == (n_frames,)
    assert evidence.end.shape == evidence.stop.shape == (n_frames + 1,)
    for part in (evidence.coverage, evidence.end, evidence.stop, evidence.landing):
        assert np.isfinite(part).all()
    assert ((evidence.end >= 0) & (evidence.end <= 1)).all()
    assert evidence.end[-1] == pytest.approx(1.0)
    assert ((evidence.landing >= 0) & (evidence.landing <= 1)).all()
    assert len(best_runs(make_scores(evidence, DecodingSettings()))) >= 1


def test_padding_changes_nothing(model: PointerNetwork) -> None:
    mel = torch.rand(1, 16, 203)
    mask = torch.ones(1, 203, dtype=torch.bool)
    style = model.style(torch.zeros(1, 2))
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


def test_steps_in_pieces_equal_the_whole(model: PointerNetwork) -> None:
    encoded = model.encode(torch.rand(1, 16, 300))
    style = model.style(torch.zeros(1, 2))
    whole = model.steps(encoded, style)
    pieces = [model.steps(encoded, style, a, b) for a, b in ((0, 128), (128, 256), (256, 301))]
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
    styles = model.style(torch.tensor([[1.0, 2.0], [-1.0, 0.5]]), torch.tensor([False, False]))
    torch.testing.assert_close(styles[0], styles[1])


@pytest.mark.parametrize("pre_norm", [True, False])
@pytest.mark.parametrize("checkpointing", [True, False])
def test_every_weight_has_a_finite_gradient(pre_norm: bool, checkpointing: bool) -> None:
    torch.manual_seed(0)
    config = PointerNetworkConfig(**{**SMALL.to_dict(), "use_pre_norm": pre_norm})
    model = PointerNetwork(config)
    model.encoder.gradient_checkpointing = checkpointing
    batch = make_batch([an_example()] * 2, np.random.default_rng(0), 400, 0.5, augment=True)
    batch = batch._replace(style_known=torch.tensor([True, False]))
    compute_losses(model, batch, LossWeights(), 0.1).total.backward()
    for name, value in model.named_parameters():
        assert value.grad is not None, name
        assert torch.isfinite(value.grad).all(), name


def an_example() -> Example:
    """400 frames; loud ones stay, quiet ones go: two cuts, a late start and an early end."""
    rng = np.random.default_rng(0)
    runs = np.array([[20, 110], [150, 260], [264, 380]], np.int64)
    mel = rng.integers(0, 60, (16, 400)).astype(np.uint8)
    reason = np.zeros(400, np.int8)
    for start, stop in runs:
        mel[:, start:stop] += 120
        reason[start:stop] = -1
    return Example(mel, runs, reason, np.zeros(2, np.float32), 0)


def test_one_recording_can_be_learned_to_the_frame() -> None:
    torch.manual_seed(1)
    model = PointerNetwork(SMALL)
    example = an_example()
    optimizer = torch.optim.AdamW(model.parameters(), 3e-3)
    rng = np.random.default_rng(0)
    first = None
    for _ in range(150):
        batch = make_batch([example], rng, 400, 0.0, augment=False)
        losses = compute_losses(model, batch, LossWeights(), 0.0)
        optimizer.zero_grad()
        losses.total.backward()
        optimizer.step()
        first = first or float(losses.total.detach())
    assert float(losses.total.detach()) < 0.1 * first
    mel = torch.from_numpy(example.mel[None].astype(np.float32) / 255)
    runs = best_runs(make_scores(evidence_of(model.eval(), mel), DecodingSettings()))
    np.testing.assert_array_equal(runs, example.runs)
