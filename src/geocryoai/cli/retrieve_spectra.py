"""The commands ``geocryoai retrieve indices`` and ``components``: layers of spectral scenes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from geocryoai.cli.shared import DebugOption, QuietOption, stoppable

FilesArgument = Annotated[
    list[Path],
    typer.Argument(help="images (ENVI, EMIT NetCDF), or folders of reflectance", metavar="FILE..."),
]
OutOption = Annotated[Path, typer.Option("--out", help="folder to write to")]
ReflectanceOption = Annotated[
    bool, typer.Option("--reflectance", help="take the values as reflectance though the name does not say so")
]

_KEPT = "Scenes that were finished are complete."


def retrieve_indices(
    files: FilesArgument,
    index: Annotated[
        list[str] | None, typer.Option("--index", help="name of an index; repeatable (default: ndvi, ndwi, ndii)")
    ] = None,
    out: OutOption = Path("retrieved"),
    reflectance: ReflectanceOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Spectral indices of reflectance: ndvi, evi, ndwi, ndwi_open_water, ndii, ndsi, nbr, pri."""
    from geocryoai.stages.retrieve_spectra import SpectraRequest, retrieve_spectra

    names = tuple(dict.fromkeys(index or ("ndvi", "ndwi", "ndii")))
    request = SpectraRequest(out, names, reflectance)
    with stoppable(_KEPT):
        retrieve_spectra(files, request, tell=(lambda _: None) if quiet else typer.echo)


def retrieve_components(
    files: FilesArgument,
    count: Annotated[int, typer.Option("--count", help="number of components to learn")] = 8,
    loadings: Annotated[
        Path | None,
        typer.Option("--loadings", help="components learnt before (.npz), to be applied"),
    ] = None,
    out: OutOption = Path("retrieved"),
    reflectance: ReflectanceOption = False,
    memory: Annotated[float, typer.Option("--memory", help="memory for blocks of the image [MB]")] = 256.0,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Scores of principal components of spectra, with their loadings and the variance that they explain."""
    from geocryoai.stages.retrieve_spectra import SpectraRequest, retrieve_spectra

    request = SpectraRequest(out, (), reflectance, count, loadings, memory)
    with stoppable(_KEPT):
        retrieve_spectra(files, request, tell=(lambda _: None) if quiet else typer.echo)
