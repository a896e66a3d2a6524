"""`editorbot export`: an edit to sound files and to timelines of other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from model_core.commands.common import (
    DONE,
    Answer,
    Commands,
    UsageError,
    add_command,
    add_output_arguments,
    run_command,
    told,
)
from model_core.commands.frame_rates import checked_frame_rate
from model_core.commands.render import described
from model_core.commands.sound_arguments import (
    add_input_arguments,
    add_sound_arguments,
    sound_options,
)

if TYPE_CHECKING:
    import argparse

    from model_core.commands.common import ProgressLine
    from model_core.commands.opening import OpenedEdit
    from model_core.export.pieces import Piece

_EXAMPLES = """\
  editorbot export talk.editorbot --output talk.rpp
  editorbot export talk.editorbot --output talk.xml --frame-rate 29.97
  editorbot export short.json --output short.txt --timeline labels-removed
  editorbot export show.editorbot --output show.wav --part tracks --depth 24
  editorbot export short.json --output short.flac --output short.otio --json
"""


def add_parser(commands: Commands) -> None:
    """Adds the command."""
    parser = add_command(
        commands,
        "export",
        "write an edit as sound or as a timeline of another program",
        "Write an edit in one or more forms. The ending of an output's name says which: .wav, "
        ".flac, .ogg, .opus, .mp3, .w64 are sound; .rpp, .dawproject, .otio, .xml, .edl, .txt and "
        ".json are timelines in which every cut can be moved.",
        _EXAMPLES,
    )
    add_input_arguments(parser)
    parser.add_argument(
        "--output", type=Path, required=True, action="append", metavar="FILE",
        help="a file to write; may be given several times",
    )  # fmt: skip
    parser.add_argument(
        "--timeline",
        metavar="FORMAT",
        help="of timelines, where an ending has several forms: labels (what is kept), "
        "labels-removed, labels-edited (the joins)",
    )
    parser.add_argument(
        "--part",
        choices=("whole", "segments", "takes", "tracks"),
        default="whole",
        help="of sound: all in one file, or a file for each segment, take of a project, or "
        "microphone (default: whole)",
    )
    add_sound_arguments(parser)
    add_output_arguments(parser)
    parser.set_defaults(run=lambda arguments: run_command(_export, arguments))


def _export(arguments: argparse.Namespace) -> tuple[int, Answer, str]:
    from model_core.commands.opening import open_edit
    from model_core.export.pieces import export_pieces

    options = sound_options(arguments)
    rate = checked_frame_rate(arguments.frame_rate)
    progress = told(arguments)
    written: list[dict[str, Any]] = []
    with open_edit(
        arguments.edit, arguments.recording, labels=arguments.labels, frame_rate=rate
    ) as opened:
        notes = list(opened.notes)
        for output in arguments.output:
            if is_timeline(output) or (arguments.timeline and len(arguments.output) == 1):
                written.append(_write_timeline(arguments, opened, output, rate, notes, progress))
                continue
            pieces = _pieces(arguments.part, opened, output)
            sounds = export_pieces(
                opened.sources, pieces, options, progress, markers=opened.markers, mix=opened.mix
            )
            written += [described(sound) for sound in sounds]
            notes += [note for sound in sounds for note in sound.notes]
    progress.clear()
    notes = list(dict.fromkeys(notes))
    names = ", ".join(file["path"] for file in written[:5])
    more = f" and {len(written) - 5} more" if len(written) > 5 else ""
    return DONE, {"written": written, "notes": notes}, " ".join((f"Wrote {names}{more}.", *notes))


def is_timeline(path: Path) -> bool:
    """Whether a file's ending is that of a timeline."""
    from model_core.export.timelines import TIMELINE_FORMATS

    return any(path.suffix.lower() == each.suffix for each in TIMELINE_FORMATS.values())


def _write_timeline(
    arguments: argparse.Namespace,
    opened: OpenedEdit,
    output: Path,
    rate: str | None,
    notes: list[str],
    progress: ProgressLine,
) -> dict[str, Any]:
    from model_core.export.frame_rates import DEFAULT_FRAME_RATE, FRAME_RATES
    from model_core.export.handing_over import TimelineOptions, hand_over_edit
    from model_core.export.timelines import timeline_format

    # Several outputs may have several formats; the one that is named counts where it fits.
    name = arguments.timeline
    if name is not None and len(arguments.output) > 1:
        fits = timeline_format(output, name).suffix == output.suffix.lower()
        name = name if fits else None
    kind = timeline_format(output, name)
    frame_rate = FRAME_RATES[rate] if rate else DEFAULT_FRAME_RATE
    options = TimelineOptions(kind.name, frame_rate, not arguments.no_tags, opened.mix)
    handed = hand_over_edit(
        opened.sources, opened.edit, output, options, changes=opened.changes, progress=progress
    )
    notes += handed.notes
    return {"path": str(handed.path), "timeline": kind.name}


def _pieces(part: str, opened: OpenedEdit, output: Path) -> tuple[Piece, ...]:
    from model_core.export.pieces import Piece, segment_pieces, take_pieces, track_pieces

    if part == "segments":
        return segment_pieces(opened.edit, output)
    if part == "takes":
        if not opened.takes:
            raise UsageError("--part takes needs a project that has takes")
        return take_pieces(opened.takes, output)
    whole = (Piece(output, opened.edit),)
    if part == "tracks":
        if not opened.sources[0].tracks:
            raise UsageError("--part tracks needs a recording with several microphones")
        return track_pieces(whole, opened.sources[0].tracks)
    return whole
