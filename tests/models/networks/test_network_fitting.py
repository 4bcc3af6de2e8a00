"""The fitting loop and the PyTorch settings around it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from geocryoai.core.errors import ModelError
from geocryoai.models.fake import fake_samples
from geocryoai.models.networks.fitting import ANSWER_ROWS, FitSettings, Rows, answers, fit_network, held_loss, perturb
from geocryoai.models.networks.inputs import NetworkInputs
from geocryoai.models.networks.regressor import Regressor
from geocryoai.models.networks.settings import choose_device, reproducible
from geocryoai.models.networks.spec import NetworkSpec
from geocryoai.models.networks.storage import load_weights, save_weights
from geocryoai.models.networks.windows import WindowReader

CPU = torch.device("cpu")
SETTINGS = FitSettings("crps", 12, 4, 64, 3e-3, 1e-2, 0.05, 0.0, 1.0)


def case(n_sites: int = 8) -> tuple[Regressor, Rows, Rows]:
    samples = fake_samples(n_sites=n_sites, noise=0.05, site_effect=0.0)
    reader = WindowReader(samples, 10.0)
    train, held = np.flatnonzero(np.arange(len(samples)) % 3 > 0), np.flatnonzero(np.arange(len(samples)) % 3 == 0)
    inputs = NetworkInputs.fit(samples, reader, train)
    static = inputs.statics(samples)
    torch.manual_seed(0)
    network = Regressor(NetworkSpec(4, len(inputs.static.mean), 1, (), 8, 1, 0, 8, 0.0))
    parts = [
        Rows(reader, rows, inputs, static[rows], samples.y[rows], np.ones(len(rows)), CPU) for rows in (train, held)
    ]
    return network, parts[0], parts[1]


def test_a_fit_keeps_the_weights_of_its_best_epoch() -> None:
    network, train, held = case()
    before = held_loss(network, held, "crps")
    course = fit_network(network, train, held, SETTINGS, seed=0)
    assert course.held[course.best_epoch - 1] == min(course.held) < 0.6 * before
    assert held_loss(network, held, "crps") == min(course.held)


def test_a_fit_stops_when_held_out_rows_gain_no_more() -> None:
    network, train, held = case()
    nonsense = replace(held, learnt=np.random.default_rng(0).normal(size=len(held.rows)))
    course = fit_network(network, train, nonsense, replace(SETTINGS, epochs=60, patience=3), seed=0)
    assert len(course.held) == course.best_epoch + 3 < 60


def test_small_tables_get_enough_batches() -> None:
    network, train, held = case(n_sites=2)
    tiny = replace(train, rows=train.rows[:5], static=train.static[:5], learnt=train.learnt[:5], weight=np.ones(5))
    assert len(fit_network(network, tiny, held, replace(SETTINGS, epochs=2), seed=0).train) == 2


def test_a_fit_that_goes_astray_says_so() -> None:
    network, train, held = case()
    with pytest.raises(ModelError, match=r"epoch 1: the fit of a network went astray; found loss nan.*learning_rate"):
        fit_network(network, replace(train, learnt=np.full(len(train.rows), np.inf)), held, SETTINGS, seed=0)


def test_value_and_presence_of_a_channel_are_dropped_together_in_all_steps() -> None:
    torch.manual_seed(0)
    x = torch.ones(400, 3, 8, 2, 2)
    dropped = perturb(x, 0.25, 0.0, 2)
    assert (dropped[:, :, :4] == dropped[:, :, 4:]).all()
    assert set(dropped.sum(dim=(1, 3, 4)).unique().tolist()) == {0.0, 12.0}
    assert 0.2 < 1 - float(dropped.mean()) < 0.3


def test_noise_touches_present_values_alone() -> None:
    torch.manual_seed(0)
    x = torch.cat([torch.zeros(2000, 2), torch.tensor([[1.0, 0.0]]).expand(2000, 2)], dim=1)
    noisy = perturb(x, 0.0, 0.5, 1)
    assert torch.equal(noisy[:, 1:], x[:, 1:])
    assert 0.45 < float(noisy[:, 0].std()) < 0.55


def test_an_answer_does_not_depend_on_the_rows_beside_it() -> None:
    network, train, _ = case(n_sites=12)
    window, static = (part.numpy() for part in train.batch(np.arange(ANSWER_ROWS))[:2])
    whole = answers(network, window, static, CPU)
    order = np.random.default_rng(0).permutation(ANSWER_ROWS)
    for part, own in zip(whole, answers(network, window[order], static[order], CPU), strict=True):
        np.testing.assert_array_equal(part[order], own)
    for part, own in zip(whole, answers(network, window[:7], static[:7], CPU), strict=True):
        np.testing.assert_array_equal(part[:7], own)


def test_settings_come_back_after_the_block() -> None:
    threads, state = torch.get_num_threads(), torch.get_rng_state()
    with reproducible(1, threads + 1, CPU):
        assert torch.get_num_threads() == threads + 1
        assert torch.are_deterministic_algorithms_enabled()
        first = torch.rand(3)
    assert torch.get_num_threads() == threads
    assert not torch.are_deterministic_algorithms_enabled()
    assert torch.equal(torch.get_rng_state(), state)
    with reproducible(1, threads, CPU):
        assert torch.equal(torch.rand(3), first)
    with pytest.raises(ValueError, match="inside"), reproducible(1, threads + 1, CPU):
        raise ValueError("inside")
    assert torch.get_num_threads() == threads


def test_unknown_loss_and_device_are_refused() -> None:
    options = {name: getattr(SETTINGS, name) for name in FitSettings.__dataclass_fields__}
    assert FitSettings.of({**options, "unrelated": 1}) == SETTINGS
    with pytest.raises(ModelError, match=r"option 'loss': no loss is called 'crpss'. Did you mean 'crps'\?"):
        FitSettings.of({**options, "loss": "crpss"})
    with pytest.raises(
        ModelError, match="option 'device': no device is called so; found 'tpu'; expected auto, cpu, cuda"
    ):
        choose_device("tpu")
    assert choose_device("cpu") == CPU


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_refused_and_auto_does_without() -> None:
    assert choose_device("auto") == CPU
    with pytest.raises(ModelError, match=r"PyTorch finds no GPU\. Use 'auto' or 'cpu'"):
        choose_device("cuda")


def test_weights_come_back_and_damage_is_told(tmp_path) -> None:
    network, second = case(n_sites=2)[0], case(n_sites=2)[0]
    save_weights(tmp_path, [network, second])
    first = (tmp_path / "networks.safetensors").read_bytes()
    other = case(n_sites=2)[0]
    torch.nn.init.zeros_(other.head[1].weight)
    load_weights(tmp_path, [case(n_sites=2)[0], other])
    for name, part in network.state_dict().items():
        assert torch.equal(part, other.state_dict()[name]), name
    save_weights(tmp_path, [network, second])
    assert (tmp_path / "networks.safetensors").read_bytes() == first
    (tmp_path / "networks.safetensors").write_bytes(first[:100])
    with pytest.raises(ModelError, match=r"weights of a network cannot be read.*Train and save the learner again"):
        load_weights(tmp_path, [network])
    (tmp_path / "networks.safetensors").unlink()
    with pytest.raises(ModelError, match=r"networks\.safetensors: the weights of a network cannot be read"):
        load_weights(tmp_path, [network])
