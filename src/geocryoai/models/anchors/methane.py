"""Anchor of the methane flux: wetland extent times the temperature of the soil."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geocryoai.processes.methane import methane_q10

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


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
