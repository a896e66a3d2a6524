"""OpenTimelineIO (.otio): sample-exact, with crossfades, gaps and markers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from model_core.edit.mix import is_plain
from model_core.export.hand_over import (
    HandOver,
    Marker,
    Media,
    MediaTrack,
    Written,
    gain_notes,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from model_core.export.clips import Clip

METADATA_KEY: Final = "editorbot"
"""Under this key the metadata of clips and transitions hold what the format has no place for."""


def write_otio(hand_over: HandOver, folder: Path) -> Written:
    """Returns an edit as an OpenTimelineIO timeline with a sound track, or one for each microphone.

    The rate of all times is the sample rate, so positions are exact. Crossfades are transitions.

    Args:
        hand_over: The edit.
        folder: Where the file will lie; media URLs are relative to it.
    """
    rate = hand_over.sample_rate
    if hand_over.tracks:
        tracks = [
            _track(track.name, _children(hand_over, tuple(track.clips(hand_over)), folder, track))
            for track in hand_over.tracks
        ]
    else:
        tracks = [_track(hand_over.name, _children(hand_over, hand_over.clips, folder, None))]
    stack = {
        "OTIO_SCHEMA": "Stack.1",
        "name": "tracks",
        "children": tracks,
        "markers": [_marker(marker, rate) for marker in hand_over.markers],
    }
    timeline = {
        "OTIO_SCHEMA": "Timeline.1",
        "name": hand_over.name,
        "global_start_time": _time(0, rate),
        "tracks": stack,
    }
    notes = gain_notes(hand_over)
    if not is_plain(tuple(track.level for track in hand_over.tracks)):
        notes += ("The format has no place for the mix: every microphone is as recorded.",)
    return Written(json.dumps(timeline, indent=1, ensure_ascii=True).encode(), notes)


def _track(name: str, children: list[dict[str, Any]]) -> dict[str, Any]:
    return {"OTIO_SCHEMA": "Track.1", "name": name, "kind": "Audio", "children": children}


def _children(
    hand_over: HandOver,
    clips: Sequence[Clip | None],
    folder: Path,
    track: MediaTrack | None,
) -> list[dict[str, Any]]:
    """Returns clips with the transitions between them, and gaps where there is nothing.

    Args:
        hand_over: The edit.
        clips: One for each segment; None where a file has no sound.
        folder: Where the file will lie.
        track: The file that the clips are of; None for those of the edit's recordings.
    """
    rate = hand_over.sample_rate
    children: list[dict[str, Any]] = []
    done, before = 0, None
    for whole, clip in zip(hand_over.clips, clips, strict=True):
        if clip is None:
            continue
        # Transitions say what lies beyond the cuts; the clip itself begins and ends there.
        begin = max(clip.at, whole.at)
        end = min(clip.track_start + clip.length, whole.at + whole.segment.length)
        if begin >= end:
            continue
        if begin > done:
            children.append(_gap(begin - done, rate))
            before = None
        if clip.head.crosses and before is not None and before.tail.crosses:
            children.append(_transition(clip, rate))
        media = track.media if track is not None else hand_over.media[clip.segment.source]
        start = clip.start + begin - clip.track_start
        children.append(_clip(clip, (start, end - begin, rate), media, folder))
        done, before = end, clip
    if done < (length := sum(item.length for item in hand_over.edit.items)):
        children.append(_gap(length - done, rate))
    return children


def _gap(length: int, rate: int) -> dict[str, Any]:
    return {"OTIO_SCHEMA": "Gap.1", "source_range": _range(0, length, rate)}


def _clip(clip: Clip, part: tuple[int, int, int], media: Media, folder: Path) -> dict[str, Any]:
    """Returns a clip of a part of a file: first sample, length, and the rate of both."""
    segment = clip.segment
    found: dict[str, Any] = {
        "OTIO_SCHEMA": "Clip.1",
        "name": media.name,
        "source_range": _range(*part),
        "media_reference": {
            "OTIO_SCHEMA": "ExternalReference.1",
            "target_url": _url(media, folder),
            "available_range": _range(0, media.n_samples, media.sample_rate),
        },
    }
    if segment.gain_db:
        found["metadata"] = {METADATA_KEY: {"gain_db": segment.gain_db}}
    return found


def _transition(clip: Clip, rate: int) -> dict[str, Any]:
    before = clip.head.beyond
    return {
        "OTIO_SCHEMA": "Transition.1",
        "name": "crossfade",
        "transition_type": "SMPTE_Dissolve",
        "in_offset": _time(before, rate),
        "out_offset": _time(clip.head.fade - before, rate),
        "metadata": {METADATA_KEY: {"law": clip.head.law.value}},
    }


def _marker(marker: Marker, rate: int) -> dict[str, Any]:
    return {
        "OTIO_SCHEMA": "Marker.2",
        "name": marker.name,
        "color": "GREEN",
        "marked_range": _range(marker.position, 0, rate),
    }


def _range(start: int, length: int, rate: int) -> dict[str, Any]:
    return {
        "OTIO_SCHEMA": "TimeRange.1",
        "start_time": _time(start, rate),
        "duration": _time(length, rate),
    }


def _time(samples: int, rate: int) -> dict[str, Any]:
    return {"OTIO_SCHEMA": "RationalTime.1", "value": float(samples), "rate": float(rate)}


def _url(media: Media, folder: Path) -> str:
    """Returns a relative URL, or a file URL where the media lie on another drive."""
    seen = media.seen_from(folder)
    if seen == media.path.absolute().as_posix():
        return media.path.absolute().as_uri()
    return quote(seen, safe="/", errors="surrogateescape")
