"""The single trees of a study's forest, in the layout of SIBBORK."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from geocryoai.core.errors import StudyError

if TYPE_CHECKING:
    from pathlib import Path

    import xarray as xr

    from geocryoai.core.study import RunSection


def write_trees(runs: Mapping[str, RunSection], fields: xr.Dataset, path: Path, *, title: str) -> None:
    """Grow the first replicate of the one forest among the runs again, and write the trees of its ``tree_years``.

    Parameters
    ----------
    runs : dict of str to RunSection
    fields : xarray.Dataset
        On a grid whose cells are plots.
    path : Path
        HDF5 file, replaced if there.
    title : str

    Raises
    ------
    StudyError
        There is no forest among the runs, or more than one, or it names no ``tree_years``.
    ModelError
        A cell has no value, or the cells are not plots.
    """
    from geocryoai.cube.store import grid_of
    from geocryoai.processes.maps import MAP_PROCESSES
    from geocryoai.processes.maps.blocks import whole_map
    from geocryoai.processes.maps.forest import simulate_cells
    from geocryoai.products.forest import write_forest_sibbork

    forests = [name for name, section in runs.items() if section.process == "forest"]
    if len(forests) != 1:
        raise StudyError([f"--trees: {len(forests)} runs of the process forest; name one by --run"])
    name, section, process = forests[0], runs[forests[0]], MAP_PROCESSES.get("forest")
    options = process.read_options(section.options)
    where = f"simulate.{name}.options"
    if not options.tree_years:
        raise StudyError([f"{where}.tree_years: missing; --trees writes the trees of these years"])
    side, resolution = float(np.sqrt(options.plot_area)), grid_of(fields).resolution
    if not np.isclose(side, resolution, rtol=1e-3):
        raise StudyError([f"domain.resolution: --trees needs cells that are plots, {side:g} m, not {resolution:g} m"])
    cells, inside = whole_map(process, fields, section.drivers or None, section.fill, section.options)
    if not inside.all():
        raise StudyError([f"--trees: {int((~inside).sum())} cells have no value; the layout knows no gaps"])
    result = simulate_cells(cells, options, 1)
    y, x = (fields[axis].to_numpy() for axis in ("y", "x"))
    corner = (float(x[0]) - side / 2, float(y[0]) + side / 2)
    write_forest_sibbork(result, path, rows=y.size, columns=x.size, corner=corner, title=title)
