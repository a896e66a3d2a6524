"""Everything that a person can do, in one table.

Menus, toolbar, tooltips and the sheet of shortcuts are all made from it, so none can disagree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import qtawesome
from PySide6.QtCore import QCoreApplication, QObject, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QColor, QIcon, QKeySequence

from editorbot_gui.action_spec import QT_TRANSLATE_NOOP, ActionSpec, Group
from editorbot_gui.batch.table import BATCH_ACTIONS
from editorbot_gui.editing.table import EDITING_ACTIONS, SEGMENTS_MENU, SNAP_MENU
from editorbot_gui.guide.table import GUIDE_ACTIONS
from editorbot_gui.handing_over.table import HAND_OVER_ACTIONS
from editorbot_gui.library_desk import LIBRARY_ACTIONS
from editorbot_gui.markers.table import MARKER_ACTIONS, MARKERS_MENU
from editorbot_gui.microphones.table import MICROPHONES_ACTIONS
from editorbot_gui.panels.edits.table import CHANGES_MENU, REVIEW_ACTIONS
from editorbot_gui.playback.table import LISTENING_ACTIONS, LISTENING_MENU
from editorbot_gui.recording.table import RECORDING_ACTIONS
from editorbot_gui.takes.table import TAKES_ACTIONS, TAKES_MENU
from editorbot_gui.training_dock.table import TRAINING_ACTIONS, TRAINING_MENU

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from PySide6.QtWidgets import QWidget

_CONTEXT = "Actions"


ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec(
        "open",
        Group.FILE,
        QT_TRANSLATE_NOOP("Actions", "&Open…"),
        QT_TRANSLATE_NOOP(
            "Actions", "Open a project, or a recording: sound files, or the sound of a video."
        ),
        ("Ctrl+O",),
        "mdi6.folder-open-outline",
        QT_TRANSLATE_NOOP("Actions", "Open"),
    ),
    ActionSpec(
        "demo_speech",
        Group.FILE,
        QT_TRANSLATE_NOOP("Actions", "Open the &speech demo"),
        QT_TRANSLATE_NOOP("Actions", "Open the bundled talk, with pauses, a retake and a noise."),
        icon="mdi6.account-voice",
    ),
    ActionSpec(
        "demo_music",
        Group.FILE,
        QT_TRANSLATE_NOOP("Actions", "Open the &music demo"),
        QT_TRANSLATE_NOOP("Actions", "Open the bundled piece of music."),
        icon="mdi6.music-note-outline",
    ),
    ActionSpec(
        "compare",
        Group.FILE,
        QT_TRANSLATE_NOOP("Actions", "&Compare with a finished edit…"),
        QT_TRANSLATE_NOOP(
            "Actions", "Find out how a finished edit was made of its recording, and go on from it."
        ),
        icon="mdi6.file-compare",
    ),
    ActionSpec(
        "save",
        Group.FILE,
        QT_TRANSLATE_NOOP("Actions", "Sa&ve"),
        QT_TRANSLATE_NOOP("Actions", "Save the project: the edit, not the sound."),
        ("Ctrl+S",),
        "mdi6.content-save-outline",
    ),
    ActionSpec(
        "save_as",
        Group.FILE,
        QT_TRANSLATE_NOOP("Actions", "Save &as…"),
        QT_TRANSLATE_NOOP("Actions", "Save the project under another name."),
        ("Ctrl+Shift+S",),
        "mdi6.content-save-edit-outline",
    ),
    ActionSpec(
        "export",
        Group.FILE,
        QT_TRANSLATE_NOOP("Actions", "&Export…"),
        QT_TRANSLATE_NOOP("Actions", "Write the edit as a sound file."),
        ("Ctrl+E",),
        "mdi6.export-variant",
        QT_TRANSLATE_NOOP("Actions", "Export"),
    ),
    ActionSpec(
        "quit",
        Group.FILE,
        QT_TRANSLATE_NOOP("Actions", "&Quit"),
        QT_TRANSLATE_NOOP("Actions", "Close EditorBot."),
        ("Ctrl+Q",),
    ),
    ActionSpec(
        "undo",
        Group.EDIT,
        QT_TRANSLATE_NOOP("Actions", "&Undo"),
        QT_TRANSLATE_NOOP("Actions", "Take back the last step."),
        ("Ctrl+Z",),
        "mdi6.undo",
        QT_TRANSLATE_NOOP("Actions", "Undo"),
    ),
    ActionSpec(
        "redo",
        Group.EDIT,
        QT_TRANSLATE_NOOP("Actions", "&Redo"),
        QT_TRANSLATE_NOOP("Actions", "Do again what was taken back."),
        ("Ctrl+Shift+Z", "Ctrl+Y"),
        "mdi6.redo",
        QT_TRANSLATE_NOOP("Actions", "Redo"),
    ),
    ActionSpec(
        "generate",
        Group.EDIT,
        QT_TRANSLATE_NOOP("Actions", "&Generate an edit"),
        QT_TRANSLATE_NOOP("Actions", "Let the network propose an edit of the whole recording."),
        ("Ctrl+G", "G"),
        "mdi6.creation",
        QT_TRANSLATE_NOOP("Actions", "Generate"),
    ),
    ActionSpec(
        "new_variation",
        Group.TAKES,
        QT_TRANSLATE_NOOP("Actions", "&New variation"),
        QT_TRANSLATE_NOOP("Actions", "Let the network propose another edit of the same recording."),
        ("N",),
        "mdi6.dice-multiple-outline",
    ),
    ActionSpec(
        "cancel",
        Group.EDIT,
        QT_TRANSLATE_NOOP("Actions", "&Cancel"),
        QT_TRANSLATE_NOOP("Actions", "Stop what is being worked on."),
        ("Esc",),
        "mdi6.close",
    ),
    ActionSpec(
        "zoom_in",
        Group.VIEW,
        QT_TRANSLATE_NOOP("Actions", "Zoom &in"),
        QT_TRANSLATE_NOOP("Actions", "Show less, larger. Ctrl and the wheel zoom at the pointer."),
        ("+", "Ctrl++"),
        "mdi6.magnify-plus-outline",
    ),
    ActionSpec(
        "zoom_out",
        Group.VIEW,
        QT_TRANSLATE_NOOP("Actions", "Zoom &out"),
        QT_TRANSLATE_NOOP("Actions", "Show more, smaller. Ctrl and the wheel zoom at the pointer."),
        ("-", "Ctrl+-"),
        "mdi6.magnify-minus-outline",
    ),
    ActionSpec(
        "zoom_fit",
        Group.VIEW,
        QT_TRANSLATE_NOOP("Actions", "Zoom to &fit"),
        QT_TRANSLATE_NOOP("Actions", "Show all of the recording and of the edit."),
        ("F",),
        "mdi6.arrow-expand-horizontal",
        QT_TRANSLATE_NOOP("Actions", "Fit"),
    ),
    ActionSpec(
        "spectrogram",
        Group.VIEW,
        QT_TRANSLATE_NOOP("Actions", "&Spectrogram"),
        QT_TRANSLATE_NOOP("Actions", "Show the frequencies of the recording below its waveform."),
        ("Shift+S",),
        "mdi6.chart-histogram",
        checkable=True,
    ),
    ActionSpec(
        "theme_system",
        Group.VIEW,
        QT_TRANSLATE_NOOP("Actions", "Light or dark as the s&ystem"),
        QT_TRANSLATE_NOOP("Actions", "Follow the system's appearance."),
        radio="theme",
    ),
    ActionSpec(
        "theme_light",
        Group.VIEW,
        QT_TRANSLATE_NOOP("Actions", "&Light"),
        QT_TRANSLATE_NOOP("Actions", "Dark text on light ground."),
        radio="theme",
    ),
    ActionSpec(
        "theme_dark",
        Group.VIEW,
        QT_TRANSLATE_NOOP("Actions", "&Dark"),
        QT_TRANSLATE_NOOP("Actions", "Light text on dark ground."),
        radio="theme",
    ),
    ActionSpec(
        "play",
        Group.PLAYBACK,
        QT_TRANSLATE_NOOP("Actions", "&Play or pause"),
        QT_TRANSLATE_NOOP("Actions", "Play from the playhead, or pause there."),
        ("Space",),
        "mdi6.play",
        QT_TRANSLATE_NOOP("Actions", "Play"),
    ),
    ActionSpec(
        "stop",
        Group.PLAYBACK,
        QT_TRANSLATE_NOOP("Actions", "&Stop and return"),
        QT_TRANSLATE_NOOP("Actions", "Stop, and go back to where playing began."),
        ("Shift+Space",),
        "mdi6.stop",
    ),
    ActionSpec(
        "ab",
        Group.PLAYBACK,
        QT_TRANSLATE_NOOP("Actions", "Listen to the &edit"),
        QT_TRANSLATE_NOOP(
            "Actions", "Switch between recording and edit, at the same place of the recording."
        ),
        ("A",),
        "mdi6.swap-horizontal",
        QT_TRANSLATE_NOOP("Actions", "A/B"),
        checkable=True,
    ),
    ActionSpec(
        "to_start",
        Group.PLAYBACK,
        QT_TRANSLATE_NOOP("Actions", "Go to the s&tart"),
        QT_TRANSLATE_NOOP("Actions", "Put the playhead at the start."),
        ("Home",),
        "mdi6.skip-backward",
    ),
    ActionSpec(
        "to_end",
        Group.PLAYBACK,
        QT_TRANSLATE_NOOP("Actions", "Go to the e&nd"),
        QT_TRANSLATE_NOOP("Actions", "Put the playhead at the end."),
        ("End",),
        "mdi6.skip-forward",
    ),
    ActionSpec(
        "previous_segment",
        Group.PLAYBACK,
        QT_TRANSLATE_NOOP("Actions", "Pre&vious segment"),
        QT_TRANSLATE_NOOP(
            "Actions", "Put the playhead at the start of this segment, or of the one before."
        ),
        ("Up",),
        "mdi6.skip-previous",
    ),
    ActionSpec(
        "next_segment",
        Group.PLAYBACK,
        QT_TRANSLATE_NOOP("Actions", "Ne&xt segment"),
        QT_TRANSLATE_NOOP("Actions", "Put the playhead at the start of the next segment."),
        ("Down",),
        "mdi6.skip-next",
    ),
    ActionSpec(
        "shortcuts",
        Group.HELP,
        QT_TRANSLATE_NOOP("Actions", "&Keyboard shortcuts"),
        QT_TRANSLATE_NOOP("Actions", "Show all keys."),
        ("?", "F1"),
        "mdi6.keyboard-outline",
    ),
    ActionSpec(
        "open_log_folder",
        Group.HELP,
        QT_TRANSLATE_NOOP("Actions", "Open the &log folder"),
        QT_TRANSLATE_NOOP(
            "Actions", "Show where EditorBot writes what it did, for a report of a problem."
        ),
        icon="mdi6.text-box-outline",
    ),
    ActionSpec(
        "about",
        Group.HELP,
        QT_TRANSLATE_NOOP("Actions", "&About EditorBot"),
        QT_TRANSLATE_NOOP("Actions", "Version, licences and credits."),
        icon="mdi6.information-outline",
    ),
    *RECORDING_ACTIONS,
    *MICROPHONES_ACTIONS,
    *HAND_OVER_ACTIONS,
    *LIBRARY_ACTIONS,
    *BATCH_ACTIONS,
    *EDITING_ACTIONS,
    *REVIEW_ACTIONS,
    *MARKER_ACTIONS,
    *TAKES_ACTIONS,
    *LISTENING_ACTIONS,
    *TRAINING_ACTIONS,
    *GUIDE_ACTIONS,
)

MENUS: dict[Group, tuple[str, ...]] = {
    Group.FILE: (
        "open", "open_microphones", "record", "recent", "demo_speech", "demo_music", "",
        "save", "save_as", "",
        "compare", "import_edit", "add_to_library", "",
        "export", "hand_over", "", "batch", "", "quit",
    ),
    Group.EDIT: (
        "undo", "redo", "", "cut", "copy", "paste", "delete", "delete_gap", "keep_again", "",
        "select_in", "select_out", "select_all", "select_nothing", "",
        "generate", "cancel", "", "preferences",
    ),
    Group.SEGMENTS: SEGMENTS_MENU,
    Group.CHANGES: CHANGES_MENU,
    Group.MARKERS: MARKERS_MENU,
    Group.TAKES: TAKES_MENU,
    Group.VIEW: (
        "zoom_in", "zoom_out", "zoom_fit", "zoom_selection", "", "spectrogram", "panels", "history",
        "training", "", "theme_system", "theme_light", "theme_dark",
    ),
    Group.PLAYBACK: (
        "play", "stop", "ab", "", "to_start", "to_end", "previous_segment", "next_segment",
        "previous_onset", "next_onset", "", *LISTENING_MENU,
    ),
    Group.TRAINING: TRAINING_MENU,
    Group.HELP: ("command_palette", "shortcuts", "change_keys", "", "open_log_folder", "about"),
}  # fmt: skip
"""What each menu holds; an empty name is a separator.

"recent", "panels" and "sound_output" are submenus.
"""

SUBMENUS: dict[str, tuple[str, ...]] = {QT_TRANSLATE_NOOP("Actions", "S&nap to"): SNAP_MENU}
"""Neighbours of a menu that lie in a submenu of it, by its text."""

TOOLBAR = (
    "open", "record", "generate", "", "ab", "play", "", "export", "", "undo", "redo", "",
    "zoom_fit",
)  # fmt: skip
"""What the toolbar holds; an empty name is a separator."""


def translated(text: str) -> str:
    """Returns a text of the table in the person's language."""
    return QCoreApplication.translate(_CONTEXT, text)


def text_of(spec: ActionSpec) -> str:
    """Returns what the menu says, in the person's language, with its mnemonic."""
    words = translated(spec.text)
    return words.format(number=spec.number) if spec.number else words


def plain(text: str) -> str:
    """Returns a menu text without mnemonic and ellipsis."""
    return text.replace("&", "").removesuffix("…")


def shown_key(key: str) -> str:
    """Returns a shortcut as the person's system spells it."""
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)


class ActionSet(QObject):
    """The actions of one window, made from the table.

    Args:
        window: The window that the shortcuts work in.
    """

    keys_changed = Signal()
    """Some action has other keys."""
    _undescribed_changed = Signal()

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._undescribed: set[str] = set()
        self._undescribed_changed.connect(self._describe_all, Qt.ConnectionType.QueuedConnection)
        self._actions: dict[str, QAction] = {}
        self._specs = {spec.name: spec for spec in ACTIONS}
        self._icons = {spec.name: spec.icon for spec in ACTIONS if spec.icon}
        self._keys = {spec.name: spec.keys for spec in ACTIONS}
        self._reasons: dict[str, str] = {}
        groups: dict[str, QActionGroup] = {}
        for spec in ACTIONS:
            action = QAction(text_of(spec), self)
            action.setObjectName(spec.name)
            action.setShortcuts([QKeySequence(key) for key in spec.keys])
            action.setIconText(translated(spec.short) if spec.short else plain(action.text()))
            action.setCheckable(spec.checkable or bool(spec.radio))
            # In a menu an icon would take the place of the tick.
            action.setIconVisibleInMenu(not action.isCheckable())
            if spec.radio:
                groups.setdefault(spec.radio, QActionGroup(self)).addAction(action)
            self._actions[spec.name] = action
            self._describe(spec.name)
        window.addActions(list(self._actions.values()))

    def __getitem__(self, name: str) -> QAction:
        if name in self._undescribed:
            self._describe(name)
        return self._actions[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._actions)

    def spec(self, name: str) -> ActionSpec:
        """Returns the row of the table that an action was made from."""
        return self._specs[name]

    def keys(self, name: str) -> tuple[str, ...]:
        """Returns the keys that an action has now, in Qt's portable spelling."""
        return self._keys[name]

    def key_text(self, name: str) -> str:
        """Returns how a sentence calls an action: by its key, or by its name if it has none."""
        keys = self._keys[name]
        return shown_key(keys[0]) if keys else f"“{plain(text_of(self._specs[name]))}”"

    def use_keys(self, keys: Mapping[str, tuple[str, ...]]) -> None:
        """Gives actions other keys; menus and tooltips follow.

        Args:
            keys: For each action by name its keys; those that are left out keep theirs.
        """
        for name, wanted in keys.items():
            if name in self._actions and wanted != self._keys[name]:
                self._keys[name] = wanted
                self._actions[name].setShortcuts([QKeySequence(key) for key in wanted])
                self._describe(name)
        self.keys_changed.emit()

    def reason(self, name: str) -> str:
        """Returns why an action can't be used now, as a sentence; empty if it can, or unknown."""
        return self._reasons.get(name, "")

    def allow(self, name: str, reason: str = "") -> None:
        """Enables an action, or disables it and says why.

        Args:
            name: The action.
            reason: Why it can't be used now, as a sentence; empty if it can.
        """
        self._actions[name].setEnabled(not reason)
        if reason != self._reasons.get(name, ""):
            self._reasons[name] = reason
            if not self._undescribed:
                self._undescribed_changed.emit()
            self._undescribed.add(name)

    def set_icon(self, name: str, icon: str, color: QColor) -> None:
        """Gives an action another icon, as Play becomes Pause."""
        self._icons[name] = icon
        self._actions[name].setIcon(tinted_icon(icon, color))

    def tint(self, color: QColor) -> None:
        """Draws all icons in another colour, when the theme has changed."""
        for name, icon in self._icons.items():
            self._actions[name].setIcon(tinted_icon(icon, color))

    def _describe_all(self) -> None:
        """Says what has changed of the reasons; an edit changes many, some of them back again."""
        for name in tuple(self._undescribed):
            self._describe(name)

    def _describe(self, name: str) -> None:
        self._undescribed.discard(name)
        action, keys = self._actions[name], self._keys[name]
        sentence = self._reasons.get(name) or translated(self._specs[name].tip)
        key = f" ({shown_key(keys[0])})" if keys else ""
        action.setToolTip(f"{plain(text_of(self._specs[name]))}{key}\n{sentence}")
        action.setStatusTip(sentence)


def tinted_icon(name: str, color: QColor) -> QIcon:
    """Returns an icon of the one family in a colour, paler where it is disabled."""
    disabled = QColor(color)
    disabled.setAlphaF(0.35)
    icon: QIcon = qtawesome.icon(name, color=color, color_disabled=disabled)
    return icon
