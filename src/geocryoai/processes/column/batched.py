"""The torch back end: all columns of a batch at once, on a processor or a GPU, with gradients.

The equations are those of the compiled back end, in float64, so both agree to the tolerance of the iteration. Where
gradients are wanted, the iteration runs without them and the last linear system is solved once more with them: at
convergence that is the exact derivative of the implicit step, at the cost of one solve.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from geocryoai.core.errors import ModelError
from geocryoai.processes.column.active_layer import above_permafrost, permafrost_top
from geocryoai.processes.column.forcing import Forcing, SurfaceSeries
from geocryoai.processes.column.options import Options
from geocryoai.processes.column.result import ColumnResult, ColumnSeries, ColumnState, YearlyResult
from geocryoai.processes.column.soil import Soil
from geocryoai.processes.column.tables import EnthalpyTables
from geocryoai.processes.column.tensors import TensorForcing, TensorSoil, TensorTables
from geocryoai.processes.column.thaw_depth import isotherm_depth, phase_depth
from geocryoai.processes.column.tridiagonal import solve_tridiagonal

_FLOOR = 1e-7


@dataclass(frozen=True)
class TensorRun:
    """Result of `simulate_tensors`, all at the ends of the intervals.

    Attributes
    ----------
    temperature, liquid_share : tensor, shape (time, layers, columns)
        [degC], [1].
    series : tensor, shape (time, 7, columns)
        In the order of `ColumnSeries`.
    enthalpy, snow_temperature : tensor
        State at the end [J m-3], [degC].
    iterations : int
        In all.
    """

    temperature: Tensor
    liquid_share: Tensor
    series: Tensor
    enthalpy: Tensor
    snow_temperature: Tensor
    iterations: int


@dataclass
class _Step:
    """Conductances [W m-2 K-1], capacities [m s-1] and start of one implicit step; rows of snow, then of soil."""

    conductance: Tensor
    capacity: Tensor
    start: Tensor
    top: Tensor
    bottom: Tensor
    half: Tensor


class _Batch:
    """Advances a batch through one interval after the other."""

    def __init__(self, forcing: TensorForcing, soil: TensorSoil, options: Options, snow_cells: int) -> None:
        self.forcing, self.soil, self.options, self.snow_cells = forcing, soil, options, snow_cells

    def state(self, rows: Tensor, capacity: Tensor) -> tuple[Tensor, Tensor]:
        """Return temperature and slope of all rows."""
        n = self.snow_cells
        t, slope = self.soil.temperature(rows[n:])
        if not n:
            return t, slope
        return torch.cat([rows[:n] / capacity, t]), torch.cat([(1.0 / capacity).expand(n, -1), slope])

    def prepare(self, interval: int, start: Tensor, rows: Tensor, t: Tensor, dt: float) -> _Step:
        """Return the matrix entries of a step that do not change while it is iterated: conductivities by `rows`."""
        soil, n, f = self.soil, self.snow_cells, self.forcing
        ground = t[n:]
        share = soil.share(rows[n:])
        away = (ground - soil.freezing_point).abs() + 1e-9
        mean = (away[:-1] * share[:-1] + away[1:] * share[1:]) / (away[:-1] + away[1:])
        below = 1.0 / (soil.frozen_half[:-1] * torch.exp(-mean * soil.ratio[:-1])
                       + soil.frozen_half[1:] * torch.exp(-mean * soil.ratio[1:]))  # fmt: skip
        top = f.top[interval]
        over = t[n - 1] if n else (top / 1e-30 if f.is_flux else top)
        at_top = torch.where(over > 0, torch.ones_like(over),
                             share[0] * (ground[0] / over.clamp(max=-1e-9)).clamp(0.0, 1.0))  # fmt: skip
        far, near = over.abs() + 1e-9, away[0]
        half = soil.frozen_half[0] * torch.exp(-(far * at_top + near * share[0]) / (far + near) * soil.ratio[0])
        thickness = soil.thickness / dt
        if n:
            depth = f.snow_depth[min(interval, f.snow_depth.shape[0] - 1)]
            conductivity = f.snow_conductivity[min(interval, f.snow_conductivity.shape[0] - 1)]
            cell = (0.5 * depth / (n * conductivity)).clamp(min=_FLOOR)
            first = 1.0 / cell
            inner = (0.5 / cell).expand(n - 1, -1)
            conductance = torch.cat([first[None], inner, (1.0 / (cell + half))[None], below])
            thickness = torch.cat([(depth / (n * dt)).expand(n, -1), thickness])
        else:
            conductance = torch.cat([(1.0 / half)[None], below])
        outer = torch.zeros_like(half) if f.is_flux else 1.0 / (1.0 / conductance[0] + f.resistance)
        conductance = torch.cat([outer[None], conductance[1:]])
        return _Step(conductance, thickness, start, top, f.geothermal, half)

    def newton(self, step: _Step, rows: Tensor, t: Tensor, slope: Tensor) -> tuple[Tensor, Tensor]:
        """Return the next iterate and the temperatures that it has in the linear system."""
        up = step.conductance
        down = torch.cat([up[1:], torch.zeros_like(up[:1])])
        gain = torch.cat([up[:1] * (step.top - t[:1]), up[1:] * (t[:-1] - t[1:])])
        gain = gain - torch.cat([gain[1:], torch.zeros_like(gain[:1])])
        if self.forcing.is_flux:
            gain = torch.cat([gain[:1] + step.top, gain[1:]])
        gain = torch.cat([gain[:-1], gain[-1:] + step.bottom])
        left = torch.cat([torch.zeros_like(up[:1]), -up[1:] * slope[:-1]])
        right = torch.cat([-down[:-1] * slope[1:], torch.zeros_like(up[:1])])
        short = gain - step.capacity * (rows - step.start)
        change = solve_tridiagonal(left, step.capacity + (up + down) * slope, right, short)
        return rows + change, t + slope * change

    def predict(self, step: _Step, rows: Tensor, capacity: Tensor) -> tuple[Tensor, int]:
        """Return the rows after some iterations, with gradients, and how many these were."""
        n = self.snow_cells
        t, slope = self.state(rows, capacity)
        count, misfit = 0, float("inf")
        while misfit > self.options.tolerance and count < self.options.prediction:
            count += 1
            rows, linear = self.newton(step, rows, t, slope)
            t, slope = self.state(rows, capacity)
            misfit = float((t[n:] - linear[n:]).detach().abs().max())
        return rows, count

    def solve(self, step: _Step, rows: Tensor, capacity: Tensor) -> tuple[Tensor, Tensor, int] | None:
        """Return rows and linear temperatures at convergence and the iterations, or None; iterate from `rows`."""
        n = self.snow_cells
        wanted = torch.is_grad_enabled()
        with torch.no_grad():
            t, slope = self.state(rows, capacity)
            count = 0
            misfit = float("inf")
            while misfit > self.options.tolerance:
                if count == self.options.iterations:
                    return None
                count += 1
                before = rows
                rows, linear = self.newton(step, rows, t, slope)
                t, slope = self.state(rows, capacity)
                misfit = float((t[n:] - linear[n:]).abs().max())
        if wanted:
            before = before.detach()
            rows, linear = self.newton(step, before, *self.state(before, capacity))
        return rows, linear, count

    def advance(
        self, interval: int, enthalpy: Tensor, snow: Tensor
    ) -> tuple[Tensor, Tensor, _Step, Tensor, Tensor, int]:
        """Take the batch over one interval; returns enthalpy, snow, the last step, its temperatures, heat, count."""
        n, f = self.snow_cells, self.forcing
        seconds = float(f.seconds[interval])
        full = seconds / np.ceil(seconds / (86400.0 * self.options.step) - 1e-9)
        dt, left, total = full, seconds, 0
        capacity = f.snow_capacity[min(interval, f.snow_capacity.shape[0] - 1)]
        heat = torch.zeros_like(f.geothermal)
        while left > 1e-9 * seconds:
            rows = torch.cat([snow * capacity, enthalpy]) if n else enthalpy
            start, count = rows, 0
            step = self.prepare(interval, start, rows, self.state(rows, capacity)[0], dt)
            if self.options.prediction:
                rows, count = self.predict(step, rows, capacity)
                step = self.prepare(interval, start, rows, self.state(rows, capacity)[0], dt)
            solved = self.solve(step, rows, capacity)
            if solved is None:
                dt *= 0.5
                if dt < full * 0.5**self.options.halvings * 0.999:
                    self.give_up(interval, enthalpy)
                continue
            rows, linear, taken = solved
            flux = step.top if f.is_flux and not n else step.conductance[n] * (
                (linear[n - 1] if n else step.top) - linear[n])  # fmt: skip
            heat = heat + dt * flux
            enthalpy, snow = rows[n:], linear[:n]
            left -= dt
            total += count + taken
            dt = min(full, 2.0 * dt, max(left, 1e-300))
        return enthalpy, snow, step, linear, heat / seconds, total

    def give_up(self, interval: int, enthalpy: Tensor) -> None:
        """Raise the error of a step that did not converge."""
        t, _ = self.soil.temperature(enthalpy)
        top = self.forcing.top[interval]
        raise ModelError(
            "a step did not converge, even after it was halved", where=f"batch of {top.numel()} columns, "
            f"time {interval}",
            found=f"forcing {float(top.min()):g} to {float(top.max()):g}, ground {float(t.min()):.3g} to "
            f"{float(t.max()):.3g} degC",
            next_step="Shorten Options.step, or allow more iterations or halvings.",
        )  # fmt: skip


def simulate_tensors(
    forcing: TensorForcing, soil: TensorSoil, enthalpy: Tensor, snow_temperature: Tensor, options: Options
) -> TensorRun:
    """Simulate a batch of columns; gradients flow from any tensor of the arguments to the result.

    Parameters
    ----------
    forcing : TensorForcing
    soil : TensorSoil
    enthalpy : tensor, shape (layers, columns)
        At the start [J m-3].
    snow_temperature : tensor, shape (snow cells, columns)
        At the start [degC]; no cells where there is never snow.
    options : Options
    """
    n = snow_temperature.shape[0]
    batch = _Batch(forcing, soil, options, n)
    snow, total = snow_temperature, 0
    temperatures, shares, series = [], [], []
    for interval in range(forcing.seconds.numel()):
        enthalpy, snow, step, linear, heat, count = batch.advance(interval, enthalpy, snow)
        total += count
        t, share = soil.temperature(enthalpy)[0], soil.share(enthalpy)
        over = linear[n - 1] if n else step.top
        flux = step.top if forcing.is_flux and not n else step.conductance[n] * (over - linear[n])
        surface = linear[n] + flux * step.half
        series.append(torch.stack([
            isotherm_depth(t, surface, soil.thickness), phase_depth(share, surface, soil.thickness), surface, heat,
            -forcing.geothermal.expand_as(heat), (enthalpy * soil.thickness).sum(0),
            (share * soil.water_heat * soil.thickness).sum(0),
        ]))  # fmt: skip
        temperatures.append(t)
        shares.append(share)
    return TensorRun(torch.stack(temperatures), torch.stack(shares), torch.stack(series), enthalpy, snow, total)


def run_torch(
    forcing: Forcing, surface: SurfaceSeries, soil: Soil, tables: EnthalpyTables, state: ColumnState, options: Options
) -> ColumnResult:
    """Run columns as a batch without gradients; see `simulate_column`."""
    days = np.asarray(forcing.days, dtype=np.float64)
    tensor_soil = TensorSoil.of(soil, TensorTables.of(tables, options.device), options.device)
    tensor_forcing = TensorForcing.of(
        days, surface, soil, forcing.heat_flux is not None, forcing.exchange, options.device
    )
    begin = [torch.as_tensor(np.array(a), device=options.device) for a in (state.enthalpy, state.snow_temperature)]
    with torch.no_grad():
        run = simulate_tensors(tensor_forcing, tensor_soil, begin[0], begin[1], options)
    t, share, values, enthalpy, snow = (
        a.cpu().numpy() for a in (run.temperature, run.liquid_share, run.series, run.enthalpy, run.snow_temperature)
    )
    year, of_year = np.unique(forcing.years, return_inverse=True)
    chosen = [of_year == y for y in range(year.size)]
    high = np.stack([t[c].max(0) for c in chosen])
    parts = [np.ascontiguousarray(values[:, i]) for i in range(values.shape[1])]
    tops = permafrost_top(high, soil, tables)
    parts[:2] = [above_permafrost(depth, top, of_year) for depth, top in zip(parts[:2], tops, strict=True)]
    series = ColumnSeries(*parts)
    yearly = YearlyResult(
        year, np.stack([series.thaw_depth_isotherm[c].max(0) for c in chosen]),
        np.stack([series.thaw_depth_phase[c].max(0) for c in chosen]),
        np.stack([np.average(t[c], axis=0, weights=days[c]) for c in chosen]),
        np.stack([t[c].min(0) for c in chosen]), high,
    )  # fmt: skip
    return ColumnResult(
        days, series, yearly, ColumnState(enthalpy, snow), soil, tables, forcing.years, state.enthalpy,
        run.iterations / days.size,
        t if options.profile else None, share if options.profile else None,
    )  # fmt: skip
