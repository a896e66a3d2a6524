"""Measures how soon the window is there, and how soon a long recording shows its waveform.

Each figure is the median of several fresh processes after one that isn't counted (a warm start).
Settings and caches are new and empty each time, so peaks are really read, and the network is loaded
in the background as always.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.recordings import ROOT, make_recording

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_PRIVATE_FOLDERS = ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME")
_WORDS = {
    "window_s": "process start to painted window",
    "waveform_s": "opening a 60-minute WAV to its first painted waveform",
    "all_peaks_s": "opening it to its whole waveform",
    "longest_stall_s": "longest time without a turn of the event loop until the network is there",
}


def _run_once(variables: Mapping[str, str], recording: Path | None) -> dict[str, float]:
    """Runs one fresh process with settings and caches of its own."""
    command = [sys.executable, "-m", "benchmarks.watched_start"]
    with tempfile.TemporaryDirectory() as folder:
        private = dict.fromkeys(_PRIVATE_FOLDERS, folder)
        done = subprocess.run(
            [*command, repr(time.monotonic()), *([str(recording)] if recording else [])],
            env={**os.environ, **private, **variables},
            cwd=ROOT,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _measure(variables: Mapping[str, str], recording: Path, runs: int) -> dict[str, float]:
    """Returns the medians."""
    _run_once(variables, None)
    found = [_run_once(variables, None) for _ in range(runs)]
    found += [_run_once(variables, recording) for _ in range(runs)]
    return {
        name: statistics.median(each[name] for each in found if name in each) for name in _WORDS
    }


@contextmanager
def _virtual_display() -> Iterator[str]:
    """Runs an X server without a screen and yields its name."""
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1920x1080x24"]
    with subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL) as server:
        os.close(writing)
        try:
            with os.fdopen(reading) as numbers:
                yield f":{numbers.readline().strip()}"
        finally:
            server.terminate()


def main() -> None:
    """Measures on every kind of display that can be had, and prints a table for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="processes for each figure")
    parser.add_argument("--minutes", type=float, default=60.0, help="length of the recording")
    arguments = parser.parse_args()
    recording = make_recording(arguments.minutes)
    print(f"\n| median of {arguments.runs} warm starts | display | seconds |\n|---|---|---|")

    def report(display: str, variables: Mapping[str, str]) -> None:
        for key, seconds in _measure(variables, recording, arguments.runs).items():
            print(f"| {_WORDS[key]} | {display} | {seconds:.2f} |", flush=True)

    report("offscreen", {"QT_QPA_PLATFORM": "offscreen"})
    if sys.platform in {"win32", "darwin"}:
        report("this one", {})
    elif shutil.which("Xvfb"):
        with _virtual_display() as name:
            report("Xvfb", {"DISPLAY": name, "QT_QPA_PLATFORM": "xcb"})


if __name__ == "__main__":
    main()
