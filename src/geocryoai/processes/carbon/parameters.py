"""Parameters of the carbon model, one published set per vegetation class, and their values per cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from geocryoai.core.errors import ModelError, nearest
from geocryoai.processes.checks import Array, finite
from geocryoai.processes.constants import ZERO_CELSIUS


@dataclass(frozen=True)
class CarbonParameters:
    """Parameters of light use, respiration and decomposition.

    Every number may also be an array over cells; `carbon_parameters` makes one from a class per cell, and
    `dataclasses.replace` changes single fields.

    Attributes
    ----------
    light_use_efficiency : float or array
        Carbon fixed per absorbed light at no stress [g C MJ-1].
    tmin_low, tmin_high : float or array
        Daily minimum temperature at which production is nil and unstressed [degC].
    vpd_low, vpd_high : float or array
        Vapour pressure deficit at which production is unstressed and nil [Pa].
    root_moisture_low, root_moisture_high : float or array
        Root-zone degree of saturation at which production is nil and unstressed [1].
    frozen_multiplier : float or array
        Share of production left where the ground is frozen [1].
    lloyd_taylor : float or array
        Temperature sensitivity of decomposition [K].
    top_moisture_low, top_moisture_high : float or array
        Surface degree of saturation at which decomposition is nil and unstressed [1].
    autotrophic_fraction : float or array
        Share of production respired by the plants [1].
    metabolic_fraction : float or array
        Share of litter that enters the metabolic pool [1]; the rest enters the structural one.
    structural_transfer : float or array
        Share of structural loss that becomes recalcitrant instead of being respired [1].
    optimal_rate : float or array
        Decay rate of the metabolic pool at no stress [d-1].
    structural_ratio, recalcitrant_ratio : float or array
        Decay rates of the other pools as a share of `optimal_rate` [1].
    provenance : str
        Where the set is from.
    """

    light_use_efficiency: float | Array
    tmin_low: float | Array
    tmin_high: float | Array
    vpd_low: float | Array
    vpd_high: float | Array
    root_moisture_low: float | Array
    root_moisture_high: float | Array
    frozen_multiplier: float | Array
    lloyd_taylor: float | Array
    top_moisture_low: float | Array
    top_moisture_high: float | Array
    autotrophic_fraction: float | Array
    metabolic_fraction: float | Array
    structural_transfer: float | Array
    optimal_rate: float | Array
    structural_ratio: float | Array = 0.4
    recalcitrant_ratio: float | Array = 0.0093
    provenance: str = "set by the user"

    def __post_init__(self) -> None:
        for name in numeric_fields():
            value = finite(name, getattr(self, name))
            if name not in {"tmin_low", "tmin_high"} and (value < 0).any():
                raise ModelError("a parameter is negative", where=name, found=f"{value.min():g}", expected=">= 0")
        for name in ("tmin", "vpd", "root_moisture", "top_moisture"):
            low, high = np.asarray(getattr(self, f"{name}_low")), np.asarray(getattr(self, f"{name}_high"))
            if (low >= high).any():
                raise ModelError("a ramp ends before it begins", where=f"{name}_low, {name}_high",
                                 expected=f"{name}_low < {name}_high")  # fmt: skip
        for name in ("frozen_multiplier", "autotrophic_fraction", "metabolic_fraction", "structural_transfer"):
            if (np.asarray(getattr(self, name)) > 1).any():
                raise ModelError("a share is above 1", where=name, expected="0 to 1")


def numeric_fields() -> tuple[str, ...]:
    """Return the names of all numeric parameters."""
    return tuple(f.name for f in fields(CarbonParameters) if f.name != "provenance")


def _published(label: str, row: tuple[float, ...]) -> CarbonParameters:
    lue, t0, t1, v0, v1, rz, ft, b0, top, fraut, fmet, fstr, kopt = row
    return CarbonParameters(
        light_use_efficiency=lue,
        tmin_low=round(t0 - ZERO_CELSIUS, 6), tmin_high=round(t1 - ZERO_CELSIUS, 6),
        vpd_low=v0, vpd_high=v1,
        root_moisture_low=0.0, root_moisture_high=rz / 100,
        frozen_multiplier=ft, lloyd_taylor=b0,
        top_moisture_low=0.0, top_moisture_high=top / 100,
        autotrophic_fraction=fraut, metabolic_fraction=fmet, structural_transfer=fstr, optimal_rate=kopt,
        provenance=f"SMAP L4C biome properties Vv5012 of 2020-07-31, class {label}; doi:10.1109/TGRS.2017.2729343",
    )  # fmt: skip


# light use [g C MJ-1], Tmin ramp [K], VPD ramp [Pa], root-zone moisture top of ramp [%], frozen multiplier [1],
# Lloyd-Taylor b0 [K], surface moisture top of ramp [%], autotrophic, metabolic, structural shares [1], rate [d-1]
#: Published sets: evergreen and deciduous needleleaf, deciduous broadleaf, shrub (tundra), grass and sedge (tundra).
CLASSES: dict[str, CarbonParameters] = {
    label: _published(label, row)
    for label, row in {
        "ENF": (1.170236, 252.986263, 282.334224, 0.0, 3652.435995, 31.0, 0.773104, 266.053672, 25.0,
                0.311144, 0.49, 0.30, 0.022),
        "DNF": (2.03, 260.080552, 304.126246, 1479.37398, 3617.433863, 69.869197, 0.58499, 237.811605, 37.088534,
                0.225042, 0.67, 0.70, 0.032),
        "DBF": (1.33, 257.034643, 287.406829, 0.0, 6500.974627, 59.743385, 0.758036, 266.309178, 39.297253,
                0.249165, 0.67, 0.30, 0.026),
        "SHR": (0.95, 250.878185, 287.329312, 266.941774, 4482.410846, 62.82235, 0.671835, 240.705388, 45.1353,
                0.369063, 0.62, 0.35, 0.015),
        "GRS": (1.64, 249.958353, 300.949456, 0.11091, 4229.10426, 63.460743, 0.842071, 232.244955, 50.774238,
                0.427736, 0.76, 0.55, 0.020),
    }.items()
}  # fmt: skip


def carbon_parameters(classes: str | Sequence[str]) -> CarbonParameters:
    """Return the published parameters of one class, or of a class per cell.

    Parameters
    ----------
    classes : str or sequence of str
        ``"ENF"``, ``"DNF"``, ``"DBF"``, ``"SHR"`` or ``"GRS"``.

    Returns
    -------
    CarbonParameters
        With numbers for one class, with arrays of shape (cells,) for several.

    Raises
    ------
    ModelError
        A class has no published set; the message names the nearest.
    """
    labels = [classes] if isinstance(classes, str) else [str(c) for c in classes]
    used = sorted(set(labels))
    for label in used:
        if label not in CLASSES:
            raise ModelError("no carbon parameters for this vegetation class", where="classes", found=f"'{label}'",
                             expected=f"a published class; {nearest(label, CLASSES)}")  # fmt: skip
    if isinstance(classes, str):
        return CLASSES[classes]
    row = {label: i for i, label in enumerate(used)}
    of_cell = np.array([row[label] for label in labels], dtype=np.intp)
    values = {name: np.array([getattr(CLASSES[label], name) for label in used])[of_cell] for name in numeric_fields()}
    listed = ", ".join(used)
    return CarbonParameters(
        **values, provenance=f"SMAP L4C biome properties of {listed}; doi:10.1109/TGRS.2017.2729343"
    )
