"""What helps a person to find the way, as rows of the table of actions."""

from __future__ import annotations

from editorbot_gui.action_spec import QT_TRANSLATE_NOOP, ActionSpec, Group

GUIDE_ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec(
        "preferences",
        Group.EDIT,
        QT_TRANSLATE_NOOP("Actions", "Pre&ferences…"),
        QT_TRANSLATE_NOOP(
            "Actions", "Choose sound devices, appearance, where to compute, and what is usual."
        ),
        ("Ctrl+,",),
        "mdi6.cog-outline",
    ),
    ActionSpec(
        "history",
        Group.VIEW,
        QT_TRANSLATE_NOOP("Actions", "Show the &history"),
        QT_TRANSLATE_NOOP("Actions", "List every step of the edit, to go back and forth in."),
        ("Ctrl+H",),
        "mdi6.history",
    ),
    ActionSpec(
        "command_palette",
        Group.HELP,
        QT_TRANSLATE_NOOP("Actions", "&Find a command…"),
        QT_TRANSLATE_NOOP("Actions", "Type a few letters of what you would like to do."),
        ("Ctrl+Shift+P",),
        "mdi6.magnify",
    ),
    ActionSpec(
        "change_keys",
        Group.HELP,
        QT_TRANSLATE_NOOP("Actions", "&Change keys…"),
        QT_TRANSLATE_NOOP("Actions", "Give commands other keys."),
        icon="mdi6.keyboard-settings-outline",
    ),
)
