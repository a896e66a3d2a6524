"""Does what a person asks of models, in the background, and says what came of it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from editorbot_gui.errors import describe
from editorbot_gui.generation import EngineLoader, load_bundled_engine
from editorbot_gui.jobs import Lane
from editorbot_gui.models.choice import ModelChoice
from editorbot_gui.models.jobs import (
    Brought,
    ImportRequest,
    Listed,
    ModelRequest,
    export_model,
    import_models,
    list_models,
    remove_model,
    rename_model,
    restore_model,
)
from editorbot_gui.models.places import own_models
from editorbot_gui.models.trial import Named
from editorbot_gui.models.words import name_of
from model_core.models.names import EXPORT_SUFFIX, SUFFIX

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from editorbot_gui.generation import Generation
    from editorbot_gui.jobs import JobRunner, Work
    from editorbot_gui.models.trial import Made, Trial
    from editorbot_gui.session import Session
    from editorbot_gui.settings import Settings
    from editorbot_gui.takes.desk import TakesDesk
    from model_core.models.model import Model

_ALTERED = frozenset({rename_model, remove_model, restore_model})


class ModelsDesk(QObject):
    """The models of one window.

    Args:
        session: The document.
        runner: Runs the jobs.
        settings: Remembers which model is used.
        generation: Uses it.
        trial: Makes the takes that are compared.
        takes_desk: Shows two takes side by side.
        parent: The owner.
    """

    changed = Signal()
    """There are other models, or another one is in use."""
    arrived = Signal(str)
    """A model is new, or is called otherwise; carries its `Model.key`. `changed` follows."""
    told = Signal(str)
    """A sentence for the status bar."""
    noticed = Signal(str, str, object)
    """Something to know: a sentence, what a button says, and what it does."""
    failed = Signal(object)
    """An exception is to be told; no model was lost."""

    def __init__(  # the window's parts, each by its name
        self,
        session: Session,
        runner: JobRunner,
        settings: Settings,
        generation: Generation,
        trial: Trial,
        takes_desk: TakesDesk,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self.session = session
        self._runner = runner
        self._settings = settings
        self._generation = generation
        self._trial = trial
        self._takes_desk = takes_desk
        self.folder = own_models()
        self.listed = Listed()
        self.choice = ModelChoice(settings, generation, self.folder, self)
        self.choice.changed.connect(self.changed)
        self.choice.told.connect(self.told)
        self.choice.noticed.connect(self.noticed)

    @property
    def last_folder(self) -> str:
        """Where a dialog that asks for files begins."""
        return self._settings.open_folder

    def refresh(self, then: Callable[[], None] | None = None) -> None:
        """Begins to list the models anew.

        Args:
            then: Called when they are.
        """

        def take(listed: Listed) -> None:
            self.listed = listed
            self.changed.emit()
            if then is not None:
                then()

        self._start(
            list_models, self.folder, self.tr("Looking for models"), take, quiet=True,
        )  # fmt: skip

    def use(self, model: Model) -> None:
        """Begins to use a model for all that is generated from now on."""
        if model.reason:
            self.told.emit(model.reason)
        elif model.key == self.choice.in_use:
            self.told.emit(self.tr("It makes the edits already."))
        else:
            self.choice.use(model.key)

    def rename(self, model: Model, name: str) -> None:
        """Begins to call a model otherwise."""

        def take(renamed: Model) -> None:
            self.choice.follow(model.key, renamed.key)
            words = self.tr("“{old}” is called “{new}” now.")
            self.told.emit(words.format(old=model.name, new=renamed.name))
            self.arrived.emit(renamed.key)
            self.refresh()

        request = ModelRequest(self.folder, model, name)
        self._start(rename_model, request, self.tr("Renaming the model…"), take)

    def remove(self, model: Model) -> None:
        """Begins to delete a model; it can be brought back."""
        was_used = model.key == self.choice.in_use

        def take(removed: Model) -> None:
            if was_used:
                self.choice.use("", lambda: None)
            elif model.key == self.choice.chosen:
                self.choice.give_up()
            self.refresh()
            words = self.tr("The model “{name}” was deleted.")
            if was_used:
                words = self.tr(
                    "The model “{name}” was deleted; the bundled one makes the edits from now on."
                )
            sentence = words.format(name=model.name)
            self.told.emit(sentence)
            undo = partial(self.restore, removed, use=was_used)
            self.noticed.emit(sentence, self.tr("Bring it back"), undo)

        request = ModelRequest(self.folder, model)
        self._start(remove_model, request, self.tr("Deleting the model…"), take)

    def restore(self, model: Model, *, use: bool = False) -> None:
        """Begins to bring a deleted model back.

        Args:
            model: Where it waits.
            use: Whether it makes the edits then.
        """

        def take(restored: Model) -> None:
            self.told.emit(self.tr("The model “{name}” is back.").format(name=restored.name))
            if use:
                self.choice.use(restored.key)
            self.arrived.emit(restored.key)
            self.refresh()

        request = ModelRequest(self.folder, model)
        self._start(restore_model, request, self.tr("Bringing the model back…"), take)

    def export(self, model: Model, target: Path) -> None:
        """Begins to write a model as one file."""

        def take(path: Path) -> None:
            words = self.tr("The model “{name}” is in {path}.")
            self.told.emit(words.format(name=model.name, path=path))

        request = ModelRequest(self.folder, model, target=target)
        self._start(export_model, request, self.tr("Exporting the model…"), take)

    def import_files(self, files: Sequence[Path]) -> None:
        """Begins to bring models in from files."""
        request = ImportRequest(self.folder, tuple(files))
        self._start(import_models, request, self.tr("Importing the model…"), self._take_imported)

    def compare(self, model: Model) -> None:
        """Begins to make an edit of the open recording with a model, and with the bundled one."""
        if model.is_bundled:
            return
        in_use, key = self._generation.loader, self.choice.in_use
        bundled = EngineLoader(load_bundled_engine) if key else in_use
        own = EngineLoader(partial(load_bundled_engine, model.path))
        self._trial.start(
            Named(self.tr("Bundled model"), bundled),
            Named(model.name, in_use if key == model.key else own),
            partial(self._take_compared, model),
        )

    def why_not_compare(self, model: Model | None) -> str:
        """Returns why a model can't be compared with the bundled one, or nothing."""
        if model is None or model.is_bundled:
            return self.tr("Choose a model of your own.")
        if model.reason:
            return model.reason
        return "" if self.session.source is not None else self.tr("Open a recording first.")

    def _take_imported(self, brought: Brought) -> None:
        sentences = []
        for each in brought.imported:
            words = self.tr("“{name}” is one of your models now.")
            if not each.is_new:
                words = self.tr("This model is here already; it is called “{name}”.")
            sentences.append(words.format(name=name_of(each.model)))
            self.arrived.emit(each.model.key)
        if sentences:
            self.told.emit(" ".join(sentences))
            self.noticed.emit(" ".join(sentences), "", None)
        if brought.errors:
            self.failed.emit(brought.errors[0])
            more = [describe(error).sentence for error in brought.errors[1:]]
            if more:
                self.noticed.emit(" ".join((*sentences, *more)), "", None)
        self.refresh()

    def _take_compared(self, model: Model, made: Made) -> None:
        words = self.tr("Two takes: one by the bundled model, one by “{name}”.")
        if made.are_alike:
            words = self.tr("Here “{name}” makes the same edit as the bundled model.")
        self.told.emit(words.format(name=model.name))
        self._takes_desk.compare_two(made.first, made.second)

    def _start(
        self,
        work: Work[Any, Any],
        request: object,
        words: str,
        on_done: Callable[[Any], None],
        *,
        quiet: bool = False,
    ) -> None:
        def fail(error: Exception) -> None:
            self.failed.emit(error)
            if work in _ALTERED:
                self.refresh()  # what is shown isn't there any more, for example

        self._runner.start(
            Lane.SAVE,
            work,
            request,
            words=words,
            on_done=on_done,
            on_failed=fail,
            on_cancelled=lambda: self.told.emit(self.tr("Cancelled; nothing has changed.")),
            quiet=quiet,
        )


def is_model_file(path: Path) -> bool:
    """Whether a file is a model by its name."""
    return path.suffix.lower() in {SUFFIX, EXPORT_SUFFIX}
