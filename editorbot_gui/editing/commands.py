"""The commands of editing by hand, as functions from a situation to an outcome.

Each raises `EditError` with a sentence where it can't be done. `refusals` says the same beforehand
and cheaply, for menus.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from PySide6.QtCore import QCoreApplication

from editorbot_gui.waveform.edges import Edge
from editorbot_gui.waveform.timecode import format_length
from editorbot_gui.waveform.view_state import Axis, Selection
from model_core.edit import operations as op
from model_core.edit.loops import Loop, loop_at, with_loop
from model_core.edit.timeline import GAP_SOURCE
from model_core.edit.types import EditList, FadeLaw, Join, Segment
from model_core.errors import EditError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from editorbot_gui.editing.situation import Situation

GAIN_STEP_DB = 1.0
NUDGE_S, NUDGE_FAR_S = 0.001, 0.01


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command has made.

    Attributes:
        edit: The new edit.
        words: The step's name in the history.
        select: What is selected afterwards, or None.
        edge: The edge that is chosen afterwards, or None.
        playhead: Where the playhead is put if nothing plays, on the edited timeline; None leaves
            it at its sound.
        merge_key: Steps that follow each other with the same key become one.
    """

    edit: EditList
    words: str
    select: Selection | None = None
    edge: Edge | None = None
    playhead: int | None = None
    merge_key: str = ""


# What can't be done, and why -------------------------------------------------------------------


def refusals(now: Situation) -> dict[str, str]:
    """Returns why each command can't be used, by the name of its action; empty if it can."""
    if not now.raw_length:
        return dict.fromkeys(NAMES, _tr("Open a recording first."))
    ranges = now.ranges()
    nothing = "" if ranges else _nothing_selected(now)
    passage = "" if now.one_range() is not None else _no_passage(now)
    joins = "" if now.joins() else _tr("Put the playhead near a join, or click one of its edges.")
    edge = "" if now.edge is not None else _tr("Click an edge first, or press [ or ].")
    empty = "" if now.timeline.length else _tr("Nothing is left in the edit.")
    marked = "" if now.selection is not None else _tr("Nothing is selected.")
    items = now.items()
    whole = passage or ("" if items is not None else _no_whole_segments())
    first, last = (items.start, items.stop) if items is not None else (0, 0)
    return {
        "split": _refusal_to_split(now),
        "cut": nothing,
        "copy": _nothing_selected(now) if now.selection is None else "",
        "paste": "" if now.clip is not None else _tr("Nothing was cut or copied yet."),
        "delete": nothing,
        "delete_gap": nothing
        or (_tr("It is silent already.") if all(now.is_silent(*each) for each in ranges) else ""),
        "keep_again": "" if now.left_out() else _tr(
            "Select something in the recording that the edit leaves out."
        ),
        "duplicate": passage,
        "repeat": passage,
        "join_back": joins,
        "crossfade": "" if now.edit.joins else _tr("The edit has no joins yet."),
        "move_earlier": whole or ("" if first > 0 else _tr("It comes first already.")),
        "move_later": whole
        or ("" if last < len(now.edit.items) else _tr("It comes last already.")),
        "previous_edge": empty,
        "next_edge": empty,
        "nudge_back": edge,
        "nudge_on": edge,
        "nudge_back_far": edge,
        "nudge_on_far": edge,
        "louder": nothing if now.selection is not None else passage,
        "softer": nothing if now.selection is not None else passage,
        "gain": nothing if now.selection is not None else passage,
        "select_in": "",
        "select_out": "",
        "select_all": "",
        "select_nothing": marked if now.edge is None else "",
        "zoom_selection": marked,
        "snap_zero": "",
        "snap_silence": "",
        "snap_onset": "",
        "snap_beat": "",
        "previous_onset": "",
        "next_onset": "",
    }  # fmt: skip


NAMES = (
    "split", "cut", "copy", "paste", "delete", "delete_gap", "keep_again", "duplicate", "repeat",
    "join_back", "crossfade", "move_earlier", "move_later", "previous_edge", "next_edge",
    "nudge_back", "nudge_on", "nudge_back_far", "nudge_on_far", "louder", "softer", "gain",
    "select_in", "select_out", "select_all", "select_nothing", "zoom_selection",
    "snap_zero", "snap_silence", "snap_onset", "snap_beat", "previous_onset", "next_onset",
)  # fmt: skip
"""The actions of editing by hand."""


def _nothing_selected(now: Situation) -> str:
    if now.selection is None:
        return _tr("Select something first: drag over it, or click a segment.")
    return _tr("Nothing of what is selected is heard in the edit.")


def _no_passage(now: Situation) -> str:
    if now.selection is None:
        return _tr("Put the playhead into a segment, or select something.")
    if not now.ranges():
        return _nothing_selected(now)
    return _tr("What is selected is heard in several pieces; select in the edit instead.")


def _no_whole_segments() -> str:
    return _tr("Select whole segments: click one, or split at both ends first.")


def _refusal_to_split(now: Situation) -> str:
    starts = now.timeline.starts
    places = np.array(_places_to_split(now), np.int64)
    found = starts[np.minimum(np.searchsorted(starts, places), len(starts) - 1)]
    if np.any(found != places):
        return ""
    return _tr("Put the playhead inside a segment, not on its edge.")


def _places_to_split(now: Situation) -> list[int]:
    """Returns both ends of a selection that cuts through segments, else the playhead."""
    if now.selection is not None and now.items() is None:
        ends = [end for each in now.ranges() for end in each]
        if ends:
            return ends
    return [min(now.playhead, now.timeline.length)]


# The commands ----------------------------------------------------------------------------------


def split(now: Situation) -> Outcome:
    """Splits at both ends of the selection, or at the playhead."""
    _check("split", now)
    edit = now.edit
    places = _places_to_split(now)
    for place in reversed(places):
        edit = op.split(edit, place)
    select = now.selection
    if select is not None and select.axis is Axis.EDITED and len(places) == 1:
        inside = select.start < places[0] < select.stop
        select = Selection(Axis.EDITED, places[0], select.stop) if inside else None
    return Outcome(edit, _tr("Split"), select)


def delete(now: Situation, words: str = "") -> Outcome:
    """Takes out what is selected; what comes after moves forward."""
    _check("delete", now)
    chosen = _selection(now)
    start = now.ranges()[0][0]
    if chosen.axis is Axis.RAW:
        edit = op.remove_source_range(now.edit, 0, chosen.start, chosen.stop)
    else:
        edit = op.ripple_delete(now.edit, chosen.start, chosen.stop)
    kept = chosen if chosen.axis is Axis.RAW else None
    return Outcome(edit, words or _tr("Delete"), kept, playhead=start)


def cut(now: Situation) -> Outcome:
    """Takes out what is selected; the editor keeps it for pasting."""
    return delete(now, _tr("Cut out"))


def delete_leaving_gap(now: Situation) -> Outcome:
    """Silences what is selected; everything else stays where it is."""
    _check("delete_gap", now)
    edit = now.edit
    for start, stop in reversed(now.ranges()):
        edit = op.delete_leaving_gap(edit, start, stop)
    return Outcome(edit, _tr("Delete, leaving a gap"), now.selection)


def copied(now: Situation) -> EditList:
    """Returns what is selected, to be pasted."""
    _check("copy", now)
    chosen = _selection(now)
    if chosen.axis is Axis.RAW:
        return EditList.from_ranges([(chosen.start, chosen.stop)])
    return op.slice_range(now.edit, chosen.start, chosen.stop)


def paste(now: Situation) -> Outcome:
    """Puts what was cut or copied in at the playhead."""
    if now.clip is None:
        raise EditError(_tr("Nothing was cut or copied yet."))
    start = min(now.playhead, now.timeline.length)
    stop = start + now.clip.length
    edit = op.insert(now.edit, start, now.clip)
    return Outcome(edit, _tr("Paste"), Selection(Axis.EDITED, start, stop), playhead=stop)


def keep_again(now: Situation) -> Outcome:
    """Puts back what the edit leaves out of a selection of the recording."""
    _check("keep_again", now)
    chosen = _selection(now)
    edit = op.restore_source_range(now.edit, 0, chosen.start, chosen.stop)
    return Outcome(edit, _tr("Keep again"), chosen)


def repeat(now: Situation, times: int) -> Outcome:
    """Has the passage heard several times in all."""
    start, stop = _passage(now)
    edit = op.repeat(now.edit, start, stop, times)
    select = Selection(Axis.EDITED, start, start + times * (stop - start))
    return Outcome(edit, _tr("Repeat ×{times}").format(times=times), select)


def duplicate(now: Situation) -> Outcome:
    """Adds another pass of the passage, and selects it."""
    start, stop = _passage(now)
    edit = op.repeat(now.edit, start, stop, 2)
    return Outcome(edit, _tr("Duplicate"), Selection(Axis.EDITED, stop, 2 * stop - start))


def join_back(now: Situation) -> Outcome:
    """Undoes what happens at the joins that are meant."""
    _check("join_back", now)
    edit, refused = now.edit, None
    for join in reversed(now.joins()):
        if join >= len(edit.joins):  # it went together with a later one
            continue
        try:
            edit = op.join_back(edit, join)
        except EditError as error:
            refused = error
    if edit == now.edit and refused is not None:
        raise refused
    return Outcome(edit, _tr("Join back"))


def move(now: Situation, *, later: bool) -> Outcome:
    """Moves whole segments past the one beside them."""
    _check("move_later" if later else "move_earlier", now)
    items = now.items()
    if items is None:
        raise EditError(_no_whole_segments())
    to_index = items.start + (1 if later else -1)
    edit = op.move_items(now.edit, items.start, items.stop, to_index)
    start = sum(item.length for item in edit.items[:to_index])
    stop = start + sum(item.length for item in edit.items[to_index : to_index + len(items)])
    words = _tr("Move later") if later else _tr("Move earlier")
    offset = now.playhead - now.bounds(items.start, items.stop)[0]
    inside = 0 <= offset < stop - start
    playhead = start + offset if inside else None
    return Outcome(edit, words, Selection(Axis.EDITED, start, stop), playhead=playhead)


def nudge(now: Situation, seconds: float) -> Outcome:
    """Moves the chosen edge through the recording, as far as it goes; what follows moves along."""
    if now.edge is None:
        raise EditError(_tr("Click an edge first, or press [ or ]."))
    delta = round(seconds * now.sample_rate) or (1 if seconds > 0 else -1)
    wanted = now.edge.source_position(now.timeline) + delta
    edit = trimmed(now, now.edge, wanted)
    key = f"nudge {now.edge.item} {now.edge.at_end}"
    return Outcome(edit, _tr("Nudge"), edge=now.edge, merge_key=key)


def trimmed(now: Situation, edge: Edge, wanted: int) -> EditList:
    """Returns the edit with an edge at another place of the recording, as near as it can go.

    Args:
        now: The situation.
        edge: The edge.
        wanted: The sample of the recording that it should be at.
    """
    low, high = edge.limits(now.timeline, now.raw_length)
    place = min(max(wanted, low), high)
    trim = op.trim_end if edge.at_end else op.trim_start
    return trim(now.edit, edge.item, place, now.raw_length)


def drag(now: Situation, edge: Edge, wanted: int) -> Outcome:
    """Moves an edge to a place of the recording, as the end of a drag."""
    return Outcome(trimmed(now, edge, wanted), _tr("Drag an edge"), edge=edge)


def slide_loop(now: Situation, edge: Edge, delta: int) -> EditList:
    """Returns the edit with both ends of a loop moved, so that it stays as long as it is.

    Args:
        now: The situation.
        edge: One of its ends.
        delta: By how many samples of the recording; it goes as far as it can.
    """
    loop = _loop(now, edge)
    moved = loop.slid(delta, now.raw_length)
    return with_loop(now.edit, loop, loop.start + moved, loop.stop + moved, now.raw_length)


def stretch_loop(now: Situation, edge: Edge, place: int, beats: Sequence[int] = ()) -> EditList:
    """Returns the edit with one end of a loop elsewhere, in all its passes.

    Args:
        now: The situation.
        edge: The end: of the segment before the jump back, or the start of the one after it.
        place: The sample of the recording that it should be at; it goes as near as it can.
        beats: The beats of the recording: the loop is whole beats long then, as it is played.
    """
    loop = _loop(now, edge)
    place = in_time(loop, place, beats, at_end=edge.at_end)
    if edge.at_end:
        stop = min(max(place, loop.least_stop, loop.start + 1), now.raw_length)
        return with_loop(now.edit, loop, loop.start, stop, now.raw_length)
    start = max(0, min(place, loop.most_start, loop.stop - 1))
    return with_loop(now.edit, loop, start, loop.stop, now.raw_length)


def in_time(loop: Loop, place: int, beats: Sequence[int], *, at_end: bool) -> int:
    """Returns the place nearest to another one at which a loop is whole beats long.

    Args:
        loop: The loop.
        place: Where one of its ends should be, in samples of the recording.
        beats: The beats of the recording, in order; without two of them the place stays.
        at_end: Whether it is the end that moves.
    """
    if len(beats) < 2:
        return place
    here = np.asarray(beats, np.int64)
    fixed = loop.start if at_end else loop.stop
    near = here[(here >= min(fixed, place)) & (here <= max(fixed, place))]
    # The beat of the passage; where it holds less than two beats, that of the recording.
    beat = float(np.median(np.diff(near))) if len(near) > 2 else float(np.median(np.diff(here)))
    n_beats = max(1, round(abs(place - fixed) / beat))
    return fixed + round(n_beats * beat) * (1 if at_end else -1)


def is_loop(now: Situation, edge: Edge) -> bool:
    """Whether an edge is an end of a loop."""
    return loop_at(now.edit, edge.join) is not None


def _loop(now: Situation, edge: Edge) -> Loop:
    loop = loop_at(now.edit, edge.join)
    if loop is None:
        raise EditError(_tr("This edge is no end of a loop."))
    return loop


def reset_edge(now: Situation, edge: Edge, proposed: EditList | None) -> Outcome:
    """Puts an edge back to where the proposal has it; of a loop, both ends in all passes.

    Args:
        now: The situation.
        edge: The edge.
        proposed: The proposed edit, or None.
    """
    if proposed is None:
        raise EditError(_tr("This edit was not proposed: there is nothing to go back to."))
    words = _tr("Reset an edge")
    loop = loop_at(now.edit, edge.join)
    if loop is not None:
        known = _most_alike(
            [each for join in range(len(proposed.joins)) if (each := loop_at(proposed, join))],
            loop.start, loop.stop,
        )  # fmt: skip
        if known is not None:
            edit = with_loop(now.edit, loop, known.start, known.stop, now.raw_length)
            return Outcome(edit, words, edge=edge)
    segment = now.edit.items[edge.item]
    if not isinstance(segment, Segment):
        raise EditError(_tr("Silence has no edges."))
    here = [each for each in proposed.segments if each.source == segment.source]
    before = _most_alike(here, segment.start, segment.stop)
    if before is None:
        raise EditError(_tr("The proposal leaves this passage out: there is no edge of it."))
    return Outcome(
        trimmed(now, edge, before.stop if edge.at_end else before.start), words, edge=edge
    )


_Stretch = TypeVar("_Stretch", Loop, Segment)


def _most_alike(known: Sequence[_Stretch], start: int, stop: int) -> _Stretch | None:
    """Returns the stretch that has most in common with another one, or None if none has any."""

    def common(one: _Stretch) -> int:
        return min(one.stop, stop) - max(one.start, start)

    best = max(known, key=common, default=None)
    return best if best is not None and common(best) > 0 else None


def drop(now: Situation, items: range, before: int) -> Outcome:
    """Moves whole segments to another place among the others.

    Args:
        now: The situation.
        items: What is moved.
        before: Index of the item that they come before, counted as they lie now.
    """
    to_index = before - len(items) if before > items.start else before
    edit = op.move_items(now.edit, items.start, items.stop, to_index)
    start = sum(item.length for item in edit.items[:to_index])
    stop = start + sum(item.length for item in edit.items[to_index : to_index + len(items)])
    words = _tr("Move a segment") if len(items) == 1 else _tr("Move segments")
    return Outcome(edit, words, Selection(Axis.EDITED, start, stop), playhead=start)


def change_gain(now: Situation, gain_db: float) -> Outcome:
    """Makes what is selected, or the segment at the playhead, louder or softer."""
    _check("gain", now)
    ranges = now.ranges() if now.selection is not None else [_passage(now)]
    edit = now.edit
    for start, stop in ranges:
        edit = op.add_gain(edit, start, stop, gain_db)
    key = f"gain {ranges[0][0]} {ranges[-1][1]}"
    return Outcome(edit, _tr("Gain"), now.selection, merge_key=key)


def set_crossfade(now: Situation, law: FadeLaw, length: int | None, *, everywhere: bool) -> Outcome:
    """Gives the joins that are meant, or all, another crossfade.

    Args:
        now: The situation.
        law: How its sides are weighted.
        length: In samples; None for the program's choice.
        everywhere: Whether all joins are meant.
    """
    joins = range(len(now.edit.joins)) if everywhere else now.joins()
    if not joins:
        raise EditError(_tr("Put the playhead near a join, or click one of its edges."))
    chosen = set(joins)
    edit = EditList(
        now.edit.items,
        tuple(
            Join(law, length) if index in chosen else join
            for index, join in enumerate(now.edit.joins)
        ),
    )
    return Outcome(edit, _tr("Crossfade"), now.selection, now.edge)


def edge_beside(now: Situation, *, later: bool) -> Edge | None:
    """Returns the edge after or before the chosen one, else after or before the playhead."""
    timeline = now.timeline
    segments = np.flatnonzero(timeline.sources != GAP_SOURCE)
    # Start and end of each segment in turn; where two meet, the end of the one comes first.
    positions = np.stack((timeline.starts[segments], timeline.starts[segments + 1]), 1).reshape(-1)
    chosen = now.edge
    if chosen is not None and timeline.sources[chosen.item] != GAP_SOURCE:
        index = 2 * int(np.searchsorted(segments, chosen.item)) + chosen.at_end
        index += 1 if later else -1
    elif later:
        index = int(np.searchsorted(positions, now.playhead, side="left"))
    else:
        index = int(np.searchsorted(positions, now.playhead, side="right")) - 1
    if not 0 <= index < len(positions):
        return None
    return Edge(int(segments[index // 2]), at_end=bool(index % 2))


def length_after_repeat(now: Situation, times: int) -> str:
    """Returns how long the edit would be with the passage heard so often, in words."""
    start, stop = _passage(now)
    return format_length(now.timeline.length + (times - 1) * (stop - start), now.sample_rate)


PLAIN: dict[str, Callable[[Situation], Outcome]] = {
    "split": split,
    "delete": delete,
    "delete_gap": delete_leaving_gap,
    "cut": cut,
    "paste": paste,
    "keep_again": keep_again,
    "duplicate": duplicate,
    "join_back": join_back,
    "move_earlier": lambda now: move(now, later=False),
    "move_later": lambda now: move(now, later=True),
    "nudge_back": lambda now: nudge(now, -NUDGE_S),
    "nudge_on": lambda now: nudge(now, NUDGE_S),
    "nudge_back_far": lambda now: nudge(now, -NUDGE_FAR_S),
    "nudge_on_far": lambda now: nudge(now, NUDGE_FAR_S),
    "louder": lambda now: change_gain(now, GAIN_STEP_DB),
    "softer": lambda now: change_gain(now, -GAIN_STEP_DB),
}
"""The commands that need nothing but the situation, by the names of their actions."""


def _check(name: str, now: Situation) -> None:
    refusal = refusals(now)[name]
    if refusal:
        raise EditError(refusal)


def _selection(now: Situation) -> Selection:
    if now.selection is None:
        raise EditError(_nothing_selected(now))
    return now.selection


def _passage(now: Situation) -> tuple[int, int]:
    passage = now.one_range()
    if passage is None:
        raise EditError(_no_passage(now))
    return passage


def _tr(text: str) -> str:
    return QCoreApplication.translate("Editing", text)
