from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from model_core import PointerNetwork
from model_core.edit.pointers import PADDING
from model_core.nn.decoder import Walk
from model_core.nn.encoder import Encoded
from model_core.nn.likelihood import StepTerms
from model_core.nn.style import kl_divergence
from tests.nn.small import a_network
from training.dataset import Cropping, Example, make_batch, visits_of
from training.losses import Batch, Losses, LossWeights, compute_losses, likelihood_figures

KNOWN = Cropping(200, history_dropout=0.0, budget_dropout=0.0)


def an_example(seed: int = 0, n_frames: int = 160) -> Example:
    """Cuts near and far, a passage played twice and one that was moved to the end."""
    rng = np.random.default_rng(seed)
    runs = np.array([[5, 60], [63, 90], [40, 90], [110, 150], [20, 30]], np.int64)
    reason = np.where(visits_of(runs, n_frames) > 0, -1, rng.integers(0, 6, n_frames))
    mel = rng.integers(0, 255, (16, n_frames)).astype(np.uint8)
    style = rng.normal(0, 1, 3).astype(np.float32)
    return Example(mel, runs, reason.astype(np.int8), style, 0)


def a_batch(n: int = 2, cropping: Cropping = KNOWN) -> Batch:
    return make_batch([an_example(i) for i in range(n)], np.random.default_rng(0), cropping)


def losses_of(model: PointerNetwork, batch: Batch, smoothing: float = 0.1) -> Losses:
    return compute_losses(model, batch, LossWeights(), smoothing)


def test_the_weights_are_those_of_the_specification() -> None:
    weights = LossWeights()
    assert (weights.delta, weights.jump, weights.use_jump, weights.stop) == (1.0, 0.5, 0.3, 0.5)
    assert (weights.kl, weights.length, weights.structure) == (0.01, 0.1, 0.1)
    assert a_network().config.op_loss_weight == 0.05


def test_the_total_is_the_weighted_sum_of_the_named_losses() -> None:
    losses = losses_of(a_network(use_edit_ops=True), a_batch())
    weights = {
        "delta": 1.0, "jump": 0.5, "use_jump": 0.3, "stop": 0.5, "landing": 0.5, "length": 0.1,
        "structure": 0.1, "coverage": 4.0, "reason": 0.5, "edit_op": 0.05,
    }  # fmt: skip
    assert losses.parts.keys() == weights.keys()
    assert all(part > 0 for part in losses.parts.values())
    expected = sum(weights[name] * float(part) for name, part in losses.parts.items())
    assert losses.total.item() == pytest.approx(expected, rel=1e-5)
    plain = losses_of(a_network(), a_batch())
    assert plain.parts.keys() == weights.keys() - {"edit_op"}


def test_sums_over_steps_are_divided_by_events() -> None:
    batch = a_batch()
    losses = losses_of(a_network(), batch, smoothing=0.0)
    terms = StepTerms(*(part.detach() for part in losses.terms))
    # Per recording: the start, the short cut, a jump back, a cut, a jump back and the end.
    assert int(terms.event.sum()) == 2 * 6
    assert int(terms.valid.sum()) == 2 * (55 + 27 + 50 + 40 + 10 + 1)
    for name in ("stop", "use_jump", "delta", "jump", "landing"):
        assert float(losses.parts[name]) == pytest.approx(-float(getattr(terms, name).sum()) / 12)
    figures = likelihood_figures(terms)
    total = terms.log_probability()
    assert float(figures["nats_per_frame"]) == pytest.approx(-float(total.sum()) / 366)
    assert float(figures["nats_per_event"]) == pytest.approx(-float(total[terms.event].sum()) / 12)


def test_the_frame_losses_are_their_definition() -> None:
    model, batch = a_network(), a_batch(1)
    losses = losses_of(model, batch)
    with torch.no_grad():
        encoded = model.encode(batch.mel, batch.mask, batch.offset, batch.total)
        style = model.style(batch.style)
        frame = model.frame_logits(encoded, style)
        length = model.length(encoded, style)
    visits = batch.visits[0].tolist()
    coverage = 0.0
    for frames, logits in zip(visits, frame.coverage[0].sigmoid().tolist(), strict=True):
        for visit, again in enumerate(logits):
            if frames >= visit:  # asked only of what was played so often
                coverage -= math.log(again if frames > visit else 1 - again)
    assert float(losses.parts["coverage"]) == pytest.approx(coverage / 160, rel=1e-4)
    gone = batch.reason[0] >= 0
    reason = F.cross_entropy(frame.reason[0][gone], batch.reason[0][gone])
    assert float(losses.parts["reason"]) == pytest.approx(float(reason), rel=1e-4)
    # Stretches of 64, 64 and 32 frames.
    played = (batch.visits[0] > 0).float()
    squares = [
        len(a) * float((a.mean() - b.mean()) ** 2)
        for a, b in zip(frame.coverage[0, :, 0].sigmoid().split(64), played.split(64), strict=True)
    ]
    assert float(losses.parts["structure"]) == pytest.approx(sum(squares) / 160, rel=1e-4)
    truth = math.log((55 + 27 + 50 + 40 + 10) / 160)
    assert float(losses.parts["length"]) == pytest.approx((float(length) - truth) ** 2, rel=1e-4)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_op_loss_is_divided_by_the_steps_that_do_not_copy(smoothing: float) -> None:
    model, batch = a_network(use_edit_ops=True), a_batch(1)
    losses = losses_of(model, batch, smoothing)
    with torch.no_grad():
        encoded = model.encode(batch.mel, batch.mask, batch.offset, batch.total)
        rows = batch.recording
        steps = model.steps(
            Encoded(*(part[rows] for part in encoded)),
            model.style(batch.style)[rows],
            walk=Walk(batch.order, batch.history_known),
            budget=batch.budget,
        )
    logits = steps.op_logits.flatten(0, 1)[batch.order[0]].log_softmax(dim=-1)
    ops = batch.ops.flatten()[batch.order[0]]
    assert (ops >= 0).all()
    right = logits.gather(1, ops[:, None])[:, 0]
    each = (1 - smoothing) * right + smoothing * logits.mean(dim=-1)
    # The start, cuts, jumps back with the steps before them, the end and the stop.
    assert int((ops > 0).sum()) == 1 + 2 + 2 * 2 + 1 + 1
    expected = -float(each.sum()) / 9
    assert float(losses.parts["edit_op"]) == pytest.approx(expected, rel=1e-4)


def padded(batch: Batch, frames: int, steps: int) -> Batch:
    """Adds silent frames that aren't real, a row without steps, and steps that aren't made."""
    size = batch.pointers.shape[1]
    row = torch.div(batch.order, size, rounding_mode="floor")
    order = torch.where(batch.order >= 0, batch.order + row * frames, batch.order)

    def wider(rows: Tensor, value: float) -> Tensor:
        return F.pad(rows, (0, frames, 0, 1), value=value)

    return batch._replace(
        mel=F.pad(batch.mel, (0, frames)),
        mask=F.pad(batch.mask, (0, frames)),
        visits=F.pad(batch.visits, (0, frames)),
        reason=F.pad(batch.reason, (0, frames), value=-1),
        recording=F.pad(batch.recording, (0, 1)),
        pointers=wider(batch.pointers, PADDING),
        ops=wider(batch.ops, -1),
        budget=wider(batch.budget, math.nan),
        order=F.pad(order, (0, steps), value=-1),
    )


@pytest.mark.parametrize("history", [True, False])
def test_padding_changes_nothing(history: bool) -> None:
    batch = a_batch()
    results = []
    for one in (batch, padded(batch, 100, 17)):
        model = a_network(use_edit_ops=True, use_history=history)
        losses = losses_of(model, one)
        losses.total.backward()
        results.append((losses, {name: value.grad for name, value in model.named_parameters()}))
    for name, part in results[0][0].parts.items():
        torch.testing.assert_close(results[1][0].parts[name], part, atol=1e-4, rtol=1e-4)
    for name, value in results[0][1].items():
        torch.testing.assert_close(results[1][1][name], value, atol=2e-3, rtol=1e-2)


@pytest.mark.parametrize("pre_norm", [True, False])
@pytest.mark.parametrize("history", [True, False])
@pytest.mark.parametrize("ops", [True, False])
@pytest.mark.parametrize("checkpointing", [True, False])
def test_every_weight_has_a_finite_gradient(
    pre_norm: bool, history: bool, ops: bool, checkpointing: bool
) -> None:
    model = a_network(
        use_pre_norm=pre_norm, use_history=history, use_edit_ops=ops, dropout=0.1
    ).train()
    model.use_gradient_checkpointing(checkpointing)
    cropping = Cropping(150, history_dropout=0.0, budget_dropout=0.0, augment=True)
    batch = a_batch(cropping=cropping)._replace(
        style_known=torch.tensor([True, False]), history_known=torch.tensor([True, False])
    )
    losses_of(model, batch).total.backward()
    check_gradients(model)


def check_gradients(model: PointerNetwork) -> None:
    for name, value in model.named_parameters():
        if value.grad is None:
            # Stretches are chosen among by jumps of more than 2000 frames alone.
            assert name.startswith("stretch_proj")
        else:
            assert torch.isfinite(value.grad).all(), name


def test_a_far_jump_teaches_to_choose_a_stretch() -> None:
    runs = np.array([[0, 100], [3450, 3500]], np.int64)
    reason = np.where(visits_of(runs, 3500) > 0, -1, 0).astype(np.int8)
    mel = np.random.default_rng(0).integers(0, 255, (16, 3500)).astype(np.uint8)
    example = Example(mel, runs, reason, np.zeros(3, np.float32), 0)
    model = a_network()
    batch = make_batch([example], np.random.default_rng(0), Cropping(4000))
    losses_of(model, batch).total.backward()
    check_gradients(model)
    assert model.stretch_proj.weight.grad is not None
    assert model.stretch_proj.weight.grad.any()


def test_hidden_budgets_and_an_edit_of_nothing_stay_finite() -> None:
    nothing = Example(
        np.zeros((16, 40), np.uint8), np.zeros((0, 2), np.int64), np.zeros(40, np.int8),
        np.zeros(3, np.float32), 0,
    )  # fmt: skip
    batch = make_batch(
        [nothing, an_example()], np.random.default_rng(0), Cropping(200, budget_dropout=1.0)
    )
    assert batch.budget.isnan().all()
    model = a_network(use_edit_ops=True)
    losses = losses_of(model, batch)
    losses.total.backward()
    assert torch.isfinite(losses.total)
    check_gradients(model)


def a_styled_batch(reading: float, n: int = 4) -> Batch:
    cropping = Cropping(200, style_reading=reading, history_dropout=0.0, budget_dropout=0.0)
    examples = [an_example(i) for i in range(n)]
    return make_batch(examples, np.random.default_rng(0), cropping, np.arange(n) ^ 1)


def test_a_style_is_read_from_the_other_recording() -> None:
    model, batch = a_network(use_style_vae=True), a_styled_batch(1.0)
    with torch.no_grad():
        # Draws would hide what a style is read from.
        assert model.vae is not None
        size = model.config.style_dim
        model.vae.posterior_out.weight[size:] = 0
        model.vae.posterior_out.bias[size:] = -8.0

        def events_changed(crop: int) -> Losses:
            assert batch.events is not None
            measured = batch.events.measured.clone()
            measured[crop] += 3.0
            torch.manual_seed(0)
            changed = batch._replace(events=batch.events._replace(measured=measured))
            return losses_of(model, changed, 0.0)

        torch.manual_seed(0)
        before = losses_of(model, batch, 0.0).terms.log_probability()
        after = events_changed(0).terms.log_probability()
    moved = (before - after).abs().amax(dim=1)
    rows = batch.recording
    assert moved[rows == 1].max() > 1e-3
    # Crop 0 itself is told by crop 1, and the other pair by itself.
    torch.testing.assert_close(before[rows != 1], after[rows != 1])


def test_reading_styles_costs_the_divergence_and_the_quantities() -> None:
    model, batch = a_network(use_style_vae=True), a_styled_batch(0.5)
    losses = losses_of(model, batch)
    assert {"kl", "style"} <= losses.parts.keys()
    with torch.no_grad():
        assert batch.events is not None
        posterior = model.read_style(
            model.encode(batch.mel, batch.mask, batch.offset, batch.total), batch.events
        )
        expected = kl_divergence(posterior, 0.1).sum() / losses.terms.event.sum()
    assert float(losses.parts["kl"]) == pytest.approx(float(expected), rel=1e-4)
    losses.total.backward()
    assert model.vae is not None
    assert model.vae.event_in.weight.grad is not None
    assert model.vae.event_in.weight.grad.abs().sum() > 0


def test_without_reading_the_measured_quantities_tell_the_style() -> None:
    model = a_network(use_style_vae=True)
    with torch.no_grad():
        read = losses_of(model, a_styled_batch(0.0), 0.0).terms.log_probability()
        told = losses_of(model, a_batch(4), 0.0).terms.log_probability()
    torch.testing.assert_close(read, told)
