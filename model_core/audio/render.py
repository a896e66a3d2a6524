"""The renderer: from an edit list to samples, for the ears and for files alike.

Whatever is copied is copied bit for bit; only the crossfades, and segments with a gain, are
computed. Any range can be rendered at any time, and the samples don't depend on how it is cut
into blocks.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from model_core.audio.fades import correlation, crossfade_weights
from model_core.audio.source import (
    DEFAULT_BLOCK_SAMPLES,
    converted,
    full_scale,
    to_float,
    widest,
)
from model_core.edit.timeline import GAP_SOURCE, timeline_of
from model_core.edit.types import EditList, FadeLaw, Gap, Join
from model_core.errors import EditError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    from model_core.audio.source import AudioSource, Samples

DEFAULT_FADE_S = 0.008

_CACHED_CROSSFADES = 64
_EDGE_CONTEXT_SAMPLES = 32
_CLICK_FACTOR = 4.0
_GAP = -1


@dataclass(frozen=True, slots=True)
class _Run:
    """Segments that continue each other, as one; or a gap.

    `at` is where it begins on the edited timeline.
    """

    source: int
    start: int
    stop: int
    gain_db: float
    at: int

    @property
    def is_gap(self) -> bool:
        return self.source == _GAP

    @property
    def length(self) -> int:
        return self.stop - self.start

    @property
    def end(self) -> int:
        """Where it ends on the edited timeline."""
        return self.at + self.length


@dataclass(frozen=True, slots=True)
class _Fade:
    """A range of the edited timeline that isn't copied.

    Attributes:
        start: First sample, inclusive.
        stop: Last sample, exclusive.
        leaving: The run that is faded out, or None.
        coming: The run that is faded in, or None.
        law: How the two are weighted.
    """

    start: int
    stop: int
    leaving: _Run | None
    coming: _Run | None
    law: FadeLaw = FadeLaw.AUTO


class Renderer:
    """Plays an edit list from its sources, at their own rate, channels and depth.

    Args:
        sources: The recordings; segments name them by index. They share rate and channels. The
            renderer doesn't close them.
        edit_list: What is heard.
        default_fade_s: Length of crossfades whose join doesn't name one, in seconds.

    Attributes:
        sources: As given.
        edit_list: As given.
        sample_rate: Samples a second.
        channels: Number of channels.
        dtype: The type that `read` returns: that of the sources, or the widest of them.
        bits: Significant bits of a sample.
        length: Length of the edited timeline in samples.

    Raises:
        EditError: If the edit reaches beyond its sources, or they don't fit together.
    """

    def __init__(
        self,
        sources: Sequence[AudioSource],
        edit_list: EditList,
        default_fade_s: float = DEFAULT_FADE_S,
    ) -> None:
        if not sources:
            raise EditError("There is no recording to play the edit from.", "Open a recording.")
        edit_list.check_within(source.n_samples for source in sources)
        self.sources = tuple(sources)
        self.edit_list = edit_list
        self.sample_rate = sources[0].sample_rate
        self.channels = sources[0].channels
        for source in sources[1:]:
            if (source.sample_rate, source.channels) != (self.sample_rate, self.channels):
                raise EditError(
                    "The recordings differ in sample rate or number of channels "
                    f"({self.sample_rate} Hz, {self.channels}; "
                    f"{source.sample_rate} Hz, {source.channels}).",
                    "Convert them to the same rate and channels.",
                )
        self.dtype = widest([source.dtype for source in sources])
        self.bits = max(source.bits for source in sources if source.dtype == self.dtype)
        self._default_fade_samples = round(default_fade_s * self.sample_rate)
        # Runs and fades are made where something is read: an edit of thousands of segments is
        # exchanged while it plays, and seldom read from end to end.
        self._runs = _Runs(edit_list)
        self.length = self._runs.length
        self._known_fades: dict[int, tuple[_Fade, ...]] = {}
        self._crossfaded = lru_cache(_CACHED_CROSSFADES)(self._crossfade)

    @property
    def faded_ranges(self) -> npt.NDArray[np.int64]:
        """Ranges of the edited timeline, of shape `[n, 2]`, that aren't plain copies by a fade."""
        joins = range(len(self._runs) - 1)
        ranges = [(fade.start, fade.stop) for join in joins for fade in self._fades_at(join)]
        return np.array(ranges, np.int64).reshape(-1, 2)

    def read(self, start: int, stop: int) -> Samples:
        """Renders a range of the edited timeline.

        Args:
            start: First sample, inclusive.
            stop: Last sample, exclusive.

        Returns:
            An array of shape `[stop - start, C]` in `dtype`.

        Raises:
            ValueError: If the range isn't within the timeline.
            AudioReadError: If a source can't be read.
        """
        if not 0 <= start <= stop <= self.length:
            raise ValueError(f"{start}-{stop} isn't within the {self.length} samples")
        out = np.zeros((stop - start, self.channels), self.dtype)
        if start == stop:
            return out
        first = int(np.searchsorted(self._runs.starts, start, side="right")) - 1
        last = int(np.searchsorted(self._runs.starts, stop))
        for index in range(first, last):
            run = self._runs[index]
            low, high = max(start, run.at), min(stop, run.end)
            if not run.is_gap:
                offset = run.start - run.at
                out[low - start : high - start] = self._copied(run, low + offset, high + offset)
        # A fade reaches over half of the runs beside it at most.
        for join in range(max(0, first - 1), min(last, len(self._runs) - 1)):
            for fade in self._fades_at(join):
                low, high = max(start, fade.start), min(stop, fade.stop)
                if low < high:
                    faded = self._crossfaded(fade)
                    out[low - start : high - start] = faded[low - fade.start : high - fade.start]
        return out

    def read_float(self, start: int, stop: int) -> npt.NDArray[np.float32]:
        """Renders the same samples as float32 of shape `[stop - start, C]`, full scale at 1."""
        return to_float(self.read(start, stop))

    def blocks(self, block_samples: int = DEFAULT_BLOCK_SAMPLES) -> Iterator[Samples]:
        """Yields the whole edit in order, in blocks of at most `block_samples`."""
        for start in range(0, self.length, block_samples):
            yield self.read(start, min(start + block_samples, self.length))

    def _copied(self, run: _Run, start: int, stop: int) -> Samples:
        """Reads a range of a run's source with the run's gain, in `dtype`."""
        samples = converted(self.sources[run.source].read(start, stop), self.dtype)
        return samples if run.gain_db == 0 else self._quantised(samples * _gain(run))

    def _quantised(self, samples: npt.NDArray[np.float64]) -> Samples:
        """Rounds computed samples to the significant bits of `dtype`, and saturates."""
        if self.dtype.kind == "f":
            return samples.astype(self.dtype)
        scale = full_scale(self.dtype)
        step = 2.0 ** (8 * self.dtype.itemsize - self.bits)
        rounded = np.round(samples / step) * step
        return np.clip(rounded, -scale, scale - step).astype(self.dtype)

    def _crossfade(self, fade: _Fade) -> Samples:
        """Computes the whole of a fade, of shape `[fade.stop - fade.start, C]`."""
        sides = [self._side(run, fade) for run in (fade.leaving, fade.coming)]
        leaving, coming = crossfade_weights(
            fade.stop - fade.start, fade.law, correlation(sides[0], sides[1])
        )
        return self._quantised(leaving[:, None] * sides[0] + coming[:, None] * sides[1])

    def _side(self, run: _Run | None, fade: _Fade) -> npt.NDArray[np.float64]:
        """Returns what one side of a fade would play throughout it."""
        if run is None:
            return np.zeros((fade.stop - fade.start, self.channels))
        offset = run.start - run.at
        samples = self.sources[run.source].read(fade.start + offset, fade.stop + offset)
        return converted(samples, self.dtype) * _gain(run)

    def _fades_at(self, join: int) -> tuple[_Fade, ...]:
        """Returns what isn't copied between a run and the next one."""
        known = self._known_fades.get(join)
        if known is None:
            known = self._known_fades[join] = tuple(self._fades_between(join))
        return known

    def _fades_between(self, index: int) -> Iterator[_Fade]:
        left, right, join = self._runs[index], self._runs[index + 1], self._runs.join(index)
        length = self._default_fade_samples if join.length is None else join.length
        if length == 0:
            return
        # Half of a run is left to each of its ends, so fades never meet.
        before = min(length // 2, left.length // 2)
        after = min(length - length // 2, right.length // 2)
        cut = right.at
        if not (left.is_gap or right.is_gap):
            beyond = self.sources[left.source].n_samples - left.stop
            start, stop = cut - min(before, right.start), cut + min(after, beyond)
            if start < stop:
                yield _Fade(start, stop, left, right, join.law)
                return
            if not self._clicks(left, right):
                return
        if before and not left.is_gap:
            yield _Fade(cut - before, cut, left, None)
        if after and not right.is_gap:
            yield _Fade(cut, cut + after, None, right)

    def _clicks(self, left: _Run, right: _Run) -> bool:
        """Whether a butt join steps more than the sound around it does."""
        near_left = self._copied(
            left, max(left.start, left.stop - _EDGE_CONTEXT_SAMPLES), left.stop
        )
        near_right = self._copied(
            right, right.start, min(right.stop, right.start + _EDGE_CONTEXT_SAMPLES)
        )
        step = np.abs(near_right[0].astype(np.float64) - near_left[-1]).max()
        usual = max(
            float(np.abs(np.diff(side.astype(np.float64), axis=0)).max(initial=0.0))
            for side in (near_left, near_right)
        )
        return bool(step > _CLICK_FACTOR * usual)


class _Runs:
    """Segments that continue each other as one, each made when it is asked for.

    Args:
        edit_list: The edit.

    Attributes:
        starts: Where runs begin on the edited timeline; int64, `[n]`.
        length: Length of the edited timeline in samples.
    """

    def __init__(self, edit_list: EditList) -> None:
        timeline = timeline_of(edit_list)
        items, gains, sources = edit_list.items, timeline.gains_db, timeline.sources
        goes_on = (
            (sources[1:] == sources[:-1])
            & (sources[1:] != GAP_SOURCE)
            & (timeline.source_stops[:-1] == timeline.source_starts[1:])
            & (gains[1:] == gains[:-1])
        )
        begins = np.append(np.ones(min(1, len(items)), np.bool_), ~goes_on)
        self._firsts = np.flatnonzero(begins)
        self._lasts = np.append(self._firsts[1:], len(items)) - 1
        self._edit_list = edit_list
        self.starts = timeline.starts[:-1][self._firsts]
        self.length = timeline.length

    def __len__(self) -> int:
        return len(self._firsts)

    def __getitem__(self, index: int) -> _Run:
        items, at = self._edit_list.items, int(self.starts[index])
        first, last = items[int(self._firsts[index])], items[int(self._lasts[index])]
        if isinstance(first, Gap) or isinstance(last, Gap):
            return _Run(_GAP, 0, first.length, 0.0, at)
        return _Run(first.source, first.start, last.stop, first.gain_db, at)

    def join(self, index: int) -> Join:
        """Returns how a run meets the next one."""
        return self._edit_list.joins[int(self._lasts[index])]


def _gain(run: _Run) -> float:
    return float(10.0 ** (run.gain_db / 20.0))
