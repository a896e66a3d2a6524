"""Kills the real program in mid-edit and mid-save, many times, and looks at what comes back.

    python -m benchmarks.kills --kills 100

Each round starts the program, lets it edit, kills it (SIGKILL; TerminateProcess under Windows) at a
moment drawn at random, starts it anew, takes what it offers, and compares. Four kinds of rounds
take turns: work that was never saved, a saved project, a project that is saved all the time, and
the same killed as soon as a file that is being written is seen.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import soundfile

from benchmarks.killed_program import number_of
from benchmarks.recordings import ROOT
from model_core.edit.project import read_project
from model_core.errors import ProjectError
from model_core.files import TEMPORARY_PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterator

KINDS = ("never saved", "saved once", "saving", "writing")
OLDEST_S = 2.0
"""What comes back may be this old, not more."""

_RATE_HZ = 16_000
_SAVE_EVERY_MS = 20
_FIRST_KILL_S = 0.6
_LATEST_IN_SAVE_S = 0.12
_PATIENCE_S = 60.0
_PRIVATE_VARIABLES = (
    "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "APPDATA",
    "LOCALAPPDATA", "HOME", "USERPROFILE",
)  # fmt: skip


@dataclass
class Round:
    """What one kill did.

    Attributes:
        kind: One of `KINDS`.
        edits: How many changes were made.
        saves: How many times the project was saved.
        mid_save: Whether a save was asked for that hadn't ended.
        mid_write: Whether a file was being written.
        lost_s: Age of the oldest change that didn't come back, when the kill came; 0 for none.
        damaged: What is wrong with the project file; empty if nothing is.
        faults: What else went wrong.
    """

    kind: str
    edits: int = 0
    saves: int = 0
    mid_save: bool = False
    mid_write: bool = False
    lost_s: float = 0.0
    damaged: str = ""
    faults: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether nothing was lost or damaged."""
        return not self.damaged and not self.faults and self.lost_s <= OLDEST_S


class KilledPrograms:
    """Starts, kills and restores the program in a folder of its own.

    Args:
        folder: For the recording, the project, settings and copies of unsaved work.
        seed: Of the moments of the kills.
        longest_s: The program edits at most this long before it is killed.
        minutes: Length of the recording.
    """

    def __init__(
        self, folder: Path, seed: int, longest_s: float = 3.0, minutes: float = 60.0
    ) -> None:
        self._random = random.Random(seed)  # noqa: S311 - moments, not secrets
        self._longest_s = longest_s
        self._n_samples = round(60 * minutes * _RATE_HZ)
        self._folder = folder
        self._recording = folder / "recording.wav"
        self._project = folder / "recording.editorbot"
        with soundfile.SoundFile(self._recording, "w", _RATE_HZ, 1, subtype="PCM_16") as file:
            file.write(np.zeros(self._n_samples, np.int16))
        self._content = self._recording.read_bytes()

    def run(self, kind: str) -> Round:
        """Kills the program once and restores its work."""
        outcome = Round(kind)
        self._clear(kind)
        before = self._project.read_bytes() if kind == KINDS[1] else b""
        lines = self._edit_and_kill(kind)
        killed_at = time.monotonic()
        edits = {line["edited"]: line["at"] for line in lines if "edited" in line}
        outcome.edits, outcome.saves = len(edits), sum("saved" in line for line in lines)
        outcome.mid_save = sum("saving" in line for line in lines) > outcome.saves
        outcome.mid_write = any(self._folder.rglob(f"{TEMPORARY_PREFIX}*"))
        outcome.faults += [line["failed"] for line in lines if "failed" in line]
        last = max(edits, default=0)
        outcome.damaged = self._damage(kind, lines, last)
        if kind == KINDS[1] and self._project.read_bytes() != before:
            outcome.damaged = "it was changed without being saved"
        restored = self._restore(kind)
        number = restored.get("number", 0)
        outcome.faults += restored.get("questions", [])
        if not restored:
            outcome.faults.append("the program didn't start again")
        # A line may get lost with the process that prints it: one more change may come back.
        if number < last:
            outcome.lost_s = killed_at - edits.get(number + 1, min(edits.values()))
        if number > last + 1:
            outcome.faults.append(f"change {number} came back, but only {last} were made")
        if self._recording.read_bytes() != self._content:
            outcome.faults.append("the recording was written")
        return outcome

    def _clear(self, kind: str) -> None:
        for path in (*self._folder.glob(".*"), *self._home.rglob("*")):
            if path.is_file():
                path.unlink()
        if kind == KINDS[0]:
            self._project.unlink(missing_ok=True)
        elif not self._project.exists():
            # The first project comes from the program itself, which is killed once it is there.
            self._edit_and_kill("first", saves=1)

    @property
    def _home(self) -> Path:
        home = self._folder / "home"
        home.mkdir(exist_ok=True)
        return home

    def _edit_and_kill(self, kind: str, saves: int = 0) -> list[dict[str, Any]]:
        """Returns what the program said until it was killed."""
        opens_project = kind in KINDS[1:] and self._project.exists()
        arguments = ["edit", str(self._project if opens_project else self._recording)]
        if kind not in KINDS[:2]:
            arguments += ["--save-every-ms", str(_SAVE_EVERY_MS)]
        patience_s = self._random.uniform(_FIRST_KILL_S, self._longest_s)
        in_save_s = self._random.uniform(0.0, _LATEST_IN_SAVE_S)
        lines: list[dict[str, Any]] = []
        with self._started(arguments) as process:
            killer = _kill_in(process, _PATIENCE_S)
            for line in _lines_of(process):
                lines.append(line)
                if saves:
                    if sum("saved" in each for each in lines) >= saves:
                        process.kill()
                elif kind in KINDS[2:]:
                    if "saving" in line and line["at"] > lines[0]["at"] + patience_s:
                        patience_s = _PATIENCE_S
                        if kind == KINDS[3]:
                            self._kill_in_mid_write(process)
                        else:
                            killer.cancel()
                            killer = _kill_in(process, in_save_s)
                elif len(lines) == 1:
                    killer.cancel()
                    killer = _kill_in(process, patience_s)
            killer.cancel()
            killer.join()
        return lines

    def _kill_in_mid_write(self, process: subprocess.Popen[str]) -> None:
        """Kills the program at the sight of a temporary file in the project's folder."""
        give_up_at = time.monotonic() + _PATIENCE_S
        while time.monotonic() < give_up_at:
            with os.scandir(self._folder) as entries:
                if any(entry.name.startswith(TEMPORARY_PREFIX) for entry in entries):
                    break
        process.kill()

    def _damage(self, kind: str, lines: list[dict[str, Any]], last: int) -> str:
        """Returns what is wrong with the project file as the kill has left it."""
        if kind == KINDS[0]:
            return "a project appeared" if self._project.exists() else ""
        try:
            number = number_of(read_project(self._project).edit_list, self._n_samples)
        except ProjectError as error:
            return str(error)
        asked = [line["saving"] for line in lines if "saving" in line]
        n_saved = sum("saved" in line for line in lines)
        if n_saved and number < asked[n_saved - 1]:
            return f"it holds change {number}, but {asked[n_saved - 1]} was saved"
        return f"it holds change {number} of {last}" if asked and number > last + 1 else ""

    def _restore(self, kind: str) -> dict[str, Any]:
        """Returns what is open after the next start."""
        arguments = ["restore"] if kind == KINDS[0] else ["restore", str(self._project)]
        with self._started(arguments) as process:
            killer = _kill_in(process, _PATIENCE_S)
            lines = list(_lines_of(process))
            killer.cancel()
            killer.join()
        return lines[-1] if lines else {}

    def _started(self, arguments: list[str]) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "benchmarks.killed_program", *arguments],
            env={
                **os.environ,
                "QT_QPA_PLATFORM": "offscreen",
                **dict.fromkeys(_PRIVATE_VARIABLES, str(self._home)),
            },
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )


def _kill_in(process: subprocess.Popen[str], seconds: float) -> threading.Timer:
    killer = threading.Timer(seconds, process.kill)
    killer.start()
    return killer


def _lines_of(process: subprocess.Popen[str]) -> Iterator[dict[str, Any]]:
    """Yields what a program says; a line that the kill has cut off isn't said."""
    if process.stdout is not None:
        for line in process.stdout:
            if line.startswith("{") and line.endswith("}\n"):
                yield json.loads(line)


def main() -> int:
    """Kills, prints a table, and returns 1 if anything was lost or damaged."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        programs = KilledPrograms(Path(folder), arguments.seed)
        rounds: list[Round] = []
        for number in range(arguments.kills):
            outcome = programs.run(KINDS[number % len(KINDS)])
            rounds.append(outcome)
            sign = "ok" if outcome.passed else "LOST"
            print(f"{number + 1:4} {sign:4} {outcome}", flush=True)
    print("\n| kind | kills | mid-save | mid-write | edits | saves | oldest loss (s) | failed |")
    print("|---|---|---|---|---|---|---|---|")
    for kind in KINDS:
        of_kind = [each for each in rounds if each.kind == kind]
        if of_kind:
            print(
                f"| {kind} | {len(of_kind)} | {sum(each.mid_save for each in of_kind)} "
                f"| {sum(each.mid_write for each in of_kind)} "
                f"| {sum(each.edits for each in of_kind)} "
                f"| {sum(each.saves for each in of_kind)} "
                f"| {max(each.lost_s for each in of_kind):.2f} "
                f"| {sum(not each.passed for each in of_kind)} |"
            )
    return int(not all(each.passed for each in rounds))


if __name__ == "__main__":
    sys.exit(main())
