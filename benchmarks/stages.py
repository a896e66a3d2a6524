"""Does what the command line does and says how long each stage took; `benchmarks.bench` starts it.

    python -m benchmarks.stages ASKED RECORDING OUTPUT [CHECKPOINT]

ASKED is `time.monotonic()` of when this process was asked for. Prints seconds as JSON. Imports
nothing that the command line doesn't import, in no other order.
"""

from __future__ import annotations

import json
import sys
import time
from collections import defaultdict
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

STAGES = (
    "start",
    "reading",
    "features",
    "encoding",
    "decoding",
    "joins",
    "rendering and writing",
)


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


def measure_stages(
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
        mel = mel_spectrogram(source, engine.card.config.mel_settings())
    with clock.stage("encoding"):
        encoding = engine.encode_mel(mel, source.n_samples, source.sample_rate)
    del mel
    with clock.stage("decoding"):
        proposal = engine.propose(encoding, source, progress=on_progress)
    with clock.stage("rendering and writing"):
        export_sound(Renderer([source], proposal.edit_list), output)
    return dict(clock.seconds)


def main() -> None:
    """Measures and prints."""
    started, recording, output, *checkpoint = sys.argv[1:]
    stages = measure_stages(
        Path(recording),
        Path(output),
        Path(checkpoint[0]) if checkpoint else None,
        float(started),
    )
    print(json.dumps(stages))


if __name__ == "__main__":
    main()
