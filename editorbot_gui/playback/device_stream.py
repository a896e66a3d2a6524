"""What streams of PortAudio's have in common, be they out or in."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from editorbot_gui.playback.portaudio import library_lock, open_streams
from model_core.errors import DeviceError

if TYPE_CHECKING:
    from editorbot_gui.playback import portaudio_types as pa


class DeviceStream:
    """A stream that counts as open until it is closed, and tells when its device goes away.

    Args:
        library: The module sounddevice.
        device_words: The device, for the person, at the beginning of a sentence.
    """

    _stream: pa.Stream

    def __init__(self, library: pa.Library, device_words: str) -> None:
        self._library = library
        self._device_words = device_words
        self._is_open = False
        self._ended = False

    def _take(self, stream: pa.Stream) -> None:
        """Takes over a stream that was opened, with `_note_end` as its finished callback."""
        self._stream = stream
        self._is_open = True
        open_streams.count += 1

    def _start(self, advice: str) -> None:
        """Starts the stream; closes it if that can't be.

        Args:
            advice: What the person can do then.

        Raises:
            DeviceError: The device refuses.
        """
        try:
            self._stream.start()
        except self._library.PortAudioError as error:
            self.close()
            raise DeviceError(
                f"{self._device_words} can't be started ({error.args[0]}).", advice
            ) from error

    def failure(self) -> str:
        """Returns a sentence when the device has ended the stream by itself."""
        return f"{self._device_words} has gone away." if self._ended else ""

    def close(self) -> None:
        """Stops at once and frees the device."""
        with library_lock:
            if not self._is_open:
                return
            self._is_open = False
            open_streams.count -= 1
            # A device that has gone away may complain about being closed; it is gone all the same.
            with contextlib.suppress(self._library.PortAudioError):
                self._stream.abort()
            with contextlib.suppress(self._library.PortAudioError):
                self._stream.close()

    def _note_end(self) -> None:
        self._ended = True
