"""ConvLSTM (Shi et al. 2015, arXiv:1506.04214) for windows whose centre cell is what matters."""

from __future__ import annotations

import math
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

State = tuple[Tensor, Tensor]


def crop(x: Tensor, radius: int) -> Tensor:
    """Return the cells within `radius` of the centre of square maps (..., side, side); all where there are no more."""
    margin = x.shape[-1] // 2 - radius
    return x if margin <= 0 else x[..., margin:-margin, margin:-margin]


class ConvLSTMCell(nn.Module):
    """One layer of a ConvLSTM; no peepholes. Gates in the order input, forget, candidate, output.

    Parameters
    ----------
    inputs, hidden : int
        Channels of the input and of the state.
    kernel : int
        Side of the convolution [cells], odd.
    """

    def __init__(self, inputs: int, hidden: int, kernel: int) -> None:
        super().__init__()
        self.inputs, self.hidden, self.margin_cells = inputs, hidden, kernel // 2
        self.weight = nn.Parameter(torch.empty(4 * hidden, inputs + hidden, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(4 * hidden))
        limit = 1.0 / math.sqrt((inputs + hidden) * kernel**2)
        nn.init.uniform_(self.weight, -limit, limit)
        with torch.no_grad():
            self.bias[hidden : 2 * hidden] = 1.0  # an open forget gate: memory first

    def forward(self, x: Tensor, state: State | None, radius: int, out: int) -> State:
        """Return state and memory after one step, within `out` cells of the centre.

        Parameters
        ----------
        x : Tensor, shape (batch, inputs, side, side)
        state : tuple of Tensor, shape (batch, hidden, side, side), or None
            State and memory before the step; None for zeros.
        radius : int
            Of the whole window [cells]; beyond it everything is zero.
        out : int
            Radius of the answer [cells].
        """
        seen = min(radius, out + self.margin_cells)
        x, padding = crop(x, seen), out + self.margin_cells - seen
        if state is None:
            gates = functional.conv2d(x, self.weight[:, : self.inputs], self.bias, padding=padding)
            i, _, g, o = gates.chunk(4, dim=1)
            memory = torch.sigmoid(i) * torch.tanh(g)
        else:
            both = torch.cat([x, crop(state[0], seen)], dim=1)
            i, f, g, o = functional.conv2d(both, self.weight, self.bias, padding=padding).chunk(4, dim=1)
            memory = torch.addcmul(torch.sigmoid(i) * torch.tanh(g), torch.sigmoid(f), crop(state[1], out))
        return torch.sigmoid(o) * torch.tanh(memory), memory

    def single(self, x: Tensor) -> Tensor:
        """Return the states of all steps (batch, time, hidden) for windows of one cell (batch, time, inputs).

        Of a padded convolution only the centre meets data there, so the layer is a plain LSTM.
        """
        centre = self.weight[:, :, self.margin_cells, self.margin_cells]
        zeros = x.new_zeros(1, len(x), self.hidden)
        weights = [centre[:, : self.inputs], centre[:, self.inputs :], self.bias, torch.zeros_like(self.bias)]
        states: Tensor = torch.lstm(x, (zeros, zeros), weights, True, 1, 0.0, self.training, False, True)[0]
        return states


class ConvLSTM(nn.Module):
    """Layers of ConvLSTM cells over all steps of a window.

    Only cells that the answer can depend on are computed: the last step needs the centre alone, each step and layer
    before it half a kernel more. The answer is that of the whole map.
    """

    def __init__(self, inputs: int, hidden: int, kernel: int, layers: int) -> None:
        super().__init__()
        sizes = [inputs] + [hidden] * (layers - 1)
        self.cells = nn.ModuleList(ConvLSTMCell(size, hidden, kernel) for size in sizes)
        self.margin_cells = kernel // 2

    def forward(self, x: Tensor, margin: int = 0) -> Tensor:
        """Return the last state of the last layer around the centre.

        Parameters
        ----------
        x : Tensor, shape (batch, time, inputs, side, side)
            Square maps with an odd side.
        margin : int
            Radius of the answer [cells]; no more than the window's own.

        Returns
        -------
        Tensor, shape (batch, hidden, 2 margin + 1, 2 margin + 1)
        """
        cells = cast(list[ConvLSTMCell], list(self.cells))
        radius = x.shape[-1] // 2
        if radius == 0:
            sequence = x[..., 0, 0]
            for cell in cells:
                sequence = cell.single(sequence)
            return sequence[:, -1, :, None, None]
        steps = list(x.unbind(dim=1))
        for above, cell in zip(reversed(range(len(cells))), cells, strict=True):
            state: State | None = None
            for t, step in enumerate(steps):
                reach = margin + (above + len(steps) - 1 - t) * self.margin_cells
                state = cell(step, state, radius, min(radius, reach))
                steps[t] = state[0]
        return crop(steps[-1], margin)
