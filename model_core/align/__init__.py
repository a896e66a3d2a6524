"""From a recording and a finished edit of it to the edit list: what was cut, kept and repeated."""

from __future__ import annotations

from model_core.align.aligner import align
from model_core.align.types import Alignment, AlignmentReport, AlignSettings, Verdict

__all__ = ["AlignSettings", "Alignment", "AlignmentReport", "Verdict", "align"]
