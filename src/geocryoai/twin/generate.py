"""Write the simulated Alaska as real files: drivers, maps, measurements, a coarse model, and the truth for scoring."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from geocryoai.core.files import write_text
from geocryoai.twin.airborne import fly
from geocryoai.twin.boreholes import borehole_tables
from geocryoai.twin.coarse import run_coarse_model
from geocryoai.twin.cover import Cover, map_cover
from geocryoai.twin.drivers import Drivers, observe_drivers
from geocryoai.twin.files import Layer, write_netcdf
from geocryoai.twin.flights import flight_table
from geocryoai.twin.network import Places
from geocryoai.twin.options import TwinOptions
from geocryoai.twin.probes import probe_table
from geocryoai.twin.soil_moisture import FOLDER, station_table, surface_water, write_smap
from geocryoai.twin.towers import chamber_table, tower_table
from geocryoai.twin.truth import Truth, make_truth
from geocryoai.twin.truth_file import write_truth

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class TwinSummary:
    """What was written.

    Attributes
    ----------
    folder : pathlib.Path
    files : tuple of str
        Names of the files, sorted.
    land_cells, months : int
    rows : dict of str to int
        Data rows of each table.
    """

    folder: Path
    files: tuple[str, ...]
    land_cells: int
    months: int
    rows: Mapping[str, int]


def generate(folder: Path, options: TwinOptions) -> TwinSummary:
    """Simulate the world and write its files into a folder.

    Parameters
    ----------
    folder : pathlib.Path
        Made if absent; files of the twin that stand there are replaced.
    options : TwinOptions
        Same options, same bytes.

    Returns
    -------
    TwinSummary

    Raises
    ------
    GridError
        The grid reaches outside the simulated Alaska or holds no land.
    """
    truth = make_truth(options)
    mapped = map_cover(options, truth.landscape, truth.cover)
    drivers = observe_drivers(options, truth)
    folder.mkdir(parents=True, exist_ok=True)
    _write_drivers(folder / "drivers.nc", truth, drivers)
    _write_landscape(folder / "landscape.nc", truth, mapped)
    _write_coarse(folder / "coarse_model.nc", options, truth, mapped, drivers)
    write_truth(folder / "truth.nc", truth)
    tables = _measure(options, truth)
    flown = fly(folder, options, truth, Places(options, truth.landscape)) + _soil_moisture(folder, options, truth)
    for name, table in tables.items():
        write_text(folder / name, table.write_csv())
    grids = ("drivers.nc", "landscape.nc", "coarse_model.nc", "truth.nc")
    return TwinSummary(
        folder=folder,
        files=tuple(sorted((*grids, *tables, *flown))),
        land_cells=truth.landscape.cells,
        months=options.months,
        rows={name: table.height for name, table in tables.items()},
    )


def _measure(options: TwinOptions, truth: Truth) -> dict[str, pl.DataFrame]:
    """Return the tables of all campaigns by file name."""
    network, places = options.network, Places(options, truth.landscape)
    visits, probe_truth = probe_table(options, places.sites("probes", "P", network.probe_sites), truth.ground.alt)
    months, tower_truth = tower_table(options, places.sites("towers", "T", network.towers), truth)
    tables = {
        "probe_sites.csv": visits,
        "towers.csv": months,
        "truth_probe_sites.csv": probe_truth,
        "truth_towers.csv": tower_truth,
    }
    if network.chambers:
        tables["chambers.csv"] = chamber_table(options, places.sites("chambers", "C", network.chambers), truth)
    if network.boreholes:
        holes = places.sites("boreholes", "B", network.boreholes)
        tables["boreholes.csv"], tables["truth_boreholes.csv"] = borehole_tables(options, holes, truth)
    if network.flights:
        tables["flights.csv"] = flight_table(options, places, truth)
    if options.moisture.stations:
        sites = places.sites("moisture", "M", options.moisture.stations)
        tables["moisture_stations.csv"] = station_table(options, sites, truth)
    return tables


def _soil_moisture(folder: Path, options: TwinOptions, truth: Truth) -> list[str]:
    """Write the coarse product and its truth, where it is asked for, and return the names of the files."""
    if not options.moisture.smap_days:
        return []
    names = write_smap(folder / FOLDER, options, truth)
    water = truth.landscape.maps(surface_water(truth))
    layers = {"sm_0_5cm": Layer(water, "1", "sm", cell_methods="time: mean area: mean")}
    title = "True surface soil moisture of the simulated Alaska: for scoring, never an input"
    write_netcdf(folder / "truth_moisture.nc", truth.landscape.grid, layers, title=title, months=truth.months)
    return [*(f"{FOLDER}/{name}" for name in names), "truth_moisture.nc"]


def _write_drivers(path: Path, truth: Truth, drivers: Drivers) -> None:
    maps = truth.landscape.maps
    mean = "time: mean area: mean"
    layers = {
        "tas": Layer(maps(drivers.weather.tas), "degC", cell_methods=mean),
        "pr": Layer(maps(drivers.weather.pr), "mm d-1", cell_methods=mean),
        "rsds": Layer(maps(drivers.weather.rsds), "W m-2", cell_methods=mean),
        "vp": Layer(maps(drivers.weather.vp), "Pa", cell_methods=mean),
        "snd": Layer(maps(drivers.snow.depth), "m", cell_methods=mean),
        "swe": Layer(maps(drivers.snow.water), "m", cell_methods=mean),
        "lai": Layer(maps(drivers.lai), "1", cell_methods=mean),
        "ndvi": Layer(maps(drivers.ndvi), "1", cell_methods=mean),
    }
    title = "Monthly drivers of the simulated Alaska"
    write_netcdf(path, truth.landscape.grid, layers, title=title, months=truth.months)


def _write_landscape(path: Path, truth: Truth, mapped: Cover) -> None:
    landscape = truth.landscape
    land = landscape.flat
    units = {"organic_depth": "m"}
    layers = {
        "elevation": Layer(landscape.maps(land(landscape.elevation)), "m"),
        "slope": Layer(landscape.maps(land(landscape.slope)), "degree"),
        "coast_distance": Layer(landscape.maps(land(landscape.coast_distance)), "m"),
        **{f.name: Layer(landscape.maps(getattr(mapped, f.name)), units.get(f.name, "1")) for f in fields(Cover)},
    }
    write_netcdf(path, landscape.grid, layers, title="Mapped landscape of the simulated Alaska")


def _write_coarse(path: Path, options: TwinOptions, truth: Truth, mapped: Cover, drivers: Drivers) -> None:
    model = run_coarse_model(options, truth, mapped, drivers)
    note = "of a coarse process model"
    layers = {
        "nee_model": Layer(model.nee, "g C m-2 d-1", "nee", f"net ecosystem exchange {note} (positive = release)"),
        "fch4_model": Layer(model.fch4, "mg CH4 m-2 d-1", "fch4", f"methane flux {note} (positive = emission)"),
        "alt_model": Layer(model.alt, "m", "alt", f"active layer thickness {note}, of the year of each month"),
    }
    write_netcdf(path, model.grid, layers, title="Coarse process model of the simulated Alaska", months=truth.months)
