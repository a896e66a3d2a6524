from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from model_core import PointerNetwork
from model_core.edit.pointers import STOP
from model_core.nn import stepping
from model_core.nn.evidence import ending
from model_core.nn.heads import StepLogits
from model_core.nn.scoring import log_likelihood
from model_core.nn.search import box_sum
from model_core.nn.stepping import (
    WINDOW,
    Hazards,
    StepOptions,
    Stepper,
    next_mode,
    tempered_hazards,
    uniform,
    window_mass,
)
from tests.nn.small import a_network, eager


@pytest.fixture(autouse=True)
def _no_gradients() -> Iterator[None]:
    with torch.no_grad():
        yield


@pytest.fixture
def short_window(monkeypatch: pytest.MonkeyPatch) -> int:
    """A window that a recording of the tests has many of."""
    monkeypatch.setattr(stepping, "WINDOW", 10)
    monkeypatch.setattr(stepping, "_LOOK_AHEAD", 30)
    return 10


class OneByOne(Stepper):
    """The same rule, with one step computed after the other from a state that is passed on."""

    def _hazards(self, block: int) -> Hazards:
        state = self.states
        parts, after = [], None
        last = min(self.expected + block + 3 * stepping.WINDOW, self.n_frames + 1)
        for at in range(self.expected, last):
            steps, state = self._steps(at, at + 1, state)
            parts.append(steps)
            if at + 1 == self.expected + block:
                after = state
        steps = StepLogits(*(torch.cat(pieces, dim=1) for pieces in zip(*parts, strict=True)))
        ends, stops = ending(self.model.head, steps, self.keys, self.expected)
        return Hazards(ends.double().numpy(), stops.double().numpy(), steps, after)


def decoded(model: PointerNetwork, mel: torch.Tensor, kind: type[Stepper] = Stepper,
            **options: object) -> list[list[int]]:  # fmt: skip
    style = model.style(torch.zeros(1, 3))
    runs = kind(model, model.encode(mel), style, StepOptions(**options)).run()  # type: ignore[arg-type]
    return [list(run) for run in runs.tolist()]


@pytest.mark.parametrize("history", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_blocks_make_the_steps_of_the_reference(
    short_window: int, history: bool, seed: int
) -> None:
    model = eager(a_network(seed, use_history=history), leave=-4.0, copy=7.0)
    mel = torch.rand(1, 16, 250)
    expected = decoded(model, mel, OneByOne, block=4 * short_window, max_frames=400)
    assert len(expected) > 2  # something happens
    for block in (4 * short_window, 512, 4096, None):
        assert decoded(model, mel, block=block, max_frames=400) == expected


@pytest.mark.parametrize("temperature", [1.0, 0.7, 2.0])
def test_drawn_edits_do_not_depend_on_blocks_and_repeat_with_their_seed(
    temperature: float,
) -> None:
    model = eager(a_network(1), leave=-5.0, copy=9.0)
    mel = torch.rand(1, 16, 500)
    edits = {
        str(decoded(model, mel, temperature=temperature, seed=5, block=block, max_frames=700))
        for block in (4 * WINDOW, 512, 4096)
    }
    assert len(edits) == 1
    other = decoded(model, mel, temperature=temperature, seed=6, block=512, max_frames=700)
    assert str(other) not in edits


def test_what_is_left_to_play_is_told_in_blocks_as_one_by_one(short_window: int) -> None:
    model = eager(a_network(2), leave=-4.0, copy=7.0)
    assert model.budget_in is not None
    model.budget_in.weight *= 20
    mel = torch.rand(1, 16, 250)
    told = {"target_frames": 100, "max_frames": 300}
    expected = decoded(model, mel, OneByOne, block=4 * short_window, **told)
    assert decoded(model, mel, block=512, **told) == expected
    assert expected != decoded(model, mel, block=512, max_frames=300)


def test_no_frame_is_landed_on_more_often_than_allowed() -> None:
    model = eager(a_network(3, max_visits=2), leave=0.5)
    with torch.no_grad():
        model.head.stop_proj.bias.fill_(-30.0)
    runs = decoded(model, torch.rand(1, 16, 80), max_frames=5000)
    visits = np.zeros(80, int)
    for start, stop in runs:
        assert visits[start] < 2 or start == 0
        visits[start:stop] += 1
    assert sum(stop - start for start, stop in runs) <= 5000


def test_an_edit_never_outgrows_its_bound() -> None:
    model = eager(a_network(3), leave=0.5)
    runs = decoded(model, torch.rand(1, 16, 200), max_frames=123)
    assert sum(stop - start for start, stop in runs) <= 123


def test_drawn_first_events_are_distributed_as_the_network_says() -> None:
    """The first event of many drawn edits, against the product of the hazards."""
    model = eager(a_network(4), leave=-3.0)
    encoded = model.encode(torch.rand(1, 16, 120))
    style = model.style(torch.zeros(1, 3))
    first = []
    hazards = Stepper(model, encoded, style, StepOptions())._hazards(200)
    for seed in range(300):
        stepper = Stepper(model, encoded, style, StepOptions(1.0, seed=seed))
        event = stepper._next_event(hazards.end, 200)
        assert event is not None
        first.append(event.place)
    survived = np.cumprod(1 - hazards.end)
    for at in (5, 10, 20, 40):
        drawn = np.mean(np.array(first) >= at)
        assert drawn == pytest.approx(survived[at - 1], abs=0.08)


@pytest.mark.parametrize("history", [True, False])
def test_steps_from_a_state_have_the_likelihood_of_the_whole(history: bool) -> None:
    """Log-probabilities step by step against those of one pass over all steps."""
    model = eager(a_network(5, use_history=history))
    encoded = model.encode(torch.rand(1, 16, 150))
    style = model.style(torch.zeros(1, 3))
    runs = np.array([[0, 60], [75, 110], [90, 150]])
    whole = log_likelihood(model, encoded, style, runs)
    stepper = Stepper(model, encoded, style, StepOptions())
    total, state, e = 0.0, None, 0
    from model_core.nn.likelihood import step_terms

    pointers = [*range(60), *range(75, 110), *range(90, 150), STOP]
    for pointer in pointers:
        steps, state = stepper._steps(e, e + 1, state)
        padded = StepLogits(
            *(torch.cat((part.new_zeros(1, e, *part.shape[2:]), part), dim=1) for part in steps)
        )
        target = torch.full((1, e + 1), -1)
        target[0, e] = pointer
        terms = step_terms(model.head, padded, stepper.keys, target, torch.tensor([150]))
        total += float(terms.log_probability()[0, e])
        e = pointer + 1
    assert total == pytest.approx(whole, abs=1e-3)


def test_the_rule_of_modes_by_hand() -> None:
    end = np.full(1000, 1e-4)
    end[400:420] = 0.05  # a pause in which the place is arbitrary
    end[412] = 0.1
    event = next_mode(end, 600)
    assert event is not None
    assert event.place == 412
    assert next_mode(end, 300) is None
    assert next_mode(np.full(900, 1e-4), 600) is None


def test_window_mass_is_one_minus_the_product_of_survivals() -> None:
    end = np.random.default_rng(0).uniform(0, 0.05, 200)
    mass = window_mass(end)
    for t in (0, 17, 150, 199):
        assert mass[t] == pytest.approx(1 - np.prod(1 - end[t : t + WINDOW]))


def test_tempering_keeps_one_half_and_sharpens_the_rest() -> None:
    end = np.random.default_rng(0).uniform(0, 0.02, 300)
    np.testing.assert_array_equal(tempered_hazards(end, 1.0), end)
    mass = window_mass(end)[:100]
    cold, hot = tempered_hazards(end, 0.5)[:100], tempered_hazards(end, 3.0)[:100]
    likely = mass > 0.55
    unlikely = mass < 0.45
    assert (cold[likely] >= end[:100][likely]).all()
    assert (cold[unlikely] <= end[:100][unlikely]).all()
    assert (hot[likely] <= end[:100][likely]).all()


def test_numbers_are_even_and_belong_to_their_place() -> None:
    numbers = uniform(7, np.arange(20_000))
    assert numbers.min() >= 0
    assert numbers.max() < 1
    assert numbers.mean() == pytest.approx(0.5, abs=0.01)
    np.testing.assert_allclose(np.histogram(numbers, 10, (0, 1))[0], 2000, atol=200)
    np.testing.assert_array_equal(uniform(7, np.arange(500, 600)), numbers[500:600])
    assert not np.array_equal(uniform(8, np.arange(100)), numbers[:100])
    assert not np.array_equal(uniform(7, np.arange(100), 1), numbers[:100])


@pytest.mark.parametrize("length", [1, 4, 9, 100])
def test_landing_masses_are_smoothed_over_their_neighbours(length: int) -> None:
    mass = np.random.default_rng(length).random(length)
    smoothed = box_sum(mass)
    assert len(smoothed) == length
    for at in range(length):
        assert smoothed[at] == pytest.approx(mass[max(0, at - 4) : at + 5].sum())


def test_a_sharp_landing_is_landed_on_to_the_frame() -> None:
    model = eager(a_network(6), leave=-1.0)
    with torch.no_grad():
        model.head.stop_proj.bias.fill_(-30.0)
    encoded = model.encode(torch.rand(1, 16, 90))
    stepper = Stepper(model, encoded, model.style(torch.zeros(1, 3)), StepOptions())
    hazards = stepper._hazards(60)
    mass = np.full(81, 1e-6)
    mass[50] = 0.95
    stepper._open_spans = lambda *_: [(5, mass)]  # type: ignore[method-assign]
    assert stepper._landing(hazards, stepping.Event(0, 10)) == 55
