"""The one window: puts document, player, views and panels together."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QLabel,
    QMainWindow,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from editorbot_gui.actions import ActionSet
from editorbot_gui.availability import refresh_commands
from editorbot_gui.batch.desk import BatchDesk
from editorbot_gui.chrome import chrome_sheet
from editorbot_gui.comparing import Comparison, comparison_text
from editorbot_gui.dialogs.compare import CompareDialog
from editorbot_gui.dialogs.export import ExportChoice, ExportDialog
from editorbot_gui.dialogs.stop_export import ask_to_stop_export
from editorbot_gui.editing.editor import Editor
from editorbot_gui.errors import describe, show_error
from editorbot_gui.export_parts import ExportMaterial
from editorbot_gui.exporting import Exporter, ExportRequest, exported_text
from editorbot_gui.generation import EngineLoader, EngineState, Generation
from editorbot_gui.guide.echo import Echo
from editorbot_gui.guide.guide import Guide
from editorbot_gui.guide.preferring import Preferring
from editorbot_gui.handing_over.desk import HandOverDesk
from editorbot_gui.icon import app_icon
from editorbot_gui.jobs import JobRunner
from editorbot_gui.keyboard import KeyGuard
from editorbot_gui.library_desk import LibraryDesk
from editorbot_gui.markers.desk import MarkersDesk
from editorbot_gui.menus import build_menus, build_toolbar, submenu
from editorbot_gui.microphones.desk import MicrophonesDesk
from editorbot_gui.models.desk import ModelsDesk, is_model_file
from editorbot_gui.models.trial import Trial
from editorbot_gui.opening import Opened, Opener, name_filters
from editorbot_gui.panels.docks import add_dock, mark_dock
from editorbot_gui.panels.editor_page import EditorPage
from editorbot_gui.panels.edits.edits_list import EditsList
from editorbot_gui.panels.elided_label import ElidedLabel
from editorbot_gui.panels.file_drop import FileDrop
from editorbot_gui.panels.generate_panel import GeneratePanel
from editorbot_gui.panels.giving_way import GivingWay
from editorbot_gui.panels.job_bar import JobBar
from editorbot_gui.panels.level_meter import LevelMeter
from editorbot_gui.panels.notice_bar import NoticeBar
from editorbot_gui.panels.time_display import TimeDisplay
from editorbot_gui.playback.desk import ListeningDesk
from editorbot_gui.playback.player import Player
from editorbot_gui.projects.projects import Projects, is_project
from editorbot_gui.recording.desk import RecordingDesk
from editorbot_gui.reviewing import Reviewing
from editorbot_gui.session import Session
from editorbot_gui.settings import APP_NAME, THEME_CHOICES
from editorbot_gui.styles.shelf import StyleShelf
from editorbot_gui.styles.styling import Styling
from editorbot_gui.takes.desk import TakesDesk
from editorbot_gui.takes.strip import add_takes_dock
from editorbot_gui.takes.takes import Takes
from editorbot_gui.texts import edit_text, shortened, source_text
from editorbot_gui.theme import GRID_PX, Theme
from editorbot_gui.training_dock.desk import TrainingDesk
from editorbot_gui.training_dock.hearing import Hearing
from editorbot_gui.transport import Transport
from editorbot_gui.waveform.gestures import ZOOM_A_KEY
from editorbot_gui.waveform.view_state import Axis, ViewState
from editorbot_gui.waveform.waveform_data import WaveformData
from editorbot_gui.welcome.welcome import Welcome
from resources import resource_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from editorbot_gui.comparing import Compared
    from editorbot_gui.settings import Settings
    from model_core.audio.source import AudioSource
    from model_core.edit.types import Change, Proposal
    from model_core.export.sound import ExportedSound

DEMOS = {"speech": "speech.flac", "music": "music.flac"}
"""The bundled recordings by name."""

_FIRST_SIZE = QSize(1440, 900)
_FRAME = QSize(8, 40)
_DOCK_WIDTH_PX = 46 * GRID_PX
_MOST_OF_A_MODEL = 24
"""Letters of a model's name in the status bar."""
_CONTEXT_SHARE = 2.0
"""Around a change that is shown, this much of its length is visible on either side."""


class MainWindow(QMainWindow):
    """The window with everything in it.

    Args:
        settings: What is remembered.
        loader: Gives the network; left out, the bundled one.
        player: Plays; left out, through the system's sound device.
    """

    def __init__(
        self,
        settings: Settings,
        loader: EngineLoader | None = None,
        player: Player | None = None,
    ) -> None:
        super().__init__()
        self.settings = settings
        self.runner = JobRunner(self)
        self.session = Session(self)
        self.view = ViewState(self)
        self.player = player or Player()
        self.player.setParent(self)
        self.transport = Transport(self.session, self.view, self.player, self)
        self.generation = Generation(self.session, self.runner, loader or EngineLoader(), self)
        self.comparison = Comparison(self.session, self.runner, self)
        self.shelf = StyleShelf(self.runner, self)
        self.takes = Takes(self.session, self.shelf.name_of, self)
        self.opener = Opener(self.runner, self)
        self.projects = Projects(
            self.session,
            self.runner,
            self.opener,
            settings,
            lambda: self.styling.asked(),  # noqa: PLW0108 - made later
            self,
        )
        self.exporter = Exporter(self.runner, self)
        self.commands = ActionSet(self)
        self._key_guard = KeyGuard(self)
        self.echo = Echo(self)
        self._data: WaveformData | None = None
        self.give_up_export = False
        self._build()
        self._connect()
        self._restore()
        self._dress()
        self._refresh_commands()
        self._refresh_model_label()

    # Building -------------------------------------------------------------------------------------

    def _build(self) -> None:
        self.setWindowIcon(app_icon())
        self.setWindowTitle(APP_NAME)
        self.page = EditorPage(self.view)
        self.notice = NoticeBar()
        editor = QWidget()
        column = QVBoxLayout(editor)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.notice)
        column.addWidget(self.page, 1)
        self.empty_state = Welcome(self.commands, self.settings)
        self.pages = QStackedWidget()
        self.pages.addWidget(self.empty_state)
        self.pages.addWidget(editor)
        self.setCentralWidget(self.pages)
        self._file_drop = FileDrop(self)
        self.generate_panel = GeneratePanel(self.commands)
        self.edits_list = EditsList(self.commands)
        self.styling = Styling(
            self,
            self.session,
            self.view,
            self.page.raw,
            self.runner,
            self.generation,
            self.takes,
            self.shelf,
            self.generate_panel,
            self.commands,
        )
        self.desk = TakesDesk(
            self,
            self.session,
            self.takes,
            self.generation,
            self.transport,
            self.commands,
            self.notice,
            self.styling.asked,
        )
        self.docks = (
            add_dock(self, "generate_dock", self.tr("Generate"), GivingWay(self.generate_panel)),
            add_dock(self, "edits_dock", self.tr("Edits"), self.edits_list),
            add_takes_dock(self, self.desk.strip),
        )
        self.guide = Guide(self, self.commands, self.session, self.settings, self.runner)
        self.guide.told.connect(self.tell)
        self.trial = Trial(
            self.session, self.runner, self.generation, self.takes, self.styling.asked, self
        )
        self.trial.told.connect(self.tell)
        self.trial.failed.connect(self._tell_failure)
        self.models = ModelsDesk(
            self.session,
            self.runner,
            self.settings,
            self.generation,
            self.trial,
            self.desk,
            self,
        )
        self.models.told.connect(self.tell)
        self.models.noticed.connect(self.notice.tell)
        self.models.failed.connect(self._tell_failure)
        self.models.choice.changed.connect(self._refresh_model_label)
        self.training = TrainingDesk(self, self.session, self.runner, self.models, self.commands)
        self.training.told.connect(self.tell)
        self.training.failed.connect(self._tell_failure)
        self.training.open_requested.connect(self.open_path)
        self.training.noticed.connect(self.notice.tell)
        for dock in self.docks:
            dock.visibilityChanged.connect(self._mark_docks)
        self.time_display = TimeDisplay()
        self.level_meter = LevelMeter()
        self.recent_menu = build_menus(self, self.commands, self.settings)
        self._time_shown = build_toolbar(self, self.commands, self.level_meter, self.time_display)
        self.happened = ElidedLabel()
        self.happened.setAccessibleName(self.tr("What happened"))
        self.model_label = QLabel()
        for label in (self.happened, self.model_label):
            label.setContentsMargins(GRID_PX, 0, GRID_PX, 0)
        self.job_bar = JobBar(self.runner, self.commands)
        self.statusBar().setSizeGripEnabled(False)
        self.statusBar().addWidget(self.happened, 1)
        self.statusBar().addPermanentWidget(self.job_bar)
        self.statusBar().addPermanentWidget(self.model_label)
        self._show_page()

    def _connect(self) -> None:
        self._connect_commands()
        self._key_guard.watch(self)
        session = self.session
        session.document_changed.connect(self._refresh_document)
        session.undo_stack.indexChanged.connect(self._refresh_commands)
        self.opener.opened.connect(self._show_opened)
        self.opener.failed.connect(self._tell_open_failure)
        self.opener.cancelled.connect(lambda: self.tell(self.tr("Opening was cancelled.")))
        self.opener.peaks_read.connect(self._tell_notes)
        self.opener.peaks_failed.connect(lambda error: show_error(self, error))
        self.generation.applied.connect(self._tell_applied)
        self.generation.offered.connect(self.desk.offer)
        self.generation.failed.connect(self._tell_failure)
        self.generation.cancelled.connect(
            lambda: self.tell(self.tr("Generating was cancelled; nothing has changed."))
        )
        self.generation.running_changed.connect(self._refresh_generating)
        self.generation.engine_changed.connect(self._refresh_model_label)
        self.comparison.recording_opened.connect(self._show_opened)
        self.comparison.applied.connect(self._tell_compared)
        self.comparison.offered.connect(self._offer_compared)
        self.comparison.failed.connect(self._tell_failure)
        self.comparison.cancelled.connect(
            lambda: self.tell(self.tr("Comparing was cancelled; nothing has changed."))
        )
        self.comparison.running_changed.connect(self._refresh_commands)
        self.projects.follow_takes(self.takes)
        self.projects.told.connect(self.tell)
        self.projects.noticed.connect(self.notice.tell)
        self.projects.failed.connect(self._tell_failure)
        self.desk.told.connect(self.tell)
        self.styling.told.connect(self.tell)
        self.styling.noticed.connect(self.notice.tell)
        self.styling.failed.connect(self._tell_failure)
        self.exporter.exported.connect(self._tell_exported)
        self.exporter.failed.connect(self._tell_failure)
        self.exporter.cancelled.connect(
            lambda: self.tell(self.tr("The export was cancelled; no file was written."))
        )
        self.exporter.running_changed.connect(self._refresh_commands)
        self.transport.moved.connect(self._refresh_time)
        self.transport.heard_changed.connect(self._refresh_heard)
        self.transport.playing_changed.connect(self._refresh_play)
        self.player.device_failed.connect(self.tell)
        self.player.notice_given.connect(self.tell)
        self.page.seek_requested.connect(self.transport.seek)
        self.recent_menu.chosen.connect(self.open_path)
        self.empty_state.chosen.connect(self.open_path)
        self._file_drop.dropped.connect(self._open_dropped)
        Theme.current().theme_changed.connect(self._dress)
        self.editor = Editor(
            self.session, self.view, self.transport, self.commands, self.page, self.runner, self
        )
        self.editor.told.connect(self.tell)
        self.editor.snaps.remember(self.settings)
        self.listening = ListeningDesk(
            self,
            self.session,
            self.view,
            self.transport,
            self.player,
            self.runner,
            self.commands,
            self.page,
            self.editor.drag,
            self.level_meter,
            submenu(self, "sound_output"),
            self.settings,
        )
        self.listening.told.connect(self.tell)
        # Made after what lets the playhead be dragged: a marker at the playhead comes first.
        self.markers = MarkersDesk(
            session, self.view, self.transport, self.commands, self.page, self.editor.snaps.snap,
            self,
        )  # fmt: skip
        self.markers.told.connect(self.tell)
        self.edits_list.put_below(self.markers.panel)
        self.recording = RecordingDesk(
            self,
            self.session,
            self.player,
            self.runner,
            self.commands,
            self.settings,
            self.notice,
            self.open_path,
        )
        self.recording.told.connect(self.tell)
        self.reviewing = Reviewing(
            self.session,
            self.view,
            self.transport,
            self.commands,
            self.edits_list,
            self.show_change,
            self,
        )
        self.reviewing.told.connect(self.tell)
        self.preferring = Preferring(
            self,
            self.settings,
            self.commands,
            self.session,
            self.runner,
            self.player,
            self.generation,
            self.projects,
            self.editor,
            self.models,
        )
        self.preferring.told.connect(self.tell)
        self.echo.follow(self.commands, self.view, self.transport, self.takes, self.editor.onsets)
        self.echo.told.connect(self.tell)
        self.handing_over = HandOverDesk(
            self, self.session, self.runner, self.settings, self.commands, self.notice
        )
        self.handing_over.told.connect(self.tell)
        self.library_desk = LibraryDesk(self.session, self.runner, self.commands, self)
        self.library_desk.told.connect(self.tell)
        self.library_desk.failed.connect(self._tell_failure)
        self.training.follow_library(self.library_desk)
        self.hearing = Hearing(session, self.trial, self.generation.loader, self.desk, self)
        self.hearing.told.connect(self.tell)
        self.hearing.open_requested.connect(self.open_path)
        self.training.hear_requested.connect(self.hearing.hear)
        self.training.use_requested.connect(self.models.choice.use)
        self.microphones = MicrophonesDesk(
            self, session, self.runner, self.projects, self.commands, self.settings, self.page,
            self.open_path,
        )  # fmt: skip
        self.microphones.told.connect(self.tell)
        self.handing_over.failed.connect(self._tell_failure)
        self.batch = BatchDesk(self, self.runner, self.shelf, self.models, self.commands)
        self.batch.told.connect(self.tell)
        self.batch.failed.connect(self._tell_failure)
        self.batch.open_requested.connect(self.open_path)
        self.generate_panel.keeps_decided.toggled.connect(self.generation.keep_decided)

    def _connect_commands(self) -> None:
        view, transport = self.view, self.transport
        does: dict[str, Callable[[], object]] = {
            "open": self.ask_for_file,
            "demo_speech": lambda: self.open_demo("speech"),
            "demo_music": lambda: self.open_demo("music"),
            "compare": self.ask_for_pair,
            "save": self.projects.save,
            "save_as": self.projects.save_as,
            "export": self.ask_for_export,
            "quit": self.close,
            "undo": self._undo,
            "redo": self._redo,
            "generate": self.generate,
            "new_variation": self.new_variation,
            "zoom_in": lambda: view.zoom_at_cursor(ZOOM_A_KEY),
            "zoom_out": lambda: view.zoom_at_cursor(1 / ZOOM_A_KEY),
            "zoom_fit": view.fit_all,
            "spectrogram": self._show_spectrogram,
            "play": transport.toggle_play,
            "stop": transport.stop,
            "ab": transport.switch,
            "to_start": transport.to_start,
            "to_end": transport.to_end,
            "previous_segment": transport.previous_segment,
            "next_segment": transport.next_segment,
        }
        for name, function in does.items():
            self.commands[name].triggered.connect(lambda _checked=False, do=function: do())
        for choice in THEME_CHOICES:
            action = self.commands[f"theme_{choice}"]
            action.setChecked(choice == Theme.current().scheme)
            action.triggered.connect(lambda _checked=False, choice=choice: self.use_theme(choice))

    def _restore(self) -> None:
        """Puts everything where it was when the window was closed the last time."""
        if not self.restoreGeometry(self.settings.geometry):
            # The frame that the system draws around the window needs room, too.
            self.resize(_FIRST_SIZE.boundedTo(self.screen().availableSize() - _FRAME))
        self.commands["spectrogram"].setChecked(self.settings.spectrogram)

    # What a person asks for -----------------------------------------------------------------------

    def ask_for_file(self) -> None:
        """Shows the open dialog."""
        dialog = QFileDialog(self, self.tr("Open"), self.settings.open_folder)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters(name_filters(projects=True))
        dialog.fileSelected.connect(lambda name: self.open_path(Path(name)))
        dialog.open()

    def open_path(self, path: Path) -> None:
        """Begins to open a recording or a project; what is open stays until it is there."""
        self.projects.open(path)

    def open_demo(self, name: str) -> None:
        """Begins to open a bundled recording, "speech" or "music"."""
        self.open_path(resource_path("demo", DEMOS[name]))

    def generate(self) -> None:
        """Begins to make the proposal that the panel asks for."""
        self.generation.start(self.styling.asked(), self.tr("Generate"))

    def new_variation(self) -> None:
        """Begins to make another proposal; several can wait for their turn."""
        self.desk.vary()

    def ask_for_pair(self) -> None:
        """Shows the dialog that asks for a finished edit, and for its recording if none is open."""
        dialog = CompareDialog(self.session.source, self.settings.open_folder, self)
        dialog.chosen.connect(self.comparison.start)
        self.session.source_changed.connect(dialog.reject)
        dialog.open()

    def ask_for_export(self) -> None:
        """Shows the export dialog."""
        source = self.session.source
        if source is None:
            return
        dialog = ExportDialog(source, self._export_material(), self.settings.export_format, self)
        dialog.chosen.connect(self.export)
        dialog.open()

    def export(self, choice: ExportChoice) -> None:
        """Begins to write the edit."""
        source = self.session.source
        if source is not None:
            self.settings.export_format = choice.format
            pieces = self._export_material().pieces(
                choice.part, choice.path, separately=choice.separately
            )
            session = self.session
            self.exporter.start(
                ExportRequest(source, pieces, choice.options, session.markers, session.mix)
            )

    def _export_material(self) -> ExportMaterial:
        takes = tuple((take.name, take.edit_list) for take in self.takes.all)
        source = self.session.source
        tracks = source.tracks if source is not None else ()
        return ExportMaterial(self.session.edit_list, self.view.selection, takes, tracks)

    def show_change(self, change: Change) -> None:
        """Selects a change in the views, brings it into view and goes there."""
        view = self.view
        view.select(Axis.RAW, change.start, change.stop)
        start, stop = view.visible(Axis.RAW)
        if not start <= change.start <= change.stop <= stop:
            view.show_range(Axis.RAW, change.start, change.stop, _CONTEXT_SHARE)
        self.transport.seek(Axis.RAW, change.start)

    def use_theme(self, choice: str) -> None:
        """Uses and remembers a theme: "system", "light" or "dark"."""
        self.settings.theme = choice
        Theme.current().set_scheme(choice)

    def _show_spectrogram(self) -> None:
        self.settings.spectrogram = self.commands["spectrogram"].isChecked()
        self.page.show_spectrogram(self.settings.spectrogram)

    def tell(self, sentence: str) -> None:
        """Says in the status bar what happened."""
        self.happened.setText(sentence)
        self.echo.hush()

    # What comes back from the jobs ----------------------------------------------------------------

    def _show_opened(self, opened: Opened) -> None:
        source, before = opened.source, self.session.source
        old_data, self._data = self._data, WaveformData(source, opened.builder.pyramid, self)
        self.opener.peaks_arrived.connect(self._data.announce_peaks)
        self.notice.dismiss()
        self.generate_panel.start_over()
        snapshot = self.projects.adopt(opened)
        self.session.open_source(source, snapshot)
        self.projects.restore_takes()
        if opened.loaded is not None:
            self.generate_panel.show_options(opened.loaded.project.generate)
        self.page.show_data(self._data)
        if old_data is not None:
            old_data.close()
            old_data.deleteLater()
        # Laying out the views takes as long again.
        QTimer.singleShot(0, self, self._show_page)
        self.opener.read_peaks(opened)
        if before is not None:
            self.opener.retire(before)
        self.page.facts.raw.setText(source_text(source))
        self.tell(self.projects.opened_text)
        if snapshot is not None:
            self.transport.listen_to(Axis.EDITED)
        self._tell_notes(source)

    def _tell_notes(self, source: AudioSource) -> None:
        if source is self.session.source and source.notes:
            self.notice.tell(" ".join(source.notes))

    def _tell_open_failure(self, path: Path, error: Exception) -> None:
        self.settings.forget_recent_file(path)
        self.empty_state.refresh()
        self._tell_failure(error)

    def _tell_failure(self, error: Exception) -> None:
        self.tell(describe(error).sentence)
        show_error(self, error)

    def _tell_applied(self, proposal: Proposal) -> None:
        self.tell(edit_text(self.session))
        if proposal.note:
            self.notice.tell(proposal.note)
        if not self.transport.playing:
            self.transport.listen_to(Axis.EDITED)

    def _tell_compared(self, compared: Compared) -> None:
        self.tell(edit_text(self.session))
        self.notice.tell(comparison_text(compared))
        if not self.transport.playing:
            self.transport.listen_to(Axis.EDITED)

    def _offer_compared(self, compared: Compared) -> None:
        self.notice.tell(
            self.tr("The comparison is ready, but the document has changed meanwhile."),
            self.tr("Use it nevertheless"),
            lambda: self.comparison.accept(compared),
        )

    def _tell_exported(self, exported: tuple[ExportedSound, ...]) -> None:
        self.tell(exported_text(exported))

    def _undo(self) -> None:
        words = self.session.undo_stack.undoText()
        self.session.undo_stack.undo()
        self.tell(
            self.tr("Undone: {words}. {edit}").format(words=words, edit=edit_text(self.session))
        )

    def _redo(self) -> None:
        words = self.session.undo_stack.redoText()
        self.session.undo_stack.redo()
        self.tell(
            self.tr("Redone: {words}. {edit}").format(words=words, edit=edit_text(self.session))
        )

    # Showing the state ----------------------------------------------------------------------------

    def doings(self) -> object:
        """Returns what is different after anything that a person does; None while it plays."""
        view = self.view
        if self.transport.playing:
            return None
        return (self.session.revision, view.visible(Axis.RAW), view.selection, view.edge,
                view.playhead(Axis.RAW))  # fmt: skip

    def _refresh_document(self) -> None:
        source = self.session.source
        edited = self.session.is_edited
        if self.pages.currentIndex() == 1:
            self._list_changes()
        self.generate_panel.show_decisions(self.session.changes)
        self.page.facts.edited.setText(
            edit_text(self.session) if edited else self.tr("Nothing is changed yet")
        )
        for dialog in self.findChildren(ExportDialog):
            dialog.follow(source, self._export_material())
        self._refresh_commands()
        self._refresh_time()

    def _list_changes(self) -> None:
        source = self.session.source
        rate = source.sample_rate if source is not None else 1
        self.edits_list.show_changes(self.session.changes, rate)

    def _refresh_commands(self) -> None:
        refresh_commands(
            self.commands,
            has_source=self.session.source is not None,
            is_empty=self.session.timeline.length == 0,
            generating=self.generation.running,
            exporting=self.exporter.running,
            comparing=self.comparison.running,
            undo=self.session.undo_stack,
        )

    def _refresh_generating(self, running: bool) -> None:
        if running:
            self.notice.dismiss()
        self._refresh_commands()

    def _refresh_time(self) -> None:
        heard = self.transport.heard
        self.time_display.show_place(
            heard, self.transport.position, self.view.length(heard), self.view.sample_rate
        )

    def _refresh_heard(self) -> None:
        self.commands["ab"].setChecked(self.transport.heard is Axis.EDITED)
        self._refresh_time()

    def _refresh_play(self) -> None:
        playing = self.transport.playing
        action = self.commands["play"]
        action.setIconText(self.tr("Pause") if playing else self.tr("Play"))
        icon = "mdi6.pause" if playing else "mdi6.play"
        self.commands.set_icon("play", icon, Theme.current().palette.text)

    def _refresh_model_label(self) -> None:
        generation = self.generation
        self.model_label.setToolTip("")
        if generation.engine_state is EngineState.LOADING:
            self.model_label.setText(self.tr("Loading the model…"))
        elif generation.engine_state is EngineState.READY:
            name = self.models.choice.name
            words = self.tr("Model ready ({device})")
            if name:
                words = self.tr("“{name}” ready ({device})")
                self.model_label.setToolTip(
                    self.tr("The model “{name}” makes the edits.").format(name=name)
                )
            short = shortened(name, _MOST_OF_A_MODEL)
            self.model_label.setText(words.format(name=short, device=generation.device_name))
        elif generation.engine_state is EngineState.FAILED and generation.load_error is not None:
            self.model_label.setText(self.tr("No model"))
            self.model_label.setToolTip(str(generation.load_error))
            self.tell(describe(generation.load_error).sentence)

    def _show_page(self) -> None:
        """Shows the views with their docks, or what to do where there is no recording."""
        shown = self.session.source is not None
        first = shown and self.pages.currentIndex() == 0
        self.pages.setCurrentIndex(1 if shown else 0)
        self._time_shown.setVisible(shown)
        for dock in self.docks:
            dock.toggleViewAction().setEnabled(shown)
            dock.setVisible(shown)
        self.guide.show_dock(shown, self.docks[1])
        if first:
            # Unseen, it would still keep the window from being made narrow.
            self.empty_state.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
            self.training.restore(self.docks[1], self._restore_docks)
            self._show_spectrogram()
            self.page.restore_splitter(self.settings.splitter_state)
            # Painting everything else for the first time takes long enough.
            QTimer.singleShot(0, self, self._list_changes)

    def _restore_docks(self) -> None:
        if not self.restoreState(self.settings.dock_state):
            self.resizeDocks([self.docks[1]], [_DOCK_WIDTH_PX], Qt.Orientation.Horizontal)

    def _dress(self) -> None:
        palette = Theme.current().palette
        self.setStyleSheet(chrome_sheet(palette))
        self.commands.tint(palette.text)
        self._mark_docks()

    def _mark_docks(self) -> None:
        """Gives the docks a close button of the one family; Qt takes it back when it likes."""
        for dock in self.docks:
            mark_dock(dock)

    # Events ---------------------------------------------------------------------------------------

    def load_model(self) -> None:
        """Begins to load the network, and to look for a training; called once the window is up."""
        self.generation.load()
        self.training.runs.find()

    def _open_dropped(self, files: list[Path]) -> None:
        if all(map(is_model_file, files)):
            self.models.import_files(files)
            return
        if len(files) > 1 and not any(map(is_project, files)):
            self.microphones.ask_about(files)
            return
        self.open_path(files[0])
        if len(files) > 1:
            self.tell(self.tr("Only the first of the files is opened."))

    def closeEvent(self, event: QCloseEvent) -> None:
        """Remembers the window, stops everything, then lets it close."""
        if self.exporter.running and self.isVisible() and not self.give_up_export:
            event.ignore()
            ask_to_stop_export(self, self._stop_export_and_quit)
            return
        if self.isVisible() and not self.projects.may_close():
            event.ignore()
            return
        if self.isVisible() and not self.training.may_close():
            event.ignore()
            return
        self._remember()
        self.styling.stop()
        self.hide()
        self.recording.close()
        self.batch.close()
        self.training.close()
        self.player.close()
        self.player.set_edited(None)
        self.player.set_raw(None)
        self.runner.close()
        self.projects.close()
        self.page.show_data(None)
        if self._data is not None:
            self._data.close()
        self.opener.close_retired()
        if self.session.source is not None:
            self.session.source.close()
        super().closeEvent(event)

    def _remember(self) -> None:
        self.settings.geometry = self.saveGeometry()
        if self.pages.currentIndex() == 1:
            self.settings.dock_state = self.saveState()
            self.settings.splitter_state = self.page.splitter_state
        self.settings.save()

    def _stop_export_and_quit(self) -> None:
        self.give_up_export = True
        self.close()
