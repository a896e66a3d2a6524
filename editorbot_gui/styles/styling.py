"""Everything about styles in the window: panel, shelf, preview, reading from a finished pair."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QBoxLayout, QLabel

from editorbot_gui.generation import EngineState
from editorbot_gui.styles.live import LiveStyle
from editorbot_gui.styles.pair_dialog import PairDialog
from editorbot_gui.styles.panel import StylePanel
from editorbot_gui.styles.preview import Previewer, PreviewOverlay
from editorbot_gui.styles.reading import ReadRequest, StyleReader
from editorbot_gui.styles.save_dialog import SaveStyleDialog

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtWidgets import QWidget

    from editorbot_gui.actions import ActionSet
    from editorbot_gui.generation import Generation
    from editorbot_gui.jobs import JobRunner
    from editorbot_gui.panels.generate_panel import GeneratePanel
    from editorbot_gui.session import Session
    from editorbot_gui.styles.reading import ReadStyle
    from editorbot_gui.styles.shelf import StyleShelf
    from editorbot_gui.takes.takes import Takes
    from editorbot_gui.waveform.axis_view import AxisView
    from editorbot_gui.waveform.view_state import ViewState
    from model_core.options import GenerateOptions


class Styling(QObject):
    """Puts the parts together.

    Args:
        window: Dialogs belong to it.
        session: The document.
        view: What the views share.
        raw_view: Shows the recording.
        runner: Runs the jobs.
        generation: Makes proposals.
        takes: The takes of the document.
        shelf: The styles that there are.
        panel: Tightness, length and variation; gets the controls of styles.
        commands: The window's actions.
    """

    told = Signal(str)
    """A sentence for the status bar."""
    noticed = Signal(str)
    """A sentence that a person should see, above the views."""
    failed = Signal(object)
    """An exception is to be told."""

    def __init__(  # the window's parts, each by its name
        self,
        window: QWidget,
        session: Session,
        view: ViewState,
        raw_view: AxisView,
        runner: JobRunner,
        generation: Generation,
        takes: Takes,
        shelf: StyleShelf,
        panel: GeneratePanel,
        commands: ActionSet,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._session = session
        self._generation = generation
        self._takes = takes
        self._commands = commands
        self.shelf = shelf
        self.panel = StylePanel(shelf, commands)
        insert_below_fields(panel, self.panel)
        self.overlay = PreviewOverlay(raw_view, view)
        self.previewer = Previewer(session, view, runner, generation, self.overlay, self)
        self.live = LiveStyle(
            generation, takes, panel, self.panel, self.shelf, self.previewer, self
        )
        self.reader = StyleReader(runner, self)
        self.reader.read.connect(self._take_read)
        self.reader.failed.connect(self.failed)
        self.reader.cancelled.connect(
            lambda: self.told.emit(self.tr("Reading the style was cancelled."))
        )
        self.reader.running_changed.connect(lambda _running: self._refresh())
        self.shelf.failed.connect(self.failed)
        self.shelf.saved.connect(
            lambda name: self.told.emit(self.tr("Saved the style “{name}”.").format(name=name))
        )
        self.panel.save_requested.connect(self.ask_for_name)
        # What the controls are set to for another recording is no wish to decode.
        session.source_changed.connect(self.live.stop)
        generation.engine_changed.connect(self._take_engine)
        takes.current_changed.connect(self._refresh)
        takes.take_changed.connect(lambda _place: self._refresh())
        commands["like_finished_pair"].triggered.connect(lambda _checked=False: self.ask_for_pair())
        self._refresh()

    def asked(self) -> GenerateOptions:
        """Returns what all controls together ask for."""
        return self.live.asked()

    def stop(self) -> None:
        """Asks for nothing any more, because the window closes."""
        self.live.stop()

    def ask_for_pair(self, folder: str = "") -> None:
        """Shows the dialog that asks for a recording and its finished edit."""
        path = self._session.path
        folder = folder or (str(path.parent) if path is not None else "")
        dialog = PairDialog(folder, self._window)
        dialog.chosen.connect(self.read_pair)
        dialog.open()

    def read_pair(self, raw: Path, edited: Path) -> None:
        """Begins to read the style of a finished edit."""
        self.reader.start(ReadRequest(self._generation.loader, raw, edited))

    def ask_for_name(self) -> None:
        """Shows the dialog that saves the style of the take that is shown."""
        take = self._takes.current
        if take is None or take.proposal is None or not take.proposal.provenance.style:
            return
        origin = take.proposal.provenance
        dialog = SaveStyleDialog(self.shelf, take.style_name or take.name, self._window)
        dialog.named.connect(
            lambda name: self.shelf.save(name, origin.style, origin.checkpoint_hash, origin.targets)
        )
        dialog.open()

    def _take_engine(self) -> None:
        facts = self._generation.facts
        if self._generation.engine_state is EngineState.READY:
            self.shelf.use_network(facts.checkpoint_hash)
            self.panel.show_axes(facts.axes)
        self._refresh()

    def _take_read(self, style: ReadStyle) -> None:
        self.shelf.add(style)
        self.told.emit(self.tr("Read the style of “{name}”.").format(name=style.name))
        if style.remarks:
            self.noticed.emit(style.remarks)
        if self._session.source is not None and not self._generation.makes_new:
            words = self.tr("In the style of “{name}”").format(name=style.name)
            self._generation.start(self.asked(), words)

    def _refresh(self) -> None:
        """Says why a style can't be read or saved now."""
        take = self._takes.current
        has_style = (
            take is not None and take.proposal is not None and take.proposal.provenance.style
        )
        self.panel.can_save = "" if has_style else self.tr("Generate an edit first.")
        reason = ""
        if self.reader.running:
            words = self.tr("A style is being read; {key} stops it.")
            reason = words.format(key=self._commands.key_text("cancel"))
        elif self._generation.engine_state is not EngineState.READY:
            reason = self.tr("The model is not loaded yet.")
        elif not self._generation.facts.reads_styles:
            reason = self.tr("This model can't read a style from a finished edit.")
        self._commands.allow("like_finished_pair", reason)


def insert_below_fields(panel: QWidget, controls: StylePanel) -> None:
    """Puts controls between the fields of a panel and its buttons, in line with the fields."""
    labels = [label for label in panel.findChildren(QLabel) if label.buddy() is not None]
    controls.line_up(max((label.sizeHint().width() for label in labels), default=0))
    column = panel.layout()
    if isinstance(column, QBoxLayout):
        column.insertWidget(1, controls)
