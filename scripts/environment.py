"""Makes and keeps up to date the virtual environment in `.venv`.

Runs before anything is installed, so it needs the standard library alone.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
_CONSTRAINTS = ROOT / "constraints.txt"
_STAMP = VENV / "editorbot-setup"
_SCRIPTS = VENV / ("Scripts" if sys.platform == "win32" else "bin")
PYTHON = _SCRIPTS / ("python.exe" if sys.platform == "win32" else "python")


class SetupError(Exception):
    """The environment can't be made; the message is a sentence for the person."""


def script(name: str) -> str:
    """Returns the path of a command that a package installed, `script("lint-imports")`."""
    return str(_SCRIPTS / (f"{name}.exe" if sys.platform == "win32" else name))


def _fingerprint() -> str:
    """Returns a hash of everything that decides what the environment should hold."""
    import tomllib  # not at the top: an older Python should get as far as being told so

    # Of pyproject.toml only what pip reads: the settings of the linters change more often.
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = (project["build-system"], project["project"], sys.version_info[:2], str(ROOT))
    digest = hashlib.sha256(repr(wanted).encode())
    for path in (_CONSTRAINTS, Path(__file__)):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def is_up_to_date() -> bool:
    """Whether the last set-up was for the same Python, place, requirements and versions."""
    try:
        return PYTHON.exists() and _STAMP.read_text(encoding="ascii") == _fingerprint()
    except FileNotFoundError:
        return False


def _is_usable() -> bool:
    """Whether `.venv` holds a Python that runs and is of the version that was asked for."""
    question = "import pip, sys; print(*sys.version_info[:2])"
    try:
        answer = subprocess.run(
            [str(PYTHON), "-c", question], capture_output=True, text=True, check=False
        )
    except OSError:
        return False
    return answer.stdout.split() == [str(number) for number in sys.version_info[:2]]


def _pip_install(*arguments: str) -> None:
    # A person sees pip's progress bars, a log only what matters.
    quiet = () if sys.stdout.isatty() else ("--quiet",)
    command = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "install", *quiet]
    done = subprocess.run(
        [*command, "--constraint", str(_CONSTRAINTS), *arguments],
        cwd=ROOT,
        # setuptools explains at length what an editable installation is.
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
        check=False,
    )
    if done.returncode != 0:
        raise SetupError(
            "The packages could not be installed; pip's last lines above say why. "
            "Check the network and free space, then run it again."
        )


def ensure_environment() -> None:
    """Makes `.venv` and installs the pinned packages into it, unless that was done already.

    Raises:
        SetupError: If the environment can't be made or a package can't be installed.
    """
    if is_up_to_date():
        return
    started = time.monotonic()
    if not _is_usable():
        print("Making the virtual environment in .venv", flush=True)
        made = subprocess.run(
            [sys.executable, "-m", "venv", "--clear", str(VENV)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if made.returncode != 0:
            raise SetupError(
                "The virtual environment could not be made. On Debian and Ubuntu, "
                f"'sudo apt-get install python3-venv' may be missing. {made.stdout.strip()}"
            )
    # PyTorch goes first and pinned: a resolver that meets it as somebody's dependency may take a
    # newer build with gigabytes of CUDA libraries. setuptools is what builds the project itself,
    # without a build environment of its own, which would be fetched anew each time.
    print("Installing PyTorch; the first time this takes a few minutes", flush=True)
    _pip_install("torch", "setuptools")
    print("Installing EditorBot and the packages it stands on", flush=True)
    _pip_install("--no-build-isolation", "--editable", ".[test]")
    temporary = _STAMP.with_suffix(".new")
    temporary.write_text(_fingerprint(), encoding="ascii")
    temporary.replace(_STAMP)
    print(f"The environment is ready ({time.monotonic() - started:.0f} s).", flush=True)


def ensure_extra(extra: str, module: str) -> None:
    """Installs an extra of the project into the environment, unless a module of it is there.

    Raises:
        SetupError: If a package can't be installed.
    """
    there = subprocess.run(
        [str(PYTHON), "-c", f"import {module}"], capture_output=True, check=False
    )
    if there.returncode != 0:
        _pip_install("--no-build-isolation", "--editable", f".[{extra}]")
