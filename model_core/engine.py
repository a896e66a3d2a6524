"""The network at work: encode a recording once, propose edits of it as often as asked."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from model_core.audio.features import mel_spectrogram
from model_core.audio.joins import refine_joins
from model_core.audio.source import AudioSource
from model_core.checkpoint import checkpoint_hash, load_checkpoint
from model_core.edit.pointers import (
    STOP,
    PointerSequence,
    frame_count,
    pointers_to_edit_list,
)
from model_core.edit.types import Proposal, Provenance
from model_core.errors import AudioReadError, DeviceError
from model_core.nn.device import choose_device, choose_precision
from model_core.nn.encoder import Encoded
from model_core.nn.evidence import Evidence, compute_evidence
from model_core.nn.network import PointerNetwork
from model_core.nn.search import (
    best_runs,
    make_scores,
    run_length,
    runs_for_length,
    runs_to_pointers,
)
from model_core.options import GenerateOptions
from model_core.progress import CancelToken, Progress, no_progress, part_of
from model_core.proposals import describe_changes

_LENGTH_TOLERANCE = 0.03
_STYLE_REACH = 1.5
"""Tightness 0 and 1 lie this many deviations from the mean of the editors of training."""


@dataclass(slots=True)
class Encoding:
    """A recording as the network sees it, kept so that another edit is only a re-decode.

    Attributes:
        encoded: The embeddings.
        n_frames: Frames that hold at least one sample.
        n_samples: Samples of the recording.
        sample_rate: The recording's own rate in Hz.
        evidence: Of the style asked for last, with that style.
    """

    encoded: Encoded
    n_frames: int
    n_samples: int
    sample_rate: int
    evidence: tuple[bytes, Evidence] | None = None


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
    ) -> Encoding:
        """Reads a recording through the front end and the encoder.

        Args:
            source: The recording.
            progress: Told the finished share.
            cancel: Looked at between blocks.

        Returns:
            The encoding.
        """
        mel = mel_spectrogram(
            source,
            self.card.config.mel_settings(),
            progress=part_of(progress, 0.0, 0.7),
            cancel=cancel,
        )
        if cancel:
            cancel.raise_if_cancelled()
        progress(0.7, "Listening")
        encoding = self.encode_mel(mel, source.n_samples, source.sample_rate)
        progress(1.0, "Listened")
        return encoding

    @torch.inference_mode()
    def encode_mel(
        self, mel: npt.NDArray[np.float32], n_samples: int, sample_rate: int
    ) -> Encoding:
        """Encodes a spectrogram of shape `[n_mels, T]`."""
        n_frames = min(frame_count(n_samples, self.card.config.hop(sample_rate)), mel.shape[1])
        if n_frames == 0:
            raise AudioReadError("The recording holds no samples.")
        tensor = torch.from_numpy(np.ascontiguousarray(mel[None, :, :n_frames])).to(self.device)
        with self._autocast():
            try:
                encoded = self.model.encode(tensor)
            except torch.OutOfMemoryError as error:
                raise DeviceError(
                    f"The recording is too long for the memory of {self.device_name}.",
                    "Choose the device “cpu”.",
                ) from error
        return Encoding(encoded, n_frames, n_samples, sample_rate)

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
        """
        options = options or GenerateOptions()
        cancel = cancel or CancelToken()
        progress(0.0, "Deciding")
        quantities = self.style_quantities(options)
        evidence = self._evidence(encoding, quantities, cancel)
        progress(0.5, "Deciding")
        runs, note = self._search(encoding, evidence, options)
        cancel.raise_if_cancelled()
        hop = self.card.config.hop(encoding.sample_rate)
        rough = pointers_to_edit_list(
            PointerSequence(hop, runs_to_pointers(runs)), encoding.n_samples
        )
        progress(0.7, "Placing joins")
        edit_list = refine_joins(rough, source, cancel=cancel)
        changes = describe_changes(edit_list, evidence, hop, encoding.n_samples)
        progress(1.0, "Done")
        style = self._style(quantities)[0].float().cpu()
        return Proposal(
            edit_list,
            tuple((start, stop) for start, stop in runs.tolist()),
            changes,
            Provenance(
                checkpoint_hash=self.checkpoint_sha256,
                seed=options.seed if options.temperature > 0 or options.sample_style else None,
                style=tuple(style.tolist()),
                tightness=options.tightness,
                target_length_s=options.target_length_s,
                temperature=options.temperature,
            ),
            note,
        )

    def pointers(
        self, encoding: Encoding, options: GenerateOptions | None = None
    ) -> npt.NDArray[np.int64]:
        """Returns the raw frame indices of an edit, before refinement, and a final `STOP`."""
        options = options or GenerateOptions()
        evidence = self._evidence(encoding, self.style_quantities(options), CancelToken())
        indices = runs_to_pointers(self._search(encoding, evidence, options)[0])
        return np.append(indices, np.int64(STOP))

    def style_quantities(self, options: GenerateOptions) -> tuple[float, ...]:
        """Returns standardised style quantities: the mean editor, moved as the options ask."""
        quantities = [0.0] * len(self.card.style_quantities)
        if options.sample_style:
            rng = np.random.default_rng([options.seed, 1])
            # Uniform with deviation 1, as the editors of training are spread.
            quantities = rng.uniform(-(3**0.5), 3**0.5, len(quantities)).tolist()
        if options.tightness is not None:
            # A tight editor leaves short pauses and short margins alike.
            quantities = [_STYLE_REACH * (1 - 2 * options.tightness)] * len(quantities)
        return tuple(quantities)

    def _style(self, quantities: Sequence[float]) -> Tensor:
        with torch.inference_mode():
            return self.model.style(torch.tensor([quantities], device=self.device))

    def _evidence(
        self, encoding: Encoding, quantities: tuple[float, ...], cancel: CancelToken
    ) -> Evidence:
        key = np.array(quantities).tobytes()
        if encoding.evidence is None or encoding.evidence[0] != key:
            with torch.inference_mode(), self._autocast():
                style = self._style(quantities)
                found = compute_evidence(self.model, encoding.encoded, style, cancel)
            encoding.evidence = (key, found)
        return encoding.evidence[1]

    def _search(
        self, encoding: Encoding, evidence: Evidence, options: GenerateOptions
    ) -> tuple[npt.NDArray[np.int64], str]:
        """Returns the runs of frames to play, and a sentence if the length was not met."""
        scores = make_scores(
            evidence,
            self.card.decoding,
            stop_threshold=options.stop_threshold,
            temperature=options.temperature,
            rng=np.random.default_rng([options.seed, 0]),
        )
        if options.target_length_s is None:
            return best_runs(scores), ""
        seconds_per_frame = encoding.n_samples / encoding.sample_rate / encoding.n_frames
        target = max(1, round(options.target_length_s / seconds_per_frame))
        if target >= encoding.n_frames:
            whole = np.array([[0, encoding.n_frames]], np.int64)
            length_s = encoding.n_frames * seconds_per_frame
            if target <= encoding.n_frames * (1 + _LENGTH_TOLERANCE):
                return whole, ""
            return whole, f"The recording is only {length_s:.1f} s long: all of it is kept."
        runs = runs_for_length(scores, target)
        length_s = run_length(runs) * seconds_per_frame
        if abs(length_s - options.target_length_s) <= _LENGTH_TOLERANCE * options.target_length_s:
            return runs, ""
        return runs, (
            f"The nearest sensible edit is {length_s:.1f} s long, not "
            f"{options.target_length_s:.1f} s: passages come or go as a whole."
        )

    def _autocast(self) -> AbstractContextManager[object]:
        return torch.autocast(
            self.device.type, dtype=torch.bfloat16, enabled=self.precision is torch.bfloat16
        )
