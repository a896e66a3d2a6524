from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_core.audio.fades import correlation, crossfade_weights
from model_core.audio.reading import ArraySource, open_audio
from model_core.audio.render import Renderer
from model_core.edit.types import EditList, FadeLaw, Gap, Join, Segment
from model_core.errors import EditError
from tests.audio.sounds import integers, noise, tones, write

RATE = 44100
N = 20_000
JUMPY = EditList.from_ranges([(500, 4000), (9000, 12_000), (2000, 6000), (2000, 6000), (300, 900)])


def rendered(renderer: Renderer) -> npt.NDArray[Any]:
    return renderer.read(0, renderer.length)


def copied(samples: npt.NDArray[Any], edit: EditList) -> npt.NDArray[Any]:
    """What the edit plays, joins aside."""
    parts = [
        samples[item.start : item.stop]
        if isinstance(item, Segment)
        else np.zeros((item.length, samples.shape[1]), samples.dtype)
        for item in edit.items
    ]
    return np.concatenate(parts)


def outside_fades(renderer: Renderer) -> npt.NDArray[np.bool_]:
    outside = np.ones(renderer.length, np.bool_)
    for start, stop in renderer.faded_ranges:
        outside[start:stop] = False
    return outside


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        *itertools.product(["a.wav", "a.aiff", "a.caf"], ["PCM_16", "PCM_24", "PCM_32"]),
        ("a.flac", "PCM_16"),
        ("a.flac", "PCM_24"),
    ],
)
def test_samples_outside_joins_are_those_of_the_file(
    tmp_path: Path, name: str, encoding: str
) -> None:
    bits = int(encoding[4:])
    samples = integers(3 * noise(N, 2), bits)
    samples[:7] = np.iinfo(samples.dtype).min
    with open_audio(write(tmp_path / name, samples, RATE, encoding)) as source:
        renderer = Renderer([source], JUMPY)
        assert (renderer.dtype, renderer.bits) == (samples.dtype, bits)
        assert renderer.length == JUMPY.length
        out = rendered(renderer)
        outside = outside_fades(renderer)
        assert outside.mean() > 0.85
        np.testing.assert_array_equal(out[outside], copied(samples, JUMPY)[outside])
        unused = 8 * samples.dtype.itemsize - bits
        assert not (out & ((1 << unused) - 1)).any(), "crossfades keep to the file's depth"


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_floats_outside_joins_are_copied(dtype: str) -> None:
    samples = (30 * noise(N, 2)).astype(dtype)
    renderer = Renderer([ArraySource(samples, RATE)], JUMPY)
    outside = outside_fades(renderer)
    np.testing.assert_array_equal(rendered(renderer)[outside], copied(samples, JUMPY)[outside])


def test_whole_recording_is_untouched() -> None:
    samples = integers(noise(N, 3), 16)
    renderer = Renderer([ArraySource(samples, RATE)], EditList.whole(N))
    assert not len(renderer.faded_ranges)
    np.testing.assert_array_equal(rendered(renderer), samples)


def test_splits_are_not_heard() -> None:
    samples = integers(noise(N), 16)
    edit = EditList.from_ranges([(0, 10), (10, 11), (11, 7000), (7000, N)])
    renderer = Renderer([ArraySource(samples, RATE)], edit)
    assert not len(renderer.faded_ranges)
    np.testing.assert_array_equal(rendered(renderer), samples)


def test_splits_beside_a_join_do_not_shorten_its_fade() -> None:
    source = ArraySource(integers(noise(N), 16), RATE)
    plain = Renderer([source], EditList.from_ranges([(0, 5000), (9000, N)]))
    split = Renderer([source], EditList.from_ranges([(0, 4990), (4990, 5000), (9000, N)]))
    np.testing.assert_array_equal(rendered(plain), rendered(split))


def test_crossfade_is_centred_on_the_cut_and_as_long_as_asked() -> None:
    source = ArraySource(integers(noise(N), 16), RATE)
    edit = EditList((Segment(0, 0, 5000), Segment(0, 9000, N)), (Join(length=101),))
    assert Renderer([source], edit).faded_ranges.tolist() == [[4950, 5051]]
    default = Renderer([source], EditList(edit.items))
    assert default.faded_ranges.tolist() == [[5000 - 176, 5000 + 177]]
    longer = Renderer([source], EditList(edit.items), default_fade_s=0.02)
    assert longer.faded_ranges.tolist() == [[5000 - 441, 5000 + 441]]
    butt = Renderer([source], EditList(edit.items, (Join(length=0),)))
    assert not len(butt.faded_ranges)


def test_crossfade_shrinks_where_material_ends() -> None:
    source = ArraySource(integers(noise(N), 16), RATE)
    after_cut_only = EditList.from_ranges([(3000, 9000), (0, 5000)])
    assert Renderer([source], after_cut_only).faded_ranges.tolist() == [[6000, 6177]]
    before_cut_only = EditList.from_ranges([(3000, N), (1000, 5000)])
    assert Renderer([source], before_cut_only).faded_ranges.tolist() == [[16_824, 17_000]]
    some = EditList.from_ranges([(3000, N - 20), (50, 5000)])
    assert Renderer([source], some).faded_ranges.tolist() == [[16_930, 17_000]]


def test_crossfades_of_short_segments_never_meet() -> None:
    source = ArraySource(integers(noise(N), 16), RATE)
    ranges = [(1000 * (i % 7) + 100, 1000 * (i % 7) + 101 + i) for i in range(40)]
    renderer = Renderer([source], EditList.from_ranges(ranges))
    fades = renderer.faded_ranges
    assert (fades[1:, 0] >= fades[:-1, 1]).all()
    assert len(rendered(renderer)) == renderer.length


def loops(period: int) -> EditList:
    return EditList.from_ranges(
        [(0, 40 * period), (20 * period, 60 * period), (30 * period, 90 * period)]
    )


def test_a_sine_looped_at_matching_phase_stays_a_sine() -> None:
    period = 100
    t = np.arange(100 * period)
    sine = 0.5 * np.sin(2 * np.pi * t / period)[:, None]
    for samples, tolerance in [(integers(sine, 16), 1.01), (integers(sine, 24), 257)]:
        renderer = Renderer([ArraySource(samples, RATE)], loops(period))
        out = rendered(renderer).astype(np.int64)
        expected = samples[np.arange(renderer.length) % period].astype(np.int64)
        assert np.abs(out - expected).max() <= tolerance


def test_a_sine_looped_off_phase_does_not_click() -> None:
    period = 100
    sine = 0.5 * np.sin(2 * np.pi * np.arange(100 * period) / period)[:, None]
    edit = EditList.from_ranges([(0, 4025), (2000, 6050), (3000, 9000)])
    out = rendered(Renderer([ArraySource(sine, RATE)], edit))
    usual = np.abs(np.diff(sine[:, 0])).max()
    assert np.abs(np.diff(out[:, 0])).max() < 1.5 * usual


def test_noise_keeps_its_power_through_joins() -> None:
    samples = noise(400_000, 2)
    rng = np.random.default_rng(1)
    starts = rng.integers(1000, 390_000, 600)
    edit = EditList.from_ranges([(int(start), int(start) + 1200) for start in starts])
    renderer = Renderer([ArraySource(samples, RATE)], edit)
    out = rendered(renderer)
    in_fades = out[~outside_fades(renderer)]
    middles = np.concatenate(
        [out[(a + b) // 2 - 30 : (a + b) // 2 + 30] for a, b in renderer.faded_ranges]
    )
    for part in (in_fades, middles):
        assert abs(10 * np.log10(np.mean(part**2) / np.mean(samples**2))) < 0.5


@pytest.mark.parametrize("together", [0.0, 0.3, 0.7, 1.0])
def test_power_is_constant_for_every_correlation(together: float) -> None:
    rng = np.random.default_rng(0)
    one = rng.standard_normal((4000, 300))
    other = together * one + np.sqrt(1 - together**2) * rng.standard_normal(one.shape)
    leaving, coming = crossfade_weights(300, FadeLaw.AUTO, together)
    power = np.mean((leaving * one + coming * other) ** 2, axis=0)
    assert np.abs(10 * np.log10(power)).max() < 0.5


def test_weights_of_each_law() -> None:
    leaving, coming = crossfade_weights(50, FadeLaw.EQUAL_GAIN, 0.0)
    np.testing.assert_allclose(leaving + coming, 1)
    leaving, coming = crossfade_weights(50, FadeLaw.EQUAL_POWER, 1.0)
    np.testing.assert_allclose(leaving**2 + coming**2, 1)
    leaving, coming = crossfade_weights(50, FadeLaw.AUTO, -0.5)
    np.testing.assert_allclose(leaving**2 + coming**2, 1)
    np.testing.assert_allclose(leaving, coming[::-1])
    assert (np.diff(leaving) < 0).all()


def test_correlation_of_silence_is_zero() -> None:
    assert correlation(np.zeros((5, 1)), np.ones((5, 1))) == 0
    assert correlation(np.ones((5, 1)), 2 * np.ones((5, 1))) == pytest.approx(1)


def test_laws_differ() -> None:
    source = ArraySource(integers(noise(N), 16), RATE)
    items = (Segment(0, 0, 5000), Segment(0, 9000, N))
    outs = [
        rendered(Renderer([source], EditList(items, (Join(law, 400),)))).tobytes()
        for law in FadeLaw
    ]
    assert len(set(outs)) > 1


def test_gaps_are_silent_and_faded_into() -> None:
    samples = integers(tones(N, RATE, 2), 16)
    edit = EditList((Segment(0, 1000, 5000), Gap(3000), Segment(0, 9000, N)))
    renderer = Renderer([ArraySource(samples, RATE)], edit)
    out = rendered(renderer)
    assert not out[4000:7000].any()
    np.testing.assert_array_equal(out[:3500], samples[1000:4500])
    np.testing.assert_array_equal(out[7500:], samples[9500:])
    usual = np.abs(np.diff(samples.astype(float), axis=0)).max()
    assert np.abs(np.diff(out.astype(float), axis=0)).max() < 2 * usual


def test_gaps_alone_and_at_the_ends() -> None:
    samples = integers(noise(N), 16)
    source = ArraySource(samples, RATE)
    assert not rendered(Renderer([source], EditList((Gap(10), Gap(20))))).any()
    out = rendered(Renderer([source], EditList((Gap(10), Segment(0, 0, N), Gap(20)))))
    assert len(out) == N + 30
    np.testing.assert_array_equal(out[1000 : N - 1000], samples[990 : N - 1010])


def test_a_file_that_loops_by_itself_is_not_touched_and_one_that_clicks_is() -> None:
    period = 100
    seamless = integers(0.5 * np.sin(2 * np.pi * np.arange(50 * period) / period)[:, None], 16)
    twice = EditList.from_ranges([(0, len(seamless))] * 2)
    out = rendered(Renderer([ArraySource(seamless, RATE)], twice))
    np.testing.assert_array_equal(out, np.concatenate([seamless, seamless]))
    clicking = seamless[: 50 * period - 25]
    twice = EditList.from_ranges([(0, len(clicking))] * 2)
    out = rendered(Renderer([ArraySource(clicking, RATE)], twice)).astype(float)
    assert (
        np.abs(np.diff(out, axis=0)).max()
        < 1.5 * np.abs(np.diff(seamless.astype(float), axis=0)).max()
    )


def test_gain_is_applied_and_saturates() -> None:
    samples = integers(tones(N, RATE, 2), 16)
    source = ArraySource(samples, RATE)
    louder = rendered(Renderer([source], EditList((Segment(0, 0, N, gain_db=6.0),))))
    expected = np.clip(np.round(samples * 10**0.3), -32768, 32767)
    np.testing.assert_array_equal(louder, expected)
    clipped = rendered(Renderer([source], EditList((Segment(0, 0, N, gain_db=40.0),))))
    assert clipped.max() == 32767
    assert clipped.min() == -32768
    floats = ArraySource(tones(N, RATE), RATE)
    assert rendered(Renderer([floats], EditList((Segment(0, 0, N, 40.0),)))).max() > 1


def test_a_step_in_gain_is_faded() -> None:
    steady = ArraySource(np.full((N, 1), 0.25), RATE)
    edit = EditList((Segment(0, 0, 5000), Segment(0, 5000, N, gain_db=-20.0)))
    out = rendered(Renderer([steady], edit))[:, 0]
    assert np.abs(np.diff(out)).max() < 0.005
    assert out[0] == 0.25
    assert out[-1] == pytest.approx(0.025)
    assert (np.diff(out) <= 1e-12).all()


def test_what_is_no_number_stays_out() -> None:
    samples = noise(N).astype(np.float32)
    samples[5:9] = np.nan
    samples[3500] = np.inf
    source = ArraySource(samples, RATE)
    out = rendered(Renderer([source], EditList.from_ranges([(0, 3500), (9000, N)])))
    assert np.isfinite(out).all()
    assert source.notes


def test_playback_hears_the_same_samples() -> None:
    for bits in (16, 24, 32):
        source = ArraySource(integers(noise(N, 2), bits), RATE, bits)
        renderer = Renderer([source], JUMPY)
        scale = -float(np.iinfo(source.dtype).min)
        floats = renderer.read_float(100, 9000)
        assert floats.dtype == np.float32
        np.testing.assert_array_equal(
            floats, renderer.read(100, 9000).astype(np.float32) / np.float32(scale)
        )


def test_sources_of_different_depth_share_a_timeline() -> None:
    short = ArraySource(integers(noise(N), 16), RATE)
    long = ArraySource(integers(noise(N), 24), RATE, 24)
    edit = EditList((Segment(0, 0, 5000), Segment(1, 0, 5000)))
    renderer = Renderer([short, long], edit)
    assert (renderer.dtype, renderer.bits) == (np.dtype("int32"), 24)
    out = rendered(renderer)
    np.testing.assert_array_equal(out[:4000], short.read(0, 4000).astype(np.int32) << 16)
    np.testing.assert_array_equal(out[6000:], long.read(1000, 5000))
    floats = ArraySource(noise(N).astype(np.float32), RATE)
    mixed = Renderer([short, floats], edit)
    assert mixed.dtype == np.float32
    np.testing.assert_array_equal(rendered(mixed)[:4000], short.read_float(0, 4000))


def test_sources_that_do_not_fit_are_refused() -> None:
    mono, stereo = ArraySource(noise(N), RATE), ArraySource(noise(N, 2), RATE)
    slow = ArraySource(noise(N), 8000)
    for others in ([mono, stereo], [mono, slow]):
        with pytest.raises(EditError, match="differ"):
            Renderer(others, EditList.whole(N))
    with pytest.raises(EditError, match="no recording"):
        Renderer([], EditList())
    with pytest.raises(EditError, match="beyond"):
        Renderer([mono], EditList.whole(N + 1))


def test_an_empty_edit_has_no_samples() -> None:
    renderer = Renderer([ArraySource(integers(noise(N, 2), 16), RATE)], EditList())
    assert renderer.length == 0
    assert renderer.read(0, 0).shape == (0, 2)
    assert not list(renderer.blocks())
    with pytest.raises(ValueError, match="isn't within"):
        renderer.read(0, 1)


@st.composite
def edit_lists(draw: st.DrawFn, n_samples: int = 3000) -> EditList:
    items: list[Segment | Gap] = []
    for _ in range(draw(st.integers(1, 8))):
        if draw(st.integers(0, 5)) == 0:
            items.append(Gap(draw(st.integers(1, 300))))
            continue
        start = draw(st.integers(0, n_samples - 1))
        stop = draw(st.integers(start + 1, min(n_samples, start + 700)))
        items.append(Segment(0, start, stop, draw(st.sampled_from([0.0, 0.0, -6.0, 12.0]))))
    join = st.builds(Join, st.sampled_from(FadeLaw), st.one_of(st.none(), st.integers(0, 900)))
    joins = draw(st.lists(join, min_size=len(items) - 1, max_size=len(items) - 1))
    return EditList(tuple(items), tuple(joins))


@given(
    edit=edit_lists(),
    block=st.integers(1, 500),
    dtype=st.sampled_from(["int16", "int32", "float32"]),
)
@settings(max_examples=120, deadline=None)
def test_blocks_make_no_difference(edit: EditList, block: int, dtype: str) -> None:
    samples = noise(3000, 2)
    kept = (
        samples.astype(dtype)
        if dtype == "float32"
        else integers(samples, 8 * np.dtype(dtype).itemsize)
    )
    source = ArraySource(kept, 8000)
    whole = rendered(Renderer([source], edit))
    assert whole.shape == (edit.length, 2)
    fresh = Renderer([source], edit)
    in_blocks = list(fresh.blocks(block))
    np.testing.assert_array_equal(np.concatenate(in_blocks), whole)
    fades = fresh.faded_ranges
    assert (fades[:, 0] < fades[:, 1]).all()
    assert (fades[1:, 0] >= fades[:-1, 1]).all()
    plain = outside_fades(fresh)
    for item, at in zip(edit.items, np.cumsum([0] + [i.length for i in edit.items]), strict=False):
        if isinstance(item, Segment) and item.gain_db == 0:
            same = plain[at : at + item.length]
            np.testing.assert_array_equal(
                whole[at : at + item.length][same], kept[item.start : item.stop][same]
            )


def test_thousands_of_segments_stay_fast_to_reach() -> None:
    samples = integers(noise(400_000), 16)
    ranges = [(i * 100 + 7, i * 100 + 90) for i in range(3900)]
    renderer = Renderer([ArraySource(samples, RATE)], EditList.from_ranges(ranges))
    whole = rendered(renderer)
    for start in range(0, renderer.length - 700, 9973):
        np.testing.assert_array_equal(renderer.read(start, start + 700), whole[start : start + 700])
