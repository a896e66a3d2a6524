"""Models that are small enough to be made in a moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from model_core import PointerNetwork
from model_core.checkpoint import save_checkpoint
from model_core.nn.card import Card, StyleQuantity
from model_core.nn.config import PointerNetworkConfig

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = PointerNetworkConfig(d_model=16, n_heads=2, n_encoder_layers=1, n_decoder_layers=1,
                              dim_feedforward=16, key_dim=8)  # fmt: skip
_STYLES = (
    StyleQuantity("pause_s", -1.0, 0.5),
    StyleQuantity("margin_s", -2.0, 0.5),
    StyleQuantity("extension", 0.2, 0.25),
)
TUNED = {
    "date": "2026-11-20", "pairs": ["one", "two", "three"],
    "nats_per_event_before": 8.0, "nats_per_event_after": 6.0,
}  # fmt: skip
"""What training says of a model that has learned from three pairs."""


def write_model(path: Path, seed: int = 0, **provenance: object) -> None:
    """Writes a model with weights drawn by a seed."""
    torch.manual_seed(seed)
    card = Card(CONFIG, _STYLES, provenance=provenance)
    save_checkpoint(path, PointerNetwork(CONFIG, card), card)
