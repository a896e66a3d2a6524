"""Which sound outputs and inputs there are now."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from model_core.errors import DeviceError

if TYPE_CHECKING:
    from editorbot_gui.playback.list_devices import Kind
    from model_core.progress import CancelToken, Progress

_LONGEST_S = 5.0
_LOOK_S = 0.05
_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class SoundDevice:
    """A sound output or input.

    Attributes:
        id: What it is opened by.
        name: For people.
        is_default: Whether the system uses it by default.
        channels: How many it has.
    """

    id: str
    name: str
    is_default: bool
    channels: int = 2


def list_outputs(
    _request: None, cancel: CancelToken, _progress: Progress
) -> tuple[SoundDevice, ...]:
    """Looks for sound outputs, in a process of its own; a job.

    Returns:
        The outputs, in the system's order; empty if there are none.

    Raises:
        DeviceError: They can't be listed.
        CancelledError: It was cancelled.
    """
    return _listed("output", cancel)


def list_inputs(
    _request: None, cancel: CancelToken, _progress: Progress
) -> tuple[SoundDevice, ...]:
    """Looks for sound inputs, in a process of its own; a job. See `list_outputs`."""
    return _listed("input", cancel)


def _listed(kind: Kind, cancel: CancelToken) -> tuple[SoundDevice, ...]:
    command = [sys.executable, "-m", "editorbot_gui.playback.list_devices", kind]
    process = subprocess.Popen(  # noqa: S603 - the project's own program
        command,
        cwd=_ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )
    give_up_at = time.monotonic() + _LONGEST_S
    try:
        while True:
            try:
                # The answer is far smaller than a pipe holds, so it never waits to be read.
                process.wait(timeout=_LOOK_S)
                break
            except subprocess.TimeoutExpired:
                cancel.raise_if_cancelled()
                if time.monotonic() > give_up_at:
                    raise DeviceError(
                        "The sound system does not answer.", "Try again in a moment."
                    ) from None
        answer = process.stdout.read() if process.stdout is not None else ""
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()
    return _parsed(answer)


def _parsed(answer: str) -> tuple[SoundDevice, ...]:
    try:
        rows = json.loads(answer)
        return tuple(
            SoundDevice(
                str(row["id"]), str(row["name"]), bool(row["default"]), int(row["channels"])
            )
            for row in rows
        )
    except (ValueError, TypeError, KeyError) as error:
        raise DeviceError("The sound devices can't be listed.", "Try again in a moment.") from error
