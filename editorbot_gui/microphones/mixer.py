"""The mix: a strip with a name, mute, solo and gain for each microphone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QDoubleSpinBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from editorbot_gui.panels.elided_label import ElidedLabel
from editorbot_gui.theme import GRID_PX, Theme
from model_core.edit.mix import HIGHEST_GAIN_DB, LOWEST_GAIN_DB, Mix, TrackLevel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from model_core.audio.source import Track

_NAME_PX = 14 * GRID_PX
_GAIN_PX = 13 * GRID_PX
_BUTTON_PX = 3 * GRID_PX
_STRIP_PX = 5 * GRID_PX


class TrackControls(QWidget):
    """Name, mute, solo and gain of one track.

    Args:
        name: The track's.
    """

    changed = Signal()
    """The person wants another level."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = ElidedLabel()
        self.name.setText(name)
        self.name.setToolTip(name)
        self.name.setMaximumWidth(_NAME_PX)
        advance = self.name.fontMetrics().horizontalAdvance(name)
        self.name.setMinimumWidth(min(_NAME_PX, advance + 2 * GRID_PX))
        self.mute = self._button(self.tr("M"), self.tr("Mute {name}").format(name=name))
        self.solo = self._button(self.tr("S"), self.tr("Hear {name} alone").format(name=name))
        self.gain = QDoubleSpinBox()
        self.gain.setRange(LOWEST_GAIN_DB, HIGHEST_GAIN_DB)
        self.gain.setDecimals(1)
        self.gain.setSingleStep(0.5)
        self.gain.setSuffix(self.tr(" dB"))
        self.gain.setKeyboardTracking(False)
        self.gain.setFixedWidth(_GAIN_PX)
        self.gain.setAccessibleName(self.tr("Gain of {name}").format(name=name))
        self.gain.setToolTip(self.tr("How much louder {name} is than recorded").format(name=name))
        self.gain.setAlignment(Qt.AlignmentFlag.AlignRight)
        row = QHBoxLayout(self)
        row.setContentsMargins(GRID_PX, 0, GRID_PX, 0)
        row.setSpacing(GRID_PX // 2)
        for widget in (self.name, self.mute, self.solo, self.gain):
            row.addWidget(widget)
        self.mute.toggled.connect(self.changed)
        self.solo.toggled.connect(self.changed)
        self.gain.valueChanged.connect(self.changed)

    @property
    def level(self) -> TrackLevel:
        """What is wanted."""
        return TrackLevel(self.gain.value(), self.mute.isChecked(), self.solo.isChecked())

    def show_level(self, level: TrackLevel) -> None:
        """Shows a level, without saying that it is wanted."""
        with QSignalBlocker(self.mute), QSignalBlocker(self.solo), QSignalBlocker(self.gain):
            self.mute.setChecked(level.muted)
            self.solo.setChecked(level.soloed)
            self.gain.setValue(level.gain_db)

    def _button(self, letter: str, words: str) -> QToolButton:
        button = QToolButton()
        button.setText(letter)
        button.setCheckable(True)
        button.setToolTip(words)
        button.setAccessibleName(words)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setFixedSize(_BUTTON_PX, _BUTTON_PX)
        return button


class Mixer(QScrollArea):
    """All tracks in a row; hidden for a recording that is one file."""

    changed = Signal(object, int, str)
    """The person wants another `Mix`; carries it, which track, and what of it is changed."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("mixer")
        self.setAccessibleName(self.tr("The mix of the microphones"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(_STRIP_PX)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.controls: list[TrackControls] = []
        self._mix: Mix = ()
        Theme.current().theme_changed.connect(self._dress)
        self._dress()
        self.hide()

    def show_tracks(self, tracks: Sequence[Track]) -> None:
        """Makes controls for tracks, or hides where there are none."""
        row = QWidget()
        row.setObjectName("mixerRow")
        layout = QHBoxLayout(row)
        layout.setContentsMargins(GRID_PX, 0, GRID_PX, 0)
        layout.setSpacing(GRID_PX)
        title = QLabel(self.tr("Microphones"))
        layout.addWidget(title)
        self.controls = [TrackControls(track.name) for track in tracks]
        for index, each in enumerate(self.controls):
            layout.addWidget(each)
            each.changed.connect(lambda index=index: self._tell(index))
        layout.addStretch()
        self.setWidget(row)
        bar = self.horizontalScrollBar()
        self.setFixedHeight(max(_STRIP_PX, row.sizeHint().height() + bar.sizeHint().height() // 2))
        self.setVisible(bool(tracks))

    def show_mix(self, mix: Mix) -> None:
        """Shows how loud the tracks are."""
        self._mix = mix
        for each, level in zip(self.controls, self._filled(mix), strict=True):
            each.show_level(level)

    def _filled(self, mix: Mix) -> Mix:
        return (*mix, *(TrackLevel() for _ in self.controls))[: len(self.controls)]

    def _tell(self, index: int) -> None:
        before, wanted = self._filled(self._mix), self.controls[index].level
        old = before[index]
        what = "gain" if replace(old, gain_db=wanted.gain_db) == wanted else "heard"
        mix = (*before[:index], wanted, *before[index + 1 :])
        self.changed.emit(mix, index, what)

    def _dress(self) -> None:
        palette = Theme.current().palette
        on = palette.text.name()
        self.setStyleSheet(
            f"#mixer, #mixerRow {{ background: {palette.panel.name()}; }}"
            f"#mixer QToolButton:checked {{ background: {on}; color: {palette.window.name()};"
            " font-weight: bold; }"
        )
