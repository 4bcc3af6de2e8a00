"""Losses against known answers."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.stats import norm

from geocryoai.evaluation.crps import crps_normal
from geocryoai.models.networks.losses import LOSSES, crps, mean_and_spread, negative_log_likelihood


@pytest.fixture
def case() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng(0)
    return torch.tensor(rng.normal(size=50)), torch.tensor(rng.normal(size=50)), torch.tensor(3 * rng.normal(size=50))


def test_crps_of_a_standard_normal_at_its_mean() -> None:
    zero = torch.zeros(1, dtype=torch.float64)
    assert float(crps(zero, zero, zero)) == pytest.approx((math.sqrt(2) - 1) / math.sqrt(math.pi))


def test_crps_is_the_one_that_scores_use(case: tuple[torch.Tensor, ...]) -> None:
    mean, log_scale, observed = case
    expected = crps_normal(observed.numpy(), mean.numpy(), np.exp(log_scale.numpy()))
    np.testing.assert_allclose(crps(*case).numpy(), expected, rtol=1e-10)


def test_likelihood_is_that_of_the_normal_distribution(case: tuple[torch.Tensor, ...]) -> None:
    mean, log_scale, observed = (part.numpy() for part in case)
    expected = -norm.logpdf(observed, mean, np.exp(log_scale)) - 0.5 * math.log(2 * math.pi)
    np.testing.assert_allclose(negative_log_likelihood(*case).numpy(), expected, rtol=1e-10)


def test_the_scale_of_mean_and_spread_leaves_the_mean_alone(case: tuple[torch.Tensor, ...]) -> None:
    mean, log_scale, observed = (part.clone().requires_grad_() for part in case)
    mean_and_spread(mean, log_scale, observed).sum().backward()
    torch.testing.assert_close(mean.grad, (mean - observed).detach())


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_no_other_distribution_scores_better_than_the_true_one(name: str) -> None:
    observed = torch.tensor(norm.ppf((np.arange(2000) + 0.5) / 2000) * 2 + 1)

    def score(mean: float, scale: float) -> float:
        parts = (torch.full_like(observed, mean), torch.full_like(observed, math.log(scale)))
        return float(LOSSES[name](*parts, observed).mean())

    best = score(1.0, 2.0)
    assert all(score(mean, scale) > best for mean, scale in [(0.7, 2), (1.3, 2), (1, 1.6), (1, 2.4)])
