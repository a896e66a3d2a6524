"""`editorbot render`: an edit list and its recording in, the sound out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from model_core.commands.common import (
    DONE,
    Answer,
    Commands,
    add_command,
    add_output_arguments,
    run_command,
    told,
)
from model_core.commands.sound_arguments import (
    add_input_arguments,
    add_sound_arguments,
    sound_options,
)

if TYPE_CHECKING:
    import argparse

    from model_core.export.sound import ExportedSound

_EXAMPLES = """\
  editorbot render short.json --output short.wav
  editorbot render talk.editorbot --output talk.mp3 --loudness -16
  editorbot render labels.txt --recording talk.wav --labels cut --output short.wav
"""


def add_parser(commands: Commands) -> None:
    """Adds the command."""
    parser = add_command(
        commands,
        "render",
        "apply an edit list to its recording",
        "Write the sound of an edit: of a project, an edit list, or an edit of another program.",
        _EXAMPLES,
    )
    add_input_arguments(parser)
    parser.add_argument(
        "--output", type=Path, required=True, metavar="FILE", help="the sound file to write"
    )
    add_sound_arguments(parser)
    add_output_arguments(parser)
    parser.set_defaults(run=lambda arguments: run_command(_render, arguments))


def _render(arguments: argparse.Namespace) -> tuple[int, Answer, str]:
    from model_core.commands.frame_rates import checked_frame_rate
    from model_core.commands.opening import open_edit
    from model_core.export.pieces import Piece, export_pieces

    options = sound_options(arguments)
    progress = told(arguments)
    with open_edit(
        arguments.edit,
        arguments.recording,
        labels=arguments.labels,
        frame_rate=checked_frame_rate(arguments.frame_rate),
    ) as opened:
        sounds = export_pieces(
            opened.sources,
            (Piece(arguments.output, opened.edit),),
            options,
            progress,
            markers=opened.markers,
            mix=opened.mix,
        )
        notes = list(opened.notes)
    progress.clear()
    notes += [note for sound in sounds for note in sound.notes]
    answer = {"written": [described(sound) for sound in sounds], "notes": notes}
    words = f"{arguments.output}: {length_s(sounds[0]):.1f} s."
    return DONE, answer, " ".join((words, *notes))


def length_s(sound: ExportedSound) -> float:
    """Returns the length of a file in seconds."""
    return sound.n_samples / sound.sample_rate


def described(sound: ExportedSound) -> dict[str, Any]:
    """Returns what was written, for JSON."""
    return {
        "path": str(sound.path),
        "container": sound.container,
        "encoding": sound.encoding,
        "sample_rate": sound.sample_rate,
        "channels": sound.channels,
        "samples": sound.n_samples,
        "length_s": round(length_s(sound), 3),
    }
