"""Verdict, speakers, tables, figures' numbers and limitations."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from geocryoai.report.figures.calibration import reliability
from geocryoai.report.figures.series import sites_to_show
from geocryoai.report.figures.sites import places, without_position
from geocryoai.report.limitations import limitations
from geocryoai.report.roles import references, role, speaker_of
from geocryoai.report.run_files import RunFiles
from geocryoai.report.skill_tables import season_table, site_table, skill_table
from geocryoai.report.verdict import LEVELS, verdict_items
from geocryoai.report.words import decimals_for, number

from .conftest import EVIL, made_up_predictions, made_up_records, small_study, write_evaluation


@pytest.fixture(scope="module")
def run(small_run):
    return RunFiles(small_run[0], small_run[1])


def only(run, target):
    (test,) = run.tests(target)
    return test


def test_the_product_speaks_where_it_takes_part_else_the_best(run):
    assert speaker_of(run, only(run, "alt")).model == "ours"
    assert speaker_of(run, only(run, "alt")).product
    speaker = speaker_of(run, only(run, "nee"))
    assert (speaker.model, speaker.product) == ("ridge", False)


def test_roles_come_from_the_study_and_the_registry(run):
    roles = [role(run.study, name) for name in ("ours", "ridge", "site_climatology", "unheard_of")]
    assert roles == ["product", "standard", "baseline", "learner"]
    assert references(run.study, ["ours", "ridge", "site_climatology"], "ours") == ["ridge", "site_climatology"]


def test_items_are_sorted_by_severity(run):
    levels = [list(LEVELS).index(item.level) for item in verdict_items(run)]
    assert levels == sorted(levels)
    assert {item.level for item in verdict_items(run)} >= {"fail", "worse", "warn", "good"}


def test_a_lost_comparison_tells_by_how_much(run):
    row = run.score(only(run, "alt"), table="differences").filter(
        (pl.col("model") == "ours") & (pl.col("reference") == "ridge") & (pl.col("metric") == "rmse")
    )
    (item,) = [i for i in verdict_items(run) if i.level == "worse" and i.where == "alt, blocks"]
    assert number(row["value"][0], decimals_for([row["value"][0], row["low"][0], row["high"][0]])) in item.text
    assert "RMSE larger than that of ridge" in item.text
    assert "site climatology" not in item.text


def test_intervals_too_narrow_or_too_wide_are_told(tmp_path):
    study = small_study()
    table = made_up_predictions("year", ["map"], {"ours": 0.2, "ridge": 0.3})
    width = pl.when(pl.col("model") == "ours").then(0.02).otherwise(5.0)
    write_evaluation(
        tmp_path, [("alt", "blocks", table.with_columns(q05=pl.col("mean") - width, q95=pl.col("mean") + width))]
    )
    (item,) = [i for i in verdict_items(RunFiles(tmp_path, study)) if i.what == "coverage"]
    assert item.level == "fail"
    assert item.text.endswith("too narrow.")


def test_the_best_of_each_score_is_marked(run):
    test = only(run, "alt")
    text = skill_table(run.study, test, run.score(test))
    assert text.count("best</span>") == 6
    assert text.index("ridge") < text.index("ours") < text.index("site climatology")
    assert '<tr class="product"><th scope="row">ours' in text


def test_seasons_are_shown_for_monthly_targets_only(run):
    alt, nee = only(run, "alt"), only(run, "nee")
    assert season_table(run.study, alt, run.score(alt, table="scores_by_season")) == ""
    text = season_table(run.study, nee, run.score(nee, table="scores_by_season"))
    assert [text.index(season) for season in ("DJF", "MAM", "JJA", "SON")] == sorted(
        text.index(season) for season in ("DJF", "MAM", "JJA", "SON")
    )
    assert "n = 54" in text


def test_sites_are_listed_worst_first_with_the_best_baseline_there(run):
    test = only(run, "alt")
    scores = run.score(test, table="scores_by_site")
    own = scores.filter((pl.col("model") == "ours") & (pl.col("metric") == "rmse")).sort("value", descending=True)
    text = site_table(run.study, test, scores, "ours")
    worst, best = own["site"][0], own["site"][-1]
    assert worst in text or worst == EVIL
    assert best not in text or best == EVIL
    assert "of 9 (blocks" in text


def test_series_are_of_the_longest_records_with_the_largest_error_first():
    days = [date(2000, 1 + i, 1) for i in range(4)]
    rows = [("long", d, 1.0) for d in days] + [("other", d, 3.0) for d in days[:3]] + [("short", days[0], 9.0)]
    table = pl.DataFrame(
        {"site": [r[0] for r in rows], "time": [r[1] for r in rows], "mean": [r[2] for r in rows], "observed": 0.0}
    )
    assert sites_to_show(table, 2) == ["other", "long"]
    assert sites_to_show(table, 1) == ["long"]
    assert sites_to_show(table.with_columns(time=pl.lit(None, pl.Date)), 2) == []


def test_reliability_is_the_share_below_each_quantile():
    observed = np.linspace(0, 1, 101)[:-1]
    table = pl.DataFrame({"observed": observed, "q05": 0.045, "q25": 0.245, "q50": 0.495, "q75": 0.745, "q95": 2.0})
    assert reliability(table).tolist() == [0.05, 0.25, 0.5, 0.75, 1.0]


def test_places_are_means_per_site_and_count_what_was_learnt():
    table = pl.DataFrame(
        {"site": ["a", "a", "b", "c"], "lon": [179.0, -179.0, 10.0, None], "lat": [66.0, 68.0, 60.0, 60.0],
         "value": [1.0, 2.0, 3.0, 4.0], "learn": [True, True, False, True]}
    )  # fmt: skip
    found = places(table)
    assert found["site"].to_list() == ["a", "b"]
    assert abs(found["lon"][0]) == pytest.approx(180.0)
    assert found["learnt"].to_list() == [2, 0]
    assert "of nee" in without_position({"alt": table, "nee": made_up_records(placed=False)})


def test_limitations_name_what_the_run_shows(run):
    told = limitations(run)
    assert told[0] == "Nothing <here> is real."
    assert any("simulated" in text for text in told)
    assert any(text.startswith("alt: only 8 sites") for text in told)
    assert any("intervals rest on 9 blocks only" in text for text in told)
    assert any("drivers measured after its origin" in text for text in told)
