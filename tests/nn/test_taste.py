"""A layer for taste: probabilities stay probabilities, and every way to decode follows it."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from model_core import PointerNetwork
from model_core.edit.pointers import PADDING, STOP
from model_core.edit.types import REASONS, Reason
from model_core.nn.cuts import ARRIVE, FAR, LAND, NEAR, TRACKS
from model_core.nn.evidence import compute_evidence, ending
from model_core.nn.heads import StepLogits
from model_core.nn.jumps import Keys, landing_masses
from model_core.nn.likelihood import step_terms
from model_core.nn.scoring import log_likelihood
from model_core.nn.stepping import StepOptions, Stepper
from model_core.nn.taste import Clues
from tests.nn.small import a_network, eager
from training.taste import without_taste


@pytest.fixture(autouse=True)
def _no_gradients() -> Iterator[None]:
    with torch.no_grad():
        yield


def a_tasting_network(seed: int = 0, *, bold: bool = True) -> PointerNetwork:
    """Returns a network whose layer for taste does something everywhere; a bold one cuts often."""
    model = a_network(seed, use_taste=True)
    model = eager(model) if bold else eager(model, -7.0, 9.0)
    assert model.taste is not None
    torch.manual_seed(seed + 1)
    listener = model.taste.listener
    listener.last.weight.copy_(0.25 * torch.randn_like(listener.last.weight))
    listener.trust.copy_(torch.tensor([0.1, -0.3]))
    listener.elsewhere.copy_(torch.tensor([0.2, -0.1, 0.4, -1.5]))
    model.taste.elsewhere.copy_(torch.tensor([-0.5, 0.3, 0.1, 0.2]))
    model.taste.trust.copy_(torch.tensor([-0.4, 0.2]))
    return model


@pytest.mark.parametrize(
    ("n_frames", "e"), [(1, 0), (2, 2), (20, 0), (20, 9), (20, 20), (150, 70), (2700, 100)]
)
def test_what_may_happen_at_a_step_adds_up_to_one(n_frames: int, e: int) -> None:
    model = a_tasting_network()
    encoded = model.encode(torch.rand(1, 16, n_frames))
    steps, keys = model.steps(encoded, model.style(torch.zeros(1, 3))), model.keys(encoded)
    rows = torch.full((n_frames + 1, e + 1), PADDING)
    rows[:, e] = torch.tensor([STOP, *range(n_frames)])
    total = 0.0
    for part in torch.split(rows, 300):
        n = len(part)
        terms = step_terms(
            model.head,
            StepLogits(*(x[:, : e + 1].expand(n, -1, *x.shape[2:]) for x in steps)),
            Keys(*(x.expand(n, -1, -1) for x in keys)),
            part,
            torch.full((n,), n_frames),
        )
        total += float(terms.log_probability()[:, e].double().exp().sum())
    assert total == pytest.approx(1, abs=1e-4)


def test_where_landings_are_liked_says_nothing_of_whether() -> None:
    model = a_tasting_network()
    encoded = model.encode(torch.rand(1, 16, 300))
    style = model.style(torch.zeros(1, 3))
    before = ending(model.head, model.steps(encoded, style), model.keys(encoded), 0)[0]
    liked = encoded.taste.clone()
    liked[..., LAND] += 3 * torch.randn(300)
    other = encoded._replace(taste=liked)
    after = ending(model.head, model.steps(other, style), model.keys(other), 0)[0]
    torch.testing.assert_close(before, after, atol=1e-5, rtol=1e-4)


def test_leaving_is_as_much_likelier_as_the_layer_says() -> None:
    model = a_tasting_network(bold=False)
    assert model.taste is not None
    model.taste.trust.copy_(-model.taste.listener.trust)
    encoded = model.encode(torch.rand(1, 16, 300))
    encoded.taste[..., FAR] = encoded.taste[..., NEAR]
    style = model.style(torch.zeros(1, 3))
    plain = without_taste(model)
    untasted = encoded._replace(taste=encoded.taste[..., :0])
    hazard = ending(plain.head, plain.steps(untasted, style), plain.keys(untasted), 0)[0]
    tasted = ending(model.head, model.steps(encoded, style), model.keys(encoded), 0)[0]
    # Of three rare ways to leave each has its odds multiplied; at the end there is no taste.
    rare = (hazard < 0.02) & (tasted < 0.02)
    rare[-1] = False
    added = (tasted.logit() - hazard.logit())[rare]
    assert rare.sum() > 20
    torch.testing.assert_close(added, encoded.taste[0, rare[:-1], NEAR], atol=0.03, rtol=0.02)
    torch.testing.assert_close(tasted[-1], hazard[-1])


def test_near_and_far_have_odds_of_their_own() -> None:
    model = a_tasting_network()
    encoded = model.encode(torch.rand(1, 16, 300))
    style = model.style(torch.zeros(1, 3))
    before = model.steps(encoded, style)
    farther = encoded.taste.clone()
    farther[..., FAR] += 1.5
    after = model.steps(encoded._replace(taste=farther), style)
    change = after.use_jump_logits - before.use_jump_logits
    torch.testing.assert_close(change[0, :-1], torch.full((300,), 1.5))
    assert float(change[0, -1]) == 0
    torch.testing.assert_close(after.taste, before.taste)


def test_who_skips_onward_arrives_at_the_first_bucket_that_is_not_passed() -> None:
    model = a_tasting_network()
    assert model.taste is not None
    model.taste.listener.pooled.fill_(1.0)
    encoded = model.encode(torch.rand(1, 16, 1500))
    style = model.style(torch.zeros(1, 3))
    head, at, landings = model.head, 200, (600, 1100)
    nearer, farther = (int(head.bucket_of(torch.tensor(to - at))) for to in landings)
    half = head.n_jump_buckets // 2
    assert half < nearer < farther < head.n_jump_buckets
    flat = encoded.taste.clone()
    flat[..., ARRIVE] = -12.0
    liked = flat.clone()
    # Two of three who come by stop at the first; of the others nearly all at the second.
    liked[0, landings[0], ARRIVE] = math.log(math.log(3))
    liked[0, landings[1], ARRIVE] = 2.0
    plain = (
        model.taste.powers()[1]
        * without_taste(model)
        .steps(encoded._replace(taste=encoded.taste[..., :0]), style)
        .jump_logits[0, at]
    )
    logits = model.steps(encoded._replace(taste=liked), style).jump_logits[0, at]
    raised = logits - plain
    assert float(raised[nearer] - raised[farther]) == pytest.approx(math.log(2), abs=1e-2)
    # Going back is neither likelier nor less likely than before.
    torch.testing.assert_close(logits[:half], plain[:half])
    there = head.buckets_exist(torch.tensor(at), 1500)[half:]
    assert float(logits[half:][there].logsumexp(0)) == pytest.approx(
        float(plain[half:][there].logsumexp(0)), abs=1e-4
    )


def test_what_is_heard_is_moved_to_the_habit() -> None:
    model = a_tasting_network()
    layer = model.taste
    assert layer is not None
    layer.lags.copy_(torch.tensor([30.0, 12.0]))
    layer.deviations.fill_(-3.0)
    heard = torch.full((1, 400, TRACKS), -12.0)
    heard[0, 200] = 6.0
    tracks = layer.tracks(Clues(heard, torch.full((1, 400, TRACKS), -12.0)))
    assert tracks.argmax(dim=1).tolist() == [[230, 230, 188, 188]]
    # What holds whatever the habit stays where it is.
    fixed = layer.tracks(Clues(torch.full((1, 400, TRACKS), -12.0), heard))
    assert fixed.argmax(dim=1).tolist() == [[200, 200, 200, 200]]
    assert float(fixed[0, 200, NEAR]) == pytest.approx(
        6.0 + float((layer.elsewhere + layer.listener.elsewhere)[NEAR]), abs=1e-3
    )


def test_a_crop_sees_no_landings_beyond_its_frames() -> None:
    model = a_tasting_network()
    mel = torch.rand(1, 16, 500)
    padded = torch.cat((mel, torch.rand(1, 16, 200)), dim=-1)
    mask = torch.arange(700)[None] < 500
    style = model.style(torch.zeros(1, 3))
    alone = model.encode(mel)
    whole = model.encode(padded, mask)
    same = whole._replace(taste=torch.cat((alone.taste, torch.rand(1, 200, TRACKS)), dim=1))
    one = model.steps(alone, style, start=100, stop=400)
    other = model.steps(same, style, start=100, stop=400, lengths=torch.tensor([500]))
    torch.testing.assert_close(one.jump_logits, other.jump_logits, atol=2e-3, rtol=1e-3)


def test_landings_add_up_to_one_and_are_those_of_the_likelihood() -> None:
    model = a_tasting_network()
    n_frames, e = 150, 70
    encoded = model.encode(torch.rand(1, 16, n_frames))
    steps, keys = model.steps(encoded, model.style(torch.zeros(1, 3))), model.keys(encoded)
    at = torch.tensor([e])
    masses = landing_masses(model.head, StepLogits(*(part[0, at] for part in steps)), keys, at)
    reach = masses.near.shape[1] // 2
    assert float(masses.near.sum() + masses.far.sum()) == pytest.approx(1, abs=1e-4)
    hazard, stop = ending(model.head, steps, keys, 0)
    for landing in (30, 66, 75, 120):
        pointers = torch.full((1, n_frames + 1), PADDING)
        pointers[0, e] = landing
        terms = step_terms(model.head, steps, keys, pointers, torch.tensor([n_frames]))
        told = math.exp(float(terms.log_probability()[0, e]))
        leaves = float(hazard[e] - stop[e])
        assert told == pytest.approx(leaves * float(masses.near[0, landing - e + reach]), rel=1e-3)


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_blocks_of_any_length_make_the_same_edit(temperature: float) -> None:
    model = a_tasting_network()
    encoded = model.encode(torch.rand(1, 16, 900))
    style = model.style(torch.zeros(1, 3))
    edits = [
        Stepper(model, encoded, style, StepOptions(temperature, seed=3, block=block)).run()
        for block in (240, 512, 4096)
    ]
    assert len(edits[0]) > 1
    for other in edits[1:]:
        np.testing.assert_array_equal(edits[0], other)


def test_steps_one_by_one_are_as_likely_as_all_together() -> None:
    model = a_tasting_network()
    encoded = model.encode(torch.rand(1, 16, 150))
    style = model.style(torch.zeros(1, 3))
    runs = np.array([[0, 60], [75, 110], [90, 150]])
    whole = log_likelihood(model, encoded, style, runs)
    stepper = Stepper(model, encoded, style, StepOptions())
    total, state, e = 0.0, None, 0
    for pointer in [*(frame for run in runs for frame in range(*run)), STOP]:
        steps, state = stepper._steps(e, e + 1, state)
        padded = StepLogits(
            *(torch.cat((part.new_ones(1, e, *part.shape[2:]), part), dim=1) for part in steps)
        )
        target = torch.full((1, e + 1), PADDING)
        target[0, e] = pointer
        terms = step_terms(model.head, padded, stepper.keys, target, torch.tensor([150]))
        total += float(terms.log_probability()[0, e])
        e = pointer + 1
    assert total == pytest.approx(whole, abs=2e-3)


def test_the_search_sees_the_taste() -> None:
    model = a_tasting_network()
    mel = torch.rand(1, 16, 400)
    encoded, style = model.encode(mel), model.style(torch.zeros(1, 3))
    evidence = compute_evidence(model, encoded, style)
    hazard = ending(model.head, model.steps(encoded, style), model.keys(encoded), 0)[0]
    np.testing.assert_allclose(evidence.end, hazard.numpy(), atol=1e-5)
    plain = without_taste(model)
    other = compute_evidence(plain, plain.encode(mel), style)
    assert np.abs(evidence.end - other.end).max() > 0.01


def test_half_precision_is_near() -> None:
    model = a_tasting_network()
    encoded = model.encode(torch.rand(1, 16, 400))
    style = model.style(torch.zeros(1, 3))
    exactly = compute_evidence(model, encoded, style)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        again = model.encode(torch.rand(1, 16, 400))
        assert again.taste.dtype == torch.float32
        roughly = compute_evidence(model, encoded, style)
    np.testing.assert_allclose(roughly.end, exactly.end, atol=0.1)
    np.testing.assert_allclose(roughly.landing, exactly.landing, atol=0.15)


def test_what_is_spared_stays_and_nothing_else() -> None:
    model = a_tasting_network()
    assert model.taste is not None
    noise, silence = (REASONS.index(each) for each in (Reason.NOISE, Reason.SILENCE))
    other = REASONS.index(Reason.OTHER_VOICE)
    why = torch.full((1, 700), silence)
    cough, voice, mixed = slice(100, 130), slice(300, 500), slice(600, 640)
    why[0, cough], why[0, voice] = noise, other
    # Somebody far away, whom the network takes for a noise now and then.
    why[0, 350:360] = noise
    why[0, mixed] = torch.tensor([noise, other]).repeat(20)
    reason = 20.0 * F.one_hot(why, len(REASONS)).float()
    coverage = torch.randn(1, 700, 3)
    coverage[..., 0] = -4.0
    model.taste.spared.zero_()
    torch.testing.assert_close(model.taste.sparing(coverage, reason), coverage)
    model.taste.spared[noise] = model.taste.spared[silence] = 4.0
    change = model.taste.sparing(coverage, reason) - coverage
    assert (change[..., 1:] == 0).all()
    torch.testing.assert_close(change[0, cough, 0], torch.full((30,), 4.0), atol=1e-2, rtol=0)
    assert float(change[0, voice, 0].max()) < 0.2
    assert float(change[0, mixed, 0].mean()) == pytest.approx(1.0, abs=0.05)
    assert float(change[0, why[0] == silence, 0].abs().max()) < 1e-3
