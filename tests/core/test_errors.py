from geocryoai.core.errors import MANY, GeoCryoAIError, StudyError, nearest


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
