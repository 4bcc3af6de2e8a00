from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geocryoai.core.errors import ModelError
from geocryoai.models.fake import fake_samples
from geocryoai.models.folds import group_folds, inner_groups


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(0, 12), min_size=2, max_size=80), st.integers(2, 7), st.integers(0, 5))
def test_folds_part_no_group_and_hold_each_row_once(groups, k, seed):
    labels = np.array(groups)
    if len(np.unique(labels)) < 2:
        with pytest.raises(ModelError, match="inner folds cannot be made; found 1 groups"):
            group_folds(labels, k, seed)
        return
    folds = group_folds(labels, k, seed)
    assert len(folds) == min(k, len(np.unique(labels)))
    assert sorted(np.concatenate([held for _, held in folds])) == list(range(len(labels)))
    for train, held in folds:
        assert not set(labels[train]) & set(labels[held])
        assert len(train) + len(held) == len(labels)


def test_folds_are_balanced_by_rows_and_the_same_per_seed():
    labels = np.repeat(np.arange(20), np.arange(1, 21))
    sizes = [len(held) for _, held in group_folds(labels, 5, 1)]
    assert max(sizes) - min(sizes) <= 2
    again = group_folds(labels, 5, 1)
    for (_, one), (_, other) in zip(group_folds(labels, 5, 1), again, strict=True):
        np.testing.assert_array_equal(one, other)


def test_neighbouring_sites_are_one_group_and_sites_without_position_their_own():
    samples = fake_samples(n_sites=4, n_years=1)
    lon = np.select([samples.site == "S000", samples.site == "S001", samples.site == "S002"], [-150.1, -150.2, -140.0])
    lon[samples.site == "S003"] = np.nan
    groups = inner_groups(replace(samples, lon=lon, lat=np.full(len(samples), 68.2)), 0.5)
    of_site = {site: set(groups[samples.site == site]) for site in np.unique(samples.site)}
    assert of_site["S000"] == of_site["S001"]
    assert len({min(group) for group in of_site.values()}) == 3


def test_forecast_holds_out_years_and_one_site_falls_back_to_years():
    forecast = fake_samples(task="forecast", n_sites=3, n_years=4)
    assert len(np.unique(inner_groups(forecast, 0.5))) == 4
    alone = fake_samples(n_sites=1, n_years=3)
    assert len(np.unique(inner_groups(alone, 0.5))) == 3
