"""The pairs of a personal library: what is known of each, and what was made of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING
from unicodedata import normalize

import numpy as np
import numpy.typing as npt

from model_core.align.types import Verdict
from model_core.audio.direct import file_error
from model_core.audio.reading import open_audio
from model_core.edit.edit_ops import EditOp
from model_core.edit.pointers import read_pointers
from model_core.errors import AudioReadError, EditError, EditorBotError
from model_core.files import file_write_error
from model_core.nn.config import STEMS
from training.library.arrays import AGAIN, FloatArray, read_mels, read_npy
from training.library.choices import Choice, decide, read_choices
from training.library.errors import LibraryError
from training.library.info import FileFacts, PairInfo, State, making, read_info
from training.library.layout import EDIT_MARK, RAW_MARK, Layout, check_name, scan
from training.library.making import Task, forget
from training.library.references import bring, put_away, resolve

if TYPE_CHECKING:
    from collections.abc import Sequence

IntArray = npt.NDArray[np.int64]

_ALIGN = "Align it with: python -m training.precache_samples"


class PairState(StrEnum):
    """What is to be said of a pair before anything of it is loaded."""

    READY = "ready"
    NEW = "not aligned yet"
    STALE = "changed since it was aligned"
    REFUSED = "refused"
    UNREADABLE = "unreadable"
    INCOMPLETE = "incomplete"


@dataclass(frozen=True, slots=True)
class Pair:
    """A recording and its finished edit, or what there is of them.

    Attributes:
        name: The sample.
        layout: Of the library.
        raw: The recording, or a reference to it; None where it is missing or there are several.
        edit: The finished edit, likewise.
        state: Whether it can be learnt from.
        info: What the aligner found; None where nothing is known.
        sentence: Why it can't be learnt from; empty for a pair that is ready.
        mend: What to do about that.
    """

    name: str
    layout: Layout
    raw: Path | None
    edit: Path | None
    state: PairState
    info: PairInfo | None = None
    sentence: str = ""
    mend: str = ""

    @property
    def verdict(self) -> Verdict | None:
        """The aligner's verdict; None for a pair that isn't ready."""
        return self.info.found.report.verdict if self.info and self.info.found else None

    @property
    def coverage(self) -> float | None:
        """Share of the recording that is heard in the edit; None for a pair that isn't ready."""
        return self.info.found.report.coverage if self.info and self.info.found else None

    @property
    def n_frames(self) -> int:
        """Frames T of the recording.

        Raises:
            LibraryError: The pair isn't ready.
        """
        info = self._ready()
        return info.found.n_frames if info.found else 0

    def task(self, *, force: bool = False) -> Task:
        """Returns the work of bringing the pair's files up to date.

        Raises:
            LibraryError: It is no whole pair.
        """
        if self.raw is None or self.edit is None:
            raise LibraryError(self.sentence, self.mend)
        return Task(self.layout, self.name, self.raw, self.edit, force)

    def mel(self) -> FloatArray:
        """Returns the recording's mel spectrogram, float32 of shape `[n_mels, T]`, read-only.

        Raises:
            LibraryError: The pair isn't ready, or the file is missing or damaged, or has values
                that aren't within 0 and 1.
        """
        n_frames = self.n_frames
        mel = read_mels(self.layout.mel(self.name), ("mel",))["mel"]
        if mel.shape != (making()["mel"]["n_mels"], n_frames):
            raise self._unfit(self.layout.mel(self.name), "its shape isn't the recording's")
        return mel

    def pointers(self) -> IntArray:
        """Returns which frame of the recording is heard at each step, `[S]`, without STOP.

        Raises:
            LibraryError: The pair isn't ready, or the file is missing, damaged or of another
                recording.
        """
        n_frames = self.n_frames
        path = self.layout.pointers(self.name)
        try:
            pointers = read_pointers(path)
        except EditError as error:
            raise LibraryError(error.sentence, AGAIN) from error
        if pointers.size and int(pointers.max()) >= n_frames:
            raise self._unfit(path, "a pointer lies beyond the recording")
        found = self._ready().found
        if found and pointers.size != found.n_steps:
            raise self._unfit(path, "its length isn't the edit's")
        return pointers

    def ops(self) -> npt.NDArray[np.int8]:
        """Returns what each step does, `EditOp` values of shape `[S + 1]`; the last is STOP.

        Raises:
            LibraryError: The pair isn't ready, or the file is missing, damaged or of other
                pointers.
        """
        steps = self._ready().found
        path = self.layout.ops(self.name)
        ops = read_npy(path, np.int8)
        if steps is None or ops.size != steps.n_steps + 1 or ops[-1] != EditOp.STOP:
            raise self._unfit(path, "its length isn't the pointers'")
        if ops.min() < 0 or ops.max() > max(EditOp):
            raise self._unfit(path, "it has a value that is no operation")
        return ops

    def stems(self) -> dict[str, FloatArray]:
        """Returns the mel spectrograms of the stems that there are, `[n_mels, T]` each, by name.

        Raises:
            LibraryError: The pair isn't ready, or the file is damaged or of another recording.
        """
        n_frames = self.n_frames
        path = self.layout.stem_mels(self.name)
        if not path.exists():
            return {}
        stems = read_mels(path, STEMS)
        if any(mel.shape != (making()["mel"]["n_mels"], n_frames) for mel in stems.values()):
            raise LibraryError(
                f"“{path}” doesn't fit the recording.",
                "Run “python -m training.convert_stems_to_mel” again.",
            )
        return stems

    def _ready(self) -> PairInfo:
        if self.state is not PairState.READY or self.info is None:
            raise LibraryError(f"“{self.name}” can't be used: {self.sentence}", self.mend)
        return self.info

    def _unfit(self, path: Path, why: str) -> LibraryError:
        return LibraryError(f"“{path}” doesn't fit “{self.name}”: {why}.", AGAIN)


class Library:
    """A personal library in its two folders.

    Args:
        root: The folder that holds `training_data` and `cache`; default the current one.
        data: Another folder for the recordings, edits and pointers.
        cache: Another folder for what can be computed again.
    """

    def __init__(
        self,
        root: str | Path = ".",
        *,
        data: str | Path | None = None,
        cache: str | Path | None = None,
    ) -> None:
        usual = Layout()
        self.layout = Layout(
            Path(data) if data is not None else Path(root) / usual.data,
            Path(cache) if cache is not None else Path(root) / usual.cache,
        )

    def pairs(self) -> list[Pair]:
        """Returns all pairs by name, whole or not.

        Files whose size and time are those that are known aren't read again.

        Raises:
            LibraryError: There is no library, or its folders can't be read.
        """
        return [
            self._pair(
                name,
                sample.raws[0] if len(sample.raws) == 1 else None,
                sample.edits[0] if len(sample.edits) == 1 else None,
                sample.problem,
            )
            for name, sample in scan(self.layout).samples.items()
        ]

    def training_pairs(self, *, also_check: bool = False) -> list[Pair]:
        """Returns the pairs to learn from: the good ones, but what a person has decided counts.

        Args:
            also_check: Whether pairs are in that a person should look at first.

        Raises:
            LibraryError: As `pairs`.
        """
        wanted = {Verdict.GOOD, Verdict.CHECK} if also_check else {Verdict.GOOD}
        choices = read_choices(self.layout)
        return [
            pair
            for pair in self.pairs()
            if pair.state is PairState.READY
            and choices.wants(pair.name, usually=pair.verdict in wanted)
        ]

    def pair(self, name: str) -> Pair:
        """Returns one pair.

        Raises:
            LibraryError: There is none of that name.
        """
        return self.chosen([name])[0]

    def chosen(self, names: Sequence[str]) -> list[Pair]:
        """Returns the pairs of these names, or all where none is named.

        Raises:
            LibraryError: There is none of some name.
        """
        pairs = {pair.name: pair for pair in self.pairs()}
        if not names:
            return list(pairs.values())
        wanted = dict.fromkeys(normalize("NFC", name) for name in names)
        unknown = [name for name in wanted if name not in pairs]
        if unknown:
            some = ", ".join(f"“{name}”" for name in list(pairs)[:5]) or "none"
            more = f" and {len(pairs) - 5} more" if len(pairs) > 5 else ""
            raise LibraryError(
                f"There is no sample “{unknown[0]}” in “{self.layout.data}”.",
                f"There are: {some}{more}.",
            )
        return [pairs[name] for name in wanted]

    def strays(self) -> tuple[Path, ...]:
        """Returns files in the two folders that aren't named as a recording or an edit."""
        return scan(self.layout).strays

    def create(self) -> None:
        """Makes the folders that aren't there yet.

        Raises:
            FileWriteError: One of them can't be made.
        """
        layout = self.layout
        for folder in (layout.inputs, layout.outputs, *layout.made_folders()):
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise file_write_error(error, folder) from error

    def add(
        self, name: str, raw: str | Path, edit: str | Path, *, by_reference: bool = False
    ) -> Pair:
        """Adds a pair. Both files are only read; they are aligned by the next precaching.

        Args:
            name: The sample.
            raw: The recording.
            edit: The finished edit of it.
            by_reference: Whether to write down where they lie instead of copying them.

        Raises:
            LibraryError: The name can't be one or is taken, or both files are the same one.
            AudioReadError: One of them is no readable sound file.
            FileWriteError: The library can't be written, or the disk is full; then nothing of the
                pair is left there.
        """
        name = check_name(name)
        raw, edit = Path(raw), Path(edit)
        for path in (raw, edit):
            open_audio(path).close()
        if raw.samefile(edit):
            raise LibraryError(
                "The recording and the finished edit are the same file.", "Choose two files."
            )
        self.create()
        taken = next((n for n in scan(self.layout).samples if n.lower() == name.lower()), None)
        if taken is not None:
            raise LibraryError(
                f"There is a sample “{taken}” in the library already.", "Choose another name."
            )
        written: list[Path] = []
        try:
            for path, folder, mark in (
                (raw, self.layout.inputs, RAW_MARK),
                (edit, self.layout.outputs, EDIT_MARK),
            ):
                written.append(bring(path, folder, f"{name}{mark}", by_reference=by_reference))
        except EditorBotError:
            for path in written:
                path.unlink(missing_ok=True)
            raise
        return self.pair(name)

    def remove(self, name: str) -> None:
        """Takes a pair out. What a person has put there is never deleted.

        References and links go, and an edit that was rendered for the library; any other sound
        file is moved into the folder `removed` of the library.

        Raises:
            LibraryError: There is no such pair.
            FileWriteError: A file can't be moved or removed; then the pair is still there.
        """
        sample = scan(self.layout).samples.get(normalize("NFC", name))
        if sample is None:
            raise LibraryError(f"There is no sample “{name}” in “{self.layout.data}”.")
        rendered = sample.edits if self.layout.truth(name).is_file() else []
        for path in (*sample.raws, *sample.edits):
            put_away(path, self.layout.removed, delete=path in rendered)
        forget(self.layout, sample.name)
        self.layout.truth(name).unlink(missing_ok=True)
        decide(self.layout, name, Choice.USUAL)

    def _pair(
        self, name: str, raw: Path | None, edit: Path | None, problem: tuple[str, str]
    ) -> Pair:
        def found(state: PairState, info: PairInfo | None, why: str = "", mend: str = "") -> Pair:
            return Pair(name, self.layout, raw, edit, state, info, why, mend)

        if raw is None or edit is None:
            return found(PairState.INCOMPLETE, None, *problem)
        try:
            info = read_info(self.layout.info(name))
        except LibraryError as error:
            return found(PairState.NEW, None, error.sentence, error.mend)
        try:
            files = resolve(raw), resolve(edit)
            if info is None or info.sample != name:
                for path in files:
                    _check_is_there(path)
                return found(PairState.NEW, None, "It hasn't been aligned yet.", _ALIGN)
            folder = self.layout.sequences
            now = (
                FileFacts.of(files[0], folder, info.raw),
                FileFacts.of(files[1], folder, info.edit),
            )
        except (AudioReadError, LibraryError) as error:
            return found(PairState.UNREADABLE, None, error.sentence, error.mend)
        if not info.is_of(*now, making()):
            why = "It has changed since it was aligned, or the aligner has."
            return found(PairState.STALE, None, why, _ALIGN)
        states = {State.ALIGNED: PairState.READY, State.REFUSED: PairState.REFUSED}
        state = states.get(info.state, PairState.UNREADABLE)
        return found(state, info, info.sentence, info.mend)


def _check_is_there(path: Path) -> None:
    try:
        path.stat()
    except OSError as error:
        raise file_error(path, error) from error
