"""A satellite mission or product that no reader is made for, read by a declared mapping and without code.

Options
-------
preset : str
    What is known of a mission beforehand (`missions/NAME.yml`); the options below add to it and win over it.
container : {"netcdf", "hdf5", "geotiff"}
    Default: by the first bytes of the files.
files : str
    Regular expression for the names of the files of a folder.
layers : mapping
    Any name -> ``{path, variable or name, unit, positive, scale, offset, missing, stored, quality, ...}``.
time : mapping
    ``axis``, ``pattern`` (of the file name), ``attribute``, ``date`` or ``static``; ``interval``, ``hours``, ``days``.
x, y, crs, crs_path, crs_attribute, grids, snap, select, group, block
    Where the cells lie.
box, skip_damaged, title, licence, citation, doi, url
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field

from geocryoai.core.errors import SourceError, nearest
from geocryoai.sources._fields import field_data
from geocryoai.sources._layout import Layout
from geocryoai.sources._layout_place import Box
from geocryoai.sources._layout_read import read_layout
from geocryoai.sources._options import validated
from geocryoai.sources.base import SourceData, SourceInfo

INFO = SourceInfo(
    name="mission",
    title="Any gridded mission product, by a declared mapping",
    kind="fields",
    licence="as declared in the options",
    citation="as declared in the options",
    formats=("nc", "h5", "tif"),
    quirks=(
        "Scale, fill value, valid range and unit are those of the file; declared ones hold where it states none.",
        "Quality words are masked by whole values or by fields of bits.",
        "Time comes from an axis, the name of the file, an attribute or a declared date; it is never guessed.",
        "A preset says what is known of a mission, and what a user must declare; no variable name is invented.",
        "Swaths (latitude and longitude of each pixel) are no grids: a retrieval of the kind soundings gathers them.",
    ),
)


class MissionOptions(Layout):
    """How the files of a mission are to be read; see `geocryoai.sources.mission`."""

    box: Box | None = Field(None, description="west, south, east, north [degree]; default: the study's domain")
    skip_damaged: bool = Field(False, description="leave out files that cannot be opened, and note each")
    title: str = Field("", description="what the product is")
    licence: str = Field("", description="terms of use, repeated in the report")
    citation: str = Field("", description="how to cite it, repeated in the report")
    doi: str = Field("", description="without the address")
    url: str = Field("", description="where it is from")


@dataclass(frozen=True)
class Preset:
    """What is known of a mission.

    Attributes
    ----------
    name, title : str
    known : dict
        Options of the reader that are facts.
    declare : dict of str to str
        Option that the user must give -> where to find it.
    notes : tuple of str
    """

    name: str
    title: str
    known: Mapping[str, Any]
    declare: Mapping[str, str]
    notes: tuple[str, ...]


@cache
def presets(folder: str = "missions") -> dict[str, Preset]:
    """Return all presets of a folder of `geocryoai.sources` by name: of grids, or ``soundings/presets``."""
    found = {}
    for item in sorted(files("geocryoai.sources").joinpath(folder).iterdir(), key=lambda entry: entry.name):
        if item.name.endswith(".yml"):
            tree = yaml.safe_load(item.read_text(encoding="utf-8"))
            name = item.name.removesuffix(".yml")
            found[name] = Preset(
                name, tree["title"], tree.get("known", {}), tree.get("declare", {}), tuple(tree.get("notes", ()))
            )
    return found


class MissionReader:
    """Reader by declared mapping; see the module's text for the options."""

    info = INFO
    windowed = True

    def read(self, path: Path, *, source: str, options: Mapping[str, Any], targets: bool = True) -> SourceData:
        """Read the files of a mission; see `Reader.read`."""
        where = f"mission ({source})"
        chosen = validated(MissionOptions, completed(options, where), where=where)
        notes: list[str] = []
        layout = Layout.model_validate(chosen.model_dump(include=set(Layout.model_fields)))
        fields = read_layout(path, layout, source, notes, box=chosen.box, skip_damaged=chosen.skip_damaged)
        info = replace(
            INFO,
            title=chosen.title or INFO.title,
            covariates={layer.house: layer.canonical_unit for layer in chosen.layers.values()},
            licence=chosen.licence or "not stated by the user",
            citation=chosen.citation or "not stated by the user",
            doi=chosen.doi,
            url=chosen.url,
        )
        return field_data(info, fields, notes)


READER = MissionReader()


def completed(options: Mapping[str, Any], where: str, folder: str = "missions") -> dict[str, Any]:
    """Return options with what a preset of a folder knows.

    Raises
    ------
    SourceError
        An unknown preset, or something that it asks for is not declared.
    """
    given = dict(options)
    name = given.pop("preset", None)
    if name is None:
        return given
    known = presets(folder)
    if name not in known:
        raise SourceError(f"no preset is called '{name}'", where=where, next_step=nearest(str(name), known))
    preset = known[name]
    tree = _merged(preset.known, given)
    absent = [f"{key} ({place})" for key, place in preset.declare.items() if not _has(tree, key)]
    if absent:
        raise SourceError(
            f"the preset '{name}' does not know everything", where=where, expected="; ".join(absent),
            next_step="Declare it, as the product's user guide or the file says.",
        )  # fmt: skip
    tree.setdefault("title", preset.title)
    return tree


def _merged(known: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    tree = dict(known)
    for key, value in given.items():
        old = tree.get(key)
        both = isinstance(old, Mapping) and isinstance(value, Mapping) and key != "time"
        tree[key] = _merged(old, value) if both and old is not None else value
    return tree


def _has(tree: Mapping[str, Any], key: str) -> bool:
    value: Any = tree
    for part in key.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return False
        value = value[part]
    return bool(value)
