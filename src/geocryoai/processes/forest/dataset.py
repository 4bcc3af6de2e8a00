"""The forest model on a grid: terrain and climate as xarray in, forest and thaw as xarray out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from geocryoai.core.errors import ModelError, nearest
from geocryoai.core.projection import LONLAT, transformer
from geocryoai.processes.checks import Array, finite
from geocryoai.processes.forest.climate import DAYS, ForestClimate
from geocryoai.processes.forest.options import ForestOptions
from geocryoai.processes.forest.result import ForestResult
from geocryoai.processes.forest.simulate import simulate_forest
from geocryoai.processes.forest.species import Species
from geocryoai.processes.forest.terrain import Terrain

if TYPE_CHECKING:
    import xarray as xr

#: Table of the result -> unit, what it is.
_BY_SPECIES = {
    "biomass": ("kg m-2", "above-ground mass of living trees"),
    "lai": ("1", "leaf area index"),
    "basal_area": ("m2 ha-1", "basal area of trees"),
    "stems": ("1", "trees on the plot"),
}
_BY_PLOT = {
    "organic_depth": ("m", "thickness of the organic layer below the living moss"),
    "moss_depth": ("m", "thickness of the living moss"),
    "active_layer": ("m", "largest thaw depth of the year"),
    "drought": ("1", "dry share of the growing season"),
    "flooding": ("1", "share of the growing season with standing water"),
    "fire": ("1", "severity of the fire of the year, 0 where none"),
}


def forest_dataset(
    climate: xr.Dataset,
    terrain: xr.Dataset,
    *,
    replicates: int = 1,
    species: Species | None = None,
    options: ForestOptions | None = None,
    seed: int = 0,
) -> xr.Dataset:
    """Simulate forest and thaw on a grid; see `simulate_forest`.

    Parameters
    ----------
    climate : xarray.Dataset
        ``tas`` [degC] and ``pr`` [mm d-1] over ``time``, monthly, whole years from January on.
    terrain : xarray.Dataset
        ``slope`` and ``aspect`` [degree] on ``y, x`` [m], north up, cells of equal side; a coordinate ``crs`` with
        ``crs_wkt``. Optional ``elevation`` [m] above the height for which the climate holds, and ``stand``.
    replicates : int, default 1
        Plots per cell, with random numbers of their own.
    species, options, seed
        As in `simulate_forest`.

    Returns
    -------
    xarray.Dataset
        CF: ``thaw_depth`` over ``time, replicate, y, x``; ``biomass``, ``lai``, ``basal_area``, ``stems`` over
        ``year, species, replicate, y, x``; organic layer, moss, active layer, drought, flooding and fire over ``year,
        replicate, y, x``.

    Raises
    ------
    ModelError
        A variable, a month or the CRS is absent, or a value impossible.
    """
    weather = _climate(climate)
    plots, rows, columns = _terrain(terrain, (options or ForestOptions()).plot_area)
    result = simulate_forest(weather, plots.replicated(replicates), species=species, options=options, seed=seed)
    return _on_grid(result, climate, terrain, (replicates, rows, columns))


def _climate(climate: xr.Dataset) -> ForestClimate:
    months = _variable(climate, "tas", "degC")["time"].values.astype("datetime64[M]").astype(int)
    if months.size == 0 or months.size % 12 or months[0] % 12 or (np.diff(months) != 1).any():
        raise ModelError("the climate is not whole years of months from January on", where="climate, time",
                         found=f"{months.size} records")  # fmt: skip
    years = 1970 + months[::12] // 12
    tas, pr = (np.asarray(_variable(climate, name, unit).values, dtype=np.float64).reshape(-1, 12)
               for name, unit in (("tas", "degC"), ("pr", "mm d-1")))  # fmt: skip
    return ForestClimate(years, tas, pr * DAYS)


def _terrain(terrain: xr.Dataset, plot_area: float) -> tuple[Terrain, int, int]:
    wkt = terrain.coords["crs"].attrs.get("crs_wkt") if "crs" in terrain.coords else None
    if wkt is None:
        raise ModelError("the terrain has no CRS", where="terrain", expected="a coordinate 'crs' with crs_wkt")
    slope = _variable(terrain, "slope", "degree").transpose("y", "x")
    x, y = (np.asarray(terrain[name].values, dtype=np.float64) for name in ("x", "y"))
    for name, steps in (("x", np.diff(x)), ("y", -np.diff(y))):
        side = np.sqrt(plot_area)
        if not np.allclose(steps, side, atol=1e-3 * side):
            raise ModelError("the cells are not plots", where=f"terrain, {name} [m]", found=f"steps {steps[:3]}",
                             expected=f"{side:g} m, x to the east and y from the north",
                             next_step="Regrid the terrain, or set plot_area.")  # fmt: skip
    lat = transformer(wkt, LONLAT).transform(*np.meshgrid(x, y))[1]
    flat: dict[str, Any] = {"slope": _flat(slope), "latitude": np.asarray(lat).ravel()}
    flat["aspect"] = _flat(_variable(terrain, "aspect", "degree").transpose("y", "x"))
    if "elevation" in terrain:
        flat["elevation"] = _flat(_variable(terrain, "elevation", "m").transpose("y", "x"))
    if "stand" in terrain:
        flat["stand"] = terrain["stand"].transpose("y", "x").values.ravel()
    return Terrain(**flat), y.size, x.size


def _variable(dataset: xr.Dataset, name: str, unit: str) -> xr.DataArray:
    if name not in dataset:
        raise ModelError(f"variable '{name}' is absent", next_step=nearest(name, map(str, dataset.variables)))
    array = dataset[name]
    if array.attrs.get("units", unit) not in {unit, unit + "s"}:
        raise ModelError("the unit is another one", where=name, found=array.attrs["units"], expected=unit)
    return array


def _flat(array: xr.DataArray) -> Array:
    return finite(f"{array.name}", array.values).ravel()


def _on_grid(result: ForestResult, climate: xr.Dataset, terrain: xr.Dataset, shape: tuple[int, int, int]) -> xr.Dataset:
    import xarray as xr

    space = ("replicate", "y", "x")
    thaw = result.thaw_depth.reshape(-1, *shape)
    thaw_attributes = {"units": "m", "long_name": "thaw depth below the moss at the end of the month"}
    data = {"thaw_depth": xr.DataArray(thaw, dims=("time", *space), attrs=thaw_attributes)}
    for names, leading in ((_BY_SPECIES, ("year", "species")), (_BY_PLOT, ("year",))):
        for name, (unit, meaning) in names.items():
            values = np.asarray(getattr(result, name))
            attributes = {"units": unit, "long_name": meaning}
            data[name] = xr.DataArray(values.reshape(*values.shape[:-1], *shape), dims=(*leading, *space),
                                      attrs=attributes)  # fmt: skip
    for array in data.values():
        array.attrs["grid_mapping"] = "crs"
    coordinates = {
        "time": climate["time"], "year": result.years, "species": list(result.species.codes),
        "replicate": np.arange(shape[0]), "y": terrain["y"], "x": terrain["x"], "crs": terrain["crs"],
        "species_name": ("species", list(result.species.names)),
    }  # fmt: skip
    source = "geocryoai forest model; equations as in Foster et al. (2019), Ecological Modelling 409, 108765"
    return xr.Dataset(data, coords=coordinates, attrs={"Conventions": "CF-1.11", "source": source})
