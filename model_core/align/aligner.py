"""Aligning a recording with a finished edit of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from model_core.align.copies import settle_copies
from model_core.align.descriptors import CELL_S, raw_levels, vectors_of
from model_core.align.pieces import PROBE_S, heard_share, likeness_of, make_pieces, probe_courses
from model_core.align.reading import read_edit
from model_core.align.report import checked_report, foreign_ranges
from model_core.align.seams import refine_seams
from model_core.align.second_look import look_again
from model_core.align.speed import Speed, drift_of, levels_at, search_speed, steps_of
from model_core.align.types import Alignment, AlignSettings
from model_core.align.waveforms import Waveforms
from model_core.edit.operations import normalised
from model_core.edit.pointers import edit_list_to_pointers, hop_samples
from model_core.edit.types import EditList, Gap, Segment
from model_core.errors import AlignmentError
from model_core.progress import no_progress, part_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from model_core.align.descriptors import Vectors
    from model_core.align.pieces import Piece, Probe
    from model_core.align.reading import Course
    from model_core.audio.source import AudioSource
    from model_core.edit.types import Item
    from model_core.progress import CancelToken, Progress

_SHORTEST_S = 0.5
# An edit whose waveform is nowhere the recording's may still be it, at another tempo or through
# heavy effects, if it sounds alike for long. Unrelated talk does so for a second at most.
_LEAST_HEARD = 0.3
_LEAST_ALIKE = 0.7
_LONG_RUN_S = 3.0
_LEAST_LONG = 0.5
_SHORTEST_FOR_SPEED_S = 10.0
_WELL_HEARD = 0.75
_SHORT_PROBE_S = 0.25
_ROUNDS = 3


def align(
    raw: AudioSource,
    edited: AudioSource,
    settings: AlignSettings | None = None,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> Alignment:
    """Finds out how a finished edit is made of its recording.

    Args:
        raw: The recording.
        edited: The finished edit; its rate, channels, level, sound and coding may differ.
        settings: How to align.
        progress: Told the finished share.
        cancel: Looked at several times a second.

    Raises:
        AlignmentError: The two don't belong together, or one of them is silent or too short.
        AudioReadError: One of them can't be read.
        CancelledError: `cancel` was set.
    """
    settings = settings or AlignSettings()
    for source, name in ((raw, "recording"), (edited, "finished edit")):
        if source.duration_s < _SHORTEST_S:
            raise AlignmentError(
                f"The {name} is too short to be aligned ({source.duration_s:.2f} s)."
            )
    whole = raw_levels(raw, part_of(progress, 0.0, 0.2), cancel)
    speed = Speed()
    fit = _fit_at(speed, raw, edited, whole, settings, part_of(progress, 0.2, 0.85), cancel)
    if settings.find_speed:
        speed, fit = _at_own_speed(fit, raw, edited, whole, settings, cancel)
    fit = _looked_at_again(fit, settings, cancel)
    unheard = heard_share(fit.courses, fit.probes) < _LEAST_HEARD
    unheard = (unheard or speed.keeps_pitch) and _sounds_alike(fit.courses, fit.vectors)
    pieces = make_pieces(fit.courses, fit.probes, fit.vectors, fit.waveforms, keep_unheard=unheard)
    pieces = settle_copies(pieces, fit.vectors, fit.waveforms, cancel)
    pieces = refine_seams(pieces, fit.waveforms, part_of(progress, 0.85, 1.0), cancel)
    return _alignment(pieces, fit.waveforms, raw, settings, speed.factor)


@dataclass(frozen=True, slots=True)
class _Fit:
    """What came out at one speed."""

    vectors: tuple[Vectors, Vectors]
    courses: tuple[Course, ...]
    waveforms: Waveforms
    probes: list[list[Probe]]


def _fit_at(
    speed: Speed,
    raw: AudioSource,
    edited: AudioSource,
    whole: Vectors,
    settings: AlignSettings,
    progress: Progress,
    cancel: CancelToken | None,
    *,
    probe_s: float = PROBE_S,
) -> _Fit:
    """Reads an edit at a speed, given the mel spectrogram of the whole recording."""
    vectors = vectors_of(whole, levels_at(edited, speed, part_of(progress, 0.0, 0.3), cancel))
    courses = read_edit(*vectors, settings, part_of(progress, 0.3, 0.9), cancel)
    waveforms = Waveforms(raw, edited, speed.factor)
    probes = probe_courses(courses, waveforms, part_of(progress, 0.9, 1.0), cancel, probe_s=probe_s)
    return _Fit(vectors, courses, waveforms, probes)


def _at_own_speed(
    fit: _Fit,
    raw: AudioSource,
    edited: AudioSource,
    whole: Vectors,
    settings: AlignSettings,
    cancel: CancelToken | None,
) -> tuple[Speed, _Fit]:
    """Returns the speed at which an edit runs, and how it fits at that."""
    speed = Speed()
    as_it_is = fit
    long_enough = edited.duration_s >= _SHORTEST_FOR_SPEED_S
    steps = steps_of(fit.courses)
    found = Speed(1 + steps) if steps else None
    if found is None and long_enough and heard_share(fit.courses, fit.probes) < _WELL_HEARD:
        found = search_speed(whole, edited, no_progress, cancel)
        if found is None:
            return speed, fit
    if found is not None:
        # Short probes bear what speed is still missing; the drift between them tells it.
        speed = found
        fit = _fit_at(
            speed, raw, edited, whole, settings, no_progress, cancel, probe_s=_SHORT_PROBE_S
        )
    for _ in range(_ROUNDS):
        drift = 0.0 if speed.keeps_pitch else drift_of(fit.probes) or steps_of(fit.courses)
        if not drift:
            break
        speed = Speed(speed.factor * (1 + drift))
        fit = _fit_at(speed, raw, edited, whole, settings, no_progress, cancel)
    # Many small cuts look like another speed at first.
    heard, before = (heard_share(one.courses, one.probes) for one in (fit, as_it_is))
    if not speed.keeps_pitch and (heard < before or len(fit.courses) > len(as_it_is.courses)):
        return Speed(), as_it_is
    return speed, fit


def _looked_at_again(fit: _Fit, settings: AlignSettings, cancel: CancelToken | None) -> _Fit:
    """Returns a fit in which doubtful courses were compared with others."""
    better = look_again(fit.courses, fit.probes, fit.vectors, fit.waveforms, settings, cancel)
    return _with_courses(fit, better, cancel)


def _with_courses(fit: _Fit, courses: tuple[Course, ...], cancel: CancelToken | None) -> _Fit:
    if courses == fit.courses:
        return fit
    probes = probe_courses(courses, fit.waveforms, no_progress, cancel)
    return replace(fit, courses=courses, probes=probes)


def _sounds_alike(courses: Sequence[Course], vectors: tuple[Vectors, Vectors]) -> bool:
    """Whether most of an edit goes along with the recording for long, sounding like it."""
    alike = sum(
        course.length
        for course in courses
        if not course.is_foreign
        and course.length * CELL_S >= _LONG_RUN_S
        and likeness_of(course, vectors) >= _LEAST_ALIKE
    )
    return alike > _LEAST_LONG * len(vectors[1])


def _alignment(
    pieces: Sequence[Piece],
    waveforms: Waveforms,
    raw: AudioSource,
    settings: AlignSettings,
    speed: float,
) -> Alignment:
    gaps, foreign = foreign_ranges(pieces, waveforms)
    items: list[tuple[int, Item]] = [(start, Gap(stop - start)) for start, stop in gaps]
    items += [
        (piece.start, Segment(0, piece.start + piece.offset, piece.stop + piece.offset))
        for piece in pieces
    ]
    items.sort(key=lambda item: item[0])
    edit_list = normalised(EditList(tuple(item for _, item in items)))
    report = checked_report(pieces, edit_list, waveforms, settings, speed)
    pointers = edit_list_to_pointers(edit_list, hop_samples(raw.sample_rate), raw.n_samples)
    return Alignment(edit_list, pointers, foreign, speed, report)
