"""Where exactly one editor cuts: a layer of some 160 numbers over what the network says.

How long after the last sound an editor leaves, and how long before the next one lands, is a habit
that few cuts tell. The layer hears where pauses begin and end, and multiplies the odds of leaving
and of landing by what lies so long behind, and ahead of, these places. Temperatures say how far the
network's own odds are to be trusted, and what it says of the frames around, whether they go and
whether they are noise, how much likelier it is that the editor leaves there. It turns logits into
logits, so all that is made of them, the likelihood, the search and the confidence, follows it, and
probabilities still sum to one.

Shape letters: B recordings, R rows, T frames, E expected positions, L lags, N knots, W windows,
Q knots of odds.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from model_core.edit.types import REASONS, Reason
from model_core.nn.jumps import STRETCH, Keys
from model_core.nn.pauses import PauseListener, Pauses

if TYPE_CHECKING:
    from model_core.nn.heads import StepLogits

_KNOTS = (-9, -6, -3, *range(0, 97, 3), 110, 130)
"""Frames between an end of a pause and a cut at which a habit is told; straight lines between."""
_FIRST_LAG, _LAST_LAG = _KNOTS[0], _KNOTS[-1]
_GOING = ((0, 40), (0, 20), (20, 60), (-20, 0), (-60, -20))
"""Frames, counted from where it may be left, of which it is asked how many go."""
_NOISE = (0, 60)
"""The same for noise that goes."""
_ODDS = (-8.0, -6.0, -4.0, -3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 4.0, 6.0)
"""Log-odds of the answers at which their weight is told; straight lines between."""
_LEAST_SHARE = 1e-4
_NOTHING = -8.0
"""Logarithm of next to nothing: a layer that was not fitted does nothing that can be seen."""
TRACKS = 2
"""What is told of each frame: log-odds added to leaving before it, and to landing on it."""


class Clues(NamedTuple):
    """What a layer for taste goes by.

    Attributes:
        pauses: Probabilities, of shape `[B, T]` each.
        odds: Log-odds of what is asked about the frames around each, of shape `[B, T, W]`.
    """

    pauses: Pauses
    odds: Tensor


class TasteLayer(nn.Module):
    """An editor's habits.

    Attributes:
        after: Logarithm of how much likelier leaving is so long after a pause began, `[N]`.
        before: The same of landing so long before a pause ends, `[N]`.
        spared: Log-odds of staying added to what goes for each reason, `[len(REASONS)]`.
        going: Log-odds added to leaving by what is asked about the frames around, `[W, Q]`.
        elsewhere: Log-odds added to leaving, and to landing, everywhere, of shape `[2]`.
        inside: The same within pauses, of shape `[2]`.
        trust: Logarithms of the powers that the network's own odds of leaving, and of where to
            land, are raised to, of shape `[2]`.
    """

    def __init__(self, n_mels: int) -> None:
        super().__init__()
        self.listener = PauseListener(n_mels)
        self.listener.requires_grad_(requires_grad=False)
        self.after = nn.Parameter(torch.full((len(_KNOTS),), _NOTHING))
        self.before = nn.Parameter(torch.full((len(_KNOTS),), _NOTHING))
        self.spared = nn.Parameter(torch.zeros(len(REASONS)))
        self.going = nn.Parameter(torch.zeros(len(_GOING) + 1, len(_ODDS)))
        self.elsewhere = nn.Parameter(torch.zeros(TRACKS))
        self.inside = nn.Parameter(torch.zeros(TRACKS))
        self.trust = nn.Parameter(torch.zeros(TRACKS))
        self.register_buffer("hats", _hats(), persistent=False)
        self.hats: Tensor
        self.register_buffer("knots", torch.tensor(_ODDS), persistent=False)
        self.knots: Tensor

    def sparing(self, coverage: Tensor, reason: Tensor) -> Tensor:
        """Returns log-odds of being played, raised by the reasons for which this editor cuts less.

        How much of silence goes is the matter of pauses.

        Args:
            coverage: The network's own, of shape `[B, T, max_visits]`.
            reason: Logits of the reasons, of shape `[B, T, len(REASONS)]`.
        """
        share = reason.float().softmax(dim=-1).clone()
        share[..., REASONS.index(Reason.SILENCE)] = 0.0
        return torch.cat(
            (coverage[..., :1] + (share @ self.spared)[..., None], coverage[..., 1:]), -1
        )

    @torch.no_grad()
    def clues(self, mel: Tensor, coverage: Tensor, reason: Tensor) -> Clues:
        """Gathers what the layer goes by; no gradient leads back from it.

        Args:
            mel: Spectrograms in [0, 1], of shape `[B, n_mels, T]`.
            coverage: Log-odds that each frame is played, of shape `[B, T]`.
            reason: Logits of why it goes, if it goes, of shape `[B, T, len(REASONS)]`.

        Returns:
            The clues, float32.
        """
        pauses = Pauses(*(logits.sigmoid() for logits in self.listener(mel)))
        goes = (-coverage.float()).sigmoid()
        is_noise = reason.float().softmax(dim=-1)[..., REASONS.index(Reason.NOISE)]
        shares = [_share_around(goes, *window) for window in _GOING]
        shares.append(_share_around(goes * is_noise, *_NOISE))
        odds = torch.stack(shares, dim=-1).clamp(_LEAST_SHARE, 1 - _LEAST_SHARE).logit()
        return Clues(pauses, odds)

    def tracks(self, clues: Clues) -> Tensor:
        """Returns the log-odds added to leaving before each frame and to landing on it.

        Args:
            clues: What `clues` returned.

        Returns:
            float32 of shape `[B, T, TRACKS]`.
        """
        pauses = clues.pauses
        after = _lagged(pauses.begins, self.hats, self.after)
        before = _lagged(pauses.ends.flip(-1), self.hats, self.before).flip(-1)
        raised = torch.stack((after, before), dim=-1).log1p()
        tracks = raised + self.elsewhere + self.inside * pauses.inside[..., None]
        return tracks + F.pad(self._by_odds(clues.odds)[..., None], (0, TRACKS - 1))

    def _by_odds(self, odds: Tensor) -> Tensor:
        """Returns the log-odds added to leaving by what is asked about the frames around."""
        odds = odds.clamp(self.knots[0], self.knots[-1])
        right = torch.searchsorted(self.knots, odds.contiguous()).clamp(min=1)
        low, high = self.knots[right - 1], self.knots[right]
        share = (odds - low) / (high - low)
        window = torch.arange(odds.shape[-1], device=odds.device)
        there = self.going[window, right - 1] * (1 - share) + self.going[window, right] * share
        return there.sum(dim=-1)

    def leaving(self, steps: StepLogits, tracks: Tensor) -> StepLogits:
        """Returns the logits of steps as this editor takes them, all but those of near offsets.

        Near offsets share a softmax with copying, so that their odds are set where they are
        computed, by `landing.copying_as_liked`.

        Args:
            steps: The network's own, with leading shape `[R, E]`.
            tracks: What `tracks` returned, at these expected positions, of shape `[R, E, TRACKS]`;
                0 at the end of a recording.
        """
        surely, where = self.trust.exp()
        leave = tracks[..., 0]
        width = steps.query.shape[-1]
        # Keys have one dimension more: the landing's own log-odds.
        query = steps.query.float() * (where * math.sqrt((width + 1) / width))
        ones = torch.full_like(query[..., :1], math.sqrt(width + 1))
        return steps._replace(
            delta_logits=where * steps.delta_logits.float(),
            jump_logits=where * steps.jump_logits.float(),
            use_jump_logits=surely * steps.use_jump_logits.float() + leave,
            stop_logits=surely * steps.stop_logits.float() + leave,
            query=torch.cat((query, ones), dim=-1),
            taste=torch.stack((leave, surely.expand_as(leave), where.expand_as(leave)), dim=-1),
        )

    def landing(self, keys: Keys, tracks: Tensor) -> Keys:
        """Returns keys with one dimension more, by which landings have log-odds of their own.

        Args:
            keys: The network's own.
            tracks: What `tracks` returned, of shape `[B, T, TRACKS]`.
        """
        land = tracks[..., 1:]
        padded = F.pad(land, (0, 0, 0, -land.shape[1] % STRETCH), value=-math.inf)
        inside = padded.view(len(land), -1, STRETCH)
        real = inside.isfinite().sum(dim=-1, keepdim=True)
        pooled = inside.logsumexp(dim=-1, keepdim=True) - real.log()
        return Keys(
            torch.cat((keys.frames.float(), land), dim=-1),
            torch.cat((keys.stretches.float(), pooled), dim=-1),
        )


def _hats() -> Tensor:
    """Returns how much of each knot there is at each lag, of shape `[L, N]`; rows sum to 1."""
    lags = torch.arange(_FIRST_LAG, _LAST_LAG + 1).float()
    knots = torch.tensor(_KNOTS).float()
    right = torch.searchsorted(knots, lags).clamp(min=1)
    share = (lags - knots[right - 1]) / (knots[right] - knots[right - 1])
    hats = torch.zeros(len(lags), len(knots))
    hats.scatter_(1, right[:, None] - 1, 1 - share[:, None])
    return hats.scatter(1, right[:, None], share[:, None])


def _share_around(values: Tensor, first: int, last: int) -> Tensor:
    """Returns the mean over the frames t + first ... t + last - 1 that there are, `[B, T]`."""
    n_frames = values.shape[-1]
    summed = F.pad(values.double().cumsum(dim=-1), (1, 0))
    at = torch.arange(n_frames, device=values.device)
    low, high = (at + first).clamp(0, n_frames), (at + last).clamp(0, n_frames)
    return ((summed[..., high] - summed[..., low]) / (high - low).clamp(min=1)).float()


def _lagged(places: Tensor, hats: Tensor, height: Tensor) -> Tensor:
    """Returns at each frame t the sum over lags k of exp(height at k) * places[t - k], `[B, T]`.

    Args:
        places: Probabilities, of shape `[B, T]`.
        hats: Of the knots at the lags from `_FIRST_LAG` on, of shape `[L, N]`.
        height: At the knots, of shape `[N]`.
    """
    padded = F.pad(places[:, None], (_LAST_LAG, -_FIRST_LAG))
    # Half of the digits would blur what is rare.
    with torch.autocast(places.device.type, enabled=False):
        weight = (hats @ height).exp()
        return F.conv1d(padded, weight.flip(0)[None, None])[:, 0]
