"""Gas enhancement of a whole scene, streamed by blocks of detector columns."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from geocryoai.core.errors import ModelError, SourceError
from geocryoai.retrievals.spectroscopy.blocks import Block, blocks
from geocryoai.retrievals.spectroscopy.masks import BITS, MaskOptions, flag_pixels, mask_bands
from geocryoai.retrievals.spectroscopy.matched_filter import FilterOptions, filter_group
from geocryoai.retrievals.spectroscopy.scale import Curve

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geocryoai.retrievals.spectroscopy.targets import GasTarget
    from geocryoai.sources.spectroscopy import Scene

    Floats = NDArray[np.float32]

#: Window in which a gas is sought [nm]: for methane that of Foote et al. (2020), for carbon dioxide its bands near
#: 2000 nm without the water band below them.
WINDOWS = {"ch4": (2122.0, 2488.0), "co2": (1965.0, 2120.0)}

#: Bytes for each value of a block: as read, and the copies of the groups being filtered.
_BYTES_PER_VALUE = 12


@dataclass(frozen=True)
class EnhancementOptions:
    """How a scene is worked through.

    Attributes
    ----------
    window : tuple of float
        First and last wavelength [nm].
    group : int
        Detector columns that share mean and covariance.
    memory_mb : float
        Memory for blocks [MB], all workers together.
    workers : int
        Threads; each uses one thread of BLAS.
    filter : FilterOptions
    masks : MaskOptions
    """

    window: tuple[float, float] = WINDOWS["ch4"]
    group: int = 1
    memory_mb: float = 512.0
    workers: int = 2
    filter: FilterOptions = field(default_factory=FilterOptions)
    masks: MaskOptions = field(default_factory=MaskOptions)


@dataclass(frozen=True)
class Enhancement:
    """Enhancement of a gas, in the geometry of the scene's raster. It is not a flux.

    Attributes
    ----------
    classical, linear, sparse, sigma : array of float32, shape (lines, samples)
        As in `FilterResult` [ppm m]; NaN where flagged.
    flags : array of uint8, shape (lines, samples)
        Sums of `masks.BITS`.
    notes : tuple of str
        Groups that could not be filtered, tests that could not be made.
    """

    classical: Floats
    linear: Floats
    sparse: Floats
    sigma: Floats
    flags: NDArray[np.uint8]
    notes: tuple[str, ...] = ()


def retrieve_enhancement(
    scene: Scene,
    target: GasTarget,
    options: EnhancementOptions | None = None,
    *,
    plumes: NDArray[np.bool_] | None = None,
) -> Enhancement:
    """Return the enhancement of a gas over a scene.

    Mean and covariance are those of `group` detector columns. Of a raster that is a map, pixels are grouped by the
    samples of its geometry look-up table; without a table all pixels are one group, which leaves stripes.

    Parameters
    ----------
    scene : Scene
        Radiance.
    target : GasTarget
    options : EnhancementOptions, optional
    plumes : array of bool, shape (lines, samples), optional
        Pixels that are left out of mean and covariance: found plumes bias their own background. Only their groups are
        filtered, and only `linear` and `sigma` are given there.

    Raises
    ------
    SourceError
        Not radiance, no band in the window, no data at all, or no group that could be filtered.
    """
    from threadpoolctl import threadpool_limits

    options = options or EnhancementOptions()
    if scene.quantity != "radiance":
        raise SourceError("a matched filter for gas needs radiance", where=scene.where, found=scene.quantity)
    if options.group < 1 or options.workers < 1 or not options.memory_mb > 0:
        raise ModelError("group, workers and memory must be positive", found=options)
    bands = scene.bands_within(*options.window)
    centre, fwhm = scene.wavelength[bands], scene.fwhm[bands]
    goal = _Goal(target.at(centre, fwhm), target.curve(centre, fwhm))
    beside = mask_bands(scene)
    shape = (scene.lines, scene.samples)
    classical, linear, sparse, sigma = (np.full(shape, np.nan, np.float32) for _ in range(4))
    out = Enhancement(classical, linear, sparse, sigma, np.full(shape, BITS["no_data"], np.uint8))
    width = bands.stop - bands.start + len(beside)
    pixels = options.memory_mb * 1e6 / (options.workers * _BYTES_PER_VALUE * width)
    failed: list[str] = []
    with threadpool_limits(1), ThreadPoolExecutor(options.workers) as pool:
        jobs = [
            pool.submit(_filter_block, block, scene, bands, beside, goal, out, options, plumes)
            for block in blocks(scene, options.group, pixels, options.workers)
        ]
        for job in jobs:
            failed += job.result()
    if plumes is not None:
        return replace(out, notes=_notes(scene, beside, failed, out))
    if (out.flags & BITS["no_data"]).all():
        raise SourceError("all pixels are without data", where=scene.where, found=f"only {scene.ignore:g} or no number")
    if np.isnan(out.linear).all():
        raise SourceError(
            "no group of detector columns has enough clear pixels",
            where=scene.where,
            found=failed[0] if failed else "all pixels are masked",
            next_step="Use a larger group, or looser masks.",
        )
    return replace(out, notes=_notes(scene, beside, failed, out))


def refine(first: Enhancement, second: Enhancement) -> Enhancement:
    """Return the first retrieval with `linear` and `sigma` of the second where it has them."""
    known = np.isfinite(second.linear)
    return replace(
        first,
        linear=np.where(known, second.linear, first.linear),
        sigma=np.where(known, second.sigma, first.sigma),
        notes=(*first.notes, *(note for note in second.notes if note not in first.notes)),
    )


@dataclass(frozen=True)
class _Goal:
    """What is sought at the bands of the window."""

    unit: NDArray[np.float64]
    curve: Curve


def _filter_block(
    block: Block,
    scene: Scene,
    bands: slice,
    beside: dict[float, int],
    goal: _Goal,
    out: Enhancement,
    options: EnhancementOptions,
    plumes: NDArray[np.bool_] | None,
) -> list[str]:
    """Fill the results of a block; return which groups were left out and why."""
    found_here = None if plumes is None else plumes[block.line, block.sample]
    if found_here is not None and not found_here.any():
        return []
    window = block.read(scene, bands)
    others = {w: block.read(scene, slice(b, b + 1))[:, 0] for w, b in beside.items()}
    flags = flag_pixels(window, others, scene.ignore, options.masks)
    out.flags[block.line, block.sample] = flags
    failed = []
    for rows in np.split(np.arange(flags.size), np.flatnonzero(np.diff(block.group)) + 1):
        clear = rows[flags[rows] == 0]
        background = None if found_here is None else ~found_here[clear]
        if clear.size == 0 or (background is not None and background.all()):
            continue
        try:
            found = filter_group(window[clear], goal.unit, options.filter, curve=goal.curve, background=background)
        except ModelError as error:
            failed.append(f"group {block.group[rows[0]]}: {error.what} ({error.found})")
            continue
        at = block.line[clear], block.sample[clear]
        for name in ("classical", "linear", "sparse", "sigma"):
            getattr(out, name)[at] = getattr(found, name)
    return failed


def _notes(scene: Scene, beside: dict[float, int], failed: list[str], out: Enhancement) -> tuple[str, ...]:
    notes = list(scene.notes)
    absent = [f"{w:g}" for w in (450.0, 560.0, 1650.0, 2200.0) if w not in beside]
    if absent:
        notes.append(f"no band at {', '.join(absent)} nm: some tests for dark, glint and cloud were not made")
    if scene.position is not None and scene.glt is None:
        notes.append("a map without geometry look-up table: one group, so that detector stripes remain")
    if failed:
        notes.append(f"{len(failed)} groups of detector columns not filtered, the first: {failed[0]}")
    return tuple(notes)
