"""Monthly climate of a forest, and years made up from a mean year."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geocryoai.core.errors import ModelError
from geocryoai.processes.checks import Array, at_least, between, finite

#: Days of the months; a year has 365.
DAYS = np.array([31.0, 28.0, 31.0, 30.0, 31.0, 30.0, 31.0, 31.0, 30.0, 31.0, 30.0, 31.0])


@dataclass(frozen=True)
class ForestClimate:
    """Monthly climate at the height of the reference, the same for all plots or one for each of several places.

    Attributes
    ----------
    years : array, shape (years,)
        Calendar years, each one more than the one before.
    temperature : array, shape (years, 12) or (places, years, 12)
        Monthly mean air temperature [degC].
    precipitation : array, shape of `temperature`
        Monthly precipitation [mm], >= 0.

    Raises
    ------
    ModelError
        A value is missing or impossible, or the years do not follow one another.
    """

    years: NDArray[np.int64]
    temperature: Array
    precipitation: Array

    def __post_init__(self) -> None:
        years = np.asarray(self.years)
        if years.ndim != 1 or years.size == 0 or years.dtype.kind not in "iu":
            raise ModelError("the years are not a list of whole numbers", where="years", found=f"{years.dtype}, shape "
                             f"{years.shape}")  # fmt: skip
        wrong = np.flatnonzero(np.diff(years) != 1)
        if wrong.size:
            i = int(wrong[0])
            raise ModelError("the years do not follow one another", where="years",
                             found=f"{years[i + 1]} after {years[i]}", expected=f"{years[i] + 1}")  # fmt: skip
        temperature = between("temperature [degC]", finite("temperature [degC]", self.temperature), -90.0, 60.0)
        precipitation = at_least("precipitation [mm]", self.precipitation)
        for name, values in (("temperature [degC]", temperature), ("precipitation [mm]", precipitation)):
            if values.ndim not in (2, 3) or values.shape[-2:] != (years.size, 12) or values.shape != temperature.shape:
                raise ModelError("the climate has another shape than its years", where=name, found=values.shape,
                                 expected=(years.size, 12))  # fmt: skip
        object.__setattr__(self, "years", years.astype(np.int64))
        object.__setattr__(self, "temperature", temperature)
        object.__setattr__(self, "precipitation", precipitation)


def mean_year_climate(
    temperature: ArrayLike,
    precipitation: ArrayLike,
    years: ArrayLike,
    *,
    warming: ArrayLike = 0.0,
    temperature_sd: float = 1.5,
    precipitation_sd: float = 0.3,
    seed: int = 0,
) -> ForestClimate:
    """Return a climate of independent random years about a mean year, for example for a spin-up.

    Parameters
    ----------
    temperature, precipitation : array_like, shape (12,)
        Of the mean year [degC] and [mm].
    years : array_like, shape (years,)
        Calendar years.
    warming : array_like, default 0, shape () or (years,)
        Added to all months of each year [K].
    temperature_sd : float, default 1.5
        Standard deviation of a month between years [K].
    precipitation_sd : float, default 0.3
        Standard deviation of a month's precipitation as a share of its mean [1]; the distribution is a gamma.
    seed : int, default 0
    """
    mean = finite("temperature [degC]", temperature)
    rain = at_least("precipitation [mm]", precipitation)
    if mean.shape != (12,) or rain.shape != (12,):
        raise ModelError("a mean year has twelve months", where="temperature, precipitation",
                         found=f"{mean.shape}, {rain.shape}", expected=(12,))  # fmt: skip
    numbers = np.asarray(years)
    shift = np.broadcast_to(finite("warming [K]", warming), numbers.shape)
    spread = float(at_least("temperature_sd [K]", temperature_sd))
    relative = float(at_least("precipitation_sd [1]", precipitation_sd))
    rng = np.random.default_rng(seed)
    tas = mean + shift[:, None] + rng.normal(0.0, 1.0, (numbers.size, 12)) * spread
    factor = np.ones((numbers.size, 12))
    if relative > 0:
        factor = rng.gamma(relative**-2, relative**2, (numbers.size, 12))
    return ForestClimate(numbers, tas, rain * factor)


#: Mean year of the hills west of Fairbanks, Alaska: temperature [degC] and precipitation [mm] of the months, rounded
#: from the site at 64.8 N, 148.3 W, 259 m that Foster, A. C. et al. (2019), Ecological Modelling 409, 108765, simulate.
FAIRBANKS = (
    (-21.6, -17.8, -10.8, -1.1, 8.4, 14.2, 15.7, 12.9, 6.8, -4.1, -15.3, -19.5),
    (13.7, 12.5, 9.9, 9.0, 16.9, 44.5, 60.4, 62.6, 33.5, 24.8, 20.9, 20.3),
)
