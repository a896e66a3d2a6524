"""The command that opens the queue."""

from __future__ import annotations

from editorbot_gui.action_spec import QT_TRANSLATE_NOOP, ActionSpec, Group

BATCH_ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec(
        "batch",
        Group.FILE,
        QT_TRANSLATE_NOOP("Actions", "&Batch…"),
        QT_TRANSLATE_NOOP("Actions", "Edit many files and folders, one after the other."),
        ("Ctrl+Shift+B",),
        "mdi6.playlist-music-outline",
    ),
)
