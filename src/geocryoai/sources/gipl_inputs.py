"""The text inputs of the GIPL ground-heat model, as typed objects."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geocryoai.core.errors import SourceError
from geocryoai.sources._tabular import read_text

Floats = NDArray[np.float64]

_LAYER_COLUMNS = 8


@dataclass(frozen=True)
class GiplLayer:
    """One soil layer.

    Unfrozen water below freezing is ``a |T|^b`` [m3 m-3], at most `water`.

    Attributes
    ----------
    water : float
        Volumetric water content [m3 m-3].
    a, b : float
        Parameters of the unfrozen water curve.
    heat_capacity_thawed, heat_capacity_frozen : float
        Volumetric heat capacity [J m-3 K-1].
    conductivity_thawed, conductivity_frozen : float
        Thermal conductivity [W m-1 K-1].
    thickness : float
        [m].
    """

    water: float
    a: float
    b: float
    heat_capacity_thawed: float
    heat_capacity_frozen: float
    conductivity_thawed: float
    conductivity_frozen: float
    thickness: float


@dataclass(frozen=True)
class GiplInputs:
    """All inputs of one site.

    Attributes
    ----------
    air_temperature : array of float, shape (days,)
        Upper boundary [degC].
    snow_depth : array of float, shape (days,)
        [m].
    snow_conductivity : array of float, shape (days,)
        [W m-1 K-1].
    nodes : array of float
        Depth of the grid nodes [m], positive down; negative in the snow.
    output_nodes : array of int
        0-based nodes that the model reports.
    initial_depth, initial_temperature : array of float
        Profile at the start [m], [degC]; the first point may lie above the ground.
    layers : tuple of GiplLayer
        From the surface down: organic, then mineral.
    """

    air_temperature: Floats
    snow_depth: Floats
    snow_conductivity: Floats
    nodes: Floats
    output_nodes: NDArray[np.int64]
    initial_depth: Floats
    initial_temperature: Floats
    layers: tuple[GiplLayer, ...]


def read_gipl_inputs(folder: Path, where: str) -> GiplInputs:
    """Read bound, snow, rsnow, grid, initial, organic and mineral of one site.

    Raises
    ------
    SourceError
        A file is absent, truncated, or series of different length.
    """
    series = {name: _series(folder / f"{name}.txt", f"{where}/{name}.txt") for name in ("bound", "snow", "rsnow")}
    lengths = {name: values.size for name, values in series.items()}
    if len(set(lengths.values())) > 1:
        raise SourceError("series of different length", where=where, found=str(lengths))
    nodes, output_nodes = _grid(folder / "grid.txt", f"{where}/grid.txt")
    depth, temperature = _initial(folder / "initial.txt", f"{where}/initial.txt")
    organic = _layers(folder / "organic.txt", f"{where}/organic.txt")
    mineral = _layers(folder / "mineral.txt", f"{where}/mineral.txt")
    return GiplInputs(
        series["bound"], series["snow"], series["rsnow"], nodes, output_nodes, depth, temperature, (*organic, *mineral)
    )


def _numbers(path: Path, where: str) -> list[list[float]]:
    """Return the numbers of each line that is not blank."""
    return _floats([line.split() for line in read_text(path, where).splitlines() if line.strip()], where)


def _floats(lines: list[list[str]], where: str) -> list[list[float]]:
    try:
        return [[float(cell) for cell in line] for line in lines]
    except ValueError as error:
        raise SourceError("a cell is not a number", where=where, found=str(error)) from error


def _count(lines: list[list[float]], line: int, cell: int, where: str) -> int:
    """Return the number of rows that a file declares for itself."""
    if len(lines) <= line or len(lines[line]) <= cell or lines[line][cell] != int(lines[line][cell]):
        raise SourceError(
            "the file does not say how many rows follow", where=where, expected=f"a count in line {line + 1}"
        )
    return int(lines[line][cell])


def _series(path: Path, where: str) -> Floats:
    lines = _numbers(path, where)
    table = _table(lines[1:], _count(lines, 0, 0, where), 2, where)
    if not np.array_equal(table[:, 0], np.arange(1, table.shape[0] + 1)):
        raise SourceError("the days are not 1, 2, 3, ...", where=where)
    return table[:, 1]


def _table(lines: list[list[float]], rows: int, columns: int, where: str) -> Floats:
    if len(lines) != rows or any(len(line) != columns for line in lines):
        raise SourceError(
            "the number of values is not the one declared in the file (is it truncated?)", where=where,
            found=f"{len(lines)} rows of {sorted({len(line) for line in lines})} values",
            expected=f"{rows} rows of {columns} values",
        )  # fmt: skip
    return np.array(lines, dtype=float).reshape(rows, columns)


def _grid(path: Path, where: str) -> tuple[Floats, NDArray[np.int64]]:
    values = [value for line in _numbers(path, where) for value in line]
    count = int(values[0])
    rest = values[1 + count :]
    if len(values) < count + 2 or len(rest) != int(rest[0]) + 1:
        raise SourceError(
            "the grid is truncated", where=where, found=f"{len(values)} values", expected=f"{count} nodes"
        )
    nodes = np.array(values[1 : 1 + count])
    if (np.diff(nodes) <= 0).any():
        raise SourceError(
            "the nodes do not go down", where=where, found=f"node {int(np.argmax(np.diff(nodes) <= 0)) + 1}"
        )
    return nodes, np.array(rest[1:], dtype=np.int64) - 1


def _initial(path: Path, where: str) -> tuple[Floats, Floats]:
    lines = [line.split() for line in read_text(path, where).splitlines() if line.strip()]
    head = _floats(lines[:1], where)
    table = _table(_floats(lines[2:], where), _count(head, 0, 1, where), 2, where)
    return table[:, 0], table[:, 1]


def _layers(path: Path, where: str) -> tuple[GiplLayer, ...]:
    lines = _numbers(path, where)
    table = _table(lines[2:], _count(lines, 1, 1, where), _LAYER_COLUMNS, where)
    return tuple(GiplLayer(*map(float, row)) for row in table)
