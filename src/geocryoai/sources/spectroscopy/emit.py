"""EMIT level 1B radiance and level 2A reflectance: NetCDF with groups for bands and location."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from geocryoai.core.errors import SourceError
from geocryoai.sources.envi.map_info import MapInfo
from geocryoai.sources.spectroscopy.glt import Glt, from_entries
from geocryoai.sources.spectroscopy.names import parse_name
from geocryoai.sources.spectroscopy.scene import IGNORED, Scene, assumed_widths

if TYPE_CHECKING:
    import h5py
    from numpy.typing import NDArray


@dataclass(frozen=True)
class EmitRaster:
    """The pixels of an EMIT file; opened anew for each block, so that threads and processes may share it."""

    path: Path
    variable: str

    def block(
        self, lines: slice = slice(None), samples: slice = slice(None), bands: slice = slice(None)
    ) -> NDArray[Any]:
        """Return a part as (lines, samples, bands)."""
        import h5py

        with h5py.File(self.path) as file:
            return np.asarray(file[self.variable][lines, samples, bands])

    def columns(self, samples: slice, bands: slice = slice(None)) -> NDArray[Any]:
        """Return detector columns as (samples, lines, bands)."""
        return np.ascontiguousarray(self.block(samples=samples, bands=bands).swapaxes(0, 1))


def open_emit(path: Path, where: str) -> Scene:
    """Open an EMIT granule.

    Raises
    ------
    SourceError
        Absent, truncated, or without the groups and variables of an EMIT file.
    """
    import h5py

    if not path.is_file():
        raise SourceError("the file does not exist", where=where, found=path.name)
    try:
        file = h5py.File(path)
    except OSError as error:
        raise SourceError(
            "the NetCDF file cannot be opened (is it truncated?)",
            where=where,
            found=str(error),
            next_step="Fetch it again.",
        ) from error
    with file:
        variable = next((name for name in ("radiance", "reflectance") if name in file), None)
        if variable is None:
            raise SourceError(
                "not an EMIT scene", where=where, found=", ".join(file), expected="'radiance' or 'reflectance'"
            )
        lines, samples, bands = file[variable].shape
        wavelength = _need(file, "sensor_band_parameters/wavelengths", where).astype(np.float64)
        if wavelength.shape != (bands,):
            raise SourceError(
                "the number of wavelengths differs from that of the bands",
                where=where,
                found=len(wavelength),
                expected=bands,
            )
        has_width = "sensor_band_parameters/fwhm" in file
        width = file["sensor_band_parameters/fwhm"][:].astype(np.float64) if has_width else assumed_widths(wavelength)
        fill = np.ravel(file[variable].attrs.get("_FillValue", IGNORED))[0]
        glt = _glt(file, where)
    glt.check(lines, samples, where)
    name = parse_name(path.name)
    return Scene(
        name.flight if name else path.stem,
        where,
        EmitRaster(path, variable),
        lines,
        samples,
        wavelength,
        width,
        variable,
        float(fill),
        None,
        glt,
        name.start if name else None,
    )


def _need(file: h5py.File, name: str, where: str) -> NDArray[Any]:
    if name not in file:
        raise SourceError(f"the file has no '{name}'", where=where, next_step="Is it a complete EMIT granule?")
    return np.asarray(file[name][()])


def _glt(file: h5py.File, where: str) -> Glt:
    for name in ("geotransform", "spatial_ref"):
        if name not in file.attrs:
            raise SourceError(f"the attribute '{name}' is absent, so the CRS is not known", where=where)
    c, a, b, f, d, e = (float(value) for value in np.ravel(file.attrs["geotransform"]))
    crs = file.attrs["spatial_ref"]
    position = MapInfo((a, b, c, d, e, f), crs.decode() if isinstance(crs, bytes) else str(crs))
    sample, line = (_need(file, f"location/{name}", where) for name in ("glt_x", "glt_y"))
    return from_entries(sample, line, position, where)
