"""Columns of ground through time: heat conduction with freezing and thawing, under snow.

The equation is dH/dt = d/dz (k dT/dz) with enthalpy H = int C dT + L w(T), on cells (finite volumes), implicit in time
(backward Euler; conductivities are those of a prediction of the state at the end of the step).
Newton's method solves for H with T(H) piecewise linear, so an iteration is one linear system, energy is conserved to
round-off at every iterate, water that freezes at one temperature needs no smoothing, and long steps are stable. A step
that does not converge is halved. Snow is a stack of cells of equal thickness, given by its depth and density; the heat
that falls or melts with it is not followed.

References
----------
Swaminathan, C. R. and Voller, V. R. (1993), International Journal of Numerical Methods for Heat and Fluid Flow 3,
233-244, doi:10.1108/eb017528.
Brugnano, L. and Casulli, V. (2008), SIAM J. Sci. Comput. 30, 463-472, doi:10.1137/070681867.
Tubini, N. et al. (2021), Cryosphere 15, 2541-2568, doi:10.5194/tc-15-2541-2021.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from geocryoai.core.errors import ModelError
from geocryoai.processes.checks import Array, between
from geocryoai.processes.column.forcing import Forcing
from geocryoai.processes.column.options import Options
from geocryoai.processes.column.result import ColumnResult, ColumnState
from geocryoai.processes.column.soil import Soil
from geocryoai.processes.column.tables import EnthalpyTables, enthalpy_tables


def simulate_column(
    forcing: Forcing, soil: Soil, initial: ArrayLike | ColumnState, options: Options | None = None
) -> ColumnResult:
    """Simulate columns of ground.

    Parameters
    ----------
    forcing : Forcing
    soil : Soil
    initial : array_like or ColumnState
        Temperature at the start [degC], of shape (), (layers,), (columns given alone as (1, columns)) or (layers,
        columns), where water at its freezing point is ice; or the state in which another run ended.
    options : Options, optional

    Returns
    -------
    ColumnResult

    Raises
    ------
    ModelError
        The input is unphysical or does not fit together, or a step did not converge; the text names column, time and
        value.

    Examples
    --------
    >>> from geocryoai.processes.column import Material, column_grid, layered_soil
    >>> silt = Material(0.4, 1.2, 2.0, 2.8e6, 2.0e6)
    >>> soil = layered_soil(column_grid(), [silt], [1.0])
    >>> result = simulate_column(Forcing(np.ones(90), temperature=np.full(90, 10.0)), soil, -5.0)
    >>> round(float(result.series.thaw_depth_phase[-1, 0]), 2)
    1.02
    """
    chosen = options if options is not None else Options()
    tables = enthalpy_tables(soil.materials, chosen.knots)
    surface = forcing.surface(soil.columns)
    snow_cells = chosen.snow_cells if forcing.snow_depth is not None else 0
    state = start_state(initial, soil, tables, snow_cells)
    if chosen.backend == "torch":
        from geocryoai.processes.column.batched import run_torch

        return run_torch(forcing, surface, soil, tables, state, chosen)
    from geocryoai.processes.column.compiled import run_numba

    return run_numba(forcing, surface, soil, tables, state, chosen)


def start_state(initial: ArrayLike | ColumnState, soil: Soil, tables: EnthalpyTables, snow_cells: int) -> ColumnState:
    """Return the state at the start, checked; see `simulate_column`."""
    shape = soil.index.shape
    if isinstance(initial, ColumnState):
        if initial.enthalpy.shape != shape or not np.isfinite(initial.enthalpy).all():
            raise ModelError("the state at the start does not fit the soil", where="initial", expected=str(shape),
                             found=str(initial.enthalpy.shape))  # fmt: skip
        snow = initial.snow_temperature
        if snow.shape[0] != snow_cells:
            surface = tables.temperature_at(initial.enthalpy[0], soil.index[0])
            snow = np.broadcast_to(np.minimum(surface, 0.0), (snow_cells, shape[1]))
        return ColumnState(initial.enthalpy, snow)
    given = between("initial [degC]", initial, -90.0, 60.0)
    t: Array = given[:, None] if given.ndim == 1 else given
    if t.ndim > 2 or any(have not in (1, want) for have, want in zip(t.shape, shape[2 - t.ndim :], strict=True)):
        raise ModelError("the temperature at the start does not fit the soil", where="initial [degC]",
                         found=f"shape {t.shape}", expected=f"{shape}")  # fmt: skip
    t = np.broadcast_to(t, shape)
    return ColumnState(tables.enthalpy(t, soil.index), np.broadcast_to(np.minimum(t[0], 0.0), (snow_cells, shape[1])))
