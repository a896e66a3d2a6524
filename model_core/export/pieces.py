"""What of an edit is exported: all of it, a part, or each segment or take as its own file."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from model_core.audio.mixdown import MixOf, TrackOf
from model_core.audio.render import Renderer
from model_core.edit.timeline import Timeline
from model_core.edit.types import EditList, Segment
from model_core.errors import FileWriteError
from model_core.export.chapters import chapters_later, edited_chapters, with_markers
from model_core.export.encoding import default_encoding
from model_core.export.formats import export_format
from model_core.export.sound import ExportedSound, export_sound
from model_core.export.tags import Tags, read_tags
from model_core.files import refuse_overwriting_source
from model_core.progress import no_progress, part_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from model_core.audio.mixdown import Rendered
    from model_core.audio.source import AudioSource, Track
    from model_core.edit.markers import Marker
    from model_core.edit.mix import Mix
    from model_core.export.levelling import LoudnessTarget
    from model_core.progress import CancelToken, Progress

_UNSAFE: Final = re.compile(r'[\x00-\x1f<>:"/\\|?*]+')
_LONGEST_NAME: Final = 60


@dataclass(frozen=True, slots=True)
class Piece:
    """One file that an export writes.

    Attributes:
        path: The file.
        edit: The edit that it is of.
        within: The part of the edited timeline that it holds, in samples; None for all of it.
        track: Which track of a recording with several it holds; None for their mix, or for all
            channels of any other recording.
    """

    path: Path
    edit: EditList
    within: tuple[int, int] | None = None
    track: int | None = None

    @property
    def length(self) -> int:
        """Length in samples of the recording's rate."""
        start, stop = self.within or (0, Timeline(self.edit).length)
        return stop - start


@dataclass(frozen=True, slots=True)
class SoundOptions:
    """How sound is written; what is left out stays as the recording has it.

    Attributes:
        format: Name of the kind of file; None: the file's ending tells.
        subtype: libsndfile's name of the encoding; None keeps the depth.
        sample_rate: In Hz; None keeps the rate.
        loudness: What the loudness is brought to; None leaves it as it is.
        dither: Whether to dither where depth is lost.
        keeps_tags: Whether tags, pictures and chapter marks are carried over.
    """

    format: str | None = None
    subtype: str | None = None
    sample_rate: int | None = None
    loudness: LoudnessTarget | None = None
    dither: bool = True
    keeps_tags: bool = True


def segment_pieces(edit: EditList, path: Path) -> tuple[Piece, ...]:
    """Returns a piece for each segment: one after the other they are the whole edit, less gaps."""
    timeline = Timeline(edit)
    stretches = [
        (int(start), int(start) + item.length)
        for start, item in zip(timeline.starts, edit.items, strict=False)
        if isinstance(item, Segment)
    ]
    digits = max(2, len(str(len(stretches))))
    return tuple(
        Piece(path.with_name(f"{path.stem}_{number:0{digits}}{path.suffix}"), edit, stretch)
        for number, stretch in enumerate(stretches, 1)
    )


def take_pieces(takes: Iterable[tuple[str, EditList]], path: Path) -> tuple[Piece, ...]:
    """Returns a piece for each of several edits, given their names; no two get one file."""
    pieces: list[Piece] = []
    used: set[str] = set()
    for name, edit in takes:
        base = f"{path.stem}_{safe_name(name) or 'take'}"
        stem, number = base, 1
        while stem.casefold() in used:
            number += 1
            stem = f"{base}-{number}"
        used.add(stem.casefold())
        pieces.append(Piece(path.with_name(f"{stem}{path.suffix}"), edit))
    return tuple(pieces)


def track_pieces(pieces: Iterable[Piece], tracks: Sequence[Track]) -> tuple[Piece, ...]:
    """Returns a piece for each track of each of several pieces: equally long, named after both."""
    names: list[str] = []
    for number, track in enumerate(tracks, 1):
        name = safe_name(track.name) or str(number)
        taken = {other.casefold() for other in names}
        names.append(f"{name}-{number}" if name.casefold() in taken else name)
    return tuple(
        replace(
            piece,
            path=piece.path.with_name(f"{piece.path.stem}_{name}{piece.path.suffix}"),
            track=index,
        )
        for piece in pieces
        for index, name in enumerate(names)
    )


def safe_name(text: str) -> str:
    """Returns a text as a part of a file's name that every system takes."""
    return _UNSAFE.sub("_", text)[:_LONGEST_NAME].strip(" .")


def export_pieces(
    sources: Sequence[AudioSource],
    pieces: Sequence[Piece],
    options: SoundOptions,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
    markers: Sequence[Marker] = (),
    mix: Mix = (),
) -> tuple[ExportedSound, ...]:
    """Writes pieces of edits to sound files, one after the other.

    Args:
        sources: The edits' recordings; tags come from the first one.
        pieces: What to write. An edit of which nothing is left is refused before any is written.
        options: How.
        progress: Told the written share.
        cancel: Looked at after every block; the files that are finished stay.
        markers: Named places of the first recording; they become chapter marks.
        mix: How loud each track of a recording with several is in pieces that hold their mix.

    Raises:
        FileWriteError: A file can't be written, or there is nothing to write.
        AudioReadError: A recording can't be read.
        CancelledError: `cancel` was set.
    """
    lengths = [piece.length for piece in pieces]
    if not pieces or min(lengths) <= 0:
        raise FileWriteError("The edit is empty: there is nothing to export.", "Keep some of it.")
    for piece in pieces:
        refuse_overwriting_source(piece.path, [path for each in sources for path in each.paths])
    written: list[ExportedSound] = []
    done, whole = 0, sum(lengths)
    for piece, length in zip(pieces, lengths, strict=True):
        renderer = Renderer(sources, piece.edit)
        rendered = _rendered(renderer, piece.track, mix)
        subtype = options.subtype
        if subtype is None and isinstance(rendered, MixOf):
            # Computed samples have no depth of their own; the mix gets that of the recording.
            subtype = default_encoding(renderer, export_format(piece.path, options.format))
        kept = _kept_tags(sources[0], piece.track, options, markers)
        sound = export_sound(
            rendered,
            piece.path,
            options.format,
            subtype,
            options.sample_rate,
            progress=part_of(progress, done / whole, (done + length) / whole),
            cancel=cancel,
            within=piece.within,
            loudness=options.loudness,
            dither=options.dither,
            tags=_tags_of(kept, piece, renderer.sample_rate),
        )
        if isinstance(rendered, MixOf) and options.loudness is None:
            sound = replace(sound, notes=(*sound.notes, *_clipping_notes(rendered, sound)))
        written.append(sound)
        done += length
    return tuple(written)


def _rendered(renderer: Renderer, track: int | None, mix: Mix) -> Rendered:
    """Returns what a piece holds: a track, the mix of all, or the channels as they are."""
    if track is not None:
        return TrackOf(renderer, track)
    return MixOf(renderer, mix) if renderer.sources[0].tracks else renderer


def _clipping_notes(mixed: MixOf, sound: ExportedSound) -> tuple[str, ...]:
    if mixed.peak <= 1.0 or sound.encoding in ("FLOAT", "DOUBLE"):
        return ()
    over_db = 20 * math.log10(mixed.peak)
    note = (
        f"The microphones together are up to {over_db:.1f} dB louder than the file can hold and "
        "are clipped there; lower them in the mix, or choose a loudness."
    )
    return (note,)


def _kept_tags(
    source: AudioSource, index: int | None, options: SoundOptions, markers: Sequence[Marker]
) -> Tags:
    """Returns what the file tells about itself, its chapters on the recording's time."""
    path, offset = source.path, 0
    if source.tracks:
        track = source.tracks[index or 0]
        path, offset = track.file.path, track.offset
    kept = read_tags(path) if options.keeps_tags and path is not None else Tags()
    own = chapters_later(kept.chapters, offset / source.sample_rate)
    return replace(kept, chapters=with_markers(own, markers, source.sample_rate))


def _tags_of(kept: Tags, piece: Piece, sample_rate: int) -> Tags | None:
    chapters = edited_chapters(kept.chapters, piece.edit, sample_rate, piece.within)
    if not (kept.fields or kept.pictures or chapters):
        return None
    return Tags(kept.fields, kept.pictures, chapters)
