"""Where the cells of a reader's field lie: CRS, centres and edges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geocryoai.core.errors import CubeError, GridError
from geocryoai.core.projection import read_crs, transformer
from geocryoai.cube.overlap import edges_of

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from geocryoai.core.grid import Grid

    Floats = NDArray[np.float64]

#: Length of one degree of latitude on the sphere of 6371 km [m]; only used to compare cell sizes.
DEGREE_M = 111_195.0

_AXES = (("y", "x"), ("lat", "lon"), ("latitude", "longitude"))


@dataclass(frozen=True)
class SourceAxes:
    """The horizontal axes of a field, in file order.

    Attributes
    ----------
    crs : str
        WKT, PROJ string or code.
    y_name, x_name : str
        Dimensions of the field.
    y, x : array of float
        Cell centres, strictly monotonic, in the unit of the CRS.
    """

    crs: str
    y_name: str
    x_name: str
    y: Floats
    x: Floats

    @classmethod
    def of(cls, fields: xr.Dataset, where: str = "fields") -> SourceAxes:
        """Return the axes of a reader's fields.

        Raises
        ------
        CubeError
            No ``crs`` coordinate, no known pair of axes, or an axis that is not monotonic.
        """
        for y_name, x_name in _AXES:
            if y_name in fields.dims and x_name in fields.dims:
                break
        else:
            found = ", ".join(map(str, fields.dims))
            raise CubeError("no horizontal axes", where=where, found=f"{found}", expected="y and x, or lat and lon")
        y, x = (np.asarray(fields[name].values, float) for name in (y_name, x_name))
        crs = _crs_of(fields, where)
        if read_crs(crs).is_geographic != (y_name != "y"):
            raise CubeError(
                "the axes do not fit the CRS", where=where, found=f"{y_name} and {x_name} with {read_crs(crs).name}",
                expected="y and x for a projected CRS, lat and lon for a geographic one",
            )  # fmt: skip
        if read_crs(crs).is_geographic:
            x = np.unwrap(x, period=360.0)
        edges_of(y, f"{where}, axis {y_name}")
        edges_of(x, f"{where}, axis {x_name}")
        return cls(crs, y_name, x_name, y, x)

    @property
    def is_geographic(self) -> bool:
        """Tell whether the axes are latitude and longitude."""
        return bool(read_crs(self.crs).is_geographic)

    @property
    def y_edges(self) -> Floats:
        """Return the cell edges along y; latitudes end at the poles."""
        edges = edges_of(self.y, self.y_name)
        return np.clip(edges, -90, 90) if self.is_geographic else edges

    @property
    def x_edges(self) -> Floats:
        """Return the cell edges along x."""
        return edges_of(self.x, self.x_name)

    @property
    def is_global(self) -> bool:
        """Tell whether the longitudes close round the Earth."""
        edges = self.x_edges
        return self.is_geographic and abs(abs(edges[-1] - edges[0]) - 360.0) < 1e-3

    def spacing(self, latitude: float) -> tuple[float, float]:
        """Return the median cell size (along y, along x) [m], at a latitude [degree] for geographic axes."""
        dy, dx = (float(np.median(np.abs(np.diff(axis)))) for axis in (self.y, self.x))
        if self.is_geographic:
            return dy * DEGREE_M, dx * DEGREE_M * max(float(np.cos(np.radians(latitude))), 0.05)
        return dy, dx


def same_crs(source: str, grid: Grid) -> bool:
    """Tell whether a CRS places the points of a grid where the grid's own CRS does, to a millionth of a cell."""
    if read_crs(source).is_geographic != read_crs(grid.crs).is_geographic:
        return False
    x, y = np.meshgrid(grid.x[[0, grid.width // 2, -1]], grid.y[[0, grid.height // 2, -1]])
    moved_x, moved_y = transformer(grid.crs, source).transform(x, y)
    east = moved_x - x
    if read_crs(source).is_geographic:
        east = (east + 180.0) % 360.0 - 180.0
    return bool(np.all(np.hypot(east, moved_y - y) < 1e-6 * grid.resolution))


def _crs_of(fields: xr.Dataset, where: str) -> str:
    if "crs" not in fields.coords:
        raise CubeError(
            "the fields have no CRS", where=where, expected="a scalar coordinate 'crs' that holds the CRS as WKT"
        )
    coordinate = fields.coords["crs"]
    text = str(coordinate.attrs.get("crs_wkt", coordinate.values.item()))
    try:
        read_crs(text)
    except GridError as error:
        raise CubeError("the CRS cannot be used", where=where, found=text[:80]) from error
    return text
