"""Command that computes the mel spectrograms of the stems in a personal library.

    python -m training.convert_stems_to_mel [sample ...]

Stems come from `python -m training.precache_stems`. Spectrograms that are newer than their stems
are left as they are.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from model_core.audio.reading import open_audio
from model_core.edit.pointers import frame_count, hop_samples
from model_core.errors import EditorBotError
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
from training.library.stems import are_converted, stem_mels, write_stem_mels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training.library import Pair


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit status."""
    made = parser("convert_stems_to_mel", "Compute the mel spectrograms of stems.")
    made.add_argument("--force", action="store_true", help="compute anew what is there")
    return run(_convert, made.parse_args(arguments))


def _convert(options: argparse.Namespace) -> int:
    library = library_of(options)
    pairs = library.chosen(options.samples)
    if not options.samples:
        # Stems are optional: a sample without any is no failure unless it was asked for.
        pairs = [pair for pair in pairs if library.layout.stems(pair.name).is_dir()]
    if not pairs:
        raise LibraryError(
            f"There are no stems in “{library.layout.cache / 'stems'}” yet.",
            "Add some with: python -m training.precache_stems",
        )
    library.create()
    sweep(library.layout)
    failed = 0
    with progress_bar(len(pairs), "samples") as bar:
        for pair in pairs:
            bar.set_description_str(pair.name)
            try:
                said = _one(pair, force=options.force)
            except EditorBotError as error:
                said = str(error)
                failed += 1
            say(bar, f"{pair.name}: {said}")
            bar.update()
    return INCOMPLETE if failed else DONE


def _one(pair: Pair, *, force: bool) -> str:
    """Does one sample; returns what was done in a few words."""
    if pair.raw is None:
        raise LibraryError(pair.sentence, pair.mend)
    with open_audio(resolve(pair.raw)) as source:
        n_frames = frame_count(source.n_samples, hop_samples(source.sample_rate))
    if not force and are_converted(pair.layout, pair.name, n_frames):
        return "up to date."
    mels = stem_mels(pair.layout, pair.name, n_frames)
    write_stem_mels(pair.layout, pair.name, mels)
    return f"{', '.join(mels)} converted."


if __name__ == "__main__":
    sys.exit(main())
