"""Methane: a density that follows temperature, and a model with a closed balance of the dissolved store.

`methane_q10` is the simple form: wetland fraction times a reference flux times Q10 of soil temperature, on as long as
there is unfrozen water. In the inversion of Miller et al. (2016) over Alaska a static wetland map times daily soil
temperature did better than global process models, which shut off at 0 degC too early.

`simulate_methane` follows methane through saturated soil. Microbes make it from labile carbon where there is no
oxygen. It dissolves; sedges conduct it to the air and oxidise part of it at their roots; it diffuses up; above a
threshold it bubbles. What leaves by diffusion or bubbles crosses the aerated soil above the water table, where it is
oxidised after Michaelis and Menten. Each step is closed: production - oxidation - emission = change of the store.

Everything is per area of wetland; times the wetland fraction it is per area of the grid cell. Uptake of atmospheric
methane by dry soil, lakes and streams are not in it, and the soil is one layer.

References
----------
Miller, S. M. et al. (2016), Global Biogeochem. Cycles 30, 1441-1453, doi:10.1002/2016GB005419.
Walter, B. P. and Heimann, M. (2000), Global Biogeochem. Cycles 14, 745-765, doi:10.1029/1999GB001204.
Riley, W. J. et al. (2011), Biogeosciences 8, 1925-1953, doi:10.5194/bg-8-1925-2011.
Watts, J. D. et al. (2014), Biogeosciences 11, 1961-1980, doi:10.5194/bg-11-1961-2014.
"""

from geocryoai.processes.methane.balance import MethaneStep, methane_production, methane_step, oxidised_in_passing
from geocryoai.processes.methane.density import methane_q10, q10_factor
from geocryoai.processes.methane.parameters import MethaneParameters
from geocryoai.processes.methane.simulation import MethaneFluxes, simulate_methane

__all__ = [
    "MethaneFluxes",
    "MethaneParameters",
    "MethaneStep",
    "methane_production",
    "methane_q10",
    "methane_step",
    "oxidised_in_passing",
    "q10_factor",
    "simulate_methane",
]
