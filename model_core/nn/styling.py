"""From what a person asks for to a place in the network's space of styles."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from model_core.errors import StyleError
from model_core.nn.style_events import StyleEvents, events_of, stack_events
from model_core.targets import AXES, Targets

if TYPE_CHECKING:
    from model_core.nn.card import Card
    from model_core.nn.encoder import Encoded
    from model_core.nn.network import PointerNetwork
    from model_core.options import GenerateOptions

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]

_READ_FRAMES = 3445
"""40 s, as long as the crops of training."""
_TOLD_REACH = 2.0
"""Quantities are told within so many deviations: beyond them no editor of training lies."""


@torch.inference_mode()
def choose_style(
    model: PointerNetwork,
    options: GenerateOptions,
    extension: float | None = None,
    targets: Targets | None = None,
) -> Tensor:
    """Returns the style that is asked for, of shape `[1, style_dim]`.

    Args:
        model: The network.
        options: What is asked for.
        extension: In place of the options' own.
        targets: What the edit is to measure; pause and margin are told to a style that isn't given.

    Raises:
        StyleError: The style is another network's, or an axis is unknown.
    """
    card = model.card
    space = card.style_space
    extension = options.extension if extension is None else extension
    rng = np.random.default_rng([options.seed, 1]) if options.sample_style else None
    if options.style is not None:
        if len(options.style) != card.config.style_dim:
            raise StyleError("The style belongs to another model.", "Choose another style.")
        start: tuple[float, ...] | None = options.style
    elif rng is not None and space is not None:
        start = space.draw(rng)
    elif rng is not None and model.vae is not None:
        start = tuple(rng.standard_normal(card.config.style_dim).tolist())
    else:
        start = None
    device = model.unknown_style.device
    asked = _asked_quantities(model, options, extension, targets)
    if start is None:
        own = card.style_of(options.tightness, extension, rng)
        names = (quantity.name for quantity in card.style_quantities)
        quantities = [asked.get(name, value) for name, value in zip(names, own, strict=True)]
        z = model.style(torch.tensor([quantities], dtype=torch.float32, device=device))
    else:
        z = torch.tensor([start], dtype=torch.float32, device=device)
        z = _with_quantities(model, z, asked)
    axes = {axis.name for axis in space.axes} if space else set()
    unknown = sorted({name for name, _ in options.axes} - axes - set(AXES))
    if unknown:
        there = ", ".join(sorted(axes | set(AXES)))
        raise StyleError(f"This model has no axis “{unknown[0]}”.", f"Its axes: {there}.")
    # Of the other axes only the targets of decoding move.
    along = {name: distance for name, distance in options.axes if name in axes}
    if space is None or not along:
        return z
    moved = space.moved(tuple(z[0].float().tolist()), along)
    return torch.tensor([moved], dtype=torch.float32, device=device)


def _asked_quantities(
    model: PointerNetwork, options: GenerateOptions, extension: float, targets: Targets | None
) -> dict[str, float]:
    """Returns the quantities that are asked for, standardised."""
    card = model.card
    asked: dict[str, float] = {}
    own = card.style_of(options.tightness, extension)
    for quantity, value in zip(card.style_quantities, own, strict=True):
        if quantity.name == "extension":
            if extension > 1:
                asked[quantity.name] = value
        elif options.tightness is not None:
            asked[quantity.name] = value
        elif targets is not None and options.style is None:
            measured_s = getattr(targets, quantity.name, None)
            if measured_s:
                told = card.standardised(quantity.name, measured_s)
                asked[quantity.name] = min(max(told, -_TOLD_REACH), _TOLD_REACH)
    return asked


def _with_quantities(model: PointerNetwork, z: Tensor, asked: dict[str, float]) -> Tensor:
    """Sets in a style the quantities that are asked for, and leaves the others as they are."""
    if model.vae is None or not asked:
        return z
    there = model.vae.quantities(z)
    change = torch.zeros_like(there)
    for place, quantity in enumerate(model.card.style_quantities):
        if quantity.name in asked:
            change[:, place] = asked[quantity.name] - there[:, place]
    return z + change @ model.style_in.weight.T


def tightness_pause_s(card: Card, tightness: float) -> float | None:
    """Returns how much of a pause stays at a tightness of 0 to 1, in seconds; None if unknown."""
    told = card.style_of(tightness)
    for quantity, value in zip(card.style_quantities, told, strict=True):
        if quantity.name == "pause_s":
            return math.exp(quantity.log_mean + quantity.log_std * value)
    return None


def own_pause_s(card: Card) -> float | None:
    """Returns how much of a pause the mean editor of a network leaves, in seconds, if known.

    Of a network that has learned from one editor that is this one.
    """
    means = {quantity.name: quantity.log_mean for quantity in card.style_quantities}
    return math.exp(means["pause_s"]) if "pause_s" in means else None


@torch.inference_mode()
def asked_pause_s(model: PointerNetwork, options: GenerateOptions, style: Tensor) -> float | None:
    """Returns how much of a pause the style that was chosen leaves, in seconds, if that is asked.

    Args:
        model: The network.
        options: What is asked for.
        style: What `choose_style` returned.
    """
    names = [quantity.name for quantity in model.card.style_quantities]
    if "pause_s" not in names:
        return None
    place = names.index("pause_s")
    quantity = model.card.style_quantities[place]
    if model.vae is not None and (options.style or options.sample_style):
        told = float(model.vae.quantities(style)[0, place])
    elif options.tightness is not None:
        told = model.card.style_of(options.tightness)[place]
    else:
        return None
    return math.exp(quantity.log_mean + quantity.log_std * told)


@torch.inference_mode()
def read_style(
    model: PointerNetwork, encoded: Encoded, mel: FloatArray, runs: IntArray
) -> tuple[float, ...]:
    """Reads the style in which a recording was edited.

    Long recordings are read in stretches as long as those of training; what each of them says is
    weighed by how sure it is.

    Args:
        model: A network that reads styles.
        encoded: The recording.
        mel: Its spectrogram in [0, 1], of shape `[n_mels, T]`.
        runs: Frame ranges that the edit plays in turn, `[n, 2]`.

    Returns:
        Of shape `[style_dim]`.

    Raises:
        StyleError: The network reads no styles, or the edit changes nothing to read one from.
    """
    if model.vae is None:
        raise StyleError("This model can't read a style from an edit.", "Choose another model.")
    n_frames = mel.shape[1]
    total, weight = torch.zeros(model.config.style_dim), torch.zeros(model.config.style_dim)
    for start in range(0, n_frames, _READ_FRAMES):
        stop = min(n_frames, start + _READ_FRAMES)
        table = events_of(mel[:, start:stop], runs, start, n_frames)
        if not len(table):
            continue
        events = stack_events([table])
        events = StyleEvents(*(part.to(encoded.frame_emb.device) for part in events))
        part = encoded._replace(frame_emb=encoded.frame_emb[:, start:stop])
        mean, log_variance = (value[0].float().cpu() for value in model.read_style(part, events))
        precision = (-log_variance).exp()
        total, weight = total + precision * mean, weight + precision
    if not weight.any():
        raise StyleError(
            "The edit leaves the recording as it is, so it tells nothing of a style.",
            "Choose a pair in which something was cut or looped.",
        )
    return tuple((total / weight).tolist())
