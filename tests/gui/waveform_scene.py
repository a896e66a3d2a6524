"""A recording with an edit in all views, for the tests of the views."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QColor, QImage, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget

from editorbot_gui.waveform.alignment_plot import AlignmentPlot
from editorbot_gui.waveform.axis_view import AxisView
from editorbot_gui.waveform.overview import OverviewView
from editorbot_gui.waveform.ruler import TimeRuler
from editorbot_gui.waveform.view_state import Axis, ViewState
from editorbot_gui.waveform.waveform_data import WaveformData
from editorbot_gui.waveform.waveform_view import WaveformView
from model_core.audio.peaks import PeakBuilder
from model_core.audio.source import ArraySource
from model_core.edit.timeline import Timeline
from model_core.edit.types import EditList, Gap, Segment

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt


RATE = 8000
LENGTH = 60 * RATE
S = RATE
EDIT = EditList(
    (
        Segment(0, 1 * S, 10 * S),
        Segment(0, 14 * S, 30 * S),  # a cut of 4 s
        Segment(0, 24 * S, 36 * S),  # a loop of 6 s
        Gap(2 * S),
        Segment(0, 50 * S, 55 * S),
        Segment(0, 40 * S, 48 * S, -6.0),  # moved to after what follows it
    )
)


def tone(n_samples: int = LENGTH, channels: int = 2) -> npt.NDArray[np.int16]:
    wave = np.sin(np.arange(n_samples) / 7) * 12_000
    return np.repeat(wave.astype(np.int16)[:, np.newaxis], channels, axis=1)


class Scene:
    """All views of a document, 800 pixels wide.

    Args:
        samples: The recording, or None for an empty window.
        edit: The edit.
    """

    def __init__(
        self, samples: npt.NDArray[np.int16] | None = None, edit: EditList | None = None
    ) -> None:
        self.state = ViewState()
        self.raw = WaveformView(self.state, "raw")
        self.edited = WaveformView(self.state, "edited")
        self.overview = OverviewView(self.state)
        self.plot = AlignmentPlot(self.state)
        self.raw_ruler = TimeRuler(self.state, Axis.RAW)
        self.edited_ruler = TimeRuler(self.state, Axis.EDITED)
        self.data: WaveformData | None = None
        for view in self.views:
            view.resize(800, view.minimumSizeHint().height() if view.height() < 20 else 160)
        if samples is not None:
            self.open(samples, edit if edit is not None else EDIT)

    @property
    def views(self) -> tuple[AxisView, ...]:
        return (
            self.overview, self.raw_ruler, self.raw, self.edited_ruler, self.edited, self.plot,
        )  # fmt: skip

    def open(self, samples: npt.NDArray[np.int16], edit: EditList) -> None:
        source = ArraySource(samples, RATE)
        builder = PeakBuilder(source)
        for _ in builder:
            pass
        self.data = WaveformData(source, builder.pyramid, run=_at_once)
        self.state.set_document(source.n_samples, RATE, Timeline(edit))
        for view in (self.raw, self.edited, self.overview):
            view.set_data(self.data)


def _at_once(work: Callable[[], None]) -> None:
    work()


def grab(view: QWidget) -> QImage:
    """Returns what a view looks like, once it has drawn."""
    if isinstance(view, AxisView):
        view.draw()
    return view.grab().toImage()


def colours_in(image: QImage, colour: QColor, area: QRect) -> int:
    """Counts pixels close to a colour."""
    count = 0
    for x in range(area.left(), area.right() + 1):
        for y in range(area.top(), area.bottom() + 1):
            pixel = image.pixelColor(x, y)
            distance = sum(
                abs(a - b)
                for a, b in zip(pixel.getRgb()[:3], colour.getRgb()[:3], strict=True)  # type: ignore[index]
            )
            count += distance < 40
    return count


def mouse(
    view: QWidget,
    kind: QEvent.Type,
    x: float,
    y: float = 60,
    button: Qt.MouseButton = Qt.MouseButton.LeftButton,
    modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
) -> None:
    """Sends one mouse event."""
    place = QPointF(x, y)
    moving = kind == QEvent.Type.MouseMove
    event = QMouseEvent(
        kind,
        place,
        view.mapToGlobal(place),
        Qt.MouseButton.NoButton if moving else button,
        button if kind != QEvent.Type.MouseButtonRelease else Qt.MouseButton.NoButton,
        modifiers,
    )
    QApplication.sendEvent(view, event)


def click(
    view: QWidget,
    x: float,
    y: float = 60,
    modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
) -> None:
    """Clicks without moving."""
    mouse(view, QEvent.Type.MouseButtonPress, x, y, modifiers=modifiers)
    mouse(view, QEvent.Type.MouseButtonRelease, x, y, modifiers=modifiers)


def drag(
    view: QWidget,
    *stops: float,
    y: float = 60,
    button: Qt.MouseButton = Qt.MouseButton.LeftButton,
    release: bool = True,
) -> None:
    """Drags from the first place over all others."""
    mouse(view, QEvent.Type.MouseButtonPress, stops[0], y, button)
    for x in stops[1:]:
        mouse(view, QEvent.Type.MouseMove, x, y, button)
    if release:
        mouse(view, QEvent.Type.MouseButtonRelease, stops[-1], y, button)


def hover(view: QWidget, x: float, y: float = 60) -> None:
    """Moves the pointer to a place."""
    mouse(view, QEvent.Type.MouseMove, x, y, Qt.MouseButton.NoButton)


def wheel(
    view: QWidget,
    x: float,
    notches: float,
    modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
) -> None:
    """Turns the wheel at a place."""
    place = QPointF(x, 60)
    event = QWheelEvent(
        place,
        view.mapToGlobal(place),
        QPoint(),
        QPoint(0, round(120 * notches)),
        Qt.MouseButton.NoButton,
        modifiers,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view, event)
