"""Thaw at the CALM sites in and near the Toolik tile, 1990-2015: column model and Stefan from the tile's climate.

Monthly air temperature is made daily (means kept), snow comes from temperature and precipitation, the soil is peat over
the tile's mineral soil. Beside it stand Stefan and layered Stefan from the same temperature, and the mean of the other
sites. Two parameters of the column (thickness of the peat and its thawed conductivity) or one factor on its thaw, one
of Stefan and two of layered Stefan are calibrated on the other sites; or on the other years.

Snow is simulated by days: between the means of months it would lie until the middle of June, three weeks too long.

Needs the data folder (GEOCRYOAI_DATA or ../shared/data).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RegularGridInterpolator
from scipy.stats import spearmanr

from geocryoai.models.anchors.thaw import layered, stefan
from geocryoai.models.calibration import CrossCalibrated, Parameter, cross_calibrate
from geocryoai.processes.column import (
    Forcing,
    Material,
    Options,
    PowerCurve,
    Soil,
    column_grid,
    simulate_column,
    spin_up,
)  # fmt: skip
from geocryoai.processes.daily import daily_from_monthly
from geocryoai.processes.degree_days import annual_degree_days
from geocryoai.processes.snow_cover import snow_cover
from geocryoai.processes.snowpack import snow_series
from geocryoai.sources.calm import READER as CALM
from geocryoai.sources.toolik_tile import READER as TILE

Floats = NDArray[np.float64]
DATA = Path(os.environ.get("GEOCRYOAI_DATA", Path(__file__).parents[1] / ".." / "shared" / "data")).resolve()
#: Years simulated before the first that is compared, and the years that are compared.
BEGIN, FIRST, LAST = 1985, 1990, 2015
#: Last day of the year that counts, 31 August: the sites are probed in August, and the front sinks on into October.
PROBED = 243
#: Sites farther than this from the tile are left out [m].
NEAR = 20_000.0
GRID = column_grid(50, 0.02, 25.0, 0.6)
#: Peat thickness [m] and thawed conductivity of peat [W m-1 K-1] at which columns are run; between them thaw
#: is interpolated.
PEAT = np.array([0.05, 0.1, 0.16, 0.22, 0.3, 0.37, 0.45])
CONDUCTIVITY = np.array([0.25, 0.42, 0.7])
#: Uncalibrated: 20 cm of wet peat, as over much of the moist tundra there, with the conductivity of peat at 55 % water.
PEAT_START, CONDUCTIVITY_START = 0.2, 0.45
COLUMN = (
    Parameter("peat", 0.05, 0.45, PEAT_START, logarithmic=True),
    Parameter("conductivity", 0.25, 0.7, CONDUCTIVITY_START, logarithmic=True),
)
SCALED = (Parameter("factor", 0.3, 2.0, 1.0, logarithmic=True),)
STEFAN = (Parameter("edaphic", 0.005, 0.05, 0.02, logarithmic=True),)
LAYERED = (
    Parameter("organic_depth", 0.02, 0.6, PEAT_START, logarithmic=True),
    Parameter("organic_conductivity", 0.1, 1.2, 0.3, logarithmic=True),
)


class Site(NamedTuple):
    """A CALM site: its thaw [m] by year, and the climate of its tile cell, months from January of `BEGIN`."""

    name: str
    year: NDArray[np.int64]
    alt: Floats
    tas: Floats
    pr: Floats


def month_days() -> Floats:
    """Return the lengths of all months, years of 365 days as in the tile [d]."""
    return np.tile([31.0, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], LAST - BEGIN + 1)


def read_sites(data: Path) -> list[Site]:
    """Return the CALM sites within `NEAR` of the tile, each with the climate of the nearest cell."""
    import polars as pl
    from pyproj import Transformer

    fields = TILE.read(data / "drivers" / "toolik_tile", source="toolik_tile", options={}).fields
    assert fields is not None
    climate = fields.sel(time=slice(f"{BEGIN}-01-01", f"{LAST}-12-31"))
    table = CALM.read(data / "in_situ" / "alt" / "CALM_Summary_table.xls", source="calm", options={}).observations
    table = table.filter(pl.col("lat").is_not_null() & (pl.col("variable") == "alt"))
    to_tile = Transformer.from_crs(4326, 3338, always_xy=True)
    sites = []
    for (name,), rows in table.sort("site", "time_start").group_by("site", maintain_order=True):
        x, y = to_tile.transform(rows["lon"][0], rows["lat"][0])
        cell = climate.sel(x=x, y=y, method="nearest")
        if np.hypot(float(cell.x) - x, float(cell.y) - y) > NEAR:
            continue
        year = rows["time_start"].dt.year().to_numpy().astype(np.int64)
        use = (year >= FIRST) & (year <= LAST)
        if use.sum() >= 5:
            alt = rows["value"].to_numpy()[use]
            sites.append(Site(str(name), year[use], alt, cell.tas.values.astype(float), cell.pr.values.astype(float)))
    return sites


def column_thaw(tas: Floats, pr: Floats, peat: Floats, conductivity: Floats) -> Floats:
    """Return the thaw [m] when it is probed, shape (years, columns), of columns with one climate each.

    Parameters
    ----------
    tas, pr : array, shape (months, columns)
        [degC], [mm d-1].
    peat, conductivity : array, shape (columns,)
        Thickness of the peat [m] and its thawed conductivity [W m-1 K-1].
    """
    days = month_days()
    air, fallen = daily_from_monthly(tas, days), np.repeat(pr, days.astype(int), axis=0)
    snow = snow_series(air, fallen, np.ones(air.shape[0]))
    cover = snow_cover(air, snow.snd)
    year = BEGIN + np.arange(int(days.sum())) // 365
    forcing = Forcing(
        np.ones(year.size), temperature=air, snow_depth=cover.depth, snow_density=cover.density,
        snow_conductivity=cover.conductivity, year=year,
    )  # fmt: skip
    columns = peat.size
    wet = Material(np.full(columns, 0.55), conductivity, 1.3, 3.0e6, 1.9e6, PowerCurve(np.full(columns, 0.03), -0.6))
    silt = Material(np.full(columns, 0.40), 1.2, 2.2, 2.8e6, 2.0e6, PowerCurve(np.full(columns, 0.03), -0.6))
    layer = (GRID.depth[:, None] >= peat).astype(np.int64)
    soil = Soil(GRID, [wet, silt], layer * columns + np.arange(columns))
    options = Options(profile=False)
    start = spin_up(forcing, soil, options, years=5, accelerated=4)
    thaw = simulate_column(forcing, soil, start.state, options).series.thaw_depth_isotherm
    return np.asarray(thaw.reshape(-1, 365, columns)[:, :PROBED].max(axis=1))


class Records(NamedTuple):
    """All site-years, one row each.

    Attributes
    ----------
    site : array of str, shape (n,)
    year : array of int, shape (n,)
    alt, tdd : array, shape (n,)
        Measured thaw [m] and thawing degree days of air [degC d].
    column : array, shape (n, peat thicknesses, conductivities)
        Simulated thaw [m].
    """

    site: NDArray[np.str_]
    year: NDArray[np.int64]
    alt: Floats
    tdd: Floats
    column: Floats

    def models(self) -> dict[str, tuple[tuple[Parameter, ...], object]]:
        """Return parameters and function (parameters by name, rows) -> thaw [m] of each model."""

        def column(values: Mapping[str, float], rows: NDArray[np.int64]) -> Floats:
            point = np.array([np.log(values["peat"]), np.log(values["conductivity"])])
            axes = (np.log(PEAT), np.log(CONDUCTIVITY))
            table = RegularGridInterpolator(axes, np.moveaxis(self.column[rows], 0, -1))
            return np.asarray(table(point)[0])

        def scaled(values: Mapping[str, float], rows: NDArray[np.int64]) -> Floats:
            return values["factor"] * column({"peat": PEAT_START, "conductivity": CONDUCTIVITY_START}, rows)

        def plain(values: Mapping[str, float], rows: NDArray[np.int64]) -> Floats:
            return stefan(self.tdd[rows], edaphic=values["edaphic"])

        def two_layers(values: Mapping[str, float], rows: NDArray[np.int64]) -> Floats:
            depth = np.full(len(rows), values["organic_depth"])
            return layered(self.tdd[rows], depth, organic_conductivity=values["organic_conductivity"])

        return {"column": (COLUMN, column), "scaled column": (SCALED, scaled), "stefan": (STEFAN, plain), "layered stefan": (LAYERED, two_layers)}


def records(sites: list[Site]) -> Records:
    """Return the measured site-years with what the column model makes of them."""
    climates: dict[bytes, int] = {}
    of_site = [climates.setdefault(s.tas.tobytes() + s.pr.tobytes(), len(climates)) for s in sites]
    first = [of_site.index(k) for k in range(len(climates))]
    peat, conductivity = (a.ravel() for a in np.meshgrid(PEAT, CONDUCTIVITY, indexing="ij"))
    runs = peat.size
    tas = np.repeat(np.stack([sites[k].tas for k in first], axis=1), runs, axis=1)
    pr = np.repeat(np.stack([sites[k].pr for k in first], axis=1), runs, axis=1)
    alt = column_thaw(tas, pr, np.tile(peat, len(first)), np.tile(conductivity, len(first)))
    alt = alt.reshape(-1, len(first), PEAT.size, CONDUCTIVITY.size)
    site, year, measured, tdd, column = [], [], [], [], []
    for s, k in zip(sites, of_site, strict=True):
        warm = annual_degree_days(s.tas.reshape(-1, 12), month_days()[:12], monthly_sd=4.0)[0]
        site += [s.name] * s.year.size
        year.append(s.year)
        measured.append(s.alt)
        tdd.append(warm[s.year - BEGIN])
        column.append(alt[s.year - BEGIN, k])
    return Records(np.array(site), np.concatenate(year), np.concatenate(measured), np.concatenate(tdd),
                   np.concatenate(column))  # fmt: skip


class Skill(NamedTuple):
    """Skill of one model: pooled RMSE and bias [cm], Spearman correlations; over years: mean of the sites' own."""

    rmse: float
    bias: float
    pooled: float
    over_years: float


def skill(answer: Floats, data: Records) -> Skill:
    """Return the skill of an answer [m]."""
    off = 100.0 * (answer - data.alt)
    own = [
        float(spearmanr(answer[data.site == s], data.alt[data.site == s]).statistic)
        if np.ptp(answer[data.site == s]) > 0
        else np.nan
        for s in np.unique(data.site)
    ]
    varied = np.ptp(answer) > 0
    pooled = float(spearmanr(answer, data.alt).statistic) if varied else np.nan
    mean = float(np.nanmean(own)) if np.isfinite(own).any() else np.nan
    return Skill(float(np.sqrt(np.mean(off**2))), float(off.mean()), pooled, mean)


def answers(data: Records) -> tuple[dict[str, Floats], dict[str, CrossCalibrated]]:
    """Return the answers [m] of every model, uncalibrated and calibrated on other sites and on other years."""
    rows = np.arange(data.alt.size)
    half = np.where(data.year < (FIRST + LAST + 1) // 2, "early", "late")
    found: dict[str, Floats] = {"mean of other sites": _mean_of_others(data.alt, data.site)}
    fits: dict[str, CrossCalibrated] = {}
    for name, (parameters, model) in data.models().items():
        assert callable(model)
        found[name] = model({p.name: p.start for p in parameters}, rows)
        for groups, label in ((data.site, "other sites"), (half, "other years")):
            fit = cross_calibrate(model, data.alt, groups, parameters, folds=len(np.unique(groups)), starts=2)
            found[f"{name}, {label}"], fits[f"{name}, {label}"] = fit.answer, fit
    return found, fits


def _mean_of_others(alt: Floats, site: NDArray[np.str_]) -> Floats:
    return np.array([alt[site != s].mean() for s in site])


def main() -> None:
    """Print the skill of every model, pooled and by site."""
    data = records(read_sites(DATA))
    found, fits = answers(data)
    table = {name: skill(answer, data) for name, answer in found.items()}
    print(f"{data.alt.size} site-years of {np.unique(data.site).size} CALM sites, {FIRST}-{LAST}")
    print(f"{'model':32s} {'RMSE cm':>8s} {'bias cm':>8s} {'rank r':>7s} {'over years':>10s}")
    for name, s in table.items():
        print(f"{name:32s} {s.rmse:8.1f} {s.bias:+8.1f} {s.pooled:7.2f} {s.over_years:10.2f}")
    for name, fit in fits.items():
        spread = ", ".join(f"{key} {mean:.3g} +- {sd:.2g}" for key, (mean, sd) in fit.spread().items())
        print(f"  {name}: {spread}; at a bound in folds: {fit.at_bound() or 'none'}")
    for s in np.unique(data.site):
        at = data.site == s
        parts = []
        for name in ("column", "stefan"):
            bias, r = 100 * (found[name][at] - data.alt[at]).mean(), spearmanr(found[name][at], data.alt[at]).statistic
            parts.append(f"{name} {bias:+.1f} cm, r {r:+.2f}")
        print(f"  {s}: {at.sum()} years, mean {100 * data.alt[at].mean():.1f} cm; bias of {'; '.join(parts)}")
    ratio = table["stefan, other sites"].rmse / table["scaled column, other sites"].rmse
    print(f"toolik_thaw ratio={ratio:.2f} RMSE of Stefan to that of the column, one factor each, from other sites")


if __name__ == "__main__":
    main()
