"""`editorbot align`: a recording and a finished edit of it in, the edit list out."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from model_core.commands.common import (
    DONE,
    Answer,
    Commands,
    add_command,
    add_output_arguments,
    run_command,
    told,
)

if TYPE_CHECKING:
    import argparse

_EXAMPLES = """\
  editorbot align talk.wav finished.mp3
  editorbot align talk.wav finished.wav --output finished.json
  editorbot align talk.wav finished.wav --output finished.rpp --json
"""


def add_parser(commands: Commands) -> None:
    """Adds the command."""
    parser = add_command(
        commands,
        "align",
        "find out how a finished edit was made of its recording",
        "Find out what a finished edit keeps, leaves out, repeats and moves of its recording.",
        _EXAMPLES,
    )
    parser.add_argument("raw", type=Path, metavar="RECORDING", help="the recording")
    parser.add_argument("edited", type=Path, metavar="EDIT", help="the finished edit, a sound file")
    parser.add_argument(
        "--output", type=Path, action="append", default=[], metavar="FILE",
        help="write what was found: an edit list (.json) or a timeline; may be given several times",
    )  # fmt: skip
    parser.add_argument("--pointers", type=Path, metavar="FILE", help="write the pointers (.npy)")
    add_output_arguments(parser)
    parser.set_defaults(run=lambda arguments: run_command(_align, arguments))


def _align(arguments: argparse.Namespace) -> tuple[int, Answer, str]:
    from model_core.align import align
    from model_core.audio.reading import open_audio
    from model_core.edit.coverage import changes_of
    from model_core.edit.pointers import write_pointers
    from model_core.export.handing_over import hand_over_edit
    from model_core.export.timelines import timeline_format
    from model_core.files import check_writable, refuse_overwriting_source

    progress = told(arguments)
    outputs = [*arguments.output, *filter(None, (arguments.pointers,))]
    with open_audio(arguments.raw) as raw, open_audio(arguments.edited) as edited:
        for output in arguments.output:
            timeline_format(output)
        for output in outputs:
            refuse_overwriting_source(output, [*raw.paths, *edited.paths])
            check_writable(output)
        found = align(raw, edited, progress=progress)
        progress.clear()
        notes = list(found.report.remarks)
        changes = tuple(changes_of(found.edit_list, raw.n_samples))
        for output in arguments.output:
            notes += hand_over_edit((raw,), found.edit_list, output, changes=changes).notes
        if arguments.pointers:
            write_pointers(arguments.pointers, found.pointers.indices)
        answer = {
            "written": [str(path) for path in outputs],
            "report": asdict(found.report),
            "foreign_s": [
                [round(start / edited.sample_rate, 3), round(stop / edited.sample_rate, 3)]
                for start, stop in found.foreign
            ],
            "raw_s": round(raw.duration_s, 3),
            "edited_s": round(edited.duration_s, 3),
        }
    report = found.report
    words = (
        f"{report.matched:.0%} of the edit was found in the recording, {report.coverage:.0%} of "
        f"which is kept, with {report.joins} joins."
    )
    return DONE, answer, " ".join((words, *notes))
