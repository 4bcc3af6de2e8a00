"""Three-zone freezing after Lunardini: a mushy zone between frozen and thawed ground, exact.

Thawed ground at T_0 > T_f is held at T_s < T_m at its surface from t = 0. Water freezes evenly between T_f and T_m, so
that the mushy zone has the large apparent heat capacity C_2 + L dw / (T_f - T_m), with diffusivity alpha_4. The zones
meet at X_1 = 2 psi sqrt(alpha_1 t) (at T_m) and X = 2 gamma sqrt(alpha_4 t) (at T_f); psi and gamma follow from the
heat flux being continuous at both. The smooth freezing range makes it the fair test of column models (INTERFROST T1).

References
----------
Lunardini, V. J. (1985), Proc. 4th Int. Symp. Ground Freezing, Sapporo, 35-44.
McKenzie, J. M. et al. (2007), Adv. Water Resour. 30, 966-983, doi:10.1016/j.advwatres.2006.08.008.
Grenier, C. et al. (2018), Adv. Water Resour. 114, 196-218, doi:10.1016/j.advwatres.2018.02.001.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import root
from scipy.special import erf, erfc, erfcx

from geocryoai.core.errors import ModelError
from geocryoai.processes.checks import Array, above, at_least
from geocryoai.processes.constants import DAY


@dataclass(frozen=True)
class ThreeZoneProblem:
    """A freezing problem with three zones.

    Attributes
    ----------
    conductivity_frozen, conductivity_mushy, conductivity_thawed : float
        [W m-1 K-1].
    capacity : float
        Heat capacity of all zones, without latent heat [J m-3 K-1].
    latent : float
        Heat released between `thawed_above` and `frozen_below` [J m-3].
    surface, frozen_below, thawed_above, initial : float
        Temperatures T_s < T_m < T_f < T_0 [degC].
    """

    conductivity_frozen: float
    conductivity_mushy: float
    conductivity_thawed: float
    capacity: float
    latent: float
    surface: float
    frozen_below: float
    thawed_above: float
    initial: float

    def __post_init__(self) -> None:
        for name in ("conductivity_frozen", "conductivity_mushy", "conductivity_thawed", "capacity", "latent"):
            above(name, getattr(self, name))
        temperatures = (self.surface, self.frozen_below, self.thawed_above, self.initial)
        if not all(a < b for a, b in pairwise(temperatures)):
            raise ModelError(
                "the temperatures are out of order",
                where="surface, frozen_below, thawed_above, initial [degC]",
                found=str(temperatures),
                expected="each above the one before",
            )

    @property
    def diffusivities(self) -> tuple[float, float, float]:
        """Return those of the frozen, mushy (with latent heat) and thawed zone [m2 s-1]."""
        apparent = self.capacity + self.latent / (self.thawed_above - self.frozen_below)
        return (
            self.conductivity_frozen / self.capacity,
            self.conductivity_mushy / apparent,
            self.conductivity_thawed / self.capacity,
        )


class FrontConstants(NamedTuple):
    """Constants of the two fronts [1]; see the module."""

    psi: float
    gamma: float


def interfrost_t1(frozen_below: float) -> ThreeZoneProblem:
    """Return the benchmark INTERFROST T1 (parameters of McKenzie et al. 2007).

    Parameters
    ----------
    frozen_below : float
        T_m [degC]: -4 or -1 in the benchmark.
    """
    freezing_water = 0.2 - 0.0782
    return ThreeZoneProblem(
        conductivity_frozen=3.464352, conductivity_mushy=2.941352, conductivity_thawed=2.418352, capacity=6.9036e5,
        latent=1680.0 * 334720.0 * freezing_water, surface=-6.0, frozen_below=frozen_below, thawed_above=0.0,
        initial=4.0,
    )  # fmt: skip


def lunardini_constants(problem: ThreeZoneProblem) -> FrontConstants:
    """Return the constants of the two fronts.

    Raises
    ------
    ModelError
        The root was not found.

    Examples
    --------
    >>> psi, gamma = lunardini_constants(interfrost_t1(-4.0))
    >>> round(psi, 4), round(gamma, 3)
    (0.0617, 1.397)
    """
    a1, a4, a3 = problem.diffusivities
    mushy_range = problem.thawed_above - problem.frozen_below
    cooling, warmth = problem.frozen_below - problem.surface, problem.initial - problem.thawed_above

    def imbalance(log_fronts: Array) -> list[float]:
        inner = float(np.exp(log_fronts[0]))
        outer = inner + float(np.exp(log_fronts[1]))
        psi, x3 = inner * np.sqrt(a4 / a1), outer * np.sqrt(a4 / a3)
        # erf(outer) - erf(inner), times exp(inner^2) so that it does not vanish in a narrow freezing range
        rise = erfcx(inner) - erfcx(outer) * np.exp(inner**2 - outer**2)
        mushy = problem.conductivity_mushy * mushy_range / (np.sqrt(a4) * rise)
        frozen = problem.conductivity_frozen * cooling / (np.sqrt(a1) * erf(psi))
        thawed = problem.conductivity_thawed * warmth / (np.sqrt(a3) * erfc(x3))
        at_frozen = np.log(frozen) - psi**2 - np.log(mushy)
        at_thawed = np.log(mushy) + inner**2 - outer**2 - np.log(thawed) + x3**2
        return [float(at_frozen), float(at_thawed)]

    found = root(imbalance, np.log([0.7, 0.7]), tol=1e-13)
    inner = float(np.exp(found.x[0]))
    if max(abs(v) for v in imbalance(found.x)) > 1e-9:
        raise ModelError("the fronts of the three-zone problem were not found", where="lunardini_constants",
                         found=str(problem), next_step="Check that the conductivities and the latent heat are in SI "
                         "units.")  # fmt: skip
    return FrontConstants(inner * float(np.sqrt(a4 / a1)), inner + float(np.exp(found.x[1])))


def lunardini_fronts(problem: ThreeZoneProblem, days: ArrayLike) -> tuple[Array, Array]:
    """Return the depths [m] of the frozen front (at T_m) and of the freezing front (at T_f) after some days [d]."""
    seconds = at_least("days [d]", days) * DAY
    psi, gamma = lunardini_constants(problem)
    a1, a4, _ = problem.diffusivities
    return 2.0 * psi * np.sqrt(a1 * seconds), 2.0 * gamma * np.sqrt(a4 * seconds)


def lunardini_temperature(depth: ArrayLike, days: ArrayLike, problem: ThreeZoneProblem) -> Array:
    """Return the temperature of the ground [degC].

    Parameters
    ----------
    depth : array_like
        Depth [m], >= 0.
    days : array_like
        Time since the surface cooled [d], > 0.
    problem : ThreeZoneProblem
    """
    z, seconds = at_least("depth [m]", depth), above("days [d]", days) * DAY
    psi, gamma = lunardini_constants(problem)
    a1, a4, a3 = problem.diffusivities
    x1, x4, x3 = (z / (2.0 * np.sqrt(a * seconds)) for a in (a1, a4, a3))
    inner = psi * np.sqrt(a1 / a4)
    frozen = problem.surface + (problem.frozen_below - problem.surface) * erf(x1) / erf(psi)
    mushy_share = (erfc(gamma) - erfc(x4)) / (erfc(inner) - erfc(gamma))
    mushy = problem.thawed_above + (problem.thawed_above - problem.frozen_below) * mushy_share
    outside = erfc(x3) / erfc(gamma * np.sqrt(a4 / a3))
    thawed = problem.initial - (problem.initial - problem.thawed_above) * outside
    return np.asarray(np.where(x1 < psi, frozen, np.where(x4 < gamma, mushy, thawed)))
