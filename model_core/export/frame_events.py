"""An edit on a clock of video frames: cuts are rounded where they lie, so errors never add up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from model_core.export.clips import Clip
    from model_core.export.hand_over import HandOver


@dataclass(frozen=True, slots=True)
class FrameEvent:
    """A segment in frames; ends are exclusive.

    Attributes:
        clip: The segment.
        source_in: Its first frame in the recording.
        source_out: Its end there.
        record_in: Its first frame in the edit.
        record_out: Its end there.
    """

    clip: Clip
    source_in: int
    source_out: int
    record_in: int
    record_out: int


def frame_events(hand_over: HandOver) -> tuple[tuple[FrameEvent, ...], tuple[str, ...]]:
    """Returns the segments of an edit in frames, and notes about those that had to be left out."""
    rate, sample_rate = hand_over.frame_rate, hand_over.sample_rate
    events: list[FrameEvent] = []
    n_lost = 0
    for clip in hand_over.clips:
        segment = clip.segment
        record_in = rate.frames(clip.at, sample_rate)
        record_out = rate.frames(clip.at + segment.length, sample_rate)
        if record_in == record_out:
            n_lost += 1
            continue
        source_in = rate.frames(segment.start, sample_rate)
        # What goes on in the recording must go on in frames, too: no frame twice, none missing.
        if events and segment.continues(events[-1].clip.segment):
            source_in = events[-1].source_out
        source_out = source_in + record_out - record_in
        events.append(FrameEvent(clip, source_in, source_out, record_in, record_out))
    if not n_lost:
        return tuple(events), ()
    what = "1 segment is" if n_lost == 1 else f"{n_lost} segments are"
    return tuple(events), (f"{what} shorter than half a frame and left out.",)
