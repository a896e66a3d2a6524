"""Styles in the real window: sliders that decode live, axes, saved styles, finished pairs."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox

from editorbot_gui.generation import EngineLoader, EngineState
from editorbot_gui.main_window import MainWindow
from editorbot_gui.playback.player import Player
from editorbot_gui.settings import Settings
from editorbot_gui.styles.pair_dialog import PairDialog
from editorbot_gui.styles.presets import styles_folder
from editorbot_gui.styles.preview import FIRST_PREVIEW_S, Previewed
from editorbot_gui.styles.save_dialog import SaveStyleDialog
from editorbot_gui.waveform.view_state import Axis
from model_core.edit.types import EditList
from model_core.styles import Style, write_style
from tests.gui.playback_fakes import ManualBackend

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from PySide6.QtWidgets import QAbstractSlider
    from pytestqt.qtbot import QtBot

    from tests.gui.conftest import Rig

HASH = "cd" * 32
RATE = 16_000
AXES = ("length", "loops")


@pytest.fixture
def generated(rig: Rig, qtbot: QtBot, speech: Path) -> Rig:
    rig.open(qtbot, speech)
    rig.generate(qtbot)
    return rig


def drag(qtbot: QtBot, window: MainWindow, slider: QAbstractSlider, *values: int) -> None:
    """Drags a slider over some values, and lets it go when what is in view was looked at."""
    slider.setSliderDown(True)
    for value in values:
        slider.setValue(value)
    qtbot.waitUntil(window.styling.overlay.isVisible)
    slider.setSliderDown(False)


# Sliders --------------------------------------------------------------------------------------


def test_a_drag_is_previewed_and_is_one_step(generated: Rig, qtbot: QtBot) -> None:
    window, engine = generated.window, generated.engine
    before = window.session.edit_list
    with qtbot.waitSignal(window.generation.applied):
        drag(qtbot, window, window.generate_panel.tightness, 60, 70, 80, 10)
    assert window.session.undo_stack.count() == 2
    assert window.session.undo_stack.undoText() == "Tightness 10%"
    assert len(engine.options) == 2
    assert engine.options[-1].tightness == 0.1
    assert engine.previewed
    assert len(engine.previewed) <= 4
    assert engine.previewed[-1].tightness is not None
    assert engine.encoded == 1
    assert not window.styling.overlay.isVisible()
    assert len(window.takes.all) == 1
    assert window.session.edit_list != before
    window.commands["undo"].trigger()
    assert window.session.edit_list == before
    assert window.generate_panel.own_tightness.isChecked()


def test_the_preview_shows_the_visible_stretch(generated: Rig, qtbot: QtBot) -> None:
    window = generated.window
    window.view.show_range(Axis.RAW, 12_000, 36_000)
    start, stop = (round(edge) for edge in window.view.visible(Axis.RAW))
    slider = window.generate_panel.tightness
    slider.setSliderDown(True)
    slider.setValue(100)
    qtbot.waitUntil(window.styling.overlay.isVisible)
    shown = window.styling.overlay.shown
    assert shown is not None
    assert shown.start == pytest.approx(start, abs=1)
    assert shown.stop == pytest.approx(stop, abs=1)
    kept, gone = window.styling.overlay.spans()
    raw = window.page.raw
    assert kept
    assert gone
    assert min(left for left, _ in (*kept, *gone)) == pytest.approx(raw.x_of(start), abs=1)
    assert max(right for _, right in (*kept, *gone)) == pytest.approx(raw.x_of(stop), abs=1)
    for left, right in kept:
        middle = round(raw.sample_at((left + right) / 2))
        assert any(first <= middle < last for first, last in shown.kept)
    window.grab()
    with qtbot.waitSignal(window.generation.applied):
        slider.setSliderDown(False)


def test_keys_on_a_slider_wait_for_the_last_one(generated: Rig, qtbot: QtBot) -> None:
    window = generated.window
    slider = window.generate_panel.tightness
    with qtbot.waitSignal(window.generation.applied):
        for _ in range(5):
            qtbot.keyClick(slider, Qt.Key.Key_Right)
    assert len(generated.engine.options) == 2
    assert generated.engine.options[-1].tightness == 0.55
    assert window.session.undo_stack.count() == 2


def test_a_length_is_decoded_when_it_was_typed(generated: Rig, qtbot: QtBot) -> None:
    window = generated.window
    with qtbot.waitSignal(window.generation.applied):
        window.generate_panel.target_length.setValue(2.5)
    assert window.session.undo_stack.undoText() == "Target length"
    assert generated.engine.options[-1].target_length_s == 2.5


def test_a_take_that_was_changed_by_hand_is_left_alone(generated: Rig, qtbot: QtBot) -> None:
    window = generated.window
    mine = EditList.from_ranges([(0, 1000)])
    window.session.apply_edit(mine, "Trim")
    with qtbot.waitSignal(window.generation.applied):
        drag(qtbot, window, window.generate_panel.tightness, 90)
    first, second = window.takes.all
    assert first.edit_list == mine
    assert window.takes.current == second


def test_before_anything_is_generated_sliders_only_set_what_is_asked(
    rig: Rig, qtbot: QtBot, speech: Path
) -> None:
    rig.open(qtbot, speech)
    window = rig.window
    slider = window.generate_panel.tightness
    slider.setSliderDown(True)
    slider.setValue(90)
    slider.setSliderDown(False)
    assert not window.generation.running
    assert not window.styling.previewer._wanted
    rig.generate(qtbot)
    assert [options.tightness for options in rig.engine.options] == [0.9]


def test_a_drag_that_ends_where_it_began_changes_nothing(generated: Rig, qtbot: QtBot) -> None:
    window = generated.window
    with qtbot.waitSignal(window.generation.applied):
        drag(qtbot, window, window.generate_panel.tightness, 80)
    drag(qtbot, window, window.generate_panel.tightness, 20, 80)
    assert not window.generation.running
    assert not window.styling.overlay.isVisible()
    assert window.session.undo_stack.count() == 2


def test_the_last_of_two_drags_wins(generated: Rig, qtbot: QtBot) -> None:
    window, engine = generated.window, generated.engine
    told: list[str] = []
    window.generation.cancelled.connect(lambda: told.append("cancelled"))
    engine.gate.clear()
    drag(qtbot, window, window.generate_panel.tightness, 80)
    slider = window.generate_panel.tightness
    slider.setSliderDown(True)
    slider.setValue(30)
    slider.setSliderDown(False)
    engine.gate.set()
    qtbot.waitUntil(lambda: not window.generation.running)
    assert window.session.undo_stack.count() == 2
    assert window.takes.all[0].options is not None
    assert window.takes.all[0].options.tightness == 0.3
    assert told == []


def test_a_drag_that_is_stopped_leaves_controls_and_edit_as_they_were(
    generated: Rig, qtbot: QtBot
) -> None:
    window, panel = generated.window, generated.window.generate_panel
    edit = window.session.edit_list
    generated.engine.gate.clear()
    drag(qtbot, window, panel.tightness, 80)
    assert not panel.own_tightness.isChecked()
    with qtbot.waitSignal(window.generation.cancelled):
        window.commands["cancel"].trigger()
    assert panel.own_tightness.isChecked()
    assert window.session.edit_list is edit
    assert not window.styling.overlay.isVisible()


def test_opening_a_project_decodes_nothing(
    generated: Rig, qtbot: QtBot, tmp_path: Path, speech: Path
) -> None:
    window, panel = generated.window, generated.window.generate_panel
    with qtbot.waitSignal(window.generation.applied):
        panel.target_length.setValue(2.5)
    path = tmp_path / "talk.editorbot"
    window.projects.save_to(path)
    qtbot.waitUntil(lambda: not window.projects.modified)
    with qtbot.waitSignal(window.session.source_changed):
        window.open_path(speech)
    with qtbot.waitSignal(window.session.source_changed):
        window.open_path(path)
    assert panel.target_length.value() == 2.5
    assert [take.name for take in window.takes.all] == ["Best"]
    assert window.takes.current == window.takes.all[0]
    assert not window.styling.live._timer.isActive()
    assert not window.projects.modified
    panel.target_length.setValue(0.0)
    assert window.styling.live._timer.isActive()


def test_the_controls_show_what_the_shown_take_was_asked_for_with(
    generated: Rig, qtbot: QtBot
) -> None:
    window, panel = generated.window, generated.window.generate_panel
    with qtbot.waitSignal(window.generation.applied):
        drag(qtbot, window, panel.tightness, 80)
    with qtbot.waitSignal(window.generation.applied):
        window.commands["new_variation"].trigger()
    with qtbot.waitSignal(window.generation.applied):
        drag(qtbot, window, panel.tightness, 20)
    assert (panel.variation.value(), panel.tightness.value()) == (1, 20)
    qtbot.keyClick(window, Qt.Key.Key_1)
    assert (panel.variation.value(), panel.tightness.value()) == (0, 80)
    assert not window.generation.running
    qtbot.keyClick(window, Qt.Key.Key_2)
    assert (panel.variation.value(), panel.tightness.value()) == (1, 20)


# Saved styles ---------------------------------------------------------------------------------


def put_styles(*styles: Style) -> None:
    styles_folder().mkdir(parents=True, exist_ok=True)
    for number, style in enumerate(styles):
        write_style(styles_folder() / f"{number}.json", style)


def test_a_network_without_axes_has_those_of_decoding_and_reads_no_styles(
    generated: Rig,
) -> None:
    window = generated.window
    assert [slider.axis for slider in window.styling.panel.sliders] == ["length", "loops"]
    command = window.commands["like_finished_pair"]
    assert not command.isEnabled()
    assert "can't read a style" in command.toolTip()


def test_foreign_styles_are_shown_and_say_why_not(rig: Rig, qtbot: QtBot) -> None:
    put_styles(Style("Tight", (1.0, 2.0), "ab" * 32), Style("Theirs", (1.0,), HASH))
    rig.window.load_model()
    qtbot.waitUntil(lambda: rig.window.generation.engine_state is EngineState.READY)
    chooser = rig.window.styling.panel.chooser
    rows = [chooser.itemText(row) for row in range(chooser.count())]
    own = ["The network's own", "Theirs (another model)", "Tight"]
    assert rows == [*own, "Tight", "Natural", "Gentle", "Short", "Extended"]
    foreign = chooser.model().index(1, 0)
    assert not foreign.flags() & Qt.ItemFlag.ItemIsEnabled
    assert "another model" in foreign.data(Qt.ItemDataRole.ToolTipRole)
    assert chooser.model().index(2, 0).flags() & Qt.ItemFlag.ItemIsEnabled


def test_a_saved_style_is_edited_in_and_fixes_the_tightness_of_an_old_network(
    generated: Rig, qtbot: QtBot
) -> None:
    put_styles(Style("Tight", (1.0, 2.0), "ab" * 32))
    window, panel = generated.window, generated.window.styling.panel
    window.shelf.refresh()
    with qtbot.waitSignal(window.generation.applied):
        panel.chooser.setCurrentIndex(1)
        panel.chooser.activated.emit(1)
    assert generated.engine.options[-1].style == (1.0, 2.0)
    assert window.session.undo_stack.undoText() == "Style “Tight”"
    assert window.takes.all[0].style_name == "Tight"
    assert not window.generate_panel.tightness.isEnabled()
    assert "its tightness is part of it" in window.generate_panel.tightness.toolTip()
    panel.chooser.setCurrentIndex(0)
    with qtbot.waitSignal(window.generation.applied):
        panel.chooser.activated.emit(0)
    assert generated.engine.options[-1].style is None
    assert window.generate_panel.tightness.isEnabled()


def test_a_bundled_style_is_edited_in_and_stays(generated: Rig, qtbot: QtBot) -> None:
    window, panel = generated.window, generated.window.styling.panel
    row = panel.chooser.findText("Gentle")
    assert "Leaves 0.80 s of a pause" in panel.chooser.itemData(row, Qt.ItemDataRole.ToolTipRole)
    with qtbot.waitSignal(window.generation.applied):
        panel.chooser.setCurrentIndex(row)
        panel.chooser.activated.emit(row)
    asked = generated.engine.options[-1]
    assert asked.style is None
    assert asked.targets is not None
    assert asked.targets.pause_s == pytest.approx(0.8)
    assert window.takes.all[0].style_name == "Gentle"
    # It can be made tighter with any network, and is nobody's to delete.
    assert window.generate_panel.tightness.isEnabled()
    panel.menu.aboutToShow.emit()
    assert not panel.delete_action.isEnabled()
    (saved,) = window.takes.saved()
    assert saved.style_name == "Gentle"
    assert saved.generate == asked


def test_the_dialog_says_when_a_name_replaces_a_style(generated: Rig) -> None:
    put_styles(Style("Tight", (1.0, 2.0), "ab" * 32))
    window = generated.window
    window.shelf.refresh()
    dialog = SaveStyleDialog(window.shelf, "Best", window)
    assert dialog.save_button.text() == "Save"
    dialog.name_field.setText("  Tight ")
    assert dialog.save_button.text() == "Replace"
    dialog.name_field.setText("  ")
    assert not dialog.save_button.isEnabled()
    dialog.close()


# A network that reads styles ------------------------------------------------------------------


@pytest.fixture
def window(qtbot: QtBot, own_folders: Path) -> Iterator[MainWindow]:
    """A window with a small network that reads styles and has axes."""
    import torch

    from model_core.engine import Engine
    from model_core.nn.card import StyleQuantity
    from model_core.nn.style_space import StyleAxis, StyleSpace
    from tests.nn.small import a_network, eager

    def load() -> Engine:
        rng = np.random.default_rng(0)
        axes = tuple(StyleAxis(name, tuple(rng.normal(0, 1, 16).tolist())) for name in AXES)
        model = eager(a_network(use_style_vae=True))
        model.card = dataclasses.replace(
            model.card,
            style_quantities=(
                StyleQuantity("pause_s", -1, 0.5),
                StyleQuantity("margin_s", -2, 0.5),
                StyleQuantity("extension", 0.2, 0.25),
            ),
            style_space=StyleSpace.fitted(rng.normal(0, 1, (400, 16)), axes),
        )
        return Engine(model, torch.device("cpu"), HASH)

    window = MainWindow(
        Settings(own_folders / "settings.ini"),
        EngineLoader(load),
        Player(backend=ManualBackend(), threaded=False),
    )
    qtbot.addWidget(window)
    window.resize(1200, 700)
    window.show()
    window.load_model()
    qtbot.waitUntil(lambda: window.generation.engine_state is EngineState.READY, timeout=30_000)
    yield window
    for box in window.findChildren(QMessageBox):
        box.close()
    window.projects.give_up()
    window.close()


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    """Six seconds of bursts of noise, and an edit without two of them."""
    rng = np.random.default_rng(1)
    loud = np.repeat(rng.uniform(0.02, 0.5, 6 * 20), RATE // 20)
    raw = rng.normal(0, 1, len(loud)) * loud * 0.3
    edited = np.concatenate((raw[: 2 * RATE], raw[round(2.8 * RATE) : 4 * RATE], raw[5 * RATE :]))
    paths = tmp_path / "meeting.wav", tmp_path / "meeting, finished.wav"
    for path, samples in zip(paths, (raw, edited), strict=True):
        soundfile.write(path, samples, RATE)
    return paths


def open_and_generate(window: MainWindow, qtbot: QtBot, path: Path) -> None:
    with qtbot.waitSignal(window.session.source_changed):
        window.open_path(path)
    with qtbot.waitSignal(window.generation.applied, timeout=30_000):
        window.commands["generate"].trigger()


def test_axes_have_sliders_that_move_the_style(
    window: MainWindow, qtbot: QtBot, speech: Path
) -> None:
    panel = window.styling.panel
    assert [slider.axis for slider in panel.sliders] == list(AXES)
    open_and_generate(window, qtbot, speech)
    before = window.session.proposal
    with qtbot.waitSignal(window.generation.applied, timeout=30_000):
        drag(qtbot, window, panel.sliders[1], 5, 12)
    after = window.session.proposal
    assert before is not None
    assert after is not None
    assert window.session.undo_stack.undoText() == "Move the style: Loops"
    assert window.takes.all[0].options is not None
    assert window.takes.all[0].options.axes == (("loops", 1.2),)
    space = window.generation.loader.get().card.style_space
    moved = np.subtract(after.provenance.style, before.provenance.style)
    np.testing.assert_allclose(moved, 1.2 * np.array(space.axes[1].direction), atol=1e-4)
    assert len(window.takes.all) == 1
    with qtbot.waitSignal(window.generation.applied, timeout=30_000):
        qtbot.mouseDClick(panel.sliders[1], Qt.MouseButton.LeftButton)
    assert window.session.proposal is not None
    assert window.session.proposal.provenance.style == before.provenance.style


def test_a_style_is_saved_chosen_and_deleted(
    window: MainWindow, qtbot: QtBot, speech: Path
) -> None:
    panel = window.styling.panel
    panel.menu.aboutToShow.emit()
    assert not panel.save_action.isEnabled()
    open_and_generate(window, qtbot, speech)
    with qtbot.waitSignal(window.generation.applied, timeout=30_000):
        window.commands["new_variation"].trigger()
    panel.menu.aboutToShow.emit()
    assert panel.save_action.isEnabled()
    panel.save_action.trigger()
    dialog = window.findChild(SaveStyleDialog)
    assert dialog is not None
    assert dialog.name == "Variation 1"
    dialog.name_field.setText("Mine")
    with qtbot.waitSignal(window.shelf.saved):
        dialog.save_button.click()
    assert window.happened.text() == "Saved the style “Mine”."
    (path,) = styles_folder().iterdir()
    assert path.name == "Mine.json"
    (choice,) = window.shelf.choices
    assert window.session.proposal is not None
    assert choice.values == window.session.proposal.provenance.style
    with qtbot.waitSignal(window.generation.applied, timeout=30_000):
        panel.chooser.setCurrentIndex(1)
        panel.chooser.activated.emit(1)
    assert window.generate_panel.tightness.isEnabled()
    panel.menu.aboutToShow.emit()
    assert panel.delete_action.text() == "&Delete “Mine”"
    panel.delete_action.trigger()
    assert not path.exists()
    assert window.shelf.chosen is None


def test_the_style_of_a_finished_pair_is_read_and_edited_in(
    window: MainWindow, qtbot: QtBot, speech: Path, pair: tuple[Path, Path]
) -> None:
    open_and_generate(window, qtbot, speech)
    assert window.commands["like_finished_pair"].isEnabled()
    window.commands["like_finished_pair"].trigger()
    dialog = window.findChild(PairDialog)
    assert dialog is not None
    assert not dialog.read_button.isEnabled()
    dialog.raw_field.show_path(pair[0])
    dialog.edited_field.show_path(pair[0])
    assert "same file" in dialog.message.text()
    dialog.edited_field.show_path(pair[1].with_name("absent.wav"))
    assert "There is no file" in dialog.message.text()
    dialog.edited_field.show_path(pair[1])
    with qtbot.waitSignal(window.generation.applied, timeout=60_000):
        dialog.read_button.click()
    chosen = window.shelf.chosen
    assert chosen is not None
    assert chosen.name == "As in “meeting, finished”"
    proposal, take = window.session.proposal, window.takes.current
    assert proposal is not None
    assert take is not None
    assert proposal.provenance.style == pytest.approx(chosen.values, abs=1e-5)
    assert take.name == "As in “meeting, finished”"
    assert window.session.undo_stack.undoText() == "In the style of “meeting, finished”"
    assert len(window.takes.all) == 2


def test_strangers_are_refused_in_words(
    window: MainWindow, qtbot: QtBot, speech: Path, pair: tuple[Path, Path]
) -> None:
    with qtbot.waitSignal(window.styling.reader.failed, timeout=60_000):
        window.styling.read_pair(speech, pair[1])
    box = window.findChildren(QMessageBox)[-1]
    assert box.text().endswith(".")
    assert not box.detailedText()
    assert window.shelf.chosen is None
    assert window.commands["like_finished_pair"].isEnabled()


def test_reading_can_be_stopped(window: MainWindow, qtbot: QtBot, pair: tuple[Path, Path]) -> None:
    window.styling.read_pair(*pair)
    assert not window.commands["like_finished_pair"].isEnabled()
    assert "Esc" in window.commands["like_finished_pair"].toolTip()
    with qtbot.waitSignal(window.styling.reader.cancelled, timeout=30_000):
        window.commands["cancel"].trigger()
    assert window.happened.text() == "Reading the style was cancelled."
    assert window.shelf.choices == ()


def test_a_slow_machine_looks_at_less_and_a_fast_one_at_more(
    generated: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = generated.window
    source, previewer = window.session.source, window.styling.previewer
    assert source is not None
    monkeypatch.setattr(window.view, "length", lambda _axis: 3600 * RATE)
    monkeypatch.setattr(window.view, "visible", lambda _axis: (0.0, 3600.0 * RATE))
    monkeypatch.setattr(window.view, "playhead", lambda _axis: 1800 * RATE)

    def looked(took_s_a_second: float) -> float:
        start, stop = previewer.stretch()
        assert start <= 1800 * RATE <= stop
        length_s = (stop - start) / RATE
        previewer._take(Previewed(source, start, stop, (), took_s_a_second * length_s))
        return length_s

    assert looked(0.02) == pytest.approx(FIRST_PREVIEW_S)
    assert looked(0.02) == pytest.approx(9.0)
    assert looked(1.0) == pytest.approx(9.0)
    assert looked(0.0001) == pytest.approx(5.0)
    assert looked(0.0001) == pytest.approx(10.0)
