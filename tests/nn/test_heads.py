from __future__ import annotations

import pytest
import torch

from model_core.edit.pointers import PADDING, STOP
from model_core.nn.heads import DeltaPredictionHead
from model_core.nn.landing import near_scores, near_scores_reference


@pytest.fixture
def head() -> DeltaPredictionHead:
    return DeltaPredictionHead(16, 64, 8)


def test_the_default_head_has_the_classes_of_the_specification(head: DeltaPredictionHead) -> None:
    assert head.n_delta_classes == 129
    assert head.n_jump_buckets == 16
    logits = head(torch.randn(2, 5, 16))
    assert logits.delta_logits.shape == (2, 5, 129)
    assert logits.jump_logits.shape == (2, 5, 16)
    assert logits.use_jump_logits.shape == logits.stop_logits.shape == (2, 5)
    assert logits.query.shape == (2, 5, 8)
    assert logits.op_logits.shape == (2, 5, 0)


def test_an_op_head_names_seven_operations() -> None:
    logits = DeltaPredictionHead(16, 64, 8, use_edit_ops=True)(torch.randn(2, 5, 16))
    assert logits.op_logits.shape == (2, 5, 7)


def test_a_fresh_head_copies(head: DeltaPredictionHead) -> None:
    logits = head(torch.randn(100, 16) * 0.1)
    assert (logits.delta_logits.softmax(dim=-1)[:, 64] > 0.95).all()
    assert (logits.use_jump_logits.sigmoid() < 0.02).all()
    assert (logits.stop_logits.sigmoid() < 0.01).all()


@pytest.mark.parametrize(
    ("offset", "bucket"),
    [
        (65, 8), (100, 8), (101, 9), (200, 9), (201, 10), (500, 10), (501, 11), (1000, 11),
        (1001, 12), (2000, 12), (2001, 13), (5000, 13), (5001, 14), (10000, 14), (10001, 15),
        (900_000, 15), (-65, 7), (-100, 7), (-101, 6), (-10000, 1), (-10001, 0), (-900_000, 0),
    ],
)  # fmt: skip
def test_buckets_are_disjoint_and_mirrored(
    head: DeltaPredictionHead, offset: int, bucket: int
) -> None:
    assert head.bucket_of(torch.tensor([offset])).item() == bucket


@pytest.mark.parametrize(("expected", "n_frames"), [(0, 1), (0, 300), (150, 300), (300, 300),
                                                    (9000, 30_000)])  # fmt: skip
def test_buckets_hold_what_is_coded_as_them(
    head: DeltaPredictionHead, expected: int, n_frames: int
) -> None:
    frames = torch.arange(n_frames)
    far = frames[(frames - expected).abs() > head.max_delta]
    buckets = head.bucket_of(far - expected)
    low, high = head.bucket_range(
        torch.arange(16), torch.full((16,), expected), torch.full((16,), n_frames)
    )
    exist = head.buckets_exist(torch.tensor([expected]), n_frames)[0]
    offsets = head.bucket_offsets()
    for bucket in range(16):
        inside = far[buckets == bucket]
        assert bool(exist[bucket]) == bool(len(inside))
        if len(inside):
            assert (int(inside[0]), int(inside[-1]) + 1) == (int(low[bucket]), int(high[bucket]))
            assert len(inside) == int(high[bucket] - low[bucket])
            assert offsets[bucket][0] <= int(inside[0]) - expected
            assert int(inside[-1]) - expected < offsets[bucket][1]


def test_wide_buckets_are_those_beyond_the_narrow_reach(head: DeltaPredictionHead) -> None:
    wide = head.is_wide(torch.arange(16)).tolist()
    assert wide == [True] * 3 + [False] * 10 + [True] * 3
    assert head.narrow_reach == 2000


def test_targets_take_the_expected_position_from_the_pointers(head: DeltaPredictionHead) -> None:
    pointers = torch.tensor([[0, 1, 2, 40, 41, 300, 301, 12, STOP, PADDING]])
    target = head.compute_targets(pointers)
    assert target.expected[0, :9].tolist() == [0, 1, 2, 3, 41, 42, 301, 302, 13]
    assert target.valid[0].tolist() == [True] * 9 + [False]
    assert target.stop[0].tolist() == [False] * 8 + [True, False]
    assert target.use_jump[0].nonzero().flatten().tolist() == [5, 7]
    assert target.delta[0, :5].tolist() == [64, 64, 64, 64 + 37, 64]
    assert target.bucket[0, 5].item() == 10
    assert target.bucket[0, 7].item() == 5
    assert target.landing[0, 5].item() == 300


@pytest.mark.parametrize("start", [0, 64, 192])
@pytest.mark.parametrize("n_frames", [1, 63, 150, 300])
def test_near_scores_equal_the_reference(start: int, n_frames: int) -> None:
    torch.manual_seed(0)
    query, keys = torch.randn(2, 70, 8), torch.randn(2, n_frames, 8)
    torch.testing.assert_close(
        near_scores(query, keys, 5, start),
        near_scores_reference(query, keys, 5, start),
        atol=1e-5,
        rtol=1e-5,
    )


def test_near_scores_have_the_gradients_of_the_reference() -> None:
    torch.manual_seed(0)
    query = torch.randn(1, 70, 4, requires_grad=True)
    keys = torch.randn(1, 75, 4, requires_grad=True)

    def gradients(scores: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return torch.autograd.grad(scores.masked_fill(scores.isinf(), 0).square().sum(),
                                   (query, keys))  # fmt: skip

    fast = gradients(near_scores(query, keys, 3))
    slow = gradients(near_scores_reference(query, keys, 3))
    for one, other in zip(fast, slow, strict=True):
        torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-4)
