from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from model_core.nn.encoder import Encoded
from model_core.nn.style import StylePosterior
from model_core.nn.style_events import events_of, stack_events
from tests.nn.small import a_network

QUIET, LOUD = 0.1, 0.8
RUNS = np.array([[10, 40], [60, 90], [60, 95]], np.int64)


def a_mel(n_frames: int = 100) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """Loud, with silence from 30 to 65 and from 90 on."""
    mel = np.full((4, n_frames), LOUD, np.float32)
    mel[:, 30:65] = QUIET
    mel[:, 90:] = QUIET
    return mel


def test_each_join_and_both_ends_are_events() -> None:
    table = events_of(a_mel(), RUNS)
    assert table.leaving.tolist() == [0, 39, 89, 94]
    assert table.landing.tolist() == [10, 60, 60, 99]
    assert table.skipped.tolist() == [[0, 10], [40, 60], [60, 90], [95, 100]]


def test_what_is_measured_of_an_event() -> None:
    table = events_of(a_mel(), RUNS)
    usual = float(a_mel().mean())
    copied, jump, left, loudness = table.measured[1]
    assert copied == pytest.approx(math.log1p(30) / 4)
    assert jump == pytest.approx(math.log1p(20) / 4)
    # Ten silent frames are left before the cut and five behind it.
    assert left == pytest.approx(math.log1p(15) / 2)
    assert loudness == pytest.approx(4 * (QUIET - usual), abs=1e-5)
    assert table.measured[2][1] == pytest.approx(-math.log1p(30) / 4)


def test_silence_left_does_not_reach_beyond_what_is_played() -> None:
    runs = np.array([[35, 40], [60, 62]], np.int64)
    assert events_of(a_mel(), runs).measured[1][2] == pytest.approx(math.log1p(5 + 2) / 2)


def test_a_crop_has_the_events_that_lie_in_it() -> None:
    table = events_of(a_mel()[:, 35:70], RUNS, first=35, total=100)
    assert table.skipped.tolist() == [[5, 25]]
    assert table.leaving.tolist() == [4]
    assert table.landing.tolist() == [25]


@pytest.mark.parametrize("runs", [np.zeros((0, 2), np.int64), np.array([[0, 100]], np.int64)])
def test_an_edit_that_does_nothing_has_no_events(runs: np.ndarray) -> None:
    assert len(events_of(a_mel(), runs)) == 0


def test_padding_is_masked() -> None:
    events = stack_events([events_of(a_mel(), RUNS), events_of(a_mel(), RUNS[:1])])
    assert events.mask.sum(dim=1).tolist() == [4, 2]
    assert events.measured.shape == (2, 4, 4)
    none = stack_events([events_of(a_mel(), RUNS[:0])])
    assert none.mask.tolist() == [[False]]


def test_a_network_reads_a_style_that_padding_does_not_change() -> None:
    model = a_network(use_style_vae=True)
    mel = torch.rand(2, 16, 100)
    tables = [events_of(part.numpy(), RUNS[: 3 - i]) for i, part in enumerate(mel)]
    with torch.no_grad():
        encoded = model.encode(mel)
        both = model.read_style(encoded, stack_events(tables))
        second = Encoded(*(part[1:] for part in encoded))
        alone = model.read_style(second, stack_events(tables[1:]))
    assert both.mean.shape == (2, model.config.style_dim)
    for together, single in zip(both, alone, strict=True):
        torch.testing.assert_close(together[1:], single, atol=1e-5, rtol=1e-4)


def test_what_was_skipped_matters() -> None:
    model = a_network(use_style_vae=True)
    mel = torch.rand(1, 16, 100)
    with torch.no_grad():
        encoded = model.encode(mel)

        def read(runs: list[list[int]]) -> StylePosterior:
            table = events_of(mel[0].numpy(), np.array(runs, np.int64))
            return model.read_style(encoded, stack_events([table]))

        assert not torch.allclose(read([[0, 40], [60, 100]]).mean, read([[0, 40], [90, 100]]).mean)


def test_a_network_without_styles_says_so() -> None:
    model = a_network()
    with torch.no_grad(), pytest.raises(ValueError, match="reads no styles"):
        model.read_style(
            model.encode(torch.rand(1, 16, 100)), stack_events([events_of(a_mel(), RUNS)])
        )
