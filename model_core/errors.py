"""The one tree of errors that are meant for people.

Whatever goes wrong with input, files or devices is raised as one of these. `str(error)` is a
sentence that says what happened; `mend`, where there is one, says what to do about it. Anything
else that is raised is a defect of the program.
"""

from __future__ import annotations


class EditorBotError(Exception):
    """An expected failure, told in words for the person at the keyboard.

    Args:
        sentence: What happened, as a whole sentence.
        mend: What can be done about it, as a whole sentence; empty if nothing can.
    """

    def __init__(self, sentence: str, mend: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.mend = mend

    def __str__(self) -> str:
        return f"{self.sentence} {self.mend}".strip()


class AudioReadError(EditorBotError):
    """A recording that can't be opened, decoded or used."""


class FileWriteError(EditorBotError):
    """A file that can't be written: no permission, no space, or it would replace its source."""


class CheckpointError(EditorBotError):
    """A checkpoint that is missing, damaged, foreign or from another version."""


class EditError(EditorBotError):
    """An operation that would make an invalid edit list, or a malformed edit-list file."""


class StyleError(EditorBotError):
    """A style that can't be read, or that belongs to another network."""


class AlignmentError(EditorBotError):
    """A recording and a finished edit that don't belong together, or can't be aligned."""


class ProjectError(EditorBotError):
    """A project file that can't be read, or is from a newer version."""


class DeviceError(EditorBotError):
    """A sound or compute device that is absent or has gone away."""


class CancelledError(EditorBotError):
    """Raised inside a job when the person asked for it to stop."""

    def __init__(self) -> None:
        super().__init__("Cancelled.")
