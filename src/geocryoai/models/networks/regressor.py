"""The network: window and static vector in, mean and scale of a correction out."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from geocryoai.models.networks.cell import ConvLSTM, ConvLSTMCell, crop
from geocryoai.models.networks.spec import NetworkSpec

#: The logarithm of the scale stays within these, in units of the spread of what is learnt.
LOG_SCALE = (-5.0, 3.0)


class Dense(nn.Linear):
    """A linear layer whose answers, outside training, do not depend on the other rows of the batch.

    A matrix product rounds a row differently at another place of the batch; sums row by row do not.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Return the layer's output (batch, outputs) for (batch, inputs)."""
        if self.training:
            return super().forward(x)
        return (x[:, None, :] * self.weight).sum(dim=-1) + self.bias


class Decoder(nn.Module):
    """Recurrent decoder: reads the encoder's last state again at each step, and its own last estimate."""

    def __init__(self, hidden: int, kernel: int, steps: int) -> None:
        super().__init__()
        self.cell = ConvLSTMCell(hidden + 1, hidden, kernel)
        self.estimate = nn.Conv2d(hidden, 1, 1)
        self.steps, self.margin_cells = steps, kernel // 2

    def margin(self) -> int:
        """Return how far around the centre the decoder looks [cells]."""
        return self.steps * self.margin_cells

    def forward(self, context: Tensor) -> Tensor:
        """Return the last state around the centre.

        Parameters
        ----------
        context : Tensor, shape (batch, hidden, side, side)

        Returns
        -------
        Tensor, shape (batch, hidden, 1, 1)
        """
        radius = context.shape[-1] // 2
        estimate, state = torch.zeros_like(context[:, :1]), None
        for step in range(self.steps):
            out = min(radius, (self.steps - 1 - step) * self.margin_cells)
            x = torch.cat([crop(context, estimate.shape[-1] // 2), estimate], dim=1)
            state = self.cell(x, state, radius, out)
            estimate = self.estimate(state[0])
        assert state is not None  # steps >= 1
        return crop(state[0], 0)


class Regressor(nn.Module):
    """Convolutions of each step, ConvLSTM encoder, optional decoder, static branch, head.

    The encoder's last state at the centre cell is joined with a perceptron of the static vector.
    """

    def __init__(self, spec: NetworkSpec) -> None:
        super().__init__()
        widths = [2 * spec.channels, *spec.stem]
        self.stem = nn.Sequential(
            *(
                layer
                for inputs, width in pairwise(widths)
                for layer in (nn.Conv2d(inputs, width, spec.kernel, padding=spec.kernel // 2), nn.ReLU())
            )
        )
        self.encoder = ConvLSTM(widths[-1], spec.hidden, spec.kernel, spec.layers)
        self.decoder = Decoder(spec.hidden, spec.kernel, spec.decoder_steps) if spec.decoder_steps else None
        self.static = nn.Sequential(Dense(2 * spec.statics, spec.width), nn.ReLU())
        self.head = nn.Sequential(
            nn.Dropout(spec.dropout),
            Dense(spec.hidden + spec.width, spec.width),
            nn.ReLU(),
            Dense(spec.width, 2),
        )

    def forward(self, window: Tensor, static: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and log-scale of the standardised correction, each of shape (batch,).

        Parameters
        ----------
        window : Tensor, shape (batch, time, 2 channels, side, side)
            Standardised values, 0 where missing, then their presence, 0 or 1.
        static : Tensor, shape (batch, 2 statics)
            Likewise.
        """
        batch, time = window.shape[:2]
        if len(self.stem):
            window = self.stem(window.flatten(0, 1)).unflatten(0, (batch, time))
        if self.decoder is None:
            state = self.encoder(window)
        else:
            state = self.decoder(self.encoder(window, min(window.shape[-1] // 2, self.decoder.margin())))
        answer = self.head(torch.cat([state.flatten(1), self.static(static)], dim=1))
        return answer[:, 0], answer[:, 1].clamp(*LOG_SCALE)


def count_parameters(network: nn.Module) -> int:
    """Return the number of trainable numbers."""
    return sum(parameter.numel() for parameter in network.parameters())
