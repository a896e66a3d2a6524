"""Final Cut Pro 7 XML (.xml), for Premiere Pro and DaVinci Resolve: video frames, with gains."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from model_core.export.frame_events import FrameEvent, frame_events
from model_core.export.hand_over import (
    HandOver,
    Media,
    Written,
    frame_notes,
    is_linear,
    storable,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_DOCTYPE: Final = b'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE xmeml>\n'
_LOUDEST_LEVEL: Final = 3.98107
"""Levels are factors up to 12 dB."""
_IN_TRANSITION: Final = -1
"""Stands for a start or end that lies in a transition."""


def write_final_cut_xml(hand_over: HandOver, _folder: Path) -> Written:
    """Returns an edit as a sequence with a sound track for each channel.

    The format knows media by absolute URL only; programs ask for files that have moved.
    """
    events, lost = frame_events(hand_over)
    root = ET.Element("xmeml", version="5")
    sequence = ET.SubElement(root, "sequence", id="sequence-1")
    _add(sequence, "name", hand_over.name)
    _add(sequence, "duration", events[-1].record_out if events else 0)
    _add_rate(sequence, hand_over)
    code = ET.SubElement(sequence, "timecode")
    _add_rate(code, hand_over)
    for name, value in (("string", "00:00:00:00"), ("frame", 0), ("displayformat", "NDF")):
        _add(code, name, value)
    audio = ET.SubElement(ET.SubElement(sequence, "media"), "audio")
    _add_characteristics(ET.SubElement(audio, "format"), hand_over.media[0])
    fades = [_crossfade(hand_over, *pair) for pair in pairwise(events)]
    described: set[int] = set()
    for channel in range(1, hand_over.channels + 1):
        _add_track(audio, hand_over, events, fades, channel, described)
    for marker in hand_over.markers:
        element = ET.SubElement(sequence, "marker")
        _add(element, "name", marker.name)
        _add(element, "in", hand_over.frame_rate.frames(marker.position, hand_over.sample_rate))
        _add(element, "out", _IN_TRANSITION)
    ET.indent(root, " ")
    notes = [*frame_notes(hand_over), *lost]
    if sum(map(any, fades)) < sum(clip.head.fade > 0 for clip in hand_over.clips):
        notes.append("Fades that are shorter than a frame are left out.")
    if any(clip.segment.gain_db > 12 for clip in hand_over.clips):
        notes.append("Gains end at 12 dB.")
    return Written(_DOCTYPE + ET.tostring(root, "UTF-8", xml_declaration=False), tuple(notes))


def _crossfade(hand_over: HandOver, left: FrameEvent, right: FrameEvent) -> tuple[int, int]:
    """Returns how many frames a crossfade lasts before and after the cut; zeros for none."""
    head = right.clip.head
    if not head.crosses or left.record_out != right.record_in:
        return 0, 0
    rate, sample_rate = hand_over.frame_rate, hand_over.sample_rate
    before = min(rate.frames(head.beyond, sample_rate), right.source_in)
    after = max(0, rate.frames(head.fade, sample_rate) - before)
    return before, after


def _add_track(
    audio: ET.Element,
    hand_over: HandOver,
    events: Sequence[FrameEvent],
    fades: Sequence[tuple[int, int]],
    channel: int,
    described: set[int],
) -> None:
    track = ET.SubElement(audio, "track")
    for number, event in enumerate(events, 1):
        before = fades[number - 2] if number > 1 else (0, 0)
        after = fades[number - 1] if number <= len(fades) else (0, 0)
        media = hand_over.media[event.clip.segment.source]
        if any(before):
            _add_transition(track, hand_over, event, before)
        if channel > media.channels:
            continue
        item = ET.SubElement(track, "clipitem", id=f"clipitem-{number}-{channel}")
        _add(item, "name", media.name)
        _add(item, "duration", _media_frames(hand_over, media))
        _add_rate(item, hand_over)
        _add(item, "start", _IN_TRANSITION if any(before) else event.record_in)
        _add(item, "end", _IN_TRANSITION if any(after) else event.record_out)
        _add(item, "in", event.source_in - before[0])
        _add(item, "out", event.source_out + after[1])
        _add_file(item, hand_over, event.clip.segment.source, described)
        source_track = ET.SubElement(item, "sourcetrack")
        _add(source_track, "mediatype", "audio")
        _add(source_track, "trackindex", channel)
        _add_gain(item, event.clip.segment.gain_db)
        if media.channels > 1:
            _add_links(item, number, media.channels)
    _add(track, "outputchannelindex", channel)


def _add_transition(
    track: ET.Element, hand_over: HandOver, event: FrameEvent, fade: tuple[int, int]
) -> None:
    item = ET.SubElement(track, "transitionitem")
    _add_rate(item, hand_over)
    _add(item, "start", event.record_in - fade[0])
    _add(item, "end", event.record_in + fade[1])
    _add(item, "alignment", "center")
    effect = ET.SubElement(item, "effect")
    decibels = 0 if is_linear(event.clip.head.law) else 3
    _add(effect, "name", f"Cross Fade ({'+' if decibels else ' '}{decibels}dB)")
    _add(effect, "effectid", f"KGAudioTransCrossFade{decibels}dB")
    _add(effect, "effecttype", "transition")
    _add(effect, "mediatype", "audio")


def _add_file(item: ET.Element, hand_over: HandOver, source: int, described: set[int]) -> None:
    """Describes a file where it is first used; later on its id says which it is."""
    file = ET.SubElement(item, "file", id=f"file-{source + 1}")
    if source in described:
        return
    described.add(source)
    media = hand_over.media[source]
    _add(file, "name", media.name)
    # Not as_uri() alone: the programs that read this want the host named.
    url = media.path.absolute().as_uri().replace("file:///", "file://localhost/", 1)
    _add(file, "pathurl", url)
    _add_rate(file, hand_over)
    _add(file, "duration", _media_frames(hand_over, media))
    audio = ET.SubElement(ET.SubElement(file, "media"), "audio")
    _add_characteristics(audio, media)
    _add(audio, "channelcount", media.channels)


def _add_gain(item: ET.Element, gain_db: float) -> None:
    if not gain_db:
        return
    effect = ET.SubElement(ET.SubElement(item, "filter"), "effect")
    for name, value in (
        ("name", "Audio Levels"),
        ("effectid", "audiolevels"),
        ("effectcategory", "audiolevels"),
        ("effecttype", "audiolevels"),
        ("mediatype", "audio"),
    ):
        _add(effect, name, value)
    parameter = ET.SubElement(effect, "parameter")
    _add(parameter, "parameterid", "level")
    _add(parameter, "name", "Level")
    _add(parameter, "valuemin", 0)
    _add(parameter, "valuemax", _LOUDEST_LEVEL)
    _add(parameter, "value", f"{min(_LOUDEST_LEVEL, 10.0 ** (gain_db / 20.0)):.6f}")


def _add_links(item: ET.Element, number: int, channels: int) -> None:
    """Ties the channels of a segment together, so that they move as one."""
    for channel in range(1, channels + 1):
        link = ET.SubElement(item, "link")
        _add(link, "linkclipref", f"clipitem-{number}-{channel}")
        _add(link, "mediatype", "audio")
        _add(link, "trackindex", channel)
        _add(link, "clipindex", number)


def _add_rate(parent: ET.Element, hand_over: HandOver) -> None:
    rate = ET.SubElement(parent, "rate")
    _add(rate, "timebase", hand_over.frame_rate.nominal)
    _add(rate, "ntsc", "TRUE" if hand_over.frame_rate.is_ntsc else "FALSE")


def _add_characteristics(parent: ET.Element, media: Media) -> None:
    characteristics = ET.SubElement(parent, "samplecharacteristics")
    _add(characteristics, "depth", media.bits)
    _add(characteristics, "samplerate", media.sample_rate)


def _media_frames(hand_over: HandOver, media: Media) -> int:
    """Returns the length of a file in frames, the last of which may be a part of one."""
    rate = hand_over.frame_rate
    frames = rate.frames(media.n_samples, media.sample_rate)
    return frames + (rate.samples(frames, media.sample_rate) < media.n_samples)


def _add(parent: ET.Element, name: str, value: object) -> None:
    ET.SubElement(parent, name).text = storable(str(value))
