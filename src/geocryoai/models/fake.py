"""Made-up samples with a known relation, for tests of learners and for trying out a new one."""

from __future__ import annotations

import numpy as np

from geocryoai.cube.samples import Samples, Task

MONTHS_PER_YEAR = 12


def fake_samples(
    *,
    target: str = "nee",
    task: Task = "map",
    n_sites: int = 24,
    n_years: int = 3,
    site_effect: float = 0.3,
    noise: float = 0.2,
    gaps: float = 0.1,
    seed: int = 0,
) -> Samples:
    """Return monthly samples of `n_sites` sites scattered over Alaska.

    The target is a seasonal cycle plus a linear and a curved effect of two of its features, plus an unexplained effect
    of the site [standard deviation `site_effect`] and of the row [`noise`]; the anchor knows the cycle and half of the
    linear effect. For `alt` and other targets that start at zero the same is exponentiated.

    Parameters
    ----------
    target : str
    task : {"map", "forecast"}
        The forecast task carries lags 1 and 12.
    n_sites, n_years : int
    site_effect, noise : float
        In the target's unit (of its logarithm for targets that start at zero).
    gaps : float
        Share of each feature that is missing.
    seed : int
    """
    from geocryoai.core.variables import variable

    rng = np.random.default_rng(seed)
    n = n_sites * n_years * MONTHS_PER_YEAR
    site = np.repeat(np.arange(n_sites), n_years * MONTHS_PER_YEAR)
    month = np.tile(np.arange(n_years * MONTHS_PER_YEAR), n_sites)
    season = -np.cos(2 * np.pi * month / MONTHS_PER_YEAR)
    warm = season + 0.5 * rng.standard_normal(n)
    static = rng.uniform(-1, 1, n_sites)[site]
    wet = rng.uniform(-1, 1, n)
    cycle = 0.8 * season
    linear = 0.6 * static
    signal = cycle + linear + 0.4 * wet**2 + 0.3 * (warm - season)
    y = signal + site_effect * rng.standard_normal(n_sites)[site] + noise * rng.standard_normal(n)
    anchor = cycle + 0.5 * linear
    if variable(target).valid[0] >= 0:
        y, anchor = 0.5 * np.exp(0.5 * y), 0.5 * np.exp(0.5 * anchor)
    features = {"warm": warm, "static": static.copy(), "wet": wet, "dull": rng.standard_normal(n)}
    for values in features.values():
        values[rng.random(n) < gaps] = np.nan
    lags = {k: _lagged(y, site, k) for k in (1, MONTHS_PER_YEAR)} if task == "forecast" else {}
    return Samples(
        target=target,
        task=task,
        source=np.full(n, "fake.csv"),
        source_row=np.arange(n),
        site=np.array([f"S{i:03d}" for i in range(n_sites)])[site],
        lon=rng.uniform(-165, -142, n_sites)[site],
        lat=rng.uniform(62, 71, n_sites)[site],
        time=(np.datetime64("2001-01", "M") + month).astype("datetime64[D]"),
        features=features,
        y=y,
        sigma=np.full(n, np.nan),
        statics=("static",),
        anchors={"made_up": anchor},
        lags=lags,
    )


def _lagged(y: np.ndarray, site: np.ndarray, k: int) -> np.ndarray:
    lagged = np.full(len(y), np.nan)
    lagged[k:] = np.where(site[k:] == site[:-k], y[:-k], np.nan)
    return lagged
