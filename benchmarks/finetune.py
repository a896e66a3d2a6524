"""Measures what a network learns from a small library: `python -m benchmarks.finetune`.

An editor with a taste of its own (pauses of 0.6 s, every cough and knock stays) edits simulated
recordings of voices that training never met. The network learns from eight of about five minutes,
from two, and from eight of which one is somebody else's edit; four other recordings by the same
editor judge it. Shards by other editors (`--others`) tell what was forgotten, and so does the
quality benchmark with a network that was kept (`--write`).
"""

from __future__ import annotations

import argparse
import logging
import math
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.quality_editors import ranges_of
from benchmarks.quality_material import load_material
from benchmarks.quality_measures import Edit, Judged, judge
from benchmarks.quality_recordings import FULL, Numbers
from benchmarks.quality_recordings import recordings as quality_recordings
from benchmarks.quality_statistics import difference, share
from benchmarks.recordings import audio_folder
from model_core.audio.cache import cache_folder
from model_core.audio.source import ArraySource
from model_core.checkpoint import load_checkpoint, save_checkpoint
from model_core.edit.pointers import MODEL_HOP_SAMPLES
from model_core.edit.types import EditList
from model_core.engine import Engine
from model_core.infer import BUNDLED_CHECKPOINT
from model_core.measuring import measured_habits
from model_core.options import GenerateOptions
from training.config import TrainConfig
from training.corpus import Corpus
from training.dataset import at_frame_rate, load_shard, samples_to_frames
from training.finetune import (
    Examples,
    FineTuneSettings,
    as_learned,
    as_the_mean_editor,
    fine_tune,
)
from training.metrics import are_matched, joins
from training.shards import example_of
from training.simulator import EditorStyle, SimulatorSettings
from training.simulator.channel import impair
from training.simulator.speech import record_talks
from training.simulator.tape import cut
from training.simulator.types import SAMPLE_RATE, Phenomenon, SimulatedRecording
from training.validation import nats_per_event

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.quality_statistics import Figure
    from model_core.nn.card import Card
    from model_core.targets import Habits
    from training.dataset import Example

_PAUSE_S = 0.6
_MARGIN_S = 0.25
_RECORDINGS_S = 300.0
_SEEDS_APART, _LIBRARIES = 10, 5
_REHEARSED, _OTHERS = 60, 4
_TIGHTNESS_REACH = 1.5
"""Deviations from the middle of the tightness slider to its ends, as in `Card.style_of`."""
_SPOKEN = Numbers(FULL.speech, 0, 0, 0, 0, 0, 0, tracks=1)
_MEASURES = (
    "wanted kept", "edges kept", "false starts gone", "retakes gone", "coughs gone",
    "off-mic talk gone", "silence gone", "pauses right", "joins but for silence F1",
)  # fmt: skip
_NOISES_KEPT = {
    f"{measure}, noises kept": measure
    for measure in ("silence gone", "pauses right", "joins but for silence F1")
}
"""Measured once more against the true edit of who keeps every cough and knock."""


def recordings(
    corpus: Corpus, seeds: Sequence[int], *, own_taste: bool
) -> list[SimulatedRecording]:
    """Simulates recordings of some five minutes, and their edits.

    Each is one tape through one channel, edited as a whole: several talks one after the other.

    Args:
        corpus: Voices.
        seeds: One for each recording.
        own_taste: Whether they are edits of the editor whose taste is learned, or of anybody.
    """
    made = []
    for seed in seeds:
        rng = np.random.default_rng([99, seed])
        drawn = EditorStyle.draw(rng)
        editor = (
            replace(drawn, pause_s=_PAUSE_S, margin_s=_MARGIN_S, extension=1.0)
            if own_taste
            else drawn
        )
        settings = SimulatorSettings()
        tape, upper_hz = record_talks(rng, corpus, editor, settings, _RECORDINGS_S)
        if own_taste:
            tape.want(Phenomenon.NOISE)
        kept, removed = cut(tape, editor, rng, keep_pauses=True)
        samples = impair(rng, tape.render(), corpus, settings, upper_hz)
        made.append(SimulatedRecording(samples, kept, removed, tape.phrases(), editor, "speech"))
    return made


def joins_f1(
    checkpoint: Path, judged: Sequence[SimulatedRecording], tightness: float | None
) -> float:
    """Returns the F1 of joins within 0.1 s, over all recordings, as the program edits them.

    Args:
        checkpoint: The network.
        judged: The recordings.
        tightness: Where the slider stands: in the middle pauses are left as the network's own
            editor leaves them. None to leave pauses to the network, too.
    """
    engine = Engine.load(checkpoint, "cpu")
    right = total = 0
    for recording in judged:
        source = ArraySource(recording.samples[:, None], SAMPLE_RATE)
        encoding = engine.encode(source)
        proposal = engine.propose(encoding, source, GenerateOptions(tightness=tightness))
        played = np.array([(s.start, s.stop) for s in proposal.edit_list.segments], np.int64)
        true, proposed = (
            joins(samples_to_frames(each, MODEL_HOP_SAMPLES)) for each in (recording.kept, played)
        )
        right += int(are_matched(true, proposed).sum())
        total += len(proposed) + len(true)
    return 2 * right / max(1, total)


def bundled_benchmark(checkpoint: Path, folder: Path) -> list[Judged]:
    """Judges a network on the spoken recordings of the quality benchmark, told each editor's pause.

    Args:
        checkpoint: The network.
        folder: The audio folder.

    Returns:
        The recordings, with `_NOISES_KEPT` among their measures.
    """
    engine = Engine.load(checkpoint, "cpu")
    pauses = {q.name: q for q in engine.card.style_quantities}["pause_s"]
    judged = []
    for recording in quality_recordings(load_material(folder, n_tracks=_SPOKEN.tracks), _SPOKEN, 0):
        if recording.section != "speech" or recording.with_noises is None:
            continue
        source = ArraySource(recording.samples[:, None], SAMPLE_RATE)
        told = (math.log(recording.truth.style.pause_s) - pauses.log_mean) / pauses.log_std
        tightness = min(max(0.5 - told / (2 * _TIGHTNESS_REACH), 0.0), 1.0)
        options = GenerateOptions(tightness=tightness)
        proposal = engine.propose(engine.encode(source), source, options)
        edit = Edit(ranges_of(proposal.edit_list))
        own = judge(recording, edit)
        other = judge(replace(recording, truth=recording.with_noises), edit).counts
        own.counts |= {
            name: other[measure] for name, measure in _NOISES_KEPT.items() if measure in other
        }
        judged.append(own)
    return judged


def quality_table(checkpoints: Sequence[Path], folder: Path) -> str:
    """Returns how networks do on the quality benchmark, and how far from the first of them."""
    judged = [bundled_benchmark(path, folder) for path in checkpoints]
    heads = ["measure, %", *(path.stem for path in checkpoints)]
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    for measure in (*_MEASURES, *_NOISES_KEPT):
        cells = [
            _cell(share(each, measure), difference(judged[0], each, measure)) for each in judged
        ]
        lines.append(f"| {measure} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(found: Figure | None, rise: Figure | None) -> str:
    """Returns a share and how far it lies from the first one, in percent."""
    if found is None or rise is None:
        return "-"
    low, change, high = (100 * value for value in (rise.low, rise.value, rise.high))
    return f"{100 * found.value:.1f} ({change:+.1f}; {low:+.1f} to {high:+.1f})"


def told_in(card: Card, example: Example, start: Card) -> Example:
    """Tells a network the style of another editor, whatever mean it counts from."""
    style = [
        (value * one.log_std + one.log_mean - mine.log_mean) / mine.log_std
        for value, one, mine in zip(
            example.style.tolist(), start.style_quantities, card.style_quantities, strict=True
        )
    ]
    return replace(example, style=np.array(style, np.float32))


@dataclass(frozen=True, slots=True)
class _Case:
    """A library to learn from: so many pairs, of which so many are somebody else's."""

    name: str
    pairs: int
    wrong: int = 0


_CASES = (_Case("eight", 8), _Case("two", 2), _Case("wrong", 8, 1))


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the figures; returns the exit status."""
    options = _parser().parse_args(arguments)
    folder = audio_folder()
    if folder is None:
        sys.stderr.write("The audio folder is not here.\n")
        return 1
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    if options.quality:
        print(quality_table([options.checkpoint, *options.judge], folder))
        return 0
    corpus = Corpus.from_folder(folder, "valid", cache_folder=cache_folder("beats"))
    first = _SEEDS_APART * options.library
    n_pairs = max([0, *(case.pairs for case in _CASES if case.name in options.cases)])
    seeds = range(first, first + n_pairs)
    recorded = recordings(corpus, seeds, own_taste=True)
    stray = recordings(corpus, range(50, 51), own_taste=False)
    own, foreign = _examples(recorded), _examples(stray)
    judged = recordings(corpus, range(100, 104), own_taste=True)
    edits = [as_the_mean_editor(example) for example in _examples(judged)]
    rehearsed = _shards(options.rehearse, _REHEARSED)
    others = _shards(options.others, _OTHERS)
    start = load_checkpoint(options.checkpoint)
    cropping = TrainConfig(model=start.config).cropping(training=False)

    def figures(path: Path) -> str:
        network = load_checkpoint(path)
        told = nats_per_event(network, edits, cropping).mean()
        forgot = math.nan
        if others:
            there = [told_in(network.card, one, start.card) for one in others.examples]
            forgot = float(nats_per_event(network, there, cropping).mean())
        own_pauses, middle = (joins_f1(path, judged, each) for each in (None, 0.5))
        return f"{told:.2f} | {own_pauses:.3f} | {middle:.3f} | {forgot:.2f}"

    print(
        "| library | updates, best of | core-minutes | left out | nats per event | joins within "
        "0.1 s, F1 | the same, tightness in the middle | others' nats per event |\n"
        "|---|---|---|---|---|---|---|---|"
    )
    print(f"| none | | | | {figures(options.checkpoint)} |", flush=True)
    for path in options.judge:
        print(f"| {path.stem} | | | | {figures(path)} |", flush=True)
    for case in _CASES:
        if case.name not in options.cases:
            continue
        pairs = own[: case.pairs - case.wrong] + foreign[: case.wrong]
        named = [(f"pair {place + 1}", example) for place, example in enumerate(pairs)]
        began = time.process_time()
        settings = FineTuneSettings(
            minutes=options.minutes, updates=options.updates, learning_rate=options.learning_rate
        )
        with tempfile.TemporaryDirectory() as work:
            path = (options.write or Path(work)) / f"{case.name}.safetensors"
            model, outcome = fine_tune(named, options.checkpoint, Path(work), settings, rehearsed)
            spent = (time.process_time() - began) / 60
            kept = [
                one
                for one, (name, _) in zip(
                    recorded[: case.pairs - case.wrong] + stray[: case.wrong], named, strict=True
                )
                if name not in outcome.left_out
            ]
            card = as_learned(model, outcome, [], options.checkpoint, _habits_of(kept))
            save_checkpoint(path, model, card)
            gain = f"{outcome.before:.2f} to {outcome.after:.2f} on held-out pairs"
            print(
                f"| {case.name} ({gain}) | {outcome.updates} of {options.updates} | {spent:.1f} | "
                f"{', '.join(outcome.left_out)} | {figures(path)} |",
                flush=True,
            )
    return 0


def _habits_of(made: Sequence[SimulatedRecording]) -> Habits | None:
    return measured_habits(
        (EditList.from_ranges(one.kept.tolist()), ArraySource(one.samples[:, None], SAMPLE_RATE))
        for one in made
    )


def _examples(made: Sequence[SimulatedRecording]) -> list[Example]:
    return [at_frame_rate(example_of(one)) for one in made]


def _shards(folder: Path | None, most: int) -> Examples | None:
    """Reads the first shards of a folder."""
    if folder is None:
        return None
    paths = sorted(folder.glob("*.npz"))[:most]
    return _Editors([load_shard(path) for path in paths])


class _Editors(Examples):
    """Recordings in memory, a list for each editor."""

    def __init__(self, works: Sequence[list[Example]]) -> None:
        super().__init__([example for each in works for example in each])
        self._works = list(works)

    @property
    def editors(self) -> list[list[Example]]:
        """The recordings of each editor."""
        return self._works


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.finetune", description=__doc__)
    names = [case.name for case in _CASES]
    parser.add_argument("--checkpoint", type=Path, default=BUNDLED_CHECKPOINT)
    parser.add_argument("--cases", nargs="*", choices=names, default=names)
    parser.add_argument(
        "--judge", type=Path, nargs="*", default=[], help="networks that were kept, to judge again"
    )
    parser.add_argument(
        "--quality",
        action="store_true",
        help="judge the checkpoint and those of --judge on the spoken recordings of the quality "
        "benchmark instead",
    )
    parser.add_argument(
        "--library",
        type=int,
        choices=range(_LIBRARIES),
        default=0,
        help="which of several libraries by the same editor to learn from",
    )
    parser.add_argument("--updates", type=int, default=120, help="of each run, at most")
    parser.add_argument("--minutes", type=float, default=60.0, help="of each run, at most")
    parser.add_argument("--learning-rate", type=float, default=FineTuneSettings().learning_rate)
    parser.add_argument("--write", type=Path, help="keep the networks in this folder")
    parser.add_argument("--others", type=Path, help="shards by other editors: what is forgotten")
    parser.add_argument("--rehearse", type=Path, help="shards by other editors, to mix in")
    return parser


if __name__ == "__main__":
    sys.exit(main())
