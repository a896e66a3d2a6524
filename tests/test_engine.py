from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch

from model_core.audio.source import ArraySource
from model_core.checkpoint import save_checkpoint
from model_core.edit.pointers import STOP
from model_core.edit.types import REASONS, ChangeKind, EditList, Reason
from model_core.engine import Encoding, Engine
from model_core.errors import AudioReadError, CancelledError, DeviceError
from model_core.infer import compute_mel, load_model, pointers_to_audio, run_inference
from model_core.nn.card import Card, StyleQuantity
from model_core.nn.config import PointerNetworkConfig
from model_core.nn.device import choose_device
from model_core.nn.evidence import Evidence
from model_core.nn.network import PointerNetwork
from model_core.options import GenerateOptions
from model_core.progress import CancelToken
from model_core.proposals import describe_changes
from resources import resource_path

CONFIG = PointerNetworkConfig(
    d_model=16, n_heads=2, n_encoder_layers=1, n_decoder_layers=1, dim_feedforward=16, key_dim=8
)
CARD = Card(CONFIG, (StyleQuantity("pause_s", -1, 0.5), StyleQuantity("margin_s", -2, 0.5)))


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
    assert proposal.edit_list.length == source.n_samples
    assert "all of it is kept" in proposal.note


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


def test_a_cut_is_named_after_what_is_in_it_besides_silence() -> None:
    coverage = np.full(300, 4.0, np.float32)
    coverage[50:150] = coverage[200:230] = -4.0
    reason = np.full(300, REASONS.index(Reason.SILENCE), np.int8)
    reason[80:110] = REASONS.index(Reason.RETAKE)
    reason[80:84] = reason[205:208] = REASONS.index(Reason.NOISE)
    nothing = np.zeros(301, np.float32)
    evidence = Evidence(coverage, reason, nothing, nothing, nothing[:-1])
    edit = EditList.from_ranges([(0, 50 * 256), (150 * 256, 200 * 256), (230 * 256, 300 * 256)])
    changes = describe_changes(edit, evidence, Fraction(256), 300 * 256)
    assert [change.reason for change in changes] == [Reason.RETAKE, Reason.SILENCE]
    assert all(change.confidence == pytest.approx(0.982, abs=0.001) for change in changes)
