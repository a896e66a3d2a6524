from __future__ import annotations

import pytest
import torch

from model_core.nn.similarity import SelfSimilarity


@pytest.fixture
def layer() -> SelfSimilarity:
    torch.manual_seed(0)
    layer = SelfSimilarity(12, 8, 100).eval()
    torch.nn.init.normal_(layer.out.weight)
    return layer


def ones(n: int) -> torch.Tensor:
    return torch.ones(1, n, dtype=torch.bool)


def naive_strength(layer: SelfSimilarity, x: torch.Tensor, at: int, width: int) -> torch.Tensor:
    """The strength of the best match ahead of one token, by its definition."""
    marks = layer.proj(layer.norm(x[0]))
    marks = torch.nn.functional.normalize(marks - marks.mean(dim=0), dim=-1)
    n = len(marks)
    scores = []
    for lag in range(8, layer.reach + 1):
        if at + lag >= n:
            scores.append(torch.tensor(-4.0))
            continue
        rows = range(max(0, at - width // 2), min(n, at + width // 2 + 1))
        products = [marks[i] @ marks[i + lag] if i + lag < n else torch.tensor(0.0) for i in rows]
        scores.append(torch.stack(products).mean())
    return (12 * torch.stack(scores)).logsumexp(dim=0) / 12


@pytest.mark.parametrize("at", [0, 5, 60, 130])
def test_strength_is_the_best_average_along_a_diagonal(layer: SelfSimilarity, at: int) -> None:
    x = torch.randn(1, 150, 12)
    marks = layer.proj(layer.norm(x))
    marks = torch.nn.functional.normalize(marks - marks.mean(dim=1, keepdim=True), dim=-1)
    features = layer._features(marks, ones(150), 0, 150)
    for index, width in enumerate((7, 23)):
        strength = features[0, at, 2 * index * 9 + 9]
        torch.testing.assert_close(
            strength, naive_strength(layer, x, at, width), atol=1e-4, rtol=1e-4
        )


def test_a_passage_made_again_stands_out(layer: SelfSimilarity) -> None:
    x = torch.randn(1, 200, 12)
    x[:, 100:150] = x[:, 20:70] + 0.3 * torch.randn(1, 50, 12)
    marks = layer.proj(layer.norm(x))
    marks = torch.nn.functional.normalize(marks - marks.mean(dim=1, keepdim=True), dim=-1)
    ahead = layer._features(marks, ones(200), 0, 200)[0, :, 27]
    assert ahead[35:55].min() > ahead[110:180].max()


def test_padding_changes_nothing(layer: SelfSimilarity) -> None:
    x = torch.randn(1, 90, 12)
    padded = torch.nn.functional.pad(x, (0, 0, 0, 40), value=3.0)
    mask = torch.nn.functional.pad(ones(90), (0, 40))
    torch.testing.assert_close(
        layer(padded, mask)[:, :90], layer(x, ones(90)), atol=1e-5, rtol=1e-4
    )


def test_pieces_leave_no_trace(layer: SelfSimilarity, monkeypatch: pytest.MonkeyPatch) -> None:
    x = torch.randn(1, 150, 12)
    whole = layer(x, ones(150))
    monkeypatch.setattr("model_core.nn.similarity._PIECE", 40)
    torch.testing.assert_close(layer(x, ones(150)), whole, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("n", [1, 2, 9, 30])
def test_short_recordings_stay_finite(layer: SelfSimilarity, n: int) -> None:
    x = torch.randn(1, n, 12, requires_grad=True)
    out = layer(x, ones(n))
    out.sum().backward()
    assert torch.isfinite(out).all()
    assert x.grad is not None
    assert torch.isfinite(x.grad).all()
