"""Making an edit step by step, many copies at a time.

Nearly all steps copy. So the steps of a block are computed in parallel as if all of them did, from
a saved state, and only what comes up to the first event counts. With h[t] the probability that
copying ends at t (the hazard), m[t] that it ends within the next `WINDOW` steps, and f[t] that it
ends exactly there: the event belongs to the first local maximum of m above one half, happens at the
mode of f in that window, stops if the window's share of stopping exceeds the threshold, and
otherwise lands at the mode of the smoothed landing mass. When sampling, one random number for each
output position decides instead. Neither depends on how long the blocks are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from model_core.nn.decoder import Walk
from model_core.nn.encoder import Encoded
from model_core.nn.evidence import SMOOTH_FRAMES, ending
from model_core.nn.heads import StepLogits
from model_core.nn.history import HistoryState
from model_core.nn.jumps import Keys, Masses, landing_masses
from model_core.nn.network import PointerNetwork
from model_core.nn.search import box_sum
from model_core.nn.walks import budget_of

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

WINDOW = 60
"""Steps (0.7 s) within which it is arbitrary where exactly copying ends."""
_LOOK_AHEAD = 3 * WINDOW
_FIRST_BLOCK, _LONGEST_BLOCK = 512, 8192
_KIND, _LANDING = 1, 2
_TIE = 1e-6
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True)
class StepOptions:
    """How steps are made.

    Attributes:
        temperature: 0 follows the modes; 1 draws from the network's distribution; others temper it.
        stop_threshold: Share of stopping from which an event ends the edit, at temperature 0.
        seed: Of everything that is drawn.
        target_frames: What is told to be played in all, or None.
        max_frames: An edit is ended at so many frames.
        block: Fixed length of blocks; None lets them grow and shrink.
    """

    temperature: float = 0.0
    stop_threshold: float = 0.5
    seed: int = 0
    target_frames: int | None = None
    max_frames: int | None = None
    block: int | None = None


class Hazards(NamedTuple):
    """Consecutive steps under the assumption that all before them copied.

    Attributes:
        end: Probability that copying ends, float64 of shape `[n]`.
        stop: The part of it that stops, float64 of shape `[n]`.
        steps: The logits, with leading shape `[1, n]`.
        states: What the decoder remembers after the first block of them.
    """

    end: FloatArray
    stop: FloatArray
    steps: StepLogits
    states: tuple[HistoryState, ...] | None


class Event(NamedTuple):
    """Where copying ends.

    Attributes:
        window: Copies before the window in which it ends.
        place: Copies before it ends.
    """

    window: int
    place: int


class Stepper:
    """Decodes one recording step by step.

    Args:
        model: The network, in evaluation mode.
        encoded: One recording (B = 1).
        style: Of shape `[1, style_dim]`.
        options: How steps are made.
    """

    def __init__(
        self, model: PointerNetwork, encoded: Encoded, style: Tensor, options: StepOptions
    ) -> None:
        self.model = model
        self.encoded = encoded
        self.style = style
        self.options = options
        self.keys: Keys = model.keys(encoded)
        self.n_frames = encoded.frame_emb.shape[1]
        self.visits = np.zeros(self.n_frames, np.int64)
        self.expected = 0
        self.played = 0
        self.states: tuple[HistoryState, ...] | None = None
        longest = options.max_frames
        self.max_frames = longest if longest is not None else 4 * self.n_frames

    @torch.inference_mode()
    def run(self) -> IntArray:
        """Makes the whole edit.

        Returns:
            Frame ranges that are played in turn, of shape `[n, 2]`.
        """
        runs: list[tuple[int, int]] = []
        start = 0
        block = self.options.block or _FIRST_BLOCK
        while True:
            hazards = self._hazards(block)
            event = self._next_event(hazards.end, block)
            if event is None:
                self._copy(block, hazards.states)
                block = self.options.block or min(2 * block, _LONGEST_BLOCK)
            else:
                landing = self._landing(hazards, event)
                self._copy(event.place, None)
                if start < self.expected:
                    runs.append((start, self.expected))
                if landing is None:
                    break
                self._advance(1)  # the step of the event itself is remembered too
                self.visits[landing] += 1
                self.played += 1
                start, self.expected = landing, landing + 1
                block = self.options.block or max(block // 2, _FIRST_BLOCK)
            if self.played >= self.max_frames:
                if start < self.expected:
                    runs.append((start, self.expected))
                break
        return self._bounded(runs)

    def _bounded(self, runs: list[tuple[int, int]]) -> IntArray:
        """Cuts runs off at the greatest length."""
        left = self.max_frames
        bounded = []
        for start, stop in runs:
            if left <= 0:
                break
            bounded.append((start, min(stop, start + left)))
            left -= stop - start
        return np.array(bounded, np.int64).reshape(-1, 2)

    def _hazards(self, block: int) -> Hazards:
        """Computes a block of steps and what has to be seen beyond it."""
        end = self.n_frames + 1
        middle = min(self.expected + block, end)
        last = min(middle + _LOOK_AHEAD, end)
        steps, states = self._steps(self.expected, middle, self.states)
        if middle < last:
            beyond, _ = self._steps(middle, last, states)
            steps = StepLogits(
                *(torch.cat(pair, dim=1) for pair in zip(steps, beyond, strict=True))
            )
        ends, stops = ending(self.model.head, steps, self.keys, self.expected)
        return Hazards(ends.cpu().double().numpy(), stops.cpu().double().numpy(), steps, states)

    def _steps(
        self, start: int, stop: int, states: tuple[HistoryState, ...] | None
    ) -> tuple[StepLogits, tuple[HistoryState, ...] | None]:
        """Computes the steps from `start` to `stop` as if all before them from here on copied."""
        device = self.encoded.frame_emb.device
        walk = Walk(
            torch.arange(stop - start, device=device)[None],
            torch.ones(1, dtype=torch.bool, device=device),
            states,
        )
        budget = None
        if self.options.target_frames is not None:
            at = np.arange(start, stop)
            to_play = self.options.target_frames - self.played - (at - self.expected) + 1
            values = budget_of(to_play, self.n_frames - at)
            budget = torch.from_numpy(values)[None].to(device)
        steps, after = self.model.steps_from(
            self.encoded, self.style, start, stop, walk=walk, budget=budget
        )
        return steps, after or None

    def _copy(self, count: int, states: tuple[HistoryState, ...] | None) -> None:
        """Plays the next frames; the state after them is computed where it isn't at hand."""
        if count > 0:
            self.visits[self.expected : self.expected + count] += 1
            if states is None:
                self._advance(count)
            else:
                self.states = states
            self.expected += count
            self.played += count

    def _advance(self, count: int) -> None:
        """Remembers the next `count` steps."""
        if self.model.config.use_history:
            self.states = self._steps(self.expected, self.expected + count, self.states)[1]

    def _next_event(self, end: FloatArray, block: int) -> Event | None:
        """Returns the next event; None if it lies beyond the block."""
        if self.options.temperature == 0:
            return next_mode(end, block)
        tempered = tempered_hazards(end, self.options.temperature)[:block]
        positions = self.played + np.arange(len(tempered))
        happens = np.flatnonzero(uniform(self.options.seed, positions) < tempered)
        return Event(int(happens[0]), int(happens[0])) if happens.size else None

    def _landing(self, hazards: Hazards, event: Event) -> int | None:
        """Returns the frame that an event lands on; None if it stops."""
        place = event.place
        at = self.expected + place
        masses = landing_masses(
            self.model.head,
            StepLogits(*(part[0, place : place + 1] for part in hazards.steps)),
            self.keys,
            torch.tensor([at], device=self.keys.frames.device),
        )
        spans = self._open_spans(masses, at)
        nowhere = not spans or max(float(mass.max()) for _, mass in spans) <= 0
        if nowhere or self._stops(hazards, event):
            return None
        frames = np.concatenate([low + np.arange(len(mass)) for low, mass in spans])
        mass = np.concatenate([mass for _, mass in spans])
        if self.options.temperature == 0:
            smoothed = np.concatenate([box_sum(mass) for _, mass in spans])
            mode = frames[np.where(mass > 0, smoothed, 0.0).argmax()]
            # Smoothing makes a sharp landing flat: the frame is the likeliest one around the mode.
            around = np.abs(frames - mode) <= SMOOTH_FRAMES
            return int(frames[np.where(around, mass, 0.0).argmax()])
        total = np.cumsum(mass ** (1 / self.options.temperature))
        drawn = uniform(self.options.seed, np.array([self.played + place]), _LANDING)[0]
        chosen = int(np.searchsorted(total, drawn * total[-1], side="right"))
        return int(frames[min(chosen, len(frames) - 1)])

    def _stops(self, hazards: Hazards, event: Event) -> bool:
        """Returns whether an event ends the edit."""
        if self.options.temperature > 0:
            share = hazards.stop[event.place] / max(hazards.end[event.place], 1e-12)
            position = np.array([self.played + event.place])
            return bool(uniform(self.options.seed, position, _KIND)[0] < share)
        part = slice(event.window, event.window + WINDOW)
        return stop_share(hazards.end[part], hazards.stop[part]) > self.options.stop_threshold

    def _open_spans(self, masses: Masses, at: int) -> list[tuple[int, FloatArray]]:
        """Returns first frames and masses of where the event may land."""
        reach = masses.near.shape[1] // 2
        spans = [(at - reach, masses.near[0].cpu().double().numpy())]
        spans += [
            (low, mass.cpu().double().numpy())
            for low, mass in zip(masses.far_low.tolist(), masses.far, strict=True)
        ]
        visits = self.visits.copy()
        visits[self.expected : at] += 1
        opened = []
        for low, mass in spans:
            first, last = max(low, 0), min(low + len(mass), self.n_frames)
            if first < last:
                part = mass[first - low : last - low]
                free = visits[first:last] < self.model.config.max_visits
                opened.append((first, np.where(free, part, 0.0)))
        return opened


def window_mass(end: FloatArray) -> FloatArray:
    """Returns m[t], the probability that copying ends within `WINDOW` steps from t on, `[n]`."""
    with np.errstate(divide="ignore"):
        survival = np.concatenate(([0.0], np.cumsum(np.log1p(-end.clip(0, 1 - 1e-15)))))
    until = np.minimum(np.arange(len(end)) + WINDOW, len(end))
    mass: FloatArray = -np.expm1(survival[until] - survival[:-1])
    return mass


def next_mode(end: FloatArray, block: int) -> Event | None:
    """Returns the next event by the rule of modes; None if it lies beyond the block.

    Args:
        end: Hazards of the block and of what has to be seen beyond it, of shape `[n]`.
        block: Length of the block.
    """
    mass = window_mass(end)
    above = np.flatnonzero(mass[:block] > 0.5)
    if not above.size:
        return None
    peak = int(above[0])
    farthest = min(peak + 2 * WINDOW, len(end) - 1)
    while peak < farthest and mass[peak + 1] > mass[peak] + _TIE:
        peak += 1
    return Event(peak, peak + int(_exactly(end[peak : peak + WINDOW]).argmax()))


def stop_share(end: FloatArray, stop: FloatArray) -> float:
    """Returns which share of the ways to end copying within a window stops."""
    exactly = _exactly(end)
    share = stop / np.maximum(end, 1e-12)
    return float((exactly * share).sum() / max(float(exactly.sum()), 1e-12))


def tempered_hazards(end: FloatArray, temperature: float) -> FloatArray:
    """Tempers the log-odds of m and returns the hazards that give the tempered m.

    Args:
        end: Hazards, of shape `[n]`.
        temperature: Above 0; 1 changes nothing.
    """
    if temperature == 1:
        return end
    mass = window_mass(end).clip(1e-12, 1 - 1e-12)
    logit = (np.log(mass) - np.log1p(-mass)) / temperature
    # log(1 - tempered m) over log(1 - m): by so much survival is raised to a power.
    power = -np.logaddexp(0.0, logit) / np.log1p(-mass)
    tempered: FloatArray = -np.expm1(power * np.log1p(-end.clip(0, 1 - 1e-15)))
    return np.where(end >= 1, 1.0, tempered)


def uniform(seed: int, positions: IntArray, stream: int = 0) -> FloatArray:
    """Returns one number in [0, 1) for each output position, the same however they are asked for.

    Source: SplitMix64, Steele et al., "Fast splittable pseudorandom number generators", 2014.
    """
    with np.errstate(over="ignore"):
        start = np.uint64((seed * 8 + stream) % 2**64) * _GOLDEN
        x = _mixed(start) + positions.astype(np.uint64) * _GOLDEN
        return (_mixed(x) >> np.uint64(11)) / float(2**53)


def _mixed(x: npt.NDArray[np.uint64] | np.uint64) -> npt.NDArray[np.uint64]:
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(x ^ (x >> np.uint64(31)), np.uint64)


def _exactly(end: FloatArray) -> FloatArray:
    """Returns f: the probability that copying ends exactly at each step."""
    survived = np.concatenate(([1.0], np.cumprod(1 - end)[:-1]))
    return end * survived
