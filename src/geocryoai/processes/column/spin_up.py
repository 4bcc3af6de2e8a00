"""A state in balance with a climate: some years repeated, with the slow ground below brought to its steady profile.

Heat takes centuries to reach equilibrium at tens of metres, but a few years at some metres. After each repetition the
ground below a depth that the repetition has settled is shifted so that its mean temperatures carry the geothermal heat
from the mean temperature there, its seasons kept; the last repetitions run freely.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geocryoai.core.errors import ModelError
from geocryoai.processes.checks import Array
from geocryoai.processes.column.forcing import Forcing
from geocryoai.processes.column.options import Options
from geocryoai.processes.column.result import ColumnResult, ColumnState
from geocryoai.processes.column.simulate import simulate_column
from geocryoai.processes.column.soil import Soil


@dataclass(frozen=True)
class SpinUp:
    """Result of `spin_up`.

    Attributes
    ----------
    state : ColumnState
    drift : array, shape (columns,)
        Largest change of a cell's mean temperature between the last two repetitions [degC].
    """

    state: ColumnState
    drift: Array


def spin_up(
    forcing: Forcing,
    soil: Soil,
    options: Options | None = None,
    *,
    years: int = 1,
    accelerated: int = 8,
    free: int = 2,
    settled: float = 2.0,
) -> SpinUp:
    """Return a state in balance with the first years of a forcing.

    Parameters
    ----------
    forcing : Forcing
        With a temperature. Its intervals should start when the run that follows does.
    soil : Soil
    options : Options, optional
    years : int, default 1
        How many of the first years are repeated.
    accelerated, free : int
        Repetitions with and without the steady profile set below, at least 1 and 2.
    settled : float, default 2
        Depth that a repetition settles [m]; more where thaw goes deeper than half of it.
    """
    if forcing.temperature is None:
        raise ModelError("a spin-up starts from the temperature of the surface, which is not given",
                         where="heat_flux [W m-2]", next_step="Give an initial temperature instead.")  # fmt: skip
    if years < 1 or accelerated < 1 or free < 2:
        raise ModelError("a spin-up needs a year, an accelerated repetition and two free ones",
                         where="years, accelerated, free", found=f"{years}, {accelerated}, {free}")  # fmt: skip
    chosen = replace(options if options is not None else Options(), profile=False)
    cycle = _first_years(forcing, years)
    surface = cycle.surface(soil.columns).top
    mean = np.average(surface, axis=0, weights=np.asarray(cycle.days))
    state: ColumnState | Array = np.broadcast_to(mean, soil.index.shape)
    for _ in range(accelerated):
        result = simulate_column(cycle, soil, state, chosen)
        state = _steady_below(result, settled)
    means = []
    for _ in range(free):
        result = simulate_column(cycle, soil, state, chosen)
        state = result.state
        means.append(_cycle_mean(result))
    return SpinUp(result.state, np.abs(means[-1] - means[-2]).max(axis=0))


def _steady_below(result: ColumnResult, settled: float) -> ColumnState:
    """Return the end of a run, with the ground below the settled depth shifted to its steady profile."""
    soil, tables = result.soil, result.tables
    mean, depth = _cycle_mean(result), soil.grid.depth
    thaw = np.minimum(result.yearly.alt_isotherm.max(axis=0), 0.4 * soil.grid.edges[-1])
    below = depth[:, None] >= np.minimum(np.maximum(settled, 2.0 * thaw), 0.8 * soil.grid.edges[-1])
    first = below.argmax(axis=0)
    t = mean.copy()
    gradient = np.broadcast_to(np.asarray(soil.geothermal, dtype=np.float64), (soil.columns,))
    for i in range(1, depth.size):
        share = tables.share_at(tables.enthalpy(t[i - 1], soil.index[i - 1]), soil.index[i - 1])
        k = tables.conductivity_frozen[soil.index[i]] * np.exp(tables.conductivity_ratio[soil.index[i]] * share)
        t[i] = np.where(i > first, t[i - 1] + gradient * (depth[i] - depth[i - 1]) / k, t[i])
    shifted = tables.temperature_at(result.state.enthalpy, soil.index) + t - mean
    enthalpy = np.where(below, tables.enthalpy(shifted, soil.index), result.state.enthalpy)
    return ColumnState(enthalpy, result.state.snow_temperature)


def _cycle_mean(result: ColumnResult) -> Array:
    weights = np.bincount(np.unique(result.years, return_inverse=True)[1], weights=result.days)
    return np.asarray(np.average(result.yearly.mean, axis=0, weights=weights))


def _first_years(forcing: Forcing, years: int) -> Forcing:
    """Return the forcing cut to its first years."""
    year = forcing.years
    wanted: NDArray[np.bool_] = np.isin(year, np.unique(year)[:years])
    series = ("days", "year", "temperature", "snow_depth", "snow_density", "snow_conductivity")
    cut: dict[str, Any] = {}
    for name in series:
        value = getattr(forcing, name)
        cut[name] = np.asarray(value)[wanted] if np.ndim(value) else value
    return replace(forcing, **cut)
