"""A gridded product as a reader: a layout with its terms, and what a user may change in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import xarray as xr
from pydantic import Field

from geocryoai.core.errors import SourceError, nearest
from geocryoai.core.study.model import Section
from geocryoai.core.variables import Direction
from geocryoai.sources._fields import field_data
from geocryoai.sources._layout import LayerLayout, Layout, TimeLayout
from geocryoai.sources._layout_place import Box
from geocryoai.sources._layout_read import Packing, read_layout
from geocryoai.sources._options import validated
from geocryoai.sources.base import SourceData, SourceInfo

Derive = Callable[[xr.Dataset], xr.Dataset]


class LayerChange(Section):
    """What a user knows better of a layer than the product's layout; what is not given stays."""

    path: str | None = Field(None, description="name or path in the file")
    file: str | None = Field(None, description="regular expression for the names of the files that hold it")
    name: str | None = Field(None, description="another name for the field")
    unit: str | None = Field(None, description="unit in the file")
    positive: Direction | None = Field(None, description="for fluxes: what counts as positive in the file")
    scale: float | None = Field(None, description="factor of stored numbers")
    offset: float | None = Field(None, description="added after the scale")
    missing: tuple[float, ...] | None = Field(None, description="sentinels, beside the attribute's")
    trust_range: bool | None = Field(None, description="accept a field that is mostly implausible")


class ProductOptions(Section):
    """Options that every gridded product takes."""

    read: tuple[str, ...] = Field((), description="layers that are read; empty: all that are there")
    layers: dict[str, LayerChange] = Field(default_factory=dict, description="layer -> what is otherwise in the file")
    files: str | None = Field(None, description="regular expression for the names of the files of a folder")
    crs: str | None = Field(None, description="where the file states none, or a wrong one")
    time: TimeLayout | None = Field(None, description="when, instead of the product's way or length of a record")
    select: dict[str, float] = Field(default_factory=dict, description="further dimension -> coordinate to take")
    quality: Literal["good", "any"] = Field("good", description="any: cells whatever their quality flags")
    box: Box | None = Field(None, description="west, south, east, north [degree]; default: the study's domain")
    skip_damaged: bool = Field(False, description="leave out files that cannot be opened, and note each")


@dataclass(frozen=True)
class Product:
    """A gridded product: reader of its files, which a study may cut to its domain.

    Attributes
    ----------
    info : SourceInfo
        `covariates` are filled in from the layers and `derived`.
    layout : Layout
    derived : dict of str to str
        Fields made from the layers -> unit.
    derive : callable, optional
        Adds them, lazily.
    packing : callable, optional
        Gives the scale where it stands in another file.
    inner : tuple of str
        Fields that only serve to make others.
    windowed : bool
        The reader takes the option ``box``, to which ingest sets the study's domain.
    """

    info: SourceInfo
    layout: Layout
    derived: Mapping[str, str] = field(default_factory=dict)
    derive: Derive | None = None
    packing: Packing | None = None
    inner: tuple[str, ...] = ()
    windowed: bool = True

    def __post_init__(self) -> None:
        """Say in `info` which fields there are."""
        covariates = {layer.house: layer.canonical_unit for layer in self.layout.layers.values()}
        covariates |= {layer.presence: "1" for layer in self.layout.layers.values() if layer.presence}
        covariates = {name: unit for name, unit in covariates.items() if name not in self.inner}
        object.__setattr__(self, "info", replace(self.info, covariates={**covariates, **self.derived}))

    def read(self, path: Path, *, source: str, options: Mapping[str, Any], targets: bool = True) -> SourceData:
        """Read the product; see `Reader.read`."""
        name = self.info.name
        chosen = validated(ProductOptions, options, where=f"{name} ({source})")
        layout = changed(self.layout, chosen, f"{name} ({source})")
        notes: list[str] = []
        fields = read_layout(
            path, layout, source, notes, box=chosen.box, packing=self.packing, skip_damaged=chosen.skip_damaged
        )
        if self.derive is not None:
            fields = self.derive(fields)
        units = {str(key): str(array.attrs.get("units", "1")) for key, array in fields.data_vars.items()}
        units.pop("time_bnds", None)
        return field_data(replace(self.info, covariates=units), fields, notes)


def changed(layout: Layout, options: ProductOptions, where: str) -> Layout:
    """Return a layout with what the user declares.

    Raises
    ------
    SourceError
        A layer that the product does not have, or a change that makes no sense.
    """
    for key in (*options.read, *options.layers):
        if key not in layout.layers:
            raise SourceError(f"the product has no layer '{key}'", where=where, next_step=nearest(key, layout.layers))
    layers = {}
    for key, layer in layout.layers.items():
        if options.read and key not in options.read:
            continue
        given = options.layers.get(key, LayerChange()).model_dump(exclude_none=True)
        if "unit" in given:
            given["file_unit"] = given.pop("unit")
        if "path" in given:
            given["pattern"] = False
        if {"scale", "offset"} & set(given):
            given["exact_scale"] = False
        if options.quality == "any":
            given["quality"] = None
        needed = key in options.read or key in options.layers
        tree = {**layer.model_dump(), **given, "optional": layer.optional and not needed}
        layers[key] = validated(LayerLayout, tree, where=f"{where}, layers.{key}")
    tree = {**layout.model_dump(), "layers": {key: layer.model_dump() for key, layer in layers.items()}}
    tree["select"] = {**layout.select, **options.select}
    tree["time"] = _timing(layout.time, options.time)
    for key in ("files", "crs"):
        if getattr(options, key) is not None:
            tree[key] = getattr(options, key)
    return validated(Layout, tree, where=where)


def _timing(known: TimeLayout, given: TimeLayout | None) -> dict[str, Any]:
    """Return how time is read: what is given takes the place of the product's way, or of its length of a record."""
    new = {} if given is None else given.model_dump(exclude_unset=True)
    old = known.model_dump(exclude_unset=True)
    for family in (("interval", "hours", "days"), ("axis", "pattern", "attribute", "date", "static")):
        if set(family) & set(new):
            old = {key: value for key, value in old.items() if key not in family}
    return {**old, **new}
