"""The page of models: which there are, what is known of them, and what can be done with them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QShowEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from editorbot_gui.models import words
from editorbot_gui.models.desk import is_model_file
from editorbot_gui.models.table import ModelsTable
from editorbot_gui.models.table_model import ModelsTableModel
from editorbot_gui.panels.file_drop import files_of
from editorbot_gui.theme import GRID_PX, Theme
from model_core.models.folder import exported_path
from model_core.models.names import EXPORT_SUFFIX, SUFFIX

if TYPE_CHECKING:
    from collections.abc import Callable

    from editorbot_gui.models.desk import ModelsDesk
    from model_core.models.model import Model


class ModelsPage(QWidget):
    """Shows the models of a window. Files of models can be dropped on it.

    Args:
        desk: Does what is asked.
        parent: The owner.
    """

    def __init__(self, desk: ModelsDesk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.desk = desk
        self._wanted: str | None = None
        self.setAcceptDrops(True)
        self.setWindowTitle(self.tr("Models"))
        self.rows = ModelsTableModel(self)
        self.table = ModelsTable(self.rows)
        self.detail = QLabel()
        self.detail.setWordWrap(True)
        self.detail.setTextFormat(Qt.TextFormat.PlainText)
        self.detail.setAccessibleName(self.tr("About the chosen model"))
        self.detail.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.detail.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.use = self._button(self.tr("&Use it"), self._use)
        self.compare = self._button(self.tr("&Compare with the bundled one"), self._compare)
        self.rename = self._button(self.tr("Re&name"), self.table.rename_chosen)
        self.remove = self._button(self.tr("&Delete"), self._remove)
        self.export = self._button(self.tr("E&xport…"), self.ask_for_target)
        self.bring_in = self._button(self.tr("&Import…"), self.ask_for_files)
        self.deleted = self._button(self.tr("&Bring back"))
        self.deleted_menu = QMenu(self.deleted)
        self.deleted.setMenu(self.deleted_menu)
        self._lay_out()
        self.table.use_wanted.connect(self._use)
        self.table.remove_wanted.connect(self._remove)
        self.table.selectionModel().selectionChanged.connect(self.refresh)
        self.rows.rename_wanted.connect(desk.rename)
        desk.changed.connect(self._show_models)
        desk.arrived.connect(self._want)
        desk.session.source_changed.connect(self.refresh)
        Theme.current().theme_changed.connect(self._dress)
        self._dress()
        self._show_models()

    def _button(self, text: str, do: Callable[[], object] | None = None) -> QPushButton:
        button = QPushButton(text)
        button.setAutoDefault(False)
        if do is not None:
            button.clicked.connect(lambda _checked=False: do())
        return button

    def _lay_out(self) -> None:
        first = QHBoxLayout()
        first.setSpacing(GRID_PX)
        first.addWidget(self.use, 1)
        first.addWidget(self.compare, 2)
        buttons = QGridLayout()
        buttons.setSpacing(GRID_PX)
        for place, button in enumerate((self.rename, self.remove, self.deleted)):
            buttons.addWidget(button, 0, 2 * place, 1, 2)
        buttons.addWidget(self.export, 1, 0, 1, 3)
        buttons.addWidget(self.bring_in, 1, 3, 1, 3)
        for place in range(6):
            buttons.setColumnStretch(place, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(GRID_PX, GRID_PX, GRID_PX, GRID_PX)
        column.setSpacing(GRID_PX)
        column.addWidget(self.table, 1)
        column.addLayout(first)
        column.addWidget(self.detail)
        column.addLayout(buttons)

    @property
    def chosen(self) -> Model | None:
        """The model that is chosen in the table, or None."""
        return self.table.chosen

    # What a person does ---------------------------------------------------------------------------

    def ask_for_files(self) -> QFileDialog:
        """Asks which files to bring in."""
        dialog = QFileDialog(self, self.tr("Import models"), self.desk.last_folder)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.setNameFilters(
            [self.tr("Models") + f" (*{EXPORT_SUFFIX} *{SUFFIX})", self.tr("All files (*)")]
        )
        dialog.filesSelected.connect(
            lambda names: self.desk.import_files([Path(name) for name in names])
        )
        dialog.open()
        return dialog

    def ask_for_target(self) -> QFileDialog | None:
        """Asks which file the chosen model goes into."""
        model = self.chosen
        if model is None or model.reason:
            return None
        dialog = QFileDialog(self, self.tr("Export the model"), self.desk.last_folder)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilters([self.tr("Models") + f" (*{EXPORT_SUFFIX})"])
        dialog.setDefaultSuffix(EXPORT_SUFFIX.removeprefix("."))
        dialog.selectFile(exported_path(Path(model.name)).name)
        dialog.fileSelected.connect(lambda name: self.desk.export(model, Path(name)))
        dialog.open()
        return dialog

    def showEvent(self, event: QShowEvent) -> None:
        """Looks which models there are: a command may have changed that."""
        super().showEvent(event)
        self.desk.refresh()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accepts files of models; others are for the window."""
        if any(map(is_model_file, files_of(event))):
            event.acceptProposedAction()
        else:
            event.ignore()

    def dropEvent(self, event: QDropEvent) -> None:
        """Brings in what is dropped."""
        event.acceptProposedAction()
        self.desk.import_files(files_of(event))

    def _use(self) -> None:
        if (model := self.chosen) is not None:
            self.desk.use(model)

    def _compare(self) -> None:
        if (model := self.chosen) is not None:
            self.desk.compare(model)

    def _remove(self) -> None:
        if (model := self.chosen) is not None:
            self.desk.remove(model)

    # What is shown --------------------------------------------------------------------------------

    def _show_models(self) -> None:
        before, wanted = self.chosen, self._wanted
        self._wanted = None
        key = before.key if before is not None else self.desk.choice.in_use
        had_focus = self.table.hasFocus()
        with QSignalBlocker(self.table.selectionModel()):
            self.rows.show_models(self.desk.listed.models, self.desk.choice.in_use)
            self.table.choose(key if wanted is None else wanted)
        if had_focus:
            self.table.setFocus()
        self.deleted_menu.clear()
        for model in self.desk.listed.deleted:
            action = self.deleted_menu.addAction(model.name.replace("&", "&&"))
            action.triggered.connect(lambda _checked=False, model=model: self.desk.restore(model))
        self.refresh()

    def _want(self, key: str) -> None:
        self._wanted = key

    def refresh(self) -> None:
        """Says what is known of the chosen model and allows what can be done with it."""
        model = self.chosen
        in_use = model is not None and model.key == self.desk.choice.in_use
        self.detail.setText(words.about(model, in_use=in_use) if model is not None else "")
        none = self.tr("Choose a model in the list.") if model is None else ""
        bundled = ""
        if model is not None and model.is_bundled:
            bundled = self.tr("The bundled model stays as it is.")
        damaged = model.reason if model is not None else ""
        already = self.tr("It makes the edits already.") if in_use else ""
        _allow(self.use, none or damaged or already, self.tr("Have it make the edits (Enter)"))
        _allow(
            self.compare,
            self.desk.why_not_compare(model),
            self.tr("Edit the open recording with both, and show the edits side by side"),
        )
        _allow(self.rename, none or bundled, self.tr("Call it otherwise (F2)"))
        _allow(self.remove, none or bundled, self.tr("Delete it; it can be brought back (Del)"))
        _allow(self.export, none or damaged, self.tr("Write it as one file"))
        _allow(self.bring_in, "", self.tr("Bring models in from files, or drop them here"))
        _allow(
            self.deleted,
            "" if self.desk.listed.deleted else self.tr("No model was deleted."),
            self.tr("Bring a deleted model back; they are kept for 30 days"),
        )

    def _dress(self) -> None:
        self.detail.setStyleSheet(f"color: {Theme.current().palette.muted.name()}")
        self.table.viewport().update()


def _allow(button: QPushButton, reason: str, tip: str) -> None:
    """Allows a button, or says in its tooltip why it can't be used."""
    button.setEnabled(not reason)
    button.setToolTip(reason or tip)
