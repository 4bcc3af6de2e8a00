"""Blocks of columns through time, compiled: the equations of `simulate` in machine form.

A block holds `WIDTH` columns side by side, so that the inner loops run over columns and the compiler turns them into
vector instructions. All that belongs to a row (a cell of snow or soil, or one of the two boundaries) stands together
in one row of a workspace, field after field; one array with constant offsets is what lets the compiler see that the
fields do not overlap. The width is passed as an argument because a loop of known small length would be unrolled
before it could be vectorised.

All that is compiled stands in this one module, because the compiler's cache notices a change of the file that a
function stands in, not of the files from which it takes constants and other functions.
"""

# The compiler infers the types: arrays of float64 unless said otherwise.
# mypy: allow-untyped-defs

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, prange

from geocryoai.processes.column.constants import THAWED_SHARE

#: Columns in a block.
WIDTH = 16

#: Offsets of the fields in a row of the workspace: enthalpy [J m-3], that at the start of the step, temperature [degC],
#: its slope dT/dH, conductance to the row above [W m-2 K-1], thickness / step [m s-1], the two factors of the
#: elimination, the temperature that the linear system found, low end and inverse spacing of the table, freezing point
#: [degC], thickness [m], resistance of half the cell, frozen [m2 K W-1], ln(k thawed / k frozen), place in the table,
#: liquid share [1].
H, HN, T, D, G, CAP, CP, DP, TL, LO, INV, TF, DZ, RF, LR, U, S = (WIDTH * i for i in range(17))
FIELDS = 17 * WIDTH

#: Compiler options: products and sums may be fused, nothing else is relaxed, so a NaN stays a NaN.
OPTIONS: dict[str, Any] = {
    "cache": True,
    "fastmath": {"contract"},
    "error_model": "numpy",
    "boundscheck": False,
    "nogil": True,
}

#: Conductance [W m-2 K-1] behind which a temperature acts as a given heat flux.
FLUX = 1e-30

#: Places in the vector of series: thaw depth by isotherm and by phase [m], ground surface temperature [degC], heat into
#: the ground and out of its bottom [W m-2], enthalpy and its latent part [J m-2].
ISOTHERM, PHASE, SURFACE, INTO, OUT, ENTHALPY, LATENT = range(7)


@njit(**OPTIONS)
def places(ws, ix, w, first, last, knots):
    """Set U to the place in the table beyond the knot and `ix` to the knot, for rows `first` to `last`."""
    top = float(knots - 2)
    for i in range(first, last):
        for j in range(w):
            u = (ws[i, H + j] - ws[i, LO + j]) * ws[i, INV + j]
            knot = np.floor(min(max(u, 0.0), top))
            ws[i, U + j] = u - knot
            ix[i, j] = np.int64(knot)


@njit(**OPTIONS)
def temperatures(ws, ix, base, table, w, first, last):
    """Set T and D from H for the soil rows; the snow rows above are linear already."""
    for i in range(first, last):
        for j in range(w):
            p = np.uint64(base[i, j] + ix[i, j])
            ws[i, T + j] = table[p]
            ws[i, D + j] = table[p + np.uint64(1)]
        for j in range(w):
            slope = ws[i, D + j] - ws[i, T + j]
            ws[i, T + j] += ws[i, U + j] * slope
            ws[i, D + j] = slope * ws[i, INV + j]


@njit(**OPTIONS)
def shares(ws, ix, base, table, w, first, last):
    """Set S, the liquid share of the water, from H."""
    for i in range(first, last):
        for j in range(w):
            p = np.uint64(base[i, j] + ix[i, j])
            left = table[p]
            ws[i, S + j] = left + min(max(ws[i, U + j], 0.0), 1.0) * (table[p + np.uint64(1)] - left)


@njit(inline="always", **OPTIONS)
def exponential(x):
    """Return exp(x) for |x| < 4 to 1e-9, by arithmetic that can be vectorised."""
    y = 0.0625 * x
    y = 1.0 + y * (1.0 + y * (0.5 + y * (1 / 6 + y * (1 / 24 + y * (1 / 120 + y * (1 / 720 + y / 5040))))))
    y *= y
    y *= y
    y *= y
    return y * y


@njit(**OPTIONS)
def conductances(ws, w, first, last):
    """Set G between the soil rows, in series over the two half cells.

    Between two centres the liquid share is weighted by how far each is from its freezing point, an estimate of its
    mean over the temperatures between them. A cell at its freezing point thus conducts as thawed ground towards a
    thawed neighbour and as frozen ground towards a frozen one, as it would with a sharp front inside.
    """
    for i in range(first + 1, last):
        for j in range(w):
            above, here = abs(ws[i - 1, T + j] - ws[i - 1, TF + j]) + 1e-9, abs(ws[i, T + j] - ws[i, TF + j]) + 1e-9
            share = (above * ws[i - 1, S + j] + here * ws[i, S + j]) / (above + here)
            ws[i, G + j] = 1.0 / (
                ws[i - 1, RF + j] * exponential(-share * ws[i - 1, LR + j])
                + ws[i, RF + j] * exponential(-share * ws[i, LR + j])
            )


@njit(**OPTIONS)
def upper_half(ws, w, first, resistance):
    """Set the resistance of the upper half of the first soil cell [m2 K W-1], by the temperature above it.

    The share at the surface is 1 in thaw; in frost it falls from that of the cell with 1 / |T|.
    """
    for j in range(w):
        above, here, share = ws[first - 1, T + j], ws[first, T + j], ws[first, S + j]
        at_top = 1.0 if above > 0.0 else share * min(max(here / min(above, -1e-9), 0.0), 1.0)
        far, near = abs(above) + 1e-9, abs(here - ws[first, TF + j]) + 1e-9
        mean = (far * at_top + near * share) / (far + near)
        resistance[j] = ws[first, RF + j] * exponential(-mean * ws[first, LR + j])


@njit(**OPTIONS)
def eliminate(ws, w, rows):
    """Forward sweep of the tridiagonal system for the change of enthalpy since the last iterate."""
    for i in range(1, rows + 1):
        for j in range(w):
            up, down = ws[i, G + j], ws[i + 1, G + j]
            left = -up * ws[i - 1, D + j]
            gain = up * (ws[i - 1, T + j] - ws[i, T + j]) - down * (ws[i, T + j] - ws[i + 1, T + j])
            short = gain - ws[i, CAP + j] * (ws[i, H + j] - ws[i, HN + j])
            inverse = 1.0 / (ws[i, CAP + j] + (up + down) * ws[i, D + j] - left * ws[i - 1, CP + j])
            ws[i, CP + j] = -down * ws[i + 1, D + j] * inverse
            ws[i, DP + j] = (short - left * ws[i - 1, DP + j]) * inverse


@njit(**OPTIONS)
def substitute(ws, w, rows):
    """Backward sweep: the new enthalpies, and the temperatures that they have in the linear system."""
    for i in range(rows, 0, -1):
        for j in range(w):
            change = ws[i, DP + j] - ws[i, CP + j] * ws[i + 1, DP + j]
            ws[i, DP + j] = change
            ws[i, H + j] += change
            ws[i, TL + j] = ws[i, T + j] + ws[i, D + j] * change


@njit(**OPTIONS)
def misfit(ws, w, first, last, worst):
    """Return the largest |T(H) - linear T| of the block [degC]; `worst` receives it for each column."""
    for j in range(w):
        worst[j] = 0.0
    for i in range(first, last):
        for j in range(w):
            off = abs(ws[i, T + j] - ws[i, TL + j])
            worst[j] = worst[j] if off <= worst[j] else off
    largest = 0.0
    for j in range(w):
        largest = largest if worst[j] <= largest else worst[j]
    return largest


@njit(**OPTIONS)
def connect(ws, w, n_snow, last, snow, is_flux, resistance, half):
    """Set all conductances by the present state; the cells of the snow have equal thickness.

    `half` receives the resistance of the upper half of the first soil row [m2 K W-1].
    """
    conductances(ws, w, n_snow + 1, last)
    upper_half(ws, w, n_snow + 1, half)
    for j in range(w):
        inner = 1.0 / half[j]
        if n_snow:
            cell = max(0.5 * snow[0][j] / (n_snow * snow[1][j]), 1e-7)
            for i in range(2, n_snow + 1):
                ws[i, G + j] = 0.5 / cell
            ws[n_snow + 1, G + j] = 1.0 / (cell + half[j])
            inner = 1.0 / cell
        ws[1, G + j] = FLUX if is_flux else 1.0 / (1.0 / inner + resistance)


@njit(**OPTIONS)
def solve(ws, ix, base, table, w, snow, rows, knots, tolerance, limit, worst):
    """Iterate one step to convergence; return the iterations taken, or -1.

    Every iterate conserves energy to round-off, since the enthalpies change by the fluxes of the linear system; what
    converges is that T(H) is the temperature which drives these fluxes.
    """
    first, last = snow + 1, rows + 1
    for count in range(limit):
        eliminate(ws, w, rows)
        substitute(ws, w, rows)
        for i in range(1, first):
            for j in range(w):
                ws[i, T + j] = ws[i, TL + j]
        places(ws, ix, w, first, last, knots)
        temperatures(ws, ix, base, table, w, first, last)
        if misfit(ws, w, first, last, worst) <= tolerance:
            return count + 1
    return -1


@njit(**OPTIONS)
def isotherm_depth(ws, w, first, last, surface, depth):
    """Set `depth` [m] to where the uppermost ground above 0 degC ends, between cell centres."""
    for j in range(w):
        t_above, z_above = surface[j], 0.0
        inside = t_above > 0.0
        edge = 0.0
        depth[j] = 0.0
        for i in range(first, last):
            z = edge + 0.5 * ws[i, DZ + j]
            edge += ws[i, DZ + j]
            t = ws[i, T + j]
            if inside and t <= 0.0:
                depth[j] = z_above + (z - z_above) * t_above / (t_above - t)
                inside = False
                break
            inside = inside or t > 0.0
            t_above, z_above = t, z
        if inside:
            depth[j] = edge


@njit(**OPTIONS)
def phase_depth(ws, w, first, last, surface, depth):
    """Set `depth` [m] to where the uppermost thawed ground ends by its liquid water.

    In the cell of the front the part thawed is (s - s_below) / (1 - s_below), s the liquid share of the water.
    """
    for j in range(w):
        inside = surface[j] > 0.0
        edge = 0.0
        depth[j] = 0.0
        for i in range(first, last):
            s = ws[i, S + j]
            if inside and s < THAWED_SHARE:
                below = min(ws[min(i + 1, last - 1), S + j], s)
                depth[j] = edge + ws[i, DZ + j] * (s - below) / (1.0 - below)
                inside = False
                break
            inside = inside or s >= THAWED_SHARE
            edge += ws[i, DZ + j]
        if inside:
            depth[j] = edge


@njit(**OPTIONS)
def heat_content(ws, w, first, last, water_heat, total, latent):
    """Set the enthalpy of the ground and the latent part of it [J m-2]; `water_heat` is L theta [J m-3]."""
    for j in range(w):
        total[j] = 0.0
        latent[j] = 0.0
    for i in range(first, last):
        for j in range(w):
            total[j] += ws[i, H + j] * ws[i, DZ + j]
            latent[j] += ws[i, S + j] * water_heat[i, j] * ws[i, DZ + j]


@njit(**OPTIONS)
def yearly(ws, w, first, days, total, low, high):
    """Add the temperatures to a year's sums [degC d] and extremes [degC], shape (layers, columns)."""
    for i in range(total.shape[0]):
        for j in range(w):
            t = ws[first + i, T + j]
            total[i, j] += days * t
            low[i, j] = min(low[i, j], t)
            high[i, j] = max(high[i, j], t)


@njit(**OPTIONS)
def boundaries(ws, w, last, top, bottom, is_flux):
    """Set the rows of the two boundaries; a given flux is a temperature behind a huge resistance."""
    for j in range(w):
        ws[0, T + j] = top[j] / FLUX if is_flux else top[j]
        ws[last, T + j] = bottom[j] / FLUX
        ws[last, G + j] = FLUX


@njit(**OPTIONS)
def begin(ws, w, n_snow, last, snow, dt):
    """Set the capacities of a step; the enthalpies are remembered as those of its start."""
    for j in range(w):
        for i in range(1, n_snow + 1):
            ws[i, D + j] = 1.0 / snow[2][j]
            ws[i, H + j] = ws[i, T + j] * snow[2][j]
            ws[i, CAP + j] = snow[0][j] / (n_snow * dt)
    for i in range(n_snow + 1, last):
        for j in range(w):
            ws[i, CAP + j] = ws[i, DZ + j] / dt
    for i in range(1, last):
        for j in range(w):
            ws[i, HN + j] = ws[i, H + j]


@njit(**OPTIONS)
def retreat(ws, ix, base, tables, w, n_snow, last, knots, snow_capacity):
    """Go back to the start of a step that failed."""
    first = n_snow + 1
    for i in range(1, last):
        for j in range(w):
            ws[i, H + j] = ws[i, HN + j]
    for i in range(1, first):
        for j in range(w):
            ws[i, T + j] = ws[i, H + j] / snow_capacity[j]
    places(ws, ix, w, first, last, knots)
    temperatures(ws, ix, base, tables[0], w, first, last)
    shares(ws, ix, base, tables[1], w, first, last)


@njit(**OPTIONS)
def advance(ws, ix, base, tables, w, sizes, control, top, bottom, is_flux, resistance, snow, seconds, heat):
    """Take a block over one interval; return iterations, or -1 where a step failed even after halving.

    A step is iterated `prediction` times with the conductivities of its start, then to the end with those found.
    `sizes` is (snow rows, rows, knots, limit, halvings, prediction), `control` (tolerance, step [s]), `snow` (depth,
    conductivity, capacity), `heat` receives the heat through the surface and the bottom of the ground [J m-2] (and
    serves as working space for the misfit and the resistance of the uppermost half cell).
    """
    n_snow, rows, knots, limit, halvings, prediction = sizes
    tolerance, longest = control
    first, last = n_snow + 1, rows + 1
    full = seconds / np.ceil(seconds / longest - 1e-9)
    dt, left, count = full, seconds, 0
    heat[0] = 0.0
    heat[1] = 0.0
    boundaries(ws, w, last, top, bottom, is_flux)
    while left > 1e-9 * seconds:
        begin(ws, w, n_snow, last, snow, dt)
        connect(ws, w, n_snow, last, snow, is_flux, resistance, heat[3])
        if prediction:
            done = solve(ws, ix, base, tables[0], w, n_snow, rows, knots, tolerance, prediction, heat[2])
            count += done if done > 0 else prediction
            shares(ws, ix, base, tables[1], w, first, last)
            connect(ws, w, n_snow, last, snow, is_flux, resistance, heat[3])
        done = solve(ws, ix, base, tables[0], w, n_snow, rows, knots, tolerance, limit, heat[2])
        if done < 0:
            retreat(ws, ix, base, tables, w, n_snow, last, knots, snow[2])
            dt *= 0.5
            if dt < full * 0.5**halvings * 0.999:
                return -1
            continue
        shares(ws, ix, base, tables[1], w, first, last)
        for j in range(w):
            heat[0, j] += dt * ws[first, G + j] * (ws[first - 1, T + j] - ws[first, TL + j])
            heat[1, j] -= dt * bottom[j]
        left -= dt
        count += done
        dt = min(full, 2.0 * dt, max(left, 1e-300))
    return count


@njit(**OPTIONS)
def record(ws, w, sizes, water_heat, heat, seconds, out):
    """Read the state at the end of an interval off a block into `out`, shape (series, columns)."""
    first, last = sizes[0] + 1, sizes[1] + 1
    for j in range(w):
        above = ws[first - 1, T + j]
        flux = ws[first, G + j] * (above - ws[first, TL + j])
        out[SURFACE, j] = ws[first, TL + j] + flux * heat[3, j]
        out[INTO, j] = heat[0, j] / seconds
        out[OUT, j] = heat[1, j] / seconds
    isotherm_depth(ws, w, first, last, out[SURFACE], out[ISOTHERM])
    phase_depth(ws, w, first, last, out[SURFACE], out[PHASE])
    heat_content(ws, w, first, last, water_heat, out[ENTHALPY], out[LATENT])


@njit(**OPTIONS)
def load(ws, ix, base, tables, water_heat, w, sizes, soil, state, b):
    """Fill the workspace of a block with its soil and its state."""
    first, last = sizes[0] + 1, sizes[1] + 1
    for i in range(last - first):
        for j in range(WIDTH):
            base[first + i, j] = soil[0][b, i, j]
            ws[first + i, LO + j] = soil[1][b, i, j]
            ws[first + i, INV + j] = soil[2][b, i, j]
            ws[first + i, DZ + j] = soil[3][b, i, j]
            ws[first + i, TF + j] = soil[4][b, i, j]
            ws[first + i, RF + j] = soil[5][b, i, j]
            ws[first + i, LR + j] = soil[6][b, i, j]
            water_heat[first + i, j] = soil[7][b, i, j]
            ws[first + i, H + j] = state[0][b, i, j]
    for i in range(sizes[0]):
        for j in range(WIDTH):
            ws[1 + i, T + j] = state[1][b, i, j]
    places(ws, ix, w, first, last, sizes[2])
    temperatures(ws, ix, base, tables[0], w, first, last)
    shares(ws, ix, base, tables[1], w, first, last)


@njit(**OPTIONS)
def keep(ws, first, field, values):
    """Copy a field of the rows from `first` on into an array of shape (rows, WIDTH)."""
    for i in range(values.shape[0]):
        for j in range(WIDTH):
            values[i, j] = ws[first + i, field + j]


@njit(parallel=True, **OPTIONS)
def run_blocks(
    w, sizes, control, soil, tables, forcing, is_flux, resistance, seconds, year, state, series, years, profile, failed
):
    """Run all blocks through all intervals.

    Arrays have the block as first axis and the columns of a block as last. `soil` is (base, low, inverse spacing,
    thickness, freezing point, frozen resistance of half a cell, ln of the ratio of conductivities, L theta, heat at
    the bottom), `forcing` (top, snow depth, conductivity, capacity) with time second, `state` (enthalpy, snow
    temperature), `series` (blocks, time, series, columns), `years` (sums, lowest, highest) with (blocks, years, layers,
    columns), `profile` (temperature, liquid share) with (blocks, time or 0, layers, columns). `failed` (blocks,)
    receives the interval in which a block gave up, or -2 - its iterations when it is done.
    """
    rows, first = sizes[1], sizes[0] + 1
    for b in prange(series.shape[0]):
        ws = np.zeros((rows + 2, FIELDS))
        ix = np.zeros((rows + 2, WIDTH), np.int64)
        base = np.zeros((rows + 2, WIDTH), np.int64)
        water_heat = np.zeros((rows + 2, WIDTH))
        heat = np.zeros((4, WIDTH))
        load(ws, ix, base, tables, water_heat, w, sizes, soil, state, b)
        count, given_up = 0, -1
        for r in range(seconds.size):
            f = (b, min(r, forcing[1].shape[1] - 1))
            snow = (forcing[1][f], forcing[2][f], forcing[3][f])
            top, bottom = forcing[0][b, r], soil[8][b, 0]
            done = advance(
                ws, ix, base, tables, w, sizes, control, top, bottom, is_flux, resistance, snow, seconds[r], heat
            )
            if done < 0:
                given_up = r
                break
            count += done
            record(ws, w, sizes, water_heat, heat, seconds[r], series[b, r])
            y = year[r]
            yearly(ws, w, first, seconds[r] / 86400.0, years[0][b, y], years[1][b, y], years[2][b, y])
            if profile[0].shape[1]:
                keep(ws, first, T, profile[0][b, r])
                keep(ws, first, S, profile[1][b, r])
        keep(ws, first, H, state[0][b])
        keep(ws, 1, T, state[1][b])
        failed[b] = given_up if given_up >= 0 else -2 - count
