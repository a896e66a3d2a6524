"""Command that aligns the pairs of a personal library and makes what training reads.

    python -m training.precache_samples [sample ...] --data_dir training_data --cache_dir cache

What is done stays done: a pair is worked on again only if one of its files has another content, or
the aligner or the front end has another version. Progress and what is wrong with a pair go to
stderr, the table at the end to stdout.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Never

from model_core.align.types import Verdict
from training.library import Library, Pair
from training.library.command import (
    DONE,
    INCOMPLETE,
    add_listed,
    clock,
    library_of,
    listed,
    parser,
    progress_bar,
    run,
    say,
    sweep,
    table,
)
from training.library.errors import LibraryError
from training.library.jsonfile import to_text
from training.library.making import Outcome, Result, Task, make_pair
from training.library.parallel import run_all

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tqdm import tqdm


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit status."""
    made = parser(
        "precache_samples",
        "Align recordings with their finished edits, and make pointers and spectrograms.",
    )
    made.add_argument(
        "--jobs", type=_count, metavar="N", help="pairs at a time (default: one for each core)"
    )
    made.add_argument(
        "--dask",
        metavar="ADDRESS",
        default="",
        help="let the workers of a Dask scheduler do it, such as tcp://host:8786",
    )
    made.add_argument("--force", action="store_true", help="align anew what is up to date")
    made.add_argument("--json", action="store_true", help="write JSON lines to stdout")
    add_listed(made, "samples")
    return run(_precache, made.parse_args(arguments))


def lost(task: Task) -> Outcome:
    """Returns the outcome of a pair whose process ended without a word."""
    return Outcome(
        task.name,
        Result.FAILED,
        sentence="The process that worked on it was ended, probably because memory ran out.",
        mend="Close other programs, or cut the pair into shorter ones.",
    )


def _precache(options: argparse.Namespace) -> int:
    if options.dask:
        # Workers run in folders of their own, often on other machines.
        options.data_dir = options.data_dir.absolute()
        options.cache_dir = options.cache_dir.absolute()
    library = library_of(options)
    pairs = library.chosen([*options.samples, *listed(options)])
    if not pairs:
        raise LibraryError(
            f"There are no pairs in “{library.layout.data}” yet.",
            "Put recordings into “input” as NAME_raw.wav and edits into “desired_output” as "
            "NAME_edit.wav.",
        )
    library.create()
    sweep(library.layout)
    outcomes: list[Outcome] = []
    with progress_bar(len(pairs), "pairs") as bar:
        for outcome in _outcomes(pairs, options, bar):
            outcomes.append(outcome)
            bar.n = len(outcomes)
            bar.set_description_str(outcome.name, refresh=False)
            if outcome.sentence:
                say(bar, f"{outcome.name}: {outcome.sentence} {outcome.mend}".rstrip())
            elif not sys.stderr.isatty():
                say(bar, f"{len(outcomes)}/{len(pairs)} {outcome.name}: {outcome.result.value}")
            if options.json:
                _write_line(_as_values(outcome) | {"done": len(outcomes), "total": len(pairs)})
            bar.refresh()
    outcomes.sort(key=lambda outcome: outcome.name)
    if options.json:
        counts = Counter(outcome.result.value for outcome in outcomes)
        _write_line({"event": "end", **{result.value: counts[result.value] for result in Result}})
    else:
        sys.stdout.write(report(outcomes, library))
    return DONE if all(outcome.is_ready for outcome in outcomes) else INCOMPLETE


def _outcomes(
    pairs: Sequence[Pair], options: argparse.Namespace, bar: tqdm[Never]
) -> Iterator[Outcome]:
    """Yields what came of each pair, in the order in which they are done."""
    import joblib

    tasks = []
    for pair in pairs:
        if pair.raw is None or pair.edit is None:
            yield Outcome(pair.name, Result.FAILED, None, pair.sentence, pair.mend)
        else:
            tasks.append(pair.task(force=options.force))
    # Long pairs first, so that no core waits for one that was begun last.
    tasks.sort(key=_size, reverse=True)
    jobs = min(options.jobs or joblib.cpu_count(), max(1, len(tasks)))
    if jobs > 1 or options.dask:
        yield from run_all(make_pair, tasks, lost, jobs=jobs, scheduler=options.dask)
        return
    for task in tasks:
        done = bar.n

        def report_share(share: float, _phrase: str, task: Task = task, done: float = done) -> None:
            bar.set_description_str(task.name, refresh=False)
            bar.update(max(0.0, done + share - bar.n))

        yield from run_all(partial(make_pair, progress=report_share), [task], lost)


def report(outcomes: Sequence[Outcome], library: Library) -> str:
    """Returns the table of what came of each pair, and below it what can't be used, and why."""
    header = ("sample", "result", "recording", "edit", "kept", "found", "joins", "sure", "verdict")
    rows = [_row(outcome) for outcome in outcomes]
    lines = [table(header, rows, range(2, 8))]
    remarks = [
        f"  {outcome.name}: {remark}"
        for outcome in outcomes
        if outcome.is_ready and outcome.info and outcome.info.found
        for remark in (*outcome.info.found.report.remarks, *outcome.info.notes)
    ]
    if remarks:
        lines += ["", "To be known:", *remarks]
    bad = [outcome for outcome in outcomes if not outcome.is_ready]
    if bad:
        lines += ["", f"Not usable ({len(bad)}):"]
        lines += [
            f"  {outcome.name}: {outcome.sentence} {outcome.mend}".rstrip() for outcome in bad
        ]
    strays = library.strays()
    if strays:
        some = ", ".join(f"“{path.name}”" for path in strays[:5])
        more = f" and {len(strays) - 5} more" if len(strays) > 5 else ""
        lines += ["", f"Left out, as they aren't named NAME_raw or NAME_edit: {some}{more}."]
    counts = Counter(outcome.result for outcome in outcomes)
    check = sum(_verdict(outcome) is Verdict.CHECK for outcome in outcomes)
    number = f"{len(outcomes)} pair{'' if len(outcomes) == 1 else 's'}"
    done = ", ".join(f"{counts[result]} {result.value}" for result in Result)
    look = f"; {check} to be looked at by a person" if check else ""
    lines += ["", f"{number}: {done}{look}.", ""]
    return "\n".join(lines)


def _row(outcome: Outcome) -> tuple[str, ...]:
    found = outcome.info.found if outcome.info else None
    if not found:
        return (outcome.name, outcome.result.value, *[""] * 7)
    report = found.report
    return (
        outcome.name,
        outcome.result.value,
        clock(found.raw.seconds),
        clock(found.edit.seconds),
        f"{report.coverage:.0%}",
        f"{report.matched:.0%}",
        str(report.joins),
        f"{report.confidence:.2f}",
        report.verdict.value,
    )


def _verdict(outcome: Outcome) -> Verdict | None:
    return outcome.info.found.report.verdict if outcome.info and outcome.info.found else None


def _as_values(outcome: Outcome) -> dict[str, object]:
    found = outcome.info.found if outcome.info else None
    return {
        "event": "pair",
        "sample": outcome.name,
        "result": outcome.result.value,
        "sentence": outcome.sentence,
        "mend": outcome.mend,
        "seconds": round(outcome.seconds, 3),
        "verdict": found.report.verdict.value if found else None,
        "coverage": found.report.coverage if found else None,
        "remarks": list(found.report.remarks) if found else [],
    }


def _write_line(values: dict[str, object]) -> None:
    sys.stdout.write(to_text(values) + "\n")
    sys.stdout.flush()


def _size(task: Task) -> int:
    try:
        return task.raw.stat().st_size
    except OSError:
        return 0


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return value


if __name__ == "__main__":
    sys.exit(main())
