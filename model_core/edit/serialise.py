"""Edit lists as JSON files; `docs/edit-list-format.md` describes the format.

A file may come from anywhere. What is not exactly the format is refused with an `EditError` that
names the place.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from model_core.edit.checked_json import check_keys, each, number, read_json, shown, text, whole
from model_core.edit.types import MAX_GAIN_DB, EditList, FadeLaw, Gap, Item, Join, Segment
from model_core.errors import EditError
from model_core.files import AnyPath, write_text_atomically

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FORMAT: Final = "editorbot-edit-list"
VERSION: Final = 1

_MAX_SAMPLES: Final = 2**53
"""JSON readers elsewhere hold numbers as doubles, which are whole up to here."""
_MAX_RATE_HZ: Final = 10_000_000
_SECONDS_DECIMALS: Final = 6


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """What an edit-list file says about a source.

    Attributes:
        path: The recording. In a file it is relative to the file's folder where that is possible.
        sample_rate: In Hz.
        n_samples: Length in samples.
        content_hash: Hash of the recording's bytes, to find it again; empty if not known.
    """

    path: str
    sample_rate: int
    n_samples: int
    content_hash: str = ""


@dataclass(frozen=True, slots=True)
class SavedEdit:
    """An edit list with the sources that it plays, in the order of their indices."""

    edit_list: EditList
    sources: tuple[SourceInfo, ...]


def write_edit_list(path: AnyPath, edit: EditList, sources: Sequence[SourceInfo]) -> None:
    """Writes an edit list and where its sources lie.

    Args:
        path: The file to write.
        edit: The edit.
        sources: Its sources in the order of their indices. Paths may be relative to the current
            folder.

    Raises:
        EditError: The edit does not fit its sources, or they have different rates.
        FileWriteError: The file can't be written.
    """
    folder = Path(path).absolute().parent
    located = [replace(source, path=path_from(folder, source.path)) for source in sources]
    write_text_atomically(path, edit_list_to_text(edit, located))


def read_edit_list(path: AnyPath) -> SavedEdit:
    """Reads an edit list. The sources' paths come back absolute; they are not opened.

    Raises:
        EditError: The file is missing, malformed or from a newer version.
    """
    document = read_json(path)
    try:
        saved = dict_to_edit_list(document)
    except EditError as error:
        raise EditError(f"“{path}” can't be used. {error.sentence}", error.mend) from error
    folder = Path(path).absolute().parent
    sources = tuple(
        replace(source, path=os.path.normpath(folder / source.path)) for source in saved.sources
    )
    return SavedEdit(saved.edit_list, sources)


def edit_list_to_text(edit: EditList, sources: Sequence[SourceInfo]) -> str:
    """Returns an edit list as the text of its file. Paths are taken as they are.

    Raises:
        EditError: The edit does not fit its sources, or they have different rates.
    """
    return _to_text(edit_list_to_dict(edit, sources))


def edit_list_to_dict(edit: EditList, sources: Sequence[SourceInfo]) -> dict[str, Any]:
    """Returns an edit list as plain values for JSON. Paths are taken as they are.

    Raises:
        EditError: The edit does not fit its sources, or they have different rates.
    """
    _check_fit(edit, sources)
    # Without a source there are only gaps, and no clock to give seconds in.
    rate_hz = sources[0].sample_rate if sources else None

    def seconds(**samples: int) -> dict[str, float]:
        if rate_hz is None:
            return {}
        return {name: round(count / rate_hz, _SECONDS_DECIMALS) for name, count in samples.items()}

    items: list[dict[str, Any]] = []
    position = 0
    for item in edit.items:
        if isinstance(item, Segment):
            items.append(
                {
                    "type": "segment",
                    "source": item.source,
                    "start": item.start,
                    "stop": item.stop,
                    "gain_db": float(item.gain_db),
                    **seconds(start_s=item.start, stop_s=item.stop, position_s=position),
                }
            )
        else:
            items.append(
                {
                    "type": "gap",
                    "length": item.length,
                    **seconds(length_s=item.length, position_s=position),
                }
            )
        position += item.length
    return {
        "format": FORMAT,
        "version": VERSION,
        **seconds(length_s=position),
        "sources": [
            {
                "path": source.path,
                "sample_rate": source.sample_rate,
                "samples": source.n_samples,
                "content_hash": source.content_hash,
                **seconds(length_s=source.n_samples),
            }
            for source in sources
        ],
        "items": items,
        "joins": [{"law": join.law.value, "length": join.length} for join in edit.joins],
    }


def dict_to_edit_list(document: object) -> SavedEdit:
    """Returns the edit list that plain values from JSON stand for.

    Args:
        document: What a JSON reader gave; anything else is refused too.

    Raises:
        EditError: It is not an edit list, malformed, or from a newer version.
    """
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise EditError("It is not an edit list of EditorBot.")
    version = whole(document, "version", "", 1, _MAX_SAMPLES)
    if version > VERSION:
        raise EditError(
            f"Its format has version {version}; this program reads up to {VERSION}.",
            "Update EditorBot.",
        )
    check_keys(document, "", ("format", "version", "sources", "items", "joins"), ("length_s",))
    sources = tuple(each(document, "sources", _to_source))
    items = tuple(each(document, "items", _to_item))
    edit = EditList(items, tuple(each(document, "joins", _to_join)))
    _check_fit(edit, sources)
    return SavedEdit(edit, sources)


def _check_fit(edit: EditList, sources: Sequence[SourceInfo]) -> None:
    if len({source.sample_rate for source in sources}) > 1:
        raise EditError("The recordings of an edit list must have the same sample rate.")
    if edit.length > _MAX_SAMPLES:
        raise EditError("The edit is longer than any recording can be.")
    edit.check_within(source.n_samples for source in sources)


def _to_source(value: Mapping[str, object], where: str) -> SourceInfo:
    check_keys(value, where, ("path", "sample_rate", "samples", "content_hash"), ("length_s",))
    path = text(value, "path", where)
    if not can_be_path(path):
        raise EditError(f"{where}.path is not the name of a file.")
    return SourceInfo(
        path,
        whole(value, "sample_rate", where, 1, _MAX_RATE_HZ),
        whole(value, "samples", where, 0, _MAX_SAMPLES),
        text(value, "content_hash", where),
    )


def _to_item(value: Mapping[str, object], where: str) -> Item:
    kind = text(value, "type", where)
    if kind == "gap":
        check_keys(value, where, ("type", "length"), ("length_s", "position_s"))
        return Gap(whole(value, "length", where, 1, _MAX_SAMPLES))
    if kind != "segment":
        raise EditError(f"{where}.type is “{shown(kind)}”, not “segment” or “gap”.")
    needed = ("type", "source", "start", "stop", "gain_db")
    check_keys(value, where, needed, ("start_s", "stop_s", "position_s"))
    start = whole(value, "start", where, 0, _MAX_SAMPLES)
    gain_db = number(value, "gain_db", where)
    if abs(gain_db) > MAX_GAIN_DB:
        raise EditError(f"{where}.gain_db is beyond ±{MAX_GAIN_DB} dB.")
    return Segment(
        source=whole(value, "source", where, 0, _MAX_SAMPLES),
        start=start,
        stop=whole(value, "stop", where, start + 1, _MAX_SAMPLES),
        gain_db=float(gain_db),
    )


def _to_join(value: Mapping[str, object], where: str) -> Join:
    check_keys(value, where, ("law", "length"), ())
    law = text(value, "law", where)
    if law not in {known.value for known in FadeLaw}:
        laws = ", ".join(f"“{known.value}”" for known in FadeLaw)
        raise EditError(f"{where}.law is “{shown(law)}”, not one of {laws}.")
    length = None if value["length"] is None else whole(value, "length", where, 0, _MAX_SAMPLES)
    return Join(FadeLaw(law), length)


def can_be_path(path: str) -> bool:
    """Whether a text from a file may name a file on this system."""
    try:
        os.fsencode(path)
    except UnicodeEncodeError:
        return False
    return bool(path) and "\0" not in path


def path_from(folder: Path, path: str) -> str:
    """Returns a path as seen from a folder, or absolute where there is no way (other drives)."""
    absolute = Path(path).absolute()
    try:
        return Path(os.path.relpath(absolute, folder)).as_posix()
    except ValueError:
        return absolute.as_posix()


def _to_text(document: Mapping[str, Any]) -> str:
    """Returns JSON with one source, item or join a line, so that people can read and compare it."""
    entries = []
    for key, value in document.items():
        if isinstance(value, list) and value:
            lines = ",\n".join(f"    {json.dumps(row, ensure_ascii=False)}" for row in value)
            entries.append(f"  {json.dumps(key)}: [\n{lines}\n  ]")
        else:
            entries.append(f"  {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}")
    whole_text = "{\n" + ",\n".join(entries) + "\n}\n"
    # Undecodable bytes of a file name arrive as lone surrogates, which only escapes can hold.
    return re.sub("[\ud800-\udfff]", lambda found: f"\\u{ord(found[0]):04x}", whole_text)
