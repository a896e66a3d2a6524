"""What came of a batch, for people and for programs."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from model_core.errors import FileWriteError
from model_core.files import write_text_atomically

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from model_core.batch.job import JobResult

_COLUMNS: Final = (
    "source", "output", "state", "raw_s", "edited_s", "cuts", "seconds", "sentence", "mend",
)  # fmt: skip


def summary(results: Sequence[JobResult]) -> dict[str, Any]:
    """Returns how many files came out how, and how long they are, for JSON."""
    counts = Counter(result.state for result in results)
    return {
        "files": len(results),
        **{state: counts[state] for state in ("done", "skipped", "failed", "stopped")},
        "raw_s": round(sum(result.raw_s for result in results), 3),
        "edited_s": round(sum(result.edited_s for result in results), 3),
    }


def summary_text(results: Sequence[JobResult]) -> str:
    """Returns the same as a sentence."""
    values = summary(results)
    parts = [f"{values['done']} of {values['files']} files edited"]
    for state, words in (
        ("skipped", "were done before"), ("failed", "failed"), ("stopped", "not done"),
    ):  # fmt: skip
        if values[state]:
            parts.append(f"{values[state]} {words}")
    return f"{', '.join(parts)}."


def report_text(results: Sequence[JobResult], suffix: str) -> str:
    """Returns a report as JSON (".json") or as CSV (".csv").

    Raises:
        FileWriteError: It is asked for as something else.
    """
    rows = [result.to_dict() for result in results]
    if suffix.lower() == ".json":
        values = {"format": "editorbot-batch-report", "version": 1, **summary(results)}
        return json.dumps({**values, "results": rows}, indent=1) + "\n"
    if suffix.lower() == ".csv":
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, _COLUMNS, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return text.getvalue().encode("utf-8", "replace").decode("utf-8")
    raise FileWriteError(
        f"A report is written as .json or .csv, not as “{suffix}”.", "Choose one of these endings."
    )


def write_report(path: Path, results: Sequence[JobResult]) -> None:
    """Writes a report in the form that the ending of its name says.

    Raises:
        FileWriteError: It can't be written, or has another ending.
    """
    write_text_atomically(path, report_text(results, path.suffix))
