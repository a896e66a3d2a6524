"""Puts the training dock together: its pages, its commands, and what they do to the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QTabWidget, QWidget

from editorbot_gui.jobs import Lane
from editorbot_gui.panels.docks import add_dock, mark_dock
from editorbot_gui.theme import Theme
from editorbot_gui.training_dock.known_edit import read_known_edit
from editorbot_gui.training_dock.library_page import LibraryPage
from editorbot_gui.training_dock.pairs_desk import PairsDesk

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from PySide6.QtWidgets import QDockWidget, QMainWindow

    from editorbot_gui.actions import ActionSet
    from editorbot_gui.jobs import JobRunner
    from editorbot_gui.library_desk import LibraryDesk
    from editorbot_gui.session import Session
    from editorbot_gui.training_dock.known_edit import KnownEdit
    from editorbot_gui.training_dock.pair_row import PairRow


class TrainingDesk(QObject):
    """The training of one window; its pages are made when they are first shown.

    Args:
        window: Gets the dock.
        session: The document.
        runner: Runs the jobs.
        commands: The window's actions.
    """

    told = Signal(str)
    """A sentence for the status bar."""
    failed = Signal(object)
    """An exception is to be told."""
    open_requested = Signal(object)
    """A recording of the library is to be opened; carries its `Path`."""

    def __init__(
        self, window: QMainWindow, session: Session, runner: JobRunner, commands: ActionSet
    ) -> None:
        super().__init__(window)
        self._window = window
        self._session = session
        self._runner = runner
        self._commands = commands
        self._library_desk: LibraryDesk | None = None
        self._pages: TrainingPages | None = None
        self._to_fix: tuple[PairRow, KnownEdit] | None = None
        self.dock: QDockWidget = add_dock(window, "training_dock", self.tr("Training"), QWidget())
        self.dock.hide()
        self.dock.visibilityChanged.connect(self._note_visible)
        Theme.current().theme_changed.connect(self._mark_dock)
        session.source_changed.connect(self._show_fix)
        does: dict[str, Callable[[], object]] = {
            "training": self.show,
            "add_pairs": self.ask_for_files,
            "add_pair_folder": self.ask_for_folder,
        }
        for name, function in does.items():
            commands[name].triggered.connect(lambda _checked=False, do=function: do())

    @property
    def pages(self) -> TrainingPages:
        """The pages; made when they are first asked for."""
        if self._pages is None:
            self._pages = TrainingPages(self._runner, self.dock)
            self._pages.pairs.told.connect(self.told)
            self._pages.pairs.failed.connect(self.failed)
            self._pages.library.fix_wanted.connect(self._fix)
            self.dock.setWidget(self._pages)
            self._pages.pairs.refresh()
        return self._pages

    def follow_library(self, desk: LibraryDesk) -> None:
        """Shows what the window adds to the library."""
        self._library_desk = desk
        desk.added.connect(self._note_added)

    def restore(self, beside: QDockWidget, restore: Callable[[], object]) -> None:
        """Puts the dock where it was, at first as a tab behind another one; it may stay shown.

        Args:
            beside: The other dock.
            restore: Puts all docks where they were.
        """
        was_shown = not self.dock.isHidden()
        self._window.tabifyDockWidget(beside, self.dock)
        self.dock.hide()
        restore()
        if was_shown:
            self._shown()

    def show(self) -> None:
        """Shows the dock, or brings it to the front."""
        pages = self._shown()
        pages.setFocus()
        self.told.emit(self.tr("Training: your library, and what is learned from it."))

    def ask_for_files(self) -> None:
        """Asks for recordings and edits to bring into the library."""
        self._shown().library.ask_for_files()

    def ask_for_folder(self) -> None:
        """Asks for a folder to look through for recordings and edits."""
        self._shown().library.ask_for_folder()

    def _shown(self) -> TrainingPages:
        pages = self.pages
        self.dock.show()
        self.dock.raise_()
        return pages

    def _note_visible(self, visible: bool) -> None:
        self._mark_dock()
        if visible:
            _ = self.pages

    def _mark_dock(self) -> None:
        mark_dock(self.dock)

    def _note_added(self) -> None:
        if self._pages is not None:
            self._pages.pairs.refresh()

    # A pair that a person wants to correct --------------------------------------------------------

    def _fix(self, row: PairRow) -> None:
        if row.info is None:
            self._open(row.raw)
            return

        def take(edit: KnownEdit) -> None:
            self._to_fix = (row, edit)
            if self._session.path is not None and self._session.path == row.raw:
                self._show_fix()
            else:
                self._open(row.raw)

        self._runner.start(
            Lane.SAVE,
            read_known_edit,
            row.info,
            words=self.tr("Reading the edit…"),
            on_done=take,
            on_failed=self.failed.emit,
        )

    def _open(self, path: Path | None) -> None:
        if path is not None:
            self.open_requested.emit(path)

    def _show_fix(self) -> None:
        """Makes the edit of the pair that was opened the document's, as one undo step."""
        if self._to_fix is None or self._session.source is None:
            return
        row, edit = self._to_fix
        if self._session.path != row.raw:
            return
        self._to_fix = None
        self._session.apply_edit(
            edit.edit_list,
            self.tr("Edit of “{name}”").format(name=row.name),
            changes=edit.changes,
        )
        if self._library_desk is not None:
            self._library_desk.name_pair(row.name)


class TrainingPages(QTabWidget):
    """The pages of the dock.

    Args:
        runner: Runs the jobs.
        parent: The dock.
    """

    def __init__(self, runner: JobRunner, parent: QWidget) -> None:
        super().__init__(parent)
        self.library = LibraryPage()
        self.pairs = PairsDesk(self.library, runner, self)
        self.setDocumentMode(True)
        self.setAccessibleName(self.tr("Training"))
        self.tabBar().setAccessibleName(self.tr("Pages of the training"))
        self.addTab(_scrolled(self.library), self.tr("Library"))


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
