"""The commands that hand edits over and take them over."""

from __future__ import annotations

from editorbot_gui.action_spec import QT_TRANSLATE_NOOP, ActionSpec, Group

HAND_OVER_ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec(
        "hand_over",
        Group.FILE,
        QT_TRANSLATE_NOOP("Actions", "&Hand over to another program…"),
        QT_TRANSLATE_NOOP(
            "Actions", "Write the edit as a project or timeline in which every cut can be moved."
        ),
        ("Ctrl+Shift+E",),
        "mdi6.file-move-outline",
    ),
    ActionSpec(
        "import_edit",
        Group.FILE,
        QT_TRANSLATE_NOOP("Actions", "&Import an edit…"),
        QT_TRANSLATE_NOOP(
            "Actions", "Take over an edit of this recording: labels, EDL, OpenTimelineIO, JSON."
        ),
        icon="mdi6.file-import-outline",
    ),
)
