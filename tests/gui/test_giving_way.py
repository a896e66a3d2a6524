from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from tests.gui.conftest import Rig


@pytest.fixture
def open_rig(rig: Rig, qtbot: QtBot, speech: Path) -> Rig:
    rig.open(qtbot, speech)
    rig.generate(qtbot)
    return rig


def resize(rig: Rig, qtbot: QtBot, width: int, height: int) -> None:
    rig.window.resize(width, height)
    for _ in range(3):  # the panel asks for its height once the window has another
        qtbot.wait(1)


def test_the_window_fits_full_hd_at_200_percent(open_rig: Rig, qtbot: QtBot) -> None:
    resize(open_rig, qtbot, 960, 540)
    assert open_rig.window.height() <= 552
    panel = open_rig.window.generate_panel
    assert panel.visibleRegion().boundingRect().height() < panel.height(), "it is scrolled"
    area = open_rig.window.docks[0].widget()
    assert area.verticalScrollBar().isVisible()
    button = panel.generate_button
    button.setFocus()
    area.ensureWidgetVisible(button)
    assert not button.visibleRegion().isEmpty()


def test_opening_leaves_a_low_window_low(rig: Rig, qtbot: QtBot, speech: Path) -> None:
    resize(rig, qtbot, 960, 500)
    rig.open(qtbot, speech)
    resize(rig, qtbot, 960, 500)
    assert rig.window.height() <= 552


def test_the_panel_is_whole_where_there_is_room(open_rig: Rig, qtbot: QtBot) -> None:
    panel = open_rig.window.generate_panel
    for height in (540, 1000, 800):
        resize(open_rig, qtbot, 1280, height)
        whole = height > 540
        qtbot.waitUntil(
            lambda whole=whole: (
                whole == (panel.visibleRegion().boundingRect().height() == panel.height())
            )
        )
    assert not open_rig.window.docks[0].widget().verticalScrollBar().isVisible()


def test_the_panel_takes_no_more_height_than_it_needs(open_rig: Rig, qtbot: QtBot) -> None:
    resize(open_rig, qtbot, 1280, 1000)
    panel, area = open_rig.window.generate_panel, open_rig.window.docks[0].widget()
    assert area.height() <= panel.sizeHint().height()
    before = panel.sizeHint().height()
    panel.keeps_decided.setText("Keep 3 decisions")
    panel.keeps_decided.setVisible(not panel.keeps_decided.isVisible())
    qtbot.waitUntil(lambda: panel.sizeHint().height() != before)
    qtbot.waitUntil(lambda: area.height() == panel.sizeHint().height())
