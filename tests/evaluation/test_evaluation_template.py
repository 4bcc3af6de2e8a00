"""The template does what it says: its parts work once registered."""

from __future__ import annotations

import numpy as np
import pytest

from geocryoai.core.errors import ProtocolError
from geocryoai.core.registry import Registry
from geocryoai.evaluation.evaluate import evaluate
from geocryoai.evaluation.metrics import Pairs, score
from geocryoai.evaluation.template import WITHIN_A_TENTH, leave_year_out


def test_protocol_of_the_template(made, monkeypatch):
    registry = Registry("protocols")
    registry.register("leave_year_out")(leave_year_out)
    monkeypatch.setattr("geocryoai.evaluation.folds.PROTOCOLS", registry)
    result = evaluate(made.forecast(), "leave_year_out", {"mean": {}}, made.fit, metrics=["rmse"], replicates=5)
    assert result.predictions["fold"].unique(maintain_order=True).to_list() == ["2010", "2011", "2012", "2013", "2014"]
    with pytest.raises(ProtocolError, match="not two years to tell apart; found 1 years"):
        leave_year_out(made.forecast(months=12))


def test_metric_of_the_template():
    observed = np.array([1.0, 1.0, -10.0, 2.0])
    mean = np.array([1.05, 1.2, -10.9, 1.9])
    p = Pairs(observed, mean, np.ones(4), np.repeat(mean[:, None], 5, axis=1))
    assert score(WITHIN_A_TENTH, p) == pytest.approx(0.75)
