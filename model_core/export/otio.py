"""OpenTimelineIO (.otio): sample-exact, with crossfades, gaps and markers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from model_core.edit.types import Gap
from model_core.export.hand_over import HandOver, Marker, Media, Written, gain_notes

if TYPE_CHECKING:
    from pathlib import Path

    from model_core.export.clips import Clip

METADATA_KEY: Final = "editorbot"
"""Under this key the metadata of clips and transitions hold what the format has no place for."""


def write_otio(hand_over: HandOver, folder: Path) -> Written:
    """Returns an edit as an OpenTimelineIO timeline with one sound track.

    The rate of all times is the sample rate, so positions are exact. Crossfades are transitions.

    Args:
        hand_over: The edit.
        folder: Where the file will lie; media URLs are relative to it.
    """
    rate = hand_over.sample_rate
    children: list[dict[str, Any]] = []
    clips = iter(hand_over.clips)
    for item in hand_over.edit.items:
        if isinstance(item, Gap):
            children.append({"OTIO_SCHEMA": "Gap.1", "source_range": _range(0, item.length, rate)})
            continue
        clip = next(clips)
        if clip.head.crosses and children:
            children.append(_transition(clip, rate))
        children.append(_clip(clip, hand_over.media[clip.segment.source], folder))
    stack = {
        "OTIO_SCHEMA": "Stack.1",
        "name": "tracks",
        "children": [
            {
                "OTIO_SCHEMA": "Track.1",
                "name": hand_over.name,
                "kind": "Audio",
                "children": children,
            }
        ],
        "markers": [_marker(marker, rate) for marker in hand_over.markers],
    }
    timeline = {
        "OTIO_SCHEMA": "Timeline.1",
        "name": hand_over.name,
        "global_start_time": _time(0, rate),
        "tracks": stack,
    }
    notes = gain_notes(hand_over)
    return Written(json.dumps(timeline, indent=1, ensure_ascii=True).encode(), notes)


def _clip(clip: Clip, media: Media, folder: Path) -> dict[str, Any]:
    segment, rate = clip.segment, media.sample_rate
    found: dict[str, Any] = {
        "OTIO_SCHEMA": "Clip.1",
        "name": media.name,
        "source_range": _range(segment.start, segment.length, rate),
        "media_reference": {
            "OTIO_SCHEMA": "ExternalReference.1",
            "target_url": _url(media, folder),
            "available_range": _range(0, media.n_samples, rate),
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
