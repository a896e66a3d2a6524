"""Makes raw recordings with exactly known edits out of clean ones."""

from __future__ import annotations

from training.simulator.generate import simulate_recording
from training.simulator.types import (
    EditorStyle,
    Phenomenon,
    Removal,
    SimulatedRecording,
    SimulatorSettings,
)

__all__ = [
    "EditorStyle",
    "Phenomenon",
    "Removal",
    "SimulatedRecording",
    "SimulatorSettings",
    "simulate_recording",
]
