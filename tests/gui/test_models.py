from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QTabWidget

from editorbot_gui.generation import EngineState
from editorbot_gui.main_window import MainWindow
from editorbot_gui.models import choice as model_choice
from editorbot_gui.models import desk as models_desk
from editorbot_gui.models.places import models_folder
from editorbot_gui.models.table_model import DATE, GAIN, NAME, PAIRS
from editorbot_gui.settings import Settings
from editorbot_gui.takes.compare_dialog import CompareTakesDialog
from editorbot_gui.takes.figures import figures_of
from editorbot_gui.takes.take import Take
from editorbot_gui.training_dock.models_page import ModelsPage
from model_core.edit.types import Change, ChangeKind, ChangeState, EditList, Reason
from model_core.errors import CheckpointError
from model_core.models.names import EXPORT_SUFFIX
from tests.gui.fakes import FakeEngine
from tests.models.small import TUNED, write_model

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt
    from pytestqt.qtbot import QtBot

    from model_core.options import GenerateOptions
    from tests.gui.conftest import Rig
    from tests.gui.fakes import FakeEncoding

COLUMNS = (NAME, DATE, PAIRS, GAIN)


class NamedEngine(FakeEngine):
    """A network that leaves more of a recording than the bundled one, if it is another."""

    def __init__(self, path: Path | None) -> None:
        super().__init__()
        self.path = path

    def _kept(
        self, encoding: FakeEncoding, options: GenerateOptions, n_samples: int
    ) -> npt.NDArray[np.int64]:
        if self.path is not None:
            options = replace(options, seed=options.seed + 3)
        return super()._kept(encoding, options, n_samples)


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[Path | None]:
    """Files of the networks that were loaded, in turn; None for the bundled one."""
    asked: list[Path | None] = []

    def load(path: Path | None = None) -> NamedEngine:
        asked.append(path)
        if path is not None and not path.is_file():
            raise CheckpointError("It is gone.", "Choose another.")
        return NamedEngine(path)

    for module in (model_choice, models_desk):
        monkeypatch.setattr(module, "load_bundled_engine", load)
    return asked


@pytest.fixture
def page(rig: Rig, qtbot: QtBot, loaded: list[Path | None]) -> ModelsPage:  # noqa: ARG001 - no real ones
    """The page of a person with two models."""
    folder = models_folder()
    folder.mkdir(parents=True)
    write_model(folder / "podcast.safetensors", 2, fine_tuned=TUNED)
    write_model(folder / "Audiobook.safetensors", 3)
    page = ModelsPage(rig.window.models)
    qtbot.addWidget(page)
    page.resize(420, 500)
    page.show()
    idle(rig, qtbot)
    return page


def idle(rig: Rig, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not rig.window.runner.jobs)


def shown(page: ModelsPage, column: int = NAME) -> list[str]:
    model = page.rows
    return [model.index(row, column).data() for row in range(model.rowCount())]


def choose(page: ModelsPage, name: str) -> None:
    page.table.selectRow(shown(page).index(name))


def test_the_list_says_what_is_known(page: ModelsPage) -> None:
    assert shown(page) == ["Bundled", "Audiobook", "podcast"]
    assert [shown(page, column)[2] for column in COLUMNS] == ["podcast", "2026-11-20", "3", "25%"]
    assert [shown(page, column)[1] for column in COLUMNS] == ["Audiobook", "", "", ""]
    assert page.chosen is not None
    assert page.chosen.is_bundled, "the one in use"
    assert "In use" in page.detail.text()
    choose(page, "podcast")
    for words in ("trained here on 2026-11-20", "3 pairs", "8.00", "6.00", "kB", "network "):
        assert words in page.detail.text()


def test_it_is_sorted_by_any_column_and_keeps_what_is_chosen(page: ModelsPage) -> None:
    choose(page, "podcast")
    page.table.sortByColumn(NAME, Qt.SortOrder.DescendingOrder)
    assert shown(page) == ["podcast", "Audiobook", "Bundled"]
    for column in (PAIRS, GAIN):
        for order in (Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder):
            page.table.sortByColumn(column, order)
            assert shown(page)[0] == "podcast", "what isn't known comes last"
    assert page.chosen is not None
    assert page.chosen.name == "podcast"


def test_what_is_chosen_makes_the_next_edit(
    page: ModelsPage, rig: Rig, qtbot: QtBot, speech: Path, loaded: list[Path | None]
) -> None:
    window = rig.window
    rig.open(qtbot, speech)
    choose(page, "podcast")
    qtbot.mouseClick(page.use, Qt.MouseButton.LeftButton)
    idle(rig, qtbot)
    assert loaded == [models_folder() / "podcast.safetensors"]
    assert window.happened.text() == "“podcast” makes the edits from now on."
    assert window.model_label.text() == "“podcast” ready (CPU)"
    assert window.settings.model == "podcast.safetensors"
    assert not page.use.isEnabled()
    assert page.use.toolTip() == "It makes the edits already."
    rig.generate(qtbot)
    engine = window.generation.loader.get()
    assert isinstance(engine, NamedEngine)
    assert engine.options, "this very network was asked"
    choose(page, "Bundled")
    page.table.setFocus()
    qtbot.keyClick(page.table, Qt.Key.Key_Return)
    idle(rig, qtbot)
    assert window.model_label.text() == "Model ready (CPU)"
    assert window.settings.model == ""


def test_one_that_cannot_be_loaded_leaves_the_one_before(
    page: ModelsPage, rig: Rig, qtbot: QtBot
) -> None:
    choose(page, "podcast")
    (models_folder() / "podcast.safetensors").unlink()
    page.use.click()
    idle(rig, qtbot)
    assert "the one before stays. It is gone." in rig.window.happened.text()
    assert rig.window.settings.model == ""


def test_a_damaged_one_is_shown_with_the_reason(page: ModelsPage, rig: Rig, qtbot: QtBot) -> None:
    (models_folder() / "broken.safetensors").write_bytes(b"half")
    page.desk.refresh()
    idle(rig, qtbot)
    choose(page, "broken")
    assert "It can't be used: broken.safetensors is not a readable" in page.detail.text()
    assert not page.use.isEnabled()
    assert not page.export.isEnabled()
    assert page.remove.isEnabled()


def edit_name(page: ModelsPage, qtbot: QtBot, name: str) -> None:
    page.table.setFocus()
    qtbot.keyClick(page.table, Qt.Key.Key_F2)
    field = page.table.findChild(QLineEdit)
    assert field is not None
    field.selectAll()
    qtbot.keyClicks(field, name)
    with qtbot.waitSignal(page.rows.rename_wanted):
        qtbot.keyClick(field, Qt.Key.Key_Return)


def test_a_name_is_changed_in_its_place_and_the_choice_follows(
    page: ModelsPage, rig: Rig, qtbot: QtBot, loaded: list[Path | None]
) -> None:
    choose(page, "podcast")
    page.use.click()
    idle(rig, qtbot)
    edit_name(page, qtbot, "Weekly show")
    idle(rig, qtbot)
    assert shown(page) == ["Bundled", "Audiobook", "Weekly show"]
    assert page.chosen is not None
    assert page.chosen.name == "Weekly show"
    assert rig.window.settings.model == "Weekly show.safetensors"
    assert rig.window.model_label.text() == "“Weekly show” ready (CPU)"
    assert len(loaded) == 1, "it isn't loaded again"
    rig.window.generation.loader.load()
    assert loaded[-1] == models_folder() / "Weekly show.safetensors"


def test_a_name_that_is_taken_is_refused_in_a_sentence(
    page: ModelsPage, rig: Rig, qtbot: QtBot
) -> None:
    choose(page, "podcast")
    edit_name(page, qtbot, "audiobook")
    idle(rig, qtbot)
    assert "called “audiobook” already" in rig.dialog.text()
    assert shown(page) == ["Bundled", "Audiobook", "podcast"]


def test_the_bundled_one_stays_as_it_is(page: ModelsPage, rig: Rig, qtbot: QtBot) -> None:
    choose(page, "Bundled")
    page.table.setFocus()
    for button in (page.rename, page.remove, page.compare, page.use):
        assert not button.isEnabled()
        assert button.toolTip()
    qtbot.keyClick(page.table, Qt.Key.Key_F2)
    assert page.table.findChild(QLineEdit) is None
    qtbot.keyClick(page.table, Qt.Key.Key_Delete)
    idle(rig, qtbot)
    assert "bundled model can't be deleted" in rig.dialog.text()
    assert len(shown(page)) == 3


def test_a_deleted_model_in_use_comes_back_and_is_in_use_again(
    page: ModelsPage, rig: Rig, qtbot: QtBot
) -> None:
    window = rig.window
    choose(page, "podcast")
    page.use.click()
    idle(rig, qtbot)
    page.table.setFocus()
    qtbot.keyClick(page.table, Qt.Key.Key_Delete)
    idle(rig, qtbot)
    assert shown(page) == ["Bundled", "Audiobook"]
    assert window.settings.model == ""
    assert window.model_label.text() == "Model ready (CPU)"
    assert "was deleted; the bundled one" in window.notice.sentence.text()
    window.notice.button.click()
    idle(rig, qtbot)
    assert shown(page) == ["Bundled", "Audiobook", "podcast"]
    assert window.settings.model == "podcast.safetensors"


def test_a_chosen_one_that_is_damaged_is_not_asked_for_once_it_is_deleted(
    own_folders: Path, qtbot: QtBot, loaded: list[Path | None]
) -> None:
    settings = Settings(own_folders / "settings.ini")
    settings.model = "gone.safetensors"
    window = MainWindow(settings)
    qtbot.addWidget(window)
    window.load_model()
    qtbot.waitUntil(lambda: window.generation.engine_state is EngineState.READY)
    assert loaded == [models_folder() / "gone.safetensors", None]
    models_folder().mkdir(parents=True)
    (models_folder() / "gone.safetensors").write_bytes(b"half")
    window.models.refresh()
    qtbot.waitUntil(lambda: len(window.models.listed.models) == 2)
    window.models.remove(window.models.listed.models[1])
    qtbot.waitUntil(lambda: not window.runner.jobs)
    assert settings.model == ""
    assert window.notice.sentence.text() == "The model “gone” was deleted."
    window.close()


def test_one_that_was_deleted_earlier_is_brought_back_from_a_menu(
    page: ModelsPage, rig: Rig, qtbot: QtBot
) -> None:
    assert not page.deleted.isEnabled()
    choose(page, "Audiobook")
    page.remove.click()
    idle(rig, qtbot)
    assert page.deleted.isEnabled()
    (action,) = page.deleted_menu.actions()
    assert action.text() == "Audiobook"
    action.trigger()
    idle(rig, qtbot)
    assert shown(page) == ["Bundled", "Audiobook", "podcast"]
    assert not page.deleted.isEnabled()


def test_a_model_goes_out_as_one_file_and_comes_back_under_its_name(
    page: ModelsPage, rig: Rig, qtbot: QtBot, tmp_path: Path
) -> None:
    choose(page, "podcast")
    dialog = page.ask_for_target()
    assert dialog is not None
    assert [name.endswith("podcast" + EXPORT_SUFFIX) for name in dialog.selectedFiles()] == [True]
    dialog.fileSelected.emit(str(tmp_path / "for you.editorbot-model"))
    dialog.reject()
    idle(rig, qtbot)
    file = tmp_path / f"for you{EXPORT_SUFFIX}"
    assert file.is_file()
    assert str(file) in rig.window.happened.text()
    page.desk.import_files([file])
    idle(rig, qtbot)
    assert "is here already; it is called “podcast”" in rig.window.happened.text()
    assert len(shown(page)) == 3


def drop(page: ModelsPage, *files: Path) -> bool:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(file)) for file in files])
    where = (page.rect().center(), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton,
             Qt.KeyboardModifier.NoModifier)  # fmt: skip
    enter = QDragEnterEvent(*where)
    QApplication.sendEvent(page, enter)
    if enter.isAccepted():
        place = QPointF(page.rect().center())
        QApplication.sendEvent(page, QDropEvent(place, *where[1:]))
    return enter.isAccepted()


def test_models_are_dropped_on_the_page(
    page: ModelsPage, rig: Rig, qtbot: QtBot, tmp_path: Path, speech: Path
) -> None:
    good, bad = tmp_path / f"guest{EXPORT_SUFFIX}", tmp_path / f"bad{EXPORT_SUFFIX}"
    write_model(good, 9)
    bad.write_bytes(b"nothing")
    assert not drop(page, speech), "recordings are for the window"
    assert drop(page, bad, good)
    idle(rig, qtbot)
    assert shown(page) == ["Bundled", "Audiobook", "guest", "podcast"]
    assert page.chosen is not None
    assert page.chosen.name == "guest"
    assert "It was imported." in page.detail.text()
    assert "“bad.editorbot-model” is not a readable checkpoint" in rig.dialog.text()


def test_models_are_dropped_on_the_window(
    page: ModelsPage, rig: Rig, qtbot: QtBot, tmp_path: Path
) -> None:
    file = tmp_path / f"guest{EXPORT_SUFFIX}"
    write_model(file, 9)
    rig.window._file_drop.dropped.emit([file])
    idle(rig, qtbot)
    assert "guest" in shown(page)


def test_files_are_chosen_in_a_dialog(
    page: ModelsPage, rig: Rig, qtbot: QtBot, tmp_path: Path
) -> None:
    file = tmp_path / f"guest{EXPORT_SUFFIX}"
    write_model(file, 9)
    page.bring_in.click()
    dialog = page.findChild(QFileDialog)
    assert dialog is not None
    dialog.filesSelected.emit([str(file)])
    dialog.reject()
    idle(rig, qtbot)
    assert rig.window.happened.text() == "“guest” is one of your models now."


@pytest.mark.parametrize("in_use", ["", "podcast.safetensors", "Audiobook.safetensors"])
def test_a_model_is_compared_with_the_bundled_one(  # whichever is in use
    page: ModelsPage,
    rig: Rig,
    qtbot: QtBot,
    speech: Path,
    loaded: list[Path | None],
    in_use: str,
) -> None:
    window = rig.window
    choose(page, "podcast")
    assert page.compare.toolTip() == "Open a recording first."
    rig.open(qtbot, speech)
    if in_use:
        window.models.choice.use(in_use)
        idle(rig, qtbot)
    before = window.session.edit_list
    page.compare.click()
    idle(rig, qtbot)
    own, bundled = models_folder() / "podcast.safetensors", None
    assert loaded.count(own) == 1
    assert loaded.count(bundled) == (1 if in_use else 0), "what is loaded isn't loaded again"
    assert [take.name for take in window.takes.all] == ["Bundled model", "podcast"]
    assert window.session.edit_list == before, "the document stays as it is"
    dialog = window.findChild(CompareTakesDialog)
    assert dialog is not None
    assert [side.chooser.currentText() for side in dialog.sides] == ["Bundled model", "podcast"]
    table = dialog.figures
    cells = table.model()
    rows = [
        [cells.index(row, column).data() for column in range(1, table.columnCount())]
        for row in range(table.rowCount())
    ]
    assert rows[0] != rows[1]
    assert rows[2][0].startswith("+"), "podcast leaves more"
    first, second = (figures_of(take, 48_000) for take in window.takes.all)
    assert (second.kept > first.kept, first.cuts, first.pauses, first.loops) == (True, 3, 3, 0)
    assert rows[0][2:] == ["3", "3", "0"]
    dialog.reject()


def test_nothing_is_shown_of_a_comparison_that_comes_too_late(
    page: ModelsPage, rig: Rig, qtbot: QtBot, speech: Path, tmp_path: Path
) -> None:
    other = tmp_path / "another.wav"
    other.write_bytes(speech.read_bytes())
    rig.open(qtbot, speech)
    rig.engine.gate.clear()
    choose(page, "podcast")
    page.compare.click()
    with qtbot.waitSignal(rig.window.session.source_changed):
        rig.window.open_path(other)
    rig.engine.gate.set()
    idle(rig, qtbot)
    assert rig.window.takes.all == ()


def test_figures_leave_out_what_was_rejected() -> None:
    edit = EditList.from_ranges([(0, 400), (500, 1000)])
    changes = (
        Change(0, ChangeKind.CUT, Reason.SILENCE, 0, 400, 500),
        Change(1, ChangeKind.CUT, Reason.RETAKE, 0, 600, 700),
        Change(2, ChangeKind.LOOP, Reason.REPEAT, 0, 600, 700),
        Change(3, ChangeKind.LOOP, Reason.REPEAT, 0, 8, 9, state=ChangeState.REJECTED),
    )
    figures = figures_of(Take(1, "a", edit, None, changes), 1000)
    assert figures.length == 900
    assert figures.kept == pytest.approx(0.9)
    assert (figures.cuts, figures.pauses, figures.loops) == (2, 1, 1)


def test_the_page_is_one_of_the_training_dock(rig: Rig, qtbot: QtBot, speech: Path) -> None:
    rig.open(qtbot, speech)
    rig.window.commands["training"].trigger()
    idle(rig, qtbot)
    pages = rig.window.findChild(QTabWidget)
    assert pages is not None
    assert "Models" in [pages.tabText(place) for place in range(pages.count())]
    assert rig.window.generation.engine_state is not EngineState.FAILED
