"""Fields of a small tundra map: two years, rows of unlike soil, one cell without soil depth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr


@pytest.fixture(scope="session")
def quick() -> dict[str, Any]:
    """Options with which the ground column is quick, and still itself."""
    return {"layers": 24, "bottom": 15.0, "magt_depth": 10.0, "step_days": 5, "depths": [0.25]}


@pytest.fixture(scope="session")
def _tundra() -> xr.Dataset:
    rows, columns, years = 4, 19, 2
    lots = np.random.default_rng(4)
    month = np.arange(12 * years)
    shape = (month.size, rows, columns)
    wave = np.sin(2 * np.pi * (month - 3.5) / 12)[:, None, None]
    tas = -7 + 17 * wave + lots.normal(0, 1, shape)
    snow = 0.3 * np.clip(np.sin(2 * np.pi * (month - 9) / 12), 0, None)[:, None, None] * np.ones(shape)
    organic = lots.uniform(0.05, 0.25, (rows, columns))
    organic[0, 2] = np.nan
    light = np.clip(120 + 115 * wave, 0, None) * np.ones(shape)
    monthly, still = ("time", "y", "x"), ("y", "x")
    return xr.Dataset(
        {
            "tas": (monthly, tas, {"units": "degC"}),
            "snd": (monthly, snow, {"units": "m"}),
            "rsds": (monthly, light, {"units": "W m-2", "positive": "down"}),
            "ndvi": (monthly, np.clip(0.3 + 0.03 * tas, 0.0, 0.8), {"units": "1"}),
            "organic_depth": (still, organic, {"units": "m"}),
            "wetland_fraction": (still, lots.uniform(0, 0.5, (rows, columns)), {"units": "1"}),
        },
        {
            "time": pd.date_range("2003-01-01", periods=month.size, freq="MS"),
            "y": 2e6 - 1000.0 * np.arange(rows),
            "x": 1000.0 * np.arange(columns),
        },
    )


@pytest.fixture
def fields(_tundra: xr.Dataset) -> xr.Dataset:
    """Return the fields, free to be changed."""
    return _tundra.copy(deep=True)


@pytest.fixture(scope="session")
def ground(_tundra: xr.Dataset, quick: dict[str, Any]) -> xr.Dataset:
    """Return the ground column over the whole map, in one block; not to be changed."""
    from geocryoai.processes.maps import simulate_ground_map

    return simulate_ground_map(_tundra, **quick)
