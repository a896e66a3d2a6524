"""The project's commands, one function each: `python -m scripts.tasks setup|run|test|...`.

The Makefile calls them; on Windows they are called directly. Needs the standard library alone;
what a command starts runs in the project's own environment.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from scripts import environment, system_libraries

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_PYTHON = str(environment.PYTHON)
_CACHES = (".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", ".import_linter_cache")


def _call(*command: str, **variables: str) -> int:
    """Runs a command in the project's folder and returns its exit code."""
    return subprocess.run(
        command, cwd=environment.ROOT, env={**os.environ, **variables}, check=False
    ).returncode


def has_display(variables: dict[str, str], platform: str) -> bool:
    """Whether a window can be shown; only Unix without a desktop can't."""
    if platform in {"darwin", "win32"}:
        return True
    return bool(variables.get("DISPLAY") or variables.get("WAYLAND_DISPLAY"))


def setup(_arguments: Sequence[str] = ()) -> int:
    """Leaves the environment in .venv; quick when there is nothing to do."""
    fresh = not environment.is_up_to_date()
    system_libraries.ensure_libraries(may_install=fresh)
    environment.ensure_environment()
    return 0


def run(arguments: Sequence[str]) -> int:
    """Opens the demo in the window; without a display edits it into out/."""
    setup()
    if has_display(dict(os.environ), sys.platform):
        return _call(_PYTHON, "main.py", *(arguments or ("--demo",)))
    print("There is no display, so the demo recording is edited without the window.", flush=True)
    folder = environment.ROOT / "out"
    folder.mkdir(exist_ok=True)
    sound, picture = folder / "demo_edited.wav", folder / "demo_alignment.png"
    code = _call(
        _PYTHON,
        "-m",
        "model_core.infer",
        str(environment.ROOT / "resources" / "demo" / "speech.flac"),
        f"--output={sound}",
        f"--alignment-plot={picture}",
        *arguments,
    )
    if code == 0:
        print(f"The edited recording: {sound}\nThe picture of its alignment: {picture}")
    return code


def lint(_arguments: Sequence[str] = ()) -> int:
    """Checks style, types and layers; all of them, so that one run tells everything."""
    setup()
    codes = [
        _call(_PYTHON, "-m", "ruff", "check", "."),
        _call(_PYTHON, "-m", "ruff", "format", "--check", "."),
        _call(_PYTHON, "-m", "mypy"),
        _call(environment.script("lint-imports"), "--no-logo"),
    ]
    return max(codes)


def test(arguments: Sequence[str]) -> int:
    """Lints, then runs the tests on all cores."""
    checked = lint()
    tested = _call(
        _PYTHON,
        "-m",
        "pytest",
        f"--numprocesses={min(os.cpu_count() or 1, 8)}",
        *arguments,
        QT_QPA_PLATFORM="offscreen",
        # Each test process already has a core to itself.
        OMP_NUM_THREADS="1",
    )
    return checked or tested


def bench(arguments: Sequence[str]) -> int:
    """Measures speed and memory, how soon the window is there, and its frames."""
    setup()
    return max(
        _call(_PYTHON, "-m", "benchmarks.bench", *arguments),
        _call(_PYTHON, "-m", "benchmarks.startup"),
        _call(_PYTHON, "-m", "benchmarks.paint", QT_QPA_PLATFORM="offscreen"),
    )


def bench_quality(arguments: Sequence[str]) -> int:
    """Measures how good the proposed edits are, beside other programs."""
    setup()
    return _call(_PYTHON, "-m", "benchmarks.quality", *arguments)


def screenshots(arguments: Sequence[str]) -> int:
    """Makes the pictures of the window that the documentation shows."""
    setup()
    return _call(_PYTHON, "-m", "scripts.screenshots", *arguments, QT_QPA_PLATFORM="offscreen")


def docs(arguments: Sequence[str]) -> int:
    """Makes the guide as a folder of web pages; a warning counts as an error."""
    setup()
    environment.ensure_extra("docs", "mkdocs, mkdocstrings_handlers.python")
    # The theme advertises its successor, which can't read our settings fully yet.
    code = _call(_PYTHON, "-m", "mkdocs", "build", "--strict", *arguments, NO_MKDOCS_2_WARNING="1")
    if code == 0:
        print(f"The guide: {environment.ROOT / 'build' / 'docs' / 'index.html'}")
    return code


def package(arguments: Sequence[str]) -> int:
    """Makes a folder that runs without Python, and drives it once; `package wheel` the wheel."""
    setup()
    if tuple(arguments) != ("wheel",):
        environment.ensure_extra("package", "PyInstaller")
    return _call(_PYTHON, "-m", "scripts.package", *arguments)


def clean(_arguments: Sequence[str] = ()) -> int:
    """Removes what the other commands made, the environment too."""
    for name in (".venv", ".bench", "out", "build", "dist", "editorbot.egg-info", *_CACHES):
        shutil.rmtree(environment.ROOT / name, ignore_errors=True)
    return 0


TASKS: dict[str, Callable[[Sequence[str]], int]] = {
    task.__name__.replace("_", "-"): task
    for task in (setup, run, test, lint, bench, bench_quality, screenshots, docs, package, clean)
}
"""The commands by name."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one task; what follows its name is handed on to what the task starts."""
    parser = argparse.ArgumentParser(prog="tasks", description="EditorBot's commands.")
    parser.add_argument("task", choices=TASKS)
    parser.add_argument("rest", nargs=argparse.REMAINDER, help="handed on to what is started")
    chosen = parser.parse_args(arguments)
    # The package's requires-python comes too late: this must be said before anything is made.
    if sys.version_info < (3, 11):  # noqa: UP036
        found = ".".join(str(number) for number in sys.version_info[:2])
        print(
            f"EditorBot needs Python 3.11 or newer, and {sys.executable} is {found}. "
            "Name another one: make PYTHON=python3.12 ...",
            file=sys.stderr,
        )
        return 1
    try:
        return TASKS[chosen.task](chosen.rest)
    except environment.SetupError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
