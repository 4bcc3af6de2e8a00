"""MODIS 8-day tables at tower sites: land surface temperature, EVI, LAI, NDWI; dates x sites."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from geocryoai.core.errors import SourceError, nearest
from geocryoai.core.units import to_canonical
from geocryoai.core.variables import variable
from geocryoai.sources._columns import within_valid
from geocryoai.sources._tabular import check_options, finish, numbers, read_csv
from geocryoai.sources.base import SourceData, SourceInfo

#: House name -> file. All files are tables of dates x sites.
FILES = {
    "lst_day": "MODIS_Day_LST_8day_QC.csv",
    "lst_night": "MODIS_Night_LST_8day_QC.csv",
    "evi": "MODIS_EVI_8day_QC.csv",
    "lai": "MODIS_LAI_8day_QC.csv",
    "ndwi": "MODIS_NDWI_8day_QC.csv",
}

COORDINATES = "all_site_coords.csv"

#: Site names that differ from those of the flux files by more than case and hyphen.
ALIASES = {"US-Ics": "US-ICs", "JP-Swl": "JP-SwL", "PH-RIf": "PH-RiF", "MAERC": "US-MAC"}

NAMES = ("lst", *FILES)


class Modis8Day:
    """Reader of the folder of tables."""

    info = SourceInfo(
        name="modis_8day",
        title="MODIS 8-day land surface temperature, EVI, LAI and NDWI at tower sites, 2000-2018",
        kind="covariates",
        licence="openly published upstream, no explicit licence on this copy: cite, do not re-host",
        citation="MODIS collection 8-day products, NASA LP DAAC",
        formats=("folder of csv",),
        covariates={name: variable(name).unit for name in NAMES},
        quirks=(
            "Land surface temperature is in degC although it is documented as kelvin: the unit is told by the values.",
            "The day and the night file of temperature are the same file: it is put out as lst, not as day or night.",
            "Periods begin anew each 1 January, so the last one of a year is shorter than 8 days.",
            "Two dates are absent from the LAI file; two sites have no coordinates.",
        ),
    )

    def read(self, path: Path, *, source: str, options: Mapping[str, Any], targets: bool = True) -> SourceData:
        """Read the folder; it has no options and measures no target, so `targets` changes nothing.

        A record is one site in one 8-day period; `source_row` counts the periods, and `source` is the folder, since
        a record unites all files.
        """
        check_options(options, {}, where=source)
        if not path.is_dir():
            raise SourceError("not a folder", where=source, expected=f"a folder with {', '.join(FILES.values())}")
        tables, taken, raw = {}, [], {}
        for name, file in FILES.items():
            where = f"{source}/{file}"
            raw[name] = read_csv(path / file, where=where, columns=["Date"])
            tables[name], gone = _long(raw[name], name, where)
            taken += gone
        notes = []
        if raw["lst_day"].equals(raw["lst_night"]):
            tables["lst"] = tables.pop("lst_day").rename({"lst_day": "lst"})
            del tables["lst_night"]
            notes.append(
                "the day and night files of land surface temperature are the same: read as lst, overpass unknown"
            )
        records = _united(tables)
        if "lst" not in records.columns:
            records = records.with_columns(lst=(pl.col("lst_day") + pl.col("lst_night")) / 2)
        lost = [name for name in NAMES if name not in records.columns]
        records = records.with_columns(pl.lit(None, dtype=pl.Float64).alias(name) for name in lost)
        records, unplaced = _placed(records, path, source)
        notes += [f"no coordinates: {', '.join(unplaced)}"] if unplaced else []
        columns = ["source_row", "site", "lon", "lat", "time_start", "time_end", *NAMES]
        return finish(self.info, records.select(columns).with_columns(source=pl.lit(source)), [], taken, notes)


def _long(table: pl.DataFrame, name: str, where: str) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """Return one file as rows of date, site and value in the canonical unit."""
    dates = table["Date"].str.to_date("%m/%d/%Y", strict=False)
    if dates.is_null().any():
        row = int(dates.is_null().arg_true()[0])
        raise SourceError(
            f"column 'Date', data row {row}: not a date",
            where=where,
            found=repr(table["Date"][row]),
            expected="m/d/yyyy",
        )
    if dates.is_duplicated().any():
        raise SourceError("a date is given twice", where=where, found=str(dates.filter(dates.is_duplicated())[0]))
    sites = [column for column in table.columns if column != "Date"]
    values, taken = {}, []
    for site in sites:
        values[site], gone = numbers(table, site, source=where, variable=name)
        taken.append(gone)
    long = pl.DataFrame(values).with_columns(date=dates).unpivot(index="date", variable_name="site", value_name=name)
    if name.startswith("lst"):
        unit = temperature_unit(long[name], where)
        long = long.with_columns(pl.Series(name, to_canonical(long[name].to_numpy(), unit, name)).fill_nan(None))
    checked, gone = within_valid(long[name], long[name], source=where)
    return long.with_columns(checked), [*taken, gone]


def temperature_unit(values: pl.Series, where: str) -> str:
    """Return the unit that the values of a land surface temperature fit, kelvin or degC.

    Raises
    ------
    SourceError
        The values fit neither (a packed product, for example), or there are none.
    """
    given = values.drop_nulls().to_numpy()
    for unit, low, high in (("degC", -90.0, 80.0), ("kelvin", 183.15, 353.15)):
        if given.size and low <= given.min() and given.max() <= high:
            return unit
    raise SourceError(
        "land surface temperature fits neither kelvin nor degC",
        where=where,
        found=f"{given.min():g} to {given.max():g}" if given.size else "no values",
        expected="183 to 353 (kelvin) or -90 to 80 (degC)",
    )


def _united(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Return one row for each date and site of any file."""
    keys = pl.concat([table.select("date", "site") for table in tables.values()]).unique().sort("date", "site")
    for table in tables.values():
        keys = keys.join(table, on=["date", "site"], how="left", maintain_order="left")
    row = pl.col("date").rank("dense").cast(pl.Int64) - 1
    start = pl.col("date").cast(pl.Datetime("us"))
    new_year = pl.datetime(pl.col("date").dt.year() + 1, 1, 1)
    end = pl.min_horizontal(start.dt.offset_by("8d"), new_year)
    return keys.with_columns(source_row=row, time_start=start, time_end=end)


def _placed(records: pl.DataFrame, path: Path, source: str) -> tuple[pl.DataFrame, list[str]]:
    """Return the records with house site names and coordinates, and the sites that have none."""
    where = f"{source}/{COORDINATES}"
    table = read_csv(path / COORDINATES, where=where, columns=["ID", "LAT", "LON"])
    lon, _ = numbers(table, "LON", source=where)
    lat, _ = numbers(table, "LAT", source=where)
    places = pl.DataFrame({"key": table["ID"], "lon": lon, "lat": lat}).unique("key", keep="first", maintain_order=True)
    key = pl.col("site").str.replace_all("-", "").str.to_uppercase().alias("key")
    records = records.with_columns(key).join(places, on="key", how="left", maintain_order="left").drop("key")
    unplaced = sorted(records.filter(pl.col("lon").is_null())["site"].unique())
    if len(unplaced) == records["site"].n_unique():
        raise SourceError("no site has coordinates", where=where, next_step=nearest(unplaced[0], places["key"]))
    return records.with_columns(pl.col("site").replace(ALIASES)), unplaced


READER = Modis8Day()
