"""Small runs for tests: two pairs, a tiny network, a handful of updates."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from model_core.checkpoint import save_checkpoint
from tests.nn.small import a_network
from tests.training.library_pairs import aligned, write_pair

SETTINGS: dict[str, Any] = {"batch_size": 2, "crop_s": 6.0, "learning_rate": 3e-3, "threads": 1}


def a_library(root: Path, names: tuple[str, ...] = ("monday", "tuesday")) -> Path:
    """Writes a library of aligned pairs."""
    for seed, name in enumerate(names, 1):
        write_pair(root / "training_data", name, seed)
        assert aligned(root, name).is_ready
    return root


def a_start(folder: Path) -> Path:
    """Writes a tiny network for real spectrograms."""
    path = folder / "start.safetensors"
    model = a_network(use_style_vae=True, n_mels=128)
    save_checkpoint(path, model, model.card)
    return path


def a_run(tmp_path: Path, library: Path, **changes: object) -> Path:
    """Writes the request of a run, and returns its folder."""
    folder = tmp_path / "run"
    folder.mkdir()
    request = {
        "library": str(library), "name": "Mine", "models": str(tmp_path / "models"),
        "start": str(a_start(tmp_path)), "updates": 16, **SETTINGS, **changes,
    }  # fmt: skip
    (folder / "request.json").write_text(json.dumps(request))
    return folder


def events(folder: Path) -> list[dict[str, Any]]:
    """Reads what a run has told."""
    return [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]


def status(folder: Path) -> dict[str, Any]:
    """Reads where a run stands."""
    values: dict[str, Any] = json.loads((folder / "status.json").read_text())
    return values
