"""Measures how good proposed edits are: `make bench-quality`.

Recordings with known true edits are made from sound that training never touches, by a generator
that shares no code with training's; EditorBot and tools that find silence edit them, and real
untrimmed takes besides. Without the audio folder the bundled demo recordings serve.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import soundfile

from benchmarks.peers import PeerUnavailableError
from benchmarks.quality_editors import (
    AutoEditor,
    Editor,
    LibrosaSplit,
    Product,
    ProductInStyle,
    Sox,
)
from benchmarks.quality_material import RATE_HZ, load_material
from benchmarks.quality_measures import judge, judge_take
from benchmarks.quality_recordings import FULL, QUICK, demo_recordings, recordings, trials
from benchmarks.quality_report import report
from benchmarks.recordings import BENCH_FOLDER, audio_folder
from model_core.engine import Engine
from model_core.infer import BUNDLED_CHECKPOINT
from model_core.nn.card import checkpoint_hash
from resources import resource_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from benchmarks.quality_material import Mono
    from benchmarks.quality_measures import Edit, Judged
    from benchmarks.quality_speech import Recording
    from benchmarks.quality_tape import Style

_FOLDER = BENCH_FOLDER / "quality"


def main(argv: list[str] | None = None) -> int:
    """Measures and prints; with `--json` also writes what was found of each recording.

    Returns:
        The exit code.
    """
    parser = argparse.ArgumentParser(prog="bench-quality", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few recordings: a first impression")
    parser.add_argument("--checkpoint", type=Path, help="a network other than the bundled one")
    parser.add_argument("--json", type=Path, help="also write the counts of each recording here")
    parser.add_argument("--seed", type=int, default=0, help="of the recordings")
    parser.add_argument("--no-peers", action="store_true", help="EditorBot alone")
    arguments = parser.parse_args(argv)
    started = time.monotonic()
    _FOLDER.mkdir(parents=True, exist_ok=True)
    checkpoint = arguments.checkpoint or BUNDLED_CHECKPOINT
    product = Product(Engine.load(checkpoint, "cpu"))
    folder = audio_folder()
    takes: dict[str, Mono] = {}
    ours: list[Editor] = [product]
    if folder is None:
        print("There is no audio folder: only the demo recordings are judged.\n")
        made = demo_recordings(resource_path("demo", "speech.json").parent)
    else:
        numbers = QUICK if arguments.quick else FULL
        material = load_material(folder, n_tracks=numbers.tracks)
        made = recordings(material, numbers, arguments.seed)
        takes = dict(list(material.takes.items())[-numbers.takes :])
        product.find_settings([(_written(t), t.truth) for t in trials(material, arguments.seed)])
        ours.append(ProductInStyle(product))
    editors = ours if arguments.no_peers else [*ours, *_peers()]
    results = _judge_all(editors, made, takes)
    minutes = (time.monotonic() - started) / 60
    n_recordings = len(results[product.name])
    print(
        f"The network {checkpoint.name} ({checkpoint_hash(checkpoint)[:12]}), {n_recordings} "
        f"recordings, seed {arguments.seed}; it took {minutes:.1f} minutes."
    )
    for line in report(results, [editor.name for editor in ours]):
        print(line)
    if arguments.json:
        found = {name: [asdict(one) for one in judged] for name, judged in results.items()}
        arguments.json.write_text(json.dumps(found, indent=1), encoding="utf-8")
    return 0


def _judge_all(
    editors: Sequence[Editor], made: Iterable[Recording], takes: Mapping[str, Mono]
) -> dict[str, list[Judged]]:
    """Has every program edit every recording."""
    results: dict[str, list[Judged]] = {editor.name: [] for editor in editors}
    for recording in made:
        path = _written(recording)
        able = [editor for editor in editors if editor.takes_length or not recording.target_s]
        edits = _edits(able, path, recording.truth.style, recording.target_s)
        for editor, edit in zip(able, edits, strict=True):
            results[editor.name].append(judge(recording, edit))
        path.unlink()
    for name, samples in takes.items():
        path = _FOLDER / f"{name}.wav"
        soundfile.write(path, samples, RATE_HZ, "PCM_16")
        for editor, edit in zip(editors, _edits(editors, path), strict=True):
            results[editor.name].append(judge_take(name, samples, edit))
        path.unlink()
    return results


def _edits(
    editors: Sequence[Editor],
    path: Path,
    style: Style | None = None,
    target_s: float | None = None,
) -> list[Edit]:
    """Has programs edit a file: EditorBot here, the others meanwhile."""
    with ThreadPoolExecutor(1) as pool:
        others = {
            editor.name: pool.submit(editor.edit, path, style, target_s)
            for editor in editors
            if not editor.takes_length
        }
        own = {
            editor.name: editor.edit(path, style, target_s)
            for editor in editors
            if editor.takes_length
        }
        return [
            own[editor.name] if editor.takes_length else others[editor.name].result()
            for editor in editors
        ]


def _written(recording: Recording) -> Path:
    path = _FOLDER / f"{recording.name}.wav"
    soundfile.write(path, recording.samples, RATE_HZ, "PCM_16")
    return path


def _peers() -> list[Editor]:
    """Returns the other programs, as far as they can be had here."""
    found: list[Editor] = [LibrosaSplit(60), LibrosaSplit(30)]
    for program in (AutoEditor, Sox):
        try:
            found.append(program())
        except PeerUnavailableError as error:
            print(f"{program.__name__} is not measured: {error}.\n")
    return found


if __name__ == "__main__":
    sys.exit(main())
