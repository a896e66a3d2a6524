"""Which files a batch works on: files and folders that are named, or a list as JSON or CSV."""

from __future__ import annotations

import csv
import io
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from model_core.batch.job import OPTION_NAMES, BatchJob, JobOptions
from model_core.edit.checked_json import parse_json, read_bytes
from model_core.errors import EditError, FileWriteError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

SOUND_SUFFIXES: Final = frozenset({
    ".wav", ".wave", ".w64", ".rf64", ".bwf", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif",
    ".aiff", ".aifc", ".au", ".caf", ".m4a", ".m4b", ".mp4", ".mov", ".mkv", ".mka", ".webm",
    ".aac", ".wma", ".avi",
})  # fmt: skip
"""Endings of the files of a folder that are recordings. Files that are named may have others."""

_COLUMNS: Final = {
    "input": "source", "recording": "source", "preset": "style", "target_length": "target_length_s",
    "extend": "extension", "loudness": "loudness_lufs", "timeline": "timelines",
}  # fmt: skip
"""Other names of columns. "output" and "format" are understood besides options."""


def sounds_in(folder: Path, avoid: Path | None = None) -> Iterator[Path]:
    """Yields the recordings in a folder and all folders in it, in order.

    Args:
        folder: The folder. Hidden files and folders are left out.
        avoid: A folder that is left out: that of the results.
    """
    shunned = avoid.resolve() if avoid is not None else None
    for place, folders, names in os.walk(folder):
        here = Path(place)
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".") and (shunned is None or (here / name).resolve() != shunned)
        )
        for name in sorted(names):
            if not name.startswith(".") and Path(name).suffix.lower() in SOUND_SUFFIXES:
                yield here / name


def find_jobs(
    inputs: Iterable[Path],
    output: Path,
    options: JobOptions | None = None,
    suffix: str = "",
) -> list[BatchJob]:
    """Returns a job for each file, with the folders mirrored below the folder of the results.

    Args:
        inputs: Files, and folders of which all recordings are taken.
        output: The folder of the results.
        options: How all of them are edited.
        suffix: Ending of the results, such as ".flac"; left out, each keeps its own where it can
            be written, and becomes .wav where not.

    Raises:
        FileWriteError: Two results would have one name, or a result would replace its recording.
    """
    jobs: list[BatchJob] = []
    for path in inputs:
        if path.is_dir():
            found = [(each, each.relative_to(path)) for each in sounds_in(path, output)]
        else:
            found = [(path, Path(path.name))]
        for source, place in found:
            target = output / place.parent / (place.stem + (suffix or kept_suffix(place)))
            jobs.append(BatchJob(source, target, options or JobOptions()))
    return checked(distinct(jobs))


def distinct(jobs: Sequence[BatchJob]) -> list[BatchJob]:
    """Returns the jobs without those that are there twice; recordings of one name get numbers."""
    seen: set[Path] = set()
    taken: set[str] = set()
    kept: list[BatchJob] = []
    for job in jobs:
        if job.source.absolute() in seen:
            continue
        seen.add(job.source.absolute())
        renamed = job
        if taken & _names(renamed):
            # talk.wav and talk.mp3 side by side: both become talk.wav.
            stem = f"{job.output.stem}_{job.source.suffix.lstrip('.').lower()}"
            renamed = replace(job, output=job.output.with_name(stem + job.output.suffix))
        number = 1
        while taken & _names(renamed):
            number += 1
            name = f"{job.output.stem}_{number}{job.output.suffix}"
            renamed = replace(job, output=job.output.with_name(name))
        taken |= _names(renamed)
        kept.append(renamed)
    return kept


def checked(jobs: list[BatchJob]) -> list[BatchJob]:
    """Returns the jobs as they are.

    Raises:
        FileWriteError: A result would be written to one of the recordings, or two to one file.
    """
    recordings = {_key(job.source): job.source for job in jobs}
    outputs: set[str] = set()
    for job in jobs:
        if _key(job.output) in recordings:
            raise FileWriteError(
                f"The result of “{job.source}” would replace a recording, "
                f"“{recordings[_key(job.output)]}”.",
                "Choose another folder for the results.",
            )
        if _key(job.output) in outputs:
            raise FileWriteError(
                f"Two results would be written to “{job.output}”.", "Give one another name."
            )
        outputs.add(_key(job.output))
    return jobs


def read_list(
    path: Path, output: Path, options: JobOptions | None = None, suffix: str = ""
) -> list[BatchJob]:
    """Returns the jobs of a list: a CSV file with a heading, or a JSON array of objects.

    Columns, or keys, are `input` (needed), `output`, `format` (an ending such as flac), and the
    names of `JobOptions`. Paths are relative to the list's folder, outputs to that of the results.

    Args:
        path: The list.
        output: The folder of the results.
        options: What holds where the list says nothing.
        suffix: Ending of the results where the list says nothing.

    Raises:
        EditError: The list can't be read; the sentence names the row.
        FileWriteError: As in `find_jobs`.
    """
    jobs = []
    for number, row in enumerate(_rows(path), 1):
        try:
            jobs += _jobs_of(row, path.absolute().parent, output, options or JobOptions(), suffix)
        except ValueError as error:
            raise EditError(f"Row {number} of “{path.name}” can't be used. {error}") from error
    if not jobs:
        raise EditError(f"“{path.name}” names no recording.")
    return checked(distinct(jobs))


def _jobs_of(
    row: dict[str, str], folder: Path, output: Path, options: JobOptions, suffix: str
) -> list[BatchJob]:
    named = {_COLUMNS.get(name, name): text for name, text in row.items() if text}
    source, target = named.pop("source", ""), named.pop("output", "")
    ending = named.pop("format", "").lower().lstrip(".")
    if not source:
        raise ValueError("It names no input.")
    for name, text in named.items():
        if name not in OPTION_NAMES:
            raise ValueError(f"There is no column “{name}”.")
        is_file = name in ("style", "model") and (folder / text).is_file()
        options = options.with_text(name, str(folder / text) if is_file else text)
    suffix = f".{ending}" if ending else suffix
    if target and not (folder / source).is_dir():
        return [BatchJob(folder / source, output / target, options)]
    if target:
        raise ValueError("A folder has no single output.")
    return find_jobs([folder / source], output, options, suffix)


def _rows(path: Path) -> list[dict[str, str]]:
    """Returns the rows of a list with the names of columns in lower case."""
    data = read_bytes(path)
    if path.suffix.lower() == ".json":
        values: Any = parse_json(data, path, "a list of recordings")
        if not isinstance(values, list) or not all(isinstance(row, dict) for row in values):
            raise EditError(f"“{path.name}” is no list of objects.")
        return [
            {str(name).strip().lower(): _text(value) for name, value in row.items()}
            for row in values
        ]
    try:
        text = data.decode("utf-8-sig")
        dialect = csv.Sniffer().sniff(text.partition("\n")[0] + "\n", ",;\t")
    except UnicodeDecodeError as error:
        raise EditError(f"“{path.name}” is not text in UTF-8.") from error
    except csv.Error:
        dialect = csv.excel  # a single column
    try:
        rows = list(csv.DictReader(io.StringIO(text, newline=""), dialect=dialect))
    except csv.Error as error:
        raise EditError(f"“{path.name}” is no CSV file: {error}.") from error
    return [
        {str(name).strip().lower(): (value or "").strip() for name, value in row.items() if name}
        for row in rows
    ]


def _text(value: object) -> str:
    """Returns a value of JSON as a person would write it in a cell."""
    if value is None:
        return ""
    if isinstance(value, list):
        return ",".join(map(str, value))
    return str(value)


def kept_suffix(path: Path) -> str:
    """Returns the ending that a result has like its recording, or .wav where it can't."""
    from model_core.export.formats import EXPORT_FORMATS

    suffix = path.suffix.lower()
    is_written = any(suffix in each.suffixes for each in EXPORT_FORMATS.values())
    return path.suffix if is_written else ".wav"


def _names(job: BatchJob) -> set[str]:
    """Returns what no other job may write: the sound, and what is named after it beside it."""
    names = {_key(job.output)}
    if job.options.edit_list or job.options.timelines:
        names.add(_key(job.output.with_suffix("")))
    return names


def _key(path: Path) -> str:
    """Returns what two paths of one file have in common; many systems fold case."""
    return os.path.normcase(os.path.normpath(path.absolute())).casefold()
