"""Where the files of a personal library lie, and which pairs its folders hold.

training_data/input/{sample}_raw.*               the recording, any readable sound file
training_data/desired_output/{sample}_edit.*     the finished edit
training_data/pointer_sequences/{sample}_*       what was made of both
training_data/choices.json                       pairs that a person wants in or out
cache/features/{sample}.npz                      mel spectrogram of the recording
cache/stems/{sample}/{stem}.*                    separated stems, where there are any
cache/stems_mel/{sample}_stems.npz               their mel spectrograms
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from model_core.files import why_unreadable
from training.library.errors import LibraryError

if TYPE_CHECKING:
    from collections.abc import Iterator

DATA_FOLDER: Final = Path("training_data")
CACHE_FOLDER: Final = Path("cache")
RAW_MARK: Final = "_raw"
EDIT_MARK: Final = "_edit"

_FORBIDDEN = set('<>:"/\\|?*')
_RESERVED = {
    "CON",
    "PRN",
    "AUX",
    "NUL",
    *(f"{port}{n}" for port in ("COM", "LPT") for n in "123456789"),
}
# Files of a sample have up to 40 bytes more in their names, of which file systems bear 255.
_LONGEST_NAME_BYTES = 200


@dataclass(frozen=True, slots=True)
class Layout:
    """The two root folders of a library, and every path below them.

    Attributes:
        data: Holds the recordings, the edits and the pointers.
        cache: Holds what can be computed again.
    """

    data: Path = DATA_FOLDER
    cache: Path = CACHE_FOLDER

    @property
    def inputs(self) -> Path:
        """Folder of the recordings."""
        return self.data / "input"

    @property
    def outputs(self) -> Path:
        """Folder of the finished edits."""
        return self.data / "desired_output"

    @property
    def sequences(self) -> Path:
        """Folder of pointers, operations, infos and pictures."""
        return self.data / "pointer_sequences"

    @property
    def features(self) -> Path:
        """Folder of the recordings' mel spectrograms."""
        return self.cache / "features"

    @property
    def stems_mel(self) -> Path:
        """Folder of the stems' mel spectrograms."""
        return self.cache / "stems_mel"

    def mel(self, name: str) -> Path:
        """Returns the file of a recording's mel spectrogram."""
        return self.features / f"{name}.npz"

    def stems(self, name: str) -> Path:
        """Returns the folder of a sample's stems."""
        return self.cache / "stems" / name

    def stem_mels(self, name: str) -> Path:
        """Returns the file of the mel spectrograms of a sample's stems."""
        return self.stems_mel / f"{name}_stems.npz"

    def pointers(self, name: str) -> Path:
        """Returns the file of a sample's pointers."""
        return self.sequences / f"{name}_pointers.npy"

    def ops(self, name: str) -> Path:
        """Returns the file of a sample's edit operations."""
        return self.sequences / f"{name}_ops.npy"

    def info(self, name: str) -> Path:
        """Returns the file that says what is known of a pair."""
        return self.sequences / f"{name}_info.json"

    def picture(self, name: str) -> Path:
        """Returns the picture of how a pair aligns."""
        return self.sequences / f"{name}_alignment.png"

    def truth(self, name: str) -> Path:
        """Returns the edit list that is known of a pair, where nothing has to be aligned."""
        return self.sequences / f"{name}_edits.json"

    @property
    def choices(self) -> Path:
        """File of what a person has decided about pairs."""
        return self.data / "choices.json"

    @property
    def removed(self) -> Path:
        """Folder of sound files that were taken out of the library; nothing reads it."""
        return self.data / "removed"

    def made_folders(self) -> tuple[Path, ...]:
        """Returns the folders that commands write into."""
        return (self.sequences, self.features, self.cache / "stems", self.stems_mel)


@dataclass(slots=True)
class FoundSample:
    """The files that bear a sample's name.

    Attributes:
        name: The sample, composed (NFC) however the file system spells it.
        raws: Files named as its recording.
        edits: Files named as its finished edit.
    """

    name: str
    raws: list[Path] = field(default_factory=list)
    edits: list[Path] = field(default_factory=list)

    @property
    def problem(self) -> tuple[str, str]:
        """Returns why this is no pair, and the mend; empty where it is one."""
        for files, other, what, mark in (
            (self.raws, self.edits, "recording", RAW_MARK),
            (self.edits, self.raws, "finished edit", EDIT_MARK),
        ):
            if not files:
                return (
                    f"“{other[0].name}” has no {what} beside it.",
                    f"Add “{self.name}{mark}” with a sound file's suffix, or take the other out.",
                )
            if len(files) > 1:
                names = " and ".join(f"“{path.name}”" for path in files[:3])
                return f"There is more than one {what}: {names}.", "Leave only one there."
        return "", ""


@dataclass(frozen=True, slots=True)
class Scan:
    """What the two folders of a library hold.

    Attributes:
        samples: By name, sorted.
        strays: Files that aren't named as a recording or an edit, so they're left out.
    """

    samples: dict[str, FoundSample]
    strays: tuple[Path, ...]


def scan(layout: Layout) -> Scan:
    """Looks for pairs.

    Raises:
        LibraryError: There is no library, or its folders can't be read.
    """
    if not layout.inputs.is_dir() and not layout.outputs.is_dir():
        raise LibraryError(
            f"“{layout.data}” holds no library: there is no folder “{layout.inputs.name}” in it.",
            "Put recordings there as NAME_raw.wav and finished edits into "
            f"“{layout.outputs.name}” as NAME_edit.wav, or name another folder.",
        )
    samples: dict[str, FoundSample] = {}
    strays = []
    for folder, mark in ((layout.inputs, RAW_MARK), (layout.outputs, EDIT_MARK)):
        for path in _files(folder):
            stem = unicodedata.normalize("NFC", path.stem)
            if not stem.endswith(mark) or len(stem) == len(mark):
                strays.append(path)
                continue
            name = stem.removesuffix(mark)
            sample = samples.setdefault(name, FoundSample(name))
            (sample.raws if mark == RAW_MARK else sample.edits).append(path)
    return Scan(dict(sorted(samples.items())), tuple(strays))


def check_name(name: str) -> str:
    """Returns a sample's name, composed, or raises if some system can't name files like that.

    Raises:
        LibraryError: It can't be a name.
    """
    name = unicodedata.normalize("NFC", name)
    wrong = ""
    if not name.strip():
        wrong = "it is empty"
    elif _FORBIDDEN & set(name) or not name.isprintable():
        wrong = "it has one of the characters < > : \" / \\ | ? * in it, or one that can't be seen"
    elif name != name.strip() or name.startswith(".") or name.endswith("."):
        wrong = "it begins or ends with a dot or a space"
    elif name.split(".")[0].upper() in _RESERVED:
        wrong = "Windows keeps it for devices"
    elif len(name.encode("utf-8")) > _LONGEST_NAME_BYTES:
        wrong = "it is too long"
    if wrong:
        raise LibraryError(
            f"A sample can't be named “{name[:80]}”: {wrong}.", "Choose another name."
        )
    return name


def _files(folder: Path) -> Iterator[Path]:
    """Yields the files of a folder that a person put there, sorted."""
    try:
        paths = sorted(folder.iterdir()) if folder.is_dir() else []
    except OSError as error:
        raise LibraryError(f"“{folder}” can't be read: {why_unreadable(error)}.") from error
    for path in paths:
        # Systems leave files of their own everywhere: .DS_Store, ._talk_raw.wav, Thumbs.db.
        if path.name.startswith(".") or path.name in {"Thumbs.db", "desktop.ini"}:
            continue
        # A link that leads nowhere is a file too: it is reported as one that can't be read.
        if path.is_file() or path.is_symlink():
            yield path
