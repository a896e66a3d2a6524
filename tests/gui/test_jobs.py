from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from editorbot_gui.jobs import Job, JobRunner, JobState, Lane
from model_core.errors import AudioReadError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PySide6.QtWidgets import QApplication
    from pytestqt.qtbot import QtBot

    from model_core.progress import CancelToken, Progress


class Probe:
    """Keeps what a job's callbacks were told."""

    def __init__(self) -> None:
        self.results: list[Any] = []
        self.errors: list[Exception] = []
        self.cancelled = 0
        self.progress = 0

    def callbacks(self) -> dict[str, Any]:
        return {
            "on_done": self.results.append,
            "on_failed": self.errors.append,
            "on_cancelled": self._cancel,
            "on_progress": self._progress,
        }

    def _cancel(self) -> None:
        self.cancelled += 1

    def _progress(self) -> None:
        self.progress += 1


@pytest.fixture
def runner(qapp: QApplication) -> Iterator[JobRunner]:
    runner = JobRunner(qapp)
    yield runner
    assert runner.close()
    runner.deleteLater()


def double(request: int, _cancel: CancelToken, _progress: Progress) -> int:
    return 2 * request


def until_cancelled(started: threading.Event, cancel: CancelToken, _progress: Progress) -> None:
    started.set()
    while True:
        cancel.raise_if_cancelled()
        time.sleep(0.001)


def test_result_arrives_in_the_gui_thread(runner: JobRunner, qtbot: QtBot) -> None:
    threads: list[threading.Thread] = []
    results: list[int] = []

    def take(result: int) -> None:
        threads.append(threading.current_thread())
        results.append(result)

    job = runner.start(Lane.IO, double, 21, words="Doubling", on_done=take, base_revision=7)
    assert job.base_revision == 7
    assert runner.jobs == (job,)
    qtbot.waitUntil(lambda: results == [42])
    assert threads == [threading.main_thread()]
    assert job.state is JobState.DONE
    assert runner.jobs == ()


def test_lane_runs_one_after_the_other_and_lanes_side_by_side(
    runner: JobRunner, qtbot: QtBot
) -> None:
    gate = threading.Event()
    order: list[str] = []

    def wait(name: str, _cancel: CancelToken, _progress: Progress) -> str:
        assert gate.wait(5)
        return name

    def pass_on(name: str, _cancel: CancelToken, _progress: Progress) -> str:
        return name

    runner.start(Lane.MODEL, wait, "first", words="", on_done=order.append)
    runner.start(Lane.MODEL, pass_on, "second", words="", on_done=order.append)
    runner.start(Lane.IO, pass_on, "beside", words="", on_done=order.append)
    qtbot.waitUntil(lambda: order == ["beside"])
    gate.set()
    qtbot.waitUntil(lambda: order == ["beside", "first", "second"])


def test_failure_is_told(runner: JobRunner, qtbot: QtBot) -> None:
    probe = Probe()

    def fail(_request: None, _cancel: CancelToken, _progress: Progress) -> None:
        raise AudioReadError("It can't be read.")

    job = runner.start(Lane.IO, fail, None, words="Failing", **probe.callbacks())
    qtbot.waitUntil(lambda: bool(probe.errors))
    assert isinstance(probe.errors[0], AudioReadError)
    assert job.state is JobState.FAILED
    assert not probe.results


def test_failure_without_a_taker_is_logged(
    runner: JobRunner, qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_request: None, _cancel: CancelToken, _progress: Progress) -> None:
        raise AudioReadError("It can't be read.")

    job = runner.start(Lane.IO, fail, None, words="Failing", on_done=lambda _: None)
    qtbot.waitUntil(lambda: job.ended)
    assert "It can't be read." in caplog.text


def test_progress_comes_at_most_twenty_times_a_second(runner: JobRunner, qtbot: QtBot) -> None:
    probe = Probe()
    began = time.monotonic()

    def chatter(n: int, _cancel: CancelToken, progress: Progress) -> None:
        stop = time.monotonic() + 0.3
        while time.monotonic() < stop:
            for i in range(n):
                progress(i / n, "chattering")

    job = runner.start(Lane.IO, chatter, 1000, words="Chattering", **probe.callbacks())
    qtbot.waitUntil(lambda: job.ended)
    seconds = time.monotonic() - began
    assert 1 <= probe.progress <= 20 * seconds + 1
    assert job.phrase == "chattering"
    assert job.share is not None
    assert 0 <= job.share <= 1


def test_cancel_answers_at_once(runner: JobRunner, qtbot: QtBot) -> None:
    probe, started = Probe(), threading.Event()
    job = runner.start(Lane.MODEL, until_cancelled, started, words="Work", **probe.callbacks())
    qtbot.waitUntil(lambda: job.state is JobState.RUNNING)
    began = time.monotonic()
    runner.cancel(job)
    runner.cancel(job)
    assert job.cancelling
    qtbot.waitUntil(lambda: job.state is JobState.CANCELLED)
    assert time.monotonic() - began < 0.5
    assert probe.cancelled == 1


def test_cancel_of_a_deaf_job_answers_within_half_a_second_and_drops_its_result(
    runner: JobRunner, qtbot: QtBot
) -> None:
    probe, gate = Probe(), threading.Event()

    def deaf(_request: None, _cancel: CancelToken, _progress: Progress) -> str:
        assert gate.wait(10)
        return "too late"

    job = runner.start(Lane.MODEL, deaf, None, words="Deaf", **probe.callbacks())
    qtbot.waitUntil(lambda: job.state is JobState.RUNNING)
    began = time.monotonic()
    runner.cancel(job)
    qtbot.waitUntil(lambda: job.state is JobState.CANCELLED)
    assert time.monotonic() - began < 0.5
    with qtbot.waitSignal(runner.idled):
        gate.set()
    assert probe.cancelled == 1
    assert not probe.results


def test_waiting_job_is_cancelled_without_being_run(runner: JobRunner, qtbot: QtBot) -> None:
    gate, ran = threading.Event(), []

    def hold(_request: None, _cancel: CancelToken, _progress: Progress) -> None:
        assert gate.wait(5)

    def never(_request: None, _cancel: CancelToken, _progress: Progress) -> None:
        ran.append(True)

    runner.start(Lane.IO, hold, None, words="Holding", on_done=lambda _: None)
    waiting = runner.start(Lane.IO, never, None, words="Waiting", on_done=lambda _: None)
    runner.cancel(waiting)
    assert waiting.state is JobState.CANCELLED
    with qtbot.waitSignal(runner.idled):
        gate.set()
    assert not ran


def test_close_cancels_waits_and_calls_nobody(qtbot: QtBot) -> None:
    runner, probe, started = JobRunner(), Probe(), threading.Event()
    runner.start(Lane.IO, until_cancelled, started, words="Work", **probe.callbacks())
    assert started.wait(5)
    assert runner.close()
    qtbot.wait(1)  # lets posted signals arrive
    assert (probe.results, probe.errors, probe.cancelled) == ([], [], 0)
    with pytest.raises(RuntimeError):
        runner.start(Lane.IO, double, 1, words="", on_done=lambda _: None)


def test_signals_tell_the_life_of_a_job(runner: JobRunner, qtbot: QtBot) -> None:
    told: list[tuple[str, JobState]] = []
    runner.job_started.connect(lambda job: told.append(("started", job.state)))
    runner.job_ended.connect(lambda job: told.append(("ended", job.state)))
    jobs: list[Job] = [runner.start(Lane.IO, double, 1, words="", on_done=lambda _: None)]
    qtbot.waitUntil(lambda: jobs[0].ended)
    assert told == [("started", JobState.WAITING), ("ended", JobState.DONE)]
