"""A scene's map of vertical displacement: mask, ramp, reference, geometry and noise in one chain, lazily."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from geocryoai.core.errors import ModelError, nearest
from geocryoai.retrievals.radar.checks import number_between
from geocryoai.retrievals.radar.displacement import PhaseGrows, vertical_displacement
from geocryoai.retrievals.radar.geometry import EARTH_RADIUS, incidence_from_look_vector, incidence_on_ground
from geocryoai.retrievals.radar.noise import displacement_sigma
from geocryoai.retrievals.radar.phase_corrections import fit_ramp, reference_phase
from geocryoai.retrievals.radar.unwrapping import unwrap
from geocryoai.sources.uavsar.flight import flight_of, looks_of, passes_of
from geocryoai.sources.uavsar.scene import Scene

if TYPE_CHECKING:
    import xarray as xr

#: Where the angle between line of sight and vertical comes from.
Angle = Literal["best", "look_vector", "incidence", "track"]
ANGLES = ("best", "look_vector", "incidence", "track")

#: Most pixels on which a ramp is fitted.
_RAMP_PIXELS = 1_000_000


@dataclass(frozen=True)
class DisplacementOptions:
    """How a phase becomes displacement.

    Attributes
    ----------
    phase_grows : {"away", "towards"}
        Sign of the phase, see `displacement.line_of_sight_motion`.
    least_coherence : float
        Below it a pixel is missing [1].
    reference : tuple of float or None
        Latitude, longitude [degree] and radius [m] of ground taken not to move. Without one, only differences between
        pixels mean something.
    remove_ramp : bool
        Take off a robust plane. It takes off a ramp of the motion, too.
    angle : {"best", "look_vector", "incidence", "track"}
        ``best`` takes look vectors where they are there, else the track; ``incidence`` takes the local incidence, which
        is that to the vertical on level ground only.
    horizontal : float
        Horizontal motion towards the radar [m].
    looks : float or None
        Independent looks; None takes the product of the annotation's.
    unwrap : bool
        Unwrap the interferogram even where the product has an unwrapped phase.
    """

    phase_grows: PhaseGrows = "away"
    least_coherence: float = 0.35
    reference: tuple[float, float, float] | None = None
    remove_ramp: bool = False
    angle: Angle = "best"
    horizontal: float = 0.0
    looks: float | None = None
    unwrap: bool = False

    def __post_init__(self) -> None:
        number_between("least_coherence", self.least_coherence, 0.0, 1.0)
        number_between("horizontal [m]", self.horizontal, -100.0, 100.0)


def displacement_map(scene: Scene, options: DisplacementOptions | None = None) -> xr.Dataset:
    """Return vertical displacement (up positive) and its standard deviation on the ground grid, lazily.

    Parameters
    ----------
    scene : Scene
        With unwrapped phase, or interferogram, and coherence on the ground.
    options : DisplacementOptions, optional

    Returns
    -------
    xarray.Dataset
        ``displacement``, ``displacement_sigma`` [m], ``coherence`` [1], ``incidence`` [rad] on ``lat, lon``; attributes
        say which sign, reference, ramp and angle were used.

    Raises
    ------
    SourceError
        A layer or a key of the annotation is absent.
    ModelError
        Nothing is left after masking, or the reference area has no pixel.
    """
    import xarray as xr

    chosen = options or DisplacementOptions()
    coherence = scene.layer("coherence")
    looks = float(looks_of(scene.annotation)) if chosen.looks is None else chosen.looks
    flight = flight_of(scene.annotation)
    phase = _phase(scene, coherence, looks, chosen)
    masked = phase.where(coherence >= chosen.least_coherence)
    if not bool(masked.notnull().any()):
        raise ModelError(
            "every pixel is missing", where=scene.annotation.where,
            found=f"no pixel with a phase and a coherence of {chosen.least_coherence:g} or more",
            next_step="Lower the least coherence if that is wanted.",
        )  # fmt: skip
    attributes: dict[str, Any] = {
        "phase_grows": chosen.phase_grows,
        "least_coherence": chosen.least_coherence,
        "looks": looks,
    }
    if chosen.remove_ramp:
        masked, attributes["ramp_rad"] = _without_ramp(masked)
    if chosen.reference is not None:
        offset = _at_reference(masked, chosen.reference)
        masked = masked - offset
        attributes |= {"reference": list(chosen.reference), "reference_phase_rad": offset}
    incidence, angle = _incidence(scene, chosen.angle)
    incidence = incidence.where(masked.notnull())
    first, second = passes_of(scene.annotation)
    attributes |= {
        "angle": angle, "wavelength_m": flight.wavelength, "time_coverage_start": str(first)[:19],
        "time_coverage_end": str(second)[:19],
    }  # fmt: skip
    moved = xr.apply_ufunc(
        vertical_displacement, masked, incidence, dask="parallelized", output_dtypes=[np.float64],
        kwargs={"wavelength": flight.wavelength, "phase_grows": chosen.phase_grows, "horizontal": chosen.horizontal},
    )  # fmt: skip
    sigma = xr.apply_ufunc(
        displacement_sigma, coherence.where(masked.notnull()), incidence, dask="parallelized",
        output_dtypes=[np.float64], kwargs={"wavelength": flight.wavelength, "looks": looks},
    )  # fmt: skip
    layers = {
        "displacement": (moved, "m", "vertical displacement of the ground surface (positive = heave)"),
        "displacement_sigma": (sigma, "m", "standard deviation of the displacement from phase noise"),
        "coherence": (coherence, "1", "interferometric correlation"),
        "incidence": (incidence, "rad", "angle between line of sight and vertical"),
    }
    return xr.Dataset(
        {
            name: array.astype(np.float32).assign_attrs(units=unit, long_name=text)
            for name, (array, unit, text) in layers.items()
        },
        attrs=attributes,
    )


def _phase(scene: Scene, coherence: xr.DataArray, looks: float, options: DisplacementOptions) -> xr.DataArray:
    if scene.has("unwrapped_phase") and not options.unwrap:
        return scene.layer("unwrapped_phase")
    wave = scene.layer("interferogram")
    phase, component = unwrap(
        wave.values, np.asarray(coherence.values, np.float64), looks, least=options.least_coherence
    )
    return wave.copy(data=np.where(component > 0, phase, np.nan))


def _without_ramp(phase: xr.DataArray) -> tuple[xr.DataArray, list[float]]:
    """Return the phase less a plane fitted to a regular sample of its pixels, and the plane."""
    import xarray as xr

    step = max(1, int(np.ceil(np.sqrt(phase.size / _RAMP_PIXELS))))
    sample = phase[::step, ::step].values
    rows, columns = np.indices(sample.shape, dtype=np.float64) * step
    plane = fit_ramp(sample.ravel(), rows.ravel(), columns.ravel())
    row = xr.DataArray(np.arange(phase.sizes["lat"]), dims="lat")
    column = xr.DataArray(np.arange(phase.sizes["lon"]), dims="lon")
    return phase - (plane[0] + plane[1] * row) - plane[2] * column, list(plane)


def _at_reference(phase: xr.DataArray, reference: tuple[float, float, float]) -> float:
    lat0, lon0, radius = reference
    if not 0 < radius < EARTH_RADIUS:
        raise ModelError("the radius of the reference area must be positive metres", where="reference", found=radius)
    degree = np.degrees(radius / EARTH_RADIUS)
    shrink = max(np.cos(np.radians(lat0)), 1e-6)
    near_rows = np.flatnonzero(np.abs(phase["lat"].values - lat0) <= degree)
    near_columns = np.flatnonzero(np.abs(phase["lon"].values - lon0) * shrink <= degree)
    if near_rows.size == 0 or near_columns.size == 0:
        raise ModelError(
            "the reference area lies outside the scene", where="reference", found=f"{lat0:g}, {lon0:g}",
            expected=f"latitude {float(phase['lat'].min()):.4f} to {float(phase['lat'].max()):.4f}, longitude "
            f"{float(phase['lon'].min()):.4f} to {float(phase['lon'].max()):.4f}",
        )  # fmt: skip
    part = phase[near_rows[0] : near_rows[-1] + 1, near_columns[0] : near_columns[-1] + 1]
    north, east = part["lat"].values[:, None] - lat0, (part["lon"].values[None, :] - lon0) * shrink
    return reference_phase(part.values, np.hypot(north, east) <= degree)


def _incidence(scene: Scene, angle: Angle) -> tuple[xr.DataArray, str]:
    """Return the angle between line of sight and vertical [rad], and where it comes from."""
    import xarray as xr

    if angle not in ANGLES:
        raise ModelError("unknown source of the angle", where="angle", found=f"'{angle}'",
                         next_step=nearest(str(angle), ANGLES))  # fmt: skip
    if angle == "look_vector" or (angle == "best" and scene.has("look_up")):
        parts = [scene.layer(name) for name in ("look_east", "look_north", "look_up")]
        found = xr.apply_ufunc(incidence_from_look_vector, *parts, dask="parallelized", output_dtypes=[np.float64])
        return found, "look_vector"
    if angle == "incidence":
        return scene.layer("local_incidence"), "incidence"
    flight, ground = flight_of(scene.annotation), scene.layer("coherence")
    if scene.has("elevation"):
        heights, named = scene.layer("elevation").fillna(flight.terrain_height), "track, elevation of each pixel"
    else:
        heights, named = xr.full_like(ground, flight.terrain_height), "track, mean terrain height"
    found = xr.apply_ufunc(
        incidence_on_ground, ground["lat"], ground["lon"], heights, dask="parallelized", output_dtypes=[np.float64],
        kwargs={"peg": (flight.peg_latitude, flight.peg_longitude, flight.heading), "altitude": flight.altitude},
    )  # fmt: skip
    return found, named
