"""What is handed over to another program, and what a format keeps of it."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from model_core.edit.serialise import path_from
from model_core.edit.types import FadeLaw
from model_core.export.clips import Clip, clip_in_file, clips_of
from model_core.export.frame_rates import DEFAULT_FRAME_RATE, FrameRate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from model_core.edit.mix import TrackLevel
    from model_core.edit.types import Change, EditList


@dataclass(frozen=True, slots=True)
class Media:
    """A sound file that a timeline points at.

    Attributes:
        path: The file.
        sample_rate: In Hz.
        channels: Number of channels.
        n_samples: Length in samples.
        container: Its kind, such as "WAV".
        bits: Significant bits of a sample.
        content_hash: Hash of its bytes, or empty.
    """

    path: Path
    sample_rate: int
    channels: int
    n_samples: int
    container: str = "WAV"
    bits: int = 16
    content_hash: str = ""

    @property
    def name(self) -> str:
        """The file's name, in one line."""
        return one_line(self.path.name)

    def seen_from(self, folder: Path) -> str:
        """Returns the path relative to a folder, with slashes; absolute from another drive."""
        return path_from(folder.absolute(), str(self.path))


@dataclass(frozen=True, slots=True)
class Marker:
    """A named place on the edited timeline, in samples."""

    position: int
    name: str


@dataclass(frozen=True, slots=True)
class MediaTrack:
    """One of several files of a recording, such as a microphone.

    Attributes:
        name: What the track is called.
        media: The file, at its own rate.
        offset: Where in the recording it begins, in samples of the recording.
        n_samples: Its length there.
        level: How it goes into the mix.
    """

    name: str
    media: Media
    offset: int
    n_samples: int
    level: TrackLevel

    def clips(self, hand_over: HandOver) -> Iterator[Clip | None]:
        """Yields each clip of an edit as a clip of the file; None where the file has no sound."""
        for clip in hand_over.clips:
            yield clip_in_file(clip, self.offset, self.n_samples)


@dataclass(frozen=True)
class HandOver:
    """An edit on its way to another program.

    Attributes:
        edit: The edit. It is not empty.
        media: The files of its sources, in the order of their indices; they share one rate.
        name: What the timeline is called.
        changes: What the edit does, for the texts of labels.
        markers: Named places, such as the recording's chapters.
        frame_rate: The clock of formats that count video frames.
        tracks: The files of the recording where it has several and the format can point at each;
            `media` then says only what the recording as a whole is.
    """

    edit: EditList
    media: tuple[Media, ...]
    name: str
    changes: tuple[Change, ...] = ()
    markers: tuple[Marker, ...] = ()
    frame_rate: FrameRate = DEFAULT_FRAME_RATE
    tracks: tuple[MediaTrack, ...] = ()

    @property
    def files(self) -> tuple[Media, ...]:
        """All files that the timeline points at."""
        return tuple(track.media for track in self.tracks) or self.media

    @property
    def sample_rate(self) -> int:
        """Samples a second."""
        return self.media[0].sample_rate

    @property
    def channels(self) -> int:
        """Most channels that one of the files has."""
        return max(media.channels for media in self.media)

    @cached_property
    def clips(self) -> tuple[Clip, ...]:
        """The edit as clips on one track."""
        return clips_of(self.edit, [media.n_samples for media in self.media], self.sample_rate)

    def seconds(self, samples: int) -> str:
        """Returns a position or length in seconds, exact enough to find the sample again."""
        return f"{samples / self.sample_rate:.12f}".rstrip("0").rstrip(".")


@dataclass(frozen=True, slots=True)
class Written:
    """A timeline in a format.

    Attributes:
        data: The bytes of the file.
        notes: Sentences for the person about what the format couldn't keep.
    """

    data: bytes
    notes: tuple[str, ...] = ()


def storable(text: str) -> str:
    """Returns a text in which what files of text can't hold is replaced: controls, surrogates."""
    shown = "".join(" " if unicodedata.category(letter) == "Cc" else letter for letter in text)
    return shown.encode("utf-8", "replace").decode("utf-8")


def one_line(text: str) -> str:
    """Returns a text for people in one line, with single spaces."""
    return " ".join(storable(text).split())


def is_linear(law: FadeLaw) -> bool:
    """Whether a fade is handed over as a straight line; all others keep the power constant."""
    return law is FadeLaw.EQUAL_GAIN


def gain_notes(hand_over: HandOver) -> tuple[str, ...]:
    """Returns a note where a format can't hold the gains of an edit."""
    if any(clip.segment.gain_db for clip in hand_over.clips):
        return ("The format has no place for gains: every segment is as loud as recorded.",)
    return ()


def frame_notes(hand_over: HandOver) -> tuple[str, ...]:
    """Returns the note that says how coarse the clock of a format is."""
    rate = hand_over.frame_rate
    error_ms = 1000 * rate.half_frame_s
    return (f"The format counts {rate.name} frames a second: cuts may move by {error_ms:.0f} ms.",)
