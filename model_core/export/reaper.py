"""REAPER projects (.rpp): sample-exact, with crossfades, gains and markers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from model_core.export.hand_over import Written, is_linear, storable

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from model_core.edit.mix import TrackLevel
    from model_core.export.clips import Clip, Edge
    from model_core.export.hand_over import HandOver, Media

_LINEAR, _CONSTANT_POWER = 0, 1


def write_reaper(hand_over: HandOver, folder: Path) -> Written:
    """Returns an edit as a REAPER project: an item a segment.

    There is one track, or one for each microphone of a recording with several, with its level.

    Args:
        hand_over: The edit.
        folder: Where the file will lie; media paths are relative to it.
    """
    lines = ['<REAPER_PROJECT 0.1 "7.0" 0', f"  SAMPLERATE {hand_over.sample_rate} 0 0"]
    lines += [
        f"  MARKER {number} {hand_over.seconds(marker.position)} {quoted(marker.name)} 0"
        for number, marker in enumerate(hand_over.markers, 1)
    ]
    if hand_over.tracks:
        for track in hand_over.tracks:
            items = [
                _item(hand_over, clip, track.media, folder)
                for clip in track.clips(hand_over)
                if clip is not None
            ]
            lines += _track(track.name, track.media.channels, items, track.level)
    else:
        media = hand_over.media
        items = [
            _item(hand_over, clip, media[clip.segment.source], folder) for clip in hand_over.clips
        ]
        lines += _track(hand_over.name, hand_over.channels, items)
    return Written("\n".join([*lines, ">", ""]).encode())


def _track(
    name: str, channels: int, items: Iterable[list[str]], level: TrackLevel | None = None
) -> list[str]:
    lines = ["  <TRACK", f"    NAME {quoted(name)}"]
    if level is not None:
        gain = 10.0 ** (level.gain_db / 20.0)
        lines += [
            f"    VOLPAN {gain:.12g} 0 -1 -1 1",
            f"    MUTESOLO {int(level.muted)} {int(level.soloed)} 0",
        ]
    # REAPER's tracks have an even number of channels.
    lines.append(f"    NCHAN {max(2, channels + channels % 2)}")
    for item in items:
        lines += item
    return [*lines, "  >"]


def _item(hand_over: HandOver, clip: Clip, media: Media, folder: Path) -> list[str]:
    seconds = hand_over.seconds
    gain = 10.0 ** (clip.segment.gain_db / 20.0)
    kind = "FLAC" if media.container == "FLAC" else "WAVE"
    return [
        "    <ITEM",
        f"      POSITION {seconds(clip.track_start)}",
        f"      LENGTH {seconds(clip.length)}",
        "      LOOP 0",
        f"      FADEIN {_fade(hand_over, clip.head)}",
        f"      FADEOUT {_fade(hand_over, clip.tail)}",
        f"      NAME {quoted(media.name)}",
        f"      VOLPAN {gain:.12g} 0 1 -1",
        f"      SOFFS {seconds(clip.start)}",
        f"      <SOURCE {kind}",
        f"        FILE {quoted(media.seen_from(folder))}",
        "      >",
        "    >",
    ]


def _fade(hand_over: HandOver, edge: Edge) -> str:
    shape = _LINEAR if is_linear(edge.law) else _CONSTANT_POWER
    return f"{shape} {hand_over.seconds(edge.fade)} 0 {shape} 0 0 0"


def quoted(text: str) -> str:
    """Returns a text as REAPER quotes it: by the first kind of quote that it doesn't hold."""
    text = storable(text)
    for quote in "\"'`":
        if quote not in text:
            return f"{quote}{text}{quote}"
    return "`" + text.replace("`", "'") + "`"
