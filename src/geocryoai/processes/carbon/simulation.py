"""The carbon model over time: production, respiration, pools and net exchange of many cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from geocryoai.core.errors import ModelError
from geocryoai.processes.carbon.parameters import CarbonParameters, numeric_fields
from geocryoai.processes.carbon.pools import CarbonPools, check_decay
from geocryoai.processes.checks import Array, above, at_least, between, finite

_UNITS = {"par": "MJ m-2 d-1", "vpd": "Pa"}
_ORDER = ("par", "fpar", "tmin", "vpd", "soil_moisture", "frozen", "ts", "soil_moisture_top")


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
    for name in ("tmin", "ts"):
        finite(name, forcing[name])
    for name in ("par", "vpd"):
        at_least(f"{name} [{_UNITS[name]}]", forcing[name])
    shares = ("fpar", "soil_moisture", "frozen")
    for name in shares if soil_moisture_top is None else (*shares, "soil_moisture_top"):
        between(f"{name} [1]", forcing[name], 0, 1)
    return _run(forcing, lengths, params, steps_per_year, spinup_years)


def forcing_arrays(given: dict[str, ArrayLike]) -> dict[str, Array]:
    """Return forcing as float64 arrays of one shape (time, cells), or raise ModelError naming their shapes."""
    arrays = {name: np.asarray(values, dtype=np.float64) for name, values in given.items()}
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


def _run(
    forcing: dict[str, Array], days: Array, params: CarbonParameters, steps_per_year: int, years: int
) -> CarbonFluxes:
    """Run checked forcing through the compiled model."""
    from geocryoai.processes.carbon.kernel import run_cells

    shape = forcing["ts"].shape
    count = max(1, min(years, shape[0] // steps_per_year))
    mean_days = days[: count * steps_per_year].reshape(count, steps_per_year).mean(axis=0)
    span = np.cumsum(np.concatenate([[0.0], mean_days, days[:-1]]))
    series, start, exposure = np.empty((10, *shape)), np.empty((3, shape[1])), np.empty(shape[1])
    run_cells(
        tuple(np.ascontiguousarray(forcing[name]) for name in _ORDER), _per_cell(params, shape[1]), days, mean_days,
        span, count, series, start, exposure,
    )  # fmt: skip
    check_decay(exposure)
    gpp, ra, rh, reco, nee, litter, metabolic, structural, recalcitrant, live = series
    pools = CarbonPools(metabolic, structural, recalcitrant)
    return CarbonFluxes(gpp, ra, rh, reco, nee, litter, pools, live, CarbonPools(*start))


def _per_cell(params: CarbonParameters, cells: int) -> Array:
    """Return the parameters of each cell as the kernel takes them, shape (parameters, cells).

    The decay rates of all pools are in [d-1], and the end of a ramp is 1 over its span.
    """
    values = np.empty((len(numeric_fields()), cells))
    for row, name in zip(values, numeric_fields(), strict=True):
        given = np.asarray(getattr(params, name), dtype=np.float64)
        if given.shape not in ((), (1,), (cells,)):
            raise ModelError("the parameters do not fit the cells", where=name, found=f"shape {given.shape}",
                             expected=f"a number or ({cells},)")  # fmt: skip
        row[:] = given
    values[-2:] *= values[-3]
    for end in (i for i, name in enumerate(numeric_fields()) if name.endswith("_high")):
        values[end] = 1.0 / (values[end] - values[end - 1])
    return values
