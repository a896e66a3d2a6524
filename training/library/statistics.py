"""Figures of a personal library: how long edits are, where they jump, and what looks odd."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from model_core.align.types import Verdict
from model_core.edit.edit_ops import EditOp, pointers_to_ops
from model_core.edit.pointers import MODEL_HOP_SAMPLES, MODEL_RATE_HZ, STOP
from model_core.errors import EditorBotError
from training.library.pairs import PairState

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from training.library.pairs import Pair

IntArray = npt.NDArray[np.int64]

FRAMES_A_MINUTE: Final = 60 * MODEL_RATE_HZ / MODEL_HOP_SAMPLES
MAX_DELTA: Final = 64
"""Farther jumps are coded by a bucket."""
BUCKET_EDGES: Final = (64, 100, 200, 500, 1000, 2000, 5000, 10000)
"""Buckets of jumps, in frames, forward and back; the last one is open."""

# Beyond 3.5 robust deviations a figure is an outlier (Iglewicz and Hoaglin 1993). Of fewer than
# five pairs none can be told from the rest, and small deviations between alike pairs are none.
_OUTLIER_DEVIATIONS = 3.5
_FEWEST_FOR_OUTLIERS = 5
_LEAST_DEVIATION = {"ratio": 0.03, "coverage": 0.03, "joins_a_minute": 1.0}
_CALLED = {
    "ratio": "length of the edit over the recording's",
    "coverage": "share of the recording kept",
    "joins_a_minute": "joins a minute",
}

_USUAL_RATIO = 0.67
_RATIO_OFF = 0.1
_LONG_FRAMES = 155_000
_FEW_JUMPS = 200
_LEAST_SEQUENTIAL = 0.97
_FEW_PAIRS = 10


@dataclass(frozen=True, slots=True)
class PairFigures:
    """Figures of one pair.

    Attributes:
        name: The sample.
        n_frames: Frames T of the recording.
        n_steps: Frames S of the edit.
        jumps: Of every step that doesn't play the next frame: landing less expected frame, `[J]`.
        pointers: The pointers themselves, `[S]`.
        ops: How often each operation occurs.
        coverage: Share of the recording that is heard.
        matched: Share of the finished edit that comes from the recording.
        confidence: The aligner's, 0 to 1.
        verdict: The aligner's.
        remarks: The aligner's sentences.
    """

    name: str
    n_frames: int
    n_steps: int
    jumps: IntArray
    pointers: IntArray
    ops: dict[str, int]
    coverage: float
    matched: float
    confidence: float
    verdict: Verdict
    remarks: tuple[str, ...]

    @property
    def ratio(self) -> float:
        """Length of the edit over that of the recording, in frames."""
        return self.n_steps / self.n_frames

    @property
    def joins_a_minute(self) -> float:
        """Jumps in a minute of the recording."""
        return len(self.jumps) / (self.n_frames / FRAMES_A_MINUTE)

    @property
    def sequential(self) -> float:
        """Share of the steps that play the next frame."""
        return 1 - len(self.jumps) / max(1, self.n_steps)


@dataclass(slots=True)
class LibraryFigures:
    """Figures of a library.

    Attributes:
        pairs: Of the pairs that can be learnt from.
        unusable: Name and reason of those that can't.
        outliers: Sentences about pairs that differ from the others.
        hints: Sentences about what may go wrong in training, and what to do.
    """

    pairs: list[PairFigures]
    unusable: list[tuple[str, str]]
    outliers: list[str] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """Length of all edits over that of all recordings; what `compression_ratio` should be."""
        frames = sum(pair.n_frames for pair in self.pairs)
        return sum(pair.n_steps for pair in self.pairs) / frames if frames else 0.0

    @property
    def jumps(self) -> IntArray:
        """The jumps of all pairs, in frames, `[J]`."""
        return np.concatenate([np.empty(0, np.int64), *(pair.jumps for pair in self.pairs)])

    @property
    def ops(self) -> dict[str, int]:
        """How often each operation occurs."""
        total: Counter[str] = Counter()
        for pair in self.pairs:
            total.update(pair.ops)
        return {op.name: total[op.name] for op in EditOp}

    def buckets(self) -> list[tuple[str, int]]:
        """Returns how many jumps lie in each bucket, from far back to far ahead."""
        edges = np.array(BUCKET_EDGES)
        jumps = self.jumps
        place = np.searchsorted(edges, np.abs(jumps), side="left")
        names = [f"{low}-{high}" for low, high in zip((1, *edges), edges, strict=False)]
        names.append(f"over {edges[-1]}")
        back = np.bincount(place[jumps < 0], minlength=len(names))
        ahead = np.bincount(place[jumps > 0], minlength=len(names))
        return [
            *((f"back {name}", int(n)) for name, n in zip(names[::-1], back[::-1], strict=True)),
            *((f"ahead {name}", int(n)) for name, n in zip(names, ahead, strict=True)),
        ]

    def offsets(self) -> IntArray:
        """Returns `pointer - floor(t / ratio)` of every step of all pairs.

        This is the offset from a straight line through the whole library. Networks here predict
        from the frame before instead, so that offsets are 0 but at jumps.
        """
        ratio = self.ratio
        if not ratio:
            return np.empty(0, np.int64)
        return np.concatenate(
            [
                pair.pointers - (np.arange(pair.n_steps) / ratio).astype(np.int64)
                for pair in self.pairs
            ]
        )

    def as_values(self) -> dict[str, Any]:
        """Returns everything as plain values for JSON."""
        offsets = self.offsets()
        shares = (1, 5, 25, 50, 75, 95, 99)
        return {
            "pairs": [
                {
                    "sample": pair.name,
                    "frames": pair.n_frames,
                    "steps": pair.n_steps,
                    "ratio": pair.ratio,
                    "sequential": pair.sequential,
                    "joins": len(pair.jumps),
                    "joins_a_minute": pair.joins_a_minute,
                    "coverage": pair.coverage,
                    "matched": pair.matched,
                    "confidence": pair.confidence,
                    "verdict": pair.verdict.value,
                    "remarks": list(pair.remarks),
                    "operations": pair.ops,
                }
                for pair in self.pairs
            ],
            "unusable": [{"sample": name, "reason": why} for name, why in self.unusable],
            "compression_ratio": self.ratio,
            "sequential": self.sequential,
            "jumps": {name: count for name, count in self.buckets()},  # noqa: C416
            "operations": self.ops,
            "offsets_from_line": {
                "percentiles": {
                    str(share): float(value)
                    for share, value in zip(shares, np.percentile(offsets, shares), strict=True)
                }
                if offsets.size
                else {},
                "within_max_delta": self.within_max_delta,
            },
            "outliers": self.outliers,
            "hints": self.hints,
        }

    @property
    def sequential(self) -> float:
        """Share of all steps that play the next frame."""
        steps = sum(pair.n_steps for pair in self.pairs)
        return 1 - self.jumps.size / max(1, steps)

    @property
    def within_max_delta(self) -> float:
        """Share of the offsets from a straight line that are at most `MAX_DELTA` frames."""
        offsets = self.offsets()
        return float((np.abs(offsets) <= MAX_DELTA).mean()) if offsets.size else 0.0


def figures_of(pairs: Iterable[Pair]) -> LibraryFigures:
    """Loads everything of every pair, and counts."""
    figures: list[PairFigures] = []
    unusable: list[tuple[str, str]] = []
    for pair in pairs:
        try:
            figures.append(_figures(pair))
        except EditorBotError as error:
            unusable.append(
                (pair.name, str(error))
                if pair.state is PairState.READY
                else (pair.name, f"{pair.sentence} {pair.mend}".strip())
            )
    library = LibraryFigures(figures, unusable)
    library.outliers = _outliers(figures)
    library.hints = _hints(library)
    return library


def _figures(pair: Pair) -> PairFigures:
    pair.mel()  # read and checked to the last value, though nothing of it is counted
    pair.stems()
    pair.ops()
    pointers = pair.pointers()
    found = pair.info.found if pair.info else None
    if found is None:
        raise ValueError(f"{pair.name} isn't ready")
    expected = np.concatenate(([0], pointers[:-1] + 1)) if pointers.size else pointers
    jumps = (pointers - expected)[1:]
    ops = Counter(pointers_to_ops(np.append(pointers, np.int64(STOP)), found.n_frames).tolist())
    return PairFigures(
        name=pair.name,
        n_frames=found.n_frames,
        n_steps=len(pointers),
        jumps=jumps[jumps != 0],
        pointers=pointers,
        ops={op.name: ops[op] for op in EditOp},
        coverage=found.report.coverage,
        matched=found.report.matched,
        confidence=found.report.confidence,
        verdict=found.report.verdict,
        remarks=found.report.remarks,
    )


def _outliers(pairs: Sequence[PairFigures]) -> list[str]:
    """Names the pairs that differ from the others by far more than these among each other."""
    said = []
    if len(pairs) >= _FEWEST_FOR_OUTLIERS:
        for figure, least in _LEAST_DEVIATION.items():
            values = np.array([getattr(pair, figure) for pair in pairs])
            middle = float(np.median(values))
            deviation = max(1.4826 * float(np.median(np.abs(values - middle))), least)
            for pair, value in zip(pairs, values.tolist(), strict=True):
                if abs(value - middle) > _OUTLIER_DEVIATIONS * deviation:
                    said.append(
                        f"{pair.name}: the {_CALLED[figure]} is {value:.2f}; usual is {middle:.2f}."
                    )
    said += [f"{pair.name}: {remark}" for pair in pairs for remark in pair.remarks]
    return said


def _hints(library: LibraryFigures) -> list[str]:
    """Says what may go wrong in training, by what these figures show."""
    pairs = library.pairs
    if not pairs:
        return ["There is nothing to train on yet."]
    hints = []
    if abs(library.ratio - _USUAL_RATIO) > _RATIO_OFF:
        hints.append(
            f"The edits are {library.ratio:.2f} times as long as the recordings; set "
            f"compression_ratio to that (it is {_USUAL_RATIO} unless you do)."
        )
    jumps = library.jumps
    if jumps.size < _FEW_JUMPS:
        hints.append(
            f"There are only {jumps.size} jumps to learn from; with fewer than {_FEW_JUMPS} "
            "expect poor accuracy at jumps. Add pairs, or train on simulated recordings as well."
        )
    if not (jumps < 0).any():
        hints.append("No edit goes back, so nothing about loops and reorders can be learnt.")
    if library.sequential < _LEAST_SEQUENTIAL:
        hints.append(
            f"Only {library.sequential:.1%} of the steps play the next frame (usual: 97 to 99 %); "
            "look at the alignment pictures of the pairs with the most joins."
        )
    longest = max(pairs, key=lambda pair: pair.n_frames)
    if longest.n_frames > _LONG_FRAMES:
        hints.append(
            f"{longest.name} has {longest.n_frames:,} frames; if memory runs out, train on shorter "
            "crops or smaller batches."
        )
    if len(pairs) < _FEW_PAIRS:
        hints.append(
            f"There {'is' if len(pairs) == 1 else 'are'} only {len(pairs)} "
            f"pair{'' if len(pairs) == 1 else 's'}; what is learnt may not carry over to another "
            "recording. Keep one or two out to judge by."
        )
    check = [pair.name for pair in pairs if pair.verdict is Verdict.CHECK]
    if check:
        hints.append(
            f"Look at {', '.join(check[:5])}{' and others' if len(check) > 5 else ''} before "
            "training: the aligner asks for it."
        )
    return hints
