"""The page of the training: how thorough, what it does now, its curves, and what came of it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from editorbot_gui.dialogs.question import Answer, ask
from editorbot_gui.theme import GRID_PX, SMALL_TEXT_PX, Theme, text_font
from editorbot_gui.training_dock import runs
from editorbot_gui.training_dock.curves import TrainingCurves
from editorbot_gui.training_dock.presets import (
    LEAST_PAIRS,
    PRESETS,
    duration_text,
    plain_warning,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from PySide6.QtWidgets import QBoxLayout

    from editorbot_gui.training_dock.run_desk import RunDesk
    from editorbot_gui.training_dock.runs import RunStatus
    from editorbot_gui.training_dock.speed import Speed


class TrainPage(QWidget):
    """Presets, buttons, progress, curves and the outcome.

    Args:
        desk: The training.
        parent: The owner.
    """

    start_wanted = Signal(str, int)
    """A training is to begin; carries the model's name and the number of updates."""
    use_wanted = Signal()
    """The model that came of it is to be used."""
    hear_wanted = Signal()
    """What the model makes of a recording is to be heard."""
    state_changed = Signal()
    """Other things can be done than before."""

    def __init__(self, desk: RunDesk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._n_pairs = 0
        self._minutes = 0.0
        self._held: tuple[str, ...] = ()
        self._only_ends = False
        self._warnings: list[str] = []
        self._has_measured = False
        self._in_use = ""
        self._known: frozenset[str] = frozenset()
        self.intro = QLabel()
        self.group = QButtonGroup(self)
        self.presets: dict[str, QRadioButton] = {}
        self.times: dict[str, QLabel] = {}
        for preset, words in zip(
            PRESETS, (self.tr("&Quick"), self.tr("S&tandard"), self.tr("Th&orough")), strict=True
        ):
            self.presets[preset.key] = QRadioButton(words)
            self.group.addButton(self.presets[preset.key])
            self.times[preset.key] = QLabel()
        self.presets["standard"].setChecked(True)
        self.speed_words = QLabel()
        self.measure = QPushButton(self.tr("Measure again"))
        self.measure.setToolTip(
            self.tr("Make a few updates, which takes some seconds, to tell how long training takes")
        )
        self.name = QLineEdit(self.tr("My editing {date}").format(date=time.strftime("%Y-%m-%d")))
        self.name.setMaxLength(60)
        self.name.setAccessibleName(self.tr("Name of the new model"))
        self.start = QPushButton(self.tr("Start training"))
        self.pause = QPushButton(self.tr("Pause"))
        self.pause.setToolTip(
            self.tr("Keep everything as it is now, and give memory and processor free.")
        )
        self.resume = QPushButton(self.tr("Go on"))
        self.resume.setToolTip(self.tr("Go on from where the training stood."))
        self.finish = QPushButton(self.tr("Finish now"))
        self.finish.setToolTip(
            self.tr("End here, and keep the best that was reached if it is better than before.")
        )
        self.give_up = QPushButton(self.tr("Discard"))
        self.give_up.setToolTip(
            self.tr("Don't go on with this training. Your library and your models stay.")
        )
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(GRID_PX)
        self.bar.setAccessibleName(self.tr("Progress of the training"))
        self.doing = QLabel()
        self.curves = TrainingCurves()
        self.warnings = QLabel()
        self.outcome = QLabel()
        self.use = QPushButton(self.tr("Use this model"))
        self.hear = QPushButton(self.tr("Hear what it does"))
        self.hear.setToolTip(
            self.tr(
                "Edit a recording with the new model and with the one in use, or the bundled one, "
                "as two takes: the open recording, or else one that wasn't learned from."
            )
        )
        for label in (self.doing, self.warnings, self.outcome, self.intro, self.speed_words):
            label.setTextFormat(label.textFormat().PlainText)
            label.setWordWrap(True)
        self._lay_out()
        self._connect()
        self._dress()
        self._start_over()
        self._take(desk.events)

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(2 * GRID_PX)
        grid.setVerticalSpacing(GRID_PX // 2)
        grid.setColumnStretch(1, 1)
        for place, preset in enumerate(PRESETS):
            grid.addWidget(self.presets[preset.key], place, 0)
            grid.addWidget(self.times[preset.key], place, 1)
        measured = QHBoxLayout()
        measured.setSpacing(GRID_PX)
        measured.addWidget(self.speed_words, 1)
        measured.addWidget(self.measure)
        named = QHBoxLayout()
        named.setSpacing(GRID_PX)
        label = QLabel(self.tr("Name of the &model"))
        label.setBuddy(self.name)
        named.addWidget(label)
        named.addWidget(self.name, 1)
        self.choosing = QWidget()
        choosing = QVBoxLayout(self.choosing)
        choosing.setContentsMargins(0, 0, 0, 0)
        choosing.setSpacing(GRID_PX)
        choosing.addWidget(self.intro)
        choosing.addLayout(grid)
        choosing.addLayout(measured)
        choosing.addLayout(named)
        choosing.addLayout(_row(self.start))
        column = QVBoxLayout(self)
        column.setContentsMargins(GRID_PX, GRID_PX, GRID_PX, GRID_PX)
        column.setSpacing(GRID_PX)
        column.addWidget(self.outcome)
        column.addLayout(_row(self.use, self.hear))
        column.addWidget(self.doing)
        column.addWidget(self.bar)
        column.addLayout(_row(self.resume, self.pause, self.finish, self.give_up))
        column.addWidget(self.curves)
        column.addWidget(self.warnings)
        column.addWidget(self.choosing)
        column.addStretch(1)

    def _connect(self) -> None:
        desk = self._desk
        self.start.clicked.connect(self.begin)
        self.pause.clicked.connect(desk.pause)
        self.resume.clicked.connect(desk.resume)
        self.finish.clicked.connect(desk.finish)
        self.give_up.clicked.connect(self._ask_to_give_up)
        self.measure.clicked.connect(desk.measure)
        self.use.clicked.connect(self.use_wanted)
        self.hear.clicked.connect(self.hear_wanted)
        self.name.textChanged.connect(lambda _text: self.refresh())
        desk.changed.connect(self.refresh)
        desk.begun.connect(self._start_over)
        desk.happened.connect(self._take)
        desk.measured.connect(self._show_times)
        desk.measured.connect(self._measure_once)
        Theme.current().theme_changed.connect(self._dress)

    @property
    def held(self) -> tuple[str, ...]:
        """Names of the pairs that the training was judged by."""
        return self._held

    @property
    def reason(self) -> str:
        """Why no training can be started now, as a sentence; empty if one can."""
        if self._desk.running:
            return self.tr("A training is running.")
        if self._desk.can_resume:
            return self.tr("A training is paused: go on with it, finish it, or discard it.")
        if self._n_pairs < LEAST_PAIRS:
            return self.tr("Add two recordings with their finished edits to your library first.")
        return "" if self.name.text().strip() else self.tr("Name the new model first.")

    def begin(self) -> None:
        """Asks for a training as it is chosen."""
        if not self.reason:
            chosen = next(preset for preset in PRESETS if self.presets[preset.key].isChecked())
            self.start_wanted.emit(self.name.text().strip(), chosen.updates)
            self.pause.setFocus()

    def show_pairs(self, n_pairs: int, minutes: float) -> None:
        """Says what there is to learn from.

        Args:
            n_pairs: Pairs that are learned from.
            minutes: Length of their recordings.
        """
        self._n_pairs, self._minutes = n_pairs, minutes
        self.refresh()
        self._measure_once()

    def show_models(self, in_use: str, known: frozenset[str]) -> None:
        """Says which models there are, by the names of their files.

        Args:
            in_use: The one that makes the edits; empty for the bundled one.
            known: All of them.
        """
        self._in_use, self._known = in_use, known
        self.refresh()

    @property
    def is_in_use(self) -> bool:
        """Whether the model that came of the training makes the edits already."""
        return self._model == self._in_use != ""

    @property
    def _model(self) -> str:
        return Path(self._desk.status.model).name

    def showEvent(self, event: QShowEvent) -> None:
        """Looks at what other windows have done meanwhile."""
        super().showEvent(event)
        self._desk.find()
        self._measure_once()

    def refresh(self) -> None:
        """Shows what can be done now."""
        desk, status = self._desk, self._desk.status
        running, resumable = desk.running, desk.can_resume
        idle = not running and not resumable
        reason = self.reason
        self.intro.setText(self._intro_text())
        self.choosing.setVisible(idle)
        self.start.setEnabled(not reason)
        self.start.setToolTip(reason)
        self.pause.setVisible(running)
        self.pause.setEnabled(running and desk.wanted == runs.RUN)
        self.resume.setVisible(resumable)
        failed = status.state == runs.FAILED
        self.resume.setText(self.tr("Try again") if failed else self.tr("Go on"))
        self.finish.setVisible(running or (resumable and status.step > 0))
        self.finish.setEnabled(resumable or desk.wanted == runs.RUN)
        self.give_up.setVisible(resumable)
        self.bar.setVisible(not idle)
        self.bar.setRange(0, 0 if running and not status.step else max(1, status.updates))
        self.bar.setValue(status.step)
        for label, words in (
            (self.doing, self._doing_text(status)),
            (self.warnings, "\n".join(f"• {words}" for words in self._warnings)),
            (self.outcome, self._outcome_text(status)),
        ):
            label.setText(words)
            label.setVisible(bool(words))
        self.curves.setVisible(not self.curves.is_empty)
        # It may have been deleted, or called otherwise, since.
        is_done = status.state == runs.DONE and not running and self._model in self._known
        self.use.setVisible(is_done)
        self.use.setEnabled(not self.is_in_use)
        self.use.setToolTip(
            self.tr("It makes the edits already.")
            if self.is_in_use
            else self.tr("Edits that are generated from now on are this model's.")
        )
        self.hear.setVisible(is_done)
        self._show_times()
        self.state_changed.emit()

    # ----------------------------------------------------------------------------------------------

    def _ask_to_give_up(self) -> None:
        if not self._desk.status.step:
            self._desk.give_up()
            return
        ask(
            self,
            self.tr("Discard what this training has learned?"),
            self.tr("It can't go on then. Your library and your models stay."),
            (Answer(self.tr("Discard it"), self._desk.give_up, loses=True),),
            self.tr("Keep it"),
            stays_by_default=True,
        )

    def _take(self, events: Sequence[Mapping[str, object]]) -> None:
        """Shows what the training has told."""
        for event in events:
            kind = event.get("event")
            if kind == "begun":
                held, left_out = event.get("held"), event.get("left_out")
                self._held = tuple(map(str, held)) if isinstance(held, list) else ()
                self._only_ends = event.get("only_ends") is True
                if isinstance(left_out, list) and left_out:
                    self._warn(self._left_out_text([str(name) for name in left_out]))
            elif kind == "warning":
                self._warn(plain_warning(str(event.get("sentence", ""))))
            self.curves.take(event)
        self.refresh()

    def _start_over(self) -> None:
        self._warnings.clear()
        self._held, self._only_ends = (), False
        updates = self._desk.request.get("updates")
        self.curves.start_over(updates if isinstance(updates, int) else 0)
        self.refresh()

    def _warn(self, words: str) -> None:
        if words and words not in self._warnings:
            self._warnings.append(words)

    def _measure_once(self) -> None:
        """Measures the speed where it isn't known and somebody waits for it."""
        desk = self._desk
        is_waited_for = self._n_pairs >= LEAST_PAIRS and self.isVisible()
        is_unknown = desk.has_looked and desk.speed is None and not desk.can_resume
        if is_waited_for and is_unknown and not self._has_measured:
            self._has_measured = True
            desk.measure()

    # Words ----------------------------------------------------------------------------------------

    def _left_out_text(self, names: Sequence[str]) -> str:
        if len(names) == 1:
            return self.tr(
                "“{name}” differs so much from the other pairs that it isn't learned from."
            ).format(name=names[0])
        return self.tr(
            "These differ so much from the other pairs that they aren't learned from: {names}."
        ).format(names=", ".join(f"“{name}”" for name in names))

    def _intro_text(self) -> str:
        if self._n_pairs < LEAST_PAIRS:
            return self.tr(
                "Training needs at least two pairs of a recording and its finished edit. "
                "Bring them in on the page “Library”."
            )
        return self.tr(
            "EditorBot learns from {n} pairs ({minutes} min) and keeps what it learned only if "
            "edits that it was not shown are foretold better. The bundled model is never changed."
        ).format(n=self._n_pairs, minutes=max(1, round(self._minutes)))

    def _doing_text(self, status: RunStatus) -> str:
        desk = self._desk
        if desk.running:
            if desk.wanted == runs.PAUSE:
                return self.tr("Pausing: everything is being saved…")
            if desk.wanted == runs.STOP:
                return self.tr("Finishing: looking at what was reached…")
            if status.state != "running":
                return self.tr("Getting ready: reading the library and looking at its edits…")
            return f"{self._step_text(status)} {self._left_text(status)}".strip()
        if not desk.can_resume:
            return ""
        if desk.crashed:
            return self.tr(
                "The training ended unexpectedly after {step} of {all} updates. {reason} What was "
                "saved is not lost: go on from there, or discard it."
            ).format(step=status.step, all=status.updates, reason=desk.reason)
        if status.state == runs.FAILED:
            return self.tr("The training could not go on. {why}").format(
                why=f"{status.sentence} {status.mend}".strip()
            )
        return self.tr("Paused. {steps}").format(steps=self._step_text(status))

    def _step_text(self, status: RunStatus) -> str:
        return self.tr("{step} of {all} updates are done.").format(
            step=status.step, all=status.updates
        )

    def _left_text(self, status: RunStatus) -> str:
        per_update = status.seconds / status.step if status.step else 0.0
        if not per_update and self._desk.speed is not None:
            per_update = self._desk.speed.seconds_per_update
        left = (status.updates - status.step) * per_update
        return self.tr("About {time} left.").format(time=duration_text(left)) if left else ""

    def _outcome_text(self, status: RunStatus) -> str:
        if self._desk.running or status.before is None or status.after is None:
            return ""
        figures = self.tr("{before} before, {after} after").format(
            before=f"{status.before:.2f}", after=f"{status.after:.2f}"
        )
        judged = (
            self.tr("the ends of your recordings, which it wasn't shown")
            if self._only_ends
            else self.tr("edits that it wasn't shown")
        )
        if status.state == runs.DONE:
            gain = 1 - status.after / status.before if status.before > 0 else 0.0
            return self.tr(
                "Better: {judged} are foretold {gain} better ({figures} nats per event; less is "
                "better). The new model is in your list of models."
            ).format(judged=judged, gain=f"{gain:.0%}", figures=figures)
        if status.state == runs.NOTHING:
            return self.tr(
                "Not better: {judged} are not foretold better ({figures} nats per event; less is "
                "better). No model was written. More pairs may help."
            ).format(judged=judged, figures=figures)
        return ""

    def _show_times(self) -> None:
        desk = self._desk
        for preset in PRESETS:
            self.times[preset.key].setText(self._time_text(desk.speed, preset.updates))
        if desk.is_measuring:
            words = self.tr("Measuring how fast training is here…")
        elif desk.speed is None:
            words = self.tr("How long it takes here is not known yet.")
        elif desk.speed.is_of_run:
            words = self.tr("Times follow from the last training on this computer.")
        else:
            words = self.tr("Times follow from a short trial on this computer.")
        self.speed_words.setText(words)
        self.measure.setText(self.tr("Measure") if desk.speed is None else self.tr("Measure again"))
        self.measure.setEnabled(not desk.is_measuring and not desk.running)

    def _time_text(self, speed: Speed | None, updates: int) -> str:
        count = self.tr("{n} updates").format(n=updates)
        if speed is None:
            return count
        seconds = speed.estimate(updates, self._minutes)
        return self.tr("about {time} ({count})").format(time=duration_text(seconds), count=count)

    def _dress(self) -> None:
        palette = Theme.current().palette
        for label in (self.intro, self.speed_words, *self.times.values()):
            label.setStyleSheet(f"color: {palette.muted.name()}")
        self.speed_words.setFont(text_font(SMALL_TEXT_PX))
        self.outcome.setFont(text_font(bold=True))


def _row(*buttons: QPushButton) -> QBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(GRID_PX)
    for button in buttons:
        button.setAutoDefault(False)
        row.addWidget(button)
    row.addStretch()
    return row
