from __future__ import annotations

import numpy as np
import pytest
import torch

from training.corpus import Corpus
from training.pauses import Heard, loss_of, record, targets_of, train
from training.simulator import SimulatorSettings


def test_both_ends_of_pauses_are_told() -> None:
    pause = np.array([1, 1, 0, 0, 1, 1, 1, 0], bool)
    inside, begins, ends = targets_of(pause)
    assert inside.tolist() == pause.tolist()
    # A recording that begins in a pause tells nothing of where that began.
    assert np.flatnonzero(begins).tolist() == [4]
    assert np.flatnonzero(ends).tolist() == [2, 7]


def test_a_recording_is_quiet_where_it_pauses(corpus: Corpus) -> None:
    settings = SimulatorSettings.silent(long_pauses=1.0)
    heard = record(np.random.default_rng(3), corpus, settings)
    assert heard.mel.shape[1] == len(heard.pause)
    assert 0.05 < heard.pause.mean() < 0.95
    level = heard.mel.mean(axis=0)
    assert level[heard.pause].mean() < level[~heard.pause].mean() - 20


def test_training_lowers_the_loss() -> None:
    rng = np.random.default_rng(0)
    pause = np.repeat(rng.random(60) < 0.4, 40)
    mel = np.where(pause, 20, 180) + rng.integers(0, 20, (128, len(pause)))
    heard = Heard(mel.astype(np.uint8), pause)
    x = torch.from_numpy(heard.mel[None].astype(np.float32) / 255)
    y = torch.from_numpy(targets_of(pause)[None])
    listeners = [train([heard], n) for n in (1, 40)]
    with torch.no_grad():
        first, later = (float(loss_of(listener, x, y)) for listener in listeners)
    assert later < first / 2


def test_there_must_be_something_to_hear() -> None:
    short = Heard(np.zeros((128, 100), np.uint8), np.zeros(100, bool))
    with pytest.raises(ValueError, match="No recording"):
        train([short], 1)
