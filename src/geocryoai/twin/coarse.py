"""A coarse process-model product of the simulated Alaska: handbook parameters, mapped inputs, and known faults."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from geocryoai.core.grid import Grid
from geocryoai.twin.coarse_fluxes import coarse_fluxes
from geocryoai.twin.coarse_ground import thaw_and_freeze
from geocryoai.twin.fields import block_mean
from geocryoai.twin.handbook import handbook

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geocryoai.twin.cover import Cover
    from geocryoai.twin.drivers import Drivers
    from geocryoai.twin.options import TwinOptions
    from geocryoai.twin.truth import Truth

    Floats = NDArray[np.float64]
    Part = TypeVar("Part")

#: Faults at ``coarse.bias = 1``: wetlands too wide and respiration too weak [1], thaw too deep [1].
_WETLAND, _RESPIRATION, _THAW = 0.3, 0.15, 0.1


@dataclass(frozen=True)
class CoarseModel:
    """Output of the coarse model on its own grid; arrays (months, rows, columns), NaN where there is no land.

    Attributes
    ----------
    grid : Grid
    nee : array of float
        [g C m-2 d-1], positive upward (release).
    fch4 : array of float
        Methane per area of the cell [mg CH4 m-2 d-1], positive upward.
    alt : array of float
        Active-layer thickness of the year, repeated in each of its months [m].
    """

    grid: Grid
    nee: Floats
    fch4: Floats
    alt: Floats


def run_coarse_model(options: TwinOptions, truth: Truth, mapped: Cover, drivers: Drivers) -> CoarseModel:
    """Run the processes on block means of maps and drivers; nothing of the truth enters.

    The faults are those reported of such models: emission stops when the air freezes (Miller et al. 2016,
    doi:10.1002/2016GB005419), wetlands are too wide, cold-season respiration is too weak.
    """
    grid = truth.landscape.grid.coarsen(options.coarse.factor)
    land = np.isfinite(_blocks(options, truth, np.zeros(truth.landscape.cells)))

    def coarse(part: Part) -> Part:
        means = {f.name: _blocks(options, truth, getattr(part, f.name))[..., land] for f in fields(part)}  # type: ignore[arg-type]
        return replace(part, **means)  # type: ignore[type-var]

    cover, weather, snow = coarse(mapped), coarse(drivers.weather), coarse(drivers.snow)
    lai = _blocks(options, truth, drivers.lai)[..., land]
    bias = options.coarse.bias
    base = handbook(cover)
    parameters = replace(
        base,
        respiration=base.respiration * np.exp(-_RESPIRATION * bias),
        n_thaw=base.n_thaw * (1 + _THAW * bias) ** 2,
    )
    wet = replace(cover, wetland_fraction=np.clip(cover.wetland_fraction * (1 + _WETLAND * bias), 0, 1))
    ground = thaw_and_freeze(parameters, cover.organic_depth, weather.tas, snow.depth, truth.days)
    fluxes = coarse_fluxes(parameters, wet, weather, lai, ground, truth.days)
    shut = np.clip(1 - bias * (weather.tas < 0), 0, 1)
    return CoarseModel(
        grid=grid,
        nee=_maps(fluxes.nee, land),
        fch4=_maps(fluxes.fch4 * shut, land),
        alt=_maps(np.repeat(ground.alt, 12, axis=0), land),
    )


def _blocks(options: TwinOptions, truth: Truth, values: Floats) -> Floats:
    """Return block means of values of the land cells (..., cells) as (..., rows, columns)."""
    return block_mean(truth.landscape.maps(values).astype(np.float64), options.coarse.factor)


def _maps(values: Floats, land: NDArray[np.bool_]) -> Floats:
    out = np.full((*values.shape[:-1], *land.shape), np.nan)
    out[..., land] = values
    return out
