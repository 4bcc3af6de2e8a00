"""The carbon model on maps: production, respiration and net exchange of every cell, as shares of vegetation classes.

Every class of a cell (ground, shrub, tree) has its own published parameters and pools; fluxes are weighted by area.
Monthly means stand for the daily minimum of air temperature where that is not given, and the share of time at which
the surface is frozen follows from monthly air temperature whose days scatter by 4 degC. Soil temperature is that of
the driver `ts` (a run of the ground column, say), or follows from air temperature and snow without latent heat.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from geocryoai.core.errors import ModelError
from geocryoai.processes.carbon import CLASSES, carbon_parameters, par_from_shortwave, simulate_carbon
from geocryoai.processes.checks import Array, between
from geocryoai.processes.maps.contract import Cells, Driver, MapProcess, Output
from geocryoai.processes.maps.vegetation import absorbed_share, class_shares

#: Scatter of daily means within a month [degC], as in the snow model.
_DAILY_SD = 4.0


@dataclass(frozen=True)
class CarbonOptions:
    """Options of the carbon model on maps.

    Attributes
    ----------
    ground_class, shrub_class, tree_class : str, default "GRS", "SHR", "ENF"
        Published classes of the open ground and of the shares `shrub_fraction` and `tree_fraction`.
    saturation : float, default 0.8
        Degree of saturation of the soil where no moisture is given [1].
    porosity : float, default 0.5
        By which volumetric moisture `sm` is divided [1].
    spin_up_years : int, default 10
        The start is the steady state of the mean of so many first years.
    """

    ground_class: str = "GRS"
    shrub_class: str = "SHR"
    tree_class: str = "ENF"
    saturation: float = 0.8
    porosity: float = 0.5
    spin_up_years: int = 10

    def __post_init__(self) -> None:
        for name in ("ground_class", "shrub_class", "tree_class"):
            carbon_parameters(str(getattr(self, name)))
        between("saturation [1]", self.saturation, 0.0, 1.0)
        between("porosity [1]", self.porosity, 0.05, 1.0)


def _outputs(_: CarbonOptions) -> tuple[Output, ...]:
    flux = "g C m-2 d-1"
    return (
        Output("gpp", flux, "gross primary production (positive = uptake)", positive="down",
               standard_name="gross_primary_productivity_of_biomass_expressed_as_carbon"),
        Output("reco", flux, "ecosystem respiration (positive = release)", positive="up"),
        Output("rh", flux, "heterotrophic respiration (positive = release)", positive="up"),
        Output("nee", flux, "net ecosystem exchange of CO2 (positive = release)", positive="up"),
        Output("labile", "g C m-2", "labile litter carbon at the end of the month", cell_methods="time: point"),
    )  # fmt: skip


def _run(cells: Cells, options: CarbonOptions) -> dict[str, Array]:
    from scipy.special import ndtr

    drivers = cells.values
    tas = drivers["tas"]
    soil = drivers["ts"] if "ts" in drivers else _soil_temperature(drivers)
    wet = np.full(tas.shape, options.saturation)
    if "sm" in drivers:
        wet = np.clip(drivers["sm"] / options.porosity, 0.0, 1.0)
    given = {
        "par": par_from_shortwave(drivers["rsds"]),
        "fpar": absorbed_share(drivers),
        "tmin": drivers.get("tasmin", tas),
        "vpd": _dry_air(drivers),
        "ts": soil,
        "soil_moisture": wet,
        "frozen": ndtr(-tas / _DAILY_SD),
    }
    total = {output.name: np.zeros(tas.shape) for output in _outputs(options)}
    classes = class_shares(drivers, cells.count, options.ground_class, options.shrub_class, options.tree_class)
    for label, share in classes:
        fluxes = simulate_carbon(**given, days=cells.days, params=CLASSES[label], spinup_years=options.spin_up_years)
        for name in ("gpp", "rh", "reco"):
            total[name] += share * getattr(fluxes, name)
        total["labile"] += share * fluxes.pools.metabolic
    total["nee"] = total["reco"] - total["gpp"]
    return total


def _soil_temperature(drivers: Mapping[str, Array]) -> Array:
    if "snd" not in drivers:
        raise ModelError("the soil temperature is not known", where="process carbon",
                         expected="the driver ts, or snd (snow depth), from which it is estimated")  # fmt: skip
    from geocryoai.processes.soil_temperature import soil_temperature_monthly

    return soil_temperature_monthly(drivers["tas"], drivers["snd"])


def _dry_air(drivers: Mapping[str, Array]) -> Array:
    """Return the vapour pressure deficit [Pa]; 0 where neither it nor vapour pressure is given.

    Saturation over water after Alduchov and Eskridge (1996, doi:10.1175/1520-0450(1996)035<0601:IMFAOS>2.0.CO;2).
    """
    tas = drivers["tas"]
    if "vpd" in drivers:
        return drivers["vpd"]
    if "vp" not in drivers:
        return np.zeros(tas.shape)
    return np.maximum(610.94 * np.exp(17.625 * tas / (tas + 243.04)) - drivers["vp"], 0.0)


CARBON = MapProcess(
    "carbon",
    "carbon dioxide: light-use-efficiency production, respiration of plants and of three litter pools",
    (
        Driver("tas", "degC", "monthly mean air temperature", required=True, low=-90.0, high=60.0),
        Driver("rsds", "W m-2", "shortwave radiation", required=True, positive="down", low=0.0, high=1500.0),
        Driver("fpar", "1", "absorbed share of light; or `evi`, `ndvi`, `lai`", low=0.0, high=1.0),
        Driver("evi", "1", "enhanced vegetation index", low=-1.0, high=1.0),
        Driver("ndvi", "1", "normalized difference vegetation index", low=-1.0, high=1.0),
        Driver("lai", "1", "leaf area index", low=0.0, high=15.0),
        Driver("ts", "degC", "soil temperature; without it `snd`", low=-70.0, high=60.0),
        Driver("snd", "m", "snow depth, where there is no `ts`", low=0.0, high=30.0),
        Driver("tasmin", "degC", "daily minimum of air temperature", low=-90.0, high=60.0),
        Driver("vpd", "Pa", "vapour pressure deficit; or `vp`", low=0.0, high=10_000.0),
        Driver("vp", "Pa", "vapour pressure", low=0.0, high=10_000.0),
        Driver("sm", "1", "volumetric soil moisture", low=0.0, high=1.0),
        Driver("shrub_fraction", "1", "shrub area fraction", static=True, low=0.0, high=1.0),
        Driver("tree_fraction", "1", "tree area fraction", static=True, low=0.0, high=1.0),
    ),
    CarbonOptions,
    _outputs,
    _run,
    lambda months, _: 8.0 * 60 * months,
)
