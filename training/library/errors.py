"""The error of everything about personal libraries."""

from __future__ import annotations

from model_core.errors import EditorBotError


class LibraryError(EditorBotError):
    """A folder, pair or cached file of a personal library that can't be used."""
