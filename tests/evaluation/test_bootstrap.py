"""Block bootstrap: right width, paired, reproducible."""

from __future__ import annotations

import numpy as np
import pytest

from geocryoai.core.errors import ProtocolError
from geocryoai.evaluation import METRICS
from geocryoai.evaluation.bootstrap import BlockBootstrap, equal_weights, paired_difference
from geocryoai.evaluation.metrics import Pairs
from geocryoai.models.contract import Prediction


def pairs(observed, mean):
    prediction = Prediction.normal(np.asarray(mean, float), np.ones(len(mean)))
    return Pairs(np.asarray(observed, float), prediction.mean, prediction.sd, prediction.quantiles)


def simulated(rng, blocks=40, per_block=10):
    """Errors with a common part per block, so that rows are not independent; the true bias is 0."""
    block = np.repeat(np.arange(blocks), per_block)
    error = rng.normal(0, 1, blocks)[block] + rng.normal(0, 0.5, len(block))
    observed = rng.normal(0, 3, len(block))
    return block, pairs(observed, observed + error)


@pytest.mark.physics
def test_intervals_hold_the_truth_at_about_the_nominal_rate():
    rng = np.random.default_rng(0)
    bias = METRICS.get("bias")
    held = {"blocks": 0, "rows": 0}
    for _ in range(300):
        block, p = simulated(rng)
        for name, label in (("blocks", block), ("rows", np.arange(len(block)))):
            bootstrap = BlockBootstrap(label, replicates=200)
            _, (drawn,) = bootstrap.scores(p, [bias])
            low, high = bootstrap.interval(drawn)
            held[name] += low <= 0.0 <= high
    assert 0.84 < held["blocks"] / 300 < 0.95
    assert held["rows"] / 300 < 0.6


def test_replicates_equal_those_of_resampled_rows():
    rng = np.random.default_rng(1)
    block, p = simulated(rng, blocks=6, per_block=4)
    bootstrap = BlockBootstrap(block, replicates=20, seed=5)
    metrics = [METRICS.get(name) for name in ("rmse", "r2", "crps")]
    _, drawn = bootstrap.scores(p, metrics)
    counts = np.random.default_rng(5).multinomial(6, np.full(6, 1 / 6), size=20)
    for replicate in range(20):
        rows = np.repeat(np.arange(24), counts[replicate][block])
        error, y = (p.mean - p.observed)[rows], p.observed[rows]
        assert drawn[0][replicate] == pytest.approx(np.sqrt((error**2).mean()))
        assert drawn[1][replicate] == pytest.approx(1 - (error**2).sum() / ((y - y.mean()) ** 2).sum())


def test_differences_are_paired_and_narrower():
    rng = np.random.default_rng(2)
    block, p = simulated(rng)
    worse = pairs(p.observed, p.mean + 0.1 * np.sign(p.mean - p.observed))
    bootstrap = BlockBootstrap(block)
    rmse = METRICS.get("rmse")
    difference, low, high = paired_difference(rmse, worse, p, bootstrap)
    assert 0 < low < difference < high
    _, (drawn,) = bootstrap.scores(p, [rmse])
    single = bootstrap.interval(drawn)
    assert high - low < 0.2 * (single[1] - single[0])
    with pytest.raises(ProtocolError, match="same rows"):
        paired_difference(rmse, worse, pairs(p.observed[::-1], p.mean), bootstrap)


def test_same_seed_same_numbers_whatever_the_row_order():
    block, p = simulated(np.random.default_rng(3))
    rmse = METRICS.get("rmse")

    def interval(order, seed):
        bootstrap = BlockBootstrap(block[order].astype(str), seed=seed)
        moved = Pairs(p.observed[order], p.mean[order], p.sd[order], p.quantiles[order])
        return bootstrap.interval(bootstrap.scores(moved, [rmse])[1][0])

    straight, back = np.arange(len(block)), np.arange(len(block))[::-1]
    assert interval(straight, 0) == interval(straight, 0)
    assert interval(straight, 0) == pytest.approx(interval(back, 0), rel=1e-12)
    assert interval(straight, 0) != interval(straight, 1)


def test_block_equal_weights_in_replicates():
    block = np.array([0, 0, 0, 1])
    p = pairs(np.zeros(4), np.array([1.0, 1.0, 1.0, 3.0]))
    bootstrap = BlockBootstrap(block, replicates=50)
    (value,), (drawn,) = bootstrap.scores(p, [METRICS.get("bias")], equal_weights(block))
    assert value == pytest.approx(2.0)
    assert set(np.round(drawn, 9)) == {1.0, 2.0, 3.0}


def test_one_block_has_no_interval():
    p = pairs(np.zeros(4), np.ones(4))
    bootstrap = BlockBootstrap(np.zeros(4))
    _, (drawn,) = bootstrap.scores(p, [METRICS.get("rmse")])
    assert np.isnan(bootstrap.interval(drawn)).all()
    assert bootstrap.n_blocks == 1
    with pytest.raises(ProtocolError, match="needs rows and replicates"):
        BlockBootstrap(np.zeros(0))


def test_many_blocks_are_drawn_in_pieces_without_change(monkeypatch):
    block, p = simulated(np.random.default_rng(4), blocks=50)
    rmse = METRICS.get("rmse")
    _, (whole,) = BlockBootstrap(block, replicates=100, seed=77).scores(p, [rmse])
    monkeypatch.setattr("geocryoai.evaluation.bootstrap._CHUNK", 500)
    from geocryoai.evaluation import bootstrap

    bootstrap._draws.cache_clear()
    _, (pieces,) = BlockBootstrap(block, replicates=100, seed=77).scores(p, [rmse])
    bootstrap._draws.cache_clear()
    assert pieces == pytest.approx(whole, rel=1e-12)
