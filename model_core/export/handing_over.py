"""Handing an edit over to another program, from the recordings on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from model_core.audio.mixdown import mix_channels
from model_core.audio.synchronised import MixedSource
from model_core.edit.mix import TrackLevel
from model_core.errors import EditError
from model_core.export.chapters import chapters_later, edited_chapters
from model_core.export.frame_rates import DEFAULT_FRAME_RATE, FrameRate
from model_core.export.hand_over import HandOver, Marker, Media, MediaTrack
from model_core.export.media import media_of
from model_core.export.tags import read_tags
from model_core.export.timelines import HandedOver, check_hand_over, timeline_format, write_timeline
from model_core.files import refuse_overwriting_source
from model_core.progress import no_progress, part_of

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from model_core.audio.source import AudioSource
    from model_core.edit.mix import Mix
    from model_core.edit.types import Change, EditList
    from model_core.progress import CancelToken, Progress

_WRITTEN: Final = 0.98


@dataclass(frozen=True, slots=True)
class TimelineOptions:
    """How an edit is handed over.

    Attributes:
        format: Name of the timeline format; None: the file's ending tells.
        frame_rate: The clock of formats that count video frames.
        keeps_chapters: Whether the recording's chapter marks become markers.
        mix: How loud each track of a recording with several is.
    """

    format: str | None = None
    frame_rate: FrameRate = DEFAULT_FRAME_RATE
    keeps_chapters: bool = True
    mix: Mix = ()


def hand_over_edit(
    sources: Sequence[AudioSource],
    edit: EditList,
    path: str | os.PathLike[str],
    options: TimelineOptions | None = None,
    *,
    changes: Sequence[Change] = (),
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> HandedOver:
    """Writes an edit as a timeline, and beside it a decoded copy of each lossy recording.

    Args:
        sources: The edit's recordings, in the order of their indices.
        edit: The edit.
        path: The timeline's file.
        options: How.
        changes: What the edit does, for the texts of labels.
        progress: Told the share that is done.
        cancel: Looked at while copies are written; nothing half-written is left behind.

    Raises:
        EditError: The edit is empty, its recordings have several rates, or it is beyond what the
            format can hold.
        FileWriteError: A file can't be written, or is one of the recordings.
        AudioReadError: A recording can't be read.
        CancelledError: `cancel` was set.
    """
    options = options or TimelineOptions()
    path = Path(path)
    kind = timeline_format(path, options.format)
    check_hand_over(edit)
    if len({source.sample_rate for source in sources}) > 1:
        raise EditError("The recordings have several sample rates, and a timeline has one.")
    refuse_overwriting_source(path, [file for source in sources for file in source.paths])
    folder = path.absolute().parent
    media: list[Media] = []
    notes: list[str] = []
    tracks: tuple[MediaTrack, ...] = ()
    for index, source in enumerate(sources):
        if not kind.has_media and source.path is not None:
            media.append(_as_it_is(source, source.path))
            continue
        part = part_of(
            progress, _WRITTEN * index / len(sources), _WRITTEN * (index + 1) / len(sources)
        )
        if source.tracks and kind.has_tracks and len(sources) == 1:
            tracks = _tracks_of(source, folder, options.mix, notes, part, cancel)
            media.append(_as_it_is(source, tracks[0].media.path))
            continue
        if source.tracks:
            mixed = MixedSource(source, options.mix, mix_channels(source.tracks))
            file, is_new = media_of(mixed, folder, part, cancel, f"{path.stem}_mixed")
            media.append(file)
            notes.append(
                f"The format takes one sound file, so the microphones were mixed to “{file.name}”."
            )
            continue
        file, is_new = media_of(source, folder, part, cancel)
        media.append(file)
        if is_new:
            notes.append(f"The recording was decoded to “{file.name}”, which the timeline plays.")
    markers: tuple[Marker, ...] = ()
    if options.keeps_chapters and sources[0].path is not None:
        rate = sources[0].sample_rate
        offset_s = sources[0].tracks[0].offset / rate if sources[0].tracks else 0.0
        own = chapters_later(read_tags(sources[0].path).chapters, offset_s)
        chapters = edited_chapters(own, edit, rate)
        markers = tuple(Marker(round(each.start_s * rate), each.title) for each in chapters)
    written = write_timeline(
        HandOver(
            edit, tuple(media), path.stem, tuple(changes), markers, options.frame_rate, tracks
        ),
        path,
        kind.name,
    )
    progress(1.0, "")
    return HandedOver(written.path, (*notes, *written.notes))


def _tracks_of(
    source: AudioSource,
    folder: Path,
    mix: Mix,
    notes: list[str],
    progress: Progress,
    cancel: CancelToken | None,
) -> tuple[MediaTrack, ...]:
    """Returns the files of a recording, or decoded copies of those that are lossy."""
    levels = (*mix, *(TrackLevel() for _ in source.tracks))
    found = []
    for index, (track, level) in enumerate(zip(source.tracks, levels, strict=False)):
        part = part_of(progress, index / len(source.tracks), (index + 1) / len(source.tracks))
        file, is_new = media_of(track.file, folder, part, cancel)
        if is_new:
            notes.append(f"{track.name} was decoded to “{file.name}”, which the timeline plays.")
        found.append(MediaTrack(track.name, file, track.offset, track.n_samples, level))
    return tuple(found)


def _as_it_is(source: AudioSource, path: Path) -> Media:
    return Media(
        path.absolute(),
        source.sample_rate,
        source.channels,
        source.n_samples,
        source.container,
        source.bits,
        source.content_hash(),
    )
