"""The table of coarse fields: how each was brought to the grid, and a warning where it lies elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from geocryoai.core.files import write_json
from geocryoai.core.study import study_from_dict
from geocryoai.report.run_files import RunFiles
from geocryoai.report.scale_table import scale_table


def shown(tree: dict[str, Any], root: Path, *lines: dict[str, Any]) -> str:
    (root / "harmonize").mkdir(exist_ok=True)
    write_json(root / "harmonize" / "cube.json", list(lines))
    return str(scale_table(RunFiles(root, study_from_dict(tree))))


def test_a_shifted_field_is_warned_of_and_others_are_told(tiny_tree: dict[str, Any], tmp_path: Path):
    line = {"variable": "tas", "source": "drivers", "method": "bilinear", "months": 12}
    place = {"reference": "elevation", "down": 0.5, "right": -1.0, "correlation": 0.4123, "best": 0.9, "shifted": True}
    warned = shown(tiny_tree, tmp_path, {**line, "registration": {**place, "warning": "tas fits better elsewhere"}})
    assert "Warning: tas fits better elsewhere." in warned
    assert "+0.50, -1.00" in warned
    assert "0.41" in warned
    assert "0.90" in warned
    made = {
        "method": "area_to_point", "parts": 5, "covariates": ["elevation"], "slopes": [[0.0]], "known_slopes": False,
        "largest_misfit": 2.34e-15, "cells_kept": 30,
    }  # fmt: skip
    calm = shown(tiny_tree, tmp_path, {**line, "refined": made, "registration": {**place, "shifted": False}})
    assert "Warning" not in calm
    assert "area_to_point, 5 x 5 parts, no covariate helped" in calm
    assert "2e-15 (30 cells)" in calm


def test_a_run_without_coarse_fields_has_no_table(tiny_tree: dict[str, Any], tmp_path: Path):
    assert shown(tiny_tree, tmp_path, {"variable": "tas", "source": "drivers", "method": "overlap"}) == ""
    assert str(scale_table(RunFiles(tmp_path / "none", study_from_dict(tiny_tree)))) == ""
