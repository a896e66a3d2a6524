"""The core of EditorBot: edit lists, audio, the pointer network and export.

It knows neither windows nor sound cards. `PointerNetwork` is loaded when it is asked for, so that
importing the core does not import torch.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

# Read when numpy and torch are loaded, which is after this. Threads that spin while they wait for
# one another cost ten times the work itself on a machine that is busy with something else, and the
# matrix products of the front end are too small to gain from threads at all.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

if TYPE_CHECKING:
    from model_core.nn.network import PointerNetwork

__all__ = ["PointerNetwork"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - what a module holds may be anything
    if name == "PointerNetwork":
        from model_core.nn.network import PointerNetwork

        return PointerNetwork
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
