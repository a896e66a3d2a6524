from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def says(code: str) -> str:
    """Runs code in a fresh interpreter and returns what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
def test_maps_torch_without_importing_it() -> None:
    code = """
        import sys
        from pathlib import Path
        from editorbot_gui.preload import preload_torch
        preload_torch()
        print("torch" in sys.modules, "libtorch_cpu" in Path("/proc/self/maps").read_text())
        import torch
        print(torch.ones(2).sum().item())
    """
    assert says(code).split() == ["False", "True", "2.0"]


def test_a_machine_without_torch_is_left_to_the_import() -> None:
    code = """
        import importlib.util
        importlib.util.find_spec = lambda name: None
        from editorbot_gui.preload import preload_torch
        preload_torch()
        print("went on")
    """
    assert says(code) == "went on"
