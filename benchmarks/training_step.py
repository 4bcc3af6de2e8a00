"""Windows per second of a training step: our ConvLSTM against a textbook cell of the same size, in the same run.

The textbook cell (Shi et al. 2015, arXiv:1506.04214) is one `torch.nn.Conv2d` on the input and the state side by side,
over the whole window at every step. Everything around it (static branch, head, loss, AdamW) is the same. Both run on
one thread, in turns, and the median of the times counts.
"""

from __future__ import annotations

import statistics
import time

import torch
from torch import Tensor, nn

from geocryoai.models.networks.losses import crps
from geocryoai.models.networks.regressor import Regressor
from geocryoai.models.networks.spec import NetworkSpec

#: Name, batch, steps, channels, side of the window [cells], hidden width.
CASES = (
    ("site table", 128, 12, 8, 1, 32),
    ("map 5 x 5", 64, 12, 8, 5, 32),
    ("map 9 x 9", 32, 12, 8, 9, 32),
)
REPEATS = 15


class Textbook(nn.Module):
    """The plain cell over all steps; the same call as `geocryoai.models.networks.cell.ConvLSTM`."""

    def __init__(self, inputs: int, hidden: int, kernel: int) -> None:
        super().__init__()
        self.hidden = hidden
        self.gates = nn.Conv2d(inputs + hidden, 4 * hidden, kernel, padding=kernel // 2)

    def forward(self, x: Tensor) -> Tensor:
        """Return the last state at the centre (batch, hidden, 1, 1) of windows (batch, time, inputs, side, side)."""
        state = x.new_zeros(len(x), self.hidden, *x.shape[-2:])
        memory = state
        for step in x.unbind(dim=1):
            i, f, o, g = self.gates(torch.cat([step, state], dim=1)).chunk(4, dim=1)
            memory = torch.sigmoid(f) * memory + torch.sigmoid(i) * torch.tanh(g)
            state = torch.sigmoid(o) * torch.tanh(memory)
        centre = x.shape[-1] // 2
        return state[:, :, centre : centre + 1, centre : centre + 1]


class Step:
    """A network with its optimizer and one batch."""

    def __init__(self, network: Regressor, window: Tensor, static: Tensor, wanted: Tensor) -> None:
        self.network, self.batch, self.wanted = network.train(), (window, static), wanted
        self.optimizer = torch.optim.AdamW(network.parameters())

    def seconds(self) -> float:
        """Return how long one training step takes."""
        start = time.perf_counter()
        loss = crps(*self.network(*self.batch), self.wanted).mean()
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return time.perf_counter() - start


def measure(batch: int, steps: int, channels: int, side: int, hidden: int) -> tuple[float, float]:
    """Return windows per second of our step and of the textbook step."""
    kernel, statics = (3 if side > 1 else 1), 16
    spec = NetworkSpec(channels, statics, kernel, (), hidden, 1, 0, hidden, 0.1)
    torch.manual_seed(0)
    data = (torch.randn(batch, steps, 2 * channels, side, side), torch.randn(batch, 2 * statics), torch.randn(batch))
    plain = Regressor(spec)
    plain.encoder = Textbook(2 * channels, hidden, kernel)
    both = (Step(Regressor(spec), *data), Step(plain, *data))
    for step in both:
        step.seconds()
    taken = [[step.seconds() for step in both] for _ in range(REPEATS)]
    ours, textbook = (batch / statistics.median(times) for times in zip(*taken, strict=True))
    return ours, textbook


def main() -> None:
    """Print the table and the geometric mean of the ratios."""
    torch.set_num_threads(1)
    print("training step, one thread; against: textbook ConvLSTM cell (one Conv2d on [input, state]), same size")
    print(f"{'windows':12} {'batch':>5} {'steps':>5} {'hidden':>6} {'ours/s':>9} {'textbook/s':>10} {'ratio':>6}")
    ratios = []
    for name, batch, steps, channels, side, hidden in CASES:
        ours, textbook = measure(batch, steps, channels, side, hidden)
        ratios.append(ours / textbook)
        print(f"{name:12} {batch:5} {steps:5} {hidden:6} {ours:9.0f} {textbook:10.0f} {ratios[-1]:6.2f}")
    print(f"training_step ratio={statistics.geometric_mean(ratios):.2f}")


if __name__ == "__main__":
    main()
