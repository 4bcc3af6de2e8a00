"""The truth of the simulated world as a file: for scoring, never an input."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from geocryoai.twin.cover import Cover
from geocryoai.twin.files import Layer, write_netcdf
from geocryoai.twin.ground import CURTAIN_DEPTHS, DEPTHS
from geocryoai.twin.parameters import Parameters

if TYPE_CHECKING:
    from pathlib import Path

    from geocryoai.twin.truth import Truth

_PARAMETER_UNITS = {"organic_conductivity": "W m-1 K-1", "mineral_conductivity": "W m-1 K-1"}
_MEAN = "time: mean area: mean"


def write_truth(path: Path, truth: Truth) -> None:
    """Write states, fluxes, cover and hidden parameters; the names are those that scores look for."""
    maps = truth.landscape.maps
    layers = {
        **_ground(truth),
        **_fluxes(truth),
        "sm_upland": Layer(maps(truth.moisture.upland), "1", long_name="degree of saturation of uplands",
                           cell_methods=_MEAN),
        "sm_wetland": Layer(maps(truth.moisture.wetland), "1", long_name="degree of saturation of wetlands",
                            cell_methods=_MEAN),
        **{f.name: Layer(maps(getattr(truth.cover, f.name)), "1") for f in fields(Cover) if f.name != "organic_depth"},
        "organic_depth": Layer(maps(truth.cover.organic_depth), "m"),
        **{
            f"parameter_{f.name}": Layer(maps(getattr(truth.parameters, f.name)), _PARAMETER_UNITS.get(f.name, "1"))
            for f in fields(Parameters)
        },
    }  # fmt: skip
    years = truth.months[::12].astype("datetime64[Y]")
    title = "Truth of the simulated Alaska: for scoring, never an input"
    write_netcdf(path, truth.landscape.grid, layers, title=title, months=truth.months, years=years)


def _ground(truth: Truth) -> dict[str, Layer]:
    maps, ground = truth.landscape.maps, truth.ground
    layers = {
        "alt": Layer(maps(ground.alt), "m", cell_methods="year: maximum area: mean"),
        "thaw_depth": Layer(maps(ground.thaw), "m", cell_methods="time: point area: mean"),
        "unfrozen": Layer(maps(ground.unfrozen), "m", long_name="thickness of unfrozen ground at the end of the month"),
        "ts": Layer(maps(ground.ts), "degC", cell_methods=_MEAN),
        "magt": Layer(
            maps(ground.magt), "degC", "tg", "mean annual ground temperature at 5 m", "year: mean area: mean"
        ),
        "talik": Layer(maps(ground.talik), "1", long_name="1 where ground above permafrost stays thawed all year"),
    }
    for i, depth in enumerate(DEPTHS):
        name = f"tg_{round(100 * depth)}cm"
        layers[name] = Layer(maps(ground.tg[:, i]), "degC", "tg", f"ground temperature at {depth:g} m", _MEAN)
    series = {"start": ground.curtain_start, "end": ground.curtain_end, "duration": ground.curtain_duration}
    for i, depth in enumerate(CURTAIN_DEPTHS):
        for part, values in series.items():
            since = "" if part == "duration" else ", days since 1 January of the year of the thaw"
            words = f"zero curtain at {depth:g} m: {part}{since}"
            layers[f"zero_curtain_{part}_{round(100 * depth)}cm"] = Layer(maps(values[:, i]), "d", long_name=words)
    return layers


def _fluxes(truth: Truth) -> dict[str, Layer]:
    maps, fluxes = truth.landscape.maps, truth.fluxes
    layers = {
        name: Layer(maps(getattr(fluxes, name)), "g C m-2 d-1", cell_methods=_MEAN) for name in ("gpp", "reco", "nee")
    }
    layers["fch4"] = Layer(maps(fluxes.fch4), "mg CH4 m-2 d-1", cell_methods=_MEAN)
    per_wetland = "methane flux per area of wetland"
    layers["fch4_wetland"] = Layer(maps(fluxes.fch4_wetland), "mg CH4 m-2 d-1", "fch4", per_wetland, _MEAN)
    return layers
