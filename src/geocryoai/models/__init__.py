"""Learners, networks, anchors and constraints: one registry, one contract."""

from __future__ import annotations

from geocryoai.core.registry import Registry
from geocryoai.models.contract import QUANTILES, Learner, Prediction

#: All learners by name; a new one is one line here (or the entry-point group ``geocryoai.models``).
LEARNERS: Registry[type[Learner]] = Registry(
    "models",
    {
        "site_climatology": "geocryoai.models.baselines:SiteClimatology",
        "persistence": "geocryoai.models.baselines:Persistence",
        "seasonal_persistence": "geocryoai.models.baselines:SeasonalPersistence",
        "nearest_site": "geocryoai.models.baselines:NearestSite",
        "process": "geocryoai.models.process:ProcessBaseline",
        "ridge": "geocryoai.models.linear:Ridge",
        "random_forest": "geocryoai.models.trees:RandomForest",
        "boosted_trees": "geocryoai.models.trees:BoostedTrees",
        "anchor_ridge": "geocryoai.models.residual:AnchorRidge",
        "anchor_trees": "geocryoai.models.residual:AnchorTrees",
        "anchor_forest": "geocryoai.models.residual:AnchorForest",
        "convlstm": "geocryoai.models.convlstm:ConvLSTMEnsemble",
        "stack": "geocryoai.models.stack:Stack",
        "process_informed": "geocryoai.models.informed:ProcessInformed",
    },
)

__all__ = ["LEARNERS", "QUANTILES", "Learner", "Prediction"]
