"""Fits the layer that says where exactly one editor cuts; see `model_core/nn/taste.py`.

A few numbers are found by maximum likelihood, drawn towards those of editors in general, with the
rest of the network fixed: seconds where its weights take minutes, and few cuts are enough.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional as F

from model_core.audio.features import DEFAULT_SETTINGS
from model_core.edit.pointers import PADDING, STOP
from model_core.edit.types import REASONS
from model_core.nn.config import PointerNetworkConfig
from model_core.nn.cuts import FAR, NEAR, load_listener
from model_core.nn.decoder import Walk
from model_core.nn.device import in_faster_precision
from model_core.nn.jumps import landing_log_probabilities
from model_core.nn.landing import copying_as_liked
from model_core.nn.likelihood import near_log_probabilities
from model_core.nn.network import PointerNetwork
from model_core.nn.taste import sparing
from resources import resource_path
from training.library.style import FRAME_S
from training.validation import whole_batches

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from model_core.nn.heads import DeltaPredictionHead, StepLogits
    from model_core.nn.jumps import Keys
    from model_core.nn.taste import Clues, TasteLayer
    from training.dataset import Cropping, Example
    from training.losses import Batch

BUNDLED_LISTENER = resource_path("model", "cuts.safetensors")
_ITERATIONS, _ROUNDS = 20, 2
_MOST_FRAMES = 240_000
"""Three quarters of an hour: more takes minutes to fit, and tells no more of so few numbers."""
_PAUSES_S = (0.15, 0.2, 0.27, 0.36, 0.48, 0.64, 0.85, 1.2)
_BEHIND = 0.5
_STAYING = (1.3, 1.1, 1.6)
"""Habits that are tried first: what is left of a pause, which share of it lies behind the last
sound, and how much longer pauses may be to stay as they are."""
_LONGEST_LAG, _LAG_STEP = 100, 4
_GUESSED_DEVIATION = 3.0
"""In frames: a first guess needn't be right to the frame."""
_LAGS, _DEVIATIONS, _TRUST, _ELSEWHERE = 5e-4, 0.5, 20.0, 2.0
"""Nats for the squares of: differences from the first guess in frames, and the other numbers."""
_FRAMES_A_WORD, _SPARED, _LEAST_SPARED = 40, 3.0, 2.0
"""Frames that stay or go together count as one; and what reasons cost."""
MOST_SPARED = 4.0
"""Log-odds of staying where everything of a kind is kept: what the listener learned with."""


@dataclass(frozen=True, slots=True)
class Copies:
    """Steps that copy, `[C]` each: all that is needed of most steps.

    Attributes:
        at: Expected positions.
        copying: Log-odds of copying against the other near offsets.
        stop: Logits of stopping.
        use_jump: Logits of a far jump.
        may_jump: Whether there is anywhere to jump to.
    """

    at: Tensor
    copying: Tensor
    stop: Tensor
    use_jump: Tensor
    may_jump: Tensor


@dataclass(frozen=True, slots=True)
class Told:
    """A recording, or a part of one, with what the network says of it on its own.

    Attributes:
        mel: uint8 of shape `[1, n_mels, T]`, 255 for 1.
        tokens: The encoder's, of shape `[1, N, D]`.
        coverage: Log-odds that each frame is played, what is spared included, of shape `[1, T]`.
        reason: Logits of why it goes, of shape `[1, T, len(REASONS)]`.
        copies: The steps that copy.
        steps: Logits of all other steps, with leading shape `[J]`.
        at: Their expected positions within the part, of shape `[J]`.
        to: Where they land, counted from the beginning of the part, or `STOP`, of shape `[J]`.
        exists: Which buckets they might land in, of shape `[J, n_jump_buckets]`.
        keys: Of the recording.
    """

    mel: Tensor
    tokens: Tensor
    coverage: Tensor
    reason: Tensor
    copies: Copies
    steps: StepLogits
    at: Tensor
    to: Tensor
    exists: Tensor
    keys: Keys


def can_taste(config: PointerNetworkConfig) -> bool:
    """Returns whether a network reads the spectrogram that cuts are heard in, with like tokens."""
    usual = PointerNetworkConfig()
    same_tokens = (config.d_model, config.encoder_stride) == (usual.d_model, usual.encoder_stride)
    return config.mel_settings() == DEFAULT_SETTINGS and same_tokens


def with_taste(model: PointerNetwork) -> PointerNetwork:
    """Returns a network with a layer for the taste of an editor nobody knows.

    Args:
        model: A network that `can_taste`; its own layer, where it has one, is left out.

    Raises:
        CheckpointError: What hears cuts is missing.
    """
    listener = load_listener(BUNDLED_LISTENER)
    config = replace(model.config, use_taste=True)
    tasting = PointerNetwork(config, replace(model.card, config=config))
    tasting.load_state_dict(tasting.state_dict() | without_taste(model).state_dict())
    _taste_of(tasting).listener.load_state_dict(listener.state_dict())
    return tasting.eval()


def without_taste(model: PointerNetwork) -> PointerNetwork:
    """Returns the network as it is on its own: itself, where it has no layer for taste."""
    if model.taste is None:
        return model
    config = replace(model.config, use_taste=False)
    plain = PointerNetwork(config, replace(model.card, config=config))
    plain.load_state_dict(
        {name: value for name, value in model.state_dict().items() if name in plain.state_dict()}
    )
    return plain.eval()


def fit_taste(model: PointerNetwork, examples: Sequence[Example], cropping: Cropping) -> None:
    """Fits the layer of a network to the edits of one editor.

    Args:
        model: A network with a layer for taste; nothing else of it is changed.
        examples: Recordings with their edits.
        cropping: How much is told at once, and what is hidden.
    """
    layer = _taste_of(model)
    _fit_spared(model, examples, cropping)
    with torch.no_grad():
        for value in (layer.deviations, layer.trust, layer.elsewhere):
            value.zero_()
    told = told_by(model, examples, cropping)
    _guess_habit(layer, told, model.head)
    _climb(layer, told, model.head)
    # What is heard depends on the habit, which is known better now.
    with torch.no_grad():
        _as_lags_have_it(layer)
    _climb(layer, told, model.head)


def _climb(layer: TasteLayer, told: Sequence[Told], head: DeltaPredictionHead) -> None:
    """Fits all numbers of a layer but its habit, from where they are."""
    clues = [_clues_of(layer, one) for one in told]
    guessed = layer.lags.detach().clone()
    fitted = [layer.lags, layer.deviations, layer.trust, layer.elsewhere]
    optimiser = torch.optim.LBFGS(
        fitted, max_iter=_ITERATIONS, history_size=20, line_search_fn="strong_wolfe"
    )

    def closure() -> Tensor:
        optimiser.zero_grad()
        total = _unlikely(layer, guessed)
        torch.autograd.backward(total)
        for one, heard in zip(told, clues, strict=True):
            # One at a time: all of them together would take the memory of all their graphs.
            nats = -log_likelihood_of(layer, one, layer.tracks(heard), head)
            torch.autograd.backward(nats)
            total = total + nats.detach()
        return total.detach()

    optimiser.step(closure)  # type: ignore[no-untyped-call]


def _clues_of(layer: TasteLayer, told: Told) -> Clues:
    """Listens in half precision where that is faster: a habit varies by far more."""
    with in_faster_precision():
        return layer.clues(told.mel.float() / 255, told.tokens, told.coverage, told.reason)


@torch.no_grad()
def _guess_habit(layer: TasteLayer, told: Sequence[Told], head: DeltaPredictionHead) -> None:
    """Sets the habit that, of many, makes the edits likeliest: fitting needs to begin near."""
    layer.deviations.fill_(math.log(_GUESSED_DEVIATION))

    def heard() -> list[Clues]:
        return [_clues_of(layer, one) for one in told]

    def likelihood(clues: Sequence[Clues]) -> float:
        return sum(
            float(log_likelihood_of(layer, one, layer.tracks(each), head))
            for one, each in zip(told, clues, strict=True)
        )

    def tried(pause_s: float, staying: float, share: float) -> float:
        _set_habit(layer, pause_s, staying)
        layer.lags.copy_(lags_of(pause_s, share))
        return likelihood(heard())

    pause_s = max(_PAUSES_S, key=lambda each: tried(each, _STAYING[0], _BEHIND))
    _set_habit(layer, pause_s, _STAYING[0])
    layer.lags.copy_(lags_of(pause_s, _BEHIND))
    for _ in range(_ROUNDS):
        clues = heard()
        for side in (0, 1):
            likely = {}
            for lag in range(0, _LONGEST_LAG, _LAG_STEP):
                layer.lags[side] = lag
                likely[lag] = likelihood(clues)
            layer.lags[side] = max(likely, key=lambda lag: likely[lag])
        _as_lags_have_it(layer)
    pause_s, lags = float(layer.habit[0]), layer.lags.clone()
    share = float(lags[0] / lags.sum().clamp(min=1))
    staying = max(_STAYING, key=lambda each: tried(pause_s, each, share))
    _set_habit(layer, pause_s, staying)
    layer.lags.copy_(lags)
    layer.deviations.zero_()


def _as_lags_have_it(layer: TasteLayer) -> None:
    """Makes the pause that is left, which the listener is told, the one that is fitted."""
    staying = float(layer.habit[1] / layer.habit[0])
    pause_s = float(layer.lags.sum()) * FRAME_S
    _set_habit(layer, min(max(pause_s, _PAUSES_S[0]), _PAUSES_S[-1]), staying)


def _set_habit(layer: TasteLayer, pause_s: float, staying: float) -> None:
    layer.habit.copy_(torch.tensor([pause_s, pause_s * staying]))


def lags_of(pause_s: float, share: float) -> Tensor:
    """Returns the lags, `[2]`, of who leaves so much of a pause, such a share behind the sound."""
    left = pause_s / FRAME_S
    return torch.tensor([left * share, left * (1 - share)])


def _fit_spared(model: PointerNetwork, examples: Sequence[Example], cropping: Cropping) -> None:
    """Fits for which reasons an editor cuts less, by what of their recordings stays."""
    layer, plain = _taste_of(model), without_taste(model)
    parts = []
    with torch.no_grad():
        for batch in _batches(examples, cropping):
            encoded = plain.encode(batch.mel, batch.mask, batch.offset, batch.total)
            frame = plain.frame_logits(encoded, plain.style(batch.style, batch.style_known))
            real = batch.mask
            parts.append((frame.coverage[real], frame.reason[real], batch.visits[real] > 0))
    coverage, reason, kept = (torch.cat(each)[None] for each in zip(*parts, strict=True))
    _climb_spared(layer, coverage, reason, kept, torch.ones_like(layer.spared))
    # Who spares something mostly keeps it; less is a network that is a little off.
    clearly = layer.spared.detach().abs() >= _LEAST_SPARED
    _climb_spared(layer, coverage, reason, kept, clearly.float())
    with torch.no_grad():
        layer.spared.clamp_(-MOST_SPARED, MOST_SPARED)


def _climb_spared(
    layer: TasteLayer, coverage: Tensor, reason: Tensor, kept: Tensor, chosen: Tensor
) -> None:
    """Fits the chosen ones of what is spared, and sets the others to 0."""
    with torch.no_grad():
        layer.spared.zero_()
    optimiser = torch.optim.LBFGS([layer.spared], max_iter=30, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimiser.zero_grad()
        wrong = F.binary_cross_entropy_with_logits(
            layer.sparing(coverage, reason)[..., 0], kept.float(), reduction="sum"
        )
        # Near a sum of absolute values: what is hardly spared isn't.
        cost = (layer.spared.square() + 0.01).sqrt().sum()
        total = wrong / _FRAMES_A_WORD + _SPARED * cost
        torch.autograd.backward(total)
        if layer.spared.grad is not None:
            layer.spared.grad.mul_(chosen)
        return total.detach()

    optimiser.step(closure)  # type: ignore[no-untyped-call]


def _batches(examples: Sequence[Example], cropping: Cropping) -> Iterator[Batch]:
    """Yields whole recordings, or parts of them, as many as tell enough."""
    n_frames = 0
    for batch in whole_batches(examples, cropping, most_examples=1):
        if n_frames and n_frames + int(batch.mask.sum()) > _MOST_FRAMES:
            return
        n_frames += int(batch.mask.sum())
        yield batch


def _taste_of(model: PointerNetwork) -> TasteLayer:
    if model.taste is None:
        raise ValueError("The network has no layer for taste.")
    return model.taste


def told_by(model: PointerNetwork, examples: Sequence[Example], cropping: Cropping) -> list[Told]:
    """Asks a network on its own, once: all that fitting needs of it.

    Args:
        model: A network; of its layer for taste only what is spared is heeded.
        examples: Recordings with their edits.
        cropping: How much is told at once, and what is hidden.
    """
    plain = without_taste(model)
    spared = torch.zeros(len(REASONS)) if model.taste is None else model.taste.spared
    return [told_of(plain, spared, batch) for batch in _batches(examples, cropping)]


@torch.no_grad()
def told_of(plain: PointerNetwork, spared: Tensor, batch: Batch) -> Told:
    """Asks a network on its own of one recording, or of a part of one.

    Args:
        plain: The network, without a layer for taste.
        spared: See `TasteLayer`.
        batch: The recording with its edit, B = 1.
    """
    head = plain.head
    encoded = plain.encode(batch.mel, batch.mask, batch.offset, batch.total)
    lengths = batch.mask.sum(dim=1)
    rows = batch.recording
    style = plain.style(batch.style, batch.style_known)
    steps = plain.steps(
        type(encoded)(*(part[rows] for part in encoded)),
        style[rows],
        lengths=lengths[rows],
        walk=Walk(batch.order, batch.history_known),
        budget=batch.budget,
    )
    keys = plain.keys(encoded, lengths)
    near = near_log_probabilities(head, steps, keys.frames[rows], 0)
    copying = near[..., head.max_delta].exp().clamp(1e-9, 1 - 1e-7).logit()
    column = torch.arange(batch.pointers.shape[1]).expand_as(batch.pointers)
    expected = column + batch.offset[rows, None]
    exists = head.buckets_exist(expected, batch.total[rows, None].expand_as(expected))
    copied = batch.pointers == expected
    event = ~copied & (batch.pointers != PADDING)
    landing = batch.pointers - batch.offset[rows, None]
    frame = plain.frame_logits(encoded, plain.style_in.bias.expand(len(lengths), -1))
    coverage = sparing(frame.coverage, frame.reason, spared)
    return Told(
        mel=(batch.mel * 255).round().to(torch.uint8),
        tokens=encoded.tokens,
        coverage=coverage[..., 0],
        reason=frame.reason,
        copies=Copies(
            column[copied],
            copying[copied],
            steps.stop_logits[copied].float(),
            steps.use_jump_logits[copied].float(),
            exists.any(dim=-1)[copied],
        ),
        steps=type(steps)(*(part[event].float() for part in steps)),
        at=column[event],
        to=torch.where(batch.pointers == STOP, STOP, landing)[event],
        exists=exists[event],
        keys=keys,
    )


def log_likelihood_of(
    layer: TasteLayer, told: Told, tracks: Tensor, head: DeltaPredictionHead
) -> Tensor:
    """Returns the log-probability of a recording's edit.

    It is what `step_terms` gives; copies, nearly all of the steps, are told by three numbers each.

    Args:
        layer: The layer, which may have a gradient.
        told: The recording.
        tracks: What the layer makes of it, of shape `[1, T, TRACKS]`.
        head: Of the network whose layer it is.
    """
    n_frames = tracks.shape[1]
    lengths = torch.tensor([n_frames])
    steps = layer.leaving(told.steps, tracks, head, torch.zeros_like(told.at), told.at, lengths)
    stops = told.to == STOP
    offset = (told.to - told.at).masked_fill(stops, 0)
    far = offset.abs() > head.max_delta
    in_sight = ~stops & (told.to >= 0) & (told.to < n_frames)
    keys = layer.landing(told.keys, tracks)
    jumps = _logsigmoid_of(steps.use_jump_logits, far)[~stops & told.exists.any(dim=-1)]
    buckets = steps.jump_logits.masked_fill(~told.exists, float("-inf"))[far].log_softmax(dim=-1)
    seen = far & in_sight
    landings = landing_log_probabilities(
        head,
        steps.query[seen],
        keys,
        torch.zeros_like(told.at[seen]),
        told.at[seen],
        told.to[seen],
        lengths,
    )
    return (
        _of_copies(layer, told.copies, tracks)
        + _logsigmoid_of(steps.stop_logits, stops).sum()
        + jumps.sum()
        + _of_near(steps, keys, told, ~far & in_sight, head)
        + buckets.gather(1, head.bucket_of(offset[far])[:, None]).sum()
        + landings.sum()
    )


def _of_copies(layer: TasteLayer, copies: Copies, tracks: Tensor) -> Tensor:
    """Returns the log-probability of all copies."""
    near, far = tracks[0, copies.at, NEAR], tracks[0, copies.at, FAR]
    surely = layer.powers()[0]
    stays = (
        F.logsigmoid(surely * copies.copying - near)
        + F.logsigmoid(-(surely * copies.stop + far))
        + F.logsigmoid(-(surely * copies.use_jump + far)) * copies.may_jump
    )
    return stays.sum()


def _of_near(
    steps: StepLogits, keys: Keys, told: Told, chosen: Tensor, head: DeltaPredictionHead
) -> Tensor:
    """Returns the log-probability of the near offsets of the chosen steps."""
    reach, n_frames = head.max_delta, keys.frames.shape[1]
    at, to = told.at[chosen], told.to[chosen]
    landing = at[:, None] + torch.arange(-reach, reach + 1)
    inside = (landing >= 0) & (landing < n_frames)
    there = keys.frames[0, landing.clamp(0, n_frames - 1)].float()
    query = steps.query[chosen]
    scores = torch.einsum("jk,jnk->jn", query, there) / math.sqrt(query.shape[-1])
    scores = (scores + steps.delta_logits[chosen]).masked_fill(~inside, float("-inf"))
    liked = there[..., -1] * inside
    scores = copying_as_liked(scores, steps.taste[chosen], liked).log_softmax(dim=-1)
    return scores.gather(1, (to - at + reach)[:, None]).sum()


def _logsigmoid_of(logits: Tensor, happened: Tensor) -> Tensor:
    """Returns the log-probability that something happened where it did, and didn't elsewhere."""
    return F.logsigmoid(torch.where(happened, logits, -logits))


def _unlikely(layer: TasteLayer, guessed: Tensor) -> Tensor:
    """Returns what a layer costs for not being as editors in general are, in nats."""
    return (
        _LAGS * (layer.lags - guessed).square().sum()
        + _DEVIATIONS * layer.deviations.square().sum()
        + _TRUST * layer.trust.square().sum()
        + _ELSEWHERE * layer.elsewhere.square().sum()
    )
