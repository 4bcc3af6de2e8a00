import numpy as np
import pytest

from geocryoai.core.errors import ModelError
from geocryoai.models.anchors import ANCHORS, anchor_inputs, compute_anchor
from geocryoai.models.anchors.column import heat_column

N = 6
COLUMNS = {
    "tdd": np.linspace(300, 1200, N),
    "organic_depth": np.linspace(0.0, 0.4, N),
    "rsds": np.linspace(0, 250, N),
    "ndvi": np.linspace(0.1, 0.8, N),
    "tas": np.linspace(-25, 18, N),
    "ts": np.linspace(-10, 12, N),
    "wetland_fraction": np.linspace(0, 1, N),
    "mean": np.linspace(-12, -4, N),
    "warmest": np.linspace(6, 16, N),
    "coldest": np.linspace(-30, -20, N),
}


@pytest.mark.contract
@pytest.mark.parametrize("name", ANCHORS.names())
def test_every_anchor_is_finite_and_missing_only_where_an_input_is(name):
    options = {"greenness": "ndvi"} if name.startswith(("gpp", "reco", "nee")) else {}
    if name == "simulated":
        options = {"simulated": "ts", "run": "ground", "output": "tg_5cm"}
    anchor = ANCHORS.get(name)
    full = compute_anchor(anchor, options, COLUMNS)
    assert np.isfinite(full).all()
    first = next(iter(anchor_inputs(anchor, options, COLUMNS).values()))
    holed = compute_anchor(anchor, options, {**COLUMNS, first: np.where(np.arange(N) == 2, np.nan, COLUMNS[first])})
    np.testing.assert_array_equal(np.isnan(holed), np.arange(N) == 2)
    np.testing.assert_array_equal(np.delete(holed, 2), np.delete(full, 2))


def test_stefan_is_the_root_of_degree_days():
    assert compute_anchor(ANCHORS.get("stefan"), {"edaphic": 0.02}, {"tdd": np.array([900.0])})[0] == pytest.approx(0.6)


def test_an_organic_layer_keeps_the_thaw_shallow():
    depth = compute_anchor(ANCHORS.get("layered_stefan"), {}, {**COLUMNS, "tdd": np.full(N, 800.0)})
    assert (np.diff(depth) < 0).all()


def test_nee_is_respiration_minus_production():
    options = {"greenness": "ndvi"}
    gpp, reco, nee = (compute_anchor(ANCHORS.get(n), options, COLUMNS) for n in
                      ("gpp_light_use", "reco_lloyd_taylor", "nee_light_use"))  # fmt: skip
    np.testing.assert_array_equal(nee, reco - gpp)
    assert gpp[0] == 0.0


def test_monthly_process_is_the_published_model_until_it_is_changed():
    options = {"greenness": "ndvi"}
    gpp, reco, nee = (compute_anchor(ANCHORS.get(f"{n}_process"), options, COLUMNS) for n in ("gpp", "reco", "nee"))
    np.testing.assert_array_equal(nee, reco - gpp)
    same = {**options, "light_use_efficiency": 1.64, "light_saturation": 0.0, "woody_gain": 0.0}
    np.testing.assert_array_equal(compute_anchor(ANCHORS.get("gpp_process"), same, COLUMNS), gpp)
    twice = compute_anchor(ANCHORS.get("gpp_process"), {**options, "light_use_efficiency": 3.28}, COLUMNS)
    np.testing.assert_allclose(twice, 2 * gpp)
    wood = {**COLUMNS, "woody": np.full(N, 0.5)}
    more = compute_anchor(ANCHORS.get("gpp_process"), {**options, "woody_gain": 1.0}, wood)
    np.testing.assert_allclose(more, 1.5 * gpp)
    dim = compute_anchor(ANCHORS.get("gpp_process"), {**options, "light_saturation": 0.2}, COLUMNS)
    assert (dim <= gpp).all()
    assert dim[-1] < gpp[-1]


@pytest.mark.physics
def test_methane_of_the_balance_is_that_of_the_model_in_steady_state():
    from geocryoai.processes.methane import simulate_methane

    warm = np.full((120, 1), 9.0)
    series = simulate_methane(
        labile=np.full((120, 1), 140.0), ts=warm, anaerobic_fraction=np.full((120, 1), 0.9),
        liquid_fraction=np.ones((120, 1)), days=np.tile([31.0, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], 10),
    )  # fmt: skip
    anchor = compute_anchor(ANCHORS.get("ch4_process"), {}, {"ts": np.array([9.0])})
    assert anchor[0] == pytest.approx(float(series.emission[-1, 0]), rel=1e-3)


def test_methane_of_the_balance_rises_with_warmth_and_falls_with_dryness():
    ts = np.array([-10.0, -1.0, 2.0, 8.0, 14.0])
    columns = {"ts": ts, "ts_before": ts - 4.0, "upland": np.zeros(5)}
    wet = compute_anchor(ANCHORS.get("ch4_process"), {}, columns)
    assert (np.diff(wet) > 0).all()
    assert wet[0] > 0
    dry = compute_anchor(ANCHORS.get("ch4_process"), {}, {**columns, "upland": np.ones(5)})
    assert (dry < wet).all()
    late = compute_anchor(ANCHORS.get("ch4_process"), {"memory": 0.5}, columns)
    assert (late < wet).all()


def test_methane_goes_on_below_zero():
    flux = compute_anchor(ANCHORS.get("ch4_q10"), {}, {"ts": np.array([-5.0, -1.0, 0.0, 10.0])})
    assert (np.diff(flux) > 0).all()
    assert flux[0] > 0
    assert flux[3] == pytest.approx(60.0)


def test_unknown_options_and_columns_are_named():
    with pytest.raises(ModelError, match=r"(?i)did you mean 'edaphic'"):
        compute_anchor(ANCHORS.get("stefan"), {"edafic": 1.0}, COLUMNS)
    with pytest.raises(ModelError, match="no column is called 'tdd_era5'"):
        compute_anchor(ANCHORS.get("stefan"), {"tdd": "tdd_era5"}, COLUMNS)
    with pytest.raises(ModelError, match="role 'greenness'"):
        compute_anchor(ANCHORS.get("gpp_light_use"), {}, COLUMNS)


def test_a_simulated_output_is_itself_or_a_share_of_it():
    options = {"simulated": "ts", "run": "methane", "output": "fch4_wetland"}
    anchor = ANCHORS.get("simulated")
    np.testing.assert_array_equal(compute_anchor(anchor, options, COLUMNS), COLUMNS["ts"])
    shared = compute_anchor(anchor, {**options, "share": "wetland_fraction"}, COLUMNS)
    np.testing.assert_array_equal(shared, COLUMNS["ts"] * COLUMNS["wetland_fraction"])


@pytest.mark.physics
def test_the_column_thaws_deeper_where_summers_are_warmer_snow_is_deeper_and_peat_is_thinner():
    mean, warmest, coldest = (
        np.full(4, -8.0),
        np.array([10.0, 13.0, 10.0, 10.0]),
        np.array([-25.0, -28.0, -25.0, -25.0]),
    )
    swe, peat = np.array([0.04, 0.04, 0.09, 0.04]), np.array([0.15, 0.15, 0.15, 0.30])
    depth = heat_column(mean, warmest, coldest, swe, peat)
    base, warm, snowy, mossy = depth
    assert 0.3 < base < 1.0
    assert mossy < base < min(warm, snowy)
    again = heat_column(np.repeat(mean[:1], 3), np.repeat(warmest[:1], 3), np.repeat(coldest[:1], 3), np.full(3, 0.04))
    np.testing.assert_allclose(again, base, rtol=1e-9)
