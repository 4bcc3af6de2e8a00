"""Principal components of spectra, learnt block by block and saved without pickle."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import BadZipFile

import numpy as np

from geocryoai.core.errors import ModelError, SourceError
from geocryoai.core.files import complete_or_absent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geocryoai.sources.spectroscopy import Scene

    Floats = NDArray[np.float64]

#: Wavelengths that air makes useless for surfaces [nm]: the first, last, and the water bands.
ABSORBED = ((0.0, 400.0), (1350.0, 1420.0), (1800.0, 1945.0), (2485.0, 1e6))

#: Components carried from block to block beyond twice those asked for: what one block cuts off is lost to the next.
_SPARE = 8


@dataclass(frozen=True)
class Components:
    """Principal components.

    Attributes
    ----------
    wavelength : array, shape (bands,)
        Of the bands that were used [nm].
    mean : array, shape (bands,)
    loadings : array, shape (components, bands)
    explained : array, shape (components,)
        Share of the variance [1].
    pixels : int
        Number of pixels learnt from.
    quantity : {"reflectance", "radiance"}
        What was learnt from.
    """

    wavelength: Floats
    mean: Floats
    loadings: Floats
    explained: Floats
    pixels: int
    quantity: str = "reflectance"

    @property
    def unit(self) -> str:
        """Unit of the scores: that of the spectra."""
        return "1" if self.quantity == "reflectance" else "uW cm-2 nm-1 sr-1"

    def first(self, count: int | None) -> Components:
        """Return the first `count` components; None returns all.

        Raises
        ------
        ModelError
            There are not so many.
        """
        if count is None:
            return self
        if not 1 <= count <= len(self.loadings):
            raise ModelError("there are not so many components", found=count, expected=f"1 to {len(self.loadings)}")
        return replace(self, loadings=self.loadings[:count], explained=self.explained[:count])

    def scores(self, spectra: NDArray[np.floating]) -> Floats:
        """Return the scores (..., components) of spectra (..., bands)."""
        if spectra.shape[-1] != self.mean.size:
            raise ModelError("spectra of other bands", found=spectra.shape[-1], expected=self.mean.size)
        return np.asarray((spectra - self.mean) @ self.loadings.T)


def clear_bands(wavelength: Floats, absorbed: tuple[tuple[float, float], ...] = ABSORBED) -> NDArray[np.bool_]:
    """Return which bands lie outside the absorbed ranges [nm]."""
    inside = [(wavelength >= low) & (wavelength <= high) for low, high in absorbed]
    return np.asarray(~np.logical_or.reduce(inside))


def learn_components(scene: Scene, count: int = 8, *, memory_mb: float = 256.0) -> Components:
    """Return principal components of a scene's spectra, read in blocks of lines.

    Parameters
    ----------
    scene : Scene
    count : int
        Number of components.
    memory_mb : float
        Memory for a block [MB].

    Raises
    ------
    ModelError
        More components than bands or pixels.
    SourceError
        No pixel with data.
    """
    from sklearn.decomposition import IncrementalPCA

    bands = clear_bands(scene.wavelength)
    if not 1 <= count <= bands.sum():
        raise ModelError("the number of components does not fit the bands", found=count, expected=f"1 to {bands.sum()}")
    kept = min(int(bands.sum()), 2 * count + _SPARE)
    model = IncrementalPCA(n_components=kept)
    pixels, waiting = 0, np.empty((0, int(bands.sum())))
    with np.errstate(invalid="ignore"):
        for block in _spectra(scene, bands, memory_mb):
            waiting = np.concatenate([waiting, block])
            if len(waiting) >= 2 * kept:
                model.partial_fit(waiting)
                pixels, waiting = pixels + len(waiting), waiting[:0]
        if len(waiting) >= kept:
            model.partial_fit(waiting)
            pixels += len(waiting)
    if pixels == 0:
        raise SourceError("too few pixels with data for the components", where=scene.where, expected=kept)
    explained = model.explained_variance_ratio_[:count]
    if not np.isfinite(explained).all():
        raise SourceError("the spectra do not vary, so they have no components", where=scene.where)
    loadings = model.components_[:count]
    return Components(scene.wavelength[bands], model.mean_, loadings, explained, pixels, scene.quantity)


def save_components(path: Path, components: Components) -> None:
    """Write components as ``.npz``, complete or absent."""
    arrays = {name: np.asarray(value) for name, value in vars(components).items()}
    with complete_or_absent(path) as temporary, temporary.open("wb") as stream:
        np.savez(stream, allow_pickle=False, **arrays)


def load_components(path: Path) -> Components:
    """Read components; nothing in the file is executed."""
    try:
        with np.load(path, allow_pickle=False) as file:
            names = ("wavelength", "mean", "loadings", "explained", "pixels", "quantity")
            arrays = {name: file[name] for name in names}
            told = {"pixels": int(arrays["pixels"]), "quantity": str(arrays["quantity"])}
    except (OSError, ValueError, KeyError, TypeError, EOFError, BadZipFile) as error:
        raise SourceError("not a file of components", where=str(path), found=str(error)) from error
    read = Components(**{**arrays, **told})
    count, bands = read.loadings.shape if read.loadings.ndim == 2 else (0, 0)
    whole = read.wavelength.shape == read.mean.shape == (bands,) and read.explained.shape == (count,) and count > 0
    if not (whole and all(np.isfinite(a).all() for a in (read.wavelength, read.mean, read.loadings))):
        raise SourceError("the file of components is damaged", where=str(path), found=f"loadings {read.loadings.shape}")
    return read


def _spectra(scene: Scene, bands: NDArray[np.bool_], memory_mb: float) -> Iterator[Floats]:
    lines = max(1, int(memory_mb * 1e6 / (16.0 * scene.samples * scene.wavelength.size)))
    for first in range(0, scene.lines, lines):
        block = scene.raster.block(lines=slice(first, min(first + lines, scene.lines)))
        spectra = block.reshape(-1, block.shape[-1])[:, bands]
        known = np.isfinite(spectra).all(axis=1) & (spectra != np.float32(scene.ignore)).all(axis=1)
        yield spectra[known].astype(np.float64)
