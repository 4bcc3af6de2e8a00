"""Which parameters of an anchor may be calibrated, within which bounds, and which column each of them needs."""

from __future__ import annotations

from collections.abc import Collection

from geocryoai.core.errors import ModelError, nearest
from geocryoai.models.anchors.methane import CH4_PARAMETERS
from geocryoai.models.anchors.monthly import GPP_PARAMETERS, NEE_PARAMETERS, RECO_PARAMETERS
from geocryoai.models.calibration import Parameter

#: Anchor -> its parameters, at most six each.
RANGES: dict[str, tuple[Parameter, ...]] = {
    "stefan": (Parameter("edaphic", 0.002, 0.2, 0.02, logarithmic=True),),
    "layered_stefan": (
        Parameter("organic_conductivity", 0.05, 1.5, 0.3, logarithmic=True),
        Parameter("mineral_conductivity", 0.3, 3.5, 1.3, logarithmic=True),
    ),
    "ch4_q10": (
        Parameter("reference_flux", 1.0, 600.0, 60.0, logarithmic=True),
        Parameter("q10", 1.2, 8.0, 2.5, logarithmic=True),
    ),
    "gpp_process": GPP_PARAMETERS,
    "reco_process": RECO_PARAMETERS,
    "nee_process": NEE_PARAMETERS,
    "ch4_process": CH4_PARAMETERS,
}

#: Parameter -> the role without which it says nothing.
NEEDS = {
    "woody_gain": "woody",
    "woody_decay": "woody",
    "vpd_high": "vpd",
    "top_moisture_high": "sm",
    "memory": "ts_before",
    "upland_dryness": "upland",
}


def parameters_of(anchor: str, roles: Collection[str]) -> tuple[Parameter, ...]:
    """Return the parameters of an anchor that the columns at hand let one calibrate.

    Raises
    ------
    ModelError
        The anchor has no parameters to calibrate.
    """
    if anchor not in RANGES:
        raise ModelError(
            "this process has no parameters to calibrate",
            where=f"anchor '{anchor}'",
            expected=", ".join(RANGES),
            next_step=nearest(anchor, RANGES),
        )
    return tuple(p for p in RANGES[anchor] if p.name not in NEEDS or NEEDS[p.name] in roles)
