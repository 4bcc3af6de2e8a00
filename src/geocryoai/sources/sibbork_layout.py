"""The layout of SIBBORK's HDF5 files: what stands where, reading of its safe parts, and writing of the same.

A file has groups ``DBH``, ``SpeciesCode`` (rows, columns, trees) and ``BasalArea``, ``Biomass``, ``DBH_distribution``
(rows, columns, species); in each a data set per logged year, named by the year in four digits. Rows go from north to
south and columns from west to east, although the program calls them x and y. All is per plot, not per hectare. Where no
tree stands DBH is 0 and the species -1.

The root holds ``driver_as_string``, the text of the settings, and ``driver``, a pickle of them. A pickle can run any
program when it is opened: it is never read here, and never written.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from geocryoai.core.errors import SourceError
from geocryoai.core.files import complete_or_absent

#: Groups with one number per species, and the unit of their numbers, all per plot.
BY_SPECIES = {"BasalArea": "m2", "Biomass": "t", "DBH_distribution": "1"}
#: Groups with one number per tree.
BY_TREE = {"DBH": "cm", "SpeciesCode": "1"}
#: Stems counted in ``DBH_distribution`` are at least this thick [cm].
COUNTED = 8.0

_TEXT = "driver_as_string"
_ENABLED = re.compile(r"[\"'](?P<name>\w+)[\"']\s*:\s*\{\s*[\"']ENABLED[\"']\s*:\s*(?P<on>True|False)")
_CODE_NAMES = re.compile(r"[\"']species_code_to_name[\"']\s*:\s*\[(?P<names>[^\]]*)\]")
_NUMBER = r"-?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?"
_CORNER = re.compile(rf"[\"']north_west_corner_coordinates[\"']\s*:\s*[\(\[]\s*({_NUMBER})\s*,\s*({_NUMBER})")
_LENGTH = re.compile(rf"[\"']EW_plot_length_m[\"']\s*:\s*({_NUMBER})")


@dataclass(frozen=True)
class SibborkSettings:
    """What the text of the settings tells.

    Attributes
    ----------
    enabled : tuple of str
        Species that take part, in the order of the text (which need not be that of their codes).
    by_code : tuple of str
        Species in the order of their codes; empty where the text does not say.
    corner : tuple of float or None
        North-west corner [m].
    cell : float or None
        Side of a plot [m].
    """

    enabled: tuple[str, ...]
    by_code: tuple[str, ...]
    corner: tuple[float, float] | None
    cell: float | None


def parse_settings(text: str) -> SibborkSettings:
    """Return what can be read off the settings without running them.

    Examples
    --------
    >>> parse_settings('{"species": {"BEPE": {"ENABLED": True}, "LASI": {"ENABLED": False}}}').enabled
    ('BEPE',)
    """
    code = "\n".join(line.partition("#")[0] for line in text.splitlines())
    enabled = tuple(match["name"] for match in _ENABLED.finditer(code) if match["on"] == "True")
    listed = _CODE_NAMES.search(code)
    names = tuple(re.findall(r"[\"'](\w+)[\"']", listed["names"])) if listed else ()
    corner, length = _CORNER.search(code), _LENGTH.search(code)
    return SibborkSettings(
        enabled, names, (float(corner[1]), float(corner[2])) if corner else None, float(length[1]) if length else None
    )


def read_settings(file: h5py.File, where: str) -> SibborkSettings:
    """Return the settings of an open file; none where it has no text, an error where that is no text."""
    if _TEXT not in file:
        return SibborkSettings((), (), None, None)
    dataset = file[_TEXT]
    if not isinstance(dataset, h5py.Dataset) or h5py.check_string_dtype(dataset.dtype) is None or dataset.shape:
        raise SourceError("the settings are not one text", where=f"{where}, {_TEXT}")
    value = dataset[()]
    return parse_settings(value.decode("utf-8", errors="replace") if isinstance(value, bytes) else str(value))


def logged_years(file: h5py.File, group: str, where: str) -> dict[int, h5py.Dataset]:
    """Return the data sets of a group by year, in order; only plain numbers are let in.

    Raises
    ------
    SourceError
        The group is absent or empty, a name is no year, or a data set holds anything but numbers.
    """
    if group not in file or not isinstance(file[group], h5py.Group):
        raise SourceError(f"group '{group}' is absent", where=where, expected=", ".join([*BY_TREE, *BY_SPECIES]))
    found: dict[int, h5py.Dataset] = {}
    for name in file[group]:
        dataset = file[group].get(name, getlink=False)
        if not re.fullmatch(r"\d{4}", name):
            raise SourceError("the name of a data set is not a year", where=f"{where}, {group}", found=f"'{name}'")
        if not isinstance(dataset, h5py.Dataset) or dataset.dtype.kind not in "iuf" or dataset.ndim != 3:
            kind = f"{dataset.dtype}" if isinstance(dataset, h5py.Dataset) else type(dataset).__name__
            raise SourceError("a data set does not hold plain numbers", where=f"{where}, {group}/{name}", found=kind,
                              expected="integers or floats on three axes",
                              next_step="It is not read: objects in a file may run programs when opened.")  # fmt: skip
        found[int(name)] = dataset
    if not found:
        raise SourceError(f"group '{group}' is empty", where=where)
    return dict(sorted(found.items()))


@dataclass(frozen=True)
class SibborkRun:
    """A run as SIBBORK writes it.

    Attributes
    ----------
    years : array, shape (years,)
        0 to 9999.
    species : tuple of str
        In the order of their codes.
    diameter : array, shape (years, rows, columns, trees)
        [cm], 0 where no tree stands.
    code : array, shape (years, rows, columns, trees)
        Place in `species`, -1 where no tree stands.
    biomass : array, shape (years, rows, columns, species)
        [t] per plot.
    corner : tuple of float
        West and north edge [m].
    cell : float
        Side of a plot [m].
    title : str
    """

    years: NDArray[np.int64]
    species: tuple[str, ...]
    diameter: NDArray[Any]
    code: NDArray[Any]
    biomass: NDArray[Any]
    corner: tuple[float, float]
    cell: float
    title: str = ""

    def __post_init__(self) -> None:
        shape, count = self.diameter.shape, len(self.species)
        if self.code.shape != shape or self.biomass.shape != (*shape[:3], count) or shape[0] != self.years.size:
            raise SourceError("the tables of a run do not fit together", where=self.title or "SIBBORK run",
                              found=f"{shape}, {self.code.shape}, {self.biomass.shape}")  # fmt: skip
        standing = self.diameter > 0
        if ((self.code >= 0) != standing).any() or self.code.max(initial=-1) >= count:
            raise SourceError("a tree has no species, or a species no tree", where=self.title or "SIBBORK run")

    def basal_area(self) -> NDArray[np.float64]:
        """Return the basal area per plot and species [m2], from the diameters."""
        return self._by_species(np.pi * (0.5 * self.diameter.astype(np.float64) / 100.0) ** 2)

    def stems(self) -> NDArray[np.float64]:
        """Return the stems of at least `COUNTED` per plot and species."""
        return self._by_species((self.diameter >= COUNTED).astype(np.float64))

    def _by_species(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        each = [np.where(self.code == i, values, 0.0).sum(axis=-1) for i in range(len(self.species))]
        return np.stack(each, axis=-1)


def write_sibbork(run: SibborkRun, path: Path) -> None:
    """Write a run in SIBBORK's layout, complete or not at all; the pickle of the settings is left out.

    Parameters
    ----------
    run : SibborkRun
    path : Path
        Replaced if there.

    Raises
    ------
    SourceError
        The file does not read back with the trees, basal area and mass of the run.
    """
    by_species = {"BasalArea": run.basal_area(), "Biomass": run.biomass, "DBH_distribution": run.stems()}
    tables = {"DBH": run.diameter, "SpeciesCode": run.code, **by_species}
    with complete_or_absent(path) as partial:
        with h5py.File(partial, "w") as file:
            for group, values in tables.items():
                for i, year in enumerate(run.years):
                    file.create_dataset(f"{group}/{int(year):04d}", data=values[i], compression="gzip", shuffle=True)
            file.create_dataset(_TEXT, data=_settings_text(run), dtype=h5py.string_dtype())
        _check(run, tables, partial, str(path))


def _settings_text(run: SibborkRun) -> str:
    driver = {
        "TITLE": run.title, "sim_start_year": int(run.years[0]), "sim_stop_year": int(run.years[-1]),
        "MAX_TREES_PER_PLOT": run.diameter.shape[-1], "EW_plot_length_m": run.cell, "NS_plot_length_m": run.cell,
        "plot_area_m2": run.cell**2, "north_west_corner_coordinates": list(run.corner),
        "species_code_to_name": list(run.species),
    }  # fmt: skip
    species = ",\n".join(f'  "{name}": {{"ENABLED": True}}' for name in run.species)
    return "driver = " + json.dumps(driver, indent=1)[:-2] + ',\n "species": {\n' + species + "\n }\n}\n"


def _check(run: SibborkRun, tables: dict[str, NDArray[Any]], path: Path, where: str) -> None:
    with h5py.File(path, "r") as file:
        if read_settings(file, where).by_code != run.species:
            raise SourceError("the species did not survive", where=where)
        for group, values in tables.items():
            written = logged_years(file, group, where)
            sums = [float(np.sum(dataset[()], dtype=np.float64)) for dataset in written.values()]
            expected = values.reshape(values.shape[0], -1).sum(axis=1, dtype=np.float64)
            if list(written) != [int(y) for y in run.years] or not np.allclose(sums, expected, rtol=1e-6):
                raise SourceError("the numbers did not survive", where=f"{where}, {group}")
