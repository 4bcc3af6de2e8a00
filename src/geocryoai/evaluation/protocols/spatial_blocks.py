"""Spatial blocks: squares of the map are left out whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from geocryoai.core.errors import ProtocolError
from geocryoai.evaluation.distance import beyond_buffer, located
from geocryoai.evaluation.folds import Fold, Split, assemble, measured_rows
from geocryoai.evaluation.groups import fold_name, fold_numbers, merge_labels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geocryoai.cube.samples import Floats, Ints, Samples

BlockUnit = Literal["degree", "m"]


def spatial_blocks(
    samples: Samples,
    *,
    size: float = 0.5,
    unit: BlockUnit = "degree",
    crs: str = "EPSG:6931",
    folds: int | None = None,
    buffer_km: float = 0.0,
    groups: NDArray[Any] | None = None,
    seed: int = 0,
) -> Split:
    """Return folds of whole blocks: near places resemble each other, so random rows flatter.

    Parameters
    ----------
    size : float
        Edge of a block [unit].
    unit : {"degree", "m"}
        Blocks on longitude and latitude, or on the projection `crs`.
    crs : str
        Projection of blocks in metres (EASE-Grid 2.0 North by default).
    folds : int, optional
        Number of folds of whole blocks, balanced by rows; by default every block is one fold.
    buffer_km : float
        Training rows this near to a test row are left out of that fold [km].
    groups : array, shape (n,), optional
        Blocks that share a label are joined.
    seed : int
        Decides which blocks share a fold.

    Notes
    -----
    Rows without a position go with the block where most positioned rows of their site lie; a site without any
    position is a block of its own. They are not seen by the buffer. Why blocks: Roberts et al. 2017,
    doi:10.1111/ecog.02881.
    """
    labels = block_labels(samples, size=size, unit=unit, crs=crs)
    group = merge_labels(labels, groups)
    rows = measured_rows(samples)
    present, code = np.unique(group[rows], return_inverse=True)
    number = fold_numbers(code, folds, seed, where="spatial_blocks")
    made = []
    for k in range(int(number.max()) + 1):
        test = rows[number == k]
        train = beyond_buffer(samples, rows[number != k], test, buffer_km)
        name = str(min(labels[test])) if folds is None else fold_name(k, folds)
        made.append(Fold(name, train, test))
    unplaced = ~located(samples)[rows]
    pairs = np.unique(np.column_stack([np.unique(samples.site[rows], return_inverse=True)[1], code]), axis=0)
    return assemble(
        samples,
        "spatial_blocks",
        made,
        blocks=group,
        block_size=f"{size:g} {unit}",
        whole={"block": group},
        meta={
            "size": size,
            "unit": unit,
            "crs": crs if unit == "m" else None,
            "folds_asked": folds,
            "buffer_km": buffer_km,
            "seed": seed,
            "blocks": len(present),
            "rows_without_position": int(unplaced.sum()),
            "sites_in_several_blocks": int((np.bincount(pairs[:, 0]) > 1).sum()),
        },
    )


def block_labels(
    samples: Samples, *, size: float = 0.5, unit: BlockUnit = "degree", crs: str = "EPSG:6931"
) -> NDArray[np.str_]:
    """Return the block of each row as a label, for folds or for the bootstrap; see `spatial_blocks`."""
    if not size > 0:
        raise ProtocolError("a block needs an edge", where="spatial_blocks: size", found=size, expected="above 0")
    known = located(samples)
    labels = np.array([f"site {site}" for site in samples.site], dtype=object)
    column, row = _block_numbers(samples.lon[known], samples.lat[known], size, unit, crs)
    labels[known] = [f"block {i:+06d} {j:+06d}" for i, j in zip(column, row, strict=True)]
    for site in np.unique(samples.site[~known]):
        here = samples.site == site
        of_site, count = np.unique(labels[here & known].astype(str), return_counts=True)
        if len(of_site):
            labels[here & ~known] = of_site[int(np.argmax(count))]
    return labels.astype(str)


def _block_numbers(lon: Floats, lat: Floats, size: float, unit: BlockUnit, crs: str) -> tuple[Ints, Ints]:
    if unit == "degree":
        east, north = np.mod(lon, 360.0), lat
        east = np.where(east >= 360.0, 0.0, east)
    elif unit == "m":
        from pyproj import Transformer

        east, north = Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(lon, lat)
    else:
        raise ProtocolError("unknown unit of a block", where="spatial_blocks: unit", found=unit, expected="degree or m")
    if not (np.isfinite(east).all() and np.isfinite(north).all()):
        raise ProtocolError("places lie outside the projection of the blocks", where="spatial_blocks: crs", found=crs)
    return np.floor(east / size).astype(np.int64), np.floor(north / size).astype(np.int64)
