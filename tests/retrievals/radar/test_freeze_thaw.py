"""Frozen or thawed, against series whose state is known."""

from __future__ import annotations

import numpy as np
import pytest

from geocryoai.core.errors import ModelError
from geocryoai.retrievals.radar.freeze_thaw import (
    first_of_run,
    normalised_polarisation_ratio,
    seasonal_references,
    seasonal_threshold,
    thermal_state,
)

DAYS = np.arange("2016-01-01", "2017-01-01", 6, dtype="datetime64[D]")
THAWED = (np.datetime64("2016-05-20") <= DAYS) & (np.datetime64("2016-10-05") > DAYS)


def backscatter(seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0, 0.4, (DAYS.size, 2))
    levels = np.where(THAWED[:, None], [-9.0, -11.0], [-13.0, -11.0])
    return levels + noise


def test_backscatter_that_drops_by_four_decibel() -> None:
    values = backscatter()
    values[10, 0] = np.nan
    frozen, thawed = seasonal_references(values, DAYS)
    assert frozen[0] == pytest.approx(-13, abs=0.3)
    state = seasonal_threshold(values, frozen, thawed, least_contrast=1.0)
    assert np.isnan(state[10, 0])
    known = np.isfinite(state[:, 0])
    assert (state[known, 0] == THAWED[known]).all()
    assert np.isnan(state[:, 1]).all()
    onset, end = (first_of_run(state, DAYS, wanted=wanted) for wanted in (1, 0))
    assert onset[0] == DAYS[THAWED][0]
    assert np.isnat(onset[1])
    assert end[0] == DAYS[0]
    autumn = first_of_run(state[40:], DAYS[40:], wanted=0)
    assert autumn[0] == DAYS[40:][~THAWED[40:]][0]


def test_polarisation_ratio() -> None:
    found = normalised_polarisation_ratio([260.0, 260.0, np.nan, 0.0], [240.0, 260.0, 240.0, 10.0])
    np.testing.assert_allclose(found[:2], [0.04, 0.0])
    assert np.isnan(found[2:]).all()


def test_a_single_warm_value_is_no_onset() -> None:
    state = np.array([0, 1, 0, np.nan, 1, np.nan, 1, 1, 1.0])
    times = np.arange("2020-05-01", "2020-05-10", dtype="datetime64[D]")
    assert str(first_of_run(state, times, wanted=1))[:10] == "2020-05-05"


def test_night_temperature_under_snow_tells_nothing() -> None:
    found = thermal_state([-2.0, 3.0, 3.0, np.nan, 1.0], [0.0, 0.05, 0.6, 0.0, np.nan])
    np.testing.assert_array_equal(found, [0.0, 1.0, np.nan, np.nan, np.nan])
    with pytest.raises(ModelError, match="in kelvin"):
        thermal_state([270.0], [0.0])


def test_references_need_both_seasons() -> None:
    with pytest.raises(ModelError, match="no time lies in the thawed months"):
        seasonal_references(np.zeros((3, 1)), DAYS[:3])
