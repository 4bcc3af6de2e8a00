"""Kudryavtsev's model: yearly air temperature wave to active-layer thickness, by way of snow, vegetation and soil.

The air wave (mean and amplitude) is damped by snow in winter and by moss and litter in both seasons. Below, frozen and
thawed conductivity differ, which shifts the mean of the wave (thermal offset) to the temperature at the top of
permafrost. The depth to which the wave still reaches 0 degC, with latent heat, is the active layer. Where the mean at
depth is above 0 degC the same depth is that of seasonal frost.

The offset is the mean of k(T) T over a sine wave divided by k at depth,
k* T_z = T_s (k_t + k_f) / 2 + A_s (k_t - k_f) / pi [r asin r + sqrt(1 - r^2)], r = T_s / A_s
(a common programme has sqrt(1 - pi^2 / A_s^2) there, which is wrong and not a number for A_s < pi). Without water the
depth becomes d ln(A_s / |T_z|), the envelope of the harmonic wave. Snow raises the mean by more than it takes from the
amplitude, so deep snow also warms the summer a little: a weakness of the published form.

Against a numerical column over 200 climates and soils (`benchmarks/closed_forms.py`): on bare mineral ground the
temperature is exact and the depth 6 to 18 % less (Stefan's is 20 to 80 % more). Under snow that lies from the first
frost the form is 2 to 8 degC too cold. Under a cover that stands for wet peat it thaws far too deep, since the cover
holds no latent heat.

References
----------
Kudryavtsev, V. A. et al. (1974), Fundamentals of Frost Forecasting, Moscow State University (CRREL translation 1977).
Anisimov, O. A. et al. (1997), Glob. Planet. Change 15, 61-77, doi:10.1016/S0921-8181(97)00009-X.
Romanovsky, V. E. and Osterkamp, T. E. (1997), Permafr. Periglac. Process. 8, 1-22,
doi:10.1002/(SICI)1099-1530(199701)8:1<1::AID-PPP243>3.0.CO;2-U.
Sazonova, T. S. and Romanovsky, V. E. (2003), Permafr. Periglac. Process. 14, 125-139, doi:10.1002/ppp.449.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geocryoai.processes.checks import Array, above, at_least, common_shape, finite
from geocryoai.processes.constants import YEAR
from geocryoai.processes.ground import Ground
from geocryoai.processes.snow import snow_diffusivity


@dataclass(frozen=True)
class GroundCover:
    """Moss, litter and low plants between snow or air and the ground.

    Attributes
    ----------
    height_frozen, height_thawed : float or array
        Thickness in winter and in summer [m]; 0 for none.
    diffusivity_frozen, diffusivity_thawed : float or array
        [m2 s-1]; the defaults are the values in common use with this model for moss.
    """

    height_frozen: float | Array = 0.0
    height_thawed: float | Array = 0.0
    diffusivity_frozen: float | Array = 1.39e-6
    diffusivity_thawed: float | Array = 5.56e-8

    def __post_init__(self) -> None:
        for name in ("height_frozen", "height_thawed"):
            at_least(f"{name} [m]", getattr(self, name))
        for name in ("diffusivity_frozen", "diffusivity_thawed"):
            above(f"{name} [m2 s-1]", getattr(self, name))


class Wave(NamedTuple):
    """A yearly temperature wave: mean and amplitude (half range) [degC]."""

    mean: Array
    amplitude: Array


class KudryavtsevResult(NamedTuple):
    """Result of `kudryavtsev`.

    `surface` is the wave at the ground surface [degC], `top_temperature` the mean at the base of the layer that
    freezes and thaws [degC], `permafrost` where that is below 0 degC, and `depth` [m] the active-layer thickness there
    and the depth of seasonal frost elsewhere.
    """

    surface: Wave
    top_temperature: Array
    permafrost: NDArray[np.bool_]
    depth: Array


def kudryavtsev(
    air_mean: ArrayLike,
    air_amplitude: ArrayLike,
    ground: Ground,
    *,
    snow_depth: ArrayLike = 0.0,
    snow_density: ArrayLike = 250.0,
    cover: GroundCover | None = None,
) -> KudryavtsevResult:
    """Return temperature at the top of permafrost and active-layer thickness.

    Parameters
    ----------
    air_mean, air_amplitude : array_like
        Mean annual air temperature and half of its yearly range [degC]; amplitude >= 0.
    ground : Ground
    snow_depth : array_like, default 0
        Mean depth of snow in winter [m].
    snow_density : array_like, default 250
        [kg m-3].
    cover : GroundCover, optional
        None: bare ground.

    Returns
    -------
    KudryavtsevResult
        Shapes broadcast.

    Examples
    --------
    >>> ground = Ground(1.0, 1.8, 2.8e6, 2.1e6, 0.4)
    >>> result = kudryavtsev(-10.0, 18.0, ground, snow_depth=0.3)
    >>> bool(result.permafrost), 0.5 < float(result.depth) < 1.2
    (True, True)
    """
    air = Wave(finite("air_mean [degC]", air_mean), at_least("air_amplitude [degC]", air_amplitude))
    depth = at_least("snow_depth [m]", snow_depth)
    common_shape(air_mean=air.mean, air_amplitude=air.amplitude, snow_depth=depth, ground=ground.latent_heat)
    below_snow = _through_snow(air, depth, snow_diffusivity(snow_density))
    surface = _through_cover(below_snow, cover if cover is not None else GroundCover(), winter_share(air))
    top = top_temperature(surface, ground)
    frozen = top < 0
    conductivity = np.where(frozen, ground.conductivity_thawed, ground.conductivity_frozen)
    capacity = np.where(frozen, ground.capacity_thawed, ground.capacity_frozen)
    return KudryavtsevResult(surface, top, frozen, _depth(surface, top, conductivity, capacity, ground.latent_heat))


def winter_share(wave: Wave) -> Array:
    """Return the share of the year below 0 degC [1]; 0 or 1 where the wave never crosses it."""
    crossing = np.where(wave.amplitude > 0, wave.mean / np.where(wave.amplitude > 0, wave.amplitude, 1.0),
                        np.sign(wave.mean))  # fmt: skip
    return np.asarray(0.5 - np.arcsin(np.clip(crossing, -1.0, 1.0)) / np.pi)


def top_temperature(surface: Wave, ground: Ground) -> Array:
    """Return the mean annual temperature at the base of the layer that freezes and thaws [degC].

    Parameters
    ----------
    surface : Wave
        At the ground surface [degC].
    ground : Ground
    """
    thawed, frozen = np.asarray(ground.conductivity_thawed), np.asarray(ground.conductivity_frozen)
    crosses = np.abs(surface.mean) < surface.amplitude
    r = np.where(crosses, surface.mean / np.where(crosses, surface.amplitude, 1.0), 0.0)
    bend = np.where(crosses, surface.amplitude * (r * np.arcsin(r) + np.sqrt(1.0 - np.square(r))) / np.pi,
                    0.5 * np.abs(surface.mean))  # fmt: skip
    flux = 0.5 * surface.mean * (thawed + frozen) + (thawed - frozen) * bend
    return np.asarray(flux / np.where(flux < 0, frozen, thawed))


def _through_snow(air: Wave, depth: Array, diffusivity: Array) -> Wave:
    """Return the wave below snow (Anisimov et al. 1997, eq. 7; Sazonova and Romanovsky 2003, eq. 2)."""
    warming = air.amplitude * -np.expm1(-depth * np.sqrt(np.pi / (YEAR * diffusivity)))
    return Wave(np.asarray(air.mean + warming), np.asarray(air.amplitude - warming * 2.0 / np.pi))


def _through_cover(wave: Wave, cover: GroundCover, winter: Array) -> Wave:
    """Return the wave below moss and litter (Anisimov et al. 1997, eq. 8 to 11)."""
    summer = 1.0 - winter
    in_winter = (wave.amplitude - wave.mean) * _damped(cover.height_frozen, cover.diffusivity_frozen, winter)
    in_summer = (wave.amplitude + wave.mean) * _damped(cover.height_thawed, cover.diffusivity_thawed, summer)
    lost = in_winter * winter + in_summer * summer
    warmed = (in_winter * winter - in_summer * summer) * 2.0 / np.pi
    return Wave(np.asarray(wave.mean + warmed), np.asarray(np.maximum(wave.amplitude - lost, 0.0)))


def _damped(height: float | Array, diffusivity: float | Array, share: Array) -> Array:
    """Return the share of a season's wave that a cover takes away [1]."""
    length = np.sqrt(np.maximum(share, 1e-12) * 2.0 * YEAR * np.asarray(diffusivity) / np.pi)
    return np.asarray(-np.expm1(-np.asarray(height) / length))


def _depth(surface: Wave, top: Array, conductivity: Array, capacity: Array, latent: Array) -> Array:
    """Return the depth of seasonal thaw or frost [m] (Romanovsky and Osterkamp 1997, eq. 3 to 5)."""
    level = np.maximum(np.abs(top), 1e-6)
    reaches = (surface.amplitude > level) & (np.abs(surface.mean) < surface.amplitude)
    amplitude, level = np.where(reaches, surface.amplitude, 2.0), np.where(reaches, level, 1.0)
    heat = latent / (2.0 * capacity)
    at_depth = (amplitude - level) / np.log((amplitude + heat) / (level + heat)) - heat
    total = 2.0 * at_depth * capacity + latent
    gain = 2.0 * (amplitude - level) * np.sqrt(conductivity * YEAR * capacity / np.pi)
    length = np.sqrt(conductivity * YEAR / (np.pi * capacity))
    first = gain / total
    depth = (gain + total * first * latent * length / (total * first + total * length)) / total
    return np.where(reaches, depth, 0.0)
