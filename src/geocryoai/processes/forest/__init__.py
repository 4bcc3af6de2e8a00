"""Forest and thaw at 10 m: single trees of nine species of interior Alaska on plots over a terrain.

Every tree of a plot is followed: it grows by what warmth, water, light, nitrogen and thawed ground leave of its best
growth, sheds leaves, and dies of age, stress or fire. The canopy, the moss and the organic layer that it builds set the
thaw of the ground, and the thaw limits its growth. It is a gap model in the line of JABOWA, FORSKA, SIBBORK and UVAFME,
with their published equations and parameters and code of its own.

`simulate_forest` runs it, `forest_dataset` gives it on a grid; docs/processes/forest.md tells equations, parameters and
limits.

References
----------
Bonan, G. B. (1989), Ecological Modelling 45, 275-306.
Brazhnik, K. and Shugart, H. H. (2015), 3D simulation of boreal forests, Environ. Res. Lett. 10 (SIBBORK).
Foster, A. C. et al. (2019), Ecological Modelling 409, 108765 (UVAFME in interior Alaska).
"""

from geocryoai.processes.forest.climate import FAIRBANKS, ForestClimate, mean_year_climate
from geocryoai.processes.forest.dataset import forest_dataset
from geocryoai.processes.forest.options import ForestOptions
from geocryoai.processes.forest.result import ForestResult, Trees
from geocryoai.processes.forest.simulate import simulate_forest
from geocryoai.processes.forest.species import Species, species_table
from geocryoai.processes.forest.terrain import Terrain

__all__ = [
    "FAIRBANKS",
    "ForestClimate",
    "ForestOptions",
    "ForestResult",
    "Species",
    "Terrain",
    "Trees",
    "forest_dataset",
    "mean_year_climate",
    "simulate_forest",
    "species_table",
]
