from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import zarr
from pyproj import CRS

from geocryoai.core.errors import CubeError
from geocryoai.core.grid import Grid
from geocryoai.cube.layers import Layer
from geocryoai.cube.store import create_cube, grid_of, open_cube, verify_cube

TAS = Layer.of("tas", cell_methods="time: mean")
RELIEF = Layer.of("elevation", monthly=False)


def write(
    path: Path, made, grid: Grid | None = None, *, overwrite: bool = False, seed: int = 0
) -> tuple[Grid, np.ndarray]:
    grid = grid or made.grid(width=70, height=80)
    values = made.noise(24, *grid.shape, seed=seed)
    values[:, :5] = np.nan
    attributes = {"title": "made up"}
    with create_cube(path, grid, made.months, [TAS, RELIEF], attributes=attributes, overwrite=overwrite) as writer:
        for block in writer.blocks("tas"):
            part = values[block]
            writer.write_block("tas", block, part, np.isfinite(part).astype(float))
        for block in writer.blocks("elevation"):
            writer.write_block("elevation", block, values[0][block[1:]], np.ones(values[0][block[1:]].shape))
    return grid, values


def digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.parametrize("crs", ["EPSG:3338", "ESRI:102001", "EPSG:6931"])
def test_crs_units_axes_and_values_survive(tmp_path, made, crs):
    grid, values = write(tmp_path / "cube.zarr", made, made.grid(width=70, height=80, crs=crs))
    cube = open_cube(tmp_path / "cube.zarr")
    assert CRS.from_wkt(cube.crs.attrs["crs_wkt"]) == CRS.from_user_input(crs)
    assert grid_of(cube) == grid
    assert np.array_equal(cube.tas.values, values, equal_nan=True)
    assert np.array_equal(cube.elevation.values, values[0], equal_nan=True)
    assert np.array_equal(cube.time.values.astype("datetime64[M]"), made.months)
    assert np.array_equal(cube.time_bnds.values[:, 1].astype("datetime64[M]"), made.months + 1)
    assert cube.tas.attrs["units"] == "degC"
    assert cube.tas.attrs["standard_name"] == "air_temperature"
    assert cube.tas.attrs["cell_methods"] == "time: mean"
    assert cube.x.attrs["standard_name"] == "projection_x_coordinate"
    assert cube.attrs["title"] == "made up"
    verify_cube(tmp_path / "cube.zarr")


def test_opening_reads_nothing_and_is_chunked(tmp_path, made):
    write(tmp_path / "cube.zarr", made)
    assert open_cube(tmp_path / "cube.zarr").tas.chunks == ((12, 12), (64, 16), (64, 6))
    assert not open_cube(tmp_path / "cube.zarr", dask=False).tas.variable._in_memory


def test_fluxes_carry_their_sign(tmp_path, made):
    grid = made.grid()
    layer = Layer.of("nee", {"units": "g C m-2 d-1", "positive": "up"})
    with create_cube(tmp_path / "cube.zarr", grid, made.months, [layer]) as writer:
        for block in writer.blocks("nee"):
            writer.write_block("nee", block, np.zeros((24, *grid.shape)), np.ones((24, *grid.shape)))
    assert open_cube(tmp_path / "cube.zarr").nee.attrs["positive"] == "up"


def test_the_same_content_gives_the_same_bytes(tmp_path, made):
    write(tmp_path / "one.zarr", made)
    write(tmp_path / "two.zarr", made)
    assert digests(tmp_path / "one.zarr") == digests(tmp_path / "two.zarr")


def test_a_failed_write_leaves_nothing(tmp_path, made):
    grid = made.grid()
    with pytest.raises(RuntimeError, match="stop"), create_cube(tmp_path / "cube.zarr", grid, made.months, [TAS]):
        raise RuntimeError("stop")
    assert list(tmp_path.iterdir()) == []


def test_a_layer_not_wholly_written_is_an_error(tmp_path, made):
    grid = made.grid()
    block = (slice(0, 12), slice(0, 10), slice(0, 12))
    with (
        pytest.raises(CubeError, match="tas: a layer is not wholly written; found 1440 of 2880 values"),
        create_cube(tmp_path / "cube.zarr", grid, made.months, [TAS]) as writer,
    ):
        writer.write_block("tas", block, np.zeros((12, 10, 12)), np.ones((12, 10, 12)))
    assert not (tmp_path / "cube.zarr").exists()


def test_an_existing_cube_is_replaced_only_when_asked(tmp_path, made):
    write(tmp_path / "cube.zarr", made)
    with pytest.raises(CubeError, match="the cube exists already"):
        write(tmp_path / "cube.zarr", made)
    _, values = write(tmp_path / "cube.zarr", made, overwrite=True, seed=5)
    assert np.array_equal(open_cube(tmp_path / "cube.zarr").tas.values, values, equal_nan=True)


@pytest.mark.parametrize(
    ("values", "share", "message"),
    [
        (np.full((24, 10, 12), np.inf), np.ones((24, 10, 12)), "tas: a value is infinite"),
        (np.zeros((24, 10, 11)), np.ones((24, 10, 12)), r"wrong shape; found \(24, 10, 11\)"),
        (np.zeros((24, 10, 12)), np.full((24, 10, 12), 1.2), "coverage is not from 0 to 1"),
    ],
)
def test_bad_blocks_are_refused(tmp_path, made, values, share, message):
    block = (slice(0, 24), slice(0, 10), slice(0, 12))
    with (
        pytest.raises(CubeError, match=message),
        create_cube(tmp_path / "c.zarr", made.grid(), made.months, [TAS]) as writer,
    ):
        writer.write_block("tas", block, values, share)


def test_unknown_and_repeated_layers_are_refused(tmp_path, made):
    with (
        pytest.raises(CubeError, match="tas: a layer is there twice"),
        create_cube(tmp_path / "c.zarr", made.grid(), made.months, [TAS, TAS]),
    ):
        pass
    with (
        pytest.raises(CubeError, match=r"no layer 'tass'\. Did you mean 'tas'"),
        create_cube(tmp_path / "c.zarr", made.grid(), made.months, [TAS]) as writer,
    ):
        list(writer.blocks("tass"))


def first_shard(folder: Path) -> Path:
    return min(path for path in (folder / "tas" / "c").rglob("*") if path.is_file())


def test_a_missing_shard_is_found(tmp_path, made):
    write(tmp_path / "cube.zarr", made)
    first_shard(tmp_path / "cube.zarr").unlink()
    assert np.isnan(open_cube(tmp_path / "cube.zarr").tas.values[:, 6:]).all()
    with pytest.raises(CubeError, match=r"tas/c/.*: a file is missing"):
        verify_cube(tmp_path / "cube.zarr")


def test_a_damaged_shard_is_found(tmp_path, made):
    write(tmp_path / "cube.zarr", made)
    shard = first_shard(tmp_path / "cube.zarr")
    content = bytearray(shard.read_bytes())
    content[len(content) // 2] ^= 1
    shard.write_bytes(bytes(content))
    with pytest.raises(CubeError, match=r"tas/c/.*: a file is damaged"):
        verify_cube(tmp_path / "cube.zarr")


def test_a_changed_crs_is_found(tmp_path, made):
    write(tmp_path / "cube.zarr", made)
    attributes = zarr.open_group(tmp_path / "cube.zarr", mode="r+").attrs
    attributes["geocryoai_grid"] = json.dumps(made.grid(width=70, height=80, crs="EPSG:6931").to_dict())
    with pytest.raises(CubeError, match=r"zarr\.json: a file is damaged"):
        verify_cube(tmp_path / "cube.zarr")


def test_no_cube_is_said(tmp_path):
    with pytest.raises(CubeError, match="there is no cube"):
        open_cube(tmp_path / "absent.zarr")


def test_layers_refuse_another_unit_or_sign():
    assert Layer.of("tas", {"units": "°C"}).unit == "degC"
    with pytest.raises(CubeError, match="tas: the unit is not the variable's canonical one; found K; expected degC"):
        Layer.of("tas", {"units": "K"})
    with pytest.raises(CubeError, match="nee: the sign is not the variable's own"):
        Layer.of("nee", {"units": "g C m-2 d-1", "positive": "down"})
    with pytest.raises(CubeError, match="a variable outside the nomenclature has no units"):
        Layer.of("my_index", {})
    assert Layer.of("my_index", {"units": "1", "long_name": "index"}).attributes()["long_name"] == "index"
