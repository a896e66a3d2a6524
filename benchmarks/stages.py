"""Does what the command line does and says how long each stage took; `benchmarks.bench` starts it.

    python -m benchmarks.stages ASKED RECORDING OUTPUT [CHECKPOINT]
    python -m benchmarks.stages warm RECORDING OUTPUT [CHECKPOINT]

ASKED is `time.monotonic()` of when this process was asked for. Prints seconds as JSON. Imports
nothing that the command line doesn't import, in no other order. With `warm` it does the whole of
it several times in one process, as a person does who edits one file after another.
"""

from __future__ import annotations

import json
import sys
import time
from collections import defaultdict
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from model_core.audio.source import AudioSource
    from model_core.engine import Encoding, Engine

STAGES = (
    "start",
    "reading",
    "features",
    "encoding",
    "decoding",
    "joins",
    "rendering and writing",
)

_WARM_TURNS = 3


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


def measure_warm(recording: Path, output: Path, checkpoint: Path | None) -> dict[str, float]:
    """Returns seconds in a process that has edited before, least of several.

    Args:
        recording: The file to edit.
        output: Where the edit goes.
        checkpoint: The network; None for the bundled one.

    Returns:
        "file to file"; then, of a recording that is encoded, proposals with "another tightness",
        "another seed" and "another length", and a "preview" of half a minute in another style.
    """
    from model_core.audio.reading import open_audio
    from model_core.audio.render import Renderer
    from model_core.export.sound import export_sound
    from model_core.infer import load_engine

    engine = load_engine(checkpoint)
    seconds: dict[str, list[float]] = defaultdict(list)
    for turn in range(_WARM_TURNS + 1):
        with open_audio(recording) as source:
            started = time.perf_counter()
            encoding = engine.encode(source)
            proposal = engine.propose(encoding, source)
            export_sound(Renderer([source], proposal.edit_list), output)
            taken = {"file to file": time.perf_counter() - started}
            for name, work in _other_edits(engine, encoding, source).items():
                started = time.perf_counter()
                work()
                taken[name] = time.perf_counter() - started
        if turn:  # the first one is what makes the process a warm one
            for name, value in taken.items():
                seconds[name].append(value)
    return {name: min(values) for name, values in seconds.items()}


def _other_edits(
    engine: Engine, encoding: Encoding, source: AudioSource
) -> dict[str, Callable[[], object]]:
    """Returns ways to ask for another edit of a recording that is encoded."""
    from model_core.options import GenerateOptions

    half_minute = 30 * source.sample_rate
    asked = {
        "another tightness": GenerateOptions(tightness=0.8),
        "another seed": GenerateOptions(tightness=0.8, temperature=1.0, seed=5),
        "another length": GenerateOptions(tightness=0.8, target_length_s=300),
    }
    ways: dict[str, Callable[[], object]] = {
        name: partial(engine.propose, encoding, source, options) for name, options in asked.items()
    }
    ways["preview"] = partial(
        engine.preview, encoding, GenerateOptions(tightness=0.3), half_minute, 2 * half_minute
    )
    return ways


def main() -> None:
    """Measures and prints."""
    started, recording, output, *rest = sys.argv[1:]
    checkpoint = Path(rest[0]) if rest else None
    if started == "warm":
        measured = measure_warm(Path(recording), Path(output), checkpoint)
    else:
        measured = measure_stages(Path(recording), Path(output), checkpoint, float(started))
    print(json.dumps(measured))


if __name__ == "__main__":
    main()
