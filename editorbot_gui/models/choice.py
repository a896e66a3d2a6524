"""Which model makes the edits: chosen, kept for the next start, and what if it can't be loaded."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from editorbot_gui.generation import EngineState, load_bundled_engine
from model_core.errors import CheckpointError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from editorbot_gui.generation import Engine, Generation
    from editorbot_gui.settings import Settings
    from model_core.models.folder import ModelFolder

log = logging.getLogger(__name__)


class ChosenModel:
    """Loads a model, or the bundled one where that can't be: it may have been removed.

    Args:
        path: The model's file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.refusal: CheckpointError | None = None

    def __call__(self) -> Engine:
        """Returns the engine; `refusal` says why it is the bundled one's."""
        self.refusal = None
        try:
            return load_bundled_engine(self._path)
        except CheckpointError as error:
            log.warning("the chosen model can't be used: %s", error)
            engine = load_bundled_engine()
            self.refusal = error
            return engine


class ModelChoice(QObject):
    """The model of a window.

    Args:
        settings: Remembers the choice.
        generation: Uses it.
        models: The models.
        parent: The owner.
    """

    changed = Signal()
    """Another model is in use."""
    told = Signal(str)
    """A sentence for the status bar."""
    noticed = Signal(str, str, object)
    """Something to know: a sentence, what a button says, and what it does."""

    def __init__(
        self, settings: Settings, generation: Generation, models: ModelFolder, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._settings = settings
        self._generation = generation
        self._models = models
        self._first: ChosenModel | None = None
        if settings.model:
            self._first = ChosenModel(models.path_of(settings.model))
            generation.loader.prefer(self._first)
        generation.engine_changed.connect(self._note_engine)

    @property
    def in_use(self) -> str:
        """The `Model.key` of the model that makes the edits; empty for the bundled one."""
        return "" if self._refusal() is not None else self._settings.model

    @property
    def chosen(self) -> str:
        """The `Model.key` of the model that is to make them; it may be one that can't be loaded."""
        return self._settings.model

    @property
    def name(self) -> str:
        """How the person calls the model in use; empty for the bundled one."""
        return self._models.path_of(self.in_use).stem if self.in_use else ""

    def use(
        self,
        key: str,
        on_done: Callable[[], None] | None = None,
        on_failed: Callable[[Exception], None] | None = None,
    ) -> None:
        """Begins to load a model for all that is generated from now on.

        Args:
            key: Its `Model.key`.
            on_done: Called when it is the one; left out, the status bar says so.
            on_failed: Called with what hindered it; left out, it is noticed. The one before stays.
        """

        def done() -> None:
            self._first = None
            self._settings.model = key
            self.changed.emit()
            (on_done or self._tell_use)()

        def failed(error: Exception) -> None:
            (on_failed or self._tell_refusal)(error)

        self._generation.use(self._loading(key), done, failed)

    def follow(self, old_key: str, key: str) -> None:
        """Stays with the model in use when it is called otherwise."""
        if self._settings.model != old_key:
            return
        self._settings.model = key
        if self._refusal() is None:
            self._generation.loader.follow(self._loading(key))
        self.changed.emit()

    def give_up(self) -> None:
        """Makes the bundled model, which is in use in place of the chosen one, the chosen one."""
        if self._refusal() is None:
            return
        self._first = None
        self._settings.model = ""
        self._generation.loader.follow(self._loading(""))
        self.told.emit(self.tr("The bundled model makes the edits from now on."))
        self.changed.emit()

    def _loading(self, key: str) -> Callable[[], Engine]:
        return partial(load_bundled_engine, self._models.path_of(key) if key else None)

    def _refusal(self) -> CheckpointError | None:
        return self._first.refusal if self._first is not None else None

    def _note_engine(self) -> None:
        """Tells once why the chosen model isn't the one in use."""
        refusal = self._refusal()
        if self._generation.engine_state is not EngineState.READY or refusal is None:
            return
        name = self._models.path_of(self._settings.model).stem
        words = self.tr("The model “{name}” can't be used, so the bundled one is. {why}").format(
            name=name, why=refusal.sentence
        )
        self.told.emit(words)
        self.noticed.emit(words, self.tr("Don't try it again"), self.give_up)
        self.changed.emit()

    def _tell_use(self) -> None:
        words = self.tr("The bundled model makes the edits from now on.")
        if self.name:
            words = self.tr("“{name}” makes the edits from now on.").format(name=self.name)
        self.told.emit(words)

    def _tell_refusal(self, error: Exception) -> None:
        words = self.tr("The model can't be used; the one before stays. {why}")
        sentence = words.format(why=str(error))
        self.told.emit(sentence)
        self.noticed.emit(sentence, "", None)
