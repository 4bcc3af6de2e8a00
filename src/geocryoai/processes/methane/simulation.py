"""The methane balance over time, for many cells."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike

from geocryoai.core.errors import ModelError
from geocryoai.core.units import MOLAR_MASS
from geocryoai.processes.carbon.simulation import forcing_arrays, step_lengths
from geocryoai.processes.checks import Array, above, at_least, between, finite
from geocryoai.processes.methane.balance import MILLIMOLES_PER_GRAM_CARBON
from geocryoai.processes.methane.parameters import MethaneParameters

_MILLIGRAMS = MOLAR_MASS["CH4"]
_UNITS = {"labile": "g C m-2", "mineralisation": "g C m-2 d-1"}


@dataclass(frozen=True)
class MethaneFluxes:
    """What `simulate_methane` gives, per area of wetland, means of each step, of shape (time, cells).

    Attributes
    ----------
    production, oxidation : array
        [mg CH4 m-2 d-1], >= 0.
    plant, diffusion, ebullition : array
        What reaches the air by each path [mg CH4 m-2 d-1], positive upward (release).
    storage : array
        Methane in the soil at the end of each step [mg CH4 m-2].
    start : array, shape (cells,)
        Methane in the soil at the start [mg CH4 m-2].
    wetland_fraction : array
        [1].

    Notes
    -----
    Closed: (production - oxidation - emission) x days = change of storage, to round-off.
    """

    production: Array
    oxidation: Array
    plant: Array
    diffusion: Array
    ebullition: Array
    storage: Array
    start: Array
    wetland_fraction: Array

    @property
    def emission(self) -> Array:
        """Return what reaches the air per area of wetland [mg CH4 m-2 d-1], positive upward (release)."""
        return self.plant + self.diffusion + self.ebullition

    @property
    def grid_emission(self) -> Array:
        """Return what reaches the air per area of the cell [mg CH4 m-2 d-1], positive upward (release)."""
        return self.wetland_fraction * self.emission


def simulate_methane(
    *,
    labile: ArrayLike,
    ts: ArrayLike,
    anaerobic_fraction: ArrayLike,
    liquid_fraction: ArrayLike,
    days: ArrayLike,
    params: MethaneParameters | None = None,
    wetland_fraction: ArrayLike = 1.0,
    mineralisation: ArrayLike | None = None,
    initial_storage: ArrayLike | None = None,
    steps_per_year: int = 12,
    longest_step: float = 5.0,
) -> MethaneFluxes:
    """Simulate methane production, storage, oxidation and emission over time.

    Parameters
    ----------
    labile : array_like, shape (time, cells)
        Labile carbon [g C m-2]: `metabolic` of the carbon pools.
    ts : array_like, shape (time, cells)
        Soil temperature [degC].
    anaerobic_fraction, liquid_fraction : array_like, shape (time, cells)
        Share of the soil below the water table, and of its water that is liquid [1].
    days : array_like, shape (time,)
        Length of each step [d].
    params : MethaneParameters, optional
    wetland_fraction : array_like, default 1
        Wetland area fraction [1], of a shape that broadcasts to (time, cells).
    mineralisation : array_like, optional, shape (time, cells)
        Heterotrophic respiration [g C m-2 d-1], which then bounds production.
    initial_storage : array_like, optional, shape (cells,)
        Methane in the soil at the start [mg CH4 m-2]; absent, the first year is repeated three times from none.
    steps_per_year : int, default 12
    longest_step : float, default 5
        Steps are cut into equal parts no longer than this [d].

    Returns
    -------
    MethaneFluxes

    Raises
    ------
    ModelError
        Forcing is missing, unphysical or of the wrong shape.
    """
    chosen = params if params is not None else MethaneParameters()
    given = {"labile": labile, "ts": ts, "anaerobic_fraction": anaerobic_fraction, "liquid_fraction": liquid_fraction}
    if mineralisation is not None:
        given["mineralisation"] = mineralisation
    forcing = forcing_arrays(given)
    shape = forcing["ts"].shape
    lengths = step_lengths(days, shape[0], steps_per_year)
    wet = _broadcast("wetland_fraction [1]", between("wetland_fraction [1]", wetland_fraction, 0, 1), shape)
    longest = float(above("longest_step [d]", longest_step))
    finite("ts", forcing["ts"])
    for name in ("labile", "mineralisation"):
        if name in forcing:
            at_least(f"{name} [{_UNITS[name]}]", forcing[name])
    for name in ("anaerobic_fraction", "liquid_fraction"):
        between(f"{name} [1]", forcing[name], 0, 1)
    store = np.zeros(shape[1])
    if initial_storage is not None:
        given_store = at_least("initial_storage [mg CH4 m-2]", initial_storage)
        store += _broadcast("initial_storage [mg CH4 m-2]", given_store, shape[1:]) / _MILLIGRAMS
    spin_up = steps_per_year if initial_storage is None else 0
    series = _run(forcing, store, lengths, longest, spin_up, chosen)
    production, oxidation, plant, diffusion, ebullition, storage = series
    return MethaneFluxes(production, oxidation, plant, diffusion, ebullition, storage, _MILLIGRAMS * store, wet)


def _run(
    forcing: dict[str, Array], store: Array, days: Array, longest: float, spin_up: int, params: MethaneParameters
) -> Array:
    """Run checked forcing through the compiled model; `store` becomes that at the start of the series [mmol m-2]."""
    from geocryoai.processes.methane.kernel import run_cells

    shape = forcing["ts"].shape
    series = np.empty((6, *shape))
    limited = "mineralisation" in forcing
    names = ("labile", "ts", "anaerobic_fraction", "liquid_fraction", "mineralisation" if limited else "labile")
    run_cells(
        tuple(np.ascontiguousarray(forcing[name]) for name in names), limited, MILLIMOLES_PER_GRAM_CARBON, _MILLIGRAMS,
        _per_cell(params, shape[1]), days, longest, spin_up, store, series,
    )  # fmt: skip
    return series


def _per_cell(params: MethaneParameters, cells: int) -> Array:
    """Return the parameters of each cell, shape (parameters, cells), those of temperature as logarithms per degree."""
    names = [f.name for f in fields(params) if f.name != "provenance"]
    values = np.empty((len(names), cells))
    for row, name in zip(values, names, strict=True):
        row[:] = _broadcast(name, np.asarray(getattr(params, name), dtype=np.float64), (cells,))
        if name.endswith("_q10"):
            row[:] = np.log(row) / 10.0
    return values


def _broadcast(name: str, values: Array, shape: tuple[int, ...]) -> Array:
    try:
        return np.broadcast_to(values, shape)
    except ValueError as error:
        raise ModelError("the shape does not fit the forcing", where=name, found=f"{values.shape}",
                         expected=f"one that broadcasts to {shape}") from error  # fmt: skip
