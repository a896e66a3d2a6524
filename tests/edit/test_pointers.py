from __future__ import annotations

import errno
import io
import itertools
import math
import os
import pickle
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from model_core.edit.pointers import (
    PADDING,
    STOP,
    PointerSequence,
    edit_list_to_pointers,
    frame_at,
    frame_count,
    frame_start,
    hop_samples,
    pointers_to_edit_list,
    read_pointers,
    write_pointers,
)
from model_core.edit.types import EditList, Gap, Segment
from model_core.errors import EditError, FileWriteError
from tests.edit.strategies import SOURCE_LENGTHS, edit_lists

RATES_HZ = [8000, 11025, 16000, 22050, 32000, 44100, 48000, 88200, 96000, 192_000]
rates = st.one_of(st.sampled_from(RATES_HZ), st.integers(87, 192_000))
reads_files = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@st.composite
def recordings_with_pointers(draw: st.DrawFn) -> tuple[PointerSequence, int]:
    hop = hop_samples(draw(rates))
    n_samples = draw(st.integers(1, 200 * math.ceil(hop)))
    count = frame_count(n_samples, hop)
    indices: list[int] = []
    for _ in range(draw(st.integers(0, 8))):
        first = draw(st.integers(0, count - 1))
        indices += range(first, min(count, first + draw(st.integers(1, 50))))
    return PointerSequence(hop, np.array(indices, np.int64)), n_samples


@st.composite
def recordings_with_edits(draw: st.DrawFn) -> tuple[EditList, Fraction, int]:
    """Draws edits of one source whose segments are at least a hop long, whole or split up."""
    hop = hop_samples(draw(rates))
    shortest = math.ceil(hop)
    n_samples = draw(st.integers(shortest, 200 * shortest))
    items: list[Segment | Gap] = []
    for _ in range(draw(st.integers(0, 8))):
        start = draw(st.integers(0, n_samples - shortest))
        stop = draw(st.integers(start + shortest, n_samples))
        if draw(st.booleans()) and stop - start > 1:
            middle = draw(st.integers(start + 1, stop - 1))
            items += [Segment(0, start, middle, -1.0), Segment(0, middle, stop)]
        else:
            items.append(Segment(0, start, stop))
    return EditList(tuple(items)), hop, n_samples


def runs(edit: EditList) -> list[tuple[int, int]]:
    result: list[tuple[int, int]] = []
    for segment in edit.segments:
        if result and result[-1][1] == segment.start:
            result[-1] = (result[-1][0], segment.stop)
        else:
            result.append((segment.start, segment.stop))
    return result


class TestFrames:
    def test_hop_is_exact(self) -> None:
        assert hop_samples(22050) == 256
        assert hop_samples(44100) == 512
        assert hop_samples(48000) == Fraction(256 * 48000, 22050)
        assert hop_samples(87) >= 1
        for rate in (86, 1, 0, -44100):
            with pytest.raises(EditError, match="too low"):
                hop_samples(rate)

    @given(rates, st.integers(0, 10**7))
    def test_a_frames_start_is_rounded_half_up_without_drift(self, rate: int, index: int) -> None:
        hop = hop_samples(rate)
        assert frame_start(index, hop) == math.floor(index * hop + Fraction(1, 2))

    @given(rates, st.integers(0, 10**10))
    def test_every_sample_lies_in_the_frame_it_is_said_to(self, rate: int, sample: int) -> None:
        hop = hop_samples(rate)
        index = frame_at(sample, hop)
        assert frame_start(index, hop) <= sample < frame_start(index + 1, hop)

    @given(rates, st.integers(0, 10**10))
    def test_the_count_covers_all_samples_and_no_frame_is_empty(self, rate: int, n: int) -> None:
        hop = hop_samples(rate)
        count = frame_count(n, hop)
        assert frame_start(count, hop) >= n
        assert count == 0 or frame_start(count - 1, hop) < n

    @given(rates, st.lists(st.integers(0, 10**10), max_size=20))
    def test_arrays_give_what_numbers_give(self, rate: int, values: list[int]) -> None:
        hop = hop_samples(rate)
        array = np.array(values, np.int64)
        assert frame_at(array, hop).tolist() == [frame_at(value, hop) for value in values]
        array //= 1000
        starts = frame_start(array, hop)
        assert starts.dtype == np.int64
        assert starts.tolist() == [frame_start(value // 1000, hop) for value in values]

    def test_no_samples_are_no_frames(self) -> None:
        assert frame_count(0, Fraction(512)) == 0
        assert frame_count(1, Fraction(512)) == 1
        assert frame_count(512, Fraction(512)) == 1
        assert frame_count(513, Fraction(512)) == 2


class TestPointerSequence:
    def test_is_a_read_only_copy(self) -> None:
        given_array = np.array([3, 4, 5], np.int32)
        pointers = PointerSequence(Fraction(512), given_array.astype(np.int64))
        given_array[0] = 9
        assert pointers.indices.tolist() == [3, 4, 5]
        assert pointers.indices.dtype == np.int64
        assert len(pointers) == 3
        with pytest.raises(ValueError, match="read-only"):
            pointers.indices[0] = 1

    def test_equality(self) -> None:
        one = PointerSequence(Fraction(512), np.array([1, 2]))
        same = PointerSequence(Fraction(512), np.array([1, 2]))
        assert one == same
        assert hash(one) == hash(same)
        assert one != PointerSequence(Fraction(513), np.array([1, 2]))
        assert one != PointerSequence(Fraction(512), np.array([1, 3]))
        assert one != PointerSequence(Fraction(512), np.array([1]))
        assert one != "pointers"

    @pytest.mark.parametrize(
        "indices",
        [
            np.array([[1, 2]]),
            np.array([1.0]),
            np.array(["1"]),
            np.array([True]),
            np.array([0, -1]),
            np.array([5, STOP]),
            np.array([2**63], np.uint64),
            np.int64(3),
        ],
    )
    def test_only_a_row_of_frames(self, indices: npt.NDArray[np.int64]) -> None:
        with pytest.raises(EditError, match=r"[pP]ointer"):
            PointerSequence(Fraction(512), indices)

    def test_a_hop_below_a_sample(self) -> None:
        with pytest.raises(EditError, match="too low"):
            PointerSequence(Fraction(1, 2), np.array([1]))


class TestConversion:
    @given(recordings_with_pointers())
    def test_pointers_to_edit_list_to_pointers_is_the_identity(
        self, drawn: tuple[PointerSequence, int]
    ) -> None:
        pointers, n_samples = drawn
        edit = pointers_to_edit_list(pointers, n_samples)
        edit.check_within([n_samples])
        assert edit_list_to_pointers(edit, pointers.hop, n_samples) == pointers

    @given(recordings_with_pointers())
    def test_each_frame_gives_its_samples(self, drawn: tuple[PointerSequence, int]) -> None:
        pointers, n_samples = drawn
        edit = pointers_to_edit_list(pointers, n_samples)
        starts = frame_start(pointers.indices, pointers.hop)
        stops = np.minimum(frame_start(pointers.indices + 1, pointers.hop), n_samples)
        assert edit.length == int((stops - starts).sum())
        jumps = int((np.diff(pointers.indices) != 1).sum())
        assert len(edit.items) == (jumps + 1 if len(pointers) else 0)

    @given(recordings_with_edits())
    def test_edit_list_to_pointers_and_back_moves_no_cut_by_a_hop(
        self, drawn: tuple[EditList, Fraction, int]
    ) -> None:
        edit, hop, n_samples = drawn
        before = runs(edit)
        # Jumps of less may close: see below.
        assume(all(abs(b[0] - a[1]) >= 2 * hop for a, b in itertools.pairwise(before)))
        pointers = edit_list_to_pointers(edit, hop, n_samples)
        after = runs(pointers_to_edit_list(pointers, n_samples))
        position = position_again = 0
        for (start, stop), (start_again, stop_again) in zip(before, after, strict=True):
            assert abs(start - start_again) < hop
            assert abs(stop - stop_again) < hop
            position, position_again = (
                position + stop - start,
                position_again + stop_again - start_again,
            )
            assert abs(position - position_again) < hop + 1

    @given(edit_lists(n_sources=1), st.integers(1, 400))
    def test_of_any_edit_less_than_a_hop_is_lost_or_gained(self, edit: EditList, hop: int) -> None:
        edit = EditList(edit.segments)
        n_samples = SOURCE_LENGTHS[0]
        pointers = edit_list_to_pointers(edit, Fraction(hop), n_samples)
        again = pointers_to_edit_list(pointers, n_samples)
        assert abs(again.length - edit.length) <= hop

    def test_a_jump_of_less_than_a_hop_may_close(self) -> None:
        edit = EditList.from_ranges([(0, 1000), (1010, 2048)])
        pointers = edit_list_to_pointers(edit, Fraction(512), 2048)
        assert pointers.indices.tolist() == [0, 1, 2, 3]

    @given(st.data(), rates)
    def test_the_edit_does_not_drift(self, data: st.DataObject, rate: int) -> None:
        hop = hop_samples(rate)
        n_samples = 10_000 * math.ceil(hop)
        seed = data.draw(st.integers(0, 2**32 - 1))
        random = np.random.default_rng(seed)
        starts = np.arange(500) * 20 * math.ceil(hop) + random.integers(0, math.ceil(2 * hop), 500)
        lengths = random.integers(math.ceil(hop), 12 * math.ceil(hop), 500)
        edit = EditList.from_ranges(zip(starts.tolist(), (starts + lengths).tolist(), strict=True))
        again = pointers_to_edit_list(edit_list_to_pointers(edit, hop, n_samples), n_samples)
        assert len(again.items) == 500
        position = position_again = 0
        for segment, moved in zip(edit.segments, again.segments, strict=True):
            assert abs(moved.start - segment.start) < hop
            assert abs(moved.stop - segment.stop) < hop
            position, position_again = position + segment.length, position_again + moved.length
            assert abs(position - position_again) < hop + 1

    @given(recordings_with_edits())
    def test_splits_gains_and_gaps_have_no_pointers(
        self, drawn: tuple[EditList, Fraction, int]
    ) -> None:
        edit, hop, n_samples = drawn
        plain = EditList.from_ranges(runs(edit))
        with_gaps = EditList(tuple(itertools.chain(*((Gap(9), item) for item in edit.items))))
        pointers = edit_list_to_pointers(plain, hop, n_samples)
        assert edit_list_to_pointers(edit, hop, n_samples) == pointers
        assert edit_list_to_pointers(with_gaps, hop, n_samples) == pointers

    def test_an_example(self) -> None:
        pointers = PointerSequence(Fraction(512), np.array([0, 1, 2, 5, 6, 1, 2, 9]))
        edit = pointers_to_edit_list(pointers, 9 * 512 + 100, source=3)
        assert edit == EditList.from_ranges(
            [(0, 1536), (2560, 3584), (512, 1536), (4608, 4708)], source=3
        )
        assert edit_list_to_pointers(edit, Fraction(512), 4708, source=3) == pointers

    def test_the_whole_and_nothing(self) -> None:
        hop = hop_samples(48000)
        whole = edit_list_to_pointers(EditList.whole(48000), hop, 48000)
        assert whole.indices.tolist() == list(range(frame_count(48000, hop)))
        nothing = edit_list_to_pointers(EditList(), hop, 48000)
        assert len(nothing) == 0
        assert pointers_to_edit_list(nothing, 48000) == EditList()
        assert pointers_to_edit_list(nothing, 0) == EditList()

    def test_one_sample(self) -> None:
        pointers = PointerSequence(Fraction(512), np.array([0]))
        assert pointers_to_edit_list(pointers, 1) == EditList.whole(1)
        assert edit_list_to_pointers(EditList.whole(1), Fraction(512), 1) == pointers

    def test_short_segments_become_a_frame_or_none(self) -> None:
        edit = EditList.from_ranges([(100, 120), (1000, 1500), (3000, 3010)])
        pointers = edit_list_to_pointers(edit, Fraction(512), 5000)
        assert pointers.indices.tolist() == [2]

    def test_beyond_the_recording(self) -> None:
        pointers = PointerSequence(Fraction(512), np.array([2]))
        with pytest.raises(EditError, match="has 2 frames"):
            pointers_to_edit_list(pointers, 1024)
        with pytest.raises(EditError, match="beyond its recording"):
            edit_list_to_pointers(EditList.whole(1025), Fraction(512), 1024)
        far = PointerSequence(Fraction(512), np.array([2**62]))
        with pytest.raises(EditError, match="beyond the recording"):
            pointers_to_edit_list(far, 1024)

    def test_another_source(self) -> None:
        with pytest.raises(EditError, match="one recording"):
            edit_list_to_pointers(EditList.whole(10, source=1), Fraction(512), 10)


class TestFiles:
    def test_layout(self, tmp_path: Path) -> None:
        path = tmp_path / "p.npy"
        write_pointers(path, [0, 1, 7])
        array = np.load(path, allow_pickle=False)
        assert array.dtype == np.int64
        assert array.tolist() == [0, 1, 7, STOP]
        assert read_pointers(path).tolist() == [0, 1, 7]
        write_pointers(path, np.empty(0, np.int64))
        assert np.load(path).tolist() == [STOP]
        assert read_pointers(path).tolist() == []

    @reads_files
    @given(values=st.lists(st.integers(0, 2**40), max_size=30))
    def test_what_is_written_is_read(self, tmp_path: Path, values: list[int]) -> None:
        write_pointers(tmp_path / "p.npy", values)
        result = read_pointers(str(tmp_path / "p.npy"))
        assert result.dtype == np.int64
        assert result.tolist() == values

    @pytest.mark.parametrize("dtype", ["<i8", ">i8", "<i4", "<u2", "|i1", "<u8"])
    def test_other_whole_numbers_are_read(self, tmp_path: Path, dtype: str) -> None:
        np.save(tmp_path / "p.npy", np.array([0, 1, 100], dtype))
        assert read_pointers(tmp_path / "p.npy").tolist() == [0, 1, 100]

    @pytest.mark.parametrize(
        "tail", [[], [STOP], [STOP, PADDING, PADDING], [PADDING], [PADDING, PADDING]]
    )
    def test_stop_and_padding_are_left_out(self, tmp_path: Path, tail: list[int]) -> None:
        np.save(tmp_path / "p.npy", np.array([3, 4, *tail]))
        assert read_pointers(tmp_path / "p.npy").tolist() == [3, 4]

    @pytest.mark.parametrize(
        "values", [[1, STOP, 2], [PADDING, STOP], [STOP, STOP], [1, -3], [-1, 5]]
    )
    def test_nothing_else_comes_after_the_frames(self, tmp_path: Path, values: list[int]) -> None:
        np.save(tmp_path / "p.npy", np.array(values))
        with pytest.raises(EditError, match="holds no pointers"):
            read_pointers(tmp_path / "p.npy")

    def test_header_versions(self, tmp_path: Path) -> None:
        for version in [(1, 0), (2, 0), (3, 0)]:
            with (tmp_path / "p.npy").open("wb") as file:
                np.lib.format.write_array(file, np.array([5, 6]), version)
            assert read_pointers(tmp_path / "p.npy").tolist() == [5, 6]

    @pytest.mark.parametrize(
        "array",
        [
            np.array([1.5]),
            np.array([[1, 2]]),
            np.int64(1),
            np.array(["a"]),
            np.array([1], "datetime64[s]"),
            np.array([(1, 2)], "i4,i4"),
            np.array([2**63], np.uint64),
        ],
    )
    def test_other_arrays_are_refused(self, tmp_path: Path, array: npt.NDArray[np.int64]) -> None:
        np.save(tmp_path / "p.npy", array)
        with pytest.raises(EditError):
            read_pointers(tmp_path / "p.npy")

    def test_pickles_are_refused_and_never_run(self, tmp_path: Path) -> None:
        class Trap:
            def __reduce__(self) -> tuple[object, ...]:
                return os.mkdir, (str(tmp_path / "sprung"),)

        np.save(tmp_path / "object.npy", np.array([Trap()], object), allow_pickle=True)
        (tmp_path / "bare.npy").write_bytes(pickle.dumps(Trap()))
        np.savez(tmp_path / "zip.npz", a=np.array([1]))
        for path in tmp_path.iterdir():
            with pytest.raises(EditError):
                read_pointers(path)
        assert not (tmp_path / "sprung").exists()

    def test_a_forged_length_asks_for_no_memory(self, tmp_path: Path) -> None:
        path = tmp_path / "p.npy"
        np.save(path, np.array([1, 2]))
        path.write_bytes(path.read_bytes().replace(b"(2,), }          ", b"(900000000000,), }"))
        with pytest.raises(EditError, match="cut short"):
            read_pointers(path)

    def test_missing_folder_and_null(self, tmp_path: Path) -> None:
        for path, words in [
            (tmp_path / "missing.npy", "does not exist"),
            (tmp_path, "folder|protected"),
            (Path("a\0b"), "null"),
        ]:
            with pytest.raises(EditError, match=words):
                read_pointers(path)

    def test_a_full_disk_leaves_the_old_file(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write_pointers(tmp_path / "p.npy", [1, 2])

        def no_space(_path: Path, _data: bytes) -> int:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(Path, "write_bytes", no_space)
        with pytest.raises(FileWriteError, match="no space is left"):
            write_pointers(tmp_path / "p.npy", [3])
        assert [path.name for path in tmp_path.iterdir()] == ["p.npy"]
        assert read_pointers(tmp_path / "p.npy").tolist() == [1, 2]

    @pytest.mark.parametrize("values", [[1.5], [-1], [[1]], ["x"]])
    def test_no_nonsense_is_written(self, tmp_path: Path, values: npt.ArrayLike) -> None:
        with pytest.raises(EditError):
            write_pointers(tmp_path / "p.npy", values)
        assert list(tmp_path.iterdir()) == []

    @reads_files
    @given(data=st.binary(max_size=300))
    @example(data=b"")
    @example(data=b"\x93NUMPY")
    @example(data=b"\x93NUMPY\x01\x00")
    @example(data=b"\x93NUMPY\x02\x00\xff\xff\xff\xff")
    @example(data=b"\x93NUMPY\x01\x00\x10\x00'descr': '<i8'   ")
    def test_any_bytes_give_pointers_or_the_one_error(self, tmp_path: Path, data: bytes) -> None:
        (tmp_path / "p.npy").write_bytes(data)
        with pytest.raises(EditError):
            read_pointers(tmp_path / "p.npy")

    @settings(reads_files, max_examples=300)
    @given(data=st.data())
    def test_mutated_files_give_pointers_or_the_one_error(
        self, tmp_path: Path, data: st.DataObject
    ) -> None:
        buffer = io.BytesIO()
        np.save(buffer, np.array([0, 1, 2, 9, STOP]))
        mutated = bytearray(buffer.getvalue())
        for _ in range(data.draw(st.integers(1, 4))):
            place = data.draw(st.integers(0, len(mutated) - 1))
            mutated[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
            assume(mutated)
        (tmp_path / "p.npy").write_bytes(mutated)
        try:
            result = read_pointers(tmp_path / "p.npy")
        except EditError:
            return
        assert result.dtype == np.int64
        assert result.ndim == 1
        assert not result.size or result.min() >= 0
