"""A run whose process is killed and that is resumed tells the same curve as one left alone."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from tests.training.test_several_processes import CONFIG, a_shard
from training import pointer_trainer

if TYPE_CHECKING:
    import pytest

STEPS = 20


def arguments(folder: Path, out: str) -> list[str]:
    return [
        "--config", str(folder / "config.json"), "--train", str(folder / "train"), "--valid",
        str(folder / "valid"), "--out", str(folder / out), "--threads", "1", "--resume",
    ]  # fmt: skip


def killed_after(step: int, folder: Path) -> str:
    """Starts or resumes a run, kills it once it has saved that step; returns what it said."""
    root = Path(__file__).parents[2]
    process = subprocess.Popen(
        [sys.executable, "-m", "training.pointer_trainer", *arguments(folder, "killed")],
        cwd=root,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(root)},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        said.append(line)
        if f"saved at step {step}\n" in line:
            break
    process.kill()  # SIGKILL: nothing can be tidied up
    said.append(process.stderr.read())
    process.stderr.close()
    assert process.wait() != 0
    return "".join(said)


def curve(said: str) -> dict[str, str]:
    """Returns the losses that were told, by step: a resumed run tells some of them again."""
    found = re.findall(r"step (\d+) \([^)]*\): (.*)|validation at step (\d+): (.*)", said)
    return {f"{a}/{c}": b or d for a, b, c, d in found}


def test_a_run_that_was_killed_twice_tells_the_same_curve(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    model = {**CONFIG["model"], "dropout": 0.1, "use_style_vae": True}  # type: ignore[dict-item]
    config = {**CONFIG, "model": model, "steps": STEPS, "validate_every": 8, "save_every_s": 0,
              "batch_size": 2, "gradient_accumulation_steps": 1, "bucket_updates": 5}  # fmt: skip
    (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    for name, seed in (("train", 0), ("valid", 5)):
        (tmp_path / name).mkdir()
        a_shard(tmp_path / name / "one.npz", seed)
        a_shard(tmp_path / name / "two.npz", seed + 1)
    caplog.set_level("INFO", "training")
    assert pointer_trainer.main(arguments(tmp_path, "whole")) == 0
    alone = curve(caplog.text)
    assert set(alone) == {"20/", "/8", "/16", "/20"}
    caplog.clear()
    said = killed_after(7, tmp_path)
    said += killed_after(17, tmp_path)
    assert "resumed at step" in said
    assert pointer_trainer.main(arguments(tmp_path, "killed")) == 0
    assert curve(said + caplog.text) == alone
    whole, resumed = (
        torch.load(tmp_path / name / "latest.pt", weights_only=True) for name in ("whole", "killed")
    )
    assert whole["step"] == resumed["step"] == STEPS
    assert whole["best"] == resumed["best"]
    for part in ("model", "average"):
        for name, value in whole[part].items():
            torch.testing.assert_close(resumed[part][name], value, atol=0, rtol=0)
