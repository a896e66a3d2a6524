from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from tests.align.sounds import RATE, voice
from tests.training.library_pairs import aligned, write_pair
from training import convert_stems_to_mel, precache_stems
from training.library import Library, LibraryError
from training.library.command import DONE, INCOMPLETE, NOTHING

if TYPE_CHECKING:
    from pathlib import Path

    Capture = pytest.CaptureFixture[str]

# A program of Demucs' name that writes the files that Demucs writes.
STAND_IN = """
import sys
from pathlib import Path
import soundfile
assert sys.argv[1:3] == ["-n", "htdemucs"] and sys.argv[3] == "--filename"
out, raw = Path(sys.argv[sys.argv.index("-o") + 1]), sys.argv[-1]
if "bad" in raw:
    sys.exit("no network to be had")
samples, rate = soundfile.read(raw)
folder = out / "htdemucs"
folder.mkdir(parents=True)
for stem in ("drums", "bass", "vocals", "other"):
    soundfile.write(folder / sys.argv[4].format(stem=stem, ext="wav"), samples / 4, rate)
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("library")
    for name in ("song", "talk"):
        write_pair(root / "training_data", name)
    aligned(root, "song")
    for name in ("Vocals", "drums"):
        path = root / "own" / "song" / f"{name}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, voice(16, seed=len(name)), RATE)
    return root


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "with space")
    return tmp_path / "with space"


def run(command: object, root: Path, *arguments: str) -> int:
    folders = (f"--data_dir={root / 'training_data'}", f"--cache_dir={root / 'cache'}")
    status: int = command.main([*arguments, *folders])  # type: ignore[attr-defined]
    return status


@pytest.mark.parametrize("how", [(), ("--reference",)])
def test_own_stems_become_spectrograms(root: Path, how: tuple[str, ...], capsys: Capture) -> None:
    assert run(precache_stems, root, "song", f"--stems={root / 'own'}", *how) == DONE
    held = sorted(path.name for path in (root / "cache" / "stems" / "song").iterdir())
    assert held == [f"{stem}{'.reference' if how else '.wav'}" for stem in ("drums", "vocals")]
    assert run(convert_stems_to_mel, root) == DONE
    pair = Library(root).pair("song")
    stems = pair.stems()
    assert set(stems) == {"drums", "vocals"}
    for mel in stems.values():
        assert mel.dtype == np.float32
        assert mel.shape == (128, pair.n_frames)
        assert 0 <= mel.min() <= mel.max() == 1
    with np.load(root / "cache" / "stems_mel" / "song_stems.npz", allow_pickle=False) as file:
        assert sorted(file.files) == ["drums", "vocals"]
    capsys.readouterr()
    assert run(convert_stems_to_mel, root, "song") == DONE
    assert "up to date" in capsys.readouterr().err


def test_new_stems_replace_the_old_ones(root: Path) -> None:
    assert run(precache_stems, root, "song", f"--stems={root / 'own'}") == DONE
    assert run(convert_stems_to_mel, root) == DONE
    before = Library(root).pair("song").stems()["drums"]
    soundfile.write(root / "own" / "song" / "drums.wav", voice(16, seed=77), RATE)
    again = ("--force", "--reference", f"--stems={root / 'own'}")
    assert run(precache_stems, root, "song", *again) == DONE
    assert not (root / "cache" / "stems" / "song" / "drums.wav").exists()
    assert Library(root).pair("song").stems() == {}
    assert run(convert_stems_to_mel, root) == DONE
    assert not np.array_equal(Library(root).pair("song").stems()["drums"], before)


def test_what_is_wrong_with_stems_is_told(root: Path, capsys: Capture) -> None:
    assert run(precache_stems, root, "--stems=/nowhere/at/all") == NOTHING
    assert "no folder" in capsys.readouterr().err
    assert run(precache_stems, root, f"--stems={root / 'own'}") == INCOMPLETE
    err = capsys.readouterr().err
    assert "song: drums, vocals added." in err or "song: vocals, drums added." in err
    assert "talk: There are no stems in" in err
    soundfile.write(root / "own" / "song" / "drums.wav", voice(3, seed=1), RATE)
    assert run(precache_stems, root, "song", "--force", f"--stems={root / 'own'}") == INCOMPLETE
    assert "13.0 s shorter" in capsys.readouterr().err
    (root / "own" / "song" / "drums.flac").write_bytes(b"x")
    assert run(precache_stems, root, "song", "--force", f"--stems={root / 'own'}") == INCOMPLETE
    assert "two files for the stem “drums”" in capsys.readouterr().err
    assert run(convert_stems_to_mel, root, "talk") == INCOMPLETE
    assert "talk: There are no stems in" in capsys.readouterr().err


def test_a_damaged_file_of_stems_is_refused(root: Path) -> None:
    run(precache_stems, root, "song", f"--stems={root / 'own'}")
    run(convert_stems_to_mel, root)
    path = root / "cache" / "stems_mel" / "song_stems.npz"
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(LibraryError, match=r"song_stems\.npz.*damaged"):
        Library(root).pair("song").stems()
    np.savez(path, drums=np.zeros((128, 3), np.float32))
    with pytest.raises(LibraryError, match="convert_stems_to_mel"):
        Library(root).pair("song").stems()
    assert run(convert_stems_to_mel, root) == DONE
    assert set(Library(root).pair("song").stems()) == {"drums", "vocals"}


def test_without_demucs_it_says_so(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setattr(precache_stems, "separator_missing", lambda: True)
    assert run(precache_stems, root) == NOTHING
    err = capsys.readouterr().err
    assert "isn't installed" in err
    assert "--stems" in err


def test_demucs_is_run_as_a_program(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    (tmp_path / "demucs").mkdir()
    (tmp_path / "demucs" / "__init__.py").touch()
    (tmp_path / "demucs" / "__main__.py").write_text(STAND_IN, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    write_pair(root / "training_data", "bad")
    assert run(precache_stems, root, "bad", "song") == INCOMPLETE
    assert "no network to be had" in capsys.readouterr().err
    held = sorted(path.name for path in (root / "cache" / "stems").rglob("*"))
    assert held == ["bass.wav", "drums.wav", "other.wav", "song", "vocals.wav"]
    assert run(convert_stems_to_mel, root) == DONE
    assert len(Library(root).pair("song").stems()) == 4
