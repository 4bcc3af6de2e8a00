"""Named regions of Alaska as longitude-latitude boxes that do not overlap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from geocryoai.core.errors import ProtocolError, nearest
from geocryoai.cube.samples import Samples

Box = tuple[float, float, float, float]

#: (west, south, east, north) [degree]. Boxes for judging transfer, not ecoregion borders.
ALASKA: dict[str, Box] = {
    "North Slope": (-169.0, 68.4, -141.0, 71.6),
    "Brooks Range": (-156.0, 66.6, -141.0, 68.4),
    "Northwest Arctic": (-169.0, 66.6, -156.0, 68.4),
    "Seward": (-169.0, 64.2, -160.5, 66.6),
    "Interior": (-160.5, 62.8, -141.0, 66.6),
    "Yukon-Kuskokwim": (-173.0, 58.5, -160.5, 64.2),
    "Southwest": (-160.5, 55.0, -154.0, 62.8),
    "Southcentral": (-154.0, 58.5, -141.0, 62.8),
    "Southeast": (-141.0, 54.5, -130.0, 60.5),
}


def resolve_regions(regions: Mapping[str, Sequence[float]] | Sequence[str] | None) -> dict[str, Box]:
    """Return boxes by name from names of Alaskan regions, own boxes, or None for all of Alaska's.

    Raises
    ------
    ProtocolError
        A name is unknown or a box is not (west, south, east, north).
    """
    if regions is None:
        return dict(ALASKA)
    if not isinstance(regions, Mapping):
        for name in regions:
            if name not in ALASKA:
                raise ProtocolError(
                    f"no region is called '{name}'",
                    where="region_out: regions",
                    next_step=f"For the region, {nearest(name, ALASKA)} Own boxes: name: [west, south, east, north].",
                )
        return {name: ALASKA[name] for name in regions}
    boxes: dict[str, Box] = {}
    for name, box in regions.items():
        if len(box) != 4 or not -90 <= box[1] < box[3] <= 90:
            raise ProtocolError(
                "a region is not a box",
                where=f"region_out: {name}",
                found=list(box),
                expected="[west, south, east, north] in degrees, south below north",
            )
        west, south, east, north = map(float, box)
        boxes[name] = (west, south, east, north)
    return boxes


def region_of(samples: Samples, boxes: Mapping[str, Box]) -> np.ndarray[tuple[int], np.dtype[np.str_]]:
    """Return the first region that holds each row, ``""`` where none does or the position is unknown.

    A box whose west lies east of its east crosses the antimeridian. South and west borders belong to the box.
    """
    found = np.full(len(samples), "", dtype=object)
    for name, (west, south, east, north) in boxes.items():
        width = 360.0 if east - west >= 360.0 else (east - west) % 360.0
        inside = (np.mod(samples.lon - west, 360.0) < width) & (samples.lat >= south) & (samples.lat < north)
        found[inside & (found == "")] = name
    return found.astype(str)
