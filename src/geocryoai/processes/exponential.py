"""The exponential function in parts that become vector instructions wherever they stand in a compiled loop.

exp(x) = 2^k exp(r) with k the nearest whole number to x / ln 2, so that |r| <= ln(2) / 2 and the Taylor series of
exp(r) - 1 to the 13th power is exact to round-off, near x = 0 too. 2^k is written as the bits of its exponent.
"""

# The compiler infers the types: arrays of float64 unless said otherwise.
# mypy: allow-untyped-defs

from __future__ import annotations

import numpy as np
from numba import njit

_PER_LN2 = 1.4426950408889634
_LN2_HIGH = 6.93147180369123816490e-01
_LN2_LOW = 1.90821492927058770002e-10


@njit(inline="always", cache=True, error_model="numpy", fastmath={"contract"}, boundscheck=False, nogil=True)
def exponential_parts(x):
    """Return the float64 power = 2^k and part of exp(x) = power (1 + part); x outside [-700, 700] counts as its end.

    exp(x) is power + power part, and exp(x) - 1 is (power - 1) + power part.
    """
    x = min(max(x, -700.0), 700.0)
    k = np.floor(x * _PER_LN2 + 0.5)
    r = (x - k * _LN2_HIGH) - k * _LN2_LOW
    y = 1 / 39916800 + r * (1 / 479001600 + r * (1 / 6227020800))
    y = 1 / 40320 + r * (1 / 362880 + r * (1 / 3628800 + r * y))
    y = 1 / 120 + r * (1 / 720 + r * (1 / 5040 + r * y))
    part = r * (1.0 + r * (0.5 + r * (1 / 6 + r * (1 / 24 + r * y))))
    power = np.int64((np.int64(k) + 1023) << 52).view(np.float64)
    return power, part
