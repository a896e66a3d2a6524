"""From a pair of a personal library to an example to train on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from model_core.edit.pointers import pointer_runs
from model_core.edit.types import REASONS, Reason
from model_core.nn.kinds import Kind, guess_kind
from training.dataset import STYLE_QUANTITIES, Example, standardise_style
from training.library.errors import LibraryError
from training.library.style import FRAME_S, Style, measure_style, silent_frames
from training.shards import KINDS

if TYPE_CHECKING:
    from training.library.pairs import Pair

# One cut alone may be a whim; so many cuts weigh as much as what is usual among editors.
_USUAL_CUTS = 1.0
_FARTHEST = 2.5


def example_of(pair: Pair, *, style: Style | None = None, kind: Kind | None = None) -> Example:
    """Returns a pair as an example to train on.

    Where and why frames went is known as far as the edit tells: `reason` is SILENCE for silent
    frames that are heard nowhere, and -1, "not known", for the other ones as well as for those that
    stay. What the edit has from elsewhere is left out.

    Args:
        pair: A pair that is ready.
        style: The editor's style, such as `pooled` gives it from several pairs; by default the
            pair's own.
        kind: Whether it is speech or music; guessed if left out.

    Raises:
        LibraryError: The pair isn't ready, a file of it is damaged, or nothing of the recording is
            heard in the edit.
    """
    mel = np.round(pair.mel() * np.float32(255)).astype(np.uint8)
    runs = pointer_runs(pair.pointers())
    if not len(runs):
        raise LibraryError(f"“{pair.name}” has no frame of the recording in its edit.")
    return Example(
        mel=mel,
        runs=runs,
        reason=reasons_of(mel, runs),
        style=standardised(style or measure_style(mel, runs)),
        kind=KINDS.index(kind or guess_kind(mel)),
    )


def reasons_of(mel: npt.NDArray[np.uint8], runs: npt.NDArray[np.int64]) -> npt.NDArray[np.int8]:
    """Returns why frames went, as far as it can be seen: SILENCE or -1, of shape `[T]`.

    Args:
        mel: Spectrogram of shape `[n_mels, T]`.
        runs: Frame ranges that the edit plays, `[n, 2]`.
    """
    reason = np.full(mel.shape[1], -1, np.int8)
    reason[silent_frames(mel)] = REASONS.index(Reason.SILENCE)
    for start, stop in runs:
        reason[start:stop] = -1
    return reason


def standardised(style: Style) -> npt.NDArray[np.float32]:
    """Returns a style as networks read it: one number for each of `STYLE_QUANTITIES`.

    What wasn't measured is 0, the mean among editors, and what was measured at few cuts is drawn
    towards it; none lies beyond ±2.5, where simulated editors end.
    """
    measured = {
        "pause_s": (style.pause_s, style.n_pauses),
        "margin_s": (style.margin_s, style.n_margins),
        # Counted exactly, not measured.
        "extension": (style.extension, None),
    }
    seconds = [max(measured[name][0] or 1.0, FRAME_S / 2) for name in STYLE_QUANTITIES]
    scaled = standardise_style(np.array(seconds, np.float32))
    for index, name in enumerate(STYLE_QUANTITIES):
        value, cuts = measured[name]
        if value is None:
            scaled[index] = 0.0
        elif cuts is not None:
            scaled[index] *= cuts / (cuts + _USUAL_CUTS)
    return scaled.clip(-_FARTHEST, _FARTHEST)
