"""Musical recordings: a passage of a track, and the takes that went wrong on the way.

Takes are joined where the same place of the track comes round again, so every join of the true
edit is in time by construction; the beat grid only says where musicians would stop and start.
"""

from __future__ import annotations

import contextlib
import hashlib
import json

import numpy as np
import numpy.typing as npt

from model_core.edit.types import Reason
from model_core.files import write_text_atomically
from training.compiled import import_librosa
from training.corpus import Clip, Corpus
from training.simulator.dsp import coloured_noise, faded, gain, rms
from training.simulator.interludes import sticks, tuning
from training.simulator.loops import Loop, beat_features, choose_loops
from training.simulator.noises import random_noise
from training.simulator.phrases import spoken
from training.simulator.players import Player, compose
from training.simulator.rooms import off_microphone
from training.simulator.tape import Tape
from training.simulator.types import (
    SAMPLE_RATE,
    EditorStyle,
    Mono,
    Phenomenon,
    SimulatorSettings,
    samples_of,
)
from training.simulator.variation import Variation, resampled

_SEAM = 110  # 5 ms
_MUSIC_FRAME = 2048
# Takes are cut a moment before the beat, so that its attack stays whole.
_BEFORE_BEAT_S = 0.012
_LEVEL_DB = -20.0
# Mean similarity of beats over which a passage counts as the one before it played again.
_ALIKE = 0.93


def beats_of(corpus: Corpus, clip: Clip) -> npt.NDArray[np.int64]:
    """Returns a track's beats in samples, int64 of shape [b]; remembered on disk if possible."""

    def compute(clip: Clip) -> npt.NDArray[np.int64]:
        samples = corpus.samples(clip)
        digest = hashlib.blake2b(samples.tobytes(), digest_size=12).hexdigest()
        path = corpus.cache_folder / f"beats-{digest}.json" if corpus.cache_folder else None
        if path is not None and path.exists():
            with contextlib.suppress(ValueError):
                return np.array(json.loads(path.read_text(encoding="utf-8")), dtype=np.int64)
        beats = find_beats(samples)
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_text_atomically(path, json.dumps(beats.tolist()))
        return beats

    return corpus.derived(clip, "beats", compute)


def find_beats(samples: Mono) -> npt.NDArray[np.int64]:
    """Finds beats, int64 of shape [b]; an even half-second grid where there are hardly any."""
    import_librosa()
    from librosa.beat import beat_track

    _, frames = beat_track(y=samples, sr=SAMPLE_RATE, hop_length=256)
    beats = np.asarray(frames, dtype=np.int64) * 256
    if beats.size < 8:
        beats = np.arange(0, samples.size, SAMPLE_RATE // 2, dtype=np.int64)
    return beats


class MusicSession:
    """Lays down one musical recording.

    Args:
        rng: Draws everything.
        corpus: The material.
        editor: The editor, who may loop bars.
        settings: How often what happens.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        corpus: Corpus,
        editor: EditorStyle,
        settings: SimulatorSettings,
    ) -> None:
        self.rng = rng
        self.corpus = corpus
        self.editor = editor
        self.settings = settings
        self.tape = Tape()
        self.clean = bool(rng.random() < settings.nothing_wrong)
        self.mess = float(rng.uniform(0.5, 1.5))
        self.player: Player | None = None
        self.upper_hz = SAMPLE_RATE / 2
        groups = corpus.groups("music")
        if not groups or rng.random() < settings.played:
            self.name = "synthetic player"
            seconds = float(np.exp(rng.uniform(np.log(15.0), np.log(75.0))))
            self.player = Player(rng, compose(rng, seconds))
            self.track, self.places, self.level = self._performance(self.player)
            self.beats_per_bar = self.player.piece.beats_per_bar
        else:
            self.name = list(groups)[int(rng.integers(len(groups)))]
            clip = groups[self.name][0]
            self.upper_hz = min(self.upper_hz, clip.native_rate_hz / 2)
            self.track, self.places = self._passage(corpus.samples(clip), beats_of(corpus, clip))
            self.beats_per_bar = 4
        self.extends = editor.extension > 1 and bool(rng.random() < settings.loops)
        # Where stretches of the track that stay have come to lie on the tape: (first sample of the
        # track, last one, place on the tape).
        self.laid: list[tuple[int, int, int]] = []
        self.features: npt.NDArray[np.float64] | None = None
        self.floor_db = float(rng.uniform(-85, -45))
        self.floor_exponent = float(rng.uniform(0.0, 1.6))

    def _passage(
        self, track: Mono, beats: npt.NDArray[np.int64]
    ) -> tuple[Mono, npt.NDArray[np.int64]]:
        """Returns the wanted part of a track, and its beats, the end included."""
        length = samples_of(float(np.exp(self.rng.uniform(np.log(15.0), np.log(75.0)))))
        spare = max(0, int(beats[-1]) - length)
        enter = int(self.rng.integers(0, spare + 1))
        first = int(np.searchsorted(beats, enter))
        last = int(np.searchsorted(beats, enter + length))
        chosen = beats[first : max(last, first + 9)] - samples_of(_BEFORE_BEAT_S)
        chosen = np.maximum(chosen, 0)
        start = max(0, int(chosen[0]) - _SEAM)
        part = track[start : int(chosen[-1]) + samples_of(3.0)]
        part = np.asarray(part * gain(_LEVEL_DB - 20 * np.log10(rms(part))), dtype=np.float32)
        chosen = chosen - start
        if self.rng.random() < 0.5:
            # Traces of processing must not tell a failed take from the one that stays.
            part, moved = Variation.of_music(self.rng).apply_and_map(part, _MUSIC_FRAME)
            chosen = moved(chosen)
        return part, chosen

    def _performance(self, player: Player) -> tuple[Mono, npt.NDArray[np.int64], np.float32]:
        """Returns a performance without mistakes, its beats, and the gain that was given to it."""
        track, beats = player.play(0, player.piece.beats)
        level = np.float32(gain(_LEVEL_DB) / rms(track))
        return track * level, np.maximum(beats - samples_of(_BEFORE_BEAT_S), 0), level

    # -- laying down --------------------------------------------------------------------------

    def record(self) -> Tape:
        """Lays everything down and returns the tape."""
        self._beginning()
        beats = self.places.size - 1
        here = 0
        while here < beats:
            step = min(int(self.rng.choice([4, 8, 8, 16])), beats - here)
            if here:
                self._mishap(here)
            elif self._happens(self.settings.music_false_starts):
                self._false_starts()
            self._play(here, here + step)
            here += step
        self._ending()
        if self.extends:
            self.tape.loops = self._loops()
        return self.tape

    def _loops(self) -> tuple[Loop, ...]:
        """Returns what the editor loops, on the tape."""
        result = []
        for start, stop, passes in choose_loops(
            self.track, self.places, self.beats_per_bar, self.editor.extension
        ):
            into = next(x for x in self.laid if x[0] <= start < x[1])
            out = next(x for x in self.laid if x[0] < stop <= x[1])
            result.append(Loop(into[2] + start - into[0], out[2] + stop - out[0], passes))
        return tuple(result)

    def _happens(self, chance: float) -> bool:
        return not self.clean and bool(self.rng.random() < min(0.9, chance * self.mess))

    def _floor(self, n: int) -> Mono:
        return coloured_noise(self.rng, n, self.floor_exponent) * gain(self.floor_db)

    def _quiet_s(self, low_s: float, high_s: float) -> None:
        n = samples_of(float(np.exp(self.rng.uniform(np.log(low_s), np.log(high_s)))))
        self.tape.pause(self._floor(n + 2 * _SEAM), _SEAM, _SEAM)

    def _play(self, first: int, last: int) -> None:
        """Lays down beats that stay; the last ones die away."""
        start, stop = int(self.places[first]), int(self.places[last])
        lead = min(_SEAM, start)
        self.laid.append((start, stop, self.tape.length))
        self.tape.wanted(self._with_end(start - lead, stop, last), lead)

    def _with_end(self, start: int, stop: int, last: int) -> Mono:
        samples = self.track[start:stop]
        if last < self.places.size - 1:
            return samples
        # The last chord rings on for a moment, or the music is faded out.
        ring = self.track[stop : stop + samples_of(float(self.rng.uniform(0.2, 2.5)))]
        fall = np.exp(-np.linspace(0, 6.0, ring.size, dtype=np.float32))
        return np.concatenate([samples, faded(ring * fall, 0, min(ring.size, 400))])

    def _beginning(self) -> None:
        if self.clean:
            n = samples_of(self.editor.margin_s * float(self.rng.uniform(0.3, 1.25)))
            self.tape.pause(self._floor(n + 2 * _SEAM), _SEAM, _SEAM)
            return
        if self.rng.random() < self.settings.dead_air:
            self._quiet_s(0.3, 8.0)
        if self._happens(self.settings.between_takes):
            self._interlude()
        self._quiet_s(0.05, 0.8)

    def _ending(self) -> None:
        if self.clean:
            n = samples_of(self.editor.margin_s * float(self.rng.uniform(0.3, 1.25)))
            self.tape.pause(self._floor(n + 2 * _SEAM), _SEAM, _SEAM)
            return
        self._quiet_s(0.05, 0.8)
        if self.rng.random() < self.settings.dead_air:
            self._quiet_s(0.5, 10.0)
            if self._happens(self.settings.between_takes * 0.7):
                self._interlude()

    # -- what goes wrong ----------------------------------------------------------------------

    def _failed(self, here: int, stop: int, *, wrong: float) -> tuple[Mono, int]:
        """Returns a take from beat `here` to `stop` as it went before, and its lead."""
        start = int(self.places[here])
        if self.player is not None:
            return self._played_again(self.player, here, stop - start, wrong)
        lead = min(_SEAM, start)
        samples = self.track[start - lead : stop].copy()
        if self.rng.random() < wrong:
            samples = self._wrong_notes(samples, lead)
        if self.rng.random() < 0.3:
            return samples, lead
        return Variation.of_music(self.rng).apply(samples, _MUSIC_FRAME), lead

    def _played_again(
        self, player: Player, here: int, length: int, wrong: float
    ) -> tuple[Mono, int]:
        """Returns a new performance of `length` samples from beat `here` on, and its lead."""
        begin = max(0, here - 4)
        last = here + length / samples_of(player.piece.beat_s)
        slips = 0.25 if self.rng.random() < wrong else 0.0
        take, beats = player.play(begin, last, slips)
        start = max(0, int(beats[here - begin]) - samples_of(_BEFORE_BEAT_S))
        lead = min(_SEAM, start)
        change = gain(float(self.rng.uniform(-3, 3)))
        return take[start - lead : start + length] * (self.level * change), lead

    def _wrong_notes(self, samples: Mono, lead: int) -> Mono:
        """Spoils a stretch: out of tune, other notes on top, or a slip of the fingers."""
        size = samples.size - lead
        length = int(size * self.rng.uniform(0.15, 0.8))
        start = lead + int(self.rng.integers(0, max(1, size - length)))
        piece = samples[start : start + length]
        way = self.rng.random()
        shift = float(self.rng.choice([-2, -1, 1, 2])) + float(self.rng.uniform(-0.4, 0.4))
        speed = 2 ** (shift / 12)
        detuned = np.resize(resampled(piece, speed), piece.size) if piece.size > 2048 else piece
        if way < 0.45:
            other = detuned
        elif way < 0.75:
            other = 0.7 * piece + 0.7 * detuned
        else:
            level = np.interp(
                np.linspace(0, 5, piece.size), np.arange(6), self.rng.uniform(0, 1, 6)
            )
            other = piece * level.astype(np.float32)
        window = faded(np.ones(piece.size, dtype=np.float32), 300, 300)
        samples[start : start + length] = piece * (1 - window) + other * window
        return samples

    def _unwanted(
        self, here: int, stop: int, what: Phenomenon, *, wrong: float, stops: bool
    ) -> None:
        take, lead = self._failed(here, stop, wrong=wrong)
        if stops:
            take = self._damped(take)
        reason = Reason.REPEAT if what is Phenomenon.REPEATED_BARS else Reason.RETAKE
        self.tape.unwanted(take, reason, lead, what=what)

    def _damped(self, take: Mono) -> Mono:
        """Ends a take as a player does who stops: strings damped, or left to ring for a moment."""
        n = min(samples_of(float(np.exp(self.rng.uniform(np.log(0.02), np.log(0.6))))), take.size)
        out = take.copy()
        out[take.size - n :] *= np.exp(-np.linspace(0, 5.0, n, dtype=np.float32))
        return faded(out, 0, min(200, n))

    def _false_starts(self) -> None:
        for _ in range(int(self.rng.choice([1, 2, 3], p=[0.65, 0.25, 0.1]))):
            beats = int(self.rng.integers(2, min(17, self.places.size)))
            stop = self._stop_near(beats)
            self._unwanted(0, stop, Phenomenon.MUSIC_FALSE_START, wrong=0.4, stops=True)
            self._break()

    def _stop_near(self, beat: int) -> int:
        """Returns a place to stop at: a beat, or anywhere within the beat after it."""
        stop = int(self.places[beat])
        if beat + 1 < self.places.size and self.rng.random() < 0.6:
            stop += int(self.rng.random() * (self.places[beat + 1] - stop))
        return stop

    def _break(self) -> None:
        """Lays down what lies between a take that failed and the next one."""
        self._quiet_s(0.25, 4.0)
        if self._happens(self.settings.between_takes):
            self._interlude()

    def _mishap(self, here: int) -> None:
        """Lets bars go wrong at a place, or plays a passage once too often."""
        left = self.places.size - 1 - here
        if self._happens(self.settings.wrong_bars):
            beats = min(int(self.rng.integers(1, 10)), left)
            if beats < 1:
                return
            in_tempo = bool(self.rng.random() < 0.25) and beats >= 4
            if in_tempo:
                # The bars are played again at once, without stopping.
                stop = int(self.places[here + beats - beats % 4])
                self._unwanted(here, stop, Phenomenon.WRONG_BARS, wrong=1.0, stops=False)
                return
            stop = self._stop_near(here + beats)
            self._unwanted(here, stop, Phenomenon.WRONG_BARS, wrong=0.6, stops=True)
            self._break()
        elif not self.extends and self._happens(self.settings.repeats):
            # Who wants a piece longer would leave this.
            beats = min(int(self.rng.choice([4, 8, 16])), left)
            if beats >= 4 and not self._repeats_itself(here, beats):
                stop = int(self.places[here + beats])
                self._unwanted(here, stop, Phenomenon.REPEATED_BARS, wrong=0.0, stops=False)

    def _repeats_itself(self, here: int, beats: int) -> bool:
        """Returns whether the piece itself plays a passage again, so that once more isn't heard."""
        if self.features is None:
            self.features = beat_features(self.track, self.places)
        rows = self.features
        later = rows[here + beats : here + 2 * beats]
        before = rows[max(here - beats, 0) : here]
        passage = rows[here : here + beats]
        return any(
            float(np.mean(np.sum(one * two, axis=1))) > _ALIKE
            for one, two in (
                (passage[: len(later)], later),
                (passage[len(passage) - len(before) :], before),
            )
            if len(one) and len(one) == len(two)
        )

    # -- between the takes --------------------------------------------------------------------

    def _interlude(self) -> None:
        """Talking, tuning, counting-in or a noise, and a pause after it."""
        for _ in range(int(self.rng.integers(1, 3))):
            way = self.rng.random()
            if way < 0.35:
                sound, reason, what = self._talk(), Reason.OTHER_VOICE, Phenomenon.TALK
            elif way < 0.6:
                sound, reason, what = tuning(self.rng), Reason.OTHER, Phenomenon.TUNING
            elif way < 0.8:
                sound, reason, what = self._sticks(), Reason.OTHER, Phenomenon.STICKS
            else:
                sound = random_noise(self.rng, self.corpus)
                reason, what = Reason.NOISE, Phenomenon.NOISE
            if sound is None:
                continue
            sound = sound / np.float32(np.max(np.abs(sound)) + 1e-9)
            sound = sound * gain(float(self.rng.uniform(-32, -6)))
            bed = self._floor(sound.size + 2 * _SEAM)
            bed[_SEAM : _SEAM + sound.size] += sound
            self.tape.unwanted(bed, reason, _SEAM, _SEAM, what)
            self._quiet_s(0.1, 2.0)

    def _sticks(self) -> Mono:
        """Returns a counting-in at the passage's tempo."""
        return sticks(self.rng, int(np.median(np.diff(self.places))))

    def _talk(self) -> Mono | None:
        groups = self.corpus.groups("speech")
        if not groups:
            return None
        clips = groups[list(groups)[int(self.rng.integers(len(groups)))]]
        clip = spoken(self.corpus, clips[int(self.rng.integers(len(clips)))])
        if not len(clip.phrases):
            return None
        first = int(self.rng.integers(len(clip.phrases)))
        start = int(clip.phrases[first, 0])
        last = min(len(clip.phrases) - 1, first + int(self.rng.integers(0, 3)))
        stop = min(int(clip.phrases[last, 1]), start + samples_of(6.0))
        words = faded(clip.samples[start:stop], 100, 400)
        return off_microphone(self.rng, words) if self.rng.random() < 0.6 else words


def record_music(
    rng: np.random.Generator, corpus: Corpus, editor: EditorStyle, settings: SimulatorSettings
) -> tuple[Tape, str, float]:
    """Lays down a musical recording.

    Returns:
        The tape, the track's name, and where its band ends.
    """
    session = MusicSession(rng, corpus, editor, settings)
    return session.record(), session.name, session.upper_hz
