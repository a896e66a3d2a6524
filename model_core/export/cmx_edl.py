"""CMX3600 edit decision lists (.edl): video frames, cuts only; almost everything reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from model_core.export.frame_events import frame_events
from model_core.export.hand_over import HandOver, Written, frame_notes, gain_notes, one_line

if TYPE_CHECKING:
    from pathlib import Path

RATE_COMMENT: Final = "* EDITORBOT FRAME RATE:"
"""An edit decision list doesn't tell its frame rate; ours do, in a comment."""
_REEL: Final = "AX"
"""The usual reel of material that is a file."""
_MOST_EVENTS: Final = 999
_TITLE_LETTERS: Final = 70


def write_cmx_edl(hand_over: HandOver, _folder: Path) -> Written:
    """Returns an edit as an edit decision list of its sound, in non-drop time code from 0.

    Raises:
        EditError: The edit or its recording is longer than 24 hours.
    """
    rate = hand_over.frame_rate
    events, lost = frame_events(hand_over)
    reels = _reels(hand_over)
    channels = "AA" if hand_over.channels > 1 else "A"
    lines = [
        f"TITLE: {one_line(hand_over.name)[:_TITLE_LETTERS]}",
        "FCM: NON-DROP FRAME",
        "",
    ]
    for number, event in enumerate(events, 1):
        source = event.clip.segment.source
        codes = (event.source_in, event.source_out, event.record_in, event.record_out)
        times = " ".join(map(rate.time_code, codes))
        lines += [
            f"{number:03}  {reels[source]:<8} {channels:<5} C        {times}",
            f"* FROM CLIP NAME: {hand_over.media[source].name}",
        ]
        if number == 1:  # before the first event some programs expect no comment
            lines.append(f"{RATE_COMMENT} {rate.name}")
    notes = [*frame_notes(hand_over), *lost, *gain_notes(hand_over)]
    if any(clip.head.fade for clip in hand_over.clips):
        notes.append("The list holds cuts only: the crossfades are left out.")
    if hand_over.markers:
        notes.append("Chapter marks are left out.")
    if len(events) > _MOST_EVENTS:
        notes.append(f"Some programs read only {_MOST_EVENTS} events; this list has {len(events)}.")
    return Written("\r\n".join([*lines, ""]).encode(), tuple(notes))


def _reels(hand_over: HandOver) -> list[str]:
    """Returns a reel name of at most 8 plain letters and digits for each source."""
    if len(hand_over.media) == 1:
        return [_REEL]
    return [f"{_REEL}{number:03}" for number in range(1, len(hand_over.media) + 1)]
