from __future__ import annotations

import json
import subprocess
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtWidgets import QMenu

from editorbot_gui.jobs import JobRunner
from editorbot_gui.playback import device_menu, devices
from editorbot_gui.playback.device_menu import DeviceMenu
from editorbot_gui.playback.devices import SoundDevice, _parsed, list_inputs, list_outputs
from editorbot_gui.playback.list_devices import devices as listed_devices
from editorbot_gui.playback.player import Player
from model_core.errors import CancelledError, DeviceError
from model_core.progress import CancelToken
from tests.gui.playback_fakes import ManualBackend

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot

SPEAKERS = SoundDevice("Speakers, ALSA", "Speakers", is_default=True)
HEADPHONES = SoundDevice("Head & phones, ALSA", "Head & phones", is_default=False)


def quiet(_share: float, _words: str) -> None: ...


def test_a_process_of_its_own_lists_what_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "_LONGEST_S", 60.0)  # a busy machine
    # Whatever this machine has; without PortAudio, nothing.
    for look in (list_outputs, list_inputs):
        found = look(None, CancelToken(), quiet)
        assert all(device.id.startswith(device.name + ", ") for device in found)
        assert all(device.channels > 0 for device in found)
        assert sum(device.is_default for device in found) <= 1


def test_listing_can_be_cancelled() -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(CancelledError):
        list_outputs(None, token, quiet)


def test_listing_does_not_load_the_window() -> None:
    code = (
        "import editorbot_gui.playback.list_devices, sys;"
        "print('PySide6' in sys.modules or 'torch' in sys.modules)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )
    assert answer.stdout.strip() == "False"


def test_only_the_devices_of_the_usual_interface_are_listed() -> None:
    devices: list[dict[str, Any]] = [
        {"name": "Microphone", "max_output_channels": 0, "max_input_channels": 1},
        {"name": "Speakers", "max_output_channels": 2, "max_input_channels": 0},
        {"name": "Speakers", "max_output_channels": 2, "max_input_channels": 0},
        {"name": "Line", "max_output_channels": 0, "max_input_channels": 2},
    ]
    nothing = {"default_output_device": -1, "default_input_device": -1}
    library: Any = SimpleNamespace(
        query_hostapis=lambda: (
            {"name": "Empty", "devices": [], **nothing},
            {
                "name": "WASAPI",
                "devices": [0, 1, 3],
                "default_output_device": 1,
                "default_input_device": 0,
            },
            {"name": "MME", "devices": [2], "default_output_device": 2, "default_input_device": -1},
        ),
        query_devices=lambda index: devices[index],
    )
    assert listed_devices(library, "output") == [
        {"name": "Speakers", "id": "Speakers, WASAPI", "channels": 2, "default": True}
    ]
    assert listed_devices(library, "input") == [
        {"name": "Microphone", "id": "Microphone, WASAPI", "channels": 1, "default": True},
        {"name": "Line", "id": "Line, WASAPI", "channels": 2, "default": False},
    ]
    empty: Any = SimpleNamespace(query_hostapis=lambda: ())
    assert listed_devices(empty, "input") == []


@pytest.mark.parametrize("answer", ["", "nonsense", '[{"id": 3}]', "7"])
def test_an_answer_that_is_none_is_a_sentence(answer: str) -> None:
    with pytest.raises(DeviceError, match="can't be listed"):
        _parsed(answer)
    row = {"id": "a", "name": "b", "channels": 2, "default": False}
    assert _parsed(json.dumps([row])) == (SoundDevice("a", "b", is_default=False),)


class Rig:
    def __init__(self) -> None:
        self.found: tuple[SoundDevice, ...] | DeviceError = (SPEAKERS,)
        self.runner = JobRunner()
        self.backend = ManualBackend()
        self.player = Player(None, self.backend, threaded=False)
        self.menu = QMenu()
        self.devices = DeviceMenu(self.menu, self.player, self.runner)
        self.chosen: list[str] = []
        self.devices.chosen.connect(self.chosen.append)

    def list(self, *_args: object) -> tuple[SoundDevice, ...]:
        if isinstance(self.found, DeviceError):
            raise self.found
        return self.found

    def refresh(self, qtbot: QtBot) -> None:
        self.devices.refresh()
        qtbot.waitUntil(lambda: not self.runner.jobs)

    @property
    def lines(self) -> list[str]:
        return [
            ("● " if action.isChecked() else "") + action.text()
            for action in self.menu.actions()
            if not action.isSeparator()
        ]

    def choose(self, text: str) -> None:
        next(action for action in self.menu.actions() if action.text() == text).trigger()


@pytest.fixture
def rig(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    rig = Rig()
    qtbot.addWidget(rig.menu)
    monkeypatch.setattr(device_menu, "list_outputs", rig.list)
    yield rig
    rig.runner.close()
    rig.player.close()


def test_the_menu_lists_anew_and_chooses(rig: Rig, qtbot: QtBot) -> None:
    assert rig.lines == ["● System default", "Looking for sound outputs…"]
    rig.refresh(qtbot)
    assert rig.lines == ["● System default (Speakers)", "Speakers"]
    assert rig.backend.forgotten == 0
    rig.found = (SPEAKERS, HEADPHONES)
    rig.refresh(qtbot)
    assert rig.lines == ["● System default (Speakers)", "Speakers", "Head && phones"]
    assert rig.backend.forgotten == 1  # PortAudio has to look again, too
    rig.choose("Head && phones")
    assert rig.chosen == [HEADPHONES.id]
    assert rig.player.device == HEADPHONES.id
    rig.found = (SPEAKERS,)
    rig.refresh(qtbot)
    assert rig.lines[-1] == "● Head && phones (not connected)"
    rig.choose("System default (Speakers)")
    assert rig.player.device is None
    assert rig.chosen[-1] == ""


def test_no_output_and_no_answer_are_sentences(rig: Rig, qtbot: QtBot) -> None:
    rig.found = ()
    rig.refresh(qtbot)
    assert rig.lines == ["● System default", "No sound output was found"]


def test_a_failure_is_shown_in_the_menu(rig: Rig, qtbot: QtBot) -> None:
    rig.found = DeviceError("The sound system does not answer.")
    rig.refresh(qtbot)
    assert rig.lines == ["● System default", "The sound system does not answer."]
