from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.quality_material import RATE_HZ, IntArray
from benchmarks.quality_measures import (
    Edit,
    Judged,
    common_length,
    joined,
    judge,
    judge_take,
    matches,
    sounding,
)
from benchmarks.quality_report import report
from benchmarks.quality_speech import Recording
from benchmarks.quality_statistics import (
    calibration,
    calibration_error,
    difference,
    reliability,
    share,
)
from benchmarks.quality_tape import Kind, Mark, Played, Style, Truth, Twins, covered, union, without


def ranges(*pairs: tuple[float, float]) -> IntArray:
    return np.round(np.array(pairs, np.float64).reshape(-1, 2) * RATE_HZ).astype(np.int64)


def mark(kind: Kind, start_s: float, stop_s: float) -> Mark:
    return Mark(kind, round(start_s * RATE_HZ), round(stop_s * RATE_HZ))


# Wanted 1-3 s, silence, wanted 6-8 s, a false start 8.5-9.5 s, wanted 10-12 s.
TRUTH = Truth(
    n_samples=13 * RATE_HZ,
    kept=ranges((0.5, 3.25), (5.75, 8.25), (9.75, 12.5)),
    wanted=ranges((1, 3), (6, 8), (10, 12)),
    unwanted=(mark(Kind.FALSE_START, 8.5, 9.5),),
    silences=ranges((3, 6)),
    style=Style(0.5, 0.5),
)


def recording(truth: Truth, section: str = "speech") -> Recording:
    samples = np.zeros(truth.n_samples, np.float32)
    return Recording("one", section, "somebody", "speech", "clean", samples, truth)


def shares(edit: IntArray, truth: Truth = TRUTH, section: str = "speech") -> dict[str, float]:
    counts = judge(recording(truth, section), Edit(edit)).counts
    return {name: part / whole for name, (part, whole) in counts.items() if whole}


def test_ranges_are_joined_counted_and_taken_apart() -> None:
    some = np.array([(5, 9), (0, 3), (2, 6)], np.int64)
    assert union(some).tolist() == [[0, 9]]
    assert covered(some, 2, 7) == 5
    assert without(np.array([(0, 9)], np.int64), 3, 5).tolist() == [[0, 3], [5, 9]]
    assert joined(np.array([(0, 3), (3, 5), (4, 6)], np.int64)).tolist() == [[0, 5], [4, 6]]


def test_an_edit_that_keeps_everything() -> None:
    found = shares(ranges((0, 13)))
    assert found["wanted kept"] == 1
    assert found["edges kept"] == 1
    assert found["false starts gone"] == 0
    assert found["silence gone"] == 0
    assert found["pauses right"] == 0
    assert found["joins F1"] == 0
    assert found["true edit reproduced"] == pytest.approx(1.0, abs=0.01)
    assert found["of the edit, true"] == pytest.approx(8 / 13, abs=0.01)


def test_phrases_that_are_clipped_lose_their_edges() -> None:
    found = shares(ranges((0.5, 2.95), (6.05, 8.25), (9.75, 12.5)))
    assert found["wanted kept"] == pytest.approx(5.9 / 6, abs=1e-4)
    assert found["edges kept"] == pytest.approx(1 - 0.1 / 0.6, abs=0.001)


@pytest.mark.parametrize(("left_s", "right"), [(0.37, 0), (0.39, 1), (0.61, 1), (0.64, 0)])
def test_a_pause_is_right_within_a_quarter_of_the_styles(left_s: float, right: float) -> None:
    found = shares(ranges((0.5, 3 + left_s), (6, 8.25), (9.75, 12.5)))
    assert found["pauses right"] == right


def test_joins_are_matched_within_a_tenth_of_a_second_and_once() -> None:
    true = ranges((3, 6), (8, 10))
    assert matches(true, ranges((3.09, 6.09))) == 1
    assert matches(true, ranges((3.09, 6.11))) == 0
    assert matches(true, ranges((3.05, 6.0), (3.0, 6.0))) == 1
    # The nearest pairs first: both are found.
    assert matches(ranges((3, 6), (3.1, 6.1)), ranges((3.1, 6.1), (3.18, 6.18))) == 1
    assert matches(ranges((3, 6), (3.1, 6.1)), ranges((3.0, 6.0), (3.18, 6.18))) == 2


def test_the_place_within_a_pause_can_be_left_out_of_account() -> None:
    # The same length of pause stays, but all of it before the next phrase.
    found = shares(ranges((0.5, 3.0), (5.5, 8.25), (9.75, 12.5)))
    assert found["joins F1"] == pytest.approx(0.5)
    assert found["joins but for silence F1"] == 1
    # A part of the false start stays: that is no matter of silence.
    found = shares(ranges((0.5, 3.25), (5.75, 8.25), (9.2, 12.5)))
    assert found["joins but for silence F1"] == pytest.approx(0.5)


def test_sound_before_a_place() -> None:
    places = ranges((0, 1), (2, 4), (8.2, 9), (11, 13))
    heard = sounding(TRUTH, places) / RATE_HZ
    assert heard.tolist() == [[0, 0], [1, 2], [4, 4.5], [6, 7]]


def test_the_longest_common_sequence() -> None:
    def numbers(*values: int) -> IntArray:
        return np.array(values, np.int64)

    assert common_length(numbers(0, 10, 20, 30), numbers(0, 20, 30)) == 3
    assert common_length(numbers(0, 10, 20, 30), numbers(30, 0, 10)) == 2
    assert common_length(numbers(0, 10, 0, 10), numbers(0, 10, 0, 10)) == 4
    assert common_length(numbers(5), numbers(6)) == 1
    assert common_length(numbers(5), numbers(7)) == 0


def test_of_two_copies_either_may_go() -> None:
    truth = Truth(
        n_samples=10 * RATE_HZ,
        kept=ranges((0, 2), (4, 10)),
        wanted=ranges((0, 2), (4, 10)),
        unwanted=(mark(Kind.EXTRA_PASSAGE, 2, 4),),
        twins=(Twins(2 * RATE_HZ, 4 * RATE_HZ, 6 * RATE_HZ),),
    )
    for edit in (ranges((0, 2), (4, 10)), ranges((0, 4), (6, 10))):
        found = shares(edit, truth)
        assert found["wanted kept"] == 1
        assert found["extra passages gone"] == 1
        assert found["joins F1"] == 1
    assert shares(ranges((0, 10)), truth)["extra passages gone"] == 0
    assert shares(ranges((0, 2), (6, 10)), truth)["wanted kept"] == pytest.approx(6 / 8)


def test_music_joins_are_judged_where_the_piece_goes_on() -> None:
    beat = 0.5 * RATE_HZ
    # Bars 0-4 s, from 4 s on a take that fails at 6 s; at 8 s the piece goes on from there.
    truth = Truth(
        n_samples=14 * RATE_HZ,
        kept=ranges((0, 4), (8, 14)),
        wanted=ranges((0, 4), (8, 14)),
        unwanted=(mark(Kind.WRONG_BARS, 4, 6),),
        played=(
            Played(0, 4 * RATE_HZ, 0),
            Played(4 * RATE_HZ, 6 * RATE_HZ, 4 * RATE_HZ),
            Played(8 * RATE_HZ, 14 * RATE_HZ, 4 * RATE_HZ),
        ),
        beat_samples=beat,
    )

    def found(leaving: float, landing: float) -> tuple[float, float]:
        got = shares(ranges((0, leaving), (landing, 14)), truth)
        return got["joins land within 20 ms"], got["joins on the beat"]

    assert found(4, 8) == (1, 1)
    assert found(5.0, 9.015) == (1, 1)  # as good: the failed take was right that far
    assert found(3.9, 7.9) == (1, 1)  # the join waits 0.1 s for the first note
    assert found(4, 8.5) == (0, 1)  # a beat is lost
    assert found(4, 8.3) == (0, 0)
    assert found(5, 7) == (0, 0)  # the music has a hole


def test_nothing_should_be_cut_from_a_finished_edit() -> None:
    found = shares(ranges((0, 12.35), (13, 13)), TRUTH, "finished speech")
    assert found == {"cut": pytest.approx(0.65 / 13, abs=1e-4)}


def test_music_to_be_extended() -> None:
    truth = replace(TRUTH, beat_samples=0.5 * RATE_HZ)
    longer = replace(recording(truth, "extended music"), target_s=19.5)
    looped = judge(longer, Edit(ranges((0, 8), (2, 13)))).counts
    assert looped["length reached"] == (1, 1)
    assert looped["joins on the beat"] == (1, 1)
    off = judge(longer, Edit(ranges((0, 8), (4.2, 13)))).counts
    assert off["length reached"] == (0, 1)
    assert off["joins on the beat"] == (0, 1)


def test_real_takes_are_judged_by_where_speech_is() -> None:
    rng = np.random.default_rng(0)
    samples = 1e-3 * rng.standard_normal(10 * RATE_HZ)
    tone = 0.2 * np.sin(2 * np.pi * 300 * np.arange(2 * RATE_HZ) / RATE_HZ)
    samples[RATE_HZ : 3 * RATE_HZ] += tone
    samples[7 * RATE_HZ : 9 * RATE_HZ] += tone
    found = judge_take("kerstin", samples.astype(np.float32), Edit(ranges((0.5, 3.5), (6.8, 10))))
    assert found.counts["speech kept"] == (pytest.approx(found.counts["speech kept"][1]),) * 2
    gone, long = found.counts["silences over 1 s gone"]
    assert (gone, long) == (1, 1)
    left_s, _ = found.counts["seconds left of each"]
    assert left_s == pytest.approx(0.57, abs=0.05)


def judged(name: str, part: float, whole: float, *joins: tuple[float, bool, bool]) -> Judged:
    return Judged(name, "speech", "a", "b", "clean", {"wanted kept": (part, whole)}, list(joins))


def test_shares_are_of_sums_with_an_interval_over_recordings() -> None:
    figure = share([judged("a", 10, 10), judged("b", 45, 90)], "wanted kept")
    assert figure is not None
    assert figure.value == pytest.approx(0.55)
    assert figure.low == pytest.approx(0.5)
    assert figure.high == pytest.approx(1.0)
    assert figure.recordings == 2
    assert share([judged("a", 0, 0)], "wanted kept") is None
    assert share([], "wanted kept") is None


def test_differences_are_of_recordings_in_pairs() -> None:
    names = [(str(i), 10.0 * (1 + i % 7)) for i in range(60)]
    before = [judged(name, whole * (i % 5) / 5, whole) for i, (name, whole) in enumerate(names)]
    after = [judged(name, whole * (i % 5 + 1) / 5, whole) for i, (name, whole) in enumerate(names)]
    rise = difference(before, after, "wanted kept")
    assert rise is not None
    # Every recording gains a fifth, however much they differ from one another.
    assert (rise.value, rise.low, rise.high) == (pytest.approx(0.2),) * 3
    assert rise.recordings == 60
    alone, same = share(before, "wanted kept"), difference(before, before, "wanted kept")
    assert alone is not None
    assert same is not None
    assert alone.high - alone.low > 0.1
    assert (same.value, same.low, same.high) == (0, 0, 0)
    assert difference(before, after, "joins F1") is None
    assert difference([judged("a", 0, 0)], [judged("a", 0, 0)], "wanted kept") is None


def test_the_interval_has_the_width_that_theory_gives() -> None:
    rng = np.random.default_rng(1)
    many = [judged(str(i), float(rng.random() < 0.3), 1) for i in range(400)]
    figure = share(many, "wanted kept")
    assert figure is not None
    expected = 2 * 1.96 * np.sqrt(figure.value * (1 - figure.value) / 400)
    assert figure.high - figure.low == pytest.approx(expected, rel=0.1)


def test_the_calibration_error() -> None:
    honest = [(0.25, index % 4 == 0) for index in range(40)]
    honest += [(0.75, index % 4 != 0) for index in range(40)]
    boastful = [(0.9, index % 2 == 0) for index in range(100)]
    assert calibration_error(honest) == pytest.approx(0, abs=1e-12)
    assert calibration_error([(1.0, True)] * 20 + [(0.0, False)] * 20) == 0
    assert calibration_error(boastful) == pytest.approx(0.4)
    assert np.isnan(calibration_error([]))


def test_calibration_looks_at_either_kind_of_right() -> None:
    group = [judged("a", 1, 1, (1.0, False, True), (1.0, False, True))]
    strict, lenient = (calibration(group, anywhere=anywhere) for anywhere in (False, True))
    assert strict is not None
    assert lenient is not None
    assert strict.value == 1
    assert lenient.value == 0
    assert reliability(group, anywhere=True) == [(1.0, 1.0, 1), (1.0, 1.0, 1)]


def test_the_report_has_a_line_for_what_was_measured_and_none_for_the_rest() -> None:
    results = {
        "EditorBot": [judged("a", 9, 10, (0.9, True, True))],
        "another": [judged("a", 5, 10)],
    }
    text = "\n".join(report(results, ["EditorBot"]))
    assert "| speech | wanted speech kept | 90.0 (90.0–90.0) | ≥ 99 | 1 |" in text
    assert "| speech | wanted speech kept | 90.0 | 50.0 |" in text
    assert "knocks" not in text
    assert "| clean | 90 | 1 |" in text
