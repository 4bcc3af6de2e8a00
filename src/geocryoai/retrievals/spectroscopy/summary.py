"""Plumes of a scene in numbers: place, size, mass and emission rate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from geocryoai.core.projection import LONLAT, transformer
from geocryoai.retrievals.spectroscopy.emission import Emission, Wind, cross_section_rate, integrated_mass, mass_rate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geocryoai.retrievals.spectroscopy.enhancement import Enhancement
    from geocryoai.retrievals.spectroscopy.ground import Ground
    from geocryoai.retrievals.spectroscopy.plumes import PlumeMap
    from geocryoai.sources.envi import MapInfo

#: Smallest plume that is cut into cross-sections [pixels].
_CROSSED = 10


def plume_table(
    found: Enhancement,
    plumes: PlumeMap,
    ground: Ground | None,
    position: MapInfo | None,
    gas: str,
    wind: Wind | None,
) -> list[dict[str, Any]]:
    """Return one entry for each plume, strongest first; mass where the ground, rates where the wind is known."""
    table = []
    background = plumes.labels == 0
    for plume in plumes.plumes:
        inside = (plumes.labels == plume.label) & np.isfinite(found.linear)
        entry: dict[str, Any] = {
            "label": plume.label,
            "pixels": int(inside.sum()),
            "expected_false": plume.expected_false,
            "largest_ppm_m": float(found.linear[inside].max()),
            **_place(found.sparse, inside, position),
        }
        if ground is not None:
            mass = integrated_mass(
                found.linear,
                found.sigma,
                inside,
                ground,
                gas=gas,
                noise_factor=plumes.noise_factor,
                background=background,
            )
            area = float(inside.sum() * ground.pixel_area)
            entry |= {"area_m2": area, "mass_kg": mass.value, "mass_sigma_kg": mass.sigma}
            if wind is not None:
                entry["mass_rate"] = _rate(mass_rate(mass, inside, ground, wind))
                if entry["pixels"] >= _CROSSED:
                    factor = plumes.noise_factor
                    crossed = cross_section_rate(
                        found.linear, found.sigma, inside, ground, wind, gas=gas, noise_factor=factor
                    )
                    entry["cross_section_rate"] = _rate(crossed)
        table.append(entry)
    return table


def _rate(rate: Emission) -> dict[str, Any]:
    return {"kg_per_h": rate.value, "sigma_kg_per_h": rate.sigma, "method": rate.method}


def _place(sparse: NDArray[np.float32], inside: NDArray[np.bool_], position: MapInfo | None) -> dict[str, float]:
    """Return row and column of the strongest pixel, and its longitude and latitude where a map is known."""
    row, column = np.unravel_index(int(np.argmax(np.where(inside, sparse, -1.0))), sparse.shape)
    place = {"row": float(row), "column": float(column)}
    if position is not None:
        x, y = position.centre(np.array([column]), np.array([row]))
        lon, lat = transformer(position.crs, LONLAT).transform(x, y)
        place |= {"lon": float(lon[0]), "lat": float(lat[0])}
    return place
