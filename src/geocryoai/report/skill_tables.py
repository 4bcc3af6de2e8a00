"""Tables of scores: every model beside every baseline, by season, and at the worst sites."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import polars as pl

from geocryoai.core.variables import variable
from geocryoai.report.html import Html, html, join, table, tag
from geocryoai.report.roles import ROLES, references, role
from geocryoai.report.words import NOTHING, count, decimals_for, interval, number, plain, shorten, unit_text

if TYPE_CHECKING:
    from geocryoai.core.study import Study
    from geocryoai.report.run_files import Test

#: Columns of the skill table: metric, heading, and what is best about it (smallest key).
COLUMNS: Mapping[str, tuple[str, Callable[[float], float]]] = {
    "rmse": ("RMSE", lambda value: value),
    "mae": ("MAE", lambda value: value),
    "bias": ("Bias", abs),
    "r2": ("R²", lambda value: -value),
    "crps": ("CRPS", lambda value: value),
    "coverage90": ("In 90 % interval", lambda value: abs(value - 0.9)),
}

SEASONS = ("DJF", "MAM", "JJA", "SON")

#: Sites listed, worst first.
WORST = 8


def skill_table(study: Study, test: Test, scores: pl.DataFrame, *, taught: bool = False) -> Html:
    """Return the table of scores of one test, smallest error first.

    Parameters
    ----------
    study : Study
    test : Test
    scores : polars.DataFrame
        Rows of ``scores.csv`` of this test.
    taught : bool
        Whether these are teacher-forced scores.
    """
    cells = _cells(scores)
    models = sorted(cells, key=lambda model: _key("rmse", cells[model]))
    decimals = {metric: _decimals(metric, [cells[m].get(metric) for m in models]) for metric in COLUMNS}
    best = {metric: _best({m: _key(metric, cells[m]) for m in models}) for metric in COLUMNS}
    rows = [
        [_model(study, model), *[_cell(metric, cells[model].get(metric), decimals[metric], best[metric] == model)
                                 for metric in COLUMNS]]
        for model in models
    ]  # fmt: skip
    unit = unit_text(variable(test.target).unit)
    heads = [
        join(
            [
                name,
                tag("span", f" [{'%' if metric == 'coverage90' else '1' if metric == 'r2' else unit}]", class_="unit"),
            ]
        )
        for metric, (name, _) in COLUMNS.items()
    ]
    kind = "teacher-forced (one step, every earlier value given): no forecast, for comparison only" if taught else (
        "free-running forecast" if test.forecast else "map task"
    )  # fmt: skip
    caption = f"{test.target}, {plain(test.label)}, {kind}. {counts(scores)} Below each score its 90 % interval."
    classes = ["product" if model == study.predict.learner else None for model in models]
    return table(["Model", *heads], rows, caption=caption, classes=classes)


def season_table(study: Study, test: Test, scores: pl.DataFrame) -> Html:
    """Return errors by season; nothing for annual targets."""
    errors = scores.filter((pl.col("metric") == "rmse") & pl.col("season").is_not_null())
    seasons = [season for season in SEASONS if season in errors["season"].to_list()]
    if not seasons:
        return Html("")
    by_model: dict[str, dict[str, dict[str, Any]]] = {}
    for row in errors.iter_rows(named=True):
        by_model.setdefault(row["model"], {})[row["season"]] = row
    order = sorted(by_model, key=lambda model: max(row["value"] or 0.0 for row in by_model[model].values()))
    decimals = decimals_for([row["value"] for rows in by_model.values() for row in rows.values()])
    best = {s: _best({m: _key(s, by_model[m], plain_size=True) for m in order}) for s in seasons}
    rows = [
        [_model(study, model), *[_cell("rmse", by_model[model].get(s), decimals, best[s] == model) for s in seasons]]
        for model in order
    ]
    unit = unit_text(variable(test.target).unit)
    heads = []
    for season in seasons:
        n = max(errors.filter(pl.col("season") == season)["n"].to_list())
        heads.append(join([season, tag("span", f" [{unit}], n = {n}", class_="unit")]))
    caption = f"RMSE of {test.target} by season, {plain(test.label)}; models ordered by their worst season."
    classes = ["product" if model == study.predict.learner else None for model in order]
    return table(["Model", *heads], rows, caption=caption, classes=classes)


def site_table(study: Study, test: Test, scores: pl.DataFrame, speaker: str) -> Html:
    """Return the sites where the speaking model errs most, beside the best reference there."""
    wide = scores.filter(pl.col("metric").is_in(["rmse", "bias", "coverage90"]))
    own = wide.filter(pl.col("model") == speaker).pivot("metric", index=["site", "n"], values="value")
    if own.is_empty() or own.height < 2:
        return Html("")
    others = references(study, wide["model"].unique(maintain_order=True).to_list(), speaker)
    reference = (
        wide.filter((pl.col("metric") == "rmse") & pl.col("model").is_in(others) & pl.col("value").is_not_null())
        .sort("value", maintain_order=True)
        .group_by("site", maintain_order=True)
        .agg(pl.col("value").first().alias("best"), pl.col("model").first().alias("best_model"))
    )
    joined = own.join(reference, on="site", how="left", maintain_order="left")
    listed = joined.sort("rmse", "site", descending=[True, False], nulls_last=True).head(WORST)
    decimals = decimals_for(listed["rmse"])
    rows = [
        [
            shorten(row["site"], 50),
            f"{row['n']:,}",
            number(row["rmse"], decimals),
            number(row["bias"], decimals),
            number(None if row["coverage90"] is None else 100 * row["coverage90"], 0),
            number(row["best"], decimals),
            plain(row["best_model"] or NOTHING),
        ]
        for row in listed.iter_rows(named=True)
    ]
    unit = tag("span", f" [{unit_text(variable(test.target).unit)}]", class_="unit")
    inside = join(["In 90 % interval", tag("span", " [%]", class_="unit")])
    measured = [join([name, unit]) for name in ("RMSE", "Bias", "Smallest RMSE of a baseline here")]
    heads = ["Site", "n", *measured[:2], inside, measured[2], "by"]
    middle = number(_median(own["rmse"]), decimals)
    caption = (
        f"The {count(len(rows), 'site')} where {plain(speaker)} errs most, of {own.height} ({plain(test.label)}; "
        f"half of the sites have an RMSE below {middle}). The last two columns choose the best baseline after the fact."
    )
    return table(heads, rows, caption=caption, text_columns=(0, 6))


def counts(scores: pl.DataFrame) -> str:
    """Return on how much scores rest."""
    if scores.is_empty():
        return ""

    def span(name: str) -> str:
        low, high = min(scores[name].to_list()), max(scores[name].to_list())
        return f"{low:,}" if low == high else f"{low:,} to {high:,}"

    return f"n = {span('n')} values, {span('n_sites')} sites, {span('n_blocks')} blocks."


def _cells(scores: pl.DataFrame) -> dict[str, dict[str, dict[str, Any]]]:
    cells: dict[str, dict[str, dict[str, Any]]] = {}
    for row in scores.filter(pl.col("metric").is_in(list(COLUMNS))).iter_rows(named=True):
        cells.setdefault(row["model"], {})[row["metric"]] = row
    return cells


def _key(metric: str, cell: Mapping[str, Mapping[str, Any]], *, plain_size: bool = False) -> float:
    value = cell.get(metric, {}).get("value")
    if value is None:
        return float("inf")
    return float(value) if plain_size else COLUMNS[metric][1](float(value))


def _best(keys: Mapping[str, float]) -> str | None:
    """Return the model with the smallest key; none where nothing is known."""
    known = {model: key for model, key in keys.items() if key < float("inf")}
    return min(known, key=lambda model: known[model], default=None)


def _decimals(metric: str, rows: list[dict[str, Any] | None]) -> int:
    if metric in ("r2", "coverage90"):
        return 2 if metric == "r2" else 0
    return decimals_for([row["value"] for row in rows if row is not None])


def _cell(metric: str, row: Mapping[str, Any] | None, decimals: int, best: bool) -> Html:
    if row is None or row["value"] is None:
        return html(NOTHING)
    factor = 100.0 if metric == "coverage90" else 1.0
    value = number(factor * row["value"], decimals)
    shown = tag("b", value, tag("span", " best", class_="best")) if best else html(value)
    low, high = (None if row[key] is None else factor * row[key] for key in ("low", "high"))
    between = interval(low, high, decimals)
    return join([shown, tag("span", between, class_="between")]) if between else shown


def _model(study: Study, model: str) -> Html:
    return join([plain(model), tag("span", ROLES[role(study, model)], class_="role")])


def _median(values: pl.Series) -> float | None:
    middle = values.median()
    return float(middle) if isinstance(middle, (int, float)) else None
