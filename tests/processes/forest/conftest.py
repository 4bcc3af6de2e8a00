"""Forests that several tests look at."""

from __future__ import annotations

import numpy as np
import pytest

from geocryoai.processes.forest import (
    FAIRBANKS,
    ForestOptions,
    ForestResult,
    Terrain,
    mean_year_climate,
    simulate_forest,
)

#: Plots of each place of `hillside`.
REPLICATES = 24


def places() -> Terrain:
    """Return flat silt, a north slope of silt, a south slope of gravel, a south slope of silt."""
    texture = ("silt", "silt", "gravel", "silt")
    return Terrain(slope=[0.0, 20.0, 25.0, 20.0], aspect=[0.0, 0.0, 180.0, 180.0], latitude=64.8, texture=texture)


@pytest.fixture(scope="session")
def hillside() -> ForestResult:
    """Four places through 300 years from bare ground, replicated."""
    climate = mean_year_climate(*FAIRBANKS, np.arange(1800, 2100), seed=1)
    options = ForestOptions(spin_up_years=0, tree_years=(1900, 2099))
    return simulate_forest(climate, places().replicated(REPLICATES), options=options, seed=7)
