"""What a person can do with the changes of an edit, as rows of the table of actions."""

from __future__ import annotations

from editorbot_gui.action_spec import QT_TRANSLATE_NOOP, ActionSpec, Group

REVIEW_ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec(
        "accept_change",
        Group.CHANGES,
        QT_TRANSLATE_NOOP("Actions", "&Accept"),
        QT_TRANSLATE_NOOP(
            "Actions", "The chosen changes are as they should be; a rejected one is made again."
        ),
        ("Y",),
        "mdi6.check",
    ),
    ActionSpec(
        "reject_change",
        Group.CHANGES,
        QT_TRANSLATE_NOOP("Actions", "&Reject"),
        QT_TRANSLATE_NOOP(
            "Actions", "Have the recording heard as it is where the chosen changes are."
        ),
        ("Shift+X",),
        "mdi6.undo-variant",
    ),
    ActionSpec(
        "lock_change",
        Group.CHANGES,
        QT_TRANSLATE_NOOP("Actions", "&Lock"),
        QT_TRANSLATE_NOOP(
            "Actions",
            "Hold the chosen changes, or what is selected in the views, in all that is generated; "
            "once more to unlock them.",
        ),
        ("Ctrl+L",),
        "mdi6.lock-outline",
    ),
    ActionSpec(
        "next_unreviewed",
        Group.CHANGES,
        QT_TRANSLATE_NOOP("Actions", "&Next to review"),
        QT_TRANSLATE_NOOP("Actions", "Go to the next change that nothing was decided about."),
        ("U",),
        "mdi6.arrow-down-circle-outline",
        QT_TRANSLATE_NOOP("Actions", "Next"),
    ),
    ActionSpec(
        "play_chosen",
        Group.CHANGES,
        QT_TRANSLATE_NOOP("Actions", "&Play what is chosen"),
        QT_TRANSLATE_NOOP(
            "Actions", "Choosing a change plays it, from a second before to a second after."
        ),
        ("Shift+U",),
        "mdi6.headphones",
        checkable=True,
    ),
    ActionSpec(
        "reject_last_join",
        Group.CHANGES,
        QT_TRANSLATE_NOOP("Actions", "Reject the last &join heard"),
        QT_TRANSLATE_NOOP(
            "Actions", "Have the recording heard as it is at the join that has just gone by."
        ),
        ("X",),
        "mdi6.skip-backward-outline",
    ),
)

CHANGES_MENU = (
    "accept_change", "reject_change", "lock_change", "", "next_unreviewed", "play_chosen", "",
    "reject_last_join",
)  # fmt: skip
"""What the menu holds; an empty name is a separator."""

ROW_MENU = (
    "accept_change", "reject_change", "lock_change", "", "next_unreviewed", "play_chosen",
)  # fmt: skip
"""What the context menu of the list holds."""
