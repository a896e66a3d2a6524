"""PortAudio's library: loaded once, started anew to see other devices, one caller at a time."""

from __future__ import annotations

import importlib
import sys
import threading
import time
from typing import TYPE_CHECKING, cast

from editorbot_gui.playback.device_thread import DeviceThread
from model_core.errors import DeviceError

if TYPE_CHECKING:
    from editorbot_gui.playback import portaudio_types as pa

_LOOK_AGAIN_S = 10.0

WORKS_WITHOUT = "Everything but listening works without it."

sound_thread = DeviceThread("sound-devices", stays=sys.platform == "win32")
"""Opens and closes devices, all of them. In Windows what PortAudio holds belongs to the thread that
has started it (a COM apartment), and ends with it."""

library_lock = threading.RLock()
"""Held while a device is opened or closed: PortAudio's own start and end are global."""


class OpenStreams:
    """The streams that are open, while which PortAudio can't be started anew.

    Attributes:
        count: How many.
        stale: Whether it is known that there are other devices than PortAudio has seen.
        looked_at_s: When PortAudio looked for devices, on the monotonic clock.
    """

    def __init__(self) -> None:
        self.count = 0
        self.stale = False
        self.looked_at_s = 0.0

    def needs_look(self, device: str | None) -> bool:
        """Whether PortAudio may not know what a device's name means now.

        Args:
            device: The name; None for the default one, which may be another by now.
        """
        is_old = time.monotonic() - self.looked_at_s > _LOOK_AGAIN_S
        return self.stale or (device is None and is_old)


open_streams = OpenStreams()
"""Of the process; to be used with `library_lock` held."""


def load_library() -> pa.Library:
    """Returns the module sounddevice, loading it unless it is there.

    Raises:
        DeviceError: PortAudio isn't installed.
    """
    try:
        if open_streams.looked_at_s == 0.0:
            open_streams.looked_at_s = time.monotonic()
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
        open_streams.looked_at_s = time.monotonic()
        return True
