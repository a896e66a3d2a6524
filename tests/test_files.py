from __future__ import annotations

import errno
import os
import stat
import sys
from pathlib import Path

import pytest

from model_core.errors import CancelledError, FileWriteError
from model_core.files import (
    TEMPORARY_PREFIX,
    atomic_path,
    check_writable,
    file_write_error,
    refuse_overwriting_source,
    why_unreadable,
    write_bytes_atomically,
    write_text_atomically,
)

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX files")


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_writes_bytes_and_text(tmp_path: Path) -> None:
    write_bytes_atomically(tmp_path / "a.bin", b"\x00\r\n")
    write_text_atomically(tmp_path / "Größe 1.txt", "é\nline\n")
    assert (tmp_path / "a.bin").read_bytes() == b"\x00\r\n"
    assert (tmp_path / "Größe 1.txt").read_bytes() == "é\nline\n".encode()
    assert names_in(tmp_path) == ["Größe 1.txt", "a.bin"]


def test_replaces_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    write_text_atomically(str(path), "new")
    assert path.read_text() == "new"
    assert names_in(tmp_path) == ["a.txt"]


def test_a_path_without_folder_means_the_current_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_text_atomically("a.txt", "x")
    assert names_in(tmp_path) == ["a.txt"]


def test_the_temporary_is_beside_the_target_with_its_suffix(tmp_path: Path) -> None:
    with atomic_path(tmp_path / "a.flac") as temporary:
        assert temporary.parent == tmp_path
        assert temporary.suffix == ".flac"
        assert temporary.name.startswith(TEMPORARY_PREFIX)
        assert not (tmp_path / "a.flac").exists()
        temporary.write_bytes(b"x")
    assert names_in(tmp_path) == ["a.flac"]


def test_the_longest_names_work(tmp_path: Path) -> None:
    for name in ("x" * 200 + ".wav", "a." + "y" * 200):
        write_text_atomically(tmp_path / name, "x")
    assert len(names_in(tmp_path)) == 2


@pytest.mark.parametrize("error", [RuntimeError("boom"), CancelledError(), KeyboardInterrupt()])
def test_what_the_body_raises_passes_and_nothing_changes(
    tmp_path: Path, error: BaseException
) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")

    def write_half() -> None:
        with atomic_path(path) as temporary:
            temporary.write_text("half")
            raise error

    with pytest.raises(type(error)) as caught:
        write_half()
    assert caught.value is error
    assert path.read_text() == "old"
    assert names_in(tmp_path) == ["a.txt"]


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "no space is left"),
        (errno.EDQUOT, "no space is left"),
        (errno.EROFS, "read-only"),
        (errno.EACCES, "protected"),
        (errno.EPERM, "protected"),
        (errno.EFBIG, "larger than this disk allows"),
        (errno.ENAMETOOLONG, "too long"),
        (errno.ENOENT, "the folder has gone away"),
        (errno.EIO, os.strerror(errno.EIO)),
    ],
)
def test_each_system_error_has_its_sentence(number: int, words: str) -> None:
    error = file_write_error(OSError(number, os.strerror(number)), "out.wav")
    assert words in error.sentence
    assert "out.wav" in error.sentence
    assert error.mend


def test_a_system_error_without_a_number_gives_what_it_has() -> None:
    assert "OSError" in str(file_write_error(OSError(), "out.wav"))
    assert "9 of 12 written" in str(file_write_error(OSError("9 of 12 written"), "out.wav"))


def test_full_disk_while_the_body_writes(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")

    def fill_the_disk() -> None:
        with atomic_path(path) as temporary:
            temporary.write_text("half")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(FileWriteError, match="no space is left"):
        fill_the_disk()
    assert path.read_text() == "old"
    assert names_in(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_full_disk_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")

    def no_space(*_args: object, **_options: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, call, no_space)
    with pytest.raises(FileWriteError, match="no space is left"):
        write_text_atomically(path, "new")
    assert path.read_text() == "old"
    assert names_in(tmp_path) == ["a.txt"]


def test_disks_that_cannot_sync_still_get_their_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def not_here(_handle: int) -> None:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))

    monkeypatch.setattr(os, "fsync", not_here)
    write_text_atomically(tmp_path / "a.txt", "new")
    assert (tmp_path / "a.txt").read_text() == "new"


def test_the_file_is_synced_before_it_takes_the_old_ones_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    fsync, replace = os.fsync, os.replace

    def spy_fsync(handle: int) -> None:
        calls.append("sync file" if stat.S_ISREG(os.fstat(handle).st_mode) else "sync folder")
        fsync(handle)

    def spy_replace(source: Path, target: Path) -> None:
        calls.append("replace")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", spy_fsync)
    monkeypatch.setattr(os, "replace", spy_replace)
    write_text_atomically(tmp_path / "a.txt", "new")
    assert calls[:2] == ["sync file", "replace"]
    assert calls[2:] in (["sync folder"], [])


def test_a_folder_that_may_not_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, *_args: object, **_options: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    monkeypatch.setattr(Path, "touch", refuse)
    with pytest.raises(FileWriteError, match="protected"):
        write_text_atomically(tmp_path / "a.txt", "new")
    assert names_in(tmp_path) == []


@posix_only
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write all")
def test_a_real_read_only_folder(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    try:
        with pytest.raises(FileWriteError, match="protected"):
            write_text_atomically(tmp_path / "a.txt", "new")
    finally:
        tmp_path.chmod(0o755)


def test_a_protected_file_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    monkeypatch.setattr(os, "access", lambda *_args: False)
    with pytest.raises(FileWriteError, match="protected"):
        write_text_atomically(path, "new")
    assert path.read_text() == "old"


def test_an_error_about_another_file_is_not_blamed_on_the_target(tmp_path: Path) -> None:
    def read_what_is_missing() -> None:
        with atomic_path(tmp_path / "a.txt"):
            (tmp_path / "source.wav").read_bytes()

    with pytest.raises(FileNotFoundError):
        read_what_is_missing()
    assert names_in(tmp_path) == []


def test_places_where_no_file_can_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for path, words in [
        (tmp_path, "is a folder"),
        (tmp_path / "missing" / "a.txt", "doesn't exist"),
        (tmp_path / "file" / "a.txt", "is not a folder"),
        (tmp_path / ("n" * 300), "too long"),
        (Path("a\0b"), "null character"),
    ]:
        with pytest.raises(FileWriteError, match=words):
            write_text_atomically(path, "x")
        with pytest.raises(FileWriteError, match=words):
            check_writable(path)
    check_writable(tmp_path / "file")
    assert names_in(tmp_path) == ["file"]
    assert (tmp_path / "file").read_text() == "x"


@posix_only
def test_devices_are_not_replaced() -> None:
    with pytest.raises(FileWriteError, match="not an ordinary file"):
        write_text_atomically(os.devnull, "x")
    assert not stat.S_ISREG(Path(os.devnull).stat().st_mode)


@posix_only
def test_links_stay_links(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "folder" / "real.txt")
    for text in ("one", "two"):
        write_text_atomically(tmp_path / "link", text)
        assert (tmp_path / "folder" / "real.txt").read_text() == text
    assert (tmp_path / "link").is_symlink()
    assert names_in(tmp_path / "folder") == ["real.txt"]


@posix_only
def test_permissions_are_a_new_files_or_the_old_ones(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_text_atomically(tmp_path / "new.txt", "x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new.txt").stat().st_mode) == 0o640
    (tmp_path / "new.txt").chmod(0o604)
    write_text_atomically(tmp_path / "new.txt", "y")
    assert stat.S_IMODE((tmp_path / "new.txt").stat().st_mode) == 0o604


def test_disks_without_permissions_still_get_their_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, *_args: object, **_options: object) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM), str(path))

    monkeypatch.setattr(os, "chmod", refuse)
    for text in ("one", "two"):
        write_text_atomically(tmp_path / "a.txt", text)
    assert (tmp_path / "a.txt").read_text() == "two"


def test_sources_are_never_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "raw.wav"
    source.write_bytes(b"x")
    monkeypatch.chdir(tmp_path)
    same = [source, Path("raw.wav"), tmp_path / "." / "raw.wav", tmp_path / "x" / ".." / "raw.wav"]
    if sys.platform != "win32":
        (tmp_path / "link.wav").symlink_to(source)
        (tmp_path / "hard.wav").hardlink_to(source)
        same += [tmp_path / "link.wav", tmp_path / "hard.wav"]
    for path in same:
        with pytest.raises(FileWriteError, match="never overwritten"):
            refuse_overwriting_source(path, [tmp_path / "other.wav", source])
    refuse_overwriting_source(tmp_path / "out.wav", [source])
    refuse_overwriting_source(tmp_path / "out.wav", [])


def test_a_source_that_has_gone_is_still_known_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(FileWriteError, match="never overwritten"):
        refuse_overwriting_source(tmp_path / "a" / ".." / "raw.wav", [tmp_path / "raw.wav"])


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (FileNotFoundError(errno.ENOENT, "x"), "does not exist"),
        (NotADirectoryError(errno.ENOTDIR, "x"), "does not exist"),
        (IsADirectoryError(errno.EISDIR, "x"), "is a folder"),
        (PermissionError(errno.EACCES, "x"), "protected"),
        (OSError(errno.EIO, "disk trouble"), "disk trouble"),
        (OSError(), "OSError"),
    ],
)
def test_why_a_file_cannot_be_read(error: OSError, words: str) -> None:
    assert words in why_unreadable(error)
