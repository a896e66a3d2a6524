"""Records in a process of its own, until it is killed: `recording_child FILE`.

An input of 48 kHz delivers samples that count. Each time that a block was taken, the number of
frames so far is printed.
"""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QCoreApplication

from editorbot_gui.recording.backend import InputFormat
from editorbot_gui.recording.recorder import Recorder, RecorderState
from tests.gui.playback_fakes import ManualBackend

if TYPE_CHECKING:
    from editorbot_gui.recording.backend import PushBlock

RATE = 48_000
BLOCK = 960
STEP = 2.0**-23


class CountingInput:
    """Delivers counting samples as fast as a device would."""

    def __init__(self) -> None:
        self.format = InputFormat(RATE, 1, "Counting")
        self.overflows = 0
        self.counts = threading.Event()

    def start(self, push: PushBlock) -> None:
        threading.Thread(target=self._deliver, args=(push,), daemon=True).start()

    def _deliver(self, push: PushBlock) -> None:
        self.counts.wait()
        frame, begun = 0, time.monotonic()
        while True:
            push((np.arange(frame, frame + BLOCK, dtype=np.float32) * STEP)[:, None])
            frame += BLOCK
            print(frame, flush=True)  # noqa: T201 - what the test reads
            threading.Event().wait(max(0.0, begun + frame / RATE - time.monotonic()))

    def failure(self) -> str:
        return ""

    def close(self) -> None:
        pass


class CountingInputs:
    """Opens the one input there is."""

    def __init__(self) -> None:
        self.stream = CountingInput()

    def open(self, _device: str | None, _channels: int) -> CountingInput:
        return self.stream


def main() -> None:
    """Records until it is killed."""
    app = QCoreApplication([])
    inputs = CountingInputs()
    recorder = Recorder(inputs, ManualBackend())

    def go_on(state: str) -> None:
        if state == RecorderState.READY:
            recorder.record(Path(sys.argv[1]))
        elif state == RecorderState.RECORDING:
            inputs.stream.counts.set()

    recorder.state_changed.connect(go_on)
    recorder.listen(None, 1)
    app.exec()


if __name__ == "__main__":
    main()
