"""Last known value of a site, from the training rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from geocryoai.models.climatology import month_number, weighted_means

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from geocryoai.cube.samples import Samples

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

#: More months than any record spans, so that (series, month) is one sortable number.
SPAN = 10_000_000


@dataclass(frozen=True)
class History:
    """Values of each site in time; months are counted since January 1970.

    Attributes
    ----------
    sites : array of str
    key : array of int, sorted
        series * SPAN + month; a series is a site, or a site and a month of the year where `seasonal`.
    value : array of float
    seasonal : bool
    """

    sites: NDArray[np.str_]
    key: Ints
    value: Floats
    seasonal: bool

    @classmethod
    def fit(cls, samples: Samples, *, seasonal: bool) -> Self:
        """Remember the dated rows of `samples`; rows of one site and month are averaged."""
        sites = np.unique(samples.site.astype(str))
        empty = cls(sites, np.empty(0, dtype=np.int64), np.empty(0), seasonal)
        row_key = empty._key(samples)
        key, code = np.unique(row_key, return_inverse=True)
        value = weighted_means(code, len(key), samples.y, np.ones(len(samples)))
        return cls(sites, key[key >= 0], value[key >= 0], seasonal)

    def before(self, samples: Samples) -> Floats:
        """Return the last value of each row's series before the row's month; NaN where there is none."""
        key = self._key(samples)
        place = np.searchsorted(self.key, key, side="left") - 1
        found = np.full(len(samples), np.nan)
        rows = np.flatnonzero((place >= 0) & (key >= 0))
        rows = rows[self.key[place[rows]] // SPAN == key[rows] // SPAN]
        found[rows] = self.value[place[rows]]
        return found

    def at(self, site: Ints, month: Ints) -> Floats:
        """Return the value of each site (its place in `sites`) in each month; NaN where there is none."""
        if not len(self.key):
            return np.full(len(site), np.nan)
        key = site * SPAN + month + SPAN // 2
        place = np.minimum(np.searchsorted(self.key, key), len(self.key) - 1)
        return np.where(self.key[place] == key, self.value[place], np.nan)

    def _key(self, samples: Samples) -> Ints:
        names = samples.site.astype(str)
        place = np.searchsorted(self.sites, names)
        site = np.minimum(place, len(self.sites) - 1)
        known = (self.sites[site] == names) & ~np.isnat(samples.time)
        month = month_number(samples.time)
        series = site * 12 + month % 12 if self.seasonal else site
        return np.where(known, series * SPAN + month + SPAN // 2, -1)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays that `restore` needs."""
        return {"history_sites": self.sites, "history_key": self.key, "history_value": self.value}

    @classmethod
    def restore(cls, arrays: Mapping[str, NDArray[Any]], *, seasonal: bool) -> Self:
        """Return the history that `arrays` described."""
        return cls(arrays["history_sites"], arrays["history_key"], arrays["history_value"], seasonal)
