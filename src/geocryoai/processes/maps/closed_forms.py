"""Closed forms on maps: Stefan, Kudryavtsev and the temperature at the top of permafrost, year by year."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from geocryoai.processes.checks import Array, at_least, between
from geocryoai.processes.maps.contract import Cells, Driver, MapProcess, Output

if TYPE_CHECKING:
    from geocryoai.processes.ground import Ground

_TAS = Driver("tas", "degC", "monthly mean air temperature", required=True, low=-90.0, high=60.0)
_SND = Driver("snd", "m", "snow depth", low=0.0, high=30.0)
_ORGANIC = Driver("organic_depth", "m", "thickness of the organic layer", static=True, low=0.0, high=20.0)
_WITHIN = "time: maximum within years"
_ALT = "permafrost_active_layer_thickness"


@dataclass(frozen=True)
class StefanOptions:
    """Options of the Stefan equation on maps.

    Attributes
    ----------
    edaphic : float, default 0.02
        Edaphic factor where no organic depth is given [m (degC d)^-0.5].
    n_thaw : float, default 0.9
        Ratio of surface to air degree days, where it is [1].
    """

    edaphic: float = 0.02
    n_thaw: float = 0.9

    def __post_init__(self) -> None:
        at_least("edaphic [m (degC d)^-0.5]", self.edaphic)
        between("n_thaw [1]", self.n_thaw, 0.0, 2.0)


@dataclass(frozen=True)
class WaveOptions:
    """Options of Kudryavtsev's model and of TTOP on maps: none but the density of snow and the thawing n-factor.

    Attributes
    ----------
    snow_density : float, default 270
        [kg m-3].
    n_thaw : float, default 0.9
        Of TTOP [1].
    """

    snow_density: float = 270.0
    n_thaw: float = 0.9

    def __post_init__(self) -> None:
        between("snow_density [kg m-3]", self.snow_density, 50.0, 600.0)
        between("n_thaw [1]", self.n_thaw, 0.0, 2.0)


def _degree_days(cells: Cells) -> tuple[Array, Array]:
    """Return thawing and freezing degree days [degC d], shape (years, cells)."""
    from geocryoai.processes.degree_days import degree_days

    days = cells.by_year(cells.days)
    tas = cells.by_year(cells.values["tas"])
    return degree_days(tas, np.broadcast_to(days, tas.shape), axis=1)


def _silt() -> Ground:
    """Return the silt of the soil classes as the closed forms take it."""
    from geocryoai.processes.ground import Ground
    from geocryoai.processes.maps.soils import SOILS

    return Ground(**{field.name: float(np.asarray(getattr(SOILS["silt"], field.name))) for field in fields(Ground)})


def _stefan(cells: Cells, options: StefanOptions) -> dict[str, Array]:
    from geocryoai.processes.maps.soils import SOILS
    from geocryoai.processes.stefan import edaphic_stefan, layered_stefan

    tdd, _ = _degree_days(cells)
    organic = cells.get("organic_depth")
    if organic is None:
        return {"alt": edaphic_stefan(tdd, options.edaphic)}
    layers = [SOILS["organic"], SOILS["silt"]]
    thickness = np.stack([np.broadcast_to(organic, tdd.shape), np.full(tdd.shape, np.inf)], axis=-1)
    conductivity, water = (np.broadcast_to([float(np.asarray(getattr(m, name))) for m in layers], thickness.shape)
                           for name in ("conductivity_thawed", "water_content"))  # fmt: skip
    return {"alt": layered_stefan(tdd, thickness, conductivity, water, options.n_thaw)}


def _kudryavtsev(cells: Cells, options: WaveOptions) -> dict[str, Array]:
    from geocryoai.processes.kudryavtsev import kudryavtsev

    tas = cells.by_year(cells.values["tas"])
    days = cells.by_year(cells.days)
    mean = (tas * days).sum(axis=1) / days.sum(axis=1)
    snow = _winter_snow(cells, tas)
    found = kudryavtsev(mean, 0.5 * (tas.max(axis=1) - tas.min(axis=1)), _silt(), snow_depth=snow,
                        snow_density=options.snow_density)  # fmt: skip
    return {"alt": np.where(found.permafrost, found.depth, np.nan), "top_temperature": found.top_temperature}


def _ttop(cells: Cells, options: WaveOptions) -> dict[str, Array]:
    from geocryoai.processes.snow import freezing_n_factor
    from geocryoai.processes.ttop import ttop

    tdd, fdd = _degree_days(cells)
    snow = _winter_snow(cells, cells.by_year(cells.values["tas"]))
    silt = _silt()
    ratio = np.asarray(silt.conductivity_thawed) / np.asarray(silt.conductivity_frozen)
    period = cells.by_year(cells.days).sum(axis=1)
    n_freeze = freezing_n_factor(snow, options.snow_density)
    return {"top_temperature": ttop(tdd, fdd, options.n_thaw, n_freeze, ratio, 1.0) / period}


def _winter_snow(cells: Cells, tas: Array) -> Array:
    """Return the mean snow depth of the months below 0 degC [m], shape (years, cells)."""
    snd = cells.get("snd")
    if snd is None:
        return np.zeros((tas.shape[0], tas.shape[2]))
    winter = tas < 0.0
    months = np.maximum(winter.sum(axis=1), 1)
    return np.asarray(np.where(winter, cells.by_year(snd), 0.0).sum(axis=1) / months)


def _alt(gaps: str = "") -> Output:
    return Output("alt", "m", "active layer thickness", "year", _WITHIN, _ALT, gaps=gaps)


_TOP = Output("top_temperature", "degC", "mean annual temperature at the top of permafrost, or below seasonal frost",
              "year", "time: mean within years")  # fmt: skip

STEFAN = MapProcess(
    "stefan",
    "the Stefan equation; layered, organic over silt, where the organic depth is given",
    (_TAS, _ORGANIC),
    StefanOptions,
    lambda _: (_alt(),),
    _stefan,
    lambda months, _: 8.0 * 12 * months,
)
KUDRYAVTSEV = MapProcess(
    "kudryavtsev",
    "Kudryavtsev's model of a yearly wave through snow into silt",
    (_TAS, _SND),
    WaveOptions,
    lambda _: (_alt("there is no permafrost"), _TOP),
    _kudryavtsev,
    lambda months, _: 8.0 * 12 * months,
)
TTOP = MapProcess(
    "ttop",
    "the temperature at the top of permafrost from degree days",
    (_TAS, _SND),
    WaveOptions,
    lambda _: (_TOP,),
    _ttop,
    lambda months, _: 8.0 * 12 * months,
)
