"""Sync Toolbox's dynamic time warping, measured beside the aligner.

It is no dependency of the project: it lives in an environment of its own under `.bench`, in which
this file is run as a script; where it can't be had the measurement says so.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np

SYNC_TOOLBOX_VERSION = "1.4.2"


def sync_toolbox_python(bench_folder: Path) -> Path | None:
    """Returns the Python that has Sync Toolbox, installing it if need be; None if it can't be had.

    Args:
        bench_folder: Where the environment lies.
    """
    environment = bench_folder / "synctoolbox"
    windows = sys.platform == "win32"
    python = environment / ("Scripts/python.exe" if windows else "bin/python")
    check = (str(python), "-c", "import synctoolbox")
    if python.exists() and subprocess.run(check, capture_output=True, check=False).returncode == 0:
        return python
    for command in (
        (sys.executable, "-m", "venv", "--clear", str(environment)),
        (str(python), "-m", "pip", "install", "-q", f"synctoolbox=={SYNC_TOOLBOX_VERSION}"),
    ):
        if subprocess.run(command, capture_output=True, check=False).returncode != 0:
            return None
    return python


def _warp(raw: Path, edited: Path, rate: str, answer: Path) -> None:
    """Writes the path, `[2, steps]`, between two files of vectors, `[cells, bands]` each."""
    from synctoolbox.dtw.mrmsdtw import (  # type: ignore[import-not-found]
        sync_via_mrmsdtw,
    )

    path = sync_via_mrmsdtw(
        np.load(raw, allow_pickle=False).T.astype(np.float64),
        np.load(edited, allow_pickle=False).T.astype(np.float64),
        input_feature_rate=round(float(rate)),
    )
    np.save(answer, path)


if __name__ == "__main__":
    _warp(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], Path(sys.argv[4]))
