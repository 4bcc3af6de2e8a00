"""The bundled studies on their real files: read, harmonised and simulated; every record accounted for."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from geocryoai.core.study import study_from_dict
from geocryoai.stages.check import bundled_studies, check_study, find_study
from geocryoai.stages.run import run_study

#: Studies small enough to be harmonised in a test.
SMALL = ("abcflux", "alt-alaska", "towers")
ON_FILES = sorted(name for name in bundled_studies() if find_study(name).twin is None)


@pytest.mark.real
@pytest.mark.parametrize("name", ON_FILES)
def test_all_files_are_there(name: str, real_data: Path):
    check_study(find_study(name), real_data)


@pytest.mark.real
@pytest.mark.parametrize("name", SMALL)
def test_small_ones_run_to_their_anchors(name: str, real_data: Path, tmp_path: Path):
    study = find_study(name)
    run = run_study(study, data=real_data, out=tmp_path / "run", until="simulate", quiet=True)
    assert study_from_dict(study.model_dump(mode="json")) == study
    for target, section in study.targets.items():
        summary = json.loads((run / "harmonize" / f"{target}.json").read_text())
        assert summary["learnt"] >= 50
        assert summary["learnt"] + sum(summary["left_out"].values()) == summary["records"]
        table = pl.read_parquet(run / "harmonize" / f"{target}.parquet")
        assert table.height == summary["records"]
        sources = [pl.read_parquet(run / "ingest" / source / "records.parquet").height for source in section.records]
        assert table.height == sum(sources)
        anchors = pl.read_parquet(run / "simulate" / f"{target}.parquet")
        assert anchors.columns == [anchor.process for anchor in section.anchors]
        learnt = table["learn"].to_numpy()
        for name_of_anchor in anchors.columns:
            assert np.isfinite(anchors[name_of_anchor].to_numpy()[learnt]).mean() > 0.5, name_of_anchor
