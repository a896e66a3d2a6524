"""The rows of the table of actions that are about editing by hand."""

from __future__ import annotations

from editorbot_gui.action_spec import QT_TRANSLATE_NOOP, ActionSpec, Group

EDITING_ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec(
        "cut",
        Group.EDIT,
        QT_TRANSLATE_NOOP("Actions", "Cu&t"),
        QT_TRANSLATE_NOOP("Actions", "Take out what is selected, to paste it elsewhere."),
        ("Ctrl+X",),
        "mdi6.content-cut",
    ),
    ActionSpec(
        "copy",
        Group.EDIT,
        QT_TRANSLATE_NOOP("Actions", "&Copy"),
        QT_TRANSLATE_NOOP("Actions", "Remember what is selected, to paste it elsewhere."),
        ("Ctrl+C",),
        "mdi6.content-copy",
    ),
    ActionSpec(
        "paste",
        Group.EDIT,
        QT_TRANSLATE_NOOP("Actions", "&Paste"),
        QT_TRANSLATE_NOOP("Actions", "Put what was cut or copied into the edit, at the playhead."),
        ("Ctrl+V",),
        "mdi6.content-paste",
    ),
    ActionSpec(
        "delete",
        Group.EDIT,
        QT_TRANSLATE_NOOP("Actions", "&Delete"),
        QT_TRANSLATE_NOOP(
            "Actions", "Take out what is selected; what comes after it moves forward."
        ),
        ("Del",),
        "mdi6.delete-outline",
    ),
    ActionSpec(
        "delete_gap",
        Group.EDIT,
        QT_TRANSLATE_NOOP("Actions", "Delete, &leaving a gap"),
        QT_TRANSLATE_NOOP(
            "Actions", "Silence what is selected; everything else stays where it is."
        ),
        ("Shift+Del",),
        "mdi6.arrow-collapse-horizontal",
    ),
    ActionSpec(
        "keep_again",
        Group.EDIT,
        QT_TRANSLATE_NOOP("Actions", "&Keep again"),
        QT_TRANSLATE_NOOP(
            "Actions", "Put back what the edit leaves out of the selection in the recording."
        ),
        ("Ctrl+K", "Ins"),
        "mdi6.restore",
    ),
    ActionSpec(
        "select_in",
        Group.EDIT,
        QT_TRANSLATE_NOOP("Actions", "Select from &here"),
        QT_TRANSLATE_NOOP("Actions", "The selection starts at the playhead."),
        ("I",),
        "mdi6.contain-start",
    ),
    ActionSpec(
        "select_out",
        Group.EDIT,
        QT_TRANSLATE_NOOP("Actions", "Select up t&o here"),
        QT_TRANSLATE_NOOP("Actions", "The selection ends at the playhead."),
        ("O",),
        "mdi6.contain-end",
    ),
    ActionSpec(
        "select_all",
        Group.EDIT,
        QT_TRANSLATE_NOOP("Actions", "Select &all"),
        QT_TRANSLATE_NOOP("Actions", "Select all of what is listened to."),
        ("Ctrl+A",),
        "mdi6.select-all",
    ),
    ActionSpec(
        "select_nothing",
        Group.EDIT,
        QT_TRANSLATE_NOOP("Actions", "Select noth&ing"),
        QT_TRANSLATE_NOOP("Actions", "Give the selection up; Esc does it too."),
        ("Ctrl+Shift+A",),
        "mdi6.select-off",
    ),
    ActionSpec(
        "split",
        Group.SEGMENTS,
        QT_TRANSLATE_NOOP("Actions", "&Split"),
        QT_TRANSLATE_NOOP(
            "Actions", "Make two segments of one: at the playhead, or at both ends of a selection."
        ),
        ("S",),
        "mdi6.arrow-split-vertical",
    ),
    ActionSpec(
        "join_back",
        Group.SEGMENTS,
        QT_TRANSLATE_NOOP("Actions", "&Join back"),
        QT_TRANSLATE_NOOP(
            "Actions", "Have heard again what the join leaves out, or heard once what it repeats."
        ),
        ("Ctrl+J",),
        "mdi6.call-merge",
    ),
    ActionSpec(
        "crossfade",
        Group.SEGMENTS,
        QT_TRANSLATE_NOOP("Actions", "&Crossfade…"),
        QT_TRANSLATE_NOOP("Actions", "Choose how long and in which way a join fades over."),
        ("Shift+F",),
        "mdi6.vector-intersection",
    ),
    ActionSpec(
        "duplicate",
        Group.SEGMENTS,
        QT_TRANSLATE_NOOP("Actions", "&Duplicate"),
        QT_TRANSLATE_NOOP(
            "Actions", "Have the selection, or the segment at the playhead, heard once more."
        ),
        ("Ctrl+D",),
        "mdi6.content-duplicate",
    ),
    ActionSpec(
        "repeat",
        Group.SEGMENTS,
        QT_TRANSLATE_NOOP("Actions", "&Repeat…"),
        QT_TRANSLATE_NOOP(
            "Actions", "Make a loop of the selection, or of the segment at the playhead."
        ),
        ("Ctrl+R",),
        "mdi6.repeat",
    ),
    ActionSpec(
        "move_earlier",
        Group.SEGMENTS,
        QT_TRANSLATE_NOOP("Actions", "Move &earlier"),
        QT_TRANSLATE_NOOP("Actions", "Have the segment heard before the one that precedes it."),
        ("Alt+Up",),
        "mdi6.arrow-left-bold-outline",
    ),
    ActionSpec(
        "move_later",
        Group.SEGMENTS,
        QT_TRANSLATE_NOOP("Actions", "Move &later"),
        QT_TRANSLATE_NOOP("Actions", "Have the segment heard after the one that follows it."),
        ("Alt+Down",),
        "mdi6.arrow-right-bold-outline",
    ),
    ActionSpec(
        "previous_edge",
        Group.SEGMENTS,
        QT_TRANSLATE_NOOP("Actions", "&Previous edge"),
        QT_TRANSLATE_NOOP("Actions", "Choose the start or end of a segment before this place."),
        ("[",),
        "mdi6.chevron-left",
    ),
    ActionSpec(
        "next_edge",
        Group.SEGMENTS,
        QT_TRANSLATE_NOOP("Actions", "&Next edge"),
        QT_TRANSLATE_NOOP("Actions", "Choose the start or end of a segment after this place."),
        ("]",),
        "mdi6.chevron-right",
    ),
    ActionSpec(
        "nudge_back",
        Group.SEGMENTS,
        QT_TRANSLATE_NOOP("Actions", "Nudge the edge &back 1 ms"),
        QT_TRANSLATE_NOOP("Actions", "Move the chosen edge to an earlier place in the recording."),
        (",",),
    ),
    ActionSpec(
        "nudge_on",
        Group.SEGMENTS,
        QT_TRANSLATE_NOOP("Actions", "Nudge the edge &on 1 ms"),
        QT_TRANSLATE_NOOP("Actions", "Move the chosen edge to a later place in the recording."),
        (".",),
    ),
    ActionSpec(
        "nudge_back_far",
        Group.SEGMENTS,
        QT_TRANSLATE_NOOP("Actions", "Nudge the edge back 10 ms"),
        QT_TRANSLATE_NOOP("Actions", "Move the chosen edge to an earlier place in the recording."),
        ("Shift+,",),
    ),
    ActionSpec(
        "nudge_on_far",
        Group.SEGMENTS,
        QT_TRANSLATE_NOOP("Actions", "Nudge the edge on 10 ms"),
        QT_TRANSLATE_NOOP("Actions", "Move the chosen edge to a later place in the recording."),
        ("Shift+.",),
    ),
    ActionSpec(
        "snap_zero",
        Group.SEGMENTS,
        QT_TRANSLATE_NOOP("Actions", "&Zero crossings"),
        QT_TRANSLATE_NOOP(
            "Actions", "Dragged edges go to where the wave crosses zero; Alt: this once not."
        ),
        ("Z",),
        checkable=True,
    ),
    ActionSpec(
        "snap_silence",
        Group.SEGMENTS,
        QT_TRANSLATE_NOOP("Actions", "&Silences"),
        QT_TRANSLATE_NOOP(
            "Actions", "Dragged edges go to where silence begins or ends; Alt: this once not."
        ),
        checkable=True,
    ),
    ActionSpec(
        "snap_onset",
        Group.SEGMENTS,
        QT_TRANSLATE_NOOP("Actions", "&Onsets"),
        QT_TRANSLATE_NOOP(
            "Actions", "Dragged edges go to where a note or a word begins; Alt: this once not."
        ),
        checkable=True,
    ),
    ActionSpec(
        "snap_beat",
        Group.SEGMENTS,
        QT_TRANSLATE_NOOP("Actions", "&Beats"),
        QT_TRANSLATE_NOOP(
            "Actions",
            "Find the beats of the recording, and have dragged edges go to them; Alt: this once "
            "not.",
        ),
        checkable=True,
    ),
    ActionSpec(
        "louder",
        Group.SEGMENTS,
        QT_TRANSLATE_NOOP("Actions", "Lo&uder by 1 dB"),
        QT_TRANSLATE_NOOP("Actions", "Raise the selection, or the segment at the playhead."),
        ("Ctrl+Up",),
        "mdi6.volume-plus",
    ),
    ActionSpec(
        "softer",
        Group.SEGMENTS,
        QT_TRANSLATE_NOOP("Actions", "So&fter by 1 dB"),
        QT_TRANSLATE_NOOP("Actions", "Lower the selection, or the segment at the playhead."),
        ("Ctrl+Down",),
        "mdi6.volume-minus",
    ),
    ActionSpec(
        "gain",
        Group.SEGMENTS,
        QT_TRANSLATE_NOOP("Actions", "&Gain…"),
        QT_TRANSLATE_NOOP(
            "Actions", "Choose how loud the selection, or the segment at the playhead, is."
        ),
        ("Shift+G",),
        "mdi6.tune-vertical",
    ),
    ActionSpec(
        "previous_onset",
        Group.PLAYBACK,
        QT_TRANSLATE_NOOP("Actions", "Previous onset"),
        QT_TRANSLATE_NOOP("Actions", "Put the playhead where something begins, before this place."),
        ("Ctrl+Left",),
    ),
    ActionSpec(
        "next_onset",
        Group.PLAYBACK,
        QT_TRANSLATE_NOOP("Actions", "Next onset"),
        QT_TRANSLATE_NOOP("Actions", "Put the playhead where something begins, after this place."),
        ("Ctrl+Right",),
    ),
    ActionSpec(
        "zoom_selection",
        Group.VIEW,
        QT_TRANSLATE_NOOP("Actions", "Zoom to the s&election"),
        QT_TRANSLATE_NOOP("Actions", "Show what is selected, as large as it goes."),
        ("E",),
        "mdi6.magnify-scan",
    ),
)

SEGMENTS_MENU = (
    "split", "join_back", "crossfade", "",
    "duplicate", "repeat", "move_earlier", "move_later", "",
    "previous_edge", "next_edge", "nudge_back", "nudge_on", "nudge_back_far", "nudge_on_far",
    "snap_zero", "snap_silence", "snap_onset", "snap_beat", "",
    "louder", "softer", "gain",
)  # fmt: skip
"""What the menu holds; an empty name is a separator."""

SNAP_MENU = ("snap_zero", "snap_silence", "snap_onset", "snap_beat")
"""What the submenu “Snap to” holds."""

EDITED_MENU = (
    "split", "delete", "delete_gap", "", "cut", "copy", "paste", "",
    "duplicate", "repeat", "move_earlier", "move_later", "", "gain", "",
    "join_back", "crossfade", "", "zoom_selection", "select_nothing",
)  # fmt: skip
"""What the context menu of the edit's views holds."""

RAW_MENU = (
    "keep_again", "delete", "", "cut", "copy", "paste", "", "zoom_selection", "select_all",
    "select_nothing",
)  # fmt: skip
"""What the context menu of the recording's views holds."""
