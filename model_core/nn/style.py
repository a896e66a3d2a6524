"""Styles as a latent space: what an editor does, read from one edit and applied to another.

Shape letters: B batch, E events, D width, Z dimensions of a style.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from model_core.nn.style_events import N_MEASURED, StyleEvents

N_EVENT_FEATURES = N_MEASURED + 1
"""Of an event: what `style_events` measures, and the mean coverage of what was skipped."""
_LOWEST, _HIGHEST = -8.0, 8.0


class StylePosterior(NamedTuple):
    """A normal distribution with independent dimensions over styles.

    Attributes:
        mean: Of shape `[B, Z]`.
        log_variance: Of shape `[B, Z]`.
    """

    mean: Tensor
    log_variance: Tensor


class StyleVAE(nn.Module):
    """Encodes the events of a finished edit into a style, and draws styles from the prior N(0, I).

    The decoder of this autoencoder is the pointer network, whose heads a style turns.
    Source: Kingma and Welling, "Auto-Encoding Variational Bayes", 2014; the free bits against
    collapse are those of Kingma et al., "Inverse Autoregressive Flow", 2016.
    """

    def __init__(self, d_model: int, style_dim: int, n_quantities: int) -> None:
        super().__init__()
        self.style_dim = style_dim
        self.event_in = nn.Linear(N_EVENT_FEATURES + 2 * d_model, d_model)
        self.event_mix = nn.Linear(d_model, d_model)
        self.weigh = nn.Linear(d_model, 1)
        self.posterior_out = nn.Linear(d_model + 1, 2 * style_dim)
        self.quantities_out = nn.Linear(style_dim, n_quantities)

    def posterior(
        self, events: Tensor, leaving: Tensor, landing: Tensor, mask: Tensor
    ) -> StylePosterior:
        """Reads the style of finished edits.

        Args:
            events: What was done, of shape `[B, E, N_EVENT_FEATURES]`.
            leaving: Embedding of the last frame before each event, of shape `[B, E, D]`.
            landing: Embedding of the first frame after each event, of shape `[B, E, D]`.
            mask: True for real events, of shape `[B, E]`; an edit may have none.

        Returns:
            A distribution for each edit.
        """
        x = F.gelu(self.event_in(torch.cat((events, leaving, landing), dim=-1)))
        x = F.gelu(self.event_mix(x))
        weights = self.weigh(x).float().masked_fill(~mask[..., None], -1e4).softmax(dim=1)
        # A softmax over nothing spreads over padding: without events there is nothing to pool.
        weights = weights * mask[..., None]
        pooled = (weights.to(x.dtype) * x).sum(dim=1)
        count = mask.sum(dim=1, keepdim=True).to(x.dtype).log1p()
        mean, log_variance = self.posterior_out(torch.cat((pooled, count), dim=-1)).chunk(2, dim=-1)
        return StylePosterior(mean, log_variance.clamp(_LOWEST, _HIGHEST))

    def read(self, frame_emb: Tensor, coverage: Tensor, events: StyleEvents) -> StylePosterior:
        """Reads the style of finished edits from their events and the recordings' embeddings.

        Args:
            frame_emb: Of shape `[B, T, D]`.
            coverage: Probability that an editor of unknown style plays each frame, `[B, T]`.
            events: What was done.
        """
        rows = torch.arange(len(frame_emb), device=frame_emb.device)[:, None]
        sums = F.pad(coverage.double().cumsum(dim=1), (1, 0))
        low, high = events.skipped.unbind(dim=-1)
        skipped = (sums[rows, high] - sums[rows, low]) / (high - low).clamp(min=1)
        parts = (events.measured, skipped[..., None].to(events.measured.dtype))
        return self.posterior(
            torch.cat(parts, dim=-1),
            frame_emb[rows, events.leaving],
            frame_emb[rows, events.landing],
            events.mask,
        )

    def draw(self, posterior: StylePosterior, generator: torch.Generator | None = None) -> Tensor:
        """Draws a style from each distribution, of shape `[B, Z]`, so that gradients pass."""
        noise = torch.randn(posterior.mean.shape, generator=generator, dtype=torch.float32).to(
            posterior.mean
        )
        return posterior.mean + (0.5 * posterior.log_variance).exp() * noise

    def draw_prior(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """Draws `n` styles nobody has edited in yet, of shape `[n, Z]`."""
        noise = torch.randn(n, self.style_dim, generator=generator)
        return noise.to(self.posterior_out.weight)

    def quantities(self, z: Tensor) -> Tensor:
        """Returns the measured quantities that styles `[B, Z]` stand for, standardised."""
        quantities: Tensor = self.quantities_out(z)
        return quantities


def kl_divergence(posterior: StylePosterior, free_nats: float = 0.0) -> Tensor:
    """Returns KL(posterior || N(0, I)) of each edit, of shape `[B]`.

    Args:
        posterior: The distributions.
        free_nats: What each dimension may hold without being charged, so that the posterior does
            not collapse before the network has learned to use it.
    """
    mean, log_variance = posterior.mean.float(), posterior.log_variance.float()
    each = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance)
    return each.clamp(min=free_nats).sum(dim=-1)
