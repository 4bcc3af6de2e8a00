"""The part of the report about one target: scores, figures, maps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import polars as pl

from geocryoai.core.variables import variable
from geocryoai.report.ablation_table import ablation_table
from geocryoai.report.figures.calibration import calibration_figure
from geocryoai.report.figures.leads import leads_figure
from geocryoai.report.figures.maps import map_figure, period_name, truth_figure
from geocryoai.report.figures.scatter import scatter_figure
from geocryoai.report.figures.series import series_figure
from geocryoai.report.figures.sites import places
from geocryoai.report.figures.skill import skill_figure
from geocryoai.report.html import Html, join, section, table, tag
from geocryoai.report.roles import Speaker, role, speaker_of
from geocryoai.report.skill_tables import season_table, site_table, skill_table
from geocryoai.report.truth import TruthScore, truth_scores
from geocryoai.report.words import PROTOCOLS, long_name_of, number, percent, plain, title_of, unit_text

if TYPE_CHECKING:
    import xarray as xr

    from geocryoai.report.figures.style import Picture
    from geocryoai.report.run_files import RunFiles, Test

#: Takes a figure, keeps its file, and returns it as part of the page; None becomes a sentence.
Place = Callable[["Picture | None", str], Html]


def target_part(run: RunFiles, target: str, place: Place) -> Html:
    """Return all about one target."""
    about = variable(target)
    tests = list(run.tests(target))
    speakers = {test.label: speaker_of(run, test) for test in tests}
    parts: list[object] = [tag("p", f"{long_name_of(target)}. Canonical unit {unit_text(about.unit)}.", class_="sub")]
    if tests:
        parts += _skill(run, target, tests, speakers, place)
        parts += _fit(run, target, tests, speakers, place)
        parts += [ablation_table(run.ablation.filter(pl.col("target") == target))]
    else:
        parts.append(absent(f"No test of {target} left scores in this run."))
    parts += _maps(run, target, place)
    return section(f"target-{target}", f"{title_of(target)} ({target})", *parts)


def absent(sentence: str) -> Html:
    """Return a sentence in the place of a part that is not there."""
    return tag("p", sentence, class_="absent")


def _skill(run: RunFiles, target: str, tests: list[Test], speakers: Mapping[str, Speaker], place: Place) -> list[Html]:
    scores = {test.label: run.score(test) for test in tests}
    roles = {model: role(run.study, model) for table_ in scores.values() for model in table_["model"].unique()}
    parts = [place(skill_figure(target, scores, roles), f"No model of {target} has a defined error.")]
    for test in tests:
        parts.append(tag("h3", f"Scores: {plain(test.label)}"))
        parts.append(tag("p", _about_test(run, test, speakers[test.label])))
        parts.append(skill_table(run.study, test, scores[test.label]))
        taught = run.score(test, taught=True)
        if taught.height:
            parts.append(skill_table(run.study, test, taught, taught=True))
        if test.forecast:
            parts.append(_leads(run, test, speakers[test.label].model, place))
        parts.append(season_table(run.study, test, run.score(test, table="scores_by_season")))
        by_site = run.score(test, table="scores_by_site")
        parts.append(site_table(run.study, test, by_site, speakers[test.label].model))
    return parts


def _leads(run: RunFiles, test: Test, speaker: str, place: Place) -> Html:
    figure = leads_figure(
        test.target, test.label, speaker, run.score(test, table="scores_by_lead"),
        run.score(test, table="scores_by_lead", taught=True), step=run.study.targets[test.target].step,
    )  # fmt: skip
    return place(figure, "No scores by lead were left.")


def _about_test(run: RunFiles, test: Test, speaker: Speaker) -> str:
    passport = run.passport(test)
    facts = [PROTOCOLS.get(test.section.protocol, f"Protocol {plain(test.section.protocol)}.")]
    if passport:
        facts.append(
            f"Blocks of the bootstrap: {passport.get('block_size')}, {passport['bootstrap']['replicates']} draws."
        )
        facts.append(f"Split {str(passport.get('split_hash'))[:12]}.")
        if test.forecast:
            facts.append(f"Drivers after the origin: {passport.get('drivers')}.")
    if not speaker.product:
        facts.append(
            f"The product learner takes no part here; figures show {plain(speaker.model)}, which has the smallest "
            "error in this very test."
        )
    return " ".join(facts)


def _fit(run: RunFiles, target: str, tests: list[Test], speakers: Mapping[str, Speaker], place: Place) -> list[Html]:
    clouds: dict[str, tuple[str, pl.DataFrame]] = {}
    spoken: dict[str, tuple[str, pl.DataFrame]] = {}
    series: list[Html] = []
    step = run.study.targets[target].step
    for test in tests:
        model = speakers[test.label].model
        main = run.predictions(test, model, "free_running" if test.forecast else "map")
        if main.is_empty():
            main = run.predictions(test, model, "one_step")
        title = plain(test.label)
        clouds[title] = spoken[title] = (model, main)
        if test.forecast:
            clouds[f"{title}, teacher-forced"] = (model, run.predictions(test, model, "one_step"))
        figure = series_figure(target, test.label, model, main, step=step, most=run.study.report.sites_shown)
        series.append(place(figure, f"{title}: no site has a dated series to show."))
    roles = {m: role(run.study, m) for test in tests for m in run.score(test)["model"].unique()}
    scores = {test.label: run.score(test) for test in tests}
    nothing = "No out-of-fold predictions were left."
    return [
        tag("h3", "Observed against predicted"), place(scatter_figure(target, clouds), nothing),
        tag("h3", "Time series at sites"), *series,
        tag("h3", "Calibration"), place(calibration_figure(target, spoken, scores, roles), nothing),
    ]  # fmt: skip


def _maps(run: RunFiles, target: str, place: Place) -> list[Html]:
    predicted = run.predicted_map(target)
    parts = [tag("h3", "Predicted maps")]
    if predicted is None:
        return [
            *parts,
            absent("This run predicts no maps of it." if not run.study.predict.maps else "No map was left."),
        ]
    step = run.study.targets[target].step
    parts.append(place(map_figure(target, predicted, places(run.records(target)), step), ""))
    truth = run.truth(target)
    if truth is None:
        return parts
    scores = truth_scores(target, predicted, truth)
    if isinstance(scores, str):
        return [*parts, absent(f"The map is not compared with the truth: {scores}.")]
    parts.append(tag("h3", "Against the truth of the simulated world"))
    parts.append(place(truth_figure(target, predicted, scores, step), ""))
    parts.append(_truth_table(target, predicted, scores, step))
    return parts


def _truth_table(target: str, predicted: xr.Dataset, scores: list[TruthScore], step: str) -> Html:
    rows = [
        [period_name(predicted, s.index, step), f"{s.n:,}", number(s.rmse), number(s.bias), number(s.r2, 2),
         percent(s.coverage90)]
        for s in scores
    ]  # fmt: skip
    unit = tag("span", f" [{unit_text(variable(target).unit)}]", class_="unit")
    heads = ["Period", "Cells", join(["RMSE", unit]), join(["Bias", unit]), "R²", "Truth inside the 90 % interval"]
    return table(heads, rows, caption=f"Predicted {target} on all cells against the truth")
