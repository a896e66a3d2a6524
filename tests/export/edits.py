"""Edits to hand over, and what is heard in the timelines that come back from readers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from model_core.edit.types import EditList, FadeLaw, Gap, Join, Segment
from model_core.export.hand_over import HandOver, Marker, Media

RATE = 48_000
N = 40 * RATE
SILENCE = -1


def media(path: Path, n_samples: int = N, rate: int = RATE, channels: int = 2) -> Media:
    return Media(path, rate, channels, n_samples)


def hand_over(edit: EditList, folder: Path, **options: object) -> HandOver:
    """An edit of "a talk – ü.wav" in a folder."""
    files = options.pop("media", (media(folder / "a talk – ü.wav"),))
    return HandOver(edit, files, "a talk – ü", **options)  # type: ignore[arg-type]


def seconds(*ranges: tuple[float, float]) -> EditList:
    """An edit that plays ranges in seconds."""
    return EditList.from_ranges([(round(a * RATE), round(b * RATE)) for a, b in ranges])


EDITS = {
    "cuts": seconds((0, 3.1234), (4.0021, 9.5), (12, 40)),
    "loop": seconds((0, 8.004), (4.0021, 8.004), (4.0021, 20)),
    "reorder": seconds((10, 20), (0.0001, 9.3)),
    "split": seconds((0, 5), (5, 7), (9, 10)),
    "gap": EditList(
        (Segment(0, 0, 2 * RATE), Gap(RATE // 3), Segment(0, 3 * RATE + 1, 4 * RATE)),
    ),
    "gain": EditList((Segment(0, 0, RATE, -6.0), Segment(0, 5 * RATE, 9 * RATE, 3.5))),
    "joins": EditList(
        (Segment(0, 0, RATE), Segment(0, 2 * RATE, 5 * RATE), Segment(0, 8 * RATE, 9 * RATE)),
        (Join(FadeLaw.EQUAL_GAIN, RATE // 2), Join(FadeLaw.EQUAL_POWER, 0)),
    ),
    "ends": seconds((39, 40), (0, 1)),
    "whole": EditList.whole(N),
}
MARKERS = (Marker(0, "Start"), Marker(RATE // 2, "Middle “part”"))


@dataclass(frozen=True)
class Laid:
    """A clip as a reader found it on a track, in samples: source, where from, where to, length."""

    source: int
    start: int
    at: int
    length: int


def check_heard(edit: EditList, laid: list[Laid], crossfades: list[tuple[int, int]]) -> None:
    """Checks that clips play an edit: each sample in its place, two at once only in crossfades."""
    length = edit.length
    wanted = np.full(length, SILENCE, np.int64)
    at = 0
    for item in edit.items:
        if isinstance(item, Segment):
            wanted[at : at + item.length] = _keys(item.source, item.start, item.length)
        at += item.length
    n_playing = np.zeros(length, np.int64)
    is_there = wanted == SILENCE
    for clip in laid:
        assert 0 <= clip.at <= clip.at + clip.length <= length
        place = slice(clip.at, clip.at + clip.length)
        n_playing[place] += 1
        is_there[place] |= wanted[place] == _keys(clip.source, clip.start, clip.length)
    assert is_there.all()
    assert not n_playing[wanted == SILENCE].any()
    faded = np.zeros(length, bool)
    for start, stop in crossfades:
        faded[start:stop] = True
    assert (n_playing[(wanted != SILENCE) & ~faded] == 1).all()
    assert n_playing.max(initial=0) <= 2


def _keys(source: int, start: int, length: int) -> npt.NDArray[np.int64]:
    """A number for each sample of a stretch that tells it from all others."""
    return np.arange(start, start + length, dtype=np.int64) + (source << 40)
