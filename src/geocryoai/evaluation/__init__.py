"""Honest judgement of learners: protocols, metrics, intervals, suspicion tests, applicability."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from geocryoai.core.registry import Registry

if TYPE_CHECKING:
    from geocryoai.evaluation.folds import Split
    from geocryoai.evaluation.metrics import Metric

#: All protocols by name: ``protocol(samples, **options) -> Split``; to add one see `geocryoai.evaluation.template`.
PROTOCOLS: Registry[Callable[..., Split]] = Registry(
    "protocols",
    {
        "leave_site_out": "geocryoai.evaluation.protocols.leave_site_out:leave_site_out",
        "spatial_blocks": "geocryoai.evaluation.protocols.spatial_blocks:spatial_blocks",
        "region_out": "geocryoai.evaluation.protocols.region_out:region_out",
        "rolling_origin": "geocryoai.evaluation.protocols.rolling_origin:rolling_origin",
        "random_rows": "geocryoai.evaluation.protocols.random_rows:random_rows",
    },
)

#: All metrics by name; to add one see `geocryoai.evaluation.template`.
METRICS: Registry[Metric] = Registry(
    "metrics",
    {
        "rmse": "geocryoai.evaluation.metrics:RMSE",
        "mae": "geocryoai.evaluation.metrics:MAE",
        "bias": "geocryoai.evaluation.metrics:BIAS",
        "r2": "geocryoai.evaluation.metrics:R2",
        "crps": "geocryoai.evaluation.metrics:CRPS",
        "crps_normal": "geocryoai.evaluation.metrics:CRPS_NORMAL",
        "coverage50": "geocryoai.evaluation.metrics:COVERAGE50",
        "coverage90": "geocryoai.evaluation.metrics:COVERAGE90",
        "interval_width": "geocryoai.evaluation.metrics:INTERVAL_WIDTH",
        "interval_score": "geocryoai.evaluation.metrics:INTERVAL_SCORE",
    },
)

__all__ = ["METRICS", "PROTOCOLS"]
