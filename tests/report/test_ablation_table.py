"""The table of what each kind of data adds says plainly what helps, harms, or cannot be judged."""

from __future__ import annotations

import polars as pl

from geocryoai.evaluation.ablation import ABLATION_COLUMNS
from geocryoai.report.ablation_table import ablation_table


def row(modality: str, difference: float, low: float | None, high: float | None) -> dict:
    common = {"study": "s", "target": "alt", "task": "map", "protocol": "blocks", "learner": "ridge", "unit": "m"}
    scores = {"metric": "rmse", "with_all": 0.2, "without": 0.2 + difference, "columns": 3}
    return {**common, **scores, "modality": modality, "difference": difference, "low": low, "high": high,
            "n": 100, "n_sites": 20, "n_blocks": 5}  # fmt: skip


def test_verdicts_and_order():
    rows = [row("snow", 0.001, -0.01, 0.02), row("anchors", 0.05, 0.02, 0.08), row("radar", -0.02, -0.03, -0.01),
            row("optical", 0.0, None, None)]  # fmt: skip
    text = str(ablation_table(pl.DataFrame(rows, schema=ABLATION_COLUMNS, orient="row")))
    order = [text.index(f">{word}</th>") for word in ("anchors", "snow", "optical", "radar")]
    assert order == sorted(order)
    for sentence in ("help", "make no clear difference", "cannot be judged", "harm"):
        assert f">{sentence}" in text
    assert "RMSE of 0.200 with everything" in text


def test_no_rows_no_table():
    assert str(ablation_table(pl.DataFrame(schema=ABLATION_COLUMNS))) == ""
