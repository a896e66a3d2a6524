"""Command that fills a folder with simulated recordings to train on.

    python -m training.simulate --audio FOLDER --out FOLDER --hours 12 --split train --seed 1

Shard `k` is a function of the seed and `k` alone, so an interrupted run goes on where it stopped,
and several workers make the same shards as one.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np

from model_core.audio.cache import cache_folder
from model_core.errors import AudioReadError, EditorBotError
from training.corpus import Corpus, Split, default_folder
from training.shards import KINDS, example_of, read_shard, write_shard
from training.simulator import EditorStyle, SimulatorSettings, simulate_recording
from training.simulator.types import SAMPLE_RATE, Kind

RECORDINGS_PER_SHARD = 8
# Musical recordings are longer: this makes about a third of the sound.
_MUSIC_SHARE = 0.25
_NICENESS = 10


@dataclass(frozen=True, slots=True)
class Task:
    """Which shards to make, and from what.

    Attributes:
        audio: The audio folder.
        out: Where the shards go.
        split: The part of the audio folder to use.
        seed: Everything follows from it.
        permissive_only: Whether to leave out what may not be trained on.
    """

    audio: Path
    out: Path
    split: Split
    seed: int
    permissive_only: bool = True

    def path(self, index: int) -> Path:
        """Returns the file of a shard."""
        return self.out / f"{self.split}-{self.seed}-{index:05d}.npz"

    def corpus(self) -> Corpus:
        """Opens the material."""
        return Corpus.from_folder(
            self.audio,
            self.split,
            permissive_only=self.permissive_only,
            cache_folder=cache_folder("beats"),
        )


def make_shard(task: Task, corpus: Corpus, index: int, settings: SimulatorSettings) -> float:
    """Makes one shard unless it is there already; returns the seconds of sound in it."""
    path = task.path(index)
    if path.exists():
        try:
            return sum(e.n_samples for e in read_shard(path)) / SAMPLE_RATE
        except EditorBotError:
            path.unlink()
    rng = np.random.default_rng([task.seed, index])
    editor = EditorStyle.draw(rng)
    kinds: list[Kind] = [
        KINDS[int(rng.random() < _MUSIC_SHARE)] for _ in range(RECORDINGS_PER_SHARD)
    ]
    examples = [
        example_of(simulate_recording(rng, corpus, kind, editor, settings)) for kind in kinds
    ]
    write_shard(path, examples)
    return sum(example.n_samples for example in examples) / SAMPLE_RATE


def make_shards(task: Task, hours: float, first: int = 0, step: int = 1) -> float:
    """Makes every `step`-th shard from `first` on until they hold `hours`; returns the hours."""
    corpus = task.corpus()
    if not corpus.groups("speech"):
        raise AudioReadError(
            f"The folder {task.audio} has no speech for the part “{task.split}”.",
            "Add clips of more voices, or choose another part with --split.",
        )
    settings = SimulatorSettings()
    began = time.monotonic()
    made_s = done_s = 0.0
    index = first
    while done_s < hours * 3600:
        fresh = not task.path(index).exists()
        seconds = make_shard(task, corpus, index, settings)
        done_s += seconds
        made_s += seconds if fresh else 0.0
        speed = made_s / max(time.monotonic() - began, 1e-3)
        sys.stderr.write(f"\r{done_s / 3600:7.2f} of {hours:.2f} h, {speed:.0f}x real time ")
        sys.stderr.flush()
        index += step
    sys.stderr.write("\n")
    return done_s / 3600


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m training.simulate", description="Make simulated recordings to train on."
    )
    parser.add_argument("--audio", type=Path, default=default_folder(), help="the audio folder")
    parser.add_argument("--out", type=Path, required=True, help="where the shards go")
    parser.add_argument("--hours", type=float, default=1.0, help="how much to make")
    parser.add_argument("--split", choices=("train", "valid", "test"), default="train")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1, help="processes")
    parser.add_argument(
        "--all-licences", action="store_true", help="use GPL and share-alike clips too (tests only)"
    )
    options = parser.parse_args(arguments)
    if options.audio is None:
        parser.error("name the audio folder with --audio or EDITORBOT_AUDIO")
    if hasattr(os, "nice"):
        # No more than is missing, or a run that is nice already would hardly run at all.
        os.nice(max(0, _NICENESS - os.nice(0)))
    task = Task(
        options.audio,
        options.out,
        cast("Split", options.split),
        options.seed,
        permissive_only=not options.all_licences,
    )
    try:
        options.out.mkdir(parents=True, exist_ok=True)
        if options.workers <= 1:
            make_shards(task, options.hours)
        else:
            share = options.hours / options.workers
            with ProcessPoolExecutor(options.workers) as pool:
                jobs = [
                    pool.submit(make_shards, task, share, first, options.workers)
                    for first in range(options.workers)
                ]
                for job in jobs:
                    job.result()
    except (EditorBotError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
