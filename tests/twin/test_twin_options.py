from __future__ import annotations

import pytest

from geocryoai.core.errors import StudyError
from geocryoai.twin.options import TwinOptions, read_options


def test_defaults_give_about_two_and_a_half_thousand_cells_over_1990_2022() -> None:
    options = TwinOptions()
    assert (options.years[0], options.years[-1], options.months) == (1990, 2022, 396)
    assert 2500 <= options.width * options.height <= 2800


def test_no_section_means_the_defaults() -> None:
    assert read_options(None) == TwinOptions()
    assert read_options({}) == TwinOptions()


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ({"first_year": 2022, "last_year": 1990}, ["years are reversed", "2022", "1990"]),
        ({"network": {"towers": 0}}, ["network.towers", "greater than or equal to 1"]),
        ({"network": {"probe_sites": 0}}, ["network.probe_sites", "greater than or equal to 1"]),
        ({"width": 1000, "height": 1000}, ["too large", "1000 x 1000", "cell-months"]),
        ({"width": 5, "coarse": {"factor": 8}}, ["coarse.factor is 8", "5 x 66"]),
        ({"resolution": -1}, ["resolution", "greater than"]),
        ({"truth": {"map_error": float("nan")}}, ["truth.map_error"]),
        ({"seed": "x"}, ["seed", "whole number"]),
    ],
)
def test_a_bad_option_is_named_with_what_was_found(section: dict[str, object], words: list[str]) -> None:
    with pytest.raises(StudyError) as caught:
        read_options(section)
    for word in words:
        assert word in str(caught.value)


def test_an_unknown_key_names_the_nearest_known_one() -> None:
    with pytest.raises(StudyError, match="did you mean 'towers'"):
        read_options({"network": {"tower": 3}})


def test_all_problems_come_at_once() -> None:
    with pytest.raises(StudyError) as caught:
        read_options({"resolution": -1, "sed": 2, "network": {"towers": 0}})
    assert len(caught.value.problems) == 3
