"""The command that opens several microphones as one recording."""

from __future__ import annotations

from editorbot_gui.action_spec import QT_TRANSLATE_NOOP, ActionSpec, Group

MICROPHONES_ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec(
        "open_microphones",
        Group.FILE,
        QT_TRANSLATE_NOOP("Actions", "Open several &microphones…"),
        QT_TRANSLATE_NOOP(
            "Actions", "Open synchronised files, such as two microphones, as one recording."
        ),
        ("Ctrl+Shift+O",),
        "mdi6.microphone-plus",
    ),
)
