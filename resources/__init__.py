"""Files that come with EditorBot, and where they lie."""

from __future__ import annotations

from pathlib import Path

_ROOT = Path(__file__).resolve().parent


def resource_path(*parts: str) -> Path:
    """Returns the path of a bundled file, `resource_path("demo", "speech.flac")` for example."""
    return _ROOT.joinpath(*parts)
