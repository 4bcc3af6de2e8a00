"""What a network sees of samples: standardised windows and static vectors, each with the mask of what is present."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from geocryoai.core.errors import ModelError, nearest
from geocryoai.models.features import Design

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from geocryoai.cube.samples import Samples
    from geocryoai.models.networks.windows import WindowReader

    Floats = NDArray[np.float64]
    Singles = NDArray[np.float32]
    Ints = NDArray[np.int64]

#: Standardised inputs stay within this many standard deviations, so that one odd value does not drown the others.
LIMIT = 5.0


@dataclass(frozen=True)
class Moments:
    """Mean and standard deviation of columns, of present values alone.

    Attributes
    ----------
    mean, sd : array of float, shape (columns,)
        `sd` is 1 for a column without spread.
    """

    mean: Floats
    sd: Floats

    @classmethod
    def of(cls, count: Floats, total: Floats, squares: Floats) -> Self:
        """Return the moments from sums over present values and over their squares."""
        count = np.maximum(count, 1.0)
        mean = total / count
        sd = np.sqrt(np.maximum(squares / count - mean**2, 0.0))
        # What is left of a constant column after rounding is no spread.
        return cls(mean, np.where(sd > 1e-6 * np.maximum(np.abs(mean), 1e-30), sd, 1.0))

    def standardise(self, values: NDArray[Any], present: NDArray[np.bool_], axis: int) -> Singles:
        """Return values and presence side by side along `axis`, the axis of the columns."""
        shape = [1] * values.ndim
        shape[axis] = -1
        scaled = (values - self.mean.reshape(shape)) / self.sd.reshape(shape)
        scaled = np.where(present, np.clip(scaled, -LIMIT, LIMIT), 0.0)
        return np.concatenate([scaled.astype(np.float32), present.astype(np.float32)], axis=axis)


@dataclass(frozen=True)
class NetworkInputs:
    """A preparation fitted on training rows; nothing that is missing is imputed.

    Attributes
    ----------
    channels : tuple of str
    shape : tuple of int
        (time, channels, side, side) of a window.
    window : Moments
        Of each channel.
    design : Design
        Chooses the columns of the static vector: features, lags of the target, anchors, harmonics of the month.
    static : Moments
        Of each column.
    """

    channels: tuple[str, ...]
    shape: tuple[int, ...]
    window: Moments
    design: Design
    static: Moments

    @classmethod
    def fit(cls, samples: Samples, reader: WindowReader, rows: Ints) -> Self:
        """Return the preparation fitted on some rows of `samples`, whose windows `reader` reads."""
        sums = np.zeros((3, len(reader.channels)))
        for values, present in reader.blocks(np.sort(rows)):
            wide = values.astype(np.float64)
            sums += [part.sum(axis=(0, 1, 3, 4)) for part in (present, wide, wide**2)]
        design, matrix = Design.fit(samples.take(rows), impute=False, anchors=tuple(samples.anchors))
        filled = np.nan_to_num(matrix)
        static = Moments.of(np.isfinite(matrix).sum(axis=0), filled.sum(axis=0), (filled**2).sum(axis=0))
        return cls(reader.channels, reader.shape, Moments.of(*sums), design, static)

    def check(self, reader: WindowReader) -> None:
        """Raise ModelError where windows have other channels, steps or cells than in training."""
        missing = [name for name in self.channels if name not in reader.channels]
        if missing or reader.channels != self.channels:
            raise ModelError(
                "windows have other channels than those that the network was trained on",
                where="windows",
                found=", ".join(reader.channels),
                expected=", ".join(self.channels),
                next_step=nearest(missing[0], reader.channels).capitalize() if missing else "Keep their order.",
            )
        if reader.shape != self.shape:
            raise ModelError(
                "windows have another shape than those that the network was trained on",
                where="windows (time, channels, rows, columns)",
                found=reader.shape,
                expected=self.shape,
            )

    def windows(self, values: Singles, present: NDArray[np.bool_]) -> Singles:
        """Return (n, time, 2 channels, side, side)."""
        return self.window.standardise(values, present, axis=2)

    def statics(self, samples: Samples) -> Singles:
        """Return (n, 2 columns)."""
        matrix = self.design.matrix(samples)
        return self.static.standardise(matrix, np.isfinite(matrix), axis=1)

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return what `restore` needs."""
        design, arrays = self.design.state()
        facts = {"channels": list(self.channels), "shape": list(self.shape), "design": design}
        moments = {
            f"{kind}_{part}": getattr(getattr(self, kind), part)
            for kind in ("window", "static")
            for part in ("mean", "sd")
        }
        return facts, {**moments, **{f"design_{name}": part for name, part in arrays.items()}}

    @classmethod
    def restore(cls, facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Return the preparation that `state` described."""
        design = {name.removeprefix("design_"): part for name, part in arrays.items() if name.startswith("design_")}
        return cls(
            tuple(facts["channels"]),
            tuple(facts["shape"]),
            Moments(arrays["window_mean"], arrays["window_sd"]),
            Design.restore(facts["design"], design),
            Moments(arrays["static_mean"], arrays["static_sd"]),
        )
