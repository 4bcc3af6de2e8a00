"""ENVI rasters: every layout is read back, and every kind of damaged file is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from geocryoai.core.errors import SourceError
from geocryoai.sources.envi import EnviRaster, open_envi, parse_header, write_envi
from geocryoai.sources.envi.map_info import map_info

HEADER = "ENVI\nsamples = 2\nlines   = 3\nbands = 1\ndata type = 4\ninterleave = bsq\nbyte order = 0\n"


def cube(dtype: str = "f4") -> np.ndarray:
    return (np.arange(5 * 19 * 35).reshape(5, 19, 35) % 251 + 1).astype(dtype)


@pytest.mark.parametrize("interleave", ["bsq", "bil", "bip"])
@pytest.mark.parametrize("byte_order", [0, 1])
@pytest.mark.parametrize("dtype", ["u1", "i2", "i4", "f4", "f8", "c8", "u2", "u4", "i8"])
def test_every_layout_is_read_back(interleave: str, byte_order: int, dtype: str, tmp_path: Path):
    array = cube(dtype)
    write_envi(tmp_path / "a", array, interleave=interleave, byte_order=byte_order, offset=17)
    raster = open_envi(tmp_path / "a")
    assert (tmp_path / "a").stat().st_size == raster.header.size == 17 + array.nbytes
    np.testing.assert_array_equal(raster.block(), array)
    np.testing.assert_array_equal(raster.block(slice(1, 4), slice(2, 18), slice(3, 30)), array[1:4, 2:18, 3:30])
    columns = raster.columns(slice(2, 19), slice(1, 34))
    np.testing.assert_array_equal(columns, array[:, 2:19, 1:34].swapaxes(0, 1))
    assert columns.flags.c_contiguous
    assert columns.dtype.isnative


def test_the_bytes_of_an_interleave_are_where_the_format_says(tmp_path: Path):
    array = np.arange(24, dtype=np.int16).reshape(2, 3, 4)  # lines, samples, bands
    for interleave, order in {"bsq": (2, 0, 1), "bil": (0, 2, 1), "bip": (0, 1, 2)}.items():
        write_envi(tmp_path / interleave, array, interleave=interleave, byte_order=1)
        raw = np.fromfile(tmp_path / interleave, ">i2")
        np.testing.assert_array_equal(raw, array.transpose(order).ravel())


@pytest.mark.parametrize(
    ("binary", "header", "asked"),
    [("a", "a.hdr", "a"), ("a", "a.hdr", "a.hdr"), ("a.img", "a.hdr", "a.img"), ("a.img", "a.hdr", "a.hdr"),
     ("a.img", "a.img.hdr", "a.img")],
)  # fmt: skip
def test_a_raster_is_found_by_either_name(binary: str, header: str, asked: str, tmp_path: Path):
    write_envi(tmp_path / binary, cube(), header_name=header)
    assert open_envi(tmp_path / asked).path == tmp_path / binary


def test_nothing_but_the_header_is_read_on_opening_whole_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    write_envi(tmp_path / "a", cube("i4"))
    monkeypatch.setattr(EnviRaster, "mapped", lambda _: pytest.fail("the binary was read"))
    assert open_envi(tmp_path / "a").header.bands == 35


def test_micrometres_and_values_over_many_lines(tmp_path: Path):
    wavelength = np.linspace(380.0, 2500.0, 35)
    path = write_envi(tmp_path / "a", cube(), wavelength=wavelength, fwhm=np.full(35, 7.4), micrometres=True)
    text = path.read_text().replace(" , ", ",\n  ").replace("wavelength =", "Wavelength_ =").replace("h_ =", "h =")
    header = parse_header(text, "a")
    np.testing.assert_allclose(header.need_wavelength(), wavelength, rtol=1e-6)
    np.testing.assert_allclose(header.fwhm, 7.4, rtol=1e-6)
    bare = parse_header(text.replace("wavelength units = Micrometers\n", ""), "a")
    np.testing.assert_allclose(bare.need_wavelength(), wavelength, rtol=1e-6)


def test_wavelengths_of_another_file_are_not_taken():
    header = parse_header(HEADER + "wavelength = {400, 500, 600}\n", "loc")
    assert header.wavelength is None
    with pytest.raises(SourceError, match=r"no wavelengths.*with 1 values.*another line's differ"):
        header.need_wavelength()


@pytest.mark.physics
def test_a_rotated_map_has_the_affine_of_the_published_header():
    info = "map info = {UTM, 1, 1, 581226.666764, 7916192.56364, 5.2, 5.2, 4, North,WGS-84, rotation=42}\n"
    position = map_info(parse_header(HEADER + info, "ang20170714t213741"))
    assert position is not None
    assert position.crs == "EPSG:32604"
    np.testing.assert_allclose(position.affine, (3.864, 3.479, 581226.667, 3.479, -3.864, 7916192.564), atol=5e-4)
    assert position.pixel_area == pytest.approx(5.2**2)
    x, y = position.centre(np.array([7]), np.array([11]))
    column, row = position.pixel(x, y)
    np.testing.assert_allclose((column[0], row[0]), (7.5, 11.5))


@pytest.mark.parametrize(
    ("info", "corner", "crs"),
    [("UTM, 1, 1, 100, 200, 2, 2, 33, South, WGS-84, units=Meters", (100.0, 200.0), "EPSG:32733"),
     ("UTM, 1.5, 1.5, 101, 199, 2, 2, 4, North, WGS-84, rotation=0, units=Meters", (100.0, 200.0), "EPSG:32604"),
     ("Geographic Lat/Lon, 1, 1, -150, 70, 0.1, 0.1, WGS-84, units=Degrees", (-150.0, 70.0), "EPSG:4326")],
)  # fmt: skip
def test_other_positions(info: str, corner: tuple[float, float], crs: str):
    position = map_info(parse_header(f"{HEADER}map info = {{{info}}}\n", "a"))
    assert position is not None
    assert (position.affine[2], position.affine[5]) == pytest.approx(corner)
    assert position.crs == crs


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("ENVI", "ENVY"), "not an ENVI header"),
        (("samples = 2\n", ""), "the header has no 'samples'"),
        (("samples = 2", "samples = two"), r"'samples' is not a count; found 'two'"),
        (("samples = 2", "samples = 0"), r"'samples' is not a count"),
        (("data type = 4", "data type = 7"), "the data type is unknown; found 7"),
        (("interleave = bsq", "interleave = bsx"), "the interleave is unknown; found 'bsx'; expected bsq, bil or bip"),
        (("byte order = 0", "byte order = 2"), "the byte order is unknown"),
        (("byte order = 0", "band names = {a, b"), "a brace of the header is not closed"),
        (("byte order = 0", "wavelength = {abc}"), "not a number"),
        (("byte order = 0", "wavelength = {-3}"), "a wavelength is not positive"),
        (("byte order = 0", "wavelength = {500}\nwavelength units = Furlongs"), "unit of the wavelengths is unknown"),
    ],
)
def test_damaged_headers(change: tuple[str, str], message: str):
    with pytest.raises(SourceError, match=message):
        parse_header(HEADER.replace(*change), "a.hdr")


@pytest.mark.parametrize(
    ("info", "message"),
    [
        ("UTM, 1, 1, east, 200, 2, 2, 4, North, WGS-84", "the entry is damaged"),
        ("UTM, 1, 1, 100, 200, 0, 2, 4, North, WGS-84", "pixels need a positive size"),
        ("UTM, 1, 1, 100, 200, 2, 2", "the header gives no CRS"),
        ("Arbitrary, 1, 1, 100, 200, 2, 2", "the header gives no CRS"),
    ],
)
def test_damaged_positions(info: str, message: str):
    with pytest.raises(SourceError, match=message):
        map_info(parse_header(f"{HEADER}map info = {{{info}}}\n", "a"))


def test_a_truncated_and_a_longer_binary_are_refused(tmp_path: Path):
    write_envi(tmp_path / "a", cube())
    whole = (tmp_path / "a").read_bytes()
    (tmp_path / "a").write_bytes(whole[:-4])
    with pytest.raises(
        SourceError, match=r"the binary is truncated; found 13296 bytes; expected 13300 bytes \(5 lines"
    ):
        open_envi(tmp_path / "a")
    (tmp_path / "a").write_bytes(whole + b"\0")
    with pytest.raises(SourceError, match="longer than the header says"):
        open_envi(tmp_path / "a")


def test_swapped_bytes_are_found(tmp_path: Path):
    header = write_envi(tmp_path / "a", np.random.default_rng(0).uniform(0.1, 9, (9, 9, 9)).astype("f4"), byte_order=1)
    header.write_text(header.read_text().replace("byte order = 1", "byte order = 0"))
    with pytest.raises(SourceError, match=r"the byte order of the header seems wrong.*expected 'byte order = 1'"):
        open_envi(tmp_path / "a")


def test_an_absent_partner_is_named(tmp_path: Path):
    write_envi(tmp_path / "line_img", cube())
    (tmp_path / "line_img").unlink()
    with pytest.raises(SourceError, match="the binary does not exist; expected line_img"):
        open_envi(tmp_path / "line_img.hdr")
    with pytest.raises(SourceError, match=r"the binary does not exist; expected lin_img.*line_img.hdr"):
        open_envi(tmp_path / "lin_img")
    with pytest.raises(SourceError, match=r"the header does not exist.*did you mean 'line_img.hdr'"):
        open_envi(tmp_path / "lin_img.hdr")


def test_nothing_half_written_is_left(tmp_path: Path):
    with pytest.raises(SourceError, match="this array cannot be written as ENVI"):
        write_envi(tmp_path / "a", np.zeros((2, 2, 2), np.float16))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.real
def test_real_headers_and_small_binaries(real_data: Path):
    folder = real_data / "remote" / "imaging_spectroscopy"
    three = open_envi(folder / "av3_20250308" / "AV320250308t200738_rdn.img")
    wavelength = three.header.need_wavelength()
    assert (wavelength[0], wavelength[-1], three.header.bands) == (389.75, 2494.0, 284)
    listed = np.loadtxt(folder / "av3_20250308" / "AV320250308t200738_rdn.txt")
    np.testing.assert_allclose(three.block()[0, 0], listed[:, 1], rtol=1e-5)
    prism = open_envi(folder / "prism_20231110" / "prm20231110t071521_loc_two_px")
    np.testing.assert_allclose(prism.block()[:, 0, :2], [[22.7829, -34.0352]] * 2, atol=0.01)
    turned = folder / "ornl_rotatedgrid" / "ang20170714t213741_corr_v2p9_img_band1.hdr"
    position = map_info(parse_header(turned.read_text(), turned.name))
    assert position is not None
    np.testing.assert_allclose(position.affine, (3.864, 3.479, 581226.667, 3.479, -3.864, 7916192.564), atol=5e-4)
    rasterio = pytest.importorskip("rasterio")
    copied = rasterio.Affine(*position.affine)
    assert (copied.a * copied.e - copied.b * copied.d) == pytest.approx(-5.2 * 5.2)
