"""Measures the aligner: `python -m benchmarks.align`.

Every pair is aligned in a fresh process. The tables say how many pointers are within one frame of
the truth, how well joins are found (F1, at one frame on both sides), how many of them to the
sample, and seconds, processor seconds and peak memory. A place, or the side of a join, counts as
right, too, if the recording is the same there, sample for sample or nearly: which of two equal bars
was taken nobody can know.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import soundfile
import soxr

from benchmarks import warping
from benchmarks.aligned_pairs import Processing, make_edit, processings, recording, write_edit
from benchmarks.peers import run_measured
from benchmarks.recordings import BENCH_FOLDER
from benchmarks.warping import sync_toolbox_python
from model_core.align.descriptors import CELL_S, HALVES, edit_levels, raw_levels, vectors_of
from model_core.audio.reading import open_audio
from model_core.edit.coverage import joins_of
from model_core.edit.pointers import hop_samples
from model_core.edit.types import EditList, Gap, Segment
from model_core.errors import AlignmentError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from model_core.align.descriptors import Vectors
    from model_core.audio.source import AudioSource

_FOLDER = BENCH_FOLDER / "align"
_SAME_SOUND_S = 0.02
_SAME_SOUND_DB = -30.0
_MIB = 1 << 20
_SPEEDS = (1.00002, 1.003, 0.96, 1.06)
_JINGLES_S = (0.5, 2.0, 5.0, 12.0)
_HEAD = (
    "| pair | processing | within a frame | joins F1 | to the sample | confidence "
    "| s | CPU s | MiB |\n|---|---|---|---|---|---|---|---|---|"
)


def align_in_this_process(raw_path: Path, edit_path: Path, answer: Path) -> None:
    """Aligns a pair and writes what came out, as JSON."""
    from model_core.align import align

    started = time.perf_counter()
    with open_audio(raw_path) as raw, open_audio(edit_path) as edited:
        try:
            found = align(raw, edited)
        except AlignmentError as error:
            answer.write_text(json.dumps({"refused": str(error)}))
            return
    answer.write_text(
        json.dumps(
            {
                "seconds": time.perf_counter() - started,
                "cpu": time.process_time(),
                "items": [
                    [item.length] if isinstance(item, Gap) else [item.start, item.stop]
                    for item in found.edit_list.items
                ],
                "foreign": found.foreign,
                "report": asdict(found.report),
            }
        )
    )


def dtw_in_this_process(raw_path: Path, edit_path: Path, answer: Path) -> None:
    """Aligns a pair with librosa's dynamic time warping, over the same features."""
    from librosa.sequence import dtw

    def warped(raw_vectors: Vectors, edit_vectors: Vectors) -> npt.NDArray[np.int64]:
        # Steps: on in both, or on in the recording alone, which is a cut.
        _, path = dtw(
            C=1 - edit_vectors @ raw_vectors.T,
            step_sizes_sigma=np.array([[1, 1], [0, 1]]),
            weights_add=np.zeros(2),
            weights_mul=np.array([1.0, 0.3]),
        )
        return np.asarray(path, np.int64)

    _warp(raw_path, edit_path, answer, warped)


def sync_in_this_process(raw_path: Path, edit_path: Path, answer: Path) -> None:
    """Aligns a pair with Sync Toolbox's warping on several scales, over the same features."""
    python = sync_toolbox_python(BENCH_FOLDER)
    if python is None:
        answer.write_text(json.dumps({"refused": "Sync Toolbox can't be had here"}))
        return

    def warped(raw_vectors: Vectors, edit_vectors: Vectors) -> npt.NDArray[np.int64]:
        files = [_FOLDER / f"{name}.npy" for name in ("raw", "edit", "path")]
        np.save(files[0], raw_vectors)
        np.save(files[1], edit_vectors)
        script = Path(warping.__file__)
        command = (python, script, files[0], files[1], str(1 / CELL_S), files[2])
        subprocess.run(command, check=True, capture_output=True)
        return np.asarray(np.load(files[2], allow_pickle=False)[::-1].T[::-1], np.int64)

    _warp(raw_path, edit_path, answer, warped)


def _warp(
    raw_path: Path,
    edit_path: Path,
    answer: Path,
    warped: Callable[[Vectors, Vectors], npt.NDArray[np.int64]],
) -> None:
    """Writes what a warping found, given rows of (cell of the edit, cell of the recording)."""
    started = time.perf_counter()
    with open_audio(raw_path) as raw, open_audio(edit_path) as edited:
        raw_vectors, edit_vectors = vectors_of(raw_levels(raw), edit_levels(edited))
        cell = CELL_S * raw.sample_rate
        path = warped(raw_vectors[::HALVES], edit_vectors)
        # Backwards: of several cells of the recording, the first; the others are cut.
        starts = {int(row): int(column) for row, column in path}
        items = [
            [round(starts[row] * cell), round((starts[row] + 1) * cell)] for row in sorted(starts)
        ]
    seconds = time.perf_counter() - started
    times = os.times()
    cpu = times.user + times.system + times.children_user + times.children_system
    answer.write_text(json.dumps({"seconds": seconds, "cpu": cpu, "items": items, "report": {}}))


def measured(raw_path: Path, edit_path: Path, *, way: str = "ours") -> dict[str, Any]:
    """Aligns a pair in a fresh process; returns its answer with `peak_mib`."""
    answer = _FOLDER / "answer.json"
    answer.unlink(missing_ok=True)
    command = (sys.executable, "-m", "benchmarks.align", f"--{way}", raw_path, edit_path, answer)
    peak_bytes = run_measured(command).peak_bytes
    result: dict[str, Any] = json.loads(answer.read_text())
    return {**result, "peak_mib": peak_bytes / _MIB}


def judged(answer: dict[str, Any], true: EditList, raw: AudioSource) -> dict[str, float]:
    """Compares what was found with the truth."""
    items = tuple(
        Gap(item[0]) if len(item) == 1 else Segment(0, item[0], item[1])
        for item in answer["items"]
        if len(item) == 1 or item[0] < item[1]
    )
    found = EditList(items)
    hop = float(hop_samples(raw.sample_rate))
    one, other = _places(found, hop), _places(true, hop)
    right = np.zeros(other.size, np.bool_)
    n_both = min(one.size, other.size)
    right[:n_both] = np.abs(one[:n_both] - other[:n_both]) <= hop
    for frame in np.flatnonzero(~right[:n_both]):
        right[frame] = _sounds_same(raw, int(one[frame]), int(other[frame]))
    f1, exact = _joins_found(found, true, hop, raw)
    return {"within": float(right.mean()), "f1": f1, "exact": exact}


def _places(edit: EditList, hop: float) -> npt.NDArray[np.int64]:
    """Returns the recording's sample in the middle of each of the edit's frames; -1 in gaps."""
    starts = np.cumsum([0, *(item.length for item in edit.items)])
    middles = np.arange(hop / 2, starts[-1], hop).astype(np.int64)
    index = np.searchsorted(starts, middles, side="right") - 1
    firsts = np.array([item.start if isinstance(item, Segment) else -1 for item in edit.items])
    places: npt.NDArray[np.int64] = np.where(
        firsts[index] < 0, -(10**9), firsts[index] + middles - starts[index]
    )
    return places


def _sounds_same(raw: AudioSource, one: int, other: int) -> bool:
    half = round(_SAME_SOUND_S * raw.sample_rate)
    if min(one, other) < half or max(one, other) + half > raw.n_samples:
        return False
    reach = round(0.0116 * raw.sample_rate)
    heard = raw.read_mono(other - half, other + half)
    near = raw.read_mono(max(0, one - half - reach), min(raw.n_samples, one + half + reach))
    windows = np.lib.stride_tricks.sliding_window_view(near, heard.size)
    rest = np.square(windows - heard).sum(axis=1).min()
    return bool(rest <= 10 ** (_SAME_SOUND_DB / 10) * np.square(heard).sum())


def _joins_found(
    found: EditList, true: EditList, hop: float, raw: AudioSource
) -> tuple[float, float]:
    """Returns F1 at one frame on both sides of a join, and the share found to the sample."""
    one, other = (
        np.array(
            [
                (join.position, join.leaving, join.landing)
                for join in joins_of(edit)
                if join.kind is not None
            ]
        ).reshape(-1, 3)
        for edit in (found, true)
    )
    if not one.size or not other.size:
        return float(one.size == other.size), float(one.size == other.size)
    moved, *sides = np.moveaxis(one[:, np.newaxis] - other[np.newaxis], 2, 0)
    apart = np.maximum(*np.abs(sides))
    hits, exact = apart <= hop, apart == 0
    half = round(_SAME_SOUND_S * raw.sample_rate)
    for row, column in np.argwhere(~hits & (np.abs(moved) <= hop)):
        (_, leaving, landing), (_, true_leaving, true_landing) = one[row], other[column]
        hits[row, column] = _sounds_same(raw, leaving - half, true_leaving - half) and _sounds_same(
            raw, landing + half, true_landing + half
        )
        exact[row, column] = hits[row, column] and moved[row, column] == 0
    precision, recall = hits.any(axis=1).mean(), hits.any(axis=0).mean()
    f1 = 2 * precision * recall / max(1e-9, precision + recall)
    return float(f1), float(exact.any(axis=0).mean())


def _pair(
    kind: str, minutes: float, processing: Processing, *, jumps_back: bool = True
) -> tuple[Path, Path, EditList]:
    raw_path = recording(kind, minutes)
    edit_path = _FOLDER / "edit.wav"
    with open_audio(raw_path) as raw:
        edit = make_edit(raw.n_samples, 7, processing.fade_s, jumps_back=jumps_back)
        write_edit(raw, edit, processing, edit_path)
    return raw_path, edit_path, edit


def _run(
    kind: str,
    minutes: float,
    processing: Processing,
    *,
    jumps_back: bool = True,
    ways: Sequence[str] = ("ours",),
) -> None:
    raw_path, edit_path, true = _pair(kind, minutes, processing, jumps_back=jumps_back)
    for way in ways:
        name = f"{kind}, {minutes:g} min" + (f", {way}" if way != "ours" else "")
        answer = measured(raw_path, edit_path, way=way)
        if "refused" in answer:
            print(f"| {name} | {processing.name} | refused: {answer['refused']} |", flush=True)
            continue
        with open_audio(raw_path) as raw:
            score = judged(answer, true, raw)
        exact = f"{score['exact']:.3f}" if processing.exact else "–"
        confidence = answer["report"].get("confidence", float("nan"))
        print(
            f"| {name} | {processing.name} | {score['within']:.3%} | {score['f1']:.3f} | {exact} "
            f"| {confidence:.2f} | {answer['seconds']:.1f} | {answer['cpu']:.1f} "
            f"| {answer['peak_mib']:.0f} |",
            flush=True,
        )


def _run_strangers(minutes: float) -> None:
    """Pairs that don't belong together: all must be refused."""
    as_is = processings()[0]
    talk, talk_edit, _ = _pair("talk", minutes, as_is)
    music = recording("music", minutes)
    for name, raw_path, edit_path in (
        ("music with an edit of talk", music, talk_edit),
        ("talk with music", talk, music),
    ):
        answer = measured(raw_path, edit_path)
        print(
            f"| {name} | {'refused: ' + answer['refused'] if 'refused' in answer else 'ALIGNED'} |"
        )


def _run_speeds(minutes: float) -> None:
    """Edits that run faster or slower, as a tape or a clock does: the speed must be told."""
    raw_path, edit_path, true = _pair("talk", minutes, processings()[0])
    sound, rate = soundfile.read(edit_path, dtype="float32", always_2d=True)
    for factor in _SPEEDS:
        soundfile.write(edit_path, soxr.resample(sound, rate * factor, rate, "VHQ"), rate, "PCM_16")
        answer = measured(raw_path, edit_path)
        with open_audio(raw_path) as raw:
            score = judged(answer, true, raw)
        print(
            f"| talk, {minutes:g} min, {factor:g} times as fast | told: "
            f"{answer['report']['speed']:.6f} | {score['within']:.3%} | {score['f1']:.3f} "
            f"| {answer['seconds']:.1f} s |",
            flush=True,
        )


def _run_foreign(minutes: float) -> None:
    """An edit of talk with music between: it must be marked, from its start to its end."""
    raw_path, edit_path, _ = _pair("talk", minutes, processings()[0])
    sound, rate = soundfile.read(edit_path, dtype="float32", always_2d=True)
    jingles, _ = soundfile.read(recording("music", minutes), dtype="float32", always_2d=True)
    parts: list[npt.NDArray[np.float32]] = []
    true: list[tuple[int, int]] = []
    begins = np.linspace(0, sound.shape[0], len(_JINGLES_S) + 1).astype(int).tolist()
    for index, seconds in enumerate(_JINGLES_S):
        parts.append(sound[begins[index] : begins[index + 1]])
        start = sum(part.shape[0] for part in parts)
        parts.append(jingles[(index + 1) * 20 * rate :][: round(seconds * rate)])
        true.append((start, start + parts[-1].shape[0]))
    soundfile.write(edit_path, np.concatenate(parts), rate, "PCM_16")
    answer = measured(raw_path, edit_path)
    found = np.array(answer["foreign"], np.int64).reshape(-1, 2)
    worst = np.nan
    if len(found) == len(true):
        worst = float(np.abs(found - np.array(true)).max()) / rate
    print(
        f"| talk, {minutes:g} min, with {len(true)} passages of music | marked: {len(found)} "
        f"| furthest end off by {1000 * worst:.2f} ms |",
        flush=True,
    )


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="length of the recordings")
    parser.add_argument("--kinds", nargs="+", default=["talk", "music", "bars"])
    parser.add_argument("--only", help="part of a processing's name")
    parser.add_argument("--long", action="store_true", help="a pair of 3 hours, too")
    parser.add_argument("--ours", nargs=3, type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--dtw", nargs=3, type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--sync", nargs=3, type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.ours:
        align_in_this_process(*options.ours)
        return
    if options.dtw:
        dtw_in_this_process(*options.dtw)
        return
    if options.sync:
        sync_in_this_process(*options.sync)
        return
    _FOLDER.mkdir(parents=True, exist_ok=True)
    print(_HEAD)
    wanted = [one for one in processings() if not options.only or options.only in one.name]
    for kind in options.kinds:
        for processing in wanted:
            _run(kind, options.minutes, processing)
    if not options.only:
        for processing in (processings()[0], processings()[-1]):
            _run("talk", 2.0, processing, jumps_back=False, ways=("ours", "dtw", "sync"))
        _run_strangers(min(5.0, options.minutes))
        _run_speeds(min(5.0, options.minutes))
        _run_foreign(min(5.0, options.minutes))
    if options.long:
        _run("talk", 180.0, processings()[0])


if __name__ == "__main__":
    main()
