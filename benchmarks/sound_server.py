"""A sound server with a sink that stands in for loudspeakers, so that what arrives can be read."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

RATE = 44_100
"""Of the sinks, in hertz."""

_PROGRAMS = ("pulseaudio", "pactl", "parec", "pacat")


class SoundServerError(Exception):
    """A sound server that can't be had, with the reason."""


def is_installed() -> bool:
    """Returns whether PulseAudio is there (Debian: pulseaudio, pulseaudio-utils)."""
    return sys.platform.startswith("linux") and all(map(shutil.which, _PROGRAMS))


class SoundServer:
    """A PulseAudio of its own.

    Args:
        folder: Its own too; the path of a socket must be short.

    Attributes:
        variables: What a program needs in its environment to find it.
        first_sink: What `remove_sink` takes away unless another is named.

    Raises:
        SoundServerError: It doesn't start.
    """

    def __init__(self, folder: Path) -> None:
        self.variables = {
            "XDG_RUNTIME_DIR": str(folder),
            "PULSE_SERVER": f"unix:{folder}/native",
        }
        self._environment = {**os.environ, **self.variables, "HOME": str(folder)}
        self._folder = folder
        self.first_sink = ""
        self._process = self._started()

    def _started(self) -> subprocess.Popen[bytes]:
        # In the foreground and with nothing but what is named: this also works for root and
        # without D-Bus. Anonymous clients, because there is no home to keep a cookie in.
        options = ["-n", "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1"]
        protocol = f"module-native-protocol-unix auth-anonymous=1 socket={self._folder}/native"
        log = (self._folder / "server.log").open("wb")
        with log:
            process = subprocess.Popen(
                ["pulseaudio", *options, "-L", protocol],  # noqa: S607 - found on the path
                env=self._environment,
                stdout=log,
                stderr=log,
            )
        for _ in range(200):
            if self._pactl("info", check=False):
                return process
            try:
                process.wait(timeout=0.05)
            except subprocess.TimeoutExpired:
                continue
            break
        process.kill()
        process.wait()
        log_text = (self._folder / "server.log").read_text(encoding="utf-8", errors="replace")
        raise SoundServerError(f"PulseAudio didn't start: {log_text}")

    def _pactl(self, *words: str, check: bool = True) -> str:
        return subprocess.run(
            ["pactl", *words],  # noqa: S607 - found on the path
            env=self._environment,
            check=check,
            capture_output=True,
            text=True,
        ).stdout

    def add_sink(self, name: str = "test") -> str:
        """Adds a sink and returns what it is removed by."""
        # Without rewinds the sink works in steps of 50 ms at most, and not of 2 s when idle.
        form = f"rate={RATE} format=s16le channels=2 norewinds=1"
        return self._pactl("load-module", "module-null-sink", f"sink_name={name}", *form.split())

    def remove_sink(self, module: str = "module-null-sink") -> None:
        """Takes a sink away, as a device that is unplugged."""
        self._pactl("unload-module", module.strip())

    def record(self, path: Path, sink: str = "test") -> subprocess.Popen[bytes]:
        """Begins to write what arrives at a sink to a file, as 16-bit stereo."""
        form = ["--format=s16le", f"--rate={RATE}", "--channels=2", "--latency-msec=20", "--raw"]
        with path.open("wb") as file:
            return subprocess.Popen(
                ["parec", "-d", f"{sink}.monitor", *form],  # noqa: S607 - found on the path
                env=self._environment,
                stdout=file,
            )

    def use_as_input(self, sink: str = "test") -> None:
        """Makes what is played to a sink the default input, as a cable from out to in."""
        self._pactl("set-default-source", f"{sink}.monitor")

    def use_as_output(self, sink: str) -> None:
        """Makes a sink the default output."""
        self._pactl("set-default-sink", sink)

    def play(self, path: Path, sink: str = "test") -> subprocess.Popen[bytes]:
        """Begins to play a file of 16-bit stereo without a header to a sink."""
        form = ["--format=s16le", f"--rate={RATE}", "--channels=2", "--latency-msec=100", "--raw"]
        return subprocess.Popen(
            ["pacat", "-p", "-d", sink, *form, str(path)],  # noqa: S607 - found on the path
            env=self._environment,
        )

    def end(self) -> None:
        """Ends it."""
        self._process.terminate()
        self._process.wait()
