"""One coarse field refined month by month into a store of fields on the study grid; the mean of each cell is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from geocryoai.core.calendar import month_bounds
from geocryoai.core.errors import CubeError
from geocryoai.cube.align import FieldAligner
from geocryoai.cube.layers import SIGMA, Layer
from geocryoai.cube.scale.area_to_point import area_to_point, fit_area_to_point
from geocryoai.cube.scale.dasymetric import dasymetric
from geocryoai.cube.scale.nested import NestedCells
from geocryoai.cube.scale.pycnophylactic import pycnophylactic

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from geocryoai.core.study import RefineSection
    from geocryoai.cube.scale.variogram import Covariance

    Floats = NDArray[np.float64]

#: Most fine values refined at once. Fixed, so that a field has the same bytes whatever the memory budget.
VALUES_AT_ONCE = 2_000_000

#: Memory for each of them, and for each coarse value while slopes and covariance are fitted [B].
_BYTES_PER_VALUE = 120

#: Most parts along a coarse cell for kriging: the covariances of parts with cells grow with the fourth power.
MOST_PARTS = 32


@dataclass(frozen=True)
class Refinement:
    """What was done to a field.

    Attributes
    ----------
    method : str
    parts : int
        Parts along a side of a coarse cell.
    nested : bool
        The parts are the cells of the study grid; otherwise they were averaged to it, and the result made exact.
    covariates : list of str
    slopes : list of list of float
        Change of the field per unit of each covariate, a row for each group of months in order.
    known_slopes : bool
        They were given, not fitted.
    length, smoothness : float or None
        Of the covariance; the length in coarse cells.
    cells_kept : int
        Coarse cells whose mean is kept (wholly on the grid, at least half with values), least of all months.
    largest_misfit : float
        Largest difference of such a mean from its coarse value, relative to the month's largest coarse value.
    """

    method: str
    parts: int
    nested: bool
    covariates: list[str]
    slopes: list[list[float]]
    known_slopes: bool
    length: float | None
    smoothness: float | None
    cells_kept: int
    largest_misfit: float

    def to_dict(self) -> dict[str, Any]:
        """Return plain types, for a listing."""
        return asdict(self)


class FieldRefiner:
    """One coarse field on its way to a refined one.

    Parameters
    ----------
    aligner : FieldAligner
        Of the field, with study grid, months and memory budget.
    attributes : dict
        Of the field.
    section : RefineSection
    statics : dict of str to array, shape (height, width)
        Fields without time on the study grid; those that the section names are there.

    Raises
    ------
    CubeError
        Classes or directions, cells of unequal size, or more than the memory budget.
    """

    def __init__(
        self,
        aligner: FieldAligner,
        attributes: Mapping[str, Any],
        section: RefineSection,
        statics: Mapping[str, Floats],
    ) -> None:
        self.aligner, self.section, self._attributes = aligner, section, dict(attributes)
        if aligner.categorical or aligner.circular:
            raise CubeError("classes and directions cannot be refined", where=f"refine.{aligner.name}",
                            next_step="Leave the variable out of refine.")  # fmt: skip
        budget = aligner.options.memory_mb
        self.cells = NestedCells(aligner.regridder.source, aligner.grid, memory_mb=budget)
        fine = self.cells.fine_shape[0] * self.cells.fine_shape[1]
        if section.method == "area_to_point" and self.cells.factor > MOST_PARTS:
            raise CubeError("the field is too coarse to be kriged to this grid", where=f"refine.{aligner.name}",
                            found=f"{self.cells.factor} cells along a coarse one", expected=f"at most {MOST_PARTS}",
                            next_step="Use dasymetric or pycnophylactic, or a coarser grid.")  # fmt: skip
        self._months = np.flatnonzero(aligner.monthly.covered()) if aligner.monthly else np.zeros(1, np.int64)
        self.at_once = min(len(self._months), max(1, VALUES_AT_ONCE // fine))
        coarse = len(self._months) * self.cells.shape[0] * self.cells.shape[1]
        needed = _BYTES_PER_VALUE * max(self.at_once * fine, coarse) / 1e6
        if needed > budget:
            raise CubeError("the memory budget is too small to refine the field", where=f"refine.{aligner.name}",
                            found=f"{budget:g}", expected=f"at least {needed:.0f}",
                            next_step="Raise compute.memory_mb.")  # fmt: skip
        names = [section.share] if section.method == "dasymetric" else list(section.covariates)
        given = np.stack([statics[name] for name in names]) if names else np.zeros((0, *aligner.grid.shape))
        self._known = self.cells.to_parts(given)

    @cached_property
    def coarse(self) -> Floats:
        """Return the months that have records, on the coarse cells, shape (months, rows, columns)."""
        cells = self.cells
        if self.aligner.monthly is None:
            return np.asarray(self.aligner.own_cells(cells.rows, cells.cols, slice(0, 1)), np.float64)
        first, last = int(self._months[0]), int(self._months[-1]) + 1
        values = self.aligner.own_cells(cells.rows, cells.cols, slice(first, last))
        return np.asarray(values[self._months - first], np.float64)

    def write(self, path: Path) -> Refinement:
        """Write the refined field, and its standard error where it has one, into a store of fields."""
        fitted = self._fit()
        self._template(path)
        kept, misfit = [], 0.0
        for part in self._blocks():
            values, sigma = self._refined(part, fitted)
            for layer, coarse in zip(values, self.coarse[part], strict=True):
                if np.isfinite(coarse).any():
                    kept.append(self.cells.held(layer, coarse))
                    misfit = max(misfit, self.cells.misfit(layer, coarse))
            self._write(path, part, values, sigma)
        slopes, covariance = fitted
        return Refinement(
            self.section.method, self.cells.factor, self.cells.nested, list(self.section.covariates),
            [[float(f"{value:.9g}") for value in group] for group in slopes], bool(self.section.slopes),
            covariance.length if covariance else None, covariance.smoothness if covariance else None,
            min(kept, default=0), float(f"{misfit:.3g}"),
        )  # fmt: skip

    def _fit(self) -> tuple[Floats, Covariance | None]:
        if self.section.method != "area_to_point":
            return np.zeros((0, 0)), None
        given = [self.section.slopes[name] for name in self.section.covariates] if self.section.slopes else None
        try:
            return fit_area_to_point(
                self.coarse, self.cells.factor, self._known, groups=self._groups(), weights=self.cells.area,
                slopes=given,
            )  # fmt: skip
        except CubeError as error:
            raise CubeError(
                f"the field cannot be refined: {error}", where=f"refine.{self.aligner.name}",
                next_step="Give known slopes, fewer covariates, or the method pycnophylactic.",
            ) from error  # fmt: skip

    def _groups(self) -> NDArray[np.int64]:
        if self.section.groups == "all" or self.aligner.monthly is None:
            return np.zeros(len(self._months), np.int64)
        months = self.aligner.months[self._months].astype("datetime64[M]").astype(np.int64) % 12
        return np.asarray(np.unique(months, return_inverse=True)[1].ravel(), np.int64)

    def _blocks(self) -> Iterator[slice]:
        for first in range(0, len(self._months), self.at_once):
            yield slice(first, min(first + self.at_once, len(self._months)))

    def _refined(self, part: slice, fitted: tuple[Floats, Covariance | None]) -> tuple[Floats, Floats | None]:
        section, factor, coarse = self.section, self.cells.factor, self.coarse[part]
        error: Floats | None = None
        if section.method == "area_to_point":
            slopes, covariance = fitted
            refined = area_to_point(
                coarse, factor, self._known, groups=np.arange(len(coarse)), weights=self.cells.area,
                non_negative=section.non_negative, slopes=slopes[self._groups()[part]], covariance=covariance,
            )  # fmt: skip
            parts, error = refined.mean, self.cells.to_grid(refined.sigma)
        elif section.method == "dasymetric":
            parts = dasymetric(coarse, self._known[0], factor, background=section.background)
        else:
            parts = pycnophylactic(coarse, factor, non_negative=section.non_negative)
        values = self.cells.to_grid(parts)
        if not self.cells.nested:
            pairs = zip(values, coarse, strict=True)
            values = np.stack([self.cells.exact(v, c, non_negative=section.non_negative) for v, c in pairs])
        return values, error

    def _template(self, path: Path) -> None:
        import dask.array as da
        import xarray as xr

        grid, monthly = self.aligner.grid, self.aligner.monthly
        coords: dict[str, Any] = {"y": grid.y, "x": grid.x, "crs": ((), 0, {"crs_wkt": _wkt(grid.crs)})}
        data: dict[str, Any] = {}
        if monthly is not None:
            bounds = month_bounds(self.aligner.months[self._months]).astype("datetime64[ns]")
            coords["time"] = ("time", bounds[:, 0], {"bounds": "time_bnds"})
            data["time_bnds"] = (("time", "bounds"), bounds)
        shape = (len(self._months), *grid.shape)
        empty = da.zeros(shape, dtype=np.float32, chunks=(self.at_once, *grid.shape))
        for name, attributes in self._layers().items():
            data[name] = (("time", "y", "x"), empty, attributes) if monthly else (("y", "x"), empty[0], attributes)
        xr.Dataset(data, coords).to_zarr(path, zarr_format=3, consolidated=False, compute=False)

    def _layers(self) -> dict[str, dict[str, Any]]:
        kept = {key: value for key, value in self._attributes.items() if key not in ("cell_methods", "grid_mapping")}
        if self.aligner.monthly is not None:
            kept["cell_methods"] = self.aligner.monthly.cell_methods
        layers = {self.aligner.name: kept}
        if self.section.method == "area_to_point":
            unit = Layer.of(self.aligner.name, self._attributes).unit
            about = {"units": unit} | {key: kept[key] for key in ("cell_methods",) if key in kept}
            text = f"standard error of the refinement of {kept.get('long_name', self.aligner.name)}"
            layers[self.aligner.name + SIGMA] = {**about, "long_name": text}
        return layers

    def _write(self, path: Path, part: slice, values: Floats, sigma: Floats | None) -> None:
        import xarray as xr

        dims = ("y", "x") if self.aligner.monthly is None else ("time", "y", "x")
        given = {self.aligner.name: values} | ({} if sigma is None else {self.aligner.name + SIGMA: sigma})
        cut: Any = 0 if self.aligner.monthly is None else slice(None)
        block = xr.Dataset({name: (dims, array[cut].astype(np.float32)) for name, array in given.items()})
        grid = self.aligner.grid
        region = {"y": slice(0, grid.height), "x": slice(0, grid.width)}
        if self.aligner.monthly is not None:
            region["time"] = part
        block.to_zarr(path, region=region, zarr_format=3, consolidated=False)


def _wkt(crs: str) -> str:
    from geocryoai.core.projection import read_crs

    return str(read_crs(crs).to_wkt())
