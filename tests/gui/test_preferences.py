from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from PySide6.QtWidgets import QLabel

from editorbot_gui import computing
from editorbot_gui.computing import ComputeDevice, find_devices, usable_device
from editorbot_gui.dialogs.preferences import ChoiceField, PreferencesDialog
from editorbot_gui.generation import EngineState
from editorbot_gui.guide import cache_jobs, preferring
from editorbot_gui.guide.cache_jobs import folder_now, move_cache, try_folder
from editorbot_gui.main_window import MainWindow
from editorbot_gui.models import choice as model_choice
from editorbot_gui.models.places import models_folder
from editorbot_gui.playback.devices import SoundDevice
from editorbot_gui.settings import Settings
from editorbot_gui.theme import DARK, LIGHT, Theme
from model_core.audio.cache import CACHE_VARIABLE, cache_folder
from model_core.errors import CheckpointError, DeviceError, FileWriteError
from model_core.progress import CancelToken, no_progress
from tests.gui.fakes import FakeEngine
from tests.models.small import write_model

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from tests.gui.conftest import Rig

OUTPUTS = (
    SoundDevice("Speakers, ALSA", "Speakers", True),
    SoundDevice("Hat, ALSA", "Hat", False),
)
INPUTS = (SoundDevice("Microphone, ALSA", "Microphone", is_default=True),)
DEVICES = (ComputeDevice("cpu", "Processor (CPU)"), ComputeDevice("cuda", "A card"))


@pytest.fixture(autouse=True)
def own_surroundings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Devices that are found at once, and nothing of the process changed afterwards."""
    monkeypatch.delenv(CACHE_VARIABLE, raising=False)
    monkeypatch.setattr(preferring, "list_outputs", lambda *_: OUTPUTS)
    monkeypatch.setattr(preferring, "list_inputs", lambda *_: INPUTS)
    monkeypatch.setattr(computing, "find_devices", lambda *_: DEVICES)
    scheme = Theme.current().scheme if Theme else None
    yield
    computing.choose(computing.AUTO)
    move_cache("")
    Theme.current().set_scheme(scheme or "system")


def open_dialog(rig: Rig, qtbot: QtBot) -> PreferencesDialog:
    rig.window.commands["preferences"].trigger()
    dialog = rig.window.findChildren(PreferencesDialog)[-1]
    qtbot.waitUntil(lambda: not rig.window.runner.jobs)
    return dialog


def pick(field: ChoiceField, value: str) -> None:
    field.setCurrentIndex(field.findData(value))
    field.activated.emit(field.currentIndex())


def words(field: ChoiceField) -> list[str]:
    return [field.itemText(index) for index in range(field.count())]


def test_the_output_is_chosen_from_what_there_is(rig: Rig, qtbot: QtBot) -> None:
    dialog = open_dialog(rig, qtbot)
    assert words(dialog.outputs) == ["System default (Speakers)", "Speakers", "Hat"]
    pick(dialog.outputs, "Hat, ALSA")
    assert rig.window.player.device == "Hat, ALSA"
    assert rig.window.settings.output_device == "Hat, ALSA"
    assert dialog.message.text() == rig.window.happened.text()
    assert "Hat" in dialog.message.text()
    dialog.reject()


def test_the_input_is_kept_for_recording(rig: Rig, qtbot: QtBot) -> None:
    dialog = open_dialog(rig, qtbot)
    assert words(dialog.inputs) == ["System default (Microphone)", "Microphone"]
    pick(dialog.inputs, "Microphone, ALSA")
    assert rig.window.settings.input_device == "Microphone, ALSA"
    assert Settings(rig.window.settings.path).input_device == "Microphone, ALSA"
    dialog.reject()


def test_a_device_that_is_gone_is_still_shown_as_chosen(rig: Rig, qtbot: QtBot) -> None:
    rig.window.player.use_device("Gone, ALSA")
    rig.window.settings.compute_device = "mps"
    dialog = open_dialog(rig, qtbot)
    assert dialog.outputs.currentText() == "Gone, ALSA (not connected)"
    assert dialog.devices.currentText() == "mps (not found)"
    dialog.reject()


def test_the_appearance_changes_at_once_and_is_kept(rig: Rig, qtbot: QtBot) -> None:
    dialog = open_dialog(rig, qtbot)
    for choice, palette in (("dark", DARK), ("light", LIGHT)):
        pick(dialog.theme, choice)
        assert Theme.current().palette is palette
        assert rig.window.settings.theme == choice
        assert rig.window.commands[f"theme_{choice}"].isChecked()
    dialog.reject()


def test_the_network_is_loaded_onto_the_device_that_is_chosen(rig: Rig, qtbot: QtBot) -> None:
    dialog = open_dialog(rig, qtbot)
    assert words(dialog.devices) == ["The fastest there is", "Processor (CPU)", "A card"]
    loaded: list[str] = []
    engine = rig.engine

    def load() -> object:
        loaded.append(computing.chosen())
        return engine

    rig.window.generation.loader._load = load
    pick(dialog.devices, "cpu")
    qtbot.waitUntil(lambda: not rig.window.runner.jobs)
    assert loaded == ["cpu"]
    assert rig.window.settings.compute_device == "cpu"
    assert dialog.message.text() == "The model is loaded and computes with: CPU."
    dialog.reject()


def test_a_device_that_fails_is_told_and_the_old_one_stays(rig: Rig, qtbot: QtBot) -> None:
    dialog = open_dialog(rig, qtbot)

    def load() -> object:
        raise DeviceError("The card is broken.", "Choose another.")

    rig.window.generation.loader._load = load
    pick(dialog.devices, "cuda")
    qtbot.waitUntil(lambda: not rig.window.runner.jobs)
    assert rig.window.settings.compute_device == "auto"
    assert computing.chosen() == "auto"
    assert dialog.message.text() == "The card is broken."
    assert dialog.devices.value == "auto"
    dialog.reject()


def test_a_model_of_ones_own_is_chosen(
    rig: Rig, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = models_folder()
    folder.mkdir(parents=True)
    write_model(folder / "podcast.safetensors")
    (folder / "half of one.safetensors").write_bytes(b"half")
    asked: list[Path | None] = []

    def load(path: Path | None = None) -> object:
        asked.append(path)
        if path is None:
            raise CheckpointError("It is damaged.", "Choose another.")
        return rig.engine

    monkeypatch.setattr(model_choice, "load_bundled_engine", load)
    dialog = open_dialog(rig, qtbot)
    assert words(dialog.models) == ["The bundled one", "podcast"]
    pick(dialog.models, "podcast.safetensors")
    qtbot.waitUntil(lambda: not rig.window.runner.jobs)
    assert asked == [folder / "podcast.safetensors"]
    assert rig.window.settings.model == "podcast.safetensors"
    pick(dialog.models, "")
    qtbot.waitUntil(lambda: not rig.window.runner.jobs)
    assert dialog.message.text() == "It is damaged."
    assert rig.window.settings.model == "podcast.safetensors", "the one that works stays"
    assert dialog.models.currentText() == "podcast"
    dialog.reject()


def test_the_model_is_chosen_at_the_next_start_too_as_long_as_it_is_there(
    own_folders: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path | None] = []

    def load(path: Path | None = None) -> object:
        asked.append(path)
        if path is not None:
            raise CheckpointError("It is gone.", "Choose another.")
        return FakeEngine()

    monkeypatch.setattr(model_choice, "load_bundled_engine", load)
    settings = Settings(own_folders / "settings.ini")
    settings.model = "podcast.safetensors"
    window = MainWindow(settings)
    qtbot.addWidget(window)
    window.load_model()
    qtbot.waitUntil(lambda: window.generation.engine_state is EngineState.READY)
    assert asked == [models_folder() / "podcast.safetensors", None]
    assert "“podcast” can't be used, so the bundled one is. It is gone." in window.happened.text()
    assert window.notice.sentence.text() == window.happened.text()
    assert window.models.choice.in_use == ""
    assert settings.model == "podcast.safetensors", "it may be there again at the next start"
    window.notice.button.click()
    assert settings.model == ""
    window.close()


def test_what_is_not_there_any_more_is_not_asked_for() -> None:
    torch = pytest.importorskip("torch")
    computing.choose("cpu")
    assert usable_device() == "cpu"
    if not torch.backends.mps.is_available():
        computing.choose("mps")
        assert usable_device() == "auto"


def test_the_processor_is_always_found() -> None:
    pytest.importorskip("torch")
    assert find_devices(None, CancelToken(), no_progress)[0].name == "cpu"


def test_new_joins_get_the_usual_crossfade_by_hand_and_generated(
    rig: Rig, qtbot: QtBot, speech: Path
) -> None:
    rig.open(qtbot, speech)
    dialog = open_dialog(rig, qtbot)
    dialog.fade.setValue(25)
    assert dialog.message.text() == "New joins have crossfades of 25 ms."
    dialog.reject()
    window = rig.window
    window.view.select(window.transport.heard, 16_000, 20_000)
    window.commands["delete"].trigger()
    assert [join.length for join in window.session.edit_list.joins] == [400]
    rig.generate(qtbot)
    assert {join.length for join in window.session.edit_list.joins} == {400}
    assert Settings(window.settings.path).crossfade_ms == 25
    again = open_dialog(rig, qtbot)
    again.fade.setValue(-1)
    assert window.settings.crossfade_ms is None
    rig.generate(qtbot)
    assert {join.length for join in window.session.edit_list.joins} == {None}
    again.reject()


def test_generated_edits_leave_as_much_silence_as_is_usual(
    rig: Rig, qtbot: QtBot, speech: Path
) -> None:
    rig.open(qtbot, speech)
    dialog = open_dialog(rig, qtbot)
    dialog.pause.setValue(300)
    assert dialog.message.text() == "Generated edits leave 300 ms of a pause."
    dialog.margin.setValue(150)
    dialog.reject()
    window = rig.window
    rig.generate(qtbot)
    targets = rig.engine.options[-1].targets
    assert targets is not None
    assert (targets.pause_s, targets.margin_s) == (0.3, 0.15)
    assert targets.shortest_s == pytest.approx(0.5)
    take = window.takes.current
    assert take is not None
    assert take.options is not None
    assert take.options.targets is None, "it is no style that was chosen"
    window.commands["new_variation"].trigger()
    qtbot.waitUntil(lambda: len(rig.engine.options) == 2)
    assert rig.engine.options[-1].targets is None, "a variation draws its own"
    qtbot.waitUntil(lambda: not window.runner.jobs)
    again = open_dialog(rig, qtbot)
    assert (again.pause.length, again.margin.length) == (300, 150)
    again.pause.setValue(-1)
    again.margin.setValue(-1)
    again.reject()
    rig.generate(qtbot)
    assert rig.engine.options[-1].targets is None
    assert window.settings.usual_pause_ms is None


def test_arrows_go_from_the_open_choice_in_round_steps(rig: Rig, qtbot: QtBot) -> None:
    dialog = open_dialog(rig, qtbot)
    lengths = []
    for steps in (1, 1, 1, -1, -1, -1):
        dialog.fade.stepBy(steps)
        lengths.append(dialog.fade.length)
    assert lengths == [0, 10, 20, 10, 0, None]
    dialog.reject()


def test_unsaved_work_is_kept_as_often_as_is_chosen(rig: Rig, qtbot: QtBot, speech: Path) -> None:
    rig.open(qtbot, speech)
    dialog = open_dialog(rig, qtbot)
    keeper = rig.window.projects._keeper

    def choose(seconds: int) -> None:
        dialog.keep.setCurrentIndex(dialog.keep.findData(seconds))
        dialog.keep.activated.emit(dialog.keep.currentIndex())

    choose(-1)
    rig.generate(qtbot)
    assert not keeper._timer.isActive()
    assert keeper._copy.path is None
    assert rig.window.settings.keep_every_s is None
    choose(60)
    assert keeper._interval_ms == 60_000
    assert rig.window.settings.keep_every_s == 60
    choose(0)
    qtbot.waitUntil(lambda: keeper._copy.path is not None)
    assert rig.window.settings.keep_every_s == 0
    dialog.reject()


def test_the_cache_is_measured_and_cleared_but_for_what_is_open(
    rig: Rig, qtbot: QtBot, speech: Path
) -> None:
    rig.open(qtbot, speech)
    source = rig.window.session.source
    assert source is not None
    (cache_folder("peaks") / "other.npz").write_bytes(bytes(250_000))
    own = cache_folder("peaks") / f"{source.content_hash()}.npz"
    own.write_bytes(bytes(1000))
    dialog = open_dialog(rig, qtbot)
    assert dialog.cache_folder.text() == str(folder_now())
    assert dialog.cache_size.text() == "251 kB"
    dialog.clear_button.click()
    qtbot.waitUntil(lambda: not rig.window.runner.jobs)
    assert dialog.message.text() == "The cache was cleared: 250 kB are free again."
    assert own.exists()
    assert dialog.cache_size.text() == "1 kB"
    dialog.reject()


def test_the_cache_moves_and_goes_back(rig: Rig, qtbot: QtBot, tmp_path: Path) -> None:
    usual = folder_now()
    dialog = open_dialog(rig, qtbot)
    assert not dialog.usual_folder_button.isEnabled()
    rig.window.preferring.use_cache_folder(dialog, str(tmp_path / "elsewhere"))
    qtbot.waitUntil(lambda: not rig.window.runner.jobs)
    assert folder_now() == tmp_path / "elsewhere"
    assert cache_folder("peaks") == tmp_path / "elsewhere" / "peaks"
    assert rig.window.settings.cache_folder == str(tmp_path / "elsewhere")
    assert os.environ[CACHE_VARIABLE] == str(tmp_path / "elsewhere"), "other processes follow"
    dialog.usual_folder_button.click()
    qtbot.waitUntil(lambda: not rig.window.runner.jobs)
    assert folder_now() == usual
    assert rig.window.settings.cache_folder == ""
    dialog.reject()


def test_a_folder_that_cannot_be_written_is_refused_with_a_sentence(
    rig: Rig, qtbot: QtBot, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FileWriteError):
        try_folder(tmp_path / "file" / "below", CancelToken(), no_progress)
    usual = folder_now()
    dialog = open_dialog(rig, qtbot)
    rig.window.preferring.use_cache_folder(dialog, str(tmp_path / "file"))
    qtbot.waitUntil(lambda: not rig.window.runner.jobs)
    assert folder_now() == usual
    assert dialog.message.text().endswith(".")
    dialog.reject()


def test_a_folder_that_the_environment_names_counts_for_more(
    rig: Rig, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    move_cache(str(tmp_path / "mine"))
    assert folder_now() == tmp_path
    dialog = open_dialog(rig, qtbot)
    assert not dialog.folder_button.isEnabled()
    assert CACHE_VARIABLE in dialog.folder_button.toolTip()
    dialog.reject()


def test_damaged_settings_count_as_absent(own_folders: Path) -> None:
    path = own_folders / "damaged.ini"
    path.write_text(
        '[editing]\ncrossfade_ms=soon\n[files]\nkeep_every_s=-5\n[window]\nkeys="{\\"play\\": 3"\n',
        encoding="utf-8",
    )
    settings = Settings(path)
    assert settings.crossfade_ms is None
    assert settings.keep_every_s == 0
    assert settings.keys == {}


def test_every_field_has_a_label_and_a_name(rig: Rig, qtbot: QtBot) -> None:
    dialog = open_dialog(rig, qtbot)
    for field in (dialog.outputs, dialog.inputs, dialog.theme, dialog.devices, dialog.models,
                  dialog.fade, dialog.pause, dialog.margin, dialog.keep):  # fmt: skip
        assert field.accessibleName()
    buddies = {label.buddy() for label in dialog.findChildren(QLabel)}
    assert {dialog.outputs, dialog.fade, dialog.keep} <= buddies
    dialog.reject()
    assert cache_jobs.folder_now() == folder_now()
