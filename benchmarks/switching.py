"""Measures how soon A/B and another take are heard: `python -m benchmarks.switching`.

A recording and two takes, which are noise of their own each, play through a private PulseAudio. It
is switched while they play, and what arrives at the sink tells when the other one began.
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

from benchmarks.sound_server import RATE, SoundServer, SoundServerError, is_installed

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from editorbot_gui.playback.player import Player

SWITCHES = 20
_BETWEEN_S = 0.5
_PROBE = 64
_LONGEST_DELAY_S = 0.4
_GIVE_UP_S = 60.0


@dataclass(frozen=True)
class Switch:
    """One switch.

    Attributes:
        kind: "A/B" or "take".
        place: What was heard when it was asked for, in samples of what was listened to.
        before: What was listened to, by number.
        after: What is listened to now, by number.
    """

    kind: str
    place: int
    before: int
    after: int


@dataclass
class Delays:
    """From asking to hearing, in seconds, for each kind.

    Attributes:
        found_s: The delays.
        unclear: Switches whose sound was not found, because the machine had left a gap there.
        underruns: Blocks that came too late.
    """

    found_s: dict[str, list[float]] = field(default_factory=lambda: {"A/B": [], "take": []})
    unclear: int = 0
    underruns: int = 0


def _noise(seed: int, n_samples: int) -> npt.NDArray[np.int16]:
    rng = np.random.default_rng(seed)
    return rng.integers(-20_000, 20_000, (n_samples, 2), dtype=np.int16)


def _wait(until: Callable[[], bool]) -> None:
    from PySide6.QtCore import QCoreApplication

    end = time.monotonic() + _GIVE_UP_S
    while not until() and time.monotonic() < end:
        QCoreApplication.processEvents()
        time.sleep(0.0005)


def _switch(player: Player, sounds: list[npt.NDArray[np.int16]], count: int) -> list[Switch]:
    """Switches while it plays: to the edit, to the other take, to the recording, and so on."""
    from model_core.audio.render import Renderer
    from model_core.audio.source import ArraySource
    from model_core.edit.types import EditList

    def material(which: int) -> Renderer:
        source = ArraySource(sounds[which], RATE)
        return Renderer((source,), EditList.whole(source.n_samples))

    materials = [material(which) for which in range(3)]
    player.set_raw(materials[0])
    player.set_edited(materials[1])
    player.play(0)
    switches: list[Switch] = []
    heard, take = 0, 1
    for number in range(count):
        start = player.position()
        _wait(lambda start=start: player.position() > start + _BETWEEN_S * RATE)  # type: ignore[misc]
        place = player.position()
        if number % 3 == 1:
            take = 3 - take
            player.set_edited(materials[take], lambda position: position)
            kind, after = "take", take
        else:
            after = take if heard == 0 else 0
            player.listen_to("edited" if after else "raw")
            kind = "A/B"
        switches.append(Switch(kind, place, heard, after))
        heard = after
    start = player.position()
    _wait(lambda: player.position() > start + RATE)
    player.pause()
    return switches


def _delays(
    arrived: npt.NDArray[np.int16], sounds: list[npt.NDArray[np.int16]], switches: list[Switch]
) -> Delays:
    delays = Delays()
    for switch in switches:
        # What was heard a little earlier says where in the stream the switch was asked for; a gap
        # moves that, so it is looked for each time.
        earlier = switch.place - RATE // 4
        probe = sounds[switch.before][earlier : earlier + _PROBE]
        starts = np.flatnonzero((arrived[:-_PROBE] == probe[0]).all(axis=1))
        at = next((int(s) for s in starts if (arrived[s : s + _PROBE] == probe).all()), None)
        if at is None:
            delays.unclear += 1
            continue
        n_samples = RATE // 4 + round(_LONGEST_DELAY_S * RATE)
        stream = arrived[at : at + n_samples]
        old = sounds[switch.before][earlier : earlier + n_samples][: len(stream)]
        new = sounds[switch.after][earlier : earlier + n_samples][: len(stream)]
        changed = int(np.argmin((stream == old).all(axis=1)))
        faded = changed + round(0.01 * RATE)
        if not (stream[faded : faded + _PROBE] == new[faded : faded + _PROBE]).all():
            delays.unclear += 1
            continue
        delays.found_s[switch.kind].append((changed - RATE // 4) / RATE)
    return delays


def measure(count: int = SWITCHES) -> Delays:
    """Switches so many times, and returns how soon that was heard.

    Raises:
        SoundServerError: There is no PulseAudio.
    """
    if not is_installed():
        raise SoundServerError("PulseAudio isn't installed (Debian: pulseaudio, pulseaudio-utils).")
    folder = Path(tempfile.mkdtemp(prefix="ebswitch-"))
    server = SoundServer(folder)
    try:
        os.environ.update(server.variables)
        server.add_sink()
        from PySide6.QtCore import QCoreApplication

        from editorbot_gui.playback.player import Player
        from editorbot_gui.playback.sound_device import SoundDeviceBackend

        application = QCoreApplication.instance() or QCoreApplication([])
        sounds = [_noise(seed, round((count * _BETWEEN_S * 1.5 + 5) * RATE)) for seed in range(3)]
        heard = folder / "heard.raw"
        recorder = server.record(heard)
        _wait(lambda: heard.exists() and heard.stat().st_size > 0)
        player = Player(None, SoundDeviceBackend("pulse"))
        switches = _switch(player, sounds, count)
        player.close()
        application.processEvents()
        recorder.terminate()
        recorder.wait()
        pcm = np.fromfile(heard, dtype="<i2")
        arrived = pcm[: len(pcm) // 2 * 2].reshape(-1, 2)
        delays = _delays(arrived, sounds, switches)
        delays.underruns = player.underruns
        return delays
    finally:
        server.end()
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=SWITCHES, help="how often it is switched")
    count = parser.parse_args().count
    delays = measure(count)
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    print(f"\nFrom asking to hearing, {os.cpu_count()} cores{load}\n")
    for kind, found_s in delays.found_s.items():
        if found_s:
            middle, most = statistics.median(found_s) * 1000, max(found_s) * 1000
            print(f"{kind}: {len(found_s)} times, median {middle:.1f} ms, at most {most:.1f} ms")
    print(f"not found because of a gap: {delays.unclear}; late blocks: {delays.underruns}")


if __name__ == "__main__":
    main()
