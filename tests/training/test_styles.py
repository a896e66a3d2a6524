from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from model_core.checkpoint import load_checkpoint, save_checkpoint
from model_core.nn.card import StyleQuantity
from model_core.nn.styling import choose_style
from model_core.options import GenerateOptions
from tests.nn.small import a_network
from training import shards
from training.styles import ReadStyles, active_dimensions, find_axes, main


def test_axes_are_how_styles_change_with_their_quantities() -> None:
    rng = np.random.default_rng(0)
    quantities = rng.normal(0, 1, (4000, 3))
    directions = rng.normal(0, 1, (3, 5))
    noise = rng.normal(0, 0.1, (4000, 5))
    kinds = rng.integers(0, 2, 4000)
    # Music is longer; that must not turn the axis of length.
    ratios = quantities[:, 1] + 5.0 * kinds
    read = ReadStyles(quantities @ directions + noise + 7, quantities, ratios, kinds)
    axes = {axis.name: np.array(axis.direction) for axis in find_axes(read)}
    np.testing.assert_allclose(axes["tightness"], -directions[0], atol=0.15)
    np.testing.assert_allclose(axes["loops"], directions[2], atol=0.15)
    np.testing.assert_allclose(axes["length"], directions[1], atol=0.15)


def test_a_dimension_that_never_moves_is_not_active() -> None:
    styles = np.random.default_rng(0).normal(0, 1, (100, 4)) * np.array([1, 0.001, 1, 0])
    assert active_dimensions(styles) == 2


def a_shard(path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    examples = []
    for _ in range(3):
        n_samples = 256 * 200
        cut = int(rng.integers(10, 90)) * 256
        kept = np.array([[0, cut], [cut + 256 * 40, n_samples]], np.int64)
        examples.append(
            shards.Example(
                mel=rng.integers(0, 255, (16, 200)).astype(np.uint8),
                kept=kept,
                removed=np.array([[cut, cut + 256 * 40]], np.int64),
                reasons=np.zeros(1, np.int8),
                phenomena=np.zeros(1, np.int8),
                phrases=kept,
                style=np.exp(rng.normal(-1, 0.3, 3)).astype(np.float32),
                kind="speech",
                n_samples=n_samples,
            )
        )
    shards.write_shard(path, examples)


def test_a_checkpoint_gets_its_space(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for seed in range(8):
        a_shard(tmp_path / f"{seed}.npz", seed)
    model = a_network(use_style_vae=True)
    quantities = tuple(
        StyleQuantity(name, -1, 0.5) for name in ("pause_s", "margin_s", "extension")
    )
    card = dataclasses.replace(model.card, style_quantities=quantities)
    before, after = tmp_path / "a.safetensors", tmp_path / "b.safetensors"
    save_checkpoint(before, model, card)
    command = ["--recordings", str(tmp_path), "--checkpoint"]
    assert main([*command, str(before), "--write", str(after)]) == 0
    fitted = load_checkpoint(after)
    assert fitted.card.style_space is not None
    # All of these edits are as long.
    assert [axis.name for axis in fitted.card.style_space.axes] == ["tightness", "loops"]
    assert fitted.card.provenance["styles"]["edits"] == 24
    moved = choose_style(fitted, GenerateOptions(axes=(("loops", 1.0),)))
    assert not np.allclose(moved, choose_style(fitted, GenerateOptions()))
    save_checkpoint(before, a_network(), dataclasses.replace(a_network().card))
    assert main([*command, str(before)]) == 1
    assert "reads no styles" in capsys.readouterr().err
