from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from model_core.nn.attention import (
    CELL,
    LinearAttention,
    LocalAttention,
    PositionAwareWindowedAttention,
    linear_attention_reference,
)


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def ones(*shape: int) -> torch.Tensor:
    return torch.ones(*shape, dtype=torch.bool)


def test_linear_attention_equals_the_quadratic_reference() -> None:
    layer = LinearAttention(8, 2).eval()
    x = torch.randn(1, 37, 8)
    q, k, v = layer.qkv(x).view(37, 3, 2, 4).unbind(1)
    heads = [linear_attention_reference(q[:, h], k[:, h], v[:, h]) for h in range(2)]
    expected = layer.out(torch.cat(heads, dim=-1))
    torch.testing.assert_close(layer(x, ones(1, 37))[0], expected, atol=1e-5, rtol=1e-4)


def test_linear_attention_has_the_gradients_of_the_reference() -> None:
    layer = LinearAttention(4, 1)
    x = torch.randn(1, 11, 4, requires_grad=True)
    (fast,) = torch.autograd.grad(layer(x, ones(1, 11)).square().sum(), x)
    q, k, v = layer.qkv(x)[0].chunk(3, dim=-1)
    slow_out = layer.out(linear_attention_reference(q, k, v))
    (slow,) = torch.autograd.grad(slow_out.square().sum(), x)
    torch.testing.assert_close(fast, slow, atol=1e-5, rtol=1e-4)


def naive_local(layer: LocalAttention, x: torch.Tensor) -> torch.Tensor:
    """One query at a time, with rotary positions taken from the places in the recording."""
    q, k, v = layer.qkv(x[0]).chunk(3, dim=-1)
    n, width = q.shape
    size = width // layer.n_heads
    half = size // 2
    frequencies = 10000.0 ** (-torch.arange(half) / half)

    def rotated(vector: torch.Tensor, place: int) -> torch.Tensor:
        cos, sin = (place * frequencies).cos(), (place * frequencies).sin()
        a, b = vector[:half], vector[half:]
        return torch.cat((a * cos - b * sin, a * sin + b * cos))

    rows = []
    for i in range(n):
        block = i // layer.block
        seen = range(max(0, (block - 1) * layer.block), min(n, (block + 2) * layer.block))
        heads = []
        for h in range(layer.n_heads):
            part = slice(h * size, (h + 1) * size)
            products = [rotated(q[i, part], i) @ rotated(k[j, part], j) for j in seen]
            weights = (torch.stack(products) / size**0.5).softmax(dim=0)
            heads.append(weights @ v[list(seen), part])
        rows.append(torch.cat(heads))
    return layer.out(torch.stack(rows))


@pytest.mark.parametrize("length", [1, 7, 8, 29])
def test_local_attention_equals_a_naive_loop(length: int) -> None:
    layer = LocalAttention(16, 2, block=8, dropout=0.0).eval()
    x = torch.randn(1, length, 16)
    torch.testing.assert_close(
        layer(x, ones(1, length))[0], naive_local(layer, x), atol=1e-5, rtol=1e-4
    )


def test_local_attention_sees_its_block_and_both_beside_and_nothing_else() -> None:
    layer = LocalAttention(8, 2, block=4, dropout=0.0)
    x = torch.randn(1, 24, 8, requires_grad=True)
    (gradient,) = torch.autograd.grad(layer(x, ones(1, 24))[0, 9].sum(), x)
    reached = gradient[0].abs().sum(dim=-1) > 0
    assert reached.nonzero().flatten().tolist() == list(range(4, 16))


@pytest.mark.parametrize(
    "layer", [LinearAttention(8, 2), LocalAttention(8, 2, block=4, dropout=0.0)]
)
def test_padding_changes_nothing(layer: torch.nn.Module) -> None:
    x = torch.randn(1, 10, 8)
    padded = F.pad(x, (0, 0, 0, 9), value=100.0)
    mask = F.pad(ones(1, 10), (0, 9))
    torch.testing.assert_close(
        layer(padded, mask)[:, :10], layer(x, ones(1, 10)), atol=1e-5, rtol=1e-4
    )
    assert torch.isfinite(layer(padded, mask)).all()


def naive_windowed(
    layer: PositionAwareWindowedAttention,
    queries: torch.Tensor,
    tokens: torch.Tensor,
    globals_: torch.Tensor,
    stride: int,
) -> torch.Tensor:
    q = layer.q(queries[0])
    size = q.shape[-1] // layer.n_heads
    rows = []
    for e in range(len(q)):
        centre = (e // CELL) * (CELL // stride) + CELL // stride // 2
        low = centre - layer.window_tokens // 2
        seen = range(max(0, low), min(tokens.shape[1], low + layer.window_tokens))
        together = torch.cat((tokens[0, list(seen)], globals_[0]))
        k, v = layer.kv(together).chunk(2, dim=-1)
        heads = []
        for h in range(layer.n_heads):
            part = slice(h * size, (h + 1) * size)
            weights = (k[:, part] @ q[e, part] / size**0.5).softmax(dim=0)
            heads.append(weights @ v[:, part])
        rows.append(torch.cat(heads))
    return layer.out(torch.stack(rows))


def test_windowed_attention_equals_a_naive_loop() -> None:
    layer = PositionAwareWindowedAttention(8, 2, window=64, stride=4).eval()
    tokens, globals_ = torch.randn(1, 50, 8), torch.randn(1, 3, 8)
    queries = torch.randn(1, 201, 8)
    torch.testing.assert_close(
        layer(queries, tokens, ones(1, 50), globals_, ones(1, 3))[0],
        naive_windowed(layer, queries, tokens, globals_, 4),
        atol=1e-5,
        rtol=1e-4,
    )


def test_windowed_attention_in_pieces_equals_the_whole() -> None:
    layer = PositionAwareWindowedAttention(8, 2, window=64, stride=4).eval()
    tokens, globals_ = torch.randn(1, 80, 8), torch.randn(1, 2, 8)
    queries = torch.randn(1, 5 * CELL, 8)
    whole = layer(queries, tokens, ones(1, 80), globals_, ones(1, 2))
    piece = layer(queries[:, 2 * CELL :], tokens, ones(1, 80), globals_, ones(1, 2), first_cell=2)
    torch.testing.assert_close(piece, whole[:, 2 * CELL :], atol=1e-6, rtol=1e-5)
