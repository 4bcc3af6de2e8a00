"""One scene: its spectral axis, its pixels block by block, and where they lie."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from geocryoai.core.errors import SourceError
from geocryoai.sources.envi import open_envi
from geocryoai.sources.spectroscopy.glt import Glt, read_glt
from geocryoai.sources.spectroscopy.names import parse_name

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geocryoai.sources.envi import MapInfo

#: Value that stands for no data where the header names none; all AVIRIS and EMIT products use it.
IGNORED = -9999.0

#: Width of a band over the distance to the next, where the header gives no widths: 1.11 for AVIRIS-NG (5.57 nm every
#: 5.01 nm), 1.12 for AVIRIS-3 (8.30 nm every 7.40 nm).
_WIDTH_PER_SPACING = 1.12


class Raster(Protocol):
    """Pixels of a scene; nothing is read before it is asked for."""

    def block(
        self, lines: slice = slice(None), samples: slice = slice(None), bands: slice = slice(None)
    ) -> NDArray[Any]:
        """Return a part as (lines, samples, bands)."""
        ...

    def columns(self, samples: slice, bands: slice = slice(None)) -> NDArray[Any]:
        """Return detector columns as (samples, lines, bands)."""
        ...


@dataclass(frozen=True)
class Scene:
    """A scene.

    Attributes
    ----------
    name, where : str
        Identifier, and the file for messages.
    raster : Raster
    lines, samples : int
    wavelength, fwhm : array, shape (bands,)
        Centre and full width at half maximum [nm].
    quantity : {"radiance", "reflectance"}
    ignore : float
        Value that stands for no data.
    position : MapInfo or None
        Of this raster, when it is a map; None in raw geometry.
    glt : Glt or None
        From raw pixels to the map; for a raster that is a map already, its detector columns.
    start : datetime or None
    notes : tuple of str
        What was assumed.
    """

    name: str
    where: str
    raster: Raster
    lines: int
    samples: int
    wavelength: NDArray[np.float64]
    fwhm: NDArray[np.float64]
    quantity: str = "radiance"
    ignore: float = IGNORED
    position: MapInfo | None = None
    glt: Glt | None = None
    start: datetime | None = None
    notes: tuple[str, ...] = ()

    @property
    def map_position(self) -> MapInfo | None:
        """Affine and CRS of the map that the scene is, or can be brought to."""
        if self.position is not None:
            return self.position
        return None if self.glt is None else self.glt.position

    def bands_within(self, low: float, high: float) -> slice:
        """Return the bands with centres from `low` to `high` [nm]; they must follow each other."""
        inside = np.flatnonzero((self.wavelength >= low) & (self.wavelength <= high))
        if inside.size == 0:
            span = f"{self.wavelength.min():.0f} to {self.wavelength.max():.0f} nm"
            raise SourceError(
                "the scene has no band in the window", where=self.where, found=span, expected=f"{low:g} to {high:g} nm"
            )
        return slice(int(inside[0]), int(inside[-1]) + 1)

    def band_at(self, wavelength: float) -> int:
        """Return the band nearest to a wavelength [nm]; none within its width is an error."""
        band = int(np.argmin(np.abs(self.wavelength - wavelength)))
        if abs(self.wavelength[band] - wavelength) > self.fwhm[band]:
            raise SourceError(
                f"the scene has no band at {wavelength:g} nm",
                where=self.where,
                found=f"the nearest at {self.wavelength[band]:g} nm",
            )
        return band


def assumed_widths(wavelength: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return widths [nm] for a header that gives none, from the distance of the bands."""
    spacing = np.abs(np.gradient(wavelength)) if wavelength.size > 1 else np.array([wavelength[0] / 100])
    return _WIDTH_PER_SPACING * spacing


def open_scene(path: Path, where: str | None = None, *, glt: Path | None = None) -> Scene:
    """Open a scene: ENVI (AVIRIS-NG, AVIRIS-3, AVIRIS-C and others) or an EMIT NetCDF file.

    Parameters
    ----------
    path : Path
        Binary or header of the image, or the NetCDF file.
    where : str, optional
        The path as the user knows it, for messages.
    glt : Path, optional
        Geometry look-up table (default: the one of the same flight line beside it).

    Raises
    ------
    SourceError
        Absent, damaged, without wavelengths, or not an image.
    """
    where = where or str(path)
    if path.suffix == ".nc":
        from geocryoai.sources.spectroscopy.emit import open_emit

        return open_emit(path, where)
    raster = open_envi(path, where)
    header = raster.header
    wavelength = header.need_wavelength()
    notes = [] if header.fwhm is not None else ["the header gives no band widths: 1.12 x the distance of the bands"]
    name = parse_name(path.name)
    table = _table(path, glt)
    if table is not None and raster.position is None:
        table.check(header.lines, header.samples, where)
    if table is not None and raster.position is not None and table.sample.shape != (header.lines, header.samples):
        notes.append("the geometry look-up table is of another map: detector columns are not known")
        table = None
    return Scene(
        name.flight if name else path.stem,
        where,
        raster,
        header.lines,
        header.samples,
        wavelength,
        assumed_widths(wavelength) if header.fwhm is None else header.fwhm,
        "reflectance" if name is not None and name.product in ("rfl", "corr") else "radiance",
        IGNORED if header.ignore is None else header.ignore,
        raster.position,
        table,
        name.start if name else None,
        tuple(notes),
    )


def _table(path: Path, given: Path | None) -> Glt | None:
    """Return the look-up table that was named, or the one of the same flight line in the folder."""
    if given is not None:
        return read_glt(given)
    name = parse_name(path.name)
    if name is None:
        return None
    for other in sorted(path.parent.glob("*.hdr")):
        found = parse_name(other.name)
        if found is not None and found.flight == name.flight and found.layer == "glt":
            return read_glt(other)
    return None
