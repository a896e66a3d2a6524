"""What another style would keep of the stretch that is in view, shown while a slider moves."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEvent, QObject, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from editorbot_gui.jobs import Job, JobRunner, Lane
from editorbot_gui.theme import GRID_PX, TINY_TEXT_PX, Theme, faded, text_font
from editorbot_gui.waveform.pieces import joined_spans
from editorbot_gui.waveform.view_state import Axis

if TYPE_CHECKING:
    from editorbot_gui.generation import EngineLoader, Generation
    from editorbot_gui.session import Session
    from editorbot_gui.waveform.axis_view import AxisView
    from editorbot_gui.waveform.view_state import ViewState
    from model_core.audio.source import AudioSource
    from model_core.edit.locks import Range
    from model_core.options import GenerateOptions
    from model_core.progress import CancelToken, Progress

FIRST_PREVIEW_S = 30.0
"""So much of a recording is looked at first."""
_SHORTEST_PREVIEW_S = 5.0
_LONGEST_PREVIEW_S = 120.0
_AIM_S = 0.18
"""A look is to take this long, so that what a drag asks for is there within 300 ms."""
_BAND_PX = 6
_VEIL_ALPHA = 0.72


@dataclass(frozen=True, slots=True)
class PreviewRequest:
    """What to look at.

    Attributes:
        loader: Gives the network.
        source: The recording.
        options: What is asked for.
        start: First sample of the stretch.
        stop: Its end, exclusive.
    """

    loader: EngineLoader
    source: AudioSource
    options: GenerateOptions
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Previewed:
    """What would be kept.

    Attributes:
        source: The recording.
        start: First sample of the stretch that was looked at.
        stop: Its end, exclusive.
        kept: Ranges of samples within it, in the order of the edit.
        took_s: How long the look took, in seconds.
    """

    source: AudioSource
    start: int
    stop: int
    kept: tuple[Range, ...]
    took_s: float


def preview(request: PreviewRequest, cancel: CancelToken, progress: Progress) -> Previewed:
    """Finds out what would be kept of a stretch; a job function.

    Raises:
        EditorBotError: If the network can't be loaded or has no such axis.
    """
    engine = request.loader.get()
    encoding = request.loader.encoding(request.source, progress, cancel)
    began = time.perf_counter()
    kept = engine.preview(encoding, request.options, request.start, request.stop)
    took_s = time.perf_counter() - began
    return Previewed(request.source, request.start, request.stop, kept, took_s)


class PreviewOverlay(QWidget):
    """Lies over the recording's waveform: what would go is veiled, what would stay has a band.

    Args:
        view: The recording's view.
        state: What the views share.
    """

    def __init__(self, view: AxisView, state: ViewState) -> None:
        super().__init__(view)
        self._view = view
        self._shown: Previewed | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName(self.tr("Preview of the edit"))
        view.installEventFilter(self)
        state.range_changed.connect(self.update)
        self.hide()

    @property
    def shown(self) -> Previewed | None:
        """What is shown, or None."""
        return self._shown

    def show_preview(self, previewed: Previewed | None) -> None:
        """Shows what would be kept, or nothing any more."""
        self._shown = previewed
        self.setGeometry(self._view.rect())
        self.setVisible(previewed is not None)
        self.raise_()
        self.update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stays as large as the view."""
        if event.type() is QEvent.Type.Resize:
            self.setGeometry(self._view.rect())
        return super().eventFilter(watched, event)

    def spans(self) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
        """Returns where what is kept and what goes is, in logical pixels across."""
        shown = self._shown
        if shown is None:
            return [], []
        kept = np.array(sorted(shown.kept), np.float64).reshape(-1, 2)
        corners = [float(shown.start)]
        for start, stop in joined_spans(kept, 0.0):
            corners += [start, stop]
        corners.append(float(shown.stop))
        x = [self._view.x_of(corner) for corner in corners]
        gone = [(a, b) for a, b in zip(x[::2], x[1::2], strict=True) if b > a]
        return list(zip(x[1:-1:2], x[2:-1:2], strict=True)), gone

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paints the veil and the band."""
        if self._shown is None:
            return
        palette, plot = Theme.current().palette, QRectF(self._view.plot)
        painter = QPainter(self)
        painter.setClipRect(plot)
        kept, gone = self.spans()
        for left, right in gone:
            painter.fillRect(
                QRectF(left, plot.top(), max(1.0, right - left), plot.height()),
                faded(palette.well, _VEIL_ALPHA),
            )
        for left, right in kept:
            painter.fillRect(
                QRectF(left, plot.bottom() - _BAND_PX, max(1.0, right - left), _BAND_PX),
                palette.edited,
            )
        words, font = self.tr("Preview: the green stretches would stay"), text_font(TINY_TEXT_PX)
        painter.setFont(font)
        width = painter.fontMetrics().horizontalAdvance(words) + 2 * GRID_PX
        place = QRectF(plot.right() - width - GRID_PX, plot.bottom() - 4 * GRID_PX, width, 20)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(palette.line)
        painter.setBrush(palette.raised)
        painter.drawRoundedRect(place, 4, 4)
        painter.setPen(palette.text)
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, words)
        painter.end()


class Previewer(QObject):
    """Looks at the visible stretch with what is asked for, one look at a time, the last one wins.

    Args:
        session: The document.
        view: What the views share.
        runner: Runs the jobs.
        generation: Knows the network.
        overlay: Shows what comes out.
        parent: The owner.
    """

    def __init__(
        self,
        session: Session,
        view: ViewState,
        runner: JobRunner,
        generation: Generation,
        overlay: PreviewOverlay,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._view = view
        self._runner = runner
        self._generation = generation
        self._overlay = overlay
        self._job: Job | None = None
        self._next: GenerateOptions | None = None
        self._wanted = False
        self._most_s = FIRST_PREVIEW_S
        session.source_changed.connect(self.end)

    def ask(self, options: GenerateOptions) -> None:
        """Begins to look, or looks next; nothing happens before the recording was listened to."""
        source = self._session.source
        if source is None or not self._generation.loader.has_heard(source):
            return
        self._wanted = True
        self._next = options
        if self._job is None:
            self._look()

    def end(self) -> None:
        """Shows nothing any more."""
        self._wanted = False
        self._next = None
        self._overlay.show_preview(None)

    def stretch(self) -> tuple[int, int]:
        """Returns what to look at: what is visible, or the part of it around the playhead."""
        length = self._view.length(Axis.RAW)
        low, high = self._view.visible(Axis.RAW)
        start, stop = max(0, int(low)), min(length, int(high) + 1)
        most = int(self._most_s * self._view.sample_rate)
        if stop - start > most:
            middle = self._view.playhead(Axis.RAW)
            if not start <= middle < stop:
                middle = (start + stop) // 2
            start = min(max(start, middle - most // 2), stop - most)
            stop = start + most
        return start, stop

    def _look(self) -> None:
        source, options = self._session.source, self._next
        self._next = None
        if source is None or options is None:
            return
        start, stop = self.stretch()
        if start >= stop:
            return
        self._job = self._runner.start(
            Lane.MODEL,
            preview,
            PreviewRequest(self._generation.loader, source, options, start, stop),
            words=self.tr("Looking ahead…"),
            on_done=self._take,
            on_failed=lambda _error: self._go_on(),
            on_cancelled=self._go_on,
            quiet=True,
        )

    def _learn_pace(self, previewed: Previewed) -> None:
        """Looks at as much the next time as this machine manages in time."""
        length_s = (previewed.stop - previewed.start) / self._view.sample_rate
        manageable_s = length_s * _AIM_S / max(previewed.took_s, 1e-6)
        # A short look says little of a long one.
        limit_s = min(manageable_s, 2 * max(length_s, self._most_s))
        self._most_s = min(max(limit_s, _SHORTEST_PREVIEW_S), _LONGEST_PREVIEW_S)

    def _take(self, previewed: Previewed) -> None:
        self._learn_pace(previewed)
        if self._wanted and previewed.source is self._session.source:
            self._overlay.show_preview(previewed)
        self._go_on()

    def _go_on(self) -> None:
        self._job = None
        if self._next is not None:
            self._look()
