"""Processes whose parameters are calibrated inside the training rows, alone and under another learner."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from geocryoai.core.errors import ModelError
from geocryoai.models import LEARNERS
from geocryoai.models.anchors import ANCHORS, compute_anchor
from geocryoai.models.anchors.ranges import NEEDS, RANGES, parameters_of
from geocryoai.models.fake import fake_samples
from geocryoai.models.fitted_process import FittedProcess

INPUTS = {"greenness": "ndvi", "index": "ndvi"}
TRUTH = {"light_use_efficiency": 2.4, "tmin_low": -4.0, "heterotrophic": 1.1}
SECTION = {"process": "nee_process", "inputs": INPUTS, "parameters": list(TRUTH)}


def tower_rows(noise=0.0):
    """Samples of 8 sites whose NEE is the process itself with parameters that are not the published ones."""
    made = fake_samples(n_sites=8, n_years=2, gaps=0.0)
    season = -np.cos(2 * np.pi * (made.time.astype("datetime64[M]").astype(int) % 12) / 12)
    rng = np.random.default_rng(1)
    features = {
        "tas": 12 * season - 3 + rng.normal(0, 2, len(made)),
        "ts": 7 * season + rng.normal(0, 1, len(made)),
        "rsds": 120 + 100 * season,
        "ndvi": np.clip(0.4 + 0.3 * season + rng.normal(0, 0.05, len(made)), 0, 1),
    }
    y = compute_anchor(ANCHORS.get("nee_process"), {**INPUTS, **TRUTH}, features)
    return replace(made, features=features, statics=(), y=y + rng.normal(0, noise, len(made)), anchors={})


def test_the_process_finds_the_parameters_of_its_own_data():
    rows = tower_rows()
    fit = FittedProcess.fit(rows, SECTION, np.ones(len(rows)), 0)
    assert fit.values == pytest.approx(TRUTH, rel=1e-3)
    np.testing.assert_allclose(fit.at(rows), rows.y, atol=1e-3)
    assert FittedProcess.from_facts(fit.facts()) == fit


def test_the_baseline_answers_for_unseen_sites_and_comes_back_from_disk(tmp_path):
    rows = tower_rows(noise=0.2)
    held = np.isin(rows.site, ["S000", "S001"])
    learner = LEARNERS.get("process")(seed=1, folds=3, processes={"nee": SECTION}).fit(rows.take(~held))
    unseen = rows.take(held)
    answer = learner.predict(unseen.without_target())
    assert np.sqrt(np.mean((answer.mean - unseen.y) ** 2)) < 0.25
    learner.save(tmp_path)
    again = LEARNERS.get("process").load(tmp_path).predict(unseen)
    np.testing.assert_array_equal(again.mean, answer.mean)


@pytest.mark.parametrize("member", ["anchor_ridge", "stack"])
def test_a_member_stands_on_the_calibrated_process(member, tmp_path):
    rows = tower_rows(noise=0.2)
    # What the process cannot know: an effect of a column of its own.
    extra = np.random.default_rng(2).normal(0, 1, len(rows))
    rows = replace(rows, features={**rows.features, "extra": extra}, y=rows.y + 0.5 * extra)
    held = np.isin(rows.site, ["S000", "S001"])
    trees = {"random_forest": {"trees": 10, "inner_trees": 5}, "boosted_trees": {"max_rounds": 20}}
    options = {"calibrate": "none"} if member == "anchor_ridge" else {"member_options": trees}
    informed = LEARNERS.get("process_informed")(
        seed=1, folds=3, processes={"nee": SECTION}, member=member, member_options=options
    ).fit(rows.take(~held))
    alone = LEARNERS.get("process")(seed=1, folds=3, processes={"nee": SECTION}).fit(rows.take(~held))
    unseen = rows.take(held)
    error, reference = (np.sqrt(np.mean((m.predict(unseen).mean - unseen.y) ** 2)) for m in (informed, alone))
    assert error < 0.9 * reference
    informed.save(tmp_path)
    again = LEARNERS.get("process_informed").load(tmp_path).predict(unseen)
    np.testing.assert_array_equal(again.mean, informed.predict(unseen.without_target()).mean)


def test_held_out_rows_do_not_move_the_anchor_they_are_given(monkeypatch):
    rows = tower_rows(noise=0.2)
    seen = []
    original = FittedProcess.fit.__func__

    def spy(cls, samples, *others):
        seen.append(set(samples.site))
        return original(cls, samples, *others)

    monkeypatch.setattr(FittedProcess, "fit", classmethod(spy))
    LEARNERS.get("process_informed")(processes={"nee": SECTION}, member="anchor_ridge", folds=4).fit(rows)
    assert len(seen) == 5
    assert sum(len(sites) < 8 for sites in seen) == 4


def test_too_few_rows_keep_the_published_values_and_gaps_the_climatology():
    rows = tower_rows()
    assert FittedProcess.fit(rows.take(np.arange(12)), SECTION, np.ones(12), 0).values == {}
    learner = LEARNERS.get("process")(processes={"nee": SECTION}).fit(rows)
    gap = replace(rows, features={**rows.features, "tas": np.full(len(rows), np.nan)})
    assert np.isfinite(learner.predict(gap).mean).all()


def test_light_comes_from_the_sun_where_no_radiation_is_measured():
    rows = tower_rows()
    dark = replace(rows, features={name: v for name, v in rows.features.items() if name != "rsds"})
    fit = FittedProcess("gpp_process", INPUTS, {}, {}, ())
    made = fit.at(dark)
    month = dark.time.astype("datetime64[M]").astype(int) % 12
    assert made[month == 6].mean() > 1.0
    assert made[month == 11].max() < 0.05
    with pytest.raises(ModelError, match="needs light"):
        compute_anchor(ANCHORS.get("gpp_process"), INPUTS, {"tas": np.zeros(2), "ndvi": np.ones(2)})


def test_wrong_sections_are_refused_before_any_work():
    new = LEARNERS.get("process")
    with pytest.raises(ModelError, match="not named"):
        new(processes={"nee": {"inputs": {}}})
    with pytest.raises(ModelError, match=r"(?i)did you mean 'nee_process'"):
        new(processes={"nee": {"process": "nee_proces"}})
    with pytest.raises(ModelError, match="unknown input 'grenness'"):
        new(processes={"nee": {"process": "nee_process", "inputs": {"grenness": "ndvi"}}})
    with pytest.raises(ModelError, match="no parameter 'q10'"):
        new(processes={"nee": {"process": "nee_process", "parameters": ["q10"]}})
    with pytest.raises(ModelError, match="unknown key"):
        new(processes={"nee": {"process": "nee_process", "colour": 1}})
    with pytest.raises(ModelError, match="cannot be the member"):
        LEARNERS.get("process_informed")(member="process_informed")


@pytest.mark.contract
def test_every_range_belongs_to_an_anchor_and_holds_its_published_value():
    import inspect

    for name, parameters in RANGES.items():
        known = inspect.signature(ANCHORS.get(name)).parameters
        assert 1 <= len(parameters) <= 6
        for parameter in parameters:
            assert known[parameter.name].kind is inspect.Parameter.KEYWORD_ONLY
            default = known[parameter.name].default
            assert default is None or parameter.low <= default <= parameter.high
            if parameter.name in NEEDS:
                assert NEEDS[parameter.name] in known
    assert [p.name for p in parameters_of("ch4_process", {"ts"})] == ["labile", "production_q10", "winter_share"]
    with pytest.raises(ModelError, match="no parameters to calibrate"):
        parameters_of("gpp_light_use", {"tas"})
