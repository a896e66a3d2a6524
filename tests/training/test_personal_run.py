from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import torch
from filelock import FileLock

from model_core.checkpoint import load_checkpoint
from tests.training.personal_runs import a_library, a_run, events, status
from training import personal_run
from training.background import lower_priority
from training.finetune import FineTuneSettings
from training.personal_run import main
from training.timing import a_recording, measure

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_library(tmp_path_factory.mktemp("library"))


def test_a_library_is_learned_and_a_model_written(tmp_path: Path, library: Path) -> None:
    folder = a_run(tmp_path, library)
    assert main([str(folder)]) == 0
    told = events(folder)
    begun, end = told[0], told[-1]
    assert (begun["event"], begun["held"], begun["only_ends"]) == (
        "begun", ["monday", "tuesday"], True,
    )  # fmt: skip
    checks = [one for one in told if one["event"] == "check"]
    assert checks[0]["step"] == 0
    assert checks[-1]["step"] == 16
    assert min(one["held"] for one in checks) == pytest.approx(status(folder)["best"])
    losses = [one["loss"] for one in told if one["event"] == "update"]
    assert losses
    assert losses[-1] < losses[0]
    assert end["state"] == status(folder)["state"] == "done"
    assert end["after"] < end["before"]
    facts = load_checkpoint(tmp_path / "models" / "Mine.safetensors").card.provenance["fine_tuned"]
    assert facts["pairs"] == ["monday", "tuesday"]
    assert facts["nats_per_event_after"] == pytest.approx(end["after"], abs=1e-3)
    assert facts["share"] == end["share"] < 1
    assert f"{100 * end['share']:.0f} % of what they changed" in end["learned"]
    start, best, written = (
        load_checkpoint(path).state_dict()
        for path in (
            tmp_path / "start.safetensors",
            folder / "best.safetensors",
            tmp_path / "models" / "Mine.safetensors",
        )
    )
    for name, value in start.items():
        # Where the mean style is told from moves before training.
        if name not in {"style_in.bias", "vae.quantities_out.bias"}:
            torch.testing.assert_close(written[name], value.lerp(best[name], end["share"]))


def test_a_paused_run_goes_on_and_ends_as_if_it_had_not_been(
    tmp_path: Path, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(personal_run, "_TELL_EVERY_S", 0.0)
    whole = tmp_path / "whole"
    whole.mkdir()
    straight = a_run(whole, library)
    assert main([str(straight)]) == 0
    folder = a_run(tmp_path, library)
    control = folder / "control.json"
    control.write_text('{"want": "pause"}')
    for step in range(1, 4):  # each time it makes one update and pauses
        assert main([str(folder)]) == 4
        assert (status(folder)["state"], status(folder)["step"]) == ("paused", step)
    control.write_text('{"want": "run"}')
    assert main([str(folder)]) == 0
    resumed = [one["step"] for one in events(folder) if one["event"] == "resumed"]
    assert resumed == [1, 2, 3]
    for name in ("update", "check"):
        curves = [
            [(one["step"], one.get("loss", one.get("held"))) for one in events(run)
             if one["event"] == name]
            for run in (straight, folder)
        ]  # fmt: skip
        assert [place for place, _ in curves[0]] == [place for place, _ in curves[1]]
        assert [y for _, y in curves[1]] == pytest.approx([y for _, y in curves[0]], rel=1e-4)


def test_a_stopped_run_keeps_the_best_until_then(tmp_path: Path, library: Path) -> None:
    folder = a_run(tmp_path, library, updates=10**6)
    (folder / "control.json").write_text('{"want": "stop"}')
    assert main([str(folder)]) in {0, 3}
    told = events(folder)
    assert told[-1]["event"] == "end"
    assert [one["step"] for one in told if one["event"] == "check"] == [0, 1]
    assert status(folder)["state"] in {"done", "nothing"}


def test_nothing_is_called_better_that_is_not(tmp_path: Path, library: Path) -> None:
    folder = a_run(tmp_path, library, updates=1, learning_rate=1e-9)
    assert main([str(folder)]) == 3
    assert status(folder)["state"] == "nothing"
    assert not (tmp_path / "models").exists()


def test_what_hinders_a_run_is_a_sentence(
    tmp_path: Path, library: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    del capsys
    folder = a_run(tmp_path, tmp_path / "none")
    assert main([str(folder)]) == 1
    assert "holds no library" in status(folder)["sentence"]
    (folder / "request.json").write_text(json.dumps({"library": str(library), "brand": 1}))
    assert main([str(folder)]) == 1
    with FileLock(folder / "lock"):
        assert main([str(folder)]) == 2


def test_damaged_savings_are_told(tmp_path: Path, library: Path) -> None:
    folder = a_run(tmp_path, library)
    (folder / "control.json").write_text('{"want": "pause"}')
    assert main([str(folder)]) == 4
    (folder / "control.json").unlink()
    (folder / "latest.pt").write_bytes(b"damaged")
    assert main([str(folder)]) == 1
    assert status(folder)["state"] == "failed"
    assert status(folder)["step"] == 1, "how far it had come is still told"
    assert status(folder)["sentence"]


def test_the_time_of_an_update_is_measured(tmp_path: Path, library: Path) -> None:
    start = a_run(tmp_path, library).parent / "start.safetensors"
    settings = FineTuneSettings(batch_size=2, crop_s=6.0)
    measured = measure(start, [a_recording()], settings, updates=1)
    assert set(measured) == {"seconds_per_update", "seconds_per_minute", "load_s"}
    assert all(0 < seconds < 60 for seconds in measured.values())


def test_priority_is_lowered_or_left(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr("os.nice", asked.append, raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    lower_priority()
    assert asked == [10]
