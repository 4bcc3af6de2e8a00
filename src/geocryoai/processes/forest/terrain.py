"""Where the plots of a forest lie and on what ground."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geocryoai.core.errors import ModelError, nearest
from geocryoai.processes.checks import Array, between, finite

#: Mineral ground: water content at saturation, field capacity and wilting point [m3 m-3], dry density [kg m-3], 1 where
#: its conductivity is that of coarse ground. Values of the sites that Foster, A. C. et al. (2019) simulate, the wilting
#: point of silt and the density of gravel as is usual for them.
TEXTURES = {"silt": (0.50, 0.39, 0.10, 1250.0, 0.0), "gravel": (0.35, 0.20, 0.06, 1600.0, 1.0)}

#: Cooling of the air with height [K m-1].
LAPSE_RATE = 0.0065


@dataclass(frozen=True)
class Terrain:
    """Plots of a forest; numbers may stand for all plots.

    Attributes
    ----------
    slope : array, shape (plots,)
        Steepness [degree], 0 to 90.
    aspect : array, shape (plots,)
        Direction in which the ground falls, clockwise from north [degree], 0 to 360.
    latitude : array, shape (plots,)
        North positive [degree].
    elevation : array, shape (plots,)
        Above the height for which the climate holds [m]; the air cools by 6.5 K km-1.
    texture : tuple of str
        Mineral ground of each plot, ``"silt"`` or ``"gravel"``.
    number : array, shape (plots,)
        Number of each plot, from which its random numbers come; 0, 1, 2 ... by default. A part of the plots, with
        their numbers, gives the same as all of them together.
    stand : array, shape (plots,)
        Plots with the same number burn in the same fire; all in one by default.

    Raises
    ------
    ModelError
    """

    slope: ArrayLike
    aspect: ArrayLike
    latitude: ArrayLike
    elevation: ArrayLike = 0.0
    texture: str | tuple[str, ...] = "silt"
    number: NDArray[np.int64] | None = field(default=None)
    stand: NDArray[np.int64] | None = field(default=None)

    def __post_init__(self) -> None:
        given: dict[str, Array] = {
            "slope": between("slope [degree]", self.slope, 0.0, 90.0),
            "aspect": between("aspect [degree]", self.aspect, 0.0, 360.0),
            "latitude": between("latitude [degree]", self.latitude, -90.0, 90.0),
            "elevation": finite("elevation [m]", self.elevation),
        }
        sizes = {name: a.size for name, a in given.items() if a.ndim} | (
            {} if isinstance(self.texture, str) else {"texture": len(self.texture)})  # fmt: skip
        count = max(sizes.values(), default=1)
        if any(size not in (1, count) for size in sizes.values()) or count == 0:
            raise ModelError("the properties of the plots are of different number", where="terrain", found=sizes)
        for name, values in given.items():
            object.__setattr__(self, name, np.array(np.broadcast_to(values.ravel(), count)))
        texture = (self.texture,) * count if isinstance(self.texture, str) else tuple(self.texture) * (
            count if len(self.texture) == 1 else 1)  # fmt: skip
        for kind in sorted(set(texture) - set(TEXTURES)):
            raise ModelError("the texture is not known", where="texture", found=f"'{kind}'",
                             next_step=nearest(kind, TEXTURES))  # fmt: skip
        object.__setattr__(self, "texture", texture)
        for name, default in (("number", np.arange(count)), ("stand", np.zeros(count, np.int64))):
            values = default if getattr(self, name) is None else np.asarray(getattr(self, name))
            if values.shape != (count,) or values.dtype.kind not in "iu" or (values < 0).any():
                raise ModelError("not one whole number >= 0 per plot", where=name, found=f"{values.dtype}, shape "
                                 f"{values.shape}", expected=f"shape ({count},)")  # fmt: skip
            object.__setattr__(self, name, values.astype(np.int64))
        if np.unique(np.asarray(self.number)).size != count:
            raise ModelError("two plots have the same number", where="number")

    def __len__(self) -> int:
        return int(np.asarray(self.slope).size)

    def take(self, plots: Any) -> Terrain:
        """Return some of the plots, with their numbers."""
        index = np.arange(len(self))[plots]
        texture = tuple(self.texture[int(i)] for i in index)
        arrays = {name: np.asarray(getattr(self, name))[index]
                  for name in ("slope", "aspect", "latitude", "elevation", "number", "stand")}  # fmt: skip
        return Terrain(texture=texture, **arrays)

    def replicated(self, count: int) -> Terrain:
        """Return each plot `count` times; replicate r of plot i is plot r * plots + i, and burns in its own fires."""
        if count < 1:
            raise ModelError("there must be at least one replicate", where="count", found=count)
        size, stands = len(self), int(np.asarray(self.stand).max()) + 1
        numbers = np.concatenate([np.asarray(self.number) + r * (int(np.asarray(self.number).max()) + 1)
                                  for r in range(count)])  # fmt: skip
        burnt = np.concatenate([np.asarray(self.stand) + r * stands for r in range(count)])
        return replace(self.take(np.tile(np.arange(size), count)[:size]) if count == 1 else _tiled(self, count),
                       number=numbers, stand=burnt)  # fmt: skip


def _tiled(terrain: Terrain, count: int) -> Terrain:
    arrays = {name: np.tile(np.asarray(getattr(terrain, name)), count)
              for name in ("slope", "aspect", "latitude", "elevation")}  # fmt: skip
    return Terrain(texture=tuple(terrain.texture) * count, **arrays)
