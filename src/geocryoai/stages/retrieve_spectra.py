"""Indices and principal components of spectral scenes: each scene on its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geocryoai import __version__
from geocryoai.core.errors import GeoCryoAIError
from geocryoai.core.files import complete_or_absent, file_hash, require_folder, write_json
from geocryoai.products.scene_map import (
    Layer,
    SceneMap,
    layer_numbers,
    scene_dataset,
    write_scene_geotiff,
    write_scene_netcdf,
)
from geocryoai.retrievals.spectroscopy.components import (
    Components,
    learn_components,
    load_components,
    save_components,
)
from geocryoai.retrievals.spectroscopy.spectral_layers import index_blocks, score_blocks, whole
from geocryoai.sources.spectroscopy import Scene, open_scene
from geocryoai.sources.spectroscopy.indices import INDICES
from geocryoai.stages.retrieve_gas import find_images, scene_stem
from geocryoai.stages.scene_batch import each_scene

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Products of a delivery that hold reflectance, as its names say.
REFLECTANCE = ("", "rfl", "corr")

#: Longest side of a quick look [pixels].
_LONGEST = 1500

Tell = Callable[[str], None]


@dataclass(frozen=True)
class SpectraRequest:
    """What the user asked for; see the options of the commands.

    Attributes
    ----------
    out : Path
    indices : tuple of str
        Names of indices; empty for components.
    reflectance : bool
        Take the values as reflectance though nothing says so.
    count : int
        Number of components to learn.
    loadings : Path or None
        Components learnt before, to be applied instead.
    memory : float
        [MB]
    """

    out: Path
    indices: tuple[str, ...] = ()
    reflectance: bool = False
    count: int = 8
    loadings: Path | None = None
    memory: float = 256.0

    @property
    def kind(self) -> str:
        """What is retrieved."""
        return "indices" if self.indices else "components"

    def check(self) -> Components | None:
        """Return components learnt before; raise where options are impossible."""
        if not 1.0 <= self.memory < 1e9:
            raise GeoCryoAIError(
                "not a memory", where="--memory", found=f"{self.memory:g}", expected="megabytes, from 1"
            )
        if self.count < 1:
            raise GeoCryoAIError("not a number of components", where="--count", found=self.count, expected="1 or more")
        return None if self.loadings is None else load_components(self.loadings)


def retrieve_spectra(files: Sequence[Path], request: SpectraRequest, tell: Tell = lambda _: None) -> list[Path]:
    """Retrieve indices or components of every scene and return the written summaries.

    Parameters
    ----------
    files : sequence of Path
        Images, and folders of them.
    request : SpectraRequest
    tell : callable
        Takes lines for the user.

    Raises
    ------
    PartlyDoneError, SourceError
        At the end, naming every scene that could not be retrieved; the others are written.
    """
    given = request.check()
    images = find_images(files, REFLECTANCE, "image of reflectance")
    require_folder(request.out)
    return each_scene(images, lambda image: _retrieve(image, given, request, tell), tell)


def _retrieve(image: Path, given: Components | None, request: SpectraRequest, tell: Tell) -> Path:
    """Retrieve one scene, write its products and return the summary."""
    scene = open_scene(image)
    if request.reflectance:
        scene = replace(scene, quantity="reflectance")
    learnt = None
    if request.indices:
        values = whole(scene, index_blocks(scene, request.indices))
        layers = {
            name: Layer(layer, "1", INDICES[name].long_name)
            for name, layer in zip(request.indices, values, strict=True)
        }
        about: dict[str, Any] = {"indices": {name: INDICES[name].reference for name in request.indices}}
    else:
        learnt = given or learn_components(scene, request.count, memory_mb=request.memory)
        layers = _scores(learnt, whole(scene, score_blocks(scene, learnt, memory_mb=request.memory)))
        about = _about(learnt, request.loadings)
    stem = f"{scene_stem(image)}_{request.kind}"
    kept = learnt if request.loadings is None else None
    return _write(scene, image, layers, about, stem, request, kept, tell)


def _scores(components: Components, values: NDArray[Any]) -> dict[str, Layer]:
    return {
        f"component_{number}": Layer(layer, components.unit, f"score of principal component {number}")
        for number, layer in enumerate(values, 1)
    }


def _about(components: Components, loadings: Path | None) -> dict[str, Any]:
    return {
        "explained": components.explained.tolist(),
        "explained_together": float(components.explained.sum()),
        "learnt_from_pixels": components.pixels,
        "bands": components.wavelength.size,
        "quantity": components.quantity,
        "loadings": None if loadings is None else {"name": loadings.name, "sha256": file_hash(loadings)},
    }


def _write(
    scene: Scene,
    image: Path,
    layers: dict[str, Layer],
    about: dict[str, Any],
    stem: str,
    request: SpectraRequest,
    learnt: Components | None,
    tell: Tell,
) -> Path:
    from geocryoai.report.figures.radar import radar_figure

    history = f"geocryoai {__version__} retrieve {request.kind}"
    attributes = {"title": f"{request.kind} of {scene.name}", "source": image.name, "history": history}
    scene_map = SceneMap(layers, scene.map_position, attributes)
    dataset = scene_dataset(scene_map)
    netcdf, geotiff, picture, loadings, summary = (
        request.out / f"{stem}{end}" for end in (".nc", ".tif", ".png", ".npz", ".json")
    )
    write_scene_netcdf(netcdf, dataset)
    paths = [netcdf]
    if write_scene_geotiff(geotiff, scene_map):
        paths.append(geotiff)
    shown = dataset[next(iter(layers))]
    step = max(1, -(-max(shown.shape) // _LONGEST))
    with complete_or_absent(picture) as temporary:
        temporary.write_bytes(radar_figure(shown[::step, ::step], f"{scene.name}: {shown.name}"))
    paths.append(picture)
    if learnt is not None:
        save_components(loadings, learnt)
        paths.append(loadings)
    numbers = {name: layer_numbers(layer) for name, layer in layers.items()}
    notes = [*scene.notes, *([] if scene.map_position else ["no map: the product is in raw geometry"])]
    write_json(summary, {
        "scene": scene.name, "kind": request.kind, "start": None if scene.start is None else scene.start.isoformat(),
        "layers": numbers, **about, "notes": notes, "files": [path.name for path in paths], "version": __version__,
    })  # fmt: skip
    for line in _lines(scene, numbers, about, notes):
        tell(line)
    for path in [*paths, summary]:
        tell(f"written: {path}")
    return summary


def _lines(scene: Scene, numbers: dict[str, Any], about: dict[str, Any], notes: list[str]) -> list[str]:
    lines = []
    if "explained" in about:
        shares = ", ".join(f"{100 * share:.3g}" for share in about["explained"])
        of = "" if about["loadings"] is None else ", of the scene that they were learnt from"
        lines.append(f"{scene.name}: components of {about['bands']} bands, explained variance {shares} %{of}")
    for name, found in numbers.items():
        middle = "missing" if found["median"] is None else f"median {found['median']:.4g}"
        spread = "" if found["median"] is None else f" (5 to 95 %: {found['p05']:.4g} to {found['p95']:.4g})"
        lines.append(
            f"{scene.name}: {name} {middle}{spread}, {100 * found['missing_share']:.1f} % of the pixels missing"
        )
    return lines + [f"  note: {note}" for note in notes]
