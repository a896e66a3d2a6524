"""What is known of a pair: `{sample}_info.json`, written last, when everything else is there."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from model_core.align.types import AlignmentReport, AlignSettings, Verdict
from model_core.audio.direct import hash_file
from model_core.audio.features import DEFAULT_SETTINGS, MelSettings
from model_core.edit.serialise import SourceInfo, dict_to_edit_list, edit_list_to_dict
from model_core.errors import EditError
from training.library.arrays import AGAIN
from training.library.errors import LibraryError
from training.library.jsonfile import read_object, write_object

if TYPE_CHECKING:
    from collections.abc import Mapping

    from model_core.edit.types import EditList

FORMAT: Final = "editorbot-pair"
VERSION: Final = 1

ALIGNER_VERSION: Final = 2
"""To be raised when the aligner may answer otherwise for a pair that it answered for before."""
FEATURES_VERSION: Final = 1
"""To be raised when the same recording may have another mel spectrogram."""


class State(StrEnum):
    """How aligning a pair ended."""

    ALIGNED = "aligned"
    REFUSED = "refused"
    """The two don't belong together, or one of them is silent or too short."""
    UNREADABLE = "unreadable"
    """One of the two can't be read; it is tried again every time."""


@dataclass(frozen=True, slots=True)
class FileFacts:
    """A file as it was when it was looked at.

    Attributes:
        path: Where it lies, as seen from the folder of the infos where that is possible.
        size_bytes: Its size.
        modified_ns: When it was changed last, in nanoseconds.
        content_hash: Hash of its bytes; empty if it could not be read.
    """

    path: str
    size_bytes: int
    modified_ns: int
    content_hash: str

    @classmethod
    def of(cls, path: Path, folder: Path, known: FileFacts | None = None) -> FileFacts:
        """Looks at a file.

        Args:
            path: The file.
            folder: Where the path is told from.
            known: What was known of it: where size and time are the same the hash is too, and
                where the size is another it is left empty. None to compute it in any case.

        Raises:
            AudioReadError: It can't be read.
        """
        try:
            status = path.stat()
        except OSError:
            hash_file(path)  # says why
            raise
        facts = cls(_path_from(folder, path), status.st_size, status.st_mtime_ns, "")
        if known and known.size_bytes != facts.size_bytes:
            return facts
        if known and known.modified_ns == facts.modified_ns:
            return replace(facts, content_hash=known.content_hash)
        return replace(facts, content_hash=hash_file(path))


@dataclass(frozen=True, slots=True)
class Sound:
    """What a sound file holds.

    Attributes:
        sample_rate: In Hz.
        n_samples: Length in samples.
        channels: Number of channels.
    """

    sample_rate: int
    n_samples: int
    channels: int

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.n_samples / self.sample_rate


@dataclass(frozen=True, slots=True)
class Found:
    """What the aligner found.

    Attributes:
        raw: The recording.
        edit: The finished edit.
        n_frames: Frames T of the recording.
        n_steps: Frames S of the edit that come from the recording.
        report: How well the pair fits.
        foreign: Ranges of the edit, in its own samples, that aren't from the recording.
        edit_list: The edit in samples of the recording, gaps in place of what is foreign.
    """

    raw: Sound
    edit: Sound
    n_frames: int
    n_steps: int
    report: AlignmentReport
    foreign: tuple[tuple[int, int], ...]
    edit_list: EditList


@dataclass(frozen=True, slots=True)
class PairInfo:
    """What is known of a pair.

    Attributes:
        sample: Its name.
        state: How aligning it ended.
        raw: The recording's file.
        edit: The finished edit's file.
        made_with: Versions and settings of what made the files; anything else is out of date.
        found: What the aligner found; None unless `state` is ALIGNED.
        sentence: Why it was refused or can't be read; empty for an aligned pair.
        mend: What to do about that.
        notes: Sentences about what is unusual in the files.
    """

    sample: str
    state: State
    raw: FileFacts
    edit: FileFacts
    made_with: Mapping[str, Any]
    found: Found | None = None
    sentence: str = ""
    mend: str = ""
    notes: tuple[str, ...] = ()

    def is_of(self, raw: FileFacts, edit: FileFacts, made_with: Mapping[str, Any]) -> bool:
        """Whether it was made of these contents with these versions and settings."""
        return (
            bool(self.raw.content_hash and self.edit.content_hash)
            and self.raw.content_hash == raw.content_hash
            and self.edit.content_hash == edit.content_hash
            and dict(self.made_with) == dict(made_with)
        )


def making(
    mel: MelSettings = DEFAULT_SETTINGS, settings: AlignSettings | None = None
) -> dict[str, Any]:
    """Returns the versions and settings that decide what is made of a pair."""
    return {
        "aligner": ALIGNER_VERSION,
        "features": FEATURES_VERSION,
        "mel": asdict(mel),
        "align": asdict(settings or AlignSettings()),
    }


def write_info(path: Path, info: PairInfo) -> None:
    """Writes what is known of a pair.

    Raises:
        FileWriteError: It can't be written.
    """
    values: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "sample": info.sample,
        "state": info.state.value,
        "sentence": info.sentence,
        "mend": info.mend,
        "notes": list(info.notes),
        "raw": asdict(info.raw),
        "edit": asdict(info.edit),
        "made_with": dict(info.made_with),
    }
    found = info.found
    if found:
        source = SourceInfo(
            info.raw.path, found.raw.sample_rate, found.raw.n_samples, info.raw.content_hash
        )
        values |= {
            "raw_sound": asdict(found.raw),
            "edit_sound": asdict(found.edit),
            "frames": found.n_frames,
            "steps": found.n_steps,
            "report": {**asdict(found.report), "verdict": found.report.verdict.value},
            "foreign": [list(span) for span in found.foreign],
            "edit_list": edit_list_to_dict(found.edit_list, [source]),
        }
    write_object(path, values)


def read_info(path: Path) -> PairInfo | None:
    """Reads what is known of a pair; None where there is no file.

    Raises:
        LibraryError: The file is damaged, or from another program or a newer version.
    """
    try:
        values = read_object(path)
    except LibraryError:
        if path.exists():
            raise
        return None
    if values.get("format") != FORMAT or values.get("version") != VERSION:
        raise LibraryError(f"“{path}” is from another program or another version.", AGAIN)
    try:
        return _info_of(values)
    except (KeyError, TypeError, ValueError, EditError) as error:
        raise LibraryError(f"“{path}” is damaged ({error}).", AGAIN) from error


def _info_of(values: dict[str, Any]) -> PairInfo:
    state = State(values["state"])
    return PairInfo(
        sample=_text(values["sample"]),
        state=state,
        raw=_facts(values["raw"]),
        edit=_facts(values["edit"]),
        made_with=dict(values["made_with"]),
        found=_found(values) if state is State.ALIGNED else None,
        sentence=_text(values["sentence"]),
        mend=_text(values["mend"]),
        notes=tuple(map(_text, values["notes"])),
    )


def _found(values: dict[str, Any]) -> Found:
    report = dict(values["report"])
    shares = {
        item.name: float(report[item.name])
        for item in fields(AlignmentReport)
        if item.name not in {"joins", "verdict", "remarks"}
    }
    return Found(
        raw=_sound(values["raw_sound"]),
        edit=_sound(values["edit_sound"]),
        n_frames=_count(values["frames"]),
        n_steps=_count(values["steps"]),
        report=AlignmentReport(
            **shares,
            joins=_count(report["joins"]),
            verdict=Verdict(report["verdict"]),
            remarks=tuple(map(_text, report["remarks"])),
        ),
        foreign=tuple((_count(start), _count(stop)) for start, stop in values["foreign"]),
        edit_list=dict_to_edit_list(values["edit_list"]).edit_list,
    )


def _facts(values: dict[str, Any]) -> FileFacts:
    return FileFacts(
        _text(values["path"]),
        _count(values["size_bytes"]),
        int(values["modified_ns"]),
        _text(values["content_hash"]),
    )


def _sound(values: dict[str, Any]) -> Sound:
    rate = _count(values["sample_rate"])
    if not rate:
        raise ValueError("a sample rate is 0")
    return Sound(rate, _count(values["n_samples"]), _count(values["channels"]))


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{value!r} is no count")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _path_from(folder: Path, path: Path) -> str:
    """Returns a path as seen from a folder, or absolute where there is no way (other drives)."""
    try:
        return Path(os.path.relpath(path.absolute(), folder.absolute())).as_posix()
    except ValueError:
        return path.absolute().as_posix()
