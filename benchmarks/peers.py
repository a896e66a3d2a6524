"""auto-editor, measured beside EditorBot in the same run.

It is no dependency of the project: it lives in an environment of its own under `.bench`, and where
it can't be had the measurement says so.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil

from benchmarks.recordings import BENCH_FOLDER

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

AUTO_EDITOR_VERSION = "23.31.1"
_ENVIRONMENT = BENCH_FOLDER / "auto-editor"
_SAMPLING_S = 0.02


class PeerUnavailableError(Exception):
    """The other program can't be had here; the message says why."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What a command took.

    Attributes:
        seconds: Wall-clock time from start to end.
        peak_bytes: Largest resident memory of the process and its children together, as sampled.
    """

    seconds: float
    peak_bytes: int


def run_measured(command: Sequence[str | Path]) -> Measured:
    """Runs a command to its end.

    Raises:
        subprocess.CalledProcessError: If it fails; `stderr` holds its last words.
    """
    peak_bytes = 0
    started = time.perf_counter()
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        root = psutil.Process(process.pid)
        while process.poll() is None:
            peak_bytes = max(peak_bytes, _resident_bytes(root))
            time.sleep(_SAMPLING_S)
        seconds = time.perf_counter() - started
        words = process.stderr.read() if process.stderr else b""
    if process.returncode != 0:
        raise subprocess.CalledProcessError(process.returncode, list(command), stderr=words)
    return Measured(seconds, peak_bytes)


def _resident_bytes(root: psutil.Process) -> int:
    total = 0
    try:
        for process in (root, *root.children(recursive=True)):
            total += process.memory_info().rss
    except psutil.Error:  # it ended between two looks
        return total
    return total


def auto_editor_program() -> Path:
    """Returns the path of the program, installing it if it isn't there.

    Raises:
        PeerUnavailableError: If it can't be installed, or ffmpeg is missing.
    """
    if not shutil.which("ffmpeg"):
        raise PeerUnavailableError("ffmpeg isn't installed")
    windows = sys.platform == "win32"
    scripts = _ENVIRONMENT / ("Scripts" if windows else "bin")
    program = scripts / ("auto-editor.exe" if windows else "auto-editor")
    if program.exists():
        return program
    pip = (str(scripts / "python"), "-m", "pip", "install", "--quiet")
    steps = (
        (sys.executable, "-m", "venv", "--clear", str(_ENVIRONMENT)),
        # Its own pins are too old for this Python; with these it runs, with the system's ffmpeg.
        (*pip, "numpy<2", "pillow", "av"),
        (*pip, "--no-deps", f"auto-editor=={AUTO_EDITOR_VERSION}"),
    )
    for command in steps:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise PeerUnavailableError("it could not be installed")
    return program


def measure_auto_editor(recording: Path, output: Path) -> Measured:
    """Measures auto-editor from file to file, with its default settings.

    Raises:
        PeerUnavailableError: If it can't be had here, or fails.
    """
    command: list[str | Path] = [
        auto_editor_program(),
        recording,
        "-o",
        output,
        "--no-open",
        "--my-ffmpeg",
        "--quiet",
    ]
    try:
        return run_measured(command)
    except (OSError, subprocess.CalledProcessError) as error:
        raise PeerUnavailableError(f"it failed ({error})") from error
