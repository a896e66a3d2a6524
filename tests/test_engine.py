from __future__ import annotations

import subprocess
import sys
from contextlib import nullcontext
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from model_core.audio.reading import open_audio
from model_core.audio.source import ArraySource
from model_core.checkpoint import load_checkpoint, save_checkpoint
from model_core.edit.locks import Locks
from model_core.edit.pointers import STOP
from model_core.edit.types import REASONS, ChangeKind, EditList, Reason
from model_core.engine import Encoding, Engine
from model_core.errors import (
    AudioReadError,
    CancelledError,
    CheckpointError,
    DeviceError,
    EditError,
)
from model_core.infer import (
    BUNDLED_CHECKPOINT,
    compute_mel,
    find_stems,
    load_model,
    main,
    pointers_to_audio,
    run_inference,
)
from model_core.nn.card import Card, StyleQuantity, read_card
from model_core.nn.config import PointerNetworkConfig
from model_core.nn.device import choose_device
from model_core.nn.evidence import BackwardJumps, Evidence
from model_core.nn.network import PointerNetwork
from model_core.nn.scoring import log_likelihood
from model_core.options import GenerateOptions
from model_core.progress import CancelToken
from model_core.proposals import describe_changes
from resources import resource_path

CONFIG = PointerNetworkConfig(
    d_model=16, n_heads=2, n_encoder_layers=1, n_decoder_layers=1, dim_feedforward=16, key_dim=8
)
CARD = Card(
    CONFIG,
    (
        StyleQuantity("pause_s", -1, 0.5),
        StyleQuantity("margin_s", -2, 0.5),
        StyleQuantity("extension", 0.2, 0.25),
    ),
)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network that has learned nothing: its edits are arbitrary, but must be valid."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("model") / "small.safetensors"
    save_checkpoint(path, PointerNetwork(CONFIG, CARD), CARD)
    return path


@pytest.fixture(scope="module")
def engine(checkpoint: Path) -> Engine:
    return Engine.load(checkpoint, "cpu")


@pytest.fixture(scope="module")
def source() -> ArraySource:
    rng = np.random.default_rng(0)
    level = np.repeat(rng.choice([0.0005, 0.3], 40), 4410)
    tone = rng.normal(0, 1, len(level)) * level
    return ArraySource(np.stack((tone, tone[::-1]), axis=1).astype(np.float32), 44100)


@pytest.fixture(scope="module")
def encoding(engine: Engine, source: ArraySource) -> Encoding:
    return engine.encode(source)


def test_a_proposal_is_a_valid_edit_of_its_recording(
    engine: Engine, source: ArraySource, encoding: Encoding
) -> None:
    seen: list[float] = []
    proposal = engine.propose(encoding, source, progress=lambda share, _: seen.append(share))
    proposal.edit_list.check_within([source.n_samples])
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    assert proposal.provenance.checkpoint_hash == engine.checkpoint_sha256
    assert len(proposal.provenance.style) == CONFIG.style_dim
    removed = sum(
        change.stop - change.start for change in proposal.changes if change.kind is ChangeKind.CUT
    )
    assert removed == source.n_samples - proposal.edit_list.length
    assert all(0 <= (change.confidence or 0) <= 1 for change in proposal.changes)


def test_tightness_is_counted_from_what_the_network_itself_leaves(
    engine: Engine, source: ArraySource, encoding: Encoding
) -> None:
    tighter = engine.propose(encoding, source, GenerateOptions(axes=(("tightness", 1.0),)))
    assert tighter.provenance.targets.pause_s == pytest.approx(np.exp(-1 - 0.6))


def test_a_recording_is_encoded_once_and_decoded_alike(
    engine: Engine, source: ArraySource, encoding: Encoding
) -> None:
    first = engine.propose(encoding, source, GenerateOptions(tightness=0.8))
    engine.propose(encoding, source, GenerateOptions(tightness=0.1))
    again = engine.propose(encoding, source, GenerateOptions(tightness=0.8))
    assert first == again


def test_equal_seeds_give_equal_edits(
    engine: Engine, source: ArraySource, encoding: Encoding
) -> None:
    def drawn(seed: int) -> object:
        options = GenerateOptions(seed=seed, temperature=2.0, sample_style=True)
        return engine.propose(encoding, source, options).edit_list

    assert drawn(3) == drawn(3)
    assert any(drawn(3) != drawn(seed) for seed in range(4, 8))


def test_a_target_beyond_the_recording_keeps_all_of_it_and_says_so(
    engine: Engine, source: ArraySource, encoding: Encoding
) -> None:
    proposal = engine.propose(encoding, source, GenerateOptions(target_length_s=60))
    assert proposal.edit_list.length >= source.n_samples
    assert "nothing more in it to loop" in proposal.note


def test_a_target_that_can_be_met_is_met_and_another_is_explained(
    engine: Engine, source: ArraySource, encoding: Encoding
) -> None:
    for target in (1.0, 2.0, 3.0):
        proposal = engine.propose(encoding, source, GenerateOptions(target_length_s=target))
        length_s = sum(stop - start for start, stop in proposal.runs) * 256 / 22050
        met = abs(length_s - target) <= 0.03 * target
        assert met == (proposal.note == ""), proposal.note


def test_work_stops_when_it_is_asked_to(engine: Engine, source: ArraySource) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(CancelledError):
        engine.encode(source, cancel=token)


def test_a_recording_without_samples_is_refused(engine: Engine) -> None:
    with pytest.raises(AudioReadError, match="no samples"):
        engine.encode_mel(np.zeros((128, 1), np.float32), 0, 44100)


@pytest.mark.parametrize("rate", [8000, 22050, 44100, 192000])
@pytest.mark.parametrize("n_samples", [1, 100, 5000])
def test_short_recordings_at_any_rate_work(engine: Engine, rate: int, n_samples: int) -> None:
    source = ArraySource(np.full((n_samples, 1), 0.1, np.float32), rate)
    proposal = engine.propose(engine.encode(source), source)
    proposal.edit_list.check_within([n_samples])
    assert proposal.edit_list.length > 0


def test_devices_that_are_not_there_are_named() -> None:
    assert choose_device("auto").type in ("cpu", "cuda", "mps")
    with pytest.raises(DeviceError, match="warp"):
        choose_device("warp")
    if not torch.cuda.is_available():
        with pytest.raises(DeviceError, match="cuda"):
            choose_device("cuda")


def test_the_ladder_works_as_documented(checkpoint: Path) -> None:
    model, config = load_model(checkpoint, device="cpu")
    mel, raw_audio, sr = compute_mel(resource_path("demo", "speech.flac"), config)
    assert mel.dtype == np.float32
    assert mel.shape[0] == 128
    pointers = run_inference(model, torch.from_numpy(mel).float(), device="cpu")
    assert pointers.dtype == np.int64
    assert pointers[-1] == STOP
    assert ((pointers[:-1] >= 0) & (pointers[:-1] < mel.shape[1])).all()
    edited = pointers_to_audio(pointers, raw_audio, config.hop_length, sr)
    assert edited.shape[1:] == raw_audio.shape[1:]
    assert abs(len(edited) - (len(pointers) - 1) * 256 * sr / 22050) <= 256 * sr / 22050
    mono = pointers_to_audio(pointers, raw_audio[:, 0], config.hop_length, sr)
    np.testing.assert_array_equal(mono, edited[:, 0])


def test_importing_the_core_does_not_import_torch() -> None:
    code = "import model_core, model_core.infer, sys; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[1])


def some_evidence(coverage: np.ndarray, reason: np.ndarray) -> Evidence:
    n = len(coverage)
    end = np.full(n + 1, 1e-4, np.float32)
    end[[50, 200]] = 0.9
    landing = np.full(n, 1e-4, np.float32)
    landing[[150, 230]] = 0.8
    visits = np.stack((coverage, np.full(n, -6.0, np.float32)), axis=1)
    stop = np.full(n + 1, 1e-6, np.float32)
    return Evidence(visits, reason, end, stop, landing, BackwardJumps.none())


def test_a_cut_is_named_after_what_is_in_it_besides_silence() -> None:
    coverage = np.full(300, 4.0, np.float32)
    coverage[50:150] = coverage[200:230] = -4.0
    reason = np.full(300, REASONS.index(Reason.SILENCE), np.int8)
    reason[80:110] = REASONS.index(Reason.RETAKE)
    reason[80:84] = reason[205:208] = REASONS.index(Reason.NOISE)
    evidence = some_evidence(coverage, reason)
    edit = EditList.from_ranges([(0, 50 * 256), (150 * 256, 200 * 256), (230 * 256, 300 * 256)])
    changes = describe_changes(edit, evidence, Fraction(256), 300 * 256)
    assert [change.reason for change in changes] == [Reason.RETAKE, Reason.SILENCE]
    for change in changes:
        assert change.confidence == pytest.approx(0.9 * 0.8, abs=0.01)
    knots = ((0.0, 0.0), (0.72, 0.5), (1.0, 0.6))
    mapped = describe_changes(edit, evidence, Fraction(256), 300 * 256, knots)
    assert all(change.confidence == pytest.approx(0.5, abs=0.01) for change in mapped)


def test_a_join_that_nothing_speaks_for_is_not_trusted() -> None:
    evidence = some_evidence(np.full(300, 4.0, np.float32), np.zeros(300, np.int8))
    edit = EditList.from_ranges([(0, 100 * 256), (120 * 256, 300 * 256)])
    (change,) = describe_changes(edit, evidence, Fraction(256), 300 * 256)
    assert change.confidence is not None
    assert change.confidence < 0.01


def heard(edit: EditList, n_samples: int) -> np.ndarray:
    """Returns how often each sample is heard."""
    visits = np.zeros(n_samples, int)
    for segment in edit.segments:
        visits[segment.start : segment.stop] += 1
    return visits


@pytest.mark.parametrize("target_length_s", [None, 2.5])
def test_locks_are_honoured_to_the_sample(
    engine: Engine, source: ArraySource, encoding: Encoding, target_length_s: float | None
) -> None:
    keep, drop = (10_007, 33_333), (40_001, 55_555)
    passage = ((100_003, 110_007), (90_001, 95_003), (100_003, 104_001))
    locks = Locks((keep,), (drop,), (passage,))
    options = GenerateOptions(locks=locks, target_length_s=target_length_s)
    proposal = engine.propose(encoding, source, options)
    segments = [(segment.start, segment.stop) for segment in proposal.edit_list.segments]
    assert any(start <= keep[0] and keep[1] <= stop for start, stop in segments)
    visits = heard(proposal.edit_list, source.n_samples)
    assert (visits[drop[0] : drop[1]] == 0).all()
    where = segments.index(passage[0])
    assert tuple(segments[where : where + 3]) == passage
    rest = [*segments[:where], *segments[where + 3 :]]
    assert all(stop <= 90_001 or start >= 110_007 for start, stop in rest)
    assert all(stop <= 90_001 for start, stop in segments[:where])
    proposal.edit_list.check_within([source.n_samples])


def test_a_lock_beyond_the_recording_is_refused(
    engine: Engine, source: ArraySource, encoding: Encoding
) -> None:
    locks = Locks(keep=((0, source.n_samples + 1),))
    with pytest.raises(EditError, match="beyond"):
        engine.propose(encoding, source, GenerateOptions(locks=locks))


def test_a_length_that_locks_stand_against_is_explained(
    engine: Engine, source: ArraySource, encoding: Encoding
) -> None:
    locks = Locks(keep=((0, source.n_samples),))
    proposal = engine.propose(encoding, source, GenerateOptions(locks=locks, target_length_s=1.0))
    assert proposal.edit_list.length == source.n_samples
    assert "locked" in proposal.note


def test_a_preview_stays_within_its_part_and_agrees_with_the_whole(
    engine: Engine, source: ArraySource, encoding: Encoding
) -> None:
    part = 30_000, 120_000
    ranges = engine.preview(encoding, GenerateOptions(tightness=0.7), *part)
    assert all(part[0] <= start < stop <= part[1] for start, stop in ranges)
    previewed = np.zeros(source.n_samples, bool)
    for start, stop in ranges:
        previewed[start:stop] = True
    whole = engine.propose(encoding, source, GenerateOptions(tightness=0.7)).edit_list
    agrees = previewed == (heard(whole, source.n_samples) > 0)
    assert agrees[part[0] : part[1]].mean() > 0.8


def test_the_best_few_edits_are_compared_by_their_likelihood(
    engine: Engine, source: ArraySource, encoding: Encoding
) -> None:
    plain = engine.propose(encoding, source)
    chosen = engine.propose(encoding, source, GenerateOptions(rescore=True))

    def value(runs: tuple[tuple[int, int], ...]) -> float:
        style = engine._style(GenerateOptions())
        with torch.inference_mode(), engine._autocast():
            return log_likelihood(
                engine.model, encoding.encoded, style, np.array(runs), encoding.keys
            )

    assert value(chosen.runs) >= value(plain.runs)


def test_a_full_gpu_falls_back_to_the_cpu_and_says_so(
    checkpoint: Path, source: ArraySource, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine.load(checkpoint, "cpu")
    encode, failures = engine.model.encode, [torch.OutOfMemoryError("full")]

    def too_large(*args: object, **options: object) -> object:
        if failures:
            raise failures.pop()
        return encode(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(engine.model, "encode", too_large)
    # The work is done on the CPU all along; only what the engine believes is another device.
    monkeypatch.setattr(engine, "_autocast", nullcontext)
    monkeypatch.setattr(engine, "_tensor", lambda mel: torch.from_numpy(mel[None]))
    engine.device = torch.device("mps")
    encoding = engine.encode(source)
    assert engine.device.type == "cpu"
    proposal = engine.propose(encoding, source)
    assert "Apple GPU was too small" in proposal.note


def test_a_full_computer_is_told_in_a_sentence(
    checkpoint: Path, source: ArraySource, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine.load(checkpoint, "cpu")

    def too_large(*_: object, **__: object) -> None:
        raise torch.OutOfMemoryError("full")

    monkeypatch.setattr(engine.model, "encode", too_large)
    with pytest.raises(DeviceError, match="too long for the memory"):
        engine.encode(source)


def test_stems_are_read_by_networks_that_know_them(engine: Engine, source: ArraySource) -> None:
    torch.manual_seed(0)
    config = PointerNetworkConfig(**{**CONFIG.to_dict(), "use_stems": True})
    model = PointerNetwork(config, Card(config, CARD.style_quantities))
    with torch.no_grad():
        assert model.stem_encoder is not None
        model.stem_encoder.fusion.weight.normal_()
    listener = Engine(model, torch.device("cpu"))
    voice = ArraySource(source.read_float(0, source.n_samples)[:, :1], source.sample_rate)
    short = ArraySource(source.read_float(0, 40_000)[:, :1], source.sample_rate)
    without = listener.encode(source).encoded.frame_emb
    for stems in ({"vocals": voice}, {"drums": short, "vocals": voice}):
        with_stems = listener.encode(source, stems=stems)
        assert not torch.equal(with_stems.encoded.frame_emb, without)
        listener.propose(with_stems, source).edit_list.check_within([source.n_samples])
    with pytest.raises(CheckpointError, match="reads no stems"):
        engine.encode(source, stems={"vocals": voice})


def test_half_precision_proposes_nearly_the_same_edits() -> None:
    """The bundled network on the demo recordings: samples kept in float32 and in bfloat16."""
    whole = Engine.load(BUNDLED_CHECKPOINT, "cpu")
    half = Engine.load(BUNDLED_CHECKPOINT, "cpu")
    whole.precision, half.precision = torch.float32, torch.bfloat16
    for name in ("speech", "music"):
        with open_audio(resource_path("demo", f"{name}.flac")) as demo:
            kept = [
                heard(engine.propose(engine.encode(demo), demo).edit_list, demo.n_samples) > 0
                for engine in (whole, half)
            ]
            assert (kept[0] == kept[1]).mean() > 0.95


def test_the_command_line_says_that_a_network_reads_no_stems(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    soundfile.write(tmp_path / "vocals.wav", np.zeros(2000, np.float32), 22050)
    recording = resource_path("demo", "speech.flac")
    output = tmp_path / "out.wav"
    arguments = [str(recording), "--output", str(output), "--stems", str(tmp_path), "--quiet"]
    assert main(arguments) == 1
    assert "reads no stems" in capsys.readouterr().err
    assert not output.exists()


def test_stems_are_found_by_their_names(tmp_path: Path) -> None:
    for name in ("drums.wav", "Vocals.flac", "mix.wav", "notes.txt"):
        (tmp_path / name).write_bytes(b"")
    assert {k: v.name for k, v in find_stems(tmp_path).items()} == {
        "drums": "drums.wav",
        "vocals": "Vocals.flac",
    }
    (tmp_path / "drums.flac").write_bytes(b"")
    with pytest.raises(AudioReadError, match="two files"):
        find_stems(tmp_path)
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(AudioReadError, match="no stems"):
        find_stems(empty)
    with pytest.raises(AudioReadError, match="no folder"):
        find_stems(tmp_path / "gone")


def test_the_card_is_read_without_the_weights(checkpoint: Path, tmp_path: Path) -> None:
    assert read_card(checkpoint) == load_checkpoint(checkpoint).card
    for path in (tmp_path / "gone.safetensors", Path(__file__)):
        with pytest.raises(CheckpointError):
            read_card(path)
