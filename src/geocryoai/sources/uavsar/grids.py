"""The grids of a UAVSAR product, from its annotation: sizes, and the centre of each pixel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geocryoai.core.errors import SourceError
from geocryoai.sources.uavsar.annotation import Annotation
from geocryoai.sources.uavsar.layers import DISPLAY_NAMES, SIZE_KEYS, GridKind

#: Azimuth [m] from the peg point and slant range [m], for images that are not projected to the ground.
SLANT_DIMENSIONS = ("azimuth", "slant_range")
GROUND_DIMENSIONS = ("lat", "lon")


@dataclass(frozen=True)
class RadarGrid:
    """Rows and columns with the centre of the first pixel and the steps between pixels.

    Attributes
    ----------
    name : str
        ``ground``, ``slant``, ``slc``, or segment and looks of a stack (``1_2x8``).
    rows, columns : int
    first : tuple of float
        Centre of the upper left pixel: latitude, longitude [degree]; or azimuth, slant range [m].
    step : tuple of float
        Steps along rows and columns, in the same units. A degree of longitude is not as long as one of latitude, and
        the steps differ between products.
    """

    name: str
    rows: int
    columns: int
    first: tuple[float, float]
    step: tuple[float, float]

    @property
    def dimensions(self) -> tuple[str, str]:
        """Names of the two dimensions."""
        return GROUND_DIMENSIONS if self.name == "ground" else SLANT_DIMENSIONS

    def centres(self) -> dict[str, NDArray[np.float64]]:
        """Return the position of the centre of each row and column."""
        sizes = (self.rows, self.columns)
        return {
            name: first + step * np.arange(size, dtype=np.float64)
            for name, first, step, size in zip(self.dimensions, self.first, self.step, sizes, strict=True)
        }


def product_grid(annotation: Annotation, kind: GridKind) -> RadarGrid:
    """Return the ground, slant-range or single-look grid of a pair or of a polarimetric product.

    Raises
    ------
    SourceError
        The annotation does not state the grid, or contradicts itself.
    """
    rows = _agreed(annotation, kind, "set_rows", SIZE_KEYS[kind][0])
    columns = _agreed(annotation, kind, "set_cols", SIZE_KEYS[kind][1])
    first = tuple(annotation.number(*_keys(kind, name)) for name in ("row_addr", "col_addr"))
    step = tuple(annotation.number(*_keys(kind, name)) for name in ("row_mult", "col_mult"))
    if kind == "ground" and not (step[0] < 0 < step[1]):
        raise SourceError(
            "the ground grid is not north up", where=annotation.where, found=f"steps {step[0]:g}, {step[1]:g} degree"
        )
    return RadarGrid(kind, rows, columns, (first[0], first[1]), (step[0], step[1]))


def stack_grid(annotation: Annotation, key: str) -> RadarGrid:
    """Return the grid of a file of a stack, by its key (``slc_1_2x8``, ``llh_1_2x8``).

    The starting slant range holds for the single-look image and is given in km; centres of multi-looked pixels lie half
    a multi-looked pixel less half a single-look pixel further.
    """
    _, segment, looks = key.split("_")
    rows, columns = annotation.whole(f"{key} Rows"), annotation.whole(f"{key} Columns")
    range_step = annotation.number(f"{looks} SLC Range Pixel Spacing")
    azimuth_step = annotation.number(f"{looks} SLC Azimuth Pixel Spacing")
    range_one = annotation.number("1x1 SLC Range Pixel Spacing")
    azimuth_one = annotation.number("1x1 SLC Azimuth Pixel Spacing")
    near = annotation.quantity("Image Starting Slant Range", unit="m", usual="km") + 0.5 * (range_step - range_one)
    start = annotation.number(f"Segment {segment} Data Starting Azimuth") + 0.5 * (azimuth_step - azimuth_one)
    return RadarGrid(f"{segment}_{looks}", rows, columns, (start, near), (azimuth_step, range_step))


def _keys(kind: GridKind, name: str) -> tuple[str, ...]:
    return tuple(f"{prefix}.{name}" for prefix in DISPLAY_NAMES[kind])


def _agreed(annotation: Annotation, kind: GridKind, name: str, described: str) -> int:
    """Return a size that all keys that state it agree on."""
    stated = {key: annotation.whole(key) for key in (*_keys(kind, name), described) if annotation.optional(key)}
    if not stated:
        annotation.text(*_keys(kind, name))
    if len(set(stated.values())) != 1:
        found = ", ".join(f"{key} = {value}" for key, value in stated.items())
        raise SourceError("the annotation contradicts itself", where=annotation.where, found=found)
    return next(iter(stated.values()))
