"""Does what a person asks of the library, by the commands of `training.library`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from editorbot_gui.dialogs.question import Answer, ask
from editorbot_gui.jobs import Job, Lane
from editorbot_gui.training_dock.known_edit import read_known_edit
from editorbot_gui.training_dock.pair_row import PairRow
from editorbot_gui.training_dock.places import library_folder, library_options
from editorbot_gui.training_dock.process import Command, run_command

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from editorbot_gui.jobs import JobRunner
    from editorbot_gui.training_dock.known_edit import KnownEdit
    from editorbot_gui.training_dock.library_page import LibraryPage
    from editorbot_gui.training_dock.process import Event
    from model_core.progress import CancelToken, Progress

_LIBRARY = "training.library"
_PRECACHE = "training.precache_samples"


def list_pairs(library: Path, cancel: CancelToken, progress: Progress) -> tuple[PairRow, ...]:
    """Returns the pairs of a library; none where there is no library yet. A job function.

    Raises:
        TrainingCommandError: What was decided about pairs is damaged, or folders can't be read.
        CancelledError: The person has changed their mind.
    """
    if not (library / "training_data").is_dir():
        return ()
    command = Command(_LIBRARY, ("list", "--json", *library_options(library)))
    return tuple(PairRow.of(event) for event in run_command(command, cancel, progress))


@dataclass(frozen=True, slots=True)
class Brought:
    """What came of bringing files in.

    Attributes:
        n_added: New pairs.
        n_by_content: How many of them were matched by their sound.
        left_out: Files that weren't brought in, and why.
    """

    n_added: int
    n_by_content: int
    left_out: tuple[tuple[Path, str], ...]

    @classmethod
    def of(cls, events: Sequence[Event]) -> Brought:
        """Reads what the command has told."""
        added = [event for event in events if event.get("event") == "added"]
        left = [event for event in events if event.get("event") == "left"]
        return cls(
            len(added),
            sum(event.get("by_content") is True for event in added),
            tuple(
                (
                    Path(str(event.get("path", ""))),
                    f"{event.get('sentence', '')} {event.get('mend', '')}".strip(),
                )
                for event in left
            ),
        )


class PairsDesk(QObject):
    """Keeps the page of the library as the library is.

    Args:
        page: Shows it.
        runner: Runs the jobs.
        parent: The owner.
    """

    rows_changed = Signal()
    """Other pairs are there, or something else is known of them."""
    told = Signal(str)
    """A sentence for the status bar."""
    failed = Signal(object)
    """An exception is to be told."""

    def __init__(self, page: LibraryPage, runner: JobRunner, parent: QObject) -> None:
        super().__init__(parent)
        self.page = page
        self._runner = runner
        self.rows: tuple[PairRow, ...] = ()
        self._jobs: list[Job] = []
        self._plot_of = ""
        page.files_given.connect(self.bring)
        page.choice_wanted.connect(self.choose)
        page.remove_wanted.connect(self.ask_to_remove)
        page.stop_wanted.connect(self.stop)
        page.pair_chosen.connect(self._show_pair)

    @property
    def used(self) -> tuple[PairRow, ...]:
        """The pairs that are learned from."""
        return tuple(row for row in self.rows if row.trains)

    # What a person asks for -----------------------------------------------------------------------

    def refresh(self) -> None:
        """Begins to list the pairs anew, and to align those that are new or have changed."""
        self._list(self._show_rows_and_align)

    def bring(self, paths: Sequence[Path]) -> None:
        """Begins to match files to pairs and to add them; then they are aligned."""
        self.page.tell("")
        self.page.show_left_out([])
        self._run(
            Command(
                _LIBRARY,
                ("bring", "--json", "--listed", *library_options(library_folder())),
                tuple(map(str, paths)),
            ),
            self.tr("Finding out what belongs together…"),
            lambda events: self._show_brought(Brought.of(events)),
        )

    def align(self) -> None:
        """Begins to align the pairs that are new or have changed."""
        names = [row.name for row in self.rows if row.needs_aligning]
        if names:
            self._run(
                # One at a time: the machine is the person's, who edits meanwhile.
                Command(
                    _PRECACHE,
                    ("--json", "--jobs", "1", "--listed", *library_options(library_folder())),
                    tuple(names),
                ),
                self.tr("Aligning 1 pair…")
                if len(names) == 1
                else self.tr("Aligning %n pairs…", "", len(names)),
                lambda _events: self._list(self._show_rows),
            )

    def choose(self, row: PairRow, choice: str) -> None:
        """Begins to note whether a pair is learned from."""
        self._change(("choose", row.name, choice), "")

    def ask_to_remove(self, row: PairRow) -> None:
        """Takes a pair out, after a question if its edit is nowhere else."""
        if not row.by_hand:
            self.remove(row)
            return
        ask(
            self.page,
            self.tr("Remove “{name}” with its edit?").format(name=row.name),
            self.tr(
                "The edit was made in EditorBot and lies in the library alone, unless you have "
                "saved or exported it. The recording stays."
            ),
            (Answer(self.tr("Remove it"), partial(self.remove, row), loses=True),),
            self.tr("Keep it"),
            stays_by_default=True,
        )

    def remove(self, row: PairRow) -> None:
        """Begins to take a pair out."""
        self.page.tell("")
        told = self.tr("“{name}” is out of the library; your own files are where they were.")
        self._change(("remove", row.name), told.format(name=row.name))

    def stop(self) -> None:
        """Ends what is being done; what is done stays done."""
        for job in tuple(self._jobs):
            self._runner.cancel(job)

    # ----------------------------------------------------------------------------------------------

    def _list(self, show: Callable[[tuple[PairRow, ...]], None]) -> None:
        self._runner.start(
            Lane.LIBRARY,
            list_pairs,
            library_folder(),
            words=self.tr("Looking at the library…"),
            on_done=show,
            on_failed=self.failed.emit,
            quiet=True,
        )

    def _change(self, arguments: tuple[str, ...], told: str) -> None:
        def done(_events: tuple[Event, ...]) -> None:
            if told:
                self.told.emit(told)
            self._list(self._show_rows)

        what, *rest = arguments
        options = library_options(library_folder())
        self._run(
            Command(_LIBRARY, (what, "--json", *options, "--", *rest)),
            self.tr("Changing the library…"),
            done,
        )

    def _run(
        self, command: Command, words: str, on_done: Callable[[tuple[Event, ...]], None]
    ) -> None:
        def settle() -> None:
            self._jobs.remove(job)
            self._show_doing()

        def done(events: tuple[Event, ...]) -> None:
            settle()
            on_done(events)

        def failed(error: Exception) -> None:
            settle()
            self.failed.emit(error)
            self._list(self._show_rows)

        def cancelled() -> None:
            settle()
            self.told.emit(self.tr("Stopped; what was done until then is kept."))
            self._list(self._show_rows)

        job = self._runner.start(
            Lane.LIBRARY,
            run_command,
            command,
            words=words,
            on_done=done,
            on_failed=failed,
            on_cancelled=cancelled,
            on_progress=self._show_doing,
        )
        self._jobs.append(job)
        self._show_doing()

    def _show_doing(self) -> None:
        job = self._jobs[0] if self._jobs else None
        self.page.show_doing(job.words if job else "", job.share if job else None)

    def _show_brought(self, brought: Brought) -> None:
        self.page.tell(self._brought_text(brought))
        self.page.show_left_out(list(brought.left_out))
        self.refresh()

    def _brought_text(self, brought: Brought) -> str:
        n_added, n_heard = brought.n_added, brought.n_by_content
        sentences = []
        if n_added:
            sentences.append(
                self.tr("1 pair was added.")
                if n_added == 1
                else self.tr("%n pairs were added.", "", n_added)
            )
        if n_heard:
            sentences.append(
                self.tr("1 was matched by listening.")
                if n_heard == 1
                else self.tr("%n were matched by listening.", "", n_heard)
            )
        if not n_added and not brought.left_out:
            sentences.append(self.tr("There is no sound file among what you gave."))
        return " ".join(sentences)

    def _show_rows_and_align(self, rows: tuple[PairRow, ...]) -> None:
        self._show_rows(rows)
        self.align()

    def _show_rows(self, rows: tuple[PairRow, ...]) -> None:
        self.rows = rows
        self.page.show_rows(rows)
        self.rows_changed.emit()

    def _show_pair(self, row: PairRow | None) -> None:
        """Shows the plot of a pair as soon as its edit is read."""
        self._plot_of = row.name if row is not None and row.info is not None else ""
        if row is None or row.info is None:
            return

        def show(edit: KnownEdit | None) -> None:
            if self._plot_of == row.name:
                self.page.show_plot(edit)

        self._runner.start(
            Lane.SAVE,
            read_known_edit,
            row.info,
            words=self.tr("Reading how the pair aligns"),
            on_done=show,
            on_failed=lambda _error: show(None),
            quiet=True,
        )
