"""What there is to know of a model without loading it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from model_core.errors import CheckpointError
from model_core.files import why_unreadable
from model_core.models.names import BUNDLED_NAME

if TYPE_CHECKING:
    from pathlib import Path


class ModelKind(StrEnum):
    """Where a model comes from."""

    BUNDLED = "bundled"
    """It came with the program."""
    OWN = "own"
    """It was trained here."""
    IMPORTED = "imported"
    """It was brought in from a file."""


@dataclass(frozen=True, slots=True)
class Model:
    """A model that can be chosen.

    Attributes:
        path: Its file.
        name: How the person calls it.
        kind: Where it comes from.
        sha256: Tells it from others, whatever it is called; empty where it can't be read.
        size_bytes: Of its file.
        date: When it was trained, as "2026-11-26"; empty if that isn't known.
        n_pairs: Pairs that it has learned from; None if that isn't known.
        before: Nats per event of the edits held out, before it learned; None if not known.
        after: The same after it.
        reason: Why it can't be used, as a sentence; empty if it can.
    """

    path: Path
    name: str
    kind: ModelKind
    sha256: str = ""
    size_bytes: int = 0
    date: str = ""
    n_pairs: int | None = None
    before: float | None = None
    after: float | None = None
    reason: str = ""

    @property
    def is_bundled(self) -> bool:
        """Whether it came with the program."""
        return self.kind is ModelKind.BUNDLED

    @property
    def key(self) -> str:
        """How the choice of it is remembered; empty for the bundled one."""
        return "" if self.is_bundled else self.path.name

    @property
    def gain(self) -> float | None:
        """Share of the nats that are gone since it learned; None if that isn't known."""
        if self.before is None or self.after is None or self.before <= 0:
            return None
        return 1 - self.after / self.before


def describe_model(path: Path, kind: ModelKind) -> Model:
    """Returns what a model says of itself, or why it can't be used; its weights aren't read.

    Args:
        path: Its file.
        kind: Where it comes from.
    """
    # Who only speaks of models, as a window that starts, doesn't wait for it.
    from model_core.nn.card import checkpoint_hash, read_card

    name = BUNDLED_NAME if kind is ModelKind.BUNDLED else path.stem
    try:
        sha256, size_bytes = checkpoint_hash(path), path.stat().st_size
    except OSError as error:
        return Model(path, name, kind, reason=f"“{name}” can't be read: {why_unreadable(error)}.")
    try:
        provenance = read_card(path).provenance
    except CheckpointError as error:
        return Model(path, name, kind, sha256, size_bytes, reason=error.sentence)
    tuned = provenance.get("fine_tuned")
    facts: dict[str, Any] = tuned if isinstance(tuned, dict) else {}
    pairs = facts.get("pairs")
    date = facts.get("date", provenance.get("trained", ""))
    return Model(
        path,
        name,
        kind,
        sha256,
        size_bytes,
        date=date if isinstance(date, str) else "",
        n_pairs=len(pairs) if isinstance(pairs, list) else None,
        before=_number(facts.get("nats_per_event_before")),
        after=_number(facts.get("nats_per_event_after")),
    )


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)
