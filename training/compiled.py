"""Librosa's compiled functions, made by one process at a time."""

from __future__ import annotations

from model_core.audio.compiled import import_librosa

__all__ = ["import_librosa"]
