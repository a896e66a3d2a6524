"""The commands that the window gives: bring files in, take an edit, remove, decide.

python -m training.library bring [FILE|FOLDER ...] [--listed] [--json]
python -m training.library take NAME RECORDING EDITS.json [--replace] [--json]
python -m training.library remove NAME
python -m training.library choose NAME usual|use|leave
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from model_core.align.types import Verdict
from model_core.edit.serialise import read_edit_list
from model_core.errors import EditError
from training.library.bringing import Brought, bring_files
from training.library.choices import Choice, Choices, decide, read_choices
from training.library.command import DONE, INCOMPLETE, add_listed, folders, library_of, listed
from training.library.errors import LibraryError
from training.library.jsonfile import to_text
from training.library.pairs import PairState
from training.library.references import resolve
from training.library.taking import take_edit

if TYPE_CHECKING:
    import argparse

    from training.library.layout import Layout
    from training.library.pairs import Library, Pair

_PROGRESS_EVERY_S = 0.1


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the parsers of these commands."""
    bringing = commands.add_parser("bring", help="match files to pairs, and add them by reference")
    bringing.add_argument("paths", type=Path, nargs="*", metavar="FILE|FOLDER")
    add_listed(bringing, "files and folders")
    bringing.set_defaults(work=_bring)
    taking = commands.add_parser("take", help="make a pair of a recording and an edit list of it")
    taking.add_argument("name", help="of the sample")
    taking.add_argument("raw", type=Path, metavar="RECORDING")
    taking.add_argument("edits", type=Path, metavar="EDITS.json")
    taking.add_argument("--replace", action="store_true", help="of a sample that is there already")
    taking.set_defaults(work=_take)
    removing = commands.add_parser("remove", help="take a pair out; originals are never deleted")
    removing.add_argument("name")
    removing.set_defaults(work=_remove)
    choosing = commands.add_parser("choose", help="say whether a pair is learnt from")
    choosing.add_argument("name")
    choosing.add_argument("choice", choices=[choice.value for choice in Choice])
    choosing.set_defaults(work=_choose)
    for command in (bringing, taking, removing, choosing):
        folders(command)
        command.add_argument("--json", action="store_true", help="one JSON object a line")


def rows_of(library: Library) -> list[dict[str, object]]:
    """Returns what is known of each pair as values for JSON.

    Raises:
        LibraryError: There is no library, or what was decided about pairs is damaged.
    """
    choices = read_choices(library.layout)
    return [_row(pair, library.layout, choices) for pair in library.pairs()]


def _row(pair: Pair, layout: Layout, choices: Choices) -> dict[str, object]:
    info = pair.info
    found = info.found if info else None
    picture = layout.picture(pair.name)
    is_good = pair.verdict is Verdict.GOOD
    return {
        "sample": pair.name,
        "state": pair.state.value,
        "verdict": pair.verdict.value if pair.verdict else None,
        "coverage": pair.coverage,
        "sentence": pair.sentence,
        "mend": pair.mend,
        "raw": _path_of(pair.raw),
        "edit": _path_of(pair.edit),
        "raw_s": round(found.raw.seconds, 3) if found else None,
        "edit_s": round(found.edit.seconds, 3) if found else None,
        "joins": found.report.joins if found else None,
        "remarks": [*found.report.remarks, *(info.notes if info else ())] if found else [],
        "choice": choices.of(pair.name).value,
        "trains": pair.state is PairState.READY and choices.wants(pair.name, usually=is_good),
        "by_hand": layout.truth(pair.name).is_file(),
        "info": str(layout.info(pair.name)) if pair.state is PairState.READY else "",
        "picture": str(picture) if picture.is_file() else "",
    }


def _bring(options: argparse.Namespace) -> int:
    library = library_of(options)
    paths = [*options.paths, *map(Path, listed(options))]
    if not paths:
        raise LibraryError("No file was named.", "Name recordings and edits, or their folder.")
    last = 0.0

    def tell(share: float, _phrase: str) -> None:
        nonlocal last
        now = time.monotonic()
        if options.json and now - last > _PROGRESS_EVERY_S:
            last = now
            _write({"event": "progress", "share": round(share, 3)})

    n_pairs = n_left = 0
    for item in bring_files(library, paths, tell):
        if isinstance(item, Brought):
            n_pairs += 1
            values = {"event": "added", "sample": item.pair.name, "by_content": item.by_content}
            words = f"{item.pair.name}: added"
        else:
            n_left += 1
            values = {
                "event": "left",
                "path": str(item.path),
                "sentence": item.sentence,
                "mend": item.mend,
            }
            words = f"{item.path}: {item.sentence} {item.mend}".rstrip()
        if options.json:
            _write(values)
        else:
            sys.stderr.write(f"{words}\n")
    if options.json:
        _write({"event": "end", "added": n_pairs, "left": n_left})
    return DONE if not n_left else INCOMPLETE


def _take(options: argparse.Namespace) -> int:
    try:
        saved = read_edit_list(options.edits)
    except EditError as error:
        raise LibraryError(error.sentence, error.mend) from error
    last = 0.0

    def tell(share: float, _phrase: str) -> None:
        nonlocal last
        now = time.monotonic()
        if options.json and now - last > _PROGRESS_EVERY_S:
            last = now
            _write({"event": "progress", "share": round(share, 3)})

    library = library_of(options)
    pair = take_edit(
        library,
        options.name,
        options.raw,
        saved.edit_list,
        replace=options.replace,
        progress=tell,
    )
    _say(options, {"event": "added", "sample": pair.name}, f"“{pair.name}” is in the library.")
    return DONE


def _remove(options: argparse.Namespace) -> int:
    library_of(options).remove(options.name)
    _say(options, {"event": "removed", "sample": options.name}, f"“{options.name}” is out.")
    return DONE


def _choose(options: argparse.Namespace) -> int:
    library = library_of(options)
    pair = library.pair(options.name)
    decide(library.layout, pair.name, Choice(options.choice))
    _say(options, {"event": "chosen", "sample": pair.name}, f"“{pair.name}”: {options.choice}.")
    return DONE


def _path_of(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        return str(resolve(path).absolute())
    except LibraryError:
        return ""


def _say(options: argparse.Namespace, values: dict[str, object], words: str) -> None:
    if options.json:
        _write(values)
    else:
        sys.stderr.write(f"{words}\n")


def _write(values: dict[str, object]) -> None:
    sys.stdout.write(to_text(values) + "\n")
    sys.stdout.flush()
