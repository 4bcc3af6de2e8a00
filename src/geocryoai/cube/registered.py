"""Whether a coarse field lies where it claims: its pattern against a fine field of the study."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from geocryoai.core.errors import CubeError
from geocryoai.cube.scale.nested import NestedCells, parts_along
from geocryoai.cube.scale.registration import registration

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geocryoai.cube.align import FieldAligner

    Floats = NDArray[np.float64]

#: Most parts along a coarse cell in the search: steps of a quarter of a cell.
_PARTS = 4

#: Largest shift that is looked for [coarse cells].
_MOST = 1.5

#: Most months averaged: the middle ones of those that have records.
_MONTHS = 24


def registration_note(
    aligner: FieldAligner, reference: str, values: Floats, kept: dict[object, NestedCells] | None = None
) -> dict[str, Any]:
    """Return what the comparison of a coarse field with a field of the study grid says, for a listing.

    The mean of the middle months (at most two years) is compared with the reference, each without its plane trend: what
    goes with latitude alone says nothing of the place.

    Parameters
    ----------
    aligner : FieldAligner
        Of a field coarser than the grid.
    reference : str
        Name of the fine field.
    values : array, shape (height, width)
        The fine field.
    kept : dict, optional
        Holds the cells of the last field, for the next one on the same axes of the same grid.

    Returns
    -------
    dict
        `reference`, `down` and `right` [coarse cells], `correlation`, `best`, `shifted`, and where shifted a `warning`;
        or `reference` and `not_checked`, the reason.
    """
    try:
        parts = min(_PARTS, parts_along(aligner.regridder))
        cells = _cells(aligner, parts, {} if kept is None else kept)
        coarse = _level(_mean(aligner, cells))
        found = registration(coarse, _level(cells.to_parts(values[None])[0]), parts, most=_MOST)
    except CubeError as error:
        return {"reference": reference, "not_checked": str(error)}
    note: dict[str, Any] = {
        "reference": reference, "down": round(found.down, 3), "right": round(found.right, 3),
        "correlation": round(found.correlation, 4), "best": round(found.best, 4), "shifted": found.shifted,
    }  # fmt: skip
    if found.shifted:
        note["warning"] = (
            f"{aligner.name} fits {reference} clearly better {found.down:+g} cells down and {found.right:+g} to the "
            f"right (correlation {found.best:.2f} instead of {found.correlation:.2f}): check its corner and CRS"
        )
    return note


def _cells(aligner: FieldAligner, parts: int, kept: dict[object, NestedCells]) -> NestedCells:
    axes = aligner.regridder.source
    key = axes.crs, axes.y.tobytes(), axes.x.tobytes(), parts
    if key not in kept:
        kept.clear()
        kept[key] = NestedCells(axes, aligner.grid, parts, memory_mb=aligner.options.memory_mb)
    return kept[key]


def _mean(aligner: FieldAligner, cells: NestedCells) -> Floats:
    if aligner.monthly is None:
        return np.asarray(aligner.own_cells(cells.rows, cells.cols, slice(0, 1))[0], np.float64)
    months = np.flatnonzero(aligner.monthly.covered())
    if len(months) == 0:
        raise CubeError("the field has no month of the study", where=aligner.name)
    start = int(months[max(0, (len(months) - _MONTHS) // 2)])
    stop = min(start + _MONTHS, int(months[-1]) + 1)
    layers = np.asarray(aligner.own_cells(cells.rows, cells.cols, slice(start, stop)), np.float64)
    complete = np.isfinite(layers).any((1, 2))
    return np.asarray(layers[complete].mean(0) if complete.any() else np.full(cells.shape, np.nan))


def _level(field: Floats) -> Floats:
    """Return a field without its plane trend."""
    valid = np.isfinite(field)
    row, col = np.indices(field.shape)
    plane = np.stack([np.ones(field.shape), row, col], -1)
    if valid.sum() < plane.shape[-1]:
        return field
    trend = np.linalg.lstsq(plane[valid], field[valid], rcond=None)[0]
    return np.asarray(field - plane @ trend)
