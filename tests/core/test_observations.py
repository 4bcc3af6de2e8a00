"""Tables: the columns they must have."""

from __future__ import annotations

import polars as pl
import pytest

from geocryoai.core.errors import SourceError
from geocryoai.core.observations import EXCLUSION_COLUMNS, OBSERVATION_COLUMNS, RECORD_COLUMNS, conform, schema


def test_conform_orders_casts_and_fills() -> None:
    table = conform(pl.DataFrame({"value": [1], "variable": ["alt"]}), OBSERVATION_COLUMNS, where="f.csv")
    assert dict(table.schema) == schema(OBSERVATION_COLUMNS)
    assert table["value"].to_list() == [1.0]
    assert table["site"].to_list() == [None]


def test_conform_keeps_covariates_only_where_asked() -> None:
    table = pl.DataFrame({"site": ["a"], "tas": [1.0]})
    assert conform(table, RECORD_COLUMNS, where="f", extra=True).columns == [*RECORD_COLUMNS, "tas"]
    with pytest.raises(SourceError, match="f: unexpected columns; found tas"):
        conform(table, RECORD_COLUMNS, where="f")


def test_conform_refuses_a_wrong_type() -> None:
    with pytest.raises(SourceError, match="f: a column has the wrong type"):
        conform(pl.DataFrame({"source_row": ["first"]}), EXCLUSION_COLUMNS, where="f")
