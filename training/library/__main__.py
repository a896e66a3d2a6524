"""Command that adds pairs to a personal library and lists what is in it.

python -m training.library add NAME RECORDING EDIT [--reference]
python -m training.library list [--json]

and the commands of `training.library.curating`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from training.library.command import DONE, STATUSES, folders, library_of, run, table
from training.library.curating import add_commands, rows_of
from training.library.jsonfile import to_text

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit status."""
    made = argparse.ArgumentParser(
        prog="python -m training.library",
        description="Add pairs to a personal library, or list it.",
        epilog=STATUSES,
    )
    commands = made.add_subparsers(dest="command", required=True)
    adding = commands.add_parser("add", help="add a recording with a finished edit of it")
    adding.add_argument("name", help="of the sample")
    adding.add_argument("raw", type=Path, metavar="RECORDING")
    adding.add_argument("edit", type=Path, metavar="EDIT")
    adding.add_argument(
        "--reference", action="store_true", help="write down where the files lie; copy nothing"
    )
    listing = commands.add_parser("list", help="list the pairs")
    listing.add_argument("--json", action="store_true", help="one JSON object a line")
    for command in (adding, listing):
        folders(command)
    adding.set_defaults(work=_add)
    listing.set_defaults(work=_list)
    add_commands(commands)
    options = made.parse_args(arguments)
    return run(options.work, options)


def _add(options: argparse.Namespace) -> int:
    library = library_of(options)
    pair = library.add(options.name, options.raw, options.edit, by_reference=options.reference)
    sys.stderr.write(
        f"“{pair.name}” is in the library. Align it with: python -m training.precache_samples\n"
    )
    return DONE


def _list(options: argparse.Namespace) -> int:
    library = library_of(options)
    if options.json:
        for values in rows_of(library):
            sys.stdout.write(to_text(values) + "\n")
        return DONE
    pairs = library.pairs()
    rows = [
        (
            pair.name,
            pair.state.value,
            pair.verdict.value if pair.verdict else "",
            "" if pair.coverage is None else f"{pair.coverage:.0%}",
            pair.sentence,
        )
        for pair in pairs
    ]
    sys.stdout.write(table(("sample", "state", "verdict", "kept", ""), rows, (3,)) + "\n")
    return DONE


if __name__ == "__main__":
    sys.exit(main())
