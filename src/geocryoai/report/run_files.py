"""What a report reads of a run folder; a part that is absent is empty, and the report says so."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from geocryoai.core.files import read_json, text_hash
from geocryoai.core.study import ProtocolSection, Study
from geocryoai.evaluation.ablation import ABLATION_COLUMNS
from geocryoai.evaluation.score_tables import DIFFERENCE_COLUMNS, SCORE_COLUMNS

if TYPE_CHECKING:
    import xarray as xr

_TABLES: dict[str, dict[str, Any]] = {
    "scores": SCORE_COLUMNS,
    "scores_by_season": {**SCORE_COLUMNS, "season": pl.String()},
    "scores_by_site": {**SCORE_COLUMNS, "site": pl.String()},
    "scores_by_lead": {**SCORE_COLUMNS, "lead": pl.Int64()},
    "differences": DIFFERENCE_COLUMNS,
}


@dataclass(frozen=True)
class Test:
    """One honest test of one target, as the study names it."""

    target: str
    label: str
    section: ProtocolSection

    @property
    def forecast(self) -> bool:
        """Return whether the test is of forecasts."""
        return self.section.task == "forecast"

    @property
    def taught(self) -> str:
        """Return the name under which the teacher-forced scores of a forecast stand."""
        return f"{self.label}_one_step"


@dataclass(frozen=True)
class RunFiles:
    """A run folder as a report sees it.

    Attributes
    ----------
    root : Path
    study : Study
    """

    root: Path
    study: Study

    @cached_property
    def facts(self) -> Mapping[str, Any]:
        """Return code version, seed and versions of packages."""
        return dict(self._json(self.root / "run.json", {}))

    @cached_property
    def inputs_hash(self) -> str | None:
        """Return one short hash of all input files."""
        inputs = self._json(self.root / "stages" / "ingest.json", {}).get("inputs")
        return text_hash(json.dumps(inputs, sort_keys=True))[:12] if inputs else None

    @cached_property
    def scores(self) -> Mapping[str, pl.DataFrame]:
        """Return the tables of scores by name; absent ones have no rows."""
        return {name: self._scores(name, columns) for name, columns in _TABLES.items()}

    @cached_property
    def findings(self) -> list[dict[str, Any]]:
        """Return what the suspicion tests found."""
        return list(self._json(self.root / "evaluate" / "suspicion.json", []))

    @cached_property
    def ablation(self) -> pl.DataFrame:
        """Return what each kind of data adds; no rows where it was not asked."""
        path = self.root / "evaluate" / "ablation.csv"
        empty = pl.DataFrame(schema=ABLATION_COLUMNS)
        return pl.read_csv(path, schema=ABLATION_COLUMNS) if path.exists() else empty

    @cached_property
    def sources(self) -> Mapping[str, Mapping[str, Any]]:
        """Return what each ingested source says of itself, in the order of the study."""
        found = {name: self._json(self.root / "ingest" / name / "source.json", {}) for name in self.study.sources}
        return {name: entry for name, entry in found.items() if entry}

    @cached_property
    def layers(self) -> list[Mapping[str, Any]]:
        """Return what the listing of the cube says of each of its variables."""
        return list(self._json(self.root / "harmonize" / "cube.json", []))

    def tests(self, target: str) -> Iterator[Test]:
        """Yield the tests of a target that have scores, in the order of the study."""
        scored = self.scores["scores"].filter(pl.col("target") == target)["protocol"].unique().to_list()
        for label, section in self.study.evaluate.protocols.items():
            if (not section.targets or target in section.targets) and label in scored:
                yield Test(target, label, section)

    def score(self, test: Test, *, table: str = "scores", taught: bool = False) -> pl.DataFrame:
        """Return the rows of a table of scores that belong to a test."""
        label = test.taught if taught else test.label
        return self.scores[table].filter((pl.col("target") == test.target) & (pl.col("protocol") == label))

    def passport(self, test: Test) -> Mapping[str, Any]:
        """Return the passport of a test."""
        return dict(self._json(self.root / "evaluate" / test.target / test.label / "passport.json", {}))

    def predictions(self, test: Test, model: str, mode: str) -> pl.DataFrame:
        """Return the out-of-fold predictions of one model and mode."""
        path = self.root / "evaluate" / test.target / test.label / "predictions.parquet"
        if not path.exists():
            return pl.DataFrame()
        return pl.scan_parquet(path).filter((pl.col("model") == model) & (pl.col("mode") == mode)).collect()

    def records(self, target: str) -> pl.DataFrame:
        """Return all records of a target, with what was measured and whether it was learnt."""
        return self._parquet(self.root / "harmonize" / f"{target}.records.parquet")

    def summary(self, target: str) -> Mapping[str, Any]:
        """Return features, statics and counts of a harmonised target."""
        return dict(self._json(self.root / "harmonize" / f"{target}.json", {}))

    def exclusions(self, source: str) -> pl.DataFrame:
        """Return the values of a source that were taken out on reading."""
        return self._parquet(self.root / "ingest" / source / "exclusions.parquet")

    def predicted_map(self, target: str) -> xr.Dataset | None:
        """Return the predicted maps of a target."""
        return self._netcdf(self.root / "predict" / f"{target}.nc")

    def truth(self, target: str) -> xr.Dataset | None:
        """Return the truth of a twin for one target; an empty dataset where the twin has none of it."""
        if self.study.twin is None:
            return None
        return self._netcdf(self.root / "ingest" / "twin" / "truth.nc", target)

    def _scores(self, name: str, columns: dict[str, Any]) -> pl.DataFrame:
        path = self.root / "evaluate" / f"{name}.csv"
        if not path.exists():
            return pl.DataFrame(schema=columns)
        return pl.read_csv(path, schema_overrides=columns)

    @staticmethod
    def _json(path: Path, absent: Any) -> Any:
        return read_json(path) if path.exists() else absent

    @staticmethod
    def _parquet(path: Path) -> pl.DataFrame:
        return pl.read_parquet(path) if path.exists() else pl.DataFrame()

    @staticmethod
    def _netcdf(path: Path, only: str | None = None) -> xr.Dataset | None:
        import xarray as xr

        if not path.exists():
            return None
        with xr.open_dataset(path, engine="h5netcdf") as dataset:
            wanted = dataset if only is None else dataset[[name for name in dataset.data_vars if name == only]]
            return wanted.load()
