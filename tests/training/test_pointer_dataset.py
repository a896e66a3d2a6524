from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from model_core.edit.edit_ops import EditOp
from model_core.nn.config import STEMS
from tests.nn.small import a_network
from tests.training.library_pairs import aligned, write_pair, write_stranger
from tests.training.test_several_processes import a_shard
from training import pointer_trainer
from training.augmentation import Augmentation
from training.config import TrainConfig
from training.dataset import Cropping, Example, ShardPool, make_batch, why_unusable
from training.finetune import FineTuneError, named_examples
from training.library import Library
from training.losses import LossWeights, compute_losses
from training.pointer_dataset import PointerDataset, read_library, split_by_recording

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of a good pair, one that doesn't belong together and one without its mate."""
    root = tmp_path_factory.mktemp("library")
    write_pair(root / "training_data", "talk")
    write_stranger(root / "training_data", "odd")
    aligned(root)
    aligned(root, "odd")
    write_pair(root / "training_data", "alone", seed=3)
    (root / "training_data" / "desired_output" / "alone_edit.wav").unlink()
    return root


@pytest.fixture
def with_stems(root: Path) -> Iterator[dict[str, np.ndarray]]:
    layout = Library(root).layout
    rng = np.random.default_rng(0)
    n_frames = Library(root).pair("talk").n_frames
    stems = {name: rng.random((128, n_frames)).astype(np.float32) for name in STEMS}
    path = layout.stem_mels("talk")
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, allow_pickle=False, **stems)
    yield stems
    path.unlink()


def an_example(n_frames: int = 400, **changes: object) -> Example:
    rng = np.random.default_rng(n_frames)
    example = Example(
        rng.integers(1, 255, (8, n_frames)).astype(np.uint8),
        np.array([[10, 100], [150, 300]], np.int64),
        np.full(n_frames, -1, np.int8),
        np.zeros(3, np.float32),
        0,
    )
    return replace(example, **changes)  # type: ignore[arg-type]


def test_a_library_and_shards_are_one_data_set(root: Path, tmp_path: Path) -> None:
    a_shard(tmp_path / "one.npz", 0)
    dataset = PointerDataset.from_folders([root, tmp_path], validation_mode=True)
    assert len(dataset) == 4
    assert [len(works) for works in dataset.editors] == [1, 3]
    talk, *simulated = list(dataset)
    pair = Library(root).pair("talk")
    assert talk["name"] == "talk"
    np.testing.assert_array_equal(talk["target_pointers"], pair.pointers())
    np.testing.assert_array_equal(talk["ops"], pair.ops())
    np.testing.assert_allclose(talk["raw_mel"], pair.mel(), atol=0.5 / 255 + 1e-6)
    assert "stems" not in talk
    assert [one["raw_mel"].shape[1] for one in simulated] == [90, 130, 170]
    a_shard(tmp_path / "two.npz", 1)
    dataset.refresh()
    assert len(dataset) == 7


def test_what_can_not_be_used_is_left_out_with_a_reason(root: Path) -> None:
    dataset = PointerDataset.from_folders([root])
    reasons = dict(dataset.left_out)
    assert set(reasons) == {"odd", "alone"}
    assert all(reason.endswith(".") and len(reason) > 20 for reason in reasons.values())


def test_a_library_of_which_nothing_can_be_used_is_told(tmp_path: Path) -> None:
    write_pair(tmp_path / "training_data", "talk")
    with pytest.raises(ValueError, match=r"no recordings to train on.*talk: .*aligned"):
        PointerDataset.from_folders([tmp_path])
    with pytest.raises(FineTuneError, match=r"only 0 can be learned from.*talk"):
        named_examples(Library(tmp_path))


def test_training_crops_and_validation_has_whole_recordings(root: Path) -> None:
    cropping = Cropping(200, event_share=1.0)
    crops = PointerDataset.from_folders([root], cropping)
    whole = PointerDataset.from_folders([root], cropping, validation_mode=True)
    assert whole[0]["raw_mel"].shape[1] == Library(root).pair("talk").n_frames
    lengths = set()
    for _ in range(20):
        crop = crops[0]
        assert crop["raw_mel"].shape == (128, 200)
        pointers = crop["target_pointers"]
        assert len(crop["ops"]) == len(pointers) + 1
        assert ((pointers >= 0) & (pointers < 200)).all()
        # An event is in sight: something isn't copied, or the crop doesn't begin with its start.
        assert (crop["ops"][:-1] != EditOp.COPY).any()
        lengths.add(len(pointers))
    assert len(lengths) > 1


def test_stems_and_their_loss_are_trained(root: Path, with_stems: dict[str, np.ndarray]) -> None:
    (sample,) = PointerDataset.from_folders([root], validation_mode=True)
    for name, stem in with_stems.items():
        np.testing.assert_allclose(sample["stems"][name], stem, atol=0.5 / 255 + 1e-6)
    (talk,), _ = read_library(Library(root))
    bare = replace(talk, stems={})
    cropping = Cropping(300, stems=STEMS)
    batch = make_batch([talk, bare], np.random.default_rng(0), cropping, starts=[40, 0])
    assert batch.stems is not None
    assert batch.stems_present is not None
    assert batch.stems_present.tolist() == [[True] * 4, [False] * 4]
    np.testing.assert_allclose(
        batch.stems["vocals"][0], with_stems["vocals"][:, 40:340], atol=0.5 / 255 + 1e-6
    )
    model = a_network(n_mels=128, use_stems=True).train()
    torch.autograd.backward(compute_losses(model, batch, LossWeights(), 0.0).total)
    assert model.stem_encoder is not None
    gradient = next(model.stem_encoder.stem_projs.parameters()).grad
    assert gradient is not None
    assert gradient.abs().sum() > 0


def test_stems_are_silenced_in_crops(root: Path, with_stems: dict[str, np.ndarray]) -> None:
    del with_stems
    (talk,), _ = read_library(Library(root))
    how = Augmentation(channel_dropout=1.0, channel_dropout_rate=0.5, chunk_shuffle=0.0)
    cropping = Cropping(60, augment=True, augmentation=how, stems=STEMS)
    batch = make_batch([talk] * 60, np.random.default_rng(0), cropping)
    assert batch.stems_present is not None
    assert batch.stems_present.float().mean().item() == pytest.approx(0.5, abs=0.12)


def test_damaged_stems_cost_the_stems_only(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = Library(root).layout.stem_mels("talk")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"nothing")
    with caplog.at_level(logging.WARNING, "training"):
        (talk,), _ = read_library(Library(root))
    path.unlink()
    assert not talk.stems
    assert "without its stems" in caplog.text


@pytest.mark.parametrize("damage", [b"", b"PK nothing", None])
def test_a_damaged_cache_costs_its_pair_only(root: Path, damage: bytes | None) -> None:
    path = Library(root).layout.mel("talk")
    whole = path.read_bytes()
    if damage is None:
        mel = np.load(path)["mel"].copy()
        mel[3, 3] = np.nan
        np.savez(path, mel=mel)
    else:
        path.write_bytes(damage)
    try:
        examples, left_out = read_library(Library(root))
    finally:
        path.write_bytes(whole)
    assert examples == []
    assert "talk" in dict(left_out)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"mel": np.zeros((8, 400), np.uint8)}, "silent"),
        ({"mel": np.ones((8, 40), np.uint8)}, "0.5 seconds"),
        ({"runs": np.zeros((0, 2), np.int64)}, "nothing of the recording"),
        ({"style": np.full(3, np.nan, np.float32)}, "isn't a number"),
        ({}, ""),
    ],
)
def test_what_nothing_can_be_learned_from_is_told(changes: dict[str, object], word: str) -> None:
    why = why_unusable(replace(an_example(), **changes))  # type: ignore[arg-type]
    assert word in why
    assert bool(why) == bool(word)


def test_a_damaged_shard_is_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    a_shard(tmp_path / "a.npz", 0)
    whole = (tmp_path / "a.npz").read_bytes()
    (tmp_path / "b.npz").write_bytes(whole[: len(whole) // 2])
    with caplog.at_level(logging.WARNING, "training"):
        pool = ShardPool(tmp_path)
    assert len(pool.examples) == 3
    assert "b.npz" in caplog.text
    caplog.clear()
    pool.refresh()
    assert not caplog.text


def test_recordings_are_on_one_side_and_stay_there() -> None:
    examples = [an_example(300 + i, recording=f"take {i // 2}", name=str(i)) for i in range(40)]
    train, valid = split_by_recording(examples, 0.25)
    assert len(valid) == 10
    sides = [{one.recording for one in side} for side in (train, valid)]
    assert not sides[0] & sides[1]
    more = [*examples, *(an_example(500 + i, recording=f"new {i}") for i in range(20))]
    later = {one.recording for one in split_by_recording(more, 0.25)[1]}
    assert len(later & sides[1]) >= 3
    assert [len(side) for side in split_by_recording(examples[:2], 0.1)] == [2, 0]
    assert [len(side) for side in split_by_recording(examples[:3], 0.1)] in ([2, 1], [1, 2])
    assert [len(side) for side in split_by_recording(examples, 0.0)] == [40, 0]


def test_shards_are_divided_by_recording(tmp_path: Path) -> None:
    for seed in range(4):
        a_shard(tmp_path / f"{seed}.npz", seed)
    sides = [
        PointerDataset.from_folders([tmp_path], validation_mode=whole, held_out=0.25)
        for whole in (False, True)
    ]
    names = [{one.name for one in side.examples} for side in sides]
    assert [len(one) for one in names] == [9, 3]
    assert not names[0] & names[1]


def test_the_trainer_learns_from_a_library(
    root: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    config = tmp_path / "config.json"
    config.write_text(
        '{"model": {"d_model": 16, "n_heads": 2, "n_encoder_layers": 1, "n_decoder_layers": 1,'
        ' "dim_feedforward": 16, "key_dim": 8, "max_delta": 8, "local_block": 16,'
        ' "attn_window_size": 64, "use_edit_ops": true, "use_stems": true}, "batch_size": 2,'
        ' "gradient_accumulation_steps": 1, "steps": 2, "crop_s": 3, "use_amp": false}',
        encoding="utf-8",
    )
    a_shard(tmp_path / "one.npz", 0)
    folders = ["--train", str(root), "--valid", str(root), "--out", str(tmp_path / "out")]
    with caplog.at_level(logging.INFO, "training"):
        assert pointer_trainer.main(["--config", str(config), *folders]) == 0
    assert "“odd”" in caplog.text
    assert "validation at step 2" in caplog.text
    state = torch.load(tmp_path / "out" / "latest.pt", weights_only=True)
    assert state["step"] == 2
    assert TrainConfig.from_json(config).cropping(training=True).stems == STEMS
