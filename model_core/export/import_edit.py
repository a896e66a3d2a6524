"""Taking over an edit of a recording from another program: labels, EDL, OpenTimelineIO, JSON."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

import numpy as np

from model_core.edit.checked_json import read_bytes
from model_core.edit.serialise import read_edit_list
from model_core.edit.types import EditList, FadeLaw, Gap, Item, Join, Segment
from model_core.errors import EditError
from model_core.export.audacity import CUT, KEEP
from model_core.export.cmx_edl import RATE_COMMENT
from model_core.export.frame_rates import FRAME_RATES, FrameRate
from model_core.export.otio import METADATA_KEY

if TYPE_CHECKING:
    from collections.abc import Iterable

    from model_core.audio.source import AudioSource

_MAX_TEXT_BYTES: Final = 64 * 2**20
_LABEL: Final = re.compile(r"^\s*(-?\d+[.,]?\d*)\s+(-?\d+[.,]?\d*)(?:[\t ](.*))?$")
_NUMBERED: Final = re.compile(rf"{KEEP} (\d+)\b.*", re.IGNORECASE)
_EVENT: Final = re.compile(
    r"^(\d+)\s+(\S+)\s+(\S+)\s+(\S+)(?:\s+\d+)?\s+"
    r"(\d\d:\d\d:\d\d[:;.,]\d\d)\s+(\d\d:\d\d:\d\d[:;.,]\d\d)\s+"
    r"(\d\d:\d\d:\d\d[:;.,]\d\d)\s+(\d\d:\d\d:\d\d[:;.,]\d\d)\s*$"
)
_ROUNDING_S: Final = 0.05
"""So far beyond the recording's end a stretch may reach by the other program's rounding."""


class LabelMeaning(StrEnum):
    """What the labelled stretches of a recording are."""

    KEEP = "keep"
    CUT = "cut"


@dataclass(frozen=True, slots=True)
class ImportedEdit:
    """An edit that was taken over.

    Attributes:
        edit: The edit; it plays source 0.
        notes: Sentences for the person about what wasn't taken over.
    """

    edit: EditList
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """What a file doesn't tell and a person has to say before it can be taken over.

    Attributes:
        meaning: Whether it is unknown what labels mean.
        frame_rate: Whether the frame rate is unknown.
    """

    meaning: bool = False
    frame_rate: bool = False

    def __bool__(self) -> bool:
        return self.meaning or self.frame_rate


IMPORT_SUFFIXES: Final = (".txt", ".edl", ".otio", ".json")
"""Endings of the files that can be taken over."""


def question_about(path: Path) -> Question:
    """Returns what has to be asked about a file before it is taken over.

    Raises:
        EditError: The file can't be read, or is of no known kind.
    """
    suffix = _suffix(path)
    if suffix == ".txt":
        labels = _labels(_text(path))
        return Question(meaning=_told_meaning([text for _, _, text in labels]) is None)
    if suffix == ".edl":
        return Question(frame_rate=_told_rate(_text(path)) is None)
    return Question()


def import_edit(
    path: Path,
    source: AudioSource,
    meaning: LabelMeaning | None = None,
    frame_rate: FrameRate | None = None,
) -> ImportedEdit:
    """Reads an edit of a recording from a file of another program, or of ours.

    Args:
        path: Audacity labels (.txt) on the recording, an edit decision list (.edl), an
            OpenTimelineIO timeline (.otio) or an edit list (.json).
        source: The recording.
        meaning: What labels mean; left out, their texts tell, or else they are what is kept.
        frame_rate: Of an edit decision list; left out, the file tells, or else it is 25.

    Raises:
        EditError: The file can't be read, is malformed, or doesn't fit the recording.
    """
    suffix = _suffix(path)
    if suffix == ".txt":
        return _import_labels(path, source, meaning)
    if suffix == ".edl":
        return _import_edl(path, source, frame_rate)
    if suffix == ".otio":
        return _import_otio(path, source)
    return _import_json(path, source)


def _suffix(path: Path) -> str:
    suffix = path.suffix.lower()
    if suffix not in IMPORT_SUFFIXES:
        raise EditError(
            f"“{path.name}” is no edit that can be taken over.",
            "Choose labels of Audacity (.txt), an .edl, an .otio or an edit list (.json).",
        )
    return suffix


def _text(path: Path) -> str:
    data = read_bytes(path)
    if len(data) > _MAX_TEXT_BYTES or b"\0" in data[:1000]:
        raise EditError(f"“{path.name}” is not a text file.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


# Audacity labels ----------------------------------------------------------------------------------


def _labels(text: str) -> list[tuple[float, float, str]]:
    """Returns the labels of a file as seconds and texts, points included."""
    labels = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("\\"):  # a line of frequencies
            continue
        found = _LABEL.match(line)
        if found is None:
            raise EditError(
                f"Line {number} is no label: “{line.strip()[:40]}”.",
                "Export the labels from Audacity as a text file.",
            )
        start, stop = (float(value.replace(",", ".")) for value in found.group(1, 2))
        labels.append((start, stop, (found.group(3) or "").strip()))
    if not labels:
        raise EditError("There is no label in the file.")
    return labels


def _told_meaning(texts: Iterable[str]) -> LabelMeaning | None:
    """Returns what the texts of all labels say that they mean, or None."""
    firsts = {re.split(r"[\s:]", text.lower(), maxsplit=1)[0] for text in texts}
    if firsts <= {KEEP, "kept"}:
        return LabelMeaning.KEEP
    if firsts <= {CUT, "remove", "removed", "delete"}:
        return LabelMeaning.CUT
    return None


def _import_labels(path: Path, source: AudioSource, meaning: LabelMeaning | None) -> ImportedEdit:
    labels = _labels(_text(path))
    meaning = meaning or _told_meaning([text for _, _, text in labels]) or LabelMeaning.KEEP
    stretches, notes = [], []
    n_points = 0
    for start_s, stop_s, text in labels:
        if stop_s <= start_s:
            n_points += 1
            continue
        stretch = _within(
            source, round(start_s * source.sample_rate), round(stop_s * source.sample_rate)
        )
        if stretch is not None:
            stretches.append((*stretch, text))
    if n_points:
        what = "1 label that marks a point was" if n_points == 1 else f"{n_points} points were"
        notes.append(f"{what} left out.")
    if not stretches:
        raise EditError("None of the labels marks a stretch of this recording.")
    if meaning is LabelMeaning.CUT:
        edit = _without(source.n_samples, [(start, stop) for start, stop, _ in stretches])
        return ImportedEdit(edit, tuple(notes))
    numbers = [_NUMBERED.fullmatch(text) for _, _, text in stretches]
    if all(numbers):
        order = np.argsort([int(number[1]) for number in numbers if number], kind="stable")
        ranges = [stretches[place][:2] for place in order.tolist()]
    else:
        ranges = _merged([(start, stop) for start, stop, _ in stretches])
    return ImportedEdit(EditList.from_ranges(ranges), tuple(notes))


def _merged(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Returns ranges in order, those that overlap as one; those that only touch stay apart."""
    merged: list[tuple[int, int]] = []
    for start, stop in sorted(ranges):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(stop, merged[-1][1]))
        else:
            merged.append((start, stop))
    return merged


def _without(n_samples: int, cut: list[tuple[int, int]]) -> EditList:
    kept = []
    at = 0
    for start, stop in _merged(cut):
        if at < start:
            kept.append((at, start))
        at = max(at, stop)
    if at < n_samples:
        kept.append((at, n_samples))
    return EditList.from_ranges(kept)


# Edit decision lists ------------------------------------------------------------------------------


def _told_rate(text: str) -> FrameRate | None:
    for line in text.splitlines():
        if line.upper().startswith(RATE_COMMENT):
            return FRAME_RATES.get(line[len(RATE_COMMENT) :].strip())
    return None


def _import_edl(path: Path, source: AudioSource, frame_rate: FrameRate | None) -> ImportedEdit:
    text = _text(path)
    rate = frame_rate or _told_rate(text) or FRAME_RATES["25"]
    if re.search(r"^FCM:\s*DROP", text, re.MULTILINE | re.IGNORECASE):
        raise EditError(
            "The list counts in drop-frame time code, which EditorBot doesn't read.",
            "Export it in non-drop time code.",
        )
    events: list[tuple[int, int, int, int]] = []
    reels: set[str] = set()
    notes: list[str] = []
    last_number = ""
    for line in text.splitlines():
        found = _EVENT.match(line)
        if found is None:
            continue
        number, reel, channels, transition = found.group(1, 2, 3, 4)
        if reel.upper() in {"BL", "BLACK"} or channels.upper().startswith("V"):
            continue
        if transition.upper() != "C" and "Transitions became plain cuts." not in notes:
            notes.append("Transitions became plain cuts.")
        codes = [rate.parse_time_code(code) for code in found.group(5, 6, 7, 8)]
        if number == last_number and events and events[-1][2] == codes[2]:
            continue  # the same event on another track
        last_number = number
        if codes[1] > codes[0] and codes[3] > codes[2]:
            reels.add(reel)
            events.append((codes[0], codes[1], codes[2], codes[3]))
    if not events:
        raise EditError("There is no event with sound in the list.")
    if len(reels) > 1:
        raise EditError(
            f"The list plays {len(reels)} recordings, and one is open.",
            "Export a list of one recording.",
        )
    sample_rate = source.sample_rate
    placed = [
        (rate.samples(record_in, sample_rate), rate.samples(source_in, sample_rate), length)
        for source_in, _, record_in, record_out in sorted(events, key=lambda event: event[2])
        for length in [rate.samples(record_out, sample_rate) - rate.samples(record_in, sample_rate)]
    ]
    return ImportedEdit(_placed(source, placed), tuple(notes))


def _placed(source: AudioSource, clips: list[tuple[int, int, int]]) -> EditList:
    """Returns the edit that plays clips of `(position, start, length)`, silence between them."""
    items: list[Item] = []
    at = clips[0][0]  # many programs begin at one hour
    for position, start, length in clips:
        if position > at:
            items.append(Gap(position - at))
        elif position < at:
            raise EditError(
                f"Two clips are heard at once {position / source.sample_rate:.2f} s into the edit.",
                "Leave only one track of sound.",
            )
        stretch = _within(source, start, start + length)
        if stretch is not None:
            items.append(Segment(0, *stretch))
        at = position + length
    return EditList(tuple(items))


# OpenTimelineIO -----------------------------------------------------------------------------------


def _import_otio(path: Path, source: AudioSource) -> ImportedEdit:
    try:
        document = json.loads(_text(path))
    except (ValueError, RecursionError) as error:
        raise EditError(f"“{path.name}” is no OpenTimelineIO file: it isn't JSON.") from error
    try:
        return _from_otio(document, source)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise EditError(
            f"“{path.name}” is no OpenTimelineIO timeline that EditorBot can read.",
            "Export it again, as one track of clips.",
        ) from error


def _from_otio(document: Any, source: AudioSource) -> ImportedEdit:  # noqa: ANN401
    if not _is_a(document, "Timeline"):
        raise ValueError("no timeline")
    tracks = [each for each in document["tracks"]["children"] if _is_a(each, "Track")]
    with_clips = [t for t in tracks if any(_is_a(child, "Clip") for child in t["children"])]
    tracks = [track for track in with_clips if track.get("kind") == "Audio"] or with_clips
    if not tracks:
        raise EditError("There is no track with clips in the timeline.")
    notes = []
    chosen = tracks[0]
    if source.tracks:  # all microphones are cut alike; the one with most sound says it best
        chosen = max(tracks, key=_sound_length)
    elif any(track["children"] != chosen["children"] for track in tracks[1:]):
        notes.append("Only the first track with sound was taken over.")
    items: list[Item] = []
    joins: list[Join] = []
    join = Join()
    names = set()
    for child in chosen["children"]:
        if _is_a(child, "Transition"):
            join = _to_join(child, source.sample_rate)
            continue
        if _is_a(child, "Gap"):
            item: Item | None = _gap(child, source)
        elif _is_a(child, "Clip"):
            names.add(_media_name(child))
            item = _segment(child, source, _offset_of(child, source))
            if child.get("effects"):
                notes.append("Effects of clips weren't taken over.")
        else:
            notes.append("Clips within clips weren't taken over.")
            continue
        if item is not None:
            if items:
                joins.append(join)
            items.append(item)
            join = Join()
    if len(names) > 1:
        raise EditError(
            f"The timeline plays {len(names)} recordings, and one is open.",
            "Export a timeline of one recording.",
        )
    return ImportedEdit(EditList(tuple(items), tuple(joins)), tuple(dict.fromkeys(notes)))


def _sound_length(track: Any) -> float:  # noqa: ANN401
    """Returns how long the clips of a track are together."""
    clips = [child for child in track["children"] if _is_a(child, "Clip")]
    return sum(
        float(clip["source_range"]["duration"]["value"])
        / float(clip["source_range"]["duration"]["rate"])
        for clip in clips
        if clip.get("source_range")
    )


def _is_a(value: Any, schema: str) -> bool:  # noqa: ANN401
    return isinstance(value, dict) and str(value.get("OTIO_SCHEMA", "")).startswith(f"{schema}.")


def _reference(clip: dict[str, Any]) -> dict[str, Any]:
    found = clip.get("media_reference")
    if found is None:
        found = (clip.get("media_references") or {}).get(
            clip.get("active_media_reference_key", "DEFAULT_MEDIA")
        )
    return found or {}


def _media_name(clip: dict[str, Any]) -> str:
    return unquote(str(_reference(clip).get("target_url", ""))).rpartition("/")[2]


def _offset_of(clip: dict[str, Any], source: AudioSource) -> int:
    """Returns where in a recording with several microphones the file of a clip begins."""
    name = _media_name(clip)
    for track in source.tracks:
        path = track.file.path
        if path is not None and name in (path.name, f"{path.stem}_decoded.wav"):
            return track.offset
    return 0


def _segment(clip: dict[str, Any], source: AudioSource, offset: int) -> Segment | None:
    available = _reference(clip).get("available_range")
    chosen: dict[str, Any] = clip.get("source_range") or available or {}
    start = _samples(chosen["start_time"], source.sample_rate)
    if available:  # time code of the media need not begin at 0
        start -= _samples(available["start_time"], source.sample_rate)
    start += offset
    stretch = _within(source, start, start + _samples(chosen["duration"], source.sample_rate))
    if stretch is None:
        return None
    gain_db = (clip.get("metadata") or {}).get(METADATA_KEY, {}).get("gain_db", 0.0)
    return Segment(0, *stretch, float(gain_db))


def _gap(gap: dict[str, Any], source: AudioSource) -> Gap | None:
    length = _samples(gap["source_range"]["duration"], source.sample_rate)
    return Gap(length) if length > 0 else None


def _to_join(transition: dict[str, Any], sample_rate: int) -> Join:
    length = sum(_samples(transition[side], sample_rate) for side in ("in_offset", "out_offset"))
    law = (transition.get("metadata") or {}).get(METADATA_KEY, {}).get("law", "")
    return Join(FadeLaw(law) if law in set(FadeLaw) else FadeLaw.AUTO, max(0, length))


def _samples(time: dict[str, Any], sample_rate: int) -> int:
    rate = float(time["rate"])
    if not rate > 0:
        raise ValueError("a clock that stands still")
    return round(float(time["value"]) * sample_rate / rate)


# Our own ------------------------------------------------------------------------------------------


def _import_json(path: Path, source: AudioSource) -> ImportedEdit:
    saved = read_edit_list(path)
    used = {segment.source for segment in saved.edit_list.segments}
    if len(used) > 1:
        raise EditError(
            f"The edit list plays {len(used)} recordings, and one is open.",
            "Open them one by one, or make an edit list of one recording.",
        )
    index = used.pop() if used else 0
    notes: tuple[str, ...] = ()
    if index < len(saved.sources):
        about = saved.sources[index]
        if (about.sample_rate, about.n_samples) != (source.sample_rate, source.n_samples):
            raise EditError(
                f"The edit list was made for “{Path(about.path).name}” with {about.n_samples} "
                f"samples at {about.sample_rate} Hz; the open recording has {source.n_samples} at "
                f"{source.sample_rate} Hz.",
                "Open the recording that it was made for.",
            )
        if about.content_hash and about.content_hash != source.content_hash():
            notes = (
                "The edit list was made for a recording of the same length but other content.",
            )
    items = tuple(
        Segment(0, item.start, item.stop, item.gain_db) if isinstance(item, Segment) else item
        for item in saved.edit_list.items
    )
    return ImportedEdit(EditList(items, saved.edit_list.joins), notes)


def _within(source: AudioSource, start: int, stop: int) -> tuple[int, int] | None:
    """Returns a stretch cut to the recording, or None if only rounding lies within.

    Raises:
        EditError: It reaches further beyond the recording than rounding explains.
    """
    tolerance = round(_ROUNDING_S * source.sample_rate)
    if start < -tolerance or stop > source.n_samples + tolerance:
        raise EditError(
            f"The edit plays {start / source.sample_rate:.2f} to "
            f"{stop / source.sample_rate:.2f} s of a recording; this one has "
            f"{source.duration_s:.2f} s.",
            "Open the recording that it was made for, or check the frame rate.",
        )
    start, stop = max(0, start), min(stop, source.n_samples)
    return (start, stop) if start < stop else None
