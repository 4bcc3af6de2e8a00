"""Anchors of the methane flux: wetland extent times the temperature of the soil, and the balance of the soil."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geocryoai.core.units import MOLAR_MASS
from geocryoai.models.calibration import Parameter
from geocryoai.processes.methane import MethaneParameters, methane_production, methane_q10, methane_step

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: Step after which the store of the soil is in balance with its production, whatever it was before [d].
_LONG = 1e5
#: [mg mmol-1].
_MILLIGRAMS = MOLAR_MASS["CH4"]

#: What `process` may calibrate, and within which bounds.
CH4_PARAMETERS = (
    Parameter("labile", 10.0, 1500.0, 140.0, logarithmic=True),
    Parameter("production_q10", 1.2, 8.0, 3.3, logarithmic=True),
    Parameter("memory", 0.0, 0.9, 0.3),
    Parameter("winter_share", 0.05, 1.0, 0.5),
    Parameter("upland_dryness", 0.0, 1.0, 0.7),
)


def process(
    ts: Floats,
    ts_before: Floats | None = None,
    upland: Floats | None = None,
    wetland_fraction: Floats | None = None,
    *,
    labile: float = 140.0,
    production_q10: float = 3.3,
    memory: float = 0.0,
    winter_share: float = 1.0,
    inundation: float = 0.9,
    upland_dryness: float = 0.7,
    frozen_liquid: float = 0.15,
) -> Floats:
    """Return the methane flux [mg CH4 m-2 d-1], positive = emission: the soil's balance in its steady state.

    Production, transport by plants, diffusion and bubbles, and oxidation as in `geocryoai.processes.methane`, with the
    store in balance within the month.

    Parameters
    ----------
    ts : array
        Soil (or land surface) temperature [degC].
    ts_before : array, optional
        That of the month before [degC], for soil that lags.
    upland : array, optional
        1 for upland, 0 for wetland [1].
    wetland_fraction : array, optional
        [1]; a wetland site is taken where there is no such column.
    labile : float
        Labile carbon [g C m-2]; 140 is the steady state of 200 g C m-2 of litter a year (SMAP L4C, grass and sedge).
    production_q10 : float
        Factor of production per 10 degC [1].
    memory : float
        Weight of `ts_before` [1].
    winter_share : float
        Factor on temperatures below 0 degC: below 1 where they are measured above the snow [1].
    inundation : float
        Share of the soil below the water table in a wetland [1].
    upland_dryness : float
        By how much of it that share is smaller in upland [1].
    frozen_liquid : float
        Share of liquid water in frozen soil [1]; passes linearly to 1 between -2 and 0 degC.
    """
    warm = ts if ts_before is None else (1.0 - memory) * ts + memory * ts_before
    soil = np.where(warm < 0, winter_share * warm, warm)
    liquid = np.clip(frozen_liquid + (1.0 - frozen_liquid) * (soil + 2.0) / 2.0, frozen_liquid, 1.0)
    wet = np.full_like(soil, inundation)
    if upland is not None:
        wet = wet * (1.0 - upland_dryness * np.clip(upland, 0.0, 1.0))
    params = MethaneParameters(production_q10=production_q10)
    made = methane_production(np.full_like(soil, labile), soil, wet, liquid, params)
    step = methane_step(np.zeros_like(soil), made, soil, wet, liquid, _LONG, params)
    emitted = _MILLIGRAMS * (step.plant + step.diffusion + step.ebullition)
    return np.asarray(emitted if wetland_fraction is None else emitted * np.clip(wetland_fraction, 0.0, 1.0))


def q10(
    ts: Floats,
    wetland_fraction: Floats | None = None,
    *,
    reference_flux: float = 60.0,
    q10: float = 2.5,
    frozen_liquid: float = 0.15,
) -> Floats:
    """Return the methane flux [mg CH4 m-2 d-1], positive = emission.

    Wetland extent times a temperature response, after Miller et al. (2016, doi:10.1002/2016GB005419), who found this
    ahead of process models over Alaska; emission goes on below 0 degC while some water is unfrozen.

    Parameters
    ----------
    ts : array
        Soil (or land surface) temperature [degC].
    wetland_fraction : array, optional
        [1]; a wetland site is taken where there is no such column.
    reference_flux : float
        Flux of wetland at 10 degC [mg CH4 m-2 d-1]; learners rescale it inside the fold.
    q10 : float
        Factor per 10 degC [1].
    frozen_liquid : float
        Share of the emission that goes on in frozen soil [1]; passes linearly to 1 between -2 and 0 degC.
    """
    liquid = np.clip(frozen_liquid + (1.0 - frozen_liquid) * (ts + 2.0) / 2.0, frozen_liquid, 1.0)
    wet = np.ones_like(ts) if wetland_fraction is None else np.clip(wetland_fraction, 0.0, 1.0)
    return methane_q10(ts, wet, liquid, reference_flux, q10)
