"""The full likelihood of whole edits, by which the best few of a search are compared once more."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from model_core.nn.decoder import Walk
from model_core.nn.encoder import Encoded
from model_core.nn.jumps import Keys
from model_core.nn.likelihood import step_terms
from model_core.nn.network import PointerNetwork
from model_core.nn.walks import steps_of

IntArray = npt.NDArray[np.int64]


@torch.inference_mode()
def log_likelihood(
    model: PointerNetwork,
    encoded: Encoded,
    style: Tensor,
    runs: IntArray,
    keys: Keys | None = None,
    *,
    history: bool = True,
    budget: bool = False,
) -> float:
    """Returns the log-probability of an edit, in nats.

    Args:
        model: The network, in evaluation mode.
        encoded: One recording (B = 1).
        style: Of shape `[1, style_dim]`.
        runs: Frame ranges that the edit plays in turn, of shape `[n, 2]`.
        keys: `model.keys(encoded)`, where that is at hand.
        history: Whether the network may look at what it played, if it has a history.
        budget: Whether it is told at each step how much is left to play.
    """
    n_frames = encoded.frame_emb.shape[1]
    device = encoded.frame_emb.device
    keys = keys or model.keys(encoded)
    edit = steps_of(runs)
    rows, order = edit.in_rows(n_frames)
    pointers = torch.from_numpy(rows).to(device)
    left = None
    if budget:
        values = np.full(rows.shape, np.nan, np.float32)
        values.ravel()[order] = edit.budget(n_frames)
        left = torch.from_numpy(values).to(device)
    walk = Walk(
        torch.from_numpy(order)[None].to(device),
        torch.tensor([history], device=device),
    )
    n_rows = len(rows)
    lengths = torch.full((n_rows,), n_frames, device=device)
    each = Encoded(*(part.expand(n_rows, *part.shape[1:]) for part in encoded))
    steps = model.steps(each, style.expand(n_rows, -1), walk=walk, budget=left)
    repeated = Keys(*(part.expand(n_rows, *part.shape[1:]) for part in keys))
    terms = step_terms(model.head, steps, repeated, pointers, lengths)
    return float(terms.log_probability().cpu().double().sum())
