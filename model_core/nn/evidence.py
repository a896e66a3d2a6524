"""All that the joint search needs, computed in one parallel pass.

At every expected position e the network is asked what it would do had it just played frame
e - 1, with older history unknown. Nothing here depends on what was decided before, so the whole
recording is computed at once, in pieces that bound the memory.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F

from model_core.nn.device import for_pieces, rows_at_once
from model_core.nn.encoder import Encoded
from model_core.nn.heads import DeltaPredictionHead, StepLogits
from model_core.nn.jumps import Keys, Masses, landing_masses
from model_core.nn.likelihood import near_log_probabilities
from model_core.nn.network import PointerNetwork
from model_core.progress import CancelToken

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]

SMOOTH_FRAMES = 4
"""Neighbours on each side whose landing mass counts as the same landing."""
_CANDIDATE_CELL = 16
_CANDIDATE_MASS = 0.01
_CUTS_AT_ONCE = 64
_LEAST_BACKWARD_SHARE = 0.05
_BACKWARD_PER_CUT = 3


@dataclass(frozen=True, slots=True)
class BackwardJumps:
    """Places from which the edit may jump back: the extra edges of the search.

    Attributes:
        leave: Expected positions, of shape `[J]`, rising.
        land: Frames landed on, each before its expected position, of shape `[J]`.
        mass: Probability of landing within `SMOOTH_FRAMES` of there, given that copying ends
            without a stop, of shape `[J]`.
    """

    leave: IntArray
    land: IntArray
    mass: FloatArray

    @classmethod
    def none(cls) -> BackwardJumps:
        """Returns no jumps at all."""
        return cls(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.float32))


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the network says of one recording in one style.

    Attributes:
        coverage: Log-odds that each frame is played at least once, then at least twice given once,
            and so on, of shape `[T, max_visits]`.
        reason: Class of why each frame would go, of shape `[T]`.
        end: Probability that copying ends at e, given that e - 1 was played, of shape `[T + 1]`.
        stop: The part of `end` that ends the edit, of shape `[T + 1]`.
        landing: Probability that a cut lands within a few frames of each frame, from the likely
            cut that favours it most, of shape `[T]`.
        backward: Likely jumps back.
    """

    coverage: FloatArray
    reason: npt.NDArray[np.int8]
    end: FloatArray
    stop: FloatArray
    landing: FloatArray
    backward: BackwardJumps


@torch.inference_mode()
def compute_evidence(
    model: PointerNetwork,
    encoded: Encoded,
    style: Tensor,
    cancel: CancelToken | None = None,
    keys: Keys | None = None,
    start: int = 0,
    stop: int | None = None,
) -> Evidence:
    """Computes the evidence of one recording.

    Args:
        model: The network, in evaluation mode.
        encoded: One recording (B = 1).
        style: Of shape `[1, style_dim]`.
        cancel: Looked at between pieces.
        keys: `model.keys(encoded)`, where that is at hand: keys don't depend on the style.
        start: First frame that is asked about.
        stop: Its end, exclusive; default T. What is said of frames outside means nothing.

    Returns:
        The evidence, on the CPU.
    """
    n_frames = encoded.frame_emb.shape[1]
    keys = keys or model.keys(encoded)
    coverage = np.zeros((n_frames, model.config.max_visits), np.float32)
    reason = np.zeros(n_frames, np.int8)
    end = np.zeros(n_frames + 1, np.float32)
    stops = np.zeros(n_frames + 1, np.float32)
    landing = torch.zeros(n_frames, device=keys.frames.device)
    raising = threading.Lock()
    beyond = n_frames + 1 if stop is None else min(stop, n_frames) + 1

    def run(low: int, high: int) -> list[Tensor]:
        if cancel:
            cancel.raise_if_cancelled()
        first, last = start + low, start + high
        piece = encoded._replace(frame_emb=encoded.frame_emb[:, first:last])
        frame = model.frame_logits(piece, style)
        coverage[first:last] = frame.coverage[0].float().cpu().numpy()
        reason[first:last] = frame.reason[0].argmax(dim=-1).cpu().numpy()
        steps = model.steps(encoded, style, first, last)
        leaving, stopping = ending(model.head, steps, keys, first)
        end[first:last], stops[first:last] = leaving.cpu().numpy(), stopping.cpu().numpy()
        cuts = _likely_cuts(leaving)
        peaks = []
        for some in torch.split(cuts, _CUTS_AT_ONCE) if len(cuts) else ():
            chosen = StepLogits(*(part[0, some] for part in steps))
            masses = landing_masses(model.head, chosen, keys, some + first)
            with raising:  # the largest wins, in whatever order
                _raise_landings(masses, some + first, landing)
            peaks.append(_backward_peaks(model.head.narrow_reach, masses, some + first))
        return peaks

    device = keys.frames.device
    at_once = 2 * rows_at_once(device)
    backward = [
        peak for peaks in for_pieces(run, beyond - start, at_once, device) for peak in peaks
    ]
    return Evidence(
        coverage, reason, end, stops, landing.clamp(max=1.0).cpu().numpy(), _as_jumps(backward)
    )


def ending(
    head: DeltaPredictionHead, steps: StepLogits, keys: Keys, first: int
) -> tuple[Tensor, Tensor]:
    """Returns P(not copying) and P(stop) of consecutive e, each of shape `[E]`.

    Args:
        head: The head.
        steps: Its logits from e = `first` on, with leading shape `[1, E]`.
        keys: Of the recording (B = 1).
        first: First expected position.
    """
    n_frames = keys.frames.shape[1]
    at = torch.arange(first, first + steps.stop_logits.shape[1], device=keys.frames.device)
    stop = steps.stop_logits[0].float().sigmoid()
    far_exists = (at > head.max_delta) | (at + head.max_delta + 1 < n_frames)
    jump = steps.use_jump_logits[0].float().sigmoid() * far_exists
    near = near_log_probabilities(head, steps, keys.frames, first)[0]
    # At the very end of a short recording no offset may be legal: nothing can be copied.
    copy = near[:, head.max_delta].exp().nan_to_num(0.0) * (at < n_frames)
    return 1 - (1 - stop) * (1 - jump) * copy, stop


def _likely_cuts(end: Tensor) -> Tensor:
    """Returns the likeliest e of each cell in which copying may well end, relative to a piece."""
    pad = -end.shape[0] % _CANDIDATE_CELL
    cells = F.pad(end, (0, pad)).view(-1, _CANDIDATE_CELL)
    mass, place = cells.max(dim=1)
    places = place + torch.arange(cells.shape[0], device=end.device) * _CANDIDATE_CELL
    chosen: Tensor = places[(cells.sum(dim=1) > _CANDIDATE_MASS) & (mass > 0)]
    return chosen


def _box(mass: Tensor) -> Tensor:
    """Sums each mass of `[J, N]` with its neighbours within `SMOOTH_FRAMES`."""
    summed = F.pad(mass.cumsum(dim=1), (SMOOTH_FRAMES + 1, 0))
    last = summed[:, -1:].expand(-1, SMOOTH_FRAMES)
    summed = torch.cat((summed, last), dim=1)
    return summed[:, 2 * SMOOTH_FRAMES + 1 :] - summed[:, : -2 * SMOOTH_FRAMES - 1]


def _raise_landings(masses: Masses, at: Tensor, landing: Tensor) -> None:
    """Raises `landing` to what a group of cuts gives each frame ahead of it."""
    reach = masses.near.shape[1] // 2
    # Slices rather than one scatter: a group's frames overlap, and masking them costs more.
    for place, mass in zip(at.tolist(), _box(masses.near)[:, reach + 1 :], strict=True):
        _raise(landing, place + 1, mass)
    sources = at[masses.far_jump].tolist()
    for low, place, mass in zip(masses.far_low.tolist(), sources, _box(masses.far), strict=True):
        if low > place:
            _raise(landing, low, mass)


def _raise(landing: Tensor, low: int, mass: Tensor) -> None:
    """Raises the frames from `low` on to `mass`, as far as there are any."""
    frames = landing[low : low + mass.shape[0]]
    torch.maximum(frames, mass[: frames.shape[0]], out=frames)


def _backward_peaks(reach: int, masses: Masses, at: Tensor) -> Tensor:
    """Returns leave, land and mass of the likeliest landings behind each cut, `[J, 3]`."""
    found = []
    behind = masses.near[:, :reach]
    likely = (behind.sum(dim=1) > _LEAST_BACKWARD_SHARE).nonzero()[:, 0]
    if len(likely):
        low = at[likely] - reach
        found.append(_peaks(_box(behind[likely]), at[likely], low))
    if len(masses.far_jump):
        back = masses.far_low < at[masses.far_jump]
        found.append(
            _peaks(_box(masses.far[back]), at[masses.far_jump[back]], masses.far_low[back])
        )
    return torch.cat(found) if found else masses.near.new_zeros(0, 3)


def _peaks(mass: Tensor, at: Tensor, low: Tensor) -> Tensor:
    """Returns leave, land and mass of the highest peaks of each row, `[J, 3]`."""
    if not mass.numel():
        return mass.new_zeros(0, 3)
    width = 2 * SMOOTH_FRAMES + 1
    tallest = F.max_pool1d(mass[:, None], width, 1, SMOOTH_FRAMES)[:, 0]
    peaks = torch.where(mass >= tallest, mass, 0.0)
    value, place = peaks.topk(min(_BACKWARD_PER_CUT, mass.shape[1]), dim=1)
    row, column = (value > _LEAST_BACKWARD_SHARE).nonzero(as_tuple=True)
    land = low[row] + place[row, column]
    # Frames of up to two days are exact in single precision.
    parts = (at[row].float(), land.float(), value[row, column])
    return torch.stack(parts, dim=1)[land >= 0]


def _as_jumps(found: list[Tensor]) -> BackwardJumps:
    rows = torch.cat(found).cpu().numpy() if found else np.zeros((0, 3))
    if not len(rows):
        return BackwardJumps.none()
    rows = rows[np.argsort(rows[:, 0], kind="stable")]
    return BackwardJumps(
        rows[:, 0].astype(np.int64),
        rows[:, 1].astype(np.int64),
        np.minimum(rows[:, 2], 1.0).astype(np.float32),
    )
