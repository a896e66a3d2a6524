"""What a person can do with markers, as rows of the table of actions."""

from __future__ import annotations

from editorbot_gui.action_spec import QT_TRANSLATE_NOOP, ActionSpec, Group

MARKER_ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec(
        "add_marker",
        Group.MARKERS,
        QT_TRANSLATE_NOOP("Actions", "&Add a marker"),
        QT_TRANSLATE_NOOP(
            "Actions", "Mark this place of the recording; exported, it begins a chapter."
        ),
        ("M",),
        "mdi6.map-marker-plus-outline",
    ),
    ActionSpec(
        "rename_marker",
        Group.MARKERS,
        QT_TRANSLATE_NOOP("Actions", "&Name the marker…"),
        QT_TRANSLATE_NOOP("Actions", "Give the marker that is chosen, or is here, a name."),
        ("Shift+M",),
        "mdi6.rename-box",
    ),
    ActionSpec(
        "delete_marker",
        Group.MARKERS,
        QT_TRANSLATE_NOOP("Actions", "&Delete the marker"),
        QT_TRANSLATE_NOOP("Actions", "Take away the marker that is chosen, or is here."),
        ("Ctrl+Shift+M",),
        "mdi6.map-marker-remove-outline",
    ),
    ActionSpec(
        "previous_marker",
        Group.MARKERS,
        QT_TRANSLATE_NOOP("Actions", "&Previous marker"),
        QT_TRANSLATE_NOOP("Actions", "Put the playhead at the marker before this place."),
        ("Alt+Left",),
        "mdi6.skip-previous-outline",
    ),
    ActionSpec(
        "next_marker",
        Group.MARKERS,
        QT_TRANSLATE_NOOP("Actions", "Ne&xt marker"),
        QT_TRANSLATE_NOOP("Actions", "Put the playhead at the marker after this place."),
        ("Alt+Right",),
        "mdi6.skip-next-outline",
    ),
)

MARKERS_MENU = (
    "add_marker", "rename_marker", "delete_marker", "", "previous_marker", "next_marker",
)  # fmt: skip
"""What the menu holds; an empty name is a separator."""

FLAG_MENU = ("rename_marker", "delete_marker")
"""What the context menu of a marker holds."""
