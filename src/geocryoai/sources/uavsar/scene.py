"""One UAVSAR product on disk: the annotation, and those of its layers that are there, read lazily."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geocryoai.core.errors import SourceError, nearest
from geocryoai.sources.uavsar.annotation import Annotation, read_annotation
from geocryoai.sources.uavsar.grids import RadarGrid, product_grid, stack_grid
from geocryoai.sources.uavsar.layers import INTERFEROMETRIC, POLARIMETRIC, GridKind, LayerType, part_unit
from geocryoai.sources.uavsar.raster import LayerFile

if TYPE_CHECKING:
    import xarray as xr

#: Rows and columns read at once.
BLOCK = 1024

_PAIR = re.compile(r"_[LPK]\d{3}((?:HH|HV|VV){2})_")
_SINGLE = re.compile(r"_[LPK]\d{3}(HH|HV|VH|VV)_")
_STACK_KEY = re.compile(r"(?:slc|llh|lkv)_\d+_\d+x\d+")


@dataclass(frozen=True)
class Scene:
    """Layers of one product by grid and name.

    Attributes
    ----------
    annotation : Annotation
    grids : dict of str to RadarGrid
    files : dict of str to dict
        Grid -> layer -> file.
    """

    annotation: Annotation
    grids: Mapping[str, RadarGrid]
    files: Mapping[str, Mapping[str, LayerFile]]

    def has(self, name: str, grid: str = "ground") -> bool:
        """Return whether a layer is there."""
        return name in self.files.get(grid, {})

    def layer(self, name: str, grid: str = "ground", *, block: int = BLOCK) -> xr.DataArray:
        """Return a layer, lazily, on the centres of its pixels.

        Raises
        ------
        SourceError
            The grid or layer is not there.
        """
        import xarray as xr

        if not self.has(name, grid):
            there = [f"{g}: {', '.join(layers)}" for g, layers in self.files.items()]
            raise SourceError(
                f"the layer '{name}' is not there on the grid '{grid}'", where=self.annotation.where,
                found="; ".join(there), next_step=nearest(name, self.files.get(grid, {})),
            )  # fmt: skip
        file, place = self.files[grid][name], self.grids[grid]
        attributes = {"units": part_unit(file.layer, name), "long_name": file.layer.long_name}
        return xr.DataArray(
            file.lazy(name, block), dims=place.dimensions, coords=place.centres(), name=name, attrs=attributes
        )

    def dataset(self, grid: str = "ground", *, block: int = BLOCK) -> xr.Dataset:
        """Return all layers of a grid, lazily."""
        import xarray as xr

        if grid not in self.files:
            raise SourceError(
                f"no layer is on the grid '{grid}'", where=self.annotation.where, next_step=nearest(grid, self.files)
            )
        return xr.Dataset({name: self.layer(name, grid, block=block) for name in self.files[grid]})


def open_scene(path: Path, where: str | None = None) -> Scene:
    """Open a product by its annotation, its folder, or one of its image files.

    Layers that the annotation names and that are not on disk are left out; those that are there are checked.

    Parameters
    ----------
    path : Path
    where : str, optional
        The path as the user knows it, for messages.

    Raises
    ------
    SourceError
        No annotation, no layer, or a layer that does not fit its annotation.
    """
    name = where or path.name
    ann = _annotation_path(path, name)
    annotation = read_annotation(ann, f"{name}/{ann.name}" if path.is_dir() else name)
    if path.is_file() and path != ann:
        annotation = Annotation(annotation.entries, ann.name)
    swapped = (annotation.optional("val_endi") or "LITTLE ENDIAN").upper().startswith("BIG")
    grids: dict[str, RadarGrid] = {}
    files: dict[str, dict[str, LayerFile]] = {}
    for file_name, (key, size) in {**_beside(ann, annotation), **annotation.files}.items():
        known = _kind(file_name, key, annotation)
        if known is None or not (ann.parent / file_name).is_file():
            continue
        grid_name, layer = known
        if grid_name not in grids:
            grids[grid_name] = _grid(grid_name, key, annotation)
        grid = grids[grid_name]
        file = LayerFile(ann.parent / file_name, layer, grid.rows, grid.columns, file_name, size, swapped)
        file.check()
        files.setdefault(grid_name, {}).update(dict.fromkeys(layer.parts, file))
    if not files:
        raise SourceError(
            "none of the images of the annotation is there", where=name,
            expected=", ".join(list(annotation.files)[:3]) + ", ...",
            next_step="Put the images beside their annotation.",
        )  # fmt: skip
    return Scene(annotation, grids, files)


def _annotation_path(path: Path, where: str) -> Path:
    """Return the annotation meant by a path: itself, the only one in a folder, or that of an image file."""
    if path.suffix == ".ann":
        return path
    if path.is_dir():
        found = sorted(path.glob("*.ann"))
        if len(found) != 1:
            names = ", ".join(p.name for p in found[:5])
            raise SourceError(
                "no annotation in the folder" if not found else "several annotations in the folder", where=where,
                found=names or None, next_step="Name the .ann file itself." if found else None,
            )  # fmt: skip
        return found[0]
    stems = _stems(path.name)
    for stem in stems:
        beside = path.parent / f"{stem}.ann"
        if beside.is_file():
            return beside
    raise SourceError("the image has no annotation", where=where, expected=f"{stems[-1]}.ann beside it")


def _stems(name: str) -> list[str]:
    """Return the names that the annotation of an image may have: its own, and that without the polarisation."""
    stem = name.partition(".")[0]
    return list(dict.fromkeys([stem, _PAIR.sub(_bare, _SINGLE.sub(_bare, stem))]))


def _bare(match: re.Match[str]) -> str:
    return match[0].replace(match[1], "")


def _beside(ann: Path, annotation: Annotation) -> dict[str, tuple[str, Any]]:
    """Return images of the same name, polarisation apart, whose size the annotation does not state."""
    stems = {name.partition(".")[0] for name in annotation.files} | {ann.stem}
    return {
        path.name: ("", None)
        for path in sorted(ann.parent.iterdir())
        if path.suffix != ".ann" and not path.name.startswith(".") and stems & set(_stems(path.name))
    }


def _kind(name: str, key: str, annotation: Annotation) -> tuple[str, LayerType] | None:
    """Return the grid and the kind of a layer; None for what is no image (previews, Doppler tables)."""
    extension = name.partition(".")[2]
    if annotation.kind == "Stack":
        known = _STACK_KEY.fullmatch(key)
        return (key.partition("_")[2], INTERFEROMETRIC[key.partition("_")[0]]) if known else None
    code = extension.removesuffix(".grd")
    pair = _PAIR.search(name)
    if pair is not None and extension in ("grd", "mlc"):
        return ("ground" if extension == "grd" else "slant"), POLARIMETRIC[pair[1]]
    if code not in INTERFEROMETRIC:
        return None
    layer = INTERFEROMETRIC[code]
    if annotation.kind == "PolSAR":
        single = _SINGLE.search(name)
        if code == "slc" and single is not None:
            layer = LayerType((f"slc_{single[1].lower()}",), layer.unit, layer.long_name, complex=True)
        return ("slc" if code == "slc" else "ground"), layer
    if extension.endswith(".grd"):
        return "ground", layer
    if code in ("inc", "slope", "lkv", "llh") and not extension.endswith(".grd"):
        return ("slant" if code in ("lkv", "llh") else "ground"), layer
    return ("slc" if code.endswith("slc") else "slant"), layer


def _grid(name: str, key: str, annotation: Annotation) -> RadarGrid:
    if annotation.kind == "Stack":
        return stack_grid(annotation, key)
    kinds: dict[str, GridKind] = {"ground": "ground", "slant": "slant", "slc": "slc"}
    return product_grid(annotation, kinds[name])
