from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SAYS_THREADS = """
import os
from threadpoolctl import threadpool_info
print(os.environ["OMP_WAIT_POLICY"])
print(*(pool["num_threads"] for pool in threadpool_info() if pool["internal_api"] == "openblas"))
"""


@pytest.mark.parametrize("first", ["model_core.infer", "editorbot_gui.main_window", "training"])
def test_threads_are_set_before_numpy_and_torch_are_loaded(first: str) -> None:
    free = {key: value for key, value in os.environ.items() if "_THREADS" not in key}
    done = subprocess.run(
        [sys.executable, "-c", f"import {first}, numpy\n{SAYS_THREADS}"],
        cwd=ROOT,
        env={**free, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        check=True,
    )
    policy, *pools = done.stdout.split()
    assert policy == "PASSIVE"
    assert set(pools) <= {"1"}
