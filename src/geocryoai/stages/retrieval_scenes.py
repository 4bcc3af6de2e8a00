"""One scene of a study's retrieval: opened by its reader, retrieved, and handed over in tiles of pixels."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from geocryoai.core.errors import SourceError
from geocryoai.core.projection import LONLAT
from geocryoai.cube.scale.scene_fields import LayerInfo, Tile
from geocryoai.stages.retrieval_options import (
    AltChoices,
    Ch4Options,
    ComponentsOptions,
    DisplacementChoices,
    IndicesOptions,
    PolsarChoices,
)

if TYPE_CHECKING:
    import xarray as xr

    from geocryoai.core.study.model import Section
    from geocryoai.sources.envi import MapInfo
    from geocryoai.sources.spectroscopy import Scene

Affine = tuple[float, float, float, float, float, float]


@dataclass(frozen=True)
class RetrievedScene:
    """What a scene says, pixel by pixel.

    Attributes
    ----------
    layers : tuple of LayerInfo
    affine, crs, shape
        Where its pixels are; see `PixelCells`.
    first, last : datetime64
        Of its passes [UTC].
    tiles : callable
        Yields the pixels; may be called once.
    facts : dict
        For the listing: plumes, options that mattered.
    """

    layers: tuple[LayerInfo, ...]
    affine: Affine
    crs: str
    shape: tuple[int, int]
    first: np.datetime64
    last: np.datetime64
    tiles: Callable[[], Iterator[Tile]]
    facts: Mapping[str, Any] = field(default_factory=dict)


def retrieve_one(path: Path, where: str, choices: Section, data: Path) -> RetrievedScene:
    """Open and retrieve one scene.

    Parameters
    ----------
    path : Path
    where : str
        The path as the user knows it.
    choices : Section
        Options of the kind of retrieval.
    data : Path
        Data folder, to which a target is relative.
    """
    if isinstance(choices, AltChoices):
        return _thickness(path, where, choices)
    if isinstance(choices, DisplacementChoices):
        return _displacement(path, where, choices)
    if isinstance(choices, PolsarChoices):
        return _polarimetry(path, where, choices)
    if isinstance(choices, IndicesOptions):
        return _indices(path, where, choices)
    if isinstance(choices, ComponentsOptions):
        return _components(path, where, choices, data)
    if isinstance(choices, Ch4Options):
        return _methane(path, where, choices, data)
    raise SourceError("no retrieval has these options", where=where, found=type(choices).__name__)


def _moved(path: Path, where: str, choices: DisplacementChoices) -> xr.Dataset:
    from geocryoai.retrievals.radar.displacement_map import DisplacementOptions, displacement_map
    from geocryoai.sources.uavsar.scene import open_scene

    place = (choices.reference_lat, choices.reference_lon, choices.reference_radius)
    given = [part for part in place if part is not None]
    if len(given) not in (0, 3):
        raise SourceError("a reference area has latitude, longitude and radius", where=where,
                          expected="reference_lat, reference_lon and reference_radius, or none")  # fmt: skip
    reference = (given[0], given[1], given[2]) if given else None
    options = DisplacementOptions(
        choices.phase_grows, choices.least_coherence, reference, choices.remove_ramp, choices.angle, looks=choices.looks
    )
    return displacement_map(open_scene(path, where), options)


def _displacement(path: Path, where: str, choices: DisplacementChoices) -> RetrievedScene:
    found = _moved(path, where, choices)
    common = found["displacement"] * 0.0 + choices.common_sigma
    text = str(found["displacement"].attrs["long_name"])
    info = LayerInfo("displacement", "m", text)
    return _ground_scene(found, (info,), ("displacement",), ("displacement_sigma",), (common,))


def _thickness(path: Path, where: str, choices: AltChoices) -> RetrievedScene:
    import xarray as xr

    from geocryoai.retrievals.radar.resalt import thickness_sigma
    from geocryoai.retrievals.radar.soil_porosity import SoilPorosity
    from geocryoai.retrievals.radar.thickness_map import ThicknessOptions, thickness_map

    soil = SoilPorosity(organic_mass=choices.organic_mass, saturation=choices.saturation)
    dates = (choices.thaw_first, choices.thaw_second, choices.thaw_end)
    found = thickness_map(_moved(path, where, choices), ThicknessOptions(*dates, soil, water_sigma=0.0))
    common = xr.apply_ufunc(
        lambda alt: thickness_sigma(alt, choices.common_sigma, *dates, soil, water_sigma=choices.water_sigma),
        found["alt"].astype(np.float64), dask="parallelized", output_dtypes=[np.float64],
    )  # fmt: skip
    info = LayerInfo("alt", "m", "active layer thickness from seasonal subsidence (ReSALT)")
    return _ground_scene(found, (info,), ("alt",), ("alt_sigma",), (common,))


def _polarimetry(path: Path, where: str, choices: PolsarChoices) -> RetrievedScene:
    from geocryoai.retrievals.radar.polarimetry.polarimetric_map import (
        LAYERS,
        PolarimetryOptions,
        polarimetric_map,
    )
    from geocryoai.sources.uavsar.flight import passes_of
    from geocryoai.sources.uavsar.scene import open_scene

    options = PolarimetryOptions(choices.speckle_filter, choices.window, choices.looks)
    if path.is_dir():
        raise SourceError(
            "a folder does not say when it was flown", where=where, next_step="Name the annotation of the product."
        )
    scene = open_scene(path, where)
    found = polarimetric_map(scene, options)
    (flown,) = passes_of(scene.annotation)
    found = found.assign_attrs(time_coverage_start=str(flown)[:19], time_coverage_end=str(flown)[:19])
    infos = tuple(LayerInfo(name, unit, text) for name, (unit, text) in LAYERS.items())
    return _ground_scene(found, infos, tuple(LAYERS), None, None)


def _ground_scene(
    found: xr.Dataset,
    infos: tuple[LayerInfo, ...],
    names: tuple[str, ...],
    random: tuple[str, ...] | None,
    common: tuple[xr.DataArray, ...] | None,
) -> RetrievedScene:
    """Return a lazy map on latitude and longitude as a scene whose tiles are the blocks of its files."""
    import dask

    lat, lon = found["lat"].to_numpy(), found["lon"].to_numpy()
    if lat.size < 2 or lon.size < 2:
        raise SourceError("the scene has fewer than two rows or columns", found=(lat.size, lon.size))
    down, right = float(lat[1] - lat[0]), float(lon[1] - lon[0])
    affine = (right, 0.0, float(lon[0]) - right / 2, 0.0, down, float(lat[0]) - down / 2)
    rows, columns = (found[names[0]].transpose("lat", "lon").chunks or ((lat.size,), (lon.size,)))[:2]

    def tiles() -> Iterator[Tile]:
        for top, bottom in _edges(rows):
            for left, end in _edges(columns):
                part = {"lat": slice(top, bottom), "lon": slice(left, end)}
                arrays = [found[name].isel(part) for name in (*names, *(random or ()))]
                arrays += [array.isel(part) for array in common or ()]
                made = [np.asarray(array.data) for array in dask.compute(*arrays)]  # type: ignore[attr-defined,no-untyped-call]
                n = len(names)
                yield Tile(
                    slice(top, bottom), slice(left, end), np.stack(made[:n]),
                    np.stack(made[n : n + len(random)]) if random else None,
                    np.stack(made[-len(common) :]) if common else None,
                )  # fmt: skip

    first, last = (np.datetime64(found.attrs[f"time_coverage_{end}"]) for end in ("start", "end"))
    kept = ("phase_grows", "reference", "reference_phase_rad", "ramp_rad", "angle", "looks", "thaw_degree_days")
    facts = {key: _plain(found.attrs[key]) for key in kept if key in found.attrs}
    return RetrievedScene(infos, affine, LONLAT, (lat.size, lon.size), first, last, tiles, facts)


def _indices(path: Path, where: str, choices: IndicesOptions) -> RetrievedScene:
    from geocryoai.retrievals.spectroscopy.spectral_layers import index_blocks
    from geocryoai.sources.spectroscopy import open_scene
    from geocryoai.sources.spectroscopy.indices import INDICES

    scene = open_scene(path, where)
    blocks = index_blocks(scene, choices.indices)
    return _spectral_scene(
        scene, blocks, lambda: tuple(LayerInfo(name, "1", INDICES[name].long_name) for name in choices.indices)
    )


def _components(path: Path, where: str, choices: ComponentsOptions, data: Path) -> RetrievedScene:
    from geocryoai.retrievals.spectroscopy.components import load_components
    from geocryoai.retrievals.spectroscopy.spectral_layers import score_blocks
    from geocryoai.sources.spectroscopy import open_scene

    scene = open_scene(path, where)
    components = load_components(data / choices.loadings).first(choices.count)
    blocks = score_blocks(scene, components, memory_mb=choices.memory_mb)
    return _spectral_scene(
        scene, blocks,
        lambda: tuple(
            LayerInfo(f"component_{number}", components.unit, f"score of principal component {number}")
            for number in range(1, len(components.loadings) + 1)
        ),
    )  # fmt: skip


def _spectral_scene(
    scene: Scene, blocks: Iterator[tuple[slice, np.ndarray]], infos: Callable[[], tuple[LayerInfo, ...]]
) -> RetrievedScene:
    """Return blocks of lines as a scene; on the map of its look-up table where it is in raw geometry itself."""
    from geocryoai.retrievals.spectroscopy.spectral_layers import whole

    position = _position(scene.map_position, scene.where)
    glt = scene.glt if scene.position is None else None
    shape = (scene.lines, scene.samples) if glt is None else (glt.sample.shape[0], glt.sample.shape[1])
    first = next(blocks)

    def tiles() -> Iterator[Tile]:
        every = itertools.chain([first], blocks)
        if glt is not None:
            yield Tile(slice(0, shape[0]), slice(0, shape[1]), whole(scene, every))
            return
        for lines, values in every:
            yield Tile(lines, slice(0, scene.samples), values)

    when = _start(scene.start, scene.where)
    return RetrievedScene(infos(), position.affine, position.crs, shape, when, when, tiles)


def _methane(path: Path, where: str, choices: Ch4Options, data: Path) -> RetrievedScene:
    from geocryoai.retrievals.spectroscopy import EnhancementOptions, PlumeOptions, read_target, retrieve_plumes
    from geocryoai.retrievals.spectroscopy.emission import RELATIVE_SIGMA, Wind
    from geocryoai.retrievals.spectroscopy.masks import MaskOptions, flag_shares
    from geocryoai.retrievals.spectroscopy.summary import plume_table
    from geocryoai.sources.spectroscopy import open_scene
    from geocryoai.stages.retrieve_gas import ground_of_scene, on_map

    if (choices.wind is None) != (choices.wind_sigma is None):
        raise SourceError("a wind and its uncertainty belong together", where=where, expected="wind and wind_sigma")
    scene = open_scene(path, where)
    options = EnhancementOptions(
        group=choices.group, memory_mb=choices.memory_mb, masks=MaskOptions(sun_zenith=choices.sun_zenith)
    )
    seen = retrieve_plumes(
        scene, read_target(data / choices.target), options, PlumeOptions(false_alarms=choices.false_alarms)
    )
    found, plumes = on_map(scene, *seen)
    position = _position(scene.map_position, where)
    wind = None if choices.wind is None or choices.wind_sigma is None else Wind(choices.wind, choices.wind_sigma)
    shape = (found.linear.shape[0], found.linear.shape[1])
    table = plume_table(found, plumes, ground_of_scene(scene, None, shape), position, "ch4", wind)
    inside = np.where(np.isfinite(found.linear), (plumes.labels > 0).astype(np.float32), np.nan)

    def tiles() -> Iterator[Tile]:
        values = np.stack([found.linear, inside])
        random = np.stack([plumes.noise_factor * found.sigma, np.zeros_like(found.sigma)])
        common = np.stack([RELATIVE_SIGMA * np.abs(found.linear), np.zeros_like(found.sigma)])
        yield Tile(slice(0, shape[0]), slice(0, shape[1]), values, random, common)

    infos = (
        LayerInfo("enhancement", "umol mol-1 m", "methane enhancement of the column; not a flux"),
        LayerInfo("plume_share", "1", "share of the pixels that lie in a methane plume"),
    )
    when = _start(scene.start, where)
    facts = {"plumes": table, "flagged": flag_shares(found.flags), "noise_factor": plumes.noise_factor}
    return RetrievedScene(infos, position.affine, position.crs, shape, when, when, tiles, facts)


def _position(position: MapInfo | None, where: str) -> MapInfo:
    from geocryoai.sources.spectroscopy.north_up import need_position

    return need_position(position, where)


def _start(start: Any, where: str) -> np.datetime64:
    if start is None:
        raise SourceError("the name of the scene does not say when it was flown", where=where)
    return np.datetime64(start.replace(tzinfo=None), "s")


def _edges(chunks: tuple[int, ...]) -> Iterator[tuple[int, int]]:
    start = 0
    for size in chunks:
        yield start, start + size
        start += size


def _plain(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else value
