"""Thaw and freeze-up as the coarse model has them: layered Stefan with vegetation and snow between air and soil."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geocryoai.processes.degree_days import positive_part_mean
from geocryoai.processes.snow import freezing_n_factor
from geocryoai.processes.soil_temperature import surface_temperature
from geocryoai.processes.stefan import layered_stefan
from geocryoai.twin.weather import DAILY_SPREAD

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geocryoai.twin.handbook import Handbook

    Floats = NDArray[np.float64]

#: Density of snow where it insulates the ground [kg m-3].
_SNOW_DENSITY = 300.0
#: Conductivity of frozen over thawed ground [1], organic and mineral.
_FROZEN_RATIO = np.array([2.4, 1.6])
#: Top soil to surface temperature in summer [1].
_SUMMER_DAMPING = 0.8
#: Unfrozen ground above which freezing goes on [m], and the temperature it then holds the top soil at [degC].
_CURTAIN, _CURTAIN_TEMPERATURE = 0.02, -0.5
#: Month (0 = January) from which a winter's frost sum counts.
_WINTER_STARTS = 7


@dataclass(frozen=True)
class CoarseGround:
    """State of the ground by closed forms.

    Attributes
    ----------
    alt : array of float, shape (years, cells)
        Active-layer thickness: thaw depth at the end of the season [m].
    thaw : array of float, shape (months, cells)
        Depth of the thaw front at the end of the month, zero before thaw begins [m].
    unfrozen : array of float, shape (months, cells)
        Thickness of unfrozen ground at the end of the month; above zero in the zero curtain of autumn [m].
    ts : array of float, shape (months, cells)
        Temperature of the top soil [degC]; held just below 0 degC while the ground freezes.
    """

    alt: Floats
    thaw: Floats
    unfrozen: Floats
    ts: Floats


def thaw_and_freeze(
    parameters: Handbook, organic_depth: Floats, tas: Floats, snd: Floats, days: Floats
) -> CoarseGround:
    """Return thaw depth and unfrozen thickness through whole years.

    Parameters
    ----------
    parameters : Handbook
    organic_depth : array of float, shape (cells,)
        Thickness of the organic layer [m].
    tas, snd : array of float, shape (months, cells)
        Air temperature [degC] and snow depth [m], from January.
    days : array of float, shape (months,)
        Length of the months [d].
    """
    years, cells = tas.shape[0] // 12, tas.shape[1]
    thawing = positive_part_mean(tas, DAILY_SPREAD) * days[:, None]
    freezing = (thawing - tas * days[:, None]) * freezing_n_factor(snd, _SNOW_DENSITY)

    layers = np.stack([organic_depth, np.zeros(cells)], axis=-1)
    conductivity = np.stack([parameters.organic_conductivity, parameters.mineral_conductivity], axis=-1)
    water = np.stack([parameters.organic_water, parameters.mineral_water], axis=-1)
    thaw_sum = thawing.reshape(years, 12, cells).cumsum(axis=1)
    thaw = layered_stefan(thaw_sum, layers, conductivity, water, parameters.n_thaw)
    alt = thaw[:, -1]

    frost_sum = _winter_sums(freezing)
    front = layered_stefan(frost_sum, layers, conductivity * _FROZEN_RATIO, water).reshape(thaw.shape)
    before = np.concatenate([alt[:1], alt[:-1]])
    unfrozen = np.maximum(0.0, thaw - front)
    spring = slice(0, _WINTER_STARTS)
    unfrozen[:, spring] = thaw[:, spring] + np.maximum(0.0, before[:, None] - front[:, spring])
    unfrozen = unfrozen.reshape(-1, cells)
    thaw = np.where(unfrozen > 0, thaw.reshape(-1, cells), 0.0)
    ts = surface_temperature(tas, snd, n_thaw=_SUMMER_DAMPING * parameters.n_thaw, snow_density=_SNOW_DENSITY)
    curtain = (tas <= 0) & (unfrozen > _CURTAIN)
    return CoarseGround(
        alt=alt, thaw=thaw, unfrozen=unfrozen, ts=np.where(curtain, np.maximum(ts, _CURTAIN_TEMPERATURE), ts)
    )


def _winter_sums(freezing: Floats) -> Floats:
    """Return the frost sum since the first of August before each month; the first winter is taken as the second."""
    months = np.arange(len(freezing))
    winter = (months - _WINTER_STARTS) // 12
    total = np.empty_like(freezing)
    for index in np.unique(winter):
        inside = winter == index
        total[inside] = freezing[inside].cumsum(axis=0)
    if len(freezing) > 12:
        total[:_WINTER_STARTS] = total[12 : 12 + _WINTER_STARTS]
    else:
        total[:_WINTER_STARTS] += freezing[_WINTER_STARTS:12].sum(axis=0)
    return total
