"""Grids that products are known to come on, to the last digit.

Sources
-------
EASE-Grid 2.0 (Brodzik et al. 2012, doi:10.3390/ijgi1010032, corrected by doi:10.3390/ijgi3031154): the global cells of
SMAP are 36 032.220840584 m divided by 4 and 36, not 9000 m and 1000 m, which would drift by 31 km across the grid.
"""

from __future__ import annotations

from geocryoai.sources._layout import KnownGrid


def _ease2_global(parts: int, width: int, height: int) -> KnownGrid:
    """Return global EASE-Grid 2.0 with the cell of 36 km divided by `parts`."""
    cell = 9008.055210146 * 4 / parts
    return KnownGrid(crs="EPSG:6933", left=-17_367_530.45, top=7_314_540.83, cell=cell, width=width, height=height)


def _ease2_north(cell: float, cells: int) -> KnownGrid:
    """Return EASE-Grid 2.0 North with a cell side [m]."""
    return KnownGrid(crs="EPSG:6931", left=-9_000_000.0, top=9_000_000.0, cell=cell, width=cells, height=cells)


#: Global EASE-Grid 2.0 at 36, 9 and 1 km.
EASE2_M36 = _ease2_global(1, 964, 406)
EASE2_M09 = _ease2_global(4, 3856, 1624)
EASE2_M01 = _ease2_global(36, 34704, 14616)

#: EASE-Grid 2.0 North at 36, 9 and 3 km.
EASE2_N36 = _ease2_north(36_000.0, 500)
EASE2_N09 = _ease2_north(9_000.0, 2000)
EASE2_N03 = _ease2_north(3_000.0, 6000)

#: The permafrost model GIPL 2.0 at 1 km over Alaska (SNAP); files drift from it by millimetres to decimetres.
GIPL_1KM = KnownGrid(crs="EPSG:3338", left=-979_791.709, top=2_375_479.751, cell=1000.0, width=2471, height=1941)
