"""Ground heat in columns with freezing, thawing and snow: grid, materials, forcing, simulation, what follows from it."""

from geocryoai.processes.column.curves import FreeWater, FreezingCurve, LinearCurve, PowerCurve, VanGenuchtenCurve
from geocryoai.processes.column.forcing import Forcing
from geocryoai.processes.column.grid import Grid, column_grid
from geocryoai.processes.column.material import Material
from geocryoai.processes.column.options import Options
from geocryoai.processes.column.result import ColumnResult, ColumnSeries, ColumnState, YearlyResult
from geocryoai.processes.column.simulate import simulate_column
from geocryoai.processes.column.soil import Soil, layered_soil

__all__ = [
    "ColumnResult", "ColumnSeries", "ColumnState", "Forcing", "FreeWater", "FreezingCurve", "Grid", "LinearCurve",
    "Material", "Options", "PowerCurve", "Soil", "VanGenuchtenCurve", "YearlyResult", "column_grid", "layered_soil",
    "simulate_column",
]  # fmt: skip
