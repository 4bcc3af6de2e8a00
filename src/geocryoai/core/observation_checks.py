"""What is wrong with an observation table: each value taken out, or doubted, has a reason that can be read."""

from __future__ import annotations

import polars as pl

from geocryoai.core.errors import SourceError, nearest
from geocryoai.core.observations import EXCLUSION_COLUMNS, OBSERVATION_COLUMNS, QUALITIES, conform
from geocryoai.core.variables import variables

#: Whole values that files write where nothing was measured; anything of 1e19 and beyond is a fill value, too.
SENTINELS = (-9999.0, -99999.0, -6999.0, -999.0, -9999.9, -999.9, -32768.0, 9999.0, 99999.0, 32767.0, 65535.0)

#: A measurement is the same as another where all of these are the same.
_SAME_MEASUREMENT = ("variable", "source", "site", "lon", "lat", "depth", "time_start", "time_end", "method")


def check_observations(
    table: pl.DataFrame, *, where: str, replicates: bool = False
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Take out what cannot be right, doubt what hardly can, and say why.

    Taken out: no value; a sentinel; a value outside the variable's valid range; a position off the globe or at 0, 0; an
    end before the start; a repetition of the same measurement with the same value. Kept as ``"doubtful"``: a measured
    value outside the plausible range, and measured values that contradict each other. A standard error that is
    negative or a sentinel is taken off its value. Longitudes come back in -180 to 180.

    Parameters
    ----------
    table : polars.DataFrame
        `OBSERVATION_COLUMNS`, values in canonical units.
    where : str
        File or reader, for messages.
    replicates : bool
        Values of one site and time are repeated measurements by design, so that neither repetition nor contradiction
        is looked for. Nor is it where site or time is unknown.

    Returns
    -------
    table, exclusions : polars.DataFrame
        `OBSERVATION_COLUMNS` and `EXCLUSION_COLUMNS`, both in the order of the input.

    Raises
    ------
    SourceError
        A variable or quality is not known, or the columns are not those of an observation table.
    """
    checked = conform(table, OBSERVATION_COLUMNS, where=where)
    _refuse_unknown(checked["variable"], list(variables()), where)
    _refuse_unknown(checked["quality"], list(QUALITIES), where)
    checked = checked.with_columns(pl.selectors.float().fill_nan(None)).with_row_index("_order")
    checked = checked.join(_ranges(), on="variable", how="left", maintain_order="left")
    checked, impossible = _take_out(checked, _impossible())
    bad_sigma = (pl.col("sigma") < 0) | is_sentinel(pl.col("sigma"))
    _, sigmas = _take_out(checked, [(bad_sigma, "sigma", "impossible standard error; the value is kept without it")])
    longitude = pl.col("lon")
    checked = checked.with_columns(
        sigma=pl.when(bad_sigma.fill_null(False)).then(None).otherwise(pl.col("sigma")),
        lon=pl.when(longitude > 180).then(longitude - 360).otherwise(longitude),
    )
    doubtful = (pl.col("value") < pl.col("_usual_low")) | (pl.col("value") > pl.col("_usual_high"))
    taken = [impossible, sigmas]
    if not replicates:
        located = pl.col("site").is_not_null() & pl.col("time_start").is_not_null()
        again = located & ~pl.struct(*_SAME_MEASUREMENT, "value").is_first_distinct()
        checked, repeated = _take_out(checked, [(again, "value", "exact repetition of another row")])
        taken.append(repeated)
        doubtful |= located & (pl.col("value").n_unique().over(*_SAME_MEASUREMENT) > 1)
    quality = pl.col("quality")
    checked = checked.with_columns(
        quality=pl.when(doubtful & (quality == "measured")).then(pl.lit("doubtful")).otherwise(quality)
    )
    exclusions = pl.concat(taken).sort("_order", maintain_order=True).select(*EXCLUSION_COLUMNS)
    return (
        conform(checked.select(*OBSERVATION_COLUMNS), OBSERVATION_COLUMNS, where=where),
        conform(exclusions, EXCLUSION_COLUMNS, where=where),
    )


def is_sentinel(values: pl.Expr) -> pl.Expr:
    """Return where values say that nothing was measured."""
    return values.is_in(SENTINELS) | (values.abs() >= 1e19)


def _refuse_unknown(column: pl.Series, known: list[str], where: str) -> None:
    for name in column.unique(maintain_order=True):
        if name not in known:
            raise SourceError(
                f"an observation has the {column.name} '{name}'",
                where=where,
                next_step=nearest(str(name), known),
            )


def _ranges() -> pl.DataFrame:
    rows = [(name, *about.valid, *about.plausible) for name, about in variables().items()]
    return pl.DataFrame(rows, schema=["variable", "_low", "_high", "_usual_low", "_usual_high"], orient="row")


def _impossible() -> list[tuple[pl.Expr, str, str]]:
    """Return the tests of a single row: what is wrong, the column that shows it, and the reason."""
    value, lon, lat, depth = pl.col("value"), pl.col("lon"), pl.col("lat"), pl.col("depth")
    return [
        (value.is_null(), "value", "no value"),
        (is_sentinel(value), "value", "a sentinel, not a measurement"),
        (~value.is_between("_low", "_high"), "value", "outside the valid range"),
        (~lat.is_between(-90, 90), "lat", "no such latitude"),
        (~lon.is_between(-180, 360), "lon", "no such longitude"),
        ((lon == 0) & (lat == 0), "lon", "position 0, 0"),
        (is_sentinel(depth), "depth", "the depth is a sentinel"),
        (pl.col("time_end") < pl.col("time_start"), "time_end", "ends before it starts"),
    ]


def _take_out(table: pl.DataFrame, tests: list[tuple[pl.Expr, str, str]]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the rows that pass all tests, and the others with the reason and raw value of the first test failed."""
    reason, raw = pl.lit(None, pl.String), pl.lit(None, pl.String)
    for failed, column, text in reversed(tests):
        reason = pl.when(failed).then(pl.lit(text)).otherwise(reason)
        raw = pl.when(failed).then(pl.col(column).cast(pl.String)).otherwise(raw)
    judged = table.with_columns(reason=reason, raw=raw)
    failed_rows = judged.filter(pl.col("reason").is_not_null()).select("_order", *EXCLUSION_COLUMNS)
    return judged.filter(pl.col("reason").is_null()).drop("reason", "raw"), failed_rows
