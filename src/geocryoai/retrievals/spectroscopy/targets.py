"""What a gas does to a spectrum: the change of the logarithm of radiance for each unit of enhancement."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.interpolate import CubicSpline

from geocryoai.core.errors import SourceError
from geocryoai.retrievals.spectroscopy.resample import to_bands
from geocryoai.retrievals.spectroscopy.scale import SCALE, Curve

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: Enhancements of the MODTRAN look-up table for methane of Foote et al. (2020) [ppm m].
LUT_ENHANCEMENTS = (0.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0, 16000.0)


@dataclass(frozen=True)
class GasTarget:
    """Absorption of a gas, finely sampled or as seen by an instrument.

    Attributes
    ----------
    wavelength : array, shape (n,)
        [nm]
    enhancements : array, shape (k,), or None
        Of the rows of `spectrum` [ppm m]; None where `spectrum` is the absorption itself.
    spectrum : array, shape (n,) or (k, n)
        Unit absorption: d(ln radiance)/d(enhancement) for each 1e5 ppm m, negative where the gas absorbs; or
        radiance at `enhancements`.
    name : str
        The file.
    """

    wavelength: Floats
    enhancements: Floats | None
    spectrum: Floats
    name: str

    def at(self, centre: Floats, fwhm: Floats) -> Floats:
        """Return the unit absorption at bands [(1e5 ppm m)-1].

        Of a look-up table, radiance is resampled first and the slope of its logarithm against the enhancement taken by
        least squares: the order matters, since lines saturate inside a band.

        Raises
        ------
        SourceError
            A band is not covered, or nothing absorbs there.
        """
        seen = self._seen(centre, fwhm)
        unit = seen
        if self.enhancements is not None:
            distance = self.enhancements - self.enhancements.mean()
            unit = SCALE * (distance @ np.log(seen)) / (distance @ distance)
        if not unit.min() < 0:
            raise SourceError(
                "nothing absorbs in the window", where=self.name, next_step="Choose another window or target."
            )
        return unit

    def curve(self, centre: Floats, fwhm: Floats) -> Curve:
        """Return what growing enhancements leave of the radiance at bands.

        From the look-up table, in which lines saturate; by the law of Beer and Lambert from a unit absorption.
        """
        seen = self._seen(centre, fwhm)
        if self.enhancements is None:
            grown = np.concatenate([[0.0], np.geomspace(100.0, 50_000.0, 40)])
            return Curve(grown, np.exp(np.multiply.outer(grown / SCALE, seen)))
        if self.enhancements[0] != 0 or np.any(np.diff(self.enhancements) <= 0):
            raise SourceError("the enhancements of a look-up table must increase from 0", where=self.name)
        fine = np.unique(np.concatenate([self.enhancements, np.linspace(0.0, self.enhancements[-1], 33)]))
        logarithm = CubicSpline(self.enhancements, np.log(seen / seen[0]))(fine)
        return Curve(fine, np.exp(logarithm))

    def _seen(self, centre: Floats, fwhm: Floats) -> Floats:
        seen = to_bands(self.wavelength, self.spectrum, centre, fwhm)
        if np.isnan(seen).any():
            span = f"{self.wavelength[0]:.0f} to {self.wavelength[-1]:.0f} nm"
            raise SourceError(
                "the target does not cover all bands of the window",
                where=self.name,
                found=span,
                expected=f"{centre.min():.0f} to {centre.max():.0f} nm and the width of a band",
            )
        return seen


def read_target(path: Path, enhancements: tuple[float, ...] = LUT_ENHANCEMENTS) -> GasTarget:
    """Read a unit-absorption file (text) or a look-up table of radiances (ENVI).

    Parameters
    ----------
    path : Path
        Text of two or three columns, [index,] wavelength [nm] and unit absorption [(1e5 ppm m)-1]; or header or binary
        of an ENVI raster with one sample for each enhancement.
    enhancements : tuple of float
        Of the samples of a look-up table [ppm m].

    Raises
    ------
    SourceError
        Absent, damaged, or of another form.
    """
    where = str(path)
    if path.suffix in (".hdr", ".lut", ".img") or path.with_name(f"{path.name}.hdr").is_file():
        return _look_up_table(path, np.array(enhancements), where)
    if path.is_dir():
        raise SourceError("the target is a folder", where=where, expected="a text file, or an ENVI raster")
    if path.is_file() and path.stat().st_size == 0:
        raise SourceError("the target file is empty", where=where)
    try:
        table = np.loadtxt(path, ndmin=2)
    except FileNotFoundError as error:
        raise SourceError("the target file does not exist", where=where) from error
    except (ValueError, UnicodeDecodeError) as error:
        raise SourceError("not a table of numbers", where=where, found=str(error)[:200]) from error
    if table.shape[1] not in (2, 3) or table.shape[0] < 2:
        raise SourceError("not a unit-absorption file", where=where, found=f"{table.shape[1]} columns", expected="2, 3")
    wavelength, unit = table[:, -2], table[:, -1]
    if np.any(np.diff(wavelength) <= 0) or wavelength[0] < 100 or not np.isfinite(table).all():
        raise SourceError("the wavelengths are not increasing nanometres", where=where, found=wavelength[0])
    if not unit.min() < 0 or np.abs(unit).max() > 1e3:
        raise SourceError(
            "not a unit absorption",
            where=where,
            found=f"{unit.min():g} to {unit.max():g}",
            expected="negative where the gas absorbs, for each 1e5 ppm m",
        )
    return GasTarget(wavelength, None, unit, path.name)


def _look_up_table(path: Path, enhancements: Floats, where: str) -> GasTarget:
    from geocryoai.sources.envi import open_envi

    raster = open_envi(path, where)
    if raster.header.lines != 1 or raster.header.samples != enhancements.size:
        found = f"{raster.header.lines} lines of {raster.header.samples} samples"
        raise SourceError(
            "not a look-up table of these enhancements",
            where=where,
            found=found,
            expected=f"1 line of {enhancements.size} samples",
        )
    spectrum = raster.block()[0].astype(np.float64)
    if not (np.isfinite(spectrum).all() and (spectrum > 0).all()):
        raise SourceError("a radiance of the look-up table is not positive", where=where)
    return GasTarget(raster.header.need_wavelength(), enhancements, spectrum, path.name)
