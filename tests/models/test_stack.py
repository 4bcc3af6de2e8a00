from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import numpy as np
import pytest

from geocryoai.core.errors import GeoCryoAIError, ModelError
from geocryoai.models import LEARNERS, Learner, Prediction
from geocryoai.models.fake import fake_samples
from geocryoai.models.stack import Stack, convex_weights

FAST = {"random_forest": {"trees": 20, "inner_trees": 10}, "boosted_trees": {"max_rounds": 60}}


def test_weights_are_convex_and_find_the_best_mixture():
    rng = np.random.default_rng(0)
    y = rng.standard_normal(4000)
    answers = y[:, None] + rng.standard_normal((4000, 2)) * np.array([1.0, 2.0])
    # Independent errors: the best weights go as 1 / variance.
    np.testing.assert_allclose(convex_weights(answers, y, np.ones(4000), 0.0), [0.8, 0.2], atol=0.03)
    np.testing.assert_allclose(convex_weights(answers, y, np.ones(4000), 1e6), [0.5, 0.5], atol=1e-3)
    useless = np.column_stack([y, y + 5.0])
    np.testing.assert_allclose(convex_weights(useless, y, np.ones(4000), 0.0), [1.0, 0.0], atol=1e-6)
    np.testing.assert_array_equal(convex_weights(np.column_stack([y, y]), y, np.ones(4000), 0.1), [0.5, 0.5])


def test_stack_is_near_its_best_member():
    errors = []
    for seed in range(3):
        samples = fake_samples(n_sites=30, n_years=2, seed=seed)
        known = samples.site < "S020"
        held = samples.take(~known)
        stack = Stack(member_options=FAST).fit(samples.take(known))
        weights = stack.weights
        assert list(weights) == ["anchor_ridge", "boosted_trees", "random_forest"]
        assert sum(weights.values()) == pytest.approx(1.0)
        assert min(weights.values()) >= 0
        single = [LEARNERS.get(name)(**FAST.get(name, {})).fit(samples.take(known)) for name in weights]
        errors.append([np.sqrt(np.mean((m.predict(held).mean - held.y) ** 2)) for m in (stack, *single)])
    stacked, *members = np.mean(errors, axis=0)
    assert stacked <= 1.05 * min(members)
    assert stacked < 0.9 * max(members)


def test_members_that_need_an_anchor_are_left_out_where_there_is_none_and_named():
    bare = replace(fake_samples(n_sites=8), anchors={})
    stack = Stack(member_options=FAST).fit(bare)
    assert list(stack.weights) == ["boosted_trees", "random_forest"]
    assert stack.state()[0]["left_out"] == ["anchor_ridge"]
    with pytest.raises(ModelError, match="samples carry no process anchor"):
        Stack(members=["anchor_ridge", "ridge"]).fit(bare)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"members": []}, "a stack needs different members, none of them a stack; found none"),
        ({"members": ["ridge", "stack"]}, "none of them a stack"),
        ({"members": ["ridge", "ridge"]}, "different members"),
        ({"members": ["rigde"]}, "Did you mean 'ridge'"),
        ({"members": ["ridge"], "member_options": {"rigde": {}}}, "'rigde', which is no member.*Did you mean 'ridge'"),
        ({"members": ["ridge"], "member_options": {"ridge": {"leaves": 3}}}, "ridge: no option is called 'leaves'"),
    ],
)
def test_wrong_options_are_named(options, message):
    with pytest.raises(GeoCryoAIError, match=message):
        Stack(**options).fit(fake_samples(n_sites=4))


class Constant(Learner):
    """A learner with a distribution of its own, unlike point learners."""

    name = "constant"
    fits: ClassVar[list[int]] = []

    def fit(self, samples):
        self.fits.append(len(samples))
        self.level = float(samples.y.mean())
        return self

    def predict(self, samples):
        return Prediction.normal(np.full(len(samples), self.level), np.ones(len(samples)))

    def save(self, folder):
        folder.mkdir(parents=True)
        np.savez(folder / "level.npz", level=self.level)

    @classmethod
    def load(cls, folder):
        learner = cls()
        learner.level = float(np.load(folder / "level.npz")["level"])
        return learner


def test_any_learner_of_the_contract_can_be_a_member(monkeypatch, tmp_path):
    monkeypatch.setitem(LEARNERS._members, "constant", Constant)
    Constant.fits.clear()
    samples = fake_samples(n_sites=6, n_years=1)
    stack = Stack(members=["constant", "ridge"], folds=3).fit(samples)
    assert Constant.fits[-1] == len(samples)
    assert Constant.fits[:3] == [48, 48, 48]
    assert stack.weights["ridge"] > stack.weights["constant"]
    stack.save(tmp_path / "stack")
    np.testing.assert_array_equal(Stack.load(tmp_path / "stack").predict(samples).mean, stack.predict(samples).mean)
