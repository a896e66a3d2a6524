"""Does what a person asks of the library, by the commands of `training.library`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from editorbot_gui.jobs import Lane
from editorbot_gui.training_dock.line_command import LineCommand
from editorbot_gui.training_dock.pair_row import PairRow
from editorbot_gui.training_dock.places import made
from editorbot_gui.training_dock.trial import read_known_edit
from model_core.edit.serialise import SourceInfo, write_edit_list
from model_core.errors import EditorBotError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from editorbot_gui.jobs import JobRunner
    from editorbot_gui.training_dock.library_page import LibraryPage
    from editorbot_gui.training_dock.places import Places
    from editorbot_gui.training_dock.trial import KnownEdit
    from model_core.audio.source import AudioSource
    from model_core.edit.types import EditList
    from model_core.progress import CancelToken, Progress

_LIBRARY = "training.library"
_PRECACHE = "training.precache_samples"
_MOST_TOLD = 3
_NO_LIBRARY = 2
_EDITS = "edit to add.json"


class TrainingError(EditorBotError):
    """What a process of the package `training` could not do."""


@dataclass(frozen=True, slots=True)
class TakeRequest:
    """An edit of the open recording that becomes a pair.

    Attributes:
        name: What the pair is to be called.
        source: The recording, which lies in a file.
        edit_list: The edit.
        replaces: Whether a pair of that name gets this edit.
        folder: Where the edit list is written for the process.
    """

    name: str
    source: AudioSource
    edit_list: EditList
    replaces: bool
    folder: Path


def write_edits(request: TakeRequest, _cancel: CancelToken, _progress: Progress) -> Path:
    """Writes an edit list to a file that the process reads; a job function.

    Raises:
        FileWriteError: It can't be written.
    """
    source = request.source
    path = made(request.folder) / _EDITS
    facts = SourceInfo(str(source.path), source.sample_rate, source.n_samples, "")
    write_edit_list(path, request.edit_list, [facts])
    return path


class LibraryDesk(QObject):
    """Keeps the page of the library as the library is.

    Args:
        page: Shows it.
        places: Where it lies.
        runner: Reads and writes files.
        parent: The owner.
    """

    rows_changed = Signal()
    """Other pairs are there, or something else is known of them."""
    told = Signal(str)
    """A sentence for the status bar."""
    failed = Signal(object)
    """An exception is to be told."""
    added = Signal(str)
    """An edit of the editor is in the library; carries the pair's name."""

    def __init__(
        self, page: LibraryPage, places: Places, runner: JobRunner, parent: QObject
    ) -> None:
        super().__init__(parent)
        self.page = page
        self._places = places
        self._runner = runner
        self.command = LineCommand(self)
        self.rows: tuple[PairRow, ...] = ()
        self._plot_of: str = ""
        page.files_given.connect(self.bring)
        page.choice_wanted.connect(self.choose)
        page.remove_wanted.connect(self.remove)
        page.stop_wanted.connect(self.stop)
        page.pair_chosen.connect(self._show_pair)
        self.command.running_changed.connect(self._show_doing)

    @property
    def used(self) -> tuple[PairRow, ...]:
        """The pairs that are learned from."""
        return tuple(row for row in self.rows if row.trains)

    def find(self, name: str) -> PairRow | None:
        """Returns a pair by its name, whatever its capitals."""
        wanted = name.casefold()
        return next((row for row in self.rows if row.name.casefold() == wanted), None)

    # What a person asks for -----------------------------------------------------------------------

    def refresh(self, then: Callable[[], None] | None = None) -> None:
        """Begins to list the pairs anew."""
        found: list[PairRow] = []

        def end(status: int, said: str) -> None:
            # Before the first pair there is no library; that is no failure.
            if status == 0 or (status == _NO_LIBRARY and not self._has_library):
                self._show_rows(tuple(found))
            elif status > 0:
                self.failed.emit(TrainingError(said or self.tr("The library can't be listed.")))
            if then is not None:
                then()

        self._start(
            _LIBRARY,
            ("list", "--json"),
            self.tr("Looking at the library…"),
            lambda event: found.append(PairRow.of(event)) if "sample" in event else None,
            end,
        )

    def bring(self, paths: Sequence[Path]) -> None:
        """Begins to match files to pairs and to add them; then they are aligned."""
        self.page.tell("")
        added: list[dict[str, object]] = []
        left: list[str] = []

        def take(event: dict[str, object]) -> None:
            if event.get("event") == "added":
                added.append(event)
            elif event.get("event") == "left":
                left.append(f"{event.get('sentence', '')} {event.get('mend', '')}".strip())
            else:
                self._take_progress(event)

        def end(status: int, said: str) -> None:
            if status not in {0, 1}:
                self._fail(status, said)
                self.refresh()
                return
            self.page.tell(self._brought_text(added, left))
            self.refresh(self.align)

        names = [str(path) for path in paths]
        self._start(
            _LIBRARY,
            ("bring", "--json", *self._after(), "--", *names),
            self.tr("Finding out what belongs together…"),
            take,
            end,
        )

    def align(self) -> None:
        """Begins to align the pairs that are new or have changed."""
        names = [row.name for row in self.rows if row.needs_aligning]
        if not names:
            return
        n_done = 0

        def take(event: dict[str, object]) -> None:
            nonlocal n_done
            if event.get("event") == "pair":
                n_done += 1
                self.page.show_doing(
                    self.tr("Aligning: {done} of {all} pairs").format(done=n_done, all=len(names)),
                    n_done / len(names),
                )

        def end(status: int, said: str) -> None:
            if status not in {0, 1}:
                self._fail(status, said)
            self.refresh()

        words = self.tr("Aligning: {done} of {all} pairs").format(done=0, all=len(names))
        # One at a time: the machine is the person's, who edits meanwhile.
        self._start(_PRECACHE, ("--json", "--jobs", "1", "--", *names), words, take, end)

    def choose(self, row: PairRow, choice: str) -> None:
        """Begins to note whether a pair is learned from."""
        self._change("choose", row.name, choice)

    def remove(self, row: PairRow) -> None:
        """Begins to take a pair out."""
        self.page.tell("")
        self._change(
            "remove",
            row.name,
            told=self.tr("“{name}” is out of the library; your files are where they were.").format(
                name=row.name
            ),
        )

    def take(self, name: str, source: AudioSource, edit_list: EditList, *, replaces: bool) -> None:
        """Begins to make a pair of the open recording and its edit.

        Args:
            name: What it is to be called.
            source: The recording.
            edit_list: The edit.
            replaces: Whether a pair of that name gets this edit.
        """
        request = TakeRequest(name, source, edit_list, replaces, self._places.root)
        self._runner.start(
            Lane.SAVE,
            write_edits,
            request,
            words=self.tr("Adding to the library…"),
            on_done=lambda path: self._take_written(request, path),
            on_failed=self.failed.emit,
            quiet=True,
        )

    def add_files(self, name: str, raw: Path, edit: Path) -> None:
        """Begins to add a recording with a finished edit that is a file of its own."""

        def end(status: int, said: str) -> None:
            self._end_adding(status, said, name)

        arguments = ("add", "--reference", *self._after(), "--", name, str(raw), str(edit))
        self._start(_LIBRARY, arguments, self.tr("Adding to the library…"), _ignore, end)

    def stop(self) -> None:
        """Ends what is being done; what is done stays done."""
        self.command.stop()

    def close(self) -> None:
        """Ends everything, because the window closes."""
        self.command.close()

    # ----------------------------------------------------------------------------------------------

    @property
    def _has_library(self) -> bool:
        return (self._places.library / "training_data").is_dir()

    def _after(self) -> tuple[str, ...]:
        return tuple(self._places.library_options)

    def _start(
        self,
        module: str,
        arguments: tuple[str, ...],
        words: str,
        on_event: Callable[[dict[str, object]], None],
        on_end: Callable[[int, str], None],
    ) -> None:
        if "--data_dir" not in arguments:
            place = arguments.index("--") if "--" in arguments else len(arguments)
            arguments = (*arguments[:place], *self._after(), *arguments[place:])
        self.command.start(module, arguments, words, on_event=on_event, on_end=on_end)

    def _change(self, *arguments: str, told: str = "") -> None:
        def end(status: int, said: str) -> None:
            if status != 0:
                self._fail(status, said)
            elif told:
                self.told.emit(told)
            self.refresh()

        what, *rest = arguments
        self._start(_LIBRARY, (what, "--", *rest), self.tr("Changing the library…"), _ignore, end)

    def _take_written(self, request: TakeRequest, path: Path) -> None:
        def end(status: int, said: str) -> None:
            path.unlink(missing_ok=True)
            self._end_adding(status, said, request.name)

        flags = ("--replace",) if request.replaces else ()
        self._start(
            _LIBRARY,
            (
                "take", "--json", *flags, *self._after(), "--", request.name,
                str(request.source.path), str(path),
            ),
            self.tr("Adding to the library…"),
            self._take_progress,
            end,
        )  # fmt: skip

    def _end_adding(self, status: int, said: str, name: str) -> None:
        if status != 0:
            self._fail(status, said)
        else:
            self.told.emit(self.tr("“{name}” is in your library.").format(name=name))
            self.added.emit(name)
        self.refresh(self.align)

    def _fail(self, status: int, said: str) -> None:
        if status < 0 and not said:
            self.told.emit(self.tr("Stopped; what was done until then is kept."))
            return
        # The last line says what was wrong; before it there may be progress.
        sentence = said.splitlines()[-1] if said else self.tr("The library can't be changed.")
        self.failed.emit(TrainingError(sentence))

    def _take_progress(self, event: dict[str, object]) -> None:
        share = event.get("share")
        if event.get("event") == "progress" and isinstance(share, int | float):
            self.page.show_doing(self.command.words, float(share))

    def _brought_text(self, added: list[dict[str, object]], left: list[str]) -> str:
        n_heard = sum(event.get("by_content") is True for event in added)
        sentences = []
        if added:
            sentences.append(
                self.tr("1 pair was added.")
                if len(added) == 1
                else self.tr("%n pairs were added.", "", len(added))
            )
        if n_heard:
            sentences.append(
                self.tr("1 was matched by listening.")
                if n_heard == 1
                else self.tr("%n were matched by listening.", "", n_heard)
            )
        if not added and not left:
            sentences.append(self.tr("There is no sound file among what you gave."))
        sentences += left[:_MOST_TOLD]
        if len(left) > _MOST_TOLD:
            sentences.append(self.tr("And %n more files.", "", len(left) - _MOST_TOLD))
        return " ".join(sentences)

    def _show_rows(self, rows: tuple[PairRow, ...]) -> None:
        self.rows = rows
        self._plot_of = ""
        self.page.show_rows(rows)
        self.rows_changed.emit()

    def _show_pair(self, row: PairRow | None) -> None:
        """Shows the plot of a pair as soon as its edit is read."""
        if row is None or row.info is None:
            self._plot_of = ""
            return
        self._plot_of = row.name

        def show(edit: KnownEdit) -> None:
            if self._plot_of == row.name:
                self.page.show_plot(edit)

        self._runner.start(
            Lane.SAVE,
            read_known_edit,
            row.info,
            words=self.tr("Reading how the pair aligns"),
            on_done=show,
            on_failed=lambda _error: self.page.show_plot(None),
            quiet=True,
        )

    def _show_doing(self, _running: bool) -> None:
        self.page.show_doing(self.command.words)


def _ignore(_event: dict[str, object]) -> None:
    """Takes an event that says nothing of use here."""
