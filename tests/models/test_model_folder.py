from __future__ import annotations

import errno
import json
import os
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import torch
from safetensors.torch import load_file, save_file

from model_core.checkpoint import load_checkpoint
from model_core.errors import CancelledError, CheckpointError, FileWriteError
from model_core.models.folder import KEPT_DAYS, TRASH, ModelFolder
from model_core.models.model import ModelKind
from model_core.models.names import EXPORT_SUFFIX, SUFFIX, file_stem, free_name
from model_core.progress import CancelToken
from tests.models.small import CONFIG, TUNED, write_model

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def models(tmp_path: Path) -> ModelFolder:
    bundled = tmp_path / "program" / "editorbot.safetensors"
    bundled.parent.mkdir()
    write_model(bundled, 1, trained="2026-11-01")
    folder = ModelFolder(tmp_path / "mine" / "models", bundled)
    folder.add("podcast", lambda path: write_model(path, 2, fine_tuned=TUNED))
    return folder


@pytest.fixture
def elsewhere(tmp_path: Path) -> ModelFolder:
    """The models of another computer."""
    bundled = tmp_path / "other" / "editorbot.safetensors"
    bundled.parent.mkdir()
    write_model(bundled, 1)
    return ModelFolder(tmp_path / "other" / "models", bundled)


def names(models: ModelFolder) -> list[str]:
    return [model.name for model in models.models()]


def test_models_are_listed_with_what_they_say_of_themselves(models: ModelFolder) -> None:
    bundled, own = models.models()
    assert (bundled.name, bundled.kind, bundled.key) == ("bundled", ModelKind.BUNDLED, "")
    assert bundled.date == "2026-11-01"
    assert (own.name, own.kind, own.key) == ("podcast", ModelKind.OWN, "podcast.safetensors")
    assert (own.date, own.n_pairs, own.before, own.after) == ("2026-11-20", 3, 8.0, 6.0)
    assert own.gain == pytest.approx(0.25)
    assert own.size_bytes == own.path.stat().st_size
    assert len(own.sha256) == 64
    assert not own.reason


def test_an_empty_folder_still_has_the_bundled_one(elsewhere: ModelFolder) -> None:
    assert names(elsewhere) == ["bundled"]
    assert not elsewhere.folder.exists(), "looking makes nothing"


def test_what_is_being_written_or_damaged_hinders_nothing(models: ModelFolder) -> None:
    (models.folder / ".editorbot-12.safetensors").write_bytes(b"half")
    (models.folder / "broken.safetensors").write_bytes(b"half of it")
    (models.folder / "notes.txt").write_text("no model")
    listed = {model.name: model for model in models.models()}
    assert set(listed) == {"bundled", "podcast", "broken"}
    assert "not a readable checkpoint" in listed["broken"].reason


@pytest.mark.parametrize(
    "said",
    [
        {"pairs": 3, "date": 5, "nats_per_event_before": "x", "nats_per_event_after": True},
        "words",
        {},
    ],
)
def test_odd_words_about_the_training_are_left_aside(models: ModelFolder, said: object) -> None:
    path = models.add("odd", lambda path: write_model(path, fine_tuned=said))
    odd = models.find(path.stem)
    assert (odd.reason, odd.date, odd.n_pairs, odd.before, odd.gain) == ("", "", None, None, None)


def test_a_new_model_never_takes_the_place_of_another(models: ModelFolder) -> None:
    before = models.find("podcast").sha256
    path = models.add("Podcast", lambda path: write_model(path, 3))
    assert path.stem == "Podcast 2"
    assert models.add("bundled", write_model).stem == "bundled 2"
    assert models.find("podcast").sha256 == before


def test_renaming_keeps_everything_else(models: ModelFolder) -> None:
    before = models.find("podcast")
    after = models.rename(before, "  My   show: 2/3  ")
    assert after == replace(before, name="My show- 2-3", path=after.path)
    assert names(models) == ["bundled", "My show- 2-3"]
    assert models.rename(after, "MY SHOW- 2-3").name == "MY SHOW- 2-3", "only the capitals"


@pytest.mark.parametrize(
    ("name", "words"),
    [("PODCAST 2", "called “PODCAST 2” already"), ("Bundled", "already"), (" .. ", "a letter")],
)
def test_a_name_that_cannot_be_given_is_refused(models: ModelFolder, name: str, words: str) -> None:
    models.add("podcast", write_model)
    with pytest.raises(FileWriteError, match=words):
        models.rename(models.find("podcast"), name)
    assert names(models) == ["bundled", "podcast", "podcast 2"]


def test_the_bundled_one_is_neither_renamed_nor_deleted(models: ModelFolder) -> None:
    bundled = models.find("bundled")
    with pytest.raises(CheckpointError, match="can't be renamed"):
        models.rename(bundled, "mine")
    with pytest.raises(CheckpointError, match="can't be deleted"):
        models.remove(bundled)
    assert bundled.path.is_file()


def test_what_is_gone_is_told(models: ModelFolder) -> None:
    gone = models.find("podcast")
    gone.path.unlink()
    for change in (
        lambda: models.rename(gone, "mine"),
        lambda: models.remove(gone),
        lambda: models.export(gone, models.folder.parent / "x"),
    ):
        with pytest.raises(CheckpointError, match="isn't there any more"):
            change()
    with pytest.raises(CheckpointError, match="no model called “podcast”"):
        models.find("podcast")


def test_a_deleted_model_comes_back_as_it_was(models: ModelFolder) -> None:
    before = models.find("podcast")
    removed = models.remove(before)
    assert names(models) == ["bundled"]
    assert [model.name for model in models.deleted()] == ["podcast"]
    assert models.restore(removed) == before
    assert models.deleted() == ()
    load_checkpoint(before.path)


def test_it_comes_back_beside_another_that_has_its_name_now(models: ModelFolder) -> None:
    removed = models.remove(models.find("podcast"))
    models.add("podcast", lambda path: write_model(path, 9))
    assert models.restore(removed).name == "podcast 2"
    again = models.remove(models.find("podcast 2"))
    assert models.find_deleted("Podcast 2") == again


def test_what_was_deleted_long_ago_goes_with_the_next_one(models: ModelFolder) -> None:
    models.add("old", lambda path: write_model(path, 4))
    old = models.remove(models.find("old"))
    long_ago = time.time() - (KEPT_DAYS + 1) * 24 * 60 * 60
    os.utime(old.path, (long_ago, long_ago))
    models.remove(models.find("podcast"))
    assert [model.name for model in models.deleted()] == ["podcast"]


def test_a_model_goes_to_another_computer_as_one_file(
    models: ModelFolder, elsewhere: ModelFolder, tmp_path: Path
) -> None:
    own = models.find("podcast")
    file = models.export(own, tmp_path / "for you")
    assert file.name == "for you" + EXPORT_SUFFIX
    came = elsewhere.import_file(file)
    assert came.is_new
    assert came.model == elsewhere.find("for you")
    assert came.model.kind is ModelKind.IMPORTED
    assert (came.model.sha256, came.model.n_pairs) == (own.sha256, 3)
    renamed = elsewhere.rename(came.model, "guest")
    assert elsewhere.find("guest").kind is ModelKind.IMPORTED, "whatever it is called"
    assert not elsewhere.import_file(file).is_new
    assert elsewhere.import_file(file).model.path == renamed.path
    assert names(elsewhere) == ["bundled", "guest"]


def test_what_is_here_already_is_not_imported_twice(models: ModelFolder, tmp_path: Path) -> None:
    for name in ("podcast", "bundled"):
        file = models.export(models.find(name), tmp_path / f"a copy of {name}")
        came = models.import_file(file)
        assert not came.is_new
        assert came.model.name == name
    assert models.find("podcast").kind is ModelKind.OWN
    assert names(models) == ["bundled", "podcast"]


def changed_card(path: Path, **changes: object) -> None:
    card = json.loads(load_checkpoint(path).card.to_json())
    save_file(load_file(path), path, metadata={"card": json.dumps({**card, **changes})})


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def turn_a_bit(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 64
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (truncate, "not a readable checkpoint"),
        (turn_a_bit, "is damaged"),
        (lambda path: path.write_bytes(b"RIFF" + bytes(1000)), "not a readable checkpoint"),
        (lambda path: path.write_bytes(b""), "not a readable checkpoint"),
        (lambda path: save_file({"w": torch.zeros(2)}, path), "not a checkpoint of EditorBot"),
        (lambda path: changed_card(path, version=3), "format version 3"),
        (
            lambda path: changed_card(path, config={**CONFIG.to_dict(), "n_encoder_layers": 2}),
            "does not fit the network",
        ),
        (lambda path: path.unlink(), "no checkpoint at"),
    ],
)
def test_what_is_no_whole_model_is_refused_and_leaves_nothing(
    models: ModelFolder, tmp_path: Path, spoil: Callable[[Path], None], words: str
) -> None:
    file = tmp_path / "strange.editorbot-model"
    write_model(file, 7)
    spoil(file)
    before = sorted(path.name for path in models.folder.iterdir())
    with pytest.raises(CheckpointError, match=words) as caught:
        models.import_file(file)
    assert "strange" in caught.value.sentence or "version" in caught.value.sentence
    assert caught.value.mend
    assert sorted(path.name for path in models.folder.iterdir()) == before


def test_a_damaged_model_is_not_exported(models: ModelFolder, tmp_path: Path) -> None:
    (models.folder / "broken.safetensors").write_bytes(b"half of it")
    with pytest.raises(CheckpointError, match="not a readable"):
        models.export(models.find("broken"), tmp_path / "x")
    assert not list(tmp_path.glob("x*"))


def test_an_export_never_goes_over_a_model(models: ModelFolder) -> None:
    own = models.find("podcast")
    for folder in (models.folder, models.bundled.parent):
        with pytest.raises(FileWriteError, match="over one of your models"):
            models.export(own, folder / "new")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_told_and_loses_nothing(
    models: ModelFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    file = tmp_path / f"guest{EXPORT_SUFFIX}"
    write_model(file, 5)
    target = tmp_path / f"kept{EXPORT_SUFFIX}"
    target.write_text("an earlier export")
    opened = Path.open

    def full(path: Path, mode: str = "r", *more: object, **named: object) -> object:
        if mode == "wb" and path.name.startswith(".editorbot-"):
            raise OSError(number, os.strerror(number), str(path))
        return opened(path, mode, *more, **named)  # type: ignore[call-overload]

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", full)
        with pytest.raises(FileWriteError, match="no space is left"):
            models.export(models.find("podcast"), target)
        with pytest.raises(FileWriteError, match="no space is left"):
            models.import_file(file)
    assert target.read_text() == "an earlier export"
    assert names(models) == ["bundled", "podcast"]
    assert not list(models.folder.glob(".editorbot-*"))
    assert models.import_file(file).is_new, "afterwards it works"


def test_an_import_that_is_cancelled_leaves_nothing(models: ModelFolder, tmp_path: Path) -> None:
    file = tmp_path / f"guest{EXPORT_SUFFIX}"
    write_model(file, 5)
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(CancelledError):
        models.import_file(file, cancel=cancel)
    assert names(models) == ["bundled", "podcast"]


def test_many_at_once_get_names_of_their_own(models: ModelFolder, tmp_path: Path) -> None:
    files = [tmp_path / f"{place}" / f"guest{EXPORT_SUFFIX}" for place in range(4)]
    for seed, file in enumerate(files, 20):
        file.parent.mkdir()
        write_model(file, seed)
    threads = [threading.Thread(target=models.import_file, args=(file,)) for file in files]
    threads += [
        threading.Thread(target=models.add, args=("guest", lambda path: write_model(path, 30)))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    listed = models.models()
    assert len(listed) == 8
    assert all(not model.reason for model in listed)
    assert sum(model.kind is ModelKind.IMPORTED for model in listed) == 4


def test_a_note_of_imports_that_is_damaged_costs_only_the_note(
    models: ModelFolder, tmp_path: Path
) -> None:
    file = tmp_path / f"guest{EXPORT_SUFFIX}"
    write_model(file, 5)
    models.import_file(file)
    (models.folder / "imported.json").write_text("{")
    assert [model.kind for model in models.models()][1:] == [ModelKind.OWN, ModelKind.OWN]


@pytest.mark.parametrize(
    ("written", "stem"),
    [
        ("Über – alles", "Über - alles"), ("a/b\\c:d*e", "a-b-c-d-e"), ("con", "con-model"),
        ("LPT1", "LPT1-model"), ("..", ""), ("  ", ""), ("name. ", "name"),
        ("日本" * 60, "日本" * 30),
    ],
)  # fmt: skip
def test_names_are_those_of_files_on_every_system(written: str, stem: str) -> None:
    assert file_stem(written) == stem


def test_free_names_are_numbered_whatever_their_capitals() -> None:
    assert free_name("Show", ["show", "SHOW 2"]) == "Show 3"
    assert free_name("???", []) == "model"
    assert TRASH
    assert SUFFIX == ".safetensors"
