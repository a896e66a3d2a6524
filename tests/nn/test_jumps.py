from __future__ import annotations

import pytest
import torch

from model_core.nn.heads import DeltaPredictionHead
from model_core.nn.jumps import (
    STRETCH,
    Keys,
    landing_log_probabilities,
    landing_masses,
    pool_stretches,
)
from tests.nn.small import a_network, eager


@pytest.fixture
def head() -> DeltaPredictionHead:
    torch.manual_seed(0)
    return DeltaPredictionHead(16, 64, 8)


def keys_of(n_frames: int, batch: int = 1) -> Keys:
    torch.manual_seed(1)
    frames = torch.randn(batch, n_frames, 8)
    return Keys(frames, pool_stretches(torch.randn(batch, n_frames, 8)))


@pytest.mark.parametrize("bucket", range(16))
@pytest.mark.parametrize("expected", [0, 5, 3000, 14999, 15000])
def test_the_frames_of_a_bucket_are_those_that_are_coded_by_it(
    head: DeltaPredictionHead, bucket: int, expected: int
) -> None:
    frames = torch.arange(15000)
    offset = frames - expected
    inside = (head.bucket_of(offset) == bucket) & (offset.abs() > 64)
    low, high = head.bucket_range(torch.tensor(bucket), torch.tensor(expected), 15000)
    assert frames[inside].tolist() == list(range(int(low), int(high)))
    exists = head.buckets_exist(torch.tensor([expected]), 15000)[0, bucket]
    assert bool(exists) == bool(inside.any())
    first, last = head.bucket_offsets()[bucket]
    edges = torch.tensor([max(first, -(10**6)), min(last - 1, 10**6)])
    assert (head.bucket_of(edges) == bucket).all()


@pytest.mark.parametrize("expected", [0, 2500, 14000])
def test_landings_in_each_bucket_are_a_distribution(
    head: DeltaPredictionHead, expected: int
) -> None:
    n_frames = 14000
    keys = keys_of(n_frames)
    query = torch.randn(8)
    for bucket in range(16):
        low, high = head.bucket_range(torch.tensor(bucket), torch.tensor(expected), n_frames)
        if low >= high:
            continue
        landing = torch.arange(int(low), int(high))
        count = len(landing)
        log_probability = landing_log_probabilities(
            head,
            query.expand(count, -1),
            keys,
            torch.zeros(count, dtype=torch.long),
            torch.full((count,), expected),
            landing,
            torch.tensor([n_frames]),
        )
        assert float(log_probability.double().exp().sum()) == pytest.approx(1, abs=1e-4)


def test_narrow_landings_follow_the_products_of_query_and_keys(head: DeltaPredictionHead) -> None:
    keys = keys_of(600)
    query = torch.randn(1, 8)
    allowed = torch.arange(301, 401)  # offsets 101 ... 200 from 200
    products = keys.frames[0, allowed] @ query[0] / 8**0.5
    found = landing_log_probabilities(
        head,
        query,
        keys,
        torch.tensor([0]),
        torch.tensor([200]),
        torch.tensor([350]),
        torch.tensor([600]),
    )
    torch.testing.assert_close(found[0], products.log_softmax(0)[350 - 301])


def test_stretches_are_means_and_padding_does_not_count() -> None:
    x = torch.randn(2, 600, 4)
    lengths = torch.tensor([600, 300])
    pooled = pool_stretches(x, lengths)
    assert pooled.shape == (2, 3, 4)
    torch.testing.assert_close(pooled[0, 2], x[0, 512:].mean(dim=0))
    torch.testing.assert_close(pooled[1, 1], x[1, 256:300].mean(dim=0))
    x[1, 300:] = 1e6
    torch.testing.assert_close(pool_stretches(x, lengths), pooled)


@pytest.mark.parametrize("n_frames", [1, 30, 700, 9000])
def test_masses_are_what_the_likelihood_says_given_an_event(n_frames: int) -> None:
    model = eager(a_network())
    encoded = model.encode(torch.rand(1, 16, n_frames))
    style = model.style(torch.zeros(1, 3))
    keys = model.keys(encoded)
    steps = model.steps(encoded, style)
    at = torch.tensor(sorted({0, n_frames // 3, n_frames - 1, n_frames}))
    chosen = type(steps)(*(part[0, at] for part in steps))
    masses = landing_masses(model.head, chosen, keys, at)
    whole = masses.near.sum(dim=1)
    whole = whole.index_add(0, masses.far_jump, masses.far.sum(dim=1))
    assert (whole <= 1 + 1e-4).all()
    if 30 <= n_frames <= 2000:  # nothing is left out: no bucket is wide
        torch.testing.assert_close(whole, torch.ones(len(at)), atol=1e-4, rtol=0)
    reach = masses.near.shape[1] // 2
    assert (masses.near[:, reach] == 0).all()
    frames = at[:, None] + torch.arange(-reach, reach + 1)
    outside = (frames < 0) | (frames >= n_frames)
    assert (masses.near[outside] == 0).all()
    assert masses.far.shape[1:] == (STRETCH,)
