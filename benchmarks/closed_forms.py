"""Closed forms against the column on a sweep of climates, snow, organic layers and moisture: bias and spread.

Air is a sine over the year; snow of a constant depth lies while it freezes; peat lies over mineral ground; all water
freezes at 0 degC, as the closed forms assume. The column is brought into balance with the year. To Kudryavtsev's form
the organic layer is a cover that conducts and holds no latent heat, and the active layer is that of the ground below
plus the cover. TTOP receives the degree days of the column's own ground surface.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from geocryoai.processes.column import (
    ColumnResult,
    Forcing,
    Material,
    Options,
    Soil,
    column_grid,
    ground_state,
    simulate_column,
    spin_up,
)
from geocryoai.processes.ground import Ground
from geocryoai.processes.kudryavtsev import GroundCover, kudryavtsev
from geocryoai.processes.stefan import layered_stefan
from geocryoai.processes.ttop import ttop

Floats = np.ndarray
PEAT = Material(0.6, 0.40, 1.20, 3.0e6, 1.9e6)
DENSITY = 250.0


class Sweep(NamedTuple):
    """The combinations, each of shape (columns,), and the year of the column."""

    mean: Floats
    amplitude: Floats
    snow: Floats
    organic: Floats
    water: Floats
    drift: Floats
    result: ColumnResult

    @property
    def ground(self) -> Ground:
        """Return the mineral ground."""
        return mineral(self.water)

    @property
    def settled(self) -> np.ndarray:
        """Return where the column has permafrost without a talik, in balance with the year."""
        state = ground_state(self.result)
        return state.permafrost[0] & ~state.talik[0] & (self.drift < 0.05)


def mineral(water: Floats) -> Ground:
    """Return mineral ground of a water content [m3 m-3]."""
    return Ground(1.4 - 0.9 * (water - 0.2), 2.2 - 0.5 * (water - 0.2), 1.5e6 + 4.19e6 * water, 1.5e6 + 2.0e6 * water,
                  water)  # fmt: skip


def sweep(
    means: Sequence[float] = (-14.0, -12.0, -10.0, -8.0, -6.0, -4.0),
    amplitudes: Sequence[float] = (12.0, 15.0, 18.0),
    snows: Sequence[float] = (0.0, 0.1, 0.25),
    organics: Sequence[float] = (0.0, 0.1, 0.2),
    waters: Sequence[float] = (0.25, 0.45),
) -> Sweep:
    """Return all combinations with a summer, simulated."""
    grids = np.meshgrid(means, amplitudes, snows, organics, waters)
    mean, amplitude, snow, organic, water = (a.ravel()[(grids[0] + grids[1]).ravel() > 2.0] for a in grids)
    ground = mineral(water)
    below = Material(water, np.asarray(ground.conductivity_thawed), np.asarray(ground.conductivity_frozen),
                     np.asarray(ground.capacity_thawed), np.asarray(ground.capacity_frozen))  # fmt: skip
    grid = column_grid(60, 0.02, 40.0, 0.6)
    index = np.where(grid.depth[:, None] < organic, 0, 1 + np.arange(mean.size))
    soil = Soil(grid, [PEAT, below], index, 0.0)
    day = np.arange(365)[:, None]
    air = mean - amplitude * np.cos(2 * np.pi * (day + 0.5) / 365)
    forcing = Forcing(np.ones(365), temperature=air, snow_depth=snow * (air < 0), snow_density=DENSITY)
    begin = spin_up(forcing, soil, free=4)
    result = simulate_column(forcing, soil, begin.state, Options(profile=False))
    return Sweep(mean, amplitude, snow, organic, water, begin.drift, result)


def kudryavtsev_of(case: Sweep) -> tuple[Floats, Floats]:
    """Return Kudryavtsev's active layer [m] and temperature at its base [degC]."""
    cover = GroundCover(case.organic, case.organic, float(PEAT.conductivity_frozen) / float(PEAT.capacity_frozen),
                        float(PEAT.conductivity_thawed) / float(PEAT.capacity_thawed))  # fmt: skip
    found = kudryavtsev(case.mean, case.amplitude, case.ground, snow_depth=case.snow, snow_density=DENSITY, cover=cover)
    return case.organic + found.depth, found.top_temperature


def stefan_of(case: Sweep) -> Floats:
    """Return Stefan's thaw in layers [m], from the thawing degree days of the air."""
    day = np.arange(365)[:, None]
    tdd = np.clip(case.mean - case.amplitude * np.cos(2 * np.pi * (day + 0.5) / 365), 0, None).sum(axis=0)
    layers = np.stack([case.organic, np.ones_like(case.organic)], axis=-1)
    thawed = np.stack([np.full_like(case.water, float(PEAT.conductivity_thawed)), case.ground.conductivity_thawed], -1)
    return layered_stefan(tdd, layers, thawed, np.stack([np.full_like(case.water, 0.6), case.water], axis=-1))


def ttop_of(case: Sweep) -> Floats:
    """Return TTOP [degC] from the degree days of the column's ground surface."""
    surface = case.result.series.surface_temperature
    ratio = np.asarray(case.ground.conductivity_thawed) / np.asarray(case.ground.conductivity_frozen)
    return ttop(np.clip(surface, 0, None).sum(0), -np.clip(surface, None, 0).sum(0), 1.0, 1.0, ratio, 365.0)


def deep(case: Sweep) -> Floats:
    """Return the mean annual temperature of the column at 10 m [degC]."""
    return case.result.yearly.mean[0, np.searchsorted(case.result.soil.grid.depth, 10.0)]


def line(name: str, off: Floats, unit: str) -> None:
    """Print bias, spread and range of errors."""
    shown = f"bias {off.mean():+7.2f} {unit}, spread {off.std():5.2f}, from {off.min():+.2f} to {off.max():+.2f}"
    print(f"  {name:30s} {off.size:4d}  {shown}")


def main() -> None:
    """Print errors of active layer and deep temperature by group of columns."""
    case = sweep()
    alt, cold = case.result.yearly.alt_phase[0], case.settled
    depth, top = kudryavtsev_of(case)
    stefan, below = stefan_of(case), ttop_of(case)
    print(f"{alt.size} columns, {int(cold.sum())} of them with permafrost in balance and no talik; there Kudryavtsev "
          f"says permafrost in {int((top < 0)[cold].sum())}, TTOP in {int((below < 0)[cold].sum())}")  # fmt: skip
    groups = {
        "bare mineral ground": (case.snow == 0) & (case.organic == 0),
        "with snow, no organic layer": (case.snow > 0) & (case.organic == 0),
        "with organic layer, no snow": (case.snow == 0) & (case.organic > 0),
        "with both": (case.snow > 0) & (case.organic > 0),
        "all": np.ones(alt.size, bool),
    }
    for title, values, unit in (
        ("Kudryavtsev, active layer", 100 * (depth / alt - 1), "%"), ("layered Stefan, active layer",
        100 * (stefan / alt - 1), "%"), ("Kudryavtsev, temperature below", top - deep(case), "degC"),
        ("TTOP, temperature below", below - deep(case), "degC"),
    ):  # fmt: skip
        print(f"{title}, less the column")
        for name, chosen in groups.items():
            line(name, values[chosen & cold], unit)
    rms = {n: float(np.sqrt(np.mean((v / alt - 1)[cold] ** 2))) for n, v in (("k", depth), ("s", stefan))}
    print(f"closed_forms ratio={rms['s'] / rms['k']:.2f} of the relative RMSE of layered Stefan to that of Kudryavtsev")


if __name__ == "__main__":
    main()
