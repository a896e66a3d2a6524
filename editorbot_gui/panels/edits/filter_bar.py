"""Which rows of the edits list are shown: by kind, by state and by how sure the network is."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSpinBox, QWidget

from editorbot_gui import texts
from editorbot_gui.panels.edits.changes_model import Wanted
from editorbot_gui.panels.time_field import SelectOnFocus
from editorbot_gui.theme import GRID_PX
from model_core.edit.types import DONE, UNDONE, ChangeKind, ChangeState

_KINDS = (None, ChangeKind.CUT, ChangeKind.LOOP, ChangeKind.REORDER, ChangeKind.GAP)
_STATES: tuple[frozenset[ChangeState], ...] = (
    frozenset(),
    frozenset({ChangeState.PROPOSED}),
    DONE,
    UNDONE,
    frozenset({ChangeState.LOCKED, ChangeState.KEPT}),
)
_LIMIT_STEP = 10


class FilterBar(QWidget):
    """Two choices and a limit.

    Args:
        parent: The owner.
    """

    changed = Signal(object)
    """Other rows are `Wanted`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.kind = QComboBox()
        for kind in _KINDS:
            text = self.tr("All kinds") if kind is None else texts.kinds_text(kind)
            self.kind.addItem(text)
        self.kind.setAccessibleName(self.tr("Show changes of this kind"))
        self.state = QComboBox()
        self.state.addItems(
            [
                self.tr("All states"),
                self.tr("To review"),
                self.tr("Accepted"),
                self.tr("Rejected"),
                self.tr("Locked"),
            ]
        )
        self.state.setAccessibleName(self.tr("Show changes in this state"))
        self.limit = QSpinBox()
        self.limit.setRange(0, 100)
        self.limit.setSingleStep(_LIMIT_STEP)
        self.limit.setPrefix(self.tr("below "))
        self.limit.setSuffix("\N{NARROW NO-BREAK SPACE}%")
        self.limit.setSpecialValueText(self.tr("however sure"))
        SelectOnFocus(self.limit)
        self.limit.setAccessibleName(self.tr("Show changes that are less sure than this"))
        self.limit.setToolTip(
            self.tr("Show only changes that the network is less sure of than this. 0 shows all.")
        )
        self.limit.lineEdit().returnPressed.connect(self.limit.clearFocus)
        row = QHBoxLayout(self)
        row.setContentsMargins(GRID_PX, 0, GRID_PX, 0)
        row.setSpacing(GRID_PX // 2)
        for field in (self.kind, self.state, self.limit):
            field.setMinimumWidth(0)
            row.addWidget(field, 1)
        self.kind.currentIndexChanged.connect(self._tell)
        self.state.currentIndexChanged.connect(self._tell)
        self.limit.valueChanged.connect(self._tell)

    @property
    def wanted(self) -> Wanted:
        """Which rows are shown."""
        limit = self.limit.value()
        return Wanted(
            _KINDS[self.kind.currentIndex()],
            _STATES[self.state.currentIndex()],
            limit / 100 if limit else None,
        )

    def show_all(self) -> None:
        """Goes back to showing every row."""
        with QSignalBlocker(self.kind), QSignalBlocker(self.state), QSignalBlocker(self.limit):
            self.kind.setCurrentIndex(0)
            self.state.setCurrentIndex(0)
            self.limit.setValue(0)
        self._tell()

    def _tell(self) -> None:
        self.changed.emit(self.wanted)
