"""Lessons for what hears cuts: recordings by many editors, each with a habit that is known.

Each lesson holds what the bundled network says of a recording, so that nothing but the listener is
computed in training.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, overload

import numpy as np
import numpy.typing as npt
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save
from torch import Tensor

from model_core.edit.pointers import MODEL_HOP_SAMPLES
from model_core.edit.types import REASONS, Reason
from model_core.files import write_bytes_atomically
from model_core.nn.heads import StepLogits
from model_core.nn.jumps import Keys
from training.corpus import Corpus
from training.dataset import at_frame_rate
from training.finetune import as_the_mean_editor
from training.library.style import FRAME_S
from training.shards import example_of
from training.simulator import EditorStyle, SimulatorSettings
from training.simulator.channel import impair
from training.simulator.music import record_music
from training.simulator.speech import record_talks
from training.simulator.tape import PieceKind, Tape, cut
from training.simulator.types import Kind, Mono, Phenomenon, SimulatedRecording
from training.simulator.variation import resampled
from training.taste import MOST_SPARED, Copies, Told, lags_of, told_of
from training.validation import whole_batches

if TYPE_CHECKING:
    from pathlib import Path

    from model_core.nn.network import PointerNetwork
    from training.corpus import Clip
    from training.dataset import Cropping

_LENGTHS_S = (0.0, 120.0, 200.0, 300.0)
"""Spoken recordings last at least so long: as short as the simulator's, or several joined."""
_NOISES_KEPT = 0.3
"""Share of editors who keep every cough."""
_USUAL_SHARE = 0.4
"""Share of editors who divide a pause as the simulator's usually do."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A simulated recording with its edit.

    Attributes:
        recording: The recording.
        pause: Whether each sample lies in a pause.
        keeps_noises: Whether its editor does.
    """

    recording: SimulatedRecording
    pause: npt.NDArray[np.bool_]
    keeps_noises: bool


@dataclass(frozen=True, slots=True)
class Lesson:
    """A recording with what the network says of it, and how its editor cuts.

    Attributes:
        told: What the network says; tokens, keys and logits of frames in half precision.
        pause: Whether each frame lies in a pause, of shape `[T]`.
        lags: See `TasteLayer`.
        deviations: In frames, of shape `[2]`.
        habit: See `TasteLayer`.
    """

    told: Told
    pause: Tensor
    lags: Tensor
    deviations: Tensor
    habit: Tensor

    @property
    def events(self) -> int:
        """Steps that don't copy."""
        return len(self.told.at)


def an_editor(rng: np.random.Generator) -> EditorStyle:
    """Draws an editor who loops nothing; others than usual divide pauses in another way."""
    drawn = replace(EditorStyle.draw(rng), extension=1.0)
    other = replace(
        drawn,
        after_share=float(rng.uniform(0.3, 0.8)),
        tolerance=float(rng.uniform(1.1, 1.6)),
        jitter_s=float(np.exp(rng.uniform(np.log(0.005), np.log(0.03)))),
    )
    return drawn if rng.random() < _USUAL_SHARE else other


def at_other_speeds(corpus: Corpus, rng: np.random.Generator, spread: float) -> Corpus:
    """Returns a corpus where each voice is faster and higher, or slower and lower, than before.

    Few voices are soon known by heart; at other speeds they are like others' (Ko et al., "Audio
    augmentation for speech recognition", 2015).

    Args:
        corpus: The voices; its music and noises stay as they are.
        rng: Draws a factor for each voice.
        spread: How far its logarithm may lie from 0.
    """
    voices = sorted(corpus.groups("speech"))
    drawn = np.exp(rng.uniform(-spread, spread, len(voices))).tolist()
    speeds: dict[str, float] = dict(zip(voices, drawn, strict=True))
    originals = {clip.name: clip for clip in corpus.clips}

    def heard(clip: Clip) -> Clip:
        if clip.section != "speech":
            return clip
        speed = speeds[clip.group]
        rate_hz = round(clip.native_rate_hz * speed)
        return replace(clip, seconds=clip.seconds / speed, native_rate_hz=rate_hz)

    def read(clip: Clip) -> Mono:
        samples = corpus.samples(originals[clip.name])
        return resampled(samples, speeds[clip.group]) if clip.section == "speech" else samples

    return Corpus(map(heard, corpus.clips), read, corpus.cache_folder)


def record(
    rng: np.random.Generator, corpus: Corpus, kind: Kind, settings: SimulatorSettings
) -> Recorded:
    """Simulates a recording and its edit; what is quiet is known from its tape."""
    editor = an_editor(rng)
    keeps = kind == "speech" and rng.random() < _NOISES_KEPT
    if kind == "speech":
        seconds = float(rng.choice(_LENGTHS_S))
        tape, upper_hz = record_talks(rng, corpus, editor, settings, seconds)
    else:
        tape, _, upper_hz = record_music(rng, corpus, editor, settings)
    if keeps:
        tape.want(Phenomenon.NOISE)
    kept, removed = cut(tape, editor, rng, keep_pauses=kind == "speech")
    samples: Mono = impair(rng, tape.render(), corpus, settings, upper_hz)
    made = SimulatedRecording(samples, kept, removed, tape.phrases(), editor, kind)
    return Recorded(made, _pauses_of(tape), keeps)


def _pauses_of(tape: Tape) -> npt.NDArray[np.bool_]:
    inside = np.zeros(tape.length, bool)
    for piece, (start, stop) in zip(tape.pieces, tape.bounds().tolist(), strict=True):
        inside[start:stop] = piece.kind is PieceKind.PAUSE
    return inside


def lesson_of(recorded: Recorded, plain: PointerNetwork, cropping: Cropping) -> Lesson | None:
    """Asks a network of a recording; None where nothing happens, or it is too long.

    Args:
        recorded: The recording.
        plain: The network, without a layer for taste.
        cropping: How much is told at once.
    """
    example = as_the_mean_editor(at_frame_rate(example_of(recorded.recording)))
    parts = list(whole_batches([example], cropping, most_examples=1))
    if len(parts) != 1 or not len(example.runs):
        return None
    spared = torch.zeros(len(REASONS))
    if recorded.keeps_noises:
        spared[REASONS.index(Reason.NOISE)] = MOST_SPARED
    told = told_of(plain, spared, parts[0])
    told = replace(
        told,
        tokens=told.tokens.half(),
        coverage=told.coverage.half(),
        reason=told.reason.half(),
        keys=Keys(*(part.half() for part in told.keys)),
    )
    style = recorded.recording.style
    return Lesson(
        told,
        torch.from_numpy(_by_frames(recorded.pause, example.n_frames)),
        lags_of(style.pause_s, style.after_share),
        torch.full((2,), style.jitter_s / FRAME_S),
        torch.tensor([style.pause_s, style.pause_s * style.tolerance]),
    )


def _by_frames(inside: npt.NDArray[np.bool_], n_frames: int) -> npt.NDArray[np.bool_]:
    """Returns which frames lie in a pause with half of their samples or more."""
    n_samples = n_frames * MODEL_HOP_SAMPLES
    padded = np.pad(inside[:n_samples], (0, max(0, n_samples - inside.size)), mode="edge")
    share = padded.reshape(n_frames, MODEL_HOP_SAMPLES).mean(axis=1)
    return np.asarray(share >= 0.5)


def save_lesson(path: Path, lesson: Lesson) -> None:
    """Writes a lesson.

    Raises:
        FileWriteError: The file can't be written.
    """
    told = lesson.told
    tensors = {field.name: getattr(told, field.name) for field in fields(told)}
    for name in ("copies", "steps", "keys"):
        del tensors[name]
    tensors |= {f"copies.{one.name}": getattr(told.copies, one.name) for one in fields(Copies)}
    for name in ("steps", "keys"):
        tensors |= {f"{name}.{part}": x for part, x in getattr(told, name)._asdict().items()}
    for name in ("pause", "lags", "deviations", "habit"):
        tensors[f"lesson.{name}"] = getattr(lesson, name)
    write_bytes_atomically(path, save({name: x.contiguous() for name, x in tensors.items()}))


def load_lesson(path: Path) -> Lesson:
    """Reads a lesson that `save_lesson` wrote."""
    tensors = load_file(path)

    def part(name: str) -> dict[str, Tensor]:
        return {
            key.removeprefix(f"{name}."): tensors.pop(key)
            for key in [*tensors]
            if key.startswith(f"{name}.")
        }

    own, copies = part("lesson"), Copies(**part("copies"))
    steps, keys = StepLogits(**part("steps")), Keys(**part("keys"))
    return Lesson(Told(**tensors, copies=copies, steps=steps, keys=keys), **own)


def frames_in(path: Path) -> int:
    """Returns how many frames the recording of a lesson's file has; no more of it is read."""
    with safe_open(path, "pt") as file:
        shape: list[int] = file.get_slice("lesson.pause").get_shape()
        return shape[0]


class LessonFiles(Sequence[Lesson]):
    """Lessons that are read when they are asked for: days of them don't fit into memory.

    Args:
        paths: Files that `save_lesson` wrote.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = list(paths)

    def __len__(self) -> int:
        return len(self._paths)

    @overload
    def __getitem__(self, place: int) -> Lesson: ...
    @overload
    def __getitem__(self, place: slice) -> LessonFiles: ...
    def __getitem__(self, place: int | slice) -> Lesson | LessonFiles:
        """Reads one, or chooses some."""
        if isinstance(place, slice):
            return LessonFiles(self._paths[place])
        return load_lesson(self._paths[place])
