"""Land cover of the simulated Alaska: organic layer, wetland, soil texture and vegetation, true and as mapped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geocryoai.twin.fields import GaussianField, stream

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geocryoai.twin.climate import Climate
    from geocryoai.twin.landscape import Landscape
    from geocryoai.twin.options import TwinOptions

    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Cover:
    """Cover of the land cells, arrays of shape (cells,).

    Attributes
    ----------
    organic_depth : array of float
        Thickness of the organic layer [m].
    wetland_fraction : array of float
        Area fraction of wetland [1].
    sand, clay : array of float
        Mass fractions of the mineral soil [1].
    shrub_fraction, tree_fraction : array of float
        Area fractions [1].
    """

    organic_depth: Floats
    wetland_fraction: Floats
    sand: Floats
    clay: Floats
    shrub_fraction: Floats
    tree_fraction: Floats


def make_cover(options: TwinOptions, landscape: Landscape, climate: Climate) -> Cover:
    """Return the true cover: flat ground is wet and peaty, warm summers carry shrubs and trees."""
    rng = stream(options.seed, "cover")

    def patches(length: float) -> Floats:
        return landscape.flat(GaussianField(landscape.land.shape, length / options.resolution, 1.0).draw(rng))

    slope = landscape.flat(landscape.slope)
    july = climate.tas[6]
    trees = 0.75 * _ramp(july, 10.5, 14.5) * _logistic(0.9 * patches(40_000) + 1.2)
    shrubs = (1 - trees) * 0.7 * _ramp(july, 6.5, 11.5) * _logistic(0.9 * patches(40_000) + 0.3)
    wetland = np.clip(0.85 * np.exp(-slope / 4.0) * _logistic(1.1 * patches(50_000) + 0.8), 0.01, 0.9)
    barren = _ramp(slope, 9.0, 25.0)
    organic = (0.07 + 0.32 * wetland + 0.10 * trees + 0.05 * shrubs) * np.exp(0.25 * patches(30_000))
    sand = 0.2 + 0.5 * _logistic(patches(60_000) - 0.3)
    clay = (1 - sand) * (0.12 + 0.3 * _logistic(patches(60_000)))
    return Cover(
        organic_depth=np.clip(organic * (1 - 0.8 * barren), 0.02, 0.6),
        wetland_fraction=wetland,
        sand=sand,
        clay=clay,
        shrub_fraction=shrubs * (1 - 0.7 * barren),
        tree_fraction=trees * (1 - 0.9 * barren),
    )


def map_cover(options: TwinOptions, landscape: Landscape, cover: Cover) -> Cover:
    """Return the cover as a mapped product shows it: smoothly biased, noisy, compressed towards the mean.

    With ``truth.map_error = 0`` it is the true cover.
    """
    rng = stream(options.seed, "cover.map")
    error = options.truth.map_error

    def noise() -> Floats:
        broad = GaussianField(landscape.land.shape, options.truth.length / options.resolution).draw(rng)
        return landscape.flat(0.8 * broad + 0.6 * rng.standard_normal(landscape.land.shape))

    def fraction(true: Floats, spread: float) -> Floats:
        return np.clip(true + error * spread * noise(), 0.0, 1.0) if error > 0 else true

    shrunk = cover.organic_depth * (np.median(cover.organic_depth) / cover.organic_depth) ** (0.35 * min(error, 1.0))
    sand, clay = fraction(cover.sand, 0.08), fraction(cover.clay, 0.05)
    shrubs, trees = fraction(cover.shrub_fraction, 0.06), fraction(cover.tree_fraction, 0.05)
    soil, plants = np.maximum(1.0, sand + clay), np.maximum(1.0, shrubs + trees)
    return Cover(
        organic_depth=np.clip(shrunk * np.exp(error * (0.10 + 0.25 * noise())), 0.02, 0.8),
        wetland_fraction=fraction(cover.wetland_fraction, 0.07),
        sand=sand / soil,
        clay=clay / soil,
        shrub_fraction=shrubs / plants,
        tree_fraction=trees / plants,
    )


def _ramp(values: Floats, low: float, high: float) -> Floats:
    return np.clip((values - low) / (high - low), 0.0, 1.0)


def _logistic(values: Floats) -> Floats:
    return 1 / (1 + np.exp(-values))
