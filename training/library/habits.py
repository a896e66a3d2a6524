"""What a library's editor does to pauses, measured on the recordings themselves."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from model_core.audio.reading import open_audio
from model_core.edit.pointers import MODEL_HOP_SAMPLES, MODEL_RATE_HZ, pointer_runs
from model_core.edit.types import EditList
from model_core.errors import EditorBotError
from model_core.measuring import measured_habits
from training.library.references import resolve

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from model_core.audio.source import AudioSource
    from model_core.targets import Habits
    from training.library.pairs import Pair

log = logging.getLogger("training")


def habits_of(pairs: Iterable[Pair]) -> Habits | None:
    """Measures what the editor of some pairs does to pauses; see `measured_habits`.

    A pair whose recording can't be read any more is left out, with a warning.

    Args:
        pairs: Pairs that are ready.
    """
    return measured_habits(_edits_of(pairs))


def _edits_of(pairs: Iterable[Pair]) -> Iterator[tuple[EditList, AudioSource]]:
    """Yields the edit of each pair with its recording, which is closed afterwards."""
    for pair in pairs:
        if pair.raw is None:
            continue
        try:
            runs = pointer_runs(pair.pointers())
            source = open_audio(resolve(pair.raw))
        except EditorBotError as error:
            log.warning("pauses of “%s” can't be measured: %s", pair.name, error)
            continue
        with source:
            hop = MODEL_HOP_SAMPLES * source.sample_rate / MODEL_RATE_HZ
            ranges = [
                (round(start * hop), min(round(stop * hop), source.n_samples))
                for start, stop in runs.tolist()
            ]
            yield EditList.from_ranges((low, high) for low, high in ranges if low < high), source
