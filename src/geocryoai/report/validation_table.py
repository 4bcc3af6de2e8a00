"""Refined fields against stations: the coarse product, its interpolation and its refinement, over the same months."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import polars as pl

from geocryoai.core.variables import variable
from geocryoai.report.html import Html, join, table, tag
from geocryoai.report.words import count, number, unit_text

if TYPE_CHECKING:
    from geocryoai.report.run_files import RunFiles

_PRODUCTS = ("coarse", "bilinear", "refined")
_SHOWN = {"coarse": "Coarse cell", "bilinear": "Interpolated", "refined": "Refined"}


def validation_tables(run: RunFiles) -> Html:
    """Return a table for each field that was held against stations, and each station's scores; nothing without any."""
    checked = [line for line in run.layers if "validated" in line]
    if not checked:
        return Html("")
    path = run.root / "harmonize" / "validation.csv"
    stations = pl.read_csv(path) if path.is_file() else pl.DataFrame()
    parts = [tag("h3", "Refined fields against stations")]
    for line in checked:
        parts += [_summary(line), tag("p", _verdict(line["variable"], line["validated"]))]
        mine = stations.filter(
            (pl.col("variable") == line["variable"]) & (pl.col("source") == line["source"])
        ) if not stations.is_empty() else stations  # fmt: skip
        if not mine.is_empty():
            parts.append(tag("details", tag("summary", f"Every station, {line['variable']}"), _by_station(mine)))
    return join(parts)


def _summary(line: Mapping[str, Any]) -> Html:
    found = line["validated"]
    unit = unit_text(variable(found["variable"]).unit)
    rows = [
        [_SHOWN[product], *(number(found[product][key]) for key in ("rmse", "bias", "ubrmse")),
         *(number(found[product][key], 2) for key in ("r", "r_space"))]
        for product in _PRODUCTS
    ]  # fmt: skip
    heads = ["Product", f"RMSE [{unit}]", f"Bias [{unit}]", f"ubRMSE [{unit}]", "R in time", "R in space"]
    caption = (
        f"{line['variable']} of {line['source']} against {count(found['n'], 'station')} of {found['stations']}, "
        f"{count(found['station_months'], 'station-month')}: means over the stations; R in space is that of the "
        "stations' means. A station is a point, so its bias need not be the product's."
    )
    return table(heads, rows, caption=caption)


def _verdict(name: str, found: Mapping[str, Any]) -> str:
    wins, n = found["rmse_lower_than_bilinear"], found["n"]
    refined, others = found["refined"]["rmse"], {p: found[p]["rmse"] for p in ("coarse", "bilinear")}
    best = min(others, key=lambda product: float(others[product]))
    change = 1 - refined / others[best] if others[best] else 0.0
    said = f"has a {abs(change):.0%} {'lower' if change > 0 else 'higher'} mean RMSE than the {_SHOWN[best].lower()}"
    if abs(change) < 0.005:
        said = f"has the same mean RMSE as the {_SHOWN[best].lower()}"
    return f"Refined, {name} {said}; its RMSE is below that of interpolation at {wins} of {count(n, 'station')}."


def _by_station(scores: pl.DataFrame) -> Html:
    rows = [
        [row["station"], _SHOWN[row["product"]], str(row["months"]),
         *(number(row[key]) for key in ("observed", "mean", "rmse", "bias", "ubrmse")), number(row["r"], 2)]
        for row in scores.iter_rows(named=True)
    ]  # fmt: skip
    heads = ["Station", "Product", "Months", "Mean measured", "Mean of product", "RMSE", "Bias", "ubRMSE", "R in time"]
    return table(heads, rows, caption="Scores of each station", text_columns=(0, 1))
