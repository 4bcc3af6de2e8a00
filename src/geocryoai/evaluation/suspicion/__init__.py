"""Suspicion tests: what would make a good score worthless, asked of every result."""

from __future__ import annotations

from geocryoai.evaluation.suspicion.finding import Finding
from geocryoai.evaluation.suspicion.run import suspicion_tests

__all__ = ["Finding", "suspicion_tests"]
