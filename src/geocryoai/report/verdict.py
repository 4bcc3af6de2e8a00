"""The verdict: the worst first, then what holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from geocryoai.report.figures.calibration import FAIR
from geocryoai.report.html import Html, join, listing, table, tag
from geocryoai.report.roles import references, speaker_of
from geocryoai.report.truth import truth_scores
from geocryoai.report.words import (
    count,
    decimals_for,
    enumerate_words,
    interval,
    number,
    percent,
    plain,
    unit_text,
)

if TYPE_CHECKING:
    from geocryoai.report.run_files import RunFiles, Test

Level = Literal["fail", "worse", "warn", "note", "good"]

#: Levels, worst first, and what their badge says.
LEVELS: Mapping[Level, str] = {"fail": "fails", "worse": "worse", "warn": "warning", "note": "note", "good": "holds"}

#: Difference in units of a score below which the two are called the same.
SAME = 0.0005

#: Share inside the 90 % interval below which it is not one.
NO_INTERVAL = 0.70


@dataclass(frozen=True)
class Item:
    """One line of the verdict.

    Attributes
    ----------
    level : str
        One of `LEVELS`.
    where : str
        Target and test.
    what : str
        What was asked.
    text : str
    """

    level: Level
    where: str
    what: str
    text: str


def verdict_items(run: RunFiles) -> list[Item]:
    """Return the findings of a run, worst first: suspicion, coverage, lost comparisons, truth, and what holds."""
    tests = [test for target in run.study.targets for test in run.tests(target)]
    items = list(_suspicions(run))
    if not tests:
        text = "Nothing was judged: the run holds no scores. Its predictions must not be quoted."
        items.insert(0, Item("fail", "all targets", "evaluation", text))
    items += [item for test in tests for item in _coverage(run, test)]
    items += [item for test in tests for item in _comparisons(run, test)]
    items += [item for target in run.study.targets for item in _against_truth(run, target)]
    order = list(LEVELS)
    return sorted(items, key=lambda item: order.index(item.level))


def verdict_box(items: list[Item]) -> Html:
    """Return the box at the head of the report."""
    worst = items[0].level if items else "good"
    rows = [[tag("span", LEVELS[i.level], class_=f"badge {i.level}"), i.where, i.what, i.text] for i in items]
    lines = table(
        ["Verdict", "Target and test", "Question", "Found"], rows, caption="Findings, worst first",
        classes=[item.level for item in items], text_columns=(0, 1, 2, 3),
    )  # fmt: skip
    return tag("div", tag("p", _headline(items), class_="lead"), lines, class_=f"verdict {worst}")


def passed_tests(run: RunFiles) -> Html:
    """Return the suspicion tests that found nothing, to be unfolded."""
    passed = [f for f in run.findings if f["verdict"] == "ok"]
    if not passed:
        return Html("")
    points = [
        join([tag("b", f"{f['target']}, {plain(f['protocol'])}, {plain(f['name'])}: "), f["sentence"]]) for f in passed
    ]
    return tag("details", tag("summary", f"{count(len(passed), 'suspicion test')} found nothing"), listing(points))


def _headline(items: list[Item]) -> str:
    number_of = {level: sum(item.level == level for item in items) for level in LEVELS}
    parts = []
    if number_of["fail"]:
        verb = "fails" if number_of["fail"] == 1 else "fail"
        parts.append(
            f"{count(number_of['fail'], 'finding')} {verb}: do not quote the scores concerned before the cause is "
            "found."
        )
    if number_of["worse"]:
        parts.append(f"{count(number_of['worse'], 'comparison is', 'comparisons are')} clearly lost.")
    if number_of["warn"]:
        parts.append(f"{count(number_of['warn'], 'warning')} to be told beside the scores.")
    return " ".join(parts) or "No finding against the scores below; they hold within the limitations stated at the end."


def _suspicions(run: RunFiles) -> Iterator[Item]:
    if not run.study.evaluate.suspicion:
        yield Item("warn", "all targets", "suspicion tests", "The suspicion tests were switched off in the study.")
    levels: tuple[Level, ...] = ("fail", "warn")
    for level in levels:
        for found in run.findings:
            if found["verdict"] == level:
                where = f"{found['target']}, {plain(found['protocol'])}"
                yield Item(level, where, plain(found["name"]), found["sentence"])


def _where(test: Test) -> str:
    return f"{test.target}, {plain(test.label)}"


def _coverage(run: RunFiles, test: Test) -> Iterator[Item]:
    model = speaker_of(run, test).model
    rows = run.score(test).filter((pl.col("metric") == "coverage90") & (pl.col("model") == model))
    if rows.is_empty() or rows["value"][0] is None or FAIR[0] <= rows["value"][0] <= FAIR[1]:
        return
    row = rows.row(0, named=True)
    low, high = row["low"], row["high"]
    known = low is not None and high is not None
    between = f" ({percent(low)} to {percent(high)} by the block bootstrap)" if known else ""
    wrong = "too narrow" if row["value"] < FAIR[0] else "too wide"
    text = f"The 90 % intervals of {plain(model)} hold {percent(row['value'])} of the observations{between}: {wrong}."
    yield Item("fail" if row["value"] < NO_INTERVAL else "warn", _where(test), "coverage", text)


def _comparisons(run: RunFiles, test: Test) -> Iterator[Item]:
    speaker = speaker_of(run, test)
    where, name = _where(test), plain(speaker.model)
    if not speaker.product:
        text = (
            f"The product learner {plain(run.study.predict.learner)} takes no part in this test; {name} is quoted in "
            "its place, chosen by its error in this very test."
        )
        yield Item("note", where, "product learner", text)
    rows = run.score(test, table="differences").filter(pl.col("model") == speaker.model)
    others = references(run.study, rows["reference"].unique(maintain_order=True).to_list(), speaker.model)
    if not others:
        yield Item("warn", where, "baselines", f"No baseline was judged beside {name}: its scores have no measure.")
        return
    sorted_rows = rows.filter(pl.col("reference").is_in(others) & pl.col("value").is_not_null())
    sorted_rows = sorted_rows.sort("metric", "value", descending=True, maintain_order=True)
    groups: dict[Level, dict[str, list[Mapping[str, Any]]]] = {"worse": {}, "warn": {}, "note": {}, "good": {}}
    for row in sorted_rows.iter_rows(named=True):
        groups[_level(row)].setdefault(row["metric"], []).append(row)
    bases = {(r["model"], r["metric"]): r["value"] for r in run.score(test).iter_rows(named=True)}
    names: dict[Level, str] = {"worse": "worse than a baseline", "warn": "no better than a baseline"}
    for level, what in names.items():
        lost = [_lost(row, bases.get((row["reference"], row["metric"]))) for g in groups[level].values() for row in g]
        if lost:
            tail = "." if level == "worse" else ". The intervals include 0."
            yield Item(level, where, what, f"{name}: {'; '.join(lost)}{tail}")
    if groups["note"]:
        told = _told(groups["note"])
        yield Item(
            "note", where, "not clearly better", f"{name}: {told}, but the interval of the difference includes 0."
        )
    if groups["good"]:
        text = f"{name}: {_told(groups['good'])}; the 90 % interval of each difference lies below 0."
        yield Item("good", where, "better", text)


def _level(row: Mapping[str, Any]) -> Level:
    if row["value"] > 0:
        return "worse" if row["low"] is not None and row["low"] > 0 else "warn"
    return "good" if row["high"] is not None and row["high"] < 0 else "note"


def _lost(row: Mapping[str, Any], base: float | None) -> str:
    value, low, high = row["value"], row["low"], row["high"]
    decimals = decimals_for([value, low, high])
    between = f", 90 % interval {interval(low, high, decimals)}" if low is not None and high is not None else ""
    share = f"{percent(value / base, 1 if value < 0.1 * base else 0)}, " if base else ""
    if base and value < SAME * base:
        return f"{row['metric'].upper()} as large as that of {plain(row['reference'])}"
    size = f"{share}{number(value, decimals)} {unit_text(row['unit'])}{between}"
    return f"{row['metric'].upper()} larger than that of {plain(row['reference'])} ({size})"


def _told(groups: Mapping[str, list[Mapping[str, Any]]]) -> str:
    return "; ".join(
        f"{metric.upper()} smaller than that of {enumerate_words([plain(row['reference']) for row in rows])}"
        for metric, rows in groups.items()
    )


def _against_truth(run: RunFiles, target: str) -> Iterator[Item]:
    truth = run.truth(target)
    predicted = None if truth is None else run.predicted_map(target)
    if truth is None or predicted is None:
        return
    scores = truth_scores(target, predicted, truth)
    if isinstance(scores, str):
        return
    worst = min(scores, key=lambda score: score.r2)
    unit = unit_text(str(predicted[target].attrs.get("units", "")))
    text = (
        f"On all {worst.n:,} cells the map has an RMSE of {number(worst.rmse)} {unit}, a bias of {number(worst.bias)} "
        f"and an R² of {number(worst.r2, 2)}; {percent(worst.coverage90)} of the truth lies in the 90 % interval."
    )
    if worst.r2 < 0:
        yield Item("worse", f"{target}, map", "truth of the twin", f"{text} The true mean alone would be nearer.")
    else:
        fair = FAIR[0] <= worst.coverage90 <= FAIR[1]
        yield Item("note" if fair else "warn", f"{target}, map", "truth of the twin", text)
