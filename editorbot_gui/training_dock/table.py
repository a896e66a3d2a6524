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
    ActionSpec(
        "start_training",
        Group.TRAINING,
        QT_TRANSLATE_NOOP("Actions", "&Start training…"),
        QT_TRANSLATE_NOOP("Actions", "Choose how thoroughly to learn from your library."),
        icon="mdi6.play-circle-outline",
    ),
    ActionSpec(
        "pause_training",
        Group.TRAINING,
        QT_TRANSLATE_NOOP("Actions", "&Pause training"),
        QT_TRANSLATE_NOOP(
            "Actions", "Keep all that was learned, and give memory and processor free."
        ),
        icon="mdi6.pause-circle-outline",
    ),
    ActionSpec(
        "resume_training",
        Group.TRAINING,
        QT_TRANSLATE_NOOP("Actions", "&Go on with training"),
        QT_TRANSLATE_NOOP("Actions", "Go on from where the training stood."),
        icon="mdi6.play-circle-outline",
    ),
    ActionSpec(
        "stop_training",
        Group.TRAINING,
        QT_TRANSLATE_NOOP("Actions", "Finish training &now"),
        QT_TRANSLATE_NOOP(
            "Actions", "End here, and keep the best that was reached if it is better than before."
        ),
        icon="mdi6.stop-circle-outline",
    ),
)

TRAINING_MENU = (
    "add_pairs", "add_pair_folder", "",
    "start_training", "pause_training", "resume_training", "stop_training",
)  # fmt: skip
