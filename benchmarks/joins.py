"""Measures how joins are brought into time: `python -m benchmarks.joins`.

Recordings with known true joins are made from the music and the speech of the audio folder beside
the project, or from the demo recordings where there is none. Both ends of a join are put wrong by
independent amounts, as a network puts them; the table says how far the jump's distance is from the
one that stays in time, before and after refinement. Where nothing matches, it counts the joins that
were moved by more than a hop all the same, and where joins lie in the pauses of speech, those that
cut into speech or let a rest of it in. Limits in the code were set on the tracks with even numbers
(`--half fit`); the table is for the others.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.recordings import ROOT, audio_folder, make_recording
from model_core.audio.joins import refine_joins
from model_core.audio.reading import ArraySource, open_audio
from model_core.audio.source import AudioSource, Samples
from model_core.edit.types import EditList
from training.simulator.dsp import gain, rms, shaped, tilt
from training.simulator.players import Player, compose
from training.simulator.rooms import impulse_response, in_room
from training.simulator.types import SAMPLE_RATE, Mono, samples_of
from training.simulator.variation import bent, stretched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    import numpy.typing as npt

OFFSETS_MS = (50, 150, 350)
IN_TIME_MS = 20.0
_HOP_MS = 1000 * 256 / 22050
_MOVED_MS = _HOP_MS + 1.0
_CLIPPED_S = 0.005
_AROUND_S = 5.0
_LONGEST_TRACK_S = 100.0
# Correlations over some seconds: the same sound; a rival of it nearby; another sound.
_SAME, _CLEAR, _OTHER = 0.6, 0.8, 0.3
_RIVAL_S = 0.75
_JOINS_A_PLACE = 4
_HEAD = (
    "| kind | ends off by up to | joins | error before: median, 90 % | after: median, 90 % "
    "| within 20 ms before | after |\n|---|---|---|---|---|---|---|"
)


@dataclass(frozen=True, slots=True)
class Case:
    """A recording and a join in it.

    Attributes:
        samples: The recording, float32 of shape [n], at 22,050 Hz.
        leaving: Where the true join leaves, in samples.
        landing: Where it lands.
        in_time: Gives the place in time for a place that is left; None where nothing matches.
        pauses: The ranges of samples, inclusive, in which leaving and landing clip no speech.
    """

    samples: Mono
    leaving: int
    landing: int
    in_time: Callable[[float], float] | None = None
    pauses: tuple[tuple[int, int], tuple[int, int]] | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a case: errors of the jump's distance in ms, and how far an end moved."""

    before_ms: float
    after_ms: float
    moved_ms: float
    clipped: bool


def _mono(path: Path) -> Mono:
    import soundfile
    import soxr

    with soundfile.SoundFile(path) as file:
        frames = int(min(file.frames, _LONGEST_TRACK_S * file.samplerate))
        samples = file.read(frames, dtype="float32", always_2d=True).mean(axis=1)
        return np.asarray(soxr.resample(samples, file.samplerate, SAMPLE_RATE), dtype=np.float32)


def _music(half: int) -> list[Mono]:
    folder = audio_folder()
    if folder is None:
        return [_mono(ROOT / "resources" / "demo" / "music.flac")]
    return [_mono(path) for path in sorted((folder / "music").iterdir())[half::2]]


def _speech(half: int) -> list[Mono]:
    folder = audio_folder()
    if folder is None:
        demo = ROOT / "resources" / "demo"
        samples, told = _mono(demo / "speech.flac"), json.loads((demo / "speech.json").read_text())
        scale = SAMPLE_RATE / told["sample_rate_hz"]
        return [_trimmed(samples[int(a * scale) : int(b * scale)]) for a, b in told["phrases"]]
    paths = sorted((folder / "speech").iterdir())[half::4]
    return [_trimmed(_mono(path)) for path in paths]


def _trimmed(samples: Mono) -> Mono:
    """Returns speech without what is softer than -35 dB at its ends, at a usual level."""
    samples = samples * np.float32(0.1 / rms(samples))
    block = samples_of(0.01)
    levels = np.sqrt(np.mean(samples[: samples.size // block * block].reshape(-1, block) ** 2, 1))
    loud = np.flatnonzero(levels > 0.1 * 10 ** (-35 / 20))
    return samples[loud[0] * block : (loud[-1] + 1) * block]


def _varied(rng: np.random.Generator, samples: Mono) -> Mono:
    """Returns the same sound as another microphone has it in another room."""
    out = shaped(samples, tilt(float(rng.uniform(-3, 3)))) * gain(float(rng.uniform(-6, 6)))
    out = in_room(out, impulse_response(rng, float(rng.uniform(0.15, 0.6)), rng.uniform(0, 12)))
    hiss = rng.standard_normal(out.size, dtype=np.float32)
    return out + hiss * np.float32(rms(out)) * gain(float(rng.uniform(-45, -20)))


def _anew(rng: np.random.Generator, samples: Mono) -> tuple[Mono, Callable[[float], float]]:
    """Returns a sound at another, wandering pace and pitch, and where its places went."""
    speed = 1 + float(rng.uniform(-0.01, 0.01)) + np.clip(rng.normal(0, 0.006, 8), -0.012, 0.012)
    out, origins = bent(samples, speed)
    places = np.arange(origins.size) * (out.size / origins.size)
    return _varied(rng, out), lambda place: float(np.interp(place, origins, places))


def _take(
    rng: np.random.Generator, first: Mono, again: Mono, gap: Mono, *, shown: int, early: int
) -> tuple[Mono, int]:
    """Returns a recording in which a take breaks off and another follows, and where that begins.

    Args:
        rng: Draws noise.
        first: What is played until it goes wrong.
        again: The take after it.
        gap: What is heard between them.
        shown: Samples of `first` that are heard.
        early: Samples of `again` that are heard before the place of the true join.
    """
    head = first[:shown].copy()
    fade = min(samples_of(0.15), head.size)
    head[-fade:] *= np.linspace(1, 0, fade, dtype=np.float32)
    tape = np.concatenate([head, gap, again[early:]])
    floor = rng.standard_normal(tape.size, dtype=np.float32)
    return tape + floor * np.float32(10 ** (-65 / 20)), head.size + gap.size


def _gap(rng: np.random.Generator, talk: Sequence[Mono]) -> Mono:
    """Returns what is heard between two takes: nothing, or somebody who talks."""
    silence = np.zeros(samples_of(float(rng.uniform(0.3, 1.5))), dtype=np.float32)
    if rng.random() < 0.5:
        return silence
    said = talk[int(rng.integers(len(talk)))][: samples_of(float(rng.uniform(0.8, 2.5)))]
    return np.concatenate([silence, said, silence])


def takes(
    rng: np.random.Generator, music: Sequence[Mono], talk: Sequence[Mono], *, anew: bool
) -> Iterator[Case]:
    """Yields takes of recorded music: the same sound varied, or its pace and pitch changed too."""
    while True:
        track = music[int(rng.integers(len(music)))]
        start = int(rng.integers(0, track.size - samples_of(18)))
        passage = track[start : start + samples_of(18)]
        if rms(passage) < 1e-3:
            continue
        leaving = samples_of(float(rng.uniform(5, 8)))
        shown = leaving + samples_of(float(rng.uniform(0.8, 4.0)))
        early = leaving - samples_of(float(rng.choice([0.05, 0.4, 2.0, 4.0])))
        if anew:
            again, goes_to = _anew(rng, passage)
        else:
            again, goes_to = _varied(rng, passage), float
        early_again = round(goes_to(early))
        gap = _gap(rng, talk)
        tape, begins = _take(rng, passage, again, gap, shown=shown, early=early_again)
        shift = begins - early_again

        def in_time(
            place: float, goes_to: Callable[[float], float] = goes_to, shift: int = shift
        ) -> float:
            return goes_to(place) + shift

        yield Case(tape, leaving, round(in_time(leaving)), in_time)


def played(rng: np.random.Generator, talk: Sequence[Mono]) -> Iterator[Case]:
    """Yields takes that synthetic players play anew, with other timing and dynamics."""
    while True:
        piece = compose(rng, 40.0)
        player = Player(rng, piece)
        first = int(rng.integers(0, piece.beats // 4))
        before = int(np.ceil(5 / piece.beat_s))
        shown = int(np.ceil(float(rng.uniform(0.8, 4.0)) / piece.beat_s))
        once, once_places = player.play(first, first + before + shown)
        earlier = int(rng.choice([0, 0, 1, 4]))
        again, places = player.play(first + before - earlier, first + before + 16)
        tape, begins = _take(rng, once, again, _gap(rng, talk), shown=int(once_places[-1]), early=0)
        known = once_places[before - earlier :].astype(np.float64)
        there = places[: known.size].astype(np.float64) + begins

        def in_time(
            place: float,
            known: npt.NDArray[np.float64] = known,
            there: npt.NDArray[np.float64] = there,
        ) -> float:
            if place < known[0]:
                return float(there[0] + place - known[0])
            return float(np.interp(place, known, there))

        leaving = int(once_places[before]) - samples_of(0.03)
        yield Case(tape, leaving, round(in_time(leaving)), in_time)


def _repetitions(rng: np.random.Generator, track: Mono) -> tuple[int, npt.NDArray[np.int64]]:
    """Returns a place and the distances at which the track repeats itself there exactly."""
    from scipy.signal import find_peaks, oaconvolve

    # Half the rate is enough, and its highs count like its lows.
    bright = np.diff(track[: track.size // 2 * 2].reshape(-1, 2).mean(axis=1))
    rate = SAMPLE_RATE // 2
    half = round(2.5 * rate)
    place = int(rng.integers(half, bright.size - half))
    part = bright[place - half : place + half]
    products = oaconvolve(bright, part[::-1], mode="valid")
    energy = np.concatenate(([0.0], np.cumsum(bright.astype(np.float64) ** 2)))
    power = (energy[part.size :] - energy[: -part.size]) * float(np.sum(part**2)) + 1e-9
    likeness = products / np.sqrt(power)
    near, far = round(0.02 * rate), round(_RIVAL_S * rate)
    peaks, _ = find_peaks(likeness, height=_SAME, distance=far)
    clear = [
        peak
        for peak in peaks
        if max(
            likeness[max(0, peak - far) : max(0, peak - near)].max(initial=0.0),
            likeness[peak + near : peak + far].max(initial=0.0),
        )
        < _CLEAR * likeness[peak]
    ]
    distances = np.array(clear, dtype=np.int64) - (place - half)
    return 2 * place, 2 * distances[np.abs(distances) > rate]


def _by(distance: int) -> Callable[[float], float]:
    return lambda place: place + distance


def repeats(rng: np.random.Generator, music: Sequence[Mono], *, back: bool) -> Iterator[Case]:
    """Yields loops, or cuts, between two places of a track that are the same sound."""
    for _ in range(3000):
        track = music[int(rng.integers(len(music)))]
        place, distances = _repetitions(rng, track)
        far = samples_of(_AROUND_S + 1)
        fit = [
            int(each)
            for each in distances[(distances < 0) == back]
            if far < place + each < track.size - far
        ]
        if far < place < track.size - far:
            for distance in rng.permutation(fit)[:_JOINS_A_PLACE].tolist():
                yield Case(track, place, place + distance, _by(distance))


def bars(rng: np.random.Generator, music: Sequence[Mono]) -> Iterator[Case]:
    """Yields jumps by whole bars between places that sound differently.

    By what a track of steady tempo repeats itself somewhere is in time everywhere in it.
    """
    likes = repeats(rng, music, back=False)
    for case in likes:
        track, distance = case.samples, case.landing - case.leaving
        far = samples_of(_AROUND_S + 1)
        if track.size < distance + 2 * far + 1:
            continue
        place = int(rng.integers(far, track.size - distance - far))
        around = samples_of(1.0)
        one, other = (np.diff(track[at - around : at + around]) for at in (place, place + distance))
        alike = float(np.vdot(one, other)) / (rms(one) * rms(other) * one.size)
        if alike < _OTHER:
            if rng.random() < 0.5:
                yield Case(track, place, place + distance, _by(distance))
            else:
                yield Case(track, place + distance, place, _by(-distance))


def unrelated_music(rng: np.random.Generator, music: Sequence[Mono]) -> Iterator[Case]:
    """Yields jumps from one track to another."""
    while len(music) > 1:
        one, other = (music[int(index)] for index in rng.choice(len(music), 2, replace=False))
        around = samples_of(_AROUND_S + 1)
        starts = [int(rng.integers(0, track.size - 2 * around)) for track in (one, other)]
        tape = np.concatenate(
            [
                track[start : start + 2 * around]
                for track, start in zip((one, other), starts, strict=True)
            ]
        )
        yield Case(tape, around, 3 * around)


def speech(rng: np.random.Generator, talk: Sequence[Mono], kind: str) -> Iterator[Case]:
    """Yields joins in speech: within `"words"`, in `"pauses"`, before a `"retake"`."""
    while True:
        first, cut, last = (talk[int(index)] for index in rng.choice(len(talk), 3, replace=False))
        if kind == "retake":
            said = last[: int(last.size * rng.uniform(0.2, 0.6))]
            pace = 1 + np.clip(rng.normal(0, 0.04, 5), -0.08, 0.08)
            cut = stretched(said, pace, frame=512)[0] * gain(float(rng.uniform(-4, 4)))
        pauses = [samples_of(float(rng.uniform(0.25, 1.2))) for _ in range(2)]
        silences = [np.zeros(pause, dtype=np.float32) for pause in pauses]
        tape = np.concatenate([first, silences[0], cut, silences[1], last])
        tape += rng.standard_normal(tape.size, dtype=np.float32) * gain(rng.uniform(-70, -50))
        ends = np.cumsum([first.size, pauses[0], cut.size, pauses[1]]).tolist()
        if kind == "words":
            leaving = int(rng.integers(first.size // 3, first.size))
            landing = int(rng.integers(ends[3], ends[3] + last.size // 2))
            yield Case(tape, leaving, landing)
            continue
        margin = samples_of(0.06)
        places = [int(rng.integers(a + margin, b - margin)) for a, b in (ends[:2], ends[2:])]
        yield Case(tape, places[0], places[1], pauses=((ends[0], ends[1]), (ends[2], ends[3])))


def judged(case: Case, off_leaving_ms: float, off_landing_ms: float) -> Outcome:
    """Puts both ends of the case's join wrong, refines it, and compares."""
    around = samples_of(_AROUND_S)
    leaving = case.leaving + samples_of(off_leaving_ms / 1000)
    landing = case.landing + samples_of(off_landing_ms / 1000)
    edit = EditList.from_ranges(
        [(max(0, leaving - around), leaving), (landing, min(case.samples.size, landing + around))]
    )
    left, right = refine_joins(edit, ArraySource(case.samples, SAMPLE_RATE)).segments
    moved = max(abs(left.stop - leaving), abs(right.start - landing))
    before = after = 0.0
    if case.in_time is not None:
        before = abs(landing - case.in_time(leaving))
        after = abs(right.start - case.in_time(left.stop))
    slack = samples_of(_CLIPPED_S)
    clipped = case.pauses is not None and not all(
        low - slack <= place <= high + slack
        for place, (low, high) in zip((left.stop, right.start), case.pauses, strict=True)
    )
    to_ms = 1000 / SAMPLE_RATE
    return Outcome(before * to_ms, after * to_ms, moved * to_ms, clipped)


def outcomes(
    cases: Iterator[Case], count: int, offsets_ms: Sequence[float], seed: int
) -> list[list[Outcome]]:
    """Returns, for every range of offsets, what becomes of the same joins."""
    rng = np.random.default_rng(seed)
    found: list[list[Outcome]] = [[] for _ in offsets_ms]
    for case in islice(cases, count):
        off = rng.uniform(-1, 1, 2)
        for outcomes_there, off_ms in zip(found, offsets_ms, strict=True):
            outcomes_there.append(judged(case, float(off[0]) * off_ms, float(off[1]) * off_ms))
    return found


def matching_table(half: int, count: int) -> Iterator[str]:
    """Yields the rows of the table of joins that have a place in time."""
    music, talk = _music(half), _speech(half)
    kinds: tuple[tuple[str, Callable[[np.random.Generator], Iterator[Case]]], ...] = (
        ("take, the same sound", lambda rng: takes(rng, music, talk, anew=False)),
        ("take, other pace and pitch", lambda rng: takes(rng, music, talk, anew=True)),
        ("take, played anew", lambda rng: played(rng, talk)),
        ("loop, the same sound", lambda rng: repeats(rng, music, back=True)),
        ("cut, the same sound", lambda rng: repeats(rng, music, back=False)),
        ("whole bars, other sound", lambda rng: bars(rng, music)),
    )
    yield _HEAD
    for kind, cases in kinds:
        rows = outcomes(cases(np.random.default_rng([half, 7])), count, OFFSETS_MS, half)
        for off_ms, found in zip(OFFSETS_MS, rows, strict=True):
            if not found:
                continue
            before = np.array([each.before_ms for each in found])
            after = np.array([each.after_ms for each in found])
            yield (
                f"| {kind} | ±{off_ms} ms | {len(found)} "
                f"| {np.median(before):.0f}, {np.quantile(before, 0.9):.0f} ms "
                f"| {np.median(after):.1f}, {np.quantile(after, 0.9):.0f} ms "
                f"| {np.mean(before < IN_TIME_MS):.0%} | {np.mean(after < IN_TIME_MS):.0%} |"
            )


def false_table(half: int, count: int) -> Iterator[str]:
    """Yields the rows of the table of joins that have none, or lie in pauses."""
    music, talk = _music(half), _speech(half)
    kinds: tuple[tuple[str, Iterator[Case]], ...] = (
        ("speech, within words", speech(np.random.default_rng(half), talk, "words")),
        ("speech, in pauses", speech(np.random.default_rng(half), talk, "pauses")),
        ("speech, said again", speech(np.random.default_rng(half), talk, "retake")),
        ("music, another piece", unrelated_music(np.random.default_rng(half), music)),
    )
    yield "| kind | joins | moved by more than a hop | clipped |\n|---|---|---|---|"
    for kind, cases in kinds:
        found = outcomes(cases, count, (0.0,), half)[0]
        if found:
            moved = np.mean([each.moved_ms > _MOVED_MS for each in found])
            clipped = np.mean([each.clipped for each in found])
            yield f"| {kind} | {len(found)} | {moved:.1%} | {clipped:.1%} |"


class _Again(AudioSource):
    """A recording in memory that is heard again and again.

    Args:
        once: The recording.
        times: How often it is heard.
    """

    def __init__(self, once: ArraySource, times: int) -> None:
        super().__init__()
        self._once = once
        self._samples: npt.NDArray[Any] = once.read(0, once.n_samples)
        self.path = None
        self.sample_rate, self.channels = once.sample_rate, once.channels
        self.n_samples = times * once.n_samples
        self.dtype, self.bits, self.lossy = once.dtype, once.bits, False
        self.container, self.encoding = once.container, once.encoding

    def _read(self, start: int, stop: int) -> Samples:
        once = self._samples.shape[0]
        first, last = start // once, (stop - 1) // once
        parts = [
            self._samples[max(0, start - turn * once) : stop - turn * once]
            for turn in range(first, last + 1)
        ]
        return np.concatenate(parts)

    def content_hash(self) -> str:
        """Returns a hash of what is heard once, with how often it is heard."""
        return f"{self._once.content_hash()}*{self.n_samples // self._once.n_samples}"


def speed_lines() -> Iterator[str]:
    """Yields how long joins of a recording of 10 minutes and of one of 3 hours take."""
    with open_audio(make_recording(10)) as file:
        once = ArraySource(file.read(0, file.n_samples), file.sample_rate)
    refine_joins(EditList.from_ranges([(0, 99_999), (222_222, 444_444)]), once)
    for minutes, count, passes in ((10, 60, 5), (180, 3000, 1)):
        source = _Again(once, minutes // 10)
        rng = np.random.default_rng(minutes)
        leaving = np.linspace(0.01, 0.99, count) * source.n_samples
        left_out = np.exp(rng.normal(0.6, 0.7, count)) * source.sample_rate
        landing = leaving + np.minimum(left_out, 0.8 * np.diff(leaving).min())
        bounds = [0, *np.stack([leaving, landing], 1).astype(int).ravel().tolist()]
        edit = EditList.from_ranges(
            zip(bounds[::2], [*bounds[1::2], source.n_samples], strict=True)
        )
        taken, longest = [], 0.0
        for _ in range(passes):
            ticks: list[float] = []
            started = time.process_time()
            refine_joins(edit, source, progress=lambda *_, t=ticks: t.append(time.process_time()))
            taken.append(time.process_time() - started)
            longest = max(longest, float(np.diff(ticks).max()))
        yield (
            f"{count} joins in {minutes} min of stereo at 44.1 kHz: {min(taken):.2f} s of "
            f"processor time, {1000 * min(taken) / count:.2f} ms a join, the slowest "
            f"{1000 * longest:.0f} ms"
        )


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--half", choices=("fit", "report"), default="report")
    parser.add_argument("--count", type=int, default=150, help="joins in a row")
    parser.add_argument("--only", choices=("matching", "false", "speed"))
    asked = parser.parse_args()
    half = 0 if asked.half == "fit" else 1
    for name, lines in (
        ("matching", matching_table(half, asked.count)),
        ("false", false_table(half, 3 * asked.count)),
        ("speed", speed_lines()),
    ):
        if asked.only in (None, name):
            for line in lines:
                print(line, flush=True)
            print()


if __name__ == "__main__":
    main()
