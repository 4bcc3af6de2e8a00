"""Reader of UAVSAR ground-projected products in a study; see the options.

Options
-------
layers : list of str
    Layers to read; default: all real ones. A complex layer is read as two, ``NAME_real`` and ``NAME_imag``.
time : {"acquisition", "months", "static"}
    What the fields stand for: the time between the passes (one day for a single flight), all calendar months that it
    touches, or no time at all.
block : int
    Rows and columns read at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from geocryoai.core.errors import SourceError, nearest
from geocryoai.core.projection import LONLAT
from geocryoai.sources._fields import field_data, house_form, time_coordinates
from geocryoai.sources._tabular import check_options
from geocryoai.sources.base import SourceData, SourceInfo
from geocryoai.sources.uavsar.flight import passes_of
from geocryoai.sources.uavsar.scene import BLOCK, Scene, open_scene

if TYPE_CHECKING:
    import xarray as xr

_TIMES = ("acquisition", "months", "static")

INFO = SourceInfo(
    name="uavsar",
    title="UAVSAR airborne L- and P-band radar: repeat-pass pairs and polarimetric products on the ground",
    kind="fields",
    licence="open, with acknowledgement of NASA/JPL-Caltech",
    citation="UAVSAR, NASA/JPL-Caltech, retrieved from the Alaska Satellite Facility DAAC; over the ABoVE domain: "
    "Miller et al. (2024), Earth Syst. Sci. Data 16",
    formats=("ann with grd", "folder"),
    covariates={
        "unwrapped_phase": "rad", "coherence": "1", "amplitude_1": "1", "amplitude_2": "1", "elevation": "m",
        "local_incidence": "rad", "hhhh": "1", "hvhv": "1", "vvvv": "1",
    },
    doi="10.5194/essd-16-2605-2024",
    url="https://uavsar.jpl.nasa.gov",
    quirks=(
        "Positions in the annotation are centres of pixels; taken as corners they shift the image by half a pixel.",
        "The step of longitude differs between products (0.00005556 or 0.00016667 degree); pixels are not square.",
        "Images have no header: their sizes are checked against the annotation, twice where it states bytes too.",
        "No data is 0 in power, phase, correlation and amplitude, -10000 in incidence, slope and height.",
        "HVHV is |HV|^2, not 2 |HV|^2 as in a covariance matrix C3.",
        "The sign of the phase for subsidence is stated nowhere: the retrieval has it as an option.",
        "Annotations of version 1 state no unit on some keys.",
        "Slant-range layers have no place on a map: open them with geocryoai.sources.uavsar.open_scene.",
    ),
)  # fmt: skip


class UavsarReader:
    """Reader of the ground layers of one product; see the module's text for the options."""

    info = INFO

    def read(self, path: Path, *, source: str, options: Mapping[str, Any], targets: bool = True) -> SourceData:
        """Read a product lazily; see `Reader.read`."""
        chosen = check_options(options, {"layers": None, "time": "acquisition", "block": BLOCK}, "uavsar")
        if chosen["time"] not in _TIMES:
            raise SourceError("unknown value of option 'time'", where="uavsar", found=f"'{chosen['time']}'",
                              next_step=nearest(str(chosen["time"]), _TIMES))  # fmt: skip
        scene = open_scene(path, source)
        if "ground" not in scene.files:
            raise SourceError(
                "the product has no layer on the ground", where=source, found=", ".join(scene.files),
                next_step="Open slant-range layers with geocryoai.sources.uavsar.open_scene.",
            )  # fmt: skip
        fields = _real_layers(scene, chosen["layers"], int(chosen["block"]), source)
        passes = passes_of(scene.annotation)
        if chosen["time"] != "static":
            fields = fields.expand_dims("time").assign_coords(_times(passes, chosen["time"], source))
            for array in fields.data_vars.values():
                array.attrs["cell_methods"] = "time: point"
        stamps = " and ".join(str(time)[:19] for time in passes)
        return field_data(INFO, house_form(fields, LONLAT, source), [f"{source}: flown {stamps} UTC"])


READER = UavsarReader()


def _real_layers(scene: Scene, wanted: object, block: int, source: str) -> xr.Dataset:
    import xarray as xr

    layers: dict[str, xr.DataArray] = {}
    for name in scene.files["ground"]:
        array = scene.layer(name, block=block)
        parts = {name: array}
        if np.issubdtype(array.dtype, np.complexfloating):
            parts = {f"{name}_real": array.real, f"{name}_imag": array.imag}
        layers.update({key: part.assign_attrs(array.attrs) for key, part in parts.items()})
    if wanted is None:
        return xr.Dataset({k: v for k, v in layers.items() if not k.endswith(("_real", "_imag"))} or layers)
    names = [str(name) for name in wanted] if isinstance(wanted, list | tuple) else [str(wanted)]
    for name in names:
        if name not in layers:
            raise SourceError(f"the layer '{name}' is not there", where=source, next_step=nearest(name, layers))
    return xr.Dataset({name: layers[name] for name in names})


def _times(passes: tuple[np.datetime64, ...], kind: str, source: str) -> dict[str, xr.DataArray]:
    if kind == "months":
        start, end = passes[0].astype("datetime64[M]"), passes[-1].astype("datetime64[M]") + 1
    else:
        start, end = passes[0].astype("datetime64[D]"), passes[-1].astype("datetime64[D]") + 1
    return time_coordinates(np.array([start]), np.array([end]), source)
