"""Unwrapping of interferometric phase by SNAPHU (statistical cost, network flow), an optional dependency.

References
----------
Chen, C. W. and Zebker, H. A. (2001), Two-dimensional phase unwrapping with use of statistical models for cost functions
in nonlinear optimization, J. Opt. Soc. Am. A 18, 338-351, doi:10.1364/JOSAA.18.000338.
"""

from __future__ import annotations

from contextlib import redirect_stdout
from io import StringIO

import numpy as np

from geocryoai.core.errors import MissingDependencyError
from geocryoai.retrievals.radar.checks import Array, Complex, number_between, same_shape, some_valid


def unwrap(interferogram: Complex, coherence: Array, looks: float, *, least: float = 0.0) -> tuple[Array, Array]:
    """Return the unwrapped phase and the number of the connected component of each pixel.

    Components are unwrapped each on its own: between them a multiple of 2 pi is not known.

    Parameters
    ----------
    interferogram : array of complex, shape (rows, columns)
        NaN where missing.
    coherence : array, shape (rows, columns)
        In [0, 1]; NaN is missing.
    looks : float
        Independent looks of a pixel.
    least : float
        Pixels of less coherence are not unwrapped.

    Returns
    -------
    phase : array, shape (rows, columns)
        [rad]; NaN where missing.
    component : array, shape (rows, columns)
        From 1; 0 where SNAPHU holds the phase not to be reliable.

    Raises
    ------
    MissingDependencyError
        snaphu is not installed.
    ModelError
        Shapes differ, or nothing is there.
    """
    same_shape(interferogram=interferogram, coherence=coherence)
    number_between("looks", looks, 1.0, 1e9)
    valid = np.isfinite(interferogram) & np.isfinite(coherence) & (np.nan_to_num(coherence) >= least)
    some_valid("interferogram", np.where(valid, 1.0, np.nan), "Lower the least coherence.")
    try:
        import snaphu
    except ImportError as error:
        raise MissingDependencyError("snaphu", extra="radar", needed_for="unwrapping a phase") from error
    with redirect_stdout(StringIO()):
        phase, component = snaphu.unwrap(
            np.where(valid, interferogram, 0).astype(np.complex64),
            np.where(valid, coherence, 0.0).astype(np.float32),
            nlooks=float(looks),
            mask=valid,
        )
    return np.where(valid, phase, np.nan).astype(np.float64), np.where(valid, component, 0).astype(np.float64)
