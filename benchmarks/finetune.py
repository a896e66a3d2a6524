"""Measures what a network learns from a small library: `python -m benchmarks.finetune`.

An editor with a taste of its own (pauses of 0.6 s, every cough and knock stays) edits simulated
recordings of voices that training never met. The network learns from eight of about five minutes;
other recordings by the same editor judge it, and by other editors what it has forgotten. With
`--wrong 1` one of the eight is somebody else's edit.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from benchmarks.recordings import audio_folder
from model_core.audio.cache import cache_folder
from model_core.checkpoint import load_checkpoint, save_checkpoint
from model_core.edit.types import Reason
from model_core.infer import BUNDLED_CHECKPOINT
from model_core.nn.device import choose_precision
from model_core.nn.evidence import compute_evidence
from model_core.nn.search import best_runs, make_scores
from training.config import TrainConfig
from training.corpus import Corpus
from training.dataset import at_frame_rate, load_shard
from training.finetune import FineTuneSettings, as_the_mean_editor, fine_tune
from training.metrics import are_matched, joins
from training.shards import example_of
from training.simulator import EditorStyle, SimulatorSettings
from training.simulator.channel import impair
from training.simulator.speech import record_speech
from training.simulator.tape import Piece, PieceKind, Tape, cut
from training.simulator.types import Phenomenon, SimulatedRecording
from training.validation import nats_per_event

if TYPE_CHECKING:
    from collections.abc import Sequence

    from model_core.nn.network import PointerNetwork
    from training.dataset import Example

_PAUSE_S = 0.6
_MARGIN_S = 0.25
_RECORDINGS_S = 300.0


def recordings(corpus: Corpus, seeds: Sequence[int], *, own_taste: bool) -> list[Example]:
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
        editor = replace(drawn, pause_s=_PAUSE_S, margin_s=_MARGIN_S) if own_taste else drawn
        settings = SimulatorSettings()
        tape, upper_hz = _tape(rng, corpus, editor, settings)
        if own_taste:
            tape.pieces = [_kept_if_noise(piece) for piece in tape.pieces]
        kept, removed = cut(tape, editor, rng, keep_pauses=True)
        samples = impair(rng, tape.render(), corpus, settings, upper_hz)
        one = SimulatedRecording(samples, kept, removed, tape.phrases(), editor, "speech")
        made.append(at_frame_rate(example_of(one)))
    return made


def _tape(
    rng: np.random.Generator, corpus: Corpus, editor: EditorStyle, settings: SimulatorSettings
) -> tuple[Tape, float]:
    """Records talks until the tape is long enough; returns where its band ends, too."""
    whole, ends = Tape(), float("inf")
    while whole.length < _RECORDINGS_S * whole.rate_hz:
        tape, _, upper_hz = record_speech(rng, corpus, editor, settings)
        whole.overlays += [(whole.length + place, sound) for place, sound in tape.overlays]
        for piece in tape.pieces:
            whole.add(piece)
        ends = min(ends, upper_hz)
    return whole, ends


def _kept_if_noise(piece: Piece) -> Piece:
    """Makes a noise something that this editor wants, with its pauses like any other's."""
    if piece.what is not Phenomenon.NOISE:
        return piece
    return replace(piece, kind=PieceKind.WANTED, reason=Reason.OTHER, phrase=False)


def joins_f1(model: PointerNetwork, examples: Sequence[Example]) -> float:
    """Returns the F1 of joins within 0.1 s, over all examples."""
    half = choose_precision("cpu") is torch.bfloat16
    right = total = 0
    for example in examples:
        mel = torch.from_numpy(example.mel[None].astype(np.float32) / 255)
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=half):
            style = model.style(torch.zeros(1, len(example.style)))
            evidence = compute_evidence(model, model.encode(mel), style)
        runs = best_runs(make_scores(evidence, model.card.decoding))
        true, proposed = joins(example.runs), joins(runs)
        right += int(are_matched(true, proposed).sum())
        total += len(proposed) + len(true)
    return 2 * right / max(1, total)


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the figures; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.finetune", description=__doc__)
    parser.add_argument("--checkpoint", type=Path, default=BUNDLED_CHECKPOINT)
    parser.add_argument("--pairs", type=int, default=8)
    parser.add_argument("--wrong", type=int, default=0, help="pairs that are somebody else's")
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--write", type=Path, help="keep the network here")
    parser.add_argument("--others", type=Path, help="shards by other editors: what is forgotten")
    options = parser.parse_args(arguments)
    folder = audio_folder()
    if folder is None:
        sys.stderr.write("The audio folder is not here.\n")
        return 1
    corpus = Corpus.from_folder(folder, "valid", cache_folder=cache_folder("beats"))
    own = recordings(corpus, range(options.pairs - options.wrong), own_taste=True)
    own += recordings(corpus, range(50, 50 + options.wrong), own_taste=False)
    judged = [as_the_mean_editor(e) for e in recordings(corpus, range(100, 104), own_taste=True)]
    named = [(f"pair {i + 1}", example) for i, example in enumerate(own)]
    with tempfile.TemporaryDirectory() as work:
        settings = FineTuneSettings(minutes=options.minutes)
        model, outcome = fine_tune(named, options.checkpoint, Path(work), settings)
    start = load_checkpoint(options.checkpoint)
    cropping = TrainConfig(model=start.config).cropping(training=False)
    print(f"{len(own)} pairs, {options.minutes:g} minutes, {outcome}\n")
    print(
        "| | nats per event | joins within 0.1 s, F1 | others' nats per event |\n|---|---|---|---|"
    )
    others = []
    if options.others:
        files = sorted(options.others.glob("*.npz"))[:4]
        others = [example for path in files for example in load_shard(path)]
    for name, network in (("before", start), ("after", model)):
        told = nats_per_event(network, judged, cropping).mean()
        forgot = nats_per_event(network, others, cropping).mean() if others else float("nan")
        print(f"| {name} | {told:.2f} | {joins_f1(network, judged):.3f} | {forgot:.2f} |")
    if options.write:
        save_checkpoint(options.write, model, start.card)
    return 0


if __name__ == "__main__":
    sys.exit(main())
