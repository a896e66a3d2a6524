"""The command `editorbot`: the window, or one of the commands that do without it.

Imports nothing heavy before it is known what is wanted, so that help answers at once.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from editorbot_gui.models.command import add_parser as add_models_parser
from editorbot_gui.version import editorbot_version
from model_core.commands.common import (
    CODES_TEXT,
    DONE,
    STOPPED,
    Answer,
    Commands,
    PlainFormatter,
    add_command,
    add_output_arguments,
    run_command,
)
from model_core.commands.table import add_commands
from model_core.errors import EditorBotError

if TYPE_CHECKING:
    from collections.abc import Sequence

_ROOT: Final = Path(__file__).resolve().parents[1]
_SHELLS: Final = ("bash", "zsh", "tcsh")
_TRAINING: Final = {
    "finetune": ("training.finetune", "teach a network how you edit, from your pairs"),
    "library": ("training.library", "add pairs of recordings and edits, list and check them"),
    "prepare": ("training.precache_samples", "align all pairs of a library"),
    "report": ("training.library_report", "say what is in a library and what may go wrong"),
    "network": ("training.pointer_trainer", "train a network from a configuration"),
}
_HELP: Final = f"""\
Without a command the window opens, with FILE in it if one is named.

examples:
  editorbot                                     the window
  editorbot talk.wav                            the window, with a recording in it
  editorbot edit talk.wav --output short.wav    an edit without the window
  editorbot batch recordings/ --output edited/  a whole folder
  editorbot COMMAND --help                      more about a command
  eval "$(editorbot completion bash)"           complete commands and options in the shell

{CODES_TEXT}"""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the window or a command.

    Args:
        argv: Arguments without the program's name; left out, those of the process.

    Returns:
        The exit code; `model_core.commands.common` says what they mean.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments[:1] == ["train"] and len(arguments) > 1 and arguments[1] in _TRAINING:
        # Its options are those of the module, which knows them itself.
        return run_module(_TRAINING[arguments[1]][0], arguments[2:])
    parser, names = build_parser()
    if arguments and (arguments[0] in names or arguments[0] in ("-h", "--help")):
        chosen = parser.parse_args(arguments)
        code: int = chosen.run(chosen)
        return code
    from editorbot_gui.app import main as open_window

    return open_window(arguments)


def build_parser() -> tuple[argparse.ArgumentParser, tuple[str, ...]]:
    """Returns the parser of everything, and the names of the commands."""
    parser = argparse.ArgumentParser(
        prog="editorbot",
        description="An audio editor that learns how you edit.",
        usage="editorbot [FILE] [--demo [speech|music]] [--theme THEME]\n"
        "       editorbot COMMAND ...",
        epilog=_HELP,
        formatter_class=PlainFormatter,
    )
    parser.add_argument("--version", action="version", version=f"EditorBot {editorbot_version()}")
    parser.add_argument(
        "--demo", nargs="?", choices=("speech", "music"), help="open a bundled recording"
    )
    parser.add_argument("--theme", choices=("system", "light", "dark"), help="of the window")
    commands = parser.add_subparsers(
        prog="editorbot", dest="command", metavar="COMMAND", title="commands"
    )
    add_commands(commands)
    _add_train(commands)
    add_models_parser(commands)
    _add_devices(commands)
    _add_completion(commands)
    _add_desktop(commands)
    return parser, tuple(commands.choices)


def run_module(module: str, arguments: Sequence[str]) -> int:
    """Runs a module in a process of its own that shares this one's terminal; returns its code."""
    command = [sys.executable, "-m", module, *arguments]
    try:
        return subprocess.run(command, check=False, env=_with_path()).returncode  # noqa: S603
    except KeyboardInterrupt:
        return STOPPED


def _with_path() -> dict[str, str]:
    """Returns an environment in which the project's packages are found from any folder."""
    import os

    known = os.environ.get("PYTHONPATH", "")
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (str(_ROOT), known)))}


def _add_train(commands: Commands) -> None:
    parser = add_command(
        commands,
        "train",
        "learn from your own edits",
        "Teach the network how you edit. Each step has options and a help of its own:\n"
        + "\n".join(f"  {name:<9} {words}" for name, (_, words) in _TRAINING.items()),
        "  editorbot train library add one talk.wav finished.wav\n"
        "  editorbot train prepare\n"
        "  editorbot train finetune --library training_data --out mine.safetensors --json\n"
        "  editorbot train finetune --help\n",
    )
    parser.add_argument("step", choices=tuple(_TRAINING), help="what to do")
    parser.add_argument("rest", nargs=argparse.REMAINDER, metavar="...", help="the step's options")
    parser.set_defaults(run=lambda chosen: run_module(_TRAINING[chosen.step][0], chosen.rest))


def _add_devices(commands: Commands) -> None:
    parser = add_command(
        commands,
        "devices",
        "list what can play, record and compute",
        "List sound outputs and inputs, and what networks can compute with.",
        "  editorbot devices\n  editorbot devices --json\n",
    )
    add_output_arguments(parser, quiet=False)
    parser.set_defaults(run=lambda chosen: run_command(_devices, chosen))


def _devices(arguments: argparse.Namespace) -> tuple[int, Answer, str]:
    from editorbot_gui.playback.devices import list_inputs, list_outputs
    from model_core.nn.device import usable_devices
    from model_core.progress import CancelToken, no_progress

    found: dict[str, list[dict[str, Any]]] = {}
    for kind, listed in (("outputs", list_outputs), ("inputs", list_inputs)):
        found[kind] = [
            {"name": each.name, "channels": each.channels, "default": each.is_default}
            for each in listed(None, CancelToken(), no_progress)
        ]
    found["compute"] = [{"device": name, "name": words} for name, words in usable_devices()]
    if not arguments.json:
        titles = {"outputs": "Sound outputs", "inputs": "Sound inputs", "compute": "Computing"}
        for kind, title in titles.items():
            lines = [_device_text(values) for values in found[kind]] or ["none"]
            sys.stdout.write(f"{title}:\n" + "".join(f"  {line}\n" for line in lines))
    return DONE, found, ""


def _device_text(values: dict[str, Any]) -> str:
    if "device" in values:
        return f"{values['device']}: {values['name']}"
    usual = ", usual" if values["default"] else ""
    return f"{values['name']} ({values['channels']} channels{usual})"


def _add_completion(commands: Commands) -> None:
    parser = add_command(
        commands,
        "completion",
        "print what completes commands in your shell",
        "Print a script that lets your shell complete commands, options and files.",
        '  eval "$(editorbot completion bash)"                        for now\n'
        "  editorbot completion bash > ~/.local/share/bash-completion/completions/editorbot\n"
        "  editorbot completion zsh > ~/.zfunc/_editorbot\n",
    )
    parser.add_argument("shell", choices=_SHELLS, help="which one")
    parser.set_defaults(run=_completion)


def _completion(arguments: argparse.Namespace) -> int:
    import shtab

    parser = build_parser()[0]
    _complete_files(parser, shtab.FILE)
    sys.stdout.write(shtab.complete(parser, arguments.shell) + "\n")
    return DONE


def _add_desktop(commands: Commands) -> None:
    parser = add_command(
        commands,
        "desktop",
        "put EditorBot into the menu of your desktop (Linux)",
        "Put EditorBot into the menu of your desktop, with its icon, and have it open .editorbot "
        "files; or take it out again.",
        "  editorbot desktop install\n  editorbot desktop remove\n",
    )
    parser.add_argument("what", choices=("install", "remove"), help="what to do")
    add_output_arguments(parser)
    parser.set_defaults(run=lambda chosen: run_command(_desktop, chosen))


def _desktop(arguments: argparse.Namespace) -> tuple[int, Answer, str]:
    from editorbot_gui import desktop_entry

    if not sys.platform.startswith("linux"):
        raise EditorBotError(
            "Windows and macOS have no such menu.", "There the packages bring what is needed."
        )
    folder = desktop_entry.data_home()
    if arguments.what == "install":
        written = desktop_entry.install(folder, desktop_entry.program_path())
        words = f"EditorBot is in the menu; its files are below {folder}."
        return DONE, {"written": [str(path) for path in written]}, words
    gone = desktop_entry.remove(folder)
    words = "EditorBot is out of the menu." if gone else "EditorBot was not in the menu."
    return DONE, {"removed": [str(path) for path in gone]}, words


def _complete_files(parser: argparse.ArgumentParser, how: object) -> None:
    """Marks all arguments that are paths, so that shells complete them."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for each in action.choices.values():
                _complete_files(each, how)
        elif action.type is Path:
            action.complete = how  # type: ignore[attr-defined]


if __name__ == "__main__":
    sys.exit(main())
