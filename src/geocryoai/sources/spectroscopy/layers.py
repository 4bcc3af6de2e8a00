"""Layers beside the radiance: observation geometry, locations, raw map coordinates and water."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from geocryoai.core.errors import SourceError
from geocryoai.sources.envi import open_envi

if TYPE_CHECKING:
    import xarray as xr

#: Bands of an `obs` layer, in the order of all deliveries: name and unit where the header gives none.
OBSERVATION = (
    ("path_length", "m"), ("to_sensor_azimuth", "degree"), ("to_sensor_zenith", "degree"), ("to_sun_azimuth", "degree"),
    ("to_sun_zenith", "degree"), ("solar_phase", "degree"), ("slope", "degree"), ("aspect", "degree"),
    ("cosine_i", "1"), ("utc_time", "h"), ("earth_sun_distance", "au"),
)  # fmt: skip

_BANDS = {
    "obs": OBSERVATION,
    "loc": (("lon", "degrees_east"), ("lat", "degrees_north"), ("elevation", "m")),
    "igm": (("easting", "m"), ("northing", "m"), ("elevation", "m")),
    "h2o": (("water_vapour", "cm"), ("liquid_water", "cm"), ("ice", "cm")),
}

#: Unit in the brackets of a band name -> canonical unit and factor; degrees are canonical for angles.
_UNITS = {"rad": ("degree", 180.0 / np.pi), "radians": ("degree", 180.0 / np.pi), "deg": ("degree", 1.0),
          "degrees": ("degree", 1.0), "m": ("m", 1.0), "km": ("m", 1000.0)}  # fmt: skip

_BRACKET = re.compile(r"\(([^)]*)\)\s*$")

#: Value that stands for no data where the header names none.
_IGNORED = -9999.0


def read_layer(path: Path, kind: str, where: str | None = None) -> xr.Dataset:
    """Read one of the layers ``obs``, ``loc``, ``igm`` or ``h2o`` of an AVIRIS delivery.

    Angles are in degrees whatever the band names say: deliveries give the slope in degrees or in radians.

    Returns
    -------
    xarray.Dataset
        One variable for each band on ``line, sample``, with units; missing values are NaN.

    Raises
    ------
    SourceError
        Too few bands, or a location that is none.
    """
    import xarray as xr

    where = where or str(path)
    raster = open_envi(path, where)
    expected = _BANDS[kind]
    if raster.header.bands < len(expected):
        raise SourceError(
            f"the layer '{kind}' has too few bands", where=where, found=raster.header.bands, expected=len(expected)
        )
    ignore = _IGNORED if raster.header.ignore is None else raster.header.ignore
    data = {}
    for band, (name, unit) in enumerate(expected):
        values = raster.block(bands=slice(band, band + 1))[:, :, 0].astype(np.float64)
        values[values == ignore] = np.nan
        label = raster.header.band_names[band] if band < len(raster.header.band_names) else ""
        found = _BRACKET.search(label)
        unit, factor = _UNITS.get(found[1].strip().lower(), (unit, 1.0)) if found else (unit, 1.0)
        data[name] = (("line", "sample"), values * factor, {"units": unit, "long_name": label or name})
    layer = xr.Dataset(data)
    if kind == "loc":
        beyond = float(np.nanmax(np.abs(layer["lat"].values), initial=0.0))
        if beyond > 90:
            raise SourceError("latitudes beyond the poles", where=where, found=beyond, next_step="Is it an igm layer?")
    return layer
