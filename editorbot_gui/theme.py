"""The one look: colours with a meaning, quiet greys for everything else, and type.

One neutral family of greys carries the chrome; colour always says the same thing, in waveforms,
plots and lists alike. The meaning colours are Okabe and Ito's, which stay apart for colour-blind
eyes, and every one of them goes together with a letter or a shape.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

import shiboken6
from PySide6.QtCore import QCoreApplication, QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QToolTip

from model_core.edit.types import ChangeKind

GRID_PX = 8
"""Distances are multiples (or halves) of this."""
TEXT_PX = 13
SMALL_TEXT_PX = 12
TINY_TEXT_PX = 11
"""For the labels of scales only."""


class ColourScheme(StrEnum):
    """Which palette is wanted."""

    SYSTEM = "system"
    DARK = "dark"
    LIGHT = "light"


def mixed(one: QColor, other: QColor, share: float) -> QColor:
    """Returns an opaque colour that is `share` of the way from `one` to `other`."""
    keep = 1.0 - share
    return QColor.fromRgbF(
        keep * one.redF() + share * other.redF(),
        keep * one.greenF() + share * other.greenF(),
        keep * one.blueF() + share * other.blueF(),
    )


def faded(colour: QColor, alpha: float) -> QColor:
    """Returns `colour` with an opacity of `alpha`, 0 to 1."""
    result = QColor(colour)
    result.setAlphaF(alpha)
    return result


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.03928 else ((channel + 0.055) / 1.055) ** 2.4


def contrast(one: QColor, other: QColor) -> float:
    """Returns the contrast ratio of two opaque colours as WCAG 2 defines it, 1 to 21."""
    lights = sorted(
        0.2126 * _linear(colour.redF())
        + 0.7152 * _linear(colour.greenF())
        + 0.0722 * _linear(colour.blueF())
        for colour in (one, other)
    )
    return (lights[1] + 0.05) / (lights[0] + 0.05)


_INK = QColor("#14161A")
_PAPER = QColor("#FFFFFF")


def ink_on(colour: QColor) -> QColor:
    """Returns the near-black or the white that reads best on `colour`."""
    return max((_INK, _PAPER), key=lambda ink: contrast(ink, colour))


_MIN_LINE_CONTRAST = 2.0


@dataclass(frozen=True, slots=True)
class Palette:
    """The design tokens of one scheme.

    Attributes:
        name: "dark" or "light".
        window: Behind everything.
        panel: Behind the sound, lists and cards.
        line: Hairlines between areas.
        text: Text, the playhead and what has the focus.
        muted: Secondary text.
        raw: The recording.
        edited: The edit.
        cut: A cut.
        loop: A loop.
        reorder: A stretch that comes earlier or later than it was.
        problem: Problems and low confidence.
    """

    name: str
    window: QColor
    panel: QColor
    line: QColor
    text: QColor
    muted: QColor
    raw: QColor
    edited: QColor
    cut: QColor
    loop: QColor
    reorder: QColor
    problem: QColor

    @property
    def is_dark(self) -> bool:
        """Whether text is lighter than what is behind it."""
        return self.text.lightness() > self.window.lightness()

    @property
    def raised(self) -> QColor:
        """Behind buttons and pressed rows: a step from the panel towards the text."""
        return mixed(self.panel, self.text, 0.08)

    @property
    def selected(self) -> QColor:
        """Behind chosen rows; neutral, as colour is kept for meaning."""
        return mixed(self.panel, self.text, 0.18)

    @property
    def well(self) -> QColor:
        """Behind waveforms: a little deeper than the panel, so that the sound stands out."""
        return mixed(self.panel, self.window, 0.6)

    @property
    def faint(self) -> QColor:
        """For grid lines inside a plot."""
        return mixed(self.panel, self.line, 0.6)

    @property
    def selection(self) -> QColor:
        """Laid over a selected range; translucent."""
        return faded(self.text, 0.11 if self.is_dark else 0.09)

    def of_kind(self, kind: ChangeKind | None) -> QColor:
        """Returns the colour of a kind of change; muted where nothing changes."""
        if kind is None:
            return self.muted
        return {
            ChangeKind.CUT: self.cut,
            ChangeKind.LOOP: self.loop,
            ChangeKind.REORDER: self.reorder,
            ChangeKind.GAP: self.muted,
        }[kind]

    def line_of_kind(self, kind: ChangeKind | None) -> QColor:
        """Returns a kind's colour for thin lines: the same hue, light enough to be seen here.

        The dark blue of a reorder would drown in a dark well.
        """
        colour = self.of_kind(kind)
        step = 0.0
        while contrast(mixed(colour, self.text, step), self.well) < _MIN_LINE_CONTRAST:
            step += 0.05
        return mixed(colour, self.text, step)


_MEANINGS = {
    "raw": QColor("#56B4E9"),
    "edited": QColor("#009E73"),
    "cut": QColor("#E69F00"),
    "loop": QColor("#CC79A7"),
    "reorder": QColor("#0072B2"),
    "problem": QColor("#D55E00"),
}
DARK = Palette(
    name="dark",
    window=QColor("#16181D"),
    panel=QColor("#1E2128"),
    line=QColor("#2C313A"),
    text=QColor("#E6E8EC"),
    muted=QColor("#98A1AF"),
    **_MEANINGS,
)
LIGHT = Palette(
    name="light",
    window=QColor("#FBFBFC"),
    panel=QColor("#F1F3F5"),
    line=QColor("#D9DDE2"),
    text=QColor("#1B1E24"),
    muted=QColor("#5C6470"),
    **_MEANINGS,
)

LETTERS = {
    ChangeKind.CUT: "C",
    ChangeKind.LOOP: "L",
    ChangeKind.REORDER: "R",
    ChangeKind.GAP: "G",
}
"""What says a kind where colour alone would not."""


def text_font(pixels: int = TEXT_PX, *, bold: bool = False) -> QFont:
    """Returns the application's font at a size in logical pixels."""
    font = QFont(QGuiApplication.font())
    font.setPixelSize(pixels)
    if bold:
        font.setWeight(QFont.Weight.DemiBold)
    return font


def figures_font(pixels: int = SMALL_TEXT_PX, *, bold: bool = False) -> QFont:
    """Returns the font for times: figures of one width, so that a running time doesn't shake."""
    font = text_font(pixels, bold=bold)
    font.setFeature(QFont.Tag("tnum"), 1)
    return font


class Theme(QObject):
    """The palette in use. Follows the system's scheme unless one is forced.

    There is one for the application, made and owned by it: `Theme.current()`.

    Args:
        app: The application.
    """

    theme_changed = Signal()
    """Another palette is in use; views drop what they have painted."""
    _known: ClassVar[tuple[QApplication, Theme] | None] = None

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        self._app = app
        # Desktops that don't tell their scheme still show it in the palette they hand out.
        colours = app.palette()
        self._system_looks_dark = (
            colours.color(QPalette.ColorRole.WindowText).lightness()
            > colours.color(QPalette.ColorRole.Window).lightness()
        )
        self._scheme = ColourScheme.SYSTEM
        self._applied = False
        self._palette = self._wanted_palette()
        app.styleHints().colorSchemeChanged.connect(self._follow_system)

    @classmethod
    def current(cls) -> Theme:
        """Returns the application's theme.

        Raises:
            RuntimeError: If there is no application yet.
        """
        app = QCoreApplication.instance()
        if not isinstance(app, QApplication):
            raise RuntimeError("A theme needs an application.")
        known = cls._known
        if known is not None and known[0] is app and shiboken6.isValid(known[1]):
            return known[1]
        found = next((child for child in app.children() if isinstance(child, cls)), None)
        theme = found or cls(app)
        cls._known = (app, theme)  # every cell that is painted asks
        return theme

    @property
    def palette(self) -> Palette:
        """The palette in use."""
        return self._palette

    @property
    def scheme(self) -> ColourScheme:
        """What was asked for: a scheme, or to follow the system."""
        return self._scheme

    def set_scheme(self, scheme: ColourScheme | str) -> None:
        """Forces a scheme, or follows the system again.

        Args:
            scheme: A scheme or its name, as kept in the settings; an unknown name follows the
                system.
        """
        known = {member.value for member in ColourScheme}
        self._scheme = ColourScheme(scheme) if scheme in known else ColourScheme.SYSTEM
        hints = self._app.styleHints()
        if hasattr(hints, "setColorScheme"):  # Qt 6.8; lets title bars and native dialogs follow
            hints.setColorScheme(
                {
                    ColourScheme.DARK: Qt.ColorScheme.Dark,
                    ColourScheme.LIGHT: Qt.ColorScheme.Light,
                    ColourScheme.SYSTEM: Qt.ColorScheme.Unknown,
                }[self._scheme]
            )
        self._follow_system()

    def apply(self) -> None:
        """Dresses the whole application, now and whenever the palette changes."""
        self._applied = True
        self._app.setStyle("Fusion")
        font = self._app.font()
        font.setPixelSize(TEXT_PX)
        self._app.setFont(font)
        self._dress()

    def _wanted_palette(self) -> Palette:
        if self._scheme is ColourScheme.SYSTEM:
            system = self._app.styleHints().colorScheme()
            if system is Qt.ColorScheme.Unknown:
                return DARK if self._system_looks_dark else LIGHT
            return DARK if system is Qt.ColorScheme.Dark else LIGHT
        return DARK if self._scheme is ColourScheme.DARK else LIGHT

    def _follow_system(self) -> None:
        wanted = self._wanted_palette()
        if wanted is self._palette:
            return
        self._palette = wanted
        if self._applied:
            self._dress()
        self.theme_changed.emit()

    def _dress(self) -> None:
        colours = qt_palette(self._palette)
        self._app.setPalette(colours)
        QToolTip.setPalette(colours)
        self._app.setStyleSheet(style_sheet(self._palette))


def qt_palette(palette: Palette) -> QPalette:
    """Returns the palette that Qt's own widgets are painted with."""
    role = QPalette.ColorRole
    result = QPalette()
    for colour_role, colour in {
        role.Window: palette.window,
        role.WindowText: palette.text,
        role.Base: palette.panel,
        role.AlternateBase: mixed(palette.panel, palette.window, 0.5),
        role.Text: palette.text,
        role.PlaceholderText: palette.muted,
        role.Button: palette.raised,
        role.ButtonText: palette.text,
        role.BrightText: palette.problem,
        role.ToolTipBase: palette.raised,
        role.ToolTipText: palette.text,
        role.Highlight: palette.selected,
        role.HighlightedText: palette.text,
        role.Link: palette.text,
        role.LinkVisited: palette.muted,
        role.Light: mixed(palette.panel, palette.text, 0.14),
        role.Midlight: palette.raised,
        role.Mid: palette.line,
        role.Dark: mixed(palette.line, palette.window, 0.3),
        role.Shadow: mixed(palette.window, QColor("#000000"), 0.5),
    }.items():
        result.setColor(colour_role, colour)
    faint_text = mixed(palette.muted, palette.window, 0.4)
    for colour_role in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        result.setColor(QPalette.ColorGroup.Disabled, colour_role, faint_text)
    return result


def style_sheet(palette: Palette) -> str:
    """Returns the few rules that a `QPalette` can't express."""
    names = {
        "window": palette.window.name(),
        "panel": palette.panel.name(),
        "line": palette.line.name(),
        "raised": palette.raised.name(),
        "selected": palette.selected.name(),
        "text": palette.text.name(),
        "muted": palette.muted.name(),
        "thumb": mixed(palette.line, palette.text, 0.15).name(),
    }
    return _STYLE_SHEET % names


_STYLE_SHEET = """
QToolTip {
    color: %(text)s; background: %(raised)s; border: 1px solid %(line)s; padding: 4px 8px;
}
QToolBar { background: %(window)s; border: none; padding: 4px 8px; spacing: 4px; }
QToolBar::separator { background: %(line)s; width: 1px; margin: 6px 8px; }
QToolBar QToolButton {
    border: 1px solid transparent; border-radius: 4px; padding: 4px 8px; color: %(text)s;
}
QToolBar QToolButton:hover { background: %(raised)s; }
QToolBar QToolButton:pressed, QToolBar QToolButton:checked { background: %(selected)s; }
QToolBar QToolButton:focus { border-color: %(muted)s; }
QToolBar QToolButton:disabled { color: %(muted)s; }
QStatusBar { background: %(window)s; color: %(muted)s; border-top: 1px solid %(line)s; }
QStatusBar::item { border: none; }
QSplitter::handle { background: %(window)s; }
QSplitter::handle:hover { background: %(line)s; }
QMenu { background: %(panel)s; border: 1px solid %(line)s; padding: 4px; }
QMenu::item { padding: 4px 24px 4px 16px; border-radius: 4px; }
QMenu::item:selected { background: %(selected)s; }
QMenu::separator { height: 1px; background: %(line)s; margin: 4px 8px; }
QDockWidget::title { background: %(window)s; padding: 6px 8px; }
QScrollBar:horizontal { background: transparent; height: 12px; margin: 2px; }
QScrollBar:vertical { background: transparent; width: 12px; margin: 2px; }
QScrollBar::handle { background: %(thumb)s; border-radius: 4px; min-width: 24px; min-height: 24px; }
QScrollBar::handle:hover { background: %(muted)s; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
"""
