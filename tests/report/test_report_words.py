"""Numbers, units and HTML of the report."""

import pytest

from geocryoai.report.html import Html, html, listing, table, tag
from geocryoai.report.words import axis_of, count, decimals_for, interval, number, percent, shorten, title_of, unit_text

MINUS, DASH = "\u2212", "\u2013"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0999999, "0.100"),
        (-0.01234, MINUS + "0.0123"),
        (12345.6, "12,346"),
        (0.0, "0.00"),
        (None, DASH),
        (float("nan"), DASH),
        (99.96, "100"),
        (1e-12, "0.000000"),
        (-1e-12, "0.000000"),
    ],
)
def test_numbers_keep_three_significant_digits(value, text):
    assert number(value) == text


def test_decimals_follow_the_largest_value():
    assert decimals_for([0.2, 31.4, None]) == 1
    assert decimals_for([]) == 2
    assert number(0.2, decimals_for([0.2, 31.4])) == "0.2"


def test_intervals_and_shares():
    assert interval(-0.1, 0.25) == f"{MINUS}0.100 to 0.250"
    assert interval(None, 1.0) == ""
    assert percent(0.954) == "95 %"
    assert count(1, "site") == "1 site"
    assert count(2, "finding is", "findings are") == "2 findings are"


@pytest.mark.parametrize(
    ("unit", "text"),
    [
        ("umol CO2 m-2 s-1", "µmol CO₂ m⁻² s⁻¹"),
        ("mg CH4 m-2 d-1", "mg CH₄ m⁻² d⁻¹"),
        ("degC", "°C"),
        ("m", "m"),
        ("um", "µm"),
    ],
)
def test_units_are_readable(unit, text):
    assert unit_text(unit) == text


def test_names_of_variables():
    assert title_of("nee") == "Net ecosystem exchange of CO₂"
    assert axis_of("alt", "RMSE of") == "RMSE of alt [m]"
    assert shorten("a" * 10, 4) == "aaa…"


def test_text_and_attributes_are_escaped_once():
    assert tag("a", "x & y", href='"><b>') == '<a href="&quot;&gt;&lt;b&gt;">x &amp; y</a>'
    assert html(Html("&amp;")) == "&amp;"
    assert tag("img", src="a", alt=None) == '<img src="a">'
    assert listing([]) == ""


def test_a_table_names_its_rows_and_columns():
    text = table(["Model", "RMSE"], [["<a>", "1"]], caption="c", classes=["product"])
    assert '<th scope="row">&lt;a&gt;</th><td>1</td>' in text
    assert '<th scope="col" class="text">Model</th><th scope="col">RMSE</th>' in text
    assert '<tr class="product">' in text


def test_a_row_of_another_length_is_an_error():
    with pytest.raises(ValueError, match="zip"):
        table(["a", "b"], [["1"]], caption="c")
