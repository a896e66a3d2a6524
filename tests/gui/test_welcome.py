from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QLabel, QWidget

from editorbot_gui.actions import ActionSet
from editorbot_gui.settings import Settings
from editorbot_gui.welcome.recent_list import MOST_SHOWN, shortened_folder
from editorbot_gui.welcome.welcome import Welcome

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from tests.gui.conftest import Rig


@pytest.fixture
def settings(own_folders: Path) -> Settings:
    return Settings(own_folders / "settings.ini")


def make_welcome(qtbot: QtBot, settings: Settings) -> Welcome:
    window = QWidget()
    qtbot.addWidget(window)
    welcome = Welcome(ActionSet(window), settings)
    qtbot.addWidget(welcome)
    welcome.destroyed.connect(window.deleteLater)  # its actions are needed as long
    welcome.resize(1000, 700)
    welcome.show()
    return welcome


def test_the_first_start_says_what_the_program_does_and_how_to_begin(
    qtbot: QtBot, settings: Settings
) -> None:
    welcome = make_welcome(qtbot, settings)
    assert welcome.introduction.isVisible()
    assert "Drop a recording here" in welcome.headline.text()
    assert [button.text() for button in welcome.buttons.values()] == [
        "Open", "Record", "Open the speech demo", "Open the music demo",
    ]  # fmt: skip
    assert not welcome.recent.isVisible()


def test_the_introduction_stays_away_once_it_is_dismissed_and_can_be_had_again(
    qtbot: QtBot, settings: Settings
) -> None:
    welcome = make_welcome(qtbot, settings)
    assert welcome.introduction_button.text() == "Don't show the introduction again"
    qtbot.keyClick(welcome.introduction_button, Qt.Key.Key_Space)
    assert not welcome.introduction.isVisible()
    assert all(button.isVisible() for button in welcome.buttons.values())
    again = make_welcome(qtbot, Settings(settings.path))
    assert not again.introduction.isVisible()
    again.introduction_button.click()
    assert again.introduction.isVisible()
    assert settings.introduction


def test_what_was_opened_last_is_offered(qtbot: QtBot, settings: Settings, tmp_path: Path) -> None:
    for number in range(MOST_SHOWN + 2):
        settings.add_recent_file(tmp_path / f"talk & {number}.editorbot")
    welcome = make_welcome(qtbot, settings)
    assert len(welcome.recent.buttons) == MOST_SHOWN
    first = welcome.recent.buttons[0]
    assert first.text() == f"talk && {MOST_SHOWN + 1}.editorbot"
    assert first.accessibleName() == f"Open talk & {MOST_SHOWN + 1}.editorbot"
    with qtbot.waitSignal(welcome.chosen) as caught:
        qtbot.mouseClick(first, Qt.MouseButton.LeftButton)
    assert caught.args == [tmp_path / f"talk & {MOST_SHOWN + 1}.editorbot"]
    settings.clear_recent_files()
    welcome.refresh()
    assert not welcome.recent.isVisible()


def test_folders_are_told_from_the_home_folder_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert shortened_folder(tmp_path / "talks") == str(Path("~") / "talks")
    assert shortened_folder(tmp_path.parent) == str(tmp_path.parent)


def test_a_recent_file_opens_from_the_empty_window(rig: Rig, qtbot: QtBot, speech: Path) -> None:
    window = rig.window
    window.settings.add_recent_file(speech)
    window.settings.add_recent_file(speech.with_name("gone.wav"))
    window.empty_state.refresh()
    gone, there = window.empty_state.recent.buttons
    with qtbot.waitSignal(window.opener.failed):
        gone.click()
    rig.dialog.close()
    assert len(window.empty_state.recent.buttons) == 1
    with qtbot.waitSignal(window.session.source_changed):
        window.empty_state.recent.buttons[0].click()
    assert there is not None
    assert window.session.path == speech


@pytest.mark.parametrize("size", [QSize(1000, 700), QSize(640, 420)])
def test_nothing_is_cut_off(qtbot: QtBot, settings: Settings, size: QSize) -> None:
    for number in range(MOST_SHOWN):
        settings.add_recent_file(Path(f"talk {number}.wav").absolute())
    welcome = make_welcome(qtbot, settings)
    welcome.resize(size)
    qtbot.wait(1)
    for label in welcome.introduction.findChildren(QLabel):
        if label.text():
            assert label.height() >= label.heightForWidth(label.width()), label.text()
    for button in (*welcome.buttons.values(), welcome.introduction_button):
        assert button.width() >= button.minimumSizeHint().width()
