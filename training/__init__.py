"""Training: the edit simulator, losses and the resumable training loop."""

from __future__ import annotations

import model_core  # noqa: F401 - first of all, because it sets how numpy and torch use threads
