"""Holds the bundled checkpoint to what it reached on the two demo recordings."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest

from model_core.audio.reading import open_audio
from model_core.edit.coverage import kept_ranges
from model_core.edit.types import Proposal
from model_core.engine import Engine
from model_core.infer import BUNDLED_CHECKPOINT
from model_core.options import GenerateOptions
from resources import resource_path


@dataclass(frozen=True)
class Demo:
    """A demo recording with its truth and the edits proposed for it."""

    kept: npt.NDArray[np.bool_]
    removed: dict[str, npt.NDArray[np.bool_]]
    phrases: npt.NDArray[np.bool_]
    proposal: Proposal
    tight: Proposal
    gentle: Proposal

    def share_kept(self, wanted: npt.NDArray[np.bool_]) -> float:
        n_samples = len(self.kept)
        proposed = covered(kept_ranges(self.proposal.edit_list, 0, n_samples), n_samples)
        return float(proposed[wanted].mean())


def covered(ranges: npt.ArrayLike, n_samples: int) -> npt.NDArray[np.bool_]:
    mask = np.zeros(n_samples, bool)
    for start, stop in np.asarray(ranges, np.int64).reshape(-1, 2):
        mask[start:stop] = True
    return mask


def load(engine: Engine, name: str) -> Demo:
    truth = json.loads(resource_path("demo", f"{name}.json").read_text(encoding="utf-8"))
    n_samples = truth["n_samples"]
    removed: dict[str, list[tuple[int, int]]] = {}
    for start, stop, reason in truth["removed"]:
        removed.setdefault(reason, []).append((start, stop))
    with open_audio(resource_path("demo", f"{name}.flac")) as source:
        encoding = engine.encode(source)
        proposals = (
            engine.propose(encoding, source, options)
            for options in (
                GenerateOptions(),
                GenerateOptions(tightness=1.0),
                GenerateOptions(tightness=0.0),
            )
        )
        return Demo(
            covered(truth["kept"], n_samples),
            {reason: covered(ranges, n_samples) for reason, ranges in removed.items()},
            covered(truth["phrases"], n_samples),
            *proposals,
        )


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine.load(BUNDLED_CHECKPOINT, "cpu")


@pytest.fixture(scope="module")
def speech(engine: Engine) -> Demo:
    return load(engine, "speech")


@pytest.fixture(scope="module")
def music(engine: Engine) -> Demo:
    return load(engine, "music")


def test_wanted_speech_stays(speech: Demo) -> None:
    assert speech.share_kept(speech.phrases & speech.kept) > 0.99


@pytest.mark.parametrize(
    ("reason", "most_kept"),
    [("silence", 0.35), ("other voice", 0.02), ("retake", 0.2)],
)
def test_what_spoils_the_speech_goes(speech: Demo, reason: str, most_kept: float) -> None:
    assert speech.share_kept(speech.removed[reason]) < most_kept


def test_wanted_music_stays_and_takes_that_failed_go(music: Demo) -> None:
    assert music.share_kept(music.phrases & music.kept) > 0.95
    assert music.share_kept(music.removed["retake"]) < 0.2
    assert music.share_kept(music.removed["silence"]) < 0.35


def test_a_tight_edit_is_shorter_than_a_gentle_one(speech: Demo) -> None:
    lengths = [
        proposal.edit_list.length for proposal in (speech.tight, speech.proposal, speech.gentle)
    ]
    assert lengths == sorted(lengths)
    assert lengths[0] < lengths[2]


def test_the_card_says_what_it_is() -> None:
    card = Engine.load(BUNDLED_CHECKPOINT, "cpu").card
    for entry in ("training_audio", "training_hours", "simulated_validation", "licence"):
        assert card.provenance[entry]
    assert BUNDLED_CHECKPOINT.stat().st_size < 15_000_000
