"""What a checkpoint says of itself: shape, styles, fitted settings, provenance."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from model_core.errors import CheckpointError
from model_core.nn.config import PointerNetworkConfig

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
    """

    event_weight: float = 2.0
    event_cost: float = 0.0
    keep_bias: float = 0.0

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
        provenance: Training data, time, figures: free words and numbers for people.
    """

    config: PointerNetworkConfig
    style_quantities: tuple[StyleQuantity, ...] = ()
    decoding: DecodingSettings = field(default_factory=DecodingSettings)
    provenance: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len(self.style_quantities) != self.config.n_style_quantities:
            raise ValueError(
                f"{len(self.style_quantities)} style quantities are named where the network has "
                f"{self.config.n_style_quantities}."
            )

    def to_json(self) -> str:
        """Returns the card as JSON."""
        return json.dumps(
            {
                "format": FORMAT,
                "version": FORMAT_VERSION,
                "config": self.config.to_dict(),
                "style_quantities": [asdict(quantity) for quantity in self.style_quantities],
                "decoding": asdict(self.decoding),
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
                dict(values["provenance"]),
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise CheckpointError("The checkpoint's card is not readable.", MEND) from error
