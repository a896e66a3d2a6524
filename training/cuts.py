"""Trains what hears where editors cut, on the edits of many simulated editors.

    python -m training.cuts --audio FOLDER --out resources/model/cuts.safetensors

Every recording is edited by somebody else, with a habit that the listener is told: how long behind
a sound is left, how long ahead of one is landed. What it learns is where habits apply, so a few
numbers are enough to make it follow another editor (`training/taste.py`). What is lowered is the
same as there, the nats of whole edits.
"""

from __future__ import annotations

import argparse
import itertools
import logging
import math
import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, cast

import numpy as np
import torch
from torch.nn import functional as F

from model_core.audio.cache import cache_folder
from model_core.checkpoint import load_checkpoint
from model_core.errors import EditorBotError
from model_core.infer import BUNDLED_CHECKPOINT
from model_core.nn.card import checkpoint_hash
from model_core.nn.cuts import CutListener, Heard, load_listener, save_listener
from model_core.nn.device import in_faster_precision
from model_core.nn.taste import Clues, TasteLayer
from training.config import TrainConfig
from training.corpus import Corpus, default_folder
from training.cut_lessons import (
    LessonFiles,
    at_other_speeds,
    frames_in,
    lesson_of,
    record,
    save_lesson,
)
from training.library.style import FRAME_S
from training.shards import KINDS
from training.simulator import SimulatorSettings
from training.taste import log_likelihood_of, without_taste

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torch import Tensor

    from model_core.nn.heads import DeltaPredictionHead
    from model_core.nn.network import PointerNetwork
    from training.corpus import Split
    from training.cut_lessons import Lesson

log = logging.getLogger("training")

_BATCH, _LEARNING_RATE, _WARM_UP, _DECAY = 4, 2e-3, 50, 0.03
_LEAST_RATE = 0.01
_AVERAGED = 0.995
_MUSIC_HOURS = 0.1
"""Hours of music for each hour of speech: there, no pause is left by habit."""
_JUDGED_SHARE = 0.04
"""Hours of other voices, for each hour that is learned from."""
_FIRST_WEIGHT, _LAST_WEIGHT = 0.3, 0.1
"""Of hearing pauses, at the beginning of training and at its end."""
_DROPPED, _CHANNELS_DROPPED = 0.2, 0.25
"""Shares of the network's tokens that are hidden, here and there and throughout a recording."""
_INSIDE_WEIGHT, _ENDS_WEIGHT = 0.5, 0.3
_GAIN, _COLOUR, _TILT = 0.05, 0.025, 0.04
"""Deviations of what is added to spectrograms: to all of one, around each bump, at its ends."""
_BUMPS = 12
_STRETCH, _SHIFT = 0.05, 2.5
"""Deviations of how far frequencies are stretched, and shifted in bands."""
_SPREAD, _RECORDINGS_A_CAST = 0.22, 6
"""How far the logarithms of voices' speeds lie from 0, and how many recordings they last for."""
_HIDDEN_BANDS, _WIDEST_HIDDEN = 2, 14
_LOG_EVERY, _WRITE_EVERY = 50, 250


def loss_of(
    listener: CutListener, layer: TasteLayer, lesson: Lesson, mel: Tensor, head: DeltaPredictionHead
) -> tuple[Tensor, Tensor]:
    """Returns how unlikely the edit of a lesson is, in nats, and how badly its pauses are heard.

    Args:
        listener: The network that learns.
        layer: A layer for taste with this listener; its numbers are set to the lesson's editor.
        lesson: The lesson.
        mel: Its spectrogram in [0, 1], of shape `[1, n_mels, T]`.
        head: The head of the network that was asked.
    """
    told = lesson.told
    tokens = F.dropout(told.tokens.float(), _DROPPED, listener.training)
    tokens = F.dropout1d(tokens.transpose(1, 2), _CHANNELS_DROPPED, listener.training)
    tokens = tokens.transpose(1, 2)
    with in_faster_precision():
        heard = listener(mel, tokens, told.coverage, told.reason, lesson.habit)
    tracks = layer.tracks_for(Clues(heard.habitual, heard.fixed), lesson.lags, lesson.deviations)
    return -log_likelihood_of(layer, told, tracks, head), _pauses_loss(heard, lesson.pause)


def _pauses_loss(heard: Heard, pause: Tensor) -> Tensor:
    inside = pause.float()
    change = F.pad(inside.diff(), (1, 0))
    target = torch.stack((inside, (change > 0).float(), (change < 0).float()), dim=-1)
    wrong = F.binary_cross_entropy_with_logits(heard.pauses[0], target, reduction="none")
    return _INSIDE_WEIGHT * FRAME_S * wrong[:, 0].sum() + _ENDS_WEIGHT * wrong[:, 1:].sum()


def varied(mel: Tensor, generator: torch.Generator) -> Tensor:
    """Returns a spectrogram in [0, 1] as of another voice, with another level and colour.

    Voices are few, so their phrases would be known by heart. Frequencies are warped (Jaitly and
    Hinton, "Vocal tract length perturbation", 2013) and bands hidden (Park et al., "SpecAugment",
    2019); nothing moves in time.

    Args:
        mel: uint8 of shape `[1, n_mels, T]`, 255 for 1.
        generator: Draws how.
    """
    n_mels = mel.shape[1]

    def drawn(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator)

    place = torch.arange(n_mels) * (1 + _STRETCH * drawn()) + _SHIFT * drawn()
    place = place.clamp(0, n_mels - 1)
    low = place.floor().long()
    warped = torch.lerp(
        mel[:, low].float(),
        mel[:, (low + 1).clamp(max=n_mels - 1)].float(),
        (place - low)[None, :, None],
    )
    bumps = F.interpolate(drawn(1, 1, _BUMPS), n_mels, mode="linear")[0, 0]
    tilt = _TILT * drawn() * torch.linspace(-1, 1, n_mels)
    change = _GAIN * drawn() + _COLOUR * bumps + tilt
    out = (warped / 255 + change[None, :, None]).clamp(0, 1)
    for _ in range(_HIDDEN_BANDS):
        width = int(torch.randint(0, _WIDEST_HIDDEN + 1, (), generator=generator))
        first = int(torch.randint(0, max(1, n_mels - width), (), generator=generator))
        out[:, first : first + width] = 0.0
    return out


def train(
    lessons: Sequence[Lesson],
    plain: PointerNetwork,
    updates: int,
    seed: int = 0,
    judged: Sequence[Lesson] = (),
    write: Path | None = None,
    start: CutListener | None = None,
) -> CutListener:
    """Trains a listener.

    Args:
        lessons: The lessons.
        plain: The network that was asked, without a layer for taste.
        updates: How many.
        seed: Of the first weights and of the order.
        judged: Lessons by other voices, which say when it knows the others by heart.
        write: Where the best is written every few minutes; None for nowhere.
        start: A listener to go on from; None to begin anew.

    Returns:
        The running mean of the weights: the last, or the one that told `judged` best.

    Raises:
        ValueError: There are no lessons.
    """
    if not lessons:
        raise ValueError("There is nothing to learn from.")
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    layer = TasteLayer(plain.config)
    listener = layer.listener.requires_grad_(requires_grad=True)
    if start is not None:
        listener.load_state_dict(start.state_dict())
    average = torch.optim.swa_utils.AveragedModel(
        listener, avg_fn=lambda mean, new, n: torch.lerp(mean, new, max(1 - _AVERAGED, 1 / (n + 1)))
    )
    heavy = [value for value in listener.parameters() if value.ndim > 1]
    light = [value for value in listener.parameters() if value.ndim <= 1]
    optimiser = torch.optim.AdamW(
        [{"params": heavy, "weight_decay": _DECAY}, {"params": light, "weight_decay": 0.0}],
        _LEARNING_RATE,
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda update: _rate(update, updates))
    order = _shuffled(len(lessons), np.random.default_rng(seed))
    best, best_state = math.inf, average.module.state_dict()
    total = 0.0
    for update in range(1, updates + 1):
        weight = _FIRST_WEIGHT + (_LAST_WEIGHT - _FIRST_WEIGHT) * update / updates
        drawn = [lessons[place] for place in itertools.islice(order, _BATCH)]
        events = sum(lesson.events for lesson in drawn)
        optimiser.zero_grad()
        for lesson in drawn:
            mel = varied(lesson.told.mel, generator)
            nats, pauses = loss_of(listener, layer, lesson, mel, plain.head)
            torch.autograd.backward((nats + weight * pauses) / events)
            total += float(nats.detach()) / events
        torch.nn.utils.clip_grad_norm_(listener.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        average.update_parameters(listener)
        if update % _LOG_EVERY == 0:
            log.info("update %d: %.3f nats per event", update, total / _LOG_EVERY)
            total = 0.0
        if update % _WRITE_EVERY and update < updates:
            continue
        mean = cast("CutListener", average.module).eval()
        told = nats_per_event(mean, judged, plain) if judged else -math.inf
        log.info("update %d: %.3f nats per event of other voices", update, told)
        if told < best or not judged:
            best = told
            best_state = {name: value.clone() for name, value in mean.state_dict().items()}
            if write is not None:
                save_listener(write, mean, {"updates": str(update)})
    chosen = cast("CutListener", average.module)
    chosen.load_state_dict(best_state)
    return chosen.eval()


@torch.no_grad()
def nats_per_event(
    listener: CutListener, lessons: Sequence[Lesson], plain: PointerNetwork
) -> float:
    """Returns how unlikely the edits of some lessons are, by events.

    Args:
        listener: The listener, in evaluation mode.
        lessons: The lessons.
        plain: The network that was asked.
    """
    layer = TasteLayer(plain.config)
    layer.listener = listener
    nats = sum(
        float(loss_of(listener, layer, one, one.told.mel.float() / 255, plain.head)[0])
        for one in lessons
    )
    return nats / sum(one.events for one in lessons)


def _rate(update: int, updates: int) -> float:
    """Returns the share of the highest learning rate: rising first, then falling as a cosine."""
    falling = 0.5 + 0.5 * math.cos(math.pi * min(1.0, update / updates))
    return max(_LEAST_RATE, min(1.0, (update + 1) / _WARM_UP) * falling)


def _shuffled(n: int, rng: np.random.Generator) -> Iterator[int]:
    """Yields 0 ... n - 1 in another order each time, without end."""
    while True:
        yield from rng.permutation(n).tolist()


def lessons_of(
    corpus: Corpus,
    plain: PointerNetwork,
    hours: float,
    seed: int,
    settings: SimulatorSettings,
    folder: Path,
    *,
    spread: float = 0.0,
) -> LessonFiles:
    """Simulates so many hours of speech, and a tenth of it of music where there are tracks.

    Args:
        corpus: Voices and tracks.
        plain: The network to ask.
        hours: How much speech.
        seed: Of all that is drawn.
        settings: How often what happens.
        folder: Where the lessons lie. Those that are there from an earlier run aren't made again.
        spread: How far the logarithms of voices' speeds lie from 0; they change now and then.
    """
    folder.mkdir(parents=True, exist_ok=True)
    cropping = TrainConfig(model=plain.config).cropping(training=False)
    paths: list[Path] = []
    for number, kind in enumerate(KINDS):
        if not corpus.groups(kind):
            continue
        wanted_s = 3600 * hours * (1.0 if kind == "speech" else _MUSIC_HOURS)
        voices = corpus
        for index in itertools.count():
            if wanted_s <= 0:
                break
            path = folder / f"{kind}-{seed}-{index:05d}.safetensors"
            if spread and index % _RECORDINGS_A_CAST == 0:
                speeds = np.random.default_rng([seed, number, index, 1])
                voices = at_other_speeds(corpus, speeds, spread)
            if not path.exists():
                recorded = record(
                    np.random.default_rng([seed, number, index]), voices, kind, settings
                )
                lesson = lesson_of(recorded, plain, cropping)
                if lesson is None:
                    continue
                save_lesson(path, lesson)
            wanted_s -= FRAME_S * frames_in(path)
            paths.append(path)
    return LessonFiles(paths)


def _taught(options: argparse.Namespace, folder: Path) -> CutListener:
    """Simulates lessons and trains a listener with them, as the options say."""
    plain = without_taste(load_checkpoint(options.network))
    start = load_listener(options.init_from) if options.init_from else None

    def made(part: Split, hours: float) -> LessonFiles:
        corpus = Corpus.from_folder(options.audio, part, cache_folder=cache_folder("beats"))
        settings = SimulatorSettings()
        lessons = lessons_of(
            corpus,
            plain,
            hours,
            options.seed,
            settings,
            folder / part,
            spread=_SPREAD if part == "train" else 0.0,
        )
        log.info("%d recordings are simulated", len(lessons))
        return lessons

    lessons, judged = made("train", options.hours), made("valid", _JUDGED_SHARE * options.hours)
    return train(lessons, plain, options.updates, options.seed, judged, options.out, start)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m training.cuts", description="Train what hears where editors cut."
    )
    parser.add_argument("--audio", type=Path, default=default_folder(), help="the audio folder")
    parser.add_argument("--out", type=Path, required=True, help="the file to write")
    parser.add_argument("--network", type=Path, default=BUNDLED_CHECKPOINT, help="what is asked")
    parser.add_argument("--lessons", type=Path, help="folder for what is simulated, to use again")
    parser.add_argument("--init-from", type=Path, help="a listener to go on from")
    parser.add_argument("--hours", type=float, default=150.0, help="how much speech to simulate")
    parser.add_argument("--updates", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    if options.audio is None:
        parser.error("name the audio folder with --audio or EDITORBOT_AUDIO")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    try:
        with ExitStack() as cleaning:
            folder = options.lessons or Path(cleaning.enter_context(TemporaryDirectory()))
            listener = _taught(options, folder)
        words = {
            "trained": datetime.now(UTC).date().isoformat(),
            "updates": str(options.updates),
            "simulated_hours": f"{options.hours:g}",
            "network": checkpoint_hash(options.network),
            "training_audio": "the recordings that the bundled network learned from",
            "licence": "MIT",
        }
        save_listener(options.out, listener, words)
    except (EditorBotError, ValueError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
