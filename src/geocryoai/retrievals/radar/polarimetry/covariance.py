"""Covariance matrices C3, in the basis (HH, sqrt(2) HV, VV), and coherency matrices T3, in the Pauli basis.

UAVSAR's HVHV is |HV|^2, the matrix holds 2 |HV|^2; cross products with HV carry sqrt(2).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geocryoai.core.errors import ModelError
from geocryoai.retrievals.radar.checks import Array, Complex, same_shape

#: From the basis (HH, sqrt(2) HV, VV) to Pauli's (HH + VV, HH - VV, 2 HV) / sqrt(2).
_TO_PAULI = np.array([[1.0, 0.0, 1.0], [1.0, 0.0, -1.0], [0.0, np.sqrt(2.0), 0.0]]) / np.sqrt(2.0)


def covariance(
    hhhh: Array, hvhv: Array, vvvv: Array, hhhv: Complex, hhvv: Complex, hvvv: Complex
) -> NDArray[np.complex128]:
    """Return C3 of UAVSAR's products, shape (..., 3, 3).

    Parameters
    ----------
    hhhh, hvhv, vvvv : array
        Means of |HH|^2, |HV|^2 and |VV|^2 (hvhv once, not twice).
    hhhv, hhvv, hvvv : array of complex
        Means of HH HV*, HH VV* and HV VV*.
    """
    shape = same_shape(hhhh=hhhh, hvhv=hvhv, vvvv=vvvv, hhhv=hhhv, hhvv=hhvv, hvvv=hvvv)
    matrix = np.empty((*shape, 3, 3), np.complex128)
    matrix[..., 0, 0], matrix[..., 1, 1], matrix[..., 2, 2] = hhhh, 2.0 * hvhv, vvvv
    for (i, j), value in {(0, 1): np.sqrt(2.0) * hhhv, (0, 2): hhvv, (1, 2): np.sqrt(2.0) * hvvv}.items():
        matrix[..., i, j], matrix[..., j, i] = value, np.conj(value)
    return matrix


def coherency(matrix: Complex) -> Complex:
    """Return T3 of C3, shape (..., 3, 3); the trace stays."""
    check_matrix(matrix)
    return np.asarray(_TO_PAULI @ matrix @ _TO_PAULI.T)


def powers(matrix: Complex) -> tuple[Array, Array, Array]:
    """Return |HH|^2, |HV|^2 (once) and |VV|^2 of C3."""
    check_matrix(matrix)
    hh, crossed, vv = (np.asarray(matrix[..., i, i].real, np.float64) for i in range(3))
    return hh, 0.5 * crossed, vv


def check_matrix(matrix: Complex) -> None:
    """Raise ModelError unless the array holds 3 x 3 matrices with powers that are not negative."""
    if matrix.ndim < 2 or matrix.shape[-2:] != (3, 3):
        raise ModelError("not covariance matrices", where="C3", found=matrix.shape, expected="shape (..., 3, 3)")
    diagonal = np.diagonal(matrix, axis1=-2, axis2=-1).real
    if (diagonal < 0).any():
        raise ModelError("a power is negative", where="C3", found=f"{float(np.nanmin(diagonal)):g}", expected=">= 0")


def in_blocks(function: Callable[[Any], Any], matrix: Complex, rows: int = 256) -> Any:
    """Apply a function of matrices to blocks of rows and join the arrays, or the dictionaries of arrays, it returns."""
    parts = [function(matrix[start : start + rows]) for start in range(0, matrix.shape[0], rows)]
    if isinstance(parts[0], dict):
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return np.concatenate(parts)
