"""Covariance matrices in PolSARpro's form."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from geocryoai.core.errors import SourceError
from geocryoai.sources import READERS
from geocryoai.sources.polsar_c3 import PARTS, open_c3

HEADER = "ENVI\nmap info = {Geographic Lat/Lon, 1, 1, -98.0, 49.0, 0.001, 0.002, WGS-84}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "config.txt").write_text("Nrow\n2\n---------\nNcol\n3\n---------\nPolarType\nfull\n")
    for number, part in enumerate(PARTS, 1):
        values = np.full((2, 3), float(number), "<f4")
        values[0, 0] = 0.0
        (tmp_path / f"{part}.bin").write_bytes(values.tobytes())
    (tmp_path / "C11.bin.hdr").write_text(HEADER)
    return tmp_path


def test_matrices_are_hermitian_and_no_data_is_missing(folder: Path) -> None:
    matrix = open_c3(folder).matrix()
    assert matrix.shape == (2, 3, 3, 3)
    assert np.isnan(matrix[0, 0]).all()
    np.testing.assert_array_equal(matrix[1, 2], matrix[1, 2].conj().T)
    assert matrix[1, 2, 0, 1] == 4 + 5j
    assert matrix[1, 2, 1, 1] == 2


def test_fields_lie_on_the_centres_of_pixels(folder: Path) -> None:
    fields = READERS.get("polsar_c3").read(folder, source="c3", options={"date": "2016-07-01"}).fields
    assert fields is not None
    np.testing.assert_allclose(fields["lon"], [-97.9995, -97.9985, -97.9975])
    np.testing.assert_allclose(fields["lat"], [48.999, 48.997])
    assert fields["c22"].dims == ("time", "lat", "lon")
    assert str(fields["time"].values[0])[:10] == "2016-07-01"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("config.txt", None, "the folder has no configuration"),
        ("config.txt", "Nrow\nmany\n", "no size in the configuration"),
        ("config.txt", "Nrow\n2\nNcol\n3\nPolarType\npp1\n", "not a full covariance matrix"),
        ("config.txt", "Nrow\n3\nNcol\n3\n", "C11.bin: the file is truncated"),
        ("C23_imag.bin", None, "C23_imag.bin: the file does not exist"),
        ("C11.bin.hdr", None, "the matrix has no place on a map"),
        ("C11.bin.hdr", HEADER.replace("0.002", "?"), "the map info cannot be read"),
    ],
)
def test_what_is_wrong(folder: Path, name: str, content: str | None, message: str) -> None:
    (folder / name).unlink()
    if content is not None:
        (folder / name).write_text(content)
    with pytest.raises(SourceError, match=message):
        READERS.get("polsar_c3").read(folder, source="c3", options={})


@pytest.mark.real
def test_real_sample(real_data: Path) -> None:
    path = real_data / "remote/uavsar/polsar_c3_sample"
    fields = READERS.get("polsar_c3").read(path, source="c3", options={}).fields
    assert fields is not None
    assert fields["c11"].shape == (201, 101)
    assert float(fields["lat"][0]) == pytest.approx(49.75515)
    assert float(fields["lon"][0]) == pytest.approx(-98.14555)
    matrix = open_c3(path).matrix().astype(np.complex128)
    valid = np.isfinite(matrix).all(axis=(-2, -1))
    assert valid.mean() > 0.9
    smallest = np.linalg.eigvalsh(matrix[valid])[:, 0]
    assert (smallest > -1e-4 * matrix[valid].real.trace(axis1=-2, axis2=-1)).all()
