"""`editorbot edit`: a recording in, its edit out. The same as `python -m model_core.infer`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from model_core.commands.common import (
    DONE,
    Answer,
    Commands,
    UsageError,
    add_command,
    add_output_arguments,
    run_command,
)
from model_core.commands.edit_arguments import DESCRIPTION, add_edit_arguments

if TYPE_CHECKING:
    import argparse

_EXAMPLES = """\
  editorbot edit talk.wav --output short.wav
  editorbot edit talk.wav --output short.flac --style tight --edit-list short.json
  editorbot edit song.wav --output long.wav --extend 2
  editorbot edit host.wav guest.wav --together --output show.wav --json
"""


def add_parser(commands: Commands) -> None:
    """Adds the command."""
    parser = add_command(
        commands, "edit", "edit a recording as the network proposes", DESCRIPTION, _EXAMPLES
    )
    add_edit_arguments(parser)
    add_output_arguments(parser, quiet=False)
    parser.set_defaults(run=lambda arguments: run_command(_edit, arguments))


def _edit(arguments: argparse.Namespace) -> tuple[int, Answer, str]:
    from model_core.infer import edit_file, generate_options, progress_bar

    try:
        options = generate_options(arguments)
    except ValueError as error:
        raise UsageError(str(error)) from error
    with progress_bar(quiet=arguments.quiet) as progress:
        edited = edit_file(arguments, options, progress)
    answer = {
        "input": [str(path) for path in arguments.inputs],
        "written": [str(path) for path in edited.written],
        "raw_s": round(edited.raw_s, 3),
        "edited_s": round(edited.edited_s, 3),
        "changes": edited.counts,
        "notes": list(edited.notes),
    }
    return DONE, answer, edited.words
