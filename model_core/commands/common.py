"""What the commands share: exit codes, answers as JSON, progress. Imports nothing heavy."""

from __future__ import annotations

import argparse
import json
import sys
import time
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from model_core.errors import CancelledError, EditorBotError

if TYPE_CHECKING:
    from collections.abc import Callable

DONE: Final = 0
"""Everything that was asked for is done."""
FAILED: Final = 1
"""It can't be done, and why was said on standard error; nothing half-written is left."""
USAGE: Final = 2
"""The command was not understood."""
PARTLY: Final = 3
"""Of several files some failed; the others are done."""
STOPPED: Final = 130
"""Ctrl+C; what was finished by then stays."""

CODES_TEXT: Final = (
    "exit codes: 0 done; 1 it can't be done, and the reason is on standard error; 2 the command "
    "was not understood; 3 some of several files failed; 130 stopped with Ctrl+C"
)

Answer: TypeAlias = dict[str, Any]
Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


class UsageError(Exception):
    """Arguments that contradict each other; the message is a sentence."""


class PlainFormatter(argparse.RawDescriptionHelpFormatter):
    """Keeps the lines of examples as they are."""


def add_command(
    commands: Commands, name: str, summary: str, description: str, examples: str
) -> argparse.ArgumentParser:
    """Returns the parser of a command, with its examples and the arguments that all have."""
    return commands.add_parser(
        name,
        help=summary,
        description=description,
        epilog=f"examples:\n{examples.rstrip()}\n\n{CODES_TEXT}",
        formatter_class=PlainFormatter,
    )


def add_output_arguments(parser: argparse.ArgumentParser, *, quiet: bool = True) -> None:
    """Adds `--json`, and `--quiet` where the command doesn't have it yet."""
    parser.add_argument(
        "--json", action="store_true", help="print the answer as one JSON object on standard output"
    )
    if quiet:
        parser.add_argument("--quiet", action="store_true", help="no progress, no summary")


def run_command(
    work: Callable[[argparse.Namespace], tuple[int, Answer, str]], arguments: argparse.Namespace
) -> int:
    """Runs a command and tells what came of it.

    Args:
        work: Returns the exit code, the answer for JSON, and the same in words.
        arguments: Handed to it.

    Returns:
        The exit code.
    """
    answer: Answer
    try:
        code, answer, words = work(arguments)
        answer = {"ok": code == DONE, **answer}
    except UsageError as error:
        sys.stderr.write(f"editorbot {arguments.command}: error: {error}\n")
        code, answer, words = USAGE, {"ok": False, "error": str(error)}, ""
    except CancelledError:
        code, answer, words = STOPPED, {"ok": False, "error": "Stopped."}, ""
        sys.stderr.write("Stopped.\n")
    except EditorBotError as error:
        sys.stderr.write(f"{error}\n")
        code, words = FAILED, ""
        answer = {"ok": False, "error": error.sentence, "mend": error.mend}
    except KeyboardInterrupt:
        sys.stderr.write("Stopped.\n")
        code, answer, words = STOPPED, {"ok": False, "error": "Stopped."}, ""
    except BrokenPipeError:
        # Whoever read the answer has read enough.
        sys.stderr.close()
        return FAILED
    if arguments.json:
        print_json({"command": arguments.command, **answer})
    elif words and not getattr(arguments, "quiet", False):
        sys.stderr.write(f"{words}\n")
    return code


def print_json(values: Answer) -> None:
    """Prints an object on standard output, in ASCII, which every console can show."""
    sys.stdout.write(json.dumps(values, indent=1) + "\n")
    sys.stdout.flush()


class ProgressLine:
    """One line on standard error that is written over; silent where nobody looks at it.

    Args:
        quiet: Whether to say nothing at all.
    """

    def __init__(self, *, quiet: bool) -> None:
        self._shows = not quiet and sys.stderr.isatty()
        self._told = 0.0
        self._width = 0

    def __call__(self, share: float, phrase: str) -> None:
        """Shows a share from 0 to 1 and a phrase, at most ten times a second."""
        now = time.monotonic()
        if not self._shows or now - self._told < 0.1:
            return
        self._told = now
        text = f"{100 * share:3.0f} %  {phrase}"
        sys.stderr.write(f"\r{text.ljust(self._width)}")
        sys.stderr.flush()
        self._width = len(text)

    def clear(self) -> None:
        """Takes the line away."""
        if self._width:
            sys.stderr.write(f"\r{' ' * self._width}\r")
            sys.stderr.flush()
            self._width = 0


def told(arguments: argparse.Namespace) -> ProgressLine:
    """Returns the progress of a command."""
    return ProgressLine(quiet=bool(getattr(arguments, "quiet", False)))
