"""When the ground thaws and freezes in each year of a series, by one of three methods."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geocryoai.core.errors import ModelError
from geocryoai.retrievals.radar.checks import Array, number_between
from geocryoai.retrievals.radar.freeze_thaw import (
    Times,
    first_of_run,
    normalised_polarisation_ratio,
    seasonal_references,
    seasonal_threshold,
    thermal_state,
)


@dataclass(frozen=True)
class FreezeThawOptions:
    """How a state is told from values.

    Attributes
    ----------
    frozen, thawed : tuple of int
        Months that are surely frozen and surely thawed (1 = January); not used for thermal imagery.
    threshold : float
        Place between the two references above which it is thawed [1].
    least_contrast : float
        Pixels whose references differ by less are not known, in the unit of the values.
    least : int
        States in a row that make a season begin.
    most_snow : float
        Most snow cover at which thermal imagery sees the ground [1].
    """

    frozen: tuple[int, ...] = (1, 2)
    thawed: tuple[int, ...] = (7, 8)
    threshold: float = 0.5
    least_contrast: float = 0.0
    least: int = 3
    most_snow: float = 0.1

    def __post_init__(self) -> None:
        number_between("threshold", self.threshold, 0.0, 1.0)
        number_between("most_snow", self.most_snow, 0.0, 1.0)
        number_between("least_contrast", self.least_contrast, 0.0, 1e9)
        number_between("least", self.least, 1, 1000)
        months = (*self.frozen, *self.thawed)
        if not self.frozen or not self.thawed or not set(months) <= set(range(1, 13)) or len(set(months)) < len(months):
            raise ModelError("frozen and thawed months must be months, each once", where="frozen, thawed",
                             found=f"{list(self.frozen)}, {list(self.thawed)}", expected="1 to 12")  # fmt: skip


def backscatter_state(values: Array, times: Times, options: FreezeThawOptions) -> Array:
    """Return 1 where thawed, 0 where frozen, NaN where not known, from backscatter [dB] or another such value."""
    frozen, thawed = seasonal_references(values, times, frozen=options.frozen, thawed=options.thawed)
    return seasonal_threshold(
        values, frozen, thawed, threshold=options.threshold, least_contrast=options.least_contrast
    )


def microwave_state(vertical: Array, horizontal: Array, times: Times, options: FreezeThawOptions) -> Array:
    """Return the state from the normalised polarisation ratio of brightness temperatures [K]."""
    return backscatter_state(normalised_polarisation_ratio(vertical, horizontal), times, options)


def surface_state(night_temperature: Array, snow_cover: Array, options: FreezeThawOptions) -> Array:
    """Return the state from land surface temperature at night [degC] where snow [1] does not hide the ground."""
    return thermal_state(night_temperature, snow_cover, most_snow=options.most_snow)


def season_days(state: Array, times: Times, *, least: int = 3) -> tuple[NDArray[np.int64], Array, Array]:
    """Return the years of a series and the day of the year on which thaw and, after it, freezing begin.

    Parameters
    ----------
    state : array, shape (times, ...)
        0, 1 or NaN.
    times : array of datetime64, shape (times,)
        In order.
    least : int
        Known states in a row that make a season begin.

    Returns
    -------
    years : array, shape (years,)
    thaw, freeze : array, shape (years, ...)
        Day of the year (1 = 1 January) with the fraction of the day; NaN where there is none. Freezing is that after
        thaw.
    """
    stamps = np.asarray(times).astype("datetime64[us]")
    calendar = stamps.astype("datetime64[Y]")
    years = np.unique(calendar)
    thaws, freezes = [], []
    for year in years:
        inside = calendar == year
        part, when = state[inside], stamps[inside]
        thaw = first_of_run(part, when, wanted=1, least=least)
        later = when.reshape(-1, *(1,) * (state.ndim - 1)) > thaw
        freeze = first_of_run(np.where(later, part, np.nan), when, wanted=0, least=least)
        thaws.append(_day(thaw, year))
        freezes.append(_day(freeze, year))
    return years.astype(np.int64) + 1970, np.stack(thaws), np.stack(freezes)


def _day(times: NDArray[np.datetime64], year: np.datetime64) -> Array:
    days = (times - year.astype("datetime64[us]")) / np.timedelta64(1, "D") + 1.0
    return np.where(np.isnat(times), np.nan, days)
