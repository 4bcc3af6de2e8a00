"""The forest over maps: the climate of each cell, slopes from heights, plots by number, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from geocryoai.core.errors import ModelError
from geocryoai.core.projection import LONLAT, read_crs, transformer
from geocryoai.processes.forest import FAIRBANKS, ForestOptions, Terrain, mean_year_climate, simulate_forest
from geocryoai.processes.maps import MAP_PROCESSES, simulate_map
from geocryoai.processes.maps.terrain import slope_and_aspect, with_places

SHORT = {"replicates": 2, "spin_up_years": 40, "seed": 3}


def axes(rows: int = 3, columns: int = 4, years: tuple[int, int] = (1990, 1999)) -> xr.Dataset:
    """Return a grid of plots without fields."""
    crs = xr.DataArray(0, attrs=read_crs("EPSG:3338").to_cf())
    time = pd.date_range(f"{years[0]}-01-01", f"{years[1]}-12-01", freq="MS")
    y, x = 1_700_000.0 - 10 * np.arange(rows) - 5, 300_000.0 + 10 * np.arange(columns) + 5
    return xr.Dataset(coords={"time": time, "y": y, "x": x, "crs": crs})


def hill(**keys: Any) -> xr.Dataset:
    """Return a slope that falls to the south-west, with heights."""
    fields = axes(**keys)
    height = np.add.outer(0.3 * (fields["y"].values - 1_699_000), 0.1 * (fields["x"].values - 300_000))
    return fields.assign(elevation=(("y", "x"), height, {"units": "m"}))


def run(fields: xr.Dataset, drivers: dict[str, Any] | None = None, **options: Any) -> xr.Dataset:
    memory = options.pop("memory_mb", 512.0)
    return simulate_map("forest", fields, drivers=drivers, memory_mb=memory, **{**SHORT, **options})


@pytest.mark.physics
@pytest.mark.parametrize(("east", "north", "aspect"), [(0, -1, 0), (-1, 0, 90), (0, 1, 180), (1, 0, 270), (1, 1, 225)])
def test_a_plane_has_its_slope_and_falls_where_it_falls(east: float, north: float, aspect: float) -> None:
    y, x = np.arange(50.0, 0.0, -10.0), np.arange(0.0, 40.0, 10.0)
    slope, facing = slope_and_aspect(0.2 * (north * y[:, None] + east * x), y, x)
    assert slope == pytest.approx(np.degrees(np.arctan(0.2 * np.hypot(east, north))) + 0 * slope)
    assert facing == pytest.approx(aspect + 0 * facing, abs=1e-9)


def test_aspect_is_from_true_north() -> None:
    fields = axes()
    _, lat = transformer(read_crs("EPSG:3338").to_wkt(), LONLAT).transform(300_000.0, 1_700_000.0)
    x, y = np.meshgrid(fields["x"].values, fields["y"].values)
    latitude = transformer(read_crs("EPSG:3338").to_wkt(), LONLAT).transform(x, y)[1]
    fields["elevation"] = (("y", "x"), -11_119.5 * (latitude - lat), {"units": "m"})
    prepared, drivers = with_places(fields, {"elevation": "elevation"}, ())
    facing = (prepared[drivers["aspect"]].values + 180.0) % 360.0 - 180.0
    assert np.abs(facing).max() < 0.3
    assert prepared[drivers["slope"]].values == pytest.approx(np.degrees(np.arctan(0.1)), abs=0.1)
    assert prepared["cell_latitude"].values == pytest.approx(lat, abs=0.01)
    again, same = with_places(prepared, {"elevation": "elevation"}, ())
    assert same == drivers
    assert list(again) == list(prepared)


def test_cells_are_the_means_of_their_plots() -> None:
    answer = run(axes(2, 2), {"slope": 12.0, "aspect": 200.0})
    latitude = with_places(axes(2, 2), {"slope": 0.0}, ())[0]["cell_latitude"].values.ravel()
    climate = mean_year_climate(*FAIRBANKS, np.arange(1990, 2000), seed=3)
    number = np.concatenate([2 * np.arange(4), 2 * np.arange(4) + 1])
    plots = Terrain(12.0, 200.0, np.tile(latitude, 2), number=number, stand=np.repeat([0, 1], 4))
    alone = simulate_forest(climate, plots, options=ForestOptions(spin_up_years=40), seed=3)
    assert answer["biomass"].values.reshape(10, 4) == pytest.approx(
        alone.biomass.sum(axis=1).reshape(10, 2, 4).mean(axis=1), rel=1e-5
    )
    assert answer["thaw_depth"].dims == ("time", "y", "x")
    assert answer["thaw_depth"].values.reshape(10, 12, 4) == pytest.approx(
        alone.thaw_depth.reshape(10, 12, 2, 4).mean(axis=2), rel=1e-5
    )
    assert answer["alt"].values == pytest.approx(
        np.asarray(alone.active_layer).reshape(10, 2, 2, 2).mean(axis=1), rel=1e-5
    )
    by_species = sum(answer[name] for name in answer if str(name).startswith("biomass_"))
    assert by_species.values == pytest.approx(answer["biomass"].values, rel=1e-5)
    assert answer["alt"].attrs["standard_name"] == "permafrost_active_layer_thickness"


def test_neither_blocks_nor_neighbours_change_a_forest() -> None:
    whole = run(hill(), fire_interval=30.0)
    divided = run(hill().chunk(), fire_interval=30.0, memory_mb=1.5).compute()
    for name in whole:
        assert np.array_equal(whole[name], divided[name]), name
    prepared, drivers = MAP_PROCESSES.get("forest").prepare(hill(), None)  # type: ignore[misc]
    cell = run(prepared.isel(y=slice(1, 2), x=slice(2, 3)), dict(drivers), fire_interval=30.0)
    assert np.array_equal(cell["biomass"][:, 0, 0], whole["biomass"][:, 1, 2])
    assert not np.array_equal(whole["biomass"], run(hill(), seed=4)["biomass"])


def test_each_cell_has_its_own_climate_and_masked_cells_stay_missing() -> None:
    fields = axes(2, 3, years=(1990, 2009))
    climate = mean_year_climate(*FAIRBANKS, np.arange(1990, 2010), seed=1)
    days = fields["time"].dt.days_in_month.values
    colder = np.array([[0.0, -6.0, np.nan], [0.0, -6.0, 0.0]])
    tas = climate.temperature.reshape(-1, 1, 1) + 273.15 + colder
    pr = (climate.precipitation.ravel() / days)[:, None, None] + np.zeros_like(tas)
    fields = fields.assign(
        tas=(("time", "y", "x"), tas, {"units": "K"}), pr=(("time", "y", "x"), pr, {"units": "mm d-1"})
    )
    answer = run(fields, {"tas": "tas", "pr": "pr", "slope": 0.0, "coarse": 1.0}, spin_up_years=120)
    mass = answer["biomass"].mean("year").values
    assert (mass[:, 1] < 0.5 * mass[:, 0]).all()
    assert answer["coverage"].values.tolist() == [[1, 1, 0], [1, 1, 1]]
    assert np.isnan(answer["lai"][:, 0, 2]).all()
    higher = fields.assign(elevation=(("y", "x"), np.full((2, 3), 1423.0), {"units": "m"}))
    drivers = {"tas": "tas", "pr": "pr", "slope": 0.0, "elevation": "elevation"}
    cooled = run(higher, drivers, spin_up_years=120, climate_elevation=500.0)
    assert cooled["biomass"][:, 1, 0].mean() < 0.5 * run(higher, drivers, spin_up_years=120)["biomass"][:, 1, 0].mean()


def test_warming_fire_and_species_are_options() -> None:
    flat = {"slope": 0.0}
    years = axes(2, 2, years=(1950, 1999))
    usual = run(years, flat, spin_up_years=100)
    warmer = run(years, flat, spin_up_years=100, warming={"1950": 0.0, 1999: 5.0})
    assert warmer["alt"][-10:].mean() > usual["alt"][-10:].mean() + 0.1
    burnt = run(years, flat, spin_up_years=100, fire_years={1970: 0.9})
    assert float(burnt["fire"][20].min()) == pytest.approx(0.9)
    assert burnt["alt"][21:31].mean() > usual["alt"][21:31].mean() + 0.1
    assert burnt["biomass"][20].mean() < 0.3 * usual["biomass"][20].mean()
    spruce = run(axes(2, 2), flat, species=["black spruce", "PICEglau"])
    assert [name for name in spruce if str(name).startswith("lai_")] == ["lai_picemari", "lai_piceglau"]


@pytest.mark.parametrize(
    ("drivers", "options", "said"),
    [
        (None, {}, "the driver 'slope' is missing"),
        ({"slope": 5.0}, {}, "the driver 'aspect' is missing"),
        ({"elevation": "heights"}, {}, "no field of heights is called 'heights'"),
        ({"slope": 120.0, "aspect": 0.0}, {}, "constant is out of range; found 120; expected 0 to 90 degree"),
        ({"slope": 0.0, "tas": 3.0}, {}, "temperature and precipitation come together.*found tas alone"),
        ({"slope": 0.0, "tas": 3.0, "pr": 1.0}, {"warming": {1990: 1.0}}, "warming belongs to the mean year"),
        ({"slope": 0.0}, {"replicates": 0}, "replicates.*found 0; expected >= 1"),
        ({"slope": 0.0}, {"texture": "slit"}, "texture is not known; found 'slit'. Did you mean 'silt'"),
        ({"slope": 0.0}, {"climate": "fairbank"}, "Did you mean 'fairbanks'"),
        ({"slope": 0.0}, {"species": ["PICEmary"]}, "Did you mean 'PICEmari'"),
        ({"slope": 0.0}, {"fire_years": [1990]}, "not numbers by year"),
        ({"slope": 0.0}, {"fire_years": {1890: 0.9}}, "fire_years: a year is not in the climate; found 1890"),
        ({"slope": 0.0}, {"spin_up": 3}, "unknown option 'spin_up'. Did you mean 'spin_up_"),
    ],
)
def test_what_is_refused(drivers: dict[str, Any] | None, options: dict[str, Any], said: str) -> None:
    with pytest.raises(ModelError, match=said):
        run(axes(), drivers, **options)


def test_a_grid_in_degrees_is_refused() -> None:
    fields = xr.Dataset(coords={"time": axes()["time"], "lat": [65.0, 64.9], "lon": [-148.0, -147.9]})
    with pytest.raises(ModelError, match="a forest grows on a projected grid"):
        run(fields, {"slope": 0.0})
