"""Measures the way from file to file: `make bench`.

For recordings of several lengths, each in fresh processes: the command line as a person would call
it (seconds, times real time, peak memory), the stages of the same work one by one, and auto-editor
on the same file. Times are wall clock, so what else the machine does counts; its load is printed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections import defaultdict
from contextlib import contextmanager
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

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_MINUTES = (1.0, 10.0, 60.0)
_STAGES = (
    "start",
    "reading",
    "features",
    "encoding",
    "decoding",
    "joins",
    "rendering and writing",
)
_MIB = 1 << 20


class StageClock:
    """Adds up seconds by stage; what an inner stage takes doesn't count for the outer one."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._running: list[str] = []
        self._since = time.perf_counter()

    def _turn(self) -> None:
        now = time.perf_counter()
        if self._running:
            self.seconds[self._running[-1]] += now - self._since
        self._since = now

    def switch(self, stage: str) -> None:
        """Goes on with another stage in place of the running one."""
        self._turn()
        self._running[-1] = stage

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Counts the block's time for a stage."""
        self._turn()
        self._running.append(name)
        try:
            yield
        finally:
            self._turn()
            self._running.pop()


def _measure_stages(
    recording: Path, output: Path, checkpoint: Path | None, started: float
) -> dict[str, float]:
    """Does what the command line does, in this process, and returns the seconds of its stages.

    Args:
        recording: The file to edit.
        output: Where the edit goes.
        checkpoint: The network; None for the bundled one.
        started: `time.monotonic()` of when this process was asked for.
    """
    from model_core.audio.features import mel_spectrogram
    from model_core.audio.reading import open_audio
    from model_core.audio.render import Renderer
    from model_core.audio.source import AudioSource, Samples
    from model_core.export.sound import export_sound
    from model_core.infer import load_engine

    clock = StageClock()

    class TimedSource(AudioSource):
        """Reads through to another source and counts the time."""

        def __init__(self, inner: AudioSource) -> None:
            super().__init__()
            self._inner = inner
            for name in AudioSource.__annotations__:
                setattr(self, name, getattr(inner, name))

        def _read(self, start: int, stop: int) -> Samples:
            with clock.stage("reading"):
                return self._inner.read(start, stop)

        def content_hash(self) -> str:
            return self._inner.content_hash()

    def on_progress(_share: float, phrase: str) -> None:
        if phrase == "Placing joins":
            clock.switch("joins")

    engine = load_engine(checkpoint)
    clock.seconds["start"] = time.monotonic() - started
    with clock.stage("reading"):
        source = TimedSource(open_audio(recording))
    with clock.stage("features"):
        mel = mel_spectrogram(source, engine.mel_settings())
    with clock.stage("encoding"):
        encoding = engine.encode_mel(mel, source.n_samples, source.sample_rate)
    del mel
    with clock.stage("decoding"):
        proposal = engine.propose(encoding, source, progress=on_progress)
    with clock.stage("rendering and writing"):
        export_sound(Renderer([source], proposal.edit_list), output)
    return dict(clock.seconds)


def _command_line(recording: Path, output: Path, checkpoint: Path | None) -> Measured:
    """Measures the command line from file to file."""
    command = (sys.executable, "-m", "model_core.infer", recording, "--output", output, "--quiet")
    return run_measured((*command, "--checkpoint", checkpoint) if checkpoint else command)


def _stages_in_fresh_process(
    recording: Path, output: Path, checkpoint: Path | None
) -> dict[str, float]:
    command: list[str | Path] = [sys.executable, "-m", "benchmarks.bench"]
    command += ["--stages-of", recording, output]
    if checkpoint:
        command += ["--checkpoint", checkpoint]
    command += ["--started", repr(time.monotonic())]
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
    stages = _stages_in_fresh_process(recording, output, checkpoint)
    theirs = _auto_editor(recording, output)
    output.unlink(missing_ok=True)
    result: dict[str, Any] = {
        "minutes": minutes,
        "seconds": ours.seconds,
        "times_real_time": minutes * 60 / ours.seconds,
        "peak_mib": ours.peak_bytes / _MIB,
        "stages_s": {name: stages.get(name, 0.0) for name in _STAGES},
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
    for stage in _STAGES:
        cells = " | ".join(f"{result['stages_s'][stage]:.2f}" for result in results)
        print(f"| {stage} | {cells} |")


def _print_growth(results: Sequence[dict[str, Any]]) -> None:
    by_length = {result["minutes"]: result for result in results}
    if {10.0, 60.0} <= by_length.keys():
        short, long = by_length[10.0], by_length[60.0]
        print(
            f"\nFrom 10 to 60 minutes: {long['seconds'] / short['seconds']:.2f} times the time, "
            f"{long['peak_mib'] / short['peak_mib']:.2f} times the memory."
        )


def main() -> None:
    """Measures and prints; with `--json` also writes what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, nargs="+", default=_MINUTES)
    parser.add_argument("--json", type=Path, help="also write the results to this file")
    parser.add_argument("--checkpoint", type=Path, help="a network other than the bundled one")
    parser.add_argument("--stages-of", type=Path, nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--started", type=float, default=0.0, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.stages_of:
        recording, output = arguments.stages_of
        stages = _measure_stages(recording, output, arguments.checkpoint, arguments.started)
        print(json.dumps(stages))
        return
    print(_machine())
    kind = "the audio folder's clips" if audio_folder() else "the demo recordings"
    print(f"44.1 kHz stereo, 16 bit, talk with pauses and false starts, made from {kind}\n")
    print("| from file to file | recording | time | times real time | peak memory |")
    print("|---|---|---|---|---|")
    results = []
    for minutes in arguments.minutes:
        results.append(measure(minutes, arguments.checkpoint))
        _print_result(results[-1])
        sys.stdout.flush()
    _print_stages(results)
    _print_growth(results)
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
