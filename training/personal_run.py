"""One training on a personal library, as a process that others watch, pause and stop.

    python -m training.personal_run FOLDER

Everything goes through files of the run's folder, so that who started it may end and come back:

    request.json      what to learn, written by who starts it
    control.json      {"want": "run"}, "pause" or "stop"; looked at after each update
    status.json       where it stands now, written whole each time
    events.jsonl      what happened, one JSON object a line, also from before a pause
    latest.pt, standing.json, best.safetensors      to go on from
    lock              held while a process works on the run; the system lets go of it at its end

Paused means ended, with everything kept: started again the run goes on where it stood, which is
also what becomes of one that was killed.
"""

from __future__ import annotations

import json
import logging
import math
import os
import sys
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch
from filelock import FileLock, Timeout

from model_core.checkpoint import load_checkpoint, save_checkpoint
from model_core.errors import EditorBotError
from model_core.files import write_text_atomically
from model_core.infer import BUNDLED_CHECKPOINT
from model_core.models.folder import ModelFolder
from training.dataset import ShardPool
from training.finetune import (
    FineTuner,
    FineTuneSettings,
    Follower,
    Split,
    Standing,
    as_learned,
    fine_tune,
    named_examples,
)
from training.library import Library
from training.library.errors import LibraryError
from training.library.habits import habits_of
from training.library.jsonfile import read_object, write_object
from training.monitor import Watch

if TYPE_CHECKING:
    from collections.abc import Sequence

log = logging.getLogger("training")

REQUEST: Final = "request.json"
CONTROL: Final = "control.json"
STATUS: Final = "status.json"
EVENTS: Final = "events.jsonl"
LOCK: Final = "lock"

DONE: Final = 0
FAILED: Final = 1
NOTHING_LEARNED: Final = 3
PAUSED: Final = 4

_LATEST, _STANDING, _BEST = "latest.pt", "standing.json", "best.safetensors"
_USUAL: Final = FineTuneSettings()
_LOOKED_AT_S = 1.0
_TELL_EVERY_S = 0.5
_SAVE_EVERY_S = 60.0
_WATCHED_UPDATES = 20
_FIGURES = ("step", "seconds", "before", "best", "best_step")
_LIKELIHOOD = ("stop", "use_jump", "delta", "jump", "landing")
_RISING_LOOKS = 3
BY_HEART: Final = (
    "The held-out edits have been told worse and worse for some time: the network learns your "
    "pairs by heart. More pairs would help; the best state until now is kept."
)


@dataclass(frozen=True, slots=True)
class Request:
    """What to learn.

    Attributes:
        library: Folder with the library's `training_data` and `cache`.
        name: What the network is to be called.
        models: Folder that it is written into.
        start: Checkpoint to begin with; empty for the bundled one.
        updates: How many updates to make.
        minutes: How long to train at most.
        batch_size: Crops an update.
        crop_s: Longest crop in seconds.
        learning_rate: The highest.
        rehearse: Folder of simulated recordings to mix in; empty for none.
        seed: Of everything that is drawn.
        threads: How many threads compute; 0 for the library's own choice.
    """

    library: str
    name: str
    models: str
    start: str = ""
    updates: int = 300
    minutes: float = 60.0 * 24
    batch_size: int = _USUAL.batch_size
    crop_s: float = _USUAL.crop_s
    learning_rate: float = _USUAL.learning_rate
    rehearse: str = ""
    seed: int = 0
    threads: int = 0

    @classmethod
    def read(cls, path: Path) -> Request:
        """Reads a request.

        Raises:
            LibraryError: It is missing, damaged or absurd.
        """
        values = read_object(path)
        try:
            request = cls(**values)
            request.settings()
        except (TypeError, ValueError) as error:
            raise LibraryError(f"“{path}” asks for something that can't be: {error}") from error
        return request

    def settings(self) -> FineTuneSettings:
        """Returns how to train."""
        return FineTuneSettings(
            minutes=self.minutes,
            updates=self.updates,
            learning_rate=self.learning_rate,
            batch_size=self.batch_size,
            crop_s=self.crop_s,
            seed=self.seed,
        )


class Paused(Exception):  # noqa: N818 - not an error
    """Raised after everything was saved, because the person wants to go on later."""


@dataclass(slots=True)
class Told:
    """Writes what happens into the run's folder.

    Attributes:
        folder: The run.
        status: What `status.json` says.
    """

    folder: Path
    status: dict[str, Any] = field(default_factory=dict)

    def event(self, name: str, **values: object) -> None:
        """Appends an event; one line, so that a reader never sees half of two."""
        line = json.dumps({"event": name, **values}, ensure_ascii=True)
        with (self.folder / EVENTS).open("a", encoding="utf-8", newline="\n") as file:
            file.write(line + "\n")

    def state(self, name: str, **values: object) -> None:
        """Writes where the run stands."""
        self.status = {**self.status, "state": name, "pid": os.getpid(), **values}
        write_text_atomically(self.folder / STATUS, json.dumps(self.status) + "\n")


class _Warnings(logging.Handler):
    """Turns the trainer's warnings into events."""

    def __init__(self, told: Told) -> None:
        super().__init__(logging.WARNING)
        self._told = told

    def emit(self, record: logging.LogRecord) -> None:
        """Tells a warning."""
        self._told.event("warning", sentence=record.getMessage())


class RunFollower(Follower):
    """Writes down what happens in a run, saves it, and does what the person wants.

    Args:
        request: What is learned.
        told: Writes.
    """

    def __init__(self, request: Request, told: Told) -> None:
        self._request = request
        self._told = told
        self._folder = told.folder
        self._saved = self._told_at = time.monotonic()
        self._losses: list[float] = []
        self._sums: dict[str, float] = {}
        self._rising = 0
        self._last_held = math.inf
        self._watch: Watch | None = None

    def resumed(self) -> Standing | None:
        """Returns where the run stood when it was paused or killed."""
        path = self._folder / _STANDING
        if not path.is_file() or not (self._folder / _LATEST).is_file():
            return None
        try:
            values = read_object(path)
            standing = Standing(
                tuple(str(name) for name in values["left_out"]),
                float(values["before"]),
                float(values["best"]),
                None,
                int(values["best_step"]),
                float(values["seconds"]),
                int(values["checks"]),
            )
            if standing.best_step:
                standing.best_state = load_checkpoint(self._folder / _BEST).state_dict()
        except (LibraryError, KeyError, TypeError, ValueError, EditorBotError) as error:
            raise LibraryError(
                "What was saved of this training is damaged.", "Start it anew."
            ) from error
        return standing

    def begun(self, tuner: FineTuner, split: Split, standing: Standing) -> None:
        """Brings the trainer to where it stood, and tells what is learned from what."""
        self._watch = Watch(tuner.config.model.compression_ratio)
        if (self._folder / _STANDING).is_file():
            tuner.resume(self._folder / _LATEST)
            self._told.event("resumed", step=tuner.step)
        else:
            self._told.event(
                "begun",
                updates=self._request.updates,
                held=sorted(split.held),
                only_ends=len(split.valid) == len(split.train),
                left_out=list(standing.left_out),
                n_learned_from=len(split.train),
            )
            self._told.event("check", step=0, held=standing.before, is_best=True)
            self._save(tuner, standing)
        self._tell_state(tuner, standing)

    def updated(self, tuner: FineTuner, standing: Standing, means: dict[str, float]) -> bool:
        """Tells the loss now and then, watches it, saves, and looks what the person wants."""
        # Each is divided by the number of events, so that their sum is in nats per event.
        self._losses.append(sum(means.get(name, math.nan) for name in _LIKELIHOOD))
        for name, value in means.items():
            self._sums[name] = self._sums.get(name, 0.0) + value / _WATCHED_UPDATES
        if tuner.step % _WATCHED_UPDATES == 0:
            if self._watch is not None:
                self._watch.training(self._sums)
            self._sums = {}
        now = time.monotonic()
        want = self._want()
        if want != "run" or now - self._told_at >= _TELL_EVERY_S:
            self._told_at = now
            self._tell_update(tuner, standing)
        if want == "pause":
            self._save(tuner, standing)
            raise Paused
        if now - self._saved >= _SAVE_EVERY_S:
            self._save(tuner, standing)
        return want != "stop"

    def checked(self, tuner: FineTuner, standing: Standing, held: float, split: Split) -> None:
        """Tells both curves, and warns where they part."""
        del split
        self._tell_update(tuner, standing)
        is_best = standing.best_step == tuner.step
        self._told.event("check", step=tuner.step, held=held, is_best=is_best)
        self._rising = self._rising + 1 if held > self._last_held else 0
        self._last_held = held
        if self._rising == _RISING_LOOKS:
            self._told.event("warning", sentence=BY_HEART)
        if is_best and standing.best_state is not None:
            # What the start says of itself holds for it too: decoding, confidence, styles.
            card = replace(load_checkpoint(start_of(self._request)).card, config=tuner.config.model)
            save_checkpoint(self._folder / _BEST, tuner.average, card)
        self._save(tuner, standing)
        self._tell_state(tuner, standing)

    def _want(self) -> str:
        try:
            wanted = read_object(self._folder / CONTROL).get("want")
        except LibraryError:
            return "run"
        return wanted if isinstance(wanted, str) else "run"

    def _tell_update(self, tuner: FineTuner, standing: Standing) -> None:
        if not self._losses:
            return
        loss = float(np.mean(self._losses))
        self._losses.clear()
        self._told.event(
            "update",
            step=tuner.step,
            loss=round(loss, 5) if math.isfinite(loss) else None,
            seconds=round(standing.seconds, 2),
        )

    def _tell_state(self, tuner: FineTuner, standing: Standing) -> None:
        self._told.state(
            "running",
            step=tuner.step,
            updates=self._request.updates,
            seconds=round(standing.seconds, 2),
            before=standing.before,
            best=standing.best,
            best_step=standing.best_step,
        )

    def _save(self, tuner: FineTuner, standing: Standing) -> None:
        tuner.seconds = standing.seconds
        tuner.save()
        values = asdict(replace(standing, best_state=None))
        del values["best_state"]
        write_object(self._folder / _STANDING, values)
        self._saved = time.monotonic()
        self._tell_state(tuner, standing)


def start_of(request: Request) -> Path:
    """Returns the checkpoint that a run begins with."""
    return Path(request.start) if request.start else BUNDLED_CHECKPOINT


def learn(folder: Path) -> int:
    """Works on a run until it is done, paused or stopped; returns the exit status.

    Raises:
        EditorBotError: The library can't be learned from, or something can't be written.
    """
    request = Request.read(folder / REQUEST)
    if request.threads:
        torch.set_num_threads(request.threads)
    told = Told(folder, _stood(folder))
    told.state("reading", updates=request.updates, sentence="", mend="")
    handler = _Warnings(told)
    log.addHandler(handler)
    try:
        return _learn(request, told)
    except Paused:
        told.state("paused")
        told.event("paused")
        return PAUSED
    except (EditorBotError, ValueError, OSError, MemoryError) as error:
        words = error if isinstance(error, EditorBotError) else LibraryError(_words_of(error))
        told.state("failed", sentence=words.sentence, mend=words.mend)
        told.event("end", state="failed", sentence=words.sentence, mend=words.mend)
        return FAILED
    finally:
        log.removeHandler(handler)


def _stood(folder: Path) -> dict[str, Any]:
    """Returns how far a run had come before, which holds until it is told anew."""
    try:
        values = read_object(folder / STATUS)
    except LibraryError:
        return {}
    return {name: values[name] for name in _FIGURES if name in values}


def _learn(request: Request, told: Told) -> int:
    library = Library(request.library)
    # What can't be used is told as warnings.
    named, _ = named_examples(library)
    start = start_of(request)
    rehearsed = ShardPool(Path(request.rehearse)) if request.rehearse else None
    follower = RunFollower(request, told)
    model, outcome = fine_tune(named, start, told.folder, request.settings(), rehearsed, follower)
    values: dict[str, object] = {
        "before": outcome.before,
        "after": outcome.after,
        "updates": outcome.updates,
        "share": outcome.share,
        "learned": outcome.words,
        "left_out": list(outcome.left_out),
        "seconds": told.status.get("seconds", 0.0),
    }
    if not outcome.is_better:
        told.state("nothing", **values)
        told.event("end", state="nothing", **values)
        return NOTHING_LEARNED
    learned = [name for name, _ in named if name not in outcome.left_out]
    habits = habits_of(library.chosen(learned))
    card = as_learned(model, outcome, [name for name, _ in named], start, habits)
    models = ModelFolder(Path(request.models), BUNDLED_CHECKPOINT)
    path = models.add(request.name, lambda file: save_checkpoint(file, model, card))
    told.state("done", **values, model=str(path))
    told.event("end", state="done", **values, model=str(path))
    return DONE


def _words_of(error: BaseException) -> str:
    if isinstance(error, MemoryError):
        return "There is not enough memory to train."
    return f"Training had to end: {error}"


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command.

    Returns:
        0 if a better network was written, 3 if nothing was learned that helps, 4 if it was paused,
        1 for anything wrong, 2 for wrong usage or a run that another process works on.
    """
    arguments = sys.argv[1:] if argv is None else list(argv)
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m training.personal_run FOLDER\n")
        return 2
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    folder = Path(arguments[0])
    if not folder.is_dir():
        sys.stderr.write(f"There is no run “{folder}”.\n")
        return 2
    try:
        # Who only looks whether it is held lets go of it within a moment.
        with FileLock(folder / LOCK, timeout=_LOOKED_AT_S):
            return learn(folder)
    except Timeout:
        sys.stderr.write(f"Another process works on “{folder}”.\n")
        return 2
    except (EditorBotError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return FAILED


if __name__ == "__main__":
    sys.exit(main())
