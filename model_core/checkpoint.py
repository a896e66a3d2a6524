"""Checkpoints: one safetensors file, its card as JSON in the header.

Nothing is ever unpickled: a checkpoint from a stranger can be wrong, but it can't run code.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save

from model_core.errors import CheckpointError
from model_core.files import write_bytes_atomically
from model_core.nn.card import MEND, Card, read_card
from model_core.nn.network import PointerNetwork

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_CONTENTS: Final = "contents_sha256"
"""Entry of the header that tells whether a copy is what was written."""
_LENGTH_BYTES: Final = 8
_BLOCK_BYTES: Final = 1 << 20


def save_checkpoint(path: Path, model: PointerNetwork, card: Card) -> None:
    """Writes weights and card; an existing file is replaced only by a whole one.

    Raises:
        FileWriteError: The file can't be written.
    """
    tensors = {
        name: value.detach().cpu().contiguous() for name, value in model.state_dict().items()
    }
    words = card.to_json()
    plain = memoryview(save(tensors))
    digest = _digest(words, [plain[_data_start(plain) :]])
    write_bytes_atomically(path, save(tensors, metadata={"card": words, _CONTENTS: digest}))


def load_checkpoint(path: Path) -> PointerNetwork:
    """Reads a network with its card, in evaluation mode on the CPU.

    Raises:
        CheckpointError: The file is missing, damaged, foreign or from a newer version.
    """
    card = read_card(path)
    try:
        is_whole = _is_as_written(path)
        tensors = load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(f"{path.name} is not a readable checkpoint.", MEND) from error
    if not is_whole:
        raise CheckpointError(f"{path.name} is damaged: it is not what was once written.", MEND)
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


def _is_as_written(path: Path) -> bool:
    """Whether card and weights still have the digest in the header; the oldest files have none."""
    with safe_open(path, framework="numpy") as opened:
        told: dict[str, str] = opened.metadata() or {}
    if _CONTENTS not in told:
        return True
    with path.open("rb") as file:
        file.seek(_data_start(file.read(_LENGTH_BYTES)))
        blocks = iter(lambda: file.read(_BLOCK_BYTES), b"")
        return _digest(told["card"], blocks) == told[_CONTENTS]


def _data_start(data: bytes | memoryview) -> int:
    """Returns where the values begin in a file of safetensors: behind its header."""
    return _LENGTH_BYTES + int.from_bytes(memoryview(data)[:_LENGTH_BYTES], "little")


def _digest(card: str, blocks: Iterable[bytes | memoryview]) -> str:
    digest = hashlib.sha256(card.encode())
    for block in blocks:
        digest.update(block)
    return digest.hexdigest()
