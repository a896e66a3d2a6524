"""Command that names the operation of every step, from the pointers of a personal library.

    python -m training.generate_edit_ops [sample ...] --data_dir training_data --cache_dir cache

It needs no recordings, so pointers from elsewhere will do: `{sample}_pointers.npy` with the mel
spectrogram `{sample}.npz` that they count frames of.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from typing import TYPE_CHECKING
from unicodedata import normalize

from model_core.edit.edit_ops import EditOp
from model_core.errors import EditorBotError
from model_core.files import why_unreadable
from training.library.arrays import read_mels
from training.library.command import DONE, INCOMPLETE, library_of, parser, run, sweep, table
from training.library.errors import LibraryError
from training.library.info import read_info
from training.library.making import write_ops

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training.library.layout import Layout

_SUFFIX = "_pointers.npy"
_SHORT = ("copies", "loop starts", "loop ends", "skips", "fades in", "fades out")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit status."""
    made = parser("generate_edit_ops", "Name the operation of every step, from the pointers.")
    return run(_generate, made.parse_args(arguments))


def _generate(options: argparse.Namespace) -> int:
    layout = library_of(options).layout
    there = _with_pointers(layout)
    names = [normalize("NFC", name) for name in options.samples] or there
    if not names:
        raise LibraryError(
            f"There are no pointers in “{layout.sequences}” yet.",
            "Make them with: python -m training.precache_samples",
        )
    sweep(layout)
    rows = []
    failed = 0
    for name in names:
        try:
            counts = Counter(write_ops(layout, name, _frames(layout, name)).tolist())
        except EditorBotError as error:
            sys.stderr.write(f"{name}: {error}\n")
            failed += 1
            continue
        rows.append((name, *(f"{counts[op]:,}" for op in EditOp if op is not EditOp.STOP)))
    if rows:
        sys.stdout.write(table(("sample", *_SHORT), rows, range(1, 7)) + "\n")
    return INCOMPLETE if failed else DONE


def _with_pointers(layout: Layout) -> list[str]:
    try:
        names = sorted(path.name for path in layout.sequences.iterdir())
    except OSError as error:
        raise LibraryError(
            f"“{layout.sequences}” can't be read: {why_unreadable(error)}.",
            "Make pointers with: python -m training.precache_samples",
        ) from error
    return [
        name.removesuffix(_SUFFIX)
        for name in names
        if name.endswith(_SUFFIX) and not name.startswith(".")
    ]


def _frames(layout: Layout, name: str) -> int:
    """Returns how many frames a recording has, from its info or its spectrogram."""
    try:
        info = read_info(layout.info(name))
    except LibraryError:
        info = None
    if info and info.found:
        return info.found.n_frames
    return int(read_mels(layout.mel(name), ("mel",))["mel"].shape[1])


if __name__ == "__main__":
    sys.exit(main())
