"""What a batch does with one file. Free of torch and numpy, so that the window can build it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from model_core.errors import EditError
from model_core.options import GenerateOptions

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class JobOptions:
    """How a recording is edited and what is written of it.

    Attributes:
        style: A bundled style's name or a style's file; empty for the network's own.
        model: A checkpoint's file; empty for the bundled one.
        tightness: 0 (pauses stay long) to 1 (short), or None.
        target_length_s: Wanted length in seconds, or None.
        extension: How many times as long loops may make it, 1 to 4.
        seed: Of everything that is drawn at random.
        temperature: 0 for the best edit; above 0 for a random one.
        loudness_lufs: Integrated loudness that the edit is brought to, or None.
        edit_list: Whether the edit list is written beside the sound.
        timelines: Names of formats of `model_core.export.timelines` to write beside the sound.
        device: Where to compute.
    """

    style: str = ""
    model: str = ""
    tightness: float | None = None
    target_length_s: float | None = None
    extension: float = 1.0
    seed: int = 0
    temperature: float = 0.0
    loudness_lufs: float | None = None
    edit_list: bool = False
    timelines: tuple[str, ...] = ()
    device: str = "auto"

    def __post_init__(self) -> None:
        self.asked()
        if self.loudness_lufs is not None and not -70 < self.loudness_lufs < 0:
            raise ValueError(f"A loudness lies between -70 and 0 LUFS, not {self.loudness_lufs:g}.")

    def asked(self) -> GenerateOptions:
        """Returns what the network is asked for, styles aside.

        Raises:
            ValueError: A value is out of its range.
        """
        return GenerateOptions(
            tightness=self.tightness,
            target_length_s=self.target_length_s,
            extension=self.extension,
            seed=self.seed,
            temperature=self.temperature,
        )

    def with_text(self, name: str, text: str) -> JobOptions:
        """Returns the same with one option as a list or a person spells it.

        Raises:
            ValueError: There is no such option, or the text is no value of it.
        """
        if name in ("style", "model", "device"):
            values: dict[str, Any] = {name: text}
            return replace(self, **values)
        if name == "timelines":
            names = tuple(part for part in text.replace(";", ",").replace(",", " ").split() if part)
            return replace(self, timelines=names)
        if name == "edit_list":
            if text.lower() not in _TRUE | _FALSE:
                raise ValueError(f"“{text}” is neither yes nor no.")
            return replace(self, edit_list=text.lower() in _TRUE)
        if name == "seed":
            if not text.isdecimal():
                raise ValueError(f"A seed is a whole number from 0 on, not “{text}”.")
            return replace(self, seed=int(text))
        if name in _NUMBERS:
            try:
                number = float(text)
            except ValueError:
                raise ValueError(f"“{text}” is no number.") from None
            values = {name: number}
            return replace(self, **values)
        raise ValueError(f"There is no option “{name}”.")


_TRUE: Final = frozenset({"yes", "true", "1", "on"})
_FALSE: Final = frozenset({"no", "false", "0", "off"})
_NUMBERS: Final = frozenset(
    {"tightness", "target_length_s", "extension", "temperature", "loudness_lufs"}
)
OPTION_NAMES: Final = tuple(each.name for each in fields(JobOptions))


@dataclass(frozen=True, slots=True)
class BatchJob:
    """One file of a batch.

    Attributes:
        source: The recording.
        output: The sound file to write; its ending says the format.
        options: How.
    """

    source: Path
    output: Path
    options: JobOptions = field(default_factory=JobOptions)

    def to_dict(self) -> dict[str, Any]:
        """Returns the job as plain values for JSON."""
        return {
            "source": str(self.source),
            "output": str(self.output),
            "options": asdict(self.options),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> BatchJob:
        """Returns the job that plain values stand for.

        Raises:
            EditError: They stand for none.
        """
        try:
            options = dict(values.get("options", {}))
            options["timelines"] = tuple(map(str, options.get("timelines", ())))
            return cls(
                Path(str(values["source"])), Path(str(values["output"])), JobOptions(**options)
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise EditError(f"A line of the batch can't be understood: {error}.") from error


def fingerprint(options: JobOptions, output: Path) -> str:
    """Returns what tells whether a file would come out the same: options, style, model, format.

    Styles and models count by the size and time of their files, where they are files.
    """
    values = asdict(options)
    # Where it is computed changes nothing that one would do the work again for.
    del values["device"]
    for name in ("style", "model"):
        try:
            about = Path(values[name]).stat() if values[name] else None
        except OSError:
            about = None
        if about is not None:
            values[name] += f"|{about.st_size}|{about.st_mtime_ns}"
    text = json.dumps([values, output.suffix.lower()], sort_keys=True)
    return hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class JobResult:
    """What came of a file.

    Attributes:
        source: The recording.
        output: The sound file.
        state: "done", "skipped" (was done before), "failed" or "stopped".
        sentence: What went wrong, or what couldn't be kept; empty if nothing.
        mend: What to do about it.
        raw_s: Length of the recording in seconds.
        edited_s: Length of the edit in seconds.
        cuts: Number of cuts.
        seconds: How long it took.
        written: All files that were written.
        content_hash: Of the recording.
    """

    source: Path
    output: Path
    state: str
    sentence: str = ""
    mend: str = ""
    raw_s: float = 0.0
    edited_s: float = 0.0
    cuts: int = 0
    seconds: float = 0.0
    written: tuple[Path, ...] = ()
    content_hash: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Returns the result as plain values for JSON."""
        return asdict(self) | {
            "source": str(self.source),
            "output": str(self.output),
            "written": [str(path) for path in self.written],
            "raw_s": round(self.raw_s, 3),
            "edited_s": round(self.edited_s, 3),
            "seconds": round(self.seconds, 2),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> JobResult:
        """Returns the result that `to_dict` made plain values of."""
        return cls(
            **{
                **values,
                "source": Path(values["source"]),
                "output": Path(values["output"]),
                "written": tuple(map(Path, values["written"])),
            }
        )
