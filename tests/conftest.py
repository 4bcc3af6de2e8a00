"""Fixtures shared by all tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("NUMBA_NUM_THREADS", "2")
os.environ.setdefault("MPLBACKEND", "Agg")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of real measurements; a test that needs it is skipped, visibly, where it is absent."""
    folder = Path(os.environ.get("GEOCRYOAI_DATA", Path(__file__).parents[1] / ".." / "shared" / "data")).resolve()
    if not (folder / "in_situ").is_dir():
        pytest.skip(f"real data not found at {folder}")
    return folder
