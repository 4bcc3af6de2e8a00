"""How much soil water stays liquid below 0 degC: the power law of field practice, w = a |T|^b.

Above the freezing point T* = -(theta / a)^(1/b) all water is liquid; below it the curve falls with b < 0.

References
----------
Lovell, C. W. (1957), Highw. Res. Board Bull. 168, 74-95.
Romanovsky, V. E. and Osterkamp, T. E. (2000), Permafr. Periglac. Process. 11, 219-239,
doi:10.1002/1099-1530(200007/09)11:3<219::AID-PPP352>3.0.CO;2-7.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from geocryoai.core.errors import ModelError
from geocryoai.processes.checks import Array, above, common_shape, finite


def freezing_point(water_content: ArrayLike, a: ArrayLike, b: ArrayLike) -> Array:
    """Return the temperature below which ice forms [degC], <= 0; arguments as in `unfrozen_water`."""
    theta, scale = above("water_content [m3 m-3]", water_content), above("a [m3 m-3]", a)
    return np.asarray(-np.power(theta / scale, 1.0 / _negative(b)))


def unfrozen_water(ts: ArrayLike, water_content: ArrayLike, a: ArrayLike, b: ArrayLike) -> Array:
    """Return the liquid water content.

    Parameters
    ----------
    ts : array_like
        Soil temperature [degC].
    water_content : array_like
        Total water content [m3 m-3], > 0.
    a : array_like
        Liquid water content at -1 degC [m3 m-3], > 0.
    b : array_like
        Exponent [1], < 0.

    Returns
    -------
    array
        Liquid water content [m3 m-3]. Shapes broadcast.

    Examples
    --------
    >>> float(unfrozen_water(-1.0, 0.4, 0.05, -0.5))
    0.05
    """
    t, theta, scale = finite("ts [degC]", ts), above("water_content [m3 m-3]", water_content), above("a [m3 m-3]", a)
    exponent = _negative(b)
    start = freezing_point(theta, scale, exponent)
    common_shape(ts=t, freezing_point=start)
    cold = np.minimum(t, start)
    return np.minimum(scale * np.power(np.where(cold < 0, -cold, 1.0), exponent), theta)


def _negative(b: ArrayLike) -> Array:
    exponent = finite("b [1]", b)
    if (exponent >= 0).any():
        raise ModelError("the exponent of the unfrozen-water curve is not negative", where="b [1]",
                         found=f"{exponent.max():g}", expected="< 0")  # fmt: skip
    return exponent
