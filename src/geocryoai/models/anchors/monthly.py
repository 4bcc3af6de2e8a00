"""Process anchors of the CO2 fluxes whose parameters may be calibrated: light use, decay, month by month.

The equations are those of `geocryoai.processes.carbon` for one month, with its litter and soil carbon in the steady
state of an average site: heterotrophic respiration is then a rate times the response to temperature and moisture. Three
terms are added that the published sets lack; all three are off by default: light saturation, and a gain of production
and of decay with woody cover, so that one set can serve tundra and forest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from geocryoai.core.errors import ModelError
from geocryoai.models.anchors.carbon import Index
from geocryoai.models.calibration import Parameter
from geocryoai.processes.carbon import (
    CarbonParameters,
    carbon_parameters,
    decomposition_multiplier,
    gpp_lue,
    par_from_shortwave,
)
from geocryoai.processes.maps.vegetation import fpar_from

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: Share of the radiation above the atmosphere that reaches the ground where no measured one is at hand [1].
TRANSMISSIVITY = 0.5
#: Standard deviation of daily temperature within a month [degC].
MONTHLY_SD = 4.0

#: What `gpp_process` may calibrate, and within which bounds; the starts are those of tundra (GRS).
GPP_PARAMETERS = (
    Parameter("light_use_efficiency", 0.3, 6.0, 1.64, logarithmic=True),
    Parameter("tmin_low", -25.0, 5.0, -23.0),
    Parameter("tmin_span", 5.0, 60.0, 51.0),
    Parameter("vpd_high", 1000.0, 12000.0, 4229.0, logarithmic=True),
    Parameter("light_saturation", 0.0, 0.6, 0.0),
    Parameter("woody_gain", -0.9, 4.0, 0.0),
)
#: What `reco_process` may calibrate.
RECO_PARAMETERS = (
    Parameter("autotrophic_fraction", 0.0, 0.8, 0.43),
    Parameter("heterotrophic", 0.1, 20.0, 4.0, logarithmic=True),
    Parameter("lloyd_taylor", 20.0, 500.0, 232.0),
    Parameter("top_moisture_high", 0.05, 1.0, 0.51),
    Parameter("woody_decay", -0.9, 30.0, 0.0),
)
#: What `nee_process` may calibrate: light use and autotrophic share cannot be told apart from the net exchange.
NEE_PARAMETERS = (
    Parameter("light_use_efficiency", 0.3, 6.0, 1.64, logarithmic=True),
    Parameter("tmin_low", -25.0, 5.0, -23.0),
    Parameter("heterotrophic", 0.1, 20.0, 4.0, logarithmic=True),
    Parameter("lloyd_taylor", 20.0, 500.0, 232.0),
    Parameter("woody_gain", -0.9, 4.0, 0.0),
    Parameter("woody_decay", -0.9, 30.0, 0.0),
)


def gpp(
    tas: Floats,
    greenness: Floats,
    rsds: Floats | None = None,
    sun: Floats | None = None,
    vpd: Floats | None = None,
    ts: Floats | None = None,
    sm: Floats | None = None,
    woody: Floats | None = None,
    *,
    index: Index = "ndvi",
    vegetation: str = "GRS",
    saturation: float = 0.5,
    light_use_efficiency: float | None = None,
    tmin_low: float | None = None,
    tmin_span: float | None = None,
    vpd_high: float | None = None,
    light_saturation: float = 0.0,
    woody_gain: float = 0.0,
) -> Floats:
    """Return gross primary production [g C m-2 d-1], positive = uptake.

    Parameters
    ----------
    tas : array
        Air temperature [degC]; stands in for the daily minimum.
    greenness : array
        Vegetation index of kind `index` [1].
    rsds : array, optional
        Shortwave radiation [W m-2]; without it half of `sun` is taken. One of the two is needed.
    sun : array, optional
        Radiation above the atmosphere [W m-2]; used only without `rsds`.
    vpd : array, optional
        Vapour pressure deficit [Pa]; without it no limit by dry air.
    ts, sm : array, optional
        Not used; the same columns can so be named for all three fluxes.
    woody : array, optional
        Tree cover [1].
    vegetation : str
        Class of the published parameter table, for every parameter that is not given.
    light_use_efficiency : float, optional
        [g C MJ-1].
    tmin_low, tmin_span : float, optional
        Where the temperature ramp begins [degC] and how wide it is [K].
    vpd_high : float, optional
        Deficit at which production is nil [Pa].
    light_saturation : float
        Production is divided by 1 + `light_saturation` x absorbed light [m2 d MJ-1], a rectangular hyperbola as in
        Ruimy et al. (1995, Advances in Ecological Research 26, 1-68).
    woody_gain : float
        Production is multiplied by 1 + `woody_gain` x `woody` [1].
    """
    from scipy.special import ndtr

    if rsds is None and sun is None:
        raise ModelError("production needs light", where="gpp_process", expected="a column for 'rsds' or 'sun'")
    shortwave = rsds if rsds is not None else TRANSMISSIVITY * np.asarray(sun)
    params = _parameters(vegetation, light_use_efficiency, tmin_low, tmin_span, vpd_high)
    par = par_from_shortwave(np.maximum(shortwave, 0.0))
    absorbed = fpar_from(greenness, index)
    made = gpp_lue(
        par,
        absorbed,
        tas,
        np.zeros_like(tas) if vpd is None else np.maximum(vpd, 0.0),
        np.ones_like(tas),
        ndtr(-tas / MONTHLY_SD),
        params,
    )
    made = made / (1.0 + light_saturation * par * absorbed)
    return np.asarray(made if woody is None else made * np.maximum(1.0 + woody_gain * woody, 0.0))


def _exchange(name: str, about: str, *, net: bool) -> Callable[..., Floats]:
    """Return the anchor of respiration, or of the net exchange: their inputs and parameters are the same.

    Parameters
    ----------
    name, about : str
        Name and text of the anchor.
    net : bool
        Take production off.
    """

    def flux(
        tas: Floats,
        greenness: Floats,
        ts: Floats,
        rsds: Floats | None = None,
        sun: Floats | None = None,
        vpd: Floats | None = None,
        sm: Floats | None = None,
        woody: Floats | None = None,
        *,
        index: Index = "ndvi",
        vegetation: str = "GRS",
        saturation: float = 0.5,
        winter_share: float = 1.0,
        light_use_efficiency: float | None = None,
        tmin_low: float | None = None,
        tmin_span: float | None = None,
        vpd_high: float | None = None,
        light_saturation: float = 0.0,
        woody_gain: float = 0.0,
        autotrophic_fraction: float | None = None,
        heterotrophic: float = 4.0,
        lloyd_taylor: float | None = None,
        top_moisture_high: float | None = None,
        woody_decay: float = 0.0,
    ) -> Floats:
        production = gpp(
            tas, greenness, rsds, sun, vpd, woody=woody, index=index, vegetation=vegetation,
            light_use_efficiency=light_use_efficiency, tmin_low=tmin_low, tmin_span=tmin_span, vpd_high=vpd_high,
            light_saturation=light_saturation, woody_gain=woody_gain,
        )  # fmt: skip
        published = carbon_parameters(vegetation)
        params = replace(
            published,
            lloyd_taylor=published.lloyd_taylor if lloyd_taylor is None else lloyd_taylor,
            top_moisture_high=published.top_moisture_high if top_moisture_high is None else top_moisture_high,
        )
        share = params.autotrophic_fraction if autotrophic_fraction is None else autotrophic_fraction
        moisture = np.ones_like(ts) if sm is None else np.clip(sm / saturation, 0.0, 1.0)
        decay = heterotrophic * decomposition_multiplier(np.where(ts < 0, winter_share * ts, ts), moisture, params)
        if woody is not None:
            decay = decay * np.maximum(1.0 + woody_decay * woody, 0.0)
        released = np.asarray(share * production + decay)
        return released - production if net else released

    flux.__name__ = flux.__qualname__ = name
    flux.__doc__ = about
    return flux


reco = _exchange(
    "reco",
    """Return ecosystem respiration [g C m-2 d-1], positive = release.

    Parameters
    ----------
    ts : array
        Soil temperature [degC]; other inputs as in `gpp`.
    sm : array, optional
        Volumetric soil moisture [1]; without it no limit by dry soil.
    saturation : float
        Volumetric moisture of saturated soil [1].
    winter_share : float
        Factor on `ts` below 0 degC: below 1 where it is a temperature above the snow [1].
    autotrophic_fraction : float, optional
        Share of production that plants respire [1].
    heterotrophic : float
        Heterotrophic respiration at 20 degC in moist soil without trees [g C m-2 d-1].
    lloyd_taylor : float, optional
        Temperature sensitivity [K].
    top_moisture_high : float, optional
        Degree of saturation from which decay is not limited [1].
    woody_decay : float
        Heterotrophic respiration is multiplied by 1 + `woody_decay` x `woody` [1].
    """,
    net=False,
)
nee = _exchange(
    "nee",
    "Return net ecosystem exchange [g C m-2 d-1], positive = release: `reco` minus `gpp`, same inputs.",
    net=True,
)


def _parameters(
    vegetation: str,
    light_use_efficiency: float | None,
    tmin_low: float | None,
    tmin_span: float | None,
    vpd_high: float | None,
) -> CarbonParameters:
    """Return the published parameters with those given in their place."""
    published = carbon_parameters(vegetation)
    low = published.tmin_low if tmin_low is None else tmin_low
    span = published.tmin_high - published.tmin_low if tmin_span is None else tmin_span
    return replace(
        published,
        light_use_efficiency=published.light_use_efficiency if light_use_efficiency is None else light_use_efficiency,
        tmin_low=low,
        tmin_high=low + span,
        vpd_high=published.vpd_high if vpd_high is None else vpd_high,
    )
