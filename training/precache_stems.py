"""Command that brings separated stems into a personal library.

    python -m training.precache_stems [sample ...] --stems FOLDER

`FOLDER/{sample}` holds the stems of a sample: `drums`, `bass`, `vocals` and `other`, with the
suffix of any sound file; some may be missing. Without `--stems` the recordings are separated with
Demucs, if it is installed. `python -m training.convert_stems_to_mel` does the rest.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from model_core.errors import EditorBotError
from model_core.nn.config import STEMS
from training.library.command import (
    DONE,
    INCOMPLETE,
    library_of,
    parser,
    progress_bar,
    run,
    say,
    sweep,
)
from training.library.errors import LibraryError
from training.library.references import resolve
from training.library.stems import add_stems, own_stems, separate, separator_missing, stem_files

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training.library import Pair


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit status."""
    made = parser("precache_stems", "Bring separated stems into the library.")
    made.add_argument(
        "--stems", type=Path, metavar="FOLDER", help="your own: FOLDER/SAMPLE/vocals.wav and so on"
    )
    made.add_argument(
        "--reference", action="store_true", help="write down where they lie; copy nothing"
    )
    made.add_argument("--force", action="store_true", help="replace the stems that are there")
    return run(_precache, made.parse_args(arguments))


def _precache(options: argparse.Namespace) -> int:
    library = library_of(options)
    pairs = library.chosen(options.samples)
    if options.stems and not options.stems.is_dir():
        raise LibraryError(
            f"There is no folder “{options.stems}”.", "Name one that holds a folder a sample."
        )
    if not options.stems and separator_missing():
        raise LibraryError(
            "Demucs, which separates recordings into stems, isn't installed.",
            "Name a folder of your own stems with --stems, or install Demucs with: "
            "pip install demucs",
        )
    library.create()
    sweep(library.layout)
    failed = 0
    with progress_bar(len(pairs), "samples") as bar:
        for pair in pairs:
            bar.set_description_str(pair.name)
            try:
                said = _one(pair, options)
            except EditorBotError as error:
                said = str(error)
                failed += 1
            say(bar, f"{pair.name}: {said}")
            bar.update()
    return INCOMPLETE if failed else DONE


def _one(pair: Pair, options: argparse.Namespace) -> str:
    """Does one sample; returns what was done in a few words."""
    if pair.raw is None:
        raise LibraryError(pair.sentence, pair.mend)
    there = pair.layout.stems(pair.name)
    if not options.force and there.is_dir() and (stems := stem_files(there)):
        return f"{', '.join(stems)} are there already."
    raw = resolve(pair.raw)
    if options.stems is None:
        separate(pair.layout, pair.name, raw)
        return "separated."
    stems = own_stems(options.stems, pair.name)
    if not stems:
        raise LibraryError(
            f"There are no stems in “{options.stems / pair.name}”.",
            f"Put files there that are named after what is in them: {', '.join(STEMS)}.",
        )
    add_stems(pair.layout, pair.name, raw, stems, by_reference=options.reference)
    return f"{', '.join(stems)} added."


if __name__ == "__main__":
    sys.exit(main())
