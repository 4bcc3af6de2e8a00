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
    climate : array, shape (plots,)
        Which place of the climate a plot has, where the climate has several; the first by default.

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
    climate: NDArray[np.int64] | None = field(default=None)

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
        zeros = np.zeros(count, np.int64)
        for name, default in (("number", np.arange(count)), ("stand", zeros), ("climate", zeros)):
            whole = default if getattr(self, name) is None else np.asarray(getattr(self, name))
            if whole.shape != (count,) or whole.dtype.kind not in "iu" or (whole < 0).any():
                raise ModelError("not one whole number >= 0 per plot", where=name, found=f"{whole.dtype}, shape "
                                 f"{whole.shape}", expected=f"shape ({count},)")  # fmt: skip
            object.__setattr__(self, name, whole.astype(np.int64))
        if np.unique(np.asarray(self.number)).size != count:
            raise ModelError("two plots have the same number", where="number")

    def __len__(self) -> int:
        return int(np.asarray(self.slope).size)

    def take(self, plots: Any, number: NDArray[np.int64] | None = None) -> Terrain:
        """Return some of the plots, with their own or other numbers."""
        index = np.arange(len(self))[plots]
        texture = tuple(self.texture[int(i)] for i in index)
        arrays = {name: np.asarray(getattr(self, name))[index]
                  for name in ("slope", "aspect", "latitude", "elevation", "stand", "climate")}  # fmt: skip
        own = np.asarray(self.number)[index] if number is None else number
        return Terrain(texture=texture, number=own, **arrays)

    def replicated(self, count: int) -> Terrain:
        """Return each plot `count` times; the replicates follow one another whole, each burning in fires of its own."""
        if count < 1:
            raise ModelError("there must be at least one replicate", where="count", found=count)
        number, stand = np.asarray(self.number), np.asarray(self.stand)
        copy = np.repeat(np.arange(count), len(self))
        same = self.take(np.tile(np.arange(len(self)), count), np.tile(number, count) + copy * (number.max() + 1))
        return replace(same, stand=np.tile(stand, count) + copy * (stand.max() + 1))
