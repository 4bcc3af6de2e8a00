from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from geocryoai.core.errors import ModelError
from geocryoai.models.fake import fake_samples
from geocryoai.models.features import Design
from geocryoai.models.transform import Transform
from geocryoai.models.weights import row_weights


def test_nothing_is_learnt_from_rows_that_were_not_given():
    samples = fake_samples(n_sites=6)
    train = samples.take(samples.site < "S004")
    design, x = Design.fit(train, impute=True, standardise=True)
    far = replace(samples, features={k: np.where(samples.site < "S004", v, 1e6) for k, v in samples.features.items()})
    np.testing.assert_array_equal(design.matrix(far.take(samples.site < "S004")), x)
    np.testing.assert_allclose(x.mean(axis=0), 0, atol=1e-10)
    np.testing.assert_allclose(x.std(axis=0), 1, atol=1e-10)


def test_gaps_are_filled_with_the_median_and_marked():
    samples = fake_samples(n_sites=4)
    design, x = Design.fit(samples, impute=True)
    columns = design.columns()
    gap = ~np.isfinite(samples.features["warm"])
    assert gap.any()
    np.testing.assert_array_equal(x[gap, columns.index("warm")], np.nanmedian(samples.features["warm"]))
    np.testing.assert_array_equal(x[:, columns.index("warm missing")], gap)


def test_features_missing_together_share_one_indicator():
    samples = fake_samples(n_sites=4, gaps=0.0)
    gap = np.arange(len(samples)) % 3 == 0
    both = {name: np.where(gap, np.nan, samples.features[name]) for name in ("warm", "wet")}
    design, _ = Design.fit(replace(samples, features={**samples.features, **both}), impute=True)
    assert [name for name in design.columns() if name.endswith("missing")] == ["warm missing"]


def test_constant_columns_and_harmonics_of_a_single_month_are_dropped():
    samples = fake_samples(n_sites=4, gaps=0.0)
    july = samples.take(samples.time.astype("datetime64[M]").astype(int) % 12 == 6)
    design, _ = Design.fit(replace(july, features={**july.features, "flat": np.full(len(july), 2.0)}), impute=True)
    assert design.columns() == ["dull", "static", "warm", "wet"]


def test_no_informative_column_still_gives_a_matrix():
    samples = fake_samples(n_sites=3)
    bare = replace(samples, features={}, time=np.full(len(samples), np.datetime64("NaT"), dtype="datetime64[D]"))
    design, x = Design.fit(bare, impute=True)
    assert design.columns() == ["nothing"]
    np.testing.assert_array_equal(x, np.zeros((len(samples), 1)))


def test_an_infinite_feature_is_refused_by_name():
    samples = fake_samples(n_sites=3)
    warm = samples.features["warm"].copy()
    warm[5] = np.inf
    with pytest.raises(ModelError, match="warm: a feature is infinite; found 1 rows"):
        Design.fit(replace(samples, features={**samples.features, "warm": warm}), impute=True)


@pytest.mark.parametrize("kind", ["none", "log", "asinh"])
def test_transform_and_inverse_cancel(kind):
    y = np.geomspace(1e-3, 1e4, 50)
    transform = Transform.fit(kind, y)
    np.testing.assert_allclose(transform.inverse(transform.forward(y)), y, rtol=1e-12)


def test_transform_refuses_what_it_cannot_take():
    with pytest.raises(ModelError, match=r"log transform needs positive values; found 1 values of 2"):
        Transform.fit("log", np.array([0.0, 1.0]))
    with pytest.raises(ModelError, match=r"no transform is called so; found 'sqrt'; expected none, log, asinh"):
        Transform.fit("sqrt", np.array([1.0]))


def test_weights_follow_site_size_and_standard_error():
    samples = fake_samples(n_sites=2, n_years=2)
    few = samples.take((samples.site == "S000") | (np.arange(len(samples)) % 4 == 0))
    for power, ratio in ((0.0, 4.0), (0.5, 2.0), (1.0, 1.0)):
        weight = row_weights(few, power)
        assert weight.mean() == pytest.approx(1.0)
        total = [weight[few.site == site].sum() for site in ("S000", "S001")]
        assert total[0] / total[1] == pytest.approx(ratio)
    sigma = np.where(np.arange(len(few)) == 0, few.y.std(), np.nan)
    weight = row_weights(replace(few, sigma=sigma), 0.0)
    assert weight[0] / weight[1] == pytest.approx(0.5)
