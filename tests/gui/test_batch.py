from __future__ import annotations

import json
import sys
import textwrap
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from editorbot_gui.batch import worker
from editorbot_gui.batch.queue import (
    DONE,
    FAILED,
    RUNNING,
    WAITING,
    Entry,
    FindRequest,
    Queue,
    find_entries,
    queue_path,
    read_queue,
    write_queue,
)
from model_core.batch.job import JobOptions
from model_core.progress import CancelToken, no_progress

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from editorbot_gui.batch.dialog import BatchDialog
    from editorbot_gui.batch.runner import BatchRunner
    from tests.gui.conftest import Rig

# Answers as the real worker does; a file that holds "wait" is done once it holds something else.
WORKER = """
import json, os, pathlib, sys, time
for line in sys.stdin:
    job = json.loads(line)
    source, output = pathlib.Path(job["source"]), pathlib.Path(job["output"])
    if source.read_text() == "crash":
        os._exit(9)
    print(json.dumps({"event": "progress", "share": 0.5, "phrase": "Half"}), flush=True)
    while source.read_text() == "wait":
        time.sleep(0.01)
    done = source.read_text() != "bad"
    if done:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(json.dumps(job["options"]))
    print(json.dumps({
        "event": "result", "source": job["source"], "output": job["output"],
        "state": "done" if done else "failed", "sentence": "" if done else "It is bad.",
        "mend": "", "raw_s": 2.0, "edited_s": 1.0, "cuts": 1, "seconds": 0.1,
        "written": [str(output)] if done else [], "content_hash": "",
    }), flush=True)
"""


@pytest.fixture(autouse=True)
def quick_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "worker.py"
    path.write_text(textwrap.dedent(WORKER))
    monkeypatch.setattr(worker, "worker_command", lambda: [sys.executable, "-S", str(path)])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "sounds"
    for name, content in (("a.wav", ""), ("b.mp3", "bad"), ("deep/c.m4a", ""), ("notes.txt", "")):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
    return root


def opened(rig: Rig, qtbot: QtBot, out: Path) -> tuple[BatchDialog, BatchRunner]:
    rig.window.commands["batch"].trigger()
    qtbot.waitUntil(lambda: rig.window.batch.dialog is not None)
    dialog, batch = rig.window.batch.dialog, rig.window.batch.batch
    assert dialog is not None
    assert batch is not None
    dialog.use_folder(out)
    return dialog, batch


def added(rig: Rig, qtbot: QtBot, out: Path, *paths: Path) -> tuple[BatchDialog, BatchRunner]:
    dialog, batch = opened(rig, qtbot, out)
    dialog.files_added.emit(list(paths))
    qtbot.waitUntil(lambda: bool(batch.queue.entries))
    return dialog, batch


def states(batch: BatchRunner) -> list[str]:
    return [entry.state for entry in batch.queue.entries]


def test_a_folder_is_worked_off_and_mirrored(
    rig: Rig, qtbot: QtBot, folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    dialog, batch = added(rig, qtbot, out, folder)
    assert dialog.pages.currentIndex() == 1
    dialog.choose([0])
    dialog.style_field.setCurrentIndex(dialog.style_field.findData("tight"))
    dialog.style_field.activated.emit(0)
    dialog.format_field.setCurrentIndex(dialog.format_field.findData(".flac"))
    dialog.format_field.activated.emit(0)
    with qtbot.waitSignal(batch.all_done):
        dialog.start.click()
    assert states(batch) == [DONE, FAILED, DONE]
    assert json.loads((out / "sounds" / "a_edit.flac").read_text())["style"] == "tight"
    assert json.loads((out / "sounds" / "deep" / "c_edit.wav").read_text())["style"] == ""
    assert dialog.summary.text() == "2 of 3 files done, 1 failed."
    assert "It is bad." in dialog.model.data(dialog.model.index(1, 5))
    assert rig.window.happened.text() == "The batch: 2 of 3 files done, 1 failed."
    assert not dialog.start.isEnabled()


def test_what_failed_is_tried_again_and_nothing_is_overwritten(
    rig: Rig, qtbot: QtBot, folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    (out).mkdir()
    (out / "b_edit.mp3").write_text("mine")
    dialog, batch = added(rig, qtbot, out, folder / "b.mp3")
    with qtbot.waitSignal(batch.all_done):
        dialog.start.click()
    assert states(batch) == [FAILED]
    (folder / "b.mp3").write_text("good now")
    dialog.choose([0])
    dialog.retry.click()
    with qtbot.waitSignal(batch.all_done):
        dialog.start.click()
    assert states(batch) == [DONE]
    assert (out / "b_edit.mp3").read_text() == "mine"
    assert batch.queue.entries[0].output == out / "b_edit 2.mp3"
    # Done once more, its own result is replaced.
    dialog.choose([0])
    dialog.retry.click()
    with qtbot.waitSignal(batch.all_done):
        dialog.start.click()
    assert batch.queue.entries[0].output == out / "b_edit 2.mp3"


def test_pausing_finishes_the_file_and_begins_no_other(
    rig: Rig, qtbot: QtBot, folder: Path, tmp_path: Path
) -> None:
    (folder / "a.wav").write_text("wait")
    dialog, batch = added(rig, qtbot, tmp_path / "out", folder / "a.wav", folder / "deep" / "c.m4a")
    dialog.start.click()
    qtbot.waitUntil(lambda: batch.queue.entries[0].share == 0.5)
    assert dialog.start.text() == "&Pause"
    dialog.start.click()
    assert "pausing after this file" in dialog.summary.text()
    (folder / "a.wav").write_text("")
    qtbot.waitUntil(lambda: not batch.worker.busy)
    assert states(batch) == [DONE, WAITING]
    assert "; paused" in dialog.summary.text()


def test_a_process_that_dies_costs_one_file(
    rig: Rig, qtbot: QtBot, folder: Path, tmp_path: Path
) -> None:
    (folder / "a.wav").write_text("crash")
    dialog, batch = added(rig, qtbot, tmp_path / "out", folder / "a.wav", folder / "deep" / "c.m4a")
    with qtbot.waitSignal(batch.all_done):
        dialog.start.click()
    assert states(batch) == [FAILED, DONE]
    assert "ended unexpectedly" in batch.queue.entries[0].result.sentence


def test_the_file_that_is_worked_on_can_be_removed(
    rig: Rig, qtbot: QtBot, folder: Path, tmp_path: Path
) -> None:
    (folder / "a.wav").write_text("wait")
    dialog, batch = added(rig, qtbot, tmp_path / "out", folder / "a.wav", folder / "deep" / "c.m4a")
    dialog.start.click()
    qtbot.waitUntil(lambda: batch.queue.entries[0].share == 0.5)
    dialog.choose([0])
    with qtbot.waitSignal(batch.all_done):
        dialog.remove.click()
    assert [entry.source.name for entry in batch.queue.entries] == ["c.m4a"]
    assert states(batch) == [DONE]


def test_the_queue_is_there_after_a_restart(
    rig: Rig, qtbot: QtBot, folder: Path, tmp_path: Path
) -> None:
    (folder / "a.wav").write_text("wait")
    dialog, batch = added(rig, qtbot, tmp_path / "out", folder)
    dialog.choose([2])
    dialog.up.click()
    assert dialog.rows == [1]
    dialog.start.click()
    qtbot.waitUntil(lambda: batch.queue.entries[0].share == 0.5)
    rig.window.close()
    kept = read_queue(queue_path())
    assert [entry.source.name for entry in kept.entries] == ["a.wav", "c.m4a", "b.mp3"]
    assert {entry.state for entry in kept.entries} == {WAITING}
    assert kept.folder == tmp_path / "out"


def test_a_result_is_opened_in_the_editor(
    rig: Rig, qtbot: QtBot, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths: list[Path] = []
    monkeypatch.setattr(rig.window.projects, "open", paths.append)
    dialog, batch = added(rig, qtbot, tmp_path / "out", folder / "a.wav")
    dialog.choose([0])
    assert not dialog.open_result.isEnabled()
    with qtbot.waitSignal(batch.all_done):
        dialog.start.click()
    dialog.choose([0])
    dialog.open_result.click()
    assert paths == [tmp_path / "out" / "a_edit.wav"]


def test_a_report_is_saved(rig: Rig, qtbot: QtBot, folder: Path, tmp_path: Path) -> None:
    dialog, batch = added(rig, qtbot, tmp_path / "out", folder)
    with qtbot.waitSignal(batch.all_done):
        dialog.start.click()
    path = tmp_path / "report.json"
    with qtbot.waitSignal(rig.window.batch.told):
        dialog.report_requested.emit(path)
    values = json.loads(path.read_text("utf-8"))
    assert (values["done"], values["failed"]) == (2, 1)
    with qtbot.waitSignal(rig.window.batch.failed):
        dialog.report_requested.emit(tmp_path / "none" / "report.json")
    rig.dialog.close()


def entries(*names: str) -> list[Entry]:
    return [Entry(Path(f"/x/{name}.wav"), name) for name in names]


def test_entries_move_together_and_stop_at_the_ends() -> None:
    queue = Queue(entries(*"abcd"))
    assert queue.move([1, 2], -1) == [0, 1]
    assert queue.move([0, 1], -1) == [0, 1]
    assert [entry.place for entry in queue.entries] == list("bcad")
    assert queue.move([0, 3], 1) == [1, 3]
    assert [entry.place for entry in queue.entries] == list("cbad")


def test_a_running_entry_is_neither_removed_nor_changed() -> None:
    queue = Queue(entries(*"ab"))
    queue.entries[0] = replace(queue.entries[0], state=RUNNING)
    queue.change([0, 1], style="tight", suffix=".flac")
    queue.remove([0])
    assert queue.entries[0].options == JobOptions()
    assert queue.entries[1].options.style == "tight"
    assert queue.entries[1].ending == ".flac"
    assert queue.add(entries(*"abc")) == 1


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": "other"}', '{"entries": [1]}'])
def test_a_damaged_queue_counts_as_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "batch.json"
    path.write_text(text)
    assert read_queue(path) == Queue()


def test_a_queue_comes_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "batch.json"
    options = JobOptions(style="tight", timelines=("edl",))
    queue = Queue([Entry(tmp_path / "a.wav", "a", options, ".ogg")], tmp_path)
    write_queue(path, queue)
    assert read_queue(path) == queue


def test_looking_into_folders_can_be_cancelled(folder: Path) -> None:
    from model_core.errors import CancelledError

    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(CancelledError):
        find_entries(FindRequest((folder,), None), cancel, no_progress)
