"""Carbon dioxide: light-use-efficiency production, autotrophic and three-pool heterotrophic respiration.

The model is that of the terrestrial carbon flux family (TCF; SMAP Level-4 Carbon). Plants fix carbon in proportion to
the light they absorb, cut back by cold nights, dry air, dry soil and frozen ground. A fixed share of it is respired
by the plants; the rest becomes litter, spread evenly over the following year. Litter decays in three pools
(metabolic, structural, recalcitrant) at rates that follow soil temperature (Lloyd and Taylor) and surface moisture.
The net exchange is NEE = Ra + Rh - GPP exactly, positive upward (release).

The published parameters were fitted globally and daily; with monthly means the ramps see less spread than they were
fitted to, so production near the ramps' ends is a little high. Fire, harvest, mosses and dissolved losses are not in
it. `geocryoai.processes.carbon.simulate_carbon` runs all of it; the pieces are public as well.

References
----------
Kimball, J. S. et al. (2009), IEEE TGRS 47, 569-587, doi:10.1109/TGRS.2008.2003248.
Jones, L. A. et al. (2017), IEEE TGRS 55, 6517-6532, doi:10.1109/TGRS.2017.2729343.
Watts, J. D. et al. (2014), Biogeosciences 11, 1961-1980, doi:10.5194/bg-11-1961-2014.
"""

from geocryoai.processes.carbon.parameters import CLASSES, CarbonParameters, carbon_parameters
from geocryoai.processes.carbon.pools import CarbonPools, periodic_pools, pool_step, steady_pools
from geocryoai.processes.carbon.production import gpp_lue, par_from_shortwave, ramp
from geocryoai.processes.carbon.respiration import autotrophic_respiration, decomposition_multiplier, lloyd_taylor
from geocryoai.processes.carbon.simulation import CarbonFluxes, simulate_carbon

__all__ = [
    "CLASSES",
    "CarbonFluxes",
    "CarbonParameters",
    "CarbonPools",
    "autotrophic_respiration",
    "carbon_parameters",
    "decomposition_multiplier",
    "gpp_lue",
    "lloyd_taylor",
    "par_from_shortwave",
    "periodic_pools",
    "pool_step",
    "ramp",
    "simulate_carbon",
    "steady_pools",
]
