"""Region-out: a whole region is left out, with a buffer around it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from geocryoai.core.errors import ProtocolError
from geocryoai.evaluation.distance import beyond_buffer, located
from geocryoai.evaluation.folds import Fold, Split, assemble, measured_rows
from geocryoai.evaluation.groups import merge_labels
from geocryoai.evaluation.protocols.regions import region_of, resolve_regions

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geocryoai.cube.samples import Samples


def region_out(
    samples: Samples,
    *,
    regions: Mapping[str, Sequence[float]] | Sequence[str] | None = None,
    buffer_km: float = 100.0,
    min_rows: int = 5,
    groups: NDArray[Any] | None = None,
) -> Split:
    """Return one fold per region, to tell whether a learner carries over to a landscape it never saw.

    Parameters
    ----------
    regions : list of str, or dict of str to (west, south, east, north), optional
        Names of Alaskan regions, or boxes [degree]; by default all regions of Alaska.
    buffer_km : float
        Training rows this near to a test row are left out [km].
    min_rows : int
        Regions with fewer measured rows are not tested (listed in the metadata); their rows train.
    groups : array, shape (n,), optional
        Training rows that share a label with a test row are left out.

    Notes
    -----
    Rows outside all regions train and are never tested; rows without a position do neither, for they might lie
    in the region left out. A site that reaches across a border is left out of training.
    """
    boxes = resolve_regions(regions)
    region = region_of(samples, boxes)
    placed = located(samples)
    rows = measured_rows(samples)
    usable = rows[placed[rows]]
    counts = {name: int((region[usable] == name).sum()) for name in boxes}
    tested = [name for name, count in counts.items() if count >= min_rows]
    if not tested:
        raise ProtocolError(
            "no region holds enough measured rows",
            where="region_out",
            found=", ".join(f"{name} {count}" for name, count in counts.items()),
            expected=f"{min_rows} rows in a region",
            next_step="Declare boxes that hold your sites, or lower min_rows.",
        )
    group = merge_labels(samples.site, groups)
    made = []
    for name in tested:
        test = usable[region[usable] == name]
        train = usable[(region[usable] != name) & ~np.isin(group[usable], group[test])]
        made.append(Fold(name, beyond_buffer(samples, train, test, buffer_km), test))
    return assemble(
        samples,
        "region_out",
        made,
        blocks=group,
        block_size="site" if groups is None else "group of sites",
        whole={"site": samples.site, "group": group},
        meta={
            "regions": {name: list(box) for name, box in boxes.items()},
            "buffer_km": buffer_km,
            "rows_in_region": counts,
            "regions_not_tested": [name for name in boxes if name not in tested],
            "rows_outside_regions": int((region[usable] == "").sum()),
            "rows_without_position": len(rows) - len(usable),
        },
    )
