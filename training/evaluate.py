"""Judges a checkpoint on simulated recordings through the path that is shipped.

With `--fit` the search's settings are fitted first and written, with the figures, into the card
of a new checkpoint.
"""

from __future__ import annotations

import argparse
import itertools
import json
import logging
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from model_core.checkpoint import load_checkpoint, save_checkpoint
from model_core.nn.card import DecodingSettings
from model_core.nn.confidence import calibrated, join_evidence
from model_core.nn.device import in_faster_precision
from model_core.nn.evidence import Evidence, compute_evidence
from model_core.nn.kinds import Kind, guess_kind
from model_core.nn.network import PointerNetwork
from model_core.nn.search import best_runs, make_scores
from training.calibration import calibration_error, fit_confidence
from training.dataset import Example, at_frame_rate, samples_to_frames
from training.metrics import Tally, are_matched, joins, sounding_before, table
from training.shards import KINDS, read_shard

log = logging.getLogger("training")

_WEIGHTS = (4.0, 8.0, 16.0)
_COSTS = (0.0, 8.0)
_BIASES = (-0.5, 0.0, 0.5, 1.0, 1.25, 1.5, 2.0)
_BACK_COSTS = (24.0, 16.0, 8.0, 4.0, 0.0, -4.0, -8.0, -16.0)


@dataclass(frozen=True, slots=True)
class Case:
    """A recording with its truth and what the network says of it."""

    example: Example
    phrases: npt.NDArray[np.int64]
    evidence: Evidence
    kind: Kind
    """What it sounds like, which is all that an edit can go by."""


def gather(model: PointerNetwork, folder: Path, limit: int, *, styled: bool) -> list[Case]:
    """Runs the network over the recordings of a folder of shards.

    Args:
        model: The network.
        folder: Of shards.
        limit: Most recordings.
        styled: Whether the network is told the editor's style, rather than the mean one.
    """
    cases: list[Case] = []
    for path in sorted(folder.glob("*.npz")):
        for raw in read_shard(path):
            if len(cases) == limit:
                return cases
            example = at_frame_rate(raw)
            mel = torch.from_numpy(example.mel[None].astype(np.float32) / 255)
            quantities = torch.from_numpy(example.style * styled)[None]
            with torch.inference_mode(), in_faster_precision():
                evidence = compute_evidence(model, model.encode(mel), model.style(quantities))
            phrases = samples_to_frames(raw.phrases, 256)
            cases.append(Case(example, phrases, evidence, guess_kind(example.mel)))
    return cases


def judge(cases: list[Case], settings: Mapping[Kind, DecodingSettings]) -> dict[str, Tally]:
    """Decodes every case and compares it with its truth, for each kind of recording."""
    tallies: dict[str, Tally] = {kind: Tally() for kind in KINDS}
    for case in cases:
        runs = best_runs(make_scores(case.evidence, settings[case.kind]))
        example = case.example
        tallies[KINDS[example.kind]].add(
            runs, example.runs, example.n_frames, case.phrases, example.reason
        )
    return tallies


def fit(cases: list[Case], kind: Kind) -> DecodingSettings:
    """Finds the settings that do best on one kind, with what is wanted counting twice.

    The costs of jumps back come last, on music alone, by whether loops are where they belong.
    """
    chosen = [case for case in cases if case.kind == kind]

    def figures_of(settings: DecodingSettings) -> Mapping[str, float]:
        return judge(chosen, {kind: settings})[kind].figures()

    def worth(settings: DecodingSettings) -> float:
        tally = judge(chosen, {kind: settings})[kind]
        figures = tally.figures()
        wanted = figures.get("wanted kept", 0.0) * figures.get("edges kept", 0.0)
        return tally.quality() * wanted + 0.2 * figures.get("joins F1", 0.0)

    grid = [
        DecodingSettings(weight, cost, bias)
        for weight, cost, bias in itertools.product(_WEIGHTS, _COSTS, _BIASES)
    ]
    best = max(grid, key=worth)
    if kind == "speech":
        return replace(best, back_cost=max(_BACK_COSTS))
    # Among costs that find as many loops the highest one loops least where none belong.
    return max(
        (replace(best, back_cost=cost) for cost in _BACK_COSTS),
        key=lambda settings: figures_of(settings).get("loops F1", 0.0),
    )


def judged_joins(
    cases: list[Case], settings: Mapping[Kind, DecodingSettings]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Returns the evidence for every proposed join and whether it is right, both `[J]`.

    A join is right if what sounds between its ends and those of a true one takes at most 0.1 s.
    """
    sure, right = [np.zeros(0)], [np.zeros(0, bool)]
    for case in cases:
        proposed = joins(best_runs(make_scores(case.evidence, settings[case.kind])))
        if len(proposed):
            sure.append(join_evidence(case.evidence, proposed[:, 0], proposed[:, 1]))
            sounding = sounding_before(case.phrases, case.example.reason)
            right.append(are_matched(sounding[joins(case.example.runs)], sounding[proposed]))
    return np.concatenate(sure), np.concatenate(right)


def main(argv: list[str] | None = None) -> int:
    """Runs the command; returns the exit status."""
    parser = argparse.ArgumentParser(description="Judge a checkpoint.")
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--valid", type=Path, required=True, help="folder of validation shards")
    parser.add_argument("--limit", type=int, default=200, help="most recordings")
    parser.add_argument("--unstyled", action="store_true", help="hide the editors' styles")
    parser.add_argument("--fit", action="store_true", help="fit the settings of the search")
    parser.add_argument("--provenance", type=Path, help="JSON to add to the card's provenance")
    parser.add_argument("--write", type=Path, help="where to write the checkpoint with its figures")
    args = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    model = load_checkpoint(args.checkpoint)
    cases = gather(model, args.valid, args.limit, styled=not args.unstyled)
    kinds: tuple[Kind, ...] = ("speech", "music")
    settings = {kind: model.card.decoding_for(kind) for kind in kinds}
    confidence = model.card.confidence
    if args.fit:
        # Every other recording fits, the rest judges.
        settings = {kind: fit(cases[::2], kind) for kind in kinds}
        confidence = fit_confidence(*judged_joins(cases[::2], settings))
        cases = cases[1::2]
        log.info("fitted: %s", settings)
    tallies = judge(cases, settings)
    sure, right = judged_joins(cases, settings)
    before = calibration_error(sure, right)
    after = calibration_error(calibrated(sure, confidence), right)
    log.info(
        "%d joins, %.3f of them right; expected calibration error %.3f, before calibration %.3f",
        len(right),
        right.mean() if len(right) else np.nan,
        after,
        before,
    )
    log.info("%d recordings\n%s", len(cases), table(tallies))
    if args.write:
        extra = json.loads(args.provenance.read_text(encoding="utf-8")) if args.provenance else {}
        figures = {
            kind: {name: round(value, 3) for name, value in tally.figures().items()}
            for kind, tally in tallies.items()
        }
        provenance = {
            **model.card.provenance,
            **extra,
            "simulated_validation": figures,
            "expected_calibration_error": round(after, 3),
        }
        card = replace(
            model.card,
            decoding=settings["speech"],
            music_decoding=settings["music"],
            confidence=confidence,
            provenance=provenance,
        )
        save_checkpoint(args.write, model, card)
    return 0


if __name__ == "__main__":
    sys.exit(main())
