"""Units: known answers, spellings, months, molecules, signs, refusals, round trips."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geocryoai.core.errors import UnitError
from geocryoai.core.units import MEAN_MONTH_DAYS, convert, parse, to_canonical
from geocryoai.core.variables import variable


@pytest.mark.physics
@pytest.mark.parametrize(
    ("value", "unit", "to", "expected"),
    [
        (1.0, "umol CO2 m-2 s-1", "g C m-2 d-1", 1.03775),
        (1.0, "nmol CH4 m-2 s-1", "mg CH4 m-2 d-1", 1.38612),
        (1.0, "nmol CH4 m-2 s-1", "mg C m-2 d-1", 1.03775),
        (1.0, "mg CH4-C m-2 d-1", "mg CH4 m-2 d-1", 16.043 / 12.011),
        (1.0, "g CO2 m-2 d-1", "g C m-2 d-1", 12.011 / 44.009),
        (44.009, "g CO2", "mol C", 1.0),
        (1.0, "t C ha-1 yr-1", "g C m-2 yr-1", 100.0),
        (1.0, "Tg CH4 yr-1", "Tg C yr-1", 12.011 / 16.043),
        (12.0, "hPa", "Pa", 1200.0),
        (1013.0, "mbar", "Pa", 101300.0),
        (35.0, "%", "1", 0.35),
        (400.0, "ppm", "mol mol-1", 4e-4),
        (1900.0, "nmol CH4 mol-1", "umol mol-1", 1.9),
        (1.0, "MJ m-2 d-1", "W m-2", 1e6 / 86400),
        (4.57, "umol photons m-2 s-1", "W m-2", 1.0),
        (0.0, "degC", "K", 273.15),
        (0.0, "degF", "degC", -160 / 9),
        (273.15, "K", "degC", 0.0),
        (1000.0, "degC d", "K d", 1000.0),
        (24.0, "degC h", "degC d", 1.0),
    ],
)
def test_known_answers(value: float, unit: str, to: str, expected: float) -> None:
    assert convert(value, unit, to) == pytest.approx(expected, rel=1e-5, abs=1e-9)


@pytest.mark.parametrize(
    ("spelling", "plain"),
    [
        ("W/m^2", "W m-2"),
        ("W m**-2", "W m-2"),
        ("W m⁻²", "W m-2"),
        ("W·m-2", "W m-2"),
        ("umolCO2 m-2 s-1", "umol CO2 m-2 s-1"),
        ("µmol CO₂ m⁻² s⁻¹", "umol CO2 m-2 s-1"),
        ("micromol CO2/(m^2 s)", "umol CO2 m-2 s-1"),
        ("umol CO2 per m2 per s", "umol CO2 m-2 s-1"),
        ("gC m-2 month-1", "g C m-2 mo-1"),
        ("gC/m^2/day", "g C m-2 d-1"),
        ("gCO2-C m-2 d-1", "g C m-2 d-1"),
        ("mgCH4 m^-2 d^-1", "mg CH4 m-2 d-1"),
        ("kg C m^{-2} a-1", "kg C m-2 yr-1"),
        ("mm w.e.", "mm"),
        ("°C", "degC"),
        ("deg C", "degC"),
        ("Deg C", "degC"),
        ("Deg", "degree"),
        ("meters/second", "m s-1"),
        ("Celsius", "degC"),
        ("degrees Celsius", "degC"),
        ("°C d", "degC d"),
        ("m3 m-3", "1"),
        ("unitless", "1"),
    ],
)
def test_spellings_mean_the_same(spelling: str, plain: str) -> None:
    assert parse(spelling) == parse(plain)


def test_temperature_is_an_offset_but_a_degree_day_is_not() -> None:
    np.testing.assert_allclose(convert(np.array([-40.0, 10.0]), "degC", "K"), [233.15, 283.15])
    assert convert(10.0, "K m-1", "degC m-1") == pytest.approx(10.0)
    assert convert(900.0, "K d", variable("tdd")) == pytest.approx(900.0)


def test_months_need_their_length_and_go_both_ways() -> None:
    days = np.array([31.0, 28.0])
    per_day = convert(np.array([31.0, 56.0]), "g C m-2 month-1", "g C m-2 d-1", days_in_month=days)
    np.testing.assert_allclose(per_day, [1.0, 2.0])
    np.testing.assert_allclose(convert(per_day, "g C m-2 d-1", "g C m-2 month-1", days_in_month=days), [31.0, 56.0])
    assert convert(30.4375, "mm/month", "mm d-1", days_in_month=MEAN_MONTH_DAYS) == pytest.approx(1.0)
    np.testing.assert_allclose(
        convert(np.array([62, 56]), "mm month-1", "mm d-1", days_in_month=np.array([31, 28])), [2.0, 2.0]
    )
    assert convert(5.0, "mm month-1", "cm month-1") == pytest.approx(0.5)
    with pytest.raises(UnitError, match=r"needs the length of the month.*days_in_month \(30\.4375 d"):
        convert(1.0, "g C m-2 month-1", "g C m-2 d-1")


def test_a_molecule_is_not_another() -> None:
    with pytest.raises(UnitError, match=r"fch4: the units measure different things; found 'umol CO2 m-2 s-1'"):
        to_canonical(1.0, "umol CO2 m-2 s-1", "fch4", positive="up")
    with pytest.raises(UnitError, match=r"nee: the units measure different things; found 'nmol CH4 m-2 s-1'"):
        to_canonical(1.0, "nmol CH4 m-2 s-1", "nee", positive="up")
    with pytest.raises(UnitError, match="expected like 'mg CH4"):
        convert(1.0, "g CO2 m-2 d-1", "mg CH4 m-2 d-1")
    with pytest.raises(UnitError, match="different things"):
        to_canonical(1.0, "mg CH4-C m-2 d-1", "nee", positive="up")
    assert to_canonical(1.0, "mg C m-2 d-1", "fch4", positive="up") == pytest.approx(16.043 / 12.011)
    assert to_canonical(1.0, "g CO2 m-2 d-1", "nee", positive="up") == pytest.approx(12.011 / 44.009)
    assert to_canonical(1.0, "g C m-2 d-1", "nee", positive="up") == pytest.approx(1.0)


def test_a_mass_of_water_is_a_depth() -> None:
    assert to_canonical(1.0, "kg m-2 s-1", "pr") == pytest.approx(86400.0)
    assert to_canonical(250.0, "kg m-2", "swe") == pytest.approx(0.25)
    assert to_canonical(25.0, "g cm-2", "swe") == pytest.approx(0.25)
    assert to_canonical(31.0, "mm month-1", "pr", days_in_month=31) == pytest.approx(1.0)
    with pytest.raises(UnitError, match="of what substance"):
        to_canonical(1.0, "kg m-2", "snd")


@pytest.mark.parametrize("unit", ["g m-2 d-1", "g/m2/d", "umol m-2 s-1", "µmol/(m² s)", "kg ha-1 yr-1", "kg m-2 s-1"])
def test_an_amount_of_nothing_in_particular_is_refused(unit: str) -> None:
    with pytest.raises(UnitError, match=r"does not say of what substance.*expected for example 'g C m-2 d-1'"):
        parse(unit)
    with pytest.raises(UnitError, match="of what substance"):
        to_canonical(1.0, unit, "nee", positive="up")


@pytest.mark.parametrize("unit", [None, "", "  ", 5, 1.0])
def test_a_value_without_a_unit_is_refused(unit: object) -> None:
    with pytest.raises(UnitError, match=r"a value came without a unit; found .*'1' for a pure number"):
        convert(1.0, unit, "m")  # type: ignore[arg-type]


@pytest.mark.parametrize("unit", ["furlongish", "m s-", "(", "2 m", "day of year", "W m-2 !", "m^x"])
def test_what_is_not_a_unit_is_refused(unit: str) -> None:
    with pytest.raises(UnitError, match="the unit is not understood; found '"):
        parse(unit)


def test_dimensions_must_agree() -> None:
    with pytest.raises(UnitError, match=r"alt: the units measure different things; found 'degC'; expected like 'm'"):
        to_canonical(1.0, "degC", "alt")
    with pytest.raises(UnitError, match="different things"):
        convert(1.0, "month2", "d2", days_in_month=30)
    with pytest.raises(UnitError, match="different things"):
        to_canonical(1.0, "J m-2", "rsds", positive="down")


def test_the_sign_of_a_flux_is_declared() -> None:
    with pytest.raises(UnitError, match="nee: the direction of a flux must be declared, it is never guessed"):
        to_canonical(1.0, "g C m-2 d-1", "nee")
    with pytest.raises(UnitError, match=r"found 'sideways'; expected positive='up' or positive='down'"):
        to_canonical(1.0, "g C m-2 d-1", "nee", positive="sideways")  # type: ignore[arg-type]
    assert to_canonical(2.0, "g C m-2 d-1", "nee", positive="up") == 2.0
    assert to_canonical(2.0, "g C m-2 d-1", "nee", positive="down") == -2.0
    assert to_canonical(-2.0, "g C m-2 d-1", "gpp", positive="up") == 2.0
    assert to_canonical(2.0, "cm", "alt") == pytest.approx(0.02)


def test_arrays_keep_their_kind() -> None:
    values = np.array([1.0, np.nan, 3.0], dtype=np.float32)
    converted = convert(values, "cm", "m")
    assert converted.dtype == np.float32
    np.testing.assert_allclose(converted, [0.01, np.nan, 0.03], rtol=1e-6)
    assert values[0] == 1.0


PAIRS = [
    ("umol CO2 m-2 s-1", "g C m-2 d-1"),
    ("nmol CH4 m-2 s-1", "mg CH4 m-2 d-1"),
    ("degC", "K"),
    ("degF", "degC"),
    ("hPa", "Pa"),
    ("mm month-1", "mm d-1"),
    ("g C m-2 month-1", "kg C m-2 yr-1"),
    ("ppm", "1"),
]


@given(value=st.floats(-1e6, 1e6), pair=st.sampled_from(PAIRS), days=st.floats(28, 31))
def test_there_and_back(value: float, pair: tuple[str, str], days: float) -> None:
    there = convert(value, *pair, days_in_month=days)
    assert convert(there, *reversed(pair), days_in_month=days) == pytest.approx(value, rel=1e-9, abs=1e-6)


@given(value=st.floats(-1e3, 1e3), scale=st.floats(-1e3, 1e3), pair=st.sampled_from(PAIRS[:2]))
def test_conversion_of_a_flux_is_linear(value: float, scale: float, pair: tuple[str, str]) -> None:
    assert convert(value * scale, *pair) == pytest.approx(convert(value, *pair) * scale, rel=1e-9, abs=1e-9)


def test_pint_is_imported_when_first_needed() -> None:
    code = "import sys, geocryoai.core.units; assert 'pint' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
