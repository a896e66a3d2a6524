"""Finding words by a few of their letters, in order."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

_START_OF_TEXT = 10
_START_OF_WORD = 8
_NEXT_TO_LAST = 5
_LATE = 0.1
_LONG = 0.02


@dataclass(frozen=True, slots=True)
class Match:
    """How a query fits a text.

    Attributes:
        score: The higher the better.
        places: Where in the text its letters are.
    """

    score: float
    places: tuple[int, ...]


def folded(text: str) -> str:
    """Returns a text without case and accents, letter for letter."""
    return "".join(
        (unicodedata.normalize("NFKD", letter)[:1] or letter).lower()[:1] or letter
        for letter in text
    )


def match(query: str, text: str) -> Match | None:
    """Returns how well the letters of a query, in order, fit a text; None if they don't.

    Letters that begin words and letters that follow each other count for more. Spaces in the query
    are of no account.
    """
    wanted = folded(query).replace(" ", "")
    letters = folded(text)
    if not wanted:
        return Match(0.0, ())
    # Best score and last step of every letter of the query at every place of the text.
    best: list[dict[int, tuple[float, int]]] = []
    for index, letter in enumerate(wanted):
        row: dict[int, tuple[float, int]] = {}
        ahead = (-float("inf"), -1)
        before = best[index - 1] if index else {}
        for place, other in enumerate(letters):
            if index and place - 1 in before:
                ahead = max(ahead, (before[place - 1][0], place - 1))
            if other != letter or (index and ahead[1] < 0):
                continue
            options = [(0.0 if index == 0 else ahead[0], ahead[1])]
            if index and place - 1 in before:
                options.append((before[place - 1][0] + _NEXT_TO_LAST, place - 1))
            so_far, last = max(options)
            row[place] = (so_far + _worth(letters, place), last)
        if not row:
            return None
        best.append(row)
    place = max(best[-1], key=lambda at: best[-1][at][0])
    score = best[-1][place][0] - _LONG * len(letters)
    places = []
    for row in reversed(best):
        places.append(place)
        place = row[place][1]
    return Match(score, tuple(reversed(places)))


def _worth(letters: str, place: int) -> float:
    if place == 0:
        return _START_OF_TEXT
    begins = not letters[place - 1].isalnum()
    return 1 + _START_OF_WORD * begins - _LATE * place
