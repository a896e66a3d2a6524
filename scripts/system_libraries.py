"""The system libraries that the packages from PyPI don't bring along, found and installed.

Only Linux lacks any: on macOS and Windows the packages carry PortAudio and all that Qt needs.
Runs before anything is installed, so it needs the standard library alone.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_APT = ("apt-get", "-o", "DPkg::Lock::Timeout=120", "-qq")


@dataclass(frozen=True)
class SystemLibrary:
    """A shared library and the packages that hold it.

    Attributes:
        soname: The name under which the loader looks for it.
        apt: Debian's and Ubuntu's package.
        dnf: Fedora's package.
        pacman: Arch's package.
    """

    soname: str
    apt: str
    dnf: str
    pacman: str


LIBRARIES = (
    SystemLibrary("libportaudio.so.2", "libportaudio2", "portaudio", "portaudio"),
    SystemLibrary("libGL.so.1", "libgl1", "libglvnd-glx", "libglvnd"),
    SystemLibrary("libEGL.so.1", "libegl1", "libglvnd-egl", "libglvnd"),
    SystemLibrary("libglib-2.0.so.0", "libglib2.0-0", "glib2", "glib2"),
    SystemLibrary("libfontconfig.so.1", "libfontconfig1", "fontconfig", "fontconfig"),
    SystemLibrary("libdbus-1.so.3", "libdbus-1-3", "dbus-libs", "dbus"),
    SystemLibrary("libX11-xcb.so.1", "libx11-xcb1", "libX11-xcb", "libx11"),
    SystemLibrary(
        "libxkbcommon-x11.so.0", "libxkbcommon-x11-0", "libxkbcommon-x11", "libxkbcommon-x11"
    ),
    SystemLibrary("libxcb-cursor.so.0", "libxcb-cursor0", "xcb-util-cursor", "xcb-util-cursor"),
    SystemLibrary("libxcb-icccm.so.4", "libxcb-icccm4", "xcb-util-wm", "xcb-util-wm"),
    SystemLibrary("libxcb-image.so.0", "libxcb-image0", "xcb-util-image", "xcb-util-image"),
    SystemLibrary("libxcb-keysyms.so.1", "libxcb-keysyms1", "xcb-util-keysyms", "xcb-util-keysyms"),
    SystemLibrary(
        "libxcb-render-util.so.0",
        "libxcb-render-util0",
        "xcb-util-renderutil",
        "xcb-util-renderutil",
    ),
    SystemLibrary("libxcb-util.so.1", "libxcb-util1", "xcb-util", "xcb-util"),
    SystemLibrary("libxcb-glx.so.0", "libxcb-glx0", "libxcb", "libxcb"),
    SystemLibrary("libxcb-randr.so.0", "libxcb-randr0", "libxcb", "libxcb"),
    SystemLibrary("libxcb-render.so.0", "libxcb-render0", "libxcb", "libxcb"),
    SystemLibrary("libxcb-shape.so.0", "libxcb-shape0", "libxcb", "libxcb"),
    SystemLibrary("libxcb-shm.so.0", "libxcb-shm0", "libxcb", "libxcb"),
    SystemLibrary("libxcb-sync.so.1", "libxcb-sync1", "libxcb", "libxcb"),
    SystemLibrary("libxcb-xfixes.so.0", "libxcb-xfixes0", "libxcb", "libxcb"),
    SystemLibrary("libxcb-xkb.so.1", "libxcb-xkb1", "libxcb", "libxcb"),
)
"""PortAudio for sounddevice; the rest is what PySide6's Qt and its xcb plugin link against."""


def missing_libraries(
    load: Callable[[str], object] = ctypes.CDLL, platform: str = sys.platform
) -> tuple[SystemLibrary, ...]:
    """Returns the libraries that the loader doesn't find; none outside Linux."""
    if not platform.startswith("linux"):
        return ()
    missing = []
    for library in LIBRARIES:
        try:
            load(library.soname)
        except OSError:
            missing.append(library)
    return tuple(missing)


def how_to_install(
    missing: Sequence[SystemLibrary], which: Callable[[str], str | None] = shutil.which
) -> str:
    """Returns one line that names the missing libraries in this system's own words."""
    commands = {
        "apt-get": ("sudo apt-get install", [library.apt for library in missing]),
        "dnf": ("sudo dnf install", [library.dnf for library in missing]),
        "pacman": ("sudo pacman -S", [library.pacman for library in missing]),
    }
    for tool, (command, packages) in commands.items():
        if which(tool):
            return f"{command} {' '.join(sorted(set(packages)))}"
    return f"install the packages with {' '.join(library.soname for library in missing)}"


def _root_prefix() -> tuple[str, ...] | None:
    """Returns what to put before a command that needs root, None if that can't be had quietly."""
    if os.geteuid() == 0:
        return ()
    sudo = shutil.which("sudo")
    if sudo:
        asked = subprocess.run([sudo, "-n", "true"], capture_output=True, check=False)
        if asked.returncode == 0:
            return (sudo, "-n", "DEBIAN_FRONTEND=noninteractive")
    return None


def _apt_install(missing: Sequence[SystemLibrary]) -> None:
    """Installs with apt-get if that is permitted without asking; says nothing if it fails."""
    prefix = _root_prefix() if shutil.which("apt-get") else None
    if prefix is None:
        return
    packages = [library.apt for library in missing]
    print(f"Installing system libraries: {' '.join(packages)}", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (("update",), ("install", "-y", "--no-install-recommends", *packages)):
        subprocess.run(
            [*prefix, *_APT, *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            check=False,
        )


def ensure_libraries(*, may_install: bool) -> bool:
    """Installs what is missing, or names it in one line.

    Args:
        may_install: Whether to try to install; without it missing libraries are only named.

    Returns:
        Whether everything is there.
    """
    missing = missing_libraries()
    if missing and may_install:
        _apt_install(missing)
        missing = missing_libraries()
    if missing:
        print(
            "Some system libraries are missing, so sound or the window may not work: "
            + how_to_install(missing),
            file=sys.stderr,
            flush=True,
        )
    return not missing
