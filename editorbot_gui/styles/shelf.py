"""The styles that can be chosen, and the one that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QObject, Signal

from editorbot_gui.jobs import JobRunner, Lane
from editorbot_gui.styles.presets import (
    SaveRequest,
    list_presets,
    save_preset,
    styles_folder,
)
from model_core.files import file_write_error
from model_core.styles import Style, bundled_styles, read_style
from model_core.targets import NO_TARGETS, Targets

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from editorbot_gui.styles.reading import ReadStyle
    from model_core.options import GenerateOptions


@dataclass(frozen=True, slots=True)
class Choice:
    """A style on the shelf.

    Attributes:
        name: What the person calls it.
        values: Its place in the network's space, empty where it has none; None if it can't be used.
        path: The file that it is saved in, or None.
        reason: Why it can't be used; else empty.
        targets: What edits in it measure.
        bundled: Whether it came with the program.
    """

    name: str
    values: tuple[float, ...] | None
    path: Path | None = None
    reason: str = ""
    targets: Targets = NO_TARGETS
    bundled: bool = False

    def is_asked(self, options: GenerateOptions) -> bool:
        """Whether options ask for this style."""
        return (
            self.values is not None
            and (self.values or None) == options.style
            and self.targets == (options.targets or NO_TARGETS)
        )

    def is_alike(self, other: Choice | Style) -> bool:
        """Whether edits in another style are the same."""
        return self.values == other.values and self.targets == other.targets


class StyleShelf(QObject):
    """Saved styles and those that were read since the program was started.

    Args:
        runner: Runs the job that saves.
        parent: The owner.
        folder: Where saved styles lie; left out, the person's data folder.
    """

    changed = Signal()
    """There are other styles, or another one is chosen."""
    saved = Signal(str)
    """A style was saved; carries its name."""
    failed = Signal(object)
    """An exception hindered saving or deleting."""

    def __init__(self, runner: JobRunner, parent: QObject, folder: Path | None = None) -> None:
        super().__init__(parent)
        self._runner = runner
        self._folder = folder or styles_folder()
        self._checkpoint_hash: str | None = None
        self._read: list[Choice] = []
        self._kept: tuple[Choice, ...] = ()
        self.bundled = tuple(_bundled())
        self._chosen: Choice | None = None

    @property
    def choices(self) -> tuple[Choice, ...]:
        """The person's own styles, those that were read first."""
        return (*self._read, *self._kept)

    @property
    def everything(self) -> tuple[Choice, ...]:
        """The person's own styles and the bundled ones."""
        return (*self.choices, *self.bundled)

    @property
    def chosen(self) -> Choice | None:
        """The style to edit in, or None for the network's own."""
        return self._chosen

    def choose(self, choice: Choice | None) -> None:
        """Chooses a style, or None for the network's own; one that can't be used is not chosen."""
        if choice is not None and choice.values is None:
            choice = None
        if choice != self._chosen:
            self._chosen = choice
            self.changed.emit()

    def use_network(self, checkpoint_hash: str) -> None:
        """Shows which styles can be used with a network."""
        if checkpoint_hash == self._checkpoint_hash:
            return
        if self._checkpoint_hash is not None:
            self._read.clear()
        self._checkpoint_hash = checkpoint_hash
        self.refresh()

    def refresh(self) -> None:
        """Reads the folder anew."""
        if self._checkpoint_hash is None:
            return
        presets = list_presets(self._folder, self._checkpoint_hash)
        self._kept = tuple(
            Choice(
                preset.name,
                preset.style.values if preset.style is not None else None,
                preset.path,
                preset.reason,
                preset.style.targets if preset.style is not None else NO_TARGETS,
            )
            for preset in presets
        )
        chosen = self._chosen
        if chosen is not None and chosen not in self.everything:
            # Saved meanwhile under a name, or gone.
            same = (choice for choice in self.choices if choice.is_alike(chosen))
            self._chosen = next(same, None)
        self.changed.emit()

    def find(self, options: GenerateOptions) -> Choice | None:
        """Returns the style that options ask for; None if it is the network's or not here."""
        return next((choice for choice in self.everything if choice.is_asked(options)), None)

    def name_of(self, options: GenerateOptions) -> str:
        """Returns what the style that options ask for is called; empty if it is not here."""
        found = self.find(options)
        return found.name if found is not None else ""

    def is_saved(self, name: str) -> bool:
        """Whether saving under a name would replace a style."""
        return any(choice.name == name and choice.values is not None for choice in self._kept)

    def add(self, read: ReadStyle) -> None:
        """Puts a style that was read on the shelf and chooses it."""
        name = _like(self.tr("As in {name}"), read.name)
        choice = Choice(name, read.values, targets=read.targets)
        self._read = [choice, *(other for other in self._read if other.name != choice.name)]
        self._chosen = choice
        self.changed.emit()

    def save(
        self,
        name: str,
        values: tuple[float, ...],
        checkpoint_hash: str,
        targets: Targets = NO_TARGETS,
    ) -> None:
        """Begins to save a style; one of the same name and network is replaced.

        Args:
            name: What it is to be called.
            values: Its place in the space of styles.
            checkpoint_hash: Of the network that the space belongs to.
            targets: What edits in it measure.
        """
        style = Style(name, values, checkpoint_hash, targets)
        self._runner.start(
            Lane.SAVE,
            save_preset,
            SaveRequest(self._folder, style),
            words=self.tr("Saving the style…"),
            on_done=lambda _path: self._take_saved(style),
            on_failed=self.failed.emit,
            quiet=True,
        )

    def delete(self, choice: Choice) -> None:
        """Deletes a saved style, or takes one that was read off the shelf; bundled ones stay."""
        if choice.bundled:
            return
        if choice.path is None:
            self._read = [other for other in self._read if other != choice]
            if self._chosen == choice:
                self._chosen = None
            self.changed.emit()
            return
        try:
            choice.path.unlink(missing_ok=True)
        except OSError as error:
            self.failed.emit(file_write_error(error, choice.path))
        self.refresh()

    def _take_saved(self, style: Style) -> None:
        self._read = [other for other in self._read if not other.is_alike(style)]
        self.refresh()
        self.saved.emit(style.name)


def _bundled() -> Iterator[Choice]:
    for path in bundled_styles().values():
        style = read_style(path)
        name = QCoreApplication.translate("Styles", style.name)
        yield Choice(name, style.values, path, targets=style.targets, bundled=True)


def _like(words: str, name: str) -> str:
    return words.format(name=f"“{name}”")
