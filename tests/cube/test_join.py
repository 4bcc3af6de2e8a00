import numpy as np
import polars as pl
import pytest

from geocryoai.core.errors import CubeError
from geocryoai.core.observations import RECORD_COLUMNS, conform
from geocryoai.core.sphere import nearest_positions
from geocryoai.cube.join import join_position, join_site


def records(**columns) -> pl.DataFrame:
    rows = len(next(iter(columns.values())))
    base = {"source": ["a.csv"] * rows, "source_row": list(range(rows)), **columns}
    return conform(pl.DataFrame(base), RECORD_COLUMNS, where="test", extra=True)


def test_position_join_takes_the_nearest_within_the_distance():
    left = records(lon=[-150.0, -149.9, 10.0, None], lat=[68.0, 68.0, 10.0, 68.0])
    right = records(lon=[-150.01, -149.0], lat=[68.0, 68.0], tdd=[700.0, 900.0])
    joined = join_position(left, right, [], 5.0, where="climate")
    assert joined["tdd"].to_list() == [700.0, 700.0, None, None]
    assert joined.height == left.height


def test_position_join_works_across_the_antimeridian():
    index, distance = nearest_positions(np.array([179.99]), np.array([66.0]), np.array([-179.99]), np.array([66.0]))
    assert index[0] == 0
    assert distance[0] == pytest.approx(6371.0088 * np.radians(0.02) * np.cos(np.radians(66)), rel=1e-6)


def test_site_join_ignores_case_and_keeps_order_and_own_values():
    left = records(site=["US-ICs", "SE-Deg", "XX"], elevation=[None, 5.0, None])
    right = records(site=["us-ics", "SE-Deg"], elevation=[900.0, 270.0])
    assert join_site(left, right, ["elevation"], where="sites")["elevation"].to_list() == [900.0, 5.0, None]


def test_an_unknown_column_names_the_nearest():
    with pytest.raises(CubeError, match=r"(?i)did you mean 'elevation'"):
        join_site(records(site=["a"]), records(site=["a"], elevation=[1.0]), ["elevaton"], where="sites")
