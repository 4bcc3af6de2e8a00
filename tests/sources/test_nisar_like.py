"""HDF5 grids laid out as NISAR's products."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from geocryoai.core.errors import SourceError
from geocryoai.core.projection import read_crs
from geocryoai.sources import READERS

GROUP = "science/LSAR/GUNW/grids/frequencyA/unwrappedInterferogram/HH"


@pytest.fixture
def product(tmp_path: Path) -> Path:
    path = tmp_path / "gunw.h5"
    with h5py.File(path, "w") as file:
        group = file.create_group(GROUP)
        phase = np.arange(6, dtype=np.float32).reshape(2, 3)
        group["unwrappedPhase"] = phase
        group["unwrappedPhase"].attrs["units"] = "radians"
        group["unwrappedPhase"].attrs["_FillValue"] = np.float32(5)
        group["coherenceMagnitude"] = phase / 6
        group["coherenceMagnitude"].attrs["units"] = b"1"
        group["wave"] = np.exp(1j * phase).astype(np.complex64)
        group["wave"].attrs["units"] = "1"
        group["xCoordinates"] = [500040.0, 500120.0, 500200.0]
        group["yCoordinates"] = [7600040.0, 7599960.0]
        group["projection"] = np.int32(32606)
        group["projection"].attrs["epsg_code"] = np.int32(32606)
    return path


def test_fields(product: Path) -> None:
    options = {"start": "2026-06-01", "end": "2026-09-01"}
    fields = READERS.get("nisar_like").read(product, source="gunw.h5", options=options).fields
    assert fields is not None
    assert read_crs(str(fields["crs"].values)).to_epsg() == 32606
    np.testing.assert_array_equal(fields["unwrapped_phase"].values[0], [[0, 1, 2], [3, 4, np.nan]])
    assert fields["unwrapped_phase"].attrs["units"] == "rad"
    assert str(fields["time_bnds"].values[0, 1])[:10] == "2026-09-02"


def test_complex_images_are_two_fields(product: Path) -> None:
    fields = READERS.get("nisar_like").read(product, source="g.h5", options={"layers": {"wave": "wave"}}).fields
    assert fields is not None
    np.testing.assert_allclose(fields["wave_imag"].values, np.sin(np.arange(6).reshape(2, 3)), rtol=1e-6)
    assert "time" not in fields.dims


def test_axes_beside_the_group(product: Path) -> None:
    with h5py.File(product, "r+") as file:
        around = file[GROUP].parent
        for name in ("xCoordinates", "yCoordinates", "projection"):
            file[GROUP].move(name, f"{around.name}/{name}")
    fields = READERS.get("nisar_like").read(product, source="gunw.h5", options={}).fields
    assert fields is not None
    assert float(fields["x"][0]) == 500040.0


def _drop_units(group: Any) -> None:
    del group["unwrappedPhase"].attrs["units"]


def _drop_code(group: Any) -> None:
    del group["projection"].attrs["epsg_code"]


def _shorten(group: Any) -> None:
    del group["xCoordinates"]
    group["xCoordinates"] = [1.0, 2.0]


def _rename(group: Any) -> None:
    group.move("unwrappedPhase", "phase")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_drop_units, "the image has no attribute units"),
        (_drop_code, "the projection has no attribute epsg_code"),
        (_shorten, "the image does not fit its axes"),
        (_rename, "data set 'unwrappedPhase' is absent"),
    ],
)
def test_what_is_missing_is_refused(product: Path, change: Callable[[Any], None], message: str) -> None:
    with h5py.File(product, "r+") as file:
        change(file[GROUP])
    with pytest.raises(SourceError, match=message):
        READERS.get("nisar_like").read(product, source="gunw.h5", options={})


def test_other_files(product: Path) -> None:
    read = READERS.get("nisar_like").read
    with pytest.raises(SourceError, match=r"the group 'science/LSAR/GSLC' is absent.*known: GUNW"):
        read(product, source="g.h5", options={"group": "science/LSAR/GSLC"})
    product.write_bytes(product.read_bytes()[:400])
    with pytest.raises(SourceError, match="not an HDF5 file, or a truncated one"):
        read(product, source="g.h5", options={})
    with pytest.raises(SourceError, match="the file does not exist"):
        read(product.with_name("x.h5"), source="x.h5", options={})
