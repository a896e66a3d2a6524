"""Editing one file of a batch with a network that stays loaded."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

from model_core.audio.reading import open_audio
from model_core.batch.job import BatchJob, JobResult
from model_core.edit.serialise import SourceInfo, write_edit_list
from model_core.edit.types import ChangeKind
from model_core.errors import CancelledError, EditorBotError, FileWriteError
from model_core.export.formats import check_format, export_format
from model_core.export.levelling import LoudnessTarget
from model_core.export.pieces import Piece, SoundOptions, export_pieces
from model_core.export.timelines import timeline_format
from model_core.files import check_writable, file_write_error, refuse_overwriting_source
from model_core.progress import CancelToken, Progress, no_progress, part_of
from model_core.styles import find_style, read_style

if TYPE_CHECKING:
    from pathlib import Path

    from model_core.audio.source import AudioSource
    from model_core.edit.types import Proposal
    from model_core.engine import Engine
    from model_core.options import GenerateOptions


class Engines:
    """The network that was used last stays loaded, as most files of a batch use the same."""

    def __init__(self) -> None:
        self._key: tuple[str, str] | None = None
        self._engine: Engine | None = None

    def get(self, model: str, device: str) -> Engine:
        """Returns a network.

        Raises:
            CheckpointError: It can't be loaded.
            DeviceError: The device is not there.
        """
        if self._engine is None or self._key != (model, device):
            from model_core.infer import load_engine

            self._engine = None  # two at once would take twice the memory
            self._engine = load_engine(model or None, device)
            self._key = (model, device)
        return self._engine


def do_job(
    job: BatchJob,
    engines: Engines,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> JobResult:
    """Edits a file and writes what is asked for. Nothing half-written is left in any case.

    Args:
        job: What to do.
        engines: Gives the network.
        progress: Told the finished share.
        cancel: Looked at all the while.

    Returns:
        The result; a failure is one, too, with its sentence.

    Raises:
        CancelledError: `cancel` was set.
    """
    started = time.perf_counter()
    try:
        done = _do(job, engines, progress, cancel or CancelToken())
    except CancelledError:
        raise
    except EditorBotError as error:
        done = _failed(job, error.sentence, error.mend)
    except MemoryError:
        done = _failed(
            job, "There is too little memory for this recording.", "Work on fewer files at once."
        )
    except Exception as error:  # noqa: BLE001 - one bad file must never stop the rest
        done = _failed(job, f"Something unexpected went wrong: {type(error).__name__}: {error}.")
    return replace(done, seconds=time.perf_counter() - started)


def _failed(job: BatchJob, sentence: str, mend: str = "") -> JobResult:
    return JobResult(job.source, job.output, "failed", sentence, mend)


def _do(job: BatchJob, engines: Engines, progress: Progress, cancel: CancelToken) -> JobResult:
    options = job.options
    with ExitStack() as opened:
        progress(0.0, "Reading")
        source = opened.enter_context(open_audio(job.source, part_of(progress, 0.0, 0.1), cancel))
        kind = export_format(job.output)
        timelines = [
            job.output.with_name(timeline_format(job.output, name).file_name(job.output.stem))
            for name in options.timelines
        ]
        edit_lists = [job.output.with_suffix(".json")] if options.edit_list else []
        written = (job.output, *edit_lists, *timelines)
        _make_folder(job.output.parent)
        for path in written:
            refuse_overwriting_source(path, source.paths)
            check_writable(path)
        if not kind.converts:
            check_format(kind, kind.encodings[0], source.sample_rate, source.channels)
        engine = engines.get(options.model, options.device)
        encoding = engine.encode(source, part_of(progress, 0.1, 0.5), cancel)
        asked = _with_style(options.asked(), options.style, engine)
        proposal = engine.propose(encoding, source, asked, part_of(progress, 0.5, 0.7), cancel)
        del encoding
        notes = list(source.notes)
        loudness = (
            LoudnessTarget(options.loudness_lufs) if options.loudness_lufs is not None else None
        )
        sounds = export_pieces(
            (source,),
            (Piece(job.output, proposal.edit_list),),
            SoundOptions(loudness=loudness),
            part_of(progress, 0.7, 0.95),
            cancel,
        )
        notes += [note for sound in sounds for note in sound.notes]
        for path in edit_lists:
            write_edit_list(path, proposal.edit_list, [info_of(source, job.source)])
        for path, name in zip(timelines, options.timelines, strict=True):
            notes += _hand_over(source, proposal, path, name, cancel)
        if proposal.note:
            notes.append(proposal.note)
        progress(1.0, "Done")
        return JobResult(
            job.source,
            job.output,
            "done",
            " ".join(dict.fromkeys(notes)),
            raw_s=source.duration_s,
            edited_s=proposal.edit_list.length / source.sample_rate,
            cuts=sum(change.kind is ChangeKind.CUT for change in proposal.changes),
            written=written,
            content_hash=source.content_hash(),
        )


def _with_style(asked: GenerateOptions, style: str, engine: Engine) -> GenerateOptions:
    if not style:
        return asked
    found = read_style(find_style(style), engine.checkpoint_sha256)
    return replace(asked, style=found.place, targets=found.targets)


def _hand_over(
    source: AudioSource, proposal: Proposal, path: Path, name: str, cancel: CancelToken
) -> tuple[str, ...]:
    from model_core.export.handing_over import TimelineOptions, hand_over_edit

    return hand_over_edit(
        (source,), proposal.edit_list, path, TimelineOptions(name),
        changes=proposal.changes, cancel=cancel,
    ).notes  # fmt: skip


def info_of(source: AudioSource, path: Path) -> SourceInfo:
    """Returns what an edit-list file says about a recording."""
    return SourceInfo(str(path), source.sample_rate, source.n_samples, source.content_hash())


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise FileWriteError(f"“{folder}” is a file, not a folder.") from None
    except OSError as error:
        raise file_write_error(error, folder) from error
