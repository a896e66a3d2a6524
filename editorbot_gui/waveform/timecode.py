"""Times as people read them, and where a ruler's ticks belong."""

from __future__ import annotations

from dataclasses import dataclass

_MINUTE_S = 60
_FINE_S = 10
# Labelled steps with the small steps that each is divided into.
_SAMPLE_STEPS = (
    (1, 1), (2, 2), (5, 5), (10, 5), (20, 4), (50, 5), (100, 5), (200, 4), (500, 5), (1000, 5),
)  # fmt: skip
_MILLISECOND_STEPS = (
    *_SAMPLE_STEPS[:-1],
    *((1000 * n, divisions) for n, divisions in ((1, 5), (2, 4), (5, 5), (10, 5), (15, 3))),
    (30_000, 3),
    *((60_000 * n, divisions) for n, divisions in ((1, 4), (2, 4), (5, 5), (10, 5), (15, 3))),
    (1_800_000, 3),
    *((3_600_000 * n, divisions) for n, divisions in ((1, 4), (2, 4), (6, 6), (12, 4))),
)
_DAY_MS = 24 * 3_600_000
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
        step: From one labelled tick to the next, in samples or in milliseconds.
        divisions: Small steps in a labelled one.
        in_samples: Whether the scale counts samples instead of milliseconds.
        samples_per_unit: Samples in a millisecond, or 1.
        decimals: Places after the second in the labels.
    """

    step: int
    divisions: int
    in_samples: bool
    samples_per_unit: float
    decimals: int

    @property
    def small_step_samples(self) -> float:
        """From one tick to the next, labelled or not, in samples."""
        return self.step * self.samples_per_unit / self.divisions

    def label(self, index: int) -> str:
        """Returns the label of the labelled tick number `index`, counted from the start."""
        if self.in_samples:
            return format_samples(index * self.step)
        return format_time(index * self.step, 1000, self.decimals)


def ticks_for(samples_per_pixel: float, sample_rate: int, label_px: float) -> Ticks:
    """Returns the finest scale whose labels stay at least `label_px` apart.

    Args:
        samples_per_pixel: The zoom.
        sample_rate: Samples a second.
        label_px: The least distance of two labels, in pixels.
    """
    least = samples_per_pixel * label_px
    samples_per_ms = sample_rate / 1000
    if least <= samples_per_ms / 2:
        for step, divisions in _SAMPLE_STEPS:
            if step >= least:
                return Ticks(step, divisions, in_samples=True, samples_per_unit=1.0, decimals=0)
    fitting = (row for row in _MILLISECOND_STEPS if row[0] * samples_per_ms >= least)
    days = int(least / (_DAY_MS * samples_per_ms)) + 1
    step_ms, divisions = next(fitting, (_DAY_MS * days, 4))
    decimals = next(n for n in range(4) if step_ms * 10**n % 1000 == 0)
    return Ticks(
        step_ms, divisions, in_samples=False, samples_per_unit=samples_per_ms,
        decimals=decimals,
    )  # fmt: skip
