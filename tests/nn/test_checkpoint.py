from __future__ import annotations

import json
import math
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from model_core import PointerNetwork
from model_core.checkpoint import load_checkpoint, save_checkpoint
from model_core.errors import CheckpointError
from model_core.nn.card import Card, DecodingSettings, StyleQuantity, checkpoint_hash
from model_core.nn.config import PointerNetworkConfig

CONFIG = PointerNetworkConfig(d_model=16, n_heads=2, n_encoder_layers=1, n_decoder_layers=1,
                              dim_feedforward=16, key_dim=8)  # fmt: skip
STYLES = (
    StyleQuantity("pause_s", -1.0, 0.5),
    StyleQuantity("margin_s", -2.0, 0.5),
    StyleQuantity("extension", 0.2, 0.25),
)
KNOTS = ((0.1, 0.0), (0.4, 0.5), (0.9, 0.5), (1.0, 0.97))


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    path = tmp_path / "a model.safetensors"
    card = Card(CONFIG, STYLES, DecodingSettings(3.0, 1.0, 0.5, 7.0), KNOTS, {"hours": 1})
    save_checkpoint(path, PointerNetwork(CONFIG, card), card)
    return path


def test_weights_and_card_come_back(saved: Path) -> None:
    torch.manual_seed(0)
    original = PointerNetwork(CONFIG)
    model = load_checkpoint(saved)
    assert not model.training
    assert model.card.decoding == DecodingSettings(3.0, 1.0, 0.5, 7.0)
    assert model.card.style_quantities == STYLES
    assert model.card.confidence == KNOTS
    assert model.card.provenance == {"hours": 1}
    for name, value in original.state_dict().items():
        torch.testing.assert_close(model.state_dict()[name], value, atol=0, rtol=0)
    assert len(checkpoint_hash(saved)) == 64


def refused(path: Path, words: str) -> None:
    with pytest.raises(CheckpointError, match=words) as caught:
        load_checkpoint(path)
    assert caught.value.mend


def test_a_missing_checkpoint_is_named(tmp_path: Path) -> None:
    refused(tmp_path / "none.safetensors", "no checkpoint at")
    refused(tmp_path, "no checkpoint at")


@pytest.mark.parametrize("kept", [0, 4, 8, 100, -1])
def test_a_truncated_checkpoint_is_refused(saved: Path, kept: int) -> None:
    saved.write_bytes(saved.read_bytes()[:kept])
    refused(saved, "not a readable checkpoint")


@pytest.mark.parametrize("place", [0.6, 0.999])
def test_a_bit_that_has_turned_is_noticed(saved: Path, place: float) -> None:
    data = bytearray(saved.read_bytes())
    data[int(place * len(data))] ^= 1
    saved.write_bytes(data)
    refused(saved, "is damaged")


def test_a_card_of_other_words_is_noticed(saved: Path) -> None:
    saved.write_bytes(saved.read_bytes().replace(b"hours", b"hoars"))
    refused(saved, "is damaged")


def test_a_pickle_is_never_loaded(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    path.write_bytes(pickle.dumps({"weights": [1, 2, 3]}))
    refused(path, "not a readable checkpoint")


def test_a_foreign_safetensors_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    save_file({"weight": torch.zeros(3)}, path)
    refused(path, "not a checkpoint of EditorBot")


def rewritten(path: Path, **changes: object) -> None:
    card = json.loads(load_checkpoint(path).card.to_json())
    card.update(changes)
    save_file(load_file(path), path, metadata={"card": json.dumps(card)})


def test_a_newer_version_is_refused(saved: Path) -> None:
    rewritten(saved, version=3)
    refused(saved, "format version 3")


def test_an_older_version_is_refused(saved: Path) -> None:
    rewritten(saved, version=1)
    refused(saved, "format version 1")


def test_a_card_without_a_fitted_confidence_is_read(saved: Path) -> None:
    rewritten(saved, confidence=[])
    assert load_checkpoint(saved).card.confidence == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"use_stems": True, "n_stems": 2}, {"use_edit_ops": True}, {"use_history": False},
        {"use_style_vae": True}, {"use_pre_norm": False}, {"max_visits": 2},
    ],
)  # fmt: skip
def test_every_kind_of_network_comes_back(tmp_path: Path, changes: dict[str, object]) -> None:
    config = PointerNetworkConfig.from_dict({**CONFIG.to_dict(), **changes})
    model = PointerNetwork(config)
    save_checkpoint(tmp_path / "m.safetensors", model, Card(config, STYLES))
    loaded = load_checkpoint(tmp_path / "m.safetensors")
    assert loaded.config == config
    assert loaded.state_dict().keys() == model.state_dict().keys()
    for name, value in loaded.state_dict().items():
        torch.testing.assert_close(value, model.state_dict()[name], atol=0, rtol=0)


def test_an_unknown_entry_is_named(saved: Path) -> None:
    rewritten(saved, config={"d_model": 16, "warp": 9})
    with pytest.raises(CheckpointError, match="unknown entries: warp"):
        load_checkpoint(saved)


@pytest.mark.parametrize(
    "changes",
    [
        {"format": "other"},
        {"version": "two"},
        {"decoding": {"event_weight": "x"}},
        {"decoding": {"event_weight": float("nan")}},
        {"decoding": []},
        {"style_quantities": []},
        {"style_quantities": 3},
        {"provenance": 1},
        {"confidence": 1},
        {"confidence": [[0.5, 0.5], [0.4, 0.6]]},  # evidence has to rise
        {"confidence": [[0.4, 0.6], [0.5, 0.5]]},  # and so does the probability
        {"confidence": [[0.4, 1.5]]},
        {"confidence": [[0.4]]},
    ],
)
def test_a_damaged_card_is_refused(saved: Path, changes: dict[str, object]) -> None:
    rewritten(saved, **changes)
    refused(saved, "card is not readable")


def test_a_card_that_does_not_fit_the_weights_is_refused(saved: Path) -> None:
    config = {**CONFIG.to_dict(), "n_encoder_layers": 2}
    rewritten(saved, config=config)
    refused(saved, "does not fit the network")


def test_weights_that_are_no_numbers_are_refused(saved: Path) -> None:
    tensors = load_file(saved)
    tensors["key_proj.bias"][0] = float("nan")
    card = load_checkpoint(saved).card.to_json()
    save_file(tensors, saved, metadata={"card": card})
    refused(saved, "no numbers")


@pytest.mark.parametrize(
    "values",
    [
        {"d_model": 0}, {"d_model": 130}, {"n_heads": -1}, {"d_model": 128.5}, {"dropout": 1.0},
        {"dropout": "much"}, {"use_pre_norm": 1}, {"conv_kernel": 4}, {"compression_ratio": 0},
        {"attn_window_size": 510}, {"top_db": 0}, {"n_mels": 2**30}, {"n_stems": 5},
        {"op_loss_weight": -1}, {"max_visits": 17}, {"match_reach": 8}, {"use_history": None},
    ],
)  # fmt: skip
def test_absurd_configurations_are_refused(values: dict[str, object]) -> None:
    with pytest.raises(CheckpointError, match="not valid"):
        PointerNetworkConfig.from_dict(values)


def test_the_defaults_are_those_of_the_specification() -> None:
    config = PointerNetworkConfig()
    assert (config.n_mels, config.d_model, config.n_heads) == (128, 128, 4)
    assert (config.n_encoder_layers, config.n_decoder_layers) == (3, 3)
    assert (config.dim_feedforward, config.dropout, config.use_pre_norm) == (512, 0.15, True)
    assert (config.compression_ratio, config.attn_window_size) == (0.67, 512)
    assert (config.max_delta, config.n_global_tokens, config.global_token_stride) == (64, 64, 1000)
    assert (config.sample_rate, config.n_fft, config.hop_length) == (22050, 2048, 256)
    assert (config.use_stems, config.n_stems) == (False, 4)
    assert (config.use_edit_ops, config.op_loss_weight) == (False, 0.05)


def test_styles_are_told_in_deviations_from_the_mean_editor() -> None:
    card = Card(CONFIG, STYLES)
    assert card.standardised("pause_s", math.exp(-0.5)) == pytest.approx(1.0)
    assert card.standardised("unheard of", 3.0) == 0.0
    plain = (0.0 - 0.2) / 0.25  # no extension is less than the mean one of those who extend
    assert card.style_of() == pytest.approx((0.0, 0.0, plain))
    assert card.style_of(tightness=1.0) == pytest.approx((-1.5, -1.5, plain))
    assert card.style_of(extension=math.exp(0.2)) == pytest.approx((0.0, 0.0, 0.0))
    drawn = np.array([card.style_of(rng=np.random.default_rng(seed)) for seed in range(500)])
    assert np.abs(drawn[:, :2]).max() <= 3**0.5
    np.testing.assert_allclose(drawn[:, :2].std(axis=0), 1, atol=0.1)
