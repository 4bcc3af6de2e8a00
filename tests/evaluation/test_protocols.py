"""Protocols: who trains, who is tested."""

from __future__ import annotations

import numpy as np
import pytest

from geocryoai.core.errors import GeoCryoAIError, ProtocolError
from geocryoai.cube.records import groups_within
from geocryoai.evaluation import METRICS, PROTOCOLS
from geocryoai.evaluation.distance import nearest_km
from geocryoai.evaluation.folds import Fold, assemble, make_split, split_hash
from geocryoai.evaluation.groups import fold_numbers, merge_labels
from geocryoai.evaluation.protocols.regions import ALASKA, region_of
from geocryoai.evaluation.protocols.spatial_blocks import block_labels

OPTIONS = {
    "leave_site_out": {"folds": 4},
    "spatial_blocks": {"size": 2.0, "folds": 3, "buffer_km": 50.0},
    "region_out": {"buffer_km": 20.0},
    "rolling_origin": {"first": "2000-07", "horizon_months": 3},
    "random_rows": {"folds": 4},
}


@pytest.mark.contract
@pytest.mark.parametrize("name", PROTOCOLS.names())
def test_every_protocol_is_disjoint_complete_and_independent_of_row_order(made, name):
    samples = made.map()
    y = samples.y.copy()
    y[::11] = np.nan
    samples = made.replace(samples, y=y)
    split = make_split(samples, name, seed=3, **OPTIONS[name])
    for fold in split.folds:
        assert not set(fold.train) & set(fold.test)
        assert np.isfinite(y[fold.train]).all()
        assert np.isfinite(y[fold.test]).all()
    assert split.meta["rows_tested_more_than_once"] == 0
    assert split.meta["rows_tested"] + split.meta["rows_never_tested"] == np.isfinite(y).sum()
    assert split.meta["rows_without_target"] == np.isnan(y).sum()
    assert len(split.blocks) == len(samples)
    shuffled = made.shuffled(samples)
    again = make_split(shuffled, name, seed=3, **OPTIONS[name])
    assert split_hash(again.folds, shuffled) == split_hash(split.folds, samples)
    assert split_hash(split.folds[:-1], samples) != split_hash(split.folds, samples)


def test_split_hash_sees_a_moved_row_and_a_dropped_training_row(made):
    samples = made.map()
    split = make_split(samples, "leave_site_out", folds=3)
    fold, *rest = split.folds
    whole = split_hash(split.folds, samples)
    assert split_hash([Fold(fold.name, fold.train[1:], fold.test), *rest], samples) != whole
    assert split_hash([Fold(fold.name, fold.train, fold.test[1:]), *rest], samples) != whole
    assert split_hash([*rest, fold], samples) == whole


def test_leave_site_out_is_one_fold_per_site(made):
    samples = made.map(sites=6)
    split = make_split(samples, "leave_site_out")
    assert [fold.name for fold in split.folds] == [f"s{i:02d}" for i in range(6)]
    assert all(set(samples.site[fold.test]) == {fold.name} for fold in split.folds)
    assert split.block_size == "site"


def test_leave_site_out_folds_are_balanced_and_seeded(made):
    samples = made.map(sites=12)
    one, same, other = (make_split(samples, "leave_site_out", folds=4, seed=seed) for seed in (1, 1, 2))
    assert {len(fold.test) for fold in one.folds} == {45}
    assert split_hash(one.folds, samples) == split_hash(same.folds, samples)
    assert split_hash(one.folds, samples) != split_hash(other.folds, samples)


def test_groups_keep_near_duplicates_together(made):
    samples = made.samples(
        ["a", "a", "b", "b", "c", "d"],
        np.arange(6.0),
        lon=[-150, -150, -150.001, -150.001, -140, -130],
        lat=[68.0] * 6,
    )
    groups = groups_within(samples.lon, samples.lat, samples.site, 1.0)
    assert groups.tolist() == [0, 0, 0, 0, 1, 2]
    split = make_split(samples, "leave_site_out", groups=groups)
    assert [fold.test.tolist() for fold in split.folds] == [[0, 1, 2, 3], [4], [5]]
    keyed = merge_labels(samples.site, np.array(["0", "1", "2", "3", "k", "k"]))
    assert keyed.tolist() == [0, 0, 1, 1, 2, 2]
    with pytest.raises(ProtocolError, match="one label per row"):
        make_split(samples, "leave_site_out", groups=np.arange(3))


def test_merge_labels_is_transitive():
    assert merge_labels(np.array(["a", "b", "c", "d"]), np.array([0, 0, 1, 2]), np.array([5, 6, 6, 7])).tolist() == [
        0,
        0,
        0,
        1,
    ]


def test_too_few_sites_say_what_to_do(made):
    with pytest.raises(ProtocolError, match=r"leave_site_out: too few groups.*found 3 groups, 5 folds.*fewer folds"):
        make_split(made.map(sites=3), "leave_site_out", folds=5)
    with pytest.raises(ProtocolError, match="found 1 groups"):
        make_split(made.map(sites=1), "leave_site_out")


def test_fold_numbers_fill_the_lightest_fold():
    group = np.repeat([0, 1, 2, 3], [10, 6, 5, 1])
    number = fold_numbers(group, 2, 0, where="test")
    assert sorted(np.bincount(number)) == [11, 11]


def test_blocks_at_the_antimeridian_and_the_zero_meridian(made):
    samples = made.samples(
        list("abcdef"), np.ones(6), lon=[179.9, -179.9, 180.0, -180.0, 359.9, -0.1], lat=[66.2] * 4 + [60.0] * 2
    )
    label = block_labels(samples, size=0.5)
    assert label[0] != label[1]
    assert label[1] == label[2] == label[3]
    assert label[4] == label[5]
    wide = block_labels(samples, size=1000e3, unit="m", crs="EPSG:3338")
    assert wide[2] == wide[3]


def test_blocks_have_the_size_asked_for(made):
    lon = np.array([-150.0, -149.51, -149.5, -150.0])
    samples = made.samples(list("abcd"), np.ones(4), lon=lon, lat=[68.0, 68.49, 68.49, 68.5])
    label = block_labels(samples, size=0.5)
    assert label[0] == label[1]
    assert len(set(label)) == 3
    metres = made.samples(list("abc"), np.ones(3), lon=[-150.0, -150.0, -150.0], lat=[68.0, 68.02, 69.0])
    label = block_labels(metres, size=50e3, unit="m", crs="EPSG:3338")
    assert label[0] == label[1] != label[2]


def test_rows_without_position_follow_their_site(made):
    nan = np.nan
    samples = made.samples(
        ["a", "a", "b", "b", "b", "c"],
        np.ones(6),
        lon=[-150.0, nan, nan, nan, nan, -140.0],
        lat=[68.0, nan, nan, nan, 68.0, 68.0],
    )
    label = block_labels(samples)
    assert label[1] == label[0]
    assert label[2:5].tolist() == ["site b"] * 3
    split = make_split(samples, "spatial_blocks")
    assert split.meta["rows_without_position"] == 4
    assert len(split.folds) == 3


def test_block_errors(made):
    samples = made.map()
    with pytest.raises(ProtocolError, match="size: a block needs an edge; found 0"):
        make_split(samples, "spatial_blocks", size=0)
    with pytest.raises(ProtocolError, match="found km; expected degree or m"):
        make_split(samples, "spatial_blocks", unit="km")
    far = made.samples(["a", "b"], [1.0, 2.0], lon=[-150, -150], lat=[68.0, -91.0])
    with pytest.raises(ProtocolError, match="outside the projection"):
        make_split(far, "spatial_blocks", unit="m", size=1000)
    with pytest.raises(ProtocolError, match=r"unknown option 'sizes'.*Did you mean 'size'"):
        make_split(samples, "spatial_blocks", sizes=1)
    with pytest.raises(GeoCryoAIError, match="Did you mean 'spatial_blocks'"):
        make_split(samples, "spatial_block")


def test_buffer_keeps_training_rows_away(made):
    samples = made.samples(list("abcd"), np.ones(4), lon=[-150.1, -149.9, -148.0, -140.0], lat=[68.0] * 4)
    open_split = make_split(samples, "spatial_blocks", size=1.0)
    split = make_split(samples, "spatial_blocks", size=1.0, buffer_km=20.0)
    assert [len(fold.train) for fold in open_split.folds] == [3, 3, 3, 3]
    assert [len(fold.train) for fold in split.folds] == [2, 2, 3, 3]
    with pytest.raises(ProtocolError, match=r"nothing is left to train.*smaller buffer"):
        make_split(samples, "spatial_blocks", size=1.0, buffer_km=2000.0)


@pytest.mark.physics
def test_one_degree_of_latitude_is_111_km(made):
    samples = made.samples(["a", "b", "c"], np.ones(3), lon=[0.0, 0.0, 180.0], lat=[60.0, 61.0, 90.0])
    km, source = nearest_km(samples, np.array([0, 2]), np.array([1]))
    assert km == pytest.approx([111.195, 29 * 111.195], rel=1e-5)
    assert source.tolist() == [1, 1]


def test_regions_of_alaska_do_not_overlap_and_hold_known_places(made):
    places = {
        "North Slope": (-156.6, 71.3),
        "Interior": (-147.7, 64.8),
        "Seward": (-165.4, 64.5),
        "Northwest Arctic": (-162.6, 66.9),
        "Brooks Range": (-149.7, 67.9),
        "Yukon-Kuskokwim": (-161.8, 60.8),
        "Southcentral": (-149.9, 61.2),
        "Southeast": (-134.4, 58.3),
        "Southwest": (-158.5, 59.1),
        "": (-100.0, 60.0),
    }
    lon, lat = np.array(list(places.values())).T
    samples = made.samples(list(places), np.ones(len(places)), lon=lon, lat=lat)
    assert region_of(samples, ALASKA).tolist() == list(places)
    grid_lon, grid_lat = (part.ravel() for part in np.meshgrid(np.arange(-175, -129, 0.25), np.arange(54, 72, 0.25)))
    grid = made.samples(np.zeros(len(grid_lon)), np.ones(len(grid_lon)), lon=grid_lon, lat=grid_lat)
    held = sum((region_of(grid, {name: box}) == name).astype(int) for name, box in ALASKA.items())
    assert held.max() == 1


def test_region_box_across_the_antimeridian(made):
    samples = made.samples(list("abc"), np.ones(3), lon=[179.0, -179.0, 170.0], lat=[66.0] * 3)
    assert region_of(samples, {"strait": (175.0, 60.0, -170.0, 70.0)}).tolist() == ["strait", "strait", ""]


def test_region_out_leaves_out_border_sites_unknown_places_and_small_regions(made):
    lon = np.array([-150.0] * 6 + [-150.0] * 6 + [-150.0, np.nan])
    lat = np.array([69.0] * 6 + [64.0] * 6 + [67.5, np.nan])
    site = ["n1"] * 3 + ["x"] * 3 + ["x"] * 1 + ["i1"] * 5 + ["b", "u"]
    samples = made.samples(site, np.arange(14.0), lon=lon, lat=lat)
    split = make_split(samples, "region_out", buffer_km=0.0)
    folds = {fold.name: fold for fold in split.folds}
    assert set(folds) == {"North Slope", "Interior"}
    assert "x" not in samples.site[folds["North Slope"].train]
    assert 13 not in np.concatenate([*(f.train for f in split.folds), *(f.test for f in split.folds)])
    assert 12 in folds["Interior"].train
    assert "Brooks Range" in split.meta["regions_not_tested"]
    assert split.meta["rows_without_position"] == 1


def test_region_errors(made):
    samples = made.map()
    with pytest.raises(ProtocolError, match=r"'Norht Slope'. For the region, did you mean 'North Slope'"):
        make_split(samples, "region_out", regions=["Norht Slope"])
    with pytest.raises(ProtocolError, match=r"region_out: box: a region is not a box; found \[1, 2, 3\]"):
        make_split(samples, "region_out", regions={"box": [1, 2, 3]})
    with pytest.raises(ProtocolError, match="no region holds enough measured rows; found Lena 0"):
        make_split(samples, "region_out", regions={"Lena": [120.0, 70.0, 130.0, 75.0]})


def test_rolling_origin_trains_strictly_before(made):
    samples = made.forecast(sites=2, months=36)
    split = make_split(samples, "rolling_origin", origins=["2011-01-01", "2012-01"], horizon_years=1)
    assert [fold.name for fold in split.folds] == ["2011-01", "2012-01"]
    for fold in split.folds:
        assert samples.time[fold.train].max() < fold.origin
        assert samples.time[fold.test].min() >= fold.origin
        assert len(fold.test) == 24
    assert len(split.folds[0].train) == 24


def test_rolling_origin_defaults_to_the_january_after_half_of_the_record(made):
    samples = made.forecast(sites=2, months=60)
    split = make_split(samples, "rolling_origin", horizon_months=12)
    assert [fold.name for fold in split.folds] == ["2013-01", "2014-01"]
    overlapping = make_split(samples, "rolling_origin", horizon_months=24, step_months=12)
    assert overlapping.meta["rows_tested_more_than_once"] == 2 * 12


def test_annual_values_of_the_year_of_the_origin_do_not_train(made):
    time = (np.datetime64("2000", "Y") + np.arange(10)).astype("datetime64[D]")
    samples = made.samples(["a"] * 10, np.arange(10.0), time=time)
    split = make_split(samples, "rolling_origin", origins=["2005-01-01"], horizon_years=2)
    assert split.meta["period_months"] == 12
    assert split.folds[0].train.tolist() == [0, 1, 2, 3, 4]
    assert split.folds[0].test.tolist() == [5, 6]
    with pytest.raises(ProtocolError, match="found 2005-07-01; expected the first of January"):
        make_split(samples, "rolling_origin", origins=["2005-07-01"], horizon_years=2)
    with pytest.raises(ProtocolError, match="found 6; expected a multiple of 12"):
        make_split(samples, "rolling_origin", step_months=6, horizon_years=2)


def test_rolling_origin_reports_undated_rows_and_empty_origins(made):
    samples = made.forecast(sites=1, months=48)
    time = samples.time.copy()
    time[:2] = np.datetime64("NaT")
    y = samples.y.copy()
    y[24:36] = np.nan
    samples = made.replace(samples, time=time, y=y)
    split = make_split(samples, "rolling_origin", first="2011-01", horizon_months=12)
    assert split.meta["rows_without_date"] == 2
    assert split.meta["origins_without_rows"] == ["2012-01"]
    assert not {0, 1} & set(np.concatenate([fold.train for fold in split.folds]))
    with pytest.raises(ProtocolError, match="fold '2012-01': nothing is left to test"):
        make_split(samples, "rolling_origin", origins=["2012-01"], horizon_months=12)


def test_rolling_origin_errors(made):
    samples = made.forecast()
    for options, text in (
        ({}, "expected horizon_months or horizon_years"),
        ({"horizon_months": 0}, "the forecast has no length; found 0"),
        ({"horizon_months": 3, "origins": []}, "the list of origins is empty"),
        ({"horizon_months": 3, "origins": ["soon"]}, "not a date; found soon"),
        ({"horizon_months": 3, "origins": ["2012-01-15"]}, "expected the first day of a month"),
        ({"horizon_months": 3, "first": "2030-01"}, "after the record"),
    ):
        with pytest.raises(ProtocolError, match=text):
            make_split(samples, "rolling_origin", **options)
    undated = made.replace(samples, time=np.full(len(samples), np.datetime64("NaT", "D")))
    with pytest.raises(ProtocolError, match="no measured row has a date"):
        make_split(undated, "rolling_origin", horizon_months=3)


def test_an_infinite_target_is_no_gap(made):
    samples = made.map()
    samples.y[3] = np.inf
    with pytest.raises(ProtocolError, match="alt, site 's00': the target is infinite; found 1 rows"):
        make_split(samples, "random_rows")


def test_random_rows_put_sites_on_both_sides_and_say_so(made):
    samples = made.map()
    split = make_split(samples, "random_rows")
    assert split.meta["optimistic"] is True
    assert set(samples.site[split.folds[0].train]) & set(samples.site[split.folds[0].test])


def test_assemble_refuses_what_would_leak(made):
    samples = made.samples(["a", "a", "b"], [1.0, 2.0, np.nan])
    blocks = np.zeros(3, int)

    def fold(train, test):
        return [Fold("f", np.array(train), np.array(test))]

    with pytest.raises(ProtocolError, match="rows are on both sides"):
        assemble(samples, "p", fold([0, 1], [1]), blocks=blocks, block_size="")
    with pytest.raises(ProtocolError, match="p, fold 'f': a site is on both sides; found site 'a' in 1 training rows"):
        assemble(samples, "p", fold([0], [1]), blocks=blocks, block_size="", whole={"site": samples.site})
    with pytest.raises(ProtocolError, match="a test row has no measured target"):
        assemble(samples, "p", fold([0, 1], [2]), blocks=blocks, block_size="")
    with pytest.raises(ProtocolError, match="no fold could be made"):
        assemble(samples, "p", [], blocks=blocks, block_size="")


@pytest.mark.contract
@pytest.mark.parametrize("family", [PROTOCOLS, METRICS])
def test_every_registered_name_can_be_had(family):
    assert all(family.get(name) is not None for name in family)
