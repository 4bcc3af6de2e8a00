from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from geocryoai.core.errors import ModelError
from geocryoai.models.anchor import FittedAnchor
from geocryoai.models.fake import fake_samples
from geocryoai.models.link import RATIO_BOUND
from geocryoai.models.process import ProcessBaseline
from geocryoai.models.residual import AnchorRidge, AnchorTrees


def halves(samples, last="S015"):
    known = samples.site <= last
    return samples.take(known), samples.take(~known)


def rmse(learner, held):
    return float(np.sqrt(np.mean((learner.predict(held).mean - held.y) ** 2)))


def with_anchor(samples, anchor, features=None):
    return replace(samples, anchors={"made_up": anchor}, features=samples.features if features is None else features)


def test_anchor_factor_is_robust_and_affine_finds_the_line():
    samples = fake_samples(n_sites=10, gaps=0.0)
    rng = np.random.default_rng(0)
    anchor = rng.uniform(1, 3, len(samples))
    one = np.ones(len(samples))
    wild = np.where(np.arange(len(samples)) % 10 == 0, 50.0, 1.7 * anchor)
    scaled = FittedAnchor.fit(replace(with_anchor(samples, anchor), y=wild), "made_up", "scale", one)
    assert scaled.factor == pytest.approx(1.7)
    line = 1.7 * anchor - 0.4 + 0.01 * rng.standard_normal(len(samples))
    wild = np.where(np.arange(len(samples)) % 10 == 0, 50.0, line)
    affine = FittedAnchor.fit(replace(with_anchor(samples, anchor), y=wild), "made_up", "affine", one)
    assert affine.factor == pytest.approx(1.7, abs=0.02)
    assert affine.offset == pytest.approx(-0.4, abs=0.05)
    none = FittedAnchor.fit(with_anchor(samples, anchor), "made_up", "none", one)
    assert (none.factor, none.offset) == (1.0, 0.0)


def test_an_anchor_of_the_wrong_sign_is_not_turned_round():
    samples = fake_samples(n_sites=4)
    turned = FittedAnchor.fit(with_anchor(samples, -samples.y), "made_up", "scale", np.ones(len(samples)))
    assert turned.factor == 1.0


def test_process_baseline_gives_the_climatology_where_the_anchor_is_missing():
    samples = fake_samples(n_sites=8, n_years=2)
    learner = ProcessBaseline(calibrate="none").fit(samples)
    gap = np.arange(len(samples)) % 2 == 0
    holed = with_anchor(samples, np.where(gap, np.nan, samples.anchors["made_up"]))
    mean = learner.predict(holed).mean
    np.testing.assert_array_equal(mean[~gap], samples.anchors["made_up"][~gap])
    january = samples.time.astype("datetime64[M]").astype(int) % 12 == 0
    assert mean[0] == pytest.approx(samples.y[january].mean())


@pytest.mark.parametrize("kind", [ProcessBaseline, AnchorRidge, AnchorTrees])
def test_absent_and_unknown_anchors_are_named(kind):
    samples = fake_samples(n_sites=4)
    with pytest.raises(ModelError, match="samples carry no process anchor"):
        kind().fit(replace(samples, anchors={}))
    with pytest.raises(ModelError, match=r"no anchor is called 'made_it'. Did you mean 'made_up'"):
        kind(anchor="made_it").fit(samples)
    with pytest.raises(ModelError, match=r"cannot be calibrated so; found 'twice'; expected none, scale, affine"):
        kind(calibrate="twice").fit(samples)
    learner = kind(**({"max_rounds": 5} if kind is AnchorTrees else {})).fit(samples)
    with pytest.raises(ModelError, match="no process anchor"):
        learner.predict(replace(samples, anchors={}))


@pytest.mark.parametrize("target", ["nee", "alt"])
@pytest.mark.parametrize("kind", [AnchorRidge, AnchorTrees])
def test_correction_beats_the_anchor_where_features_explain_what_it_leaves(kind, target):
    known, held = halves(fake_samples(target=target, n_sites=24, site_effect=0.05, seed=2))
    assert rmse(kind().fit(known), held) < 0.8 * rmse(ProcessBaseline().fit(known), held)


@pytest.mark.parametrize("kind", [AnchorRidge, AnchorTrees])
def test_features_of_pure_noise_leave_the_anchor_nearly_as_it_is(kind):
    samples = fake_samples(n_sites=24, n_years=1, seed=7)
    rng = np.random.default_rng(0)
    noise = {f"noise {i}": rng.standard_normal(24)[np.arange(len(samples)) // 12] for i in range(12)}
    perfect = samples.y + 0.3 * rng.standard_normal(len(samples))
    known, held = halves(with_anchor(samples, perfect, noise))
    assert rmse(kind().fit(known), held) < 1.06 * rmse(ProcessBaseline().fit(known), held)


def test_ratio_correction_is_bounded_and_the_ledger_says_by_how_much():
    samples = fake_samples(target="alt", n_sites=24, gaps=0.0, site_effect=0.0, noise=0.05)
    known, held = halves(replace(samples, y=samples.anchors["made_up"] * np.exp(0.5 * samples.features["static"])))
    learner = AnchorRidge(calibrate="none").fit(known)
    usual = learner.predict(held)
    assert np.abs(usual.ledger["correction_bound"]).max() == 0.0
    far = {**held.features, "static": np.full(len(held), 50.0)}
    prediction = learner.predict(replace(held, features=far))
    anchor = held.anchors["made_up"]
    factor = learner.tuned["factor"]
    assert factor == pytest.approx(1.0, abs=0.02)
    np.testing.assert_allclose(prediction.mean, factor * anchor * np.exp(RATIO_BOUND))
    assert (prediction.ledger["correction_bound"] < 0).all()


def test_ratio_corrections_keep_the_sum_of_a_skewed_target():
    samples = fake_samples(target="alt", n_sites=30, n_years=2, site_effect=1.2, noise=0.8, seed=4)
    learner = AnchorRidge(weight_power=0.0).fit(samples)
    assert learner.tuned["factor"] > 1.02
    assert learner.predict(samples).mean.mean() == pytest.approx(samples.y.mean(), rel=0.05)


def test_additive_correction_stays_within_what_training_saw():
    samples = fake_samples(n_sites=24, gaps=0.0)
    known, held = halves(samples)
    learner = AnchorRidge(calibrate="none").fit(known)
    far = replace(held, features={**held.features, "static": np.full(len(held), 1e4)})
    moved = np.abs(learner.predict(far).mean - held.anchors["made_up"])
    assert moved.max() <= np.abs(known.y - known.anchors["made_up"]).max()
    narrow = AnchorRidge(calibrate="none", bound=0.1).fit(known).predict(held)
    assert np.abs(narrow.mean - held.anchors["made_up"]).max() <= 0.1 + 1e-12


def test_ratio_is_refused_for_a_target_of_both_signs_and_forms_are_checked():
    with pytest.raises(ModelError, match="a ratio correction needs a target and an anchor above zero"):
        AnchorRidge(form="ratio").fit(fake_samples(n_sites=4))
    with pytest.raises(ModelError, match=r"no correction has that form; found 'product'"):
        AnchorRidge(form="product").fit(fake_samples(n_sites=4))


@pytest.mark.parametrize(("target", "lowest"), [("alt", 0.0), ("gpp", 0.0), ("nee", -60.0)])
def test_physical_range_holds_and_stands_in_the_ledger(target, lowest):
    samples = fake_samples(n_sites=12, seed=3)
    samples = replace(samples, target=target, y=np.abs(samples.y) if target == "alt" else samples.y)
    sunk = with_anchor(samples, samples.anchors["made_up"] - 100.0)
    prediction = AnchorRidge(calibrate="none").fit(samples).predict(sunk)
    assert prediction.mean.min() == lowest
    assert prediction.ledger["physical_range"].min() >= 0.0
    assert prediction.ledger["physical_range"].max() > 30.0
