"""Spectra seen by the bands of an instrument."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geocryoai.core.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: Full width at half maximum of a Gaussian over its standard deviation.
_FWHM = 2.0 * np.sqrt(2.0 * np.log(2.0))

#: A spectrum with coarser spacing than this share of a band's width was already seen by an instrument.
_FINE = 0.5

#: A band is covered when the spectrum reaches this many standard deviations to both sides of it.
_REACH = 2.0


def to_bands(wavelength: Floats, spectrum: Floats, centre: Floats, fwhm: Floats) -> Floats:
    """Return a spectrum as bands of Gaussian response see it.

    A finely sampled spectrum is averaged over each response; one that an instrument of the same kind has
    already seen (spacing above half a width) is interpolated, since a second averaging would blur it.

    Parameters
    ----------
    wavelength : array, shape (n,)
        Increasing [nm].
    spectrum : array, shape (..., n)
    centre, fwhm : array, shape (bands,)
        Centre and full width at half maximum [nm].

    Returns
    -------
    array, shape (..., bands)
        NaN for bands that the spectrum does not cover.

    Raises
    ------
    ModelError
        Shapes that do not fit, wavelengths that do not increase, or a width that is not positive.
    """
    wavelength, spectrum, centre, fwhm = (np.asarray(v, np.float64) for v in (wavelength, spectrum, centre, fwhm))
    if spectrum.shape[-1] != wavelength.size or centre.shape != fwhm.shape:
        raise ModelError("spectrum and wavelengths differ in length", found=(spectrum.shape, wavelength.shape))
    if np.any(np.diff(wavelength) <= 0) or not (fwhm > 0).all():
        raise ModelError("wavelengths must increase and widths be positive")
    width = fwhm / _FWHM
    spacing = np.gradient(wavelength)
    local = np.interp(centre, wavelength, spacing)
    coarse = local > _FINE * fwhm
    reach = np.where(coarse, 0.0, _REACH * width)
    covered = (centre - reach >= wavelength[0] - 1e-9) & (centre + reach <= wavelength[-1] + 1e-9)
    rows = spectrum.reshape(-1, wavelength.size)
    out = np.full((rows.shape[0], centre.size), np.nan)
    for band in np.flatnonzero(covered):
        if coarse[band]:
            out[:, band] = [np.interp(centre[band], wavelength, row) for row in rows]
            continue
        near = slice(*np.searchsorted(wavelength, [centre[band] - 5 * width[band], centre[band] + 5 * width[band]]))
        weight = spacing[near] * np.exp(-0.5 * ((wavelength[near] - centre[band]) / width[band]) ** 2)
        out[:, band] = rows[:, near] @ (weight / weight.sum())
    return out.reshape(*spectrum.shape[:-1], centre.size)
