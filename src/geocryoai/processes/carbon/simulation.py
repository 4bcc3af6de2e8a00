"""The carbon model over time: production, respiration, pools and net exchange of many cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from geocryoai.core.errors import ModelError
from geocryoai.processes.carbon.parameters import CarbonParameters
from geocryoai.processes.carbon.pools import CarbonPools, periodic_pools, pool_step
from geocryoai.processes.carbon.production import gpp_lue
from geocryoai.processes.carbon.respiration import autotrophic_respiration, decomposition_multiplier
from geocryoai.processes.checks import Array, above, between, finite


@dataclass(frozen=True)
class CarbonFluxes:
    """What `simulate_carbon` gives; fluxes are means of each step, of shape (time, cells).

    Attributes
    ----------
    gpp : array
        Gross primary production [g C m-2 d-1], uptake counted positive.
    ra, rh, reco : array
        Autotrophic, heterotrophic and ecosystem respiration [g C m-2 d-1], release counted positive.
    nee : array
        Net ecosystem exchange Ra + Rh - GPP [g C m-2 d-1], positive upward (release).
    litter : array
        Litterfall [g C m-2 d-1].
    pools : CarbonPools
        Litter and soil carbon at the end of each step [g C m-2], each of shape (time, cells).
    live : array
        Live carbon at the end of each step, relative to the start [g C m-2].
    start : CarbonPools
        Litter and soil carbon at the start [g C m-2], each of shape (cells,).

    Notes
    -----
    Closed: the change of `pools.total` + `live` over a step is -nee times its days, to round-off.
    """

    gpp: Array
    ra: Array
    rh: Array
    reco: Array
    nee: Array
    litter: Array
    pools: CarbonPools
    live: Array
    start: CarbonPools


def simulate_carbon(
    *,
    par: ArrayLike,
    fpar: ArrayLike,
    tmin: ArrayLike,
    vpd: ArrayLike,
    ts: ArrayLike,
    soil_moisture: ArrayLike,
    frozen: ArrayLike,
    days: ArrayLike,
    params: CarbonParameters,
    soil_moisture_top: ArrayLike | None = None,
    steps_per_year: int = 12,
    spinup_years: int = 10,
) -> CarbonFluxes:
    """Simulate carbon exchange over time.

    Parameters
    ----------
    par, fpar, tmin, vpd, soil_moisture, frozen : array_like, shape (time, cells)
        As in `gpp_lue`: [MJ m-2 d-1], [1], [degC], [Pa], [1], [1].
    ts : array_like, shape (time, cells)
        Temperature of the top soil [degC].
    days : array_like, shape (time,)
        Length of each step [d].
    params : CarbonParameters
        Numbers, or arrays of shape (cells,).
    soil_moisture_top : array_like, optional, shape (time, cells)
        Degree of saturation of the top soil [1]; that of the root zone where absent.
    steps_per_year : int, default 12
        12 for monthly, 365 for daily forcing.
    spinup_years : int, default 10
        The start is the steady state of the mean year of this many first years (of all, if there are fewer): later
        forcing never reaches back into the start.

    Returns
    -------
    CarbonFluxes

    Raises
    ------
    ModelError
        Forcing is missing, unphysical, of the wrong shape, or shorter than one year.
    """
    top = soil_moisture if soil_moisture_top is None else soil_moisture_top
    given = {"par": par, "fpar": fpar, "tmin": tmin, "vpd": vpd, "ts": ts, "soil_moisture": soil_moisture,
             "soil_moisture_top": top, "frozen": frozen}  # fmt: skip
    forcing = forcing_arrays(given)
    lengths = step_lengths(days, forcing["ts"].shape[0], steps_per_year)
    gpp = gpp_lue(forcing["par"], forcing["fpar"], forcing["tmin"], forcing["vpd"], forcing["soil_moisture"],
                  forcing["frozen"], params)  # fmt: skip
    ra = autotrophic_respiration(gpp, params)
    npp = gpp - ra
    multiplier = decomposition_multiplier(forcing["ts"], forcing["soil_moisture_top"], params)
    mean_days = _mean_year(lengths[:, None], steps_per_year, spinup_years)[:, 0]
    mean_npp = _mean_year(npp, steps_per_year, spinup_years)
    litter = _trailing_year(npp, lengths, mean_npp, mean_days)
    mean_multiplier = _mean_year(multiplier, steps_per_year, spinup_years)
    start = periodic_pools(litter[0], mean_multiplier, mean_days, params)
    rh, pools = _run(start, litter, multiplier, lengths, params)
    reco = ra + rh
    live = np.cumsum((npp - litter) * lengths[:, None], axis=0)
    return CarbonFluxes(gpp, ra, rh, reco, reco - gpp, litter, pools, live, start)


def forcing_arrays(given: dict[str, ArrayLike]) -> dict[str, Array]:
    """Return forcing as float64 arrays of one shape (time, cells), or raise ModelError naming what does not fit."""
    arrays = {name: finite(name, values) for name, values in given.items()}
    shapes = {name: a.shape for name, a in arrays.items()}
    if len(set(shapes.values())) > 1 or len(next(iter(shapes.values()))) != 2:
        listed = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
        raise ModelError("forcing must be of one shape", where=", ".join(shapes), found=listed,
                         expected="(time, cells) for every one")  # fmt: skip
    return arrays


def step_lengths(days: ArrayLike, steps: int, steps_per_year: int) -> Array:
    """Return the length of each step [d], checked against the number of steps and the length of a year."""
    lengths = above("days [d]", days)
    if lengths.shape != (steps,):
        raise ModelError("the lengths of the steps do not match the forcing", where="days [d]",
                         found=f"shape {lengths.shape}", expected=f"({steps},)")  # fmt: skip
    if steps < steps_per_year:
        raise ModelError("the forcing is shorter than one year", where="time", found=f"{steps} steps",
                         expected=f"at least {steps_per_year}")  # fmt: skip
    between("days in the first year [d]", lengths[:steps_per_year].sum(), 359, 367)
    return lengths


def _mean_year(values: Array, steps_per_year: int, years: int) -> Array:
    """Return the mean year of the first years, shape (steps_per_year, cells)."""
    count = max(1, min(years, values.shape[0] // steps_per_year))
    mean: Array = values[: count * steps_per_year].reshape(count, steps_per_year, -1).mean(axis=0)
    return mean


def _trailing_year(npp: Array, days: Array, mean_npp: Array, mean_days: Array) -> Array:
    """Return the mean net production of the year before each step, the mean year standing before the start."""
    year = mean_days.size
    carbon = np.concatenate([mean_npp * mean_days[:, None], npp * days[:, None]])[:-1]
    length = np.concatenate([mean_days, days])[:-1]
    total = np.cumsum(np.concatenate([np.zeros((1, npp.shape[1])), carbon]), axis=0)
    span = np.cumsum(np.concatenate([[0.0], length]))
    mean: Array = (total[year:] - total[:-year]) / (span[year:] - span[:-year])[:, None]
    return np.maximum(mean, 0.0)


def _run(
    pools: CarbonPools, litter: Array, multiplier: Array, days: Array, params: CarbonParameters
) -> tuple[Array, CarbonPools]:
    rh = np.empty_like(litter)
    kept = CarbonPools(*(np.empty_like(litter) for _ in range(3)))
    for t in range(litter.shape[0]):
        pools, rh[t] = pool_step(pools, litter[t], multiplier[t], float(days[t]), params)
        for series, now in zip(kept, pools, strict=True):
            series[t] = now
    return rh, kept
