"""The twin flies: radar pairs and imaging spectroscopy over its own ground, with what they should find beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from geocryoai.core.files import list_files, write_text

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from geocryoai.core.grid import Grid
    from geocryoai.twin.network import Places
    from geocryoai.twin.options import TwinOptions
    from geocryoai.twin.truth import Truth

    Floats = NDArray[np.float64]

#: Folder of all flights, and what stands in every header.
FOLDER, SIMULATED = "airborne", "Simulated by geocryoai; not measured anywhere"

#: Truth of the layers of each scene by cell, and of its plumes: for scoring only, never among the inputs.
TRUTH_LAYERS, TRUTH_PLUMES = "truth_airborne.csv", "truth_plumes.csv"

_LAYER_COLUMNS = {"scene": pl.String(), "layer": pl.String(), "row": pl.Int64(), "column": pl.Int64(),
                  "truth": pl.Float64(), "pixels": pl.Int64()}  # fmt: skip
_PLUME_COLUMNS = {"scene": pl.String(), "lon": pl.Float64(), "lat": pl.Float64(), "rate_kg_h": pl.Float64(),
                  "mass_kg": pl.Float64(), "wind": pl.Float64()}  # fmt: skip


@dataclass(frozen=True)
class Flown:
    """What a kind of flight leaves: rows of the tables of truth, and a row of options for each scene."""

    layers: list[dict[str, object]]
    plumes: list[dict[str, object]]
    scenes: list[dict[str, object]]


def fly(folder: Path, options: TwinOptions, truth: Truth, places: Places) -> list[str]:
    """Write all flights below a folder and return the names of the files; nothing where none is asked for."""
    from geocryoai.twin.radar_pairs import fly_radar
    from geocryoai.twin.radiance_lines import fly_radiance
    from geocryoai.twin.reflectance_lines import fly_reflectance

    asked = options.airborne
    if not (asked.radar_pairs or asked.reflectance_lines or asked.radiance_lines):
        return []
    out = folder / FOLDER
    radar = fly_radar(out / "radar", options, truth, places)
    reflectance = fly_reflectance(out / "reflectance", options, truth, places)
    radiance = fly_radiance(out, options, truth, places)
    if radar.scenes:
        write_text(out / "radar_scenes.csv", _table(radar.scenes))
    if radiance.scenes:
        write_text(out / "radiance_scenes.csv", _table(radiance.scenes))
    write_text(
        out / TRUTH_LAYERS, pl.DataFrame([*radar.layers, *reflectance.layers], schema=_LAYER_COLUMNS).write_csv()
    )
    write_text(out / TRUTH_PLUMES, pl.DataFrame(radiance.plumes, schema=_PLUME_COLUMNS).write_csv())
    return [f"{FOLDER}/{name}" for name in list_files(out)]


def truth_rows(scene: str, layer: str, grid: Grid, lon: Floats, lat: Floats, values: Floats) -> list[dict[str, object]]:
    """Return the mean of what a scene should find in each cell of the twin's grid."""
    row, column = grid.cell_of(lon.ravel(), lat.ravel())
    inside = (row >= 0) & np.isfinite(values.ravel())
    cells, index = np.unique(row[inside] * grid.width + column[inside], return_inverse=True)
    count = np.bincount(index, minlength=len(cells))
    mean = np.bincount(index, values.ravel()[inside], minlength=len(cells)) / np.maximum(count, 1)
    return [
        {"scene": scene, "layer": layer, "row": int(cell // grid.width), "column": int(cell % grid.width),
         "truth": float(value), "pixels": int(n)}
        for cell, value, n in zip(cells, mean, count, strict=True)
    ]  # fmt: skip


def centre_of(places: Places, number: int, rng: np.random.Generator) -> tuple[float, float]:
    """Return the centre of a flight in the twin's CRS [m]: the stations first, then anywhere along the road."""
    points = places.stations[number:][:1] if number < len(places.stations) else places.road
    point = points[rng.integers(len(points))]
    return float(point[0]), float(point[1])


def _table(rows: Sequence[dict[str, object]]) -> str:
    return f"# {SIMULATED}\n" + pl.DataFrame(rows).write_csv()
