"""Daymet version 4: daily weather of North America at 1 km."""

from __future__ import annotations

import numpy as np
import xarray as xr

from geocryoai.core.units import convert
from geocryoai.core.variables import variable
from geocryoai.sources._fields import house_attributes
from geocryoai.sources._layout import LayerLayout, Layout
from geocryoai.sources._product import Product
from geocryoai.sources.base import SourceInfo


def _layer(path: str, house: str) -> LayerLayout:
    return LayerLayout(
        path=path, variable=house, unit_from="file", statistic="time: mean", optional=True, file=rf"_{path}_|_all_"
    )


def daily_means(fields: xr.Dataset) -> xr.Dataset:
    """Return fields with the mean temperature and the radiation of the whole day.

    Radiation in the file is the mean of the hours of daylight; times the length of daylight over 24 h it is the day's.
    """
    if {"tasmin", "tasmax"} <= set(fields.data_vars):
        mean = ((fields["tasmin"] + fields["tasmax"]) / 2).astype(np.float32)
        fields = fields.assign(tas=mean.assign_attrs(_attributes("tas")))
    if {"srad_daylight", "day_length"} <= set(fields.data_vars):
        day = float(convert(1.0, "day", "s"))
        whole = (fields["srad_daylight"] * fields["day_length"] / day).astype(np.float32)
        fields = fields.assign(rsds=whole.assign_attrs(_attributes("rsds")))
    return fields


def _attributes(house: str) -> dict[str, str]:
    return {**house_attributes(variable(house)), "cell_methods": "time: mean", "grid_mapping": "crs"}


READER = Product(
    SourceInfo(
        name="daymet",
        title="Daymet v4: daily temperature, precipitation, radiation, vapour pressure and snow at 1 km, from 1980",
        kind="fields",
        licence="NASA EOSDIS open data, with citation",
        citation="Thornton et al. (2022), Daymet: Daily Surface Weather Data on a 1-km Grid for North America, V4 R1",
        formats=("nc",),
        doi="10.3334/ORNLDAAC/2129",
        url="https://daymet.ornl.gov",
        quirks=(
            "Years have 365 days: 31 December of a leap year is absent.",
            "Radiation is the mean of the hours of daylight; rsds is that of the day, made where dayl is there too.",
            "tas is the mean of the daily extremes.",
            "The CRS (Lambert conformal) is taken from the file; axes in kilometres become metres.",
        ),
    ),
    Layout(
        container="netcdf",
        files=r"\.nc4?$",
        layers={
            "tmax": _layer("tmax", "tasmax"),
            "tmin": _layer("tmin", "tasmin"),
            "prcp": _layer("prcp", "pr"),
            "vp": _layer("vp", "vp"),
            "swe": _layer("swe", "swe"),
            "srad": LayerLayout(
                path="srad", name="srad_daylight", unit="W m-2", unit_from="file", optional=True,
                statistic="time: mean", file="_srad_|_all_",
            ),
            "dayl": LayerLayout(
                path="dayl", name="day_length", unit="s d-1", unit_from="file", spellings={"s": ("s d-1", 1.0)},
                optional=True, statistic="time: mean", file="_dayl_|_all_",
            ),
        },
    ),
    derived={"tas": "degC", "rsds": "W m-2"},
    derive=daily_means,
)  # fmt: skip
