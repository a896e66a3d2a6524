"""One simulated recording, from the material to the finished raw file with its true edit."""

from __future__ import annotations

import numpy as np

from training.corpus import Corpus
from training.simulator.channel import impair
from training.simulator.loops import looped
from training.simulator.music import record_music
from training.simulator.speech import record_speech
from training.simulator.tape import cut
from training.simulator.types import EditorStyle, Kind, SimulatedRecording, SimulatorSettings


def simulate_recording(
    rng: np.random.Generator,
    corpus: Corpus,
    kind: Kind,
    editor: EditorStyle,
    settings: SimulatorSettings,
) -> SimulatedRecording:
    """Makes a raw recording out of clean ones, with exactly known edits.

    Args:
        rng: Draws everything; the same state gives the same recording.
        corpus: The material. Music needs tracks, and talks between takes if it has voices too.
        kind: What to record.
        editor: Whose edit it is.
        settings: How often what goes wrong.

    Returns:
        The recording and its edit.
    """
    record = record_speech if kind == "speech" else record_music
    tape, name, upper_hz = record(rng, corpus, editor, settings)
    kept, removed = cut(tape, editor, rng, keep_pauses=kind == "speech")
    kept = looped(kept, tape.loops)
    samples = impair(rng, tape.render(), corpus, settings, upper_hz)
    return SimulatedRecording(
        samples=samples,
        kept=kept,
        removed=removed,
        phrases=tape.phrases(),
        style=editor,
        kind=kind,
        name=name,
    )
