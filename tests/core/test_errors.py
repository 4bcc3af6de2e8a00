import pickle

import pytest

from geocryoai.core.errors import MANY, GeoCryoAIError, MissingDependencyError, ModelError, StudyError, nearest


def test_a_hint_names_the_closest_or_all_or_some_of_many():
    assert nearest("tagets", ["targets", "task"]) == "did you mean 'targets'?"
    assert nearest("xyz", ["b", "a"]) == "known: a, b"
    assert nearest("xyz", []) == "known: none"
    many = [f"variable_{i}" for i in range(MANY + 1)]
    hint = nearest("q", many)
    assert hint.startswith(f"the nearest of {MANY + 1}: variable_")
    assert hint.count(",") == MANY // 2 - 1


def test_an_error_is_one_paragraph_of_what_where_found_expected_next():
    error = GeoCryoAIError("it broke", where="file.csv", found=3, expected="4", next_step="look again")
    assert str(error) == "file.csv: it broke; found 3; expected 4. Look again."
    assert error.exit_code == 2


def test_a_study_error_counts_its_problems():
    assert "1 problem in the study\n  1. a" in str(StudyError(["a"]))
    assert "2 problems in the study\n  1. a\n  2. b" in str(StudyError(["a", "b"], where="x"))


@pytest.mark.parametrize(
    "error",
    [
        ModelError("it broke", where="fold 1", found=3, next_step="look again"),
        StudyError(["a", "b"], where="x"),
        MissingDependencyError("snaphu", extra="radar", needed_for="unwrapping"),
    ],
)
def test_an_error_comes_whole_from_another_process(error: GeoCryoAIError):
    back = pickle.loads(pickle.dumps(error))
    assert type(back) is type(error)
    assert (str(back), vars(back)) == (str(error), vars(error))
