"""Where the network computes: what was chosen, and what there is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

if TYPE_CHECKING:
    from model_core.progress import CancelToken, Progress

AUTO = "auto"


@dataclass(frozen=True, slots=True)
class ComputeDevice:
    """Something to compute with.

    Attributes:
        name: How it is asked for.
        words: For the person.
    """

    name: str
    words: str


_chosen = AUTO


def choose(name: str) -> None:
    """Has networks be loaded onto another device from now on; "auto" takes the fastest there is."""
    global _chosen  # noqa: PLW0603 - as the environment, it is one for the process
    _chosen = name


def chosen() -> str:
    """Returns what was chosen."""
    return _chosen


def usable_device() -> str:
    """Returns what was chosen if it is there, as a graphics card may have been taken out."""
    from model_core.errors import DeviceError
    from model_core.nn.device import choose_device

    try:
        choose_device(_chosen)
    except DeviceError:
        return AUTO
    return _chosen


def find_devices(
    _request: None, _cancel: CancelToken, _progress: Progress
) -> tuple[ComputeDevice, ...]:
    """Looks for what there is to compute with; a job function, as it imports torch."""
    from editorbot_gui.preload import preload_torch

    preload_torch()
    import torch

    found = [ComputeDevice("cpu", _tr("Processor (CPU)"))]
    if torch.cuda.is_available():
        name = torch.cuda.get_device_name()
        found.append(ComputeDevice("cuda", _tr("Graphics card (CUDA): {name}").format(name=name)))
    if torch.backends.mps.is_available():
        found.append(ComputeDevice("mps", _tr("Apple graphics (MPS)")))
    return tuple(found)


def _tr(text: str) -> str:
    return QCoreApplication.translate("Computing", text)
