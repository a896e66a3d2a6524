"""Checkpoints: one safetensors file, its card as JSON in the header.

Nothing is ever unpickled: a checkpoint from a stranger can be wrong, but it can't run code.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save

from model_core.errors import CheckpointError
from model_core.files import write_bytes_atomically
from model_core.nn.card import MEND, Card, read_card
from model_core.nn.network import PointerNetwork


def save_checkpoint(path: Path, model: PointerNetwork, card: Card) -> None:
    """Writes weights and card; an existing file is replaced only by a whole one.

    Raises:
        FileWriteError: The file can't be written.
    """
    tensors = {
        name: value.detach().cpu().contiguous() for name, value in model.state_dict().items()
    }
    write_bytes_atomically(path, save(tensors, metadata={"card": card.to_json()}))


def load_checkpoint(path: Path) -> PointerNetwork:
    """Reads a network with its card, in evaluation mode on the CPU.

    Raises:
        CheckpointError: The file is missing, damaged, foreign or from a newer version.
    """
    card = read_card(path)
    try:
        tensors = load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(f"{path.name} is not a readable checkpoint.", MEND) from error
    with torch.device("meta"):
        model = PointerNetwork(card.config)
    shapes = {name: value.shape for name, value in model.state_dict().items()}
    if shapes != {name: value.shape for name, value in tensors.items()}:
        raise CheckpointError(f"{path.name} does not fit the network that it describes.", MEND)
    if not all(bool(torch.isfinite(value).all()) for value in tensors.values()):
        raise CheckpointError(f"{path.name} holds values that are no numbers.", MEND)
    model = PointerNetwork(card.config, card)
    model.load_state_dict(tensors)
    return model.eval()


def checkpoint_hash(path: Path) -> str:
    """Returns the SHA-256 of a checkpoint file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
