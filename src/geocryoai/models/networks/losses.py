"""Losses of a normal distribution, by name."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import torch
from torch import Tensor

Loss = Callable[[Tensor, Tensor, Tensor], Tensor]


def crps(mean: Tensor, log_scale: Tensor, observed: Tensor) -> Tensor:
    """Return the continuous ranked probability score of normal distributions, shape (batch,).

    Closed form of Gneiting & Raftery 2007, doi:10.1198/016214506000001437, eq. 21.
    """
    scale = log_scale.exp()
    z = (observed - mean) / scale
    density = torch.exp(-0.5 * z**2) / math.sqrt(2 * math.pi)
    return scale * (z * torch.erf(z / math.sqrt(2)) + 2 * density - 1 / math.sqrt(math.pi))


def negative_log_likelihood(mean: Tensor, log_scale: Tensor, observed: Tensor) -> Tensor:
    """Return minus the logarithm of the density of normal distributions, less its constant, shape (batch,)."""
    return log_scale + 0.5 * ((observed - mean) / log_scale.exp()) ** 2


def mean_and_spread(mean: Tensor, log_scale: Tensor, observed: Tensor) -> Tensor:
    """Return half the squared error of the mean plus the CRPS of a scale that leaves the mean alone, shape (batch,).

    The mean is then that of the data even where they are skewed, which the CRPS of a normal distribution does not give.
    """
    return 0.5 * (observed - mean) ** 2 + crps(mean.detach(), log_scale, observed)


LOSSES: Mapping[str, Loss] = {"crps": crps, "nll": negative_log_likelihood, "mse": mean_and_spread}
