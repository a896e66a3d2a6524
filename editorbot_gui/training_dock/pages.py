"""The pages of the training dock; read when it is first shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QTabWidget, QWidget

from editorbot_gui.theme import Theme
from editorbot_gui.training_dock.library_page import LibraryPage
from editorbot_gui.training_dock.models_page import ModelsPage
from editorbot_gui.training_dock.pairs_desk import PairsDesk
from editorbot_gui.training_dock.train_page import TrainPage

if TYPE_CHECKING:
    from editorbot_gui.jobs import JobRunner
    from editorbot_gui.models.desk import ModelsDesk
    from editorbot_gui.training_dock.run_desk import RunDesk


class TrainingPages(QTabWidget):
    """The pages of the dock.

    Args:
        runner: Runs the jobs.
        desk: The training.
        models: The models that there are.
        parent: The dock.
    """

    def __init__(
        self, runner: JobRunner, desk: RunDesk, models: ModelsDesk, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.library = LibraryPage()
        self.train = TrainPage(desk)
        self.models = ModelsPage(models)
        self.pairs = PairsDesk(self.library, runner, self)
        self.setObjectName("trainingPages")
        self.setAccessibleName(self.tr("Training"))
        self.tabBar().setAccessibleName(self.tr("Pages of the training"))
        self._places: dict[QWidget, int] = {
            page: self.addTab(_scrolled(page), words)
            for page, words in (
                (self.library, self.tr("Library")),
                (self.train, self.tr("Train")),
                (self.models, self.tr("Models")),
            )
        }

        Theme.current().theme_changed.connect(self._dress)
        self._dress()

    def _dress(self) -> None:
        palette = Theme.current().palette
        self.setStyleSheet(
            f"#trainingPages::pane {{ border: none; border-top: 1px solid {palette.line.name()}; }}"
            f"#trainingPages > QTabBar {{ background: {palette.window.name()}; }}"
        )

    def show_page(self, page: QWidget) -> None:
        """Brings a page to the front."""
        self.setCurrentIndex(self._places[page])


def _scrolled(page: QWidget) -> QScrollArea:
    """Returns a page that is scrolled where the dock is too low for it."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(page)
    for ground in (area.viewport(), page):
        ground.setAutoFillBackground(False)
    return area
