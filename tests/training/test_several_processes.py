"""A run in two processes does what one does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from training import pointer_trainer, shards

CONFIG = {
    "model": {
        "n_mels": 16, "d_model": 16, "n_heads": 2, "n_encoder_layers": 1, "n_decoder_layers": 1,
        "dim_feedforward": 16, "key_dim": 8, "max_delta": 8, "local_block": 16,
        "attn_window_size": 64, "dropout": 0.0,
    },
    "batch_size": 4, "gradient_accumulation_steps": 2, "steps": 3, "warmup_steps": 1,
    "learning_rate": 0.001, "validate_every": 3, "crop_s": 2.0, "use_amp": False,
    "use_gradient_checkpoint": False,
}  # fmt: skip


def a_shard(path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    examples = []
    for n_frames in (90, 130, 170):
        n_samples = 256 * n_frames
        cuts = 256 * np.sort(rng.choice(np.arange(5, n_frames - 5), 4, replace=False))
        kept = np.array([[0, cuts[0]], [cuts[1], cuts[2]], [cuts[3], n_samples]], np.int64)
        removed = np.array([[cuts[0], cuts[1]], [cuts[2], cuts[3]]], np.int64)
        mel = rng.integers(0, 255, (16, n_frames)).astype(np.uint8)
        zeros = np.zeros(2, np.int8)
        style = np.exp(rng.normal(-1, 0.3, 3)).astype(np.float32)
        examples.append(
            shards.Example(mel, kept, removed, zeros, zeros, kept, style, "speech", n_samples)
        )
    shards.write_shard(path, examples)


def arguments(folder: Path, out: str) -> list[str]:
    return [
        "--config", str(folder / "config.json"), "--train", str(folder / "train"),
        "--valid", str(folder / "valid"), "--out", str(folder / out), "--threads", "1",
    ]  # fmt: skip


def trained_in_two(folder: Path, out: str) -> None:
    command = [
        sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "-m",
        "training.pointer_trainer", *arguments(folder, out),
    ]  # fmt: skip
    root = Path(__file__).parents[2]
    variables = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(root)}
    done = subprocess.run(
        command, cwd=root, env=variables, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "in 2 process" in done.stderr


def reached(folder: Path, out: str) -> tuple[float, dict[str, torch.Tensor]]:
    state = torch.load(folder / out / "latest.pt", weights_only=True)
    assert state["step"] == 3
    return state["best"], state["model"]


@pytest.mark.timeout(300)
@pytest.mark.skipif(sys.platform == "win32", reason="gloo starts processes otherwise on Windows")
def test_two_processes_find_the_weights_that_one_finds(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for part, seeds in (("train", range(4)), ("valid", range(4, 6))):
        (tmp_path / part).mkdir()
        for seed in seeds:
            a_shard(tmp_path / part / f"{seed}.npz", seed)
    (tmp_path / "config.json").write_text(json.dumps(CONFIG), encoding="utf-8")
    caplog.set_level("INFO", "training")
    assert pointer_trainer.main(arguments(tmp_path, "one")) == 0
    assert "in 1 process" in caplog.text
    trained_in_two(tmp_path, "two")
    loss, one = reached(tmp_path, "one")
    loss_of_two, two = reached(tmp_path, "two")
    assert loss_of_two == pytest.approx(loss, rel=1e-4)
    assert one.keys() == two.keys()
    apart = torch.cat([(two[name] - value).abs().flatten() for name, value in one.items()])
    # AdamW steps by the sign of a gradient where it is hardly more than rounding.
    assert (apart < 1e-4).float().mean() > 0.99
    assert apart.max() < 3 * 0.001 * 2
