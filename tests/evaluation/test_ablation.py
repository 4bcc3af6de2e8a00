"""What each kind of data adds: a telling feature helps, noise does not, and nothing else changes."""

from __future__ import annotations

import numpy as np
import pytest

from geocryoai.core.errors import ProtocolError
from geocryoai.evaluation.ablation import ABLATION_COLUMNS, ablate, with_anchors_as_features, without
from geocryoai.evaluation.evaluate import evaluate
from geocryoai.evaluation.folds import make_split


def judged(made, samples, modalities):
    split = make_split(samples, "leave_site_out", folds=4, seed=1)
    return split, ablate(samples, split, modalities, "linear", {}, made.fit, study="s", replicates=200)


def test_a_telling_feature_helps_and_noise_does_not(made):
    samples = made.map(site_sd=0.05)
    _, table = judged(made, samples, {"warmth": ["war*"], "terrain": ["relief"], "radar": ["sar*"]})
    assert list(table.columns) == list(ABLATION_COLUMNS)
    errors = {row["modality"]: row for row in table.filter(metric="rmse").iter_rows(named=True)}
    assert set(errors) == {"warmth", "terrain"}
    assert errors["warmth"]["low"] > 0.05
    assert abs(errors["terrain"]["difference"]) < 0.02
    for row in errors.values():
        assert row["difference"] == pytest.approx(row["without"] - row["with_all"], abs=1e-12)
        assert (row["columns"], row["n_sites"], row["unit"]) == (1, 12, "m")


def test_scores_with_everything_are_those_of_the_ordinary_evaluation(made):
    samples = made.map()
    split, table = judged(made, samples, {"terrain": ["relief"]})
    scores = evaluate(samples, split, {"linear": {}}, made.fit, metrics=["rmse"], replicates=100).scores
    assert table.filter(metric="rmse")["with_all"][0] == scores.filter(metric="rmse")["value"][0]


def test_what_is_taken_away_is_gone_everywhere(made):
    samples = made.replace(made.map(), anchors={"stefan": np.ones(180)})
    offered = with_anchors_as_features(samples)
    assert (set(offered.features), dict(offered.anchors)) == ({"warm", "relief", "anchor_stefan"}, {})
    left, count = without(offered, ["relief", "anchor_*"])
    assert (set(left.features), left.statics, count) == ({"warm"}, (), 2)
    assert set(samples.features) == {"warm", "relief"}


def test_an_anchor_that_tells_helps(made):
    samples = made.map(site_sd=0.05)
    truth = np.where(np.isfinite(samples.y), samples.y, 0.8)
    samples = made.replace(samples, anchors={"stefan": truth})
    _, table = judged(made, samples, {"process": ["anchor_*"]})
    assert table.filter(metric="rmse")["low"][0] > 0


def test_nothing_left_or_windows_are_refused(made):
    samples = made.map()
    with pytest.raises(ProtocolError, match="nothing is left"):
        judged(made, samples, {"all": ["*"]})

    class Seen:
        shape, channels = (1, 1, 1, 1), ("tas",)

    seen = made.replace(samples, windows=Seen(), window_index=np.arange(180))
    with pytest.raises(ProtocolError, match="what a network sees"):
        judged(made, seen, {"warmth": ["warm"]})


def test_no_modality_of_the_samples_gives_no_rows(made):
    assert judged(made, made.map(), {"radar": ["sar*"]})[1].is_empty()
