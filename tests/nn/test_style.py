from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor
from torch.distributions import Normal
from torch.distributions import kl_divergence as kl_of_torch
from torch.nn import functional as F

from model_core.nn.style import N_EVENT_FEATURES, StylePosterior, StyleVAE, kl_divergence
from tests.nn.small import a_network

WIDTH, STYLES, QUANTITIES = 6, 4, 3


@pytest.fixture
def vae() -> StyleVAE:
    torch.manual_seed(0)
    return StyleVAE(WIDTH, STYLES, QUANTITIES)


def some_events(batch: int, n: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    return (
        torch.randn(batch, n, N_EVENT_FEATURES),
        torch.randn(batch, n, WIDTH),
        torch.randn(batch, n, WIDTH),
        torch.ones(batch, n, dtype=torch.bool),
    )


def close(one: StylePosterior, other: StylePosterior) -> None:
    torch.testing.assert_close(one.mean, other.mean, atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(one.log_variance, other.log_variance, atol=1e-6, rtol=1e-5)


def test_a_posterior_has_a_mean_and_a_spread_for_each_edit(vae: StyleVAE) -> None:
    posterior = vae.posterior(*some_events(3, 7))
    assert posterior.mean.shape == posterior.log_variance.shape == (3, STYLES)
    assert not torch.allclose(posterior.mean[0], posterior.mean[1])


def test_padding_changes_nothing(vae: StyleVAE) -> None:
    parts = some_events(2, 7)
    padded = [F.pad(part, (0, 0, 0, 5), value=1e3) for part in parts[:3]]
    close(vae.posterior(*padded, F.pad(parts[3], (0, 5))), vae.posterior(*parts))


def test_edits_of_one_batch_do_not_disturb_each_other(vae: StyleVAE) -> None:
    events, leaving, landing, mask = some_events(2, 6)
    mask[1, 2:] = False
    together = vae.posterior(events, leaving, landing, mask)
    alone = vae.posterior(events[1:, :2], leaving[1:, :2], landing[1:, :2], mask[1:, :2])
    close(StylePosterior(together.mean[1:], together.log_variance[1:]), alone)


def test_the_order_of_events_does_not_matter(vae: StyleVAE) -> None:
    parts = some_events(1, 9)
    order = torch.randperm(9)
    moved = [part[:, order] for part in parts]
    close(vae.posterior(moved[0], moved[1], moved[2], moved[3]), vae.posterior(*parts))


@pytest.mark.parametrize("n", [1, 5])
def test_an_edit_without_events_has_a_finite_style(vae: StyleVAE, n: int) -> None:
    events, leaving, landing, mask = some_events(2, n)
    mask[0] = False
    posterior = vae.posterior(events, leaving, landing, mask)
    (posterior.mean.sum() + kl_divergence(posterior).sum()).backward()
    for part in posterior:
        assert torch.isfinite(part).all()
    for name, value in vae.named_parameters():
        assert value.grad is None or torch.isfinite(value.grad).all(), name
    changed = vae.posterior(events + 1, leaving, landing, mask)
    torch.testing.assert_close(changed.mean[0], posterior.mean[0])


def test_spreads_are_bounded(vae: StyleVAE) -> None:
    with torch.no_grad():
        vae.posterior_out.weight.mul_(1e6)
    posterior = vae.posterior(*some_events(4, 5))
    assert posterior.log_variance.abs().max() <= 8
    assert torch.isfinite(kl_divergence(posterior)).all()


def test_draws_repeat_with_their_generator(vae: StyleVAE) -> None:
    posterior = vae.posterior(*some_events(2, 4))

    def drawn(seed: int) -> Tensor:
        return vae.draw(posterior, torch.Generator().manual_seed(seed))

    assert torch.equal(drawn(1), drawn(1))
    assert not torch.equal(drawn(1), drawn(2))
    one, other = (vae.draw_prior(3, torch.Generator().manual_seed(5)) for _ in range(2))
    assert torch.equal(one, other)
    assert one.shape == (3, STYLES)


def test_draws_have_the_mean_and_the_spread_of_their_distribution(vae: StyleVAE) -> None:
    n = 40_000
    mean, deviation = torch.tensor([[2.0, -1.0, 0.0, 5.0]]), torch.tensor([[0.1, 1.0, 3.0, 0.5]])
    posterior = StylePosterior(mean.expand(n, -1), (2 * deviation.log()).expand(n, -1))
    drawn = vae.draw(posterior, torch.Generator().manual_seed(0))
    # Within five standard errors of a mean and of a deviation.
    assert ((drawn.mean(dim=0) - mean[0]).abs() < 5 * deviation[0] / math.sqrt(n)).all()
    assert ((drawn.std(dim=0) / deviation[0] - 1).abs() < 5 / math.sqrt(2 * n)).all()
    prior = vae.draw_prior(n, torch.Generator().manual_seed(0))
    assert (prior.mean(dim=0).abs() < 5 / math.sqrt(n)).all()
    assert ((prior.std(dim=0) - 1).abs() < 5 / math.sqrt(2 * n)).all()


def test_gradients_pass_through_a_draw() -> None:
    torch.manual_seed(0)
    mean = torch.zeros(1, STYLES, requires_grad=True)
    log_variance = torch.zeros(1, STYLES, requires_grad=True)
    vae = StyleVAE(WIDTH, STYLES, QUANTITIES)
    z = vae.draw(StylePosterior(mean, log_variance), torch.Generator().manual_seed(0))
    z.sum().backward()
    torch.testing.assert_close(mean.grad, torch.ones(1, STYLES))
    torch.testing.assert_close(log_variance.grad, 0.5 * z.detach())


def a_posterior() -> StylePosterior:
    return StylePosterior(torch.randn(5, STYLES), torch.randn(5, STYLES))


def each_of_torch(posterior: StylePosterior) -> Tensor:
    normal = Normal(posterior.mean, (0.5 * posterior.log_variance).exp())
    return kl_of_torch(normal, Normal(torch.zeros(STYLES), torch.ones(STYLES)))


def test_the_divergence_is_that_of_torch() -> None:
    torch.manual_seed(0)
    posterior = a_posterior()
    expected = each_of_torch(posterior).sum(dim=-1)
    torch.testing.assert_close(kl_divergence(posterior), expected)
    nothing = StylePosterior(torch.zeros(1, STYLES), torch.zeros(1, STYLES))
    assert kl_divergence(nothing).item() == 0


def test_free_nats_are_not_charged_for_in_any_dimension() -> None:
    torch.manual_seed(0)
    posterior = a_posterior()
    each = each_of_torch(posterior)
    free = 0.3
    assert (each < free).any()
    assert (each > free).any()
    expected = each.clamp(min=free).sum(dim=-1)
    torch.testing.assert_close(kl_divergence(posterior, free), expected)


def test_within_its_free_nats_a_dimension_is_not_drawn_to_the_prior() -> None:
    mean = torch.tensor([[0.1, 2.0]], requires_grad=True)
    kl_divergence(StylePosterior(mean, torch.zeros(1, 2)), 0.5).sum().backward()
    assert mean.grad is not None
    assert mean.grad.tolist() == [[0.0, 2.0]]


def test_every_weight_gets_a_gradient(vae: StyleVAE) -> None:
    posterior = vae.posterior(*some_events(4, 6))
    z = vae.draw(posterior, torch.Generator().manual_seed(0))
    loss = vae.quantities(z).square().sum() + 0.01 * kl_divergence(posterior, 0.1).sum()
    loss.backward()
    for name, value in vae.named_parameters():
        assert value.grad is not None, name
        assert torch.isfinite(value.grad).all(), name
        assert value.grad.any(), name


def test_a_drawn_style_turns_the_heads() -> None:
    model = a_network(use_style_vae=True)
    assert model.vae is not None
    encoded = model.encode(torch.rand(1, 16, 70))
    one, other = model.vae.draw_prior(2, torch.Generator().manual_seed(0)).split(1)
    coverage = [model.frame_logits(encoded, z).coverage for z in (one, other)]
    stops = [model.steps(encoded, z).stop_logits for z in (one, other)]
    assert not torch.allclose(coverage[0], coverage[1], atol=1e-3)
    assert not torch.allclose(stops[0], stops[1], atol=1e-3)
    quantities = model.vae.quantities(one)
    assert quantities.shape == (1, model.config.n_style_quantities)
