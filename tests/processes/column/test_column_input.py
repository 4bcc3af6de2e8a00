"""Bad input is refused before any step, by column, time and value."""

from __future__ import annotations

import numpy as np
import pytest

from geocryoai.core.errors import ModelError
from geocryoai.processes.column import (
    Forcing,
    FreeWater,
    Grid,
    LinearCurve,
    Material,
    Options,
    PowerCurve,
    Soil,
    VanGenuchtenCurve,
    column_grid,
    layered_soil,
    simulate_column,
)
from geocryoai.processes.column.tables import enthalpy_tables

GRID = column_grid(20, 0.05, 10.0)
SILT = Material(0.4, 1.2, 2.1, 2.8e6, 2.0e6, PowerCurve(0.05, -0.5))
SOIL = layered_soil(GRID, [SILT], np.ones((1, 3)))


def air(value: float | None = None, column: int = 1, time: int = 7) -> np.ndarray:
    t = np.full((30, 3), -5.0)
    if value is not None:
        t[time, column] = value
    return t


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"temperature": air(np.nan)}, r"temperature \[degC\], column 1, time 7: a value is missing"),
        ({"temperature": air(268.0)}, r"column 1, time 7: a value is out of range; found 268 .*-90 to 60"),
        ({"temperature": np.zeros((29, 3))}, r"does not fit the intervals and columns; found shape \(29, 3\)"),
        ({"temperature": np.zeros((30, 4))}, r"expected \(30,\) or \(30, 3\)"),
        ({"snow_depth": air(-0.2)}, r"snow_depth \[m\], column 0, time 0.*-5"),
        ({"snow_depth": np.where(air() < 0, 0.1, 0) - np.eye(30, 3)}, r"snow_depth \[m\], column 0, time 0.*-0.9"),
        ({"snow_depth": np.zeros(30), "snow_density": 0.3}, r"snow_density \[kg m-3\].*0.3"),
        ({"snow_depth": np.zeros(30), "snow_conductivity": np.full(30, -1.0)}, r"snow_conductivity"),
        ({"n_thaw": -1.0}, "n_thaw"),
    ],
)
def test_bad_series_are_named(change, text):
    forcing = Forcing(np.ones(30), **{"temperature": air(), **change})
    with pytest.raises(ModelError, match=text):
        simulate_column(forcing, SOIL, -5.0)


@pytest.mark.parametrize(
    ("build", "text"),
    [
        (lambda: Forcing(np.ones(3)), "a temperature or a heat flux"),
        (lambda: Forcing(np.ones(3), np.zeros(3), np.zeros(3)), "and not both"),
        (lambda: Forcing(np.array([1.0, 0.0]), np.zeros(2)), r"days \[d\].*index \(1,\)"),
        (lambda: Forcing(np.ones((2, 2)), np.zeros(2)), "not a series"),
        (lambda: Forcing(np.ones(3), np.zeros(3), year=np.array([1, 1])), "years do not fit"),
        (lambda: Forcing(np.ones(3), np.zeros(3), year=np.array([2, 1, 1])), "year, time 1: the years go back"),
        (lambda: Forcing(np.ones(3), np.zeros(3), exchange=0.0), "exchange"),
        (lambda: Grid.from_edges([0, 0.2, 0.1, 0.5]), "found 0.1 at index 2"),
        (lambda: Grid.from_edges([0.1, 0.2]), "do not go down from 0"),
        (lambda: Grid(np.array([0.1, -0.1])), r"thickness \[m\].*-0.1"),
        (lambda: column_grid(60, 0.5, 3.0), "do not fit into the column"),
        (lambda: column_grid(interfaces=[40.0]), r"interfaces \[m\].*40"),
        (lambda: Material(1.2, 1, 2, 2e6, 2e6), r"water_content \[m3 m-3\].*1.2"),
        (lambda: Material(0.3, 0.0, 2, 2e6, 2e6), "conductivity_thawed"),
        (lambda: Material(0.3, 1.0, 2, 2000.0, 2e6), "too small to be per volume"),
        (lambda: Material(0.3, 1.0, 2, 2e6, 2e6, excess_ice=0.4), "more excess ice than water"),
        (lambda: Material(0.0, 1.0, 2, 2e6, 2e6, PowerCurve(0.05, -0.5)), "water_content"),
        (lambda: Material(0.3, 1.0, 2, 2e6, 2e6, PowerCurve(0.05, 0.5)), "exponent"),
        (lambda: Material(0.5, 1.0, 2, 2e6, 2e6, VanGenuchtenCurve(1.5, 1.6, 0.03, 0.4)), "between the residual"),
        (lambda: VanGenuchtenCurve(1.5, 0.9, 0.03, 0.4), r"n \[1\]"),
        (lambda: LinearCurve(1.0), "does not end below 0"),
        (lambda: layered_soil(GRID, [SILT], [[-0.1, 0.2]]), r"thickness \[m\]"),
        (lambda: layered_soil(GRID, [SILT, SILT], [1.0]), "each layer needs a thickness"),
        (lambda: Soil(GRID, [SILT], np.full((20, 2), 1)), "column 0, layer 0: a cell is made of no known material"),
        (lambda: Soil(GRID, [SILT], np.zeros((19, 2), int)), "cells and their materials do not match"),
        (lambda: Soil(GRID, [SILT], np.zeros((20, 2), int), np.zeros(3)), "heat at the bottom"),
        (lambda: Options(step=0.0), r"step \[d\]"),
        (lambda: Options(knots=2), "knots"),
        (lambda: Options(backend="fortran"), "unknown back end"),
        (lambda: simulate_column(Forcing(np.ones(3), np.zeros(3)), SOIL, np.zeros(7)), "temperature at the start"),
        (lambda: simulate_column(Forcing(np.ones(3), np.zeros(3)), SOIL, np.nan), r"initial \[degC\]"),
    ],
)  # fmt: skip
def test_bad_definitions_are_refused(build, text):
    with pytest.raises(ModelError, match=text):
        build()


def test_months_that_do_not_make_a_year_are_refused():
    days = np.tile([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], 3).astype(float)
    days[14] = 3.0
    with pytest.raises(ModelError, match="year 1: the intervals of a year are not a year long; found 337 d in 12"):
        Forcing(days, np.zeros(36), year=np.arange(36) // 12)


@pytest.mark.parametrize("backend", ["numba", "torch"])
def test_a_step_that_does_not_converge_is_reported_with_place_and_state(backend):
    storm = np.where(np.arange(40) % 2, 25.0, -25.0)
    options = Options(step=30.0, iterations=2, halvings=0, tolerance=1e-12, backend=backend)
    with pytest.raises(ModelError, match=r"columns.*time \d+: a step did not converge.*found forcing .* ground .*degC"):
        simulate_column(Forcing(np.full(40, 30.0), storm), SOIL, -0.1, options)


def test_a_hard_step_is_halved_and_the_run_goes_on():
    storm = np.where(np.arange(40) % 2, 25.0, -25.0)
    result = simulate_column(Forcing(np.full(40, 30.0), storm), SOIL, -0.1, Options(step=30.0, iterations=6))
    assert np.isfinite(result.temperature).all()
    assert result.energy_error().max() < 1e-11


def test_profiles_that_were_not_kept_are_not_given():
    result = simulate_column(Forcing(np.ones(3), np.zeros(3)), SOIL, -1.0, Options(profile=False))
    assert result.temperature is None
    with pytest.raises(ModelError, match="kept no profiles"):
        _ = result.ice


@pytest.mark.parametrize(
    "material",
    [SILT, Material(0.4, 1.2, 2.1, 2.8e6, 2.0e6, FreeWater()), Material(0.0, 1.2, 2.1, 2.8e6, 2.0e6),
     Material(0.3, 1.2, 2.1, 2.8e6, 2.0e6, VanGenuchtenCurve(2.0, 1.4, 0.02, 0.4)),
     Material(np.array([0.2, 0.5]), 1.2, 2.1, 2.8e6, 2.0e6, PowerCurve(np.array([0.03, 0.1]), -0.4))],
)  # fmt: skip
def test_tables_invert_and_rise(material):
    tables = enthalpy_tables([material])
    assert (np.diff(tables.temperature, axis=1) >= -1e-12).all()
    assert (np.diff(tables.liquid, axis=1) >= -1e-12).all()
    for m in range(material.count):
        t = np.array([-80.0, -40.0, -3.0, -0.7, -0.1, 0.01, 5.0, 30.0])
        index = np.full(t.shape, m)
        found = tables.temperature_at(tables.enthalpy(t, index), index)
        assert found == pytest.approx(t, abs=1e-9)
        liquid = tables.share_at(tables.enthalpy(t, index), index) * tables.water[m]
        if m == 0 and material is SILT:
            assert liquid[2:5] == pytest.approx(0.05 * np.abs(t[2:5]) ** -0.5, rel=0.01)
        assert liquid[-2:] == pytest.approx(tables.water[m])


def test_trap_apparent_heat_capacity_has_the_slope_of_the_liquid_water():
    # a common programme takes the exponent b for the water content in one branch of this derivative
    a, b, water = 0.05, -0.5, 0.4
    tables = enthalpy_tables([SILT], knots=4096)
    t = np.array([-8.0, -3.0, -1.0, -0.3])
    index = np.zeros(t.size, int)
    width = 0.02
    rise = tables.enthalpy(t + width, index) - tables.enthalpy(t - width, index)
    liquid = a * np.abs(t) ** b
    capacity = 2.0e6 + (2.8e6 - 2.0e6) * liquid / water
    latent = 3.34e8 * -a * b * np.abs(t) ** (b - 1.0)
    np.testing.assert_allclose(rise / (2 * width), capacity + latent, rtol=0.02)
