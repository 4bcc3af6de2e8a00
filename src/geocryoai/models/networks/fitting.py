"""The fitting loop: mini-batches, channel dropout, early stopping on rows held out."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import torch
from torch import Tensor

from geocryoai.core.errors import ModelError, nearest
from geocryoai.models.networks.losses import LOSSES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geocryoai.models.networks.inputs import NetworkInputs
    from geocryoai.models.networks.regressor import Regressor
    from geocryoai.models.networks.windows import WindowReader

    Floats = NDArray[np.float64]
    Singles = NDArray[np.float32]
    Ints = NDArray[np.int64]

#: An epoch has at least this many batches, so that a small table is not learnt in a handful of steps.
MIN_BATCHES = 16
#: Rows answered at once; always as many, so that no answer depends on which rows were asked for together.
ANSWER_ROWS = 256


@dataclass(frozen=True)
class FitSettings:
    """How a network is fitted.

    Attributes
    ----------
    loss : str
        One of `LOSSES`.
    epochs, patience : int
        Most epochs, and how many without gain on the held-out rows end the fit.
    batch : int
        Most rows in a batch.
    learning_rate : float
        At the start; it falls along a cosine to 0 at `epochs`.
    weight_decay : float
        Of AdamW (Loshchilov & Hutter 2019, arXiv:1711.05101).
    channel_dropout : float
        Share of channels and static columns shown as missing in training, drawn for each row.
    noise : float
        Standard deviation of the noise added to present inputs in training, in units of their own.
    gradient_norm : float
        Longer gradients are cut to it.
    """

    loss: str
    epochs: int
    patience: int
    batch: int
    learning_rate: float
    weight_decay: float
    channel_dropout: float
    noise: float
    gradient_norm: float

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Self:
        """Return the settings among a learner's options; ModelError for a loss that does not exist."""
        if options["loss"] not in LOSSES:
            raise ModelError(
                f"no loss is called '{options['loss']}'",
                where="option 'loss'",
                next_step=nearest(str(options["loss"]), LOSSES).capitalize(),
            )
        return cls(**{name: options[name] for name in cls.__dataclass_fields__})


@dataclass(frozen=True)
class Rows:
    """Rows to learn from or to judge by: prepared inputs, standardised correction, weight.

    Attributes
    ----------
    reader : WindowReader
    rows : array of int, shape (n,)
        Places in the reader.
    inputs : NetworkInputs
    static : array of float32, shape (n, 2 columns)
    learnt, weight : array of float, shape (n,)
    device : torch.device
    """

    reader: WindowReader
    rows: Ints
    inputs: NetworkInputs
    static: Singles
    learnt: Floats
    weight: Floats
    device: torch.device

    def batch(self, index: Ints) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return windows, static vectors, what is learnt, and weights of some rows."""
        seen = self.inputs.windows(*self.reader.get(self.rows[index]))
        parts = (seen, self.static[index], self.learnt[index], self.weight[index])
        window, static, learnt, weight = (torch.as_tensor(part, dtype=torch.float32).to(self.device) for part in parts)
        return window, static, learnt, weight


@dataclass(frozen=True)
class Course:
    """How a fit went.

    Attributes
    ----------
    best_epoch : int
        From 1; the network has the weights of its end.
    train, held : list of float
        Mean loss of each epoch.
    """

    best_epoch: int
    train: list[float]
    held: list[float]


def perturb(x: Tensor, share: float, noise: float, axis: int) -> Tensor:
    """Return inputs with whole channels shown as missing (value and presence 0) and noise on the other values.

    Parameters
    ----------
    x : Tensor, shape (batch, ...)
        Along `axis` stand the values of all channels, then their presence.
    share : float
        Of channels shown as missing, drawn for each row.
    noise : float
        Standard deviation.
    axis : int
    """
    values, present = x.chunk(2, dim=axis)
    shape = [1] * x.ndim
    shape[0], shape[axis] = values.shape[0], values.shape[axis]
    present = present * (torch.rand(shape, device=x.device) >= share).to(x.dtype)
    return torch.cat([(values + noise * torch.randn_like(values)) * present, present], dim=axis)


def fit_network(network: Regressor, train: Rows, held: Rows, settings: FitSettings, seed: int) -> Course:
    """Fit `network` in place to `train`; keep the weights of the epoch with the smallest loss on `held`.

    PyTorch's own generator (dropout) is to be seeded by the caller; `seed` orders the batches.
    """
    rng = np.random.default_rng(seed)
    optimizer = torch.optim.AdamW(network.parameters(), settings.learning_rate, weight_decay=settings.weight_decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, settings.epochs)
    course, best = Course(0, [], []), copy.deepcopy(network.state_dict())
    for epoch in range(1, settings.epochs + 1):
        course.train.append(_epoch(network, train, settings, optimizer, rng))
        schedule.step()
        course.held.append(held_loss(network, held, settings.loss))
        if not math.isfinite(course.held[-1]):
            raise ModelError(
                "the fit of a network went astray",
                where=f"epoch {epoch}",
                found=f"loss {course.held[-1]}",
                next_step="Lower the option 'learning_rate', or look for absurd values among the features.",
            )
        if course.held[-1] <= min(course.held):
            best, course = copy.deepcopy(network.state_dict()), Course(epoch, course.train, course.held)
        elif epoch - course.best_epoch >= settings.patience:
            break
    network.load_state_dict(best)
    return course


def _epoch(
    network: Regressor, rows: Rows, settings: FitSettings, optimizer: torch.optim.Optimizer, rng: np.random.Generator
) -> float:
    network.train()
    n, total = len(rows.rows), 0.0
    batches = max(math.ceil(n / settings.batch), min(MIN_BATCHES, n))
    for index in np.array_split(rng.permutation(n), batches):
        window, static, learnt, weight = rows.batch(index)
        window = perturb(window, settings.channel_dropout, settings.noise, 2)
        static = perturb(static, settings.channel_dropout, settings.noise, 1)
        mean, log_scale = network(window, static)
        loss = (weight * LOSSES[settings.loss](mean, log_scale, learnt)).mean()
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(network.parameters(), settings.gradient_norm)
        optimizer.step()
        total += float(loss.detach()) * len(index)
    return total / n


def held_loss(network: Regressor, rows: Rows, loss: str) -> float:
    """Return the weighted mean loss on rows, without dropout."""
    network.eval()
    total = 0.0
    with torch.no_grad():
        for start in range(0, len(rows.rows), ANSWER_ROWS):
            index = np.arange(start, min(start + ANSWER_ROWS, len(rows.rows)))
            window, static, learnt, weight = rows.batch(index)
            mean, log_scale = network(window, static)
            total += float((weight * LOSSES[loss](mean, log_scale, learnt)).sum())
    return total / float(rows.weight.sum())


def answers(network: Regressor, window: Singles, static: Singles, device: torch.device) -> tuple[Floats, Floats]:
    """Return mean and scale of the standardised correction of at most `ANSWER_ROWS` rows, each of shape (n,).

    The batch is filled up to `ANSWER_ROWS` with rows of zeros: a batch of another size may be rounded otherwise, and an
    answer would depend on the rows beside it.
    """
    network.eval()
    n = len(window)
    filled = []
    for part in (window, static):
        tensor = torch.zeros(ANSWER_ROWS, *part.shape[1:])
        tensor[:n] = torch.from_numpy(part)
        filled.append(tensor.to(device))
    with torch.no_grad():
        mean, log_scale = network(*filled)
    return mean[:n].double().cpu().numpy(), log_scale[:n].double().exp().cpu().numpy()
