"""One recording through the real window with the real network, from opening to the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from editorbot_gui.dialogs.export import ExportDialog
from editorbot_gui.generation import EngineLoader
from editorbot_gui.main_window import MainWindow
from editorbot_gui.playback.player import Player
from editorbot_gui.settings import Settings
from editorbot_gui.waveform.view_state import Axis
from model_core.edit.types import EditList
from resources import resource_path
from tests.gui.playback_fakes import ManualBackend

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

CHECKPOINT = resource_path("model", "editorbot.safetensors")
PATIENCE_MS = 120_000


@pytest.fixture
def window(qtbot: QtBot, own_folders: Path) -> Iterator[MainWindow]:
    player = Player(backend=ManualBackend(), threaded=False)
    window = MainWindow(Settings(own_folders / "settings.ini"), EngineLoader(), player)
    qtbot.addWidget(window)
    window.show()
    yield window
    window.projects.give_up()
    window.close()


@pytest.mark.skipif(not CHECKPOINT.exists(), reason="no bundled checkpoint in this tree")
def test_open_generate_undo_redo_compare_export(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    window.load_model()
    with qtbot.waitSignal(window.session.source_changed, timeout=PATIENCE_MS):
        window.open_demo("speech")
    ends: list[object] = []
    window.generation.applied.connect(ends.append)
    window.generation.failed.connect(ends.append)
    window.commands["generate"].trigger()
    qtbot.waitUntil(lambda: bool(ends), timeout=PATIENCE_MS)
    source, edit = window.session.source, window.session.edit_list
    assert source is not None
    proposal = window.session.proposal
    assert proposal is not None
    assert proposal.provenance.checkpoint_hash
    assert 0.2 * source.n_samples < edit.length < source.n_samples
    assert window.edits_list.model.rowCount() == len(window.session.changes) > 0

    window.commands["undo"].trigger()
    assert window.session.edit_list == EditList.whole(source.n_samples)
    window.commands["redo"].trigger()
    assert window.session.edit_list == edit

    middle = edit.length // 2
    window.transport.listen_to(Axis.EDITED)
    window.transport.seek(Axis.EDITED, middle)
    place = window.session.timeline.to_source(middle)
    window.commands["ab"].trigger()
    assert window.transport.heard is Axis.RAW
    assert place is not None
    assert window.transport.position == place[1]
    window.commands["ab"].trigger()
    assert window.transport.position == middle

    window.commands["export"].trigger()
    dialog = window.findChild(ExportDialog)
    path = tmp_path / "edited.wav"
    dialog.path_field.setText(str(path))
    with qtbot.waitSignal(window.exporter.exported, timeout=PATIENCE_MS):
        dialog.export_button.click()
    written, rate = soundfile.read(path, dtype="int16", always_2d=True)
    assert (len(written), rate, written.shape[1]) == (
        edit.length,
        source.sample_rate,
        source.channels,
    )
    at = 0
    for segment in edit.segments:
        margin = min(source.sample_rate // 50, segment.length // 2)
        copied = source.read(segment.start + margin, segment.stop - margin)
        heard = written[at + margin : at + segment.length - margin]
        assert np.array_equal(heard, copied)
        at += segment.length
