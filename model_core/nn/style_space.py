"""Where the styles of editors lie, and along which directions they differ in what can be heard."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class StyleAxis:
    """A direction in which one measured quantity of edits grows.

    Attributes:
        name: What a person calls it.
        direction: By how much a style moves for one deviation among editors, `[Z]`.
    """

    name: str
    direction: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class StyleSpace:
    """A normal distribution fitted to the styles of many editors, and its named axes.

    The styles that were read from edits need not be spread as the prior N(0, I) is; what is drawn
    from here lies where the network has seen styles.

    Attributes:
        mean: Of shape `[Z]`.
        factor: Lower triangular Cholesky factor of the covariance, `[Z, Z]`.
        axes: Named directions.
    """

    mean: tuple[float, ...]
    factor: tuple[tuple[float, ...], ...]
    axes: tuple[StyleAxis, ...] = ()

    def __post_init__(self) -> None:
        size = len(self.mean)
        vectors = [self.mean, *self.factor, *(axis.direction for axis in self.axes)]
        if len(self.factor) != size or any(len(vector) != size for vector in vectors):
            raise ValueError("The parts of a space of styles are not of one size.")
        if not all(math.isfinite(value) for vector in vectors for value in vector):
            raise ValueError("A space of styles holds finite numbers only.")
        if len({axis.name for axis in self.axes}) < len(self.axes):
            raise ValueError("Two axes of a space of styles have the same name.")

    @classmethod
    def fitted(cls, styles: FloatArray, axes: tuple[StyleAxis, ...] = ()) -> StyleSpace:
        """Fits the distribution to styles `[n, Z]`, n above 1."""
        covariance = np.cov(styles, rowvar=False) + 1e-6 * np.eye(styles.shape[1])
        factor = np.linalg.cholesky(covariance)
        return cls(
            tuple(styles.mean(axis=0).tolist()),
            tuple(tuple(row) for row in factor.tolist()),
            axes,
        )

    def draw(self, rng: np.random.Generator) -> tuple[float, ...]:
        """Draws a style, of shape `[Z]`."""
        drawn = np.array(self.mean) + np.array(self.factor) @ rng.standard_normal(len(self.mean))
        return tuple(drawn.tolist())

    def moved(self, style: tuple[float, ...], along: Mapping[str, float]) -> tuple[float, ...]:
        """Moves a style along named axes.

        Args:
            style: Of shape `[Z]`.
            along: How far along each axis, in deviations among editors.

        Raises:
            KeyError: There is no such axis.
        """
        directions = {axis.name: np.array(axis.direction) for axis in self.axes}
        place = np.array(style)
        for name, distance in along.items():
            place = place + distance * directions[name]
        return tuple(place.tolist())

    def to_dict(self) -> dict[str, Any]:
        """Returns plain values, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> StyleSpace:
        """Returns the space that `to_dict` described.

        Raises:
            ValueError, KeyError, TypeError: `values` is no such description.
        """
        return cls(
            tuple(float(v) for v in values["mean"]),
            tuple(tuple(float(v) for v in row) for row in values["factor"]),
            tuple(
                StyleAxis(str(axis["name"]), tuple(float(v) for v in axis["direction"]))
                for axis in values["axes"]
            ),
        )
