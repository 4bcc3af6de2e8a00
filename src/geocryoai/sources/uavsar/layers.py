"""The layers of UAVSAR products: how their pixels are stored, what stands for no data, and on which grid they lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

GridKind = Literal["ground", "slant", "slc"]


@dataclass(frozen=True)
class LayerType:
    """How a layer is stored.

    Attributes
    ----------
    parts : tuple of str
        Name of each value of a pixel; several are interleaved by pixel.
    complex : bool
        Complex of two float32; else float32.
    nodata : float
        What stands for no data in the file (in all parts of a pixel).
    unit, long_name : str
    """

    parts: tuple[str, ...]
    unit: str
    long_name: str
    complex: bool = False
    nodata: float = 0.0

    @property
    def pixel_bytes(self) -> int:
        """Bytes of a pixel."""
        return len(self.parts) * (8 if self.complex else 4)


#: End of the name, without a closing ``.grd`` -> how a layer is stored.
INTERFEROMETRIC: dict[str, LayerType] = {
    "int": LayerType(("interferogram",), "1", "interferogram, power and phase", complex=True),
    "unw": LayerType(("unwrapped_phase",), "rad", "unwrapped phase of the interferogram"),
    "cor": LayerType(("coherence",), "1", "interferometric correlation"),
    "amp1": LayerType(("amplitude_1",), "1", "linear amplitude of pass 1"),
    "amp2": LayerType(("amplitude_2",), "1", "linear amplitude of pass 2"),
    "hgt": LayerType(("elevation",), "m", "surface altitude used in processing", nodata=-10000.0),
    "inc": LayerType(
        ("local_incidence",), "rad", "angle between look vector and surface normal", nodata=-10000.0
    ),
    "slope": LayerType(
        ("slope_east", "slope_north"), "1", "derivative of surface altitude", nodata=-10000.0
    ),
    "llh": LayerType(("latitude", "longitude", "elevation"), "degree, degree, m", "position of each pixel"),
    "lkv": LayerType(
        ("look_east", "look_north", "look_up"), "m", "look vector from aircraft to ground"
    ),
    "slc": LayerType(("slc",), "1", "single look complex image", complex=True),
    "T1.slc": LayerType(("slc_1",), "1", "single look complex image of pass 1", complex=True),
    "T2.slc": LayerType(("slc_2",), "1", "single look complex image of pass 2", complex=True),
}  # fmt: skip

#: Products of polarisations in the name of PolSAR ``.grd`` and ``.mlc`` files; the first three are powers.
POLARIMETRIC: dict[str, LayerType] = {
    **{
        pair: LayerType((pair.lower(),), "1", f"mean of |{pair[:2]}|^2, linear power")
        for pair in ("HHHH", "HVHV", "VVVV")
    },
    **{
        pair: LayerType((pair.lower(),), "1", f"mean of {pair[:2]} times conjugate {pair[2:]}", complex=True)
        for pair in ("HHHV", "HHVV", "HVVV")
    },
}

#: Names that the display section of an annotation has for a grid; all that are there must agree.
DISPLAY_NAMES: dict[GridKind, tuple[str, ...]] = {
    "ground": ("grd", "grd_mag", "grd_phs", "grd_pwr", "grd_phase"),
    "slant": ("slt", "slt_mag", "slt_phs", "mlc_pwr", "mlc_mag", "mlc_phase"),
    "slc": ("slc_mag", "slc_phs", "slc_phase"),
}

#: Keys of lines and samples beside the display section.
SIZE_KEYS: dict[GridKind, tuple[str, str]] = {
    "ground": ("Ground Range Data Latitude Lines", "Ground Range Data Longitude Samples"),
    "slant": ("Slant Range Data Azimuth Lines", "Slant Range Data Range Samples"),
    "slc": ("Single Look Complex Data Azimuth Lines", "Single Look Complex Data Range Samples"),
}


def part_unit(layer: LayerType, part: str) -> str:
    """Return the unit of one part of a layer."""
    units = [unit.strip() for unit in layer.unit.split(",")]
    return units[layer.parts.index(part)] if len(units) > 1 else layer.unit
