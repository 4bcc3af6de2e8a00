"""Soundings gathered into the cells and months of a grid: means, standard errors, spreads and counts.

A sounding with corners is shared out to cells by the area that it covers in each, counted at points; without corners it
counts for the cell of its centre. For weights w, values x and stated standard errors s of a cell

    mean = sum(w x) / sum(w),    variance = sum(w (x - mean)^2) / sum(w),    n = sum(w)^2 / sum(w^2),
    standard error^2 = max(variance, sum(w s^2) / sum(w)) / n

since the spread between soundings holds their random error. Errors that soundings share (a bias of the product, of the
air mass, of the albedo) do not average out and are not in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np

from geocryoai.core.errors import CubeError
from geocryoai.cube.scale.gathered import gathered_dataset, lazy_maps, stacked
from geocryoai.cube.scale.scene_fields import LayerInfo

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from geocryoai.core.grid import Grid

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Times = NDArray[np.datetime64]

#: Fewest and most points along a side of a pixel by which it is shared out.
_FEWEST, _MOST = 4, 24
#: Points laid at once.
_AT_ONCE = 2_000_000
_METRES_PER_DEGREE = 111_195.0
#: Sums of a layer in a cell: weight, weight squared, value, its square, stated variance; and soundings.
_SUMS = 6


@dataclass
class SoundingFields:
    """Gathers granules; memory depends on the cells and months that they touch.

    Parameters
    ----------
    grid : Grid
    layers : tuple of LayerInfo

    Examples
    --------
    >>> from geocryoai.core.grid import Grid
    >>> gather = SoundingFields(Grid("EPSG:4326", 0.0, 2.0, 1.0, 2, 2), (LayerInfo("x", "1", "x"),))
    >>> month = np.array(["2020-05", "2020-05"], "datetime64[us]")
    >>> gather.add(np.array([0.5, 0.6]), np.array([1.5, 1.4]), month, {"x": np.array([1.0, 3.0])})["cells"]
    1
    >>> float(gather.dataset("s", static=True)["s_x"][0, 0])
    2.0
    """

    grid: Grid
    layers: tuple[LayerInfo, ...]
    _months: dict[int, tuple[Ints, Floats]] = field(default_factory=dict, repr=False)

    def add(
        self,
        lon: Floats,
        lat: Floats,
        time: Times,
        values: Mapping[str, Floats],
        sigma: Mapping[str, Floats] | None = None,
        corners: Floats | None = None,
    ) -> dict[str, int]:
        """Add soundings and return how many of them have a value within the grid, and in how many cells.

        Parameters
        ----------
        lon, lat : array, shape (n,)
            Centres [degree].
        time : array of datetime64, shape (n,)
        values : mapping of layer to array, shape (n,)
            NaN where missing.
        sigma : mapping of layer to array, shape (n,), optional
            Stated standard errors; a sounding whose error is NaN counts with its value.
        corners : array, shape (n, 4, 2), optional
            Longitude and latitude of the corners, in order around the pixel.
        """
        known = np.any([np.isfinite(values[layer.name]) for layer in self.layers], axis=0)
        near = np.flatnonzero(known & self._near(lon, lat))
        owner, cell, weight = self._shares(lon, lat, corners, near)
        month = time.astype("datetime64[M]").astype(np.int64)[owner]
        for each in np.unique(month):
            mine = month == each
            self._merge(int(each), owner[mine], cell[mine], weight[mine], values, sigma or {})
        return {"used": len(np.unique(owner)), "cells": len(np.unique(cell))}

    def dataset(self, prefix: str, *, static: bool) -> xr.Dataset:
        """Return the fields, lazily: for each layer mean, standard error, standard deviation and number of soundings.

        Parameters
        ----------
        prefix : str
            Goes before the names of the layers.
        static : bool
            Mean of all soundings without time, instead of the months that have some.
        """
        if not self._months:
            raise CubeError("no sounding lies within the grid", where="domain",
                            next_step="Check the domain, the quality and the positions.")  # fmt: skip
        months = sorted(self._months)
        groups = [[self._months[m] for m in months]] if static else [[self._months[m]] for m in months]
        fields = {}
        for number, layer in enumerate(self.layers):
            maps = stacked([self._lazy(group, number) for group in groups])
            for kind, (ending, unit, text) in enumerate(_kinds(layer)):
                values = maps[0, kind] if static else maps[:, kind]
                fields[f"{prefix}_{layer.name}{ending}"] = (values, unit, text)
        return gathered_dataset(self.grid, None if static else np.array(months).astype("datetime64[M]"), fields)

    def _near(self, lon: Floats, lat: Floats) -> NDArray[np.bool_]:
        """Return which soundings may touch the grid: those no more than three degrees of latitude beyond it."""
        from geocryoai.core.projection import LONLAT, transformer

        left, bottom, right, top = self.grid.bounds
        x, y = np.meshgrid(np.linspace(left, right, 41), np.linspace(bottom, top, 41))
        _, lats = transformer(self.grid.crs, LONLAT).transform(x.ravel(), y.ravel())
        margin = 3.0
        return np.asarray((lat >= np.nanmin(lats) - margin) & (lat <= np.nanmax(lats) + margin) & np.isfinite(lon))

    def _shares(self, lon: Floats, lat: Floats, corners: Floats | None, near: Ints) -> tuple[Ints, Ints, Floats]:
        """Return sounding, cell and weight of each pair that meet."""
        if corners is None:
            row, column = self.grid.cell_of(lon[near], lat[near])
            inside = row >= 0
            return near[inside], row[inside] * self.grid.width + column[inside], np.ones(int(inside.sum()))
        parts = []
        along = self._points(corners[near], lat[near])
        step = max(1, _AT_ONCE // along**2)
        for first in range(0, len(near), step):
            some = near[first : first + step]
            parts.append(self._covered(some, corners[some], along))
        if not parts:
            return near, near, np.zeros(0)
        owner, cell, weight = (np.concatenate(each) for each in zip(*parts, strict=True))
        return owner, cell, weight

    def _points(self, corners: Floats, lat: Floats) -> int:
        """Return how many points along a side are no further apart than half a cell."""
        from geocryoai.core.projection import read_crs

        if not len(corners):
            return _FEWEST
        cell = self.grid.resolution * (_METRES_PER_DEGREE if read_crs(self.grid.crs).is_geographic else 1.0)
        high = np.ptp(corners[:, :, 1], axis=1)
        wide = np.ptp(corners[:, :, 0], axis=1) * np.cos(np.radians(lat))
        size = float(np.nanmedian(np.maximum(high, wide))) * _METRES_PER_DEGREE
        return min(_MOST, max(_FEWEST, ceil(2 * size / cell))) if np.isfinite(size) else _FEWEST

    def _covered(self, owner: Ints, corners: Floats, along: int) -> tuple[Ints, Ints, Floats]:
        part = (np.arange(along) + 0.5) / along
        u, v = (each.ravel() for each in np.meshgrid(part, part))
        shape = np.stack([(1 - u) * (1 - v), u * (1 - v), u * v, (1 - u) * v])
        points = np.einsum("ncx,cp->npx", corners, shape)
        row, column = self.grid.cell_of((points[..., 0] + 180.0) % 360.0 - 180.0, points[..., 1])
        inside = row >= 0
        who = np.broadcast_to(np.arange(len(owner))[:, None], inside.shape)[inside]
        size = self.grid.height * self.grid.width
        pair, count = np.unique(who * size + row[inside] * self.grid.width + column[inside], return_counts=True)
        return owner[pair // size], pair % size, count / along**2

    def _merge(
        self, month: int, owner: Ints, cell: Ints, weight: Floats, values: Mapping[str, Floats],
        sigma: Mapping[str, Floats],
    ) -> None:  # fmt: skip
        cells, index = np.unique(cell, return_inverse=True)
        sums = np.zeros((len(self.layers), _SUMS, len(cells)))
        for number, layer in enumerate(self.layers):
            value = values[layer.name][owner]
            good = np.isfinite(value)
            at, w, x = index[good], weight[good], value[good]
            stated = sigma[layer.name][owner][good] if layer.name in sigma else np.zeros(len(x))
            for place, term in enumerate((w, w**2, w * x, w * x**2, w * np.nan_to_num(stated) ** 2, np.ones(len(x)))):
                sums[number, place] = np.bincount(at, term, minlength=len(cells))
        if month in self._months:
            before, old = self._months[month]
            both, back = np.unique(np.concatenate([before, cells]), return_inverse=True)
            merged = np.zeros((len(self.layers), _SUMS, len(both)))
            merged[..., back[: len(before)]] += old
            merged[..., back[len(before) :]] += sums
            cells, sums = both, merged
        self._months[month] = cells, sums

    def _lazy(self, parts: list[tuple[Ints, Floats]], layer: int) -> Any:
        of_layer = [(cells, sums[layer]) for cells, sums in parts]
        return lazy_maps(_maps, (4, *self.grid.shape), self.grid.shape, of_layer)


def _maps(shape: tuple[int, int], parts: list[tuple[Ints, Floats]]) -> NDArray[np.float32]:
    """Return mean, standard error, standard deviation and count from sums by cell, shape (4, height, width)."""
    total = np.zeros((_SUMS, shape[0] * shape[1]))
    for cells, sums in parts:
        total[:, cells] += sums
    weight, squared, first, second, stated, count = total
    seen = count > 0
    over = np.where(seen, weight, 1.0)
    mean = first / over
    variance = np.maximum(second / over - mean**2, 0.0)
    variance[variance < 1e-12 * mean**2] = 0.0
    effective = np.where(seen, weight**2 / np.where(seen, squared, 1.0), 1.0)
    error = np.sqrt(np.maximum(variance, stated / over) / effective)
    out = np.stack([mean, error, np.sqrt(variance), count])
    return np.where(seen, out, np.nan).reshape(4, *shape).astype(np.float32)


def _kinds(layer: LayerInfo) -> tuple[tuple[str, str, str], ...]:
    return (
        ("", layer.unit, layer.long_name),
        ("_sigma", layer.unit, f"standard error of: {layer.long_name}"),
        ("_spread", layer.unit, f"standard deviation between soundings of: {layer.long_name}"),
        ("_count", "1", f"number of soundings of: {layer.long_name}"),
    )
