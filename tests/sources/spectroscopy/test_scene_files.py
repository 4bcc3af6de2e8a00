"""Scenes of imaging spectrometers: names, look-up tables, layers, lazy fields, and the readers of studies."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import h5py
import numpy as np
import pytest

from geocryoai.core.errors import SourceError
from geocryoai.core.grid import Grid
from geocryoai.core.projection import transformer
from geocryoai.cube.harmonise import align
from geocryoai.sources import READERS
from geocryoai.sources.envi import write_envi
from geocryoai.sources.spectroscopy import open_scene, parse_name
from geocryoai.sources.spectroscopy.glt import read_glt
from geocryoai.sources.spectroscopy.indices import INDICES, index_values
from geocryoai.sources.spectroscopy.layers import read_layer

MAP = "UTM, 1, 1, 500000, 7600000, 10, 10, 6, North, WGS-84, units=Meters"
WAVELENGTH = np.array([470.0, 560.0, 660.0, 860.0, 1240.0, 1650.0, 2200.0])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ang20180814t224053_rdn_v2r2_img", ("AVIRIS-NG", "rdn", "v2r2", "img")),
        ("ang20170714t213741_corr_v2p9_img.hdr", ("AVIRIS-NG", "corr", "v2p9", "img")),
        ("ang20180814t224053_rdn_v2r2_obs_ort", ("AVIRIS-NG", "rdn", "v2r2", "obs")),
        ("ang20200924t211102_ch4mf_v2y1_img.img", ("AVIRIS-NG", "ch4mf", "v2y1", "img")),
        ("ang20220715t201301_ort_glt.hdr", ("AVIRIS-NG", "", "", "glt")),
        ("ang20180814t224053rfl.tar.gz", ("AVIRIS-NG", "rfl", "", "img")),
        ("AV320230712t183920_L1B_RDN_3f4_a1b2c3d4_RDN_ORT", ("AVIRIS-3", "rdn", "3f4", "ort")),
        ("AV320230712t183920_L1B_ORT_3f4_a1b2c3d4_GLT.hdr", ("AVIRIS-3", "", "3f4", "glt")),
        ("AV320250308t200738_rdn.img", ("AVIRIS-3", "rdn", "", "img")),
        ("f130522t01p00r11rdn_e_sc01_ort_img", ("AVIRIS-C", "rdn", "e", "img")),
        ("EMIT_L1B_RAD_001_20220815T042838_2222703_003.nc", ("EMIT", "rad", "001", "img")),
    ],
)
def test_names(name: str, expected: tuple[str, ...]):
    found = parse_name(name)
    assert found is not None
    assert (found.instrument, found.product, found.version, found.layer) == expected


def test_the_start_of_a_line_is_utc():
    found = parse_name("ang20180814t224053_rdn_v2r2_img")
    assert found is not None
    assert found.start == datetime(2018, 8, 14, 22, 40, 53, tzinfo=UTC)
    assert parse_name("field_notes.txt") is None


def write_glt(path: Path, entries: np.ndarray, info: str = MAP) -> Path:
    write_envi(path, entries.astype(np.int32), interleave="bip", map_info=info)
    return path


def test_a_look_up_table_counts_from_one_and_takes_neighbours(tmp_path: Path):
    entries = np.array([[[0, 0], [2, 1]], [[-1, -2], [2, 2]]])
    glt = read_glt(write_glt(tmp_path / "a_glt", entries))
    raw = np.array([[10.0, 20.0], [30.0, 40.0]])
    np.testing.assert_array_equal(glt.apply(raw), [[np.nan, 20.0], [30.0, 40.0]])
    np.testing.assert_array_equal(glt.infill, [[False, False], [True, False]])
    with pytest.raises(SourceError, match=r"of another scene; found entries up to line 2, sample 2"):
        glt.check(1, 2, "a")


@pytest.mark.parametrize(
    ("entries", "info", "message"),
    [
        (np.zeros((2, 2, 2)), MAP, "the geometry look-up table is empty"),
        (np.array([[[1, 0]]]), MAP, "some entries have a sample and no line"),
        (np.ones((2, 2, 3)), MAP, "not a geometry look-up table"),
        (np.ones((2, 2, 2)), None, "no 'map info', so no CRS"),
    ],
)
def test_damaged_look_up_tables(entries: np.ndarray, info: str, message: str, tmp_path: Path):
    with pytest.raises(SourceError, match=message):
        read_glt(write_glt(tmp_path / "a_glt", entries, info))


def test_a_slope_in_radians_becomes_degrees(tmp_path: Path):
    values = np.full((2, 3, 11), 0.5)
    values[0, 0] = -9999
    names = [f"band {i}" for i in range(11)]
    write_envi(tmp_path / "obs", values, interleave="bip", band_names=[*names[:6], "Slope (rad)", *names[7:]])
    layer = read_layer(tmp_path / "obs", "obs")
    assert layer["slope"].attrs["units"] == layer["aspect"].attrs["units"] == "degree"
    assert float(layer["slope"][1, 1]) == pytest.approx(np.rad2deg(0.5))
    assert float(layer["aspect"][1, 1]) == 0.5
    assert np.isnan(layer["slope"][0, 0])


def test_a_location_layer_that_is_in_metres_is_refused(tmp_path: Path):
    write_envi(tmp_path / "loc", np.full((2, 2, 3), 7.6e6))
    with pytest.raises(SourceError, match=r"latitudes beyond the poles.*igm"):
        read_layer(tmp_path / "loc", "loc")
    write_envi(tmp_path / "h2o", np.ones((2, 2, 2), np.float32))
    with pytest.raises(SourceError, match=r"'h2o' has too few bands; found 2; expected 3"):
        read_layer(tmp_path / "h2o", "h2o")


@pytest.mark.physics
def test_indices_of_known_reflectance():
    nir, red, blue = np.array([0.5, 0.5, 0.0]), np.array([0.1, np.nan, 0.1]), np.array([0.05, 0.05, 0.05])
    np.testing.assert_allclose(index_values(INDICES["ndvi"], nir, red), [0.4 / 0.6, np.nan, np.nan])
    evi = 2.5 * 0.4 / (0.5 + 0.6 - 0.375 + 1)
    np.testing.assert_allclose(index_values(INDICES["evi"], nir, red, blue), [evi, np.nan, np.nan])


def reflectance(lines: int = 40, samples: int = 30) -> np.ndarray:
    line, sample, band = np.meshgrid(np.arange(lines), np.arange(samples), np.arange(7), indexing="ij")
    return (0.1 + 0.001 * line + 0.002 * sample + 0.03 * band).astype(np.float32)


def test_a_map_with_north_up_keeps_its_pixels_and_stays_lazy(tmp_path: Path):
    values = reflectance()
    values[3, 4] = -9999
    write_envi(tmp_path / "ang20180814t224053_rfl_v2r2_img", values, wavelength=WAVELENGTH, map_info=MAP)
    path = tmp_path / "ang20180814t224053_rfl_v2r2_img"
    read = READERS.get("aviris_ng").read(path, source="a", options={"wavelengths": [660], "indices": ["ndvi"]})
    assert read.fields is not None
    assert read.fields["ndvi"].chunks is not None
    assert read.records.height == read.observations.height == 0
    np.testing.assert_allclose(read.fields["x"][:2], [500005.0, 500015.0])
    np.testing.assert_allclose(read.fields["y"][:2], [7599995.0, 7599985.0])
    red = read.fields["reflectance_660"].values
    assert np.isnan(red[3, 4])
    red[3, 4] = values[3, 4, 2]
    np.testing.assert_array_equal(red, values[:, :, 2])
    assert 'ID["EPSG",32606]' in str(read.fields["crs"].values)
    assert "2018-08-14 stands for all months" in " ".join(read.notes)


def test_a_rotated_map_is_brought_to_north_up_at_the_right_place(tmp_path: Path):
    values = reflectance(60, 50)
    info = f"{MAP}, rotation=30"
    path = tmp_path / "ang20180814t224053_rfl_v2r2_img"
    write_envi(path, values, wavelength=WAVELENGTH, map_info=info)
    fields = READERS.get("aviris_ng").read(path, source="a", options={"wavelengths": [860]}).fields
    assert fields is not None
    got = fields["reflectance_860"].values
    x, y = np.meshgrid(fields["x"].values - 500000.0, fields["y"].values - 7600000.0)
    cosine, sine = np.cos(np.pi / 6), np.sin(np.pi / 6)
    sample, line = (x * cosine + y * sine) / 10.0, (x * sine - y * cosine) / 10.0
    inside = (sample > 0.01) & (sample < 49.99) & (line > 0.01) & (line < 59.99)
    expected = 0.1 + 0.001 * np.floor(line) + 0.002 * np.floor(sample) + 0.09
    np.testing.assert_allclose(got[inside], expected[inside], atol=1e-6)
    assert np.isnan(got[(sample < -0.01) | (line < -0.01) | (sample > 50.01) | (line > 60.01)]).all()


def test_raw_geometry_goes_through_the_table_beside_it(tmp_path: Path):
    values = reflectance(3, 2)
    image = tmp_path / "ang20180814t224053_rdn_v2r2_img"
    write_envi(image, values, wavelength=WAVELENGTH)
    line, sample = np.meshgrid([3, 2, 1], [1, 2], indexing="ij")
    write_glt(tmp_path / "ang20180814t224053_rdn_v2r2_glt", np.stack([sample, line], -1))
    fields = READERS.get("aviris_ng").read(tmp_path, source="a", options={}).fields
    assert fields is not None
    np.testing.assert_allclose(fields["radiance_660"].values, values[::-1, :, 2])
    assert fields["radiance_660"].attrs["units"] == "uW cm-2 nm-1 sr-1"


def test_a_scene_without_place_or_bands_says_so(tmp_path: Path):
    reader = READERS.get("aviris_ng")
    image = tmp_path / "ang20180814t224053_rdn_v2r2_img"
    write_envi(image, reflectance(), wavelength=WAVELENGTH)
    with pytest.raises(SourceError, match=r"no 'map info' and no geometry look-up table, so no CRS.*_glt"):
        reader.read(image, source="a", options={})
    write_envi(image, reflectance(), wavelength=WAVELENGTH, map_info=MAP)
    with pytest.raises(SourceError, match="indices need reflectance; found radiance"):
        reader.read(image, source="a", options={"indices": ["ndvi"]})
    with pytest.raises(SourceError, match=r"no band at 3000 nm; found the nearest at 2200 nm"):
        reader.read(image, source="a", options={"wavelengths": [3000]})
    with pytest.raises(SourceError, match="'wavelengths' is a list"):
        reader.read(image, source="a", options={"wavelengths": ["red"]})
    write_envi(image, reflectance(), map_info=MAP)
    with pytest.raises(SourceError, match="the header has no wavelengths"):
        reader.read(image, source="a", options={})
    with pytest.raises(SourceError, match="the folder has no image, or several"):
        reader.read(tmp_path / "..", source="a", options={})


def test_a_methane_product_is_an_enhancement(tmp_path: Path):
    image = tmp_path / "ang20200924t211102_ch4mf_v2y1_img"
    values = np.dstack([reflectance(5, 4)[:, :, :3], np.full((5, 4), 800.0)])
    names = ["Red Radiance", "Green Radiance", "Blue Radiance", "CH4 Absorption (ppm x m)"]
    write_envi(image, values, interleave="bip", band_names=names, map_info=MAP, ignore=-9999)
    fields = READERS.get("aviris_ng").read(image, source="a", options={}).fields
    assert fields is not None
    assert fields["ch4_enhancement"].attrs["units"] == "umol mol-1 m"  # the same number as in ppm m
    assert (fields["ch4_enhancement"].values == 800.0).all()


def test_a_study_grid_takes_a_rotated_scene(tmp_path: Path):
    path = tmp_path / "ang20180814t224053_rfl_v2r2_img"
    write_envi(path, reflectance(60, 50), wavelength=WAVELENGTH, map_info=f"{MAP}, rotation=30")
    fields = READERS.get("aviris_ng").read(path, source="a", options={}).fields
    assert fields is not None
    assert set(fields.data_vars) == {"ndvi", "ndwi", "ndii"}
    assert fields["ndvi"].attrs["standard_name"] == "normalized_difference_vegetation_index"
    x, y = transformer("EPSG:32606", "EPSG:3338").transform(500500.0, 7599990.0)
    grid = Grid("EPSG:3338", left=x - 100.0, top=y + 100.0, resolution=100.0, width=2, height=2)
    months = np.array(["2018-08", "2018-09"], "datetime64[M]").astype("datetime64[D]")
    cube = align(fields, grid, months)
    assert np.isfinite(cube["ndvi"].values).any()
    known = cube["ndvi"].values[np.isfinite(cube["ndvi"].values)]
    assert ((known > 0.0) & (known < 0.3)).all()


def write_emit(path: Path, *, leave_out: str = "") -> np.ndarray:
    values = reflectance(6, 5)
    values[0, 0] = -9999
    with h5py.File(path, "w") as file:
        file["radiance"] = values
        file["radiance"].attrs["_FillValue"] = np.float32(-9999)
        file["sensor_band_parameters/wavelengths"] = WAVELENGTH
        file["sensor_band_parameters/fwhm"] = np.full(7, 8.5)
        line, sample = np.meshgrid(np.arange(6) + 1, np.arange(5) + 1, indexing="ij")
        file["location/glt_x"], file["location/glt_y"] = sample.astype("i4"), line.astype("i4")
        file.attrs["geotransform"] = [-120.0, 0.001, 0.0, 40.0, 0.0, -0.001]
        file.attrs["spatial_ref"] = "EPSG:4326"
        if leave_out in file:
            del file[leave_out]
        elif leave_out:
            del file.attrs[leave_out]
    return values


def test_an_emit_granule(tmp_path: Path):
    path = tmp_path / "EMIT_L1B_RAD_001_20220815T042838_2222703_003.nc"
    values = write_emit(path)
    fields = READERS.get("emit").read(path, source="a", options={"wavelengths": [660]}).fields
    assert fields is not None
    assert fields["radiance_660"].dims == ("lat", "lon")
    assert np.isnan(fields["radiance_660"].values[0, 0])
    np.testing.assert_allclose(fields["radiance_660"].values[1:], values[1:, :, 2])
    np.testing.assert_allclose(fields["lat"][:2], [39.9995, 39.9985])
    scene = open_scene(path)
    np.testing.assert_array_equal(scene.raster.columns(slice(1, 3), slice(0, 2)), values[:, 1:3, :2].swapaxes(0, 1))


@pytest.mark.parametrize(
    ("leave_out", "message"),
    [
        ("radiance", "not an EMIT scene"),
        ("sensor_band_parameters/wavelengths", "no 'sensor_band_parameters/wavelengths'"),
        ("location/glt_x", "no 'location/glt_x'"),
        ("spatial_ref", "'spatial_ref' is absent, so the CRS is not known"),
    ],
)
def test_damaged_emit_granules(leave_out: str, message: str, tmp_path: Path):
    path = tmp_path / "EMIT_L1B_RAD_001_20220815T042838_2222703_003.nc"
    write_emit(path, leave_out=leave_out)
    with pytest.raises(SourceError, match=message):
        open_scene(path)


def test_a_truncated_emit_granule(tmp_path: Path):
    path = tmp_path / "a.nc"
    write_emit(path)
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(SourceError, match="is it truncated"):
        open_scene(path)


@pytest.mark.real
def test_the_real_slope_in_radians(real_data: Path):
    folder = real_data / "remote" / "imaging_spectroscopy" / "av3_20250308"
    layer = read_layer(folder / "AV320250308t200738_obs.img", "obs")
    raw = np.fromfile(folder / "AV320250308t200738_obs.img", "<f8")
    assert float(layer["slope"][0, 0]) == pytest.approx(np.rad2deg(raw[6]))
    assert float(layer["to_sensor_zenith"][0, 0]) == pytest.approx(14.41523075)
    place = read_layer(folder / "AV320250308t200738_loc.img", "loc")
    assert float(place["lon"][0, 0]) == pytest.approx(-115.38328552)
