import copy
from pathlib import Path

import pytest

from geocryoai.core.errors import StudyError
from geocryoai.core.study import load_study, salvage, study_from_dict, to_yaml


def tree(**changes):
    base = {
        "name": "small",
        "period": {"start": "1990-01", "end": "2000-12"},
        "sources": {"probes": {"reader": "table", "path": "probes.csv"}},
        "targets": {"alt": {"records": ["probes"], "step": "year"}},
        "learners": {"ridge": {"model": "ridge"}},
        "predict": {"learner": "ridge"},
    }
    return {**base, **changes}


def problems(error: pytest.ExceptionInfo[StudyError]) -> str:
    return "\n".join(error.value.problems)


def test_defaults_are_resolved_and_survive_yaml(tmp_path: Path):
    study = study_from_dict(tree())
    path = tmp_path / "study.yml"
    path.write_text(to_yaml(study), encoding="utf-8")
    assert load_study(path) == study
    assert study.targets["alt"].select.quality == ("measured",)


@pytest.mark.parametrize(
    "domain",
    [
        {"west": -170, "east": -141, "south": 54, "north": 72},
        {"left": 0, "top": 1e6, "width": 4, "height": 3, "resolution": 1000},
    ],
)
def test_a_domain_is_a_box_or_an_extent_and_survives_yaml(tmp_path: Path, domain):
    study = study_from_dict(tree(domain=domain))
    path = tmp_path / "study.yml"
    path.write_text(to_yaml(study), encoding="utf-8")
    assert load_study(path) == study
    with pytest.raises(StudyError, match="a domain is either"):
        study_from_dict(tree(domain={**domain, "west": -170, "left": 0}))


def test_every_problem_is_reported_at_once_with_the_nearest_key():
    wrong = tree(sead=3, period={"start": "1990-13", "end": "2000"})
    wrong["sources"]["probes"]["optins"] = {}
    wrong["targets"]["alt"]["step"] = "mont"
    with pytest.raises(StudyError) as error:
        study_from_dict(wrong)
    text = problems(error)
    assert len(error.value.problems) == 4
    assert "sead: unknown key 'sead'; did you mean 'seed'?" in text
    assert "sources.probes.optins: unknown key 'optins'; did you mean 'options'?" in text
    assert "'1990-13' is not an ISO date" in text
    assert "targets.alt.step: found 'mont'; did you mean 'month'?" in text


def test_nested_unknown_key_in_a_list_names_the_known_keys_of_that_section():
    wrong = tree()
    wrong["targets"]["alt"]["join"] = [{"source": "probes", "by": "site", "witin_km": 3}]
    with pytest.raises(StudyError, match="did you mean 'within_km'"):
        study_from_dict(wrong)


@pytest.mark.parametrize(
    ("period", "message"),
    [
        ({"start": "2001-01", "end": "2000-12"}, "start 2001-01 is after end 2000-12"),
        ({"start": "01/02/1990", "end": "2000"}, "is not an ISO date"),
        ({"start": "1000", "end": "2000"}, "1000-01 to 2000-12 is not within the years 1678 to 2261"),
        ({"start": "2000", "end": "2262"}, "2000-01 to 2262-12 is not within the years 1678 to 2261"),
    ],
)
def test_wrong_periods(period, message):
    with pytest.raises(StudyError, match=message):
        study_from_dict(tree(period=period))


def test_endless_numbers_and_long_values_are_told_shortly():
    wrong = tree(seed="x" * 5000)
    wrong["learners"]["ridge"]["options"] = {"alpha": [1.0, float("inf")]}
    with pytest.raises(StudyError) as error:
        study_from_dict(wrong)
    assert "learners.ridge.options.alpha.1: expected a finite number; found inf" in problems(error)
    assert "seed: expected a whole number; found 'xxx" in problems(error)
    assert len(problems(error)) < 400


@pytest.mark.parametrize("months", ["2014-13", ["July"], {"a": 1}, [None]])
def test_months_of_maps_are_dates_or_all(months):
    with pytest.raises(StudyError, match=r"predict\.months: .* is not an ISO date"):
        study_from_dict(tree(predict={"learner": "ridge", "months": months}))


def test_one_month_of_maps_needs_no_list():
    assert study_from_dict(tree(predict={"learner": "ridge", "months": 1995})).predict.months == ("1995-01",)
    assert study_from_dict(tree(predict={"learner": "ridge", "months": "all"})).predict.months == "all"


def test_a_resolved_domain_reads_back(tmp_path: Path):
    study = study_from_dict(tree(domain={"left": 0, "top": 0, "width": 3, "height": 2}))
    (tmp_path / "study.yml").write_text(to_yaml(study), encoding="utf-8")
    assert load_study(tmp_path / "study.yml") == study


def test_a_year_means_its_first_and_last_month():
    study = study_from_dict(tree(period={"start": 1990, "end": 2000}))
    assert (study.period.start, study.period.end) == ("1990-01", "2000-12")


def test_overrides_reach_nested_keys_and_lists():
    study = study_from_dict(tree(), ["seed=7", "compute.memory_mb=128", "targets.alt.records.0=probes"])
    assert study.seed == 7
    assert study.compute.memory_mb == 128


@pytest.mark.parametrize("override", ["seed", "targets.alt.records.5=x", "name.first=x", "seed=[1"])
def test_wrong_overrides_are_named(override):
    with pytest.raises(StudyError, match="--set"):
        study_from_dict(tree(), [override])


def test_a_key_given_twice_is_an_error(tmp_path: Path):
    path = tmp_path / "study.yml"
    path.write_text("name: a\nname: b\n", encoding="utf-8")
    with pytest.raises(StudyError, match="the key 'name' stands twice"):
        load_study(path)


@pytest.mark.parametrize("text", ["- a\n- b\n", "just text", "a: [1", "", "\x00"])
def test_a_file_that_is_no_study(tmp_path: Path, text):
    path = tmp_path / "study.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StudyError):
        load_study(path)


def test_an_absent_file_is_named(tmp_path: Path):
    with pytest.raises(StudyError, match="cannot be read"):
        load_study(tmp_path / "none.yml")


def test_yaml_cannot_build_objects(tmp_path: Path):
    path = tmp_path / "study.yml"
    path.write_text("name: !!python/object/apply:os.system ['true']\n", encoding="utf-8")
    with pytest.raises(StudyError, match="not valid YAML"):
        load_study(path)


def test_yaml_that_cannot_be_read_is_told_with_the_name_of_the_file(tmp_path: Path):
    path = tmp_path / "my study.yml"
    path.write_text("name: [a\n", encoding="utf-8")
    with pytest.raises(StudyError, match=r"not valid YAML: .* in my study\.yml, line 1") as error:
        load_study(path)
    assert "unicode string" not in str(error.value)


@pytest.mark.parametrize("scheduler", ["dask", "local:0", "tcp://", "", 3])
def test_a_scheduler_that_cannot_be_is_told_in_words(scheduler):
    with pytest.raises(StudyError, match="expected none, local:N for N processes on this machine, or an address"):
        study_from_dict(tree(compute={"scheduler": scheduler}))


def test_the_sound_parts_of_a_study_are_salvaged():
    wrong = tree(sead=3)
    wrong["sources"]["broken"] = {"reader": "calm"}
    wrong["targets"]["alt"]["step"] = "mont"
    kept = copy.deepcopy(wrong)
    left = salvage(wrong)
    assert left is not None
    assert wrong == kept
    assert list(left.study.sources) == ["probes"]
    assert set(left.removed) == {"sead", "sources.broken", "targets.alt.step"}
    assert not left.is_news("targets.alt.records: 'broken' is not in the study")
    assert left.is_news("targets.alt.records: 'other' is not in the study")
