"""Checkpoints: one safetensors file, its card as JSON in the header.

Nothing is ever unpickled: a checkpoint from a stranger can be wrong, but it can't run code.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from model_core.errors import CheckpointError
from model_core.files import write_bytes_atomically
from model_core.nn.config import PointerNetworkConfig
from model_core.nn.network import PointerNetwork

FORMAT = "editorbot-checkpoint"
FORMAT_VERSION = 1
_MEND = "Choose a checkpoint made by EditorBot, or leave the choice out to use the bundled one."


@dataclass(frozen=True, slots=True)
class StyleQuantity:
    """A measured property of an editor that styles the network.

    Attributes:
        name: What is measured, with its unit.
        log_mean: Mean of its natural logarithm over the editors of training.
        log_std: Deviation of the same.
    """

    name: str
    log_mean: float
    log_std: float


@dataclass(frozen=True, slots=True)
class Card:
    """What a checkpoint says of itself.

    Attributes:
        config: Shape of the network.
        style_quantities: In the order of the network's style input.
        decoding: Settings of the joint search that were fitted for these weights.
        provenance: Training data, time, figures: free words and numbers for people.
    """

    config: PointerNetworkConfig
    style_quantities: tuple[StyleQuantity, ...] = ()
    decoding: dict[str, float] = field(default_factory=dict)
    provenance: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> str:
        """Returns the card as JSON."""
        return json.dumps(
            {
                "format": FORMAT,
                "version": FORMAT_VERSION,
                "config": self.config.to_dict(),
                "style_quantities": [
                    {"name": q.name, "log_mean": q.log_mean, "log_std": q.log_std}
                    for q in self.style_quantities
                ],
                "decoding": self.decoding,
                "provenance": self.provenance,
            },
            indent=1,
        )

    @classmethod
    def from_json(cls, text: str) -> Card:
        """Reads a card.

        Raises:
            CheckpointError: The text is no card, or from a newer version.
        """
        try:
            values = json.loads(text)
            if values["format"] != FORMAT:
                raise KeyError(values["format"])
            version = int(values["version"])
            if version > FORMAT_VERSION:
                raise CheckpointError(
                    f"The checkpoint has format version {version}; this EditorBot reads up to "
                    f"{FORMAT_VERSION}.",
                    "Update EditorBot, or choose another checkpoint.",
                )
            return cls(
                PointerNetworkConfig.from_dict(values["config"]),
                tuple(
                    StyleQuantity(str(q["name"]), float(q["log_mean"]), float(q["log_std"]))
                    for q in values["style_quantities"]
                ),
                {str(key): float(value) for key, value in values["decoding"].items()},
                dict(values["provenance"]),
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise CheckpointError("The checkpoint's card is not readable.", _MEND) from error


def save_checkpoint(path: Path, model: PointerNetwork, card: Card) -> None:
    """Writes weights and card; an existing file is replaced only by a whole one.

    Raises:
        FileWriteError: The file can't be written.
    """
    tensors = {
        name: value.detach().cpu().contiguous() for name, value in model.state_dict().items()
    }
    write_bytes_atomically(path, save(tensors, metadata={"card": card.to_json()}))


def load_checkpoint(path: Path) -> tuple[PointerNetwork, Card]:
    """Reads a network, in evaluation mode on the CPU, and its card.

    Raises:
        CheckpointError: The file is missing, damaged, foreign or from a newer version.
    """
    if not path.is_file():
        raise CheckpointError(f"There is no checkpoint at {path}.", _MEND)
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no dict
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(f"{path.name} is not a readable checkpoint.", _MEND) from error
    if "card" not in metadata:
        raise CheckpointError(f"{path.name} is not a checkpoint of EditorBot.", _MEND)
    card = Card.from_json(metadata["card"])
    expected = card.config.n_style_quantities
    if len(card.style_quantities) != expected:
        raise CheckpointError(
            f"{path.name} names {len(card.style_quantities)} style quantities "
            f"where its network has {expected}.",
            _MEND,
        )
    with torch.device("meta"):
        model = PointerNetwork(card.config)
    shapes = {name: value.shape for name, value in model.state_dict().items()}
    if shapes != {name: value.shape for name, value in tensors.items()}:
        raise CheckpointError(f"{path.name} does not fit the network that it describes.", _MEND)
    if not all(bool(torch.isfinite(value).all()) for value in tensors.values()):
        raise CheckpointError(f"{path.name} holds values that are no numbers.", _MEND)
    model = PointerNetwork(card.config)
    model.load_state_dict(tensors)
    return model.eval(), card


def checkpoint_hash(path: Path) -> str:
    """Returns the SHA-256 of a checkpoint file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
