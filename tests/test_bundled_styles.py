"""The styles that come with EditorBot do on the demo recordings what their names say."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest

from model_core.audio.reading import open_audio
from model_core.edit.coverage import kept_ranges
from model_core.engine import Engine
from model_core.errors import StyleError
from model_core.infer import BUNDLED_CHECKPOINT
from model_core.options import GenerateOptions
from model_core.styles import BUNDLED, bundled_styles, find_style, read_style
from resources import resource_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from model_core.edit.types import EditList

    Propose = Callable[[GenerateOptions], EditList]

BEAT_TOLERANCE_S = 0.02


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine.load(BUNDLED_CHECKPOINT, "cpu")


def proposing(engine: Engine, name: str) -> Iterator[Propose]:
    with open_audio(resource_path("demo", f"{name}.flac")) as source:
        encoding = engine.encode(source)
        yield lambda options: engine.propose(encoding, source, options).edit_list


@pytest.fixture(scope="module")
def speech(engine: Engine) -> Iterator[Propose]:
    yield from proposing(engine, "speech")


@pytest.fixture(scope="module")
def music(engine: Engine) -> Iterator[Propose]:
    yield from proposing(engine, "music")


def in_style(name: str) -> GenerateOptions:
    return GenerateOptions(targets=read_style(bundled_styles()[name]).targets)


def pauses_s(edit: EditList) -> list[float]:
    """Returns what is left between phrases of the demo where something between them is cut."""
    truth = json.loads(resource_path("demo", "speech.json").read_text(encoding="utf-8"))
    kept = kept_ranges(edit, 0, truth["n_samples"])
    left = []
    for (_, low), (high, _) in pairwise(truth["phrases"]):
        inside = np.clip(kept, low, high)
        length = int((inside[:, 1] - inside[:, 0]).sum())
        # Where more is left there is a slip that the network has not seen.
        if length < min(0.98 * (high - low), 1.2 * truth["sample_rate_hz"]):
            left.append(length / truth["sample_rate_hz"])
    return left


def test_pauses_are_as_long_as_the_names_say(speech: Propose) -> None:
    edits = {name: speech(in_style(name)) for name in ("tight", "natural", "gentle", "short")}
    medians = {name: float(np.median(pauses_s(edit))) for name, edit in edits.items()}
    assert medians["tight"] <= 0.32 < medians["natural"] < 0.62 <= medians["gentle"]
    own = speech(GenerateOptions()).length
    assert edits["short"].length < 0.95 * own
    assert edits["tight"].length < edits["natural"].length < edits["gentle"].length


def test_extended_is_longer_by_loops_in_time(music: Propose) -> None:
    own, longer = music(GenerateOptions()), music(in_style("extended"))
    assert longer.length > 1.15 * own.length
    truth = json.loads(resource_path("demo", "music.json").read_text(encoding="utf-8"))
    rate = truth["sample_rate_hz"]
    jumps = [(a.stop - b.start) / rate for a, b in pairwise(longer.segments) if b.start < a.stop]
    assert jumps
    assert min(jumps) > 1.0
    # Jumps over bars are multiples of one another.
    bar_s = min(jumps)
    assert all(abs(jump / bar_s - round(jump / bar_s)) * bar_s < 0.05 for jump in jumps)


def test_equal_seeds_give_equal_edits(speech: Propose) -> None:
    one, again, other = (
        speech(GenerateOptions(sample_style=True, seed=seed)) for seed in (4, 4, 5)
    )
    assert one == again
    assert one != other


def test_each_bundled_style_is_a_style_of_its_name_for_any_network() -> None:
    for name in BUNDLED:
        style = read_style(find_style(name.upper()), "00" * 32)
        assert style.name.lower() == name
        assert style.place is None
        assert style.targets


def test_a_name_that_is_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(StyleError, match=r"no style “loud”.*tight"):
        find_style("loud")
    own = tmp_path / "tight"
    own.write_text("{}", encoding="utf-8")
    assert find_style(str(own)) == own
