"""All that the joint search needs, computed in one parallel pass.

At every expected position e the network is asked what it would do had it just played frame
e - 1, with older history unknown. Nothing here depends on what was decided before, so the whole
recording is computed at once, in pieces that bound the memory.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F

from model_core.nn.encoder import Encoded
from model_core.nn.heads import StepLogits
from model_core.nn.landing import near_scores
from model_core.nn.network import PointerNetwork
from model_core.progress import CancelToken

FloatArray = npt.NDArray[np.float32]

_PIECE = 8192
_CANDIDATE_CELL = 16
_CANDIDATE_MASS = 0.01
_HORIZON = 10_000
_SMOOTH = 4
_CUTS_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the network says of one recording in one style.

    Attributes:
        coverage: Log-odds that each frame stays, of shape `[T]`.
        reason: Class of why each frame would go, of shape `[T]`.
        end: Probability that copying ends at e, given that e - 1 was played, of shape `[T + 1]`.
        stop: The part of `end` that ends the edit, of shape `[T + 1]`.
        landing: Probability that a cut lands within a few frames of each frame, from the likely
            cut that favours it most, of shape `[T]`.
    """

    coverage: FloatArray
    reason: npt.NDArray[np.int8]
    end: FloatArray
    stop: FloatArray
    landing: FloatArray


@torch.inference_mode()
def compute_evidence(
    model: PointerNetwork,
    encoded: Encoded,
    style: Tensor,
    cancel: CancelToken | None = None,
) -> Evidence:
    """Computes the evidence of one recording.

    Args:
        model: The network, in evaluation mode.
        encoded: One recording (B = 1).
        style: Of shape `[1, style_dim]`.
        cancel: Looked at between pieces.

    Returns:
        The evidence, on the CPU.
    """
    n_frames = encoded.frame_emb.shape[1]
    keys = model.keys(encoded)
    coverage = np.empty(n_frames, np.float32)
    reason = np.empty(n_frames, np.int8)
    end = np.empty(n_frames + 1, np.float32)
    stop = np.empty(n_frames + 1, np.float32)
    landing = torch.zeros(n_frames, device=keys.device)
    for first in range(0, n_frames + 1, _PIECE):
        if cancel:
            cancel.raise_if_cancelled()
        last = min(n_frames + 1, first + _PIECE)
        piece = encoded._replace(frame_emb=encoded.frame_emb[:, first:last])
        frame = model.frame_logits(piece, style)
        coverage[first:last] = frame.coverage[0].float().cpu().numpy()
        reason[first:last] = frame.reason[0].argmax(dim=-1).cpu().numpy()
        steps = model.steps(encoded, style, first, last)
        ends, stops = _ending(model, steps, keys, first)
        end[first:last], stop[first:last] = ends.cpu().numpy(), stops.cpu().numpy()
        cuts = _likely_cuts(ends)
        for i in range(0, len(cuts), _CUTS_AT_ONCE):
            _add_landings(model, steps, keys, cuts[i : i + _CUTS_AT_ONCE], first, landing)
    return Evidence(coverage, reason, end, stop, landing.cpu().numpy())


def _near_log_probabilities(
    model: PointerNetwork, steps: StepLogits, keys: Tensor, first: int
) -> Tensor:
    """Returns the log-softmax over near offsets, of shape `[E, 2 * max_delta + 1]`."""
    near = near_scores(steps.query, keys, model.head.max_delta, first)
    return (steps.delta_logits.float() + near)[0].log_softmax(dim=-1)


def _ending(
    model: PointerNetwork, steps: StepLogits, keys: Tensor, first: int
) -> tuple[Tensor, Tensor]:
    """Returns P(not copying) and P(stop) of consecutive e, each of shape `[E]`."""
    n_frames = keys.shape[1]
    at = torch.arange(first, first + steps.stop_logits.shape[1], device=keys.device)
    stop = steps.stop_logits[0].float().sigmoid()
    reach = model.head.max_delta
    far_exists = (at > reach) | (at + reach + 1 < n_frames)
    jump = steps.use_jump_logits[0].float().sigmoid() * far_exists
    near = _near_log_probabilities(model, steps, keys, first)
    # Next to the end of a very short recording no offset may be legal: nothing can be copied.
    copy = near[:, reach].exp().nan_to_num(0.0) * (at < n_frames)
    return 1 - (1 - stop) * (1 - jump) * copy, stop


def _likely_cuts(end: Tensor) -> Tensor:
    """Returns the likeliest e of each cell in which copying may well end, relative to a piece."""
    pad = -end.shape[0] % _CANDIDATE_CELL
    cells = F.pad(end, (0, pad)).view(-1, _CANDIDATE_CELL)
    mass, place = cells.max(dim=1)
    places = place + torch.arange(cells.shape[0], device=end.device) * _CANDIDATE_CELL
    chosen: Tensor = places[(cells.sum(dim=1) > _CANDIDATE_MASS) & (mass > 0)]
    return chosen


def _add_landings(
    model: PointerNetwork,
    steps: StepLogits,
    keys: Tensor,
    cuts: Tensor,
    first: int,
    landing: Tensor,
) -> None:
    """Raises `landing` to what a group of cuts gives each frame ahead of it.

    Landings farther ahead than `_HORIZON` frames (116 s) are left to the coverage.
    """
    head = model.head
    n_frames = keys.shape[1]
    at = cuts + first
    low, high = int(at[0]), min(n_frames, int(at[-1]) + _HORIZON)
    if low >= high:
        return
    chosen = StepLogits(*(part[:, cuts] for part in steps))
    offset = torch.arange(low, high, device=keys.device)[None] - at[:, None]  # [cuts, frames]
    scores = chosen.query[0].float() @ keys[0, low:high].float().T / keys.shape[-1] ** 0.5
    jump = chosen.use_jump_logits[0].float().sigmoid()[:, None]
    mass = torch.zeros_like(scores)
    bucket_share = chosen.jump_logits[0].float().softmax(dim=-1)
    bucket = head.bucket_of(offset)
    far = offset > head.max_delta
    for index in range(head.n_jump_buckets // 2, head.n_jump_buckets):
        inside = far & (bucket == index)
        share = scores.masked_fill(~inside, float("-inf")).softmax(dim=-1).nan_to_num(0.0)
        mass += jump * bucket_share[:, index : index + 1] * share
    near = (offset > 0) & ~far
    near_logits = torch.where(
        near,
        scores
        + chosen.delta_logits[0]
        .float()
        .gather(1, (offset + head.max_delta).clamp(0, head.n_delta_classes - 1)),
        float("-inf"),
    )
    # That copying ends is given: the near share is spread over the offsets that cut.
    mass += (1 - jump) * near_logits.softmax(dim=-1).nan_to_num(0.0)
    spread = F.avg_pool1d(mass[:, None], 2 * _SMOOTH + 1, 1, _SMOOTH)[:, 0] * (2 * _SMOOTH + 1)
    best = spread.max(dim=0).values.clamp(max=1.0)
    landing[low:high] = torch.maximum(landing[low:high], best)
