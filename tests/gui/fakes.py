"""Stand-ins for the network and the sound device."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from model_core.edit.types import (
    Change,
    ChangeKind,
    EditList,
    Proposal,
    Provenance,
    Reason,
)

if TYPE_CHECKING:
    import numpy.typing as npt

    from model_core.audio.source import AudioSource
    from model_core.nn.style_space import StyleSpace
    from model_core.options import GenerateOptions
    from model_core.progress import CancelToken, Progress

_BLOCK_S = 0.05
_QUIET = 0.02


@dataclass(frozen=True)
class FakeEncoding:
    loud: npt.NDArray[np.bool_]
    block: int


@dataclass
class FakeConfig:
    use_style_vae: bool = False


@dataclass
class FakeCard:
    """Of a network without styles to read and without axes, as the first ones were."""

    style_space: StyleSpace | None = None
    config: FakeConfig = field(default_factory=FakeConfig)


class FakeEngine:
    """Cuts out what is quiet, after the protocol of the real engine, and respects locks.

    Attributes:
        encoded: How often `encode` was called.
        options: What was asked for, in turn.
        gate: Waited for, with an eye on cancellation, by `propose`.
        error: Raised by `propose`, or None.
        note: Goes into the proposals.
        previewed: What was looked at with, in turn.
    """

    device_name = "CPU"
    checkpoint_sha256 = "ab" * 32

    def __init__(self) -> None:
        self.encoded = 0
        self.options: list[GenerateOptions] = []
        self.gate = threading.Event()
        self.gate.set()
        self.error: Exception | None = None
        self.note = ""
        self.previewed: list[GenerateOptions] = []
        self.card = FakeCard()

    def encode(self, source: AudioSource, progress: Progress, cancel: CancelToken) -> FakeEncoding:
        self.encoded += 1
        block = max(1, round(_BLOCK_S * source.sample_rate))
        loud = []
        for start in range(0, source.n_samples, block):
            cancel.raise_if_cancelled()
            stop = min(start + block, source.n_samples)
            loud.append(float(np.abs(source.read_mono(start, stop)).max()) > _QUIET)
            progress(stop / source.n_samples, "Listening")
        return FakeEncoding(np.array(loud, np.bool_), block)

    def propose(
        self,
        encoding: FakeEncoding,
        source: AudioSource,
        options: GenerateOptions,
        progress: Progress,
        cancel: CancelToken,
    ) -> Proposal:
        progress(0.5, "Deciding")
        while not self.gate.wait(0.005):
            cancel.raise_if_cancelled()
        self.options.append(options)
        if self.error is not None:
            raise self.error
        ranges = self._kept(encoding, options, source.n_samples)
        edit_list = EditList.from_ranges([(int(start), int(stop)) for start, stop in ranges])
        borders = [0, *ranges.ravel().tolist(), source.n_samples]
        gaps = [
            (start, stop)
            for start, stop in zip(borders[::2], borders[1::2], strict=True)
            if stop > start
        ]
        changes = tuple(
            Change(
                number, ChangeKind.CUT, Reason.SILENCE, 0, start, stop,
                confidence=0.3 if number % 3 == 1 else 0.9,
            )
            for number, (start, stop) in enumerate(gaps)
        )  # fmt: skip
        provenance = Provenance(
            seed=options.seed or None,
            tightness=options.tightness,
            target_length_s=options.target_length_s,
            temperature=options.temperature,
        )
        return Proposal(edit_list, (), changes, provenance, self.note)

    def preview(
        self, encoding: FakeEncoding, options: GenerateOptions, start: int, stop: int
    ) -> tuple[tuple[int, int], ...]:
        self.previewed.append(options)
        n_samples = len(encoding.loud) * encoding.block
        ranges = np.clip(self._kept(encoding, options, n_samples), start, stop)
        return tuple((first, last) for first, last in ranges.tolist() if first < last)

    def _kept(
        self, encoding: FakeEncoding, options: GenerateOptions, n_samples: int
    ) -> npt.NDArray[np.int64]:
        """Rows of `(start, stop)`: what is loud, with a margin that the options tell."""
        margin = 1 + options.seed % 7
        if options.tightness is not None:
            margin += round(4 * (1 - options.tightness))
        kept = np.convolve(encoding.loud, np.ones(2 * margin + 1), "same") > 0
        if not kept.any():
            kept[:] = True
        samples = np.repeat(kept, encoding.block)[:n_samples]
        for start, stop in options.locks.keep:
            samples[start:stop] = True
        for start, stop in options.locks.taken:
            samples[start:stop] = False
        edges = np.flatnonzero(np.diff(np.concatenate(([0], samples.astype(np.int8), [0]))))
        return edges.reshape(-1, 2)
