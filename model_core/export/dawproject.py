"""DAWproject 1.0 (.dawproject), for Bitwig Studio, Studio One and Cubase: seconds, with fades."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET
import zipfile
from typing import TYPE_CHECKING, Final

from model_core.export.hand_over import HandOver, Media, Written, gain_notes, storable

if TYPE_CHECKING:
    from pathlib import Path

    from model_core.export.clips import Clip

_WRITER_VERSION: Final = "1"
_ZIP_TIME: Final = (1980, 1, 1, 0, 0, 0)
_XML_FORBIDS: Final = dict.fromkeys((0xFFFE, 0xFFFF))


def write_dawproject(hand_over: HandOver, folder: Path) -> Written:
    """Returns an edit as a DAWproject: one track, a clip a segment; the media stay outside.

    Args:
        hand_over: The edit.
        folder: Where the file will lie; media paths are relative to it.
    """
    project = ET.Element("Project", version="1.0")
    ET.SubElement(project, "Application", name="EditorBot", version=_WRITER_VERSION)
    structure = ET.SubElement(project, "Structure")
    track = ET.SubElement(
        structure, "Track", contentType="audio", loaded="true", id="track", name=hand_over.name
    )
    channels = str(hand_over.channels)
    ET.SubElement(
        track, "Channel", audioChannels=channels, destination="master", role="regular", id="channel"
    )
    main = ET.SubElement(
        structure, "Track", contentType="audio", loaded="true", id="main", name="Master"
    )
    ET.SubElement(main, "Channel", audioChannels=channels, role="master", id="master")
    arrangement = ET.SubElement(project, "Arrangement", id="arrangement")
    outer = ET.SubElement(arrangement, "Lanes", timeUnit="seconds", id="lanes")
    lanes = ET.SubElement(outer, "Lanes", track="track", id="track-lanes")
    clips = ET.SubElement(lanes, "Clips", id="clips")
    for number, clip in enumerate(hand_over.clips, 1):
        _add_clip(clips, hand_over, clip, number, folder)
    if hand_over.markers:
        markers = ET.SubElement(arrangement, "Markers", timeUnit="seconds", id="markers")
        for marker in hand_over.markers:
            ET.SubElement(
                markers, "Marker", time=hand_over.seconds(marker.position), name=marker.name
            )
    metadata = ET.Element("MetaData")
    ET.SubElement(metadata, "Title").text = _valid(hand_over.name)
    files = {"project.xml": project, "metadata.xml": metadata}
    return Written(_zipped(files), gain_notes(hand_over))


def _add_clip(
    parent: ET.Element, hand_over: HandOver, clip: Clip, number: int, folder: Path
) -> None:
    media = hand_over.media[clip.segment.source]
    # A crossfade is a negative fade-in, which plays what lies before the clip's own start. So
    # clips don't overlap: each one begins where the clip before it has ended.
    lead = clip.head.fade if clip.head.crosses else 0
    fade_in = hand_over.seconds(clip.head.fade)
    element = ET.SubElement(
        parent,
        "Clip",
        time=hand_over.seconds(clip.track_start + lead),
        duration=hand_over.seconds(clip.length - lead),
        contentTimeUnit="seconds",
        playStart=hand_over.seconds(clip.start + lead),
        fadeTimeUnit="seconds",
        fadeInTime=f"-{fade_in}" if lead else fade_in,
        fadeOutTime=hand_over.seconds(clip.tail.fade),
        name=media.name,
    )
    _add_media(element, media, number, folder)


def _add_media(clip: ET.Element, media: Media, number: int, folder: Path) -> None:
    audio = ET.SubElement(
        clip,
        "Audio",
        channels=str(media.channels),
        duration=f"{media.n_samples / media.sample_rate:.12f}",
        sampleRate=str(media.sample_rate),
        id=f"audio-{number}",
    )
    ET.SubElement(audio, "File", path=media.seen_from(folder), external="true")


def _zipped(files: dict[str, ET.Element]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, element in files.items():
            for each in element.iter():
                for key, value in each.attrib.items():
                    each.set(key, _valid(value))
            info = zipfile.ZipInfo(name, _ZIP_TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, ET.tostring(element, "UTF-8", xml_declaration=True))
    return held.getvalue()


def _valid(text: str) -> str:
    """Returns a text that XML can hold."""
    return storable(text).translate(_XML_FORBIDS)
