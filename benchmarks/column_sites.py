"""Column model against measured ground temperature: GIPL site (driven by air and snow), NRCS Toolik (by surface).

Needs the data folder (GEOCRYOAI_DATA or ../shared/data). At most four parameters are calibrated, on the first year.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geocryoai.processes.column import (
    ColumnResult,
    Forcing,
    Grid,
    Material,
    Options,
    PowerCurve,
    Soil,
    column_grid,
    plateau,
    simulate_column,
    spin_up,
)  # fmt: skip
from geocryoai.processes.snow_cover import WET_CONDUCTIVITY, SnowCoverParameters, snow_cover
from geocryoai.sources.gipl_inputs import GiplInputs, read_gipl_inputs
from geocryoai.sources.gipl_site import DEPTHS
from geocryoai.sources.nrcs_toolik import READER

Floats = NDArray[np.float64]
DATA = Path(os.environ.get("GEOCRYOAI_DATA", Path(__file__).parents[1] / ".." / "shared" / "data")).resolve()
GRID = column_grid(60, 0.02, 40.0, 0.6)
#: Bounds of the parameters of `gipl_run` [1].
GIPL_BOUNDS = (np.array([0.15, 0.4, 0.4, 0.3]), np.array([4.0, 2.5, 2.5, 2.0]))
#: Thickness of litter tried at the GIPL site [m]: that of least error on parts of the first year is the default.
LITTER = (0.0, 0.01, 0.02)


def search(cost: Callable[[Floats], Floats], low: Floats, high: Floats, rounds: int = 12, size: int = 48) -> Floats:
    """Return the parameters of least cost by the cross-entropy method on their logarithms, seeded.

    Parameters that trade against each other are searched along their valley: what is drawn has the covariance of the
    best found so far.
    """
    rng = np.random.default_rng(0)
    tried, costs = np.exp(rng.uniform(np.log(low), np.log(high), (2 * size, low.size))), np.empty(0)
    population = tried
    for _ in range(rounds):
        costs = np.concatenate([costs, cost(population)])
        best = np.log(tried[np.argsort(costs)[:12]])
        spread = 1.5 * np.cov(best.T) + 0.01**2 * np.eye(low.size)
        population = np.clip(np.exp(rng.multivariate_normal(best.mean(axis=0), spread, size)), low, high)
        tried = np.concatenate([tried, population])
    return np.asarray(tried[np.argmin(costs)])


def at_depths(result: ColumnResult, depths: Floats) -> Floats:
    """Return temperature at depths, shape (time, depths, columns)."""
    z = np.concatenate([[0.0], result.soil.grid.depth])
    t = np.concatenate([result.series.surface_temperature[:, None], result.temperature], axis=1)
    right = np.clip(np.searchsorted(z, depths), 1, z.size - 1)
    share = ((depths - z[right - 1]) / (z[right] - z[right - 1]))[None, :, None]
    return np.asarray(t[:, right - 1] * (1 - share) + t[:, right] * share)


def layers(grid: Grid, bases: list[float], materials: list[Material]) -> Soil:
    """Return one column for each set of parameters, its materials counted through the library."""
    count = materials[0].count
    layer = np.searchsorted(bases, grid.depth, side="right")
    return Soil(grid, materials, layer[:, None] * count + np.arange(count))


def gipl_run(inputs: GiplInputs, p: Floats, litter: float = SnowCoverParameters().litter) -> ColumnResult:
    """Return a run for parameters (n, 4), factors: snow and ground conductivity, frozen contrast, water [1]."""
    materials = [
        Material(
            np.minimum(layer.water * p[:, 3], 0.9), layer.conductivity_thawed * p[:, 1],
            layer.conductivity_frozen * p[:, 1] * p[:, 2],
            layer.heat_capacity_thawed, layer.heat_capacity_frozen, PowerCurve(layer.a, layer.b),
        )
        for layer in inputs.layers
    ]  # fmt: skip
    soil = layers(GRID, list(np.cumsum([layer.thickness for layer in inputs.layers])[:-1]), materials)
    days = inputs.air_temperature.size
    snow = snow_cover(inputs.air_temperature, inputs.snow_depth, SnowCoverParameters(litter=litter))
    dry = np.clip(snow.conductivity[:, None] * p[:, 0], 0.011, WET_CONDUCTIVITY)
    forcing = Forcing(
        np.ones(days), temperature=inputs.air_temperature, snow_depth=snow.depth, snow_density=snow.density,
        snow_conductivity=np.where(snow.wet[:, None], WET_CONDUCTIVITY, dry), year=np.arange(days) // 365,
    )  # fmt: skip
    return simulate_column(forcing, soil, spin_up(forcing, soil).state)


def gipl_measured(folder: Path) -> Floats:
    """Return measured temperature [degC], shape (days, depths)."""
    text = (folder / "mesres.txt").read_text().rstrip().splitlines()
    return np.array([[float(cell) for cell in line.split("\t")] for line in text])


def gipl_calibrated(inputs: GiplInputs, measured: Floats, litter: float, days: NDArray[np.bool_], rounds: int) -> Floats:
    """Return the parameters of least error on the chosen days of the first year."""

    def cost(trial: Floats) -> Floats:
        off = (at_depths(gipl_run(inputs, trial, litter), np.array(DEPTHS)) - measured[:, :, None])[:365, 1:]
        return np.asarray(np.sqrt(np.mean(off[days] ** 2, axis=(0, 1))))

    return search(cost, *GIPL_BOUNDS, rounds=rounds)


def gipl_errors(
    folder: Path, p: Floats | None = None, litter: float = SnowCoverParameters().litter
) -> tuple[Floats, Floats, Floats]:
    """Return the parameters and RMSE and bias of the second year at each depth [degC]; calibrated on the first year."""
    inputs, measured = read_gipl_inputs(folder, "gipl_site"), gipl_measured(folder)
    if p is None:
        p = gipl_calibrated(inputs, measured, litter, np.ones(365, dtype=bool), 12)
    off = at_depths(gipl_run(inputs, p[None], litter), np.array(DEPTHS))[365:, :, 0] - measured[365:]
    return p, np.sqrt(np.mean(off**2, axis=0)), off.mean(axis=0)


def gipl_first_year(folder: Path, litter: float) -> float:
    """Return the RMSE of the first year [degC] on parts of it that were not calibrated: the second is not looked at.

    The year is cut into pieces of 18 days, and every fourth piece left out in turn.
    """
    inputs, measured = read_gipl_inputs(folder, "gipl_site"), gipl_measured(folder)
    fold, total = (np.arange(365) // 18) % 4, 0.0
    for k in range(4):
        p = gipl_calibrated(inputs, measured, litter, fold != k, 8)
        off = at_depths(gipl_run(inputs, p[None], litter), np.array(DEPTHS))[:365, 1:, 0] - measured[:365, 1:]
        total += float((off[fold == k] ** 2).mean(axis=1).sum())
    return float(np.sqrt(total / 365.0))


def gipl_seasons(folder: Path, p: Floats) -> dict[str, tuple[int, Floats]]:
    """Return days of the second year and RMSE at each depth [degC] in summer, under thin snow and under deep snow."""
    inputs = read_gipl_inputs(folder, "gipl_site")
    off = at_depths(gipl_run(inputs, p[None]), np.array(DEPTHS))[:, :, 0] - gipl_measured(folder)
    second = np.arange(off.shape[0]) >= 365
    bare = (inputs.snow_depth < 0.01) & (inputs.air_temperature > 0)
    deep = inputs.snow_depth >= 0.1
    groups = {"summer": second & bare, "frost or melt under less than 10 cm of snow": second & ~bare & ~deep,
              "10 cm of snow and more": second & deep}  # fmt: skip
    return {name: (int(days.sum()), np.sqrt(np.mean(off[days] ** 2, axis=0))) for name, days in groups.items()}


def toolik_series(path: Path, first: str, last: str) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Return depths [m], daily temperature of the rod (time, depths) with gaps filled, and the year of each day."""
    import polars as pl

    observations = READER.read(path, source="nrcs_toolik", options={}).observations
    rod = observations.filter(pl.col("method") == "rod thermistor").pivot(
        on="depth", index="time_start", values="value", sort_columns=False
    )
    day = pl.datetime_range(pl.lit(first).str.to_datetime(), pl.lit(last).str.to_datetime(), "1d", eager=True)
    table = pl.DataFrame({"time_start": day.dt.cast_time_unit("us")}).join(rod, on="time_start", how="left")
    names = sorted((c for c in table.columns if c != "time_start"), key=float)
    values = table.select(pl.col(names).interpolate().forward_fill().backward_fill()).to_numpy()
    return np.array([float(n) for n in names]), values, table["time_start"].dt.year().to_numpy().astype(np.int64)


def toolik_run(surface: Floats, year: NDArray[np.int64], p: Floats) -> ColumnResult:
    """Return a run under the measured surface; parameters (n, 4): water of peat and soil, conductivities [factors]."""
    n = p.shape[0]
    peat = Material(np.minimum(0.55 * p[:, 0], 0.9), 0.45 * p[:, 2], 1.3 * p[:, 3], 3.0e6, 1.9e6,
                    PowerCurve(np.full(n, 0.03), -0.6))  # fmt: skip
    soil_water = np.minimum(0.40 * p[:, 1], 0.9)
    silt = Material(soil_water, 1.2 * p[:, 2], 2.2 * p[:, 3], 2.8e6, 2.0e6, PowerCurve(np.full(n, 0.03), -0.6))
    soil = layers(GRID, [0.2], [peat, silt])
    forcing = Forcing(np.ones(surface.size), temperature=surface, year=year)
    start = spin_up(Forcing(np.ones(365), temperature=surface[:365]), soil).state
    return simulate_column(forcing, soil, start, Options(step=0.5))


def curtain_errors(measured: Floats, simulated: Floats, year: NDArray[np.int64]) -> list[tuple[int, int, float, float]]:
    """Return year, depth number, and simulated less measured start and end of the autumn plateau [d]."""
    found = []
    for y in np.unique(year):
        begin = np.flatnonzero(year == y)[0] + 200
        if begin + 250 > year.size + 80 or (year == y).sum() < 365:
            continue
        for k in range(1, measured.shape[1]):
            real, model = (plateau(t[begin : begin + 250, k]) for t in (measured, simulated))
            if real[0] >= 0 and model[0] >= 0:
                found.append((int(y), k, float(model[0] - real[0]), float(model[1] - real[1])))
    return found


def toolik_errors(path: Path, p: Floats | None = None) -> tuple[Floats, Floats, list[tuple[int, int, float, float]]]:
    """Return the parameters, depths [m] and errors of the zero curtain; calibrated on the temperatures of 1999."""
    spans = [toolik_series(path, "1998-09-16", "2002-04-01"), toolik_series(path, "2004-09-01", "2007-04-01")]

    def cost(trial: Floats) -> Floats:
        depths, t, year = spans[0]
        use = year <= 1999
        model = at_depths(toolik_run(t[use, 0], year[use], trial), depths - depths[0])
        return np.asarray(np.sqrt(np.mean((model - t[use][:, :, None])[107:, 1:] ** 2, axis=(0, 1))))

    if p is None:
        p = search(cost, np.array([0.4, 0.4, 0.3, 0.15]), np.array([1.6, 2.0, 2.0, 2.0]), rounds=8, size=32)
    found = []
    for depths, t, year in spans:
        model = at_depths(toolik_run(t[:, 0], year, p[None]), depths - depths[0])[:, :, 0]
        found += [row for row in curtain_errors(t, model, year) if row[0] in (1999, 2000, 2001, 2005, 2006)]
    return p, spans[0][0], found


def main() -> None:
    """Print the errors of both sites."""
    folder = DATA / "in_situ" / "soil" / "gipl_site"
    for litter in LITTER:
        inner, (_, second, _) = gipl_first_year(folder, litter), gipl_errors(folder, None, litter)
        print(f"GIPL site, {litter:g} m of litter: parts of the first year left out {inner:.2f} degC; second year at"
              f" {DEPTHS[3]:g} m {second[3]:.2f}, at {DEPTHS[8]:g} m {second[8]:.2f} degC")  # fmt: skip
    p, rmse, bias = gipl_errors(folder)
    print("GIPL site: calibrated", p.round(3), "(snow and ground conductivity, frozen contrast, water [1])")
    for depth, r, b in zip(DEPTHS, rmse, bias, strict=True):
        print(f"  {depth:5.3f} m: RMSE {r:.2f} degC, bias {b:+.2f} degC in the second year")
    for name, (count, seasonal) in gipl_seasons(folder, p).items():
        shown = ", ".join(f"{DEPTHS[k]:g} m {seasonal[k]:.2f}" for k in (0, 3, 4, 8))
        print(f"  second year, {name} ({count} d): RMSE at {shown} degC")
    below = float(np.sqrt(np.mean(rmse[np.array(DEPTHS) > 0.2] ** 2)))
    q, depths, rows = toolik_errors(DATA / "in_situ" / "soil" / "nrcs_toolik_daily.csv.gz")
    print("NRCS Toolik: calibrated on 1999", q.round(3), "(water of peat and soil, thawed and frozen conductivity [1])")
    print("  simulated less measured, autumns after 1999 [d]: mean, RMSE of start; of end; of duration")
    for k in sorted({row[1] for row in rows}):
        tested = np.array([(row[2], row[3], row[3] - row[2]) for row in rows if row[1] == k and row[0] != 1999])
        if tested.size:
            pairs = zip(tested.mean(axis=0), np.sqrt((tested**2).mean(axis=0)), strict=True)
            print(f"  {depths[k]:5.3f} m, {len(tested)} autumns: " + "; ".join(f"{m:+5.1f} {r:4.1f}" for m, r in pairs))
    rows = [row for row in rows if row[0] != 1999]
    span = np.array([row[3] - row[2] for row in rows])
    print(f"  all: duration error {span.mean():+.1f} d, RMSE {np.sqrt((span**2).mean()):.1f} d")
    print(f"column_sites ratio={1.0 / below:.2f} of the target of 1 degC to the RMSE below 0.2 m, GIPL second year")


if __name__ == "__main__":
    main()
