"""The methane model on maps: production, oxidation and emission of every cell, per area of wetland and of the cell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geocryoai.processes.checks import Array, between
from geocryoai.processes.maps.contract import Cells, Driver, MapProcess, Output
from geocryoai.processes.methane import simulate_methane


@dataclass(frozen=True)
class MethaneOptions:
    """Options of the methane model on maps.

    Attributes
    ----------
    anaerobic_fraction : float, default 0.8
        Share of the wetland soil below the water table where no field gives it [1].
    longest_step : float, default 5
        Months are divided into steps no longer than this [d].
    """

    anaerobic_fraction: float = 0.8
    longest_step: float = 5.0

    def __post_init__(self) -> None:
        between("anaerobic_fraction [1]", self.anaerobic_fraction, 0.0, 1.0)
        between("longest_step [d]", self.longest_step, 0.1, 31.0)


def _outputs(_: MethaneOptions) -> tuple[Output, ...]:
    flux = "mg CH4 m-2 d-1"
    return (
        Output("fch4", flux, "methane flux per area of the cell (positive = emission)", positive="up"),
        Output("fch4_wetland", flux, "methane flux per area of wetland (positive = emission)", positive="up"),
    )


def _run(cells: Cells, options: MethaneOptions) -> dict[str, Array]:
    drivers = cells.values
    ts = drivers["ts"]
    liquid = drivers["liquid_fraction"] if "liquid_fraction" in drivers else np.clip(1.0 + 0.425 * ts, 0.15, 1.0)
    wet = drivers.get("anaerobic_fraction", np.full(ts.shape, options.anaerobic_fraction))
    fluxes = simulate_methane(
        labile=drivers["labile"],
        ts=ts,
        anaerobic_fraction=wet,
        liquid_fraction=np.clip(liquid, 0.0, 1.0),
        days=cells.days,
        wetland_fraction=drivers["wetland_fraction"],
        mineralisation=drivers.get("rh"),
        longest_step=options.longest_step,
    )
    return {"fch4": fluxes.grid_emission, "fch4_wetland": fluxes.emission}


METHANE = MapProcess(
    "methane",
    "methane: production, storage, oxidation and three ways into the air",
    (
        Driver("ts", "degC", "soil temperature", required=True, low=-70.0, high=60.0),
        Driver("labile", "g C m-2", "labile carbon, `labile` of the process carbon", required=True, low=0.0),
        Driver("wetland_fraction", "1", "wetland area fraction", static=True, required=True, low=0.0, high=1.0),
        Driver("liquid_fraction", "1", "liquid share of the soil water; without it by temperature", low=0.0, high=1.0),
        Driver("anaerobic_fraction", "1", "share of the wetland soil below the water table", low=0.0, high=1.0),
        Driver("rh", "g C m-2 d-1", "heterotrophic respiration, which bounds production", positive="up", low=0.0),
    ),
    MethaneOptions,
    _outputs,
    _run,
    lambda months, _: 8.0 * 40 * months,
)
