"""Thaw at the CALM sites near Toolik from the tile's climate: what `benchmarks/toolik_thaw.py` measured."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import spearmanr

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def toolik():
    path = Path(__file__).parents[3] / "benchmarks" / "toolik_thaw.py"
    spec = spec_from_file_location("toolik_thaw", path)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_thaw_of_the_column_at_calm_sites(real_data, toolik):
    sites = toolik.read_sites(real_data)
    assert len(sites) == 7
    tas, pr = (np.stack([getattr(s, name) for s in sites], axis=1) for name in ("tas", "pr"))
    ones = np.ones(len(sites))
    errors, ranks = {}, {}
    cases = {"published": (toolik.PEAT_START, toolik.CONDUCTIVITY_START), "calibrated": (0.27, 0.31)}
    for name, (peat, conductivity) in cases.items():
        thaw = toolik.column_thaw(tas, pr, peat * ones, conductivity * ones)
        pairs = [(thaw[s.year - toolik.BEGIN, k], s.alt) for k, s in enumerate(sites)]
        errors[name] = np.concatenate([model - measured for model, measured in pairs])
        ranks[name] = np.mean([spearmanr(model, measured).statistic for model, measured in pairs])
    assert errors["published"].size == 152
    # Without calibration the column thaws far too deep; calibrated it is within a decimetre.
    assert 0.20 < errors["published"].mean() < 0.35
    assert np.sqrt(np.mean(errors["calibrated"] ** 2)) < 0.085
    assert abs(errors["calibrated"].mean()) < 0.04
    # Years are told apart weakly.
    assert ranks["calibrated"] > 0.35
