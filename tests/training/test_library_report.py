from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from model_core.align.types import Verdict
from model_core.edit.edit_ops import EditOp
from tests.training.library_pairs import aligned, write_pair, write_stranger
from training import generate_edit_ops, library_report
from training.library import Library
from training.library.command import DONE, INCOMPLETE, NOTHING
from training.library.statistics import LibraryFigures, PairFigures, figures_of
from training.library.statistics import _outliers as outliers

if TYPE_CHECKING:
    from pathlib import Path

    Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("Bücher")
    write_pair(root / "training_data", "talk $1$")
    write_pair(root / "training_data", "東京", seed=2)
    write_stranger(root / "training_data", "odd")
    for name in ("talk $1$", "東京", "odd"):
        aligned(root, name)
    return root


def folders(root: Path) -> tuple[str, str]:
    return (f"--data_dir={root / 'training_data'}", f"--cache_dir={root / 'cache'}")


def figures(name: str, pointers: list[int], n_frames: int, coverage: float = 0.7) -> PairFigures:
    played = np.array(pointers, np.int64)
    jumps = np.diff(played) - 1
    return PairFigures(
        name=name,
        n_frames=n_frames,
        n_steps=len(played),
        jumps=jumps[jumps != 0],
        pointers=played,
        ops={op.name: 0 for op in EditOp},
        coverage=coverage,
        matched=1.0,
        confidence=1.0,
        verdict=Verdict.GOOD,
        remarks=(),
    )


def test_the_figures_are_those_of_the_pairs(root: Path) -> None:
    told = figures_of(Library(root).pairs())
    values = told.as_values()
    assert [pair["sample"] for pair in values["pairs"]] == ["talk $1$", "東京"]
    assert [bad["sample"] for bad in values["unusable"]] == ["odd"]
    pair = values["pairs"][0]
    assert pair["ratio"] == pytest.approx(14.8 / 16, abs=0.01)
    assert pair["coverage"] == pytest.approx(12.8 / 16, abs=0.01)
    assert pair["joins"] == 3
    assert pair["operations"]["LOOP_START"] == pair["operations"]["LOOP_END"] == 1
    assert pair["operations"]["SKIP"] == 2
    assert pair["sequential"] == pytest.approx(1 - 3 / pair["steps"])
    assert sum(values["jumps"].values()) == 6
    # 1.2 s and 1 s ahead, 2 s back, in frames of 11.6 ms.
    assert values["jumps"]["ahead 100-200"] + values["jumps"]["ahead 64-100"] == 4
    assert values["jumps"]["back 100-200"] == 2
    assert values["compression_ratio"] == pytest.approx(14.8 / 16, abs=0.01)
    assert any("compression_ratio" in hint for hint in values["hints"])


def test_offsets_follow_the_line() -> None:
    told = LibraryFigures([figures("x", [*range(100), *range(200, 300)], 400)], [])
    assert told.ratio == 0.5
    offsets = told.offsets()
    assert offsets[99] == 99 - 198
    assert offsets[100] == 0
    assert told.within_max_delta == pytest.approx((65 + 65) / 200)
    assert dict(told.buckets())["ahead 64-100"] == 1


def test_outliers_are_named_and_likes_are_not() -> None:
    alike = [figures(f"p{k}", list(range(600 + k)), 1000, 0.6 + k / 1000) for k in range(6)]
    assert outliers(alike) == []
    odd = figures("odd", list(range(990)), 1000, 0.99)
    said = outliers([*alike, odd])
    assert len(said) == 2
    assert all(line.startswith("odd: ") for line in said)


def test_the_report_in_words(root: Path, capsys: Capture) -> None:
    assert library_report.main([*folders(root)]) == INCOMPLETE
    out = capsys.readouterr().out
    for words in ("talk $1$", "東京", "Can't be used", "odd: Only", "Hints", "loop start"):
        assert words in out
    assert library_report.main(["東京", *folders(root)]) == DONE


def test_the_report_as_json_and_as_a_picture(root: Path, tmp_path: Path, capsys: Capture) -> None:
    picture = tmp_path / "library.png"
    assert library_report.main(["--json", f"--picture={picture}", *folders(root)]) == INCOMPLETE
    values = json.loads(capsys.readouterr().out)
    assert values["operations"]["STOP"] == 2
    with Image.open(picture) as drawn:
        assert drawn.size == (1500, 900)
        assert len(drawn.convert("RGB").getcolors(1 << 24) or []) > 50
    lost = ["--picture=/no/such/folder/x.png", *folders(root)]
    assert library_report.main(lost) == NOTHING
    assert "doesn't exist" in capsys.readouterr().err


def test_many_pairs_are_drawn_as_histograms(tmp_path: Path) -> None:
    from training.library.picture import save_picture

    rng = np.random.default_rng(0)
    many = [
        figures(f"pair {k}", [*range(300), *range(320, 320 + k)], 1000, float(rng.random()))
        for k in range(1, 60)
    ]
    save_picture(tmp_path / "many.png", LibraryFigures(many, []))
    assert (tmp_path / "many.png").stat().st_size > 10_000


def test_damage_is_found_by_the_report(root: Path) -> None:
    path = root / "cache" / "features" / "東京.npz"
    good = path.read_bytes()
    path.write_bytes(good[:-1000])
    told = figures_of(Library(root).pairs())
    path.write_bytes(good)
    assert [pair.name for pair in told.pairs] == ["talk $1$"]
    assert any("damaged" in why for _, why in told.unusable)


def test_an_empty_library_has_nothing_to_train_on() -> None:
    told = figures_of([])
    assert told.hints == ["There is nothing to train on yet."]
    assert json.dumps(told.as_values())
    assert "nothing to train on" in library_report.as_text(told)


def test_pairs_to_look_at_are_named(root: Path) -> None:
    told = figures_of(Library(root).pairs())
    check = replace(told.pairs[0], verdict=Verdict.CHECK, remarks=("It is odd.",))
    assert outliers([check]) == ["talk $1$: It is odd."]


def test_operations_are_made_from_pointers_alone(tmp_path: Path, capsys: Capture) -> None:
    sequences, features = tmp_path / "training_data" / "pointer_sequences", tmp_path / "cache"
    sequences.mkdir(parents=True)
    (features / "features").mkdir(parents=True)
    np.save(sequences / "x_pointers.npy", np.array([2, 3, 7, 8, 3, 4, -2]))
    np.savez(features / "features" / "x.npz", mel=np.zeros((128, 20), np.float32))
    np.save(sequences / "far_pointers.npy", np.array([2, 30, -2]))
    np.savez(features / "features" / "far.npz", mel=np.zeros((128, 20), np.float32))
    (sequences / "bad_pointers.npy").write_text("x", encoding="utf-8")
    assert generate_edit_ops.main([*folders(tmp_path)]) == INCOMPLETE
    err = capsys.readouterr().err
    assert "bad: " in err
    assert "far: A pointer lies outside the recording." in err
    ops = np.load(sequences / "x_ops.npy", allow_pickle=False)
    assert ops.dtype == np.int8
    wanted = ("FADE_IN", "COPY", "SKIP", "LOOP_END", "LOOP_START", "FADE_OUT", "STOP")
    assert [EditOp(op).name for op in ops] == list(wanted)
    assert not (sequences / "far_ops.npy").exists()
    assert generate_edit_ops.main(["x", *folders(tmp_path)]) == DONE
    assert generate_edit_ops.main([*folders(tmp_path / "nowhere")]) == NOTHING
