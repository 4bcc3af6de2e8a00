"""Worlds shared by the tests of the twin."""

from __future__ import annotations

from pathlib import Path

import pytest

from geocryoai.twin.generate import TwinSummary, generate
from geocryoai.twin.options import TwinOptions
from geocryoai.twin.truth import Truth, make_truth

SMALL = {"resolution": 48_000.0, "width": 10, "height": 16, "first_year": 2000, "last_year": 2008}


@pytest.fixture(scope="session")
def small_options() -> TwinOptions:
    """Ten by sixteen cells over the whole transect, nine years."""
    return TwinOptions.model_validate(SMALL)


@pytest.fixture(scope="session")
def tiny_options() -> TwinOptions:
    """Seven by eleven cells and three years, for what is generated once more in a test."""
    world = {"resolution": 72_000.0, "width": 7, "height": 11, "first_year": 2000, "last_year": 2002}
    return TwinOptions.model_validate(world)


@pytest.fixture(scope="session")
def small_folder(small_options: TwinOptions, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("twin")
    generate(folder, small_options)
    return folder


@pytest.fixture(scope="session")
def small_summary(small_options: TwinOptions, tmp_path_factory: pytest.TempPathFactory) -> TwinSummary:
    return generate(tmp_path_factory.mktemp("again"), small_options)


@pytest.fixture(scope="session")
def world_options() -> TwinOptions:
    """The default world, all years, in cells four times as wide."""
    return TwinOptions.model_validate({"resolution": 48_000.0, "width": 10, "height": 16})


@pytest.fixture(scope="session")
def default_truth(world_options: TwinOptions) -> Truth:
    return make_truth(world_options)
