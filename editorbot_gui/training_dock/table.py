"""What a person can do to teach a network, as rows of the table of actions."""

from __future__ import annotations

from editorbot_gui.action_spec import QT_TRANSLATE_NOOP, ActionSpec, Group

TRAINING_ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec(
        "training",
        Group.VIEW,
        QT_TRANSLATE_NOOP("Actions", "Show the &training"),
        QT_TRANSLATE_NOOP(
            "Actions", "Teach EditorBot how you edit, with your own recordings and finished edits."
        ),
        ("Ctrl+T",),
        "mdi6.school-outline",
    ),
    ActionSpec(
        "add_pairs",
        Group.TRAINING,
        QT_TRANSLATE_NOOP("Actions", "Add &recordings and edits…"),
        QT_TRANSLATE_NOOP(
            "Actions", "Bring recordings and your finished edits of them into your library."
        ),
        ("Ctrl+Shift+T",),
        "mdi6.playlist-plus",
    ),
    ActionSpec(
        "add_pair_folder",
        Group.TRAINING,
        QT_TRANSLATE_NOOP("Actions", "Add a &folder…"),
        QT_TRANSLATE_NOOP(
            "Actions", "Look through a folder for recordings and finished edits of them."
        ),
        icon="mdi6.folder-plus-outline",
    ),
)

TRAINING_MENU = ("add_pairs", "add_pair_folder")
