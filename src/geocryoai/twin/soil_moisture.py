"""Surface soil moisture of the simulated world, as SMAP level 4 would show it on its own grid, and at stations.

The product sees all water of the uppermost 5 cm, as a mean over cells of 9 km (at these latitudes about 4 km wide and
20 km high), with a bias and with noise. Stations see a point, and liquid water only: they read low when the ground is
frozen, as permittivity probes do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from geocryoai.core.errors import GridError
from geocryoai.core.files import complete_or_absent
from geocryoai.core.grid import Grid
from geocryoai.core.projection import transformer
from geocryoai.twin.fields import stream
from geocryoai.twin.probes import SENTINEL

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from geocryoai.twin.network import Sites
    from geocryoai.twin.options import TwinOptions
    from geocryoai.twin.truth import Truth

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

#: Folder of the SMAP files, and the first full month of the mission.
FOLDER, MISSION = "smap", np.datetime64("2015-04-01")
#: Global EASE-Grid 2.0 at 9 km (Brodzik et al. 2012, doi:10.3390/ijgi1010032).
EASE2 = Grid("EPSG:6933", -17_367_530.45, 7_314_540.83, 9_008.055210146, 3856, 1624)
_CHUNK, _FILL = (116, 241), np.float32(-9999.0)
#: Points along a cell of the world by which it is shared out to cells of the product.
_POINTS = 4
#: Thickness of the layer that is seen [m].
_LAYER = 0.05
#: Temperature from which all water is frozen but a rest [degC], and that rest [1].
_FROZEN, _LIQUID = -1.5, 0.15
#: Noise of a station's day [m3 m-3], and the probability that it is lost.
_DAILY, _LOST = 0.01, 0.03


def surface_water(truth: Truth) -> Floats:
    """Return the true water content of the uppermost 5 cm [m3 m-3], shape (months, cells)."""
    organic = np.minimum(1.0, truth.cover.organic_depth / _LAYER)
    pores = organic * truth.parameters.organic_water + (1 - organic) * truth.parameters.mineral_water
    return np.asarray(pores * truth.moisture.mean(truth.cover.wetland_fraction), float)


@dataclass(frozen=True)
class _Shares:
    """Row and column of the product's cells that the world touches; for each point its cell in both."""

    row: Ints
    column: Ints
    owner: Ints
    cell: Ints

    def mean(self, values: Floats) -> Floats:
        """Return the means of values of the world's cells over the product's cells."""
        count = np.bincount(self.owner, minlength=len(self.row))
        return np.asarray(np.bincount(self.owner, values[self.cell], minlength=len(self.row)) / count, float)


def write_smap(folder: Path, options: TwinOptions, truth: Truth) -> list[str]:
    """Write one file for each date in the layout of SPL4SMGP, and return their names.

    Raises
    ------
    GridError
        The years end before the mission began.
    """
    import h5py

    dates = _dates(options)
    shares, water = _shares(truth), surface_water(truth)
    rng = stream(options.seed, "smap")
    names = []
    folder.mkdir(parents=True, exist_ok=True)
    rows = slice(int(shares.row.min()), int(shares.row.max()) + 1)
    columns = slice(int(shares.column.min()), int(shares.column.max()) + 1)
    for date in dates:
        seen = shares.mean(_at(water, truth, np.array([date]))[0]) + options.moisture.smap_bias
        seen = np.clip(seen + options.moisture.smap_noise * rng.standard_normal(len(seen)), 0.0, 0.9)
        block = np.full((rows.stop - rows.start, columns.stop - columns.start), _FILL)
        block[shares.row - rows.start, shares.column - columns.start] = seen
        name = f"SMAP_L4_SM_gph_{str(date).replace('-', '')}T013000_Vv7032_001.h5"
        with complete_or_absent(folder / name) as temporary, h5py.File(temporary, "w") as file:
            stored = file.create_dataset(
                "Geophysical_Data/sm_surface", EASE2.shape, "f4", chunks=_CHUNK, compression="gzip", fillvalue=_FILL
            )
            stored[rows, columns] = block
            stored.attrs.update(
                {"units": "m3 m-3", "_FillValue": _FILL, "long_name": "Top layer soil moisture (0-5 cm)"}
            )
            file.attrs["institution"] = "simulated by geocryoai; not measured anywhere"
        names.append(name)
    return names


def station_table(options: TwinOptions, sites: Sites, truth: Truth) -> pl.DataFrame:
    """Return daily liquid water [m3 m-3] at stations; a station differs from its cell for good, and day by day."""
    rng = stream(options.seed, "moisture.stations")
    days = np.arange(
        np.datetime64(f"{options.first_year}-01-01"), np.datetime64(f"{options.last_year + 1}-01-01")
    )  # fmt: skip
    offset = options.moisture.station_spread * rng.standard_normal(len(sites))
    water, warm = (_at(part[:, sites.cell], truth, days) for part in (surface_water(truth), truth.ground.ts))
    thawed = np.clip(1 - warm / _FROZEN, 0.0, 1.0)
    liquid = np.clip(water + offset, 0.02, 0.95) * (_LIQUID + (1 - _LIQUID) * thawed)
    read = np.clip(liquid + _DAILY * rng.standard_normal(liquid.shape), 0.0, 1.0).round(3)
    read[rng.random(read.shape) < _LOST] = SENTINEL
    return pl.concat(
        pl.DataFrame(
            {"site": np.full(len(days), name), "latitude": np.full(len(days), lat),
             "longitude": np.full(len(days), lon), "date": days.astype(str), "SM_5CM": read[:, number]}
        )
        for number, (name, lat, lon) in enumerate(zip(sites.name, sites.lat, sites.lon, strict=True))
    )  # fmt: skip


def _dates(options: TwinOptions) -> NDArray[np.datetime64]:
    first = max(MISSION, np.datetime64(f"{options.first_year}-01-01"))
    last = np.datetime64(f"{options.last_year + 1}-01-01")
    if first >= last:
        raise GridError("the world ends before SMAP began", where="twin.moisture.smap_days", found=options.last_year,
                        expected="a last_year of at least 2015")  # fmt: skip
    return np.arange(first, last, options.moisture.smap_days)


def _at(values: Floats, truth: Truth, days: NDArray[np.datetime64]) -> Floats:
    """Return monthly values (months, cells) on some days, on straight lines between the middles of months."""
    middle = truth.months.astype("datetime64[D]").astype(float) + 0.5 * truth.days
    position = np.clip(np.interp(days.astype(float), middle, np.arange(len(middle))), 0, len(middle) - 1)
    low = np.minimum(position.astype(int), len(middle) - 2)
    part = (position - low)[:, None]
    return np.asarray((1 - part) * values[low] + part * values[low + 1], float)


def _shares(truth: Truth) -> _Shares:
    grid, land = truth.landscape.grid, truth.landscape.land
    inside = (np.arange(_POINTS) + 0.5) / _POINTS - 0.5
    row, column = np.nonzero(land)
    down, right = (part.ravel() * grid.resolution for part in np.meshgrid(inside, inside, indexing="ij"))
    x, y = grid.x[column][:, None] + right, grid.y[row][:, None] - down
    east, north = transformer(grid.crs, EASE2.crs).transform(x.ravel(), y.ravel())
    rows = np.floor((EASE2.top - np.asarray(north)) / EASE2.resolution).astype(np.int64)
    columns = np.floor((np.asarray(east) - EASE2.left) / EASE2.resolution).astype(np.int64)
    cells, owner = np.unique(rows * EASE2.width + columns, return_inverse=True)
    return _Shares(cells // EASE2.width, cells % EASE2.width, owner, np.repeat(np.arange(len(row)), len(down)))
