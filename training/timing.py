"""Measures how long an update of fine-tuning takes on this machine.

    python -m training.timing [--library FOLDER] [--start CHECKPOINT] [--updates 3]

Prints one JSON object: `seconds_per_update`, `seconds_per_minute` (to look at one minute of a
held-out recording) and `load_s` (until the network is there). Nothing is learned and nothing kept.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from model_core.checkpoint import load_checkpoint
from model_core.errors import EditorBotError
from model_core.infer import BUNDLED_CHECKPOINT
from training.dataset import STYLE_QUANTITIES, Example
from training.finetune import (
    Examples,
    FineTuner,
    FineTuneSettings,
    as_the_mean_editor,
    config_of,
)
from training.library import Library, LibraryError
from training.library.examples import example_of
from training.validation import nats_per_event

if TYPE_CHECKING:
    from collections.abc import Sequence

_UPDATES = 3
_TRIAL_S = 60.0
_BANDS = 128


def measure(
    start: Path, examples: Sequence[Example], settings: FineTuneSettings, updates: int = _UPDATES
) -> dict[str, float]:
    """Makes a few updates and looks at one recording.

    Args:
        start: The checkpoint to begin with.
        examples: To learn from; the first one is looked at.
        settings: How training would go.
        updates: How many count; one more, which warms up, doesn't.

    Returns:
        Seconds, by what they were spent on.

    Raises:
        CheckpointError: The checkpoint can't be read.
    """
    began = time.perf_counter()
    model = load_checkpoint(start)
    load_s = time.perf_counter() - began
    config = config_of(settings, model.config)
    with TemporaryDirectory() as folder:
        tuner = FineTuner(config, Examples(examples), None, Path(folder))
        tuner.start_from(start)
        tuner.update()
        began = time.perf_counter()
        for _ in range(updates):
            tuner.update()
        seconds = (time.perf_counter() - began) / updates
    began = time.perf_counter()
    nats_per_event(model, examples[:1], config.cropping(training=False))
    frames_a_minute = 60 * config.model.sample_rate / config.model.hop_length
    minutes = examples[0].n_frames / frames_a_minute
    return {
        "seconds_per_update": seconds,
        "seconds_per_minute": (time.perf_counter() - began) / minutes,
        "load_s": load_s,
    }


def a_recording(seed: int = 0) -> Example:
    """Returns a minute of noise with pauses that are cut, to measure with where nothing else is."""
    rng = np.random.default_rng(seed)
    n_frames = round(_TRIAL_S * 22050 / 256)
    mel = rng.integers(60, 255, (_BANDS, n_frames)).astype(np.uint8)
    starts = np.arange(0, n_frames - 200, 200)
    runs = np.stack((starts, starts + 150), axis=1)
    return Example(
        mel, runs, np.full(n_frames, -1, np.int8), np.zeros(len(STYLE_QUANTITIES), np.float32), 0
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; returns 0, or 1 where the checkpoint can't be used."""
    parser = argparse.ArgumentParser(
        prog="python -m training.timing", description="Measure how long fine-tuning takes here."
    )
    parser.add_argument("--library", type=Path, help="measure with recordings of this library")
    parser.add_argument("--start", type=Path, default=BUNDLED_CHECKPOINT, metavar="CHECKPOINT")
    parser.add_argument("--updates", type=int, default=_UPDATES)
    args = parser.parse_args(argv)
    try:
        examples = []
        if args.library is not None:
            with contextlib.suppress(LibraryError):
                pairs = Library(args.library).training_pairs()[:4]
                examples = [as_the_mean_editor(example_of(pair)) for pair in pairs]
        measured = measure(
            args.start, examples or [a_recording()], FineTuneSettings(), args.updates
        )
    except EditorBotError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    values = {name: round(value, 4) for name, value in measured.items()}
    sys.stdout.write(json.dumps({"event": "timing", **values}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
