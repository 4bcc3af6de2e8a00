"""The ConvLSTM ensemble as a learner."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from geocryoai.core.errors import ModelError
from geocryoai.cube.samples import Samples
from geocryoai.cube.windows import TableWindows
from geocryoai.models import LEARNERS
from geocryoai.models.baselines import SiteClimatology
from geocryoai.models.convlstm import CLIMATOLOGY, ConvLSTMEnsemble
from geocryoai.models.fake import fake_samples

QUICK = {"members": 3, "epochs": 12, "patience": 4, "hidden": 12, "width": 12}


def rmse(learner, samples: Samples) -> float:
    return float(np.sqrt(np.mean((learner.predict(samples).mean - samples.y) ** 2)))


def split(samples: Samples, every: int = 4) -> tuple[Samples, Samples]:
    """Return samples without and with each `every`-th site."""
    held = np.isin(samples.site, np.unique(samples.site)[::every])
    return samples.take(~held), samples.take(held)


def remembering(lag: int = 3, history: int = 6, months: int = 48, n_sites: int = 20, side: int = 1) -> Samples:
    """Return samples whose target is what the first of two drivers was `lag` months ago."""
    rng = np.random.default_rng(5)
    drivers = rng.normal(size=(n_sites, months, 2))
    site, step = (part.ravel() for part in np.mgrid[0:n_sites, history:months])
    n = len(site)
    y = drivers[site, step - lag, 0] + 0.1 * rng.normal(size=n)
    windows = TableWindows(site, step, drivers, ("tas", "pr"), history)
    return Samples(
        target="nee",
        task="map",
        source=np.full(n, "made.csv"),
        source_row=np.arange(n),
        site=np.array([f"S{i:02d}" for i in range(n_sites)])[site],
        lon=(-160.0 + site),
        lat=np.full(n, 68.0),
        time=(np.datetime64("2001-01", "M") + step).astype("datetime64[D]"),
        features={"dull": rng.normal(size=n)},
        y=y,
        sigma=np.full(n, np.nan),
        windows=windows if side == 1 else Maps(windows, side),
        window_index=np.arange(n),
    )


class Maps:
    """Windows of several cells whose centre is that of a site table, with noise around."""

    def __init__(self, table: TableWindows, side: int) -> None:
        self.table, self.channels = table, table.channels
        self.shape = (*table.shape[:2], side, side)

    def get(self, index: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        values = np.random.default_rng(0).normal(size=(len(index), *self.shape)).astype(np.float32)
        centre = self.shape[-1] // 2
        values[..., centre, centre] = self.table.get(index)[0][..., 0, 0]
        present = np.ones(values.shape, bool)
        present[..., 0, 0] = False
        return np.where(present, values, 0), present


@cache
def fitted(target: str = "nee", task: str = "map") -> tuple[ConvLSTMEnsemble, Samples, Samples]:
    train, test = split(fake_samples(target=target, task=task, n_sites=16))
    return ConvLSTMEnsemble(seed=1, **QUICK).fit(train), train, test


@cache
def fitted_memory() -> tuple[ConvLSTMEnsemble, Samples, Samples]:
    train, test = split(remembering())
    options = {
        "members": 3,
        "epochs": 40,
        "hidden": 16,
        "width": 16,
        "learning_rate": 1e-2,
        "noise": 0.1,
        "dropout": 0.0,
    }
    return ConvLSTMEnsemble(seed=1, **options).fit(train), train, test


def test_it_learns_a_linear_signal_better_than_climatology_without_an_anchor() -> None:
    samples = fake_samples(n_sites=24, site_effect=0.0, noise=0.1, gaps=0.0)
    samples = replace(samples, anchors={}, y=samples.y + 1.5 * samples.features["wet"])
    train, test = split(samples)
    learner = ConvLSTMEnsemble(seed=1, **QUICK).fit(train)
    assert rmse(learner, test) < 0.5 * rmse(SiteClimatology().fit(train), test)


def test_it_learns_what_happened_three_months_ago() -> None:
    learner, train, test = fitted_memory()
    assert rmse(learner, test) < 0.4 * rmse(SiteClimatology().fit(train), test)


def test_it_looks_beyond_the_last_step() -> None:
    learner, _, test = fitted_memory()
    table = test.windows
    assert isinstance(table, TableWindows)
    index = test.window_index
    before = learner.predict(test).mean

    def changed(lag: int) -> float:
        one = np.flatnonzero(table.step[index] == 20)  # one month per site, so that windows do not share the change
        values = table.values.copy()
        values[table.site_index[index[one]], 20 - lag, 0] += 1.0
        shifted = replace(table, values=values)
        return float(np.abs(learner.predict(replace(test, windows=shifted)).mean - before)[one].mean())

    assert changed(3) > 0.5
    assert changed(0) < 0.2


def test_maps_give_what_the_centre_says() -> None:
    samples = remembering(lag=1, history=2, months=26, n_sites=16, side=3)
    train, test = split(samples)
    learner = ConvLSTMEnsemble(members=2, epochs=15, hidden=12, width=12, learning_rate=1e-2, noise=0.0, dropout=0.0)
    assert rmse(learner.fit(train), test) < 0.6 * float(test.y.std())
    assert learner._members[0].spec.kernel == 3


def test_intervals_cover_sites_that_were_not_seen() -> None:
    train, test = split(fake_samples(n_sites=40, n_years=1), 2)
    prediction = ConvLSTMEnsemble(seed=0, **QUICK).fit(train).predict(test)
    inside = (prediction.quantiles[:, 0] <= test.y) & (test.y <= prediction.quantiles[:, -1])
    assert 0.8 <= inside.mean() <= 0.99
    assert (np.diff(prediction.quantiles, axis=1) >= 0).all()
    assert (prediction.sd > 0).all()


@pytest.mark.parametrize("task", ["map", "forecast"])
def test_answers_do_not_depend_on_order_or_company(task: str) -> None:
    learner, _, test = fitted(task=task)
    whole = learner.predict(test)
    order = np.random.default_rng(0).permutation(len(test))
    shuffled, few = learner.predict(test.take(order)), learner.predict(test.take(np.arange(5)))
    for part in ("mean", "sd", "quantiles"):
        np.testing.assert_array_equal(getattr(shuffled, part), getattr(whole, part)[order])
        np.testing.assert_array_equal(getattr(few, part), getattr(whole, part)[:5])
    assert len(learner.predict(test.take(np.arange(0)))) == 0


def test_answers_do_not_depend_on_the_target() -> None:
    learner, _, test = fitted()
    np.testing.assert_array_equal(learner.predict(test.without_target()).mean, learner.predict(test).mean)


def test_the_same_seed_gives_the_same_and_another_another() -> None:
    learner, train, test = fitted()
    again = ConvLSTMEnsemble(seed=1, **QUICK).fit(train).predict(test)
    np.testing.assert_array_equal(again.mean, learner.predict(test).mean)
    np.testing.assert_array_equal(again.quantiles, learner.predict(test).quantiles)
    other = ConvLSTMEnsemble(seed=2, **QUICK).fit(train).predict(test)
    assert not np.array_equal(other.mean, again.mean)


@pytest.mark.parametrize(("target", "task"), [("nee", "map"), ("alt", "map"), ("nee", "forecast")])
def test_what_was_saved_answers_the_same_to_the_byte(target: str, task: str, tmp_path) -> None:
    learner, _, test = fitted(target, task)
    learner.save(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["learner.json", "learner.npz", "networks.safetensors"]
    loaded, whole = ConvLSTMEnsemble.load(tmp_path).predict(test), learner.predict(test)
    for part in ("mean", "sd", "quantiles"):
        assert getattr(loaded, part).tobytes() == getattr(whole, part).tobytes()
    assert {k: v.tobytes() for k, v in loaded.ledger.items()} == {k: v.tobytes() for k, v in whole.ledger.items()}


def test_lags_are_inputs_of_a_forecast_and_may_be_missing() -> None:
    learner, _, test = fitted(task="forecast")
    before = learner.predict(test).mean
    fed = replace(test, lags={k: values + 1.0 for k, values in test.lags.items()})
    assert np.abs(learner.predict(fed).mean - before).mean() > 0.02
    gone = replace(test, lags={k: np.full(len(test), np.nan) for k in test.lags})
    assert np.isfinite(learner.predict(gone).mean).all()


def test_a_correction_stays_within_its_bound_and_the_ledger_tells() -> None:
    train, test = split(fake_samples(target="alt", n_sites=16))
    train = replace(train, y=train.y * np.where(train.features["dull"] > 0, 3.0, 0.3))  # needs more than a factor of 2
    learner = ConvLSTMEnsemble(seed=1, **QUICK, bound=0.3, calibrate="none").fit(train)
    prediction = learner.predict(test)
    ratio = prediction.mean / test.anchors["made_up"]
    limit = np.exp(0.3 * learner.tuned["shrink"])
    assert ratio.max() <= np.exp(0.3) + 1e-12
    assert ratio.min() >= np.exp(-0.3) - 1e-12
    moved = prediction.ledger["correction_bound"]
    assert (moved != 0).any()
    assert learner.tuned["shrink"] == 0 or ratio.max() > limit**0.5
    assert np.sign(moved[ratio > 1]).max() <= 0  # a bound on an upward correction takes from the answer


def test_ratio_for_a_positive_target_and_addition_for_a_flux() -> None:
    assert {member.link.form for member in fitted("alt")[0]._members} == {"ratio"}
    assert {member.link.form for member in fitted("nee")[0]._members} == {"additive"}


def test_what_cannot_be_negative_is_not_and_the_ledger_tells() -> None:
    train, test = split(fake_samples(target="gpp", n_sites=16))
    rng = np.random.default_rng(0)
    train = replace(train, y=train.y - train.y.mean() + 0.05 * rng.normal(size=len(train)), anchors={})
    learner = ConvLSTMEnsemble(seed=1, **QUICK).fit(train)
    prediction = learner.predict(replace(test, anchors={}))
    assert prediction.mean.min() == 0.0
    assert prediction.ledger["physical_range"].max() > 0
    acted = prediction.ledger["physical_range"] > 0
    assert (prediction.mean[acted] == 0).all()


def test_without_anchor_it_starts_from_the_climatology() -> None:
    train, test = split(fake_samples(n_sites=16))
    learner = ConvLSTMEnsemble(seed=1, **QUICK).fit(replace(train, anchors={}))
    assert learner._members[0].link.anchor.name == CLIMATOLOGY
    assert np.isfinite(learner.predict(test).mean).all()  # anchors that it did not learn with do not disturb it


def test_an_anchor_that_cannot_be_computed_somewhere_is_no_obstacle() -> None:
    train, test = split(fake_samples(n_sites=16))
    holes = {"made_up": np.where(np.arange(len(train)) % 5 == 0, np.nan, train.anchors["made_up"])}
    learner = ConvLSTMEnsemble(seed=1, **QUICK).fit(replace(train, anchors=holes))
    nowhere = replace(test, anchors={"made_up": np.full(len(test), np.nan)})
    assert np.isfinite(learner.predict(nowhere).mean).all()


def test_each_member_holds_out_another_fold() -> None:
    learner, train, _ = fitted()
    assert len(learner._members) == 3
    means = [tuple(member.inputs.window.mean) for member in learner._members]
    assert len(set(means)) == 3  # statistics come from each member's own training rows
    whole = np.nanmean(train.features["warm"])
    assert all(mean[2] != whole for mean in means)


def test_members_are_as_many_as_folds_unless_said_and_a_stack_takes_them() -> None:
    samples = fake_samples(n_sites=6, n_years=1)
    quick = {**QUICK, "epochs": 2, "members": None}
    assert len(ConvLSTMEnsemble(folds=2, **quick).fit(samples)._members) == 2
    stack = LEARNERS.get("stack")(folds=2, members=["ridge", "convlstm"], member_options={"convlstm": quick})
    assert np.isfinite(stack.fit(samples).predict(samples).mean).all()


def test_missing_modalities_are_answered() -> None:
    learner, _, test = fitted()
    blind = replace(test, features={name: np.full(len(test), np.nan) for name in test.features})
    prediction = learner.predict(blind)
    assert np.isfinite(prediction.mean).all()
    assert np.abs(prediction.mean - test.y).mean() < 3 * np.std(test.y)


def test_bad_input_is_refused() -> None:
    learner, train, test = fitted()
    with pytest.raises(ModelError, match="convlstm: nothing can be learnt; found 0 rows"):
        ConvLSTMEnsemble(**QUICK).fit(train.take(np.arange(0)))
    with pytest.raises(ModelError, match="convlstm: a target is not finite"):
        ConvLSTMEnsemble(**QUICK).fit(train.without_target())
    with pytest.raises(ModelError, match=r"the learner has learnt nothing yet.*Call fit first"):
        ConvLSTMEnsemble(**QUICK).predict(test)
    with pytest.raises(ModelError, match="a learner that was not fitted cannot be saved"):
        ConvLSTMEnsemble(**QUICK).save(None)
    with pytest.raises(ModelError, match=r"no option is called 'member'. Did you mean 'members'\?"):
        ConvLSTMEnsemble(member=3)
    with pytest.raises(ModelError, match=r"features are missing.*expected wet"):
        learner.predict(replace(test, features={k: v for k, v in test.features.items() if k != "wet"}))
    with pytest.raises(ModelError, match="samples carry no process anchor"):
        learner.predict(replace(test, anchors={}))
    with pytest.raises(ModelError, match="wet: a feature is infinite"):
        learner.predict(replace(test, features={**test.features, "wet": np.full(len(test), np.inf)}))


def test_bad_windows_are_refused() -> None:
    learner, train, test = fitted_memory()
    table = train.windows
    with pytest.raises(ModelError, match=r"windows have other channels.*found tas, snow; expected tas, pr"):
        learner.predict(replace(test, windows=replace(table, channels=("tas", "snow"))))
    with pytest.raises(ModelError, match="windows have another shape"):
        learner.predict(replace(test, windows=replace(table, history=5)))

    class Lying(Maps):
        def get(self, index: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            values, present = super().get(index)
            values[0, 0, 1] = np.nan
            return values, np.ones_like(present)

    with pytest.raises(ModelError, match="windows, channel pr: a window holds values that are not finite"):
        ConvLSTMEnsemble(**QUICK).fit(replace(train, windows=Lying(table, 1)))


def test_the_registry_lists_it_without_importing_torch() -> None:
    code = "import sys, geocryoai.models as m; assert 'convlstm' in m.LEARNERS.names(); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
    assert LEARNERS.get("convlstm") is ConvLSTMEnsemble
