"""Enhancement and plumes of a scene: filter, find, and filter again without what was found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geocryoai.retrievals.spectroscopy.enhancement import (
    Enhancement,
    EnhancementOptions,
    refine,
    retrieve_enhancement,
)
from geocryoai.retrievals.spectroscopy.plumes import PlumeMap, PlumeOptions, find_plumes

if TYPE_CHECKING:
    from geocryoai.retrievals.spectroscopy.targets import GasTarget
    from geocryoai.sources.spectroscopy import Scene


def retrieve_plumes(
    scene: Scene,
    target: GasTarget,
    options: EnhancementOptions | None = None,
    plume_options: PlumeOptions | None = None,
) -> tuple[Enhancement, PlumeMap]:
    """Return the enhancement and the plumes of a scene, both in the geometry of its raster.

    A plume is part of the mean and covariance of its detector columns and so hides part of itself. Groups in which
    plumes were found are filtered a second time with a background that leaves their pixels out.

    Parameters
    ----------
    scene : Scene
    target : GasTarget
    options : EnhancementOptions, optional
    plume_options : PlumeOptions, optional
    """
    first = retrieve_enhancement(scene, target, options)
    plumes = find_plumes(first.linear, first.sigma, plume_options)
    if not plumes.plumes:
        return first, plumes
    second = retrieve_enhancement(scene, target, options, plumes=plumes.labels > 0)
    return refine(first, second), plumes
