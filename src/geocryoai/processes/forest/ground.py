"""Thaw and freezing of the ground under a forest: layered Stefan, year by year, with what the last year left behind.

From the surface down: living moss (no latent heat, a resistance), the organic layer, mineral ground. In winter frost
goes down from the surface; in summer thaw follows. Where the frost of a winter does not reach the table below which the
ground was still frozen, thawed ground (a talik) stays between them, and the heat of the next summer that is left when
the seasonal frost is gone deepens it. Where thaw does not reach through the frost of the winter, the table stands where
it stopped. Stefan's neglect of sensible heat makes the depths 3 to 15 % too large.

Canopy enters by the ratio of surface to air degree days (n-factors), which depends on how open the canopy is, the slope
by its radiation: thaw goes with the ratio c of slope to flat ground, frost with 2 - c.

Mineral ground holds the water that the plot had at the end of the last growing season, which sets its latent heat and,
after Kersten, its conductivity: ground that is dry thaws deep and freezes slowly.

References
----------
Kersten, M. S. (1949), Thermal Properties of Soils, Bulletin 28, University of Minnesota.
Jumikis, A. R. (1977), Thermal Geotechnics, Rutgers University Press (layered Stefan).
Bonan, G. B. (1989), Ecological Modelling 45, 275-306 (n-factors by canopy, radiation of slopes, forest floor).
Foster, A. C. et al. (2019), Ecological Modelling 409, 108765 (the same in interior Alaska).
"""

from __future__ import annotations

import numpy as np

from geocryoai.processes.checks import Array
from geocryoai.processes.forest.allometry import Number
from geocryoai.processes.forest.compilable import compilable

#: Conductivity of living moss, thawed and frozen [W m-1 K-1]: air-rich feather moss.
MOSS_THAWED, MOSS_FROZEN = 0.10, 0.25

#: Conductivity of the organic layer, thawed and frozen [W m-1 K-1], and its water that freezes [m3 m-3].
ORGANIC_THAWED, ORGANIC_FROZEN, ORGANIC_WATER = 0.24, 0.80, 0.38

#: Deepest that the table of the frozen ground is followed [m]; deeper is as good as no permafrost.
DEEPEST = 6.0

#: Units of Kersten's equations: BTU in ft-2 h-1 F-1 in [W m-1 K-1], kg m-3 in lb ft-3.
KERSTEN, POUNDS = 0.1442, 0.06243

#: Latent heat of a cubic metre of water [J m-3].
LATENT = 3.34e8


@compilable
def canopy_openness(leaf_area_index: Number) -> Number:
    """Return how open a canopy is [1] from its leaf area [m2 m-2]."""
    openness: Number = np.exp(-0.25 * leaf_area_index)
    return openness


@compilable
def thaw_n_factor(openness: Number) -> Number:
    """Return the ratio of surface to air thawing degree days [1].

    Published by class of openness (0.62 up to 0.5, 0.77 up to 0.75, 0.92 beyond); here linear between the middles of
    the classes, so that a growing canopy changes the ground without jumps.
    """
    low = np.minimum(np.maximum((openness - 0.25) / 0.375, 0.0), 1.0)
    high = np.minimum(np.maximum((openness - 0.625) / 0.25, 0.0), 1.0)
    factor: Number = 0.62 + 0.15 * low + 0.15 * high
    return factor


@compilable
def freeze_n_factor(openness: Number) -> Number:
    """Return the ratio of surface to air freezing degree days under the usual snow [1]: 0.38 closed to 0.36 open."""
    factor: Number = 0.38 - 0.02 * openness
    return factor


@compilable
def conductivity_thawed(water: float, density: float, coarse: float) -> float:
    """Return Kersten's conductivity of thawed mineral ground [W m-1 K-1].

    Parameters
    ----------
    water : float
        Content by volume [m3 m-3], > 0.
    density : float
        Of the dry ground [kg m-3].
    coarse : float
        1 for sand and gravel, 0 for silt and clay.
    """
    percent = max(100000.0 * water / density, 7.0 - 6.0 * coarse)
    logarithm = 0.7 * np.log10(percent) + 0.4 if coarse > 0.0 else 0.9 * np.log10(percent) - 0.2
    return float(KERSTEN * logarithm * 10.0 ** (0.01 * POUNDS * density))


@compilable
def conductivity_frozen(water: float, density: float, coarse: float) -> float:
    """Return Kersten's conductivity of frozen mineral ground [W m-1 K-1]; arguments as in `conductivity_thawed`."""
    percent, rho = 100000.0 * water / density, POUNDS * density
    if coarse > 0.0:
        return float(KERSTEN * (0.076 * 10.0 ** (0.013 * rho) + 0.032 * percent * 10.0 ** (0.0146 * rho)))
    return float(KERSTEN * (0.01 * 10.0 ** (0.022 * rho) + 0.085 * percent * 10.0 ** (0.008 * rho)))


@compilable
def front(heat: float, top_resistance: float, thickness: Array, conductivity: Array, latent: Array) -> float:
    """Return how deep a front has gone in layered ground.

    Parameters
    ----------
    heat : float
        Sum of the surface temperature above (thaw) or below (frost) 0 degC [K s], >= 0.
    top_resistance : float
        Of what lies above the first layer [m2 K W-1].
    thickness, conductivity, latent : array, shape (layers,)
        [m], [W m-1 K-1] and [J m-3]; the last layer is unbounded, one without latent heat is passed at once.

    Returns
    -------
    float
        Depth below the top of the first layer [m].
    """
    resistance, depth, left = top_resistance, 0.0, heat
    last = thickness.size - 1
    for i in range(last + 1):
        needed = latent[i] * thickness[i] * (resistance + 0.5 * thickness[i] / conductivity[i])
        if i == last or needed > left:
            gained = 2.0 * left / latent[i]
            if gained > 0.0:
                depth += gained / (np.sqrt(resistance * resistance + gained / conductivity[i]) + resistance)
            return depth
        left -= needed
        depth += thickness[i]
        resistance += thickness[i] / conductivity[i]
    return depth


@compilable
def frost_depth(heat: float, moss: float, organic: float, water: float, conductivity: float) -> float:
    """Return how deep frost goes from the surface [m].

    Parameters
    ----------
    heat : float
        Sum of the surface temperature below 0 degC [K s], positive.
    moss, organic : float
        Thickness of moss and organic layer [m].
    water, conductivity : float
        Of the mineral ground: water that freezes [m3 m-3], conductivity when frozen [W m-1 K-1].
    """
    thickness = np.array([organic, 0.0])
    k = np.array([ORGANIC_FROZEN, conductivity])
    latent = np.array([LATENT * ORGANIC_WATER, LATENT * water])
    return front(heat, moss / MOSS_FROZEN, thickness, k, latent)


@compilable
def thaw_depth(
    heat: float, moss: float, organic: float, water: float, conductivity: float, frost: float, table: float
) -> float:
    """Return how deep the ground is thawed in a summer [m].

    Parameters
    ----------
    heat : float
        Sum of the surface temperature above 0 degC so far [K s].
    moss, organic, water, conductivity : float
        As in `frost_depth`, conductivity when thawed.
    frost : float
        Depth of the winter's frost [m].
    table : float
        Depth below which the ground was frozen before that winter [m].

    Returns
    -------
    float
        Depth below the moss [m]; at most `DEEPEST`.
    """
    frozen = organic if frost >= table else min(organic, frost)
    below = max(table, organic) if frost >= table else max(frost, organic)
    gap = 0.0 if frost >= table else max(table - below, 0.0)
    thickness = np.array([frozen, organic - frozen, below - organic, gap, 0.0])
    k = np.array([ORGANIC_THAWED, ORGANIC_THAWED, conductivity, conductivity, conductivity])
    full = LATENT * water
    latent = np.array([LATENT * ORGANIC_WATER, 0.0, full, 0.0, full])
    return min(front(heat, moss / MOSS_THAWED, thickness, k, latent), DEEPEST)
