"""Several synchronised files, such as the microphones of an interview, as one recording.

Their channels lie side by side on one time, so that one edit list cuts them all. What is decided
by listening (joins, the network's proposals, loudness) is decided on the sum of all of them.
"""

from __future__ import annotations

import hashlib
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from model_core.audio.mixdown import mix_weights
from model_core.audio.reading import open_audio
from model_core.audio.resampling import at_rate
from model_core.audio.source import (
    DEFAULT_BLOCK_SAMPLES,
    AudioSource,
    Samples,
    Track,
    converted,
    to_float,
    widest,
)
from model_core.errors import AudioReadError
from model_core.progress import no_progress, part_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

    from model_core.edit.mix import Mix
    from model_core.progress import CancelToken, Progress

_LONGEST_S = 100 * 3600
_MUCH_SHORTER_S = 10.0
_MUCH_SHORTER_SHARE = 0.05
_SILENT = 1e-4
"""-80 dB: what never exceeds it is a microphone that was off."""
_COMPARED_SAMPLES = 1 << 13


@dataclass(frozen=True, slots=True)
class Microphone:
    """A file that becomes a track of a recording.

    Attributes:
        path: The file.
        offset: Where it begins, in samples of the recording; may be below 0, as only the
            differences count.
        name: What the track is called; empty for the file's name.
    """

    path: Path
    offset: int = 0
    name: str = ""


class SynchronisedSource(AudioSource):
    """A recording that is several files. Where one of them has no sound, it is silent.

    Args:
        files: The files, at their own rates; the recording closes them.
        played: The same files at the recording's rate: what its samples are.
        offsets: Where each of them begins, in samples of the recording, not below 0.
        names: What the tracks are called.
        n_samples: Length of the recording, at least; what is missing at its end is silence.
        notes: Sentences for the person.
    """

    path: Path

    def __init__(
        self,
        files: Sequence[AudioSource],
        played: Sequence[AudioSource],
        offsets: Sequence[int],
        names: Sequence[str],
        n_samples: int = 0,
        notes: tuple[str, ...] = (),
    ) -> None:
        super().__init__(notes)
        if not files or files[0].path is None:
            raise ValueError("a recording needs at least one file")
        if min(offsets) < 0 or len({file.sample_rate for file in played}) > 1:
            raise ValueError("the files don't lie on one time")
        self._played = tuple(played)
        tracks: list[Track] = []
        first = 0
        for file, sound, offset, name in zip(files, played, offsets, names, strict=True):
            tracks.append(Track(name, file, first, sound.channels, offset, sound.n_samples))
            first += sound.channels
        self._tracks = tuple(tracks)
        self.path = files[0].path
        self.sample_rate = played[0].sample_rate
        self.channels = first
        self.n_samples = max(n_samples, *(track.offset + track.n_samples for track in tracks))
        self.dtype = widest([sound.dtype for sound in played])
        self.bits = max(sound.bits for sound in played if sound.dtype == self.dtype)
        kinds = {file.container for file in files}
        self.container = kinds.pop() if len(kinds) == 1 else "several"
        codings = {file.encoding for file in files}
        self.encoding = codings.pop() if len(codings) == 1 else "several"
        self.lossy = all(file.lossy for file in files)
        self._heard = MixedSource(self)

    @property
    def tracks(self) -> tuple[Track, ...]:
        """The files."""
        return self._tracks

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files' paths."""
        return tuple(path for track in self._tracks for path in track.file.paths)

    @property
    def heard(self) -> AudioSource:
        """The sum of all tracks, each as loud as it was recorded, in one channel."""
        return self._heard

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences for the person about what is unusual, as far as it was met by now."""
        theirs = [f"{track.name}: {note}" for track in self._tracks for note in track.file.notes]
        return (*self._notes, *theirs)

    def _read(self, start: int, stop: int) -> Samples:
        samples = np.zeros((stop - start, self.channels), self.dtype)
        for track, sound in zip(self._tracks, self._played, strict=True):
            low = max(start, track.offset)
            high = min(stop, track.offset + track.n_samples)
            if low < high:
                there = sound.read(low - track.offset, high - track.offset)
                samples[low - start : high - start, track.columns] = converted(there, self.dtype)
        return samples

    def read_mono(self, start: int, stop: int) -> npt.NDArray[np.float32]:
        """Reads the sum of all tracks as float32 of shape `[stop - start]`."""
        return self._heard.read(start, stop)[:, 0]

    def content_hash(self) -> str:
        """Returns a hash of the files' contents and of how they lie, in hexadecimal."""
        digest = hashlib.blake2b(f"{self.sample_rate} {self.n_samples}".encode(), digest_size=20)
        for track in self._tracks:
            digest.update(f" {track.offset} {track.file.content_hash()}".encode())
        return digest.hexdigest()

    def close(self) -> None:
        """Closes all files."""
        for file in {id(each): each for each in (*self._played, *self._files)}.values():
            file.close()

    @property
    def _files(self) -> tuple[AudioSource, ...]:
        return tuple(track.file for track in self._tracks)


class MixedSource(AudioSource):
    """The tracks of a recording added up; floats, which may exceed full scale.

    Args:
        whole: The recording, which stays open.
        mix: How loud each track is.
        n_channels: 1 or 2.
    """

    def __init__(self, whole: AudioSource, mix: Mix = (), n_channels: int = 1) -> None:
        super().__init__()
        self._whole = whole
        self._mix = mix
        self._weights = mix_weights(whole.tracks, mix, n_channels).astype(np.float32)
        self.path = None
        self.sample_rate = whole.sample_rate
        self.channels = n_channels
        self.n_samples = whole.n_samples
        self.dtype = np.dtype(np.float32)
        self.bits = 32
        self.container = "memory"
        self.encoding = "FLOAT"
        self.lossy = False

    def _read(self, start: int, stop: int) -> Samples:
        return to_float(self._whole.read(start, stop)) @ self._weights

    def content_hash(self) -> str:
        """Returns a hash of the files' contents, of how they lie and how they are mixed."""
        digest = hashlib.blake2b(self._whole.content_hash().encode(), digest_size=20)
        digest.update(f"{self._mix} {self.channels}".encode())
        return digest.hexdigest()


def open_together(
    microphones: Sequence[Microphone],
    *,
    sample_rate: int | None = None,
    n_samples: int = 0,
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
) -> SynchronisedSource:
    """Opens several files as one recording.

    Args:
        microphones: The files, in the order of the tracks.
        sample_rate: Of the recording; left out, that of the first file. Files at other rates are
            resampled, which is noted.
        n_samples: Length of the recording, at least.
        progress: Told the share that is done.
        cancel: Looked at while files are decoded or resampled.

    Raises:
        AudioReadError: A file can't be opened, is named twice, or there are fewer than two.
        CancelledError: `cancel` was set.
    """
    report = progress or no_progress
    check_files([microphone.path for microphone in microphones])
    earliest = min(microphone.offset for microphone in microphones)
    offsets = [microphone.offset - earliest for microphone in microphones]
    notes: list[str] = []
    with ExitStack() as unless_opened:
        files: list[AudioSource] = []
        played: list[AudioSource] = []
        names = track_names(microphones)
        for index, microphone in enumerate(microphones):
            part = part_of(report, index / len(microphones), (index + 1) / len(microphones))
            file = open_audio(microphone.path, part_of(part, 0.0, 0.5), cancel)
            unless_opened.callback(file.close)
            rate = sample_rate or (files[0] if files else file).sample_rate
            if offsets[index] > _LONGEST_S * rate:
                raise AudioReadError(
                    f"“{microphone.path.name}” would begin {offsets[index] / rate / 3600:.0f} "
                    "hours after the first one.",
                    "Check where it begins.",
                )
            sound = at_rate(file, rate, part_of(part, 0.5, 1.0), cancel)
            unless_opened.callback(sound.close)
            if sound is not file:
                notes.append(
                    f"{names[index]} was converted from {file.sample_rate} Hz to {rate} Hz, the "
                    "rate of the recording."
                )
            files.append(file)
            played.append(sound)
        source = SynchronisedSource(files, played, offsets, names, n_samples, tuple(notes))
        for note in _doubts(source, played, cancel):
            source._note(note)
        unless_opened.pop_all()
        report(1.0, "")
        return source


def check_files(paths: Sequence[Path]) -> None:
    """Raises `AudioReadError` if these can't be the microphones of one recording."""
    if len(paths) < 2:
        raise AudioReadError(
            "A recording with several microphones needs at least two files.",
            "Add the other microphones' files, or open this one alone.",
        )
    seen: set[Path] = set()
    for path in paths:
        try:
            place = path.resolve()
        except (OSError, ValueError):  # opening it says what is wrong with it
            place = path
        if place in seen:
            raise AudioReadError(
                f"“{path.name}” is there twice.", "Take each microphone's file once."
            )
        seen.add(place)


def track_names(microphones: Sequence[Microphone]) -> tuple[str, ...]:
    """Returns what the tracks are called: as the person wants, or as the files; no two alike."""
    names: list[str] = []
    for microphone in microphones:
        base = microphone.name.strip() or microphone.path.stem
        name, number = base, 1
        while name.casefold() in {other.casefold() for other in names}:
            number += 1
            name = f"{base} {number}"
        names.append(name)
    return tuple(names)


def _doubts(
    source: SynchronisedSource, played: Sequence[AudioSource], cancel: CancelToken | None
) -> list[str]:
    """Returns sentences about what looks like a mistake."""
    notes = []
    longest = max(source.tracks, key=lambda track: track.n_samples)
    for track in source.tracks:
        missing_s = (longest.n_samples - track.n_samples) / source.sample_rate
        if missing_s > max(
            _MUCH_SHORTER_S, _MUCH_SHORTER_SHARE * longest.n_samples / source.sample_rate
        ):
            notes.append(
                f"{track.name} is {_minutes(missing_s)} shorter than {longest.name}; where it has "
                "no sound it is silent."
            )
    silent = [
        track.name
        for track, sound in zip(source.tracks, played, strict=True)
        if _is_silent(sound, cancel)
    ]
    notes += [f"{name} is silent from beginning to end." for name in silent]
    for index, (track, sound) in enumerate(zip(source.tracks, played, strict=True)):
        for other, earlier in zip(source.tracks[:index], played, strict=False):
            if track.name not in silent and _sounds_alike(sound, earlier):
                notes.append(f"{track.name} seems to hold the same sound as {other.name}.")
    return notes


def _is_silent(sound: AudioSource, cancel: CancelToken | None) -> bool:
    for block in sound.blocks(DEFAULT_BLOCK_SAMPLES):
        if cancel is not None:
            cancel.raise_if_cancelled()
        if float(np.abs(to_float(block)).max(initial=0.0)) > _SILENT:
            return False
    return True


def _sounds_alike(one: AudioSource, other: AudioSource) -> bool:
    """Whether two files hold the same samples, as far as a few places of them tell."""
    if (one.n_samples, one.channels) != (other.n_samples, other.channels):
        return False
    last = max(0, one.n_samples - _COMPARED_SAMPLES)
    return all(
        np.array_equal(
            one.read_float(start, min(start + _COMPARED_SAMPLES, one.n_samples)),
            other.read_float(start, min(start + _COMPARED_SAMPLES, one.n_samples)),
        )
        for start in (0, last // 3, 2 * last // 3, last)
    )


def _minutes(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{seconds // 60:.0f} min {seconds % 60:.0f} s"
