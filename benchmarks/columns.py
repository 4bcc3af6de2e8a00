"""Column model: compiled blocks against the same scheme in numpy, vectorised over columns, in one run.

Also: error of long steps against a refined run, what the arithmetic would allow, and the time that a year of Alaska at
1 km (1.72 million columns) would take, from a sample of one in a hundred.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import numpy as np
from numba import get_num_threads, njit, prange

from geocryoai.processes.column import (
    ColumnResult,
    Forcing,
    Material,
    Options,
    PowerCurve,
    Soil,
    column_grid,
    layered_soil,
    simulate_column,
)
from geocryoai.processes.column.tables import EnthalpyTables, enthalpy_tables
from geocryoai.processes.constants import DAY

ALASKA = 1_720_000
LAYERS = 60
#: Floating-point operations for a cell in an iteration: elimination 24, substitution 5, table 10, misfit 3.
OPERATIONS = 42.0


def tundra(columns: int, days: int, first_day: int = 0, seed: int = 0) -> tuple[Forcing, Soil]:
    """Return a made-up population of columns of peat, silt and gravel."""
    rng = np.random.default_rng(seed)
    mean, amplitude = rng.uniform(-10, 0, columns), rng.uniform(12, 20, columns)
    day = first_day + np.arange(days)
    air = mean - amplitude * np.cos(2 * np.pi * (day[:, None] - 15) / 365) + rng.normal(0, 3, (days, 1))
    materials = [
        Material(0.6, 0.5, 1.5, 3.4e6, 2.0e6, PowerCurve(0.03, -0.4)),
        Material(0.4, 1.2, 2.1, 2.8e6, 2.0e6, PowerCurve(0.05, -0.5)),
        Material(0.25, 1.8, 2.5, 2.5e6, 2.0e6, PowerCurve(0.02, -0.3)),
    ]
    thickness = np.stack([rng.uniform(0.05, 0.3, columns), np.full(columns, 3.0), np.ones(columns)])
    return Forcing(np.ones(days), temperature=air), layered_soil(column_grid(LAYERS), materials, thickness)


def best_of(count: int, run: Callable[[], object]) -> tuple[float, float]:
    """Return the shortest time of some runs and the shortest time of all cores [s]; other load lengthens the first."""
    times = []
    for _ in range(count):
        begin = time.perf_counter(), time.process_time()
        run()
        times.append((time.perf_counter() - begin[0], time.process_time() - begin[1]))
    return min(t[0] for t in times), min(t[1] for t in times)


def look_up(tables: EnthalpyTables, soil: Soil, h: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return temperature, its slope and the liquid share."""
    u = (h - tables.low[soil.index]) / tables.spacing[soil.index]
    knot = np.clip(np.floor(u), 0, tables.temperature.shape[1] - 2).astype(np.int64)
    place = soil.index * tables.temperature.shape[1] + knot
    u = u - knot
    t, s = tables.temperature.ravel(), tables.liquid.ravel()
    slope = t[place + 1] - t[place]
    share = s[place] + np.clip(u, 0.0, 1.0) * (s[place + 1] - s[place])
    return t[place] + u * slope, slope / tables.spacing[soil.index], share


def conductances(tables: EnthalpyTables, soil: Soil, h: np.ndarray, top: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the conductance of each cell to the one above and to the one below [W m-2 K-1]."""
    freezing = tables.temperature[:, -2][soil.index]
    half = 0.5 * soil.grid.thickness[:, None] / tables.conductivity_frozen[soil.index]
    ratio = tables.conductivity_ratio[soil.index]
    t, _, share = look_up(tables, soil, h)
    away = np.abs(t - freezing) + 1e-9
    mean = (away[:-1] * share[:-1] + away[1:] * share[1:]) / (away[:-1] + away[1:])
    inner = 1.0 / (half[:-1] * np.exp(-mean * ratio[:-1]) + half[1:] * np.exp(-mean * ratio[1:]))
    at_top = np.where(top > 0, 1.0, share[0] * np.clip(t[0] / np.minimum(top, -1e-9), 0.0, 1.0))
    far = np.abs(top) + 1e-9
    surface = (far * at_top + away[0] * share[0]) / (far + away[0])
    up = np.concatenate([1.0 / (half[:1] * np.exp(-surface * ratio[:1])), inner])
    return up, np.concatenate([inner, np.zeros_like(up[:1])])


def numpy_step(
    tables: EnthalpyTables, soil: Soil, h: np.ndarray, top: np.ndarray, dt: float, options: Options
) -> np.ndarray:
    """Return the enthalpy after one implicit step, all columns iterated until the last has converged."""
    start = h
    if options.prediction:
        h, _ = numpy_solve(tables, soil, start, h, top, dt, options.tolerance, options.prediction)
    h, converged = numpy_solve(tables, soil, start, h, top, dt, options.tolerance, options.iterations)
    if not converged:
        raise RuntimeError("the numpy step did not converge")
    return h


def numpy_solve(
    tables: EnthalpyTables, soil: Soil, start: np.ndarray, h: np.ndarray, top: np.ndarray, dt: float,
    tolerance: float, limit: int,
) -> tuple[np.ndarray, bool]:  # fmt: skip
    """Return the enthalpy after iterations with the conductivities of `h`, and whether they converged."""
    up, down = conductances(tables, soil, h, top)
    t, slope, _ = look_up(tables, soil, h)
    held = soil.grid.thickness[:, None] / dt
    for _ in range(limit):
        gain = up * (np.concatenate([top[None], t[:-1]]) - t)
        gain[:-1] -= gain[1:]
        gain[-1] += soil.geothermal
        left, right = np.zeros_like(h), np.zeros_like(h)
        left[1:], right[:-1] = -up[1:] * slope[:-1], -down[:-1] * slope[1:]
        factor, change = np.empty_like(h), gain - held * (h - start)
        diagonal = held + (up + down) * slope
        factor[0], change[0] = right[0] / diagonal[0], change[0] / diagonal[0]
        for i in range(1, h.shape[0]):
            inverse = 1.0 / (diagonal[i] - left[i] * factor[i - 1])
            factor[i], change[i] = right[i] * inverse, (change[i] - left[i] * change[i - 1]) * inverse
        for i in range(h.shape[0] - 2, -1, -1):
            change[i] -= factor[i] * change[i + 1]
        linear, h = t + slope * change, h + change
        t, slope, _ = look_up(tables, soil, h)
        if np.abs(t - linear).max() <= tolerance:
            return h, True
    return h, False


def numpy_run(forcing: Forcing, soil: Soil, h: np.ndarray, options: Options) -> np.ndarray:
    """Return the temperature at the end of a run in numpy."""
    tables, steps = enthalpy_tables(soil.materials, options.knots), round(1.0 / options.step)
    for top in forcing.surface(soil.columns).top:
        for _ in range(steps):
            h = numpy_step(tables, soil, h, top, DAY / steps, options)
    return look_up(tables, soil, h)[0]


def against_numpy(columns: int, step: float, days: int) -> tuple[float, float]:
    """Print and return the ratio of speeds, by the clock and by the time of the cores."""
    warm, soil = tundra(columns, 120)
    state = simulate_column(warm, soil, -5.0, Options(profile=False)).state
    forcing, _ = tundra(columns, days, 120, seed=1)
    options = Options(profile=False, step=step)
    compiled = best_of(5, lambda: simulate_column(forcing, soil, state, options))
    plain = best_of(2 if step == 1 else 1, lambda: numpy_run(forcing, soil, state.enthalpy, options))
    end = simulate_column(forcing, soil, state, options)
    apart = np.abs(end.tables.temperature_at(end.state.enthalpy, soil.index)
                   - numpy_run(forcing, soil, state.enthalpy, options)).max()  # fmt: skip
    work = columns * days / 365.0
    wall, cores = plain[0] / compiled[0], plain[1] / compiled[1]
    print(f"{step * 24:4.0f} h steps, {columns} columns x {LAYERS} layers x {days} d, column-years/s: compiled "
          f"{work / compiled[0]:.0f} ({work / compiled[1]:.0f} per core-second), numpy {work / plain[0]:.0f} "
          f"({work / plain[1]:.0f}), ratio {wall:.1f} ({cores:.1f}); results differ by {apart:.0e} degC")  # fmt: skip
    return wall, cores


def accuracy(columns: int = 64) -> None:
    """Print error and cost of steps, with and without prediction, against a run with steps of a quarter of an hour."""
    forcing, soil = tundra(columns, 365)

    def run(step: float, prediction: int = 3) -> ColumnResult:
        return simulate_column(forcing, soil, -5.0, Options(step=step, prediction=prediction))

    fine = run(1 / 96)
    print(f"accuracy: {columns} columns, one year, against steps of 0.25 h (temperature above 5 m; active layer)")
    print("  step [h]  prediction  RMSE [degC]  99 % within  ALT bias [cm]  RMSE [cm]  iterations a day  core-s")
    for step, prediction in ((1.0, 0), (0.5, 0), (0.25, 0), (1 / 24, 0), (1.0, 3), (0.5, 3), (0.25, 3), (1 / 24, 3)):
        result = run(step, prediction)
        off = (result.temperature - fine.temperature)[:, soil.grid.depth < 5.0]
        thaw = 100 * (result.yearly.alt_phase - fine.yearly.alt_phase)
        _, cores = best_of(2, partial(run, step, prediction))
        print(f"  {step * 24:8.0f} {prediction:11d} {np.sqrt(np.mean(off**2)):12.3f} "
              f"{np.quantile(np.abs(off), 0.99):12.2f} {thaw.mean():14.2f} {np.sqrt(np.mean(thaw**2)):10.2f} "
              f"{result.iterations:17.1f} {cores:7.2f}")  # fmt: skip


@njit(parallel=True, fastmath=True)
def _multiply_add(x: np.ndarray, count: int) -> None:
    for b in prange(x.shape[0]):
        for _ in range(count):
            for j in range(x.shape[1]):
                x[b, j] = x[b, j] * 0.999 + 0.001


def peak() -> float:
    """Return the measured rate of multiply-adds on all threads [1e9 s-1]: vectors of the block width in registers."""
    x, count = np.ones((get_num_threads() * 4, 64)), 400_000
    _multiply_add(x, 10)
    return get_num_threads() * 2.0 * x.size * count / best_of(3, lambda: _multiply_add(x, count))[1] / 1e9


def alaska(part: int = 100, block: int = 4096) -> None:
    """Print the projected time of a year of Alaska, from one column in `part`, and how near that is to the peak."""
    columns, iterations = ALASKA // part, []

    def year() -> None:
        for first in range(0, columns, block):
            forcing, soil = tundra(min(block, columns - first), 365, seed=first)
            iterations.append(simulate_column(forcing, soil, -5.0, Options(profile=False)).iterations)

    wall, cores = best_of(1, year)
    threads = get_num_threads()
    print(f"Alaska at 1 km, daily: {columns} columns in {wall:.1f} s, {cores:.1f} core-seconds; "
          f"projected for {ALASKA} columns and a year: {wall * part / 60:.1f} min as measured, "
          f"{cores * part / threads / 60:.1f} min on {threads} cores without other load; "
          f"memory of a block of {block}: {year_memory(block):.2f} GiB")  # fmt: skip
    work = columns * 365 * LAYERS * float(np.mean(iterations)) * OPERATIONS / cores * threads / 1e9
    limit = peak()
    print(f"arithmetic: {work:.1f} of {limit:.0f} GFLOP/s measured peak ({100 * work / limit:.0f} %); the rest is the "
          "chain of divisions, table look-ups one by one, and traffic to the second-level cache")  # fmt: skip


def year_memory(block: int) -> float:
    """Return the memory that a block of columns takes for a year [GiB]: forcing twice, seven series twice, the soil."""
    return 8.0 * block * (365 * (2 + 14) + LAYERS * 20) / 2**30


def main() -> None:
    """Run all parts."""
    accuracy()
    hourly = against_numpy(512, 1 / 24, 6)
    daily = against_numpy(1024, 1.0, 40)
    alaska()
    print(f"ratio by the clock: {hourly[0]:.1f} at hourly, {daily[0]:.1f} at daily steps (compiled: all cores)")
    print(f"ratio by the time of the cores, which other load disturbs less: {hourly[1]:.1f} at hourly steps")
    print(f"columns ratio={daily[1]:.2f} to the same scheme in numpy over columns, daily steps, per core-second")


if __name__ == "__main__":
    main()
