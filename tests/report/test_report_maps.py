"""Coastline, projections and the truth of a twin."""

import json

import numpy as np
import pytest
import xarray as xr
from matplotlib.path import Path as Outline

from geocryoai.core.projection import LONLAT, transformer
from geocryoai.report.coast import POLAR, _cut, land_within, rings
from geocryoai.report.figures.maps import period_name, shown_periods
from geocryoai.report.figures.polar import View, _land, _steps, view_of_box, view_of_places
from geocryoai.report.truth import truth_scores


def on_land(lon, lat):
    x, y = transformer(LONLAT, POLAR).transform(lon, lat)
    inside = [Outline(ring, closed=True).contains_point((x, y)) for ring in rings()]
    return sum(inside) % 2 == 1


@pytest.mark.parametrize(
    ("lon", "lat", "land"),
    [
        (-147.7, 64.8, True),
        (-149.6, 68.6, True),
        (129.7, 62.0, True),
        (25.0, 67.0, True),
        (-179.5, 66.5, True),
        (-150.0, 74.0, False),
        (-170.0, 58.5, False),
        (0.0, 75.0, False),
        (179.9, 74.0, False),
    ],
)
def test_land_and_sea_are_where_they_are(lon, lat, land):
    assert on_land(lon, lat) is land


def test_the_coastline_is_small_and_says_where_it_is_from():
    from importlib.resources import files

    path = files("geocryoai.report").joinpath("coast.json")
    text = path.read_text(encoding="utf-8")
    assert len(text) < 150_000
    assert "Natural Earth" in json.loads(text)["attribution"]


def test_rings_reach_no_farther_south_than_the_edge():
    south = min(transformer(POLAR, LONLAT).transform(r[:, 0], r[:, 1])[1].min() for r in rings())
    assert south == pytest.approx(45.0, abs=0.01)


def test_a_square_is_cut_in_half():
    square = np.array([[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0]])
    half = _cut(square, 0, 1.0, -1.0)
    assert half[:, 0].max() == 1.0
    x, y = half.T
    assert abs(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)) / 2 == pytest.approx(2.0)
    assert len(_cut(square, 1, 3.0, 1.0)) == 0


def test_land_is_cut_to_the_window():
    left, bottom, right, top = -2.4e6, -0.4e6, -2.2e6, -0.2e6
    for ring in land_within(left, bottom, right, top):
        assert ring[:, 0].min() >= left - 1e-6
        assert ring[:, 1].max() <= top + 1e-6


def test_places_all_around_the_pole_are_seen_in_epsg_3413():
    lon, lat = np.array([-150.0, 130.0, 20.0, -60.0]), np.array([70.0, 65.0, 68.0, 58.0])
    view = view_of_places(lon, lat)
    assert view.crs == POLAR
    assert view.round
    assert view.shows(lon, lat).all()
    assert not view.shows(np.array([10.0]), np.array([30.0]))[0]


def test_places_of_one_region_are_seen_with_north_up_also_across_180_degrees():
    lon, lat = np.array([178.0, -178.0, -176.0]), np.array([65.0, 66.0, 67.0])
    view = view_of_places(lon, lat)
    assert not view.round
    assert view.right - view.left < 600_000
    x, y = view.project(np.array([-179.0, -179.0]), np.array([65.0, 66.0]))
    assert y[1] > y[0]
    assert abs(x[1] - x[0]) < 0.05 * (y[1] - y[0])
    meridians, parallels = _steps(view)
    assert 2 <= len(meridians) <= 8
    assert 2 <= len(parallels) <= 6


def test_land_far_away_does_not_smear_over_an_albers_map():
    view = view_of_box("EPSG:3338", -600_000.0, 1_200_000.0, 400_000.0, 2_400_000.0)
    outline = _land(view)
    assert outline is not None
    assert np.isfinite(outline.vertices).all()
    assert np.abs(outline.vertices).max() < 6e6


def test_a_site_map_of_one_place_has_some_ground_around_it():
    view = view_of_places(np.array([-149.6]), np.array([68.6]))
    assert view.right - view.left >= 50_000
    assert isinstance(view, View)


def dataset(values, name="alt", axis="time", moments=("2006-01-01",), units="m", shift=0.0):
    parts = {name: values, f"{name}_q05": values - 0.2, f"{name}_q95": values + 0.05}
    y, x = np.arange(values.shape[1])[::-1] * 1.0, np.arange(values.shape[2]) * 1.0 + shift
    made = {key: ((axis, "y", "x"), part, {"units": units}) for key, part in parts.items()}
    return xr.Dataset(made, coords={axis: np.array(moments, "datetime64[ns]"), "y": y, "x": x})


def test_scores_against_the_truth_are_those_of_the_offset():
    real = np.linspace(0.2, 1.0, 12).reshape(1, 3, 4)
    mean = real + 0.1
    mean[0, 0, 0] = np.nan
    (score,) = truth_scores("alt", dataset(mean), dataset(real, axis="year"))
    assert score.n == 11
    assert score.rmse == pytest.approx(0.1)
    assert score.bias == pytest.approx(0.1)
    assert score.r2 == pytest.approx(1 - 0.01 / real.ravel()[1:].var())
    assert score.coverage90 == 1.0


@pytest.mark.parametrize(
    ("truth", "reason"),
    [
        ({"name": "nee"}, "holds no alt"),
        ({"units": "cm"}, "truth is in cm, the map in m"),
        ({"shift": 5.0}, "not on the same grid"),
        ({"moments": ("1999-01-01",)}, "none of the predicted periods"),
    ],
)
def test_a_map_that_cannot_be_compared_says_why(truth, reason):
    values = np.ones((1, 3, 4))
    told = truth_scores("alt", dataset(values), dataset(values, **truth))
    assert isinstance(told, str)
    assert reason in told


def test_of_many_periods_some_are_shown_evenly():
    months = np.arange("2000-01", "2010-01", dtype="datetime64[M]")
    many = dataset(np.ones((len(months), 2, 2)), moments=months)
    assert shown_periods(many) == [0, 60, 119]
    assert period_name(many, 119, "month") == "2009-12"
    assert period_name(many, 119, "year") == "2009"
