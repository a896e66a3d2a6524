"""Where exactly one editor cuts: a layer of a few numbers over what the network says.

How long after the last sound an editor leaves, and how long before the next one lands, is a habit
that few cuts tell. A listener that learned from many editors hears where habits apply; the layer
moves what it hears to this editor's, and multiplies the odds of leaving and of landing by it. It
turns logits into logits, so all that is made of them, the likelihood, the search and the
confidence, follows it, and probabilities still sum to one.

Shape letters: B recordings, R rows, T frames, E expected positions, L lags.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from model_core.edit.types import REASONS, Reason
from model_core.nn.cuts import ARRIVE, FAR, LAND, NEAR, TRACKS, USUAL_HABIT_S, CutListener
from model_core.nn.jumps import STRETCH, Keys
from model_core.nn.landing import NOWHERE

if TYPE_CHECKING:
    from model_core.nn.config import PointerNetworkConfig
    from model_core.nn.heads import DeltaPredictionHead, StepLogits

_FIRST_LAG, _LAST_LAG = -40, 140
"""Frames behind where something is heard, within which it is acted on: 1.6 s."""
_LEAST_DEVIATION = 0.3
"""In frames: cuts lie on whole ones."""
_USUAL_LAGS, _USUAL_DEVIATION = (22.0, 14.0), 1.0
_LOWEST, _HIGHEST = -14.0, 9.0
_LEAST_ARRIVALS, _MOST_PASSED = 1e-9, 30.0
"""Of a bucket, and before it: beyond that, arriving there is not to be told from impossible."""
_SPARED_REACH = 45
"""Frames on each side by which is judged what one is: half a second."""
_SOUND = 1e-3
"""Share of frames that aren't silence below which nothing is to be judged."""


class Clues(NamedTuple):
    """What a layer for taste goes by, float32 of shape `[B, T, TRACKS]` each.

    Attributes:
        habitual: See `Heard`.
        fixed: See `Heard`.
    """

    habitual: Tensor
    fixed: Tensor


class TasteLayer(nn.Module):
    """An editor's habits.

    Attributes:
        lags: Frames from the beginning of a pause to where it is left, and from where is landed to
            its end, of shape `[2]`.
        deviations: Logarithms of how far most cuts lie from there, in frames, of shape `[2]`.
        trust: What is added to the listener's own, of shape `[2]`: how much more this editor
            follows the network.
        elsewhere: Log-odds added everywhere, of shape `[TRACKS]`.
        spared: Log-odds of staying added to what goes for each reason, `[len(REASONS)]`.
        habit: What is left of a pause, and up to which length pauses stay, in seconds, `[2]`.
    """

    def __init__(self, config: PointerNetworkConfig) -> None:
        super().__init__()
        self.listener = CutListener(config.n_mels, config.d_model, config.encoder_stride)
        self.listener.requires_grad_(requires_grad=False)
        self.lags = nn.Parameter(torch.tensor(_USUAL_LAGS))
        self.deviations = nn.Parameter(torch.full((2,), math.log(_USUAL_DEVIATION)))
        self.trust = nn.Parameter(torch.zeros(2))
        self.elsewhere = nn.Parameter(torch.zeros(TRACKS))
        self.spared = nn.Parameter(torch.zeros(len(REASONS)))
        self.register_buffer("habit", torch.tensor(USUAL_HABIT_S))
        self.habit: Tensor

    def sparing(self, coverage: Tensor, reason: Tensor) -> Tensor:
        """Returns log-odds of being played as this editor has them; see `sparing`."""
        return sparing(coverage, reason, self.spared)

    @torch.no_grad()
    def clues(self, mel: Tensor, tokens: Tensor, coverage: Tensor, reason: Tensor) -> Clues:
        """Gathers what the layer goes by; no gradient leads back from it.

        Args:
            mel: Spectrograms in [0, 1], of shape `[B, n_mels, T]`.
            tokens: The encoder's, of shape `[B, N, D]`.
            coverage: Log-odds that each frame is played, of shape `[B, T]`.
            reason: Logits of why it goes, if it goes, of shape `[B, T, len(REASONS)]`.
        """
        heard = self.listener(mel, tokens, coverage, reason, self.habit)
        return Clues(heard.habitual, heard.fixed)

    def tracks(self, clues: Clues) -> Tensor:
        """Returns the log-odds added to leaving before each frame and to landing on it.

        Args:
            clues: What `clues` returned.

        Returns:
            float32 of shape `[B, T, TRACKS]`.
        """
        return self.tracks_for(clues, self.lags, self.deviations.exp()) + self.elsewhere

    def tracks_for(self, clues: Clues, lags: Tensor, deviations: Tensor) -> Tensor:
        """Returns what is heard, moved to some editor's habit.

        Args:
            clues: What was heard.
            lags: Frames behind and ahead, of shape `[2]`.
            deviations: Of the cuts from there, in frames, of shape `[2]`.

        Returns:
            float32 of shape `[B, T, TRACKS]`.
        """
        odds, fixed = (part.clamp(_LOWEST, _HIGHEST).exp() for part in clues)
        after, before = (
            _kernel(shape, lag, deviation)
            for shape, lag, deviation in zip(self.listener.shapes, lags, deviations, strict=True)
        )
        behind = [_lagged(odds[..., track], after) for track in (NEAR, FAR)]
        ahead = [_lagged(odds[..., track].flip(-1), before).flip(-1) for track in (LAND, ARRIVE)]
        return (torch.stack(behind + ahead, dim=-1) + fixed).log() + self.listener.elsewhere

    def powers(self) -> Tensor:
        """Returns the powers that the odds of leaving, and of where to land, are raised to."""
        return (self.listener.trust + self.trust).exp()

    def leaving(
        self,
        steps: StepLogits,
        tracks: Tensor,
        head: DeltaPredictionHead,
        row: Tensor,
        at: Tensor,
        lengths: Tensor,
    ) -> StepLogits:
        """Returns the logits of steps as this editor takes them, all but those of near offsets.

        Near offsets share a softmax with copying, so that their odds are set where they are
        computed, by `landing.copying_as_liked`.

        Args:
            steps: The network's own; their leading shape `[...]` is any.
            tracks: What `tracks` returned, of shape `[R, T, TRACKS]`.
            head: The head whose buckets are meant.
            row: Which recording each step is in, broadcast to `[...]`.
            at: Its expected position, broadcast to `[...]`; at the end there is no taste.
            lengths: Frames of each recording, of shape `[R]`.
        """
        surely, where = self.powers()
        here = F.pad(tracks, (0, 0, 0, 1))[row, at]
        here = here.masked_fill((at >= lengths[row])[..., None], 0.0)
        near, far = here[..., NEAR], here[..., FAR]
        jump = where * steps.jump_logits.float()
        jump = _onward(head, jump, tracks[..., ARRIVE], self.listener.pooled, row, at, lengths)
        width = steps.query.shape[-1]
        # Keys have one dimension more: the landing's own log-odds.
        query = steps.query.float() * (where * math.sqrt((width + 1) / width))
        ones = torch.full_like(query[..., :1], math.sqrt(width + 1))
        return steps._replace(
            delta_logits=where * steps.delta_logits.float(),
            jump_logits=jump,
            use_jump_logits=surely * steps.use_jump_logits.float() + far,
            stop_logits=surely * steps.stop_logits.float() + far,
            query=torch.cat((query, ones), dim=-1),
            taste=torch.stack((near, surely.expand_as(near), where.expand_as(near)), dim=-1),
        )

    def landing(self, keys: Keys, tracks: Tensor) -> Keys:
        """Returns keys with one dimension more, by which landings have log-odds of their own.

        Args:
            keys: The network's own.
            tracks: What `tracks` returned, of shape `[B, T, TRACKS]`.
        """
        land = tracks[..., LAND : LAND + 1]
        padded = F.pad(land, (0, 0, 0, -land.shape[1] % STRETCH), value=-math.inf)
        inside = padded.view(len(land), -1, STRETCH)
        real = inside.isfinite().sum(dim=-1, keepdim=True)
        pooled = inside.logsumexp(dim=-1, keepdim=True) - real.log()
        return Keys(
            torch.cat((keys.frames.float(), land), dim=-1),
            torch.cat((keys.stretches.float(), pooled), dim=-1),
        )


def sparing(coverage: Tensor, reason: Tensor, spared: Tensor) -> Tensor:
    """Returns log-odds of being played, raised by the reasons for which an editor cuts less.

    How much of silence goes is the matter of pauses. What may be one thing or another is hardly
    spared: somebody speaking far away is a noise to a third, and isn't a cough. For that, all
    that goes within half a second is looked at.

    Args:
        coverage: The network's own, of shape `[B, T, max_visits]`.
        reason: Logits of the reasons, of shape `[B, T, len(REASONS)]`.
        spared: See `TasteLayer`.
    """
    share = reason.float().softmax(dim=-1)
    silence = REASONS.index(Reason.SILENCE)
    sound = 1 - share[..., silence : silence + 1]
    share = share / sound.clamp(min=_SOUND)
    share[..., silence] = 0.0
    gone = torch.sigmoid(-coverage[..., :1].float()) * sound
    near = _mean_around(torch.cat((gone * share, gone), dim=-1))
    share = near[..., :-1] / near[..., -1:].clamp(min=_SOUND)
    added = (share.square() @ spared)[..., None] * sound
    return torch.cat((coverage[..., :1] + added, coverage[..., 1:]), -1)


def _mean_around(x: Tensor) -> Tensor:
    """Returns the means over `_SPARED_REACH` frames on each side, of the shape `[B, T, C]` of x."""
    width = 2 * _SPARED_REACH + 1
    return F.avg_pool1d(x.transpose(1, 2), width, stride=1, padding=_SPARED_REACH).transpose(1, 2)


def _kernel(shape: Tensor, lag: Tensor, deviation: Tensor) -> Tensor:
    """Returns how likely each lag is, of shape `[L]`: a narrow bell, and a wide tent for others."""
    extra, reach, others = shape
    narrow = (deviation.square() + extra.exp().square() + _LEAST_DEVIATION**2).sqrt()
    wide = narrow + reach.exp()
    off = torch.arange(_FIRST_LAG, _LAST_LAG + 1, device=shape.device) - lag
    share = others.sigmoid()
    bell = (-0.5 * (off / narrow).square()).softmax(dim=0)
    tent = (-off.abs() / wide).softmax(dim=0)
    return torch.lerp(bell, tent, share)


def _lagged(heard: Tensor, weights: Tensor) -> Tensor:
    """Returns at each frame t the sum over lags k of weights[k] * heard[t - k], `[B, T]`."""
    padded = F.pad(heard[:, None], (_LAST_LAG, -_FIRST_LAG))
    # Half of the digits would blur what is rare.
    with torch.autocast(heard.device.type, enabled=False):
        summed: Tensor = F.conv1d(padded, weights.flip(0)[None, None])[:, 0]
        return summed


def _onward(
    head: DeltaPredictionHead,
    jump_logits: Tensor,
    arrive: Tensor,
    pooled: Tensor,
    row: Tensor,
    at: Tensor,
    lengths: Tensor,
) -> Tensor:
    """Returns logits of buckets, the forward ones as likely as one first arrives there.

    As who skips onward comes by the frames one after the other, each with its own rate of being
    landed on, a bucket is reached only if all before it were passed. Whether one goes forward or
    back stays.

    Args:
        head: The head.
        jump_logits: Of shape `[..., n_jump_buckets]`.
        arrive: Logarithms of the rates, of shape `[R, T]`.
        pooled: The power that the probability of arriving is raised to.
        row: Which recording each step is in.
        at: Its expected position.
        lengths: Frames of each recording, of shape `[R]`.
    """
    there = torch.arange(arrive.shape[1], device=arrive.device) < lengths[:, None]
    rate = arrive.exp().masked_fill(~there, 0.0)
    # Sums over hours need more digits, which Apple's graphics don't have.
    digits = torch.float32 if arrive.device.type == "mps" else torch.float64
    summed = F.pad(rate.to(digits).cumsum(dim=-1), (1, 0))
    back, onward = jump_logits.tensor_split(2, dim=-1)
    buckets = torch.arange(back.shape[-1], head.n_jump_buckets, device=arrive.device)
    row, at = row[..., None], at[..., None]
    low, high = head.bucket_range(buckets, at, lengths[row])
    low = torch.minimum(low, high)
    passed, within = summed[row, low], summed[row, high] - summed[row, low]
    passed = (passed - passed[..., :1]).clamp(max=_MOST_PASSED)
    arrivals = (-torch.expm1(-within.clamp(min=_LEAST_ARRIVALS))).log() - passed
    raised = onward + pooled * arrivals.float()
    empty = low >= high
    before, after = (
        each.masked_fill(empty, NOWHERE).logsumexp(dim=-1, keepdim=True)
        for each in (onward, raised)
    )
    return torch.cat((back, torch.where(empty, onward, raised + before - after)), dim=-1)
