"""The audio folder: which clips there are, what may be trained on, and which part they belong to.

A folder holds `MANIFEST.csv` and the clips that it lists. Clips are grouped by the voice or the
track they come from; a group belongs to one part only (train, valid or test), so that nothing a
model is judged on was heard in training.
"""

from __future__ import annotations

import csv
import hashlib
import os
import re
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias, TypeVar, cast

import numpy as np
import numpy.typing as npt

from model_core.errors import AudioReadError

SAMPLE_RATE = 22050

Section: TypeAlias = Literal["speech", "music", "noise"]
Split: TypeAlias = Literal["train", "valid", "test"]
T = TypeVar("T")

_PERMISSIVE = re.compile(r"public domain|cc0|bsd|\bmit\b|unlicense|cc-by-\d", re.IGNORECASE)
_RESTRICTED = re.compile(r"gpl|-sa\b|-nc\b|-nd\b", re.IGNORECASE)

# Groups whose part is fixed by hand. The voices and the track of the bundled demo are never
# trained on; the three sonnets may be one reader's, so they stay together.
_PINNED: Mapping[str, Split] = {
    "M. McAuliffe": "test",
    "sonnet_1": "test",
    "sonnet_2": "test",
    "sonnet_3": "test",
    **{f"kerstin_session{number:02d}": "train" for number in range(11)},
    "kerstin_session11": "valid",
    "kerstin_session12": "test",
    "kerstin_session13": "test",
    "kerstin_session14": "test",
    "kerstin_session15": "test",
    "ami_dev00": "test",
    "ami_dev01": "test",
    "ami_tst00": "test",
    "ami_tst01": "test",
    "ami_trn09": "valid",
    "Linda Johnson": "train",
    "gr0": "test",
    "Vibe Ace": "test",
    "Feelings": "test",
    "ptn3": "test",
    "stg4": "test",
    "mcd3": "test",
    "tt4": "valid",
    "bgm3": "valid",
    "stg_c": "valid",
    "ttn3": "valid",
    "exercise_bike": "test",
    "sonicpi_ambi_sauna": "test",
    "LibriSpeech spk 8770": "test",
    "LibriSpeech spk 2092": "test",
    "sonicpi_vinyl_hiss": "valid",
    "LibriSpeech spk 3947": "valid",
    "dishes": "train",
    "roomtone_kerstin": "train",
}


def is_permissive(licence: str) -> bool:
    """Returns whether a clip under `licence` may be trained on.

    Public domain, CC0, BSD, MIT, Unlicense and CC-BY qualify. GPL and share-alike material serves
    tests only.
    """
    return bool(_PERMISSIVE.search(licence)) and not _RESTRICTED.search(licence)


def group_of(file: str, title: str) -> str:
    """Returns the voice or track that a clip belongs to."""
    stem = Path(file).stem
    recording = re.search(r"kerstin_session\d+|ami_[a-z]+\d+|sonnet_\d", stem)
    if recording:
        return recording.group()
    room_tone = re.fullmatch(r"roomtone_libri_(\d+)", stem)
    if room_tone:
        return f"LibriSpeech spk {room_tone.group(1)}"
    return stem if file.startswith("noise/") else title


def split_of(group: str) -> Split:
    """Returns the part that a group belongs to, from a hash of its name unless it is pinned."""
    pinned = _PINNED.get(group)
    if pinned is not None:
        return pinned
    digest = hashlib.blake2b(group.encode(), digest_size=4).digest()
    place = int.from_bytes(digest, "big") % 100
    if place < 10:
        return "valid"
    # Only the many voices can spare a test part by chance; the few tracks and noises of that part
    # are pinned above.
    return "test" if place < 22 and group.startswith("LibriSpeech") else "train"


@dataclass(frozen=True, slots=True)
class Clip:
    """One clip of a corpus.

    Attributes:
        name: Its file within the folder, or any unique name for a clip in memory.
        section: What it holds.
        group: The voice, session or track it belongs to.
        licence: The licence as the manifest states it.
        seconds: Its length.
        native_rate_hz: The rate it was recorded at; below 22,050 its upper band is empty.
    """

    name: str
    section: Section
    group: str
    licence: str
    seconds: float
    native_rate_hz: int

    @property
    def person(self) -> str:
        """Who speaks, where that is known beyond the session."""
        return self.group.split("_session")[0]

    @property
    def split(self) -> Split:
        """The part it belongs to."""
        return split_of(self.group)


class Corpus:
    """Clips with their samples: mono, 22,050 Hz, read when first asked for and kept as int16.

    Args:
        clips: The clips to offer.
        read: Gives a clip's samples, float32 of shape [n].
        cache_folder: Where slow analyses are kept between runs; None keeps them in memory only.
    """

    def __init__(
        self,
        clips: Iterable[Clip],
        read: Callable[[Clip], npt.NDArray[np.float32]],
        cache_folder: Path | None = None,
    ) -> None:
        self.clips = tuple(clips)
        self.cache_folder = cache_folder
        self._read = read
        self._samples: dict[str, npt.NDArray[np.int16]] = {}
        self._derived: dict[tuple[str, Hashable], object] = {}
        self._groups: dict[Section, dict[str, tuple[Clip, ...]]] = {
            "speech": {},
            "music": {},
            "noise": {},
        }
        for clip in self.clips:
            groups = self._groups[clip.section]
            groups[clip.group] = (*groups.get(clip.group, ()), clip)

    @classmethod
    def from_folder(
        cls,
        folder: Path,
        split: Split,
        *,
        permissive_only: bool = True,
        cache_folder: Path | None = None,
    ) -> Corpus:
        """Opens one part of an audio folder.

        Args:
            folder: The folder that holds `MANIFEST.csv`.
            split: The part to take.
            permissive_only: Whether to leave out what may not be trained on.
            cache_folder: Where slow analyses are kept between runs.

        Raises:
            AudioReadError: The folder has no readable manifest.
        """
        clips = [
            clip
            for clip in read_manifest(folder)
            if clip.split == split and (is_permissive(clip.licence) or not permissive_only)
        ]
        return cls(clips, lambda clip: read_clip(folder / clip.name), cache_folder)

    @classmethod
    def from_arrays(
        cls,
        speech: Mapping[str, Sequence[npt.NDArray[np.float32]]],
        music: Mapping[str, npt.NDArray[np.float32]] | None = None,
        noise: Mapping[str, npt.NDArray[np.float32]] | None = None,
    ) -> Corpus:
        """Makes a corpus of samples in memory: utterances by voice, tracks and noises by name."""
        arrays: dict[str, npt.NDArray[np.float32]] = {}
        clips: list[Clip] = []

        def add(section: Section, group: str, name: str, samples: npt.NDArray[np.float32]) -> None:
            arrays[name] = samples
            seconds = samples.size / SAMPLE_RATE
            clips.append(Clip(name, section, group, "CC0-1.0", seconds, SAMPLE_RATE))

        for voice, utterances in speech.items():
            for index, samples in enumerate(utterances):
                add("speech", voice, f"speech/{voice}/{index}", samples)
        for track, samples in (music or {}).items():
            add("music", track, f"music/{track}", samples)
        for name, samples in (noise or {}).items():
            add("noise", name, f"noise/{name}", samples)
        return cls(clips, lambda clip: arrays[clip.name])

    def groups(self, section: Section) -> Mapping[str, tuple[Clip, ...]]:
        """Returns the clips of a section by voice, session or track."""
        return self._groups[section]

    def samples(self, clip: Clip) -> npt.NDArray[np.float32]:
        """Returns a clip's samples, float32 of shape [n] in [-1, 1]."""
        kept = self._samples.get(clip.name)
        if kept is None:
            floats = np.clip(self._read(clip), -1.0, 1.0)
            kept = np.round(floats * 32767).astype(np.int16)
            self._samples[clip.name] = kept
        return kept.astype(np.float32) / np.float32(32767)

    def derived(self, clip: Clip, name: str, compute: Callable[[Clip], T]) -> T:
        """Returns what `compute` finds out about a clip, computed once and remembered by `name`."""
        key = (clip.name, name)
        if key not in self._derived:
            self._derived[key] = compute(clip)
        return cast("T", self._derived[key])


def default_folder() -> Path | None:
    """Returns the audio folder named by the environment variable EDITORBOT_AUDIO, if it is set."""
    value = os.environ.get("EDITORBOT_AUDIO")
    return Path(value) if value else None


def read_manifest(folder: Path) -> list[Clip]:
    """Returns the speech, music and noise clips that a folder's manifest lists.

    Raises:
        AudioReadError: There is no manifest, or it lacks a column.
    """
    path = folder / "MANIFEST.csv"
    try:
        with path.open(newline="", encoding="utf-8") as lines:
            rows = list(csv.DictReader(lines))
    except OSError as error:
        raise AudioReadError(
            f"There is no audio folder with a MANIFEST.csv at {folder}.",
            "Name it with --audio or with the environment variable EDITORBOT_AUDIO.",
        ) from error
    try:
        return [
            Clip(
                name=row["file"],
                section=cast("Section", row["file"].split("/")[0]),
                group=group_of(row["file"], row["speaker_or_title"]),
                licence=row["licence"],
                seconds=float(row["seconds"]),
                native_rate_hz=int(row["native_rate"]),
            )
            for row in rows
            # The demo clips are cuts of other files of the manifest.
            if row["file"].split("/")[0] in {"speech", "music", "noise"}
        ]
    except (KeyError, ValueError) as error:
        raise AudioReadError(f"The manifest {path} can't be understood ({error}).") from error


def read_clip(path: Path, rate_hz: int = SAMPLE_RATE) -> npt.NDArray[np.float32]:
    """Reads a file as mono samples at `rate_hz`, float32 of shape [n].

    Raises:
        AudioReadError: The file is missing or is not audio.
    """
    import soundfile
    import soxr

    try:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (OSError, soundfile.LibsndfileError) as error:
        raise AudioReadError(f"The clip {path} can't be read.") from error
    mono = samples.mean(axis=1)
    if rate != rate_hz:
        mono = soxr.resample(mono, rate, rate_hz)
    return np.asarray(mono, dtype=np.float32)
