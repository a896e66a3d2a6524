"""What a person can do to record, as rows of the table of actions."""

from __future__ import annotations

from editorbot_gui.action_spec import QT_TRANSLATE_NOOP, ActionSpec, Group

RECORDING_ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec(
        "record",
        Group.FILE,
        QT_TRANSLATE_NOOP("Actions", "&Record…"),
        QT_TRANSLATE_NOOP(
            "Actions", "Record from a microphone or another input, and open what was recorded."
        ),
        ("Shift+R",),
        "mdi6.record-circle-outline",
        QT_TRANSLATE_NOOP("Actions", "Record"),
    ),
)
