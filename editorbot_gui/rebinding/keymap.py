"""Which keys call which command: those of the table, but for what the person has chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QKeySequence

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from PySide6.QtCore import QKeyCombination

    from editorbot_gui.action_spec import ActionSpec

_RESERVED = {
    Qt.Key.Key_Tab: "Tab",
    Qt.Key.Key_Backtab: "Tab",
    Qt.Key.Key_Return: "Enter",
    Qt.Key.Key_Enter: "Enter",
}
_MODIFIERS = frozenset(
    {
        Qt.Key.Key_Shift,
        Qt.Key.Key_Control,
        Qt.Key.Key_Alt,
        Qt.Key.Key_Meta,
        Qt.Key.Key_AltGr,
        Qt.Key.Key_unknown,
    }
)


def spelled(key: str) -> str:
    """Returns a key in the one portable spelling that Qt gives it; empty if it is none."""
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.PortableText)


def why_not(key: str) -> str:
    """Returns why a key can't be given to a command, as a sentence; empty if it can."""
    sequence = QKeySequence(key)
    # Indexing is missing from Qt's stubs.
    keys = cast("Sequence[QKeyCombination]", sequence)
    if sequence.count() != 1 or keys[0].key() in _MODIFIERS:
        return _tr("Press one key, alone or with Ctrl, Alt or Shift.")
    modifiers = keys[0].keyboardModifiers() & ~Qt.KeyboardModifier.ShiftModifier
    reserved = _RESERVED.get(keys[0].key())
    if reserved is not None and modifiers == Qt.KeyboardModifier.NoModifier:
        return _tr("{key} is needed to get around in the window; choose another key.").format(
            key=reserved
        )
    return ""


class KeyMap:
    """The keys of all commands.

    A key calls one command at most: who gives it to one takes it from the other.

    Args:
        specs: The table of actions.
        chosen: What the person has chosen before; names that are not in the table any more, and
            what is no key, are left out.
    """

    def __init__(
        self, specs: Iterable[ActionSpec], chosen: Mapping[str, tuple[str, ...]] | None = None
    ) -> None:
        self._defaults = {spec.name: tuple(map(spelled, spec.keys)) for spec in specs}
        self._keys = dict(self._defaults)
        for name, keys in (chosen or {}).items():
            if name in self._keys:
                self._keys[name] = ()
                for key in map(spelled, keys):
                    if key and not why_not(key):
                        self._take(key)
                        self._keys[name] += (key,)

    @property
    def keys(self) -> dict[str, tuple[str, ...]]:
        """The keys of every command, in Qt's portable spelling."""
        return dict(self._keys)

    @property
    def chosen(self) -> dict[str, tuple[str, ...]]:
        """Only what differs from the table, to be kept."""
        return {name: keys for name, keys in self._keys.items() if keys != self._defaults[name]}

    def is_changed(self, name: str) -> bool:
        """Whether a command has other keys than in the table."""
        return self._keys[name] != self._defaults[name]

    def owner(self, key: str) -> str | None:
        """Returns the command that a key calls, or None."""
        key = spelled(key)
        return next((name for name, keys in self._keys.items() if key in keys), None)

    def give(self, name: str, key: str) -> None:
        """Has a key call a command, beside its other keys, and whatever it called before no more.

        Raises:
            ValueError: The key can't be given to any command; says why.
        """
        reason = why_not(key)
        if reason:
            raise ValueError(reason)
        key = spelled(key)
        if key not in self._keys[name]:
            self._take(key)
            self._keys[name] += (key,)

    def take(self, name: str, key: str) -> None:
        """Has a key call a command no more."""
        self._keys[name] = tuple(other for other in self._keys[name] if other != spelled(key))

    def reset(self, name: str) -> None:
        """Gives a command its own keys back, also from commands that have them now."""
        for key in self._defaults[name]:
            self._take(key)
        self._keys[name] = self._defaults[name]

    def reset_all(self) -> None:
        """Gives every command its own keys back."""
        self._keys = dict(self._defaults)

    def _take(self, key: str) -> None:
        owner = self.owner(key)
        if owner is not None:
            self.take(owner, key)


def _tr(text: str) -> str:
    return QCoreApplication.translate("KeyMap", text)
