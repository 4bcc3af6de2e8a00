"""UAVSAR pairs over the twin: settlement of one thaw season, seen through noise, decorrelation, a ramp and an offset.

The ground sinks as in ReSALT: thaw depth grows with the root of the degree days of thaw up to the true active-layer
thickness, and the surface sinks by the settlement of the water in the pores. The water departs from what a retrieval
assumes by 10 %, cell by cell. A gravel pad that does not move lies in each swath. Coherence falls with trees and
wetland, and without permafrost nothing coherent comes back. Swaths are on the left of the track.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from geocryoai.core.projection import LONLAT, transformer
from geocryoai.retrievals.radar.displacement import phase_of_displacement
from geocryoai.retrievals.radar.geometry import EARTH_RADIUS, incidence_on_ground
from geocryoai.retrievals.radar.noise import phase_sigma
from geocryoai.retrievals.radar.soil_porosity import SoilPorosity
from geocryoai.sources.uavsar.flight import Flight
from geocryoai.sources.uavsar.grids import RadarGrid
from geocryoai.sources.uavsar.writer import write_uavsar
from geocryoai.twin.airborne import SIMULATED, Flown, centre_of, truth_rows
from geocryoai.twin.fields import GaussianField, stream

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from geocryoai.twin.network import Places
    from geocryoai.twin.options import TwinOptions
    from geocryoai.twin.truth import Truth

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

#: Share of the pores that is filled with water, and its relative departure from cell to cell [1].
SATURATION, WATER_SPREAD = 0.9, 0.1
#: Half length of a swath, half width, and distance of its middle from the track [m].
_HALF_LENGTH, _HALF_WIDTH, _OFF_TRACK = 60_000.0, 8_000.0, 12_000.0
_ALTITUDE, _WAVELENGTH, _LOOKS = 12_500.0, 0.238403545, (3, 12)
#: Largest ramp of the phase from edge to edge [rad], and offset of the unwrapping [rad].
_RAMP, _OFFSET = 0.1, 6.0
#: Radius of the ground that does not move [m], in pixels at least 2.
_PAD = 1_200.0
#: Days of the year of the two passes.
_FIRST, _SECOND = (160, 172), (230, 245)
#: Relative spread of thaw depth between the pixels of a cell [1].
_WITHIN = 0.12


def fly_radar(folder: Path, options: TwinOptions, truth: Truth, places: Places) -> Flown:
    """Write the pairs and return what they should find."""
    rng = stream(options.seed, "airborne.radar")
    water = np.clip(1.0 + WATER_SPREAD * rng.standard_normal(truth.landscape.cells), 0.6, 1.0 / SATURATION)
    flown = Flown([], [], [])
    for number in range(options.airborne.radar_pairs):
        _pair(folder, number, options, truth, places, water, rng, flown)
    return flown


def _pair(
    folder: Path, number: int, options: TwinOptions, truth: Truth, places: Places, water: Floats,
    rng: np.random.Generator, flown: Flown,
) -> None:  # fmt: skip
    grid = truth.landscape.grid
    x, y = centre_of(places, number, rng)
    lon0, lat0 = (float(v) for v in transformer(grid.crs, LONLAT).transform(x, y))
    heading = float(rng.integers(0, 360))
    year = int(rng.integers(max(options.first_year, options.last_year - 9), options.last_year + 1))
    days = [int(rng.integers(*window)) for window in (_FIRST, _SECOND)]
    ground, swath, lon, lat = _swath(lon0, lat0, heading, options.airborne.radar_pixel)
    cell = np.where(swath, places.cell(lon.ravel(), lat.ravel()).reshape(lon.shape), -1)
    land = cell >= 0
    alt = truth.ground.alt[year - options.first_year][cell] * np.exp(
        _WITHIN * GaussianField(lon.shape, 3.0).draw(rng) - _WITHIN**2 / 2
    )
    frozen = land & np.isfinite(alt)
    if not frozen.any():
        return
    thawed = [_degree_days(truth, options, year, day) for day in (*days, 366)]
    pad = _pad(frozen, ground, rng)
    moving = frozen & ~pad
    roots = [np.sqrt(part / np.maximum(thawed[2], 1.0))[cell] for part in thawed[:2]]
    soil, depth = SoilPorosity(saturation=SATURATION), np.where(moving, alt, 0.0)
    sunk = (soil.settlement(roots[1] * depth) - soil.settlement(roots[0] * depth)) * water[cell]
    heights = np.where(land, truth.landscape.flat(truth.landscape.elevation)[cell], 0.0)
    peg = _peg(lon0, lat0, heading)
    angle = incidence_on_ground(lat, lon, heights, peg=(peg[1], peg[0], heading), altitude=_ALTITUDE)
    coherence = _coherence(truth, cell, frozen, pad, rng)
    phase = phase_of_displacement(-sunk, angle, _WAVELENGTH)
    phase = phase + phase_sigma(coherence, _LOOKS[0] * _LOOKS[1]) * rng.standard_normal(phase.shape)
    across = np.indices(phase.shape) / np.array(phase.shape)[:, None, None] - 0.5
    phase = phase + np.tensordot(rng.uniform(-_RAMP, _RAMP, 2), across, 1) + rng.uniform(-_OFFSET, _OFFSET)
    name = (
        f"twinak_{int(heading):03d}{number:02d}_{year % 100:02d}{days[0]:03d}-000_{year % 100:02d}{days[1]:03d}-000"
        f"_{days[1] - days[0]:04d}d_s01_L090HH_01"
    )
    bright = np.where(land, 0.2 * np.exp(0.2 * rng.standard_normal(phase.shape)), np.nan)
    layers = {
        "unw.grd": np.where(land, phase, np.nan), "cor.grd": np.where(land, coherence, np.nan),
        "amp1.grd": bright, "amp2.grd": bright * np.exp(0.1 * rng.standard_normal(phase.shape)),
        "hgt.grd": np.where(land, heights, np.nan),
    }  # fmt: skip
    flight = Flight(peg[1], peg[0], heading, _ALTITUDE, float(heights[land].mean()), True, _WAVELENGTH)
    passes = [np.datetime64(f"{year}-01-01T20:00:00") + np.timedelta64(day - 1, "D") for day in days]
    write_uavsar(folder, name, layers, grids=[ground], flight=flight, passes=passes, looks=_LOOKS, comments=SIMULATED)
    still = pad & land
    flown.layers.extend(truth_rows(name, "alt", grid, lon, lat, np.where(moving, alt, np.nan)))
    flown.layers.extend(truth_rows(name, "displacement", grid, lon, lat, np.where(frozen, -sunk, np.nan)))
    means = [float(part[np.unique(cell[frozen])].mean()) for part in thawed]
    flown.scenes.append(
        {"scene": name, "thaw_first": round(means[0], 1), "thaw_second": round(means[1], 1),
         "thaw_end": round(means[2], 1), "reference_lat": round(float(lat[still].mean()), 6),
         "reference_lon": round(float(lon[still].mean()), 6), "reference_radius": _radius(ground) * 0.9}
    )  # fmt: skip


def _swath(
    lon0: float, lat0: float, heading: float, pixel: float
) -> tuple[RadarGrid, NDArray[np.bool_], Floats, Floats]:
    """Return the grid of latitude and longitude around a swath, which of its pixels are seen, and their positions."""
    step = float(np.degrees(pixel / EARTH_RADIUS))
    wide = step / float(np.cos(np.radians(lat0)))
    turn = np.radians(heading)
    north = abs(_HALF_LENGTH * np.cos(turn)) + abs(_HALF_WIDTH * np.sin(turn))
    east = abs(_HALF_LENGTH * np.sin(turn)) + abs(_HALF_WIDTH * np.cos(turn))
    rows, columns = (int(np.ceil(2 * reach / pixel)) for reach in (north, east))
    first = (float(lat0 + step * (rows - 1) / 2), float(lon0 - wide * (columns - 1) / 2))
    ground = RadarGrid("ground", rows, columns, first, (-step, wide))
    centres = ground.centres()
    lon, lat = np.meshgrid(centres["lon"], centres["lat"])
    e, n = (lon - lon0) / wide * pixel, (lat - lat0) / step * pixel
    along, right = e * np.sin(turn) + n * np.cos(turn), e * np.cos(turn) - n * np.sin(turn)
    return ground, (np.abs(along) <= _HALF_LENGTH) & (np.abs(right) <= _HALF_WIDTH), lon, lat


def _peg(lon0: float, lat0: float, heading: float) -> tuple[float, float]:
    """Return longitude and latitude below the aircraft at the middle of the pass, to the right of the swath."""
    turn = np.radians(heading)
    east, north = _OFF_TRACK * np.cos(turn), -_OFF_TRACK * np.sin(turn)
    degree = np.degrees(1.0 / EARTH_RADIUS)
    return float(lon0 + east * degree / np.cos(np.radians(lat0))), float(lat0 + north * degree)


def _radius(ground: RadarGrid) -> float:
    pixel = np.radians(-ground.step[0]) * EARTH_RADIUS
    return float(max(_PAD, 2.5 * pixel))


def _pad(frozen: NDArray[np.bool_], ground: RadarGrid, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Return the pixels of a gravel pad within the frozen part of a swath."""
    pixel = np.radians(-ground.step[0]) * EARTH_RADIUS
    at = np.argwhere(frozen)
    row, column = at[rng.integers(len(at))]
    rows, columns = np.indices(frozen.shape)
    return np.asarray(np.hypot(rows - row, columns - column) * pixel <= _radius(ground))


def _coherence(
    truth: Truth, cell: Ints, frozen: NDArray[np.bool_], pad: NDArray[np.bool_], rng: np.random.Generator
) -> Floats:
    cover = truth.cover
    mean = 0.8 - 0.45 * cover.tree_fraction[cell] - 0.15 * cover.wetland_fraction[cell]
    mean = np.where(frozen, mean, 0.15)
    mean = np.where(pad, 0.9, mean)
    return np.clip(mean + 0.05 * rng.standard_normal(cell.shape), 0.02, 0.98)


def _degree_days(truth: Truth, options: TwinOptions, year: int, day: int) -> Floats:
    """Return the degree days of thaw of the land cells from January up to a day of the year [degC d]."""
    first = 12 * (year - options.first_year)
    total = np.zeros(truth.landscape.cells)
    for month in range(12):
        start = (date(year, month + 1, 1) - date(year, 1, 1)).days
        share = np.clip((day - 1 - start) / truth.days[first + month], 0.0, 1.0)
        total += share * truth.days[first + month] * np.maximum(truth.weather.tas[first + month], 0.0)
    return total
