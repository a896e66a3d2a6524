"""Counts gaps in what is heard while the network works: `python -m benchmarks.playback`.

The real window, offscreen, plays a recording of ten minutes through a private PulseAudio for a
minute, while the network listens to that recording and edits it, again and again. Counted are the
blocks that came too late (the player's own count and PortAudio's); measured are the longest time
without a turn of the event loop and how far the playhead is from what arrives.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.recordings import make_recording
from benchmarks.sound_server import RATE, SoundServer, SoundServerError, is_installed

if TYPE_CHECKING:
    from collections.abc import Callable

    from editorbot_gui.generation import EngineLoader
    from editorbot_gui.main_window import MainWindow

MINUTES = 10.0
PLAYED_S = 60.0
_LOOK_S = 0.25
_GIVE_UP_S = 120.0
_PRIVATE_FOLDERS = ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME")
_BYTES_A_FRAME = 4
_NOISE = 1000


@dataclass(frozen=True)
class Asked:
    """What is to be played.

    Attributes:
        minutes: Length of the recording.
        seconds: How long it plays.
        only_play: Whether the network rests, to see what something else does to playing.
    """

    minutes: float = MINUTES
    seconds: float = PLAYED_S
    only_play: bool = False


@dataclass
class Found:
    """What was counted and measured.

    Attributes:
        played_s: How long it played.
        underruns: Blocks that came too late.
        generated: How often the network was asked and has answered.
        longest_stall_s: Longest time without a turn of the event loop.
        errors_s: Playhead minus what has arrived, at several moments.
        opening_s: How long the first press on Play took.
    """

    played_s: float = 0.0
    underruns: int = 0
    generated: int = 0
    longest_stall_s: float = 0.0
    opening_s: float = 0.0
    errors_s: list[float] = field(default_factory=list)


class _Turns:
    """Runs the event loop and notes how long it ever stood still."""

    def __init__(self, found: Found) -> None:
        from PySide6.QtCore import QCoreApplication

        self._process = QCoreApplication.processEvents
        self._found = found

    def until(self, is_done: Callable[[], bool], longest_s: float = _GIVE_UP_S) -> None:
        end = time.monotonic() + longest_s
        while not is_done() and time.monotonic() < end:
            begun = time.monotonic()
            self._process()
            stall_s = time.monotonic() - begun
            self._found.longest_stall_s = max(self._found.longest_stall_s, stall_s)
            time.sleep(0.001)


def _measure_playhead(window: MainWindow, heard: Path, turns: _Turns, found: Found) -> None:
    """Compares the playhead with what has arrived; the first loud sample is known to both."""
    pcm = np.fromfile(heard, dtype="<i2")[: heard.stat().st_size // 2].reshape(-1, 2)
    if not pcm.any():
        return
    source = window.session.source
    if source is None:
        return
    first = int(np.argmax(pcm.any(axis=1)))
    # Noise never repeats, so a short stretch says which place of the recording it is.
    probe = pcm[first + RATE : first + RATE + _NOISE]
    candidates = source.read(0, 4 * RATE)
    starts = np.flatnonzero((candidates[:-_NOISE] == probe[0]).all(axis=1))
    place = next((int(at) for at in starts if (candidates[at : at + _NOISE] == probe).all()), None)
    if place is None:
        return
    offset = place - (first + RATE)
    for _ in range(20):
        before = heard.stat().st_size
        turns.until(lambda size=before: heard.stat().st_size > size)  # type: ignore[misc]
        arrived = heard.stat().st_size // _BYTES_A_FRAME + offset
        found.errors_s.append((window.player.position() - arrived) / RATE)


def _play(
    window: MainWindow, loader: EngineLoader, server: SoundServer, folder: Path, asked: Asked
) -> Found:
    """Plays for a while, with the network at work unless only playing was asked for."""
    found = Found()
    turns = _Turns(found)
    turns.until(lambda: window.session.source is not None and not window.runner.jobs)
    heard = folder / "heard.raw"
    recorder = server.record(heard)
    turns.until(lambda: heard.exists() and heard.stat().st_size > 0)
    found.longest_stall_s = 0.0
    begun = time.monotonic()
    window.transport.toggle_play()
    found.opening_s = time.monotonic() - begun
    generation = window.generation
    generation.applied.connect(lambda _proposal: setattr(found, "generated", found.generated + 1))
    generation.offered.connect(lambda _proposal: setattr(found, "generated", found.generated + 1))
    turns.until(lambda: window.player.position() > 3 * RATE)
    _measure_playhead(window, heard, turns, found)
    begun = time.monotonic()
    while time.monotonic() - begun < asked.seconds:
        if not asked.only_play and not generation.running:
            loader.forget()  # it listens anew each time
            window.generate()
        turns.until(lambda: False, _LOOK_S)
    found.played_s = time.monotonic() - begun
    found.underruns = window.player.underruns
    recorder.terminate()
    recorder.wait()
    return found


def measure(asked: Asked) -> Found:
    """Plays a recording.

    Raises:
        SoundServerError: There is no PulseAudio.
    """
    if not is_installed():
        raise SoundServerError("PulseAudio isn't installed (Debian: pulseaudio, pulseaudio-utils).")
    recording = make_recording(asked.minutes)
    folder = Path(tempfile.mkdtemp(prefix="ebplay-"))
    server = SoundServer(folder)
    try:
        os.environ.update(server.variables)
        os.environ.update(dict.fromkeys(_PRIVATE_FOLDERS, str(folder)))
        server.add_sink()
        return _with_window(recording, server, folder, asked)
    finally:
        server.end()
        shutil.rmtree(folder, ignore_errors=True)


def _with_window(recording: Path, server: SoundServer, folder: Path, asked: Asked) -> Found:
    from PySide6.QtWidgets import QApplication

    from editorbot_gui.generation import EngineLoader
    from editorbot_gui.main_window import MainWindow
    from editorbot_gui.playback.player import Player
    from editorbot_gui.playback.sound_device import SoundDeviceBackend
    from editorbot_gui.settings import Settings
    from editorbot_gui.theme import Theme

    application = QApplication.instance() or QApplication([])
    Theme.current().apply()
    settings = Settings(folder / "settings.ini")
    settings.output_device = "pulse"
    loader = EngineLoader()
    window = MainWindow(settings, loader, Player(None, SoundDeviceBackend("pulse")))
    window.resize(1440, 900)
    window.show()
    window.load_model()
    window.open_path(recording)
    try:
        return _play(window, loader, server, folder, asked)
    finally:
        window.projects.give_up()
        window.close()
        application.processEvents()


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=MINUTES, help="length of the recording")
    parser.add_argument("--seconds", type=float, default=PLAYED_S, help="how long it plays")
    parser.add_argument(
        "--only-play",
        action="store_true",
        help="let the network rest, to see what something else that runs does to playing",
    )
    options = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    found = measure(Asked(options.minutes, options.seconds, options.only_play))
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    what = "Playback" if options.only_play else "Playback while the network works"
    print(f"\n{what}, {os.cpu_count()} cores{load}\n")
    print(f"played: {found.played_s:.0f} s, edits generated meanwhile: {found.generated}")
    print(f"blocks that came too late: {found.underruns}")
    print(f"longest time without a turn of the event loop: {found.longest_stall_s * 1000:.0f} ms")
    print(f"opening the device: {found.opening_s * 1000:.0f} ms")
    if found.errors_s:
        median_s = statistics.median(found.errors_s)
        print(f"playhead minus what arrives, median: {median_s * 1000:+.1f} ms")


if __name__ == "__main__":
    main()
