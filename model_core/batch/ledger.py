"""What a batch has done already, known by content and options: it goes on where it stood."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from model_core.audio.direct import hash_file
from model_core.batch.job import BatchJob, JobResult, fingerprint
from model_core.errors import AudioReadError
from model_core.files import file_write_error

if TYPE_CHECKING:
    from pathlib import Path

LEDGER_NAME: Final = ".editorbot-batch.jsonl"


class Ledger:
    """A file with a line for each file that was finished. Lines are only ever added.

    Args:
        path: The file; it need not be there yet. Damaged lines, such as the last one after a
            power cut, count as absent.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[tuple[str, str], dict[str, Any]] = {}
        try:
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            lines = []
        for line in lines:
            try:
                values = json.loads(line)
                self._known[values["output"], values["fingerprint"]] = values
            except (ValueError, KeyError, TypeError):
                continue

    def find(self, job: BatchJob) -> JobResult | None:
        """Returns the result of a job that was done already and lies where it should, or None.

        A recording that was touched or moved is known again by its content.
        """
        values = self._known.get((self._place(job), fingerprint(job.options, job.output)))
        if values is None:
            return None
        try:
            result = JobResult.from_dict(values["result"])
            if not all(path.is_file() for path in result.written):
                return None
            if job.output.stat().st_size != values["n_bytes"]:
                return None
            about = job.source.stat()
            is_same = [about.st_size, about.st_mtime_ns] == values["source_stat"]
            if not is_same and hash_file(job.source) != result.content_hash:
                return None
        except (OSError, AudioReadError, KeyError, TypeError, ValueError):
            return None
        return replace(result, source=job.source, state="skipped", seconds=0.0)

    def forget(self) -> None:
        """Forgets what was done, so that it is done again; the file stays until then."""
        self._known.clear()

    def add(self, job: BatchJob, result: JobResult) -> None:
        """Writes down that a job is done.

        Raises:
            FileWriteError: It can't be written.
        """
        key = (self._place(job), fingerprint(job.options, job.output))
        try:
            about = job.source.stat()
            values: dict[str, Any] = {
                "output": key[0],
                "fingerprint": key[1],
                "n_bytes": job.output.stat().st_size,
                "source_stat": [about.st_size, about.st_mtime_ns],
                "result": result.to_dict(),
            }
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8", errors="backslashreplace") as file:
                # A line that was broken off before must not spoil this one.
                file.write(("\n" if file.tell() else "") + json.dumps(values))
        except OSError as error:
            raise file_write_error(error, self._path) from error
        self._known[key] = values

    def _place(self, job: BatchJob) -> str:
        """Returns the output as seen from the ledger, so that the folder can be moved."""
        try:
            return job.output.absolute().relative_to(self._path.absolute().parent).as_posix()
        except ValueError:
            return job.output.absolute().as_posix()
