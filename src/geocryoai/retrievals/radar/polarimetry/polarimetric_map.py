"""Polarimetric layers of a scene, computed in strips of rows so that the scene never is in memory at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from geocryoai.core.errors import ModelError, SourceError, nearest
from geocryoai.retrievals.radar.checks import Array, Complex
from geocryoai.retrievals.radar.polarimetry.covariance import covariance
from geocryoai.retrievals.radar.polarimetry.eigenvalues import entropy_anisotropy_alpha
from geocryoai.retrievals.radar.polarimetry.freeman_durden import freeman_durden
from geocryoai.retrievals.radar.polarimetry.indices import polarimetric_indices
from geocryoai.retrievals.radar.polarimetry.speckle import boxcar, refined_lee
from geocryoai.sources.polsar_c3 import CovarianceFolder, place_of
from geocryoai.sources.uavsar.scene import Scene

if TYPE_CHECKING:
    import xarray as xr

Filter = Literal["none", "boxcar", "refined_lee"]
FILTERS = ("none", "boxcar", "refined_lee")

#: Layer -> unit and meaning.
LAYERS = {
    "radar_vegetation_index": ("1", "8 HV / (HH + VV + 2 HV)"),
    "cross_polarisation_ratio": ("1", "HV / HH, linear"),
    "co_polarisation_ratio": ("1", "HH / VV, linear"),
    "span": ("1", "total power, linear"),
    "entropy": ("1", "polarimetric entropy"),
    "anisotropy": ("1", "polarimetric anisotropy"),
    "alpha": ("degree", "mean alpha angle"),
    "surface": ("1", "power of surface scattering (Freeman-Durden)"),
    "double_bounce": ("1", "power of double bounce (Freeman-Durden)"),
    "volume": ("1", "power of volume scattering (Freeman-Durden)"),
}

_PRODUCTS = ("hhhh", "hvhv", "vvvv", "hhhv", "hhvv", "hvvv")


@dataclass(frozen=True)
class PolarimetryOptions:
    """Speckle filter before the decompositions.

    Attributes
    ----------
    speckle_filter : {"none", "boxcar", "refined_lee"}
    window : int
        Odd number of pixels.
    looks : float
        Looks of the input, for the refined Lee filter.
    strip : int
        Rows computed at once.
    """

    speckle_filter: Filter = "boxcar"
    window: int = 5
    looks: float = 4.0
    strip: int = 256


def polarimetric_map(source: Scene | CovarianceFolder, options: PolarimetryOptions | None = None) -> xr.Dataset:
    """Return all of `LAYERS` of a UAVSAR PolSAR product or a C3 folder, lazily.

    Raises
    ------
    SourceError
        One of the six products is not there.
    ModelError
        An unknown filter or window.
    """
    import dask.array
    import xarray as xr

    chosen = options or PolarimetryOptions()
    if chosen.speckle_filter not in FILTERS:
        raise ModelError("unknown speckle filter", found=f"'{chosen.speckle_filter}'",
                         next_step=nearest(str(chosen.speckle_filter), FILTERS))  # fmt: skip
    read, shape, dims, place = _reader(source)
    halo = 0 if chosen.speckle_filter == "none" else chosen.window
    names = list(LAYERS)

    def strip(block_info: Any = None) -> Array:
        top, bottom = block_info[None]["array-location"][1]
        start, end = max(top - halo, 0), min(bottom + halo, shape[0])
        found = polarimetric_layers(read(slice(start, end)), chosen)
        return np.stack([found[name][top - start : bottom - start] for name in names]).astype(np.float32)

    rows = tuple(min(chosen.strip, shape[0] - top) for top in range(0, shape[0], chosen.strip))
    stacked = dask.array.map_blocks(  # type: ignore[no-untyped-call]
        strip, chunks=((len(names),), rows, (shape[1],)), dtype=np.float32, meta=np.empty((0, 0, 0), np.float32)
    )
    return xr.Dataset(
        {
            name: (dims, stacked[number], {"units": LAYERS[name][0], "long_name": LAYERS[name][1]})
            for number, name in enumerate(names)
        },
        coords=place,
        attrs={"speckle_filter": chosen.speckle_filter, "window": chosen.window},
    )


def polarimetric_layers(matrix: Complex, options: PolarimetryOptions) -> dict[str, Array]:
    """Return the layers of an image of matrices C3, shape (rows, columns, 3, 3)."""
    if options.speckle_filter == "boxcar":
        matrix = boxcar(matrix, options.window)
    elif options.speckle_filter == "refined_lee":
        matrix = refined_lee(matrix, options.looks, window=options.window)
    return {**polarimetric_indices(matrix), **entropy_anisotropy_alpha(matrix), **freeman_durden(matrix)}


def _reader(
    source: Scene | CovarianceFolder,
) -> tuple[Callable[[slice], Complex], tuple[int, int], tuple[str, str], dict[str, Array]]:
    """Return what reads matrices of some rows, the shape, and names and positions of the axes."""
    if isinstance(source, CovarianceFolder):
        place = place_of(source)
        dims = ("lat", "lon") if place else ("row", "column")
        return lambda rows: source.matrix(rows), (source.rows, source.columns), dims, place
    absent = [name for name in _PRODUCTS if not source.has(name)]
    if absent:
        raise SourceError(
            "a polarimetric product is not complete", where=source.annotation.where,
            found=f"no {', '.join(absent)} on the ground", expected="HHHH, HVHV, VVVV, HHHV, HHVV and HVVV as .grd",
        )  # fmt: skip
    grid, files = source.grids["ground"], source.files["ground"]

    def read(rows: slice) -> Complex:
        parts = [files[name].read(name, rows, slice(0, grid.columns)) for name in _PRODUCTS]
        return covariance(*parts)

    return read, (grid.rows, grid.columns), ("lat", "lon"), grid.centres()
