"""Depth of thaw after Stefan: all the heat that reaches the thaw front melts ice, none warms the ground.

With surface temperature sum n TDD above 0 degC, thawed conductivity k and latent heat L = rho_w L_f theta, the front
is at Z = sqrt(2 k n TDD / L). Where k, n and theta are not known they are folded into one edaphic factor,
Z = E sqrt(TDD). In layered ground (moss and peat over mineral soil) each layer must be thawed through against the
resistance of those above: a layer of thickness d below a resistance R takes the degree days L d (R + d / 2k), and in
the layer where the sum ends the depth solves a quadratic.

Stefan neglects the heat that warms thawed ground and the cold of the ground below, so it overestimates by 3 % (warm
permafrost) to 15 % (cold permafrost); `geocryoai.processes.neumann.neumann_stefan_ratio` is the correction.

References
----------
Stefan, J. (1891), Ann. Phys. 278, 269-286, doi:10.1002/andp.18912780206.
Jumikis, A. R. (1977), Thermal Geotechnics, Rutgers University Press (layered form).
Nelson, F. E. et al. (1997), Arct. Alp. Res. 29, 367-378, doi:10.2307/1551985 (edaphic factor).
Kurylyk, B. L. (2015), Permafr. Periglac. Process. 26, 200-206, doi:10.1002/ppp.1834 (layered form, reviewed).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from geocryoai.core.errors import ModelError
from geocryoai.processes.checks import Array, above, at_least, between, common_shape
from geocryoai.processes.constants import DAY, LATENT_HEAT


def stefan_depth(tdd: ArrayLike, conductivity: ArrayLike, water_content: ArrayLike, n_factor: ArrayLike = 1.0) -> Array:
    """Return the depth of thaw in uniform ground.

    Parameters
    ----------
    tdd : array_like
        Thawing degree days of air [degC d], >= 0.
    conductivity : array_like
        Conductivity of the thawed ground [W m-1 K-1], > 0.
    water_content : array_like
        Volumetric water content that freezes and thaws [m3 m-3], in (0, 1].
    n_factor : array_like, default 1
        Ratio of surface to air thawing degree days [1], >= 0.

    Returns
    -------
    array
        Depth of thaw [m]. Shapes broadcast.

    Examples
    --------
    >>> round(float(stefan_depth(900.0, 0.5, 0.6, 0.9)), 3)
    0.591
    """
    heat = _surface_heat(tdd, n_factor)
    k, latent = _ground(conductivity, water_content)
    common_shape(tdd=heat, conductivity=k, water_content=latent)
    return np.sqrt(2.0 * k * heat / latent)


def edaphic_stefan(tdd: ArrayLike, edaphic: ArrayLike) -> Array:
    """Return the depth of thaw from an edaphic factor.

    Parameters
    ----------
    tdd : array_like
        Thawing degree days of air [degC d], >= 0.
    edaphic : array_like
        Edaphic factor [m (degC d)^-0.5], >= 0.

    Returns
    -------
    array
        Depth of thaw [m].
    """
    degree_days, factor = at_least("tdd [degC d]", tdd), at_least("edaphic [m (degC d)^-0.5]", edaphic)
    common_shape(tdd=degree_days, edaphic=factor)
    return factor * np.sqrt(degree_days)


def edaphic_factor(conductivity: ArrayLike, water_content: ArrayLike, n_factor: ArrayLike = 1.0) -> Array:
    """Return the edaphic factor [m (degC d)^-0.5] that makes `edaphic_stefan` equal to `stefan_depth`."""
    return stefan_depth(1.0, conductivity, water_content, n_factor)


def layered_stefan(
    tdd: ArrayLike,
    thickness: ArrayLike,
    conductivity: ArrayLike,
    water_content: ArrayLike,
    n_factor: ArrayLike = 1.0,
) -> Array:
    """Return the depth of thaw in layered ground.

    Parameters
    ----------
    tdd : array_like, shape (...)
        Thawing degree days of air [degC d], >= 0.
    thickness : array_like, shape (..., layers)
        Thickness of each layer from the surface down [m], >= 0 (0 = the layer is absent). The last layer is
        unbounded, whatever its thickness.
    conductivity : array_like, shape (..., layers)
        Conductivity of each layer, thawed [W m-1 K-1].
    water_content : array_like, shape (..., layers)
        Volumetric water content of each layer [m3 m-3], in (0, 1].
    n_factor : array_like, default 1, shape (...)
        Ratio of surface to air thawing degree days [1].

    Returns
    -------
    array, shape (...)
        Depth of thaw [m].

    Examples
    --------
    >>> float(layered_stefan(900.0, [0.2, 1.0], [0.5, 1.2], [0.6, 0.4])) < float(stefan_depth(900.0, 1.2, 0.4))
    True
    """
    heat = _surface_heat(tdd, n_factor)
    k, latent = _ground(conductivity, water_content)
    layers = _layers(thickness, k, latent)
    above_resistance, depth = np.zeros(()), np.zeros(())
    for d, layer_k, layer_latent in layers[:-1]:
        needed = layer_latent * d * (above_resistance + 0.5 * d / layer_k)
        through = heat >= needed
        depth = depth + np.where(through, d, _front(heat, above_resistance, layer_k, layer_latent))
        above_resistance = above_resistance + np.where(through, d / layer_k, 0.0)
        heat = np.where(through, heat - needed, 0.0)
    _, layer_k, layer_latent = layers[-1]
    return np.asarray(depth + _front(heat, above_resistance, layer_k, layer_latent))


def _front(heat: Array, resistance: Array, conductivity: Array, latent: Array) -> Array:
    """Return how deep [m] a layer thaws with `heat` [K s] left, below a resistance [m2 K W-1]."""
    available = 2.0 * heat / latent
    root = np.sqrt(np.square(resistance) + available / conductivity) + resistance
    return np.where(heat > 0, available / np.where(root > 0, root, 1.0), 0.0)


def _surface_heat(tdd: ArrayLike, n_factor: ArrayLike) -> Array:
    """Return the surface temperature sum [K s]."""
    degree_days, n = at_least("tdd [degC d]", tdd), at_least("n_factor [1]", n_factor)
    common_shape(tdd=degree_days, n_factor=n)
    return np.asarray(DAY * degree_days * n)


def _ground(conductivity: ArrayLike, water_content: ArrayLike) -> tuple[Array, Array]:
    """Return conductivity [W m-1 K-1] and latent heat [J m-3], checked."""
    k = above("conductivity [W m-1 K-1]", conductivity)
    theta = between("water_content [m3 m-3]", above("water_content [m3 m-3]", water_content), 0.0, 1.0)
    return k, LATENT_HEAT * theta


def _layers(thickness: ArrayLike, conductivity: Array, latent: Array) -> list[tuple[Array, Array, Array]]:
    d = np.asarray(thickness, dtype=np.float64)
    counts = {a.shape[-1] if a.ndim else 0 for a in (d, conductivity, latent)}
    if len(counts) != 1 or counts == {0}:
        raise ModelError(
            "the layers of the ground do not match",
            where="thickness [m], conductivity [W m-1 K-1], water_content [m3 m-3]",
            found=f"shapes {d.shape}, {conductivity.shape}, {latent.shape}",
            expected="the same number of layers on the last axis of each",
        )
    bounded = at_least("thickness [m]", d[..., :-1])
    d = np.concatenate([bounded, np.zeros((*bounded.shape[:-1], 1))], axis=-1)
    return [(d[..., i], conductivity[..., i], latent[..., i]) for i in range(d.shape[-1])]
