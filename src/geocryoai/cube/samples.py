"""What learners see: samples with features, anchors, windows and, for the forecast task, target history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np

from geocryoai.core.errors import CubeError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

Task = Literal["map", "forecast"]


class WindowSource(Protocol):
    """Windows built lazily from a cube or a site table; never all in memory."""

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Return (time steps, channels, rows, columns) of one window."""
        ...

    @property
    def channels(self) -> tuple[str, ...]:
        """Return the names of the channels."""
        ...

    def get(self, index: Ints) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Return values (n, T, C, H, W), 0 where missing, and the mask of what is present, same shape."""
        ...


@dataclass(frozen=True)
class Samples:
    """Samples of one target: n rows in one order.

    Attributes
    ----------
    target : str
        House name of the target; all values are in its canonical unit.
    task : {"map", "forecast"}
    source, site : array of str, shape (n,)
        Input file and site of each row.
    source_row : array of int, shape (n,)
    lon, lat : array of float, shape (n,)
        Degrees; NaN where unknown.
    time : array of datetime64[D], shape (n,)
        First day of the month (or year, for annual targets); NaT where unknown.
    features : dict of str to array of float, shape (n,)
        Same-time drivers and statics; NaN where missing. Never holds a measured target.
    statics : tuple of str
        Names of the features that do not change in time.
    anchors : dict of str to array of float, shape (n,)
        Process-model predictions of the target from drivers alone, in its canonical unit; NaN where not computable.
    y, sigma : array of float, shape (n,)
        Measured value (NaN where there is none) and its standard error.
    lags : dict of int to array of float, shape (n,)
        Forecast task only: target k steps before the row's time at the same site; NaN where unknown.
    windows : WindowSource or None
        Row i of these samples is row ``window_index[i]`` of it.
    """

    target: str
    task: Task
    source: NDArray[np.str_]
    source_row: Ints
    site: NDArray[np.str_]
    lon: Floats
    lat: Floats
    time: NDArray[np.datetime64]
    features: Mapping[str, Floats]
    y: Floats
    sigma: Floats
    statics: tuple[str, ...] = ()
    anchors: Mapping[str, Floats] = field(default_factory=dict)
    lags: Mapping[int, Floats] = field(default_factory=dict)
    windows: WindowSource | None = None
    window_index: Ints | None = None

    def __post_init__(self) -> None:
        """Check that every part has one value per row."""
        n = len(self.y)
        parts: dict[str, int] = {
            name: len(getattr(self, name)) for name in ("source", "source_row", "site", "lon", "lat", "time", "sigma")
        }
        parts |= {f"feature {name}": len(values) for name, values in self.features.items()}
        parts |= {f"anchor {name}": len(values) for name, values in self.anchors.items()}
        parts |= {f"lag {step}": len(values) for step, values in self.lags.items()}
        wrong = [f"{name} has {length}" for name, length in parts.items() if length != n]
        if wrong:
            raise CubeError("samples have parts of different length", found=", ".join(wrong), expected=f"{n} each")

    def __len__(self) -> int:
        return len(self.y)

    def take(self, index: Ints | NDArray[np.bool_]) -> Samples:
        """Return the rows given by an index or a mask, in that order."""
        rows = np.flatnonzero(index) if index.dtype == np.bool_ else index
        window_index = None if self.window_index is None else self.window_index[rows]
        return replace(
            self,
            **{
                name: getattr(self, name)[rows]
                for name in ("source", "source_row", "site", "lon", "lat", "time", "y", "sigma")
            },
            features={name: values[rows] for name, values in self.features.items()},
            anchors={name: values[rows] for name, values in self.anchors.items()},
            lags={step: values[rows] for step, values in self.lags.items()},
            window_index=window_index,
        )

    def without_target(self) -> Samples:
        """Return the same rows with every measured value of the target removed (lags stay)."""
        hidden = np.full(len(self), np.nan)
        return replace(self, y=hidden, sigma=hidden.copy())

    def matrix(self, names: tuple[str, ...] | None = None) -> Floats:
        """Return the features as an array (n, number of features), in the order of `names` (default: sorted)."""
        chosen = tuple(sorted(self.features)) if names is None else names
        if not chosen:
            return np.empty((len(self), 0))
        return np.column_stack([self.features[name] for name in chosen])
