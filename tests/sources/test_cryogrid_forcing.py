"""CryoGrid forcing files: what is read, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.io import savemat

from geocryoai.core.errors import SourceError
from geocryoai.sources import READERS
from geocryoai.sources.base import SourceData

N = 40
PLACE = {"site": "Beaufort", "lon": -149.0, "lat": 70.2}


def forcing(path: Path, **changes: Any) -> Path:
    series: dict[str, Any] = {
        "t_span": 719529.0 + 16617 + np.arange(N) / 4, "Tair": np.full(N, 8.0), "Sin": np.full(N, 150.0),
        "Lin": np.full(N, 290.0), "q": np.full(N, 0.005), "wind": np.full(N, 4.0), "p": np.full(N, 101000.0),
        "rainfall": np.full(N, 2.0), "snowfall": np.full(N, 0.5),
    }  # fmt: skip
    series |= changes
    kept = {name: values for name, values in series.items() if values is not None}
    savemat(path, {"FORCING": {"data": {name: np.reshape(values, (-1, 1)) for name, values in kept.items()}}})
    return path


def read(path: Path, **options: Any) -> SourceData:
    return READERS.get("cryogrid_forcing").read(path, source=path.name, options={**PLACE, **options})


def test_series_become_records(tmp_path: Path) -> None:
    data = read(forcing(tmp_path / "a.mat"), precipitation_unit="mm d-1")
    row = data.records.row(0, named=True)
    assert data.records.height == N
    assert str(row["time_start"]) == "2015-07-01 00:00:00"
    assert str(data.records["time_end"][-1]) == "2015-07-11 00:00:00"
    assert (row["tas"], row["rsds"], row["ps"], row["pr"], row["snowfall"]) == (8.0, 150.0, 101000.0, 2.5, 0.5)
    assert data.observations.is_empty()


def test_gaps_and_tiny_negatives(tmp_path: Path) -> None:
    longwave, light, rain = np.full(N, 290.0), np.full(N, 150.0), np.full(N, 2.0)
    longwave[3], light[4], rain[5] = 0.0, -1e-5, -1e-9
    data = read(
        forcing(tmp_path / "a.mat", Lin=longwave, Sin=light, rainfall=rain, snowfall=np.zeros(N)),
        precipitation_unit="mm d-1",
    )
    assert data.records["rlds"].null_count() == 1
    assert data.records["rsds"][4] == 0.0
    assert data.records["pr"][5] == 0.0
    assert len(data.notes) == 2


def test_precipitation_without_a_unit_is_left_out(tmp_path: Path) -> None:
    data = read(forcing(tmp_path / "a.mat"))
    assert data.records["pr"].null_count() == N
    assert any("declare precipitation_unit" in note for note in data.notes)


@pytest.mark.parametrize(
    ("changes", "options", "message"),
    [
        ({}, {"lon": None}, "the file holds no place. Declare lon"),
        ({}, {"sites": "a"}, "sites"),
        ({"Tair": None}, {}, "series 'Tair' is absent"),
        ({"Tair": np.full(N, 281.0)}, {}, "values of tas are implausible"),
        ({"wind": np.full(N - 1, 4.0)}, {}, "series of different length"),
        ({"t_span": np.zeros(N)}, {}, "the time axis is not ascending"),
        ({"rainfall": np.full(N, -2.0)}, {"precipitation_unit": "mm d-1"}, "negative precipitation"),
        ({}, {"precipitation_unit": "m s-1"}, "values of pr are implausible"),
        ({}, {"precipitation_unit": "K"}, "measure different things"),
    ],
)
def test_wrong_files_and_options(
    changes: dict[str, Any], options: dict[str, Any], message: str, tmp_path: Path
) -> None:
    from geocryoai.core.errors import GeoCryoAIError

    with pytest.raises(GeoCryoAIError, match=message):
        read(forcing(tmp_path / "a.mat", **changes), **options)


def test_other_files(tmp_path: Path) -> None:
    path = tmp_path / "a.mat"
    with pytest.raises(SourceError, match="does not exist"):
        read(path)
    path.write_bytes(b"MATLAB 7.3 MAT-file" + bytes(200))
    with pytest.raises(SourceError, match=r"not a MATLAB 5 file; found MATLAB 7.3 \(HDF5\)"):
        read(path)
    whole = forcing(path).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SourceError, match=r"truncated or damaged|holds no forcing"):
        read(path)
    savemat(path, {"OUT": {"data": 1}})
    with pytest.raises(SourceError, match="holds no forcing"):
        read(path)
