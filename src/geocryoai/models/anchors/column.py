"""Active layer thickness from the heat column in balance with a mean climate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: First day of the months of the repeated year.
_YEAR = np.arange("2001-01", "2003-01", dtype="datetime64[M]").astype("datetime64[ns]")

#: Snow beyond this depth insulates no more [m].
DEEPEST_SNOW = 10.0


def heat_column(
    mean: Floats,
    warmest: Floats,
    coldest: Floats,
    swe: Floats | None = None,
    organic_depth: Floats | None = None,
    *,
    peat: float = 0.15,
    mineral: str = "silt",
    snow_density: float = 270.0,
    n_thaw: float = 0.9,
) -> Floats:
    """Return the active layer thickness [m] of a column that repeats one mean year.

    Air temperature is a sine through the year with the given mean, its amplitude half the range of the warmest and
    coldest months. Snow builds up evenly over the months of frost and is gone in the first month above 0 degC; its
    water equivalent has the given mean over the year. Rows of equal climate are computed once, and what one row gives
    does not depend on the others. See `geocryoai.processes.maps.ground` for the column.

    Parameters
    ----------
    mean, warmest, coldest : array
        Annual mean air temperature and that of the warmest and coldest months [degC].
    swe : array, optional
        Mean snow water equivalent over the year [m]; no snow without it.
    organic_depth : array, optional
        Thickness of the organic layer [m]; `peat` where there is no such column.
    peat : float
        [m]
    mineral : {"sand", "silt", "clay"}
    snow_density : float
        [kg m-3]
    n_thaw : float
        Ratio of surface to air temperature above 0 degC [1].
    """
    import xarray as xr

    from geocryoai.processes.maps import simulate_ground_map

    depth = np.full_like(mean, peat) if organic_depth is None else np.maximum(organic_depth, 0.0)
    water = np.zeros_like(mean) if swe is None else np.maximum(swe, 0.0)
    rows = np.round(np.column_stack([mean, (warmest - coldest) / 2, water, depth]), 6)
    places, which = np.unique(rows, axis=0, return_inverse=True)
    level, amplitude, water, depth = places.T
    most = DEEPEST_SNOW * snow_density / 1000.0
    phase = np.cos(2 * np.pi * (np.arange(12) - 6) / 12)
    year = level + amplitude * phase[:, None]
    tas, snow = np.tile(year, (2, 1)), np.tile(np.minimum(_snow_year(year, water), most), (2, 1))
    fields = xr.Dataset(
        {
            "tas": (("time", "y", "x"), tas[:, :, None], {"units": "degC"}),
            "swe": (("time", "y", "x"), snow[:, :, None], {"units": "m"}),
            "snd": (("time", "y", "x"), snow[:, :, None] * 1000.0 / snow_density, {"units": "m"}),
            "organic_depth": (("y", "x"), depth[:, None], {"units": "m"}),
        },
        {"time": _YEAR, "y": np.arange(len(places), dtype=np.float64), "x": [0.0]},
    )
    run = simulate_ground_map(fields, mineral=mineral, n_thaw=n_thaw, spin_up_years=2, step_days=2.0)
    return np.asarray(run["alt"].values[-1, :, 0], np.float64)[which.ravel()]


def _snow_year(tas: Floats, mean: Floats) -> Floats:
    """Return monthly snow water equivalent [m], January first, shape (12, places)."""
    frost = tas < 0.0
    since = np.zeros_like(tas)
    count = np.zeros(tas.shape[1])
    for month in [*range(6, 12), *range(6)]:
        count = np.where(frost[month], count + 1.0, 0.0)
        since[month] = count
    return np.asarray(since * mean / np.maximum(since.mean(axis=0), 1e-9))
