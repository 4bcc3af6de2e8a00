"""Thaw depth of a batch of profiles in torch, by isotherm and by phase, with gradients."""

from __future__ import annotations

import torch
from torch import Tensor

from geocryoai.processes.column.constants import THAWED_SHARE


def isotherm_depth(t: Tensor, surface: Tensor, thickness: Tensor) -> Tensor:
    """Return where the uppermost ground above 0 degC ends [m], between cell centres.

    Parameters
    ----------
    t : tensor, shape (layers, columns)
        [degC].
    surface : tensor, shape (columns,)
        Temperature of the ground surface [degC].
    thickness : tensor, shape (layers, columns)
        [m].
    """
    edges = thickness.cumsum(0)
    values = torch.cat([surface[None], t])
    depth = torch.cat([torch.zeros_like(edges[:1]), edges - 0.5 * thickness])
    begins, end, ends = _first_run(values > 0)
    at, before = end[None], (end - 1).clamp(min=0)[None]
    warm, cold = values.gather(0, before)[0], values.gather(0, at)[0]
    top, bottom = depth.gather(0, before)[0], depth.gather(0, at)[0]
    fall = torch.where(warm > cold, warm - cold, torch.ones_like(warm))
    crossing = top + (bottom - top) * warm / fall
    return torch.where(begins, torch.where(ends, crossing, edges[-1]), torch.zeros_like(crossing))


def phase_depth(share: Tensor, surface: Tensor, thickness: Tensor) -> Tensor:
    """Return where the uppermost thawed ground ends by its liquid water [m]; see `ColumnSeries.thaw_depth_phase`.

    Parameters
    ----------
    share : tensor, shape (layers, columns)
        Liquid share of the water [1].
    surface, thickness : tensor
        As in `isotherm_depth`.
    """
    edges = torch.cat([torch.zeros_like(thickness[:1]), thickness.cumsum(0)])
    thawed = torch.cat([(surface > 0)[None], share >= THAWED_SHARE])
    begins, end, ends = _first_run(thawed)
    cell = (end - 1).clamp(min=0)[None]
    here = share.gather(0, cell)[0]
    below = torch.minimum(share.gather(0, (cell + 1).clamp(max=share.shape[0] - 1))[0], here)
    part = thickness.gather(0, cell)[0] * (here - below) / torch.where(ends, 1.0 - below, torch.ones_like(below))
    front = edges.gather(0, cell)[0] + part
    return torch.where(begins, torch.where(ends, front, edges[-1]), torch.zeros_like(front))


def _first_run(inside: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return whether a column has a row inside, the row at which the first run of them ends, and whether it does."""
    number = inside.long()
    after = (number.cumsum(0) > 0) & ~inside
    return inside.any(0), after.long().argmax(0), after.any(0)
