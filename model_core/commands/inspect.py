"""`editorbot inspect`: what a file is: sound, project, edit list, style or model."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model_core.commands.common import (
    DONE,
    FAILED,
    PARTLY,
    Answer,
    Commands,
    add_command,
    add_output_arguments,
    run_command,
)
from model_core.errors import EditorBotError

if TYPE_CHECKING:
    import argparse

_EXAMPLES = """\
  editorbot inspect talk.wav
  editorbot inspect talk.editorbot short.json --json
  editorbot inspect mine.safetensors
"""


def add_parser(commands: Commands) -> None:
    """Adds the command."""
    parser = add_command(
        commands,
        "inspect",
        "say what is in a file",
        "Say what is in recordings, projects, edit lists, styles and models.",
        _EXAMPLES,
    )
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE", help="files to look at")
    add_output_arguments(parser, quiet=False)
    parser.set_defaults(run=lambda arguments: run_command(_inspect, arguments))


def _inspect(arguments: argparse.Namespace) -> tuple[int, Answer, str]:
    found: list[dict[str, Any]] = []
    failures = 0
    for path in arguments.files:
        try:
            found.append({"path": str(path), **describe(path)})
        except EditorBotError as error:
            failures += 1
            found.append({"path": str(path), "error": error.sentence, "mend": error.mend})
            sys.stderr.write(f"{error}\n")
    if not arguments.json:
        sys.stdout.write("\n".join(_text(values) for values in found if "error" not in values))
    code = DONE if not failures else PARTLY if failures < len(found) else FAILED
    return code, {"files": found}, ""


def describe(path: Path) -> dict[str, Any]:
    """Returns what is in a file, for JSON.

    Raises:
        EditorBotError: It can't be read, or is nothing that EditorBot knows.
    """
    suffix = path.suffix.lower()
    if suffix == ".editorbot":
        return _project(path)
    if suffix == ".safetensors":
        return _model(path)
    if suffix == ".json":
        return _json(path)
    return _sound(path)


def _sound(path: Path) -> dict[str, Any]:
    from model_core.audio.reading import open_audio
    from model_core.export.tags import read_tags

    with open_audio(path) as source:
        tags = read_tags(path)
        return {
            "kind": "recording",
            "container": source.container,
            "sample_rate": source.sample_rate,
            "channels": source.channels,
            "bits": source.bits,
            "lossy": source.lossy,
            "samples": source.n_samples,
            "length_s": round(source.duration_s, 3),
            "chapters": len(tags.chapters),
            "content_hash": source.content_hash(),
            "notes": list(source.notes),
        }


def _project(path: Path) -> dict[str, Any]:
    from model_core.edit.project import read_project

    project = read_project(path)
    rate = project.sources[0].sample_rate if project.sources else 0
    return {
        "kind": "project",
        "recordings": [
            {"path": name, "there": Path(name).is_file()}
            for source in project.sources
            for name in source.paths
        ],
        "sample_rate": rate,
        "edited_s": round(project.edit_list.length / rate, 3) if rate else 0.0,
        "segments": len(project.edit_list.segments),
        "changes": len(project.changes),
        "takes": [take.name for take in project.takes],
        "markers": len(project.markers),
    }


def _json(path: Path) -> dict[str, Any]:
    from model_core.edit.checked_json import read_json
    from model_core.edit.serialise import read_edit_list
    from model_core.styles import FORMAT, read_style

    document = read_json(path)
    if isinstance(document, dict) and document.get("format") == FORMAT:
        style = read_style(path)
        return {
            "kind": "style",
            "name": style.name,
            "for_model": style.checkpoint_hash,
            "targets": style.targets.to_dict(),
        }
    saved = read_edit_list(path)
    rate = saved.sources[0].sample_rate if saved.sources else 0
    return {
        "kind": "edit list",
        "recordings": [
            {"path": info.path, "there": Path(info.path).is_file()} for info in saved.sources
        ],
        "sample_rate": rate,
        "edited_s": round(saved.edit_list.length / rate, 3) if rate else 0.0,
        "segments": len(saved.edit_list.segments),
    }


def _model(path: Path) -> dict[str, Any]:
    from dataclasses import asdict

    from model_core.nn.card import read_card

    card = read_card(path)
    return {
        "kind": "model",
        "config": asdict(card.config),
        "style_quantities": [quantity.name for quantity in card.style_quantities],
        "has_styles": card.style_space is not None,
        "provenance": card.provenance,
    }


def _text(values: dict[str, Any]) -> str:
    """Returns a description in lines for people."""
    lines = [f"{values['path']}: {values['kind']}"]
    for name, value in values.items():
        if name in ("path", "kind") or value in ([], {}, ""):
            continue
        words = name.replace("_s", " in seconds") if name.endswith("_s") else name.replace("_", " ")
        if isinstance(value, dict):
            value = ", ".join(f"{key} {each}" for key, each in value.items() if each is not None)
        elif isinstance(value, list):
            value = ", ".join(_item(each) for each in value)
        elif isinstance(value, bool):
            value = "yes" if value else "no"
        lines.append(f"  {words}: {value}")
    return "\n".join(lines) + "\n"


def _item(value: object) -> str:
    if isinstance(value, dict):
        return f"{value['path']}{'' if value['there'] else ' (missing)'}"
    return str(value)
