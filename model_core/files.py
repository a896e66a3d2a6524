"""Files are written whole or not at all, and what goes wrong is told in a sentence.

Everything that the project writes goes through `atomic_path`: a temporary file in the same folder,
synced, then renamed over the old one. A crash or a full disk leaves what was there before.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import stat
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from model_core.errors import FileWriteError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

AnyPath: TypeAlias = str | os.PathLike[str]

TEMPORARY_PREFIX = ".editorbot-"
"""How the names of temporary files begin."""

_LONGEST_KEPT_SUFFIX = 16
_NO_SYNC_HERE = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP}


def file_write_error(error: OSError, path: AnyPath) -> FileWriteError:
    """Returns what the operating system said about writing `path`, in words for the person."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return FileWriteError(
            f"“{path}” can't be written: no space is left on the disk.",
            "Free some space, or choose another disk.",
        )
    if error.errno == errno.EROFS:
        return FileWriteError(
            f"“{path}” can't be written: the disk is read-only.", "Choose another folder."
        )
    if isinstance(error, PermissionError):
        return FileWriteError(
            f"“{path}” can't be written: it is protected, or another program has it open.",
            "Choose another folder or name, or close the other program.",
        )
    if error.errno == errno.EFBIG:
        return FileWriteError(
            f"“{path}” can't be written: it grows larger than this disk allows.",
            "Choose another disk, or a smaller format.",
        )
    if isinstance(error, FileNotFoundError):
        return FileWriteError(
            f"“{path}” can't be written: the folder has gone away.", "Choose another folder."
        )
    if error.errno == errno.ENAMETOOLONG:
        return FileWriteError(
            f"“{path}” can't be written: the name is too long.", "Choose a shorter name."
        )
    said = error.strerror or str(error) or type(error).__name__
    return FileWriteError(
        f"“{path}” can't be written: the system says “{said}”.", "Try another folder or name."
    )


def why_unreadable(error: OSError) -> str:
    """Returns, as half a sentence, why a file could not be opened or read."""
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return "it does not exist"
    if isinstance(error, IsADirectoryError):
        return "it is a folder"
    if isinstance(error, PermissionError):
        return "it is protected, or another program has it open"
    return f"the system says “{error.strerror or str(error) or type(error).__name__}”"


def refuse_overwriting_source(path: AnyPath, sources: Iterable[AnyPath]) -> None:
    """Raises `FileWriteError` if `path` is one of the recordings, by whatever name or link."""
    for source in sources:
        if _is_same_file(Path(path), Path(source)):
            raise FileWriteError(
                f"“{path}” is the recording itself, which is never overwritten.",
                "Choose another name.",
            )


def check_writable(path: AnyPath) -> None:
    """Raises `FileWriteError` if a file can't be written there, before any work is done for it."""
    try:
        _new_temporary(_checked_target(Path(path))).unlink()
    except OSError as error:
        raise file_write_error(error, path) from error


@contextlib.contextmanager
def atomic_path(path: AnyPath) -> Iterator[Path]:
    """Yields a temporary file that takes the place of `path` when the body ends well.

    The temporary lies in the same folder and has the same suffix. The body opens, writes and
    closes it. If the body raises, the temporary is removed and `path` stays as it was. A link is
    followed: the file that it points to is replaced, not the link.

    Args:
        path: The file to write; its folder must be there.

    Yields:
        The temporary file, empty.

    Raises:
        FileWriteError: `path` can't be written, for any reason the system gives, before, in or
            after the body. An `OSError` of the body that names another file passes unchanged.
    """
    wanted = Path(path)
    try:
        target = _checked_target(wanted)
        temporary = _new_temporary(target)
    except OSError as error:
        raise file_write_error(error, path) from error
    try:
        yield temporary
        # Some disks have no permissions to copy; there may also be no file to copy them from.
        with contextlib.suppress(OSError):
            shutil.copymode(target, temporary)
        _sync_file(temporary)
        temporary.replace(target)
    except OSError as error:
        if not _is_about(error, temporary):
            raise
        raise file_write_error(error, path) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
    _sync_folder(target.parent)


def write_bytes_atomically(path: AnyPath, data: bytes) -> None:
    """Writes a whole file, or nothing.

    Raises:
        FileWriteError: `path` can't be written.
    """
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)


def write_text_atomically(path: AnyPath, text: str) -> None:
    """Writes a whole file of UTF-8 text with line feeds as they are, or nothing.

    Raises:
        FileWriteError: `path` can't be written.
    """
    write_bytes_atomically(path, text.encode("utf-8"))


def _checked_target(wanted: Path) -> Path:
    """Returns the real path behind `wanted`, or raises if a file can't be there."""
    if "\0" in str(wanted):
        raise FileWriteError("A file name can't contain a null character.")
    target = Path(os.path.realpath(wanted))
    folder = wanted.parent if target.parent == wanted.absolute().parent else target.parent
    if target.is_dir():
        raise FileWriteError(f"“{wanted}” is a folder, not a file.", "Add a file name.")
    if not target.parent.exists():
        raise FileWriteError(
            f"The folder “{folder}” doesn't exist.", "Create it, or choose another one."
        )
    if not target.parent.is_dir():
        raise FileWriteError(f"“{folder}” is not a folder.", "Choose another one.")
    if target.exists():
        # Renaming would quietly replace a device such as /dev/null, or a protected file.
        if not stat.S_ISREG(target.stat().st_mode):
            raise FileWriteError(f"“{wanted}” is not an ordinary file.", "Choose another name.")
        if not os.access(target, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(target))
    return target


def _new_temporary(target: Path) -> Path:
    """Creates an empty file beside `target`, with the permissions that a new file gets."""
    suffix = target.suffix if len(target.suffix) <= _LONGEST_KEPT_SUFFIX else ""
    temporary = target.with_name(f"{TEMPORARY_PREFIX}{secrets.token_hex(8)}{suffix}")
    temporary.touch(exist_ok=False)
    return temporary


def _is_about(error: OSError, temporary: Path) -> bool:
    """Whether an error comes from writing `temporary` and not from reading some other file."""
    return error.filename is None or str(error.filename) == str(temporary)


def _sync_file(path: Path) -> None:
    with path.open("rb+") as file:
        try:
            os.fsync(file.fileno())
        except OSError as error:
            if error.errno not in _NO_SYNC_HERE:
                raise


def _sync_folder(folder: Path) -> None:
    """Makes a rename last through a power cut, where the system lets folders be opened."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _is_same_file(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except (OSError, ValueError):
        return os.path.normcase(os.path.realpath(one)) == os.path.normcase(os.path.realpath(other))
