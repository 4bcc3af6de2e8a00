"""Processes over maps: the same for any chunking, units converted or refused, gaps masked or named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import xarray as xr

from geocryoai.core.errors import GeoCryoAIError, ModelError
from geocryoai.processes.maps import MAP_PROCESSES, simulate_carbon_map, simulate_ground_map, simulate_map

CARBON = ("gpp", "reco", "nee", "labile")


@pytest.mark.parametrize("chunks", [{"y": 1, "x": 5, "time": 7}, {"y": 3, "x": 19, "time": 24}], ids=str)
def test_chunks_leave_no_trace(fields: xr.Dataset, ground: xr.Dataset, quick: dict[str, Any], chunks: dict[str, int]):
    lazy = simulate_ground_map(fields.chunk(chunks), memory_mb=2.5, **quick)
    assert lazy["alt"].chunks is not None
    assert len(lazy["alt"].chunks[1]) > 1
    assert lazy.compute().identical(ground)


def test_a_row_alone_is_the_row_of_the_map(fields: xr.Dataset, ground: xr.Dataset, quick: dict[str, Any]):
    row = simulate_ground_map(fields.isel(y=[2]), **quick)
    for name in ("alt", "magt", "tg_25cm", "liquid_25cm", "zero_curtain_25cm"):
        assert np.array_equal(row[name].to_numpy(), ground[name].isel(y=[2]).to_numpy(), equal_nan=True), name


@pytest.mark.parametrize("process", ["carbon", "stefan", "kudryavtsev", "ttop"])
def test_a_cell_alone_is_the_cell_of_the_map(fields: xr.Dataset, process: str):
    whole = simulate_map(process, fields)
    cell = simulate_map(process, fields.isel(y=[3], x=[11]).chunk())
    for output in set(whole.data_vars) - {"coverage"}:
        assert np.array_equal(cell[output].to_numpy(), whole[output].isel(y=[3], x=[11]).to_numpy()), output


def test_masked_cells_stay_missing_and_say_so(fields: xr.Dataset, ground: xr.Dataset, quick: dict[str, Any]):
    assert ground["coverage"].dtype == np.int8
    assert int((ground["coverage"] == 0).sum()) == 1
    assert np.isnan(ground["alt"][:, 0, 2]).all()
    assert int(np.isnan(ground["alt"]).sum()) == 2
    mask = xr.zeros_like(fields["organic_depth"], dtype=bool)
    mask[1, 4] = True
    one = simulate_ground_map(fields, mask=mask, **quick)
    assert int(one["coverage"].sum()) == 1
    assert np.isfinite(one["tg_25cm"][:, 1, 4]).all()
    nothing = simulate_ground_map(fields, mask=xr.zeros_like(mask), **quick)
    assert not np.isfinite(nothing["alt"]).any()


def test_units_and_signs_are_converted(fields: xr.Dataset, ground: xr.Dataset, quick: dict[str, Any]):
    kelvin = fields.assign(
        tas=(fields["tas"] + 273.15).assign_attrs(units="K"), snd=(100.0 * fields["snd"]).assign_attrs(units="cm")
    )
    same = simulate_ground_map(kelvin, **quick)
    assert np.allclose(same["alt"], ground["alt"], atol=1e-9, equal_nan=True)
    upward = fields.assign(rsds=(-fields["rsds"]).assign_attrs(units="W m-2", positive="up"))
    assert simulate_carbon_map(upward)["gpp"].equals(simulate_carbon_map(fields)["gpp"])


def test_answers_carry_cf_attributes(ground: xr.Dataset, fields: xr.Dataset):
    assert ground["alt"].attrs["units"] == "m"
    assert ground["alt"].attrs["standard_name"] == "permafrost_active_layer_thickness"
    assert ground["alt"].attrs["cell_methods"] == "time: maximum within years"
    assert ground["alt"].dims == ("year", "y", "x")
    assert ground["year"].to_numpy().tolist() == [2003, 2004]
    assert "is not simulated" in ground["zero_curtain_25cm"].attrs["comment"]
    carbon = simulate_carbon_map(fields)
    assert [carbon[name].attrs.get("positive") for name in CARBON] == ["down", "up", "up", None]
    assert carbon["nee"].attrs["units"] == "g C m-2 d-1"


def test_a_constant_and_a_named_field_may_drive(fields: xr.Dataset):
    answer = simulate_map("stefan", fields.rename(tas="t2m"), drivers={"tas": "t2m", "organic_depth": 0.15})
    assert int(answer["coverage"].sum()) == 4 * 19
    flat = (fields["organic_depth"].fillna(0.0) * 0.0 + 0.15).assign_attrs(units="m")
    mapped = simulate_map("stefan", fields.assign(organic_depth=flat))
    assert mapped["alt"].equals(answer["alt"])


def test_a_declared_gap_is_filled(fields: xr.Dataset):
    dark = fields.copy(deep=True)
    dark["ndvi"][0] = np.nan
    with pytest.raises(ModelError, match=r"ndvi, 2003-01, cell at y 2e\+06, x 0: a value is missing"):
        simulate_carbon_map(dark)
    filled = simulate_carbon_map(dark, fill={"ndvi": 0.0})
    assert float(filled["gpp"][0].max()) == 0.0
    assert np.isfinite(filled["gpp"]).all()


def broken(what: str, fields: xr.Dataset) -> xr.Dataset:
    if what == "wrong unit":
        fields["tas"].attrs["units"] = "W m-2"
    elif what == "no unit":
        del fields["tas"].attrs["units"]
    elif what == "NaN month":
        fields["tas"][5, 1, 3] = np.nan
    elif what == "kelvin called celsius":
        fields["tas"] += 273.15
    elif what == "missing driver":
        fields = fields.rename(tas="taz")
    elif what == "half a year":
        fields = fields.isel(time=slice(0, 18))
    elif what == "a month twice":
        fields = fields.isel(time=[*range(12), 11, *range(12, 23)])
    elif what == "no dates":
        fields = fields.assign_coords(time=np.arange(fields.sizes["time"]))
    elif what == "other dimensions":
        fields["tas"] = fields["tas"].isel(x=0, drop=True)
    elif what == "no snow":
        fields = fields.drop_vars("snd")
    return fields


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("wrong unit", r"driver tas, tas: the unit does not fit; found 'W m-2'; expected 'degC'"),
        ("no unit", "found no units"),
        ("NaN month", r"tas, 2003-06, cell at y 1\.999e\+06, x 3000: a value is missing in a cell that is not masked"),
        ("kelvin called celsius", "a value is out of range.*Check the unit"),
        ("missing driver", "the driver 'tas'.*is missing.*Did you mean 'taz'"),
        ("half a year", "not whole calendar years; found 2003-01 to 2004-06"),
        ("a month twice", "do not follow each other; found 2003-12 after 2003-12"),
        ("no dates", "no dates"),
        ("other dimensions", r"other dimensions; found \(time, y\); expected \(time, y, x\)"),
        ("no snow", "the snow is not known"),
    ],
)
def test_bad_fields_are_refused(fields: xr.Dataset, what: str, said: str):
    with pytest.raises(ModelError, match=said):
        simulate_ground_map(broken(what, fields))


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda f: simulate_ground_map(f, layer=20), "unknown option 'layer'.*Did you mean 'layers'"),
        (lambda f: simulate_ground_map(f, mineral="loam"), "unknown mineral soil; found loam"),
        (lambda f: simulate_ground_map(f, depths=[0.1, 99]), "depths .*out of range"),
        (lambda f: simulate_ground_map(f, snow_conductivity="storm"), "unknown conductivity of snow.*calonne, sturm"),
        (lambda f: simulate_map("grounds", f), "Did you mean 'ground'"),
        (lambda f: simulate_map("stefan", f, drivers={"tos": "tas", "tas": "tas"}), "no driver is called 'tos'"),
        (lambda f: simulate_map("stefan", f, drivers={"tas": "tass"}), "no field is called 'tass'.*'tas'"),
        (lambda f: simulate_map("stefan", f, drivers={"tas": -10.0}), "every driver is a constant"),
        (lambda f: simulate_map("stefan", f, drivers={"tas": "tas", "organic_depth": -1}), "constant is out of range"),
        (lambda f: simulate_map("stefan", f, fill={"snd": 0.0}), "no driver 'snd' is given"),
        (lambda f: simulate_map("stefan", f, mask=f["organic_depth"].isel(y=[0, 1]) > 0), "not on the grid"),
        (
            lambda f: simulate_map("stefan", f, mask=(f["organic_depth"] > 0).assign_coords(x=f["x"] + 1)),
            "mask, axis x: the mask is not on the grid",
        ),
        (lambda f: simulate_ground_map(f, memory_mb=0.1), "does not hold one row"),
        (lambda f: simulate_map("stefan", f.rename(y="north")), "no horizontal axes"),
        (lambda f: simulate_carbon_map(f.drop_vars("ndvi")), "the light that plants absorb is not known"),
    ],
)
def test_bad_calls_are_refused(fields: xr.Dataset, call: Callable[[xr.Dataset], xr.Dataset], said: str):
    with pytest.raises(GeoCryoAIError, match=said):
        call(fields)


def test_an_undeclared_direction_is_refused(fields: xr.Dataset):
    del fields["rsds"].attrs["positive"]
    with pytest.raises(ModelError, match="never guessed"):
        simulate_carbon_map(fields)


@pytest.mark.contract
@pytest.mark.parametrize("name", list(MAP_PROCESSES))
def test_every_process_says_what_it_is(name: str):
    process = MAP_PROCESSES.get(name)
    assert process.name == name
    outputs = process.outputs(process.read_options({}))
    assert len({output.name for output in outputs}) == len(outputs)
    assert process.prepare is not None or any(driver.required for driver in process.drivers)
    assert process.bytes_per_cell(24, process.read_options({})) > 0
    with pytest.raises(ModelError, match="unknown option"):
        process.read_options({"nothing": 1})
