from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_core.audio.joins import Allowed, refine_joins
from model_core.audio.reading import ArraySource, open_audio
from model_core.edit.types import EditList, FadeLaw, Gap, Join, Segment
from model_core.errors import CancelledError, EditError
from model_core.progress import CancelToken
from tests.audio.sounds import integers, noise

RATE = 22050
HOP = 256
BAR_S = 1.92
HITS_S = (0.0, 0.31, 0.48, 0.96, 1.13, 1.44, 1.6)


def band(
    n_bars: int, rate: int = RATE, seed: int = 0, *, anew: bool = False
) -> npt.NDArray[np.float32]:
    """A repeated bar of hits and chords over hiss; played anew, every hit is another noise."""
    rng = np.random.default_rng(seed)
    bar = round(BAR_S * rate)
    out = 0.003 * rng.standard_normal(n_bars * bar + rate)
    length = round(0.12 * rate)
    decay = np.exp(-np.arange(length) / (0.02 * rate))
    hits = [rng.standard_normal(length) * decay for _ in HITS_S]
    t = np.arange(bar) / rate
    for index in range(n_bars):
        start = index * bar
        pitch_hz = 110 * 2 ** (rng.integers(0, 12) / 12)
        out[start : start + bar] += 0.05 * np.sin(2 * np.pi * pitch_hz * t) * np.exp(-t)
        for at_s, hit in zip(HITS_S, hits, strict=True):
            at = start + round(at_s * rate)
            blow = rng.standard_normal(length) * decay if anew else hit
            out[at : at + length] += 0.2 * blow
    return out.astype(np.float32)


def speech_like(seconds: float, rate: int = RATE, seed: int = 0) -> npt.NDArray[np.float32]:
    """Syllables of buzz and hiss of every length and pitch, and pauses."""
    rng = np.random.default_rng(seed)
    out = [np.zeros(1)]
    while sum(map(len, out)) < seconds * rate:
        n = round(rng.uniform(0.06, 0.3) * rate)
        pitch_hz = rng.uniform(90, 220) * (1 + 0.1 * np.linspace(0, rng.uniform(-1, 1), n))
        buzz = np.sin(np.cumsum(2 * np.pi * pitch_hz / rate)[:, None] * np.arange(1, 20)).sum(
            axis=1
        )
        mix = rng.uniform(0, 1)
        syllable = 0.02 * mix * buzz + 0.05 * (1 - mix) * rng.standard_normal(n)
        out.append(syllable * np.hanning(n))
        out.append(np.zeros(round(rng.choice([0.01, 0.05, 0.4]) * rate)))
    samples = np.concatenate(out)[: round(seconds * rate)]
    return (samples + 1e-4 * rng.standard_normal(samples.size)).astype(np.float32)


def jump(edit: EditList, index: int = 0) -> int:
    left, right = edit.items[index], edit.items[index + 1]
    assert isinstance(left, Segment)
    assert isinstance(right, Segment)
    return right.start - left.stop


@pytest.mark.parametrize("wrong_ms", [-300, -170, -60, -9, 8, 45, 130, 220, 300])
@pytest.mark.parametrize("bars", [2, -2])
@pytest.mark.parametrize("anew", [False, True])
def test_jumps_in_music_come_back_into_time(wrong_ms: int, bars: int, anew: bool) -> None:
    samples = band(12, seed=abs(wrong_ms), anew=anew)
    bar = round(BAR_S * RATE)
    leaving = round(5.37 * bar)
    landing = leaving + bars * bar + round(wrong_ms / 1000 * RATE)
    edit = EditList.from_ranges([(1000, leaving), (landing, landing + 3 * bar)])
    refined = refine_joins(edit, ArraySource(samples, RATE))
    assert abs(jump(refined) - bars * bar) / RATE < 0.005


@pytest.mark.parametrize("rate", [8000, 44100, 96000])
def test_every_rate_is_brought_into_time(rate: int) -> None:
    samples = band(7, rate)
    bar = round(BAR_S * rate)
    edit = EditList.from_ranges([(0, 3 * bar), (5 * bar + rate // 5, 7 * bar)])
    stereo = integers(np.stack([samples, 0.5 * samples], axis=1).astype(np.float64), 24)
    refined = refine_joins(edit, ArraySource(stereo, rate, 24))
    assert abs(jump(refined) - 2 * bar) / rate < 0.005


@pytest.mark.parametrize("side", ["before", "after"])
def test_one_side_that_matches_is_enough(side: str) -> None:
    """A take broken off, talk, the take again: only what follows, or precedes, is alike."""
    bar = round(BAR_S * RATE)
    samples = band(12, seed=3)
    talk = speech_like(3 * BAR_S, seed=4)
    leaving, landing = 4 * bar, 8 * bar
    if side == "after":
        samples[landing - len(talk) : landing] = talk
    else:
        samples[landing : landing + len(talk)] = talk
    wrong = landing + round(0.12 * RATE)
    edit = EditList.from_ranges([(0, leaving), (wrong, 12 * bar)])
    refined = refine_joins(edit, ArraySource(samples, RATE))
    assert abs(jump(refined) - 4 * bar) / RATE < 0.005


def test_two_sources_are_brought_into_time() -> None:
    bar = round(BAR_S * RATE)
    one, other = ArraySource(band(8, seed=1), RATE), ArraySource(band(8, seed=1), RATE)
    edit = EditList((Segment(0, 0, 3 * bar), Segment(1, 3 * bar - 3000, 8 * bar)))
    refined = refine_joins(edit, (one, other))
    assert abs(jump(refined)) / RATE < 0.005


@pytest.mark.parametrize(("material", "mistaken"), [("noise", 0), ("speech", 2)])
def test_unrelated_material_moves_by_about_a_hop_at_most(material: str, mistaken: int) -> None:
    samples = noise(40 * RATE, seed=2)[:, 0] if material == "noise" else speech_like(40)
    source = ArraySource(samples, RATE)
    rng = np.random.default_rng(5)
    moved = []
    for _ in range(60):
        leaving, landing = (int(place) for place in rng.integers(3 * RATE, 37 * RATE, 2))
        edit = EditList.from_ranges([(leaving - RATE, leaving), (landing, landing + RATE)])
        first, second = refine_joins(edit, source).segments
        moved.append(max(abs(first.stop - leaving), abs(second.start - landing)))
    assert np.count_nonzero(np.array(moved) > HOP) <= mistaken


def test_short_cuts_move_by_about_a_hop_at_most() -> None:
    source = ArraySource(band(6), RATE)
    for skipped in (1, 50, 500, 2500):
        edit = EditList.from_ranges([(0, 3 * RATE), (3 * RATE + skipped, 6 * RATE)])
        refined = refine_joins(edit, source)
        assert abs(jump(refined) - skipped) <= min(HOP, skipped // 2)
        assert abs(refined.segments[0].stop - 3 * RATE) <= HOP


def test_the_waveforms_fit_better_than_before() -> None:
    t = np.arange(20 * RATE) / RATE
    glide_hz = 120 + 20 * np.sin(2 * np.pi * 0.3 * t)
    phase = np.cumsum(2 * np.pi * glide_hz / RATE)
    voice = 0.1 * sum(np.sin(k * phase) / k for k in range(1, 12))
    source = ArraySource(np.asarray(voice), RATE)
    rng = np.random.default_rng(0)
    before, after = [], []
    for _ in range(30):
        leaving, landing = (int(place) for place in rng.integers(2 * RATE, 18 * RATE, 2))
        edit = EditList.from_ranges([(leaving - RATE, leaving), (landing, landing + RATE)])
        for mismatch, each in ((before, edit), (after, refine_joins(edit, source))):
            first, second = each.segments
            near = np.arange(-80, 80)
            mismatch.append(np.mean((voice[first.stop + near] - voice[second.start + near]) ** 2))
    assert np.mean(after) < 0.25 * np.mean(before)


def test_a_cut_between_two_sounds_lands_in_the_quiet() -> None:
    samples = np.zeros(4 * RATE)
    samples[RATE : RATE + 120] = 0.5 * np.sin(np.arange(120))
    samples[3 * RATE - 110 : 3 * RATE] = 0.5 * np.cos(np.arange(110))
    edit = EditList.from_ranges([(0, RATE + 60), (3 * RATE - 50, 4 * RATE)])
    first, second = refine_joins(edit, ArraySource(samples, RATE)).segments
    assert not samples[first.stop] or not samples[second.start]


def test_ends_of_the_edit_move_to_a_zero_crossing() -> None:
    samples = 0.5 * np.sin(2 * np.pi * 100 * np.arange(RATE) / RATE)
    refined = refine_joins(EditList.from_ranges([(1055, 9055)]), ArraySource(samples, RATE))
    segment = refined.segments[0]
    assert abs(samples[segment.start]) < 0.01
    assert abs(samples[segment.stop]) < 0.01
    assert abs(segment.start - 1055) <= HOP
    assert abs(segment.stop - 9055) <= HOP
    whole = EditList.whole(RATE)
    assert refine_joins(whole, ArraySource(samples, RATE)) == whole


def test_only_the_joins_that_are_named_move() -> None:
    source = ArraySource(noise(10 * RATE), RATE)
    edit = EditList.from_ranges([(100, 9000), (30_000, 50_000), (70_000, 99_000)])
    refined = refine_joins(edit, source, joins=[1])
    assert refined.segments[0] == edit.segments[0]
    assert refined.segments[1].start == edit.segments[1].start
    assert refined.segments[2].stop == edit.segments[2].stop
    assert refined != edit


def test_gaps_and_joins_that_go_on_stay() -> None:
    source = ArraySource(noise(10 * RATE), RATE)
    edit = EditList(
        (
            Segment(0, 0, 5000),
            Segment(0, 5000, 9000),
            Gap(500),
            Segment(0, 20_000, 30_000),
            Segment(0, 30_000, 40_000, gain_db=-3),
            Segment(0, 60_000, 10 * RATE),
        ),
        tuple(Join(FadeLaw.EQUAL_POWER, index) for index in range(5)),
    )
    refined = refine_joins(edit, source)
    assert refined.items[:4] == edit.items[:4]
    assert refined.joins == edit.joins
    assert refined.items[4:] != edit.items[4:]


@st.composite
def edits(draw: st.DrawFn, n_samples: int) -> EditList:
    items: list[Segment | Gap] = []
    for _ in range(draw(st.integers(1, 7))):
        if draw(st.integers(0, 6)) == 0:
            items.append(Gap(draw(st.integers(1, 300))))
            continue
        start = draw(st.integers(0, n_samples - 1))
        length = draw(st.sampled_from([1, 2, 3, 40, 900, 5000, 40_000]))
        items.append(Segment(0, start, min(n_samples, start + length)))
    return EditList(tuple(items))


MUSIC = band(5)


@given(edit=edits(MUSIC.size))
@settings(max_examples=150, deadline=None)
def test_never_crosses_neighbours(edit: EditList) -> None:
    refined = refine_joins(edit, ArraySource(MUSIC, RATE))
    refined.check_within([MUSIC.size])
    assert len(refined.items) == len(edit.items)
    for before, after in zip(edit.items, refined.items, strict=True):
        if isinstance(before, Gap):
            assert after == before
            continue
        assert isinstance(after, Segment)
        assert abs(after.start - before.start) <= before.length // 2
        assert abs(after.stop - before.stop) <= before.length // 2
        assert after.start < after.stop
    for index in range(len(edit.joins)):
        pair = edit.items[index : index + 2]
        if all(isinstance(item, Segment) for item in pair):
            old, new = jump(edit, index), jump(refined, index)
            assert np.sign(new) == np.sign(old)
            assert abs(new - old) <= abs(old) // 2


@st.composite
def limited_edits(draw: st.DrawFn, n_samples: int) -> tuple[EditList, list[Allowed | None]]:
    edit = draw(edits(n_samples))
    room = st.sampled_from([0, 0, 1, 5, 200, 9000])

    def around(position: int) -> tuple[int, int]:
        return position - draw(room), position + draw(room)

    allowed: list[Allowed | None] = []
    for item in edit.items:
        if isinstance(item, Gap) or draw(st.integers(0, 3)) == 0:
            allowed.append(None)
        elif draw(st.integers(0, 3)) == 0:
            allowed.append(Allowed.nowhere(item))
        else:
            allowed.append(Allowed(around(item.start), around(item.stop)))
    return edit, allowed


@given(asked=limited_edits(MUSIC.size))
@settings(max_examples=150, deadline=None)
def test_limits_are_kept_to_the_sample(asked: tuple[EditList, list[Allowed | None]]) -> None:
    edit, allowed = asked
    refined = refine_joins(edit, ArraySource(MUSIC, RATE), allowed=allowed)
    for item, limits in zip(refined.items, allowed, strict=True):
        if limits is not None:
            assert isinstance(item, Segment)
            assert limits.start[0] <= item.start <= limits.start[1]
            assert limits.stop[0] <= item.stop <= limits.stop[1]


@pytest.mark.parametrize("held", ["leaving", "landing"])
def test_where_one_end_is_held_the_other_comes_into_time(held: str) -> None:
    bar = round(BAR_S * RATE)
    wrong = round(0.11 * RATE)
    edit = EditList.from_ranges([(1000, 4 * bar), (6 * bar + wrong, 9 * bar)])
    first, second = edit.segments
    anywhere = (0, 12 * bar)
    allowed = [
        Allowed((1000, 1000), (first.stop, first.stop) if held == "leaving" else anywhere),
        Allowed((second.start, second.start) if held == "landing" else anywhere, anywhere),
    ]
    refined = refine_joins(edit, ArraySource(band(12, seed=8), RATE), allowed=allowed)
    assert refined.segments[0].start == 1000
    assert abs(jump(refined) - 2 * bar) / RATE < 0.005
    if held == "leaving":
        assert refined.segments[0].stop == first.stop
    else:
        assert refined.segments[1].start == second.start


def test_what_is_locked_stays() -> None:
    source = ArraySource(noise(10 * RATE), RATE)
    edit = EditList.from_ranges([(100, 9000), (30_000, 50_000), (70_000, 99_000)])
    allowed = [None, Allowed.nowhere(edit.segments[1]), None]
    refined = refine_joins(edit, source, allowed=allowed)
    assert refined.segments[1] == edit.segments[1]
    assert refined.segments[0] != edit.segments[0]
    everything = [Allowed.nowhere(segment) for segment in edit.segments]
    assert refine_joins(edit, source, allowed=everything) == edit


def test_limits_have_to_fit_the_edit() -> None:
    source = ArraySource(noise(1000), RATE)
    edit = EditList.from_ranges([(100, 900)])
    with pytest.raises(ValueError, match="2 limits"):
        refine_joins(edit, source, allowed=[None, None])
    with pytest.raises(ValueError, match="outside"):
        refine_joins(edit, source, allowed=[Allowed((0, 99), (900, 900))])


@pytest.mark.parametrize("wrong_ms", [-240, 90])
def test_all_passes_of_a_loop_are_in_time_and_alike(wrong_ms: int) -> None:
    bar = round(BAR_S * RATE)
    first = 3 * bar + 777
    last = first + 2 * bar + round(wrong_ms / 1000 * RATE)
    edit = EditList.from_ranges(
        [(0, last), (first, last), (first, last), (first, last), (first, 11 * bar)]
    )
    refined = refine_joins(edit, ArraySource(band(12, seed=5), RATE))
    passes = refined.segments[1:4]
    assert len(set(passes)) == 1
    assert abs(passes[0].length - 2 * bar) / RATE < 0.005
    assert refined.segments[0].stop == passes[0].stop
    assert refined.segments[4].start == passes[0].start


def test_a_loop_with_one_locked_pass_keeps_to_it() -> None:
    bar = round(BAR_S * RATE)
    edit = EditList.from_ranges([(0, 5 * bar), (3 * bar, 5 * bar), (3 * bar, 11 * bar)])
    allowed = [None, Allowed.nowhere(edit.segments[1]), None]
    refined = refine_joins(edit, ArraySource(band(12, seed=5), RATE), allowed=allowed)
    assert refined.segments[0].stop == 5 * bar
    assert refined.segments[1] == edit.segments[1]
    assert refined.segments[2].start == 3 * bar


@pytest.mark.parametrize("n_samples", [1, 2, 700])
def test_tiny_recordings(n_samples: int) -> None:
    source = ArraySource(noise(n_samples), RATE)
    edit = EditList.from_ranges([(0, n_samples), (0, n_samples), (n_samples // 2, n_samples)])
    assert len(refine_joins(edit, source).items) == 3


def test_silence_moves_nothing_far() -> None:
    source = ArraySource(np.zeros(20 * RATE, np.float32), RATE)
    edit = EditList.from_ranges([(0, 5 * RATE), (9 * RATE, 15 * RATE)])
    assert abs(jump(refine_joins(edit, source)) - 4 * RATE) <= HOP


def test_an_empty_edit_stays_empty() -> None:
    assert refine_joins(EditList(), ArraySource(noise(10), RATE)) == EditList()


def test_edits_of_another_recording_are_refused() -> None:
    with pytest.raises(EditError, match="beyond"):
        refine_joins(EditList.whole(11), ArraySource(noise(10), RATE))
    sources = [ArraySource(noise(10), RATE), ArraySource(noise(10), 8000)]
    with pytest.raises(EditError, match="sample rate"):
        refine_joins(EditList.whole(10), sources)


def test_progress_and_cancel() -> None:
    source = ArraySource(noise(5 * RATE), RATE)
    edit = EditList.from_ranges([(i * 5000, i * 5000 + 2000) for i in range(20)])
    shares: list[float] = []
    refine_joins(edit, source, progress=lambda share, _: shares.append(share))
    assert shares == sorted(shares)
    assert shares[-1] == 1
    token = CancelToken()
    with pytest.raises(CancelledError):
        refine_joins(edit, source, progress=lambda *_: token.cancel(), cancel=token)


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("name", "bar_s"),
    [("gunroar-data__gr2", 3.2), ("mu-cade-data__mcd1", 3.2), ("torus-trooper-data__tt1", 3.0)],
)
def test_real_music_comes_back_into_time(name: str, bar_s: float) -> None:
    path = Path(__file__).parents[3] / "shared" / "audio" / "music" / f"{name}.ogg"
    if not path.is_file():
        pytest.skip("the audio folder isn't beside the project")
    rng = np.random.default_rng(0)
    errors_s = []
    with open_audio(path) as source:
        rate = source.sample_rate
        bar = round(bar_s * rate)
        for _ in range(12):
            leaving = int(rng.integers(8 * rate, source.n_samples - 12 * rate))
            landing = leaving + bar + int(rng.uniform(-0.2, 0.2) * rate)
            edit = EditList.from_ranges(
                [(leaving - 4 * rate, leaving), (landing, landing + 4 * rate)]
            )
            errors_s.append(abs(jump(refine_joins(edit, source)) - bar) / rate)
    assert np.median(errors_s) < 0.002
    assert np.mean(np.array(errors_s) < 0.02) > 0.8
