"""Predictions at records: one row per record and target, joined back to the input file by its row number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from geocryoai.core.variables import variable
from geocryoai.models.contract import QUANTILES

if TYPE_CHECKING:
    from geocryoai.models.contract import Prediction

#: Columns of a prediction table. `source` is the input file, `source_row` its 0-based data row; `unit` is canonical.
PREDICTION_COLUMNS = (
    "variable", "source", "source_row", "site", "lon", "lat", "time_start", "time_end",
    "mean", "sd", "q05", "q95", "unit",
)  # fmt: skip


def prediction_table(target: str, records: pl.DataFrame, prediction: Prediction) -> pl.DataFrame:
    """Return predictions of one target beside the records they answer, in the order of the records."""
    columns = {
        "mean": prediction.mean,
        "sd": prediction.sd,
        "q05": prediction.quantiles[:, QUANTILES.index(0.05)],
        "q95": prediction.quantiles[:, QUANTILES.index(0.95)],
    }
    return records.with_columns(
        pl.lit(target).alias("variable"),
        pl.lit(variable(target).unit).alias("unit"),
        *[pl.Series(name, np.asarray(values, dtype=np.float64)) for name, values in columns.items()],
    ).select(PREDICTION_COLUMNS)
