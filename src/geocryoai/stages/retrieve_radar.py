"""Radar retrieval of scenes: each on its own, one bad file among many does not stop the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geocryoai import __version__
from geocryoai.core.errors import SourceError
from geocryoai.core.files import complete_or_absent, require_folder, write_json
from geocryoai.products.radar_map import radar_numbers, thinned, write_radar_geotiff, write_radar_netcdf
from geocryoai.retrievals.radar.displacement_map import DisplacementOptions, displacement_map
from geocryoai.retrievals.radar.interferogram_map import InterferogramOptions, interferogram_map
from geocryoai.retrievals.radar.polarimetry.polarimetric_map import PolarimetryOptions, polarimetric_map
from geocryoai.retrievals.radar.thickness_map import ThicknessOptions, thickness_map
from geocryoai.sources._fields import open_netcdf
from geocryoai.sources.polsar_c3 import open_c3
from geocryoai.sources.uavsar.scene import open_scene
from geocryoai.stages.scene_batch import each_once, each_scene

if TYPE_CHECKING:
    import xarray as xr

#: What a map shows first, and the standard deviation that goes with it.
_MAIN = {"displacement": ("displacement", "displacement_sigma"), "alt": ("alt", "alt_sigma"), "polsar": ("entropy", ""),
         "interferogram": ("coherence", "")}  # fmt: skip

#: What a quick look shows where it is not that.
_SHOWN = {"interferogram": "interferogram_phase"}

#: Attributes of a map that say what it is, not how it was made.
_NOT_OPTIONS = frozenset({"Conventions", "title", "source", "history"})

#: Longest side of a quick look [pixels].
_LONGEST = 1500

Tell = Callable[[str], None]
Options = DisplacementOptions | ThicknessOptions | PolarimetryOptions


def retrieve_radar(
    kind: str, files: Sequence[Path], out: Path, options: Options, tell: Tell = lambda _: None
) -> list[Path]:
    """Retrieve every scene and return the written summaries.

    Parameters
    ----------
    kind : {"displacement", "alt", "polsar"}
    files : sequence of Path
        Annotations, images or folders of products; maps of displacement for ``alt``; C3 folders for ``polsar``.
    out : Path
        Folder to write to.
    options : DisplacementOptions, ThicknessOptions or PolarimetryOptions
        Those of the kind.
    tell : callable
        Takes lines for the user.

    Raises
    ------
    SourceError
        At the end, naming every scene that could not be retrieved; the others are written.
    """
    scenes = find_scenes(files, kind)
    require_folder(out)
    return each_scene(scenes, lambda scene: _retrieve(kind, scene, out, options, tell), tell)


def find_scenes(files: Sequence[Path], kind: str) -> list[Path]:
    """Return what is to be retrieved: a folder stands for the annotations (or maps) in it, or for itself as C3.

    Raises
    ------
    SourceError
        A folder without any, or two scenes whose products would have the same name.
    """
    found: list[Path] = []
    for path in files:
        if not path.is_dir() or (path / "config.txt").is_file():
            found.append(path)
            continue
        pattern = "*_displacement.nc" if kind == "alt" else "*.ann"
        inside = sorted(path.glob(pattern))
        if not inside:
            raise SourceError("the folder has nothing to retrieve", where=str(path), expected=pattern)
        found += inside
    return each_once(found, lambda path: _stem(path, kind), "scenes")


def _retrieve(kind: str, path: Path, out: Path, options: Options, tell: Tell) -> Path:
    """Retrieve one scene, write its products and return the summary."""
    return write_products(kind, _stem(path, kind), _dataset(kind, path, options), path.name, out, tell)


def write_products(kind: str, stem: str, dataset: xr.Dataset, source: str, out: Path, tell: Tell) -> Path:
    """Write NetCDF, GeoTIFF where there is a map, quick look and summary, and return the summary.

    Parameters
    ----------
    kind : str
        Of the retrieval.
    stem : str
        First part of the names.
    dataset : xarray.Dataset
    source : str
        What it was made from.
    out : Path
        Folder.
    tell : callable
        Takes lines for the user.
    """
    from geocryoai.report.figures.radar import radar_figure

    main, sigma = _MAIN[kind]
    netcdf, geotiff, picture, summary = (out / f"{stem}{end}" for end in (".nc", ".tif", ".png", ".json"))
    history = f"geocryoai {__version__} retrieve {kind}"
    write_radar_netcdf(netcdf, dataset.assign_attrs(title=stem, source=source, history=history))
    paths = [netcdf]
    if write_radar_geotiff(geotiff, netcdf):
        paths.append(geotiff)
    with complete_or_absent(picture) as partial:
        partial.write_bytes(radar_figure(thinned(netcdf, _SHOWN.get(kind, main), _LONGEST), stem))
    paths.append(picture)
    numbers = radar_numbers(netcdf, main)
    said = {
        key: value.tolist() if hasattr(value, "tolist") else value
        for key, value in dataset.attrs.items()
        if key not in _NOT_OPTIONS
    }
    notes = _notes(kind, said)
    spread = radar_numbers(netcdf, sigma)["median"] if sigma else None
    write_json(summary, {
        "scene": source, "kind": kind, "options": said, **numbers, "median_sigma": spread, "notes": notes,
        "files": [p.name for p in paths], "version": __version__,
    })  # fmt: skip
    tell(_line(stem, numbers, spread))
    for note in notes:
        tell(f"  note: {note}")
    for written in [*paths, summary]:
        tell(f"written: {written}")
    return summary


def retrieve_interferogram(
    files: Sequence[Path], out: Path, options: InterferogramOptions, tell: Tell = lambda _: None
) -> Path:
    """Make the interferogram of one repeat-pass product or of two products, and return the written summary.

    Parameters
    ----------
    files : sequence of Path
        Annotations or images: of a pair with both single-look images, or of two products with one each, in the order
        of the passes.
    out : Path
        Folder to write to.
    options : InterferogramOptions
    tell : callable
        Takes lines for the user.

    Raises
    ------
    SourceError
        More than two files, images that are absent, or not on one grid.
    """
    if len(files) > 2:
        raise SourceError("an interferogram takes one pair or two products", found=f"{len(files)} files")
    scenes = [open_scene(path, str(path)) for path in files]
    dataset = interferogram_map(scenes, options)
    require_folder(out)
    stem = "_".join([*(path.name.partition(".")[0] for path in files), "interferogram"])
    return write_products("interferogram", stem, dataset, ", ".join(path.name for path in files), out, tell)


def _dataset(kind: str, path: Path, options: Options) -> xr.Dataset:
    where = str(path)
    if isinstance(options, DisplacementOptions):
        return displacement_map(open_scene(path, where), options)
    if isinstance(options, PolarimetryOptions):
        folder = path.is_dir() and (path / "config.txt").is_file()
        return polarimetric_map(open_c3(path, where) if folder else open_scene(path, where), options)
    found = open_netcdf(path, where, chunks={"lat": 512})
    return thickness_map(found, options)


def _notes(kind: str, said: dict[str, Any]) -> list[str]:
    if kind == "displacement":
        sign = f"the phase is taken to grow where the ground moves {said['phase_grows']}"
        sign += " from the radar" if said["phase_grows"] == "away" else " the radar"
        relative = [] if "reference" in said else ["no reference area: only differences between pixels mean something"]
        return [f"{sign}; check it on ground whose motion is known", *relative]
    if kind == "alt":
        relative = (
            [] if "reference" in said else ["the displacement has no reference area: the thickness may be shifted"]
        )
        return ["pores are taken as saturated as stated; drained soil comes out too thin", *relative]
    if kind == "interferogram":
        return ["the phase is that of the first pass less that of the second", "slant range: no map, so no GeoTIFF"]
    return []


def _line(stem: str, numbers: dict[str, Any], spread: float | None) -> str:
    unit = "" if numbers["units"] == "1" else f" {numbers['units']}"
    named = "" if stem.endswith(numbers["variable"]) else f"{numbers['variable']}, "
    share = 100.0 * numbers["missing_share"]
    text = (
        f"{stem}: {named}median {numbers['median']:.4g}{unit} (5 to 95 %: {numbers['p05']:.4g} to {numbers['p95']:.4g})"
    )
    noise = "" if spread is None else f", sigma {spread:.2g}{unit}"
    return f"{text}{noise}, {share:.1f} % of {numbers['pixels']} pixels missing"


def _stem(path: Path, kind: str) -> str:
    name = path.name if path.is_dir() else path.name.partition(".")[0]
    return f"{name.removesuffix('_displacement')}_{kind}"
