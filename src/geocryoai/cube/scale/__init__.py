"""Between scales: area-true averages up, value-preserving refinement down, and what an instrument sees of a grid.

The mean of the fine cells equals the coarse value to rounding after every refinement. Drivers are refined first,
processes run on the fine grid, and their results are reconciled with coarse products; the mean of a non-linear process
is not the process of the mean.
"""

from __future__ import annotations

from geocryoai.cube.scale.accumulate import CellAccumulator, Gathered
from geocryoai.cube.scale.aggregation import Moments, aggregate
from geocryoai.cube.scale.area_to_point import AreaToPoint, area_to_point, fit_area_to_point
from geocryoai.cube.scale.blocks import block_mean, spread
from geocryoai.cube.scale.circle import circle_weights
from geocryoai.cube.scale.coherence import make_coherent, project
from geocryoai.cube.scale.dasymetric import dasymetric
from geocryoai.cube.scale.footprint import Footprint, tower_footprint
from geocryoai.cube.scale.observation import observation_operator
from geocryoai.cube.scale.pixels import PixelCells
from geocryoai.cube.scale.pycnophylactic import pycnophylactic
from geocryoai.cube.scale.registration import Registration, registration
from geocryoai.cube.scale.stream import gather_scene
from geocryoai.cube.scale.tower_climatology import Turbulence, tower_weights
from geocryoai.cube.scale.variogram import Covariance, fit_covariance

__all__ = [
    "AreaToPoint",
    "CellAccumulator",
    "Covariance",
    "Footprint",
    "Gathered",
    "Moments",
    "PixelCells",
    "Registration",
    "Turbulence",
    "aggregate",
    "area_to_point",
    "block_mean",
    "circle_weights",
    "dasymetric",
    "fit_area_to_point",
    "fit_covariance",
    "gather_scene",
    "make_coherent",
    "observation_operator",
    "project",
    "pycnophylactic",
    "registration",
    "spread",
    "tower_footprint",
    "tower_weights",
]
