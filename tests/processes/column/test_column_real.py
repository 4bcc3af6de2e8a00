"""The column model against measured ground temperature, with the parameters that `benchmarks/column_sites.py` finds."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def sites():
    path = Path(__file__).parents[3] / "benchmarks" / "column_sites.py"
    spec = spec_from_file_location("column_sites", path)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_gipl_site_in_the_year_that_was_not_calibrated(real_data, sites):
    calibrated = np.array([1.457, 1.921, 0.591, 0.560])
    _, rmse, bias = sites.gipl_errors(real_data / "in_situ" / "soil" / "gipl_site", calibrated)
    below = np.array(sites.DEPTHS) > 0.2
    assert (rmse[below] < 0.9).all()
    assert rmse.max() < 1.4
    assert np.abs(bias).max() < 0.4


def test_zero_curtain_at_toolik_beats_nineteen_days(real_data, sites):
    calibrated = np.array([0.481, 1.418, 0.525, 0.303])
    path = real_data / "in_situ" / "soil" / "nrcs_toolik_daily.csv.gz"
    _, depths, rows = sites.toolik_errors(path, calibrated)
    tested = np.array([(start, end) for year, _, start, end in rows if year != 1999])
    assert len(tested) >= 20
    duration = tested[:, 1] - tested[:, 0]
    assert np.sqrt(np.mean(duration**2)) < 6.5
    assert np.abs(tested[:, 0]).mean() < 4.0
    assert np.abs(tested[:, 1]).mean() < 7.0
    assert depths[0] < 0.01
