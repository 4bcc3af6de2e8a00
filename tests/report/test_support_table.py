"""The table of supports in the report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from geocryoai.core.study import study_from_dict
from geocryoai.cube.supports import COLUMNS, place_row
from geocryoai.report.run_files import RunFiles
from geocryoai.report.support_table import support_table


def test_kinds_shares_and_refusals_are_told(tiny_tree: dict[str, Any], tmp_path: Path):
    run = RunFiles(tmp_path, study_from_dict(tiny_tree))
    assert str(support_table(run)) == ""
    place = {"source": "t.csv", "site": "a", "lon": -150.0, "lat": 68.0}
    rows = [
        place_row(place, "footprint", [4, 5], [0.5, 0.42], 0.7, 40),
        place_row({**place, "site": "b"}, "footprint", [9], [0.31], 0.7, 40),
        place_row({**place, "site": "c"}, "circle", [1, 2, 3], [0.3, 0.4, 0.3], 0.7),
    ]
    (tmp_path / "harmonize").mkdir()
    pl.DataFrame(rows, schema=COLUMNS).write_parquet(tmp_path / "harmonize" / "supports.parquet")
    page = str(support_table(run))
    for text in ("footprint of the tower", "plain circle (approximation", "0.31 to 0.92", "1 to 2", "1.00 to 1.00"):
        assert text in page
