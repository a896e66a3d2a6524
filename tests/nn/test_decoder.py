"""Steps in rows against the same steps made one after the other."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from model_core import PointerNetwork
from model_core.nn.attention import CELL
from model_core.nn.decoder import Walk
from model_core.nn.encoder import Encoded
from model_core.nn.heads import StepLogits
from model_core.nn.history import HistoryState
from model_core.nn.walks import steps_of
from tests.nn.small import a_network

LOOP = np.array([[2, 90], [70, 90], [100, 150], [20, 40]], np.int64)
"""Some expected positions come twice, and the last passage lies before the others."""
T = 150


@pytest.fixture(scope="module")
def model() -> PointerNetwork:
    return a_network(2, n_decoder_layers=2)


@pytest.fixture
def encoded(model: PointerNetwork) -> Encoded:
    torch.manual_seed(3)
    return model.encode(torch.rand(1, 16, T))


@pytest.fixture
def style(model: PointerNetwork) -> Tensor:
    return model.style(torch.tensor([[0.3, -1.0, 0.5]]))


def in_rows(encoded: Encoded, n_rows: int) -> Encoded:
    return Encoded(*(part.expand(n_rows, *part.shape[1:]) for part in encoded))


def the_walk(runs: np.ndarray, known: bool = True) -> tuple[Walk, int]:
    """Returns the order of an edit's steps, and how many rows they lie in."""
    rows, order = steps_of(runs).in_rows(T)
    return Walk(torch.from_numpy(order)[None], torch.tensor([known])), len(rows)


def walked(
    model: PointerNetwork, encoded: Encoded, style: Tensor, walk: Walk, n_rows: int,
    budget: Tensor | None = None,
) -> StepLogits:  # fmt: skip
    return model.steps(in_rows(encoded, n_rows), style.expand(n_rows, -1), walk=walk, budget=budget)


def in_order(logits: StepLogits, order: Tensor) -> StepLogits:
    """Returns the logits of steps `[S, ...]` in the order in which they are made."""
    return StepLogits(*(part.flatten(0, 1)[order] for part in logits))


def one_by_one(
    model: PointerNetwork, encoded: Encoded, style: Tensor, expected: list[int]
) -> StepLogits:
    """Makes one step after the other, passing on what is remembered."""
    states: tuple[HistoryState, ...] | None = None
    made = []
    for e in expected:
        walk = Walk(torch.tensor([[0]]), torch.tensor([True]), states)
        logits, states = model.steps_from(encoded, style, e, e + 1, walk=walk)
        made.append(logits)
    return StepLogits(*(torch.cat([getattr(x, f)[0] for x in made]) for f in StepLogits._fields))


def close(one: StepLogits, other: StepLogits) -> None:
    for name, a, b in zip(one._fields, one, other, strict=True):
        torch.testing.assert_close(a, b, atol=2e-5, rtol=1e-4, msg=lambda m, n=name: f"{n}: {m}")


def test_two_passes_expect_the_same_places_in_two_rows(
    model: PointerNetwork, encoded: Encoded, style: Tensor
) -> None:
    walk, n_rows = the_walk(LOOP)
    assert n_rows == 2
    logits = walked(model, encoded, style, walk, n_rows)
    assert logits.stop_logits.shape == (2, T + 1)
    # What is remembered tells the passes apart, where there is anything to remember.
    first, second = logits.stop_logits[:, 75:91]
    assert ((first - second).abs() > 1e-6).all()


@pytest.mark.parametrize("runs", [LOOP, np.array([[0, 40]]), np.array([[10, 60], [0, 30]])])
def test_a_walk_over_rows_equals_one_step_after_the_other(
    model: PointerNetwork, encoded: Encoded, style: Tensor, runs: np.ndarray
) -> None:
    walk, n_rows = the_walk(runs)
    rows = in_order(walked(model, encoded, style, walk, n_rows), walk.order[0])
    with torch.no_grad():
        close(rows, one_by_one(model, encoded, style, steps_of(runs).expected.tolist()))


def test_a_walk_over_rows_has_the_gradients_of_one_step_after_the_other(
    model: PointerNetwork, style: Tensor
) -> None:
    torch.manual_seed(3)
    mel = torch.rand(1, 16, T)
    walk, n_rows = the_walk(LOOP)
    mixed = torch.randn(len(steps_of(LOOP).expected))
    weights = [*model.decoder.parameters(), model.query_in.weight, model.encoder.up.weight]

    def gradients(logits: StepLogits) -> tuple[Tensor, ...]:
        loss = (logits.stop_logits * mixed).sum() + logits.query.square().sum()
        return torch.autograd.grad(loss, weights, retain_graph=True)

    encoded = model.encode(mel)
    rows = gradients(in_order(walked(model, encoded, style, walk, n_rows), walk.order[0]))
    slow = gradients(one_by_one(model, encoded, style, steps_of(LOOP).expected.tolist()))
    for one, other in zip(rows, slow, strict=True):
        assert other.any()
        torch.testing.assert_close(one, other, atol=2e-3, rtol=1e-3)


@pytest.mark.parametrize("cuts", [[70], [1, 63, 64, 65], [10, 100, 129]])
def test_pieces_may_start_in_the_middle_of_a_cell(
    model: PointerNetwork, encoded: Encoded, style: Tensor, cuts: list[int]
) -> None:
    assert any(cut % CELL for cut in cuts)
    order = torch.arange(T + 1)[None]
    with torch.no_grad():
        whole, end = model.steps_from(encoded, style, walk=Walk(order, torch.tensor([True])))
        states: tuple[HistoryState, ...] | None = None
        pieces = []
        for start, stop in zip([0, *cuts], [*cuts, T + 1], strict=True):
            walk = Walk(order[:, : stop - start], torch.tensor([True]), states)
            logits, states = model.steps_from(encoded, style, start, stop, walk=walk)
            assert logits.stop_logits.shape == (1, stop - start)
            pieces.append(logits)
    together = StepLogits(*(torch.cat(parts, dim=1) for parts in zip(*pieces, strict=True)))
    close(together, whole)
    assert states is not None
    for mine, theirs in zip(states, end, strict=True):
        torch.testing.assert_close(mine.kv, theirs.kv, atol=1e-4, rtol=1e-4)


def test_several_rows_may_start_in_the_middle_of_a_cell(
    model: PointerNetwork, encoded: Encoded, style: Tensor
) -> None:
    """The places of the steps move where rows are filled up in front."""
    start, stop = 70, 91
    expected = [*range(70, 91), *range(72, 90)]
    columns = torch.tensor(expected) - start
    rows = (torch.arange(len(expected)) > 20).long()
    walk = Walk((rows * (stop - start) + columns)[None], torch.tensor([True]))
    with torch.no_grad():
        logits = model.steps(in_rows(encoded, 2), style.expand(2, -1), start, stop, walk=walk)
        close(in_order(logits, walk.order[0]), one_by_one(model, encoded, style, expected))


def test_an_unknown_history_is_none(model: PointerNetwork, encoded: Encoded, style: Tensor) -> None:
    walk, n_rows = the_walk(LOOP, known=False)
    with torch.no_grad():
        unknown = walked(model, encoded, style, walk, n_rows)
        without = model.steps(in_rows(encoded, n_rows), style.expand(n_rows, -1))
        known = walked(model, encoded, style, the_walk(LOOP)[0], n_rows)
    close(unknown, without)
    order = walk.order[0]
    apart = (in_order(known, order).stop_logits - in_order(unknown, order).stop_logits).abs()
    assert (apart > 1e-6).all()


def test_places_that_are_not_walked_are_as_without_a_history(
    model: PointerNetwork, encoded: Encoded, style: Tensor
) -> None:
    walk, n_rows = the_walk(LOOP)
    free = torch.ones(n_rows * (T + 1), dtype=torch.bool)
    free[walk.order[0]] = False
    assert free.any()
    with torch.no_grad():
        logits = walked(model, encoded, style, walk, n_rows)
        without = model.steps(in_rows(encoded, n_rows), style.expand(n_rows, -1))
    close(
        StepLogits(*(part.flatten(0, 1)[free] for part in logits)),
        StepLogits(*(part.flatten(0, 1)[free] for part in without)),
    )


def test_nothing_is_known_of_later_steps(
    model: PointerNetwork, encoded: Encoded, style: Tensor
) -> None:
    """What is told of a step (here its budget) reaches that step and later ones, no earlier one."""
    walk, n_rows = the_walk(LOOP)
    order = walk.order[0]
    budget = torch.zeros(n_rows, T + 1, requires_grad=True)
    logits = walked(model, encoded, style, walk, n_rows, budget)
    for step in (0, 60, 95, 110, len(order) - 1):
        asked = sum(part.flatten(0, 1)[order[step]].square().sum() for part in logits)
        assert isinstance(asked, Tensor)
        (gradient,) = torch.autograd.grad(asked, budget, retain_graph=True)
        reached = gradient.reshape(-1)[order] != 0
        assert reached[: step + 1].all()
        assert not reached[step + 1 :].any()


def test_without_a_history_steps_are_alone(encoded: Encoded) -> None:
    model = a_network(2, n_decoder_layers=2, use_history=False)
    style = model.style(torch.zeros(1, 3))
    walk, n_rows = the_walk(LOOP)
    with torch.no_grad():
        logits, states = model.steps_from(
            in_rows(encoded, n_rows), style.expand(n_rows, -1), walk=walk
        )
        close(logits, model.steps(in_rows(encoded, n_rows), style.expand(n_rows, -1)))
    assert states == ()
    assert model.budget_in is None


def test_the_budget_counts_where_it_is_known(
    model: PointerNetwork, encoded: Encoded, style: Tensor
) -> None:
    budget = torch.full((1, T + 1), math.nan)
    with torch.no_grad():
        nothing = model.steps(encoded, style)
        close(model.steps(encoded, style, budget=budget), nothing)
        budget[0, 30:40] = -0.5
        some = model.steps(encoded, style, budget=budget)
        budget[0, 30:40] = 0.5
        other = model.steps(encoded, style, budget=budget)
    outside = torch.ones(T + 1, dtype=torch.bool)
    outside[30:40] = False
    for a, b, c in zip(nothing, some, other, strict=True):
        torch.testing.assert_close(a[:, outside], b[:, outside], atol=0, rtol=0)
        if a.numel():
            assert not torch.allclose(a[:, 30:40], b[:, 30:40], atol=1e-4)
            assert not torch.allclose(b[:, 30:40], c[:, 30:40], atol=1e-4)


def test_padding_changes_nothing(model: PointerNetwork, style: Tensor) -> None:
    """Two recordings of unlike lengths, each with a history, against each by itself."""
    torch.manual_seed(5)
    short, long = torch.rand(1, 16, 92), torch.rand(1, 16, T)
    mel = torch.cat((F.pad(short, (0, T - 92), value=0.9), long))
    lengths = torch.tensor([92, T])
    mask = torch.arange(T) < lengths[:, None]
    edits = [np.array([[3, 60], [20, 92]]), np.array([[0, 100], [120, 150]])]
    alone, orders = [], []
    with torch.no_grad():
        for one, runs in zip((short, long), edits, strict=True):
            rows, order = steps_of(runs).in_rows(one.shape[2])
            walk = Walk(torch.from_numpy(order)[None], torch.tensor([True]))
            of_one = in_rows(model.encode(one), len(rows))
            logits = model.steps(of_one, style.expand(len(rows), -1), walk=walk)
            alone.append(in_order(logits, walk.order[0]))
        recording = torch.tensor([0, 0, 1])
        for first, runs in zip((0, 2), edits, strict=True):
            order = torch.from_numpy(steps_of(runs).in_rows(T)[1]) + first * (T + 1)
            orders.append(F.pad(order, (0, 160 - len(order)), value=-1))
        encoded = model.encode(mel, mask, total=lengths)
        together = model.steps(
            Encoded(*(part[recording] for part in encoded)),
            style.expand(3, -1),
            lengths=lengths[recording],
            walk=Walk(torch.stack(orders), torch.tensor([True, True])),
        )
    for expected, order in zip(alone, orders, strict=True):
        close(in_order(together, order[order >= 0]), expected)


def test_computing_layers_again_gives_the_same_gradients() -> None:
    torch.manual_seed(5)
    mel = torch.rand(1, 16, T)
    walk, n_rows = the_walk(LOOP)
    gradients = []
    for again in (False, True):
        model = a_network(4, n_decoder_layers=2).train()
        model.use_gradient_checkpointing(again)
        style = model.style(torch.zeros(1, 3))
        logits = walked(model, model.encode(mel), style, walk, n_rows)
        torch.stack([part.square().mean() for part in logits if part.numel()]).sum().backward()
        gradients.append({name: value.grad for name, value in model.named_parameters()})
    assert any(value is not None and value.any() for value in gradients[0].values())
    for name, value in gradients[0].items():
        torch.testing.assert_close(gradients[1][name], value, atol=1e-6, rtol=1e-5)
