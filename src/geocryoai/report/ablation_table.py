"""Table of what each kind of data adds to a learner."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from geocryoai.report.html import Html, join, table, tag
from geocryoai.report.words import decimals_for, interval, number, plain, unit_text

if TYPE_CHECKING:
    from collections.abc import Mapping


def ablation_table(rows: pl.DataFrame) -> Html:
    """Return heading and table of one target's ablation, the most helpful kind of data first; nothing without rows.

    Parameters
    ----------
    rows : polars.DataFrame
        Of ``ablation.csv``.
    """
    errors = rows.filter(pl.col("metric") == "rmse").sort("difference", descending=True)
    if errors.is_empty():
        return Html("")
    first = errors.row(0, named=True)
    decimals = decimals_for([*errors["without"], first["with_all"]])
    unit = tag("span", f" [{unit_text(first['unit'])}]", class_="unit")
    lines = [
        [plain(row["modality"]), str(row["columns"]), number(row["without"], decimals),
         _difference(row, decimals + 1), _verdict(row)]
        for row in errors.iter_rows(named=True)
    ]  # fmt: skip
    heads = ["Without", "Columns", join(["RMSE", unit]), join(["Added error", unit]), "So these data"]
    rows_of = f"{first['n']:,} rows, {first['n_sites']} sites, {first['n_blocks']} blocks"
    caption = (
        f"{first['target']}, {plain(first['protocol'])}: {plain(first['learner'])} has an RMSE of "
        f"{number(first['with_all'], decimals)} with everything; here it is fitted and judged again without one kind "
        f"of data, on the same rows and folds ({rows_of}). 90 % intervals of the difference by block bootstrap. Data "
        "that others can stand in for show no effect here."
    )
    return join([tag("h3", "What each kind of data adds"), table(heads, lines, caption=caption)])


def _difference(row: Mapping[str, Any], decimals: int) -> Html:
    between = interval(row["low"], row["high"], decimals)
    return join([number(row["difference"], decimals), tag("span", between, class_="between")])


def _verdict(row: Mapping[str, Any]) -> str:
    if row["low"] is None or row["high"] is None:
        return "cannot be judged (one block)"
    if row["low"] > 0:
        return "help"
    return "harm" if row["high"] < 0 else "make no clear difference"
