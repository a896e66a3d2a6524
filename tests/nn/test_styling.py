from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from model_core import PointerNetwork
from model_core.errors import StyleError
from model_core.nn.card import StyleQuantity
from model_core.nn.style_space import StyleAxis, StyleSpace
from model_core.nn.styling import choose_style, read_style
from model_core.options import GenerateOptions
from tests.nn.small import a_network

SIZE = 16
QUANTITIES = (
    StyleQuantity("pause_s", -1, 0.5),
    StyleQuantity("margin_s", -2, 0.5),
    StyleQuantity("extension", 0.2, 0.25),
)


def a_space() -> StyleSpace:
    rng = np.random.default_rng(0)
    spread = rng.normal(0, 1, (SIZE, SIZE))
    direction = tuple(rng.normal(0, 1, SIZE).tolist())
    styles = rng.normal(0, 1, (400, SIZE)) @ spread + 3
    return StyleSpace.fitted(styles, (StyleAxis("length", direction),))


def a_model(space: StyleSpace | None = None, **changes: object) -> PointerNetwork:
    model = a_network(use_style_vae=True, **changes)
    model.card = dataclasses.replace(
        model.card, style_quantities=QUANTITIES, style_space=space or a_space()
    )
    return model


def place(model: PointerNetwork, **asked: object) -> torch.Tensor:
    # A copy, as what is made in inference mode serves nothing else.
    return choose_style(model, GenerateOptions(**asked))[0].clone()


def test_a_fitted_space_draws_what_it_was_fitted_to() -> None:
    rng = np.random.default_rng(1)
    styles = rng.normal(0, 1, (2000, 3)) @ np.array([[1, 0.5, 0], [0, 1, 0], [0, 0, 2.0]]) + 1
    space = StyleSpace.fitted(styles)
    drawn = np.array([space.draw(rng) for _ in range(4000)])
    np.testing.assert_allclose(drawn.mean(axis=0), styles.mean(axis=0), atol=0.15)
    np.testing.assert_allclose(np.cov(drawn.T), np.cov(styles.T), atol=0.3)


def test_a_space_survives_json_and_refuses_nonsense() -> None:
    space = a_space()
    assert StyleSpace.from_dict(space.to_dict()) == space
    with pytest.raises(ValueError, match="one size"):
        dataclasses.replace(space, mean=space.mean[:3])
    with pytest.raises(ValueError, match="finite"):
        dataclasses.replace(space, mean=(float("nan"), *space.mean[1:]))
    with pytest.raises(ValueError, match="same name"):
        dataclasses.replace(space, axes=space.axes * 2)


def test_seeds_draw_styles_that_repeat() -> None:
    model = a_model()
    one, again, other = (place(model, sample_style=True, seed=seed) for seed in (1, 1, 2))
    assert torch.equal(one, again)
    assert not torch.allclose(one, other)


def test_a_style_without_wishes_is_taken_as_it_is() -> None:
    model = a_model()
    style = tuple(float(i) for i in range(SIZE))
    torch.testing.assert_close(place(model, style=style), torch.tensor(style))


def test_tightness_is_set_within_a_style() -> None:
    model = a_model()
    assert model.vae is not None
    with torch.no_grad():
        # Quantities are told exactly by the directions in which they are set.
        basis = torch.linalg.qr(torch.randn(SIZE, 3)).Q
        model.style_in.weight.copy_(basis)
        model.vae.quantities_out.weight.copy_(basis.T)
        model.vae.quantities_out.bias.zero_()
        style = tuple(float(i) / SIZE for i in range(SIZE))
        before = model.vae.quantities(torch.tensor([style]))[0]
        after = model.vae.quantities(place(model, style=style, tightness=1.0)[None])[0]
        torch.testing.assert_close(after[:2], torch.tensor([-1.5, -1.5]))
    torch.testing.assert_close(after[2], before[2])
    longer = model.vae.quantities(place(model, style=style, extension=2.0)[None])[0]
    torch.testing.assert_close(longer[:2], before[:2])
    expected = model.card.standardised("extension", 2.0)
    torch.testing.assert_close(longer[2], torch.tensor(expected))


def test_axes_move_a_style() -> None:
    model = a_model()
    direction = torch.tensor(model.card.style_space.axes[0].direction)  # type: ignore[union-attr]
    moved = place(model, axes=(("length", 2.0),)) - place(model)
    torch.testing.assert_close(moved, 2 * direction, atol=1e-5, rtol=1e-4)


def test_foreign_styles_and_axes_are_refused() -> None:
    model = a_model()
    with pytest.raises(StyleError, match="another model"):
        place(model, style=(0.0, 1.0))
    with pytest.raises(StyleError, match=r"no axis “warmth”.*length"):
        place(model, axes=(("warmth", 1.0),))
    with pytest.raises(StyleError, match="length, loops, tightness"):
        place(a_network(), axes=(("warmth", 1.0),))
    with pytest.raises(ValueError, match="axis goes from"):
        GenerateOptions(axes=(("length", 40.0),))


def test_a_style_is_read_from_an_edit() -> None:
    model = a_model()
    mel = torch.rand(1, 16, 4000)
    runs = np.array([[10, 500], [600, 3600], [3700, 3900]], np.int64)
    with torch.no_grad():
        encoded = model.encode(mel)
        style = read_style(model, encoded, mel[0].numpy(), runs)
        other = read_style(model, encoded, mel[0].numpy(), runs[:2])
    assert len(style) == SIZE
    assert style != other
    whole = np.array([[0, 4000]], np.int64)
    with pytest.raises(StyleError, match="as it is"):
        read_style(model, encoded, mel[0].numpy(), whole)
    with pytest.raises(StyleError, match="can't read"):
        read_style(a_network(), encoded, mel[0].numpy(), runs)
