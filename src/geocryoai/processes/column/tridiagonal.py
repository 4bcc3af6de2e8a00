"""Tridiagonal systems, many at once, in torch, with gradients by one transposed solve."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


class _Solve(torch.autograd.Function):
    """Thomas algorithm; the derivative of x = A^-1 r is that of a system with the transposed matrix."""

    @staticmethod
    def forward(ctx: Any, lower: Tensor, diagonal: Tensor, upper: Tensor, right: Tensor) -> Tensor:
        """Solve; see `solve_tridiagonal`."""
        x = _thomas(lower, diagonal, upper, right)
        ctx.save_for_backward(lower, diagonal, upper, x)
        return x

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Solve the transposed system for the gradient of the right side; the others follow from it."""
        lower, diagonal, upper, x = ctx.saved_tensors
        zero = torch.zeros_like(x[:1])
        adjoint = _thomas(torch.cat([zero, upper[:-1]]), diagonal, torch.cat([lower[1:], zero]), gradients[0])
        above, below = torch.cat([zero, x[:-1]]), torch.cat([x[1:], zero])
        return -adjoint * above, -adjoint * x, -adjoint * below, adjoint


def solve_tridiagonal(lower: Tensor, diagonal: Tensor, upper: Tensor, right: Tensor) -> Tensor:
    """Return x with lower[i] x[i - 1] + diagonal[i] x[i] + upper[i] x[i + 1] = right[i].

    Parameters
    ----------
    lower, diagonal, upper, right : tensor, shape (rows, columns)
        One system for each column; lower[0] and upper[-1] are not used.
    """
    solution: Tensor = _Solve.apply(lower, diagonal, upper, right)  # type: ignore[no-untyped-call]
    return solution


def _thomas(lower: Tensor, diagonal: Tensor, upper: Tensor, right: Tensor) -> Tensor:
    rows = right.shape[0]
    factor, value = torch.empty_like(right), torch.empty_like(right)
    factor[0], value[0] = upper[0] / diagonal[0], right[0] / diagonal[0]
    for i in range(1, rows):
        inverse = 1.0 / (diagonal[i] - lower[i] * factor[i - 1])
        factor[i] = upper[i] * inverse
        value[i] = (right[i] - lower[i] * value[i - 1]) * inverse
    for i in range(rows - 2, -1, -1):
        value[i] -= factor[i] * value[i + 1]
    return value
