"""Measures the way from file to file: `make bench`.

For recordings of several lengths, each in fresh processes: the command line as a person would call
it (seconds, times real time, peak memory), the stages of the same work one by one, and auto-editor
on the same file. For ten minutes also a process that has the network loaded already: file to file,
and another edit of a recording that it has listened to. Times are wall clock, so what else the
machine does counts; its load is printed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from benchmarks.peers import (
    AUTO_EDITOR_VERSION,
    Measured,
    PeerUnavailableError,
    measure_auto_editor,
    run_measured,
)
from benchmarks.recordings import BENCH_FOLDER, ROOT, audio_folder, make_recording
from benchmarks.stages import STAGES

if TYPE_CHECKING:
    from collections.abc import Sequence

_MINUTES = (1.0, 10.0, 60.0)
_WARM_MINUTES = 10.0
_MIB = 1 << 20


def _command_line(recording: Path, output: Path, checkpoint: Path | None) -> Measured:
    """Measures the command line from file to file."""
    command = (sys.executable, "-m", "model_core.infer", recording, "--output", output, "--quiet")
    return run_measured((*command, "--checkpoint", checkpoint) if checkpoint else command)


def stages_in_fresh_process(
    recording: Path, output: Path, checkpoint: Path | None, *, warm: bool = False
) -> dict[str, float]:
    """Returns what `benchmarks.stages` measures in a process of its own."""
    asked = "warm" if warm else repr(time.monotonic())
    command = [sys.executable, "-m", "benchmarks.stages", asked]
    command += [str(path) for path in (recording, output, checkpoint) if path]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    stages: dict[str, float] = json.loads(done.stdout)
    return stages


def _auto_editor(recording: Path, output: Path) -> Measured | str:
    try:
        return measure_auto_editor(recording, output)
    except PeerUnavailableError as error:
        return f"not measured: {error}"


def _machine() -> str:
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    memory_gib = psutil.virtual_memory().total / (1 << 30)
    return (
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, {memory_gib:.0f} GiB, "
        f"Python {platform.python_version()}; load when this began: {load}"
    )


def measure(minutes: float, checkpoint: Path | None) -> dict[str, Any]:
    """Returns all that is measured for one length; JSON-able."""
    recording = make_recording(minutes)
    output = BENCH_FOLDER / "edited.wav"
    ours = _command_line(recording, output, checkpoint)
    stages = stages_in_fresh_process(recording, output, checkpoint)
    warm = (
        stages_in_fresh_process(recording, output, checkpoint, warm=True)
        if minutes == _WARM_MINUTES
        else None
    )
    theirs = _auto_editor(recording, output)
    output.unlink(missing_ok=True)
    result: dict[str, Any] = {
        "minutes": minutes,
        "seconds": ours.seconds,
        "times_real_time": minutes * 60 / ours.seconds,
        "peak_mib": ours.peak_bytes / _MIB,
        "stages_s": {name: stages.get(name, 0.0) for name in STAGES},
        "warm_s": warm,
    }
    if isinstance(theirs, Measured):
        result["auto_editor"] = {
            "seconds": theirs.seconds,
            "times_real_time": minutes * 60 / theirs.seconds,
            "peak_mib": theirs.peak_bytes / _MIB,
        }
    else:
        result["auto_editor"] = theirs
    return result


def _print_result(result: dict[str, Any]) -> None:
    print(
        f"| EditorBot | {result['minutes']:g} min | {result['seconds']:.1f} s "
        f"| {result['times_real_time']:.0f}x | {result['peak_mib']:.0f} MiB |"
    )
    peer = result["auto_editor"]
    name = f"| auto-editor {AUTO_EDITOR_VERSION} | {result['minutes']:g} min "
    if isinstance(peer, str):
        print(f"{name}| {peer} | | |")
    else:
        print(
            f"{name}| {peer['seconds']:.1f} s | {peer['times_real_time']:.0f}x "
            f"| {peer['peak_mib']:.0f} MiB |"
        )


def _print_stages(results: Sequence[dict[str, Any]]) -> None:
    lengths = " | ".join(f"{result['minutes']:g} min" for result in results)
    print(f"\n| seconds of | {lengths} |")
    print("|---" * (len(results) + 1) + "|")
    for stage in STAGES:
        cells = " | ".join(f"{result['stages_s'][stage]:.2f}" for result in results)
        print(f"| {stage} | {cells} |")


def _print_warm(results: Sequence[dict[str, Any]]) -> None:
    for result in results:
        if not result["warm_s"]:
            continue
        print(f"\n| with the network loaded, {result['minutes']:g} min | seconds |\n|---|---|")
        for name, seconds in result["warm_s"].items():
            print(f"| {name} | {seconds:.2f} |")
        peer = result["auto_editor"]
        if not isinstance(peer, str):
            print(
                f"| auto-editor {AUTO_EDITOR_VERSION}, from file to file | {peer['seconds']:.2f} |"
            )


def _print_growth(results: Sequence[dict[str, Any]]) -> None:
    by_length = {result["minutes"]: result for result in results}
    if {10.0, 60.0} <= by_length.keys():
        short, long = by_length[10.0], by_length[60.0]
        print(
            f"\nFrom 10 to 60 minutes: {long['seconds'] / short['seconds']:.2f} times the time, "
            f"{long['peak_mib'] / short['peak_mib']:.2f} times the memory."
        )


def main() -> int:
    """Measures and prints; with `--json` also writes what was measured.

    Returns:
        The exit code: 1 if the program under test failed.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, nargs="+", default=_MINUTES)
    parser.add_argument("--json", type=Path, help="also write the results to this file")
    parser.add_argument("--checkpoint", type=Path, help="a network other than the bundled one")
    arguments = parser.parse_args()
    print(_machine())
    kind = "the audio folder's clips" if audio_folder() else "the demo recordings"
    print(f"44.1 kHz stereo, 16 bit, talk with pauses and false starts, made from {kind}\n")
    print("| from file to file | recording | time | times real time | peak memory |")
    print("|---|---|---|---|---|")
    results = []
    for minutes in arguments.minutes:
        try:
            results.append(measure(minutes, arguments.checkpoint))
        except subprocess.CalledProcessError as error:
            print(f"EditorBot failed: {(error.stderr or b'').decode()}", file=sys.stderr)
            return 1
        _print_result(results[-1])
        sys.stdout.flush()
    _print_stages(results)
    _print_warm(results)
    _print_growth(results)
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
