"""What a checkpoint says of itself: shape, styles, fitted settings, provenance."""

from __future__ import annotations

import hashlib
import itertools
import json
import math
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open

from model_core.errors import CheckpointError
from model_core.nn.config import PointerNetworkConfig
from model_core.nn.kinds import Kind
from model_core.nn.style_space import StyleSpace
from model_core.targets import Habits

_STYLE_REACH = 1.5
"""Tightness 0 and 1 lie this many deviations from the mean of the editors of training."""
FORMAT = "editorbot-checkpoint"
FORMAT_VERSION = 2
MEND = "Choose a checkpoint made by EditorBot, or leave the choice out to use the bundled one."


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
class DecodingSettings:
    """Settings of the joint search, fitted on validation recordings.

    Attributes:
        event_weight: Weight of the events' log masses against the coverage of frames.
        event_cost: Paid for each cut.
        keep_bias: Added to every frame's log-odds of staying.
        back_cost: Paid for each jump back, on top.
    """

    event_weight: float = 2.0
    event_cost: float = 0.0
    keep_bias: float = 0.0
    back_cost: float = 0.0

    def __post_init__(self) -> None:
        for entry in fields(self):
            if not math.isfinite(getattr(self, entry.name)):
                raise ValueError(f"{entry.name} must be finite.")


@dataclass(frozen=True, slots=True)
class Card:
    """What a checkpoint says of itself.

    Attributes:
        config: Shape of the network.
        style_quantities: In the order of the network's style input.
        decoding: Settings of the joint search that were fitted for these weights.
        confidence: Knots of the rising map from the evidence for a join to the probability that it
            is right, `(evidence, probability)`; empty where it wasn't fitted.
        provenance: Training data, time, figures: free words and numbers for people.
        music_decoding: In place of `decoding` for music; None where there is no difference.
        style_space: Where styles that were read from edits lie; None for a network that reads none.
        habits: What the editor whom the network was fitted to does to pauses; None for nobody's.
    """

    config: PointerNetworkConfig
    style_quantities: tuple[StyleQuantity, ...] = ()
    decoding: DecodingSettings = field(default_factory=DecodingSettings)
    confidence: tuple[tuple[float, float], ...] = ()
    provenance: dict[str, Any] = field(default_factory=dict)
    style_space: StyleSpace | None = None
    music_decoding: DecodingSettings | None = None
    habits: Habits | None = None

    def __post_init__(self) -> None:
        if len(self.style_quantities) != self.config.n_style_quantities:
            raise ValueError(
                f"{len(self.style_quantities)} style quantities are named where the network has "
                f"{self.config.n_style_quantities}."
            )
        if self.style_space and len(self.style_space.mean) != self.config.style_dim:
            raise ValueError("The space of styles has another size than the network's.")
        knots = [*self.confidence]
        rising = all(a[0] < b[0] and a[1] <= b[1] for a, b in itertools.pairwise(knots))
        if not rising or not all(0 <= value <= 1 for knot in knots for value in knot):
            raise ValueError("The knots of the confidence have to rise within 0 and 1.")

    def decoding_for(self, kind: Kind) -> DecodingSettings:
        """Returns the settings of the search for speech or for music."""
        return self.music_decoding or self.decoding if kind == "music" else self.decoding

    def standardised(self, name: str, value: float) -> float:
        """Returns a style quantity in deviations from the mean editor; 0 if it isn't known.

        Args:
            name: Of the quantity.
            value: Its value, above 0.
        """
        for quantity in self.style_quantities:
            if quantity.name == name:
                return (math.log(value) - quantity.log_mean) / quantity.log_std
        return 0.0

    def style_of(
        self,
        tightness: float | None = None,
        extension: float = 1.0,
        rng: np.random.Generator | None = None,
    ) -> tuple[float, ...]:
        """Returns standardised style quantities: the mean editor, moved as is asked.

        Args:
            tightness: 0 (pauses stay long) to 1 (pauses get short), or None.
            extension: How many times as long loops are to make the edit.
            rng: Draws an editor in place of the mean one.
        """
        style = []
        for quantity in self.style_quantities:
            if quantity.name == "extension":
                style.append(self.standardised(quantity.name, extension))
            elif tightness is not None:
                # A tight editor leaves short pauses and short margins alike.
                style.append(_STYLE_REACH * (1 - 2 * tightness))
            else:
                # Uniform with deviation 1, as the editors of training are spread.
                style.append(float(rng.uniform(-(3**0.5), 3**0.5)) if rng else 0.0)
        return tuple(style)

    def to_json(self) -> str:
        """Returns the card as JSON."""
        return json.dumps(
            {
                "format": FORMAT,
                "version": FORMAT_VERSION,
                "config": self.config.to_dict(),
                "style_quantities": [asdict(quantity) for quantity in self.style_quantities],
                "decoding": asdict(self.decoding),
                "music_decoding": self.music_decoding and asdict(self.music_decoding),
                "confidence": self.confidence,
                "style_space": self.style_space and self.style_space.to_dict(),
                "habits": self.habits and asdict(self.habits),
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
            if version < FORMAT_VERSION:
                raise CheckpointError(
                    f"The checkpoint has format version {version}, of which no network was ever "
                    "released.",
                    MEND,
                )
            return cls(
                PointerNetworkConfig.from_dict(values["config"]),
                tuple(
                    StyleQuantity(str(q["name"]), float(q["log_mean"]), float(q["log_std"]))
                    for q in values["style_quantities"]
                ),
                DecodingSettings(**{k: float(v) for k, v in values["decoding"].items()}),
                tuple((float(x), float(y)) for x, y in values.get("confidence", ())),
                dict(values["provenance"]),
                StyleSpace.from_dict(space) if (space := values.get("style_space")) else None,
                DecodingSettings(**{k: float(v) for k, v in music.items()})
                if (music := values.get("music_decoding"))
                else None,
                Habits(**{k: float(v) for k, v in habits.items()})
                if (habits := values.get("habits"))
                else None,
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise CheckpointError("The checkpoint's card is not readable.", MEND) from error


def read_card(path: Path) -> Card:
    """Reads what a checkpoint says of itself, without torch and without its weights.

    Raises:
        CheckpointError: The file is missing, damaged or foreign.
    """
    if not path.is_file():
        raise CheckpointError(f"There is no checkpoint at {path}.", MEND)
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(f"{path.name} is not a readable checkpoint.", MEND) from error
    if "card" not in metadata:
        raise CheckpointError(f"{path.name} is not a checkpoint of EditorBot.", MEND)
    return Card.from_json(metadata["card"])


def checkpoint_hash(path: Path) -> str:
    """Returns the SHA-256 of a checkpoint file, in hexadecimal, which tells it from others.

    Raises:
        OSError: It can't be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
