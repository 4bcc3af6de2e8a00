"""Layers of a spectral scene, block by block of lines: indices of reflectance, and scores of principal components."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from geocryoai.core.errors import ModelError, SourceError, nearest
from geocryoai.sources.spectroscopy.indices import INDICES, index_values

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geocryoai.retrievals.spectroscopy.components import Components
    from geocryoai.sources.spectroscopy import Scene

    Block = tuple[slice, NDArray[np.float32]]

#: Lines of a block of indices.
_LINES = 256

#: Median of a band from which values cannot be fractions: snow and cloud stay below.
_MOST_REFLECTANCE = 1.5

#: Wavelengths that differ by less are the same [nm].
_SAME = 0.05


def index_blocks(scene: Scene, names: Sequence[str], *, reflectance: bool = False) -> Iterator[Block]:
    """Yield runs of lines and their indices, shape (names, lines, samples); NaN where missing.

    Parameters
    ----------
    scene : Scene
    names : sequence of str
        Of `INDICES`.
    reflectance : bool
        Take the values as reflectance though neither name nor file say so.

    Raises
    ------
    SourceError
        An unknown index, no reflectance, a band that is absent, or values that are no fractions.
    """
    for name in names:
        if name not in INDICES:
            raise SourceError(f"unknown index '{name}'", where=scene.where, next_step=nearest(name, INDICES))
    if scene.quantity != "reflectance" and not reflectance:
        raise SourceError("indices need reflectance", where=scene.where, found=scene.quantity)
    bands = {name: [scene.band_at(w) for w in INDICES[name].wavelengths] for name in names}
    wanted = sorted({band for each in bands.values() for band in each})
    for top in range(0, scene.lines, _LINES):
        lines = slice(top, min(top + _LINES, scene.lines))
        read = {band: _band(scene, lines, band) for band in wanted}
        values = [index_values(INDICES[name], *(read[b] for b in each)) for name, each in bands.items()]
        yield lines, np.stack(values).astype(np.float32)


def score_blocks(scene: Scene, components: Components, *, memory_mb: float = 256.0) -> Iterator[Block]:
    """Yield runs of lines and their scores, shape (components, lines, samples); NaN where a band is missing.

    Where the bands of the scene lie elsewhere than those of the components, spectra are interpolated between
    neighbouring bands.

    Parameters
    ----------
    scene : Scene
    components : Components
    memory_mb : float
        Memory for a block [MB].

    Raises
    ------
    SourceError
        A band of the components is not covered by the scene, or they are of another quantity.
    """
    if scene.quantity != components.quantity:
        raise SourceError("the components are of another quantity", where=scene.where, found=components.quantity,
                          expected=scene.quantity)  # fmt: skip
    bands, weights = band_weights(scene, components.wavelength)
    lines = max(1, int(memory_mb * 1e6 / (16.0 * scene.samples * bands.size)))
    everything = slice(int(bands.min()), int(bands.max()) + 1)
    for top in range(0, scene.lines, lines):
        run = slice(top, min(top + lines, scene.lines))
        spectra = scene.raster.block(run, bands=everything)[:, :, bands - everything.start].astype(np.float64)
        missing = ~np.isfinite(spectra) | (spectra == np.float32(scene.ignore))
        scores = components.scores(np.where(missing, 0.0, spectra) @ weights)
        scores[missing.any(axis=2)] = np.nan
        yield run, np.moveaxis(scores, 2, 0).astype(np.float32)


def band_weights(scene: Scene, wavelength: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the bands of a scene that give values at other wavelengths, and their weights (bands, wavelengths).

    Raises
    ------
    SourceError
        The scene has no band within the width of a band of a wavelength.
    """
    weights = np.zeros((scene.wavelength.size, wavelength.size))
    order = np.argsort(scene.wavelength)
    ascending = scene.wavelength[order]
    for column, wanted in enumerate(wavelength):
        scene.band_at(float(wanted))
        upper = int(np.clip(np.searchsorted(ascending, wanted), 1, max(ascending.size - 1, 1)))
        low, high = order[upper - 1], order[min(upper, ascending.size - 1)]
        span = scene.wavelength[high] - scene.wavelength[low]
        share = float(np.clip((wanted - scene.wavelength[low]) / span, 0.0, 1.0)) if span > 0 else 0.0
        near = min(low, high, key=lambda band: abs(scene.wavelength[band] - wanted))
        if abs(scene.wavelength[near] - wanted) < _SAME:
            weights[near, column] = 1.0
        else:
            weights[low, column] += 1.0 - share
            weights[high, column] += share
    bands = np.flatnonzero(weights.any(axis=1))
    return bands, weights[bands]


def whole(scene: Scene, blocks: Iterator[Block]) -> NDArray[np.float32]:
    """Return all blocks as one array (layers, rows, columns), on the map where a look-up table leads there.

    Raises
    ------
    ModelError
        Every pixel of every layer is missing.
    """
    values = np.concatenate([block for _, block in blocks], axis=1)
    if not np.isfinite(values).any():
        raise ModelError("every pixel is missing", where=scene.where, found=f"{values[0].size} pixels without data")
    if scene.glt is None or scene.position is not None:
        return values
    return np.stack([scene.glt.apply(layer) for layer in values])


def _band(scene: Scene, lines: slice, band: int) -> NDArray[np.float64]:
    values = scene.raster.block(lines, slice(None), slice(band, band + 1))[:, :, 0].astype(np.float64)
    values = np.where(values == np.float32(scene.ignore), np.nan, values)
    positive = values[values > 0]
    if positive.size and float(np.median(positive)) > _MOST_REFLECTANCE:
        raise SourceError(
            "the values are no reflectance", where=f"{scene.where}, {scene.wavelength[band]:g} nm",
            found=f"a median of {float(np.median(positive)):.4g}", expected="fractions from 0 to 1",
            next_step="Divide scaled values by their factor first.",
        )  # fmt: skip
    return values
