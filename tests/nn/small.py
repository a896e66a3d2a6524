"""A network small enough to be compared with naive code."""

from __future__ import annotations

from typing import Any

import torch

from model_core import PointerNetwork
from model_core.nn.config import PointerNetworkConfig

SMALL: dict[str, Any] = {
    "n_mels": 16, "d_model": 32, "n_heads": 2, "n_encoder_layers": 2, "n_decoder_layers": 1,
    "dim_feedforward": 64, "dropout": 0.0, "attn_window_size": 64, "max_delta": 8,
    "local_block": 16, "key_dim": 16, "global_token_stride": 64,
}  # fmt: skip


def a_network(seed: int = 0, **changes: object) -> PointerNetwork:
    """Returns a network with random weights everywhere, also where training begins at zero."""
    torch.manual_seed(seed)
    model = PointerNetwork(PointerNetworkConfig(**{**SMALL, **changes})).eval()
    with torch.no_grad():
        for value in model.parameters():
            if not value.any():
                value.normal_(0, 0.1)
    return model


def eager(model: PointerNetwork, leave: float = -2.0, copy: float = 4.0) -> PointerNetwork:
    """Makes a network leave and stop more often than one that has just been made."""
    with torch.no_grad():
        head = model.head
        head.delta_proj.bias[head.max_delta] = copy
        head.use_jump_proj.bias.fill_(leave)
        head.stop_proj.bias.fill_(leave - 3.0)
    return model
