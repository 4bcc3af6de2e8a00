"""Everything a target's records need: covariates joined, drivers turned into features, series kept for windows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from geocryoai.core.errors import CubeError, nearest
from geocryoai.core.observations import RECORD_COLUMNS
from geocryoai.core.sphere import nearest_positions
from geocryoai.core.study import JoinSection
from geocryoai.cube.binding import bind
from geocryoai.cube.derive import month_features, year_features
from geocryoai.cube.join import covariate_columns, join_position, join_site, site_key
from geocryoai.cube.layers import SIGMA
from geocryoai.cube.site_series import SiteSeries, monthly_mean
from geocryoai.cube.store import grid_of

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from geocryoai.core.grid import Grid
    from geocryoai.core.study import TargetSection
    from geocryoai.cube.supports import Supports

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

#: Least number of short records (8-day, daily) that make a month.
_MIN_COUNT = 1.0


@dataclass(frozen=True)
class Drivers:
    """Monthly drivers of records: which series, and which month of it; -1 where there is none.

    `cell` is the flat number of the cell that holds each record, where the series are of a cube.
    """

    series: SiteSeries
    index: Ints
    step: Ints
    cell: Ints | None = None


@dataclass(frozen=True)
class TargetTable:
    """Records with features.

    Attributes
    ----------
    table : polars.DataFrame
        Record columns, whatever else the records had that is no feature, and one column per feature.
    features : tuple of str
    statics : tuple of str
        Features that belong to a place.
    drivers : tuple of Drivers
        One for each join that brings monthly series, for windows.
    """

    table: pl.DataFrame
    features: tuple[str, ...]
    statics: tuple[str, ...]
    drivers: tuple[Drivers, ...]


def build_target(
    records: pl.DataFrame,
    section: TargetSection,
    covariates: Mapping[str, pl.DataFrame],
    cube: xr.Dataset | None,
    months: NDArray[np.datetime64],
    *,
    plain: Iterable[str] = (),
    known_until: np.datetime64 | None = None,
    strict: bool = True,
    supports: Supports | None = None,
) -> TargetTable:
    """Join covariates to records and derive features.

    Parameters
    ----------
    records : polars.DataFrame
        Record columns, own covariates, and columns named in `plain`, which are no features.
    section : TargetSection
    covariates : dict of str to polars.DataFrame
        Record table of each source that is joined.
    cube : xarray.Dataset or None
    months : array of datetime64[M]
        The study's months, without gaps.
    known_until : datetime64, optional
        Drivers after this month are replaced by their climatology up to it: what a forecaster has.
    strict : bool
        Whether every name or pattern in `features` and `exclude` must match; cells of a grid lack what records bring.
    supports : Supports, optional
        Places that see more than their cell; fields of the cube are averaged over what they see.
    """
    own = [name for name in records.columns if name not in RECORD_COLUMNS and name not in set(plain)]
    table, statics = records, list[str]()
    all_drivers: list[Drivers] = []
    for join in section.join:
        if join.by in ("site", "position"):
            other, columns = _named(_source(covariates, join), join)
            before = set(table.columns)
            if join.by == "site":
                table = join_site(table, other, columns, where=join.source)
            else:
                table = join_position(table, other, columns, join.within_km, where=join.source)
            statics += [name for name in table.columns if name not in before]
        elif join.by == "site_month":
            all_drivers.append(_site_drivers(table, _source(covariates, join), join, months))
        else:
            table, names, drivers = _cell_drivers(table, cube, join, supports)
            statics += names
            all_drivers.append(drivers)
    if known_until is not None:
        all_drivers = [_known(drivers, known_until) for drivers in all_drivers]
    derived: dict[str, Floats] = {}
    for drivers in all_drivers:
        new = _derive(drivers, table, section)
        if both := sorted(set(new) & {*derived, *table.columns}):
            raise CubeError("two joins bring the same feature", where="targets.join", found=", ".join(both))
        derived |= new
    derived |= {f"at_{name}": _coordinate(table, name) for name in section.coordinates}
    table = table.with_columns(pl.Series(name, values) for name, values in derived.items())
    features = _chosen([*own, *statics, *derived], section, strict=strict)
    table = table.with_columns(pl.col(name).cast(pl.Float64).fill_null(float("nan")) for name in features)
    return TargetTable(table, features, tuple(dict.fromkeys(s for s in statics if s in features)), tuple(all_drivers))


def sample_time(table: pl.DataFrame, step: str) -> NDArray[np.datetime64]:
    """Return the first day of each record's month or year; a record that spans two belongs to its middle."""
    start = table["time_start"].to_numpy().astype("datetime64[us]")
    end = table["time_end"].to_numpy().astype("datetime64[us]")
    middle = np.where(np.isnat(end), start, start + (end - start) // 2)
    return middle.astype(f"datetime64[{'M' if step == 'month' else 'Y'}]").astype("datetime64[D]")


def _coordinate(table: pl.DataFrame, name: str) -> Floats:
    if name == "year":
        year = sample_time(table, "year").astype("datetime64[Y]")
        return np.where(np.isnat(year), np.nan, year.astype("int64") + 1970.0)
    return table[name].cast(pl.Float64).fill_null(float("nan")).to_numpy()


def _source(covariates: Mapping[str, pl.DataFrame], join: JoinSection) -> pl.DataFrame:
    if join.source not in covariates:
        raise CubeError(f"no source is called '{join.source}'", next_step=nearest(join.source, covariates))
    return covariates[join.source]


def _named(other: pl.DataFrame, join: JoinSection) -> tuple[pl.DataFrame, list[str]]:
    """Return the joined table with its covariates under the names they get, and these names."""
    names = covariate_columns(other, join.columns, where=join.source)
    keys = [name for name in RECORD_COLUMNS if name in other.columns]
    return other.select(*keys, *[pl.col(name).alias(join.prefix + name) for name in names]), [
        join.prefix + name for name in names
    ]


def _site_drivers(
    table: pl.DataFrame, other: pl.DataFrame, join: JoinSection, months: NDArray[np.datetime64]
) -> Drivers:
    other, names = _named(other, join)
    keyed = other.with_columns(site_key(pl.col("site")).alias("site"))
    series = SiteSeries.from_table(monthly_mean(keyed, names, min_count=_MIN_COUNT), names, months=months)
    site = table.select(site_key(pl.col("site")).fill_null(""))["site"].to_numpy().astype(str)
    index, step = series.locate(site, sample_time(table, "month"))
    return Drivers(series, index, step)


def _cell_drivers(
    table: pl.DataFrame, cube: xr.Dataset | None, join: JoinSection, supports: Supports | None
) -> tuple[pl.DataFrame, list[str], Drivers]:
    if cube is None:
        raise CubeError("records are joined by cell, and the study has no fields", where=join.source)
    present = [str(n) for n in cube.data_vars if cube[n].dims[-2:] == ("y", "x") and not str(n).endswith("_coverage")]
    for name in join.columns:
        if name not in present:
            raise CubeError(f"the cube has no '{name}'", next_step=nearest(name, present))
    names = list(join.columns) or [
        n for n in present if n.removesuffix(SIGMA) == n or n.removesuffix(SIGMA) not in present
    ]
    months = cube["time"].to_numpy().astype("datetime64[M]")
    lon, lat = table["lon"].to_numpy(), table["lat"].to_numpy()
    bound = bind(lon, lat, sample_time(table, "month"), np.nan, grid_of(cube), months)
    width = cube.sizes["x"]
    flat = np.where(bound.row >= 0, bound.row * width + bound.col, -1)
    if join.within_km > 0:
        flat = _nearest_cell(flat, lon, lat, grid_of(cube), join.within_km)
    seen = flat if supports is None else _seen(flat, table, supports, cube.sizes["y"] * width)
    places, index = np.unique(seen, return_inverse=True)
    index = index - int(len(places) > 0 and places[0] < 0)
    places = places[places >= 0]
    static = [name for name in names if "time" not in cube[name].dims]
    here = np.where(seen >= 0, index, -1)
    for name in static:
        values = pl.Series(np.append(_at_places(cube[name], places, supports), np.nan)[here])
        own = pl.col(join.prefix + name) if join.prefix + name in table.columns else pl.lit(None, pl.Float64)
        table = table.with_columns(own.fill_nan(None).fill_null(values).alias(join.prefix + name))
    monthly = {join.prefix + name: _at_places(cube[name], places, supports).T for name in names if name not in static}
    series = SiteSeries(places.astype(str), months, monthly)
    return table, [join.prefix + name for name in static], Drivers(series, here, bound.step, flat)


def cell_values(
    table: pl.DataFrame,
    cube: xr.Dataset,
    name: str,
    *,
    within_km: float = 0.0,
    known_until: np.datetime64 | None = None,
    supports: Supports | None = None,
) -> Floats:
    """Return a field of a cube at records, by their cell and month; NaN outside.

    Parameters
    ----------
    table : polars.DataFrame
        Record columns; a record that spans months belongs to its middle.
    cube : xarray.Dataset
    name : str
        A field with time.
    within_km : float
        Records outside the grid take the nearest cell within this distance [km].
    known_until : datetime64, optional
        Later months hold the climatology of those up to it: what a forecaster has.
    supports : Supports, optional
        Places that see more than their cell: the field is averaged over what they see.
    """
    join = JoinSection(source="cube", by="cell", within_km=within_km, columns=(name,))
    _, _, drivers = _cell_drivers(table, cube, join, supports)
    if known_until is not None:
        drivers = _known(drivers, known_until)
    return drivers.series.at(name, drivers.index, drivers.step)


def _nearest_cell(flat: Ints, lon: Floats, lat: Floats, grid: Grid, within_km: float) -> Ints:
    """Return flat cell numbers in which records outside the grid have the nearest cell within a distance."""
    cell_lon, cell_lat = grid.lonlat()
    outside = np.flatnonzero(flat < 0)
    index, distance = nearest_positions(lon[outside], lat[outside], cell_lon.ravel(), cell_lat.ravel())
    flat = flat.copy()
    flat[outside] = np.where(distance <= within_km, index, -1)
    return flat


def _seen(flat: Ints, table: pl.DataFrame, supports: Supports, cells: int) -> Ints:
    """Return what each record sees: its cell, or from the number of cells on a place of `supports`."""
    number = supports.find(table)
    return np.where(number >= 0, cells + number, flat)


def _at_places(array: xr.DataArray, places: Ints, supports: Supports | None) -> Floats:
    """Return values at what records see, shape (..., places): cells first, then averages over supports."""
    width = array.sizes["x"]
    first = array.sizes["y"] * width
    cells, numbers = places[places < first], places[places >= first] - first
    if supports is None or len(numbers) == 0:
        return _at_cells(array, cells, width)
    needed = np.union1d(cells, supports.cells(numbers))
    values = _at_cells(array, needed, width)
    plain = values[..., np.searchsorted(needed, cells)]
    return np.concatenate([plain, supports.average(values, needed, numbers)], axis=-1)


def _at_cells(array: xr.DataArray, cells: Ints, width: int) -> Floats:
    """Return values at flat cell numbers, shape (..., cells), reading only the rows and columns that hold them."""
    if len(cells) == 0:
        return np.empty((*array.shape[:-2], 0))
    rows, cols = cells // width, cells % width
    top, left = int(rows.min()), int(cols.min())
    box = array.isel(y=slice(top, int(rows.max()) + 1), x=slice(left, int(cols.max()) + 1))
    return np.asarray(box.to_numpy()[..., rows - top, cols - left], dtype=np.float64)


def _known(drivers: Drivers, until: np.datetime64) -> Drivers:
    months = drivers.series.months.astype("datetime64[M]")
    last = int((until.astype("datetime64[M]") - months[0]).astype(int))
    return replace(drivers, series=drivers.series.as_known_at(last))


def _derive(drivers: Drivers, table: pl.DataFrame, section: TargetSection) -> dict[str, Floats]:
    values = drivers.series.values
    if section.step == "month":
        return month_features(values, drivers.index, drivers.step, lags=section.lags, means=section.means)
    time = sample_time(table, "year").astype("datetime64[Y]")
    year = np.where(np.isnat(time), 0, time.astype("int64") + 1970)
    return year_features(values, drivers.series.months, drivers.index, year)


def _chosen(names: Iterable[str], section: TargetSection, *, strict: bool) -> tuple[str, ...]:
    known = list(dict.fromkeys(names))
    for pattern in (*section.features, *section.exclude) if strict else ():
        if not any(fnmatchcase(name, pattern) for name in known):
            raise CubeError(
                f"no feature matches '{pattern}'", where="targets.features", next_step=nearest(pattern, known)
            )
    kept = [n for n in known if not section.features or any(fnmatchcase(n, p) for p in section.features)]
    return tuple(n for n in kept if not any(fnmatchcase(n, p) for p in section.exclude))
