"""Measures what styles do: `python -m benchmarks.styles [--quick] [--checkpoint FILE]`.

The recordings are those of the quality benchmark's generator: voices, tracks and editors that
training never met. Edits are made as the program makes them. What they measure is told from what
was laid on the tapes, not by the program's own detectors.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import spearmanr

from benchmarks.quality_editors import ranges_of
from benchmarks.quality_material import RATE_HZ, IntArray, Material, load_material
from benchmarks.quality_music import make_extended, make_music, piece_places
from benchmarks.quality_speech import make_speech
from benchmarks.quality_tape import Kind, Truth, covered, share_covered
from benchmarks.recordings import audio_folder
from model_core.audio.source import ArraySource
from model_core.edit.types import EditList
from model_core.engine import Encoding, Engine
from model_core.errors import StyleError
from model_core.infer import BUNDLED_CHECKPOINT
from model_core.options import GenerateOptions
from model_core.styles import bundled_styles, read_style
from model_core.targets import AXES, LENGTH, LOOPS, TIGHTNESS, Targets
from training.styles import active_dimensions

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from benchmarks.quality_speech import Recording

    FloatArray = npt.NDArray[np.floating]

SAMPLES = 16
AXIS_STEPS = np.linspace(-2, 2, 9)
MEASURES = ("length ratio", "cuts a minute", "pause left (s)", "loops a minute, in time")
_LENGTH, _CUTS, _PAUSE, _LOOPS = range(4)
_AXIS_MEASURE = {TIGHTNESS: (_PAUSE, -1), LENGTH: (_LENGTH, 1), LOOPS: (_LOOPS, 1)}
_IN_TIME_S = 0.02
_LONGEST_LEFT_S = 3.0
_SEED = 77


@dataclass(frozen=True, slots=True)
class Author:
    """An editor who was never trained on.

    Attributes:
        pause_s: What stays of a pause that is shortened.
        shortest_s: Pauses up to this long stay.
        margin_s: What stays at both ends.
        keeps: Kinds of what goes wrong that this editor leaves in.
        loops_per_minute: How often passages are played again.
    """

    pause_s: float
    shortest_s: float
    margin_s: float
    keeps: frozenset[Kind]
    loops_per_minute: float

    def edit(self, truth: Truth) -> IntArray:
        """Returns this editor's edit of a recording, as ranges in the order in which they play."""
        margin, half = round(self.margin_s * RATE_HZ), round(self.pause_s * RATE_HZ / 2)
        wanted = sorted(
            [*map(tuple, truth.wanted.tolist())]
            + [(mark.start, mark.stop) for mark in truth.unwanted if mark.kind in self.keeps]
        )
        gone = [(m.start, m.stop) for m in truth.unwanted if m.kind not in self.keeps]
        kept: list[tuple[int, int]] = []
        begin = max(0, wanted[0][0] - margin, *(b for _, b in gone if b <= wanted[0][0]), 0)
        for (_, left), (right, _) in itertools.pairwise(wanted):
            between = [(a, b) for a, b in gone if left <= a < right]
            if not between and right - left <= self.shortest_s * RATE_HZ:
                continue
            after = min(half, (between[0][0] if between else right) - left)
            before = min(half, right - (between[-1][1] if between else left))
            if left + after < right - before:
                kept.append((begin, left + after))
                begin = right - before
        stop = min(
            [truth.n_samples, wanted[-1][1] + margin, *(a for a, _ in gone if a >= wanted[-1][1])]
        )
        kept.append((begin, stop))
        return self._looped(np.array(kept, np.int64), truth)

    def _looped(self, kept: IntArray, truth: Truth) -> IntArray:
        """Plays bars again, each after the other, in time with the beat."""
        number = round(self.loops_per_minute * truth.n_samples / RATE_HZ / 60)
        bar = round(4 * truth.beat_samples)
        if not number or not bar:
            return kept
        longest = int(np.argmax(kept[:, 1] - kept[:, 0]))
        low, high = kept[longest].tolist()
        places = np.linspace(low + bar, high - bar, number).astype(int).tolist()
        parts, start = [], low
        for place in places:
            if place - bar > low and place > start:
                parts.append((start, place))
                start = place - bar
        parts.append((start, high))
        return np.concatenate((kept[:longest], np.array(parts, np.int64), kept[longest + 1 :]))


def draw_author(rng: np.random.Generator, *, music: bool) -> Author:
    """Draws an editor."""
    pause_s = float(np.exp(rng.uniform(np.log(0.2), np.log(1.0))))
    kinds = (Kind.COUGH, Kind.KNOCK, Kind.MOUTH, Kind.OFF_MIC, Kind.SLATE, Kind.REPEATED_WORD)
    lenient = rng.uniform(0, 0.8)
    return Author(
        pause_s,
        pause_s * float(rng.uniform(1.2, 2.0)),
        float(np.exp(rng.uniform(np.log(0.05), np.log(0.5)))),
        frozenset(kind for kind in kinds if rng.random() < lenient),
        float(rng.choice([0.0, 2.0, 5.0, 8.0])) if music else 0.0,
    )


def measured(truth: Truth, kept: IntArray) -> FloatArray:
    """Returns the `MEASURES` of an edit; NaN for the pause where none is shortened."""
    minutes = truth.n_samples / RATE_HZ / 60
    leaving, landing = kept[:-1, 1], kept[1:, 0]
    left_s = []
    for (_, low), (high, _) in zip(
        truth.wanted[:-1].tolist(), truth.wanted[1:].tolist(), strict=True
    ):
        others = [m for m in truth.unwanted if low <= m.start < high]
        if any(share_covered(kept, m.start, m.stop) > 0.2 for m in others):
            continue
        left = covered(kept, low, high)
        if left < high - low - 0.05 * RATE_HZ and left < _LONGEST_LEFT_S * RATE_HZ:
            left_s.append(left / RATE_HZ)
    back = landing < leaving
    return np.array(
        (
            float(sum(b - a for a, b in kept.tolist())) / truth.n_samples,
            float((landing > leaving).sum()) / minutes,
            float(np.median(left_s)) if left_s else np.nan,
            in_time(truth, leaving[back], landing[back]) / minutes,
        )
    )


def in_time(truth: Truth, leaving: IntArray, landing: IntArray) -> int:
    """Returns how many jumps go over a whole number of beats, give or take 20 ms."""
    if not truth.beat_samples:
        return 0
    beats = (piece_places(truth, leaving) - piece_places(truth, landing)) / truth.beat_samples
    off_s = np.abs(beats - np.round(beats)) * truth.beat_samples / RATE_HZ
    return int((off_s <= _IN_TIME_S).sum())


class Bench:
    """A network and the recordings that it edits in many styles."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._known: dict[str, tuple[ArraySource, Encoding]] = {}

    def heard(self, recording: Recording) -> tuple[ArraySource, Encoding]:
        """Returns a recording and how the network heard it."""
        if recording.name not in self._known:
            source = ArraySource(recording.samples[:, None], RATE_HZ)
            self._known[recording.name] = source, self.engine.encode(source)
        return self._known[recording.name]

    def edit(self, recording: Recording, options: GenerateOptions) -> IntArray:
        """Returns the ranges that an edit plays in turn."""
        source, encoding = self.heard(recording)
        return ranges_of(self.engine.propose(encoding, source, options).edit_list)

    def measured(self, recording: Recording, options: GenerateOptions) -> FloatArray:
        """Returns the `MEASURES` of an edit in a style."""
        return measured(recording.truth, self.edit(recording, options))


def axis_correlations(bench: Bench, recordings: Sequence[Recording], axis: str) -> list[float]:
    """Returns of each recording the rank correlation of an axis with its measure.

    The axis of loops is followed from a style that has some, as none can't be fewer. Where nothing
    moves, as in music in which nothing repeats, it is 0.
    """
    place, sign = _AXIS_MEASURE[axis]
    start = Targets(loops_per_minute=4.0) if axis == LOOPS else None
    found = []
    for recording in recordings:
        values = np.array(
            [
                bench.measured(
                    recording, GenerateOptions(axes=((axis, float(step)),), targets=start)
                )[place]
                for step in AXIS_STEPS
            ]
        )
        known = np.isfinite(values)
        moves = known.sum() > 2 and np.ptp(values[known]) > 0
        found.append(sign * float(spearmanr(AXIS_STEPS[known], values[known])[0]) if moves else 0.0)
    return found


def spread(bench: Bench, recordings: Sequence[Recording]) -> FloatArray:
    """Returns how far 16 drawn styles differ in each measure, mean over recordings."""
    rows = [
        np.nanstd(
            [
                bench.measured(recording, GenerateOptions(sample_style=True, seed=seed))
                for seed in range(SAMPLES)
            ],
            axis=0,
        )
        for recording in recordings
    ]
    return np.asarray(np.nanmean(rows, axis=0))


def transfer(
    bench: Bench, pairs: Sequence[tuple[Author, Recording, Recording]]
) -> tuple[dict[str, FloatArray], npt.NDArray[np.float64]]:
    """Compares edits in a style read from another recording, in random ones and the mean one.

    Returns:
        For each the error of every measure against the author's own edit, rows of pairs; and the
        places of the styles that were read.
    """
    errors: dict[str, list[FloatArray]] = {"read": [], "random": [], "mean": []}
    places = []
    for author, other, recording in pairs:
        source, _ = bench.heard(other)
        edit = EditList.from_ranges([(a, b) for a, b in author.edit(other.truth).tolist()])
        try:
            style = bench.engine.read_style(source, edit)
        except StyleError:
            continue
        places.append(style.values)
        truth = measured(recording.truth, author.edit(recording.truth))
        read = GenerateOptions(style=style.place, targets=style.targets)
        errors["read"].append(error(bench.measured(recording, read), truth))
        errors["mean"].append(error(bench.measured(recording, GenerateOptions()), truth))
        drawn = [
            error(bench.measured(recording, GenerateOptions(sample_style=True, seed=seed)), truth)
            for seed in range(4)
        ]
        errors["random"].append(np.asarray(np.nanmean(drawn, axis=0)))
    return {name: np.array(rows) for name, rows in errors.items()}, np.array(places, np.float64)


def error(found: FloatArray, truth: FloatArray) -> FloatArray:
    """Returns the distance of each measure; of pauses that of the logarithms."""
    distance = np.abs(found - truth)
    distance[_PAUSE] = np.abs(np.log(max(found[_PAUSE], 0.02) / max(truth[_PAUSE], 0.02)))
    return np.asarray(distance)


def check_preset(name: str, own: FloatArray, found: FloatArray) -> bool:
    """Tells whether an edit in a bundled style is what its name says, beside the network's own."""
    longer = found[_LENGTH] / own[_LENGTH]
    return {
        "tight": bool(found[_PAUSE] <= 0.3 and longer <= 1.0),
        "natural": bool(0.3 <= found[_PAUSE] <= 0.65 and 0.9 <= longer <= 1.1),
        "gentle": bool(found[_PAUSE] >= 0.6 and longer >= 1.0),
        "short": bool(0.75 <= longer <= 0.93),
        "extended": bool(longer >= 1.15 and found[_LOOPS] > 0),
    }[name]


def _speech(material: Material, numbers: Sequence[int], seed: int) -> list[Recording]:
    voices = [voice for voice in material.voices if len(voice.phrases) >= 8]
    conditions = ("clean", "small room", "quiet", "noise floor", "MP3", "hum")
    return [
        make_speech(seed, n, material, voices[n % len(voices)], conditions[n % len(conditions)])
        for n in numbers
    ]


def _music(material: Material, number: int, seed: int) -> list[Recording]:
    """Returns pieces with a steady beat; their joins can be told to be in time."""
    found: list[Recording] = []
    for n in range(3 * len(material.tracks)):
        recording = (
            make_extended(seed, n, material) if n % 2 else make_music(seed, n, material, "clean")
        )
        if recording.truth.beat_samples:
            found.append(replace(recording, name=f"{recording.name}_{seed}_{n}"))
        if len(found) == number:
            break
    return found


def _pairs(material: Material, authors: int) -> list[tuple[Author, Recording, Recording]]:
    rng = np.random.default_rng(_SEED)
    speech = _speech(material, range(100, 100 + 2 * authors), _SEED)
    music = _music(material, authors, _SEED + 1)
    pairs = [
        (draw_author(rng, music=False), speech[2 * n], speech[2 * n + 1]) for n in range(authors)
    ]
    pairs += [
        (draw_author(rng, music=True), music[2 * n], music[2 * n + 1])
        for n in range(len(music) // 2)
    ]
    return pairs


def _row(cells: Sequence[object]) -> None:
    print(f"| {' | '.join(map(str, cells))} |")


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the figures; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.styles", description=__doc__)
    parser.add_argument("--checkpoint", type=Path, default=BUNDLED_CHECKPOINT)
    parser.add_argument("--quick", action="store_true", help="few recordings: a first impression")
    options = parser.parse_args(arguments)
    folder = audio_folder()
    if folder is None:
        sys.stderr.write("There is no audio folder to make recordings of.\n")
        return 1
    began = time.monotonic()
    material = load_material(folder, n_tracks=6 if options.quick else None)
    bench = Bench(Engine.load(options.checkpoint, "cpu"))
    some = 3 if options.quick else 8
    speech, music = _speech(material, range(some), _SEED), _music(material, some, _SEED)

    equal, other = [], []
    for recording in (speech[0], music[0]):
        edits = [
            bench.edit(recording, GenerateOptions(sample_style=True, seed=seed)).tobytes()
            for seed in (1, 1, 2, 3)
        ]
        equal.append(edits[0] == edits[1])
        other += [edits[0] != edit for edit in edits[2:]]
    print(
        f"Equal seeds give equal edits: {all(equal)}; "
        f"other seeds other ones: {np.mean(other):.0%}\n"
    )

    print("Rank correlation of each axis with its measure, nine steps from -2 to 2 (aim 0.9):\n")
    _row(("axis", "mean", "each recording"))
    print("|---|---|---|")
    for axis in AXES:
        found = axis_correlations(bench, music if axis == LOOPS else speech, axis)
        _row((axis, f"{np.mean(found):.2f}", " ".join(f"{value:.2f}" for value in found)))

    backs = timed = 0
    for recording in music:
        asked = Targets(loops_per_minute=4.0)
        kept = bench.edit(recording, GenerateOptions(targets=asked))
        back = kept[1:, 0] < kept[:-1, 1]
        backs += int(back.sum())
        timed += in_time(recording.truth, kept[:-1, 1][back], kept[1:, 0][back])
    print(f"\nOf {backs} loops at 4 a minute {timed} are in time, give or take 20 ms.")

    print("\nDeviation over 16 drawn styles, mean over recordings:\n")
    _row(("", *MEASURES))
    print("|---" * 5 + "|")
    for name, recordings in (("speech", speech), ("music", music)):
        _row((name, *(f"{value:.2f}" for value in spread(bench, recordings[:6]))))

    errors, places = transfer(bench, _pairs(material, 4 if options.quick else 12))
    print(f"\n{len(places)} styles read; {active_dimensions(places)} active dimensions.\n")
    print("Error against the author's own edit of another recording, in a style:\n")
    _row(("", "length ratio", "cuts a minute", "log of the pause left", "loops a minute"))
    print("|---" * 5 + "|")
    for name, rows in errors.items():
        _row((name, *(f"{value:.3f}" for value in np.nanmean(rows, axis=0))))
    for name in ("random", "mean"):
        nearer = np.nanmean(
            np.where(
                np.isnan(errors["read"] - errors[name]), np.nan, errors["read"] <= errors[name]
            ),
            axis=0,
        )
        print(f"\nAt least as near as {name}: " + ", ".join(f"{share:.0%}" for share in nearer))

    print("\nBundled styles, and in how many recordings they do what they say:\n")
    _row(("style", *MEASURES, "as it says"))
    print("|---" * 6 + "|")
    for name, path in bundled_styles().items():
        style = read_style(path)
        recordings = music if name == "extended" else speech
        found_rows: list[FloatArray] = []
        right = 0
        for recording in recordings:
            own = bench.measured(recording, GenerateOptions())
            found_rows.append(bench.measured(recording, GenerateOptions(targets=style.targets)))
            right += check_preset(name, own, found_rows[-1])
        means = np.nanmean(found_rows, axis=0)
        _row((name, *(f"{value:.2f}" for value in means), f"{right} of {len(recordings)}"))
    print(f"\n{(time.monotonic() - began) / 60:.1f} minutes.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
