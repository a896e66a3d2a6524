"""Working on many things at once: on the cores of this machine, or on several machines.

Processes may end without a word, such as when memory runs out. Then what was under way is tried
again one by one, each alone in a process, so that it is known which one can't be done, and the
others are.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import joblib
from joblib.externals.loky.process_executor import TerminatedWorkerError

from training.library.errors import LibraryError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager


class Named(Protocol):
    """Anything with a name, by which results find their tasks."""

    @property
    def name(self) -> str:
        """The name."""


T = TypeVar("T", bound=Named)
R = TypeVar("R", bound=Named)

_ANSWER_TIMEOUT_S = 15
_IDLE_S = 20


def run_all(
    work: Callable[[T], R],
    tasks: Sequence[T],
    lost: Callable[[T], R],
    *,
    jobs: int = 1,
    scheduler: str = "",
) -> Iterator[R]:
    """Works on tasks, and yields the results in the order in which they are done.

    Args:
        work: A function of a module, that handles its own errors.
        tasks: Of different names.
        lost: Gives the result of a task whose process ended without a word.
        jobs: Processes; with 1 the work is done in this one, unless there is a scheduler.
        scheduler: Address of a Dask scheduler whose workers do it instead.

    Yields:
        One result a task.

    Raises:
        LibraryError: Dask isn't installed, or its scheduler can't be reached.
    """
    if not scheduler and (jobs == 1 or not tasks):
        yield from map(work, tasks)
        return
    died: tuple[type[BaseException], ...] = (TerminatedWorkerError,)
    with contextlib.ExitStack() as stack:
        if scheduler:
            backend, killed = _dask(scheduler)
            stack.enter_context(backend)
            died = (*died, killed)
        # Two processes even for one task: joblib does a single job in its own.
        n_jobs = -1 if scheduler else max(2, jobs)
        extra = {} if scheduler else {"backend": "loky", "idle_worker_timeout": _IDLE_S}
        left = {task.name: task for task in tasks}
        while left:
            try:
                for result in _results(work, list(left.values()), n_jobs, **extra):
                    del left[result.name]
                    yield result
            except died:
                # They are begun in their order, so what was under way is among the first.
                for name in list(left)[: 2 * joblib.effective_n_jobs(n_jobs)]:
                    task = left.pop(name)
                    try:
                        alone = list(_results(work, [task], n_jobs, **extra))
                    except died:
                        alone = [lost(task)]
                    yield from alone


def _results(
    work: Callable[[T], R], tasks: Sequence[T], n_jobs: int, **kwargs: object
) -> Iterator[R]:
    pool = joblib.Parallel(
        n_jobs=n_jobs,
        return_as="generator_unordered",
        batch_size=1,
        pre_dispatch="n_jobs",  # a task is long; after the end of this process none begins
        **kwargs,
    )
    results: Iterator[R] = pool(joblib.delayed(work)(task) for task in tasks)
    return results


def _dask(address: str) -> tuple[AbstractContextManager[Any], type[BaseException]]:
    """Returns what makes joblib use a Dask cluster, and what it raises for a worker that died."""
    try:
        from distributed import Client, KilledWorker
    except ImportError as error:
        raise LibraryError(
            "Dask, which spreads work over several machines, isn't installed.",
            "Install it with: pip install dask distributed",
        ) from error

    @contextlib.contextmanager
    def connected() -> Iterator[None]:
        try:
            client = Client(address, timeout=_ANSWER_TIMEOUT_S, set_as_default=False)
        except (OSError, ValueError) as error:
            raise LibraryError(
                f"No Dask scheduler answers at “{address}”.",
                "Start one with “dask scheduler”, and give the address that it prints.",
            ) from error
        with client, joblib.parallel_config(backend="dask", client=client):
            yield

    return connected(), KilledWorker
