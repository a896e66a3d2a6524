from __future__ import annotations

from hypothesis import settings

# The same examples in every run, and no time limit on each: a busy machine is no failure.
settings.register_profile("editorbot", deadline=None, derandomize=True)
settings.load_profile("editorbot")
