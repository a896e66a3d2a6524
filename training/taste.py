"""Fits the layer that says where exactly one editor cuts; see `model_core/nn/taste.py`.

Some 160 numbers are found by maximum likelihood, drawn towards smooth habits, with the rest of
the network fixed: seconds where its weights take minutes, and few cuts are enough.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional as F

from model_core.audio.features import DEFAULT_SETTINGS
from model_core.edit.pointers import PADDING
from model_core.nn.decoder import Walk
from model_core.nn.likelihood import near_log_probabilities, step_terms
from model_core.nn.network import PointerNetwork
from model_core.nn.pauses import load_listener
from resources import resource_path
from training.validation import whole_batches

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from model_core.nn.config import PointerNetworkConfig
    from model_core.nn.heads import StepLogits
    from model_core.nn.jumps import Keys
    from model_core.nn.taste import Clues, TasteLayer
    from training.dataset import Cropping, Example
    from training.losses import Batch

BUNDLED_LISTENER = resource_path("model", "pauses.safetensors")
_ITERATIONS = 60
_MOST_FRAMES = 240_000
"""Three quarters of an hour: more takes minutes to fit, and tells no more of so few numbers."""
_BEGIN_LAGS, _BEGIN_ELSEWHERE = 1.0, -0.7
"""Where fitting begins: a layer that does nothing is a place where nothing has a slope."""
_ROUGH, _HIGH, _OTHER, _TRUST = 1.0, 0.05, 0.1, 1.0
"""Nats for the squares of: second differences of lags, their heights, biases, and temperatures."""
_FRAMES_A_WORD, _SPARED = 40, 0.1
"""Frames that stay or go together count as one; and what reasons cost."""
_BENT, _GOING = 2.0, 0.3
"""The same for second differences and heights of what is asked about the frames around."""


@dataclass(frozen=True, slots=True)
class _Told:
    """A recording, or a part of one, with what the network says of it on its own.

    Attributes:
        batch: The recording with its edit.
        steps: Logits, with leading shape `[R, T + 1]`.
        keys: Of the rows.
        clues: What the layer goes by.
        copying: Log-odds of copying against the other near offsets, of shape `[R, T + 1]`.
    """

    batch: Batch
    steps: StepLogits
    keys: Keys
    clues: Clues
    copying: Tensor


def can_taste(config: PointerNetworkConfig) -> bool:
    """Returns whether a network reads the spectrogram that pauses are heard in."""
    return config.mel_settings() == DEFAULT_SETTINGS


def with_taste(model: PointerNetwork) -> PointerNetwork:
    """Returns a network with a layer for taste that does nothing yet.

    Args:
        model: A network that `can_taste`; its own layer, where it has one, is left out.

    Raises:
        CheckpointError: What hears pauses is missing.
    """
    listener = load_listener(BUNDLED_LISTENER)
    config = replace(model.config, use_taste=True)
    tasting = PointerNetwork(config, replace(model.card, config=config))
    taste = {f"taste.{name}": value for name, value in _taste_of(tasting).state_dict().items()}
    heard = {f"taste.listener.{name}": value for name, value in listener.state_dict().items()}
    own = without_taste(model).state_dict()
    tasting.load_state_dict(own | taste | heard)
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
    told = _told(model, examples, cropping)
    with torch.no_grad():
        layer.after.fill_(_BEGIN_LAGS)
        layer.before.fill_(_BEGIN_LAGS)
        layer.elsewhere.fill_(_BEGIN_ELSEWHERE)
    fitted = [layer.after, layer.before, layer.going, layer.elsewhere, layer.inside, layer.trust]
    optimiser = torch.optim.LBFGS(
        fitted, max_iter=_ITERATIONS, history_size=20, line_search_fn="strong_wolfe"
    )

    def closure() -> Tensor:
        optimiser.zero_grad()
        total = _unlikely(layer)
        torch.autograd.backward(total)
        for one in told:
            # One at a time: all of them together would take the memory of all their graphs.
            nats = -log_likelihood_of(layer, one, model)
            torch.autograd.backward(nats)
            total = total + nats.detach()
        return total.detach()

    optimiser.step(closure)  # type: ignore[no-untyped-call]


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
        layer.spared.zero_()
    coverage, reason, kept = (torch.cat(each)[None] for each in zip(*parts, strict=True))
    optimiser = torch.optim.LBFGS([layer.spared], max_iter=30, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimiser.zero_grad()
        wrong = F.binary_cross_entropy_with_logits(
            layer.sparing(coverage, reason)[..., 0], kept.float(), reduction="sum"
        )
        total = wrong / _FRAMES_A_WORD + _SPARED * layer.spared.square().sum()
        torch.autograd.backward(total)
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


@torch.no_grad()
def _told(model: PointerNetwork, examples: Sequence[Example], cropping: Cropping) -> list[_Told]:
    """Asks the network on its own, once: all that fitting needs of it."""
    plain = without_taste(model)
    told = []
    for batch in _batches(examples, cropping):
        encoded = plain.encode(batch.mel, batch.mask, batch.offset, batch.total)
        lengths = batch.mask.sum(dim=1)
        rows = batch.recording
        each = type(encoded)(*(part[rows] for part in encoded))
        keys = plain.keys(encoded, lengths)
        steps = plain.steps(
            each,
            plain.style(batch.style, batch.style_known)[rows],
            lengths=lengths[rows],
            walk=Walk(batch.order, batch.history_known),
            budget=batch.budget,
        )
        keys = type(keys)(*(part[rows] for part in keys))
        near = near_log_probabilities(plain.head, steps, keys.frames, 0)
        copy = near[..., plain.head.max_delta].exp().clamp(1e-9, 1 - 1e-7)
        told.append(_Told(batch, steps, keys, model.clues(batch.mel, encoded), copy.logit()))
    return told


def log_likelihood_of(layer: TasteLayer, told: _Told, model: PointerNetwork) -> Tensor:
    """Returns the log-probability of a recording's edit.

    It is what `step_terms` gives; copies, nearly all of the steps, are told by three numbers each.

    Args:
        layer: The layer, which may have a gradient.
        told: The recording.
        model: The network whose layer it is.
    """
    batch, head = told.batch, model.head
    rows = batch.recording
    tracks = layer.tracks(told.clues)[rows]
    steps = layer.leaving(told.steps, F.pad(tracks, (0, 0, 0, 1)))
    expected = torch.arange(batch.pointers.shape[1]) + batch.offset[rows, None]
    copies = batch.pointers == expected
    leave, surely, _ = steps.taste[copies].unbind(dim=-1)
    far_exists = head.buckets_exist(expected, batch.total[rows, None].expand_as(expected))
    copied = (
        F.logsigmoid(surely * told.copying[copies] - leave)
        + F.logsigmoid(-steps.stop_logits[copies])
        + F.logsigmoid(-steps.use_jump_logits[copies]) * far_exists.any(dim=-1)[copies]
    )
    events = step_terms(
        head,
        steps,
        layer.landing(told.keys, tracks),
        batch.pointers.masked_fill(copies, PADDING),
        batch.mask.sum(dim=1)[rows],
        batch.offset[rows],
        batch.total[rows],
    )
    return copied.sum() + events.log_probability().sum()


def _unlikely(layer: TasteLayer) -> Tensor:
    """Returns what a layer costs for not being smooth and plain, in nats."""
    lags = torch.stack((layer.after, layer.before))
    rough = lags[:, 2:] - 2 * lags[:, 1:-1] + lags[:, :-2]
    bends = layer.going[:, 2:] - 2 * layer.going[:, 1:-1] + layer.going[:, :-2]
    return (
        _ROUGH * rough.square().sum()
        + _BENT * bends.square().sum()
        + _GOING * layer.going.square().sum()
        + _HIGH * (lags - _BEGIN_LAGS).square().sum()
        + _OTHER * (layer.inside.square().sum() + layer.elsewhere.square().sum())
        + _TRUST * layer.trust.square().sum()
    )
