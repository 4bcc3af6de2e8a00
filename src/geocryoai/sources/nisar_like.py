"""Reader of gridded radar products in HDF5 laid out as NISAR's (GUNW, GSLC), through declared paths.

Options
-------
group : str
    Group that holds the images and their axes.
layers : mapping
    House name, or a name of its own -> data set in the group. A complex image is read as ``NAME_real``, ``NAME_imag``.
x, y, projection : str
    Axes at the centres of pixels, and the data set whose attribute ``epsg_code`` states the CRS; in the group, or in
    one of those that it lies in (products differ).
start, end : str
    ISO dates of acquisition; without them the fields have no time.
block : int
    Rows and columns read at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from geocryoai.core.calendar import parse_date
from geocryoai.core.errors import SourceError, nearest
from geocryoai.core.projection import read_crs
from geocryoai.sources._fields import field_data, house_form, time_coordinates
from geocryoai.sources._tabular import check_options
from geocryoai.sources.base import SourceData, SourceInfo

if TYPE_CHECKING:
    import h5py
    import xarray as xr
    from numpy.typing import NDArray

_DEFAULTS: dict[str, Any] = {
    "group": "science/LSAR/GUNW/grids/frequencyA/unwrappedInterferogram/HH",
    "layers": {"unwrapped_phase": "unwrappedPhase", "coherence": "coherenceMagnitude"},
    "x": "xCoordinates",
    "y": "yCoordinates",
    "projection": "projection",
    "start": "",
    "end": "",
    "block": 1024,
}

INFO = SourceInfo(
    name="nisar_like",
    title="Gridded radar in HDF5 laid out as NISAR's products (GUNW, GSLC), through declared paths",
    kind="fields",
    licence="NISAR: open; other products as their provider says",
    citation="NASA/ISRO, NISAR L2 products, Alaska Satellite Facility DAAC",
    formats=("h5",),
    covariates={"unwrapped_phase": "rad", "coherence": "1"},
    url="https://nisar.jpl.nasa.gov",
    quirks=(
        "Only the declared layout is known to this reader: paths can be changed, a missing attribute is an error.",
        "The CRS is the attribute epsg_code of the projection; the unit is the attribute units of the image.",
        "Fill values are those of the attribute _FillValue; complex NaN and NaN are missing.",
    ),
)


class NisarLikeReader:
    """Reader of HDF5 grids; see the module's text for the options."""

    info = INFO

    def read(self, path: Path, *, source: str, options: Mapping[str, Any], targets: bool = True) -> SourceData:
        """Read the declared images lazily; see `Reader.read`."""
        import h5py
        import xarray as xr

        chosen = check_options(options, _DEFAULTS, "nisar_like")
        if not path.is_file():
            raise SourceError("the file does not exist", where=source, found=path.name)
        try:
            file = h5py.File(path, "r")
        except OSError as error:
            raise SourceError("not an HDF5 file, or a truncated one", where=source, found=str(error)) from error
        with file:
            group = _group(file, str(chosen["group"]), source)
            crs = _crs(group, str(chosen["projection"]), source)
            names = ("lat", "lon") if read_crs(crs).is_geographic else ("y", "x")
            axes = {
                name: np.asarray(_around(group, str(chosen[key]), source)[()], np.float64)
                for name, key in zip(names, ("y", "x"), strict=True)
            }
            layers: dict[str, xr.DataArray] = {}
            for name, inside in dict(chosen["layers"]).items():
                layers |= _layer(path, group, str(inside), str(name), axes, int(chosen["block"]), source)
        fields = xr.Dataset(layers, coords=axes)
        if chosen["start"]:
            start = parse_date(str(chosen["start"]))
            end = parse_date(str(chosen["end"] or chosen["start"])) + 1
            fields = fields.expand_dims("time").assign_coords(
                time_coordinates(np.array([start]), np.array([end]), source)
            )
        return field_data(INFO, house_form(fields, crs, source), [])


READER = NisarLikeReader()


def _group(file: h5py.File, name: str, where: str) -> h5py.Group:
    """Return a group, or say at which part of its path the file ends."""
    import h5py

    here: Any = file
    for part in name.strip("/").split("/"):
        if not isinstance(here, h5py.Group) or part not in here:
            there = list(here) if isinstance(here, h5py.Group) else []
            raise SourceError(
                f"the group '{name}' is absent", where=f"{where}{getattr(here, 'name', '')}",
                next_step=f"Declare group; {nearest(part, there)}",
            )  # fmt: skip
        here = here[part]
    if not isinstance(here, h5py.Group):
        raise SourceError("a data set where a group was declared", where=f"{where}, {name}")
    return here


def _dataset(group: h5py.Group, name: str, where: str) -> h5py.Dataset:
    if name not in group:
        raise SourceError(f"data set '{name}' is absent", where=f"{where}{group.name}", next_step=nearest(name, group))
    return group[name]


def _around(group: h5py.Group, name: str, where: str) -> h5py.Dataset:
    """Return a data set of the group, or of the nearest group around it that has one of that name."""
    here = group
    while name not in here and here.name != "/":
        here = here.parent
    return here[name] if name in here else _dataset(group, name, where)


def _crs(group: h5py.Group, name: str, where: str) -> str:
    projection = _around(group, name, where)
    if "epsg_code" not in projection.attrs:
        raise SourceError(
            "the projection has no attribute epsg_code", where=f"{where}{projection.name}",
            found=", ".join(projection.attrs) or "no attribute",
        )  # fmt: skip
    return f"EPSG:{int(projection.attrs['epsg_code'])}"


def _layer(
    path: Path,
    group: h5py.Group,
    inside: str,
    name: str,
    axes: Mapping[str, NDArray[np.float64]],
    block: int,
    where: str,
) -> dict[str, xr.DataArray]:
    """Return an image as one lazy field, or as two where it is complex."""
    import dask.array
    import xarray as xr

    data = _dataset(group, inside, where)
    shape = tuple(values.size for values in axes.values())
    if data.shape != shape:
        raise SourceError(
            "the image does not fit its axes", where=f"{where}{data.name}", found=data.shape, expected=shape
        )
    if "units" not in data.attrs:
        raise SourceError("the image has no attribute units", where=f"{where}{data.name}")
    units = data.attrs["units"]
    unit = units.decode() if isinstance(units, bytes) else str(units)
    unit = {"radians": "rad", "radian": "rad", "": "1", "unitless": "1", "DN": "1", "meters": "m"}.get(unit, unit)
    fill = data.attrs.get("_FillValue")
    kind = np.dtype(np.complex64 if data.dtype.kind == "c" else np.float32)
    place, chunks = data.name, tuple(tuple(min(block, n - i) for i in range(0, n, block)) for n in shape)

    def read(block_info: Any = None) -> NDArray[Any]:
        import h5py

        (top, bottom), (left, right) = block_info[None]["array-location"]
        with h5py.File(path, "r") as file:
            values: NDArray[Any] = file[place][top:bottom, left:right].astype(kind)
        if fill is not None:
            values[values == kind.type(np.asarray(fill).reshape(-1)[0])] = np.nan
        return values

    lazy = dask.array.map_blocks(read, chunks=chunks, dtype=kind, meta=np.empty((0, 0), kind))  # type: ignore[no-untyped-call]
    array = xr.DataArray(lazy, dims=tuple(axes), attrs={"units": unit, "long_name": name.replace("_", " ")})
    if kind.kind == "c":
        return {
            f"{name}_real": array.real.assign_attrs(array.attrs),
            f"{name}_imag": array.imag.assign_attrs(array.attrs),
        }
    return {name: array}
