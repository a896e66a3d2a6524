"""Recordings of any length to measure with: 44.1 kHz stereo talk with pauses and false starts.

They are made from the clips of the audio folder beside the project, or, where there is none, from
the bundled demo recordings again and again; noise makes no two repetitions equal.
"""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import soundfile
import soxr

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

ROOT = Path(__file__).resolve().parents[1]
BENCH_FOLDER = ROOT / ".bench"
SAMPLE_RATE = 44_100
_NOISE_DB = -62.0


def audio_folder() -> Path | None:
    """Returns the folder that EDITORBOT_AUDIO names, or the one that lies beside the project."""
    named = os.environ.get("EDITORBOT_AUDIO")
    if named:
        return Path(named)
    manifests = sorted(ROOT.parent.glob("*/audio/MANIFEST.csv"))
    return manifests[0].parent if manifests else None


def _clip_paths() -> list[Path]:
    folder = audio_folder()
    if folder is None:
        return sorted((ROOT / "resources" / "demo").glob("*.flac"))
    with (folder / "MANIFEST.csv").open(encoding="utf-8", newline="") as manifest:
        files = [row["file"] for row in csv.DictReader(manifest)]
    return [folder / file for file in files if file.startswith("speech/")]


def _talk(rng: np.random.Generator) -> Iterator[npt.NDArray[np.float32]]:
    """Yields pieces of stereo talk without end: clips, pauses, now and then a false start."""
    paths = _clip_paths()
    while True:
        for index in rng.permutation(len(paths)):
            clip, rate = soundfile.read(paths[index], dtype="float32", always_2d=True)
            mono = soxr.resample(clip.mean(axis=1), rate, SAMPLE_RATE)
            sides = np.float32(0.7) * (1 + rng.uniform(-0.1, 0.1, 2)).astype(np.float32)
            said = mono[:, np.newaxis] * sides
            if rng.random() < 0.15:
                yield said[: int(said.shape[0] * rng.uniform(0.2, 0.6))]
                yield np.zeros((int(SAMPLE_RATE * rng.uniform(0.3, 1.0)), 2), np.float32)
            yield said
            yield np.zeros((int(SAMPLE_RATE * rng.uniform(0.2, 2.5)), 2), np.float32)


def make_recording(minutes: float) -> Path:
    """Returns the path of a recording of this length; made once, kept in `.bench`."""
    kind = "corpus" if audio_folder() else "demo"
    path = BENCH_FOLDER / "recordings" / f"{kind}_{minutes:g}_min.wav"
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    left = round(minutes * 60 * SAMPLE_RATE)
    unfinished = path.with_suffix(".part")
    with soundfile.SoundFile(
        unfinished, "w", SAMPLE_RATE, channels=2, subtype="PCM_16", format="WAV"
    ) as file:
        for piece in _talk(rng):
            part = piece[:left]
            noise = rng.standard_normal(part.shape, dtype=np.float32)
            file.write(part + noise * np.float32(10 ** (_NOISE_DB / 20)))
            left -= part.shape[0]
            if left <= 0:
                break
    unfinished.replace(path)
    return path
