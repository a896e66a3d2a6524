"""Throughput and memory of a batch, beside the same files edited one by one.

    python -m benchmarks.batch [--long 6] [--short 100] [--processes 2]

Long files have ten minutes each, short ones ten seconds. Single runs are `editorbot edit`, a fresh
process for each file; of the short ones five are measured and multiplied. Memory is what all
processes of the batch hold together (Linux: proportional set size), sampled while it runs; flat
means that the second half of the batch holds no more than the first.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import psutil
import soundfile

from resources import resource_path

_ROOT = Path(__file__).resolve().parents[1]
_LONG_S = 600.0
_SHORT_S = 10.0
_SINGLE_SHORT = 5
_LOOK_S = 0.5


def make_recordings(folder: Path, n: int, seconds: float) -> list[Path]:
    """Writes speech of some length, no two files alike."""
    speech, rate = soundfile.read(resource_path("demo", "speech.flac"), dtype="int16")
    folder.mkdir()
    paths = []
    for index in range(n):
        rolled = np.roll(speech, -index * rate)
        samples = np.resize(rolled, (round(seconds * rate), *speech.shape[1:]))
        path = folder / f"{index:03}.wav"
        soundfile.write(path, samples, rate)
        paths.append(path)
    return paths


def single_runs(paths: list[Path], folder: Path) -> float:
    """Returns how many seconds the files take one by one."""
    folder.mkdir()
    started = time.perf_counter()
    for path in paths:
        _run("edit", str(path), "--output", str(folder / path.name), "--quiet")
    return time.perf_counter() - started


def batch_run(folder: Path, output: Path, processes: int) -> tuple[float, list[float]]:
    """Returns how many seconds a batch takes, and the megabytes that it held meanwhile."""
    held: list[float] = []
    over = threading.Event()

    def look() -> None:
        me = psutil.Process()
        while not over.wait(_LOOK_S):
            held.append(sum(_megabytes(child) for child in me.children(recursive=True)))

    watcher = threading.Thread(target=look)
    watcher.start()
    started = time.perf_counter()
    try:
        _run(
            "batch", str(folder), "--output", str(output), "--processes", str(processes), "--quiet"
        )
    finally:
        taken = time.perf_counter() - started
        over.set()
        watcher.join()
    return taken, held


def _run(*arguments: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "editorbot_gui.command", *arguments], cwd=_ROOT, check=True
    )


def _megabytes(process: psutil.Process) -> float:
    try:
        about = process.memory_full_info()
    except psutil.Error:
        return 0.0
    return float(getattr(about, "pss", about.rss)) / 2**20


def _measured(name: str, folder: Path, paths: list[Path], single_s: float, n: int) -> None:
    audio_s = sum(soundfile.info(path).duration for path in paths)
    taken, held = batch_run(folder, folder.with_name(f"{name} edited"), n)
    # The first tenth is loading.
    settled = held[len(held) // 10 :]
    half = len(settled) // 2
    first, second = max(settled[:half], default=0.0), max(settled[half:], default=0.0)
    print(
        json.dumps(
            {
                "files": len(paths),
                "kind": name,
                "processes": n,
                "audio_s": round(audio_s),
                "batch_s": round(taken, 1),
                "single_runs_s": round(single_s, 1),
                "times_as_fast": round(single_s / taken, 2),
                "times_real_time": round(audio_s / taken, 1),
                "peak_mb_first_half": round(first),
                "peak_mb_second_half": round(second),
            }
        ),
        flush=True,
    )


def main() -> int:
    """Measures and prints a line of JSON for long and for short files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--long", type=int, default=6, help="files of ten minutes")
    parser.add_argument("--short", type=int, default=100, help="files of ten seconds")
    parser.add_argument("--processes", type=int, default=2)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        if arguments.short:
            paths = make_recordings(root / "short", arguments.short, _SHORT_S)
            some = paths[:_SINGLE_SHORT]
            single_s = single_runs(some, root / "short single") * len(paths) / len(some)
            _measured("short", root / "short", paths, single_s, arguments.processes)
        if arguments.long:
            paths = make_recordings(root / "long", arguments.long, _LONG_S)
            single_s = single_runs(paths, root / "long single")
            _measured("long", root / "long", paths, single_s, arguments.processes)
    return 0


if __name__ == "__main__":
    sys.exit(main())
