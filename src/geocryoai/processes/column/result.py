"""What a simulation of columns returns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geocryoai.core.errors import ModelError
from geocryoai.processes.checks import Array
from geocryoai.processes.column.soil import Soil
from geocryoai.processes.column.tables import EnthalpyTables


@dataclass(frozen=True)
class ColumnState:
    """State from which a run can go on.

    Attributes
    ----------
    enthalpy : array, shape (layers, columns)
        Of the ground [J m-3]; 0 for ice at 0 degC if all water were frozen there, see `EnthalpyTables`.
    snow_temperature : array, shape (snow cells, columns)
        [degC].
    """

    enthalpy: Array
    snow_temperature: Array


@dataclass(frozen=True)
class ColumnSeries:
    """Series at the end of each interval (heat fluxes: mean of it), shape (time, columns).

    Attributes
    ----------
    thaw_depth_isotherm : array
        Where the uppermost ground above 0 degC ends [m]; 0 where that is below the permafrost of the year.
    thaw_depth_phase : array
        Where the uppermost ground ends whose water is at least 95 % liquid, the part thawed of the cell at the front
        added [m]; deeper than the isotherm where the water freezes below 0 degC; 0 where that is below the permafrost.
    surface_temperature : array
        Of the ground surface, below snow [degC].
    heat_in, heat_out : array
        Through the surface into the ground and through the bottom out of it [W m-2].
    enthalpy, latent_heat : array
        Of the ground, and the part of it in liquid water [J m-2].
    """

    thaw_depth_isotherm: Array
    thaw_depth_phase: Array
    surface_temperature: Array
    heat_in: Array
    heat_out: Array
    enthalpy: Array
    latent_heat: Array

    @property
    def sensible_heat(self) -> Array:
        """Return the enthalpy without its latent part [J m-2]."""
        return self.enthalpy - self.latent_heat


@dataclass(frozen=True)
class YearlyResult:
    """Results of each year.

    Attributes
    ----------
    year : array of int, shape (years,)
    alt_isotherm, alt_phase : array, shape (years, columns)
        Active-layer thickness: the largest thaw depth of the year by each definition [m]; the depth of the column
        where nothing below is frozen.
    mean, low, high : array, shape (years, layers, columns)
        Mean annual ground temperature (MAGT), lowest and highest of the interval ends [degC].
    """

    year: NDArray[np.int64]
    alt_isotherm: Array
    alt_phase: Array
    mean: Array
    low: Array
    high: Array


@dataclass(frozen=True)
class ColumnResult:
    """Result of `simulate_column`.

    Attributes
    ----------
    days : array, shape (time,)
        Length of each interval [d].
    series : ColumnSeries
    yearly : YearlyResult
    state : ColumnState
        At the end.
    soil : Soil
    tables : EnthalpyTables
    years : array of int, shape (time,)
        Year of each interval.
    initial : array, shape (layers, columns)
        Enthalpy at the start [J m-3].
    iterations : float
        Mean number of Newton iterations in an interval.
    temperature : array, optional, shape (time, layers, columns)
        At the end of each interval [degC]; absent without `Options.profile`.
    liquid_share : array, optional, shape (time, layers, columns)
        Share of the water that is liquid [1].
    """

    days: Array
    series: ColumnSeries
    yearly: YearlyResult
    state: ColumnState
    soil: Soil
    tables: EnthalpyTables
    years: NDArray[np.int64]
    initial: Array
    iterations: float
    temperature: Array | None
    liquid_share: Array | None

    @property
    def liquid(self) -> Array:
        """Return the liquid water [m3 m-3], shape (time, layers, columns)."""
        return np.asarray(self.profile("liquid_share") * self.tables.water[self.soil.index])

    @property
    def ice(self) -> Array:
        """Return the ice, as the volume of its water [m3 m-3], shape (time, layers, columns)."""
        return np.asarray((1.0 - self.profile("liquid_share")) * self.tables.water[self.soil.index])

    def profile(self, name: str) -> Array:
        """Return `temperature` or `liquid_share`, or raise ModelError where the run did not keep it."""
        values: Array | None = getattr(self, name)
        if values is None:
            raise ModelError("the run kept no profiles", where=name, next_step="Set Options(profile=True).")
        return values

    def energy_error(self) -> Array:
        """Return |change of enthalpy - heat that came in| / the larger heat turned over [1], shape (columns,)."""
        seconds = 86400.0 * self.days[:, None]
        net = ((self.series.heat_in - self.series.heat_out) * seconds).sum(axis=0)
        turned = (np.abs(self.series.heat_in) * seconds).sum(axis=0)
        changed = self.series.enthalpy[-1] - (self.initial * self.soil.grid.thickness[:, None]).sum(axis=0)
        return np.asarray(np.abs(changed - net) / np.maximum(turned, np.abs(changed) + 1.0))
