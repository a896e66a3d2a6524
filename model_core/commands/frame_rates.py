"""Frame rates as a person types them."""

from __future__ import annotations

from model_core.commands.common import UsageError


def checked_frame_rate(text: str | None) -> str | None:
    """Returns a frame rate as it is known, or None where none is given.

    Raises:
        UsageError: It isn't known.
    """
    from model_core.export.frame_rates import FRAME_RATES

    if text is not None and text not in FRAME_RATES:
        raise UsageError(f"--frame-rate {text} isn't known; it is one of {', '.join(FRAME_RATES)}")
    return text
