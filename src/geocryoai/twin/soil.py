"""What the simulated ground is made of: an organic layer of any thickness over mineral soil, in cells of a column."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geocryoai.processes.column import Grid, Material, PowerCurve, Soil

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geocryoai.twin.parameters import Parameters

    Floats = NDArray[np.float64]

#: Cells with centres every 5 cm down to 1 m, then growing to the bottom [m].
_EVEN, _LAST_EVEN, _BOTTOM, _BELOW = 0.05, 1.0, 15.0, 10
#: Conductivity frozen over thawed [1], heat capacity of the solids [J m-3 K-1]: organic, mineral.
_FROZEN_RATIO, _SOLIDS = (2.4, 1.6), (0.25e6, 1.35e6)
#: Heat capacity of water and ice [J m-3 K-1], ice counted by the volume of its water.
_WATER, _ICE = 4.18e6, 1.93e6
#: Power curves: liquid water of peat at -1 degC [m3 m-3], exponents of peat and mineral soil [1].
_PEAT_WATER, _PEAT_EXPONENT, _MINERAL_EXPONENT = 0.03, -0.4, -0.5
#: Heat from below [W m-2].
_GEOTHERMAL = 0.05


def ground_grid() -> Grid:
    """Return the cells of the columns: a half cell at the surface, so that centres lie at multiples of 5 cm."""
    even = np.arange(0.5, _LAST_EVEN / _EVEN + 1) * _EVEN
    below = np.geomspace(1.0, _BOTTOM / even[-1], _BELOW + 1)[1:] * even[-1]
    return Grid.from_edges(np.concatenate([[0.0], even, below]))


def ground_soil(parameters: Parameters, organic_depth: Floats) -> Soil:
    """Return the columns of some cells.

    The cell in which the organic layer ends is made of both materials by their share, so that the layer has its true
    thickness on any grid.

    Parameters
    ----------
    parameters : Parameters
        Of these cells.
    organic_depth : array of float, shape (cells,)
        Thickness of the organic layer [m].
    """
    grid = ground_grid()
    cells = len(organic_depth)
    base = np.minimum(np.searchsorted(grid.edges, organic_depth, side="right") - 1, len(grid.depth) - 1)
    share = (organic_depth - grid.edges[base]) / grid.thickness[base]
    layer = np.arange(len(grid.depth))[:, None]
    kind = np.where(layer < base, 0, np.where(layer == base, 1, 2))
    materials = [_material(parameters, weight) for weight in (np.ones(cells), share, np.zeros(cells))]
    return Soil(grid, materials, kind * cells + np.arange(cells), _GEOTHERMAL)


def _material(parameters: Parameters, organic: Floats) -> Material:
    """Return the material of each cell whose volume is organic to a share [1]."""

    def mixed(peat: Floats | float, mineral: Floats | float) -> Floats:
        return np.asarray(organic * peat + (1 - organic) * mineral, float)

    water = mixed(parameters.organic_water, parameters.mineral_water)
    thawed = np.exp(mixed(np.log(parameters.organic_conductivity), np.log(parameters.mineral_conductivity)))
    solids = mixed(*_SOLIDS)
    curve = PowerCurve(mixed(_PEAT_WATER, parameters.unfrozen_water), mixed(_PEAT_EXPONENT, _MINERAL_EXPONENT))
    return Material(
        water, thawed, thawed * mixed(*_FROZEN_RATIO), solids + _WATER * water, solids + _ICE * water, curve
    )
