"""Measures what coding pointers as offsets from an expected position costs.

Takes true edits, codes each pointer as an offset from where it is expected (small offsets exactly,
large ones as one of 16 buckets), decodes it again and compares. Nothing is predicted: what is lost
here is lost for a perfect network too. `docs/adr/0002-expected-position.md` has the table.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Int64Array = npt.NDArray[np.int64]

_MAX_DELTA = 64
_WINDOW_FRAMES = 512
_COMPRESSION_RATIO = 0.67
_EDGES = np.array([64, 100, 200, 500, 1000, 2000, 5000, 10_000])
# The outermost bucket is open; the centre of one as wide again as the one before stands for it.
_CENTRES = np.append((_EDGES[:-1] + _EDGES[1:]) // 2, 15_000)
_CASES = ((5_000, 0.67, 20), (50_000, 0.67, 20), (50_000, 0.67, 150), (50_000, 0.80, 150))


def true_pointers(
    n_frames: int, kept_share: float, n_cuts: int, rng: np.random.Generator
) -> Int64Array:
    """Returns the pointers [S] of an edit with cuts of random places and lengths."""
    n_removed = n_frames - round(n_frames * kept_share)
    removed_frames = 1 + rng.multinomial(n_removed - n_cuts, rng.dirichlet(np.ones(n_cuts)))
    # Cuts lie between kept frames: draw after which kept frame each one comes.
    n_kept = n_frames - n_removed
    places = np.sort(rng.choice(np.arange(1, n_kept), n_cuts, replace=False))
    skipped = np.zeros(n_kept, np.int64)
    skipped[places] = removed_frames
    return np.arange(n_kept, dtype=np.int64) + np.cumsum(skipped)


def coded_and_decoded(pointers: Int64Array, expected: Int64Array, n_frames: int) -> Int64Array:
    """Returns what is left of the pointers [S] after coding and decoding."""
    offset = pointers - expected
    bucket = np.searchsorted(_EDGES, np.abs(offset), side="left") - 1
    far = np.abs(offset) > _MAX_DELTA
    decoded = np.where(far, np.sign(offset) * _CENTRES[bucket], offset)
    return np.clip(expected + decoded, 0, n_frames - 1)


def measure(n_frames: int, kept_share: float, n_cuts: int, n_edits: int) -> dict[str, float]:
    """Returns the shares, averaged over random edits, for both kinds of expectation."""
    rng = np.random.default_rng(0)
    rows: list[tuple[float, ...]] = []
    for _ in range(n_edits):
        pointers = true_pointers(n_frames, kept_share, n_cuts, rng)
        by_ratio = (np.arange(pointers.size) / _COMPRESSION_RATIO).astype(np.int64)
        by_previous = np.concatenate(([0], pointers[:-1] + 1))
        decoded = coded_and_decoded(pointers, by_ratio, n_frames)
        rows.append(
            (
                np.mean(decoded == pointers),
                np.mean(np.abs(pointers - by_ratio) > _MAX_DELTA),
                np.mean(np.diff(decoded) == 1),
                np.mean(np.diff(pointers) == 1),
                np.mean(np.abs(pointers - by_ratio) <= _WINDOW_FRAMES // 2),
                np.mean(pointers == by_previous),
            )
        )
    names = ("exact", "jump", "sequential", "true_sequential", "in_window", "copy_is_offset_0")
    return dict(zip(names, np.mean(rows, axis=0).tolist(), strict=True))


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--edits", type=int, default=200, help="random edits for each row")
    n_edits = parser.parse_args().edits
    print(
        "| raw frames | kept | cuts | pointers exact | coded as a jump | still sequential (truth) "
        "| in the 512 window | offset 0 if `ptr[t-1] + 1` is expected |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for n_frames, kept_share, n_cuts in _CASES:
        found = measure(n_frames, kept_share, n_cuts, n_edits)
        print(
            f"| {n_frames:,} | {kept_share:.0%} | {n_cuts} | {found['exact']:.0%} "
            f"| {found['jump']:.0%} | {found['sequential']:.0%} ({found['true_sequential']:.1%}) "
            f"| {found['in_window']:.0%} | {found['copy_is_offset_0']:.1%} |"
        )


if __name__ == "__main__":
    main()
