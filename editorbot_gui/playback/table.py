"""What a person can do while listening, as rows of the table of actions."""

from __future__ import annotations

from editorbot_gui.action_spec import QT_TRANSLATE_NOOP, ActionSpec, Group

# In menus an icon would take the place of the tick, so what is switched on and off has none.
LISTENING_ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec(
        "audition_join",
        Group.PLAYBACK,
        QT_TRANSLATE_NOOP("Actions", "Audition the &join"),
        QT_TRANSLATE_NOOP(
            "Actions",
            "Play from a second before the chosen or nearest join to a second after it, again and "
            "again.",
        ),
        ("C",),
        "mdi6.ear-hearing",
    ),
    ActionSpec(
        "loop_selection",
        Group.PLAYBACK,
        QT_TRANSLATE_NOOP("Actions", "&Loop the selection"),
        QT_TRANSLATE_NOOP(
            "Actions",
            "Play what is selected again and again; once more, go to just before it begins again.",
        ),
        ("R",),
        "mdi6.repeat",
    ),
    ActionSpec(
        "play_selection",
        Group.PLAYBACK,
        QT_TRANSLATE_NOOP("Actions", "Play the &selection"),
        QT_TRANSLATE_NOOP("Actions", "Play what is selected, once."),
        ("P",),
        "mdi6.play-box-outline",
    ),
    ActionSpec(
        "shuttle_back",
        Group.PLAYBACK,
        QT_TRANSLATE_NOOP("Actions", "Shuttle &back"),
        QT_TRANSLATE_NOOP(
            "Actions", "Play backwards; again, at 2 and 4 times the speed, where the pitch rises."
        ),
        ("J",),
        "mdi6.rewind",
    ),
    ActionSpec(
        "shuttle_pause",
        Group.PLAYBACK,
        QT_TRANSLATE_NOOP("Actions", "Pa&use the shuttle"),
        QT_TRANSLATE_NOOP("Actions", "Stop playing, and stay there."),
        ("K",),
        "mdi6.pause",
    ),
    ActionSpec(
        "shuttle_on",
        Group.PLAYBACK,
        QT_TRANSLATE_NOOP("Actions", "Shuttle &forwards"),
        QT_TRANSLATE_NOOP(
            "Actions",
            "Play; again, at 2 times the speed with the pitch kept, and at 4, where it rises.",
        ),
        ("L",),
        "mdi6.fast-forward",
    ),
    ActionSpec(
        "follow_playhead",
        Group.PLAYBACK,
        QT_TRANSLATE_NOOP("Actions", "Follow the play&head"),
        QT_TRANSLATE_NOOP("Actions", "Turn the page when it plays beyond what is in view."),
        ("Shift+P",),
        checkable=True,
    ),
    ActionSpec(
        "scrub",
        Group.PLAYBACK,
        QT_TRANSLATE_NOOP("Actions", "Hear what is &dragged over"),
        QT_TRANSLATE_NOOP(
            "Actions", "Play a moment at each place while the playhead or an edge is dragged."
        ),
        checkable=True,
    ),
    ActionSpec(
        "match_loudness",
        Group.PLAYBACK,
        QT_TRANSLATE_NOOP("Actions", "&Match loudness"),
        QT_TRANSLATE_NOOP(
            "Actions",
            "Play recording, edit and takes equally loud, so that the louder one doesn't seem the "
            "better one. Exports are not changed by it.",
        ),
        ("Shift+A",),
        checkable=True,
    ),
)

LISTENING_MENU = (
    "audition_join", "loop_selection", "play_selection", "", "shuttle_back", "shuttle_pause",
    "shuttle_on", "", "follow_playhead", "scrub", "match_loudness", "sound_output",
)  # fmt: skip
"""What the menu holds; "sound_output" is a submenu, an empty name a separator."""
