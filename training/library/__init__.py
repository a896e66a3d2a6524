"""A personal library: recordings with finished edits of them, and what is made to train on them.

`Library` finds the pairs, says what is known of each, and loads what was made of them. The
commands `training.precache_samples`, `training.generate_edit_ops`, `training.precache_stems`,
`training.convert_stems_to_mel` and `training.library_report` work on the same folders;
`docs/library.md` describes them.
"""

from __future__ import annotations

from training.library.errors import LibraryError
from training.library.layout import Layout
from training.library.pairs import Library, Pair, PairState

__all__ = ["Layout", "Library", "LibraryError", "Pair", "PairState"]
