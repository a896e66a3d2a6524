from __future__ import annotations

import pytest
import torch

from model_core.nn.similarity import SelfSimilarity


@pytest.fixture
def layer() -> SelfSimilarity:
    torch.manual_seed(0)
    layer = SelfSimilarity(20, 12, stride=2, reach=100).eval()
    torch.nn.init.normal_(layer.out.weight)
    return layer


def ones(n: int) -> torch.Tensor:
    return torch.ones(1, n, dtype=torch.bool)


def features_of(layer: SelfSimilarity, mel: torch.Tensor) -> torch.Tensor:
    real = ones(mel.shape[-1] // 2)[0]
    return layer._features(layer._marks(mel[0], real), real, 0, len(real))


def naive_strength(marks: torch.Tensor, at: int, width: int, reach: int) -> torch.Tensor:
    """The strength of the best match ahead of one token, by its definition."""
    n = len(marks)
    scores = []
    for lag in range(8, reach + 1):
        if at + lag >= n:
            scores.append(torch.tensor(-4.0))
            continue
        rows = range(max(0, at - width // 2), min(n, at + width // 2 + 1))
        products = [marks[i] @ marks[i + lag] if i + lag < n else torch.tensor(0.0) for i in rows]
        scores.append(torch.stack(products).mean())
    return (torch.stack(scores).max() - 0.6) / 0.15


@pytest.mark.parametrize("at", [0, 5, 60, 130])
def test_strength_is_the_best_average_along_a_diagonal(layer: SelfSimilarity, at: int) -> None:
    mel = torch.rand(1, 20, 300)
    marks = layer._marks(mel[0], ones(150)[0])
    for index, width in enumerate((7, 23)):
        strength = features_of(layer, mel)[at, 2 * index * 9 + 9]
        expected = naive_strength(marks, at, width, layer.reach)
        torch.testing.assert_close(strength, expected, atol=1e-4, rtol=1e-4)


def test_a_passage_made_again_stands_out_even_through_another_microphone(
    layer: SelfSimilarity,
) -> None:
    mel = torch.rand(1, 20, 400)
    mel[..., 200:300] = mel[..., 40:140] + 0.1 * torch.randn(1, 20, 100)
    tilted = mel + torch.linspace(0, 2, 20)[:, None]
    for recording in (mel, tilted):
        ahead = features_of(layer, recording)[:, 27]
        assert ahead[35:55].min() > ahead[110:180].max()


def test_padding_changes_nothing(layer: SelfSimilarity) -> None:
    mel = torch.rand(1, 20, 180)
    padded = torch.nn.functional.pad(mel, (0, 80), value=3.0)
    mask = torch.nn.functional.pad(ones(90), (0, 40))
    torch.testing.assert_close(
        layer(padded, mask)[:, :90], layer(mel, ones(90)), atol=1e-5, rtol=1e-4
    )


def test_pieces_leave_no_trace(layer: SelfSimilarity, monkeypatch: pytest.MonkeyPatch) -> None:
    mel = torch.rand(2, 20, 900)
    mask = torch.nn.functional.pad(ones(400), (0, 50)).repeat(2, 1)
    for real in (mask, torch.ones_like(mask)):
        whole = layer(mel, real)
        monkeypatch.setattr("model_core.nn.device._CACHED_ROWS", 40)
        with torch.no_grad():
            torch.testing.assert_close(layer(mel, real), whole, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("n", [1, 2, 9, 30])
def test_short_recordings_stay_finite(layer: SelfSimilarity, n: int) -> None:
    out = layer(torch.zeros(1, 20, 2 * n), ones(n))
    out.sum().backward()
    assert torch.isfinite(out).all()
    assert layer.lags.grad is not None
    assert torch.isfinite(layer.lags.grad).all()
