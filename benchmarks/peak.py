"""How near the encoder comes to what the machine can compute: `python -m benchmarks.peak`.

Measures the peak of matrix products in each precision, counts the encoder's operations on a
spectrogram, times it, and says which share of the peak that is; then the stages from file to file,
which show where the rest of the time goes.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import soxr
import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.bench import stages_in_fresh_process
from benchmarks.recordings import BENCH_FOLDER, make_recording
from benchmarks.stages import STAGES
from model_core.audio.reading import open_audio
from model_core.infer import load_engine

if TYPE_CHECKING:
    from collections.abc import Callable

    from model_core.engine import Engine

_SIZES = (512, 1024, 2048)
_TURNS = 5
_LONG_S = 0.05


def _least_seconds(work: Callable[[], object], turns: int = _TURNS) -> float:
    """Returns the shortest of several runs, in seconds, after one that doesn't count."""
    work()
    least = float("inf")
    for _ in range(turns):
        started = time.perf_counter()
        work()
        least = min(least, time.perf_counter() - started)
    return least


def matmul_peak(device: torch.device, dtype: torch.dtype) -> float:
    """Returns the most operations a second that products of square matrices reach.

    A multiplication and an addition are two operations.
    """
    best = 0.0
    for size in _SIZES:
        a = torch.randn(size, size, device=device).to(dtype)
        b = torch.randn(size, size, device=device).to(dtype)

        def work(a: torch.Tensor = a, b: torch.Tensor = b) -> None:
            torch.mm(a, b)
            if device.type == "cuda":
                torch.cuda.synchronize(device)

        seconds = _least_seconds(work)
        best = max(best, 2 * size**3 / seconds)
        if seconds > _LONG_S:  # a precision that is only imitated here
            break
    return best


def count_operations(engine: Engine, mel: torch.Tensor) -> int:
    """Returns the operations of products and convolutions in encoding `mel` `[n_mels, T]`.

    What is computed element by element is not counted.
    """
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)  # a counter sees its own thread alone
    counter = FlopCounterMode(display=False)
    try:
        with torch.inference_mode(), counter:
            engine.model.encode(mel[None].to(engine.device))
    finally:
        torch.set_num_threads(n_threads)
    total = counter.get_total_flops()
    names = {str(name) for counts in counter.get_flop_counts().values() for name in counts}
    if not any("attention" in name for name in names):
        # Not every version of torch knows how to count a processor's fused attention.
        config = engine.card.config
        n_tokens = -(-mel.shape[1] // config.encoder_stride)
        total += 12 * n_tokens * config.local_block * config.d_model * config.n_encoder_layers
    return int(total)


def _encode_seconds(engine: Engine, mel: torch.Tensor) -> float:
    config = engine.card.config
    samples = mel.numpy()
    n_samples = mel.shape[1] * config.hop_length

    def work() -> None:
        engine.encode_mel(samples, n_samples, config.sample_rate)
        if engine.device.type == "cuda":
            torch.cuda.synchronize(engine.device)

    return _least_seconds(work, turns=3)


def _resampling_seconds(recording: Path, sample_rate: int) -> float:
    """Returns the seconds that resampling alone takes, on one core."""
    with open_audio(recording) as source:
        mono = source.read_mono(0, source.n_samples)
        rate = source.sample_rate
    return _least_seconds(lambda: soxr.resample(mono, rate, sample_rate, quality="HQ"), turns=2)


def main() -> int:
    """Measures and prints.

    Returns:
        The exit code, 0.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps")
    parser.add_argument("--checkpoint", type=Path, help="a network other than the bundled one")
    arguments = parser.parse_args()
    engine = load_engine(arguments.checkpoint, arguments.device)
    config = engine.card.config
    n_frames = round(arguments.minutes * 60 * config.sample_rate / config.hop_length)
    rng = np.random.default_rng(0)
    mel = torch.from_numpy(rng.random((config.n_mels, n_frames), np.float32))
    print(f"{engine.device_name}, {torch.get_num_threads()} threads, torch {torch.__version__}\n")
    print("| matrix products | 10^9 operations a second |\n|---|---|")
    peaks = {}
    for dtype in (torch.float32, torch.bfloat16):
        peaks[dtype] = matmul_peak(engine.device, dtype)
        print(f"| {str(dtype).removeprefix('torch.')} | {peaks[dtype] / 1e9:.0f} |", flush=True)
    operations = count_operations(engine, mel)
    seconds = _encode_seconds(engine, mel)
    share = operations / seconds / peaks[engine.precision]
    precision = str(engine.precision).removeprefix("torch.")
    print(
        f"\nEncoding {arguments.minutes:g} minutes: {operations / 1e9:.1f} * 10^9 operations in "
        f"{seconds:.2f} s, {share:.0%} of the peak in {precision}."
    )
    recording = make_recording(arguments.minutes)
    output = BENCH_FOLDER / "edited.wav"
    stages = stages_in_fresh_process(recording, output, arguments.checkpoint)
    output.unlink(missing_ok=True)
    print("\n| stage | seconds |\n|---|---|")
    for stage in STAGES:
        print(f"| {stage} | {stages.get(stage, 0.0):.2f} |")
    resampling = _resampling_seconds(recording, config.sample_rate)
    print(f"\nResampling alone, on one core and part of the features: {resampling:.2f} s.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
