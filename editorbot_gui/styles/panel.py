"""The controls of a style: which one, and how far along the network's axes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QStandardItemModel
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QMenu,
    QSizePolicy,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from editorbot_gui.actions import tinted_icon
from editorbot_gui.panels.elided_label import ElidedLabel
from editorbot_gui.theme import GRID_PX, TINY_TEXT_PX, Theme, figures_font
from model_core.options import MOST_AXIS_DEVIATIONS
from model_core.targets import LENGTH, LOOPS, TIGHTNESS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from editorbot_gui.actions import ActionSet
    from editorbot_gui.styles.shelf import Choice, StyleShelf
    from model_core.options import GenerateOptions
    from model_core.targets import Targets

_STEPS_A_DEVIATION = 10
_REACH = 3.0
"""In deviations; there the editors of training end."""
_VALUE_PX = 4 * GRID_PX
_SHORTEST_NAME = 8
_TOOLTIP = Qt.ItemDataRole.ToolTipRole
_LONGEST_LABEL_PX = 16 * GRID_PX
"""Longer names of axes end in an ellipsis and are told in full by a tooltip."""


class AxisSlider(QSlider):
    """A slider around 0; a double click brings it back there.

    Args:
        name: The axis.
        parent: The owner.
    """

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.axis = name
        reach = round(min(_REACH, MOST_AXIS_DEVIATIONS) * _STEPS_A_DEVIATION)
        self.setRange(-reach, reach)
        self.setPageStep(_STEPS_A_DEVIATION)
        self.setAccessibleName(axis_text(name))
        self.setToolTip(
            self.tr("Less or more than this style's own. A double click brings it back to 0.")
        )

    @property
    def distance(self) -> float:
        """How far along the axis, in deviations among editors."""
        return self.value() / _STEPS_A_DEVIATION

    def show_distance(self, distance: float) -> None:
        """Puts the slider there."""
        self.setValue(round(distance * _STEPS_A_DEVIATION))

    def mouseDoubleClickEvent(self, _event: QMouseEvent) -> None:
        """Brings the slider back to the middle."""
        self.setValue(0)


class StylePanel(QWidget):
    """Chooses a style and moves it along the network's axes, where it has some.

    Args:
        shelf: The styles that there are.
        actions: The window's actions.
        parent: The owner.
    """

    style_chosen = Signal()
    """The person has chosen another style."""
    axes_changed = Signal()
    """The loaded network has other axes; `sliders` are new ones."""
    save_requested = Signal()
    """The style of the take that is shown is to be saved."""

    def __init__(
        self, shelf: StyleShelf, actions: ActionSet, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._shelf = shelf
        self.can_save = ""  # why the style that is shown can't be saved; empty if it can
        self.sliders: tuple[AxisSlider, ...] = ()
        self._axis_widgets: list[QWidget] = []
        self._values: dict[AxisSlider, QLabel] = {}
        self.chooser = QComboBox()
        self.chooser.setAccessibleName(self.tr("Style"))
        self.chooser.setToolTip(
            self.tr("In whose manner to edit: the network's own, a saved style, or one just read.")
        )
        self.chooser.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.chooser.setMinimumContentsLength(_SHORTEST_NAME)
        self.more = QToolButton()
        self.more.setAutoRaise(True)
        self.more.setIconSize(QSize(18, 18))
        self.more.setToolTip(self.tr("Save or delete a style, or read one from a finished pair"))
        self.more.setAccessibleName(self.tr("More about styles"))
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu = QMenu(self.more)
        self.menu.setToolTipsVisible(True)
        self.save_action = self.menu.addAction(self.tr("&Save the style of this take…"))
        self.save_action.triggered.connect(self.save_requested)
        self.delete_action = self.menu.addAction("")
        self.delete_action.triggered.connect(self._delete)
        self.menu.addSeparator()
        self.menu.addAction(actions["like_finished_pair"])
        self.menu.aboutToShow.connect(self._refresh_menu)
        self.more.setMenu(self.menu)
        label = QLabel(self.tr("St&yle"))
        label.setBuddy(self.chooser)
        self._label = label
        row = QHBoxLayout()
        row.setSpacing(GRID_PX)
        row.addWidget(label)
        row.addWidget(self.chooser, 1)
        row.addWidget(self.more)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(GRID_PX)
        self._grid.setVerticalSpacing(GRID_PX // 2)
        self._grid.setColumnStretch(1, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID_PX // 2)
        column.addLayout(row)
        column.addLayout(self._grid)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.chooser.activated.connect(self._choose)
        shelf.changed.connect(self._show_shelf)
        Theme.current().theme_changed.connect(self._dress)
        self._show_shelf()
        self._refresh_menu()
        self._dress()

    def line_up(self, width_px: int) -> None:
        """Makes the column of labels at least as wide as another one."""
        self._label.setMinimumWidth(width_px)
        self._grid.setColumnMinimumWidth(0, width_px)

    def show_axes(self, names: Sequence[str]) -> None:
        """Shows a slider for each axis of the loaded network."""
        if tuple(names) == tuple(slider.axis for slider in self.sliders):
            return
        for widget in self._axis_widgets:
            self._grid.removeWidget(widget)
            widget.hide()
            widget.deleteLater()
        self._axis_widgets, self._values = [], {}
        sliders = []
        for row, name in enumerate(names, 1):
            slider, words, value = AxisSlider(name), ElidedLabel(), QLabel()
            words.setText(axis_text(name))
            words.setMaximumWidth(_LONGEST_LABEL_PX)
            value.setFont(figures_font(TINY_TEXT_PX))
            value.setMinimumWidth(_VALUE_PX)
            value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self._grid.addWidget(words, row, 0)
            self._grid.addWidget(slider, row, 1)
            self._grid.addWidget(value, row, 2)
            self._axis_widgets += [words, slider, value]
            self._values[slider] = value
            slider.valueChanged.connect(self._show_values)
            sliders.append(slider)
        self.sliders = tuple(sliders)
        self._show_values()
        self._dress()
        self.axes_changed.emit()

    def dressed(self, options: GenerateOptions) -> GenerateOptions:
        """Returns what is asked for with the chosen style and the axes in it."""
        chosen = self._shelf.chosen
        return replace(
            options,
            style=None if chosen is None else chosen.values or None,
            targets=None if chosen is None else chosen.targets or None,
            axes=tuple((slider.axis, slider.distance) for slider in self.sliders if slider.value()),
        )

    def show_options(self, options: GenerateOptions) -> None:
        """Shows the style and the axes of a take."""
        axes = dict(options.axes)
        for slider in self.sliders:
            slider.show_distance(axes.get(slider.axis, 0.0))
        self._shelf.choose(self._shelf.find(options))

    def _choose(self, row: int) -> None:
        before = self._shelf.chosen
        self._shelf.choose(self.chooser.itemData(row))
        if self._shelf.chosen != before:
            self.style_chosen.emit()

    def _show_shelf(self) -> None:
        with QSignalBlocker(self.chooser):
            self.chooser.clear()
            self.chooser.addItem(self.tr("The network's own"), None)
            model = self.chooser.model()
            everything = self._shelf.everything
            for row, choice in enumerate(everything, 1):
                self.chooser.addItem(choice.name, choice)
                if choice.bundled:
                    self.chooser.setItemData(row, said(choice.targets), _TOOLTIP)
                if choice.reason:
                    self.chooser.setItemData(row, choice.reason, Qt.ItemDataRole.ToolTipRole)
                    self.chooser.setItemText(
                        row, self.tr("{name} (another model)").format(name=choice.name)
                    )
                    if isinstance(model, QStandardItemModel):
                        model.item(row).setEnabled(False)
                if choice == self._shelf.chosen:
                    self.chooser.setCurrentIndex(row)

    def _refresh_menu(self) -> None:
        self.save_action.setEnabled(not self.can_save)
        self.save_action.setToolTip(
            self.can_save or self.tr("Keep it under a name, for other recordings")
        )
        chosen = self._shelf.chosen
        own = chosen is not None and not chosen.bundled
        self.delete_action.setEnabled(own)
        self.delete_action.setText(
            self.tr("&Delete “{name}”").format(name=chosen.name.replace("&", "&&"))
            if chosen is not None
            else self.tr("&Delete")
        )
        self.delete_action.setToolTip(
            self.tr("Delete the style that is chosen; takes made with it stay.")
            if own
            else self.tr("Choose a style of your own to delete first.")
        )

    def _delete(self) -> None:
        chosen: Choice | None = self._shelf.chosen
        if chosen is not None:
            self._shelf.delete(chosen)

    def _show_values(self) -> None:
        for slider, label in self._values.items():
            label.setText(f"{slider.distance:+.1f}".replace("-", "−") if slider.value() else "0")

    def _dress(self) -> None:
        palette = Theme.current().palette
        self.more.setIcon(tinted_icon("mdi6.dots-horizontal", palette.text))
        for label in self._values.values():
            label.setStyleSheet(f"color: {palette.muted.name()}")


def said(targets: Targets) -> str:
    """Says in a sentence or two what edits in a style measure."""
    lines = []
    if targets.pause_s is not None:
        lines.append(_tr("Leaves {pause:.2f} s of a pause.").format(pause=targets.pause_s))
    if targets.shortest_s is not None:
        lines.append(_tr("Pauses up to {limit:.1f} s stay.").format(limit=targets.shortest_s))
    if targets.length:
        share = f"{abs(targets.length):.0%}"
        words = (
            _tr("{share} of what would go stays.")
            if targets.length > 0
            else _tr("{share} of what would stay goes.")
        )
        lines.append(words.format(share=share))
    if targets.loops_per_minute:
        words = _tr("Music that repeats in time is looped about {loops:.0f} times a minute.")
        lines.append(words.format(loops=targets.loops_per_minute))
    return " ".join(lines)


def _tr(words: str) -> str:
    return QCoreApplication.translate("Styles", words)


def axis_text(name: str) -> str:
    """Returns what the axis of a name is called; one that only its network knows has its own."""
    known = {TIGHTNESS: _tr("Tightness"), LENGTH: _tr("Length"), LOOPS: _tr("Loops")}
    return known.get(name) or name[:1].upper() + name[1:]
