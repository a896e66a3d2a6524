"""The right end of the status bar: what is being worked on, how far it is, and a way to stop it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QToolButton, QWidget

from editorbot_gui.actions import ActionSet, tinted_icon
from editorbot_gui.theme import GRID_PX, Theme

if TYPE_CHECKING:
    from editorbot_gui.jobs import Job, JobRunner

_BAR_WIDTH_PX = 160


class JobBar(QWidget):
    """Shows the oldest running job that the person has asked for.

    Args:
        runner: The jobs.
        actions: The window's actions; "cancel" is allowed while a job can be cancelled.
        parent: The owner.
    """

    changed = Signal()
    """Another job is shown, or none."""

    def __init__(
        self, runner: JobRunner, actions: ActionSet, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._runner = runner
        self._actions = actions
        self._label = QLabel()
        self._bar = QProgressBar()
        self._bar.setFixedWidth(_BAR_WIDTH_PX)
        self._bar.setFixedHeight(GRID_PX)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(self.tr("Progress"))
        self._button = QToolButton()
        self._button.setDefaultAction(actions["cancel"])
        self._button.setAutoRaise(True)
        self._button.setIconSize(QSize(16, 16))
        self._button.setAccessibleName(self.tr("Cancel"))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(GRID_PX, 0, GRID_PX, 0)
        layout.setSpacing(GRID_PX)
        layout.addWidget(self._label)
        layout.addWidget(self._bar)
        layout.addWidget(self._button)
        runner.job_started.connect(self._refresh)
        runner.job_progressed.connect(self._refresh)
        runner.job_ended.connect(self._refresh)
        actions["cancel"].triggered.connect(self.cancel)
        Theme.current().theme_changed.connect(self._dress)
        self._dress()
        self._refresh()

    @property
    def job(self) -> Job | None:
        """The job that is shown, or None."""
        return next((job for job in self._runner.jobs if not job.quiet), None)

    def cancel(self) -> None:
        """Cancels the job that is shown."""
        if self.job is not None:
            self._runner.cancel(self.job)

    def _refresh(self) -> None:
        job = self.job
        self.setVisible(job is not None)
        can_cancel = job is not None and not job.cancelling
        self._actions.allow("cancel", "" if can_cancel else self.tr("Nothing is being worked on."))
        if job is None:
            return
        if job.cancelling:
            self._label.setText(self.tr("Cancelling…"))
        else:
            self._label.setText(job.phrase or job.words)
        self._label.setToolTip(job.words)
        share = None if job.cancelling else job.share
        self._bar.setRange(0, 0 if share is None else 1000)
        self._bar.setValue(round(1000 * (share or 0.0)))

    def _dress(self) -> None:
        self._actions["cancel"].setIcon(tinted_icon("mdi6.close", Theme.current().palette.text))
