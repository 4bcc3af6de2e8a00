"""Entropy, anisotropy and mean alpha angle from the eigenvalues and eigenvectors of the coherency matrix.

References
----------
Cloude, S. R. and Pottier, E. (1997), An entropy based classification scheme for land applications of polarimetric SAR,
IEEE Trans. Geosci. Remote Sens. 35, 68-78, doi:10.1109/36.551935.
"""

from __future__ import annotations

import numpy as np

from geocryoai.retrievals.radar.checks import Array, Complex
from geocryoai.retrievals.radar.polarimetry.covariance import coherency


def entropy_anisotropy_alpha(matrix: Complex) -> dict[str, Array]:
    """Return H, A and alpha of C3.

    Parameters
    ----------
    matrix : array of complex, shape (..., 3, 3)
        NaN where missing. Averaged over looks: a single look has H = 0.

    Returns
    -------
    dict of array
        ``entropy`` 0 (one mechanism) to 1 (random); ``anisotropy`` 0 to 1, 0 where both minor eigenvalues vanish;
        ``alpha`` [degree], 0 for a surface, 45 for a dipole, 90 for a dihedral.
    """
    pauli = coherency(matrix)
    valid = np.asarray(np.isfinite(pauli).all(axis=(-2, -1)))
    values, vectors = np.linalg.eigh(np.where(valid[..., None, None], pauli, np.eye(3)))
    values = np.maximum(values[..., ::-1], 0.0)
    vectors = vectors[..., ::-1]
    total = values.sum(axis=-1)
    valid &= total > 0
    share = values / np.where(total > 0, total, 1.0)[..., None]
    logs = np.log(np.where(share > 0, share, 1.0)) / np.log(3.0)
    minor = share[..., 1] + share[..., 2]
    anisotropy = np.where(minor > 1e-12, (share[..., 1] - share[..., 2]) / np.where(minor > 1e-12, minor, 1.0), 0.0)
    alpha = np.degrees(np.arccos(np.clip(np.abs(vectors[..., 0, :]), 0.0, 1.0)))
    found = {"entropy": -(share * logs).sum(axis=-1), "anisotropy": anisotropy, "alpha": (share * alpha).sum(axis=-1)}
    return {name: np.where(valid, value, np.nan) for name, value in found.items()}
