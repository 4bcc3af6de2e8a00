"""Where the aircraft flew: what an annotation says of track, altitude, look direction and radar."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geocryoai.core.errors import SourceError
from geocryoai.sources.uavsar.annotation import Annotation


@dataclass(frozen=True)
class Flight:
    """Track and radar of a flight line.

    Attributes
    ----------
    peg_latitude, peg_longitude, heading : float
        Point below the aircraft at the middle of the pass and its course there, clockwise from north [degree].
    altitude, terrain_height : float
        Mean altitudes of aircraft and ground above the ellipsoid [m].
    looks_left : bool
    wavelength : float
        [m]
    """

    peg_latitude: float
    peg_longitude: float
    heading: float
    altitude: float
    terrain_height: float
    looks_left: bool
    wavelength: float


def flight_of(annotation: Annotation) -> Flight:
    """Return the flight that an annotation describes.

    Raises
    ------
    SourceError
        A key is absent or has no value.
    """
    side = annotation.text("Radar Look Direction", "Look Direction").lower()
    if side not in ("left", "right"):
        raise SourceError("unknown look direction", where=annotation.where, found=f"'{side}'", expected="Left or Right")
    return Flight(
        peg_latitude=annotation.number("Peg Latitude", "set_plat"),
        peg_longitude=annotation.number("Peg Longitude", "set_plon"),
        heading=annotation.number("Peg Heading", "set_phdg"),
        altitude=annotation.quantity(
            "Global Average Altitude", "Average GPS Altitude", "Average Altitude", unit="m", usual="m"
        ),
        terrain_height=annotation.quantity(
            "Global Average Terrain Height", "Average Terrain Height", unit="m", usual="m"
        ),
        looks_left=side == "left",
        wavelength=annotation.quantity("Center Wavelength", unit="m", usual="cm"),
    )


def passes_of(annotation: Annotation) -> tuple[np.datetime64, ...]:
    """Return the start of each pass [UTC]: two of a pair, one otherwise."""
    if annotation.kind == "RPI":
        return tuple(
            annotation.time(f"Start Time of Acquisition for Pass {n}", f"Time of Acquisition for Pass {n}")
            for n in (1, 2)
        )
    return (annotation.time("Start Time of Acquisition", "Time of Acquisition"),)


def looks_of(annotation: Annotation) -> int:
    """Return the number of looks of multi-looked layers: looks in range times looks in azimuth."""
    return annotation.whole("Number of Looks in Range", "Number of Range Looks in MLC") * annotation.whole(
        "Number of Looks in Azimuth", "Number of Azimuth Looks in MLC"
    )
