"""The verdict: the worst first, then what holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import polars as pl

from geocryoai.report.figures.calibration import FAIR
from geocryoai.report.html import Html, join, listing, table, tag
from geocryoai.report.roles import references, speaker_of
from geocryoai.report.words import count, enumerate_words, interval, number, percent, plain, unit_text

if TYPE_CHECKING:
    from geocryoai.report.run_files import RunFiles, Test

Level = Literal["fail", "warn", "note", "good"]

_WORDS = {"fail": "fails", "warn": "warning", "note": "note", "good": "holds"}


@dataclass(frozen=True)
class Item:
    """One line of the verdict.

    Attributes
    ----------
    level : {"fail", "warn", "note", "good"}
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
    """Return the findings of a run: suspicion first, then coverage, then lost comparisons, then what holds."""
    tests = [test for target in run.study.targets for test in run.tests(target)]
    if not tests:
        text = "Nothing was judged: the run holds no scores. Its predictions must not be quoted."
        return [Item("fail", "all targets", "evaluation", text)]
    compared = [item for test in tests for item in _against_references(run, test)]
    lost = [item for item in compared if item.level in ("fail", "warn")]
    return [
        *_suspicions(run),
        *sorted((item for test in tests for item in _coverage(run, test)), key=lambda item: item.level),
        *sorted(lost, key=lambda item: item.level),
        *(item for item in compared if item.level == "note"),
        *(item for item in compared if item.level == "good"),
    ]


def verdict_box(run: RunFiles, items: list[Item]) -> Html:
    """Return the box at the head of the report."""
    bad = [item for item in items if item.level in ("fail", "warn")]
    level: Level = "fail" if any(i.level == "fail" for i in bad) else "warn" if bad else "good"
    rows = [[tag("span", _WORDS[i.level], class_=f"badge {i.level}"), i.where, i.what, i.text] for i in items]
    classes = [item.level for item in items]
    lines = table(
        ["Verdict", "Target and test", "Question", "Found"], rows, caption="Findings, worst first", classes=classes,
        text_columns=(0, 1, 2, 3),
    )  # fmt: skip
    return tag("div", tag("p", _headline(items), class_="lead"), lines, class_=f"verdict {level}")


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
    failed = sum(item.level == "fail" for item in items)
    warned = sum(item.level == "warn" for item in items)
    if failed:
        first = f"{count(failed, 'finding')} {'fails' if failed == 1 else 'fail'}: do not quote the scores concerned "
        return f"{first}before the cause is understood. {count(warned, 'warning')} beside." if warned else (
            f"{first}before the cause is understood."
        )  # fmt: skip
    if warned:
        return f"Nothing fails, but {count(warned, 'warning')} must be told with the scores."
    return "No finding against the scores below; they hold within the limitations stated at the end."


def _suspicions(run: RunFiles) -> Iterator[Item]:
    if not run.study.evaluate.suspicion:
        yield Item("warn", "all targets", "suspicion tests", "The suspicion tests were switched off in the study.")
    for level in ("fail", "warn"):
        for found in run.findings:
            if found["verdict"] == level:
                where = f"{found['target']}, {plain(found['protocol'])}"
                yield Item(level, where, plain(found["name"]), f"{found['sentence']} ({plain(found['model'])})")


def _where(test: Test) -> str:
    return f"{test.target}, {plain(test.label)}"


def _coverage(run: RunFiles, test: Test) -> Iterator[Item]:
    model = speaker_of(run, test).model
    row = run.score(test).filter((pl.col("metric") == "coverage90") & (pl.col("model") == model))
    if row.is_empty() or row["value"][0] is None:
        return
    value, low, high = row.row(0, named=True)["value"], row["low"][0], row["high"][0]
    if FAIR[0] <= value <= FAIR[1]:
        return
    between = f" (90 % interval {percent(low)} to {percent(high)})" if low is not None and high is not None else ""
    wrong = "too narrow" if value < FAIR[0] else "too wide"
    level: Level = "fail" if value < 0.7 else "warn"
    text = f"The 90 % intervals of {plain(model)} hold {percent(value)} of the observations{between}: they are {wrong}."
    yield Item(level, _where(test), "coverage", text)


def _against_references(run: RunFiles, test: Test) -> Iterator[Item]:
    speaker = speaker_of(run, test)
    rows = run.score(test, table="differences").filter(pl.col("model") == speaker.model)
    others = references(run.study, rows["reference"].unique(maintain_order=True).to_list(), speaker.model)
    name, where = plain(speaker.model), _where(test)
    if not speaker.product:
        product = plain(run.study.predict.learner)
        text = f"The product learner {product} takes no part in this test; {name} is quoted in its place, chosen by this test's error."
        yield Item("note", where, "product learner", text)
    if not others:
        yield Item("warn", where, "baselines", f"No baseline was judged beside {name}: its scores have no measure.")
        return
    beaten: dict[str, list[str]] = {}
    open_: dict[str, list[str]] = {}
    for metric in ("rmse", "crps"):
        part = rows.filter((pl.col("metric") == metric) & pl.col("reference").is_in(others))
        for row in part.sort("value", descending=True, maintain_order=True).iter_rows(named=True):
            value, low, high = row["value"], row["low"], row["high"]
            if value is not None and value > 0:
                yield _lost(where, name, metric, row)
            elif value is not None and high is not None and low is not None and high < 0:
                beaten.setdefault(metric, []).append(plain(row["reference"]))
            elif value is not None:
                open_.setdefault(metric, []).append(plain(row["reference"]))
    for metric, names in open_.items():
        text = f"{metric.upper()} of {name} is smaller than that of {enumerate_words(names)}, but the interval of the difference is not clear of 0."
        yield Item("note", where, "not clearly better", text)
    for metric, names in beaten.items():
        text = f"{metric.upper()} of {name} is smaller than that of {enumerate_words(names)}, the 90 % interval of each difference clear of 0."
        yield Item("good", where, "better", text)


def _lost(where: str, name: str, metric: str, row: dict[str, float | str | None]) -> Item:
    value, low, high = (row[key] for key in ("value", "low", "high"))
    assert isinstance(value, float)
    clear = isinstance(low, float) and low > 0
    between = f", 90 % interval {interval(low, high)}" if isinstance(low, float) and isinstance(high, float) else ""
    unit = unit_text(str(row["unit"]))
    tail = "worse." if clear else "not better, within the uncertainty."
    text = (
        f"{metric.upper()} of {name} is larger than that of {plain(str(row['reference']))} by {number(value)} {unit}"
        f"{between}: {tail}"
    )
    return Item("fail" if clear else "warn", where, "worse than a baseline" if clear else "no better", text)
