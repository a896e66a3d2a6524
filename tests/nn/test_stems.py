from __future__ import annotations

import pytest
import torch
from torch import Tensor

from model_core.nn.config import STEMS
from model_core.nn.stems import StemEncoder
from tests.nn.small import a_network


@pytest.fixture(params=[1, 2, 3, 4])
def encoder(request: pytest.FixtureRequest) -> StemEncoder:
    torch.manual_seed(0)
    encoder = StemEncoder(8, 6, request.param)
    for value in encoder.parameters():
        torch.nn.init.normal_(value)
    return encoder


def some_stems(encoder: StemEncoder, batch: int = 2, n_frames: int = 11) -> dict[str, Tensor]:
    return {name: torch.rand(batch, 8, n_frames) for name in encoder.names}


def test_stems_are_read_in_the_order_of_their_names() -> None:
    assert STEMS == ("drums", "bass", "vocals", "other")
    for n in range(1, 5):
        assert StemEncoder(8, 6, n).names == STEMS[:n]


def test_every_stem_has_its_own_projection_and_place(encoder: StemEncoder) -> None:
    stems = some_stems(encoder)
    fused = encoder(dict(reversed(stems.items())))
    assert fused.shape == (2, 11, 6)
    parts = [encoder.stem_projs[name](stems[name].mT) for name in encoder.names]
    expected = encoder.fusion(torch.cat(parts, dim=-1))
    torch.testing.assert_close(fused, expected)


def test_a_stem_that_is_missing_is_the_same_as_one_that_is_ignored(encoder: StemEncoder) -> None:
    stems = some_stems(encoder)
    for missing in range(1, len(encoder.names)):
        there = {name: stems[name] for name in encoder.names[:missing]}
        present = torch.arange(len(encoder.names)).expand(2, -1) < missing
        torch.testing.assert_close(encoder(there), encoder(stems, present))
        embedded = [
            encoder.stem_projs[name](stems[name].mT)
            if name in there
            else encoder.absent[index].expand(2, 11, -1)
            for index, name in enumerate(encoder.names)
        ]
        expected = encoder.fusion(torch.cat(embedded, dim=-1))
        torch.testing.assert_close(encoder(there), expected)


def test_stems_are_ignored_for_each_recording_by_itself(encoder: StemEncoder) -> None:
    stems = some_stems(encoder)
    present = torch.ones(2, len(encoder.names), dtype=torch.bool)
    present[1, 0] = False
    fused = encoder(stems, present)
    torch.testing.assert_close(fused[0], encoder(stems)[0])
    assert not torch.allclose(fused[1], encoder(stems)[1])


def test_what_is_ignored_gets_no_gradient(encoder: StemEncoder) -> None:
    stems = some_stems(encoder, batch=1)
    present = torch.zeros(1, len(encoder.names), dtype=torch.bool)
    encoder(stems, present).sum().backward()
    for name in encoder.names:
        gradient = encoder.stem_projs[name].weight.grad
        assert gradient is None or not gradient.any()
    assert encoder.absent.grad is not None
    assert encoder.absent.grad.any(dim=1).all()


def test_unknown_names_and_nothing_at_all_are_refused(encoder: StemEncoder) -> None:
    with pytest.raises(ValueError, match="not guitar"):
        encoder({**some_stems(encoder), "guitar": torch.rand(2, 8, 11)})
    with pytest.raises(ValueError, match="Stems are drums"):
        encoder({})
    if len(encoder.names) < 4:
        with pytest.raises(ValueError, match="not other"):
            encoder({"other": torch.rand(2, 8, 11)})


def test_a_network_without_stems_refuses_them() -> None:
    model = a_network()
    mel = torch.rand(1, 16, 50)
    with pytest.raises(ValueError, match="reads no stems"):
        model.encode(mel, stems={"drums": mel})


def test_a_network_with_stems_hears_them() -> None:
    model = a_network(use_stems=True)
    mel, drums, bass = torch.rand(3, 1, 16, 90).unbind()
    with torch.no_grad():
        plain = model.encode(mel).frame_emb
        heard = model.encode(mel, stems={"drums": drums, "bass": bass}).frame_emb
        other = model.encode(mel, stems={"drums": bass, "bass": drums}).frame_emb
        present = torch.tensor([[True, False, False, False]])
        one = model.encode(
            mel, stems={"drums": drums, "bass": bass}, stems_present=present
        ).frame_emb
        alone = model.encode(mel, stems={"drums": drums}).frame_emb
    assert not torch.allclose(plain, heard, atol=1e-3)
    assert not torch.allclose(heard, other, atol=1e-3)
    torch.testing.assert_close(one, alone)


def test_fresh_stems_have_no_say_yet() -> None:
    """So that stems can be added to a network that was trained without them."""
    torch.manual_seed(0)
    fused = StemEncoder(8, 6)({"drums": torch.rand(1, 8, 5)})
    assert not fused.any()


def test_every_weight_of_the_stems_gets_a_gradient_through_the_network() -> None:
    model = a_network(use_stems=True)
    assert model.stem_encoder is not None
    mel = torch.rand(2, 16, 60)
    stems = {name: torch.rand(2, 16, 60) for name in STEMS}
    present = torch.tensor([[True, True, True, True], [False, False, False, False]])
    encoded = model.encode(mel, stems=stems, stems_present=present)
    encoded.frame_emb.square().sum().backward()
    for name, value in model.stem_encoder.named_parameters():
        assert value.grad is not None, name
        assert torch.isfinite(value.grad).all(), name
        assert value.grad.any(), name
