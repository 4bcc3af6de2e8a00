"""Monthly fluxes at towers and chambers: footprints wetter than their cell, winter gaps, filled values, sentinels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from geocryoai.core.units import convert
from geocryoai.twin.fields import stream
from geocryoai.twin.probes import SENTINEL

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geocryoai.twin.network import Sites
    from geocryoai.twin.options import TwinOptions
    from geocryoai.twin.truth import Truth

    Floats = NDArray[np.float64]

#: How flags stand in the files.
MEASURED, FILLED, DOUBTFUL = "0", "1", "2"
#: Share of towers that measure methane, share of measured months flagged doubtful, and how much noisier those are.
_METHANE_SHARE, _DOUBTFUL_SHARE, _DOUBTFUL_NOISE = 0.75, 0.03, 3.0
#: Smallest standard errors: Reco [umol CO2 m-2 s-1], FCH4 [nmol CH4 m-2 s-1].
_RECO_FLOOR, _FCH4_FLOOR = 0.02, 0.4
#: Months (1 = January) of the chamber season.
_CHAMBER_MONTHS = (6, 7, 8, 9)


def tower_table(options: TwinOptions, sites: Sites, truth: Truth) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the tower file and the true site factors.

    Returns
    -------
    months : polars.DataFrame
        One row per tower and month of operation, measured or not: fluxes [umol CO2 m-2 s-1, nmol CH4 m-2 s-1; NEE and
        FCH4 positive upward, GPP and Reco positive], standard errors, flags, wetland fraction of the footprint.
    truth : polars.DataFrame
        For each tower the factors of its footprint on GPP and Reco, and its wetland fraction [1].
    """
    rng = stream(options.seed, "towers")
    gpp_factor, reco_factor = (np.exp(options.network.site_spread * rng.standard_normal(len(sites))) for _ in range(2))
    wetland = footprints(truth.cover.wetland_fraction[sites.cell], rng)
    methane = rng.random(len(sites)) < _METHANE_SHARE
    methane[0] = True
    parts = []
    for i in range(len(sites)):
        months = _operation(options, rng)
        cell = sites.cell[i]
        gpp = convert(truth.fluxes.gpp[months, cell] * gpp_factor[i], "g C m-2 d-1", "umol CO2 m-2 s-1")
        reco = convert(truth.fluxes.reco[months, cell] * reco_factor[i], "g C m-2 d-1", "umol CO2 m-2 s-1")
        fch4 = convert(truth.fluxes.fch4_wetland[months, cell] * wetland[i], "mg CH4 m-2 d-1", "nmol CH4 m-2 s-1")
        columns = _places(sites, i, truth.months[months], wetland[i])
        columns |= _carbon(options, truth.months[months], gpp, reco, rng)
        columns |= _methane(options, truth.months[months], fch4, bool(methane[i]), rng)
        parts.append(pl.DataFrame(columns))
    factors = pl.DataFrame(
        {
            "site": sites.name,
            "cell": sites.cell,
            "gpp_factor": gpp_factor,
            "reco_factor": reco_factor,
            "wetland_fraction": wetland,
            "clustered": sites.clustered,
        }
    )
    return pl.concat(parts), factors


def chamber_table(options: TwinOptions, sites: Sites, truth: Truth) -> pl.DataFrame:
    """Return the chamber file: wetland methane in the summers of one to three years [mg CH4 m-2 d-1]."""
    rng = stream(options.seed, "chambers")
    month_number = truth.months.astype(int) % 12 + 1
    parts = []
    for i in range(len(sites)):
        years = rng.choice(len(options.years), size=min(len(options.years), int(rng.integers(1, 4))), replace=False)
        chosen = np.isin(np.arange(options.months) // 12, years) & np.isin(month_number, _CHAMBER_MONTHS)
        true = truth.fluxes.fch4_wetland[chosen, sites.cell[i]]
        error = 3 * options.network.flux_noise * true + 0.5
        columns = _places(sites, i, truth.months[chosen], 1.0)
        columns["FCH4"] = np.round(true + error * rng.standard_normal(len(true)), 2)
        columns["FCH4_SE"] = np.round(error, 2)
        parts.append(pl.DataFrame(columns))
    return pl.concat(parts)


def footprints(wetland_fraction: Floats, rng: np.random.Generator) -> Floats:
    """Return the wetland fraction of tower footprints, which stand in wetter places than their cell [1]."""
    shift = 0.15 + 0.15 * rng.standard_normal(len(wetland_fraction))
    return np.asarray(np.round(np.clip(wetland_fraction + shift, 0.02, 0.95), 3), float)


def _operation(options: TwinOptions, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return the months of operation: 3 to 15 years, or all there are."""
    years = min(len(options.years), int(rng.integers(3, 16)))
    first = int(rng.integers(0, len(options.years) - years + 1))
    return np.arange(12 * first, 12 * (first + years))


def _places(sites: Sites, i: int, months: NDArray[np.datetime64], wetland: float) -> dict[str, object]:
    count = len(months)
    return {
        "site": [str(sites.name[i])] * count,
        "latitude": np.full(count, sites.lat[i]),
        "longitude": np.full(count, sites.lon[i]),
        "year": months.astype("datetime64[Y]").astype(int) + 1970,
        "month": months.astype(int) % 12 + 1,
        "footprint_wetland_fraction": np.full(count, wetland),
    }


def _carbon(
    options: TwinOptions, months: NDArray[np.datetime64], gpp: Floats, reco: Floats, rng: np.random.Generator
) -> dict[str, object]:
    """Return the CO2 columns; a partitioned month closes: GPP = Reco - NEE, up to rounding."""
    network = options.network
    measured, flag = _coverage(options, months, rng)
    loud = np.where(flag == DOUBTFUL, _DOUBTFUL_NOISE, 1.0)
    nee_error = network.nee_noise * loud
    reco_error = np.hypot(network.flux_noise * reco, _RECO_FLOOR) * loud
    nee = np.round(reco - gpp + nee_error * rng.standard_normal(len(gpp)), 4)
    respired = np.round(reco + reco_error * rng.standard_normal(len(gpp)), 4)
    filled = flag == FILLED
    nee[filled] = np.round(_typical(reco - gpp, months)[filled], 4)
    respired[filled] = np.round(_typical(reco, months)[filled], 4)
    present = measured | filled
    columns: dict[str, Floats] = {
        "NEE": nee,
        "NEE_SE": np.round(nee_error, 4),
        "RECO": respired,
        "RECO_SE": np.round(reco_error, 4),
        "GPP": np.round(respired - nee, 4),
        "GPP_SE": np.round(np.hypot(nee_error, reco_error), 4),
    }
    shown = {name: np.where(present, values, SENTINEL) for name, values in columns.items()}
    return {**shown, "CO2_QC": flag}


def _methane(
    options: TwinOptions, months: NDArray[np.datetime64], fch4: Floats, has: bool, rng: np.random.Generator
) -> dict[str, object]:
    """Return the CH4 columns; all missing where the tower has no methane sensor."""
    measured, flag = _coverage(options, months, rng)
    loud = np.where(flag == DOUBTFUL, _DOUBTFUL_NOISE, 1.0)
    error = np.hypot(options.network.flux_noise * fch4, _FCH4_FLOOR) * loud
    values = np.round(fch4 + error * rng.standard_normal(len(fch4)), 3)
    filled = flag == FILLED
    values[filled] = np.round(_typical(fch4, months)[filled], 3)
    present = (measured | filled) & has
    return {
        "FCH4": np.where(present, values, SENTINEL),
        "FCH4_SE": np.where(present, np.round(error, 3), SENTINEL),
        "FCH4_QC": np.where(present, flag, ""),
    }


def _coverage(
    options: TwinOptions, months: NDArray[np.datetime64], rng: np.random.Generator
) -> tuple[NDArray[np.bool_], NDArray[np.str_]]:
    """Return which months were measured, and the flag of each; a blank flag stands for no value at all."""
    network = options.network
    number = months.astype(int) % 12 + 1
    cold = (number >= 10) | (number <= 4)
    missing = rng.random(len(months)) < np.where(cold, network.winter_gap, network.summer_gap)
    filled = missing & (rng.random(len(months)) < network.filled_share)
    doubtful = ~missing & (rng.random(len(months)) < _DOUBTFUL_SHARE)
    flag = np.full(len(months), MEASURED)
    for mask, name in ((missing, ""), (filled, FILLED), (doubtful, DOUBTFUL)):
        flag[mask] = name
    return ~missing, flag


def _typical(values: Floats, months: NDArray[np.datetime64]) -> Floats:
    """Return what a gap-filling model gives: the mean of each calendar month, a little too weak."""
    number = months.astype(int) % 12
    means = np.array([values[number == m].mean() for m in range(12)])
    typical: Floats = 0.9 * means[number]
    return typical
