"""What a person can do with takes, as rows of the table of actions."""

from __future__ import annotations

from editorbot_gui.action_spec import QT_TRANSLATE_NOOP, ActionSpec, Group
from editorbot_gui.takes.take import MOST_KEYS

TAKE_NAMES = tuple(f"take_{number}" for number in range(1, MOST_KEYS + 1))
"""The actions that show a take, in the order of their keys."""

TAKES_ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec(
        "four_variations",
        Group.TAKES,
        QT_TRANSLATE_NOOP("Actions", "&Four variations"),
        QT_TRANSLATE_NOOP(
            "Actions", "Make four other edits, one after the other, and put them into the strip."
        ),
        ("Shift+N",),
        "mdi6.cards-outline",
    ),
    ActionSpec(
        "compare_takes",
        Group.TAKES,
        QT_TRANSLATE_NOOP("Actions", "&Compare two takes…"),
        QT_TRANSLATE_NOOP("Actions", "Show two takes side by side, and where they differ."),
        icon="mdi6.compare",
    ),
    ActionSpec(
        "like_finished_pair",
        Group.TAKES,
        QT_TRANSLATE_NOOP("Actions", "&Same style as a finished pair…"),
        QT_TRANSLATE_NOOP(
            "Actions", "Read the style from a recording and its finished edit, and edit in it."
        ),
        icon="mdi6.account-music-outline",
    ),
    *(
        ActionSpec(
            name,
            Group.TAKES,
            QT_TRANSLATE_NOOP("Actions", "Take &{number}"),
            QT_TRANSLATE_NOOP("Actions", "Hear this take, at the same place of the recording."),
            (str(number),),
            checkable=True,
            number=number,
        )
        for number, name in enumerate(TAKE_NAMES, 1)
    ),
)

TAKES_MENU = (
    "new_variation", "four_variations", "like_finished_pair", "compare_takes", "", *TAKE_NAMES,
)  # fmt: skip
"""What the menu holds; an empty name is a separator."""
