"""The table of turbulence at flux towers from which their footprints are made: a CSV with the columns below.

It is no source of its own: `support: {kind: footprint, meteorology: FILE}` of a source of fluxes names it.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import polars as pl

from geocryoai.core.errors import SourceError
from geocryoai.sources._tabular import numbers, read_csv
from geocryoai.sources._timestamps import parse_stamps

#: Column -> smallest and largest value that is possible. Site and time (UTC, ISO) stand before them.
COLUMNS = {
    "friction_velocity": (0.0, 5.0),
    "wind_speed": (0.0, 100.0),
    "wind_direction": (0.0, 360.0),
    "sigma_v": (0.0, 20.0),
    "boundary_layer_height": (1.0, 10_000.0),
    "measurement_height": (0.1, 1000.0),
    "displacement_height": (0.0, 100.0),
}

#: Either the Obukhov length, or what it is computed from.
OBUKHOV = "obukhov_length"
INSTEAD = {"sensible_heat_flux": (-1000.0, 2000.0), "air_temperature": (-90.0, 60.0), "air_pressure": (3e4, 1.2e5)}


def read_tower_meteorology(path: Path, *, source: str) -> pl.DataFrame:
    """Return the table: `site`, `time` (UTC), and one column of floats for each quantity, null where unknown.

    Units: velocities m s-1, direction where the wind comes from in degree, lengths and heights m, heat flux (positive
    upward) W m-2, temperature degC, pressure Pa. `measurement_height` is above the ground.

    Raises
    ------
    SourceError
        An absent column, a date that is not ISO, or a value that is impossible.
    """
    cells = read_csv(path, where=source, columns=["site", "time", *COLUMNS])
    given = OBUKHOV in cells.columns
    absent = [] if given else [name for name in INSTEAD if name not in cells.columns]
    if absent:
        raise SourceError(
            f"column '{absent[0]}' is absent", where=source,
            expected=f"{OBUKHOV}, or {', '.join(INSTEAD)} from which it is computed",
        )  # fmt: skip
    wanted = COLUMNS | ({OBUKHOV: (-float("inf"), float("inf"))} if given else INSTEAD)
    columns = []
    for name, (low, high) in wanted.items():
        values, _ = numbers(cells, name, source=source)
        wrong = (~values.is_between(low, high)).fill_null(False).arg_true()
        if wrong.len():
            raise SourceError(
                f"column '{name}' holds an impossible value", where=source,
                found=f"{values[int(wrong[0])]:g} in data row {wrong[0]}", expected=f"{low:g} to {high:g}",
            )  # fmt: skip
        columns.append(values)
    time = parse_stamps(cells["time"], None, offset=timedelta(0), where=source)
    return pl.DataFrame([cells["site"], time.alias("time"), *columns])
