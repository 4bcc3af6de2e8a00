"""Forest and thaw on maps: plots of single trees in every cell, from monthly climate, slope and mineral ground.

A cell holds `replicates` plots of the same climate, slope and ground, whose means it gives; a cell of 10 m is the plot
itself, and its replicates tell what chance does. Random numbers follow from the seed, the number of the cell on the map
and that of the replicate, so that a forest does not depend on how the map is divided. Without `tas` and `pr` the
climate is that of independent random years about a bundled mean year, with a declared warming.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from geocryoai.core.errors import ModelError, nearest
from geocryoai.processes.checks import Array, at_least, finite
from geocryoai.processes.forest.climate import FAIRBANKS, ForestClimate, mean_year_climate
from geocryoai.processes.forest.options import ForestOptions
from geocryoai.processes.forest.species import species_table
from geocryoai.processes.forest.terrain import TEXTURES, Terrain
from geocryoai.processes.maps.contract import Cells, Driver, GivenDrivers, MapProcess, Output
from geocryoai.processes.maps.terrain import with_places

if TYPE_CHECKING:
    import xarray as xr

    from geocryoai.processes.forest.result import ForestResult

#: Bundled mean years, by name.
CLIMATES = {"fairbanks": FAIRBANKS}

#: Compiled code that uses all cores must not be started twice at a time.
_KERNEL = threading.Lock()


@dataclass(frozen=True)
class ForestMapOptions:
    """Options of the forest on maps.

    Attributes
    ----------
    replicates : int, default 10
        Plots in each cell.
    seed : int, default 0
        Start of all random numbers.
    spin_up_years, spin_up_sample, plot_area, fire_interval, fire_years, tree_years
        As in `geocryoai.processes.forest.ForestOptions`: years from bare ground before the first year and how many
        first years they are drawn from, size of a plot [m2], mean years between fires, year -> severity of a fire
        everywhere, years whose single trees are kept for the layout of SIBBORK.
    texture : {"silt", "gravel"}
        Mineral ground where no field `coarse` tells it.
    species : sequence of str
        Names or codes; empty: all nine.
    climate : {"fairbanks"}
        Mean year where there are no `tas` and `pr`.
    warming : dict of int to float
        Year -> what is added to the mean year [K], linear in between and constant beyond; empty: none.
    temperature_sd, precipitation_sd : float
        Spread between the random years about the mean year [K] and as a share [1].
    climate_elevation : float or None
        Height for which `tas` or the mean year holds [m]: the air of a cell cools by 6.5 K per km above it. None: the
        climate is that of each cell.
    """

    replicates: int = 10
    seed: int = 0
    spin_up_years: int = 200
    spin_up_sample: int = 30
    plot_area: float = 100.0
    fire_interval: float | None = None
    fire_years: Mapping[int, float] = field(default_factory=dict)
    tree_years: tuple[int, ...] = ()
    texture: str = "silt"
    species: tuple[str, ...] = ()
    climate: str = "fairbanks"
    warming: Mapping[int, float] = field(default_factory=dict)
    temperature_sd: float = 1.5
    precipitation_sd: float = 0.3
    climate_elevation: float | None = None

    def __post_init__(self) -> None:
        for name, low in (("replicates", 1), ("seed", 0)):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < low:
                raise ModelError("not a whole number in range", where=name, found=repr(value), expected=f">= {low}")
        for name, value, known in (("texture", self.texture, TEXTURES), ("climate", self.climate, CLIMATES)):
            if value not in known:
                raise ModelError(f"the {name} is not known", where=name, found=f"'{value}'",
                                 next_step=nearest(str(value), known))  # fmt: skip
        for name in ("fire_years", "warming"):
            given = getattr(self, name)
            if not isinstance(given, Mapping) or not all(str(year).lstrip("-").isdigit() for year in given):
                raise ModelError("not numbers by year", where=name, found=repr(given), expected="{1950: 0.9}")
            object.__setattr__(self, name, {int(year): float(given[year]) for year in sorted(given, key=int)})
        finite("warming [K]", list(self.warming.values()))
        at_least("temperature_sd, precipitation_sd", [self.temperature_sd, self.precipitation_sd])
        species_table(self.species or None)
        self.model()

    def model(self) -> ForestOptions:
        """Return the options of the model itself."""
        return ForestOptions(
            spin_up_years=self.spin_up_years, spin_up_sample=self.spin_up_sample, plot_area=self.plot_area,
            fire_interval=self.fire_interval, fire_years=self.fire_years, tree_years=tuple(self.tree_years),
        )  # fmt: skip


#: Output -> table of the result, unit, what it is.
_YEARLY = {
    "alt": ("active_layer", "m", "active layer thickness below the moss"),
    "biomass": ("biomass", "kg m-2", "above-ground mass of living trees"),
    "lai": ("lai", "1", "leaf area index of trees"),
    "stems": ("stems", "1", "trees on a plot"),
    "organic_depth": ("organic_depth", "m", "thickness of the organic layer below the living moss"),
    "moss_depth": ("moss_depth", "m", "thickness of the living moss"),
    "drought": ("drought", "1", "dry share of the growing season"),
    "flooding": ("flooding", "1", "share of the growing season with standing water"),
    "fire": ("fire", "1", "mean severity of the fires of the year, 0 where none"),
}
_OF_SPECIES = ("biomass", "lai")


def forest_outputs(options: ForestMapOptions) -> tuple[Output, ...]:
    """Return what the forest gives."""
    at_end = "time: point"
    out = [Output("thaw_depth", "m", "thaw depth below the moss at the end of the month", "month", at_end)]
    for name, (_, unit, meaning) in _YEARLY.items():
        most = name == "alt"
        standard = "permafrost_active_layer_thickness" if most else None
        out.append(Output(name, unit, meaning, "year", "time: maximum within years" if most else at_end, standard))
    kinds = species_table(options.species or None)
    for name in _OF_SPECIES:
        _, unit, meaning = _YEARLY[name]
        for code, common in zip(kinds.codes, kinds.common_names, strict=True):
            out.append(Output(f"{name}_{code.lower()}", unit, f"{meaning}: {common}", "year", at_end))
    return tuple(out)


def _bytes_per_cell(months: int, options: ForestMapOptions) -> float:
    kinds, years = len(options.species) or 9, months / 12
    plot = years * 4.0 * (12 + 4 * kinds + 12)
    return 2.0 * options.replicates * plot + 16.0 * 12 * (years + options.spin_up_years) + 8.0 * months


def simulate_cells(cells: Cells, options: ForestMapOptions, replicates: int) -> ForestResult:
    """Grow the forests of some cells; plots are those of the first replicate, then those of the second, and so on."""
    from geocryoai.processes.forest.simulate import simulate_forest

    count, value = cells.count, cells.values
    number, copy = value["cell"].astype(np.int64), np.repeat(np.arange(replicates), count)
    stand = value["stand"].astype(np.int64) if "stand" in value else np.zeros(count, np.int64)
    height = np.zeros(count)
    if "elevation" in value and options.climate_elevation is not None:
        height = value["elevation"] - options.climate_elevation
    coarse = value["coarse"] >= 0.5 if "coarse" in value else np.full(count, options.texture == "gravel")
    aspect = np.maximum(value["aspect"], 0.0) if "aspect" in value else np.zeros(count)
    plots = Terrain(
        slope=np.tile(value["slope"], replicates), aspect=np.tile(aspect, replicates),
        latitude=np.tile(value["latitude"], replicates), elevation=np.tile(height, replicates),
        texture=tuple(np.tile(np.where(coarse, "gravel", "silt"), replicates).tolist()),
        number=np.tile(number, replicates) * options.replicates + copy,
        stand=np.tile(stand, replicates) * options.replicates + copy,
        climate=np.tile(np.arange(count), replicates) if "tas" in value else None,
    )  # fmt: skip
    kinds = species_table(options.species or None)
    with _KERNEL:
        return simulate_forest(
            _climate(cells, options), plots, species=kinds, options=options.model(), seed=options.seed
        )


def _climate(cells: Cells, options: ForestMapOptions) -> ForestClimate:
    """Return the climate of each cell, or the random years that all share."""
    years = cells.first_year + np.arange(cells.years)
    if ("tas" in cells.values) != ("pr" in cells.values):
        given = "tas" if "tas" in cells.values else "pr"
        raise ModelError("temperature and precipitation come together", where="process forest, drivers",
                         found=f"{given} alone", expected="tas and pr, or neither")  # fmt: skip
    if "tas" in cells.values:
        if options.warming:
            raise ModelError("warming belongs to the mean year, but tas is given", where="process forest, warming")
        rain = cells.values["pr"] * cells.days[:, None]
        tas, total = (np.ascontiguousarray(cells.by_year(a).transpose(2, 0, 1)) for a in (cells.values["tas"], rain))
        return ForestClimate(years, tas, total)
    known = options.warming or {int(years[0]): 0.0}
    warming = np.interp(years, list(known), list(known.values()))
    return mean_year_climate(
        *CLIMATES[options.climate], years, warming=warming, temperature_sd=options.temperature_sd,
        precipitation_sd=options.precipitation_sd, seed=options.seed,
    )  # fmt: skip


def _run(cells: Cells, options: ForestMapOptions) -> dict[str, Array]:
    _, first, back = np.unique(cells.values["cell"], return_index=True, return_inverse=True)
    once = Cells(cells.days, cells.row[first], {k: v[..., first] for k, v in cells.values.items()}, cells.first_year)
    result = simulate_cells(once, options, options.replicates)

    def mean(table: Any) -> Array:
        apart = np.asarray(table, dtype=np.float64).reshape(*table.shape[:-1], options.replicates, once.count)
        return np.asarray(apart.mean(axis=-2)[..., back])

    out = {"thaw_depth": mean(result.thaw_depth.reshape(-1, len(result.terrain)))}
    for name, (table, _, _) in _YEARLY.items():
        values = mean(getattr(result, table))
        out[name] = values.sum(axis=1) if values.ndim == 3 else values
        if name in _OF_SPECIES:
            out |= {f"{name}_{code.lower()}": values[:, i] for i, code in enumerate(result.species.codes)}
    return out


def _prepare(fields: xr.Dataset, drivers: GivenDrivers | None) -> tuple[xr.Dataset, GivenDrivers]:
    return with_places(fields, drivers, tuple(driver.name for driver in FOREST.drivers))


FOREST = MapProcess(
    "forest",
    "single trees of nine species of interior Alaska on plots, coupled to the thaw of the ground below them",
    (
        Driver("tas", "degC", "monthly mean air temperature; with `pr`, else a mean year", low=-90.0, high=60.0),
        Driver("pr", "mm d-1", "precipitation", low=0.0, high=2000.0),
        Driver("slope", "degree", "steepness; without it from `elevation`", static=True, low=0.0, high=90.0),
        Driver("aspect", "degree", "direction in which the ground falls, clockwise from north, -1 where flat",
               static=True, low=-1.0, high=360.0),
        Driver("elevation", "m", "height of the ground", static=True, low=-500.0, high=9000.0),
        Driver("coarse", "1", "coarse share of the mineral ground; gravel from 0.5 on, else silt", static=True, low=0.0,
               high=1.0),
        Driver("stand", "1", "number of the stand that burns as one; without it all cells", static=True, low=0.0,
               high=1e9),
        Driver("latitude", "degree", "of the cell; follows from the grid", static=True, low=-90.0, high=90.0),
        Driver("cell", "1", "number of the cell; follows from the grid", static=True, low=0.0, high=1e12),
    ),
    ForestMapOptions,
    forest_outputs,
    _run,
    _bytes_per_cell,
    _prepare,
)  # fmt: skip
