from __future__ import annotations

import errno
import io
import json
import shutil
import subprocess
import sys
import unicodedata
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from model_core.align.types import Verdict
from model_core.edit.edit_ops import EditOp, pointers_to_ops
from model_core.edit.pointers import STOP, edit_list_to_pointers, hop_samples
from model_core.edit.serialise import dict_to_edit_list
from tests.align.sounds import RATE, cut, voice
from tests.training.library_pairs import RANGES, aligned, write_pair
from training.library import Library, LibraryError, PairState
from training.library import info as infos
from training.library.layout import Layout, scan
from training.library.making import Result


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library with one aligned pair; not to be changed."""
    root = tmp_path_factory.mktemp("library")
    write_pair(root / "training_data", "talk")
    outcome = aligned(root)
    assert outcome.result is Result.MADE, outcome.sentence
    return root


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    """A copy of that library that a test may spoil."""
    shutil.copytree(made, tmp_path / "my library – тест")
    return tmp_path / "my library – тест"


def content(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_files_are_those_of_the_format(made: Path) -> None:
    sequences = made / "training_data" / "pointer_sequences"
    pointers = np.load(sequences / "talk_pointers.npy", allow_pickle=False)
    ops = np.load(sequences / "talk_ops.npy", allow_pickle=False)
    with np.load(made / "cache" / "features" / "talk.npz", allow_pickle=False) as held:
        assert held.files == ["mel"]
        mel = held["mel"]
    edit = cut(RANGES)
    n_samples = 16 * RATE
    wanted = edit_list_to_pointers(edit, hop_samples(RATE), n_samples).indices
    np.testing.assert_array_equal(pointers, [*wanted, STOP])
    assert pointers.dtype == np.int64
    assert ops.dtype == np.int8
    np.testing.assert_array_equal(ops, pointers_to_ops(pointers, mel.shape[1]))
    assert {EditOp.LOOP_START, EditOp.SKIP, EditOp.STOP} <= set(ops.tolist())
    assert mel.dtype == np.float32
    assert mel.shape == (128, -(-n_samples // 256))
    assert mel.min() >= 0
    assert mel.max() == 1
    about = json.loads((sequences / "talk_info.json").read_text(encoding="utf-8"))
    assert dict_to_edit_list(about["edit_list"]).edit_list.items == edit.items
    assert about["report"]["verdict"] == "good"
    assert about["edit_list"]["sources"][0]["path"] == "../input/talk_raw.wav"
    picture = (sequences / "talk_alignment.png").read_bytes()
    assert picture.startswith(b"\x89PNG")


def test_a_pair_tells_and_loads_everything(made: Path) -> None:
    (pair,) = Library(made).pairs()
    assert pair.state is PairState.READY
    assert pair.verdict is Verdict.GOOD
    assert pair.coverage == pytest.approx(12.8 / 16, abs=0.01)
    assert pair.mel().shape == (128, pair.n_frames)
    assert len(pair.ops()) == len(pair.pointers()) + 1
    assert pair.stems() == {}
    assert [p.name for p in Library(made).training_pairs()] == ["talk"]


def test_a_second_run_changes_nothing(root: Path) -> None:
    before = content(root)
    assert aligned(root).result is Result.UP_TO_DATE
    assert content(root) == before


@pytest.mark.parametrize(
    "lost",
    [
        "cache/features/talk.npz",
        "training_data/pointer_sequences/talk_pointers.npy",
        "training_data/pointer_sequences/talk_ops.npy",
        "training_data/pointer_sequences/talk_alignment.png",
    ],
)
def test_what_is_lost_is_made_again_without_aligning(
    root: Path, lost: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = content(root)
    (root / lost).unlink()

    def never(*_: object, **__: object) -> None:
        raise AssertionError("aligned again")

    monkeypatch.setattr("training.library.making.align", never)
    assert aligned(root).result is Result.MADE
    after = content(root)
    assert set(after) == set(before)
    if not lost.endswith(".png"):
        assert after == before


@pytest.mark.parametrize("how", ["flipped", "cut short", "empty", "text", "NaN", "other shape"])
def test_a_corrupt_spectrogram_is_refused_and_made_again(root: Path, how: str) -> None:
    path = root / "cache" / "features" / "talk.npz"
    good = path.read_bytes()
    mel = Library(root).pair("talk").mel()
    spoilt = bytearray(good)
    spoilt[len(good) // 2] ^= 0xFF
    nan = mel.copy()
    nan[3, 5] = np.nan
    match how:
        case "flipped":
            path.write_bytes(bytes(spoilt))
        case "cut short":
            path.write_bytes(good[: len(good) // 2])
        case "empty":
            path.write_bytes(b"")
        case "text":
            path.write_text("mel", encoding="utf-8")
        case "NaN":
            np.savez(path, mel=nan)
        case "other shape":
            np.savez(path, mel=mel[:, :-1])
    with pytest.raises(LibraryError, match=r"talk\.npz.*precache_samples"):
        Library(root).pair("talk").mel()
    assert aligned(root).result is Result.MADE
    np.testing.assert_array_equal(Library(root).pair("talk").mel(), mel)


def test_a_spectrogram_that_announces_more_than_there_is_takes_no_memory(root: Path) -> None:
    header = {"descr": "<f4", "fortran_order": False, "shape": (128, 10**12)}
    forged = io.BytesIO()
    np.lib.format.write_array_header_1_0(forged, header)
    with zipfile.ZipFile(root / "cache" / "features" / "talk.npz", "w") as archive:
        archive.writestr("mel.npy", forged.getvalue() + bytes(16))
    with pytest.raises(LibraryError, match="cut short, or longer"):
        Library(root).pair("talk").mel()


def test_objects_are_never_unpickled(root: Path) -> None:
    np.savez(root / "cache" / "features" / "talk.npz", mel=np.array([{}], dtype=object))
    with pytest.raises(LibraryError, match="damaged"):
        Library(root).pair("talk").mel()


def test_pointers_of_another_recording_are_refused_and_made_again(root: Path) -> None:
    path = root / "training_data" / "pointer_sequences" / "talk_pointers.npy"
    pair = Library(root).pair("talk")
    good = pair.pointers()
    for wrong, why in ((good + 10**6, "beyond"), (good[:-5], "length"), (good - 10**6, "holds no")):
        np.save(path, wrong)
        with pytest.raises(LibraryError, match=why):
            pair.pointers()
        assert aligned(root).result is Result.MADE
        np.testing.assert_array_equal(pair.pointers(), good)


@pytest.mark.parametrize("wrong", [[0] * 5, [99], "text"])
def test_damaged_operations_are_refused(root: Path, wrong: object) -> None:
    path = root / "training_data" / "pointer_sequences" / "talk_ops.npy"
    pair = Library(root).pair("talk")
    n_steps = len(pair.ops())
    if wrong == "text":
        path.write_text("ops", encoding="utf-8")
    elif wrong == [99]:
        ops = np.full(n_steps, 99, np.int8)
        ops[-1] = EditOp.STOP
        np.save(path, ops)
    else:
        np.save(path, np.array(wrong, np.int8))
    with pytest.raises(LibraryError, match=r"talk_ops\.npy"):
        pair.ops()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": "editorbot-pair", "version": 1}'])
def test_a_damaged_info_means_aligning_again(root: Path, text: str) -> None:
    path = root / "training_data" / "pointer_sequences" / "talk_info.json"
    before = path.read_bytes()
    path.write_text(text, encoding="utf-8")
    pair = Library(root).pair("talk")
    assert pair.state is PairState.NEW
    with pytest.raises(LibraryError):
        pair.mel()
    assert aligned(root).result is Result.MADE
    assert path.read_bytes() == before


def test_a_changed_edit_is_stale_until_it_is_aligned_again(root: Path) -> None:
    data = root / "training_data"
    old = Library(root).pair("talk").pointers()
    path = data / "desired_output" / "talk_edit.wav"
    samples, rate = soundfile.read(path, dtype="int16")
    soundfile.write(path, samples[: 5 * rate], rate, "PCM_16")
    pair = Library(root).pair("talk")
    assert pair.state is PairState.STALE
    assert Library(root).training_pairs() == []
    with pytest.raises(LibraryError, match="changed"):
        pair.pointers()
    assert aligned(root).result is Result.MADE
    assert len(Library(root).pair("talk").pointers()) < len(old)


def test_a_file_that_was_only_touched_is_not_aligned_again(root: Path) -> None:
    path = root / "training_data" / "input" / "talk_raw.wav"
    path.write_bytes(path.read_bytes())
    assert Library(root).pair("talk").state is PairState.READY
    assert aligned(root).result is Result.UP_TO_DATE


def test_another_version_of_the_aligner_makes_pairs_stale(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(infos, "ALIGNER_VERSION", infos.ALIGNER_VERSION + 1)
    assert Library(root).pair("talk").state is PairState.STALE
    assert aligned(root).result is Result.MADE
    assert Library(root).pair("talk").state is PairState.READY


def test_a_refused_pair_leaves_the_reason_and_nothing_to_train_on(root: Path) -> None:
    data = root / "training_data"
    other = data / "desired_output" / "talk_edit.wav"
    samples = np.round(np.clip(voice(9, seed=9), -1, 1) * 32767).astype(np.int16)
    soundfile.write(other, samples, RATE, "PCM_16")
    for _ in range(2):
        outcome = aligned(root)
        assert outcome.result is Result.REFUSED
        assert "belong together" in outcome.mend
    assert sorted(content(data / "pointer_sequences")) == ["talk_info.json"]
    assert content(root / "cache") == {}
    pair = Library(root).pair("talk")
    assert pair.state is PairState.REFUSED
    assert "found in the recording" in pair.sentence
    assert Library(root).training_pairs(also_check=True) == []


def test_silent_short_and_unreadable_files(tmp_path: Path) -> None:
    data = tmp_path / "training_data"
    for name, raw in (
        ("silent", np.zeros(5 * RATE)),
        ("short", 0.1 * np.ones(2000)),
        ("broken", None),
    ):
        write_pair(data, name)
        path = data / "input" / f"{name}_raw.wav"
        if raw is None:
            path.write_text("no sound", encoding="utf-8")
        else:
            soundfile.write(path, raw, RATE)
    assert aligned(tmp_path, "silent").result is Result.REFUSED
    assert "silent" in aligned(tmp_path, "silent").sentence
    assert "too short" in aligned(tmp_path, "short").sentence
    broken = aligned(tmp_path, "broken")
    assert broken.result is Result.FAILED
    assert "sound file" in broken.sentence
    states = [pair.state for pair in Library(tmp_path).pairs()]
    assert states == [PairState.UNREADABLE, PairState.REFUSED, PairState.REFUSED]
    # It is tried again every time: what couldn't be read may have been put right.
    write_pair(data, "broken")
    assert aligned(tmp_path, "broken").result is Result.MADE


def test_nan_in_a_recording_is_taken_as_silence_and_told(tmp_path: Path) -> None:
    data = tmp_path / "training_data"
    write_pair(data, "talk")
    path = data / "input" / "talk_raw.wav"
    samples, rate = soundfile.read(path, dtype="float32")
    samples[6 * rate // 2 : 3 * rate + 100] = np.nan
    soundfile.write(path, samples, rate, "FLOAT")
    outcome = aligned(tmp_path)
    assert outcome.result is Result.MADE
    assert outcome.info
    assert any("aren't numbers" in note for note in outcome.info.notes)
    assert np.isfinite(Library(tmp_path).pair("talk").mel()).all()


def test_a_disk_that_is_away_costs_nothing(root: Path) -> None:
    before = content(root)
    raw = root / "training_data" / "input" / "talk_raw.wav"
    away = raw.rename(root / "elsewhere.wav")
    raw.symlink_to(root / "nowhere.wav")
    assert Library(root).pair("talk").state is PairState.UNREADABLE
    assert aligned(root).result is Result.FAILED
    raw.unlink()
    away.rename(raw)
    assert content(root) == before
    assert aligned(root).result is Result.UP_TO_DATE


def test_a_full_disk_is_told_and_the_pair_counts_for_nothing(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "training_data" / "pointer_sequences" / "talk_info.json").unlink()

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("training.library.arrays.np.savez", full)
    outcome = aligned(root)
    assert outcome.result is Result.FAILED
    assert "no space is left" in outcome.sentence
    assert Library(root).pair("talk").state is PairState.NEW
    monkeypatch.undo()
    assert aligned(root).result is Result.MADE
    assert not list(root.rglob(".editorbot-*"))


def test_the_sources_are_never_written(root: Path) -> None:
    data = root / "training_data"
    before = content(data / "input") | content(data / "desired_output")
    (data / "pointer_sequences" / "talk_info.json").unlink()
    aligned(root)
    assert content(data / "input") | content(data / "desired_output") == before


def test_missing_mates_doubles_and_strays(tmp_path: Path) -> None:
    data = tmp_path / "training_data"
    write_pair(data, "two")
    shutil.copy(data / "input" / "two_raw.wav", data / "input" / "two_raw.flac")
    shutil.copy(data / "input" / "two_raw.wav", data / "input" / "lonely_raw.wav")
    shutil.copy(data / "input" / "two_raw.wav", data / "input" / "notes.wav")
    (data / "input" / ".DS_Store").write_bytes(b"x")
    (data / "input" / "_raw.wav").write_bytes(b"x")
    lonely, two = Library(tmp_path).pairs()
    assert lonely.state is two.state is PairState.INCOMPLETE
    assert "no finished edit" in lonely.sentence
    assert "more than one recording" in two.sentence
    with pytest.raises(LibraryError, match="no finished edit"):
        lonely.task()
    assert [path.name for path in Library(tmp_path).strays()] == ["_raw.wav", "notes.wav"]


def test_names_are_composed_whatever_the_file_system_does(tmp_path: Path) -> None:
    data = tmp_path / "training_data"
    write_pair(data, "x")
    apart = unicodedata.normalize("NFD", "Büro")
    (data / "input" / "x_raw.wav").rename(data / "input" / f"{apart}_raw.wav")
    (data / "desired_output" / "x_edit.wav").rename(data / "desired_output" / "Büro_edit.wav")
    assert list(scan(Layout(data, tmp_path)).samples) == ["Büro"]
    assert Library(tmp_path).pair(apart).name == "Büro"


def test_there_is_no_library(tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match="holds no library"):
        Library(tmp_path).pairs()
    write_pair(tmp_path / "training_data", "talk")
    with pytest.raises(LibraryError, match=r"no sample “walk”.*“talk”"):
        Library(tmp_path).pair("walk")


def test_pairs_to_look_at_train_only_if_asked_for(root: Path) -> None:
    path = root / "training_data" / "pointer_sequences" / "talk_info.json"
    about = infos.read_info(path)
    assert about
    assert about.found
    report = replace(about.found.report, verdict=Verdict.CHECK, remarks=("Look.",))
    infos.write_info(path, replace(about, found=replace(about.found, report=report)))
    library = Library(root)
    assert library.pair("talk").verdict is Verdict.CHECK
    assert library.training_pairs() == []
    assert [pair.name for pair in library.training_pairs(also_check=True)] == ["talk"]


def test_the_library_needs_no_torch() -> None:
    code = (
        "import sys, training.precache_samples, training.library_report; "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
