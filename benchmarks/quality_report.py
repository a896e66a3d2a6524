"""The quality benchmark's tables, in Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.quality_measures import Judged
from benchmarks.quality_statistics import Figure, calibration, reliability, share


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the tables.

    Attributes:
        section: Recordings that it rests on.
        measure: Name of the counts.
        label: For the reader.
        aim: What is aimed at.
        shown: How a value is written.
    """

    section: str
    measure: str
    label: str
    aim: str = ""
    shown: Callable[[float], str] = lambda value: f"{100 * value:.1f}"


def _plain(value: float) -> str:
    return f"{value:.2f}"


ROWS = (
    Row("speech", "wanted kept", "wanted speech kept", "≥ 99"),
    Row("speech", "edges kept", "first and last 100 ms of phrases kept", "≥ 97"),
    Row("speech", "false starts gone", "false starts gone", "≥ 95"),
    Row("speech", "retakes gone", "failed takes of sentences and passages gone", "≥ 95"),
    Row("speech", "repeated words gone", "repeated words gone", "≥ 95"),
    Row("speech", "coughs gone", "coughs gone", "≥ 90"),
    Row("speech", "knocks gone", "knocks gone", "≥ 90"),
    Row("speech", "mouth noise gone", "mouth noise gone", "≥ 90"),
    Row("speech", "off-mic talk gone", "off-mic talk gone", "≥ 90"),
    Row("speech", "slates gone", "slates gone"),
    Row("speech", "silence gone", "silence that was to go, gone"),
    Row("speech", "pauses right", "silences over 1 s brought to the style's ± 25 %", "≥ 95"),
    Row("speech", "joins F1", "joins within 100 ms, F1", "≥ 95"),
    Row("speech", "joins but for silence F1", "the same, anywhere in the right pause"),
    Row("speech", "true edit reproduced", "true edit reproduced", "≥ 95"),
    Row("speech", "of the edit, true", "of the proposed edit, in the true one"),
    Row("finished speech", "cut", "cut from finished speech", "≤ 1"),
    Row("music", "wanted kept", "wanted music kept", "≥ 98"),
    Row("music", "false starts gone", "false starts gone", "≥ 90"),
    Row("music", "wrong bars gone", "wrong bars gone", "≥ 90"),
    Row("music", "extra passages gone", "extra passages gone", "≥ 90"),
    Row("music", "talk between takes gone", "talk between takes gone", "≥ 90"),
    Row("music", "tuning gone", "tuning gone"),
    Row("music", "retakes gone", "failed takes gone", "≥ 90"),
    Row("music", "silence gone", "silence and tails gone"),
    Row("music", "joins F1", "joins within 100 ms, F1", "≥ 95"),
    Row("music", "joins but for silence F1", "the same, anywhere in the right pause"),
    Row(
        "music",
        "joins land within 20 ms",
        "joins that land within 20 ms of where it goes on",
        "≥ 90",
    ),
    Row("music", "joins on the beat", "joins in time with the beat, ± 20 ms", "≥ 90"),
    Row("music", "true edit reproduced", "true edit reproduced", "≥ 95"),
    Row("music", "of the edit, true", "of the proposed edit, in the true one"),
    Row("finished music", "cut", "cut from finished music", "≤ 1"),
    Row("extended music", "length reached", "pieces that reach 1.5 times their length"),
    Row(
        "extended music", "joins on the beat", "their joins in time with the beat, ± 20 ms", "≥ 90"
    ),
    Row("real takes", "speech kept", "speech kept", "≥ 99"),
    Row("real takes", "silence gone", "silence gone"),
    Row("real takes", "silences over 1 s gone", "silences over 1 s brought below it"),
    Row("real takes", "seconds left of each", "seconds left of a silence over 1 s", "", _plain),
)
"""What is measured, and what is aimed at, where something is."""

_GROUPED = (
    ("wanted kept", "kept"),
    ("speech kept", "speech kept"),
    ("edges kept", "edges"),
    ("false starts gone", "false starts"),
    ("retakes gone", "retakes"),
    ("repeated words gone", "words twice"),
    ("wrong bars gone", "wrong bars"),
    ("extra passages gone", "extra passages"),
    ("coughs gone", "coughs"),
    ("knocks gone", "knocks"),
    ("mouth noise gone", "mouth"),
    ("off-mic talk gone", "off-mic"),
    ("talk between takes gone", "talk"),
    ("tuning gone", "tuning"),
    ("silence gone", "silence"),
    ("silences over 1 s gone", "silences over 1 s"),
    ("pauses right", "pauses right"),
    ("joins but for silence F1", "joins F1 (any place in the pause)"),
    ("true edit reproduced", "reproduced"),
)
_CALIBRATION_LABELS = {
    False: "calibration error of the joins' confidence",
    True: "the same, anywhere in the right pause",
}
_PLAIN_ROW = Row("", "", "", "", _plain)


def report(results: Mapping[str, Sequence[Judged]], ours: Sequence[str]) -> Iterator[str]:
    """Yields the report line by line.

    Args:
        results: What each program did, by its name.
        ours: Names of the runs of EditorBot, the one for the tables of groups last.
    """
    yield from _overall(results, ours)
    yield from _peers(results)
    chosen = results[ours[-1]]
    for section in ("speech", "music"):
        for title, key in (("condition", _condition), ("kind", _kind)):
            yield from _groups(f"{ours[-1]}: {section} by {title}", chosen, section, key)
    yield from _groups(f"{ours[-1]}: real takes", chosen, "real takes", _kind)
    yield from _confidences(chosen, ours[-1])


def _overall(results: Mapping[str, Sequence[Judged]], ours: Sequence[str]) -> Iterator[str]:
    yield "\n### Overall\n"
    yield "Per cent where nothing else is said, with 95 % intervals.\n"
    yield f"| of | | {' | '.join(ours)} | aim | recordings |"
    yield "|---" * (len(ours) + 4) + "|"
    for row in ROWS:
        figures = [_figure(results[name], row) for name in ours]
        if figures[0] is None:
            continue
        cells = " | ".join(_with_interval(figure, row) for figure in figures)
        yield f"| {row.section} | {row.label} | {cells} | {row.aim} | {figures[0].recordings} |"
    for anywhere, label in _CALIBRATION_LABELS.items():
        errors = [calibration(results[name], anywhere=anywhere) for name in ours]
        if errors[0]:
            cells = " | ".join(_with_interval(error, _PLAIN_ROW) for error in errors)
            yield f"| both | {label} | {cells} | ≤ 0.05 | {errors[0].recordings} |"


def _peers(results: Mapping[str, Sequence[Judged]]) -> Iterator[str]:
    yield "\n### Beside other programs, on the same recordings\n"
    yield f"| of | | {' | '.join(results)} |"
    yield "|---" * (len(results) + 2) + "|"
    for row in ROWS:
        figures = [_figure(judged, row) for judged in results.values()]
        if all(figure is None for figure in figures):
            continue
        cells = " | ".join(row.shown(f.value) if f else "–" for f in figures)
        yield f"| {row.section} | {row.label} | {cells} |"


def _groups(
    title: str, judged: Sequence[Judged], section: str, key: Callable[[Judged], str]
) -> Iterator[str]:
    inside = [j for j in judged if j.section == section]
    measures = [pair for pair in _GROUPED if share(inside, pair[0])]
    if not measures:
        return
    yield f"\n### {title}\n"
    yield f"| | {' | '.join(label for _, label in measures)} | recordings |"
    yield "|---" * (len(measures) + 2) + "|"
    for name in sorted({key(j) for j in inside}):
        group = [j for j in inside if key(j) == name]
        figures = [share(group, measure) for measure, _ in measures]
        cells = " | ".join(f"{100 * f.value:.0f}" if f else "–" for f in figures)
        yield f"| {name} | {cells} | {len(group)} |"


def _confidences(judged: Sequence[Judged], name: str) -> Iterator[str]:
    strict, alike = (reliability(judged, anywhere=anywhere) for anywhere in (False, True))
    if not strict:
        return
    yield f"\n### {name}: confidence of joins, and how many were right\n"
    yield "| mean confidence | right | right, anywhere in the right pause | joins |"
    yield "|---|---|---|---|"
    for (sure, right, count), (_, as_good, _) in zip(strict, alike, strict=True):
        yield f"| {sure:.2f} | {right:.2f} | {as_good:.2f} | {count} |"


def _figure(judged: Sequence[Judged], row: Row) -> Figure | None:
    return share([j for j in judged if j.section == row.section], row.measure)


def _with_interval(figure: Figure | None, row: Row) -> str:
    if figure is None:
        return "–"
    return f"{row.shown(figure.value)} ({row.shown(figure.low)}–{row.shown(figure.high)})"


def _condition(judged: Judged) -> str:
    return judged.condition


def _kind(judged: Judged) -> str:
    return judged.kind
