"""ERA5 and ERA5-Land NetCDF of the Copernicus Climate Data Store: hourly, daily or monthly."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import xarray as xr

from geocryoai.core.variables import Direction, variable
from geocryoai.sources._fields import house_attributes
from geocryoai.sources._layout import Accumulation, LayerLayout, Layout, TimeLayout
from geocryoai.sources._product import Product
from geocryoai.sources.base import SourceInfo

#: Depths of water, as the files spell them.
_WATER = {"m of water equivalent": ("m", 1.0)}


def _state(path: str, house: str, name: str | None = None) -> LayerLayout:
    return LayerLayout(
        path=path, variable=house, name=name, unit_from="file", spellings=_WATER, statistic="time: mean", optional=True
    )


def _sum(path: str, house: str, accumulated: Accumulation, positive: Direction | None = None) -> LayerLayout:
    return LayerLayout(
        path=path, variable=house, unit_from="file", spellings=_WATER, positive=positive, accumulated=accumulated,
        statistic="time: mean", optional=True,
    )  # fmt: skip


def _layers(accumulated: Accumulation) -> dict[str, LayerLayout]:
    return {
        "t2m": _state("t2m", "tas"),
        "sp": _state("sp", "ps"),
        "sd": _state("sd", "swe"),
        "sde": _state("sde", "snd"),
        "stl1": _state("stl1", "ts", "ts_0_7cm"),
        "swvl1": _state("swvl1", "sm", "sm_0_7cm"),
        "u10": LayerLayout(path="u10", name="wind_east", unit="m s-1", unit_from="file", optional=True),
        "v10": LayerLayout(path="v10", name="wind_north", unit="m s-1", unit_from="file", optional=True),
        "tp": _sum("tp", "pr", accumulated),
        "ssrd": _sum("ssrd", "rsds", accumulated, "down"),
        "strd": _sum("strd", "rlds", accumulated, "down"),
    }


def wind_speed(fields: xr.Dataset) -> xr.Dataset:
    """Return fields with the wind speed instead of its two components."""
    if not {"wind_east", "wind_north"} <= set(fields.data_vars):
        return fields
    east, north = fields["wind_east"], fields["wind_north"]
    speed = xr.ufuncs.sqrt(east**2 + north**2).astype(np.float32)
    attributes = {**house_attributes(variable("wind")), "cell_methods": "time: mean", "grid_mapping": "crs"}
    return fields.drop_vars(["wind_east", "wind_north"]).assign(wind=speed.assign_attrs(attributes))


_COMMON = (
    "The axis is time or valid_time; the dimensions number and expver are taken out, final values before preliminary.",
    "Hourly accumulations stand at the end of their hour: each record is the hour before its stamp.",
    "Daily and monthly files hold amounts per day.",
    "Daily values that stand at the end of their day (ERA5-Land at 00 UTC) need time: {interval: day, stamp: end}.",
)


def _product(info: SourceInfo, accumulated: Accumulation) -> Product:
    """Return one of the two products: they differ in their terms, and in what an hourly sum is a sum over."""
    return Product(
        replace(info, quirks=(*info.quirks, *_COMMON)),
        Layout(container="netcdf", files=r"\.nc$", layers=_layers(accumulated), time=TimeLayout(stamp="end")),
        derived={"wind": "m s-1"},
        derive=wind_speed,
        inner=("wind_east", "wind_north"),
    )


_TERMS = {
    "kind": "fields", "licence": "CC BY 4.0 (Copernicus)", "formats": ("nc",),
    "url": "https://cds.climate.copernicus.eu",
}  # fmt: skip

ERA5 = _product(
    SourceInfo(
        name="era5",
        title="ERA5: air temperature, precipitation, radiation, snow, soil and wind at 0.25 degree, from 1940",
        citation="Hersbach et al. (2020), The ERA5 global reanalysis, Q. J. R. Meteorol. Soc. 146, 1999-2049",
        doi="10.24381/cds.adbb2d47",
        quirks=("Accumulations (tp, ssrd, strd) are sums over an hour, and refused where hours are left out.",),
        **_TERMS,  # type: ignore[arg-type]
    ),
    "hour",
)

ERA5_LAND = _product(
    SourceInfo(
        name="era5_land",
        title="ERA5-Land: air temperature, precipitation, radiation, snow, soil and wind at 0.1 degree, from 1950",
        citation="Muñoz-Sabater et al. (2021), ERA5-Land, Earth Syst. Sci. Data 13, 4349-4383",
        doi="10.24381/cds.e2161bac",
        quirks=("Accumulations (tp, ssrd, strd) add up from midnight UTC; at 00 UTC stands the whole day before.",),
        **_TERMS,  # type: ignore[arg-type]
    ),
    "day",
)
