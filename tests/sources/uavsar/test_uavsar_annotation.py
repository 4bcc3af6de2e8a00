"""The grammar of annotations, and the names of files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from geocryoai.core.errors import SourceError
from geocryoai.sources.uavsar.annotation import parse_annotation, read_annotation
from geocryoai.sources.uavsar.flight import flight_of, looks_of, passes_of
from geocryoai.sources.uavsar.grids import product_grid, stack_grid
from geocryoai.sources.uavsar.names import parse_name

TEXT = """; UAVSAR RPI Metadata file
Site Description = Somewhere, AK
comments = ""
URL     (&)  = http://x.org/product.pl?jobName=a_b
Ground Range Unwrapped Phase   =  a.unw.grd   ;  File Size   601263360 bytes
Reskew Doppler Near Mid Far  (hz,hz,hz) =  99.2   -12.9   -40.6
Corner (&) = 29.15, -90.9   ; latitude, longitude
Look Angle in Near Range (deg) = N/A
Antenna Pattern Radiometric Correction Applied (&)  =  Yes       ! Yes or No
set_name  (&) =      ; layers described
Center Wavelength = 23.8403545
Time of Acquisition for Pass 1 (&) =  1-Sep-2017 16:19:37 UTC
"""

REAL = {
    "geogateway/v1.ann": ("1", "RPI", (10988, 13680), 0.00005556),
    "geogateway/v2.ann": ("2", "RPI", (7779, 14181), 0.00005556),
    "apertools/brazos_14937_17090_017_170903_L090_CX_01.ann": ("2.2", "RPI", (25751, 19322), 0.00005556),
    "greenland_ann/test_download.ann": ("2", "RPI", (24964, 16041), 0.00016667),
}


def test_the_grammar() -> None:
    annotation = parse_annotation(TEXT, "a.ann")
    assert annotation.version == "1"
    assert annotation.text("URL") == "http://x.org/product.pl?jobName=a_b"
    assert annotation.files == {"a.unw.grd": ("Ground Range Unwrapped Phase", 601263360)}
    assert annotation.numbers("Reskew Doppler Near Mid Far") == (99.2, -12.9, -40.6)
    assert annotation.numbers("Corner") == (29.15, -90.9)
    assert annotation.optional("Look Angle in Near Range") is None
    assert annotation.optional("set_name") is None
    assert annotation.optional("comments") is None
    assert annotation.text("Antenna Pattern Radiometric Correction Applied") == "Yes"
    assert annotation.quantity("Center Wavelength", unit="m", usual="cm") == pytest.approx(0.238403545)
    assert annotation.time("Time of Acquisition for Pass 1") == np.datetime64("2017-09-01T16:19:37")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the annotation is empty"),
        ("<html>", "not a line of an annotation"),
        ("a (m) = 1\na (m) = 2", "the key 'a' has two values"),
    ],
)
def test_what_is_not_an_annotation(text: str, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        parse_annotation(text, "a.ann")


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("Peg Latitud", "'Peg Latitud' is absent"),
        ("Look Angle in Near Range", "the key 'Look Angle in Near Range' has no value"),
        ("Site Description", "the value is not a number; found 'Somewhere, AK'"),
        ("Corner", "several numbers where one should be"),
    ],
)
def test_a_number_that_is_not_there(key: str, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        parse_annotation(TEXT, "a.ann").number(key)


def test_a_time_that_is_none() -> None:
    with pytest.raises(SourceError, match=r"not a time.*31-Aug-2017"):
        parse_annotation("t = 2017-08-31", "a.ann").time("t")


def test_names() -> None:
    pair = parse_name("denalN_09115_17066-008_17100-003_0094d_s01_L090HH_01.unw.grd")
    assert (pair.product, pair.site, pair.line, pair.days, pair.extension) == (
        "RPI", "denalN", "09115", 94, "unw.grd",
    )  # fmt: skip
    quad = parse_name("denalN_09115_17066_008_170616_L090HHHV_CX_01.grd")
    assert (quad.product, quad.date, quad.polarisation, quad.calibration) == ("PolSAR", "2017-06-16", "HHHV", "CX")
    slc = parse_name("wterre_34202_21028_017_210407_L090VV_02_BU_s1_2x8.slc")
    assert (slc.product, slc.baseline, slc.segment, slc.looks, slc.version) == ("Stack", "BU", "1", "2x8", "02")
    assert parse_name("wterre_34202_02_BU_s1_2x8.llh").date == ""
    with pytest.raises(SourceError, match="not a name of a UAVSAR file"):
        parse_name("image.tif")


def test_a_ground_grid_must_be_north_up_and_agree_with_itself() -> None:
    lines = ["grd.set_rows (pixels) = 4", "grd.set_cols (pixels) = 5", "grd.row_addr (deg) = 68", "grd.col_addr = -149",
             "grd.row_mult = -0.1", "grd.col_mult = 0.2"]  # fmt: skip
    grid = product_grid(parse_annotation("\n".join(lines), "a.ann"), "ground")
    np.testing.assert_allclose(grid.centres()["lat"], [68.0, 67.9, 67.8, 67.7])
    np.testing.assert_allclose(grid.centres()["lon"][[0, -1]], [-149.0, -148.2])
    with pytest.raises(SourceError, match="not north up"):
        product_grid(parse_annotation("\n".join([*lines[:4], "grd.row_mult = 0.1", lines[5]]), "a.ann"), "ground")
    with pytest.raises(SourceError, match="contradicts itself"):
        product_grid(parse_annotation("\n".join([*lines, "Ground Range Data Latitude Lines = 3"]), "a.ann"), "ground")
    with pytest.raises(SourceError, match=r"the key 'grd.set_rows' is absent"):
        product_grid(parse_annotation("\n".join(lines[1:]), "a.ann"), "ground")


@pytest.mark.real
@pytest.mark.parametrize("name", REAL)
def test_real_pairs_agree_with_their_stated_sizes(real_data: Path, name: str) -> None:
    annotation = read_annotation(real_data / "remote" / "uavsar" / name)
    version, kind, shape, step = REAL[name]
    assert (annotation.version, annotation.kind) == (version, kind)
    grid = product_grid(annotation, "ground")
    assert (grid.rows, grid.columns) == shape
    assert grid.step[1] == pytest.approx(step)
    slant = product_grid(annotation, "slant")
    sizes = {Path(file).suffixes[-2] + Path(file).suffixes[-1] if ".grd" in file else Path(file).suffix: size
             for file, (_, size) in annotation.files.items() if not file.endswith("kmz")}  # fmt: skip
    assert sizes[".unw.grd"] == 4 * grid.rows * grid.columns
    assert sizes[".int.grd"] == 8 * grid.rows * grid.columns
    assert sizes[".int"] == 8 * slant.rows * slant.columns
    flight = flight_of(annotation)
    assert flight.wavelength == pytest.approx(0.238403545)
    assert 12_000 < flight.altitude < 13_000
    assert flight.looks_left
    assert looks_of(annotation) == 36
    first, second = passes_of(annotation)
    assert first < second


@pytest.mark.real
def test_real_stack(real_data: Path) -> None:
    place = real_data / "remote/uavsar/deltax_stack/wterre_34202_21028_017_210407_L090VV_02_BU.ann"
    annotation = read_annotation(place)
    assert (annotation.version, annotation.kind, len(annotation.entries)) == ("1.4", "Stack", 318)
    for name, (key, size) in annotation.files.items():
        if key != "dop":
            grid = stack_grid(annotation, key)
            assert grid.rows * grid.columns * (8 if name.endswith("slc") else 12) == size
    assert stack_grid(annotation, "slc_1_1x1").first == pytest.approx((-38152.2016, 13447.5459))
    assert stack_grid(annotation, "slc_1_2x8").first[1] == pytest.approx(13447.5459 + 0.83275683)
    assert passes_of(annotation) == (np.datetime64("2021-04-07T15:51:40"),)
