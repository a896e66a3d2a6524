"""The queue of a batch: what waits, what is done, kept in a file. Without any widget."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import platformdirs

from editorbot_gui.settings import APP_NAME
from model_core.batch.finding import kept_suffix, sounds_in
from model_core.batch.job import BatchJob, JobOptions, JobResult
from model_core.files import write_text_atomically

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from model_core.progress import CancelToken, Progress

WAITING, RUNNING, DONE, FAILED = "waiting", "running", "done", "failed"
_FORMAT: Final = "editorbot-batch-queue"
_VERSION: Final = 1
_MOST_BYTES: Final = 64 << 20


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of the queue.

    Attributes:
        source: The recording.
        place: Where its result goes below the folder of the results, without an ending.
        options: How it is edited.
        suffix: Ending of the result; empty for the recording's own where it can be written.
        state: "waiting", "running", "done" or "failed".
        share: The finished share while it is running.
        output: The result; None before there is one.
        result: What came of it; None before.
    """

    source: Path
    place: str
    options: JobOptions = field(default_factory=JobOptions)
    suffix: str = ""
    state: str = WAITING
    share: float = 0.0
    output: Path | None = None
    result: JobResult | None = None

    @property
    def ending(self) -> str:
        """The ending that the result will have."""
        return self.suffix or kept_suffix(self.source)


@dataclass(frozen=True, slots=True)
class FindRequest:
    """Files and folders that were added, and where the results go, which isn't looked into."""

    paths: tuple[Path, ...]
    output: Path | None


def find_entries(
    request: FindRequest, cancel: CancelToken, _progress: Progress
) -> tuple[Entry, ...]:
    """Returns an entry for each recording in files and folders; a job function."""
    found = []
    for path in request.paths:
        if not path.is_dir():
            found.append(Entry(path, path.stem))
            continue
        for sound in sounds_in(path, request.output):
            cancel.raise_if_cancelled()
            found.append(Entry(sound, str(sound.relative_to(path.parent).with_suffix(""))))
    return tuple(found)


@dataclass(slots=True)
class Queue:
    """The entries in their order, and where the results go.

    Attributes:
        entries: The files.
        folder: Of the results; None until one is chosen.
    """

    entries: list[Entry] = field(default_factory=list)
    folder: Path | None = None

    def add(self, entries: Iterable[Entry]) -> int:
        """Appends those that aren't there yet; returns how many."""
        known = {entry.source for entry in self.entries}
        new = [entry for entry in entries if entry.source not in known]
        self.entries += new
        return len(new)

    def remove(self, rows: Iterable[int]) -> None:
        """Removes entries by their places; a running one stays."""
        gone = {row for row in rows if self.entries[row].state != RUNNING}
        self.entries = [entry for row, entry in enumerate(self.entries) if row not in gone]

    def move(self, rows: Sequence[int], by: int) -> list[int]:
        """Moves entries up (-1) or down (1) by one place; returns where they are then."""
        chosen = sorted(rows, reverse=by > 0)
        taken: set[int] = set()
        places = []
        for row in chosen:
            target = row + by
            if not 0 <= target < len(self.entries) or target in taken:
                target = row
            self.entries[row], self.entries[target] = self.entries[target], self.entries[row]
            taken.add(target)
            places.append(target)
        return sorted(places)

    def retry(self, rows: Iterable[int]) -> None:
        """Lets entries that are finished, well or badly, wait again."""
        for row in rows:
            if self.entries[row].state in (DONE, FAILED):
                self.entries[row] = replace(self.entries[row], state=WAITING, share=0.0)

    def change(self, rows: Iterable[int], **values: object) -> None:
        """Gives entries another style, model or format; what was done is to be done again."""
        for row in rows:
            entry = self.entries[row]
            if entry.state == RUNNING:
                continue
            fresh: dict[str, Any] = {
                name: value for name, value in values.items() if name != "suffix"
            }
            suffix = str(values.get("suffix", entry.suffix))
            options = replace(entry.options, **fresh)
            if (options, suffix) != (entry.options, entry.suffix):
                self.entries[row] = replace(entry, options=options, suffix=suffix, state=WAITING)

    def next_row(self) -> int | None:
        """Returns the place of the first entry that waits, or None."""
        return next((i for i, each in enumerate(self.entries) if each.state == WAITING), None)

    def job(self, row: int) -> BatchJob:
        """Returns what to do with an entry. No file is overwritten but its own earlier result.

        Raises:
            ValueError: No folder for the results is chosen.
        """
        if self.folder is None:
            raise ValueError("There is no folder for the results.")
        entry = self.entries[row]
        wanted = self.folder / f"{entry.place}_edit{entry.ending}"
        others = {each.output for i, each in enumerate(self.entries) if i != row}
        target, number = wanted, 1
        while target in others or (target != entry.output and target.exists()):
            number += 1
            target = wanted.with_name(f"{wanted.stem} {number}{wanted.suffix}")
        return BatchJob(entry.source, target, entry.options)

    @property
    def results(self) -> list[JobResult]:
        """What came of the files that are finished."""
        return [
            each.result for each in self.entries if each.result and each.state in (DONE, FAILED)
        ]


def queue_path() -> Path:
    """Returns where the queue is kept."""
    return Path(platformdirs.user_data_dir(APP_NAME, appauthor=False)) / "batch.json"


def write_queue(path: Path, queue: Queue) -> None:
    """Keeps a queue; a running entry is kept as waiting.

    Raises:
        FileWriteError: It can't be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    values = {
        "format": _FORMAT,
        "version": _VERSION,
        "folder": str(queue.folder) if queue.folder is not None else None,
        "entries": [
            {
                "source": str(entry.source),
                "place": entry.place,
                "options": asdict(entry.options),
                "suffix": entry.suffix,
                "state": WAITING if entry.state == RUNNING else entry.state,
                "output": str(entry.output) if entry.output is not None else None,
                "result": entry.result.to_dict() if entry.result is not None else None,
            }
            for entry in queue.entries
        ],
    }
    write_text_atomically(path, json.dumps(values, indent=1) + "\n")


def read_queue(path: Path) -> Queue:
    """Returns the queue that was kept; an empty one where the file is absent or damaged."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            return Queue()
        values = json.loads(path.read_text(encoding="utf-8"))
        if values["format"] != _FORMAT or values["version"] > _VERSION:
            return Queue()
        entries = []
        for each in values["entries"]:
            options = {**each["options"], "timelines": tuple(each["options"]["timelines"])}
            entries.append(
                Entry(
                    Path(each["source"]),
                    str(each["place"]),
                    JobOptions(**options),
                    str(each["suffix"]),
                    each["state"] if each["state"] in (WAITING, DONE, FAILED) else WAITING,
                    output=Path(each["output"]) if each["output"] else None,
                    result=JobResult.from_dict(each["result"]) if each["result"] else None,
                )
            )
        folder = Path(values["folder"]) if values["folder"] else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Queue()
    return Queue(entries, folder)


def usual_folder() -> Path:
    """Returns the folder for results that is offered first."""
    music = Path(platformdirs.user_music_dir())
    return (music if music.is_dir() else Path.home()) / "EditorBot"
