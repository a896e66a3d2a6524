from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

from editorbot_gui.theme import (
    DARK,
    LETTERS,
    LIGHT,
    ColourScheme,
    Palette,
    Theme,
    contrast,
    figures_font,
    ink_on,
    mixed,
    qt_palette,
    style_sheet,
)
from model_core.edit.types import ChangeKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot

MEANINGS = ("raw", "edited", "cut", "loop", "reorder", "problem")


@pytest.fixture
def theme(qapp: QApplication) -> Iterator[Theme]:
    theme = Theme.current()
    before = theme.scheme
    palette, sheet = qapp.palette(), qapp.styleSheet()
    yield theme
    theme.set_scheme(before)
    qapp.setPalette(palette)
    qapp.setStyleSheet(sheet)


def test_there_is_one_theme_that_the_application_owns(theme: Theme, qapp: QApplication) -> None:
    assert Theme.current() is theme
    assert theme.parent() is qapp


@pytest.mark.parametrize("palette", [DARK, LIGHT], ids=lambda palette: palette.name)
def test_text_is_legible_on_everything_that_it_stands_on(palette: Palette) -> None:
    for ground in (palette.window, palette.panel, palette.well):
        assert contrast(palette.text, ground) >= 7
        assert contrast(palette.muted, ground) >= 4.5
    assert contrast(palette.text, palette.raised) >= 4.5
    assert contrast(palette.text, palette.selected) >= 4.5


@pytest.mark.parametrize("palette", [DARK, LIGHT], ids=lambda palette: palette.name)
def test_letters_are_legible_on_their_colours(palette: Palette) -> None:
    for kind in LETTERS:
        colour = palette.of_kind(kind)
        assert contrast(ink_on(colour), colour) >= 4.5


@pytest.mark.parametrize("palette", [DARK, LIGHT], ids=lambda palette: palette.name)
def test_thin_lines_stand_out_and_keep_their_hue(palette: Palette) -> None:
    for kind in (ChangeKind.CUT, ChangeKind.LOOP, ChangeKind.REORDER):
        line, colour = palette.line_of_kind(kind), palette.of_kind(kind)
        assert contrast(line, palette.well) >= 2
        assert abs(line.hsvHueF() - colour.hsvHueF()) < 0.06


def test_a_colour_means_the_same_in_both_schemes() -> None:
    for name in MEANINGS:
        assert getattr(DARK, name) == getattr(LIGHT, name)
    assert len({getattr(DARK, name).name() for name in MEANINGS}) == len(MEANINGS)


def test_kinds_have_letters_of_their_own() -> None:
    assert len(set(LETTERS.values())) == len(LETTERS) == len(ChangeKind)


def test_a_forced_scheme_is_announced_once(theme: Theme, qtbot: QtBot) -> None:
    theme.set_scheme(ColourScheme.LIGHT)
    with qtbot.waitSignal(theme.theme_changed):
        theme.set_scheme("dark")
    assert theme.palette is DARK
    with qtbot.assertNotEmitted(theme.theme_changed):
        theme.set_scheme(ColourScheme.DARK)


def test_an_unknown_name_follows_the_system(theme: Theme) -> None:
    theme.set_scheme("solarised")
    assert theme.scheme is ColourScheme.SYSTEM


def test_the_systems_scheme_is_followed_unless_one_is_forced(
    theme: Theme, qapp: QApplication, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Hints:
        scheme = Qt.ColorScheme.Light

        def colorScheme(self) -> Qt.ColorScheme:  # noqa: N802 - Qt's name
            return self.scheme

        def setColorScheme(self, scheme: Qt.ColorScheme) -> None:  # noqa: N802 - Qt's name
            pass

    hints = Hints()
    real = qapp.styleHints()
    monkeypatch.setattr(theme._app, "styleHints", lambda: hints, raising=False)
    theme.set_scheme(ColourScheme.SYSTEM)
    assert theme.palette is LIGHT
    hints.scheme = Qt.ColorScheme.Dark
    with qtbot.waitSignal(theme.theme_changed):
        real.colorSchemeChanged.emit(Qt.ColorScheme.Dark)
    assert theme.palette is DARK
    theme.set_scheme(ColourScheme.LIGHT)
    real.colorSchemeChanged.emit(Qt.ColorScheme.Dark)
    assert theme.palette is LIGHT


def test_applying_dresses_the_application_and_a_change_dresses_it_anew(
    theme: Theme, qapp: QApplication
) -> None:
    theme.set_scheme(ColourScheme.DARK)
    theme.apply()
    assert qapp.palette().color(QPalette.ColorRole.Window) == DARK.window
    theme.set_scheme(ColourScheme.LIGHT)
    assert qapp.palette().color(QPalette.ColorRole.Window) == LIGHT.window
    assert LIGHT.line.name() in qapp.styleSheet()


def test_disabled_text_is_fainter() -> None:
    palette = qt_palette(DARK)
    plain = palette.color(QPalette.ColorGroup.Active, QPalette.ColorRole.Text)
    faint = palette.color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Text)
    assert contrast(faint, DARK.window) < contrast(plain, DARK.window)


def test_the_style_sheet_has_no_holes() -> None:
    assert "%(" not in style_sheet(DARK)
    assert style_sheet(DARK).count("{") == style_sheet(DARK).count("}")


@pytest.mark.usefixtures("qapp")
def test_times_are_set_in_tabular_figures() -> None:
    assert any(tag.toString() == b"tnum" for tag in figures_font().featureTags())


def test_mixing_goes_from_one_to_the_other() -> None:
    one, other = QColor("#000000"), QColor("#ffffff")
    assert mixed(one, other, 0).name() == "#000000"
    assert mixed(one, other, 1).name() == "#ffffff"
    assert contrast(one, other) == pytest.approx(21)
