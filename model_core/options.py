"""What a person may ask of a generated edit. Free of torch, so that the window can build it."""

from __future__ import annotations

from dataclasses import dataclass, field

from model_core.edit.locks import Locks
from model_core.targets import Targets

MOST_EXTENSION = 4.0
MOST_AXIS_DEVIATIONS = 4.0


@dataclass(frozen=True, slots=True)
class GenerateOptions:
    """Options of one proposal.

    Attributes:
        tightness: 0 (long pauses stay) to 1 (short pauses), or None for the model's own.
        target_length_s: Wanted length of the edit in seconds, or None.
        seed: Seed of everything that is drawn at random.
        temperature: 0 takes the best path; above 0 events are perturbed at random.
        sample_style: Whether to draw a style instead of taking the mean one.
        stop_threshold: Probability from which an end of the edit is believed, 0 to 1.
        style: Place in the network's space of styles to start from, `[Z]`, or None for the mean
            editor's or a drawn one; what `tightness` and `extension` ask for is set in it.
        axes: How far to move along named axes of that space, in deviations among editors.
        targets: What the edit is to measure, or None: drawn with a drawn style, else left to the
            network. What `tightness`, `axes` and `target_length_s` ask for goes before.
        extension: How many times as long loops are to make the edit, 1 (no loops) to 4.
        locks: What is decided already.
        rescore: Whether the best few edits are compared once more by their full likelihood.
    """

    tightness: float | None = None
    target_length_s: float | None = None
    seed: int = 0
    temperature: float = 0.0
    sample_style: bool = False
    stop_threshold: float = 0.5
    style: tuple[float, ...] | None = None
    axes: tuple[tuple[str, float], ...] = ()
    targets: Targets | None = None
    extension: float = 1.0
    locks: Locks = field(default_factory=Locks)
    rescore: bool = False

    def __post_init__(self) -> None:
        if self.tightness is not None and not 0 <= self.tightness <= 1:
            raise ValueError(f"Tightness goes from 0 to 1, not {self.tightness}.")
        if self.target_length_s is not None and not 0 < self.target_length_s < float("inf"):
            raise ValueError(f"A target length is above 0 s, not {self.target_length_s}.")
        if not 0 <= self.temperature <= 10:
            raise ValueError(f"Temperature goes from 0 to 10, not {self.temperature}.")
        if not all(abs(distance) <= MOST_AXIS_DEVIATIONS for _, distance in self.axes):
            raise ValueError(
                f"An axis goes from -{MOST_AXIS_DEVIATIONS:g} to {MOST_AXIS_DEVIATIONS:g}."
            )
        if not 1 <= self.extension <= MOST_EXTENSION:
            raise ValueError(
                f"An extension goes from 1 to {MOST_EXTENSION:g}, not {self.extension}."
            )
        if not 0 < self.stop_threshold < 1:
            raise ValueError(f"The stop threshold lies between 0 and 1, not {self.stop_threshold}.")
