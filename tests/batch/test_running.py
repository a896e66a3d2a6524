from __future__ import annotations

import csv
import io
import json
import sys
import textwrap
from pathlib import Path

import pytest

from model_core.batch.job import BatchJob, JobOptions, JobResult
from model_core.batch.ledger import Ledger
from model_core.batch.report import report_text, summary
from model_core.batch.running import run_batch
from model_core.errors import FileWriteError
from model_core.progress import CancelToken

# Answers as the real worker does, and dies or hangs where the file's name says so.
WORKER = """
import json, os, pathlib, sys
for line in sys.stdin:
    job = json.loads(line)
    name = pathlib.Path(job["source"]).stem
    if name.startswith("crash"):
        print("out of luck", file=sys.stderr, flush=True)
        os._exit(9)
    if name.startswith("hang"):
        sys.stdin.read()
        sys.exit()
    print(json.dumps({"event": "progress", "share": 0.5, "phrase": "Half"}), flush=True)
    print("noise of a library", flush=True)
    state = "failed" if name.startswith("bad") else "done"
    output = pathlib.Path(job["output"])
    if state == "done":
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(str(os.getpid()))
    written = [str(output)] if state == "done" else []
    print(json.dumps({
        "event": "result", "source": job["source"], "output": job["output"], "state": state,
        "sentence": "" if written else "It is bad.", "mend": "", "raw_s": 2.0, "edited_s": 1.0,
        "cuts": 1, "seconds": 0.1, "written": written, "content_hash": "",
    }), flush=True)
"""


@pytest.fixture
def command(tmp_path: Path) -> list[str]:
    path = tmp_path / "worker.py"
    path.write_text(textwrap.dedent(WORKER))
    return [sys.executable, "-S", str(path)]


def make_jobs(folder: Path, *names: str) -> list[BatchJob]:
    jobs = []
    for name in names:
        source = folder / f"{name}.wav"
        source.write_text(name)
        jobs.append(BatchJob(source, folder / "out" / f"{name}.wav"))
    return jobs


def states(results: list[JobResult]) -> list[str]:
    return [result.state for result in results]


def test_neither_bad_files_nor_dead_processes_stop_the_rest(
    tmp_path: Path, command: list[str]
) -> None:
    jobs = make_jobs(tmp_path, "one", "crash", "bad", "two", "crash2", "three")
    shares: list[float] = []
    results = run_batch(
        jobs, 2, command=command, on_progress=lambda _index, share, _phrase: shares.append(share)
    )
    assert states(results) == ["done", "failed", "failed", "done", "failed", "done"]
    assert "ended unexpectedly" in results[1].sentence
    assert "out of luck" in results[1].sentence
    assert results[2].sentence == "It is bad."
    assert [result.source for result in results] == [job.source for job in jobs]
    assert shares == [0.5] * 4


def test_processes_work_side_by_side_and_are_used_again(tmp_path: Path, command: list[str]) -> None:
    jobs = make_jobs(tmp_path, *"abcdefgh")
    run_batch(jobs, 2, command=command)
    assert 1 <= len({job.output.read_text() for job in jobs}) <= 2


def test_a_process_is_replaced_after_much_audio(
    tmp_path: Path, command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("model_core.batch.running.FRESH_AFTER_S", 4.0)
    jobs = make_jobs(tmp_path, *"abcde")
    assert states(run_batch(jobs, 1, command=command)) == ["done"] * 5
    assert [len({job.output.read_text() for job in some}) for some in (jobs[:2], jobs)] == [1, 3]


def test_a_cancelled_batch_keeps_what_is_done_and_goes_on_from_there(
    tmp_path: Path, command: list[str]
) -> None:
    jobs = make_jobs(tmp_path, "one", "hang", "two")
    ledger_path = tmp_path / "out" / "ledger"
    cancel = CancelToken()
    results = run_batch(
        jobs, 1, command=command, ledger=Ledger(ledger_path), cancel=cancel,
        on_result=lambda *_: cancel.cancel(),
    )  # fmt: skip
    assert states(results) == ["done", "stopped", "stopped"]
    by_then = jobs[0].output.read_text()
    again = run_batch([jobs[0], jobs[2]], 1, command=command, ledger=Ledger(ledger_path))
    assert states(again) == ["skipped", "done"]
    assert jobs[0].output.read_text() == by_then


def done(job: BatchJob) -> JobResult:
    from model_core.audio.direct import hash_file

    job.output.parent.mkdir(exist_ok=True)
    job.output.write_text("edited")
    written = (job.output,)
    return JobResult(
        job.source, job.output, "done", written=written, content_hash=hash_file(job.source)
    )


def test_the_ledger_knows_content_and_options(tmp_path: Path) -> None:
    (job,) = make_jobs(tmp_path, "one")
    path = tmp_path / "out" / "ledger"
    Ledger(path).add(job, done(job))
    assert Ledger(path).find(job) is not None
    other = BatchJob(job.source, job.output, JobOptions(seed=1))
    assert Ledger(path).find(other) is None
    # Touched, but the same: known by content.
    job.source.touch()
    assert Ledger(path).find(job) is not None
    job.source.write_text("two")
    assert Ledger(path).find(job) is None


def test_a_result_that_is_gone_or_changed_is_made_again(tmp_path: Path) -> None:
    (job,) = make_jobs(tmp_path, "one")
    ledger = Ledger(tmp_path / "out" / "ledger")
    ledger.add(job, done(job))
    job.output.write_text("edited by hand")
    assert ledger.find(job) is None
    job.output.unlink()
    assert ledger.find(job) is None


def test_a_line_that_was_broken_off_spoils_no_other(tmp_path: Path) -> None:
    one, two = make_jobs(tmp_path, "one", "two")
    path = tmp_path / "out" / "ledger"
    ledger = Ledger(path)
    ledger.add(one, done(one))
    with path.open("a") as file:
        file.write('\n{"output": "thr')
    ledger.add(two, done(two))
    after = Ledger(path)
    assert after.find(one) is not None
    assert after.find(two) is not None


def test_the_report_is_for_programs(tmp_path: Path) -> None:
    results = [
        JobResult(tmp_path / "a.wav", tmp_path / "b.wav", "done", raw_s=2.0, edited_s=1.5, cuts=3),
        JobResult(tmp_path / "c.wav", tmp_path / "d.wav", "failed", "It, too, is “bad”."),
    ]
    values = json.loads(report_text(results, ".json"))
    assert (values["files"], values["done"], values["failed"]) == (2, 1, 1)
    assert values["results"][1]["sentence"] == "It, too, is “bad”."
    rows = list(csv.DictReader(io.StringIO(report_text(results, ".CSV"))))
    assert [row["state"] for row in rows] == ["done", "failed"]
    assert rows[1]["sentence"] == "It, too, is “bad”."
    assert summary(results)["raw_s"] == 2.0
    with pytest.raises(FileWriteError, match=r"json or \.csv"):
        report_text(results, ".txt")


def test_the_real_worker_says_what_is_wrong_and_ends_with_its_input(tmp_path: Path) -> None:
    (tmp_path / "bad.wav").write_bytes(b"RIFFnothing")
    jobs = [BatchJob(tmp_path / "bad.wav", tmp_path / "out" / "bad.wav")]
    (bad,) = run_batch(jobs, 1)
    assert bad.state == "failed"
    assert "bad.wav" in bad.sentence
    assert not (tmp_path / "out" / "bad.wav").exists()
