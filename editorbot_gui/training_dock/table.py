"""What a person can do to teach a network, as rows of the table of actions."""

from __future__ import annotations

from editorbot_gui.action_spec import QT_TRANSLATE_NOOP, ActionSpec, Group

TRAINING_ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec(
        "training",
        Group.VIEW,
        QT_TRANSLATE_NOOP("Actions", "Show the &training"),
        QT_TRANSLATE_NOOP(
            "Actions", "Teach EditorBot how you edit, from your own recordings and finished edits."
        ),
        ("Ctrl+T",),
        "mdi6.school-outline",
    ),
    ActionSpec(
        "add_to_library",
        Group.FILE,
        QT_TRANSLATE_NOOP("Actions", "Add this edit to my &library…"),
        QT_TRANSLATE_NOOP(
            "Actions", "Let EditorBot learn from the open recording and its edit as they are now."
        ),
        ("Ctrl+Shift+L",),
        "mdi6.bookshelf",
    ),
)
