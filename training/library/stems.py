"""Separated stems of the recordings: brought into the library, and their mel spectrograms."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tempfile
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from model_core.audio.features import DEFAULT_SETTINGS, mel_spectrogram
from model_core.audio.reading import open_audio
from model_core.errors import EditorBotError
from model_core.files import TEMPORARY_PREFIX, file_write_error, why_unreadable
from model_core.nn.config import STEMS
from training.library.arrays import FloatArray, read_mels, write_npz
from training.library.errors import LibraryError
from training.library.references import bring, resolve

if TYPE_CHECKING:
    from collections.abc import Mapping

    from training.library.layout import Layout

LENGTH_TOLERANCE_S: Final = 0.1
"""Separators and codecs lengthen a file a little; more than this is another recording's stem."""

_MODEL = "htdemucs"
_SHOWN_LETTERS = 300


def stem_files(folder: Path) -> dict[str, Path]:
    """Returns the stems in a folder, `drums.wav`, `vocals.flac` and so on, by name.

    Raises:
        LibraryError: The folder can't be read, or holds two files for one stem.
    """
    found: dict[str, Path] = {}
    try:
        paths = sorted(folder.iterdir())
    except OSError as error:
        raise LibraryError(f"“{folder}” can't be read: {why_unreadable(error)}.") from error
    for path in paths:
        name = path.stem.lower()
        if name not in STEMS or not path.is_file():
            continue
        if name in found:
            raise LibraryError(
                f"“{folder}” holds two files for the stem “{name}”.", "Leave only one there."
            )
        found[name] = path
    return found


def own_stems(folder: Path, name: str) -> dict[str, Path]:
    """Returns a sample's stems among a person's own: those in a folder of the sample's name.

    Raises:
        LibraryError: As `stem_files`.
    """
    for path in sorted(folder.iterdir()):
        if path.is_dir() and unicodedata.normalize("NFC", path.name) == name:
            return stem_files(path)
    return {}


def add_stems(
    layout: Layout, name: str, raw: Path, stems: Mapping[str, Path], *, by_reference: bool
) -> None:
    """Brings a sample's stems into the library, in place of those that are there.

    Args:
        layout: Of the library.
        name: The sample.
        raw: Its recording.
        stems: Files by name of the stem; they are only read.
        by_reference: Whether to write down where they lie instead of copying them.

    Raises:
        LibraryError: A stem isn't as long as the recording.
        AudioReadError: A stem or the recording can't be read.
        FileWriteError: The library can't be written.
    """
    with open_audio(raw) as source:
        length_s = source.duration_s
    for stem, path in stems.items():
        with open_audio(path) as source:
            off_s = source.duration_s - length_s
        if abs(off_s) > LENGTH_TOLERANCE_S:
            raise LibraryError(
                f"The stem “{stem}” is {abs(off_s):.1f} s {'longer' if off_s > 0 else 'shorter'} "
                "than its recording.",
                "Give stems of the whole recording.",
            )
    folder = layout.stems(name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        old = set(stem_files(folder).values()) if folder.is_dir() else set()
        for stem, path in stems.items():
            old.discard(bring(path, folder, stem, by_reference=by_reference))
        for path in old:
            if path.stem.lower() in stems:
                path.unlink()
        layout.stem_mels(name).unlink(missing_ok=True)
    except OSError as error:
        raise file_write_error(error, error.filename or folder) from error


def stem_mels(layout: Layout, name: str, n_frames: int) -> dict[str, FloatArray]:
    """Computes the mel spectrograms of a sample's stems, each as long as the recording's.

    Args:
        layout: Of the library.
        name: The sample.
        n_frames: Frames T of its recording.

    Returns:
        Arrays of shape `[n_mels, T]` in [0, 1] by name of the stem; a silent stem is all 0.

    Raises:
        LibraryError: There are no stems, or a reference leads nowhere.
        AudioReadError: A stem can't be read.
    """
    folder = layout.stems(name)
    files = stem_files(folder) if folder.is_dir() else {}
    if not files:
        raise LibraryError(
            f"There are no stems in “{folder}”.", "Add some with: python -m training.precache_stems"
        )
    mels = {}
    for stem, path in files.items():
        with open_audio(resolve(path)) as source:
            mel = mel_spectrogram(source, DEFAULT_SETTINGS)[:, :n_frames]
        mels[stem] = np.pad(mel, ((0, 0), (0, n_frames - mel.shape[1])))
    return mels


def write_stem_mels(layout: Layout, name: str, mels: Mapping[str, FloatArray]) -> None:
    """Writes `{sample}_stems.npz`.

    Raises:
        FileWriteError: It can't be written.
    """
    write_npz(layout.stem_mels(name), dict(mels))


def are_converted(layout: Layout, name: str, n_frames: int) -> bool:
    """Whether the spectrograms are there, sound, of all stems, and newer than the stems."""
    try:
        files = stem_files(layout.stems(name))
        path = layout.stem_mels(name)
        made = path.stat().st_mtime_ns
        mels = read_mels(path, STEMS)
        newest = max(
            max(file.stat().st_mtime_ns, resolve(file).stat().st_mtime_ns)
            for file in files.values()
        )
    except (OSError, EditorBotError, ValueError):
        return False
    fits = all(mel.shape == (DEFAULT_SETTINGS.n_mels, n_frames) for mel in mels.values())
    return fits and set(mels) == set(files) and newest <= made


def separator_missing() -> bool:
    """Whether Demucs isn't installed."""
    return importlib.util.find_spec("demucs") is None


def separate(layout: Layout, name: str, raw: Path) -> None:
    """Separates a recording with Demucs and brings the stems into the library.

    Demucs runs as a program of its own; the first time it downloads its network.

    Raises:
        LibraryError: Demucs isn't installed, or fails.
        FileWriteError: The library can't be written.
    """
    if separator_missing():
        raise LibraryError(
            "There are no stems for it, and Demucs, which could make them, isn't installed.",
            "Name a folder of your own stems with --stems, or install Demucs with: "
            "pip install demucs",
        )
    folder = layout.stems(name).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=TEMPORARY_PREFIX, dir=folder) as work:
            command = [sys.executable, "-m", "demucs", "-n", _MODEL, "--filename", "{stem}.{ext}"]
            done = subprocess.run(  # noqa: S603 - a program of our own choice
                [*command, "-o", work, "--", str(raw.absolute())],
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
            )
            stems = stem_files(Path(work) / _MODEL) if done.returncode == 0 else {}
            if not stems:
                said = " ".join(done.stderr.split())[-_SHOWN_LETTERS:] or "nothing"
                raise LibraryError(
                    f"Demucs could not separate it; it said: {said}",
                    "Name a folder of your own stems with --stems.",
                )
            add_stems(layout, name, raw, stems, by_reference=False)
    except OSError as error:
        raise file_write_error(error, error.filename or folder) from error
