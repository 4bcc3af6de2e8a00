"""What holds for every learner."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from geocryoai.core.errors import ModelError
from geocryoai.models import LEARNERS, Learner, Prediction
from geocryoai.models.fake import fake_samples
from geocryoai.models.template import NearestNeighbours

pytestmark = pytest.mark.contract

FAST = {
    "convlstm": {"epochs": 3, "hidden": 8, "width": 8},
    "random_forest": {"trees": 20, "inner_trees": 10},
    "anchor_forest": {"trees": 20, "inner_trees": 10},
    "boosted_trees": {"max_rounds": 40},
    "anchor_trees": {"max_rounds": 40},
    "stack": {
        "member_options": {"random_forest": {"trees": 20, "inner_trees": 10}, "boosted_trees": {"max_rounds": 40}}
    },
}
FAST["process_informed"] = {"member_options": FAST["stack"]}
KINDS = {name: LEARNERS.get(name) for name in LEARNERS.names()} | {"nearest_neighbours": NearestNeighbours}
CASES = [(name, task) for name, kind in KINDS.items() for task in kind.tasks]


@cache
def samples(task: str):
    return fake_samples(task=task, n_sites=10, n_years=3, seed=3)


@cache
def parts(task: str):
    everything = samples(task)
    held = (
        np.isin(everything.site, ["S000", "S001", "S002"])
        if task == "map"
        else everything.time >= np.datetime64("2003-01-01")
    )
    return everything.take(~held), everything.take(held)


def new(name: str, **options) -> Learner:
    return KINDS[name](seed=4, **{**FAST.get(name, {}), **options})


@cache
def fitted(name: str, task: str) -> Learner:
    return new(name).fit(parts(task)[0])


def assert_same(one: Prediction, other: Prediction) -> None:
    for part in ("mean", "sd", "quantiles"):
        np.testing.assert_array_equal(getattr(one, part), getattr(other, part))
    assert one.ledger.keys() == other.ledger.keys()
    for name, moved in one.ledger.items():
        np.testing.assert_array_equal(moved, other.ledger[name])


def test_list_of_learners_is_the_one_tested():
    assert set(KINDS) == set(LEARNERS.names()) | {"nearest_neighbours"}
    assert set(KINDS) == {
        "site_climatology",
        "persistence",
        "seasonal_persistence",
        "nearest_site",
        "process",
        "ridge",
        "random_forest",
        "boosted_trees",
        "anchor_ridge",
        "anchor_trees",
        "anchor_forest",
        "convlstm",
        "stack",
        "process_informed",
        "nearest_neighbours",
    }
    assert {name for name, kind in KINDS.items() if kind.baseline} == {
        "site_climatology",
        "persistence",
        "seasonal_persistence",
        "nearest_site",
        "process",
    }


@pytest.mark.parametrize(("name", "task"), CASES)
def test_shapes_order_and_no_look_at_the_target(name, task):
    held = parts(task)[1]
    seen = fitted(name, task).predict(held)
    assert len(seen) == len(held)
    assert (np.diff(seen.quantiles, axis=1) >= 0).all()
    assert (seen.sd > 0).all()
    assert_same(seen, fitted(name, task).predict(held.without_target()))


@pytest.mark.parametrize(("name", "task"), CASES)
def test_finite_where_nothing_is_known(name, task):
    held = parts(task)[1].take(np.arange(6))
    nothing = np.full(6, np.nan)
    unknown = replace(
        held,
        site=np.array(["unheard of"] * 6),
        lon=nothing,
        lat=nothing,
        time=np.full(6, np.datetime64("NaT"), dtype="datetime64[D]"),
        features=dict.fromkeys(held.features, nothing),
        anchors=dict.fromkeys(held.anchors, nothing),
        lags=dict.fromkeys(held.lags, nothing),
    ).without_target()
    prediction = fitted(name, task).predict(unknown)
    assert np.isfinite(prediction.mean).all()
    assert np.isfinite(prediction.quantiles).all()


def bare(everything):
    """Samples whose every optional part is absent or unknown in training already."""
    n = len(everything)
    return replace(
        everything,
        lon=np.full(n, np.nan),
        lat=np.full(n, np.nan),
        time=np.full(n, np.datetime64("NaT"), dtype="datetime64[D]"),
        features={"empty": np.full(n, np.nan)},
        anchors={name: np.full(n, np.nan) for name in everything.anchors},
    )


ODD = {
    "constant target": lambda s: replace(s, y=np.full(len(s), 1.5)),
    "one site": lambda s: s.take(s.site == "S001"),
    "two rows": lambda s: s.take(np.array([0, 1])),
    "nothing known": bare,
    "names as objects": lambda s: replace(s, site=s.site.astype(object)),
    "known errors": lambda s: replace(s, sigma=np.abs(s.y)),
}


@pytest.mark.parametrize("odd", sorted(ODD))
@pytest.mark.parametrize(("name", "task"), CASES)
def test_odd_training_samples_are_learnt_from_and_saved(name, task, odd, tmp_path):
    few = ODD[odd](samples(task).take(np.arange(5 * 36)))
    learner = new(name).fit(few)
    prediction = learner.predict(few)
    # A mean of what was seen, or an anchor: never far outside.
    assert np.abs(prediction.mean).max() < 5.0
    learner.save(tmp_path)
    np.testing.assert_array_equal(KINDS[name].load(tmp_path).predict(few).mean, prediction.mean)


@pytest.mark.parametrize(("name", "task"), CASES)
def test_save_and_load_give_the_same_bytes(name, task, tmp_path):
    learner = fitted(name, task)
    learner.save(tmp_path / "first")
    loaded = KINDS[name].load(tmp_path / "first")
    assert_same(learner.predict(parts(task)[1]), loaded.predict(parts(task)[1]))
    loaded.save(tmp_path / "second")
    files = sorted(file.relative_to(tmp_path / "first") for file in (tmp_path / "first").rglob("*") if file.is_file())
    assert files
    for file in files:
        assert (tmp_path / "first" / file).read_bytes() == (tmp_path / "second" / file).read_bytes(), file


@pytest.mark.parametrize(("name", "task"), CASES)
def test_same_seed_gives_the_same_predictions(name, task):
    train, held = parts(task)
    assert_same(new(name).fit(train).predict(held), fitted(name, task).predict(held))


@pytest.mark.parametrize(("name", "task"), CASES)
def test_a_row_is_predicted_the_same_in_any_company(name, task):
    held = parts(task)[1]
    rows = np.random.default_rng(0).permutation(len(held))[:17]
    whole = fitted(name, task).predict(held)
    some = fitted(name, task).predict(held.take(rows))
    np.testing.assert_array_equal(some.mean, whole.mean[rows])
    np.testing.assert_array_equal(some.quantiles, whole.quantiles[rows])


@pytest.mark.parametrize("name", sorted(KINDS))
def test_refuses_an_unknown_option_by_its_nearest_name(name):
    with pytest.raises(ModelError, match=r"no option is called 'fold'.*did you mean 'folds'|Did you mean 'folds'"):
        KINDS[name](fold=3)


@pytest.mark.parametrize(("name", "task"), CASES)
def test_refuses_what_it_cannot_learn_from(name, task):
    train = parts(task)[0]
    with pytest.raises(ModelError, match="nothing can be learnt"):
        new(name).fit(train.take(np.arange(0)))
    with pytest.raises(ModelError, match="a target is not finite"):
        new(name).fit(train.without_target())


@pytest.mark.parametrize("name", sorted(KINDS))
def test_refuses_to_predict_or_save_before_it_is_fitted(name, tmp_path):
    task = KINDS[name].tasks[0]
    with pytest.raises(ModelError, match="learnt nothing yet"):
        new(name).predict(parts(task)[1])
    with pytest.raises(ModelError, match="not fitted"):
        new(name).save(tmp_path)


@pytest.mark.parametrize(("name", "task"), CASES)
def test_refuses_another_target_or_task(name, task):
    held = parts(task)[1]
    with pytest.raises(ModelError, match=r"another target.*found 'gpp'; expected 'nee'"):
        fitted(name, task).predict(replace(held, target="gpp"))
    other = "forecast" if task == "map" else "map"
    with pytest.raises(ModelError, match="another task"):
        fitted(name, task).predict(replace(held, task=other))
    if other not in KINDS[name].tasks:
        with pytest.raises(ModelError, match=f"'{name}' does not do this task"):
            new(name).fit(samples(other))


@pytest.mark.parametrize(("name", "task"), [case for case in CASES if KINDS[case[0]].uses_features])
def test_refuses_missing_and_unseen_features(name, task):
    held = parts(task)[1]
    renamed = {("warmth" if key == "warm" else key): values for key, values in held.features.items()}
    with pytest.raises(ModelError, match=r"features are missing.*expected warm.*'warm': did you mean 'warmth'"):
        fitted(name, task).predict(replace(held, features=renamed))
    with pytest.raises(ModelError, match=r"not trained on; found extra"):
        fitted(name, task).predict(replace(held, features={**held.features, "extra": held.lon}))


@pytest.mark.parametrize("name", [name for name in sorted(KINDS) if "map" in KINDS[name].tasks])
def test_a_feature_that_knows_the_answer_in_the_test_rows_alone_gives_no_gain(name):
    train, held = parts("map")
    rng = np.random.default_rng(1)
    # Both learners see noise in training; in the test rows one sees the answer, the other noise of the same spread.
    noise = train.y[rng.permutation(len(train))]
    blind = held.y[rng.permutation(len(held))]
    learner = new(name).fit(replace(train, features={**train.features, "leak": noise}))
    error = [
        np.sqrt(np.mean((learner.predict(replace(held, features={**held.features, "leak": x})).mean - held.y) ** 2))
        for x in (held.y, blind)
    ]
    assert error[0] > 0.9 * error[1]
