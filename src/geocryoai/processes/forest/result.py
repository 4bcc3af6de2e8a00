"""What a simulation of a forest gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geocryoai.processes.checks import Array
from geocryoai.processes.forest.species import Species
from geocryoai.processes.forest.terrain import Terrain

Single = NDArray[np.float32]


@dataclass(frozen=True)
class Trees:
    """Single trees at the end of some years.

    Attributes
    ----------
    years : array, shape (kept,)
    species : array, shape (kept, plots, capacity)
        Place in the list of species; -1 where no tree stands.
    diameter, age : array, shape (kept, plots, capacity)
        [cm] and [yr]; 0 where no tree stands.
    """

    years: NDArray[np.int64]
    species: NDArray[np.int16]
    diameter: Single
    age: Single


@dataclass(frozen=True)
class ForestResult:
    """Forest and thaw through the years; plots last, all at the end of the year unless said.

    Attributes
    ----------
    years : array, shape (years,)
    species : Species
    terrain : Terrain
    thaw_depth : array, shape (years, 12, plots)
        Thawed ground below the moss at the end of each month [m]; 0 while the surface is frozen. Where permafrost is
        gone it is the depth of the frozen table that is left, at most 6 m.
    basal_area : array, shape (years, species, plots)
        [m2 ha-1].
    lai : array, shape (years, species, plots)
        Leaf area [m2 m-2].
    biomass : array, shape (years, species, plots)
        Stems, branches and leaves [kg m-2]; 1 kg m-2 is 10 t ha-1.
    stems : array, shape (years, species, plots)
        Trees on the plot [1].
    organic_depth, moss_depth : array, shape (years, plots)
        Thickness of the organic layer below the living moss, and of the moss [m].
    degree_days : array, shape (years, plots)
        Growing degree days above 5 degC [degC d].
    drought, flooding : array, shape (years, plots)
        Share of the growing season that is dry, and with standing water [1].
    nitrogen : array, shape (years, plots)
        Share of the nitrogen asked for that was available [1].
    fire : array, shape (years, plots)
        Severity of the year's fire [1], 0 where nothing burnt.
    born, died : array, shape (years, plots)
        Trees that established and died in the year [1].
    trees : Trees
    plot_area : float
        Of one plot [m2].
    """

    years: NDArray[np.int64]
    species: Species
    terrain: Terrain
    thaw_depth: Single
    basal_area: Single
    lai: Single
    biomass: Single
    stems: Single
    organic_depth: Single
    moss_depth: Single
    degree_days: Single
    drought: Single
    flooding: Single
    nitrogen: Single
    fire: Single
    born: NDArray[np.int32]
    died: NDArray[np.int32]
    trees: Trees
    plot_area: float

    @property
    def active_layer(self) -> Array:
        """Return the largest thaw depth of each year [m], shape (years, plots)."""
        deepest: Array = self.thaw_depth.max(axis=1)
        return deepest

    @property
    def change(self) -> NDArray[Any]:
        """Return the change of the number of trees over each year but the first, shape (years - 1, plots)."""
        return np.diff(np.rint(self.stems.sum(axis=1)).astype(np.int64), axis=0)
