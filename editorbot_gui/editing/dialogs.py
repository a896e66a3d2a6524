"""The small dialogs of editing by hand: how often, how loud, how long a crossfade."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFormLayout,
    QLabel,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from editorbot_gui.dialogs.plain import without_icons
from editorbot_gui.panels.time_field import SelectOnFocus
from editorbot_gui.theme import GRID_PX
from model_core.edit.types import FadeLaw, Join

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_TIMES = 99
LOUDEST_DB, SOFTEST_DB = 24.0, -60.0
LONGEST_FADE_MS = 2000.0
_GAIN_STEP_DB = 0.5
_WIDTH_PX = 42 * GRID_PX


class SmallDialog(QDialog):
    """A form with OK and Cancel under it.

    Args:
        title: What it is about.
        parent: The window.
    """

    def __init__(self, title: str, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.setMinimumWidth(_WIDTH_PX)
        self.form = QFormLayout()
        self.form.setHorizontalSpacing(2 * GRID_PX)
        self.form.setVerticalSpacing(GRID_PX)
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        without_icons(buttons.buttons())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * GRID_PX, 3 * GRID_PX, 3 * GRID_PX, 2 * GRID_PX)
        layout.setSpacing(3 * GRID_PX)
        layout.addLayout(self.form)
        layout.addWidget(buttons)

    def add_row(self, words: str, field: QWidget) -> None:
        """Adds a field with its label, which is its accessible name too."""
        label = QLabel(words)
        label.setBuddy(field)
        field.setAccessibleName(words.replace("&", ""))
        self.form.addRow(label, field)


class RepeatDialog(SmallDialog):
    """Asks how often a passage is to be heard.

    Args:
        length_after: Returns how long the edit is then, in words.
        parent: The window.
    """

    chosen = Signal(int)
    """How often it is heard in all."""

    def __init__(self, length_after: Callable[[int], str], parent: QWidget | None = None) -> None:
        super().__init__(_tr("Repeat"), parent)
        self._length_after = length_after
        self.times = QSpinBox()
        self.times.setRange(2, MOST_TIMES)
        self.times.setPrefix("× ")
        SelectOnFocus(self.times)
        self.length = QLabel()
        self.add_row(self.tr("&Heard in all"), self.times)
        self.add_row(self.tr("Length of the edit then"), self.length)
        self.times.valueChanged.connect(self._show_length)
        self.accepted.connect(lambda: self.chosen.emit(self.times.value()))
        self._show_length(self.times.value())

    def _show_length(self, times: int) -> None:
        self.length.setText(self._length_after(times))


class GainDialog(SmallDialog):
    """Asks by how much something is to be louder or softer.

    Args:
        parent: The window.
    """

    chosen = Signal(float)
    """The difference in decibels."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(_tr("Gain"), parent)
        self.gain = QDoubleSpinBox()
        self.gain.setRange(SOFTEST_DB, LOUDEST_DB)
        self.gain.setDecimals(1)
        self.gain.setSingleStep(_GAIN_STEP_DB)
        self.gain.setSuffix(self.tr(" dB"))
        SelectOnFocus(self.gain)
        self.add_row(self.tr("&Louder by"), self.gain)
        self.accepted.connect(lambda: self.chosen.emit(self.gain.value()))


class CrossfadeDialog(SmallDialog):
    """Asks how a join fades from one side to the other.

    Args:
        join: The join as it is.
        sample_rate: Samples a second.
        n_meant: How many joins are meant; 0 where only all can be.
        n_all: How many joins the edit has.
        parent: The window.
    """

    chosen = Signal(object, object, bool)
    """The `FadeLaw`, the length in samples or None, and whether all joins are meant."""

    def __init__(
        self, join: Join, sample_rate: int, n_meant: int, n_all: int, parent: QWidget | None = None
    ) -> None:
        super().__init__(_tr("Crossfade"), parent)
        self._sample_rate = sample_rate
        self.law = QComboBox()
        for law, words in (
            (FadeLaw.AUTO, self.tr("As the sound asks for")),
            (FadeLaw.EQUAL_GAIN, self.tr("Equal gain: for sound that goes on")),
            (FadeLaw.EQUAL_POWER, self.tr("Equal power: for unrelated sound")),
        ):
            self.law.addItem(words, law)
        self.law.setCurrentIndex(self.law.findData(join.law))
        self.automatic = QCheckBox(self.tr("Usual length (&8 ms)"))
        self.automatic.setChecked(join.length is None)
        self.length = QDoubleSpinBox()
        self.length.setRange(0.0, LONGEST_FADE_MS)
        self.length.setDecimals(1)
        self.length.setSuffix(self.tr(" ms"))
        self.length.setToolTip(self.tr("0 is a hard cut."))
        usual = 0.008 * sample_rate if join.length is None else join.length
        self.length.setValue(1000 * usual / sample_rate)
        self.length.setEnabled(join.length is not None)
        SelectOnFocus(self.length)
        self.automatic.toggled.connect(self.length.setDisabled)
        self.everywhere = QCheckBox(self.tr("Of all {number} joins").format(number=n_all))
        self.everywhere.setChecked(n_meant == 0)
        self.everywhere.setEnabled(0 < n_meant < n_all)
        self.add_row(self.tr("&Fade"), self.law)
        self.form.addRow("", self.automatic)
        self.add_row(self.tr("&Length"), self.length)
        self.form.addRow("", self.everywhere)
        self.accepted.connect(self._tell)

    def _tell(self) -> None:
        length = None
        if not self.automatic.isChecked():
            length = round(self.length.value() * self._sample_rate / 1000)
        self.chosen.emit(FadeLaw(self.law.currentData()), length, self.everywhere.isChecked())


def _tr(text: str) -> str:
    return QCoreApplication.translate("EditingDialogs", text)
