"""The search with jumps back: loops, repeats and passages that change places.

A jump back from before frame a to frame b means that the frames [b, a) are gone through twice. Both
passes are searched together, frame by frame, over what each of them does (played or skipped), so
that what is worth playing once is not paid for twice. A jump is then one matrix that leads from
having reached b to having gone through [b, a) a second time, and the search over the recording
takes it where that is better. Exact for jumps back whose stretches don't overlap; a loop of more
than two passes is taken to play all of its stretch in the others.

Shape letters: J jumps, L frames of a jump's stretch.
"""

from __future__ import annotations

import itertools
from bisect import bisect_right
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from model_core.nn.viterbi import Forward, best_end, sweep, trace_back

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_LONGEST = 1 << 14
"""Frames (190 s) that a jump back leads over at most."""
_MOST_JUMPS = 64
_PLAYED, _SKIPPED, _OVER = range(3)
"""What the last pass does at a frame: plays it, skips it, or the edit is over. Earlier passes do
the first two only; two passes together are numbered `3 * earlier + last`."""


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores of the search, in nats.

    Attributes:
        gain: Of playing each frame for the first, second, ... time rather than not, `[T, visits]`;
            not rising from one time to the next where a stretch is gone through more than twice.
        leave: Of leaving at e, to land later, of shape `[T + 1]`.
        land: Of landing on each frame, of shape `[T]`.
        finish: Of ending the edit at e, of shape `[T + 1]`; at T it isn't charged.
        back_leave: Frame before which each jump back leaves, of shape `[J]`, rising.
        back_land: Frame on which it lands, before the other, of shape `[J]`.
        back: Score of each jump back, of shape `[J]`.
    """

    gain: FloatArray
    leave: FloatArray
    land: FloatArray
    finish: FloatArray
    back_leave: IntArray
    back_land: IntArray
    back: FloatArray

    @property
    def n_frames(self) -> int:
        """Frames of the recording."""
        return len(self.land)

    def biased(self, bias: float) -> Scores:
        """Returns the scores with every frame worth `bias` more each time it is played."""
        return replace(self, gain=self.gain + bias)

    def forward_only(self) -> Scores:
        """Returns the scores without jumps back."""
        nothing = np.zeros(0, np.int64)
        return replace(self, back_leave=nothing, back_land=nothing, back=np.zeros(0))

    def part(self, start: int, stop: int) -> Scores:
        """Returns the scores of the frames from `start` to `stop` as a recording of its own."""
        inside = (self.back_land >= start) & (self.back_leave <= stop)
        return Scores(
            self.gain[start:stop],
            self.leave[start : stop + 1],
            self.land[start:stop],
            self.finish[start : stop + 1],
            self.back_leave[inside] - start,
            self.back_land[inside] - start,
            self.back[inside],
        )


@dataclass(frozen=True, slots=True)
class Found:
    """The best edit.

    Attributes:
        runs: Frame ranges that are played in turn, of shape `[n, 2]`.
        score: Its score.
    """

    runs: IntArray
    score: float


@dataclass(frozen=True, slots=True)
class _Taken:
    """A jump back that the best path takes.

    Attributes:
        jump: Its index.
        passes: How often its stretch is gone through in all.
    """

    jump: int
    passes: int


@dataclass(frozen=True, slots=True)
class _Over:
    """An edit that ends within the last pass through a stretch."""

    taken: _Taken
    score: float


@dataclass(frozen=True, slots=True)
class _Piece:
    """The recording between two places where jumps back leave.

    Attributes:
        start: Its first frame.
        forward: Values from there on.
        by: Which jump back leads to having played, and to having skipped, the frame before `start`;
            None where the piece before does.
    """

    start: int
    forward: Forward
    by: tuple[_Taken | None, _Taken | None]


def best_edit(scores: Scores, *, may_be_empty: bool = False) -> Found:
    """Finds the edit of highest score.

    Args:
        scores: The scores.
        may_be_empty: Whether an edit may play nothing.
    """
    if scores.n_frames == 0:
        return Found(np.zeros((0, 2), np.int64), 0.0)
    pieces, over = _sweep_with_jumps(scores)
    parts = [piece.forward for piece in pieces]
    whole = Forward(
        np.concatenate([part.played[:-1] for part in parts[:-1]] + [parts[-1].played]),
        np.concatenate([part.skipped[:-1] for part in parts[:-1]] + [parts[-1].skipped]),
    )
    end, score = best_end(whole, scores.finish, may_be_empty=may_be_empty)
    if over is not None and over.score > score:
        runs = _traced_from(scores, pieces, over.taken, _OVER)
        score = over.score
    else:
        runs = _traced(scores, pieces, end, skipping=False)
    return Found(np.array(_merged(runs), np.int64).reshape(-1, 2), score)


def _sweep_with_jumps(scores: Scores) -> tuple[list[_Piece], _Over | None]:
    """Sweeps from one place where jumps back leave to the next.

    Returns:
        The pieces between them, and the best edit that ends within a stretch gone through again.
    """
    usable = _usable(scores)
    places = np.unique(scores.back_leave[usable]).tolist()
    edges = sorted({0, *places, scores.n_frames})
    pieces: list[_Piece] = []
    over: _Over | None = None
    played, skipped = 0.0, -np.inf
    by: tuple[_Taken | None, _Taken | None] = (None, None)
    for start, stop in itertools.pairwise(edges):
        part = slice(start, stop)
        forward = sweep(
            scores.gain[part, 0], scores.leave[part], scores.land[part], played, skipped
        )
        pieces.append(_Piece(start, forward, by))
        played, skipped = float(forward.played[-1]), float(forward.skipped[-1])
        by = (None, None)
        for jump in usable[scores.back_leave[usable] == stop].tolist():
            before = _values_before(pieces, int(scores.back_land[jump]))
            for passes, matrix in enumerate(_passes(scores, jump), 2):
                values = (before[:, None] + matrix).max(axis=0).tolist()
                taken = _Taken(jump, passes)
                if values[_PLAYED] > played:
                    played, by = values[_PLAYED], (taken, by[1])
                if values[_SKIPPED] > skipped:
                    skipped, by = values[_SKIPPED], (by[0], taken)
                if values[_OVER] > (over.score if over else -np.inf):
                    over = _Over(taken, values[_OVER])
    if by != (None, None):
        pieces.append(_Piece(edges[-1], Forward(np.array([played]), np.array([skipped])), by))
    return pieces, over


def _usable(scores: Scores) -> IntArray:
    """Returns the jumps that are searched: the likeliest, by the place where they leave."""
    length = scores.back_leave - scores.back_land
    inside = (length > 0) & (length <= _LONGEST) & (scores.back_leave <= scores.n_frames)
    chosen = np.flatnonzero(inside)
    if scores.gain.shape[1] < 2:
        return chosen[:0]
    likely = chosen[np.argsort(-scores.back[chosen], kind="stable")][:_MOST_JUMPS]
    return likely[np.argsort(scores.back_leave[likely], kind="stable")]


def _values_before(pieces: list[_Piece], frame: int) -> FloatArray:
    """Returns the values of having played and of having skipped what comes before a frame."""
    piece = pieces[_index_at(pieces, frame)]
    at = frame - piece.start
    return np.array([piece.forward.played[at], piece.forward.skipped[at]])


def _index_at(pieces: list[_Piece], frame: int) -> int:
    """Returns the last piece that begins at a frame or before."""
    return bisect_right(pieces, frame, key=lambda piece: piece.start) - 1


def _passes(scores: Scores, jump: int) -> list[FloatArray]:
    """Returns what going through a jump's stretch 2, 3, ... times is worth.

    Returns:
        For each number of passes a matrix `[2, 3]` from having played or skipped what comes before
        the stretch to what the last pass does in the end.
    """
    # The second pass has landed, as if it had played before; the first one leaves having played.
    part = _stretch(scores, jump)
    both = _chained(_pair_matrices(scores, part))
    passes = [both[[3 * _PLAYED, 3 * _SKIPPED], :3] + scores.back[jump]]
    for visit in range(2, scores.gain.shape[1]):
        once_more = _chained(_last_matrices(scores, part, scores.gain[part, visit]))[_PLAYED]
        passes.append(passes[-1][:, :1] + once_more + scores.back[jump])
    return passes


def _stretch(scores: Scores, jump: int) -> slice:
    """Returns the frames that a jump back leads over."""
    return slice(int(scores.back_land[jump]), int(scores.back_leave[jump]))


def _pair_matrices(scores: Scores, part: slice) -> FloatArray:
    """Returns for each frame of a jump's stretch how two passes go on, of shape `[L, 6, 6]`."""
    gain = scores.gain[part]
    last = _last_matrices(scores, part, np.zeros(len(gain)))
    earlier = last[:, :2, :2].copy()
    earlier[0] = ((0.0, scores.leave[part.start]), (scores.land[part.start], 0.0))
    pairs = earlier[:, :, None, :, None] + last[:, None, :, None, :]
    pairs[..., _PLAYED, _PLAYED] += (gain[:, 0] + gain[:, 1])[:, None, None]
    pairs[..., _PLAYED, 1:] += gain[:, 0, None, None, None]
    pairs[..., _SKIPPED, _PLAYED] += gain[:, 0, None, None]
    return pairs.reshape(-1, 6, 6)


def _last_matrices(scores: Scores, part: slice, gain: FloatArray) -> FloatArray:
    """Returns how the last pass goes on at each frame of a stretch, of shape `[L, 3, 3]`.

    Args:
        scores: The scores.
        part: The stretch.
        gain: Of playing each of its frames in this pass, of shape `[L]`.
    """
    matrices = np.full((len(gain), 3, 3), -np.inf)
    matrices[:, _PLAYED, _PLAYED] = matrices[:, _SKIPPED, _SKIPPED] = 0.0
    matrices[:, _OVER, _OVER] = 0.0
    matrices[:, _PLAYED, _SKIPPED] = scores.leave[part]
    matrices[:, _SKIPPED, _PLAYED] = scores.land[part]
    matrices[:, _PLAYED, _OVER] = scores.finish[part]
    matrices[0, :, 1:] = -np.inf  # a jump plays the frame on which it lands
    matrices[:, :, _PLAYED] += gain[:, None]
    return matrices


def _chained(matrices: FloatArray) -> FloatArray:
    """Returns the product of all matrices `[L, k, k]` in which sums are maxima, products sums."""
    while len(matrices) > 1:
        odd = matrices[len(matrices) & ~1 :]
        left, right = matrices[0 : len(matrices) - len(odd) : 2], matrices[1 : len(matrices) : 2]
        paired = (left[:, :, :, None] + right[:, None, :, :]).max(axis=2)
        matrices = np.concatenate((paired, odd))
    product: FloatArray = matrices[0]
    return product


def _traced(
    scores: Scores, pieces: list[_Piece], end: int, *, skipping: bool
) -> list[tuple[int, int]]:
    """Follows the best path back from before frame `end`; returns its runs in order."""
    index = _index_at(pieces, end)
    piece = pieces[index]
    start = piece.start
    part = slice(start, start + len(piece.forward.played) - 1)
    runs, skipping = trace_back(
        piece.forward, scores.leave[part], scores.land[part], end - start, skipping=skipping
    )
    runs = [(start + low, start + high) for low, high in runs]
    taken = piece.by[int(skipping)]
    if taken is not None:
        return _traced_from(scores, pieces[:index], taken, int(skipping)) + runs
    if index == 0:
        return runs
    return _traced(scores, pieces[:index], start, skipping=skipping) + runs


def _traced_from(
    scores: Scores, pieces: list[_Piece], taken: _Taken, state: int
) -> list[tuple[int, int]]:
    """Follows the best path back from the end of a jump's last pass; returns its runs in order.

    Args:
        scores: The scores.
        pieces: Those before the place where the jump leaves.
        taken: The jump.
        state: What the last pass does in the end.
    """
    part = _stretch(scores, taken.jump)
    land = part.start
    later: list[tuple[int, int]] = []
    for visit in range(taken.passes - 1, 1, -1):
        frames = _last_matrices(scores, part, scores.gain[part, visit])
        states = _best_states(frames, _PLAYED, state)
        later = [*_runs_of(states == _PLAYED, land), *later]
        state = _PLAYED
    frames = _pair_matrices(scores, part)
    values = _values_before(pieces, land) + _chained(frames)[[3 * _PLAYED, 3 * _SKIPPED], state]
    skipping = bool(values[1] > values[0])
    states = _best_states(frames, 3 * int(skipping), state)
    first = _runs_of(states // 3 == _PLAYED, land)
    second = _runs_of(states % 3 == _PLAYED, land)
    return [*_traced(scores, pieces, land, skipping=skipping), *first, *second, *later]


def _best_states(matrices: FloatArray, first: int, last: int) -> IntArray:
    """Returns the state at each frame on the best way from one state to another, of shape `[L]`."""
    values = np.full(matrices.shape[1], -np.inf)
    values[first] = 0.0
    came = np.empty((len(matrices), len(values)), np.int64)
    for t, matrix in enumerate(matrices):
        paths = values[:, None] + matrix
        came[t] = paths.argmax(axis=0)
        values = paths.max(axis=0)
    states = np.empty(len(matrices), np.int64)
    state = last
    for t in range(len(matrices) - 1, -1, -1):
        states[t] = state
        state = int(came[t, state])
    return states


def _runs_of(played: npt.NDArray[np.bool_], offset: int) -> list[tuple[int, int]]:
    """Returns the ranges in which `played` is true, moved by `offset`."""
    padded = np.concatenate(([False], played, [False]))
    edges = np.flatnonzero(padded[1:] != padded[:-1]) + offset
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _merged(runs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Joins neighbours that continue each other."""
    merged: list[tuple[int, int]] = []
    for start, stop in runs:
        if merged and merged[-1][1] == start:
            merged[-1] = (merged[-1][0], stop)
        elif start < stop:
            merged.append((start, stop))
    return merged
