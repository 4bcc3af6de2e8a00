"""Gas retrieval of scenes: each scene on its own, one bad file among many does not stop the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from geocryoai import __version__
from geocryoai.core.errors import GeoCryoAIError, SourceError
from geocryoai.core.files import complete_or_absent, file_hash, require_folder, write_json
from geocryoai.products.gas_map import GasMap, write_gas_geotiff, write_gas_netcdf
from geocryoai.retrievals.spectroscopy import (
    Enhancement,
    EnhancementOptions,
    PlumeOptions,
    read_target,
    retrieve_plumes,
)
from geocryoai.retrievals.spectroscopy.emission import Wind
from geocryoai.retrievals.spectroscopy.enhancement import WINDOWS
from geocryoai.retrievals.spectroscopy.ground import Ground, ground_of, square_ground
from geocryoai.retrievals.spectroscopy.masks import BITS, MaskOptions, flag_shares
from geocryoai.retrievals.spectroscopy.plumes import PlumeMap
from geocryoai.retrievals.spectroscopy.summary import plume_table
from geocryoai.sources.envi import parse_header
from geocryoai.sources.spectroscopy import Scene, open_scene, parse_name
from geocryoai.stages.scene_batch import each_once, each_scene

if TYPE_CHECKING:
    from geocryoai.retrievals.spectroscopy.targets import GasTarget

#: Products of a delivery that hold radiance, as its names say.
RADIANCE = ("", "rdn", "l1b", "rad")


@dataclass(frozen=True)
class GasRequest:
    """What the user asked for; see the options of the command.

    Attributes
    ----------
    gas : {"ch4", "co2"}
    target, out : Path
    group : int
    wind, wind_sigma : float or None
        [m s-1]
    wind_law : tuple of float
        Slope and intercept [m s-1] of the effective wind.
    sun_zenith : float
        [degree]
    false_alarms : float
    pixel : float or None
        [m]
    glt : Path or None
    memory : float
        [MB]
    workers : int
    """

    gas: str
    target: Path
    out: Path
    group: int = 1
    wind: float | None = None
    wind_sigma: float | None = None
    wind_law: tuple[float, float] = (1.0, 0.0)
    sun_zenith: float = 50.0
    false_alarms: float = 0.05
    pixel: float | None = None
    glt: Path | None = None
    memory: float = 512.0
    workers: int = 2

    def check(self) -> Wind | None:
        """Return the wind; raise where options contradict each other or are impossible."""
        positive = {
            "--group": self.group, "--memory": self.memory, "--workers": self.workers,
            "--false-alarms": self.false_alarms, "--pixel": self.pixel, "--wind": self.wind,
        }  # fmt: skip
        for name, value in positive.items():
            if value is not None and not (value > 0 and np.isfinite(value)):
                raise GeoCryoAIError("the value must be positive and finite", where=name, found=value)
        if not 0 <= self.sun_zenith < 90:
            raise GeoCryoAIError(
                "the sun must be above the horizon", where="--sun-zenith", found=self.sun_zenith, expected="0 to 90"
            )
        if (self.wind is None) != (self.wind_sigma is None):
            raise GeoCryoAIError(
                "a wind and its uncertainty belong together",
                where="--wind, --wind-sigma",
                next_step="Give both: without uncertainty of the wind a rate would seem better known than it is.",
            )
        if self.wind is None or self.wind_sigma is None:
            if self.wind_law != (1.0, 0.0):
                raise GeoCryoAIError("a law of the wind needs a wind", where="--wind-law",
                                     next_step="Add --wind and --wind-sigma.")  # fmt: skip
            return None
        if not np.isfinite([self.wind_sigma, *self.wind_law]).all():
            raise GeoCryoAIError("the value must be a number", where="--wind-sigma, --wind-law",
                                 found=f"{self.wind_sigma:g}, {self.wind_law[0]:g} {self.wind_law[1]:g}")  # fmt: skip
        wind = Wind(self.wind, self.wind_sigma, *self.wind_law)
        return wind if wind.effective > 0 else None


def retrieve_scenes(
    files: Sequence[Path], request: GasRequest, tell: Callable[[str], None] = lambda _: None
) -> list[Path]:
    """Retrieve every scene and return the folders' written summaries.

    Parameters
    ----------
    files : sequence of Path
        Images, and folders of them.
    request : GasRequest
    tell : callable
        Takes lines for the user.

    Raises
    ------
    SourceError
        At the end, naming every scene that could not be retrieved; the others are written.
    """
    wind = request.check()
    target = read_target(request.target)
    images = find_images(files)
    require_folder(request.out)
    return each_scene(images, lambda image: retrieve_scene(image, target, request, wind, tell), tell)


def find_images(files: Sequence[Path], products: Sequence[str] = RADIANCE, kind: str = "radiance image") -> list[Path]:
    """Return the images among files and in folders, sorted; a file that was named is taken as it is.

    Parameters
    ----------
    files : sequence of Path
    products : sequence of str
        Of a folder, images whose names say one of these, or nothing.
    kind : str
        What they are called in the message.

    Raises
    ------
    SourceError
        A folder without images, or two images whose products would have the same name.
    """
    found: list[Path] = []
    for path in files:
        if not path.is_dir():
            found.append(path)
            continue
        inside = [p for p in sorted(path.iterdir()) if p.suffix in (".hdr", ".nc") and _is_image(p, products)]
        if not inside:
            raise SourceError(f"the folder has no {kind}", where=str(path), expected="ENVI headers or EMIT files")
        found += inside
    return each_once(found, scene_stem, "images")


def retrieve_scene(
    image: Path, target: GasTarget, request: GasRequest, wind: Wind | None, tell: Callable[[str], None]
) -> Path:
    """Retrieve one scene, write its products and return the summary."""
    from geocryoai.report.figures.gas import gas_figure

    scene = open_scene(image, glt=request.glt)
    options = EnhancementOptions(
        window=WINDOWS[request.gas],
        group=request.group,
        memory_mb=request.memory,
        workers=request.workers,
        masks=MaskOptions(sun_zenith=request.sun_zenith),
    )
    found, plumes = retrieve_plumes(scene, target, options, PlumeOptions(false_alarms=request.false_alarms))
    found, plumes = on_map(scene, found, plumes)
    ground = ground_of_scene(scene, request.pixel, found.linear.shape)
    summary = _summary(scene, found, plumes, ground, request, wind)
    stem = request.out / f"{scene_stem(image)}_{request.gas}"
    attributes = {"title": f"{request.gas} enhancement of {scene.name}", "source": image.name, "target": target.name,
                  "history": f"geocryoai {__version__} retrieve {request.gas}"}  # fmt: skip
    gas_map = GasMap(request.gas, found.sparse, found.linear, found.sigma, found.flags, plumes.labels,
                     scene.map_position, BITS, attributes)  # fmt: skip
    paths = [stem.with_name(stem.name + end) for end in (".nc", ".tif", ".png", ".json")]
    write_gas_netcdf(paths[0], gas_map)
    if not write_gas_geotiff(paths[1], gas_map):
        paths.pop(1)
    with complete_or_absent(paths[-2]) as temporary:
        temporary.write_bytes(gas_figure(request.gas, scene.name, found.sparse, found.sigma, plumes.labels))
    write_json(paths[-1], summary | {"files": [path.name for path in paths[:-1]]})
    for line in describe(summary):
        tell(line)
    for path in paths:
        tell(f"written: {path}")
    return paths[-1]


def describe(summary: dict[str, Any]) -> list[str]:
    """Return a summary in lines for the user."""
    noise, share = summary["median_sigma_ppm_m"], 100 * summary["share_retrieved"]
    head = f"{summary['scene']}: {summary['gas']} enhancement, noise {noise:.0f} ppm m, {share:.1f} % of the pixels"
    lines = [f"{head}, {len(summary['plumes'])} plume(s)"]
    for plume in summary["plumes"]:
        text = f"  plume {plume['label']}: {plume['pixels']} pixels, up to {plume['largest_ppm_m']:.0f} ppm m"
        if "mass_kg" in plume:
            text += f", {_with_sigma(plume['mass_kg'], plume['mass_sigma_kg'])} kg"
        for method in ("mass_rate", "cross_section_rate"):
            if method in plume:
                rate = plume[method]
                text += f", {_with_sigma(rate['kg_per_h'], rate['sigma_kg_per_h'])} kg h-1 ({rate['method']})"
        lines.append(text)
    return lines + [f"  note: {note}" for note in summary["notes"]]


def _with_sigma(value: float, sigma: float) -> str:
    """Return a number and its standard deviation, both to the second digit of the latter, without exponents."""
    if not (np.isfinite(sigma) and sigma > 0):
        return f"{value:.3g} +- {sigma:.2g}"
    digits = 1 - int(np.floor(np.log10(sigma)))
    shown = max(digits, 0)
    return f"{round(value, digits):.{shown}f} +- {round(sigma, digits):.{shown}f}"


def on_map(scene: Scene, found: Enhancement, plumes: PlumeMap) -> tuple[Enhancement, PlumeMap]:
    """Return the layers on the map where a look-up table leads there."""
    glt = scene.glt
    if scene.position is not None or glt is None:
        return found, plumes
    classical, linear, sparse, sigma = (
        glt.apply(layer) for layer in (found.classical, found.linear, found.sparse, found.sigma)
    )
    flags = glt.apply(found.flags, BITS["no_data"])
    labels = glt.apply(plumes.labels, 0)
    return Enhancement(classical, linear, sparse, sigma, flags, found.notes), replace(plumes, labels=labels)


def ground_of_scene(scene: Scene, pixel: float | None, shape: tuple[int, ...]) -> Ground | None:
    """Return the ground of a scene: from its map, else from the side of a pixel [m]; None where neither is known."""
    if scene.map_position is not None:
        return ground_of(scene.map_position, (shape[0], shape[1]))
    return None if pixel is None else square_ground(pixel)


def _summary(
    scene: Scene,
    found: Enhancement,
    plumes: PlumeMap,
    ground: Ground | None,
    request: GasRequest,
    wind: Wind | None,
) -> dict[str, Any]:
    notes = list(found.notes)
    if ground is None:
        notes.append("no map and no --pixel: masses are not known")
    known = np.isfinite(found.linear)
    return {
        "scene": scene.name,
        "gas": request.gas,
        "quantity": "enhancement of the column, ppm m; not a flux",
        "start": None if scene.start is None else scene.start.isoformat(),
        "target": {"name": request.target.name, "sha256": file_hash(request.target)},
        "options": {"group": request.group, "sun_zenith": request.sun_zenith, "false_alarms": request.false_alarms},
        "wind": None if wind is None else {**vars(wind), "effective": wind.effective},
        "share_retrieved": float(known.mean()),
        "flagged": flag_shares(found.flags),
        "median_sigma_ppm_m": float(np.median(found.sigma[known])),
        "noise_factor": plumes.noise_factor,
        "plumes": plume_table(found, plumes, ground, scene.map_position, request.gas, wind),
        "notes": notes,
        "version": __version__,
    }


def scene_stem(image: Path) -> str:
    """Return the first part of the names of a scene's products."""
    return image.stem if image.suffix in (".hdr", ".img", ".nc") else image.name


def _is_image(path: Path, products: Sequence[str]) -> bool:
    """Return whether a file of a folder is to be tried, by its name or header; damaged ones, too."""
    name = parse_name(path.name)
    if name is not None:
        return name.layer in ("img", "ort") and name.product in products
    if path.suffix == ".nc":
        return False
    try:
        header = parse_header(path.read_text(encoding="utf-8"), str(path))
    except (GeoCryoAIError, UnicodeDecodeError, OSError):
        return True
    return header.wavelength is not None and header.lines > 1
