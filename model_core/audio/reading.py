"""Opening recordings of any kind as an `AudioSource`.

Uncompressed files and FLAC are read where they lie. Formats in which libsndfile can't reach every
sample exactly (its Vorbis seeking lands on wrong samples, the length of an MP3 may be a guess),
damaged files, and all that FFmpeg is better at, are decoded once, from beginning to end.
"""

from __future__ import annotations

import contextlib
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import soundfile as sf

from model_core.audio.decoding import decode_with_ffmpeg, decode_with_libsndfile
from model_core.audio.direct import SoundFileSource, file_error
from model_core.audio.formats import is_decodable, is_exactly_seekable
from model_core.audio.headers import is_cut_short, is_for_libsndfile
from model_core.audio.source import ArraySource, AudioSource, cut_short_note
from model_core.audio.spool import spool
from model_core.errors import AudioReadError
from model_core.progress import no_progress

if TYPE_CHECKING:
    import os

    from model_core.progress import CancelToken, Progress

__all__ = ["ArraySource", "AudioSource", "open_audio"]

_LOWEST_RATE_HZ = 1000
_HIGHEST_RATE_HZ = 1_536_000


def open_audio(
    path: str | os.PathLike[str],
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
) -> AudioSource:
    """Opens a recording.

    WAV, AIFF, FLAC and their kin open at once, however long. Other formats are decoded first, at
    several hundred times real time; a long one is kept in the cache for the next time.

    Args:
        path: The file.
        progress: Told the decoded share.
        cancel: Looked at after every block.

    Raises:
        AudioReadError: If there is no sound to be had from the file, for any reason.
        CancelledError: If `cancel` was set.
    """
    path = Path(path)
    try:
        _check_file(path)
        source = _open(path, progress or no_progress, cancel)
    except OSError as error:
        raise file_error(path, error) from error
    if not _LOWEST_RATE_HZ <= source.sample_rate <= _HIGHEST_RATE_HZ:
        source.close()
        raise AudioReadError(
            f"“{path}” announces a sample rate of {source.sample_rate} Hz, which can't be.",
            "It is probably damaged; export it again from where it comes from.",
        )
    return source


def _open(path: Path, report: Progress, cancel: CancelToken | None) -> AudioSource:
    with contextlib.ExitStack() as unless_kept:
        file = _opened(path)
        if file is not None:
            unless_kept.enter_context(file)
            if is_exactly_seekable(file.format, file.subtype):
                if file.frames == 0:
                    raise _no_samples(path)
                if _last_sample_is_there(file):
                    short = is_cut_short(path)
                    notes = (cut_short_note(file.frames, file.samplerate),) if short else ()
                    unless_kept.pop_all()
                    return SoundFileSource(path, file, notes)
            elif is_decodable(file.format, file.subtype):
                with contextlib.suppress(AudioReadError):  # FFmpeg is more patient with damage
                    return spool(path, decode_with_libsndfile(path, file), report, cancel)
    return spool(path, decode_with_ffmpeg(path), report, cancel)


def _check_file(path: Path) -> None:
    """Raises `AudioReadError` if there isn't a file with something in it that may be read."""
    try:
        status = path.stat()
    except ValueError as error:  # a null character in the name
        raise AudioReadError(f"{str(path)!r} isn't the name of a file.") from error
    if stat.S_ISDIR(status.st_mode):
        raise AudioReadError(f"“{path}” is a folder.", "Open one of the recordings in it.")
    if not stat.S_ISREG(status.st_mode):
        raise AudioReadError(f"“{path}” is a device, not a file.", "Open a sound file.")
    if status.st_size == 0:
        raise AudioReadError(
            f"“{path}” is empty.", "Copy or export it again from where it comes from."
        )
    with path.open("rb"):
        pass


def _opened(path: Path) -> sf.SoundFile | None:
    """Returns the file opened by libsndfile, or None where that isn't the one to open it."""
    if not is_for_libsndfile(path):
        return None
    try:
        return sf.SoundFile(path)
    except (sf.SoundFileError, OSError, TypeError):  # TypeError: it takes *.raw for headerless
        return None


def _last_sample_is_there(file: sf.SoundFile) -> bool:
    try:
        file.seek(file.frames - 1)
        return len(file.read(1, dtype="int16", always_2d=True)) == 1
    except (sf.SoundFileError, OSError):
        return False


def _no_samples(path: Path) -> AudioReadError:
    return AudioReadError(
        f"“{path}” holds no sound: its length is zero.", "Open a recording with sound in it."
    )
