from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given

from model_core.audio.reading import ArraySource
from model_core.audio.render import Renderer
from model_core.edit.types import EditList, Join, Segment
from model_core.export.clips import clips_of
from tests.edit.strategies import SOURCE_LENGTHS, edit_lists
from tests.export.edits import Laid, check_heard

RATE = 1000  # the usual crossfade is 8 samples then


def sources() -> list[ArraySource]:
    random = np.random.default_rng(1)
    return [ArraySource(random.standard_normal(n), RATE) for n in SOURCE_LENGTHS]


@given(edit_lists())
def test_clips_play_the_edit_and_overlap_only_where_the_renderer_fades(edit: EditList) -> None:
    clips = clips_of(edit, SOURCE_LENGTHS, RATE)
    laid = [Laid(c.segment.source, c.start, c.track_start, c.length) for c in clips]
    faded = Renderer(sources(), edit).faded_ranges.tolist()
    check_heard(edit, laid, faded)
    for left, right in pairwise(clips):
        if right.head.crosses:
            overlap = left.track_start + left.length - right.track_start
            assert right.head.fade == left.tail.fade == overlap > 0


@given(edit_lists())
def test_clips_stay_within_their_recordings(edit: EditList) -> None:
    for clip in clips_of(edit, SOURCE_LENGTHS, RATE):
        assert 0 <= clip.start < clip.stop <= SOURCE_LENGTHS[clip.segment.source]
        assert clip.head.fade + clip.tail.fade <= clip.length


def test_crossfades_are_where_the_renderer_has_them() -> None:
    edit = EditList((Segment(0, 0, 40), Segment(0, 60, 100)), (Join(length=11),))
    (_, right) = clips_of(edit, SOURCE_LENGTHS, RATE)
    start = right.track_start
    assert Renderer(sources(), edit).faded_ranges.tolist() == [[start, start + right.head.fade]]
