"""The network at work: encode a recording once, propose edits of it as often as asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from model_core.audio.features import mel_spectrogram
from model_core.audio.joins import refine_joins
from model_core.audio.source import AudioSource
from model_core.checkpoint import load_checkpoint
from model_core.deciding import (
    LENGTH_TOLERANCE,
    Asked,
    Decided,
    Decider,
    Heard,
    as_edit_list,
    wanted_length,
    why_not,
)
from model_core.edit.locks import Range
from model_core.edit.pointers import (
    STOP,
    edit_list_to_pointers,
    frame_count,
    frame_start,
    pointer_runs,
)
from model_core.edit.types import ChangeKind, EditList, Proposal, Provenance
from model_core.errors import AudioReadError, CheckpointError, DeviceError
from model_core.measuring import measured_length, measured_targets
from model_core.nn.card import checkpoint_hash
from model_core.nn.device import choose_device, choose_precision
from model_core.nn.encoder import Encoded
from model_core.nn.evidence import Evidence, compute_evidence
from model_core.nn.jumps import Keys
from model_core.nn.kinds import Kind, guess_kind
from model_core.nn.lattice import Scores, best_edit
from model_core.nn.locked import Stretch, search_around
from model_core.nn.network import PointerNetwork
from model_core.nn.scoring import log_likelihood
from model_core.nn.search import for_length, make_scores, run_length
from model_core.nn.styling import (
    asked_pause_s,
    choose_style,
    own_pause_s,
    read_style,
    tightness_pause_s,
)
from model_core.options import MOST_EXTENSION, GenerateOptions
from model_core.pacing import free_of, with_pauses
from model_core.progress import CancelToken, Progress, no_progress, part_of
from model_core.proposals import describe_changes
from model_core.styles import Style
from model_core.targets import (
    NO_TARGETS,
    OWN_PAUSE_S,
    Habits,
    Targets,
    draw_targets,
    for_pause,
    moved,
)

FloatArray = npt.NDArray[np.float32]
Result = TypeVar("Result")

_PREVIEW_MARGIN_FRAMES = 512
_RESCORED_BIASES = (-0.5, 0.5)
_LONGEST_RESCORED_FRAMES = 155_000
"""Half an hour: the full likelihood holds some kilobytes for each frame."""


@dataclass(slots=True)
class Encoding:
    """A recording as the network sees it, kept so that another edit is only a re-decode.

    Attributes:
        encoded: The embeddings.
        keys: What landings are chosen by.
        n_frames: Frames that hold at least one sample.
        n_samples: Samples of the recording.
        sample_rate: The recording's own rate in Hz.
        kind: Whether it sounds like speech or like music.
        notes: Sentences for the person about how it was computed.
        evidence: Of the style asked for last, with that style.
        heard: Pauses and loops of the recording, once they were asked for.
    """

    encoded: Encoded
    keys: Keys
    n_frames: int
    n_samples: int
    sample_rate: int
    kind: Kind = "speech"
    notes: tuple[str, ...] = ()
    evidence: tuple[bytes, Evidence] | None = field(default=None, repr=False)
    heard: Heard = field(default_factory=Heard, repr=False)


class Engine:
    """A loaded network on its device."""

    def __init__(
        self, model: PointerNetwork, device: torch.device, checkpoint_sha256: str = ""
    ) -> None:
        self.model = model.to(device).eval()
        self.card = model.card
        self.device = device
        self.precision = choose_precision(device.type)
        self.checkpoint_sha256 = checkpoint_sha256

    @classmethod
    def load(cls, checkpoint: Path, device: str = "auto") -> Engine:
        """Loads a checkpoint.

        Raises:
            CheckpointError: It is missing, damaged or foreign.
            DeviceError: The device is not there.
        """
        where = choose_device(device)
        return cls(load_checkpoint(checkpoint), where, checkpoint_hash(checkpoint))

    @property
    def device_name(self) -> str:
        """The device in words."""
        if self.device.type == "cuda":
            return torch.cuda.get_device_name(self.device)
        return {"cpu": "CPU", "mps": "Apple GPU"}.get(self.device.type, self.device.type)

    def encode(
        self,
        source: AudioSource,
        progress: Progress = no_progress,
        cancel: CancelToken | None = None,
        stems: Mapping[str, AudioSource] | None = None,
    ) -> Encoding:
        """Reads a recording through the front end and the encoder.

        Args:
            source: The recording.
            progress: Told the finished share.
            cancel: Looked at between blocks.
            stems: Separated stems of the recording by name, as long as it; some may be missing.

        Returns:
            The encoding.

        Raises:
            CheckpointError: Stems are given to a network that reads none.
        """
        settings = self.card.config.mel_settings()
        mel = mel_spectrogram(source, settings, progress=part_of(progress, 0.0, 0.6), cancel=cancel)
        stem_mels = {
            name: mel_spectrogram(stem, settings, cancel=cancel)
            for name, stem in (stems or {}).items()
        }
        if cancel:
            cancel.raise_if_cancelled()
        progress(0.7, "Listening")
        encoding = self.encode_mel(mel, source.n_samples, source.sample_rate, stem_mels)
        progress(1.0, "Listened")
        return encoding

    @torch.inference_mode()
    def encode_mel(
        self,
        mel: FloatArray,
        n_samples: int,
        sample_rate: int,
        stems: Mapping[str, FloatArray] | None = None,
    ) -> Encoding:
        """Encodes a spectrogram of shape `[n_mels, T]`, and those of stems if there are any."""
        n_frames = min(frame_count(n_samples, self.card.config.hop(sample_rate)), mel.shape[1])
        if n_frames == 0:
            raise AudioReadError("The recording holds no samples.")
        if stems and self.model.stem_encoder is None:
            raise CheckpointError(
                "This network reads no stems.",
                "Leave them out, or choose a network trained on them.",
            )

        def encoded() -> tuple[Encoded, Keys]:
            with self._autocast():
                parts = {
                    name: self._tensor(_fitted(stem, n_frames))
                    for name, stem in (stems or {}).items()
                }
                result = self.model.encode(self._tensor(mel[:, :n_frames]), stems=parts)
                return result, self.model.keys(result)

        before = self.device_name
        result, keys = self._with_memory(encoded)
        notes = (
            ()
            if self.device_name == before
            else (
                f"The memory of {before} was too small, so the recording was worked on by the CPU.",
            )
        )
        kind = guess_kind(mel[:, :n_frames])
        return Encoding(result, keys, n_frames, n_samples, sample_rate, kind, notes)

    def propose(
        self,
        encoding: Encoding,
        source: AudioSource,
        options: GenerateOptions | None = None,
        progress: Progress = no_progress,
        cancel: CancelToken | None = None,
    ) -> Proposal:
        """Proposes an edit.

        Args:
            encoding: What `encode` returned for the same recording.
            source: The recording, for refining the joins.
            options: What is asked for.
            progress: Told the finished share.
            cancel: Looked at between stages.

        Returns:
            The proposal.

        Raises:
            EditError: Something is locked that isn't there.
        """
        options = options or GenerateOptions()
        cancel = cancel or CancelToken()
        progress(0.0, "Deciding")
        targets = self._targets(options, encoding)
        style = self._style(options, encoding, targets)
        evidence = self._evidence(encoding, style, cancel)
        progress(0.5, "Deciding")
        decided = self._decide(encoding, source, evidence, style, options, targets, cancel)
        cancel.raise_if_cancelled()
        hop = self.card.config.hop(encoding.sample_rate)
        progress(0.7, "Placing joins")
        edit_list = refine_joins(decided.fitted, source, cancel=cancel, allowed=decided.allowed)
        changes = describe_changes(
            edit_list, evidence, hop, encoding.n_samples, self.card.confidence
        )
        if decided.looped:
            # The network's confidence is in its own jumps back; of these it says nothing.
            changes = tuple(
                replace(change, confidence=None) if change.kind is ChangeKind.LOOP else change
                for change in changes
            )
        progress(1.0, "Done")
        runs = pointer_runs(self._frames(encoding, decided.rough))
        return Proposal(
            edit_list,
            tuple((start, stop) for start, stop in runs.tolist()),
            changes,
            Provenance(
                checkpoint_hash=self.checkpoint_sha256,
                seed=options.seed if options.temperature > 0 or options.sample_style else None,
                style=tuple(style[0].float().cpu().tolist()),
                tightness=options.tightness,
                target_length_s=options.target_length_s,
                temperature=options.temperature,
                targets=targets,
            ),
            " ".join((*encoding.notes, decided.note)).strip(),
        )

    def preview(
        self, encoding: Encoding, options: GenerateOptions, start: int, stop: int
    ) -> tuple[Range, ...]:
        """Says what another style would keep of a part of the recording, in a fraction of the time.

        Only the part and a few seconds around it are looked at, and joins are not refined, so the
        edit of the whole may differ in detail.

        Args:
            encoding: What `encode` returned.
            options: What is asked for; a target length is left aside.
            start: First sample of the part.
            stop: Its end, exclusive.

        Returns:
            Ranges of samples that are played in turn, within the part.
        """
        hop = self.card.config.hop(encoding.sample_rate)
        low = max(0, int(start / hop) - _PREVIEW_MARGIN_FRAMES)
        high = min(encoding.n_frames, int(stop / hop) + 1 + _PREVIEW_MARGIN_FRAMES)
        targets = self._targets(options, encoding)
        style = self._style(options, targets=targets)
        with torch.inference_mode(), self._autocast():
            evidence = compute_evidence(
                self.model, encoding.encoded, style, keys=encoding.keys, start=low, stop=high
            )
        scores = self._scores(encoding, evidence, options).part(low, high)
        if targets:
            scores = scores.forward_only()  # jumps back take long, and what is kept counts here
        runs = self._previewed(scores, targets) + low
        stretches = [
            Stretch(frame_start(first, hop), frame_start(last, hop), locked=False)
            for first, last in runs.tolist()
        ]
        silences = encoding.heard.known_silences
        habits = self._habits(encoding)
        if silences is not None and targets.pause_s is not None and targets.shortest_s is not None:
            stretches = with_pauses(
                stretches,
                silences,
                targets.pause_s,
                targets.shortest_s,
                encoding.sample_rate,
                free_of(options.locks),
                habits.after_share if habits else 0.5,
            )
        played = [(max(start, each.start), min(stop, each.stop)) for each in stretches]
        return tuple((first, last) for first, last in played if first < last)

    @staticmethod
    def _previewed(scores: Scores, targets: Targets) -> npt.NDArray[np.int64]:
        """Returns what is kept of a part, in frames of it, as long as a style wants it."""

        def found(bias: float) -> list[npt.NDArray[np.int64]]:
            return [best_edit(scores.biased(bias), may_be_empty=True).runs]

        own = found(0.0)[0]
        if targets.length is None:
            return own
        wanted = wanted_length(targets.length, run_length(own), scores.n_frames)
        return for_length(found, max(1, wanted))[0]

    def read_style(
        self,
        source: AudioSource,
        edit_list: EditList,
        progress: Progress = no_progress,
        cancel: CancelToken | None = None,
    ) -> Style:
        """Reads the style in which a recording was edited; it has no name yet.

        Its place is read by the network, its targets are measured.

        Args:
            source: The recording.
            edit_list: Its finished edit.
            progress: Told the finished share.
            cancel: Looked at between blocks.

        Raises:
            StyleError: The network reads no styles, or the edit changes nothing.
        """
        settings = self.card.config.mel_settings()
        mel = mel_spectrogram(source, settings, progress=part_of(progress, 0.0, 0.6), cancel=cancel)
        progress(0.7, "Listening")
        encoding = self.encode_mel(mel, source.n_samples, source.sample_rate)
        if cancel:
            cancel.raise_if_cancelled()
        progress(0.9, "Reading the style")
        runs = pointer_runs(self._frames(encoding, edit_list))
        with self._autocast():
            values = read_style(self.model, encoding.encoded, mel[:, : encoding.n_frames], runs)
        silences = encoding.heard.silences(source, cancel).ranges
        n_samples, rate = encoding.n_samples, encoding.sample_rate
        targets = measured_targets(edit_list, silences, n_samples, rate)
        # What pauses don't explain of how much is kept is the author's.
        options = GenerateOptions(style=values, targets=replace(targets, loops_per_minute=None))
        own = self.propose(encoding, source, options, cancel=cancel).edit_list
        targets = replace(targets, length=measured_length(edit_list, own, n_samples))
        progress(1.0, "Done")
        return Style("", values, self.checkpoint_sha256, targets)

    def pointers(
        self, encoding: Encoding, options: GenerateOptions | None = None
    ) -> npt.NDArray[np.int64]:
        """Returns the raw frame indices of an edit, before refinement, and a final `STOP`."""
        options = options or GenerateOptions()
        style = self._style(options, encoding, self._targets(options, encoding))
        evidence = self._evidence(encoding, style, CancelToken())
        stretches, _ = self._search(encoding, evidence, style, options)
        return np.append(self._frames(encoding, as_edit_list(stretches)), np.int64(STOP))

    def _frames(self, encoding: Encoding, edit: EditList) -> npt.NDArray[np.int64]:
        """Returns the raw frames that an edit plays, of shape `[S]`."""
        hop = self.card.config.hop(encoding.sample_rate)
        return edit_list_to_pointers(edit, hop, encoding.n_samples).indices

    def _targets(self, options: GenerateOptions, encoding: Encoding) -> Targets:
        """Returns what the edit is to measure."""
        targets = options.targets
        if targets is None:
            drawn = options.sample_style and options.style is None
            rng = np.random.default_rng([options.seed, 2])
            targets = draw_targets(rng) if drawn else NO_TARGETS
            if not drawn and options.style is None and (habits := self._habits(encoding)):
                targets = habits.targets()
            if encoding.kind == "speech":
                # Nobody loops what is said, unless that is asked for.
                targets = replace(targets, loops_per_minute=None)
        if options.tightness is not None:
            pause_s = tightness_pause_s(self.card, options.tightness)
            targets = targets if pause_s is None else for_pause(targets, pause_s)
        return moved(targets, dict(options.axes), own_pause_s(self.card) or OWN_PAUSE_S)

    def _habits(self, encoding: Encoding) -> Habits | None:
        """Returns what is usually done to pauses, where the network was fitted to an editor."""
        return self.card.habits if encoding.kind == "speech" else None

    def _style(
        self,
        options: GenerateOptions,
        encoding: Encoding | None = None,
        targets: Targets | None = None,
    ) -> Tensor:
        """Returns the style that is asked for, of shape `[1, style_dim]`.

        Who asks for more than the whole recording asks for loops.
        """
        extension = options.extension
        if encoding is not None and options.target_length_s is not None:
            whole_s = encoding.n_samples / encoding.sample_rate
            extension = min(max(extension, options.target_length_s / whole_s), MOST_EXTENSION)
        return choose_style(self.model, options, extension, targets)

    def _decide(
        self,
        encoding: Encoding,
        source: AudioSource,
        evidence: Evidence,
        style: Tensor,
        options: GenerateOptions,
        targets: Targets,
        cancel: CancelToken,
    ) -> Decided:
        """Decides what is played, so that it measures what a style wants."""
        pause_s = targets.pause_s
        if pause_s is None:
            pause_s = asked_pause_s(self.model, options, style)
        habits = self._habits(encoding)
        decider = Decider(
            Asked(options, targets, pause_s, habits.after_share if habits else None),
            source,
            self.card.config.hop(encoding.sample_rate),
            encoding.heard,
            cancel,
        )
        return decider.decide(
            lambda: self._scores(encoding, evidence, options),
            lambda: self._search(encoding, evidence, style, options),
        )

    def _evidence(self, encoding: Encoding, style: Tensor, cancel: CancelToken) -> Evidence:
        key = style.float().cpu().numpy().tobytes()
        if encoding.evidence is None or encoding.evidence[0] != key:

            def computed() -> Evidence:
                self._move_here(encoding)
                with torch.inference_mode(), self._autocast():
                    return compute_evidence(
                        self.model,
                        encoding.encoded,
                        style.to(self.device),
                        cancel,
                        encoding.keys,
                    )

            encoding.evidence = (key, self._with_memory(computed))
        return encoding.evidence[1]

    def _scores(self, encoding: Encoding, evidence: Evidence, options: GenerateOptions) -> Scores:
        return make_scores(
            evidence,
            self.card.decoding_for(encoding.kind),
            stop_threshold=options.stop_threshold,
            temperature=options.temperature,
            rng=np.random.default_rng([options.seed, 0]),
        )

    def _search(
        self, encoding: Encoding, evidence: Evidence, style: Tensor, options: GenerateOptions
    ) -> tuple[list[Stretch], str]:
        """Returns what to play, and a sentence if the wanted length was not met."""
        scores = self._scores(encoding, evidence, options)
        hop = self.card.config.hop(encoding.sample_rate)

        def searched(scores: Scores, target_frames: int | None = None) -> list[Stretch]:
            return search_around(scores, options.locks, hop, encoding.n_samples, target_frames)

        if options.target_length_s is None:
            best = searched(scores)
            if options.rescore and encoding.n_frames <= _LONGEST_RESCORED_FRAMES:
                others = [searched(scores.biased(bias)) for bias in _RESCORED_BIASES]
                others.append(searched(scores.forward_only()))
                best = self._likeliest(encoding, style, [best, *others])
            return best, ""
        target = max(1, round(options.target_length_s * encoding.sample_rate / hop))
        found = searched(scores, target)
        length_s = sum(part.stop - part.start for part in found) / encoding.sample_rate
        if abs(length_s - options.target_length_s) <= LENGTH_TOLERANCE * options.target_length_s:
            return found, ""
        return found, why_not(encoding.n_samples / encoding.sample_rate, length_s, options)

    def _likeliest(
        self, encoding: Encoding, style: Tensor, candidates: list[list[Stretch]]
    ) -> list[Stretch]:
        """Returns the candidate of the highest full likelihood."""
        best, highest = candidates[0], -np.inf
        tried: set[tuple[Stretch, ...]] = set()
        for candidate in candidates:
            if tuple(candidate) in tried or not candidate:
                continue
            tried.add(tuple(candidate))
            runs = pointer_runs(self._frames(encoding, as_edit_list(candidate)))
            with self._autocast():
                value = log_likelihood(self.model, encoding.encoded, style, runs, encoding.keys)
            if value > highest:
                best, highest = candidate, value
        return best

    def _tensor(self, mel: FloatArray) -> Tensor:
        return torch.from_numpy(mel[None]).to(self.device)

    def _with_memory(self, work: Callable[[], Result]) -> Result:
        """Does work on the device, or on the CPU where the device's memory is too small.

        Raises:
            DeviceError: The memory of the CPU is too small as well.
        """
        try:
            return work()
        except torch.OutOfMemoryError as error:
            if self.device.type == "cpu":
                raise DeviceError(
                    "The recording is too long for the memory of this computer.",
                    "Close other programs, or cut the recording into parts.",
                ) from error
        # Outside the handler, so that the failed work's tensors are let go first.
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        self.device = torch.device("cpu")
        self.precision = choose_precision("cpu")
        self.model = self.model.to(self.device)
        return work()

    def _move_here(self, encoding: Encoding) -> None:
        """Brings an encoding to where the network is, after it had to move."""
        if encoding.encoded.frame_emb.device.type != self.device.type:
            encoding.encoded = Encoded(*(part.to(self.device) for part in encoding.encoded))
            encoding.keys = Keys(*(part.to(self.device) for part in encoding.keys))

    def _autocast(self) -> AbstractContextManager[object]:
        return torch.autocast(
            self.device.type, dtype=torch.bfloat16, enabled=self.precision is torch.bfloat16
        )


def _fitted(mel: FloatArray, n_frames: int) -> FloatArray:
    """Cuts or pads a stem's spectrogram to the length of its recording."""
    missing = max(0, n_frames - mel.shape[1])
    return np.pad(mel[:, :n_frames], ((0, 0), (0, missing)))
