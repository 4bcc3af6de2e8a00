"""SIBBORK files: layout, what the user must declare, and that a pickle in the file is never opened."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from geocryoai.core.errors import SourceError
from geocryoai.sources import READERS
from geocryoai.sources.base import SourceData
from geocryoai.sources.sibbork_layout import SibborkRun, logged_years, parse_settings, write_sibbork

#: Settings as the program's own files state them: the order of the species' codes stands nowhere.
DRIVER = """
driver = {
"TITLE":"a run",
"species":{## the format
           #"NAME":{ "ENABLED":True,
           "BEPE":{
                   "ENABLED":True,
                   "SEED":0.1},
           "LASI":{"ENABLED":False},
           "PISI":{
                   "ENABLED":True}}}
"""
ROWS, COLUMNS, TREES = 3, 2, 4


class Bomb:
    """Would leave a file behind if it were unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.path),)


def run() -> SibborkRun:
    rng = np.random.default_rng(0)
    code = rng.integers(-1, 2, (2, ROWS, COLUMNS, TREES))
    diameter = np.where(code >= 0, rng.uniform(2, 30, code.shape), 0.0)
    biomass = rng.uniform(0, 2, (2, ROWS, COLUMNS, 2))
    return SibborkRun(np.array([1850, 2100]), ("BEPE", "PISI"), diameter, code, biomass, (500000.0, 7000000.0), 10.0)


def write_own(path: Path, **extra: Any) -> Path:
    """Write a file as the program does: with a pickle, and with the text of its settings."""
    made = run()
    with h5py.File(path, "w") as file:
        for i, year in enumerate(("0100", "0200")):
            file[f"DBH/{year}"], file[f"SpeciesCode/{year}"] = made.diameter[i], made.code[i]
            file[f"Biomass/{year}"] = made.biomass[i]
            file[f"BasalArea/{year}"], file[f"DBH_distribution/{year}"] = made.basal_area()[i], made.stems()[i]
        file["driver"] = np.array(pickle.dumps(Bomb(path.parent / "exploded")))
        file["driver_as_string"] = DRIVER
        for name, value in extra.items():
            place = name.replace("__", "/")
            if place in file:
                del file[place]
            if value is not None:
                file[place] = value
    return path


PLACE = {"crs": "EPSG:32606", "left": 500000.0, "top": 7000000.0}


def read(path: Path, **options: Any) -> SourceData:
    return READERS.get("sibbork").read(path, source="forest/run.h5", options=options)


def test_a_file_with_a_hostile_pickle_is_read_without_opening_it(tmp_path: Path) -> None:
    path = write_own(tmp_path / "run.h5")
    with h5py.File(path, "r") as file:
        pickle.loads(bytes(file["driver"][()]))
    assert (tmp_path / "exploded").is_dir()
    (tmp_path / "exploded").rmdir()
    fields = read(path, **PLACE, species=["PISI", "BEPE"]).fields
    assert fields is not None
    assert not (tmp_path / "exploded").exists()
    made = run()
    expected = made.biomass.sum(axis=-1) * 1000.0 / 100.0
    assert fields["biomass"].values == pytest.approx(expected, rel=1e-6)
    assert fields["biomass_pisi"].values == pytest.approx(made.biomass[..., 0] * 10.0, rel=1e-6)
    assert fields["biomass"].attrs["units"] == "kg m-2"
    assert fields["basal_area"].values == pytest.approx(made.basal_area().sum(axis=-1) / 100.0, rel=1e-6)
    assert fields["x"].values.tolist() == [500005.0, 500015.0]
    assert fields["y"].values.tolist() == [6999995.0, 6999985.0, 6999975.0]
    assert [str(t)[:4] for t in fields["time"].values] == ["0100", "0200"]
    assert "WGS 84 / UTM zone 6N" in str(fields["crs"].values)


def test_objects_are_refused(tmp_path: Path) -> None:
    path = write_own(tmp_path / "run.h5")
    with h5py.File(path, "a") as file:
        del file["Biomass/0200"]
        file.create_dataset("Biomass/0200", (ROWS, COLUMNS, 2), dtype=h5py.vlen_dtype(np.uint8))
    with pytest.raises(SourceError, match="Biomass/0200: a data set does not hold plain numbers; found object"):
        read(path, **PLACE, species=["PISI", "BEPE"])


def test_what_the_file_does_not_state_must_be_declared(tmp_path: Path) -> None:
    path = write_own(tmp_path / "run.h5")
    with pytest.raises(SourceError, match="no CRS is declared"):
        read(path)
    with pytest.raises(SourceError, match="grid in metres"):
        read(path, crs="EPSG:4326")
    with pytest.raises(SourceError, match="order of the species is not stated; found the settings name BEPE, PISI"):
        read(path, **PLACE)
    with pytest.raises(SourceError, match="place of the grid is not stated"):
        read(path, crs="EPSG:32606", species=["PISI", "BEPE"])
    with pytest.raises(SourceError, match="not those of the settings"):
        read(path, **PLACE, species=["LASI", "BEPE"])
    with pytest.raises(SourceError, match="expected 2 names"):
        read(path, **PLACE, species=["BEPE"])
    with pytest.raises(SourceError, match="unknown option 'speces'"):
        read(path, **PLACE, speces=["BEPE", "PISI"])
    with pytest.raises(SourceError, match="a year is out of range"):
        read(path, **PLACE, species=["BEPE", "PISI"], year_offset=9900)


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        ({"Biomass": None}, "group 'Biomass' is absent"),
        ({"Biomass__0200": None}, "the groups do not fit together"),
        ({"BasalArea__0200": np.full((ROWS, COLUMNS, 2), np.nan)}, "missing or negative"),
        ({"Biomass__notes": np.zeros((1, 1, 1))}, "name of a data set is not a year; found 'notes'"),
        ({"Biomass__0200": np.zeros((ROWS, COLUMNS, 3))}, "different shape"),
        ({"driver_as_string": np.zeros(3)}, "settings are not one text"),
    ],
)
def test_damaged_files(tmp_path: Path, extra: dict[str, Any], message: str) -> None:
    path = write_own(tmp_path / "run.h5", **extra)
    with pytest.raises(SourceError, match=message):
        read(path, **PLACE, species=["PISI", "BEPE"])


def test_not_hdf5_and_absent(tmp_path: Path) -> None:
    (tmp_path / "run.h5").write_bytes(b"not an HDF5 file")
    with pytest.raises(SourceError, match="not an HDF5 file"):
        read(tmp_path / "run.h5", **PLACE)
    with pytest.raises(SourceError, match="does not exist"):
        read(tmp_path / "absent.h5", **PLACE)


def test_a_file_of_our_own_reads_back_without_declaring_more_than_the_crs(tmp_path: Path) -> None:
    made, path = run(), tmp_path / "own.h5"
    write_sibbork(made, path)
    fields = read(path, crs="EPSG:32606").fields
    assert fields is not None
    assert fields["biomass_bepe"].values == pytest.approx(made.biomass[..., 0] * 10.0, rel=1e-6)
    assert fields["stem_density"].values == pytest.approx(made.stems().sum(axis=-1) / 100.0, rel=1e-6)
    assert [int(str(t)[:4]) for t in fields["time"].values] == [1850, 2100]
    assert fields["x"].values[0] == 500005.0
    with h5py.File(path, "r") as file:
        assert "driver" not in file
        assert set(logged_years(file, "DBH", "own.h5")) == {1850, 2100}
        assert file["DBH/1850"][()] == pytest.approx(made.diameter[0])


def test_tables_that_do_not_fit_are_not_written(tmp_path: Path) -> None:
    made = run()
    with pytest.raises(SourceError, match="a tree has no species"):
        SibborkRun(made.years, made.species, np.ones_like(made.diameter), made.code, made.biomass, (0.0, 0.0), 10.0)
    with pytest.raises(SourceError, match="do not fit together"):
        SibborkRun(made.years, ("BEPE",), made.diameter, made.code, made.biomass, (0.0, 0.0), 10.0)


def test_settings_are_parsed_not_run() -> None:
    settings = parse_settings(DRIVER + "\n__import__('os').mkdir('exploded')")
    assert settings.enabled == ("BEPE", "PISI")
    assert settings.by_code == ()
    assert settings.corner is None
    stated = parse_settings("{'north_west_corner_coordinates': (1.5, -2e3), 'EW_plot_length_m': 30}")
    assert stated.corner == (1.5, -2000.0)
    assert stated.cell == 30.0
