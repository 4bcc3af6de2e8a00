"""Fitting by name, out-of-fold predictions, models on disk."""

from __future__ import annotations

from geocryoai.training.fit import fit_learner
from geocryoai.training.inner import oof_predictions
from geocryoai.training.store import check_inputs, load_model, read_card, save_model

__all__ = ["check_inputs", "fit_learner", "load_model", "oof_predictions", "read_card", "save_model"]
