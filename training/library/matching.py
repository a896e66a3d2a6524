"""Which of many files belong together: by their names, and where names don't tell, by content."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from model_core.audio.features import mel_spectrogram
from model_core.audio.reading import open_audio
from model_core.progress import no_progress, part_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from model_core.progress import Progress

IntArray = npt.NDArray[np.int64]

_RAW_WORDS = "raw|original|orig|recording|source|unedited|input|rohschnitt|roh"
_EDIT_WORDS = "edit|edited|final|finished|cut|master|mastered|done|output|desired|schnitt"
_MARK = re.compile(
    rf"^(?P<base>.*?)[\s._()\[\]-]*(?:(?P<raw>{_RAW_WORDS})|(?P<edit>{_EDIT_WORDS}))\)?\]?$",
    re.IGNORECASE,
)
_RAW_FOLDERS: Final = frozenset({"raw", "raws", "input", "inputs", "original", "originals"})
_EDIT_FOLDERS: Final = frozenset(
    {"edit", "edits", "edited", "output", "desired_output", "final", "finals", "finished"}
)

# Landmarks: two peaks of the spectrogram near each other (Wang, "An industrial-strength audio
# search algorithm", 2003). They last through equalising, noise and lossy coding.
_PEAK_BANDS, _PEAK_FRAMES = 11, 21
_LEAST_LEVEL = 0.25
_NEIGHBOURS = 4
_FARTHEST_FRAMES = 64
_MOST_LOOKED_UP = 8000
_BIN_FRAMES = 4
_LEAST_HITS = 6
_LEAST_SHARE = 0.012
_CHANCE_DEVIATIONS = 6.0


@dataclass(frozen=True, slots=True)
class Matched:
    """Two files that belong together.

    Attributes:
        name: What the pair may be called.
        raw: The recording.
        edit: The finished edit.
        by_content: Whether it was told by the sound, as the names don't tell.
    """

    name: str
    raw: Path
    edit: Path
    by_content: bool = False


@dataclass(frozen=True, slots=True)
class Role:
    """What a file's name and folder say.

    Attributes:
        base: The name without any mark, for comparison.
        is_raw: Whether it says that it is the recording.
        is_edit: Whether it says that it is the edit.
    """

    base: str
    is_raw: bool
    is_edit: bool


def role_of(path: Path) -> Role:
    """Returns what the name of a file says about it."""
    stem = unicodedata.normalize("NFC", path.stem).casefold()
    found = _MARK.match(stem)
    folder = path.parent.name.casefold()
    if found and found["base"]:
        return Role(found["base"], bool(found["raw"]), bool(found["edit"]))
    return Role(stem, folder in _RAW_FOLDERS, folder in _EDIT_FOLDERS)


def by_name(paths: Iterable[Path]) -> tuple[list[Matched], list[Path]]:
    """Returns the files whose names tell that they belong together, and the rest.

    `talk_raw` and `talk_edit` do, `talk` and `talk final`, and `input/talk` and `edits/talk`.
    Where more than two files bear a name nothing is guessed.
    """
    groups: dict[str, list[tuple[Path, Role]]] = {}
    for path in paths:
        role = role_of(path)
        groups.setdefault(role.base, []).append((path, role))
    matched, rest = [], []
    for files in groups.values():
        edits = [path for path, role in files if role.is_edit]
        raws = [path for path, role in files if role.is_raw]
        if not raws:
            raws = [path for path, role in files if not role.is_edit]
        elif not edits:
            edits = [path for path, role in files if not role.is_raw]
        if len(files) == 2 and len(edits) == 1 and len(raws) == 1 and raws != edits:
            matched.append(Matched(name_of(raws[0]), raws[0], edits[0]))
        else:
            rest += [path for path, _ in files]
    return matched, rest


def name_of(raw: Path) -> str:
    """Returns what a pair may be called: the recording's name without its mark."""
    stem = unicodedata.normalize("NFC", raw.stem)
    found = _MARK.match(stem)
    base = found["base"] if found and found["raw"] and found["base"] else stem
    return re.sub(r'[<>:"/\\|?*\x00-\x1f]', "-", base).strip(" .-_") or "pair"


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What a sound can be known again by.

    Attributes:
        path: The file.
        seconds: Its length.
        hashes: Of its landmarks, sorted, `[n]`.
        frames: Where each landmark lies, `[n]`.
    """

    path: Path
    seconds: float
    hashes: IntArray
    frames: IntArray


def fingerprint_of(path: Path, progress: Progress = no_progress) -> Fingerprint:
    """Listens to a file.

    Raises:
        AudioReadError: It can't be read.
    """
    with open_audio(path) as source:
        mel = mel_spectrogram(source, progress=progress)
        hashes, frames = landmarks(mel)
        order = np.argsort(hashes, kind="stable")
        return Fingerprint(path, source.duration_s, hashes[order], frames[order])


def landmarks(mel: npt.NDArray[np.float32]) -> tuple[IntArray, IntArray]:
    """Returns the hash and the frame of each pair of neighbouring peaks.

    Args:
        mel: Spectrogram of shape `[n_mels, T]` in [0, 1].
    """
    from scipy.ndimage import maximum_filter

    peaks = (mel == maximum_filter(mel, (_PEAK_BANDS, _PEAK_FRAMES))) & (mel > _LEAST_LEVEL)
    frames, bands = np.nonzero(peaks.T)
    hashes, places = [], []
    for step in range(1, _NEIGHBOURS + 1):
        apart = frames[step:] - frames[:-step]
        near = (apart > 0) & (apart < _FARTHEST_FRAMES)
        first, second = bands[:-step][near], bands[step:][near]
        hashes.append((first * 128 + second) * _FARTHEST_FRAMES + apart[near])
        places.append(frames[:-step][near])
    if not hashes:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    return np.concatenate(hashes).astype(np.int64), np.concatenate(places).astype(np.int64)


def likeness(raw: Fingerprint, edit: Fingerprint) -> float:
    """Returns which share of an edit's landmarks is found in a recording, in its order, 0 to 1.

    A landmark counts where others were found at the same distance, as they are within a piece that
    was kept in one; chance spreads over all distances.
    """
    n = len(edit.hashes)
    if not n or not len(raw.hashes):
        return 0.0
    chosen = np.linspace(0, n - 1, min(n, _MOST_LOOKED_UP)).astype(np.int64)
    wanted, where = edit.hashes[chosen], edit.frames[chosen]
    low = np.searchsorted(raw.hashes, wanted, "left")
    counts = np.searchsorted(raw.hashes, wanted, "right") - low
    total = int(counts.sum())
    if not total:
        return 0.0
    owners = np.repeat(np.arange(len(wanted)), counts)
    steps = np.arange(total) - np.repeat(np.cumsum(counts) - counts, counts)
    distances = raw.frames[low[owners] + steps] - where[owners]
    bins = (distances - distances.min()) // _BIN_FRAMES
    hits = np.bincount(bins)
    chance = total / len(hits)
    least = max(_LEAST_HITS, chance + _CHANCE_DEVIATIONS * chance**0.5)
    return len(np.unique(owners[hits[bins] >= least])) / len(wanted)


def by_content(prints: Sequence[Fingerprint]) -> tuple[list[Matched], list[Path]]:
    """Returns the files that sound as if one were made of the other, and the rest.

    The longer one of two is taken for the recording.
    """
    rated = []
    for place, one in enumerate(prints):
        for other in prints[place + 1 :]:
            raw, edit = (one, other) if one.seconds >= other.seconds else (other, one)
            share = likeness(raw, edit)
            if share >= _LEAST_SHARE:
                rated.append((share, raw, edit))
    rated.sort(key=lambda entry: -entry[0])
    used: set[Path] = set()
    matched = []
    for _, raw, edit in rated:
        if raw.path not in used and edit.path not in used:
            used |= {raw.path, edit.path}
            matched.append(Matched(name_of(raw.path), raw.path, edit.path, by_content=True))
    return matched, [one.path for one in prints if one.path not in used]


def listened_to(
    paths: Sequence[Path], progress: Progress = no_progress
) -> Iterator[Fingerprint | tuple[Path, Exception]]:
    """Yields the fingerprint of each file, or what hindered it."""
    from model_core.errors import EditorBotError

    for place, path in enumerate(paths):
        part = part_of(progress, place / len(paths), (place + 1) / len(paths))
        try:
            yield fingerprint_of(path, part)
        except EditorBotError as error:
            yield path, error
