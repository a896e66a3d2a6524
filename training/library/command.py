"""What the commands of a library share: arguments, progress, tables and exit statuses."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
import unicodedata
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, Never

from model_core.errors import EditorBotError
from model_core.files import TEMPORARY_PREFIX
from training.library.errors import LibraryError
from training.library.layout import CACHE_FOLDER, DATA_FOLDER, Layout
from training.library.pairs import Library

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tqdm import tqdm

DONE: Final = 0
"""Everything that was asked for is there."""
INCOMPLETE: Final = 1
"""Some of it isn't; the rest is, and what isn't was named."""
NOTHING: Final = 2
"""Nothing was done: wrong usage, no such folder or sample, or it can't be written."""
STOPPED: Final = 130
"""The person stopped it with Ctrl-C; what was done by then is kept."""

STATUSES: Final = (
    "exit status: 0 all is there; 1 something isn't, and was named; 2 nothing was done; "
    "130 stopped with Ctrl-C"
)

_LEFT_BEHIND_S = 3600


def parser(command: str, description: str) -> argparse.ArgumentParser:
    """Returns a parser that knows samples and the two folders."""
    made = argparse.ArgumentParser(
        prog=f"python -m training.{command}", description=description, epilog=STATUSES
    )
    made.add_argument("samples", nargs="*", metavar="sample", help="work on these only")
    folders(made)
    return made


def folders(made: argparse.ArgumentParser) -> None:
    """Adds the arguments for the two folders."""
    made.add_argument(
        "--data_dir",
        "--data-dir",
        type=Path,
        default=DATA_FOLDER,
        metavar="FOLDER",
        help="recordings, edits and pointers (default: training_data)",
    )
    made.add_argument(
        "--cache_dir",
        "--cache-dir",
        type=Path,
        default=CACHE_FOLDER,
        metavar="FOLDER",
        help="what can be computed again (default: cache)",
    )


def add_listed(made: argparse.ArgumentParser, what: str) -> None:
    """Adds the argument for more of `what` than a command line has room for."""
    made.add_argument(
        "--listed",
        action="store_true",
        help=f"read more {what} from the standard input, as a JSON list: a command line has room "
        "for some hundred only",
    )


def listed(options: argparse.Namespace) -> list[str]:
    """Returns what the standard input lists; nothing if it wasn't asked for.

    Raises:
        LibraryError: It holds something else.
    """
    if not options.listed:
        return []
    try:
        names = json.load(sys.stdin)
    except ValueError:
        names = None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise LibraryError(
            "The standard input holds no list of names.", "Give a JSON list of strings."
        )
    return names


def library_of(options: argparse.Namespace) -> Library:
    """Returns the library that the arguments name."""
    return Library(data=options.data_dir, cache=options.cache_dir)


def run(work: Callable[[argparse.Namespace], int], options: argparse.Namespace) -> int:
    """Runs a command, tells what went wrong in a sentence, and returns its exit status."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that lacks a letter of some name shows its number instead.
        with suppress(AttributeError):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        return work(options)
    except EditorBotError as error:
        sys.stderr.write(f"{error}\n")
        return NOTHING
    except KeyboardInterrupt:
        sys.stderr.write("Stopped. What was done by now is kept; run it again to go on.\n")
        return STOPPED


@contextmanager
def progress_bar(total: int, unit: str) -> Iterator[tqdm[Never]]:
    """Shows progress on stderr, on one line where that is a terminal."""
    from tqdm import tqdm

    form = "{desc} {n:.1f}/{total} " + unit + " |{bar}| {elapsed}"
    live = sys.stderr.isatty()
    with tqdm(total=total, file=sys.stderr, disable=not live, leave=False, bar_format=form) as bar:
        yield bar


def say(bar: tqdm[Never], line: str) -> None:
    """Writes a line on stderr above a progress bar."""
    bar.clear()
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
    bar.refresh()


def sweep(layout: Layout) -> None:
    """Removes temporary files that a run left behind that was ended by force.

    Those of the last hour stay: another run may be writing them just now.
    """
    old = time.time() - _LEFT_BEHIND_S
    for folder in (layout.inputs, layout.outputs, *layout.made_folders()):
        with suppress(OSError):
            for path in folder.iterdir():
                with suppress(OSError):
                    if not path.name.startswith(TEMPORARY_PREFIX) or path.stat().st_mtime > old:
                        continue
                    if path.is_dir():
                        shutil.rmtree(path, ignore_errors=True)
                    else:
                        path.unlink()


def table(header: Sequence[str], rows: Sequence[Sequence[str]], numbers: Sequence[int]) -> str:
    """Returns a table as text.

    Args:
        header: Names of the columns.
        rows: Their cells.
        numbers: Columns that are aligned to the right.
    """
    lines = [header, *rows]
    widths = [max(_width(line[column]) for line in lines) for column in range(len(header))]

    def shown(line: Sequence[str]) -> str:
        cells = []
        for column, (cell, width) in enumerate(zip(line, widths, strict=True)):
            space = " " * (width - _width(cell))
            cells.append(space + cell if column in numbers else cell + space)
        return "  ".join(cells).rstrip()

    rule = "  ".join("-" * width for width in widths)
    return "\n".join([shown(header), rule, *map(shown, rows)])


def clock(seconds: float) -> str:
    """Returns a length as `m:ss` or `h:mm:ss`."""
    whole = round(seconds)
    hours, minutes, rest = whole // 3600, whole % 3600 // 60, whole % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _width(text: str) -> int:
    """Returns how many columns a terminal gives a text: two for wide letters, none for marks."""
    return sum(
        0 if unicodedata.combining(letter) else 1 + (unicodedata.east_asian_width(letter) in "WF")
        for letter in text
    )
