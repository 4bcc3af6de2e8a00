"""Ground heat in columns with freezing, thawing and snow: grid, materials, forcing, simulation, and what follows."""

from geocryoai.processes.column.curves import FreeWater, FreezingCurve, LinearCurve, PowerCurve, VanGenuchtenCurve
from geocryoai.processes.column.forcing import Forcing
from geocryoai.processes.column.grid import Grid, column_grid
from geocryoai.processes.column.ground_state import GroundState, ground_state
from geocryoai.processes.column.material import Material
from geocryoai.processes.column.options import Options
from geocryoai.processes.column.result import ColumnResult, ColumnSeries, ColumnState, YearlyResult
from geocryoai.processes.column.settlement import Settlement, settlement
from geocryoai.processes.column.simulate import simulate_column
from geocryoai.processes.column.soil import Soil, layered_soil
from geocryoai.processes.column.spin_up import SpinUp, spin_up
from geocryoai.processes.column.zero_curtain import ZeroCurtain, plateau, zero_curtain

__all__ = [
    "ColumnResult",
    "ColumnSeries",
    "ColumnState",
    "Forcing",
    "FreeWater",
    "FreezingCurve",
    "Grid",
    "GroundState",
    "LinearCurve",
    "Material",
    "Options",
    "PowerCurve",
    "Settlement",
    "Soil",
    "SpinUp",
    "VanGenuchtenCurve",
    "YearlyResult",
    "ZeroCurtain",
    "column_grid",
    "ground_state",
    "layered_soil",
    "plateau",
    "settlement",
    "simulate_column",
    "spin_up",
    "zero_curtain",
]
