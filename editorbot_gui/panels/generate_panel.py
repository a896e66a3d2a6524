"""What a person may ask of a proposal, in three controls."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QLabel,
    QSizePolicy,
    QSlider,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from editorbot_gui.actions import ActionSet
from editorbot_gui.panels.action_button import ActionButton
from editorbot_gui.panels.time_field import SelectOnFocus, TimeField
from editorbot_gui.theme import GRID_PX, Theme
from model_core.edit.types import DONE, UNDONE, Change, ChangeState
from model_core.options import GenerateOptions

VARIATION_TEMPERATURE = 0.7
"""How freely a variation is drawn; the first proposal is the best path."""

_SLIDER_STEPS = 100
_MAX_VARIATION = 9999


class GeneratePanel(QWidget):
    """Tightness, target length and variation, with the two buttons that use them.

    Args:
        actions: The window's actions.
        parent: The owner.
    """

    options_changed = Signal()
    """The person has changed what is asked for."""

    def __init__(self, actions: ActionSet, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tightness = QSlider(Qt.Orientation.Horizontal)
        self.tightness.setRange(0, _SLIDER_STEPS)
        self.tightness.setPageStep(_SLIDER_STEPS // 10)
        self.tightness.setValue(_SLIDER_STEPS // 2)
        self.tightness.setAccessibleName(self.tr("Tightness"))
        self.own_tightness = QCheckBox(self.tr("Auto"))
        self.own_tightness.setToolTip(self.tr("Let the network decide how tight the edit is."))
        self.own_tightness.setAccessibleName(self.tr("Automatic tightness"))
        self.own_tightness.setChecked(True)
        self.target_length = TimeField()
        self.target_length.setAccessibleName(self.tr("Target length"))
        self.target_length.setToolTip(
            self.tr("How long the edit should be, in minutes and seconds. 0 leaves it open.")
        )
        self.variation = QSpinBox()
        self.variation.setRange(0, _MAX_VARIATION)
        self.variation.setSpecialValueText(self.tr("Best"))
        SelectOnFocus(self.variation)
        self.variation.setAccessibleName(self.tr("Variation"))
        self.variation.setToolTip(
            self.tr("“Best” is the first choice. Each number is another edit, always the same.")
        )
        self.keeps_decided = QCheckBox()
        self.keeps_decided.setChecked(True)
        self._gentle = QLabel(self.tr("gentle"))
        self._tight = QLabel(self.tr("tight"))
        self._tight.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.generate_button = ActionButton(actions["generate"])
        self.variation_button = ActionButton(actions["new_variation"])
        self._lay_out()
        self.tightness.valueChanged.connect(self._tightness_moved)
        self.own_tightness.toggled.connect(self._show_tightness)
        for field in (self.target_length, self.variation):
            # Enter gives the keyboard back to the window, whose shortcuts are single letters.
            field.lineEdit().returnPressed.connect(field.clearFocus)
        self.target_length.valueChanged.connect(self.options_changed)
        self.variation.valueChanged.connect(self.options_changed)
        Theme.current().theme_changed.connect(self._dress)
        self.show_decisions(())
        self._show_tightness()
        self._dress()

    @property
    def options(self) -> GenerateOptions:
        """What is asked for now."""
        variation = self.variation.value()
        return GenerateOptions(
            tightness=(
                None if self.own_tightness.isChecked() else self.tightness.value() / _SLIDER_STEPS
            ),
            target_length_s=self.target_length.seconds,
            seed=variation,
            temperature=VARIATION_TEMPERATURE if variation else 0.0,
            sample_style=bool(variation),
        )

    def show_decisions(self, changes: tuple[Change, ...]) -> None:
        """Says how much of an edit is decided, which the next proposal can be bound by.

        Args:
            changes: Its rows.
        """
        by_hand = [change.state for change in changes].count(ChangeState.MANUAL)
        made = sum(change.state in DONE for change in changes)
        restored = sum(change.state in UNDONE for change in changes)
        decided = made + restored - by_hand
        parts = [
            words
            for n, words in (
                (decided, self.tr("1 decision") if decided == 1
                    else self.tr("%n decisions", "", decided)),
                (by_hand, self.tr("1 change by hand") if by_hand == 1
                    else self.tr("%n changes by hand", "", by_hand)),
            )
            if n
        ]  # fmt: skip
        self.keeps_decided.setVisible(bool(parts))
        self.keeps_decided.setText(self.tr("Keep {what}").format(what=self.tr(" and ").join(parts)))
        parts = [
            words
            for n, words in (
                (made, self.tr("1 change stays as it is") if made == 1
                    else self.tr("%n changes stay as they are", "", made)),
                (restored, self.tr("1 stretch stays as recorded") if restored == 1
                    else self.tr("%n stretches stay as recorded", "", restored)),
            )
            if n
        ]  # fmt: skip
        self.keeps_decided.setToolTip(
            self.tr(
                "What you accepted, locked, rejected or made by hand binds what is generated: "
                "{parts}. Untick it to start afresh."
            ).format(parts=", ".join(parts))
        )

    def start_over(self) -> None:
        """Goes back to the first choice, because another recording is open."""
        self.variation.setValue(0)
        self.target_length.setValue(0)

    def show_options(self, options: GenerateOptions) -> None:
        """Asks for what a project has kept."""
        self.variation.setValue(options.seed)
        self.target_length.setValue(options.target_length_s or 0)
        if options.tightness is not None:
            self.tightness.setValue(round(_SLIDER_STEPS * options.tightness))
        self.own_tightness.setChecked(options.tightness is None)

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(GRID_PX)
        grid.setVerticalSpacing(GRID_PX // 2)
        grid.setColumnStretch(1, 1)
        label = self._label(self.tr("Ti&ghtness"), self.tightness)
        grid.addWidget(label, 0, 0)
        grid.addWidget(self.tightness, 0, 1, 1, 2)
        grid.addWidget(self.own_tightness, 0, 3)
        grid.addWidget(self._gentle, 1, 1)
        grid.addWidget(self._tight, 1, 2)
        grid.setRowMinimumHeight(2, GRID_PX // 2)
        grid.addWidget(self._label(self.tr("Target &length"), self.target_length), 3, 0)
        grid.addWidget(self.target_length, 3, 1, 1, 3)
        grid.addWidget(self._label(self.tr("Vari&ation"), self.variation), 4, 0)
        grid.addWidget(self.variation, 4, 1, 1, 3)
        column = QVBoxLayout(self)
        column.setContentsMargins(GRID_PX, GRID_PX, GRID_PX, GRID_PX)
        column.setSpacing(GRID_PX)
        column.addLayout(grid)
        column.addWidget(self.keeps_decided)
        column.addWidget(self.generate_button)
        column.addWidget(self.variation_button)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def _label(self, text: str, buddy: QWidget) -> QLabel:
        label = QLabel(text)
        label.setBuddy(buddy)
        return label

    def _tightness_moved(self) -> None:
        self.own_tightness.setChecked(False)
        self.options_changed.emit()

    def _show_tightness(self) -> None:
        own = self.own_tightness.isChecked()
        for label in (self._gentle, self._tight):
            label.setEnabled(not own)
        self.options_changed.emit()

    def _dress(self) -> None:
        small = f"color: {Theme.current().palette.muted.name()}; font-size: 11px"
        for label in (self._gentle, self._tight):
            label.setStyleSheet(small)
