"""Several microphones in the real window: opened, lined up, mixed, cut, exported, saved."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from editorbot_gui.dialogs.export import ExportDialog
from editorbot_gui.microphones.dialog import MicrophonesDialog
from editorbot_gui.microphones.opening import OpenTogetherRequest
from editorbot_gui.projects.loading import LostRecording
from model_core.audio.synchronised import Microphone
from model_core.edit.mix import TrackLevel
from model_core.edit.project import read_project
from model_core.edit.types import EditList
from tests.gui.test_main_window import drop, old_drag
from tests.gui.waveform_scene import grab

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from tests.gui.conftest import Rig

RATE = 8000
N = 4 * RATE
OFFSET = 1234
EDIT = EditList.from_ranges([(0, RATE), (2 * RATE, N)])


def burst_noise(n_samples: int, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    envelope = np.repeat(random.random(n_samples // 500 + 1) > 0.5, 500)[:n_samples]
    return (random.normal(0, 4000, n_samples) * (envelope + 0.01)).astype(np.int16)


SCENE = burst_noise(N, 1)
HOST = SCENE
GUEST = SCENE[OFFSET:] // 2


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    folder = tmp_path / "takes"
    folder.mkdir()
    paths = [folder / "host.wav", folder / "guest.wav"]
    for path, samples in zip(paths, (HOST, GUEST), strict=True):
        soundfile.write(path, samples, RATE, subtype="PCM_16")
    return paths


def open_together(rig: Rig, qtbot: QtBot, files: list[Path]) -> None:
    microphones = (Microphone(files[0]), Microphone(files[1], OFFSET))
    rig.window.projects.give_up()
    with qtbot.waitSignal(rig.window.session.source_changed):
        rig.window.projects.open_together(OpenTogetherRequest(microphones))
    qtbot.waitUntil(lambda: not rig.window.runner.jobs)


def dialog_of(rig: Rig) -> MicrophonesDialog:
    dialog = rig.window.findChild(MicrophonesDialog)
    assert dialog is not None
    return dialog


# Opening ------------------------------------------------------------------------------------------


def test_the_dialog_lines_the_files_up_and_opens_them(
    rig: Rig, qtbot: QtBot, files: list[Path]
) -> None:
    window = rig.window
    window.microphones.ask(files)
    dialog = dialog_of(rig)
    assert not dialog.open_button.isEnabled()
    qtbot.waitUntil(dialog.open_button.isEnabled)
    assert dialog.table.rowCount() == 2
    assert [microphone.offset for microphone in dialog.request.microphones] == [0, 0]
    dialog.by_sound.click()
    qtbot.waitUntil(dialog.open_button.isEnabled)
    assert dialog.message.text() == "All of them are lined up."
    assert [microphone.offset for microphone in dialog.request.microphones] == [0, OFFSET]
    with qtbot.waitSignal(window.session.source_changed):
        dialog.open_button.click()
    source = window.session.source
    assert source is not None
    assert [(track.name, track.offset) for track in source.tracks] == [
        ("host", 0), ("guest", OFFSET)
    ]  # fmt: skip
    assert window.page.facts.raw.text().startswith("host.wav + guest.wav   8 kHz   2 microphones")
    qtbot.waitUntil(window.microphones.mixer.isVisible)
    assert window.settings.recent_files == ()
    qtbot.waitUntil(lambda: not window.runner.jobs)


def test_files_that_cannot_be_used_are_told(
    rig: Rig, qtbot: QtBot, files: list[Path], tmp_path: Path
) -> None:
    text = tmp_path / "notes.wav"
    text.write_text("no sound")
    rig.window.microphones.ask([files[0], text])
    dialog = dialog_of(rig)
    qtbot.waitUntil(dialog.add.isEnabled)
    assert dialog.table.rowCount() == 1
    assert "notes.wav" in dialog.message.text()
    assert not dialog.open_button.isEnabled()
    dialog.add_files([files[0]])
    assert dialog.message.text() == "“host.wav” is in the list already."
    dialog.add_files([files[1]])
    qtbot.waitUntil(dialog.open_button.isEnabled)
    dialog.table.selectRow(0)
    dialog.remove.click()
    assert dialog.table.rowCount() == 1
    assert not dialog.open_button.isEnabled()
    dialog.reject()


def test_microphones_without_a_common_sound_stay_where_they_are(
    rig: Rig, qtbot: QtBot, files: list[Path], tmp_path: Path
) -> None:
    other = tmp_path / "other.wav"
    soundfile.write(other, burst_noise(N, 7), RATE)
    rig.window.microphones.ask([files[0], other])
    dialog = dialog_of(rig)
    qtbot.waitUntil(dialog.open_button.isEnabled)
    dialog.line_up()
    qtbot.waitUntil(dialog.open_button.isEnabled)
    assert dialog.message.text().startswith("other.wav has nothing in common with host.wav")
    dialog.reject()


def test_closing_the_dialog_ends_its_work(rig: Rig, qtbot: QtBot, files: list[Path]) -> None:
    rig.window.microphones.ask(files)
    dialog_of(rig).reject()
    qtbot.waitUntil(lambda: not rig.window.runner.jobs)
    assert rig.window.session.source is None


@old_drag
def test_dropping_several_files_asks(rig: Rig, qtbot: QtBot, files: list[Path]) -> None:
    drop(rig.window, *files)
    buttons = {button.text(): button for button in rig.dialog.buttons()}
    assert set(buttons) == {"As one recording", "Only the first", "Cancel"}
    with qtbot.waitSignal(rig.window.session.source_changed):
        buttons["Only the first"].click()
    assert rig.window.session.source is not None
    assert not rig.window.session.source.tracks
    qtbot.waitUntil(lambda: not rig.window.runner.jobs)
    drop(rig.window, *files)
    next(b for b in rig.dialog.buttons() if b.text() == "As one recording").click()
    dialog = dialog_of(rig)
    qtbot.waitUntil(dialog.open_button.isEnabled)
    dialog.reject()


# Views and mix ------------------------------------------------------------------------------------


def test_each_has_a_lane_and_what_is_muted_says_so(
    rig: Rig, qtbot: QtBot, files: list[Path]
) -> None:
    open_together(rig, qtbot, files)
    window = rig.window
    assert window.page.raw.data is not None
    assert window.page.raw.data.channels == 2
    before = grab(window.page.raw)
    window.microphones.mixer.controls[1].mute.click()
    assert window.page.raw.data.track_factors == (1.0, 0.0)
    assert grab(window.page.raw) != before
    assert window.happened.text() == "guest is muted."
    assert window.session.undo_stack.undoText() == "Mute guest"
    window.commands["undo"].trigger()
    assert window.session.mix == ()
    assert not window.microphones.mixer.controls[1].mute.isChecked()
    assert window.page.raw.data.track_factors == (1.0, 1.0)


def test_gain_and_solo(rig: Rig, qtbot: QtBot, files: list[Path]) -> None:
    open_together(rig, qtbot, files)
    window = rig.window
    host, guest = window.microphones.mixer.controls
    host.gain.setValue(-3.0)
    host.gain.setValue(-6.0)
    guest.solo.click()
    assert window.session.mix == (TrackLevel(-6.0), TrackLevel(soloed=True))
    assert window.session.undo_stack.count() == 2
    assert window.projects.modified


def test_another_recording_has_no_mix(
    rig: Rig, qtbot: QtBot, files: list[Path], speech: Path
) -> None:
    open_together(rig, qtbot, files)
    rig.window.microphones.mixer.controls[0].mute.click()
    rig.open(qtbot, speech)
    assert rig.window.session.mix == ()
    assert rig.window.microphones.mixer.isHidden()


def test_mute_is_heard_at_once_and_playing_goes_on(
    rig: Rig, qtbot: QtBot, files: list[Path]
) -> None:
    open_together(rig, qtbot, files)
    player = rig.window.player
    materials = player._materials
    both = materials["raw"].read_float(5000, 6000)
    assert both.shape == (1000, 1)
    laid = HOST.astype(float)
    laid[OFFSET:] += GUEST
    np.testing.assert_allclose(both[:, 0] * 32768, laid[5000:6000], atol=0.01)
    rig.window.commands["play"].trigger()
    assert rig.window.transport.playing
    rig.window.microphones.mixer.controls[1].mute.click()
    assert rig.window.transport.playing
    heard = player._plan.material.read_float(5000, 6000)
    np.testing.assert_allclose(heard[:, 0] * 32768, HOST[5000:6000], atol=0.01)
    rig.window.commands["play"].trigger()


def test_loudness_is_matched_as_the_mix_is_heard(rig: Rig, qtbot: QtBot, files: list[Path]) -> None:
    open_together(rig, qtbot, files)
    window = rig.window
    matching = window.listening.matching
    loudness = []
    for mix in ((), (TrackLevel(-20.0), TrackLevel(-20.0))):
        window.session.apply_mix(mix, "Mix")
        if not loudness:
            window.commands["match_loudness"].trigger()
        qtbot.waitUntil(lambda: matching._profile is not None, timeout=30_000)  # loads SciPy
        assert matching._profile is not None
        loudness.append(matching._profile.whole().lufs)
    assert loudness[1] == pytest.approx(loudness[0] - 20, abs=0.1)


def test_one_edit_cuts_all(rig: Rig, qtbot: QtBot, files: list[Path]) -> None:
    open_together(rig, qtbot, files)
    rig.generate(qtbot)
    assert rig.window.session.is_edited
    assert rig.window.session.source is not None
    assert len(rig.window.session.source.tracks) == 2


# Export -------------------------------------------------------------------------------------------


def export(rig: Rig, qtbot: QtBot, path: Path, *, separately: bool) -> None:
    rig.window.commands["export"].trigger()
    dialog = rig.window.findChildren(ExportDialog)[-1]
    dialog.path_field.setText(str(path))
    dialog.tracks_field.setCurrentIndex(dialog.tracks_field.findData(separately))
    assert dialog.loudness_field.isEnabled() is not separately
    with qtbot.waitSignal(rig.window.exporter.exported):
        dialog.export_button.click()


def test_exported_one_by_one_and_mixed(
    rig: Rig, qtbot: QtBot, files: list[Path], tmp_path: Path
) -> None:
    open_together(rig, qtbot, files)
    rig.window.session.apply_edit(EDIT, "Cut")
    export(rig, qtbot, tmp_path / "out.wav", separately=True)
    assert rig.window.happened.text() == f"Exported 2 files to {tmp_path}."
    export(rig, qtbot, tmp_path / "out.wav", separately=False)
    host, guest, mix = (
        soundfile.read(tmp_path / name, dtype="int16")[0].astype(int)
        for name in ("out_host.wav", "out_guest.wav", "out.wav")
    )
    fade = round(0.008 * RATE)
    kept = np.concatenate((np.arange(RATE), np.arange(2 * RATE, N)))
    outside = np.abs(np.arange(len(kept)) - RATE) > fade
    laid = np.concatenate((np.zeros(OFFSET), GUEST))
    np.testing.assert_array_equal(host[outside], HOST[kept][outside])
    np.testing.assert_array_equal(guest[outside], laid[kept][outside])
    assert np.abs(host + guest - mix).max() <= 1.5


def test_a_single_recording_is_asked_nothing_about_microphones(
    rig: Rig, qtbot: QtBot, speech: Path
) -> None:
    rig.open(qtbot, speech)
    rig.window.commands["export"].trigger()
    dialog = rig.window.findChildren(ExportDialog)[-1]
    assert dialog.tracks_field.parent() is None or not dialog.tracks_field.isVisible()
    assert not dialog.choice.separately
    dialog.reject()


# Projects -----------------------------------------------------------------------------------------


def save(rig: Rig, qtbot: QtBot, path: Path) -> None:
    with qtbot.waitSignal(rig.window.projects.told):
        rig.window.projects.save_to(path)


@pytest.fixture
def saved(rig: Rig, qtbot: QtBot, files: list[Path], tmp_path: Path) -> Path:
    """A project of two microphones, cut and mixed."""
    open_together(rig, qtbot, files)
    rig.window.session.apply_edit(EDIT, "Cut")
    rig.window.session.apply_mix((TrackLevel(-3.0), TrackLevel(muted=True)), "Mix")
    path = tmp_path / "talk.editorbot"
    save(rig, qtbot, path)
    return path


def test_a_project_comes_back_with_its_microphones(
    rig: Rig, qtbot: QtBot, files: list[Path], saved: Path
) -> None:
    (kept,) = read_project(saved).sources
    assert [track.path for track in kept.tracks] == [str(path) for path in files]
    assert all(track.content_hash and track.n_bytes for track in kept.tracks)
    assert not rig.window.projects.modified
    rig.open(qtbot, saved)
    window = rig.window
    assert window.session.source is not None
    assert [track.offset for track in window.session.source.tracks] == [0, OFFSET]
    assert window.session.edit_list == EDIT
    assert window.session.mix == (TrackLevel(-3.0), TrackLevel(muted=True))
    assert window.microphones.mixer.controls[1].mute.isChecked()
    assert not window.projects.modified
    window.microphones.mixer.controls[1].mute.click()
    assert window.projects.modified


def test_microphones_beside_a_moved_project_are_found(
    rig: Rig, qtbot: QtBot, files: list[Path], saved: Path
) -> None:
    files[1].rename(saved.parent / "renamed.wav")
    rig.open(qtbot, saved)
    assert rig.window.session.source is not None
    assert [path.name for path in rig.window.session.source.paths] == ["host.wav", "renamed.wav"]
    assert [track.name for track in rig.window.session.source.tracks] == ["host", "guest"]


def test_a_lost_microphone_is_asked_for(
    rig: Rig, qtbot: QtBot, files: list[Path], saved: Path, tmp_path: Path
) -> None:
    away = tmp_path / "away"
    away.mkdir()
    moved = files[1].rename(away / "guest.wav")
    asked: list[LostRecording] = []
    rig.window.opener.asked.connect(asked.append)
    with qtbot.waitSignal(rig.window.opener.asked):
        rig.window.open_path(saved)
    assert "guest.wav" in rig.dialog.text()
    with qtbot.waitSignal(rig.window.session.source_changed):
        rig.window.projects._open_project(asked[0].answered(moved, accept=False))
    assert rig.window.session.source is not None
    assert rig.window.session.source.paths == (files[0], moved)
    assert rig.window.session.edit_list == EDIT
    qtbot.waitUntil(lambda: not rig.window.runner.jobs)


def test_a_changed_microphone_stands_in_when_accepted(
    rig: Rig, qtbot: QtBot, files: list[Path], saved: Path
) -> None:
    soundfile.write(files[1], GUEST[: RATE // 2], RATE)  # shorter: the rest is silent
    with qtbot.waitSignal(rig.window.opener.asked):
        rig.window.open_path(saved)
    use = next(b for b in rig.dialog.buttons() if b.text() == "Use this file")
    with qtbot.waitSignal(rig.window.session.source_changed):
        use.click()
    assert rig.window.session.source is not None
    assert rig.window.session.source.n_samples == N
    assert rig.window.session.edit_list == EDIT
    qtbot.waitUntil(lambda: not rig.window.runner.jobs)


def test_unsaved_work_on_microphones_is_kept_and_restored(
    rig: Rig, qtbot: QtBot, files: list[Path]
) -> None:
    open_together(rig, qtbot, files)
    window = rig.window
    window.projects.keep_every(0)
    window.session.apply_mix((TrackLevel(-3.0),), "Mix")
    window.session.apply_edit(EDIT, "Cut")
    qtbot.waitUntil(lambda: not window.runner.jobs)
    copy = window.projects._copy.path
    assert copy is not None
    work = read_project(copy)
    assert work.edit_list == EDIT
    assert [track.level.gain_db for track in work.sources[0].tracks] == [-3.0, 0.0]
    assert [track.offset for track in work.sources[0].tracks] == [0, OFFSET]


def test_a_project_never_replaces_one_of_the_microphones(
    rig: Rig, qtbot: QtBot, files: list[Path]
) -> None:
    open_together(rig, qtbot, files)
    before = files[1].read_bytes()
    link = files[1].with_suffix(".editorbot")
    link.hardlink_to(files[1])
    errors: list[Exception] = []
    rig.window.projects.failed.disconnect()
    rig.window.projects.failed.connect(errors.append)
    with qtbot.waitSignal(rig.window.projects.failed):
        rig.window.projects.save_to(link)
    assert errors
    assert files[1].read_bytes() == before
