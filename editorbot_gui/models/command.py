"""`editorbot models`: the models of the window, without the window."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from model_core.commands.common import (
    DONE,
    Answer,
    Commands,
    PlainFormatter,
    add_command,
    add_output_arguments,
    run_command,
)

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from model_core.models.folder import ModelFolder
    from model_core.models.model import Model

    Work = Callable[[argparse.Namespace], tuple[int, Answer, str]]

_EXAMPLES = """\
  editorbot models list
  editorbot models rename podcast "Weekly show"
  editorbot models export "Weekly show" show.editorbot-model
  editorbot models import show.editorbot-model
  editorbot models choose "Weekly show"
  editorbot models choose bundled
  editorbot models remove "Weekly show"
  editorbot models restore "Weekly show"
  editorbot edit talk.wav --output short.wav --checkpoint "$(editorbot models path podcast)"
"""


def add_parser(commands: Commands) -> None:
    """Adds the command with its parts."""
    parser = add_command(
        commands,
        "models",
        "list your models, rename them, hand them on",
        "List the models that were trained or imported here, besides the bundled one, and do with "
        "them what the window does. A deleted model can be restored for 30 days.",
        _EXAMPLES,
    )
    parts = parser.add_subparsers(dest="part", metavar="WHAT", required=True, title="what to do")

    def part(name: str, summary: str, work: Work) -> argparse.ArgumentParser:
        added = parts.add_parser(
            name,
            help=summary,
            description=f"{summary.capitalize()}.",
            formatter_class=PlainFormatter,
        )
        add_output_arguments(added)
        added.set_defaults(run=lambda arguments: run_command(work, arguments))
        return added

    part("list", "list them with date, pairs, scores and hash", _list)
    for name, summary, work in (
        ("path", "print the file of a model, for --checkpoint", _path),
        ("choose", "choose what the window edits with from its next start on", _choose),
        ("remove", "delete a model, so that it can be restored", _remove),
        ("restore", "bring a deleted model back", _restore),
    ):
        part(name, summary, work).add_argument("name", help="of the model")
    rename = part("rename", "call a model otherwise", _rename)
    rename.add_argument("name", help="of the model")
    rename.add_argument("new_name", help="what it is called from now on")
    export = part("export", "write a model as one file", _export)
    export.add_argument("name", help="of the model")
    export.add_argument("file", type=Path, help="the file to write; what is there is replaced")
    bring = part("import", "bring a model in from a file", _import)
    bring.add_argument("file", type=Path, help="a file that was exported by EditorBot")


def _models() -> ModelFolder:
    from editorbot_gui.models.places import own_models

    return own_models()


def _list(arguments: argparse.Namespace) -> tuple[int, Answer, str]:
    from editorbot_gui.settings import Settings

    models = _models()
    chosen = Settings().model
    listed = [_values(model, is_chosen=model.key == chosen) for model in models.models()]
    deleted = [_values(model, is_chosen=False) for model in models.deleted()]
    if not arguments.json:
        for values in listed:
            sys.stdout.write(_line(values) + "\n")
        for values in deleted:
            sys.stdout.write(f"  {values['name']}: deleted, can be restored\n")
    return DONE, {"models": listed, "deleted": deleted}, ""


def _path(arguments: argparse.Namespace) -> tuple[int, Answer, str]:
    path = _models().find(arguments.name).path
    if not arguments.json:
        sys.stdout.write(f"{path}\n")
    return DONE, {"path": str(path)}, ""


def _choose(arguments: argparse.Namespace) -> tuple[int, Answer, str]:
    from editorbot_gui.settings import Settings
    from model_core.errors import CheckpointError

    model = _models().find(arguments.name)
    if model.reason:
        raise CheckpointError(model.reason, "Choose another one.")
    settings = Settings()
    settings.model = model.key
    settings.save()
    words = f"The window edits with “{model.name}” from its next start on."
    return DONE, {"chosen": model.name}, words


def _rename(arguments: argparse.Namespace) -> tuple[int, Answer, str]:
    from editorbot_gui.settings import Settings

    models = _models()
    before = models.find(arguments.name)
    after = models.rename(before, arguments.new_name)
    settings = Settings()
    if settings.model == before.key:
        settings.model = after.key
        settings.save()
    return DONE, _values(after), f"“{before.name}” is called “{after.name}” now."


def _remove(arguments: argparse.Namespace) -> tuple[int, Answer, str]:
    models = _models()
    model = models.find(arguments.name)
    models.remove(model)
    words = f"“{model.name}” is deleted; “editorbot models restore” brings it back."
    return DONE, {"removed": model.name}, words


def _restore(arguments: argparse.Namespace) -> tuple[int, Answer, str]:
    models = _models()
    model = models.restore(models.find_deleted(arguments.name))
    return DONE, _values(model), f"“{model.name}” is back."


def _export(arguments: argparse.Namespace) -> tuple[int, Answer, str]:
    models = _models()
    path = models.export(models.find(arguments.name), arguments.file)
    return DONE, {"written": str(path)}, f"Written: {path}"


def _import(arguments: argparse.Namespace) -> tuple[int, Answer, str]:
    came = _models().import_file(arguments.file)
    words = f"“{came.model.name}” is one of your models now."
    if not came.is_new:
        words = f"This model is here already; it is called “{came.model.name}”."
    return DONE, {**_values(came.model), "new": came.is_new}, words


def _values(model: Model, *, is_chosen: bool | None = None) -> Answer:
    values: Answer = {
        "name": model.name,
        "kind": model.kind.value,
        "date": model.date or None,
        "pairs": model.n_pairs,
        "nats_per_event_before": model.before,
        "nats_per_event_after": model.after,
        "size_bytes": model.size_bytes,
        "sha256": model.sha256,
        "path": str(model.path),
        "problem": model.reason or None,
    }
    return values if is_chosen is None else {**values, "chosen": is_chosen}


def _line(values: Answer) -> str:
    facts = [values["kind"]] if values["kind"] != values["name"] else []
    if values["date"]:
        facts.append(values["date"])
    if values["pairs"] is not None:
        facts.append("1 pair" if values["pairs"] == 1 else f"{values['pairs']} pairs")
    before, after = values["nats_per_event_before"], values["nats_per_event_after"]
    if before is not None and after is not None:
        facts.append(f"{before:.2f} to {after:.2f} nats an event")
    facts.append(f"{values['size_bytes'] / 1e6:.1f} MB")
    facts.append(values["sha256"][:12])
    if values["problem"]:
        facts.append(f"can't be used: {values['problem']}")
    return f"{'*' if values['chosen'] else ' '} {values['name']}: {', '.join(filter(None, facts))}"
