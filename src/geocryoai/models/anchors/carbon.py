"""Anchors of the CO2 fluxes: light-use efficiency, and respiration with Lloyd-Taylor temperature response."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from geocryoai.processes.carbon import carbon_parameters
from geocryoai.processes.carbon.production import gpp_lue, par_from_shortwave
from geocryoai.processes.carbon.respiration import decomposition_multiplier
from geocryoai.processes.maps.vegetation import fpar_from

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

Index = Literal["ndvi", "evi", "lai", "fpar"]


def gpp(
    rsds: Floats,
    greenness: Floats,
    tas: Floats,
    vpd: Floats | None = None,
    sm: Floats | None = None,
    *,
    index: Index = "ndvi",
    vegetation: str = "GRS",
    saturation: float = 0.5,
) -> Floats:
    """Return gross primary production [g C m-2 d-1], positive = uptake.

    Parameters
    ----------
    rsds : array
        Shortwave radiation [W m-2].
    greenness : array
        Vegetation index of kind `index` [1].
    tas : array
        Air temperature [degC]; stands in for the daily minimum, which monthly tables lack.
    vpd : array, optional
        Vapour pressure deficit [Pa]; without it no limit by dry air.
    sm : array, optional
        Volumetric soil moisture [1]; without it no limit by dry soil.
    vegetation : str
        Class of the published parameter table.
    saturation : float
        Volumetric moisture of saturated soil [1].
    """
    return gpp_lue(
        par_from_shortwave(np.maximum(rsds, 0.0)),
        fpar_from(greenness, index),
        tas,
        np.zeros_like(tas) if vpd is None else np.maximum(vpd, 0.0),
        np.ones_like(tas) if sm is None else np.clip(sm / saturation, 0.0, 1.0),
        (tas < 0.0).astype(float),
        carbon_parameters(vegetation),
    )


def reco(
    rsds: Floats,
    greenness: Floats,
    tas: Floats,
    ts: Floats,
    vpd: Floats | None = None,
    sm: Floats | None = None,
    *,
    index: Index = "ndvi",
    vegetation: str = "GRS",
    saturation: float = 0.5,
    heterotrophic: float = 4.0,
) -> Floats:
    """Return ecosystem respiration [g C m-2 d-1], positive = release.

    Parameters
    ----------
    ts : array
        Soil temperature [degC]; other inputs as in `gpp`.
    heterotrophic : float
        Heterotrophic respiration at the optimum, 20 degC and moist [g C m-2 d-1].
    """
    production = gpp(rsds, greenness, tas, vpd, sm, index=index, vegetation=vegetation, saturation=saturation)
    return _respiration(production, ts, sm, vegetation, saturation, heterotrophic)


def nee(
    rsds: Floats,
    greenness: Floats,
    tas: Floats,
    ts: Floats,
    vpd: Floats | None = None,
    sm: Floats | None = None,
    *,
    index: Index = "ndvi",
    vegetation: str = "GRS",
    saturation: float = 0.5,
    heterotrophic: float = 4.0,
) -> Floats:
    """Return net ecosystem exchange [g C m-2 d-1], positive = release: `reco` minus `gpp`, same inputs."""
    production = gpp(rsds, greenness, tas, vpd, sm, index=index, vegetation=vegetation, saturation=saturation)
    return np.asarray(_respiration(production, ts, sm, vegetation, saturation, heterotrophic) - production)


def _respiration(
    production: Floats, ts: Floats, sm: Floats | None, vegetation: str, saturation: float, heterotrophic: float
) -> Floats:
    """Return a share of production plus decay by temperature and moisture [g C m-2 d-1]."""
    params = carbon_parameters(vegetation)
    moisture = np.ones_like(ts) if sm is None else np.clip(sm / saturation, 0.0, 1.0)
    decay = decomposition_multiplier(ts, moisture, params)
    return np.asarray(params.autotrophic_fraction * production + heterotrophic * decay)
