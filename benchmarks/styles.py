"""Measures what styles do: `python -m benchmarks.styles --recordings FOLDER [--checkpoint FILE]`.

The recordings are shards of the simulator's valid part (voices, tracks and editors that training
never met), made with `python -m training.simulate --split valid`. Edits are made by the joint
search at frame rate; joins are not refined.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from scipy.stats import spearmanr

from model_core.checkpoint import load_checkpoint
from model_core.errors import StyleError
from model_core.infer import BUNDLED_CHECKPOINT
from model_core.nn.device import choose_precision
from model_core.nn.evidence import compute_evidence
from model_core.nn.search import best_runs, make_scores
from model_core.nn.style_events import events_of
from model_core.nn.styling import choose_style, read_style
from model_core.options import GenerateOptions
from training.dataset import Example, load_shard
from training.styles import ReadStyles, active_dimensions, read_styles, told_correlations

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from model_core.nn.encoder import Encoded
    from model_core.nn.network import PointerNetwork

    FloatArray = npt.NDArray[np.float32]
    IntArray = npt.NDArray[np.int64]

SAMPLES = 16
AXIS_STEPS = np.linspace(-2, 2, 9)
MEASURES = ("length ratio", "cuts per minute", "pause left (s)", "loops per minute")
_AXIS_MEASURE = {"tightness": (2, -1), "loops": (3, 1), "length": (0, 1)}
_FRAMES_PER_MINUTE = 60 * 22050 / 256


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording as the network sees it, with its true edit."""

    example: Example
    mel: FloatArray
    encoded: Encoded


def measured(mel: FloatArray, runs: IntArray) -> tuple[float, float, float, float]:
    """Returns the `MEASURES` of an edit; NaN for the pause where it cuts none."""
    n_frames = mel.shape[1]
    minutes = n_frames / _FRAMES_PER_MINUTE
    table = events_of(mel, runs)
    is_cut = table.measured[:, 1] > 0
    in_silence = is_cut & (table.measured[:, 3] < 0)
    left = np.expm1(2 * table.measured[in_silence, 2])
    pause_s = float(np.median(left)) * 256 / 22050 if len(left) else np.nan
    return (
        float((runs[:, 1] - runs[:, 0]).sum()) / n_frames,
        float(is_cut.sum()) / minutes,
        pause_s,
        float((~is_cut).sum()) / minutes,
    )


class Bench:
    """A network and the recordings that it edits in many styles."""

    def __init__(self, model: PointerNetwork, folder: Path, editors: int) -> None:
        self.model = model
        self.half = choose_precision("cpu") is torch.bfloat16
        self.works = [self._recordings(p) for p in sorted(folder.glob("*.npz"))[:editors]]

    def _recordings(self, path: Path) -> list[Recording]:
        found = []
        for example in load_shard(path):
            mel = example.mel.astype(np.float32) / np.float32(255)
            with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=self.half):
                found.append(
                    Recording(example, mel, self.model.encode(torch.from_numpy(mel[None])))
                )
        return found

    def edit(self, recording: Recording, options: GenerateOptions) -> IntArray:
        """Returns the runs of the best edit in a style."""
        style = choose_style(self.model, options)
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=self.half):
            evidence = compute_evidence(self.model, recording.encoded, style)
        return best_runs(make_scores(evidence, self.model.card.decoding))

    def measured(self, recording: Recording, options: GenerateOptions) -> IntArray:
        """Returns the `MEASURES` of the best edit in a style, `[4]`."""
        return np.array(measured(recording.mel, self.edit(recording, options)))

    def style_of(self, recording: Recording) -> tuple[float, ...]:
        """Returns the style read from the true edit."""
        runs = recording.example.runs
        with torch.autocast("cpu", torch.bfloat16, enabled=self.half):
            return read_style(self.model, recording.encoded, recording.mel, runs)


def spread(bench: Bench, kind: int) -> list[str]:
    """Says how far 16 drawn styles differ in each measure, on recordings of one kind."""
    rows = []
    for recording in [w for works in bench.works for w in works if w.example.kind == kind][:6]:
        drawn = [
            bench.measured(recording, GenerateOptions(sample_style=True, seed=seed))
            for seed in range(SAMPLES)
        ]
        rows.append(np.nanstd(np.array(drawn), axis=0))
    return [f"{value:.2f}" for value in np.nanmean(np.array(rows), axis=0)]


def axis_correlation(bench: Bench, name: str) -> float:
    """Returns the mean rank correlation of an axis with the measure that it is named after."""
    place, sign = _AXIS_MEASURE[name]
    found = []
    for works in bench.works:
        chosen = [w for w in works if w.example.kind == (1 if name == "loops" else 0)][:1]
        for recording in chosen:
            values = [
                bench.measured(recording, GenerateOptions(axes=((name, float(step)),)))[place]
                for step in AXIS_STEPS
            ]
            known = np.isfinite(values)
            if known.sum() > 2 and np.ptp(np.array(values)[known]) > 0:
                found.append(sign * spearmanr(AXIS_STEPS[known], np.array(values)[known])[0])
            else:
                found.append(0.0)
    return float(np.mean(found)) if found else float("nan")


def transfer(bench: Bench, rng: np.random.Generator) -> dict[str, list[float]]:
    """Compares edits in a style read from another recording, a random one and the mean one.

    Returns:
        For each of the three the mean error of the length ratio, and of the logarithm of the
        pause left, against the author's own edit.
    """
    errors: dict[str, list[tuple[float, float]]] = {"read": [], "random": [], "mean": []}
    for works in bench.works:
        speech = [w for w in works if w.example.kind == 0]
        for other, recording in itertools.pairwise(speech):
            try:
                style = bench.style_of(other)
            except StyleError:
                continue
            truth = measured(recording.mel, recording.example.runs)
            asked = {
                "read": GenerateOptions(style=style),
                "random": GenerateOptions(sample_style=True, seed=int(rng.integers(1 << 30))),
                "mean": GenerateOptions(),
            }
            for name, options in asked.items():
                found = bench.measured(recording, options)
                errors[name].append(
                    (abs(found[0] - truth[0]), abs(float(np.log(found[2] / truth[2]))))
                )
    return {name: np.nanmean(np.array(rows), axis=0).tolist() for name, rows in errors.items()}


def seeds_repeat(bench: Bench) -> tuple[bool, float]:
    """Tells whether equal seeds give equal edits, and the share of other seeds with other ones."""
    equal, other = [], []
    for recording in [works[0] for works in bench.works]:

        def edit(seed: int, recording: Recording = recording) -> bytes:
            options = GenerateOptions(sample_style=True, seed=seed)
            return bench.edit(recording, options).tobytes()

        first = edit(1)
        equal.append(edit(1) == first)
        other += [edit(seed) != first for seed in range(2, 6)]
    return all(equal), float(np.mean(other))


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the figures; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.styles", description=__doc__)
    parser.add_argument("--recordings", type=Path, required=True)
    parser.add_argument("--checkpoint", type=Path, default=BUNDLED_CHECKPOINT)
    parser.add_argument("--editors", type=int, default=12)
    options = parser.parse_args(arguments)
    model = load_checkpoint(options.checkpoint)
    if model.vae is None or model.card.style_space is None:
        sys.stderr.write("This network has no space of styles.\n")
        return 1
    read: ReadStyles = read_styles(model, options.recordings, 4)
    print(
        f"{len(read.styles)} edits read; {active_dimensions(read.styles)} active dimensions of "
        f"{model.config.style_dim}; quantities told (r): {told_correlations(model, read)}\n"
    )
    bench = Bench(model, options.recordings, options.editors)
    equal, other = seeds_repeat(bench)
    print(f"Equal seeds give equal edits: {equal}; other seeds other ones: {other:.0%}\n")
    print("Deviation over 16 drawn styles, mean over recordings:\n")
    print(f"| | {' | '.join(MEASURES)} |\n|---|---|---|---|---|")
    for kind, name in enumerate(("speech", "music")):
        print(f"| {name} | {' | '.join(spread(bench, kind))} |")
    print("\nRank correlation of each axis with its measure (aim 0.9):\n")
    for axis in model.card.style_space.axes:
        print(f"- {axis.name}: {axis_correlation(bench, axis.name):.2f}")
    print("\nError against the author's own edit, in a style:\n")
    print("| | length ratio | log of the pause left |\n|---|---|---|")
    for name, (ratio, pause) in transfer(bench, np.random.default_rng(0)).items():
        print(f"| {name} | {ratio:.3f} | {pause:.3f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
