"""Fits the space of styles of a trained network: where editors lie in it, and its named axes.

python -m training.styles --checkpoint CHECKPOINT --recordings FOLDER --write CHECKPOINT
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from model_core.checkpoint import load_checkpoint, save_checkpoint
from model_core.errors import StyleError
from model_core.nn.device import in_faster_precision
from model_core.nn.network import PointerNetwork
from model_core.nn.style_space import StyleAxis, StyleSpace
from model_core.nn.styling import read_style
from training.dataset import STYLE_QUANTITIES, Example, load_shard

log = logging.getLogger("training")

FloatArray = npt.NDArray[np.float64]

_ACTIVE_VARIANCE = 0.01
"""A dimension is active whose mean varies by so much over recordings (Burda et al., "Importance
weighted autoencoders", 2016)."""


@dataclass(frozen=True, slots=True)
class ReadStyles:
    """The styles read from edits, with what is known of their editors.

    Attributes:
        styles: Of shape `[n, Z]`.
        quantities: Standardised style quantities of each edit's editor, `[n, Q]`.
        log_ratios: Mean log(S / T) of the editor's edits of that kind of recording, `[n]`.
        kinds: 0 speech, 1 music, `[n]`.
    """

    styles: FloatArray
    quantities: FloatArray
    log_ratios: FloatArray
    kinds: npt.NDArray[np.int64]


def read_styles(model: PointerNetwork, folder: Path, each: int) -> ReadStyles:
    """Reads styles from the true edits of simulated recordings.

    Args:
        model: A network that reads styles.
        folder: Of shards, each one editor's work.
        each: Most recordings of an editor.
    """
    styles, quantities, ratios, kinds = [], [], [], []
    for path in sorted(folder.glob("*.npz")):
        works = load_shard(path)
        for example in works[:each]:
            mel = example.mel.astype(np.float32) / np.float32(255)
            with torch.inference_mode(), in_faster_precision():
                encoded = model.encode(torch.from_numpy(mel[None]))
                try:
                    styles.append(read_style(model, encoded, mel, example.runs))
                except StyleError:
                    continue
            quantities.append(example.style)
            ratios.append(np.mean([_log_ratio(w) for w in works if w.kind == example.kind]))
            kinds.append(example.kind)
    return ReadStyles(
        np.array(styles, np.float64),
        np.array(quantities, np.float64),
        np.array(ratios, np.float64),
        np.array(kinds, np.int64),
    )


def _log_ratio(example: Example) -> float:
    played = int((example.runs[:, 1] - example.runs[:, 0]).sum())
    return float(np.log(max(1, played) / example.n_frames))


def find_axes(read: ReadStyles) -> tuple[StyleAxis, ...]:
    """Finds the directions in which tightness, loops and length grow.

    An axis is the mean change of a style with one deviation of its quantity, so that it leads
    through places where styles lie. The change of a quantity within its kind of recording counts:
    music and speech differ in length for reasons that are not the editor's. What is the same in
    all edits has no axis.
    """
    names = list(STYLE_QUANTITIES)
    tightness = -(read.quantities[:, names.index("pause_s")])
    loops = read.quantities[:, names.index("extension")]
    length = read.log_ratios.copy()
    for kind in np.unique(read.kinds):
        length[read.kinds == kind] -= length[read.kinds == kind].mean()
    centred = read.styles - read.styles.mean(axis=0)
    measured = {"tightness": tightness, "loops": loops, "length": length}
    axes = []
    for name, values in measured.items():
        if not np.ptp(values):
            continue
        deviations = (values - values.mean()) / values.std()
        direction = (deviations[:, None] * centred).mean(axis=0)
        axes.append(StyleAxis(name, tuple(direction.tolist())))
    return tuple(axes)


def active_dimensions(styles: FloatArray) -> int:
    """Returns how many dimensions of the styles `[n, Z]` vary with the edit."""
    return int((styles.var(axis=0) > _ACTIVE_VARIANCE).sum())


def told_correlations(model: PointerNetwork, read: ReadStyles) -> dict[str, float]:
    """Returns how well each quantity is told from the styles read (Pearson's r)."""
    if model.vae is None:
        return {}
    with torch.inference_mode():
        told = model.vae.quantities(torch.from_numpy(read.styles).float()).numpy()
    return {
        name: round(float(np.corrcoef(told[:, i], read.quantities[:, i])[0, 1]), 3)
        for i, name in enumerate(STYLE_QUANTITIES)
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m training.styles", description="Fit the space of styles of a checkpoint."
    )
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--recordings", type=Path, required=True, help="folder of shards")
    parser.add_argument("--each", type=int, default=4, help="most recordings of an editor")
    parser.add_argument("--write", type=Path, help="where to write the checkpoint with its space")
    args = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    model = load_checkpoint(args.checkpoint)
    if model.vae is None:
        sys.stderr.write("This network reads no styles.\n")
        return 1
    read = read_styles(model, args.recordings, args.each)
    if len(read.styles) <= read.styles.shape[-1]:
        sys.stderr.write(f"{len(read.styles)} edits are too few to fit a space of styles to.\n")
        return 1
    space = StyleSpace.fitted(read.styles, find_axes(read))
    active = active_dimensions(read.styles)
    told = told_correlations(model, read)
    log.info("%d edits; %d active dimensions; quantities told: %s", len(read.styles), active, told)
    if args.write:
        provenance = {
            **model.card.provenance,
            "styles": {"edits": len(read.styles), "active_dimensions": active, "told": told},
        }
        card = replace(model.card, style_space=space, provenance=provenance)
        save_checkpoint(args.write, model, card)
    return 0


if __name__ == "__main__":
    sys.exit(main())
