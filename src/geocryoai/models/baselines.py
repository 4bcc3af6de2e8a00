"""The wall of baselines: what a learner of the product has to beat."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from geocryoai.models.climatology import MonthMeans, month_number, month_of_year, weighted_means
from geocryoai.models.history import History
from geocryoai.models.point import Point, PointLearner
from geocryoai.models.weights import row_weights

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geocryoai.cube.samples import Samples, Task

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


class SiteClimatology(PointLearner):
    """Mean by month of the year: of all training sites (map), or of the row's own site where known (forecast)."""

    name = "site_climatology"
    baseline = True
    uses_features = False

    def learn(self, samples: Samples) -> None:
        """Learn the means."""
        weight = row_weights(samples, float(self.options["weight_power"]))
        self._means = MonthMeans.fit(samples.time, samples.y, weight)
        self._sites, site = np.unique(samples.site.astype(str), return_inverse=True)
        month = month_of_year(samples.time)
        code = np.where(month >= 0, site * 12 + month, -1)
        self._by_site = weighted_means(code, 12 * len(self._sites), samples.y, weight).reshape(-1, 12)

    def answer(self, samples: Samples) -> Point:
        """Return the baseline's value of each row."""
        mean = self._means.at(samples.time)
        if samples.task == "forecast":
            site = _position(self._sites, samples.site.astype(str))
            month = month_of_year(samples.time)
            own = np.where((site >= 0) & (month >= 0), self._by_site[site, month], np.nan)
            mean = np.where(np.isfinite(own), own, mean)
        return Point(mean)

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return the means and what was remembered."""
        arrays = {"by_month": self._means.by_month, "sites": self._sites, "by_site": self._by_site}
        return {"overall": self._means.overall}, arrays

    def restore(self, facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take up the means and what was remembered."""
        self._means = MonthMeans(facts["overall"], arrays["by_month"])
        self._sites, self._by_site = arrays["sites"], arrays["by_site"]


class Persistence(PointLearner):
    """Last known value: the shortest lag that is known, else the site's last training value, else the climatology."""

    name = "persistence"
    tasks: ClassVar[tuple[Task, ...]] = ("forecast",)
    baseline = True
    uses_features = False
    seasonal: ClassVar[bool] = False

    def learn(self, samples: Samples) -> None:
        """Learn the means."""
        weight = row_weights(samples, float(self.options["weight_power"]))
        self._means = MonthMeans.fit(samples.time, samples.y, weight)
        self._annual = len(np.unique(month_of_year(samples.time[~np.isnat(samples.time)]))) <= 1
        self._history = History.fit(samples, seasonal=self.seasonal)

    def lags(self, samples: Samples) -> list[int]:
        """Return the lags to look at, nearest first."""
        return sorted(samples.lags)

    def answer(self, samples: Samples) -> Point:
        """Return the baseline's value of each row."""
        known = [samples.lags[lag] for lag in self.lags(samples)]
        mean = np.full(len(samples), np.nan)
        for values in [*known, self._history.before(samples), self._means.at(samples.time)]:
            mean = np.where(np.isfinite(mean), mean, values)
        return Point(mean)

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return the means and what was remembered."""
        facts = {"overall": self._means.overall, "annual": bool(self._annual)}
        return facts, {"by_month": self._means.by_month, **self._history.arrays()}

    def restore(self, facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take up the means and what was remembered."""
        self._means = MonthMeans(facts["overall"], arrays["by_month"])
        self._annual = facts["annual"]
        self._history = History.restore(arrays, seasonal=self.seasonal)


class SeasonalPersistence(Persistence):
    """Value of the same month of the last known year: lag 12, 24, ... (every lag, for an annual target)."""

    name = "seasonal_persistence"
    seasonal = True

    def lags(self, samples: Samples) -> list[int]:
        """Return the lags of whole years, nearest first."""
        return [lag for lag in sorted(samples.lags) if self._annual or lag % 12 == 0]


class NearestSite(PointLearner):
    """Value of the nearest training site: of the same month, else its mean of that month of the year, else its mean.

    A row without position gets the climatology of all sites, as does every row where no training site has a position.
    """

    name = "nearest_site"
    tasks: ClassVar[tuple[Task, ...]] = ("map",)
    baseline = True
    uses_features = False

    def learn(self, samples: Samples) -> None:
        """Learn the means."""
        weight = row_weights(samples, float(self.options["weight_power"]))
        self._means = MonthMeans.fit(samples.time, samples.y, weight)
        placed = samples.take(np.isfinite(samples.lon) & np.isfinite(samples.lat))
        self._sites, first, site = np.unique(placed.site.astype(str), return_index=True, return_inverse=True)
        self._place = _unit_vectors(placed.lon[first], placed.lat[first])
        month = month_of_year(placed.time)
        ones = np.ones(len(placed))
        n = len(self._sites)
        self._by_month = weighted_means(np.where(month >= 0, site * 12 + month, -1), 12 * n, placed.y, ones)
        self._by_site = weighted_means(site.astype(np.int64), n, placed.y, ones)
        self._history = History.fit(placed, seasonal=False)

    def answer(self, samples: Samples) -> Point:
        """Return the baseline's value of each row."""
        mean = self._means.at(samples.time)
        rows = np.flatnonzero(np.isfinite(samples.lon) & np.isfinite(samples.lat))
        if not len(self._sites) or not len(rows):
            return Point(mean)
        from scipy.spatial import cKDTree

        # Chords on the unit sphere sort as great circles do.
        _, site = cKDTree(self._place).query(_unit_vectors(samples.lon[rows], samples.lat[rows]))
        month = month_of_year(samples.time[rows])
        usual = np.where(month >= 0, self._by_month[site * 12 + month], np.nan)
        same = self._history.at(site, month_number(samples.time[rows]))
        near = np.where(np.isfinite(same), same, usual)
        mean[rows] = np.where(np.isfinite(near), near, self._by_site[site])
        return Point(mean)

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return the means and what was remembered."""
        own = {"sites": self._sites, "place": self._place, "by_month": self._by_month, "by_site": self._by_site}
        return {"overall": self._means.overall}, {
            **own,
            "all_sites_by_month": self._means.by_month,
            **self._history.arrays(),
        }

    def restore(self, facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take up the means and what was remembered."""
        self._means = MonthMeans(facts["overall"], arrays["all_sites_by_month"])
        self._sites, self._place = arrays["sites"], arrays["place"]
        self._by_month, self._by_site = arrays["by_month"], arrays["by_site"]
        self._history = History.restore(arrays, seasonal=False)


def _position(sorted_names: NDArray[np.str_], names: NDArray[np.str_]) -> Ints:
    """Return the position of each name among sorted ones, -1 where it is not among them."""
    place = np.minimum(np.searchsorted(sorted_names, names), len(sorted_names) - 1)
    return np.where(sorted_names[place] == names, place, -1).astype(np.int64)


def _unit_vectors(lon: Floats, lat: Floats) -> Floats:
    x, y = np.radians(lon), np.radians(lat)
    return np.column_stack([np.cos(y) * np.cos(x), np.cos(y) * np.sin(x), np.sin(y)])
