"""What the sliders ask for, seen while they move and done when they are let go."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from editorbot_gui.generation import Aim
from model_core.edit.locks import Locks

if TYPE_CHECKING:
    from PySide6.QtWidgets import QAbstractSlider

    from editorbot_gui.generation import Generation
    from editorbot_gui.panels.generate_panel import GeneratePanel
    from editorbot_gui.styles.panel import StylePanel
    from editorbot_gui.styles.preview import Previewer
    from editorbot_gui.styles.shelf import StyleShelf
    from editorbot_gui.takes.takes import Takes
    from model_core.options import GenerateOptions

_KEYS_MS = 450
"""After the last key or turn of the wheel on a slider."""
_TYPING_MS = 800
"""After the last figure of a length."""


class LiveStyle(QObject):
    """Decodes the take that is shown anew when what is asked for changes.

    While a slider is dragged, the visible stretch is previewed; letting it go is one undo step.
    A take that was changed by hand is left alone: what is asked for becomes another take. Before
    anything was generated, the controls only set what is asked for first.

    The other way round, the controls show what the take that is shown was asked for with.

    Args:
        generation: Makes proposals.
        takes: The takes of the document.
        panel: Tightness, length and variation.
        styles: Style and axes.
        shelf: The styles that there are.
        previewer: Looks ahead.
        parent: The owner.
    """

    def __init__(
        self,
        generation: Generation,
        takes: Takes,
        panel: GeneratePanel,
        styles: StylePanel,
        shelf: StyleShelf,
        previewer: Previewer,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._generation = generation
        self._takes = takes
        self._panel = panel
        self._styles = styles
        self._shelf = shelf
        self._previewer = previewer
        self._words = ""
        self._showing = False
        self._held: QAbstractSlider | None = None
        self._moved = False
        self._tightness_tip = panel.tightness.toolTip()
        self._auto_tip = panel.own_tightness.toolTip()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.decode)
        self._watch(panel.tightness)
        panel.own_tightness.toggled.connect(self._tell_tightness)
        panel.target_length.valueChanged.connect(self._tell_length)
        styles.style_chosen.connect(self._tell_style)
        styles.axes_changed.connect(self._watch_axes)
        takes.current_changed.connect(self._show_take)
        takes.take_changed.connect(self._show_take)
        generation.running_changed.connect(self._follow_generation)
        generation.applied.connect(previewer.end)
        generation.offered.connect(previewer.end)
        generation.cancelled.connect(self._show_take)
        generation.failed.connect(self._show_take)
        generation.engine_changed.connect(self._refresh_tightness)
        shelf.changed.connect(self._refresh_tightness)

    def asked(self) -> GenerateOptions:
        """Returns what all controls together ask for."""
        return self._styles.dressed(self._panel.options)

    def stop(self) -> None:
        """Asks for nothing any more, because the window closes."""
        self._timer.stop()

    def decode(self) -> None:
        """Decodes the shown take with what is asked for now, if that is something else."""
        self._timer.stop()
        take, options = self._takes.current, self.asked()
        same = take is None or take.options is None or _without_locks(take.options) == options
        if take is None or same or self._generation.makes_new:
            self._previewer.end()
            return
        aim = Aim.NEW if take.edited_by_hand else Aim.CURRENT
        self._generation.start(options, self._words or self.tr("Change the style"), aim)

    def _watch(self, slider: QAbstractSlider) -> None:
        slider.sliderPressed.connect(lambda: self._hold(slider))
        slider.sliderReleased.connect(self._let_go)
        slider.valueChanged.connect(lambda _value: self._tell_slider(slider))

    def _watch_axes(self) -> None:
        for slider in self._styles.sliders:
            self._watch(slider)

    def _hold(self, slider: QAbstractSlider) -> None:
        self._held, self._moved = slider, False
        self._timer.stop()

    def _let_go(self) -> None:
        moved, self._held, self._moved = self._moved, None, False
        if moved:
            self.decode()

    def _tell_slider(self, slider: QAbstractSlider) -> None:
        if self._showing:
            return
        if slider is self._panel.tightness:
            share = f"{slider.value() / slider.maximum():.0%}"
            self._words = self.tr("Tightness {share}").format(share=share)
        else:
            self._words = self.tr("Move the style: {axis}").format(axis=slider.accessibleName())
        self._note_change(_KEYS_MS)

    def _tell_tightness(self, own: bool) -> None:
        if not self._showing and own:
            self._words = self.tr("Automatic tightness")
            self._note_change(_KEYS_MS)

    def _tell_length(self) -> None:
        if not self._showing:
            self._words = self.tr("Target length")
            self._note_change(_TYPING_MS)

    def _tell_style(self) -> None:
        chosen = self._shelf.chosen
        name = chosen.name if chosen is not None else ""
        self._words = (
            self.tr("Style “{name}”").format(name=name) if name else self.tr("The network's style")
        )
        self._note_change(0)

    def _note_change(self, patience_ms: int) -> None:
        if self._held is None:
            self._timer.start(patience_ms)
            return
        self._moved = True
        take = self._takes.current
        if take is not None and take.options is not None:
            self._previewer.ask(self.asked())

    def _follow_generation(self, running: bool) -> None:
        if running:
            # What is asked for is being made, or something that was asked for otherwise.
            self._timer.stop()
        else:
            self._previewer.end()

    def _show_take(self, _why: object = None) -> None:
        """Shows what the take that is shown was asked for with."""
        take = self._takes.current
        if take is None or take.options is None or self._held or self._timer.isActive():
            return
        self._showing = True
        try:
            self._panel.show_options(take.options)
            self._styles.show_options(take.options)
        finally:
            self._showing = False

    def _refresh_tightness(self) -> None:
        """Says so where a network can't make a style that is given tighter."""
        chosen = self._shelf.chosen
        placed = chosen is not None and bool(chosen.values)
        fixed = placed and not self._generation.facts.reads_styles
        reason = self.tr("This model takes a saved style as it is; its tightness is part of it.")
        panel = self._panel
        for control, tip in (
            (panel.tightness, self._tightness_tip),
            (panel.own_tightness, self._auto_tip),
        ):
            control.setEnabled(not fixed)
            control.setToolTip(reason if fixed else tip)


def _without_locks(options: GenerateOptions) -> GenerateOptions:
    return replace(options, locks=Locks())
