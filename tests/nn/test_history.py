from __future__ import annotations

import pytest
import torch

from model_core.nn.history import (
    CausalLinearAttention,
    HistoryState,
    causal_linear_attention_reference,
)


@pytest.fixture
def layer() -> CausalLinearAttention:
    torch.manual_seed(0)
    layer = CausalLinearAttention(12, 3)
    torch.nn.init.normal_(layer.out.weight, std=0.3)
    return layer


def reference(
    layer: CausalLinearAttention, x: torch.Tensor, state: HistoryState
) -> tuple[torch.Tensor, HistoryState]:
    q, k, v = layer._projected(x, None)
    mixed, state = causal_linear_attention_reference(q, k, v, layer.log_decay, state)
    return layer.out(mixed.reshape(x.shape)), state


@pytest.mark.parametrize("length", [1, 2, 63, 64, 65, 200])
def test_chunks_equal_one_step_after_the_other(layer: CausalLinearAttention, length: int) -> None:
    x = torch.randn(2, length, 12)
    out, state = layer(x)
    expected, expected_state = reference(layer, x, layer.initial_state(2))
    torch.testing.assert_close(out, expected, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(state.kv, expected_state.kv, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(state.k, expected_state.k, atol=1e-4, rtol=1e-4)


def test_the_gradients_are_those_of_the_reference(layer: CausalLinearAttention) -> None:
    x = torch.randn(1, 100, 12, requires_grad=True)
    weights = list(layer.parameters())
    fast = torch.autograd.grad(layer(x)[0].square().sum(), [x, *weights])
    slow_out, _ = reference(layer, x, layer.initial_state(1))
    slow = torch.autograd.grad(slow_out.square().sum(), [x, *weights])
    for one, other in zip(fast, slow, strict=True):
        torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize("cut", [1, 40, 64, 129])
def test_a_state_carries_everything_over(layer: CausalLinearAttention, cut: int) -> None:
    x = torch.randn(1, 150, 12)
    whole, end = layer(x)
    first, state = layer(x[:, :cut])
    second, state = layer(x[:, cut:], None, state)
    torch.testing.assert_close(torch.cat((first, second), dim=1), whole, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(state.kv, end.kv, atol=1e-4, rtol=1e-4)


def test_nothing_is_known_of_later_steps(layer: CausalLinearAttention) -> None:
    x = torch.randn(1, 130, 12, requires_grad=True)
    (gradient,) = torch.autograd.grad(layer(x)[0][0, 70].sum(), x)
    reached = gradient[0].abs().sum(dim=-1) > 0
    assert reached[: 70 + 1].all()
    assert not reached[71:].any()


def test_steps_that_are_masked_are_not_remembered(layer: CausalLinearAttention) -> None:
    x = torch.randn(1, 90, 12)
    changed = x.clone()
    changed[:, 20:30] = 100.0
    mask = torch.ones(1, 90, dtype=torch.bool)
    mask[:, 20:30] = False
    one, other = layer(x, mask)[0], layer(changed, mask)[0]
    keep = mask[0]
    torch.testing.assert_close(one[:, keep], other[:, keep])


def test_every_head_forgets_at_its_own_pace(layer: CausalLinearAttention) -> None:
    steps = (-1 / layer.log_decay).tolist()
    assert steps == pytest.approx([64, 512, 4096])
