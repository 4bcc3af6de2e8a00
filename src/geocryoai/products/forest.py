"""A simulated forest as files: CF NetCDF, and HDF5 in the layout of SIBBORK."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from geocryoai.core.errors import ModelError
from geocryoai.cube.netcdf import write_netcdf
from geocryoai.sources.sibbork_layout import SibborkRun, write_sibbork

if TYPE_CHECKING:
    import xarray as xr

    from geocryoai.processes.forest import ForestResult


def write_forest_netcdf(dataset: xr.Dataset, path: Path) -> None:
    """Write what `forest_dataset` gives as CF NetCDF-4; CRS, units and shapes are checked by reading it back."""
    write_netcdf(dataset, path)


def write_forest_sibbork(
    result: ForestResult, path: Path, *, rows: int, columns: int, corner: tuple[float, float], title: str = ""
) -> None:
    """Write the years whose trees were kept in SIBBORK's layout; replicates are not part of it.

    Parameters
    ----------
    result : ForestResult
        With ``tree_years`` in its options, plots in row-major order from the north-west.
    path : Path
        Replaced if there.
    rows, columns : int
        Plots from north to south and from west to east.
    corner : tuple of float
        West and north edge of the grid [m].
    title : str
        Name of the run.

    Raises
    ------
    ModelError
        No trees were kept, the plots do not fill the grid, or the trees do not have the basal area of the plots.
    """
    trees = result.trees
    if not trees.years.size:
        raise ModelError("no trees were kept", where="ForestOptions.tree_years", expected="the years to be written")
    if rows * columns != len(result.terrain):
        raise ModelError("the plots do not fill the grid", found=f"{len(result.terrain)} plots",
                         expected=f"{rows} x {columns}")  # fmt: skip
    grid = (trees.years.size, rows, columns)
    places = trees.years - result.years[0]
    mass = np.moveaxis(result.biomass[places], 1, 2).reshape(*grid, -1) * result.plot_area / 1000.0
    run = SibborkRun(
        trees.years, result.species.codes, trees.diameter.reshape(*grid, -1), trees.species.reshape(*grid, -1), mass,
        corner, float(np.sqrt(result.plot_area)), title,
    )  # fmt: skip
    _conserved(run, result, places)
    write_sibbork(run, path)


def _conserved(run: SibborkRun, result: ForestResult, places: np.ndarray) -> None:
    """Raise where the single trees do not add up to the basal area of the plots."""
    ground = result.plot_area / 10_000.0
    expected = np.moveaxis(result.basal_area[places], 1, 2).reshape(run.biomass.shape) * ground
    if not np.allclose(run.basal_area(), expected, rtol=1e-4, atol=1e-6):
        raise ModelError("the trees do not have the basal area of their plots", where="write_forest_sibbork")
