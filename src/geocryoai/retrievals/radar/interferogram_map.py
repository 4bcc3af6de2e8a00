"""A scene's interferogram and coherence from two single-look images, strip by strip."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from geocryoai.core.errors import ModelError, SourceError, nearest
from geocryoai.retrievals.radar.checks import Array, Complex, number_between
from geocryoai.retrievals.radar.interferogram import unbias_coherence
from geocryoai.retrievals.radar.phase_filter import goldstein_filter
from geocryoai.retrievals.radar.slc_pair import multilooked_pair
from geocryoai.retrievals.radar.unwrapping import unwrap
from geocryoai.sources.uavsar.flight import flight_of, passes_of
from geocryoai.sources.uavsar.scene import Scene

if TYPE_CHECKING:
    import xarray as xr

    from geocryoai.sources.uavsar.grids import RadarGrid
    from geocryoai.sources.uavsar.raster import LayerFile

#: Bytes in memory for each pixel of a strip: two images, their product and powers.
_BYTES = 64


@dataclass(frozen=True)
class InterferogramOptions:
    """How two images become an interferogram.

    Attributes
    ----------
    looks : tuple of int
        Pixels that are averaged, along the track (rows) and across it (columns).
    least_coherence : float
        Below it the phase is missing [1].
    filter_strength : float
        Of the Goldstein filter, 0 for none.
    unwrap : bool
        Unwrap the phase, too (extra ``radar``).
    image : str or None
        Which image, where a product has several: a polarisation (``hh``), or segment and looks (``1_1x1``).
    memory_mb : float
        Memory for strips of the images [MB].
    """

    looks: tuple[int, int] = (12, 3)
    least_coherence: float = 0.35
    filter_strength: float = 0.0
    unwrap: bool = False
    image: str | None = None
    memory_mb: float = 512.0

    def __post_init__(self) -> None:
        number_between("least_coherence", self.least_coherence, 0.0, 1.0)
        number_between("filter_strength", self.filter_strength, 0.0, 1.0)
        number_between("memory_mb", self.memory_mb, 1.0, 1e9)
        if min(self.looks) < 1 or self.looks[0] * self.looks[1] < 2:
            raise ModelError(
                "a coherence takes at least two looks", where="looks", found=f"{self.looks[0]} x {self.looks[1]}"
            )


@dataclass(frozen=True)
class SingleLook:
    """One single-look image: the file, its layer, its grid and when it was taken."""

    file: LayerFile
    part: str
    grid: RadarGrid
    time: np.datetime64

    def rows(self, top: int, bottom: int) -> Complex:
        """Return rows of the image, NaN where there is no data."""
        return np.asarray(self.file.read(self.part, slice(top, bottom), slice(None)))


def single_looks(scene: Scene, image: str | None) -> list[SingleLook]:
    """Return the single-look images of a product: two of a repeat-pass pair, else the one that is meant.

    Raises
    ------
    SourceError
        There is none, or there are several and none is named.
    """
    times = passes_of(scene.annotation)
    where = scene.annotation.where
    if scene.annotation.kind == "RPI":
        there = scene.files.get("slc", {})
        return [
            SingleLook(there[part], part, scene.grids["slc"], time)
            for part, time in zip(("slc_1", "slc_2"), times, strict=True)
            if part in there
        ]
    found = {
        (part.removeprefix("slc_") if grid == "slc" else grid): SingleLook(file, part, scene.grids[grid], times[0])
        for grid, layers in scene.files.items()
        for part, file in layers.items()
        if part.startswith("slc")
    }
    if not found:
        raise SourceError("the product has no single-look image", where=where, expected="a file .slc")
    if image is None and len(found) > 1:
        raise SourceError("the product has several single-look images", where=where, found=", ".join(found),
                          next_step="Name one with --image.")  # fmt: skip
    if image is not None and image not in found:
        raise SourceError(f"the product has no image '{image}'", where=where, next_step=nearest(image, found))
    return [found[image or next(iter(found))]]


def interferogram_map(scenes: list[Scene], options: InterferogramOptions | None = None) -> xr.Dataset:
    """Return phase, amplitude and coherence of two single-look images in multi-looked pixels.

    Parameters
    ----------
    scenes : list of Scene
        A repeat-pass pair with both images, or two products with one each, on one grid (co-registered).
    options : InterferogramOptions, optional

    Returns
    -------
    xarray.Dataset
        ``interferogram_phase`` [rad], that of the first pass less that of the second; ``interferogram_amplitude`` and
        ``coherence`` [1]; ``unwrapped_phase`` [rad] where asked for. On ``azimuth, slant_range`` [m], with latitude and
        longitude where the product gives them for these looks.

    Raises
    ------
    SourceError
        An image is absent, or the two are not on one grid.
    ModelError
        Nothing is left.
    """
    import xarray as xr

    chosen = options or InterferogramOptions()
    images = [image for scene in scenes for image in single_looks(scene, chosen.image)]
    where = ", ".join(scene.annotation.where for scene in scenes)
    if len(images) != 2:
        raise SourceError("an interferogram takes two single-look images", where=where, found=len(images),
                          next_step="Name the products of both passes.")  # fmt: skip
    first, second = images
    _require_one_grid(first, second, where)
    wave, coherence = _multilooked(first, second, chosen)
    count = chosen.looks[0] * chosen.looks[1]
    known = np.isfinite(wave) & (np.nan_to_num(coherence) >= chosen.least_coherence)
    if not known.any():
        raise ModelError(
            "every pixel is missing", where=where, next_step="Lower the least coherence if that is wanted.",
            found=f"no pixel with a coherence of {chosen.least_coherence:g} or more",
        )  # fmt: skip
    filtered = goldstein_filter(wave, strength=chosen.filter_strength) if chosen.filter_strength > 0 else wave
    layers: dict[str, tuple[Array, str, str]] = {
        "interferogram_phase": (np.where(known, np.angle(filtered), np.nan), "rad", "phase, first pass less second"),
        "interferogram_amplitude": (np.abs(wave), "1", "magnitude of the interferogram"),
        "coherence": (coherence, "1", "interferometric coherence, bias of few looks undone"),
    }
    if chosen.unwrap:
        phase, component = unwrap(filtered, coherence, count, least=chosen.least_coherence)
        layers["unwrapped_phase"] = (np.where(component > 0, phase, np.nan), "rad", "unwrapped phase")
    attributes: dict[str, Any] = {
        "looks": list(chosen.looks), "least_coherence": chosen.least_coherence,
        "filter_strength": chosen.filter_strength, "wavelength_m": flight_of(scenes[0].annotation).wavelength,
        "time_coverage_start": str(first.time)[:19], "time_coverage_end": str(second.time)[:19],
        "days": float((second.time - first.time) / np.timedelta64(1, "D")),
    }  # fmt: skip
    dims = first.grid.dimensions
    return xr.Dataset(
        {
            name: (dims, values.astype(np.float32), {"units": unit, "long_name": text})
            for name, (values, unit, text) in layers.items()
        },
        coords=_centres(first.grid, chosen.looks) | _places(scenes[0], first.grid, chosen.looks, wave.shape),
        attrs=attributes,
    )


def _require_one_grid(first: SingleLook, second: SingleLook, where: str) -> None:
    if first.file.path.resolve() == second.file.path.resolve():
        raise SourceError("both images are the same file", where=where, found=first.file.path.name)
    one, two = first.grid, second.grid
    near = np.allclose([*one.first, *one.step], [*two.first, *two.step], rtol=0, atol=1e-6)
    if (one.rows, one.columns) != (two.rows, two.columns) or not near:
        raise SourceError(
            "the two images are not on one grid", where=where,
            found=f"{one.rows} x {one.columns} from {one.first}, {two.rows} x {two.columns} from {two.first}",
            next_step="Co-register them first; images of a stack are.",
        )  # fmt: skip


def _multilooked(first: SingleLook, second: SingleLook, options: InterferogramOptions) -> tuple[Complex, Array]:
    """Return the multi-looked interferogram and the coherence, read in strips of whole looks."""
    parts = [
        multilooked_pair(one, two, options.looks, unbiased=False)
        if np.isfinite(one * two).any()
        else (np.full(shape, np.nan + 0j), np.full(shape, np.nan))
        for one, two, shape in _strips(first, second, options)
    ]
    wave = np.concatenate([part[0] for part in parts]).astype(np.complex64)
    return wave, unbias_coherence(np.concatenate([part[1] for part in parts]), options.looks[0] * options.looks[1])


def _strips(
    first: SingleLook, second: SingleLook, options: InterferogramOptions
) -> Iterator[tuple[Complex, Complex, tuple[int, int]]]:
    grid, (down, across) = first.grid, options.looks
    if down > grid.rows or across > grid.columns:
        raise ModelError("the block of looks is larger than the image", where="looks", found=f"{down} x {across}",
                         expected=f"at most {grid.rows} x {grid.columns}")  # fmt: skip
    blocks = max(1, int(options.memory_mb * 1e6 / (_BYTES * grid.columns * down)))
    for top in range(0, grid.rows - down + 1, blocks * down):
        bottom = min(top + blocks * down, grid.rows)
        yield first.rows(top, bottom), second.rows(top, bottom), ((bottom - top) // down, grid.columns // across)


def _centres(grid: RadarGrid, looks: tuple[int, int]) -> dict[str, Any]:
    """Return the centres of multi-looked pixels."""
    found = {}
    for name, centres, number in zip(grid.dimensions, grid.centres().values(), looks, strict=True):
        whole = centres.size // number
        found[name] = (name, centres[: whole * number].reshape(whole, number).mean(axis=1), {"units": "m"})
    return found


def _places(scene: Scene, grid: RadarGrid, looks: tuple[int, int], shape: tuple[int, ...]) -> dict[str, Any]:
    """Return latitude and longitude of multi-looked pixels, where a stack gives them for the same looks."""
    named = f"{grid.name.partition('_')[0]}_{looks[1]}x{looks[0]}"
    there = scene.files.get(named, {})
    if (
        "latitude" not in there
        or (there["latitude"].rows, there["latitude"].columns) != shape
        or "1x1" not in grid.name
    ):
        return {}
    units = {"latitude": "degrees_north", "longitude": "degrees_east"}
    return {
        name: (grid.dimensions, there[name].read(name, slice(None), slice(None)), {"units": unit})
        for name, unit in units.items()
    }
