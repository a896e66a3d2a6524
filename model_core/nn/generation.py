"""From a spectrogram to pointers in one call, by the joint search or step by step."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from model_core.edit.pointers import STOP
from model_core.nn.evidence import compute_evidence
from model_core.nn.kinds import guess_kind
from model_core.nn.lattice import best_edit
from model_core.nn.network import PointerNetwork
from model_core.nn.search import best_runs, for_length, make_scores, runs_to_pointers
from model_core.nn.stepping import StepOptions, Stepper
from model_core.nn.styling import choose_style
from model_core.options import GenerateOptions

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Generated:
    """A generated edit.

    Attributes:
        pointers: Raw frames in the order in which they are played, and a final `STOP`; int64 of
            shape `[S + 1]`.
        style: The style it was made in, of shape `[style_dim]`.
        expected_length: Frames that the network expected the edit to have.
    """

    pointers: Tensor
    style: Tensor
    expected_length: int


@torch.inference_mode()
def generate(
    model: PointerNetwork,
    raw_mel: Tensor,
    target_length: int | None = None,
    temperature: float = 0.0,
    *,
    sample_style: bool = True,
    stop_threshold: float = 0.5,
    seed: int = 0,
    stepwise: bool = False,
) -> Generated:
    """Generates an edit of one recording.

    Args:
        model: The network, in evaluation mode.
        raw_mel: Spectrogram of shape `[n_mels, T]` or `[1, n_mels, T]`.
        target_length: Wanted frames of the edit; None leaves it to the network.
        temperature: 0 for the best edit; above 0 edits are drawn.
        sample_style: Whether to draw a style in place of the mean editor's.
        stop_threshold: Share of stopping from which the edit may end early.
        seed: Of everything that is drawn.
        stepwise: Makes one step after the other, with the history in mind, in place of the joint
            search over the whole recording.

    Returns:
        The edit.

    Raises:
        ValueError: The spectrogram is empty or not of one recording.
    """
    mel = raw_mel[None] if raw_mel.dim() == 2 else raw_mel
    n_mels = model.config.n_mels
    if mel.dim() != 3 or mel.shape[:2] != (1, n_mels) or mel.shape[2] == 0:
        raise ValueError(f"A spectrogram [{n_mels}, T] is asked for, not {list(raw_mel.shape)}.")
    encoded = model.encode(mel.to(model.start_emb.device))
    style = choose_style(model, GenerateOptions(seed=seed, sample_style=sample_style))
    n_frames = mel.shape[2]
    expected = max(1, round(n_frames * math.exp(float(model.length(encoded, style)))))
    if stepwise:
        options = StepOptions(temperature, stop_threshold, seed, target_length, target_length)
        runs = Stepper(model, encoded, style, options).run()
    else:
        scores = make_scores(
            compute_evidence(model, encoded, style),
            model.card.decoding_for(guess_kind(mel[0].float().cpu().numpy())),
            stop_threshold=stop_threshold,
            temperature=temperature,
            rng=np.random.default_rng([seed, 0]),
        )
        if target_length is None:
            runs = best_runs(scores)
        else:
            runs = for_length(lambda bias: [best_edit(scores.biased(bias)).runs], target_length)[0]
    pointers = np.append(runs_to_pointers(runs), np.int64(STOP))
    return Generated(torch.from_numpy(pointers), style[0], expected)
