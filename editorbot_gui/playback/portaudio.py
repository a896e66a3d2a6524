"""PortAudio's library: loaded once, started anew to see other devices, one caller at a time."""

from __future__ import annotations

import importlib
import threading
from typing import TYPE_CHECKING, cast

from model_core.errors import DeviceError

if TYPE_CHECKING:
    from editorbot_gui.playback import portaudio_types as pa

WORKS_WITHOUT = "Everything but listening works without it."

library_lock = threading.RLock()
"""Held while a device is opened or closed: PortAudio's own start and end are global."""


class OpenStreams:
    """Counts the streams that are open, while which PortAudio can't be started anew."""

    def __init__(self) -> None:
        self.count = 0
        self.stale = False


open_streams = OpenStreams()
"""Of the process; to be used with `library_lock` held."""


def load_library() -> pa.Library:
    """Returns the module sounddevice, loading it unless it is there.

    Raises:
        DeviceError: PortAudio isn't installed.
    """
    try:
        return cast("pa.Library", importlib.import_module("sounddevice"))
    except OSError as error:
        raise DeviceError(
            "Sound can't be played or recorded because the PortAudio library is missing.",
            f"On Linux, install libportaudio2. {WORKS_WITHOUT}",
        ) from error


def look_again(library: pa.Library) -> bool:
    """Has PortAudio look for devices anew, unless a stream is open.

    The list of devices is made when PortAudio starts: one that was plugged in since, or a sound
    server that was started again, is only seen by a new start, and that would end what is open.

    Returns:
        Whether it has looked.

    Raises:
        DeviceError: The sound system can't be started.
    """
    with library_lock:
        if open_streams.count:
            return False
        try:
            # sounddevice has no public name for this.
            library._terminate()
            library._initialize()
        except library.PortAudioError as error:
            raise DeviceError("The sound system can't be started.", WORKS_WITHOUT) from error
        open_streams.stale = False
        return True
