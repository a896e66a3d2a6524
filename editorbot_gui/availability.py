"""Which commands make sense now, and why the others don't."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

if TYPE_CHECKING:
    from PySide6.QtGui import QUndoStack

    from editorbot_gui.actions import ActionSet

_NEED_RECORDING = (
    "zoom_in", "zoom_out", "zoom_fit", "play", "stop", "ab", "to_start", "to_end",
    "previous_segment", "next_segment", "spectrogram", "save", "save_as",
)  # fmt: skip


def refresh_commands(
    commands: ActionSet,
    *,
    has_source: bool,
    is_empty: bool,
    generating: bool,
    exporting: bool,
    comparing: bool,
    undo: QUndoStack,
) -> None:
    """Enables what can be done now and says of the rest why it can't.

    Args:
        commands: The window's actions.
        has_source: Whether a recording is open.
        is_empty: Whether nothing is left of it in the edit.
        generating: Whether a proposal is being made.
        exporting: Whether an export is running.
        comparing: Whether a finished edit is being compared with its recording.
        undo: The history.
    """
    no_recording = "" if has_source else _tr("Open a recording first.")
    for name in _NEED_RECORDING:
        commands.allow(name, no_recording)
    stop = commands.key_text("cancel")
    busy = _tr("An edit is being generated; {key} stops it.") if generating else ""
    busy = busy.format(key=stop)
    commands.allow("generate", no_recording or busy)
    commands.allow("new_variation", no_recording)
    commands.allow(
        "compare",
        _tr("A pair is being compared; {key} stops it.").format(key=stop) if comparing else "",
    )
    commands.allow(
        "export",
        no_recording
        or (_tr("Nothing is left in the edit.") if is_empty else "")
        or (_tr("An export is running.") if exporting else ""),
    )
    commands.allow("undo", "" if undo.canUndo() else _tr("There is nothing to take back."))
    commands.allow("redo", "" if undo.canRedo() else _tr("Nothing was taken back."))
    commands["undo"].setText(_tr("&Undo {step}").format(step=undo.undoText()).strip())
    commands["redo"].setText(_tr("&Redo {step}").format(step=undo.redoText()).strip())


def _tr(text: str) -> str:
    return QCoreApplication.translate("Availability", text)
