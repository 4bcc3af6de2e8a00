"""Anchor of any target: an output of a process that ran over the cube, at the cell and time of the record."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: Name of the anchor, and of the role that holds the values of the run.
SIMULATED = "simulated"


def simulated(simulated: Floats, share: Floats | None = None, *, run: str, output: str) -> Floats:
    """Return an output of a run of the study's section `simulate`, in the target's unit.

    Parameters
    ----------
    simulated : array
        The output at each record; put there by the stage that knows the runs.
    share : array, optional
        Column by which it is multiplied [1], such as the wetland fraction of a footprint.
    run, output : str
        Name of the run in the study, and of the output.
    """
    return simulated if share is None else np.asarray(simulated * np.clip(share, 0.0, 1.0))
