"""A pair of the library as the window shows it. Without any widget."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QCoreApplication

if TYPE_CHECKING:
    from collections.abc import Mapping

READY: Final = "ready"
REFUSED: Final = "refused"
_TO_ALIGN: Final = frozenset({"not aligned yet", "changed since it was aligned"})
"""States as `PairState` in `training/library/pairs.py` spells them."""

USUAL: Final = "usual"
USE: Final = "use"
LEAVE: Final = "leave"
"""What a person has decided, as `Choice` in `training/library/choices.py` spells it."""


@dataclass(frozen=True, slots=True)
class PairRow:
    """What is known of a pair, as `python -m training.library list --json` tells it.

    Attributes:
        name: The sample.
        state: Of `PairState`.
        verdict: "good", "check" or empty.
        coverage: Share of the recording that is heard in the edit, or None.
        raw: The recording, or None where it is missing.
        edit: The finished edit, likewise.
        raw_s: Length of the recording in seconds, or None.
        edit_s: Length of the edit in seconds, or None.
        joins: Number of joins, or None.
        sentence: Why it can't be learned from; empty for a pair that is ready.
        mend: What to do about that.
        remarks: What a person should know of it.
        choice: Of `Choice`.
        trains: Whether it is learned from.
        by_hand: Whether the edit was made here, so that nothing had to be found out.
        info: The file that holds the edit list, or None.
    """

    name: str
    state: str = ""
    verdict: str = ""
    coverage: float | None = None
    raw: Path | None = None
    edit: Path | None = None
    raw_s: float | None = None
    edit_s: float | None = None
    joins: int | None = None
    sentence: str = ""
    mend: str = ""
    remarks: tuple[str, ...] = field(default=())
    choice: str = USUAL
    trains: bool = False
    by_hand: bool = False
    info: Path | None = None

    @classmethod
    def of(cls, values: Mapping[str, object]) -> PairRow:
        """Reads what the command has told."""
        remarks = values.get("remarks")
        joins = values.get("joins")
        return cls(
            name=str(values.get("sample", "")),
            state=str(values.get("state", "")),
            verdict=str(values.get("verdict") or ""),
            coverage=_number(values.get("coverage")),
            raw=_path(values.get("raw")),
            edit=_path(values.get("edit")),
            raw_s=_number(values.get("raw_s")),
            edit_s=_number(values.get("edit_s")),
            joins=joins if isinstance(joins, int) else None,
            sentence=str(values.get("sentence", "")),
            mend=str(values.get("mend", "")),
            remarks=tuple(map(str, remarks)) if isinstance(remarks, list) else (),
            choice=str(values.get("choice", USUAL)),
            trains=values.get("trains") is True,
            by_hand=values.get("by_hand") is True,
            info=_path(values.get("info")),
        )

    @property
    def is_ready(self) -> bool:
        """Whether the edit is known."""
        return self.state == READY

    @property
    def needs_aligning(self) -> bool:
        """Whether the two have to be aligned first."""
        return self.state in _TO_ALIGN

    @property
    def is_problem(self) -> bool:
        """Whether it can't be learned from before a person does something."""
        return not self.is_ready and not self.needs_aligning

    @property
    def verdict_text(self) -> str:
        """The verdict in a few words."""
        if self.needs_aligning:
            return _tr("Not aligned yet")
        if self.state == REFUSED:
            return _tr("Can't be aligned")
        if not self.is_ready:
            return _tr("Can't be read") if self.raw and self.edit else _tr("Not complete")
        if self.choice == LEAVE:
            return _tr("Excluded by you")
        if self.verdict == "good":
            return _tr("Good")
        return _tr("Included by you") if self.choice == USE else _tr("Please look at it")

    @property
    def explanation(self) -> str:
        """What is known of it and what can be done, in sentences."""
        if not self.is_ready:
            return f"{self.sentence} {self.mend_text}".strip()
        sentences = [*self.remarks]
        if self.by_hand:
            sentences.insert(0, _tr("The edit was made in EditorBot and is known exactly."))
        if self.choice == LEAVE:
            sentences.append(_tr("It is left out of training, as you wanted."))
        elif self.verdict != "good":
            sentences.append(
                _tr("It is learned from nevertheless, as you wanted.")
                if self.choice == USE
                else _tr("It isn't learned from unless you include it.")
            )
        elif not sentences:
            sentences.append(_tr("The edit was found in the recording without doubt."))
        return " ".join(sentences)

    @property
    def mend_text(self) -> str:
        """What to do; a command for the terminal is of no use in the window."""
        return "" if "python -m" in self.mend else self.mend


def _path(value: object) -> Path | None:
    return Path(value) if isinstance(value, str) and value else None


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value)


def _tr(text: str) -> str:
    return QCoreApplication.translate("PairRow", text)
