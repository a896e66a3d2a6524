"""Several microphones from the files to the files: opened together, exported together."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from model_core.audio.lining_up import line_up, lining_up_note
from model_core.audio.mixdown import mix_channels
from model_core.audio.reading import open_audio
from model_core.audio.synchronised import Microphone, check_files, open_together, track_names
from model_core.export.pieces import Piece, SoundOptions, export_pieces, track_pieces
from model_core.progress import no_progress, part_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from model_core.audio.source import AudioSource
    from model_core.audio.synchronised import SynchronisedSource
    from model_core.edit.types import EditList
    from model_core.progress import CancelToken, Progress


def open_microphones(
    paths: Sequence[Path],
    *,
    by_sound: bool = False,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> tuple[SynchronisedSource, tuple[str, ...]]:
    """Opens several files as one recording.

    Args:
        paths: The files.
        by_sound: Whether to find out by sound where each of them begins; else all begin at once.
        progress: Told the share that is done.
        cancel: Looked at all the while.

    Returns:
        The recording, and sentences about how well the files could be lined up.

    Raises:
        AudioReadError: A file can't be opened, is named twice, or there are fewer than two.
        CancelledError: `cancel` was set.
    """
    check_files(paths)
    microphones = [Microphone(path) for path in paths]
    notes: list[str] = []
    if by_sound:
        names = track_names(microphones)
        with open_audio(paths[0], cancel=cancel) as first:
            for index, path in enumerate(paths[1:], 1):
                part = part_of(progress, 0.5 * (index - 1) / len(paths), 0.5 * index / len(paths))
                with open_audio(path, cancel=cancel) as other:
                    found = line_up(first, other, part, cancel)
                note = lining_up_note(names[index], names[0], found)
                notes += [note] if note else []
                if found is not None:
                    microphones[index] = replace(microphones[index], offset=found.offset)
    source = open_together(microphones, progress=part_of(progress, 0.5, 1.0), cancel=cancel)
    return source, tuple(notes)


def export_channels(source: AudioSource, *, separately: bool) -> int:
    """Returns the most channels that a file has when a recording is exported."""
    if not source.tracks:
        return source.channels
    if separately:
        return max(track.channels for track in source.tracks)
    return mix_channels(source.tracks)


def export_microphones(
    source: AudioSource,
    edit: EditList,
    path: Path,
    *,
    separately: bool = False,
    progress: Progress = no_progress,
) -> tuple[str, ...]:
    """Writes the edit of a recording with several microphones.

    Args:
        source: The recording.
        edit: Its edit.
        path: The file of the mix; files of single microphones are named after it and them.
        separately: Whether to write a file for each microphone instead of the mix.
        progress: Told the written share.

    Returns:
        Sentences about what couldn't be kept.

    Raises:
        FileWriteError: A file can't be written.
        AudioReadError: A microphone's file can't be read.
    """
    pieces = microphone_pieces(source, edit, path, separately=separately)
    options = SoundOptions(keeps_tags=False)
    written = export_pieces((source,), pieces, options, progress)
    return tuple(dict.fromkeys(note for each in written for note in each.notes))


def microphone_pieces(
    source: AudioSource, edit: EditList, path: Path, *, separately: bool
) -> tuple[Piece, ...]:
    """Returns the files that `export_microphones` writes."""
    whole = (Piece(path, edit),)
    return track_pieces(whole, source.tracks) if separately else whole
