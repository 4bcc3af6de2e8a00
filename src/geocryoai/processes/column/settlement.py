"""How far the surface sinks as ice melts: the volume change of water in the pores, and excess ice that drains."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from geocryoai.processes.checks import Array
from geocryoai.processes.column.result import ColumnResult
from geocryoai.processes.constants import ICE_DENSITY, WATER_DENSITY


class Settlement(NamedTuple):
    """Lowering of the surface since the start [m], shape (time, columns).

    `pore` comes back as the ground refreezes; `excess` stays.
    """

    pore: Array
    excess: Array


def settlement(result: ColumnResult) -> Settlement:
    """Return the thaw settlement of a run.

    Pore ice loses 8.3 % of its volume as it melts, in saturated ground (Liu et al. 2012); excess ice loses all of it,
    once. The cells themselves keep their thickness.

    Parameters
    ----------
    result : ColumnResult
        With profiles.

    References
    ----------
    Liu, L. et al. (2012), J. Geophys. Res. 117, F01005, doi:10.1029/2011JF002041.
    """
    share = result.profile("liquid_share")
    index = result.soil.index
    start = result.tables.share_at(result.initial, index)
    dz = result.soil.grid.thickness[:, None]
    melted = share - start
    excess = result.tables.excess[index]
    pore = (result.tables.water[index] - excess) * dz
    expansion = WATER_DENSITY / ICE_DENSITY
    once = np.maximum(np.maximum.accumulate(melted, axis=0), 0.0)
    return Settlement((expansion - 1.0) * (melted * pore).sum(axis=1), expansion * (once * excess * dz).sum(axis=1))
