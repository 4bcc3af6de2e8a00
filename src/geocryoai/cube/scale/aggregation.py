"""Area-true averages from fine cells to coarse ones, with the variance inside and the number of cells seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geocryoai.core.errors import CubeError
from geocryoai.core.projection import read_crs
from geocryoai.cube.overlap import overlap_shares

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray
    from scipy.sparse import csr_array

    from geocryoai.core.grid import Grid

    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Moments:
    """What the fine cells say of each coarse cell; arrays of shape (..., rows, columns) of the coarse grid.

    Attributes
    ----------
    mean : array
        Area mean of the valid part; NaN where the valid share is too small.
    variance : array
        Variance of the fine values within the coarse cell, area weighted (population form) [unit squared].
    count : array
        Effective number of fine cells: squared sum of weights over the sum of squared weights.
    share : array
        Share of the coarse cell's area with valid fine values [1].
    """

    mean: Floats
    variance: Floats
    count: Floats
    share: Floats


def aggregate(values: ArrayLike, fine: Grid, coarse: Grid, *, min_share: float = 0.5) -> Moments:
    """Average a field from one grid to a coarser one of the same equal-area projection, with fractional cells.

    The integral of a field without gaps over the area that both grids cover is kept to rounding.

    Parameters
    ----------
    values : array_like, shape (..., rows, columns) of `fine`
        NaN where missing.
    fine, coarse : Grid
        Of the same CRS; they need not nest. Fields of other projections are brought to a grid by the harmonize stage.
    min_share : float
        Least valid share of a coarse cell [1] for a mean.

    Returns
    -------
    Moments

    Raises
    ------
    CubeError
        The projections differ, or the shape is not that of `fine`.

    Examples
    --------
    >>> from geocryoai.core.grid import Grid
    >>> fine = Grid("EPSG:3338", 0.0, 2000.0, 1000.0, 3, 2)
    >>> coarse = Grid("EPSG:3338", 0.0, 2000.0, 1500.0, 2, 1)
    >>> aggregate([[1.0, 1.0, 4.0], [1.0, 1.0, 4.0]], fine, coarse).mean.round(6).tolist()
    [[1.0, 3.0]]
    """
    field = np.asarray(values, np.float64)
    if read_crs(fine.crs) != read_crs(coarse.crs):
        raise CubeError("the projections of the two grids differ", where="aggregate", found=f"{fine.crs}, {coarse.crs}",
                        next_step="Bring the field to a grid of the coarse projection first.")  # fmt: skip
    if field.shape[-2:] != fine.shape:
        raise CubeError("the field does not fit its grid", where="values", found=f"shape {field.shape}",
                        expected=f"(..., {fine.height}, {fine.width})")  # fmt: skip
    rows, columns = overlap_shares(fine.y_edges, coarse.y_edges), overlap_shares(fine.x_edges, coarse.x_edges)
    valid = np.isfinite(field)
    filled = np.where(valid, field, 0.0)
    share = _weighted(valid.astype(np.float64), rows, columns)
    enough = (share > 0) & (share >= min_share - 1e-9)
    mean = np.divide(_weighted(filled, rows, columns), share, out=np.full(share.shape, np.nan), where=enough)
    centre = np.nanmean(field) if valid.any() else 0.0
    apart = np.where(valid, field - centre, 0.0)
    square = np.divide(_weighted(apart**2, rows, columns), share, out=np.full(share.shape, np.nan), where=enough)
    squared_weights = _weighted(valid.astype(np.float64), rows.power(2), columns.power(2))
    count = np.divide(share**2, squared_weights, out=np.zeros(share.shape), where=squared_weights > 0)
    return Moments(mean, np.maximum(square - (mean - centre) ** 2, 0.0), count, share)


def _weighted(field: Floats, rows: csr_array, columns: csr_array) -> Floats:
    flat = field.reshape(-1, *field.shape[-2:])
    out = np.stack([rows @ (columns @ layer.T).T for layer in flat])
    return np.asarray(out.reshape(*field.shape[:-2], *out.shape[-2:]), np.float64)
