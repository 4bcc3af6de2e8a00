"""Architecture: the shortcuts give what the plain formulas give; sizes; gradients."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from geocryoai.core.errors import ModelError
from geocryoai.models.networks.cell import ConvLSTM, crop
from geocryoai.models.networks.regressor import Regressor, count_parameters
from geocryoai.models.networks.spec import PRESETS, NetworkSpec

OPTIONS = dict.fromkeys(("stem", "hidden", "layers", "decoder_steps", "width")) | {"kernel": 3, "dropout": 0.0}


def plain(network: ConvLSTM, x: torch.Tensor) -> torch.Tensor:
    """Return the last state over the whole window, by the textbook formulas."""
    steps = list(x.unbind(dim=1))
    for cell in network.cells:
        h = x.new_zeros(len(x), cell.hidden, *x.shape[-2:])
        c = h
        for t, step in enumerate(steps):
            side = cell.weight.shape[-1]
            i, f, g, o = functional.conv2d(torch.cat([step, h], 1), cell.weight, cell.bias, padding=side // 2).chunk(
                4, 1
            )
            c = f.sigmoid() * c + i.sigmoid() * g.tanh()
            h = o.sigmoid() * c.tanh()
            steps[t] = h
    return steps[-1]


@pytest.mark.parametrize(
    ("side", "kernel", "layers", "steps"), [(7, 3, 1, 5), (9, 3, 2, 3), (7, 5, 2, 2), (5, 1, 1, 4)]
)
@pytest.mark.parametrize("margin", [0, 1])
def test_only_cells_that_matter_are_computed_and_the_answer_is_that_of_all(
    side: int, kernel: int, layers: int, steps: int, margin: int
) -> None:
    torch.manual_seed(0)
    network = ConvLSTM(3, 4, kernel, layers)
    x = torch.randn(2, steps, 3, side, side)
    answer = network(x, margin)
    assert answer.shape == (2, 4, 2 * margin + 1, 2 * margin + 1)
    torch.testing.assert_close(answer, crop(plain(network, x), margin), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kernel", [1, 3])
def test_windows_of_one_cell_give_the_same_by_the_plain_lstm(kernel: int) -> None:
    torch.manual_seed(1)
    network = ConvLSTM(3, 4, kernel, 2)
    x = torch.randn(5, 6, 3, 1, 1)
    torch.testing.assert_close(network(x), plain(network, x), rtol=1e-5, atol=1e-6)


def test_the_forget_gate_starts_open() -> None:
    cell = ConvLSTM(2, 3, 1, 1).cells[0]
    assert cell.bias.tolist() == [0.0] * 3 + [1.0] * 3 + [0.0] * 6


def test_parameter_counts_of_the_presets() -> None:
    small = NetworkSpec.of({**OPTIONS, "preset": "small"}, channels=10, statics=30, size=1)
    assert count_parameters(Regressor(small)) == 4 * 32 * (20 + 32 + 1) + 32 * 61 + 32 * 65 + 2 * 33
    maps = NetworkSpec.of({**OPTIONS, "preset": "small"}, channels=10, statics=30, size=9)
    assert 10_000 < count_parameters(Regressor(small)) < count_parameters(Regressor(maps)) < 100_000
    published = NetworkSpec.of({**OPTIONS, "preset": "published"}, channels=12, statics=30, size=9)
    assert count_parameters(Regressor(published)) == pytest.approx(12.1e6, rel=0.01)


@pytest.mark.parametrize("preset", sorted(PRESETS))
@pytest.mark.parametrize("size", [1, 5])
def test_gradient_reaches_every_parameter(preset: str, size: int) -> None:
    options = {**OPTIONS, "preset": preset} | ({"hidden": 8} if preset == "published" else {})
    spec = NetworkSpec.of(options, channels=3, statics=4, size=size)
    torch.manual_seed(0)
    network = Regressor(spec)
    mean, log_scale = network(torch.randn(4, 3, 6, size, size), torch.randn(4, 8))
    assert mean.shape == log_scale.shape == (4,)
    (mean + log_scale).sum().backward()
    dead = [name for name, p in network.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert dead == []


def test_the_published_network_takes_a_step() -> None:
    spec = NetworkSpec.of({**OPTIONS, "preset": "published"}, channels=12, statics=5, size=3)
    with torch.no_grad():
        mean, log_scale = Regressor(spec)(torch.randn(2, 2, 24, 3, 3), torch.randn(2, 10))
    assert torch.isfinite(mean).all()
    assert torch.isfinite(log_scale).all()


def test_options_replace_parts_of_a_preset() -> None:
    spec = NetworkSpec.of({**OPTIONS, "preset": "published", "hidden": 8, "stem": []}, channels=2, statics=2, size=1)
    assert (spec.hidden, spec.stem, spec.layers, spec.kernel) == (8, (), 2, 1)


def test_wrong_options_are_refused() -> None:
    with pytest.raises(ModelError, match=r"option 'preset': no preset is called 'smal'. Did you mean 'small'\?"):
        NetworkSpec.of({**OPTIONS, "preset": "smal"}, channels=2, statics=2, size=1)
    with pytest.raises(ModelError, match=r"option 'kernel': a convolution has no centre; found 4; expected an odd"):
        NetworkSpec.of({**OPTIONS, "preset": "small", "kernel": 4}, channels=2, statics=2, size=5)
