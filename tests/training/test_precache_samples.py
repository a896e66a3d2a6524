from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import warnings
from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING

import pytest

from tests.training.library_pairs import write_pair, write_stranger
from training import precache_samples
from training.library import Library, LibraryError, PairState
from training.library.command import DONE, INCOMPLETE, NOTHING, STOPPED, clock, sweep, table
from training.library.parallel import run_all

if TYPE_CHECKING:
    from pathlib import Path


def run(root: Path, *arguments: str) -> int:
    folders = (f"--data_dir={root / 'training_data'}", f"--cache_dir={root / 'cache'}")
    return precache_samples.main([*arguments, *folders, "--jobs=1"])


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two good pairs, one of strangers, one without a mate; worked on once."""
    root = tmp_path_factory.mktemp("mixed") / "Büro 東京 $1"
    data = root / "training_data"
    write_pair(data, "one")
    write_pair(data, "zwei – №2", seed=2)
    write_stranger(data, "odd")
    shutil.copy(data / "input" / "one_raw.wav", data / "input" / "lonely_raw.wav")
    assert run(root) == INCOMPLETE
    return root


def test_samples_can_be_listed_on_the_standard_input(
    mixed: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", StringIO(json.dumps(["one", "zwei – №2"])))
    assert run(mixed, "--listed") == DONE
    assert "2 pairs: 0 made, 2 up to date" in capsys.readouterr().out
    monkeypatch.setattr(sys, "stdin", StringIO("one"))
    assert run(mixed, "--listed") == NOTHING
    assert "no list of names" in capsys.readouterr().err


def test_bad_pairs_are_named_and_do_not_stop_the_rest(
    mixed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(mixed) == INCOMPLETE
    out, err = capsys.readouterr()
    assert "4 pairs: 0 made, 2 up to date, 1 refused, 1 failed." in out
    below = out.split("Not usable (2):")[1]
    assert "lonely: “lonely_raw.wav” has no finished edit beside it." in below
    assert "odd: Only " in below
    assert "odd: Only " in err
    rows = {line.split("  ")[0]: line for line in out.splitlines()}
    assert rows["zwei – №2"].endswith("good")
    states = {pair.name: pair.state for pair in Library(mixed).pairs()}
    assert states == {
        "lonely": PairState.INCOMPLETE,
        "odd": PairState.REFUSED,
        "one": PairState.READY,
        "zwei – №2": PairState.READY,
    }


def test_named_samples_only(mixed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(mixed, "one") == DONE
    assert "1 pair: 0 made, 1 up to date" in capsys.readouterr().out


def test_json_lines(mixed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(mixed, "--json") == INCOMPLETE
    *pairs, end = map(json.loads, capsys.readouterr().out.splitlines())
    assert end == {"event": "end", "made": 0, "up to date": 2, "refused": 1, "failed": 1}
    assert {line["sample"]: line["verdict"] for line in pairs} == {
        "lonely": None,
        "odd": None,
        "one": "good",
        "zwei – №2": "good",
    }
    assert [line["done"] for line in pairs] == [1, 2, 3, 4]


def test_nothing_to_do(tmp_path: Path, mixed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path) == NOTHING
    assert "holds no library" in capsys.readouterr().err
    (tmp_path / "training_data" / "input").mkdir(parents=True)
    assert run(tmp_path) == NOTHING
    assert "no pairs" in capsys.readouterr().err
    assert run(mixed, "nobody") == NOTHING
    assert "no sample “nobody”" in capsys.readouterr().err
    with pytest.raises(SystemExit) as usage:
        precache_samples.main(["--jobs", "0"])
    assert usage.value.code == NOTHING


def test_stopping_keeps_what_is_done(
    mixed: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(precache_samples, "make_pair", stopped)
    assert run(mixed) == STOPPED
    assert "kept" in capsys.readouterr().err
    assert Library(mixed).pair("one").state is PairState.READY


def test_a_run_ended_by_force_is_taken_up_again(tmp_path: Path) -> None:
    """The process kills itself when it begins the second pair."""
    data = tmp_path / "training_data"
    write_pair(data, "a")
    write_pair(data, "b", seed=2)
    code = """
import os, sys
from training import precache_samples
from training.library import making
real, begun = making.align, []
def align(*arguments, **options):
    begun.append(1)
    if len(begun) == 2:
        os._exit(9)
    return real(*arguments, **options)
making.align = align
sys.exit(precache_samples.main(sys.argv[1:]))
"""
    folders = (f"--data_dir={data}", f"--cache_dir={tmp_path / 'cache'}", "--jobs=1")
    killed = subprocess.run(
        [sys.executable, "-c", code, *folders], capture_output=True, check=False
    )
    assert killed.returncode == 9
    states = [pair.state for pair in Library(tmp_path).pairs()]
    assert sorted(states) == [PairState.NEW, PairState.READY]
    info = data / "pointer_sequences" / "a_info.json"
    first = info if info.exists() else data / "pointer_sequences" / "b_info.json"
    before = first.stat().st_mtime_ns
    assert run(tmp_path) == DONE
    assert first.stat().st_mtime_ns == before
    assert all(pair.state is PairState.READY for pair in Library(tmp_path).pairs())


def test_temporary_files_of_a_killed_run_are_swept_but_not_those_in_use(tmp_path: Path) -> None:
    library = Library(tmp_path)
    library.create()
    old, new = (library.layout.features / f".editorbot-{name}.npz" for name in "ab")
    for path in (old, new):
        path.write_bytes(b"x")
    os.utime(old, (1, 1))
    sweep(library.layout)
    assert not old.exists()
    assert new.exists()


@dataclass(frozen=True)
class Job:
    name: str
    parent: int = 0


def killing(job: Job) -> Job:
    """Ends its own process for the job “bad”, as the system does when memory runs out."""
    if job.name == "bad":
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
    return Job(job.name, os.getpid())


def lost(job: Job) -> Job:
    return Job(f"lost {job.name}")


def test_a_process_that_dies_costs_only_its_own_pair() -> None:
    jobs = [Job(name) for name in ("a", "bad", "c")]
    with warnings.catch_warnings():
        # joblib warns of processes that were ended.
        warnings.simplefilter("ignore")
        results = list(run_all(killing, jobs, lost, jobs=2))
    assert sorted(result.name for result in results) == ["a", "c", "lost bad"]
    assert all(result.parent != os.getpid() for result in results)


def test_one_job_runs_here() -> None:
    assert list(run_all(killing, [Job("a")], lost)) == [Job("a", os.getpid())]


@pytest.mark.filterwarnings("ignore")
def test_the_workers_of_a_dask_scheduler(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    distributed = pytest.importorskip("distributed")
    write_pair(tmp_path / "training_data", "talk")
    write_stranger(tmp_path / "training_data", "odd")
    with distributed.LocalCluster(
        n_workers=1,
        threads_per_worker=1,
        processes=False,
        dashboard_address=None,
        host="127.0.0.1",
        protocol="tcp",
    ) as cluster:
        assert run(tmp_path, f"--dask={cluster.scheduler_address}") == INCOMPLETE
    out = capsys.readouterr().out
    assert "2 pairs: 1 made, 0 up to date, 1 refused, 0 failed." in out
    assert Library(tmp_path).pair("talk").state is PairState.READY


def test_no_scheduler_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(LibraryError, match=r"Dask.*isn't installed"):
        list(run_all(killing, [Job("a")], lost, scheduler="tcp://127.0.0.1:1"))


def test_tables_bear_wide_letters() -> None:
    text = table(("name", "n"), [("東京", "1"), ("abcd", "22")], (1,))
    assert text.splitlines() == ["name   n", "----  --", "東京   1", "abcd  22"]
    assert (clock(59.6), clock(3725)) == ("1:00", "1:02:05")
