"""Makes the packages and drives them once: `make package`, `make wheel`.

The folder that runs without Python is in build/package/dist/editorbot, the wheel in
build/package/wheel. What is built is started: the demo is edited without a window, and the window
is opened and photographed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "build" / "package"
_ICON_SIZES = (16, 24, 32, 48, 64, 128, 256)
_LARGEST_ICON = 1024


class PackageError(Exception):
    """A package can't be made, or doesn't work; the message is a sentence."""


def version() -> str:
    """Returns the project's version."""
    values = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return str(values["project"]["version"])


def make_icons(folder: Path) -> None:
    """Draws the icon in the forms that systems want: .png, .ico for Windows, .icns for macOS."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PIL import Image
    from PySide6.QtCore import QSize
    from PySide6.QtGui import QGuiApplication, QIcon

    application = QGuiApplication.instance() or QGuiApplication([])
    icon = QIcon(str(ROOT / "resources" / "icons" / "editorbot.svg"))
    for size in (*_ICON_SIZES, _LARGEST_ICON):
        picture = icon.pixmap(QSize(size, size))
        if picture.isNull() or not picture.save(str(folder / f"editorbot-{size}.png")):
            raise PackageError("The icon can't be drawn.")
    del application
    images = [Image.open(folder / f"editorbot-{size}.png") for size in _ICON_SIZES]
    images[-1].save(folder / "editorbot.ico", append_images=images[:-1], format="ICO")
    with Image.open(folder / f"editorbot-{_LARGEST_ICON}.png") as large:
        large.save(folder / "editorbot.icns", format="ICNS")


def version_text(number: str) -> str:
    """Returns what Windows shows as the properties of the program, for PyInstaller."""
    parts = tuple(int(part) for part in number.split(".")[:3])
    four = (*parts, *(0,) * (4 - len(parts)))
    return f"""VSVersionInfo(
  ffi=FixedFileInfo(filevers={four}, prodvers={four}, mask=0x3f, flags=0x0, OS=0x40004,
    fileType=0x1, subtype=0x0, date=(0, 0)),
  kids=[
    StringFileInfo([StringTable('040904B0', [
      StringStruct('CompanyName', 'EditorBot developers'),
      StringStruct('FileDescription', 'EditorBot, an audio editor that learns how you edit'),
      StringStruct('FileVersion', '{number}'),
      StringStruct('ProductName', 'EditorBot'),
      StringStruct('ProductVersion', '{number}'),
      StringStruct('OriginalFilename', 'editorbot.exe'),
    ])]),
    VarFileInfo([VarStruct('Translation', [1033, 1200])]),
  ],
)
"""


def make_folder() -> Path:
    """Builds the folder that runs without Python; returns the program in it."""
    work = FOLDER / "work"
    work.mkdir(parents=True, exist_ok=True)
    make_icons(work)
    (work / "version.txt").write_text(version_text(version()), encoding="utf-8")
    _run(
        sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level=WARN",
        f"--distpath={FOLDER / 'dist'}", f"--workpath={work}",
        str(ROOT / "scripts" / "packaging" / "editorbot.spec"),
        EDITORBOT_PACKAGE_WORK=str(work), EDITORBOT_VERSION=version(),
    )  # fmt: skip
    program = FOLDER / "dist" / "editorbot" / "editorbot"
    return program.with_suffix(".exe") if sys.platform == "win32" else program


def make_wheel() -> Path:
    """Builds the wheel; returns it."""
    folder = FOLDER / "wheel"
    shutil.rmtree(folder, ignore_errors=True)
    # Setuptools would put what an earlier build left in build/lib into the wheel, too.
    shutil.rmtree(ROOT / "build" / "lib", ignore_errors=True)
    _run(
        sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--quiet", "--no-deps",
        "--no-build-isolation", f"--wheel-dir={folder}", str(ROOT),
    )  # fmt: skip
    (wheel,) = folder.glob("*.whl")
    return wheel


def drive(program: Path) -> dict[str, object]:
    """Starts the built program as a person would, away from the source tree.

    Returns:
        What was seen: the version, what the edit of the demo measures, the picture of the window.

    Raises:
        PackageError: Something doesn't work.
    """
    picture = FOLDER / "window.png"
    picture.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        home = Path(temporary)
        elsewhere = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PYTHON")},
            **{name: str(home / name) for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME")},
            **{name: str(home / name) for name in ("XDG_DATA_HOME", "XDG_STATE_HOME")},
            "QT_QPA_PLATFORM": "offscreen",
        }

        def say(*arguments: str) -> str:
            done = subprocess.run(
                [str(program), *arguments],
                cwd=home,
                env=elsewhere,
                capture_output=True,
                text=True,
                encoding="utf-8",
                check=False,
            )
            if done.returncode != 0:
                raise PackageError(
                    f"“editorbot {' '.join(arguments)}” ended with {done.returncode}:\n"
                    f"{done.stderr[-2000:]}"
                )
            return done.stdout

        told = say("--version").strip()
        if told != f"EditorBot {version()}":
            raise PackageError(f"The program says that it is “{told}”.")
        inside = next(program.parent.rglob("speech.flac"))
        edited = json.loads(say("edit", str(inside), "--output=demo.wav", "--json", "--quiet"))
        batch = json.loads(say("batch", str(inside), "--output=many", "--json", "--quiet"))
        devices = json.loads(say("devices", "--json"))
        say("train", "finetune", "--help")
        say("--demo", "speech", "--picture", str(picture))
        if not picture.is_file():
            raise PackageError("The window was opened, but there is no picture of it.")
        return {
            "version": told,
            "edited_s": edited["edited_s"],
            "changes": edited["changes"],
            "batch_done": batch["done"],
            "outputs": len(devices["outputs"]),
            "picture": str(picture),
        }


def _run(*command: str, **variables: str) -> None:
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **variables}, check=False)
    if done.returncode != 0:
        raise PackageError(f"“{' '.join(command[:4])} …” ended with {done.returncode}.")


def main(arguments: Sequence[str] | None = None) -> int:
    """Makes what is asked for; returns the exit code."""
    parser = argparse.ArgumentParser(prog="package", description="Makes and tries packages.")
    parser.add_argument("what", choices=("folder", "wheel", "drive"), nargs="?", default="folder")
    chosen = parser.parse_args(arguments)
    try:
        if chosen.what == "wheel":
            print(f"The wheel: {make_wheel()}")
            return 0
        program = FOLDER / "dist" / "editorbot" / "editorbot"
        if chosen.what == "folder":
            program = make_folder()
        seen = drive(program)
    except PackageError as error:
        print(error, file=sys.stderr)
        return 1
    size = sum(path.stat().st_size for path in program.parent.rglob("*") if path.is_file())
    print(f"The program: {program} ({size / 2**20:.0f} MB with its folder)")
    print(f"Seen in it: {json.dumps(seen)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
