"""What a run tells while it trains: curves for TensorBoard, and warnings that name the mend."""

from __future__ import annotations

import logging
import math
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

log = logging.getLogger("training")

_EXPLODING = 100.0
_STUCK_REPORTS = 50
_STUCK_GAIN = 0.01
_ALWAYS_COPIES = 0.02
_RATIO_FACTOR = 1.25


class Curves:
    """Writes scalars for TensorBoard, under the names of the specification.

    Args:
        folder: Where the events go; None writes none.
        step: Where the run stands; what an earlier one wrote beyond it is hidden.
    """

    def __init__(self, folder: Path | None, step: int = 0) -> None:
        self._writer: SummaryWriter | None = None
        if folder is not None:
            from torch.utils.tensorboard import SummaryWriter

            self._writer = SummaryWriter(str(folder), purge_step=step or None)

    def training(self, step: int, means: Mapping[str, float], learning_rate: float) -> None:
        """Writes the mean losses of the last updates: `train/delta_loss` and so on."""
        named = {
            "grad_norm" if name == "grad_norm" else f"train/{name}_loss": value
            for name, value in means.items()
        }
        self._write(step, {**named, "train/learning_rate": learning_rate})

    def validation(self, step: int, means: Mapping[str, float]) -> None:
        """Writes what a validation found: `val_delta_accuracy`, `val_total` and so on."""
        self._write(step, {f"val_{name}": value for name, value in means.items()})

    def _write(self, step: int, values: Mapping[str, float]) -> None:
        if self._writer is None:
            return
        try:
            for name, value in values.items():
                self._writer.add_scalar(name, value, step)
        except OSError as error:
            log.warning("no more curves are written (%s); training goes on", error)
            self._writer = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._writer is not None:
            self._writer.close()


class Watch:
    """Looks at the figures of a run and warns where something is known to go wrong.

    Each warning is given once, until its cause has gone.

    Args:
        compression_ratio: Length of an edit over its recording that the network expects.
    """

    def __init__(self, compression_ratio: float) -> None:
        self._ratio = compression_ratio
        self._deltas: deque[float] = deque(maxlen=_STUCK_REPORTS)
        self._given: set[str] = set()

    def training(self, means: Mapping[str, float]) -> list[str]:
        """Returns warnings about the mean losses of the last updates."""
        norm = means.get("grad_norm", 0.0)
        finite = all(math.isfinite(value) for value in means.values())
        self._deltas.append(means.get("delta", math.inf))
        stuck = len(self._deltas) == _STUCK_REPORTS and (
            self._deltas[-1] > (1 - _STUCK_GAIN) * self._deltas[0]
        )
        return self._new(
            {
                "A loss is not a number: use bfloat16 and look for damaged recordings.": not finite,
                f"The gradient explodes (norm {norm:.0f}): lower learning_rate to 1e-4 or warm up "
                "for longer.": finite and norm > _EXPLODING,
                "The loss of near offsets has not fallen for a long time: look at the actual "
                "lengths of the edits (training.library_report) and at the learning rate.": stuck,
            }
        )

    def validation(self, means: Mapping[str, float]) -> list[str]:
        """Returns warnings about what a validation found."""
        always_copies = (
            means.get("delta_accuracy", 0.0) > 1 - _ALWAYS_COPIES
            and means.get("event_delta_accuracy", 1.0) < _ALWAYS_COPIES
        )
        ratio = means.get("compression_ratio", self._ratio)
        off = max(ratio, self._ratio) / max(1e-6, min(ratio, self._ratio)) > _RATIO_FACTOR
        return self._new(
            {
                "The network always copies: near offsets are right but for those at cuts. Train "
                "for longer, or raise the weight of use_jump and jump.": always_copies,
                f"Edits here are {ratio:.2f} times as long as their recordings, and "
                f"compression_ratio is {self._ratio:.2f}: set it to what they are.": off,
            }
        )

    def state(self) -> dict[str, list[float] | list[str]]:
        """Returns what it remembers, so that a resumed run warns as if it had never ended."""
        return {"deltas": list(self._deltas), "given": sorted(self._given)}

    def restore(self, state: Mapping[str, list[Any]]) -> None:
        """Remembers what `state` returned."""
        self._deltas = deque(state.get("deltas", ()), maxlen=_STUCK_REPORTS)
        self._given = set(state.get("given", ()))

    def _new(self, warnings: Mapping[str, bool]) -> list[str]:
        """Returns the warnings that hold now and weren't given since they last didn't."""
        told = []
        for sentence, holds in warnings.items():
            cause = sentence.split("(")[0].split(":")[0][:24]
            if holds and cause not in self._given:
                self._given.add(cause)
                told.append(sentence)
            elif not holds:
                self._given.discard(cause)
        for sentence in told:
            log.warning(sentence)
        return told
