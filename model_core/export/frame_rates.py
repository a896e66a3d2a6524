"""The clocks of video programs: frame rates and time code."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from model_core.errors import EditError

_TIME_CODE: Final = re.compile(r"(\d{2}):(\d{2}):(\d{2})[:;.,](\d{2})")


@dataclass(frozen=True, slots=True)
class FrameRate:
    """A rate of video frames.

    Attributes:
        name: As people write it, such as "29.97".
        exact: Frames a second.
    """

    name: str
    exact: Fraction

    @property
    def nominal(self) -> int:
        """Frames that time code counts in a second: 30 for 29.97."""
        return -(-self.exact.numerator // self.exact.denominator)

    @property
    def is_ntsc(self) -> bool:
        """Whether it is one of the rates that are a thousandth slower than their time code."""
        return self.exact != self.nominal

    @property
    def half_frame_s(self) -> float:
        """The largest error of a position, in seconds."""
        return float(1 / (2 * self.exact))

    def frames(self, samples: int, sample_rate: int) -> int:
        """Returns the frame nearest to a position in samples."""
        return _rounded(Fraction(samples, sample_rate) * self.exact)

    def samples(self, frames: int, sample_rate: int) -> int:
        """Returns the sample nearest to the start of a frame."""
        return _rounded(Fraction(frames) / self.exact * sample_rate)

    def time_code(self, frames: int) -> str:
        """Returns non-drop time code, such as "00:01:02:03".

        Raises:
            EditError: Beyond 24 hours, where time code begins again.
        """
        seconds, frame = divmod(frames, self.nominal)
        minutes, second = divmod(seconds, 60)
        hour, minute = divmod(minutes, 60)
        if hour >= 24:
            raise EditError(
                "Time code ends after 24 hours, and this edit or its recording is longer.",
                "Hand it over in another format, such as OpenTimelineIO.",
            )
        return f"{hour:02}:{minute:02}:{second:02}:{frame:02}"

    def parse_time_code(self, text: str) -> int:
        """Returns the frame that non-drop time code stands for.

        Raises:
            EditError: It is no time code, or not of this rate.
        """
        found = _TIME_CODE.fullmatch(text)
        if found is None:
            raise EditError(f"“{text[:40]}” is no time code.")
        hours, minutes, seconds, frames = map(int, found.groups())
        if minutes >= 60 or seconds >= 60 or frames >= self.nominal:
            raise EditError(
                f"“{text}” is no time code at {self.name} frames a second.",
                "Choose the frame rate that the other program works at.",
            )
        return ((hours * 60 + minutes) * 60 + seconds) * self.nominal + frames


FRAME_RATES: Final[dict[str, FrameRate]] = {
    name: FrameRate(name, exact)
    for name, exact in (
        ("23.976", Fraction(24000, 1001)),
        ("24", Fraction(24)),
        ("25", Fraction(25)),
        ("29.97", Fraction(30000, 1001)),
        ("30", Fraction(30)),
        ("50", Fraction(50)),
        ("59.94", Fraction(60000, 1001)),
        ("60", Fraction(60)),
    )
}
"""By name, in the order in which they are offered."""

DEFAULT_FRAME_RATE: Final = FRAME_RATES["25"]


def frame_rate(name: str) -> FrameRate:
    """Returns a rate by its name.

    Raises:
        EditError: There is no such rate.
    """
    if name not in FRAME_RATES:
        raise EditError(
            f"“{name[:40]}” is no frame rate of video.", f"Choose one of {', '.join(FRAME_RATES)}."
        )
    return FRAME_RATES[name]


def _rounded(value: Fraction) -> int:
    """Rounds half up, as a clock does."""
    return (value + Fraction(1, 2)).__floor__()
