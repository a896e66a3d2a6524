"""The core of EditorBot: edit lists, audio, the pointer network and export.

It knows neither windows nor sound cards. `PointerNetwork` is loaded when it is asked for, so that
importing the core does not import torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from model_core.nn.network import PointerNetwork

__all__ = ["PointerNetwork"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - what a module holds may be anything
    if name == "PointerNetwork":
        from model_core.nn.network import PointerNetwork

        return PointerNetwork
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
