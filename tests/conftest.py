from __future__ import annotations

import os

from hypothesis import settings

from training.compiled import import_librosa

if "PYTEST_XDIST_WORKER" in os.environ:
    # Every worker imports all tests, and librosa with them, at the same time.
    import_librosa()

# The same examples in every run, and no time limit on each: a busy machine is no failure.
settings.register_profile("editorbot", deadline=None, derandomize=True)
settings.load_profile("editorbot")
