"""The programs that are compared: EditorBot as a user calls it, and tools that find silence."""

from __future__ import annotations

import json
import shutil
import subprocess
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import numpy as np
import soundfile
from librosa.effects import split

from benchmarks.peers import AUTO_EDITOR_VERSION, PeerUnavailableError, auto_editor_program
from benchmarks.quality_material import RATE_HZ, IntArray
from benchmarks.quality_measures import Edit
from benchmarks.quality_tape import covered
from model_core.audio.reading import open_audio
from model_core.edit.types import ChangeKind, EditList
from model_core.engine import Encoding, Engine
from model_core.options import GenerateOptions

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

    from benchmarks.quality_tape import Style, Truth

_SETTINGS = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Places of the tightness slider that are tried out before the benchmark."""
_MATCH_SAMPLES = 256
_FRAMES_A_SECOND = 30


class Editor(ABC):
    """A program that edits a recording.

    Attributes:
        name: For the tables.
        takes_length: Whether it can be asked for an edit of some length.
    """

    name: str
    takes_length = False

    @abstractmethod
    def edit(
        self, recording: Path, style: Style | None = None, target_s: float | None = None
    ) -> Edit:
        """Edits a WAV file.

        Args:
            recording: The file, at `RATE_HZ`.
            style: How the editor works; few programs can be told.
            target_s: The length asked for.
        """


class Product(Editor):
    """EditorBot, its network loaded once.

    The style is told by the tightness slider. Where it has to stand for a pause is found out as a
    person would: by trying five settings on recordings that aren't judged.

    Args:
        engine: The loaded network.
    """

    takes_length = True

    def __init__(self, engine: Engine) -> None:
        self.name = "EditorBot"
        self._engine = engine
        self._pauses_s: tuple[float, ...] = ()
        self._last: tuple[Path, Encoding] | None = None

    def find_settings(self, recordings: Sequence[tuple[Path, Truth]]) -> None:
        """Learns which pause is left at which setting of the slider."""
        pauses: list[list[float]] = [[] for _ in _SETTINGS]
        for path, truth in recordings:
            for left_s, setting in zip(pauses, _SETTINGS, strict=True):
                kept = self._propose(path, GenerateOptions(tightness=setting)).kept
                left_s += [covered(kept, *silence) / RATE_HZ for silence in truth.silences.tolist()]
        # A tighter setting never leaves longer pauses, but a median of a few may waver.
        medians = [float(np.median(left_s)) for left_s in pauses]
        self._pauses_s = tuple(np.minimum.accumulate(medians).tolist())

    def tightness(self, pause_s: float) -> float:
        """Returns the setting that leaves a pause of this length."""
        return float(np.interp(pause_s, self._pauses_s[::-1], _SETTINGS[::-1]))

    def edit(
        self, recording: Path, style: Style | None = None, target_s: float | None = None
    ) -> Edit:
        """See `Editor.edit`."""
        del style
        return self._propose(recording, GenerateOptions(target_length_s=target_s))

    def edit_in_style(self, recording: Path, style: Style, target_s: float | None = None) -> Edit:
        """Edits with the tightness that the editor's pauses ask for."""
        tightness = self.tightness(style.pause_s)
        return self._propose(
            recording, GenerateOptions(tightness=tightness, target_length_s=target_s)
        )

    def _propose(self, recording: Path, options: GenerateOptions) -> Edit:
        with open_audio(recording) as source:
            if self._last is None or self._last[0] != recording:
                self._last = (recording, self._engine.encode(source))
            proposal = self._engine.propose(self._last[1], source, options)
        changes = []
        for change in proposal.changes:
            ends = (change.start, change.stop)
            inside = change.start > 0 and change.stop < source.n_samples
            if change.confidence is None or not inside:
                continue
            if change.kind is ChangeKind.LOOP:
                ends = (change.stop, change.start)
            changes.append((*ends, change.confidence))
        return Edit(ranges_of(proposal.edit_list), tuple(changes))


class ProductInStyle(Editor):
    """The same network, told each editor's pause.

    Args:
        product: With its settings found.
    """

    takes_length = True

    def __init__(self, product: Product) -> None:
        self.name = "EditorBot, told the style"
        self._product = product

    def edit(
        self, recording: Path, style: Style | None = None, target_s: float | None = None
    ) -> Edit:
        """See `Editor.edit`."""
        if style is None:
            return self._product.edit(recording, target_s=target_s)
        return self._product.edit_in_style(recording, style, target_s)


class LibrosaSplit(Editor):
    """`librosa.effects.split`: keeps what is less than `top_db` below the loudest frame."""

    def __init__(self, top_db: int) -> None:
        self.name = f"librosa split, {top_db} dB"
        self._top_db = top_db

    def edit(
        self, recording: Path, style: Style | None = None, target_s: float | None = None
    ) -> Edit:
        """See `Editor.edit`."""
        del style, target_s
        samples, _ = soundfile.read(recording, dtype="float32")
        kept = split(samples, top_db=self._top_db)
        return Edit(np.asarray(kept, np.int64).reshape(-1, 2))


class AutoEditor(Editor):
    """auto-editor with its default settings; it says itself what it keeps, in 30ths of a second.

    Raises:
        PeerUnavailableError: If it can't be had here.
    """

    def __init__(self) -> None:
        self.name = f"auto-editor {AUTO_EDITOR_VERSION}"
        self._program = auto_editor_program()

    def edit(
        self, recording: Path, style: Style | None = None, target_s: float | None = None
    ) -> Edit:
        """See `Editor.edit`."""
        del style, target_s
        command = (self._program, recording, "--export", "timeline:api=1", "--no-open")
        done = subprocess.run(
            (*command, "--my-ffmpeg", "--quiet", "--progress", "none"),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
            text=True,
        )
        timeline = json.loads(done.stdout)
        n_samples = soundfile.info(recording).frames
        kept = [(start, stop) for start, stop, speed in timeline["chunks"] if speed == 1.0]
        scaled = np.array(kept, np.int64).reshape(-1, 2) * RATE_HZ // _FRAMES_A_SECOND
        return Edit(np.minimum(scaled, n_samples))


class Sox(Editor):
    """`sox silence -l 1 0.1 1% -1 0.5 1%`. It copies samples, so what it kept can be found again.

    Raises:
        PeerUnavailableError: If it isn't installed.
    """

    def __init__(self) -> None:
        self.name = "sox silence"
        program = shutil.which("sox")
        if program is None:
            raise PeerUnavailableError("sox isn't installed")
        self._program = program

    def edit(
        self, recording: Path, style: Style | None = None, target_s: float | None = None
    ) -> Edit:
        """See `Editor.edit`."""
        del style, target_s
        output = recording.with_suffix(".sox.wav")
        effect = ("silence", "-l", "1", "0.1", "1%", "-1", "0.5", "1%")
        subprocess.run(
            (self._program, "-D", recording, output, *effect), check=True, capture_output=True
        )
        raw, _ = soundfile.read(recording, dtype="int16")
        edited, _ = soundfile.read(output, dtype="int16")
        output.unlink()
        return Edit(copied_ranges(raw, edited))


def copied_ranges(raw: npt.NDArray[np.int16], edited: npt.NDArray[np.int16]) -> IntArray:
    """Finds which stretches of a recording an edit is made of, one after another, bit for bit.

    Args:
        raw: Samples of the recording, `[n]`.
        edited: Samples of the edit, which leaves some out and keeps the order, `[m]`.

    Returns:
        Ranges of `raw`, as far as the edit can be followed.
    """
    ranges: list[tuple[int, int]] = []
    place = at = 0
    text = raw.tobytes()
    width = raw.dtype.itemsize
    while at < len(edited):
        wanted = edited[at : at + _MATCH_SAMPLES].tobytes()
        found = text.find(wanted, place * width)
        while found % width and found >= 0:
            found = text.find(wanted, found + 1)
        if found < 0:
            break
        start = found // width
        n = min(len(raw) - start, len(edited) - at)
        differ = np.flatnonzero(raw[start : start + n] != edited[at : at + n])
        length = int(differ[0]) if differ.size else n
        ranges.append((start, start + length))
        place, at = start + length, at + length
    return np.array(ranges, np.int64).reshape(-1, 2)


def ranges_of(edit: EditList) -> IntArray:
    """Returns the ranges that an edit list plays in turn; gaps are left out."""
    return np.array([(s.start, s.stop) for s in edit.segments], np.int64).reshape(-1, 2)
