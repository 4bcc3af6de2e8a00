"""From enhancement to mass, and with a wind to an emission rate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geocryoai.core.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geocryoai.retrievals.spectroscopy.ground import Ground

    Floats = NDArray[np.floating]

#: Molar mass [kg mol-1].
MOLAR_MASS = {"ch4": 0.016043, "co2": 0.044009}

#: Gas constant [J mol-1 K-1].
_GAS_CONSTANT = 8.314462618

#: Pressure and temperature of air at the ground of the standard atmosphere [Pa], [K].
PRESSURE, TEMPERATURE = 101_325.0, 288.15

_SECONDS_PER_HOUR = 3600.0

#: Error of a mass that does not average out, over the mass: the spectrum of a pixel differs from the mean that the
#: target was made with (1 to 3 % on simulated lines of mixed surfaces). That of the absorption spectrum is not in it.
RELATIVE_SIGMA = 0.03


@dataclass(frozen=True)
class Wind:
    """Wind that carries a plume.

    Attributes
    ----------
    speed, sigma : float
        At 10 m [m s-1].
    slope, intercept : float
        Effective speed of the plume is ``slope * speed + intercept`` [m s-1]. Varon et al. (2018),
        doi:10.5194/amt-11-5673-2018, fitted 0.33 and 0.45 m s-1 for plumes seen at 50 m; other pixels need a fit of
        their own.
    """

    speed: float
    sigma: float
    slope: float = 1.0
    intercept: float = 0.0

    @property
    def effective(self) -> float:
        """Effective speed [m s-1]."""
        if not (self.speed > 0 and self.sigma >= 0 and self.slope * self.speed + self.intercept > 0):
            raise ModelError("a wind needs a positive speed", found=f"{self.speed:g} +- {self.sigma:g} m s-1")
        return self.slope * self.speed + self.intercept

    @property
    def effective_sigma(self) -> float:
        """Standard deviation of the effective speed [m s-1]."""
        return abs(self.slope) * self.sigma


@dataclass(frozen=True)
class Emission:
    """A quantity and its standard deviation.

    Attributes
    ----------
    value, sigma : float
        [kg] for a mass, [kg h-1] for a rate.
    unit : str
    method : str
    """

    value: float
    sigma: float
    unit: str
    method: str


def column_mass(gas: str = "ch4", *, pressure: float = PRESSURE, temperature: float = TEMPERATURE) -> float:
    """Return the mass of 1 ppm m [kg m-2]: one part in a million of a metre of air, as gas.

    >>> round(column_mass("ch4") * 1e7, 3)
    6.785
    """
    if gas not in MOLAR_MASS:
        raise ModelError("the molar mass is not known", found=gas, expected=", ".join(MOLAR_MASS))
    if not (pressure > 0 and temperature > 0):
        raise ModelError("pressure and temperature must be positive", found=(pressure, temperature))
    return 1e-6 * MOLAR_MASS[gas] * pressure / (_GAS_CONSTANT * temperature)


def integrated_mass(
    linear: Floats,
    sigma: Floats,
    inside: NDArray[np.bool_],
    ground: Ground,
    *,
    gas: str = "ch4",
    noise_factor: float = 1.0,
    background: NDArray[np.bool_] | None = None,
    pressure: float = PRESSURE,
    temperature: float = TEMPERATURE,
    seed: int = 0,
) -> Emission:
    """Return the integrated mass enhancement of a plume [kg] (Frankenberg et al. 2016, doi:10.1073/pnas.1605617113).

    The standard deviation is the larger of two: pixel noise, taken as independent, and the spread of the sums that the
    same outline has where there is no plume, which noise that hangs together widens. `RELATIVE_SIGMA` of the mass is
    added in quadrature. Gas outside the outline is not counted.

    Parameters
    ----------
    linear, sigma : array, shape (rows, columns)
        Unbiased enhancement and its standard deviation [ppm m].
    inside : array of bool, shape (rows, columns)
        The plume.
    ground : Ground
    gas : {"ch4", "co2"}
    noise_factor : float
        Standard deviation of the background over `sigma` (`PlumeMap.noise_factor`).
    background : array of bool, optional
        Where there is no plume; without it only pixel noise counts.
    pressure, temperature : float
        Of the air at the ground [Pa], [K].
    seed : int
        For the places of the outline.
    """
    usable = inside & np.isfinite(linear)
    if not usable.any():
        raise ModelError("the plume has no pixel with data")
    unit = column_mass(gas, pressure=pressure, temperature=temperature) * ground.pixel_area
    mass = unit * float(linear[usable].astype(np.float64).sum())
    noise = unit * noise_factor * float(np.sqrt((sigma[usable].astype(np.float64) ** 2).sum()))
    if background is not None:
        noise = max(noise, unit * _placed(linear, usable, background, seed))
    return Emission(mass, float(np.hypot(noise, RELATIVE_SIGMA * mass)), "kg", "integrated mass enhancement")


def mass_rate(mass: Emission, inside: NDArray[np.bool_], ground: Ground, wind: Wind) -> Emission:
    """Return the emission rate ``Q = U M / L`` [kg h-1], L the root of the plume's area (Varon et al. 2018).

    Parameters
    ----------
    mass : Emission
        Of `integrated_mass`.
    inside : array of bool
        The plume.
    ground : Ground
    wind : Wind
    """
    length = float(np.sqrt(inside.sum() * ground.pixel_area))
    rate = wind.effective * mass.value / length * _SECONDS_PER_HOUR
    return Emission(rate, _combined(rate, mass, wind), "kg h-1", "integrated mass enhancement")


def cross_section_rate(
    linear: Floats,
    sigma: Floats,
    inside: NDArray[np.bool_],
    ground: Ground,
    wind: Wind,
    *,
    gas: str = "ch4",
    noise_factor: float = 1.0,
    pressure: float = PRESSURE,
    temperature: float = TEMPERATURE,
) -> Emission:
    """Return the emission rate [kg h-1] as wind times mass per length along the plume.

    The axis is the direction in which the plume is longest; its outer tenths, where it is cut by its outline, are left
    out. The mass per length is that of all between, so that each pixel counts once.

    Parameters
    ----------
    linear, sigma : array, shape (rows, columns)
        Unbiased enhancement and its standard deviation [ppm m].
    inside : array of bool, shape (rows, columns)
        The plume.
    ground : Ground
    wind : Wind
    gas, noise_factor, pressure, temperature
        As in `integrated_mass`.
    """
    usable = inside & np.isfinite(linear)
    row, column = np.nonzero(usable)
    if row.size < 10:
        raise ModelError("the plume is too small for cross-sections", found=f"{row.size} pixels", expected="10")
    east, north = ground.metres(column.astype(np.float64), row.astype(np.float64))
    centred = np.stack([east - east.mean(), north - north.mean()])
    _, axes = np.linalg.eigh(centred @ centred.T)
    along = axes[:, -1] @ centred
    low, high = np.quantile(along, [0.1, 0.9])
    between = (along >= low) & (along <= high)
    step = float(np.ptp(along[between]))
    width = step + float(np.abs(axes[:, -1] @ ground.along_column) + np.abs(axes[:, -1] @ ground.along_row)) / 2.0
    unit = column_mass(gas, pressure=pressure, temperature=temperature) * ground.pixel_area
    line = unit * float(linear[row[between], column[between]].astype(np.float64).sum()) / width
    noise = unit * noise_factor * float(np.sqrt((sigma[row[between], column[between]] ** 2.0).sum())) / width
    noise = float(np.hypot(noise, RELATIVE_SIGMA * line))
    rate = wind.effective * line * _SECONDS_PER_HOUR
    return Emission(rate, _combined(rate, Emission(line, noise, "kg m-1", ""), wind), "kg h-1", "cross-section")


def _combined(rate: float, mass: Emission, wind: Wind) -> float:
    return float(abs(rate) * np.hypot(mass.sigma / max(abs(mass.value), 1e-300), wind.effective_sigma / wind.effective))


def _placed(linear: Floats, inside: NDArray[np.bool_], background: NDArray[np.bool_], seed: int) -> float:
    """Return the spread of the sums of the outline at places without a plume; 0 where there is no room."""
    row, column = np.nonzero(inside)
    row, column = row - row.min(), column - column.min()
    free = background & np.isfinite(linear)
    room = linear.shape[0] - int(row.max()), linear.shape[1] - int(column.max())
    if min(room) < 1:
        return 0.0
    rng = np.random.default_rng(seed)
    sums = []
    for _ in range(400):
        at = row + rng.integers(room[0]), column + rng.integers(room[1])
        if free[at].mean() > 0.9:
            sums.append(float(linear[at][free[at]].mean()) * row.size)
    if len(sums) < 20:
        return 0.0
    low, high = np.quantile(sums, [0.1587, 0.8413])
    return float(high - low) / 2.0
