"""The page of the training: how thorough, what it does now, its curves, and what came of it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
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

from editorbot_gui.theme import GRID_PX, TINY_TEXT_PX, Theme, text_font

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from editorbot_gui.training_dock.curves import TrainingCurves
    from editorbot_gui.training_dock.places import Speed
    from editorbot_gui.training_dock.run_desk import RunDesk
    from editorbot_gui.training_dock.runs import RunStatus

LEAST_PAIRS = 2
_HELD_SHARE = 0.25


@dataclass(frozen=True, slots=True)
class Preset:
    """How thorough a training is.

    Attributes:
        key: How it is remembered.
        updates: How many updates it makes.
    """

    key: str
    updates: int


PRESETS = (Preset("quick", 100), Preset("standard", 400), Preset("thorough", 1600))

_PLAIN_WARNINGS = (
    ("A loss is not a number", ("Something in a recording could not be computed with; the update "
     "was skipped. A damaged recording may be the cause.")),
    ("The gradient is not finite", ("Something in a recording could not be computed with; the "
     "update was skipped.")),
    ("The gradient explodes", ("The training makes unusually large steps. If held-out edits get "
     "worse, exclude pairs that differ much from the others.")),
    ("The loss of near offsets", ("The training hardly gets on with where cuts lie. Look at the "
     "pairs that you were asked to look at.")),
    ("out of memory", ("There is little memory left; the training goes on in smaller portions, and "
     "is slower. Close other programs.")),
)  # fmt: skip


def plain_warning(sentence: str) -> str:
    """Returns a warning of the trainer in words for a person who edits."""
    for part, plain in _PLAIN_WARNINGS:
        if part.casefold() in sentence.casefold():
            return plain
    return sentence


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
    """A held-out edit is to be heard, before and after."""

    def __init__(self, desk: RunDesk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._n_pairs = 0
        self._minutes = 0.0
        self._held: tuple[str, ...] = ()
        self._only_ends = False
        self._warnings: list[str] = []
        self.curves: TrainingCurves | None = None
        self.intro = QLabel()
        self.intro.setWordWrap(True)
        self.buttons = QButtonGroup(self)
        self.presets: dict[str, QRadioButton] = {}
        self.times: dict[str, QLabel] = {}
        for preset, words in zip(
            PRESETS, (self.tr("Quick"), self.tr("Standard"), self.tr("Thorough")), strict=True
        ):
            button = QRadioButton(words)
            self.buttons.addButton(button)
            self.presets[preset.key] = button
            self.times[preset.key] = QLabel()
        self.presets["standard"].setChecked(True)
        self.speed_words = QLabel()
        self.speed_words.setWordWrap(True)
        self.measure = QPushButton(self.tr("Measure"))
        self.measure.setToolTip(
            self.tr("Make a few updates, which takes some seconds, to tell how long training takes")
        )
        self.name = QLineEdit(self.tr("My editing {date}").format(date=time.strftime("%Y-%m-%d")))
        self.name.setMaxLength(60)
        self.name.setAccessibleName(self.tr("Name of the new model"))
        self.start = QPushButton(self.tr("Start training"))
        self.pause = QPushButton(self.tr("Pause"))
        self.resume = QPushButton(self.tr("Go on"))
        self.stop = QPushButton(self.tr("Stop"))
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(GRID_PX)
        self.doing = QLabel()
        self.doing.setWordWrap(True)
        self.warnings = QLabel()
        self.warnings.setWordWrap(True)
        self.outcome = QLabel()
        self.outcome.setWordWrap(True)
        self.use = QPushButton(self.tr("Use this model"))
        self.hear = QPushButton(self.tr("Hear before and after"))
        for label in (self.doing, self.warnings, self.outcome, self.intro, self.speed_words):
            label.setTextFormat(Qt.TextFormat.PlainText)
        self._lay_out()
        self._connect()
        self._dress()
        self.refresh()

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
        choosing.addLayout(grid)
        choosing.addLayout(measured)
        choosing.addLayout(named)
        acts = QHBoxLayout()
        acts.setSpacing(GRID_PX)
        for button in (self.start, self.resume, self.pause, self.stop):
            button.setAutoDefault(False)
            acts.addWidget(button)
        acts.addStretch()
        after = QHBoxLayout()
        after.setSpacing(GRID_PX)
        for button in (self.use, self.hear):
            button.setAutoDefault(False)
            after.addWidget(button)
        after.addStretch()
        self._plot_place = QVBoxLayout()
        column = QVBoxLayout(self)
        column.setContentsMargins(GRID_PX, GRID_PX, GRID_PX, GRID_PX)
        column.setSpacing(GRID_PX)
        column.addWidget(self.intro)
        column.addWidget(self.choosing)
        column.addLayout(acts)
        column.addWidget(self.doing)
        column.addWidget(self.bar)
        column.addLayout(self._plot_place)
        column.addWidget(self.warnings)
        column.addWidget(self.outcome)
        column.addLayout(after)
        column.addStretch(1)

    def _connect(self) -> None:
        desk = self._desk
        self.start.clicked.connect(self._start)
        self.pause.clicked.connect(desk.pause)
        self.resume.clicked.connect(desk.resume)
        self.stop.clicked.connect(self._stop)
        self.measure.clicked.connect(desk.measure)
        self.use.clicked.connect(self.use_wanted)
        self.hear.clicked.connect(self.hear_wanted)
        self.name.textChanged.connect(lambda _text: self.refresh())
        desk.changed.connect(self.refresh)
        desk.begun.connect(self._start_over)
        desk.happened.connect(self.take)
        desk.measured.connect(self._show_times)
        desk.measuring.running_changed.connect(lambda _running: self._show_times())
        Theme.current().theme_changed.connect(self._dress)

    @property
    def held(self) -> tuple[str, ...]:
        """Names of the pairs that the training was judged by."""
        return self._held

    @property
    def only_ends(self) -> bool:
        """Whether only their last quarters were held out."""
        return self._only_ends

    def show_pairs(self, n_pairs: int, minutes: float) -> None:
        """Says what there is to learn from.

        Args:
            n_pairs: Pairs that are learned from.
            minutes: Length of their recordings.
        """
        self._n_pairs, self._minutes = n_pairs, minutes
        self.refresh()

    def take(self, event: Mapping[str, object]) -> None:
        """Shows what the training has told."""
        kind = event.get("event")
        if kind == "begun":
            held = event.get("held")
            self._held = tuple(map(str, held)) if isinstance(held, list) else ()
            self._only_ends = event.get("only_ends") is True
            left_out = event.get("left_out")
            if isinstance(left_out, list) and left_out:
                self._warn(self._left_out_text([str(name) for name in left_out]))
        elif kind == "warning":
            self._warn(plain_warning(str(event.get("sentence", ""))))
        if kind in {"begun", "resumed", "update", "check"}:
            curves = self._plot()
            curves.take(event)
            curves.draw()

    def refresh(self) -> None:
        """Shows what can be done now."""
        desk, status = self._desk, self._desk.status
        running, resumable = desk.running, desk.can_resume
        ready = self._n_pairs >= LEAST_PAIRS
        self.intro.setText(self._intro_text())
        self.choosing.setVisible(not running and not resumable)
        self.start.setVisible(not running and not resumable)
        self.start.setEnabled(ready and bool(self.name.text().strip()))
        self.start.setToolTip(
            "" if ready else self.tr("Add recordings with finished edits to the library first.")
        )
        self.pause.setVisible(running)
        self.pause.setEnabled(desk.wanted == "run")
        self.pause.setToolTip(
            self.tr("Keep everything as it is now, and give memory and processor free.")
        )
        self.resume.setVisible(resumable)
        self.stop.setVisible(running or resumable)
        self.stop.setEnabled(desk.wanted != "stop" or resumable)
        self.stop.setText(self.tr("Stop") if running else self.tr("Give it up"))
        self.stop.setToolTip(
            self.tr("End now, and keep the best that was reached, if it is better than before.")
            if running
            else self.tr("Don't go on with this training. The library and models stay.")
        )
        self.bar.setVisible(running or resumable)
        self.bar.setRange(0, 0 if running and not status.step else max(1, status.updates))
        self.bar.setValue(status.step)
        words = self._doing_text(status)
        self.doing.setText(words)
        self.doing.setVisible(bool(words))
        if self.curves is not None:
            self.curves.setVisible(bool(self.curves.losses or self.curves.checks))
        self.warnings.setText("\n".join(f"• {words}" for words in self._warnings))
        self.warnings.setVisible(bool(self._warnings))
        outcome = self._outcome_text(status)
        self.outcome.setText(outcome)
        self.outcome.setVisible(bool(outcome))
        self.use.setVisible(status.state == "done" and not running)
        self.hear.setVisible(status.state == "done" and not running and bool(self._held))
        self._show_times()

    # ----------------------------------------------------------------------------------------------

    def _start(self) -> None:
        chosen = next(preset for preset in PRESETS if self.presets[preset.key].isChecked())
        self.start_wanted.emit(self.name.text().strip(), chosen.updates)

    def _stop(self) -> None:
        if self._desk.running:
            self._desk.stop()
        else:
            self._desk.forget()

    def _start_over(self) -> None:
        self._warnings.clear()
        self._held, self._only_ends = (), False
        updates = self._desk.request.get("updates")
        if self.curves is not None:
            self.curves.start_over(updates if isinstance(updates, int) else 0)
        self.refresh()

    def _plot(self) -> TrainingCurves:
        """Returns the curves; made when they are first needed, as their library is large."""
        if self.curves is None:
            from editorbot_gui.training_dock.curves import TrainingCurves

            self.curves = TrainingCurves()
            self._plot_place.addWidget(self.curves)
            updates = self._desk.request.get("updates")
            self.curves.start_over(updates if isinstance(updates, int) else 0)
        return self.curves

    def _warn(self, words: str) -> None:
        if words and words not in self._warnings:
            self._warnings.append(words)
            self.refresh()

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
            "EditorBot learns from {n} pairs ({minutes} min) and keeps what it learns only if it "
            "tells edits better that it was not shown. The bundled model is never changed."
        ).format(n=self._n_pairs, minutes=max(1, round(self._minutes)))

    def _doing_text(self, status: RunStatus) -> str:
        desk = self._desk
        if desk.running:
            if desk.wanted == "pause":
                return self.tr("Pausing: everything is being saved…")
            if desk.wanted == "stop":
                return self.tr("Stopping: looking at what was reached…")
            if not status.step:
                return self.tr("Getting ready: reading the library and looking at held-out edits…")
            return self._step_text(status) + self._left_text(status)
        if desk.crashed:
            return self.tr(
                "The training ended unexpectedly after {step} of {all} updates. Nothing that was "
                "saved is lost: go on from there, or give it up."
            ).format(step=status.step, all=status.updates)
        if desk.can_resume:
            return self.tr("Paused. ") + self._step_text(status)
        return ""

    def _step_text(self, status: RunStatus) -> str:
        return self.tr("{step} of {all} updates are done.").format(
            step=status.step, all=status.updates
        )

    def _left_text(self, status: RunStatus) -> str:
        speed = self._desk.speed
        if speed is None:
            return ""
        left = (status.updates - status.step) * speed.seconds_per_update
        return " " + self.tr("About {time} left.").format(time=duration_text(left))

    def _outcome_text(self, status: RunStatus) -> str:
        if self._desk.running:
            return ""
        if status.state == "failed":
            return f"{status.sentence} {status.mend}".strip()
        if status.before is None or status.after is None:
            return ""
        figures = self.tr("{before} before, {after} after (nats per event, less is better)").format(
            before=f"{status.before:.2f}", after=f"{status.after:.2f}"
        )
        if status.state == "done":
            gain = 1 - status.after / status.before
            return self.tr(
                "It helped: edits that were held out are told {gain} better: {figures}. The new "
                "model is on the page “Models”."
            ).format(gain=f"{gain:.0%}", figures=figures)
        if status.state == "nothing":
            return self.tr(
                "Nothing was learned that helps: {figures}. No model was written. More pairs, or a "
                "more thorough training, may help."
            ).format(figures=figures)
        return ""

    def _show_times(self) -> None:
        speed, measuring = self._desk.speed, self._desk.measuring.running
        for preset in PRESETS:
            self.times[preset.key].setText(self._time_text(speed, preset.updates))
        if measuring:
            words = self._desk.measuring.words
        elif speed is None:
            words = self.tr("How long it takes here is not known yet.")
        elif speed.from_run:
            words = self.tr("Times are estimated from the last training on this computer.")
        else:
            words = self.tr("Times are estimated from a short trial on this computer.")
        self.speed_words.setText(words)
        self.measure.setVisible(speed is None or not speed.from_run)
        self.measure.setEnabled(not measuring and not self._desk.running)

    def _time_text(self, speed: Speed | None, updates: int) -> str:
        count = self.tr("{n} updates").format(n=updates)
        if speed is None:
            return count
        seconds = speed.estimate(updates, _HELD_SHARE * self._minutes)
        return self.tr("about {time} ({count})").format(time=duration_text(seconds), count=count)

    def _dress(self) -> None:
        palette = Theme.current().palette
        for label in (self.intro, self.speed_words, *self.times.values()):
            label.setStyleSheet(f"color: {palette.muted.name()}")
        self.speed_words.setFont(text_font(TINY_TEXT_PX))
        self.warnings.setStyleSheet(f"color: {palette.text.name()}")
        self.outcome.setFont(text_font(bold=True))


def duration_text(seconds: float) -> str:
    """Returns a time that is only about right: "40 s", "12 min", "1 h 20 min"."""
    if seconds < 55:
        return f"{max(5, 5 * round(seconds / 5))} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{max(1, minutes)} min"
    minutes = 5 * round(minutes / 5)
    return f"{minutes // 60} h {minutes % 60} min" if minutes % 60 else f"{minutes // 60} h"
