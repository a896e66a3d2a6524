"""Times as people read them, and where a ruler's ticks belong."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

_MINUTE_S = 60
_HOUR_S = 3600
_FINE_S = 10
# Labelled steps with the small steps that each is divided into.
_SAMPLE_STEPS = (
    (1, 1), (2, 2), (5, 5), (10, 5), (20, 4), (50, 5), (100, 5), (200, 4), (500, 5), (1000, 5),
)  # fmt: skip
_SECOND_STEPS = (
    *((Fraction(n, 1000), divisions) for n, divisions in _SAMPLE_STEPS[:-1]),
    *((Fraction(n), divisions) for n, divisions in ((1, 5), (2, 4), (5, 5), (10, 5), (15, 3))),
    (Fraction(30), 3),
    *((Fraction(60 * n), divisions) for n, divisions in ((1, 4), (2, 4), (5, 5), (10, 5))),
    *((Fraction(60 * n), divisions) for n, divisions in ((15, 3), (30, 3), (60, 4), (120, 4))),
    *((Fraction(_HOUR_S * n), divisions) for n, divisions in ((6, 6), (12, 4), (24, 4))),
)
NARROW_SPACE = "\u202f"


def format_time(position_samples: int, sample_rate: int, decimals: int = 3) -> str:
    """Returns a position as `m:ss.mmm`, from an hour on as `h:mm:ss.mmm`.

    Args:
        position_samples: The position; a negative one gets a minus sign.
        sample_rate: Samples a second.
        decimals: Places after the second; 0 for none.
    """
    unit = 10**decimals
    ticks = (abs(position_samples) * unit * 2 + sample_rate) // (2 * sample_rate)
    seconds, fraction = divmod(ticks, unit)
    minutes, seconds = divmod(seconds, _MINUTE_S)
    hours, minutes = divmod(minutes, 60)
    text = f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
    if decimals:
        text += f".{fraction:0{decimals}}"
    return f"-{text}" if position_samples < 0 and ticks else text


def format_length(length_samples: int, sample_rate: int) -> str:
    """Returns a length with as much detail as helps: `35 ms`, `2.31 s`, `24.8 s`, `3:05`."""
    seconds = length_samples / sample_rate
    if seconds >= _MINUTE_S:
        return format_time(length_samples, sample_rate, 0)
    if seconds >= _FINE_S:
        return f"{seconds:.1f} s"
    if round(seconds, 3) >= 1:
        return f"{seconds:.2f} s"
    if length_samples and seconds < 1e-3:
        return f"{length_samples} sample{'s' if length_samples != 1 else ''}"
    return f"{seconds * 1000:.0f} ms"


def format_samples(position_samples: int) -> str:
    """Returns a sample number in groups of three."""
    return f"{position_samples:,}".replace(",", NARROW_SPACE)


@dataclass(frozen=True, slots=True)
class Ticks:
    """The scale that fits a zoom.

    Attributes:
        step: Samples from one labelled tick to the next; a fraction where a millisecond holds no
            whole number of samples.
        divisions: Small steps in a labelled one.
        in_samples: Whether labels count samples instead of time.
        decimals: Places after the second in the labels.
    """

    step: Fraction
    divisions: int
    in_samples: bool
    decimals: int

    def label(self, index: int, sample_rate: int) -> str:
        """Returns the label of the tick number `index`, counted from the start."""
        position = index * self.step
        if self.in_samples:
            return format_samples(int(position))
        # The tick's time is exact; its nearest sample would show 1.999 where 2.000 is meant.
        return format_time(round(position * 1000), sample_rate * 1000, self.decimals)


def ticks_for(samples_per_pixel: float, sample_rate: int, label_px: float) -> Ticks:
    """Returns the finest scale whose labels stay at least `label_px` apart.

    Args:
        samples_per_pixel: The zoom.
        sample_rate: Samples a second.
        label_px: The least distance of two labels, in pixels.
    """
    least = samples_per_pixel * label_px
    if least <= sample_rate / 1000:
        for step, divisions in _SAMPLE_STEPS:
            if step >= least:
                return Ticks(Fraction(step), divisions, in_samples=True, decimals=0)
    for step_s, divisions in _SECOND_STEPS:
        if step_s * sample_rate >= least:
            decimals = next(n for n in range(4) if (step_s * 10**n).denominator == 1)
            return Ticks(step_s * sample_rate, divisions, in_samples=False, decimals=decimals)
    day = 24 * _HOUR_S * sample_rate
    return Ticks(Fraction(day * (int(least // day) + 1)), 4, in_samples=False, decimals=0)
