"""Samples made by code and learners of a few lines, for tests of evaluation."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest

from geocryoai.cube.samples import Samples
from geocryoai.models.contract import Learner, Prediction


class Toy(Learner):
    """A learner without a file format."""

    name = "toy"

    def save(self, folder: Path) -> None:
        raise NotImplementedError

    @classmethod
    def load(cls, folder: Path) -> Self:
        raise NotImplementedError


class Mean(Toy):
    def fit(self, samples: Samples) -> Self:
        assert np.isfinite(samples.y).all()
        self.mean, self.sd = samples.y.mean(), samples.y.std() + 1e-9
        return self

    def predict(self, samples: Samples) -> Prediction:
        assert np.isnan(samples.y).all(), "the target of tested rows was shown to a learner"
        return Prediction.normal(np.full(len(samples), self.mean), self.sd)


class Linear(Toy):
    """Least squares on features, then on the first lag where there is one."""

    def fit(self, samples: Samples) -> Self:
        table = self._table(samples)
        self.coef = np.linalg.lstsq(table, samples.y, rcond=None)[0]
        self.sd = float((samples.y - table @ self.coef).std()) + 1e-9
        return self

    def predict(self, samples: Samples) -> Prediction:
        return Prediction.normal(self._table(samples) @ self.coef, self.sd)

    def _table(self, samples: Samples) -> np.ndarray:
        lags = [np.nan_to_num(samples.lags[k]) for k in sorted(samples.lags)]
        return np.column_stack([np.ones(len(samples)), np.nan_to_num(samples.matrix()), *lags])


class LagCopy(Toy):
    """Passes the first lag on."""

    def fit(self, samples: Samples) -> Self:
        self.mean = samples.y.mean()
        return self

    def predict(self, samples: Samples) -> Prediction:
        lag = samples.lags[1]
        return Prediction.normal(np.where(np.isfinite(lag), lag, self.mean), 1.0)


class Failing(Toy):
    def fit(self, samples: Samples) -> Self:
        raise ValueError("singular")

    def predict(self, samples: Samples) -> Prediction:
        raise AssertionError


class Batch(Linear):
    """Scales features by the batch it is asked to predict: a leak between tested rows."""

    def _table(self, samples: Samples) -> np.ndarray:
        table = super()._table(samples)
        table[:, 1:] = (table[:, 1:] - table[:, 1:].mean(axis=0)) / (table[:, 1:].std(axis=0) + 1e-9)
        return table


TOYS: dict[str, type[Toy]] = {
    "mean": Mean,
    "linear": Linear,
    "lag_copy": LagCopy,
    "failing": Failing,
    "batch": Batch,
}


def fit_toy(name: str, samples: Samples, options: dict[str, Any], seed: int) -> Learner:
    return TOYS[name](seed=seed, **options).fit(samples)


def build(
    site: np.ndarray,
    y: np.ndarray,
    *,
    lon: np.ndarray | None = None,
    lat: np.ndarray | None = None,
    time: np.ndarray | None = None,
    **parts: Any,
) -> Samples:
    n = len(y)
    known = {"target": "alt", "task": "map", "features": {}, "sigma": np.full(n, 0.1), **parts}
    return Samples(
        source=np.array(["made.csv"] * n),
        source_row=np.arange(n),
        site=np.asarray(site, dtype=str),
        lon=np.full(n, -150.0) if lon is None else np.asarray(lon, float),
        lat=np.full(n, 68.0) if lat is None else np.asarray(lat, float),
        time=np.full(n, np.datetime64("2010-07-01")) if time is None else time,
        y=np.asarray(y, float),
        **known,
    )


def make_map(sites: int = 12, per_site: int = 15, seed: int = 0, site_sd: float = 0.2) -> Samples:
    """Thaw depths [m] at sites over Alaska, monthly, with one feature that tells something."""
    rng = np.random.default_rng(seed)
    number = np.repeat(np.arange(sites), per_site)
    warm = rng.normal(size=sites * per_site)
    level = rng.normal(0, site_sd, sites)[number]
    y = 0.8 + 0.15 * warm + level + rng.normal(0, 0.05, sites * per_site)
    month = np.tile(np.arange(per_site), sites)
    return build(
        [f"s{i:02d}" for i in number],
        np.clip(y, 0.1, None),
        lon=-165.0 + 2.0 * number,
        lat=62.0 + (number % 5) * 1.7,
        time=(np.datetime64("2000-01", "M") + month).astype("datetime64[D]"),
        features={"warm": warm, "relief": rng.normal(size=sites)[number]},
        statics=("relief",),
    )


def make_forecast(sites: int = 5, months: int = 60, seed: int = 0, memory: float = 0.9) -> Samples:
    """A monthly flux at sites with memory, its true lags 1 and 12, from 2010 on."""
    rng = np.random.default_rng(seed)
    driver = rng.normal(size=(sites, months))
    y = np.zeros((sites, months))
    for t in range(months):
        y[:, t] = (memory * y[:, t - 1] if t else 0) + 0.3 * driver[:, t] + rng.normal(0, 0.3, sites)
    lags = {}
    for k in (1, 12):
        lags[k] = np.full((sites, months), np.nan)
        lags[k][:, k:] = y[:, :-k]
    time = (np.datetime64("2010-01", "M") + np.arange(months)).astype("datetime64[D]")
    return build(
        np.repeat([f"t{i}" for i in range(sites)], months),
        y.ravel(),
        lon=np.repeat(-150.0 + np.arange(sites), months),
        time=np.tile(time, sites),
        target="nee",
        task="forecast",
        features={"driver": driver.ravel()},
        lags={k: values.ravel() for k, values in lags.items()},
    )


def shuffle_rows(samples: Samples, seed: int = 1) -> Samples:
    return samples.take(np.random.default_rng(seed).permutation(len(samples)))


@pytest.fixture
def made() -> Any:
    """Return the makers of this file by name."""

    class Made:
        samples = staticmethod(build)
        map = staticmethod(make_map)
        forecast = staticmethod(make_forecast)
        shuffled = staticmethod(shuffle_rows)
        fit = staticmethod(fit_toy)
        replace = staticmethod(replace)

    return Made
