from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pytest
import torch

from model_core import PointerNetwork
from model_core.edit.pointers import PADDING, STOP
from model_core.nn.likelihood import step_terms
from model_core.nn.scoring import log_likelihood
from tests.nn.small import a_network, eager


@pytest.fixture(autouse=True)
def _no_gradients() -> Iterator[None]:
    with torch.no_grad():
        yield


def everything_at(model: PointerNetwork, n_frames: int, e: int) -> float:
    """Adds up the probabilities of all that may happen at one step."""
    encoded = model.encode(torch.rand(1, 16, n_frames))
    style = model.style(torch.zeros(1, 3))
    steps, keys = model.steps(encoded, style), model.keys(encoded)
    lengths = torch.tensor([n_frames])
    total = 0.0
    for pointer in [STOP, *range(n_frames)]:
        pointers = torch.full((1, n_frames + 1), PADDING)
        pointers[0, e] = pointer
        terms = step_terms(model.head, steps, keys, pointers, lengths)
        total += math.exp(float(terms.log_probability()[0, e]))
        assert int(terms.valid.sum()) == 1
        assert bool(terms.event[0, e]) == (pointer != e)
    return total


@pytest.mark.parametrize(
    ("n_frames", "e"), [(1, 0), (2, 0), (2, 2), (20, 0), (20, 9), (20, 20), (150, 70), (150, 150)]
)
def test_what_may_happen_at_a_step_adds_up_to_one(n_frames: int, e: int) -> None:
    assert everything_at(eager(a_network()), n_frames, e) == pytest.approx(1, abs=1e-4)


def test_it_adds_up_to_one_with_wide_buckets_too() -> None:
    model = eager(a_network())
    n_frames, e = 2700, 100
    encoded = model.encode(torch.rand(1, 16, n_frames))
    style = model.style(torch.zeros(1, 3))
    steps, keys = model.steps(encoded, style), model.keys(encoded)
    # All pointers at once: the same recording in as many rows.
    rows = torch.full((n_frames + 1, 1), PADDING).repeat(1, e + 1)
    rows[:, e] = torch.tensor([STOP, *range(n_frames)])
    total = 0.0
    for part in torch.split(rows, 300):
        n = len(part)
        terms = step_terms(
            model.head,
            type(steps)(*(x[:, : e + 1].expand(n, -1, *x.shape[2:]) for x in steps)),
            type(keys)(*(x.expand(n, -1, -1) for x in keys)),
            part,
            torch.full((n,), n_frames),
        )
        total += float(terms.log_probability()[:, e].double().exp().sum())
    assert total == pytest.approx(1, abs=1e-4)


def by_definition(model: PointerNetwork, mel: torch.Tensor, runs: list[tuple[int, int]]) -> float:
    """Adds up one step after the other as the formula has it; no bucket is wide."""
    encoded = model.encode(mel)
    style = model.style(torch.zeros(1, 3))
    steps, keys = model.steps(encoded, style), model.keys(encoded).frames[0]
    n, head = mel.shape[-1], model.head
    pointers = [frame for start, stop in runs for frame in range(start, stop)] + [STOP]
    total, e = 0.0, 0
    for pointer in pointers:
        s = steps.stop_logits[0, e].sigmoid()
        content = keys @ steps.query[0, e] / keys.shape[-1] ** 0.5
        far = [j for j in range(n) if abs(j - e) > head.max_delta]
        u = steps.use_jump_logits[0, e].sigmoid() if far else torch.tensor(0.0)
        if pointer == STOP:
            total += float(s.log())
            break
        offset = pointer - e
        if abs(offset) <= head.max_delta:
            legal = [o for o in range(-head.max_delta, head.max_delta + 1) if 0 <= e + o < n]
            scores = torch.stack(
                [steps.delta_logits[0, e, o + head.max_delta] + content[e + o] for o in legal]
            )
            share = scores.softmax(0)[legal.index(offset)]
            total += float(((1 - s) * (1 - u) * share).log())
        else:
            buckets = head.bucket_of(torch.tensor(far) - e)
            there = sorted(set(buckets.tolist()))
            bucket = int(head.bucket_of(torch.tensor(offset)))
            chosen = steps.jump_logits[0, e, there].softmax(0)[there.index(bucket)]
            members = [j for j, b in zip(far, buckets.tolist(), strict=True) if b == bucket]
            landing = content[members].softmax(0)[members.index(pointer)]
            total += float(((1 - s) * u * chosen * landing).log())
        e = pointer + 1
    return total


@pytest.mark.parametrize(
    "runs", [[(0, 90)], [(3, 40), (47, 60)], [(0, 70), (30, 70), (30, 80)], [(50, 60), (2, 20)]]
)
def test_the_likelihood_is_its_definition(runs: list[tuple[int, int]]) -> None:
    model = eager(a_network(use_history=False))
    mel = torch.rand(1, 16, 90)
    found = log_likelihood(model, model.encode(mel), model.style(torch.zeros(1, 3)), np.array(runs))
    assert found == pytest.approx(by_definition(model, mel, runs), abs=1e-3)


def test_steps_that_land_outside_a_crop_lose_only_the_choice_of_the_frame() -> None:
    model = eager(a_network())
    encoded = model.encode(torch.rand(1, 16, 100))
    steps, keys = model.steps(encoded, model.style(torch.zeros(1, 3))), model.keys(encoded)
    pointers = torch.full((1, 101), PADDING)
    pointers[0, 10], pointers[0, 20], pointers[0, 30] = 700, 5, 160
    terms = step_terms(
        model.head,
        steps,
        keys,
        pointers,
        torch.tensor([100]),
        torch.tensor([50]),
        torch.tensor([1000]),
    )
    # e = 60, 70 and 80 of the whole: landings at 700 and 5 are outside [50, 150), 160 as well.
    assert (terms.landing[0, [10, 20, 30]] == 0).all()
    assert (terms.jump[0, [10, 20, 30]] < 0).all()
    assert terms.event[0, [10, 20, 30]].all()


def test_smoothing_touches_the_buckets_only() -> None:
    model = eager(a_network())
    encoded = model.encode(torch.rand(1, 16, 300))
    steps, keys = model.steps(encoded, model.style(torch.zeros(1, 3))), model.keys(encoded)
    pointers = torch.arange(301)[None].clone()
    pointers[0, 300], pointers[0, 40] = STOP, 200
    sharp, smooth = (
        step_terms(model.head, steps, keys, pointers, torch.tensor([300]), label_smoothing=x)
        for x in (0.0, 0.1)
    )
    assert not torch.equal(sharp.jump, smooth.jump)
    for name in ("stop", "use_jump", "delta", "landing"):
        assert torch.equal(getattr(sharp, name), getattr(smooth, name))
