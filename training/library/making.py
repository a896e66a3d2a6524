"""Making the files of one pair: alignment, pointers, operations, mel spectrogram and picture.

The alignment is what takes long. It is kept in the info, to the sample, and everything else follows
from it and from the recording; so what has gone missing or was damaged is made again quickly. The
info is taken away first and written last: while there is one, what it says holds.
"""

from __future__ import annotations

import contextlib
import time
import warnings
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from model_core.align import align
from model_core.audio.features import DEFAULT_SETTINGS, MelSettings, mel_spectrogram
from model_core.audio.reading import open_audio
from model_core.edit.edit_ops import pointers_to_ops
from model_core.edit.pointers import (
    STOP,
    edit_list_to_pointers,
    frame_count,
    hop_samples,
    read_pointers,
    write_pointers,
)
from model_core.errors import AlignmentError, AudioReadError, EditError, EditorBotError
from model_core.files import file_write_error
from model_core.progress import no_progress, part_of
from training.library.arrays import read_mels, read_npy, write_npy, write_npz
from training.library.errors import LibraryError
from training.library.info import (
    FileFacts,
    Found,
    PairInfo,
    Sound,
    State,
    making,
    read_info,
    write_info,
)
from training.library.references import resolve
from training.library.truth import known_alignment

if TYPE_CHECKING:
    from model_core.audio.source import AudioSource
    from model_core.progress import Progress
    from training.library.layout import Layout


class Result(StrEnum):
    """How working on a pair ended."""

    MADE = "made"
    UP_TO_DATE = "up to date"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Task:
    """One pair to work on.

    Attributes:
        layout: Of the library.
        name: The sample.
        raw: The recording, or a reference to it.
        edit: The finished edit, or a reference to it.
        force: Whether to align anew what is up to date.
    """

    layout: Layout
    name: str
    raw: Path
    edit: Path
    force: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one pair ended.

    Attributes:
        name: The sample.
        result: How it ended.
        info: What is known of the pair; None where that could not be written.
        sentence: What was wrong; empty if nothing was.
        mend: What to do about it.
        seconds: How long it took.
    """

    name: str
    result: Result
    info: PairInfo | None = None
    sentence: str = ""
    mend: str = ""
    seconds: float = 0.0

    @property
    def is_ready(self) -> bool:
        """Whether the pair's files are there."""
        return self.result in {Result.MADE, Result.UP_TO_DATE}


def make_pair(task: Task, progress: Progress = no_progress) -> Outcome:
    """Brings the files of one pair up to date; whatever is wrong with it is in the outcome."""
    began = time.monotonic()
    try:
        result, info = _make(task, progress)
        sentence, mend = info.sentence, info.mend
    except EditorBotError as error:
        result, info, sentence, mend = Result.FAILED, None, error.sentence, error.mend
    except OSError as error:
        said = file_write_error(error, error.filename or task.layout.sequences)
        result, info, sentence, mend = Result.FAILED, None, said.sentence, said.mend
    except MemoryError:
        result, info = Result.FAILED, None
        sentence = "There is not enough memory for it."
        mend = "Close other programs, or work on one pair at a time with --jobs 1."
    return Outcome(task.name, result, info, sentence, mend, time.monotonic() - began)


def forget(layout: Layout, name: str) -> None:
    """Takes away what was made of a pair; the pair itself and its stems stay.

    Raises:
        FileWriteError: A file can't be removed.
    """
    # The info goes first: without it the others count for nothing.
    for path in (
        layout.info(name),
        layout.pointers(name),
        layout.ops(name),
        layout.picture(name),
        layout.mel(name),
    ):
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise file_write_error(error, path) from error


def write_ops(layout: Layout, name: str, n_frames: int) -> npt.NDArray[np.int8]:
    """Names the operation of every step of a pair's pointers, and writes `{sample}_ops.npy`.

    Args:
        layout: Of the library.
        name: The sample.
        n_frames: Frames of its recording.

    Returns:
        What was written: `EditOp` values, one for each frame played and one for the end.

    Raises:
        EditError: There are no pointers, or they don't fit the recording.
        FileWriteError: The file can't be written.
    """
    pointers = np.append(read_pointers(layout.pointers(name)), np.int64(STOP))
    ops = pointers_to_ops(pointers, n_frames)
    write_npy(layout.ops(name), ops)
    return ops


def _make(task: Task, progress: Progress) -> tuple[Result, PairInfo]:
    layout, name = task.layout, task.name
    raw, edit = resolve(task.raw), resolve(task.edit)
    # A disk that isn't there today is no reason to throw away what was made: this may raise.
    facts = (FileFacts.of(raw, layout.sequences), FileFacts.of(edit, layout.sequences))
    old = _old_info(task)
    if old and (task.force or not old.is_of(*facts, making())):
        old = None
    if old and old.state is State.REFUSED:
        return Result.REFUSED, old
    if old is None or old.state is State.UNREADABLE:
        return _make_anew(task, raw, edit, facts, progress)
    info = replace(old, raw=facts[0], edit=facts[1])
    with open_audio(raw) as source:
        made = _make_missing(layout, info, source, progress)
    if info != old:
        write_info(layout.info(name), info)
    return (Result.MADE if made else Result.UP_TO_DATE), info


def _make_anew(
    task: Task, raw: Path, edit: Path, facts: tuple[FileFacts, FileFacts], progress: Progress
) -> tuple[Result, PairInfo]:
    """Aligns a pair; of one that can't be aligned only the reason is left."""
    layout, name = task.layout, task.name
    forget(layout, name)
    try:
        with open_audio(raw) as source, open_audio(edit) as edited:
            info = _aligned(layout, name, source, edited, facts, part_of(progress, 0.0, 0.85))
            _make_missing(layout, info, source, part_of(progress, 0.85, 1.0))
    except (AlignmentError, AudioReadError) as error:
        # It may have come after the first files were written.
        forget(layout, name)
        refused = isinstance(error, AlignmentError)
        state = State.REFUSED if refused else State.UNREADABLE
        info = PairInfo(name, state, *facts, making(), None, error.sentence, error.mend)
    write_info(layout.info(name), info)
    results = {State.REFUSED: Result.REFUSED, State.UNREADABLE: Result.FAILED}
    return results.get(info.state, Result.MADE), info


def _old_info(task: Task) -> PairInfo | None:
    """Returns what is known of a pair, as far as it can be trusted."""
    try:
        old = read_info(task.layout.info(task.name))
    except LibraryError:
        return None
    return old if old and old.sample == task.name else None


def _aligned(
    layout: Layout,
    name: str,
    source: AudioSource,
    edited: AudioSource,
    facts: tuple[FileFacts, FileFacts],
    progress: Progress,
) -> PairInfo:
    found = known_alignment(layout, name, source, edited, facts[0].content_hash)
    if found is None:
        found = align(source, edited, progress=progress)
    return PairInfo(
        sample=name,
        state=State.ALIGNED,
        raw=facts[0],
        edit=facts[1],
        made_with=making(),
        found=Found(
            raw=Sound(source.sample_rate, source.n_samples, source.channels),
            edit=Sound(edited.sample_rate, edited.n_samples, edited.channels),
            n_frames=frame_count(source.n_samples, hop_samples(source.sample_rate)),
            n_steps=len(found.pointers),
            report=found.report,
            foreign=found.foreign,
            edit_list=found.edit_list,
        ),
        notes=tuple(
            f"{what}: {note}"
            for what, one in (("Recording", source), ("Edit", edited))
            for note in one.notes
        ),
    )


def _make_missing(layout: Layout, info: PairInfo, source: AudioSource, progress: Progress) -> bool:
    """Makes every file of an aligned pair that isn't there or isn't sound; whether any was."""
    found, name = info.found, info.sample
    if found is None:
        raise ValueError(f"{name} is not aligned")
    wanted = edit_list_to_pointers(
        found.edit_list, hop_samples(source.sample_rate), source.n_samples
    ).indices
    made = False
    if not _is_equal(_pointers_there(layout, name), wanted):
        write_pointers(layout.pointers(name), wanted)
        made = True
    ops = pointers_to_ops(np.append(wanted, np.int64(STOP)), found.n_frames)
    if not _is_equal(_ops_there(layout, name), ops):
        write_npy(layout.ops(name), ops)
        made = True
    if not _mel_is_there(layout, name, found.n_frames):
        write_mel(layout, name, source, found.n_frames, progress=progress)
        made = True
    if not layout.picture(name).is_file():
        _draw(layout, info, source)
        made = True
    return made


def write_mel(
    layout: Layout,
    name: str,
    source: AudioSource,
    n_frames: int,
    settings: MelSettings = DEFAULT_SETTINGS,
    progress: Progress = no_progress,
) -> None:
    """Computes a recording's mel spectrogram and writes `{sample}.npz`.

    Raises:
        AudioReadError: The recording can't be read.
        FileWriteError: The file can't be written.
    """
    mel = mel_spectrogram(source, settings, progress)
    # The front end counts frames as librosa does, with an empty one at the very end.
    write_npz(layout.mel(name), {"mel": mel[:, :n_frames]})


def _pointers_there(layout: Layout, name: str) -> npt.NDArray[np.int64] | None:
    try:
        return read_pointers(layout.pointers(name))
    except EditError:
        return None


def _ops_there(layout: Layout, name: str) -> npt.NDArray[np.int8] | None:
    try:
        return read_npy(layout.ops(name), np.int8)
    except LibraryError:
        return None


def _is_equal(there: npt.NDArray[Any] | None, wanted: npt.NDArray[Any]) -> bool:
    return there is not None and np.array_equal(there, wanted)


def _mel_is_there(layout: Layout, name: str, n_frames: int) -> bool:
    try:
        shape = read_mels(layout.mel(name), ("mel",))["mel"].shape
    except (LibraryError, KeyError):
        return False
    return shape == (DEFAULT_SETTINGS.n_mels, n_frames)


def _draw(layout: Layout, info: PairInfo, source: AudioSource) -> None:
    from model_core.plot import save_alignment_plot

    found = info.found
    if found is None:
        return
    report = found.report
    # A dollar sign would begin a formula, and some letters have no shape in the font: a picture
    # with a box in its title is still a picture.
    name = info.sample.replace("$", r"\$")
    title = f"{name}: {report.joins} joins, {report.coverage:.0%} of the recording kept"
    with warnings.catch_warnings(), contextlib.suppress(UnicodeEncodeError):
        warnings.filterwarnings("ignore", "Glyph .* missing", UserWarning)
        save_alignment_plot(layout.picture(info.sample), found.edit_list, source, title)
