from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.nn.small import a_network
from tests.training.test_finetune import an_example
from training.dataset import Cropping
from training.losses import LossWeights, compute_losses
from training.validation import nats_per_event, whole_batches


def test_whole_recordings_share_batches_of_bounded_size() -> None:
    lengths = (900, 120, 300, 130, 110, 250)
    examples = [an_example(seed, n) for seed, n in enumerate(lengths)]
    batches = list(whole_batches(examples, Cropping(1000)))
    sizes = [batch.mask.sum(dim=1).tolist() for batch in batches]
    assert sorted(n for batch in sizes for n in batch) == sorted(lengths)
    assert len(batches) < len(lengths)
    for batch in batches:
        assert batch.mel.shape[0] * batch.mel.shape[2] <= 1000
        assert (batch.offset == 0).all()
    assert all(len(b.mel) == 1 for b in whole_batches(examples, Cropping(1000), most_examples=1))


def test_long_recordings_come_in_parts_that_ask_every_step_once() -> None:
    example = an_example(3, 1000)
    asked: list[int] = []
    for batch in whole_batches([example], Cropping(300), most_examples=1):
        assert batch.mel.shape[2] <= 300
        assert int(batch.total[0]) == 1000
        there = torch.nonzero(batch.pointers[0] != -1)[:, 0] + int(batch.offset[0])
        asked += there.tolist()
    (whole,) = whole_batches([example], Cropping(1000))
    expected = torch.nonzero(whole.pointers[0] != -1)[:, 0].tolist()
    assert sorted(asked) == expected


def test_a_recording_in_parts_is_told_about_as_well_as_whole() -> None:
    model = a_network()
    examples = [an_example(0, 1000), an_example(1, 700)]
    whole = nats_per_event(model, examples, Cropping(1000))
    parts = nats_per_event(model, examples, Cropping(400))
    assert np.isfinite(whole).all()
    np.testing.assert_allclose(parts, whole, rtol=0.3)
    (batch,) = whole_batches(examples[:1], Cropping(1000))
    with torch.no_grad():
        terms = compute_losses(model, batch, LossWeights(), 0.0).terms
    nats = -float(terms.log_probability().sum()) / float(terms.event.sum())
    assert whole[0] == pytest.approx(nats, rel=1e-5)
