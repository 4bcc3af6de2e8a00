"""Regular grids: where each cell is, how large it is, and which cell a point falls in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from pyproj import CRS, Transformer

from geocryoai.core.errors import GridError, nearest
from geocryoai.core.projection import LONLAT, is_equal_area, read_crs, semi_axes, transformer

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

#: Most cells that a grid made from bounds may have unless the caller asks for more.
MAX_CELLS = 100_000_000

#: Part of a cell by which two edges may differ and still count as the same edge.
_SNAP = 1e-6


@dataclass(frozen=True)
class Grid:
    """A grid of square cells, rows from north to south (row 0 at the top), columns from west to east.

    Attributes
    ----------
    crs : str
        Code (``"EPSG:3338"``), WKT or PROJ string.
    left, top : float
        Outer edges of the first column and the first row [m, or degrees where the CRS is geographic].
    resolution : float
        Side of a cell [m or degrees].
    width, height : int
        Number of columns and rows.

    Examples
    --------
    >>> grid = Grid("EPSG:3338", left=0.0, top=2000.0, resolution=1000.0, width=3, height=2)
    >>> grid.bounds
    (0.0, 0.0, 3000.0, 2000.0)
    >>> grid.y.tolist()
    [1500.0, 500.0]
    """

    crs: str
    left: float
    top: float
    resolution: float
    width: int
    height: int

    def __post_init__(self) -> None:
        """Check that the grid can exist."""
        crs = read_crs(self.crs)
        if not (np.isfinite(self.resolution) and self.resolution > 0):
            raise GridError("the resolution must be positive", found=self.resolution)
        if not (np.isfinite(self.left) and np.isfinite(self.top)):
            raise GridError("the corner of a grid must be finite", found=f"left {self.left}, top {self.top}")
        for name, count in (("width", self.width), ("height", self.height)):
            if not isinstance(count, (int, np.integer)) or count < 1:
                raise GridError(f"the {name} must be a whole number of cells, at least 1", found=count)
        left, bottom, right, top = self.bounds
        tolerance = _SNAP * self.resolution
        if crs.is_geographic and (top > 90 + tolerance or bottom < -90 - tolerance or right - left > 360 + tolerance):
            raise GridError(
                "the grid reaches beyond the globe",
                found=f"latitude {bottom:g} to {top:g}, {right - left:g} degrees of longitude",
                next_step="Choose a resolution that divides 90 degrees, or smaller bounds.",
            )

    @classmethod
    def from_bounds(
        cls,
        crs: str,
        bounds: tuple[float, float, float, float],
        resolution: float,
        *,
        equal_area: bool = False,
        limit: int = MAX_CELLS,
    ) -> Self:
        """Return the smallest grid that covers the bounds, its edges on multiples of the resolution.

        Parameters
        ----------
        crs : str
        bounds : tuple of float
            Left, bottom, right, top [unit of the CRS].
        resolution : float
            Side of a cell [unit of the CRS].
        equal_area : bool
            Refuse a CRS that does not keep area.
        limit : int
            Refuse a grid of more cells than this.

        Raises
        ------
        GridError
            The CRS, resolution or bounds cannot be used, or there would be too many cells.
        """
        if equal_area and not is_equal_area(crs):
            raise GridError(
                "the CRS does not keep area",
                found=f"'{crs}' ({read_crs(crs).name})",
                expected="an equal-area CRS such as EPSG:3338, ESRI:102001 or EPSG:6931",
            )
        left, bottom, right, top = bounds
        if not (left < right and bottom < top):
            raise GridError(
                "the bounds are inverted or empty",
                found=bounds,
                expected="(left, bottom, right, top) with left < right",
            )
        if not resolution > 0:
            raise GridError("the resolution must be positive", found=resolution)
        first_column, last_column = _snap_outward(left, right, resolution)
        first_row, last_row = _snap_outward(bottom, top, resolution)
        width, height = last_column - first_column, last_row - first_row
        if width * height > limit:
            raise GridError(
                "the grid has too many cells",
                found=f"{width} x {height} = {width * height}",
                expected=f"at most {limit}",
                next_step="Use a coarser resolution or a smaller region.",
            )
        return cls(
            crs, float(first_column * resolution), float(last_row * resolution), float(resolution), width, height
        )

    @classmethod
    def from_lonlat_box(
        cls,
        crs: str,
        west: float,
        south: float,
        east: float,
        north: float,
        resolution: float,
        *,
        equal_area: bool = False,
        limit: int = MAX_CELLS,
    ) -> Self:
        """Return the smallest grid that covers a box of longitude and latitude [degrees]; see `from_bounds`.

        The box runs eastward from `west` to `east`; where `west` is larger, it crosses the antimeridian.
        """
        if not (-90 <= south < north <= 90):
            raise GridError("the latitudes are inverted or impossible", found=f"south {south}, north {north}")
        if not (-180 <= west <= 360 and -180 <= east <= 360 and west != east):
            raise GridError("the longitudes are impossible", found=f"west {west}, east {east}")
        span = east - west if east > west else east - west + 360
        if read_crs(crs).is_geographic:
            bounds = (west, south, west + span, north)
        else:
            bounds = _projected_bounds(crs, west, west + span, south, north)
        return cls.from_bounds(crs, bounds, resolution, equal_area=equal_area, limit=limit)

    @classmethod
    def from_dict(cls, entries: Mapping[str, Any]) -> Self:
        """Return the grid that `to_dict` described."""
        known = [field.name for field in fields(cls)]
        for name in entries:
            if name not in known:
                raise GridError(f"a grid has no '{name}'", next_step=nearest(name, known))
        missing = [name for name in known if name not in entries]
        if missing:
            raise GridError("a grid is not fully described", found=f"no {', '.join(missing)}")
        return cls(**entries)

    def to_dict(self) -> dict[str, Any]:
        """Return the six attributes, ready for JSON or YAML."""
        return asdict(self)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.height, self.width

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Left, bottom, right, top [unit of the CRS]."""
        right = self.left + self.width * self.resolution
        return self.left, self.top - self.height * self.resolution, right, self.top

    @property
    def x_edges(self) -> Floats:
        """Edges of the columns, ascending, shape (width + 1,)."""
        return self.left + self.resolution * np.arange(self.width + 1, dtype=np.float64)

    @property
    def y_edges(self) -> Floats:
        """Edges of the rows, descending, shape (height + 1,)."""
        return self.top - self.resolution * np.arange(self.height + 1, dtype=np.float64)

    @property
    def x(self) -> Floats:
        """Centres of the columns, ascending, shape (width,)."""
        return self.left + self.resolution * (np.arange(self.width, dtype=np.float64) + 0.5)

    @property
    def y(self) -> Floats:
        """Centres of the rows, descending, shape (height,)."""
        return self.top - self.resolution * (np.arange(self.height, dtype=np.float64) + 0.5)

    def cell_area(self) -> Floats:
        """Return the area of each cell on the ellipsoid [m2], shape (height, width).

        Equal-area grids have one area. Cells of a geographic grid are bounded by meridians and parallels; cells of any
        other projection are taken as straight-sided in a Lambert azimuthal equal-area projection about the grid's
        centre, which is off by less than 1e-5 of the area for cells up to 25 km.
        """
        if is_equal_area(self.crs):
            return np.full(self.shape, self.resolution**2)
        crs = read_crs(self.crs)
        major, minor = semi_axes(self.crs)
        ellipsoid = f"+a={major} +b={minor} +units=m +type=crs"
        if crs.is_geographic:
            project = Transformer.from_crs(crs, CRS(f"+proj=cea {ellipsoid}"), always_xy=True)
            _, y = project.transform(np.zeros(self.height + 1), np.clip(self.y_edges, -90, 90))
            strip = np.radians(self.resolution) * major
            return np.repeat((-np.diff(y) * strip)[:, None], self.width, axis=1)
        left, bottom, right, top = self.bounds
        lon, lat = transformer(self.crs, LONLAT).transform((left + right) / 2, (bottom + top) / 2)
        equal_area = CRS(f"+proj=laea +lat_0={lat} +lon_0={lon} {ellipsoid}")
        corners = np.meshgrid(self.x_edges, self.y_edges)
        x, y = Transformer.from_crs(crs, equal_area, always_xy=True).transform(*corners)
        falling = (x[1:, 1:] - x[:-1, :-1]) * (y[1:, :-1] - y[:-1, 1:])
        rising = (x[1:, :-1] - x[:-1, 1:]) * (y[1:, 1:] - y[:-1, :-1])
        area: Floats = np.abs(falling - rising) / 2
        return area

    def lonlat(self) -> tuple[Floats, Floats]:
        """Return longitude [-180, 180) and latitude of all cell centres [degrees], each of shape (height, width)."""
        lon, lat = transformer(self.crs, LONLAT).transform(*np.meshgrid(self.x, self.y))
        return (lon + 180) % 360 - 180, lat

    def cell_of(self, lon: ArrayLike, lat: ArrayLike) -> tuple[Ints, Ints]:
        """Return row and column of the cell that each point falls in; -1 in both where it falls in none.

        Parameters
        ----------
        lon, lat : array_like
            Position [degrees]; NaN is in no cell. A point on an edge belongs to the cell east or south of it.
        """
        lon, lat = np.broadcast_arrays(np.asarray(lon, float), np.asarray(lat, float))
        x, y = transformer(LONLAT, self.crs).transform(lon, lat)
        x, y = np.asarray(x, float), np.asarray(y, float)
        if read_crs(self.crs).is_geographic:
            x = self.left + (x - self.left) % 360
        with np.errstate(invalid="ignore"):
            row = np.floor((self.top - y) / self.resolution)
            column = np.floor((x - self.left) / self.resolution)
            inside = (row >= 0) & (row < self.height) & (column >= 0) & (column < self.width)
        return np.where(inside, row, -1).astype(np.int64), np.where(inside, column, -1).astype(np.int64)

    def coarsen(self, factor: int) -> Grid:
        """Return the grid of `factor` x `factor` cells from the same corner; the last ones may hang over the edge."""
        _check_factor(factor)
        width, height = -(-self.width // factor), -(-self.height // factor)
        return Grid(self.crs, self.left, self.top, self.resolution * factor, width, height)

    def refine(self, factor: int) -> Grid:
        """Return the grid in which each cell is cut into `factor` x `factor`."""
        _check_factor(factor)
        size = self.resolution / factor
        return Grid(self.crs, self.left, self.top, size, self.width * factor, self.height * factor)

    def nests_in(self, other: Grid) -> bool:
        """Return whether every cell of this grid lies wholly in one cell of `other`."""
        if read_crs(self.crs) != read_crs(other.crs):
            return False
        left, bottom, right, top = self.bounds
        other_left, other_bottom, other_right, other_top = other.bounds
        slack = _SNAP * self.resolution
        inside = (
            left >= other_left - slack
            and right <= other_right + slack
            and bottom >= other_bottom - slack
            and top <= other_top + slack
        )
        lengths = (other.resolution, left - other_left, other_top - top)
        return inside and all(abs(n - round(n)) < _SNAP for n in (length / self.resolution for length in lengths))

    def cf_attributes(self) -> dict[str, Any]:
        """Return the attributes of a CF grid mapping variable, among them ``crs_wkt``."""
        attributes: dict[str, Any] = read_crs(self.crs).to_cf()
        return {name: list(value) if isinstance(value, tuple) else value for name, value in attributes.items()}


def _snap_outward(low: float, high: float, resolution: float) -> tuple[int, int]:
    return int(np.floor(low / resolution + _SNAP)), int(np.ceil(high / resolution - _SNAP))


def _check_factor(factor: int) -> None:
    if not isinstance(factor, (int, np.integer)) or factor < 1:
        raise GridError("the factor must be a whole number, at least 1", found=factor)


def _projected_bounds(
    crs: str, west: float, east: float, south: float, north: float, *, points: int = 721
) -> tuple[float, float, float, float]:
    """Return left, bottom, right, top of a box whose edges are followed densely (`east` may exceed 180)."""
    along, up = np.linspace(west, east, points), np.linspace(south, north, points)
    lon = np.concatenate([along, along, np.full(points, west), np.full(points, east)])
    lat = np.concatenate([np.full(points, south), np.full(points, north), up, up])
    x, y = transformer(LONLAT, crs).transform((lon + 180) % 360 - 180, lat)
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise GridError("the box reaches beyond what the CRS can show", where=read_crs(crs).name)
    return float(x.min()), float(y.min()), float(x.max()), float(y.max())
