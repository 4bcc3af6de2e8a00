"""What the report cannot say: limitations of the study, and those that the run itself shows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import polars as pl

from geocryoai.report.inventory import learnt_rows
from geocryoai.report.retrieval_part import retrieved_scenes
from geocryoai.report.words import count, percent, plain

if TYPE_CHECKING:
    from geocryoai.report.run_files import RunFiles, Test

#: Below these numbers intervals and maps rest on little.
FEW_SITES, FEW_BLOCKS = 30, 20

#: Months without much biology and without much measurement.
_COLD = (10, 11, 12, 1, 2, 3, 4)


def limitations(run: RunFiles) -> list[str]:
    """Return all limitations, those that the study names first."""
    own = list(run.study.report.limitations)
    targets = [text for target in run.study.targets for text in _of_records(run, target)]
    tests = [text for target in run.study.targets for test in run.tests(target) for text in _of_test(run, test)]
    return own + list(_of_study(run)) + targets + tests


def _of_study(run: RunFiles) -> Iterator[str]:
    if run.study.twin is not None:
        yield "The world of this run is simulated: its scores say how the method works, not how well nature is known."
    for name, scenes in retrieved_scenes(run).items():
        failed = sum("failed" in scene for scene in scenes)
        if failed:
            yield f"{name}: {failed} of {count(len(scenes), 'scene')} could not be retrieved."
    tasks = {test.section.task for target in run.study.targets for test in run.tests(target)}
    if tasks and "map" not in tasks:
        yield "No test asks how good the predictions are where nobody measured; maps of this run are not judged."
    if tasks and "forecast" not in tasks:
        yield "No test asks how good forecasts are: nothing here is said about later times."
    if run.study.predict.maps:
        yield "Maps are shown wherever features exist, also where they are unlike those of the sites learnt from."
    if tasks:
        yield (
            "Intervals of scores come from drawing whole blocks with replacement; they take blocks as independent and "
            "are too narrow where neighbouring blocks are alike."
        )


def _of_records(run: RunFiles, target: str) -> Iterator[str]:
    rows = learnt_rows(run.records(target))
    if rows.is_empty():
        yield f"{target}: no measurement was learnt."
        return
    by_site = rows.group_by("site").len().sort("len", descending=True)
    if by_site.height < FEW_SITES:
        yield f"{target}: only {count(by_site.height, 'site')} with measurements."
    top = int(by_site["len"].head(3).sum()) / rows.height
    if by_site.height > 6 and top > 0.3:
        yield f"{target}: three sites hold {percent(top)} of the measurements."
    unplaced = rows.filter(~(pl.col("lon").is_finite() & pl.col("lat").is_finite()).fill_null(False)).height
    if unplaced:
        yield f"{target}: {percent(unplaced / rows.height)} of the measurements have no position."
    dated = rows.filter(pl.col("time_start").is_not_null())
    if dated.height < rows.height:
        yield f"{target}: {percent(1 - dated.height / rows.height)} of the measurements have no date."
    if run.study.targets[target].step == "month" and dated.height:
        cold = dated.filter(pl.col("time_start").dt.month().is_in(list(_COLD))).height / dated.height
        if cold < 0.4:
            yield f"{target}: only {percent(cold)} of the measurements are from October to April, 7 of 12 months."


def _of_test(run: RunFiles, test: Test) -> Iterator[str]:
    scores, passport = run.score(test), run.passport(test)
    where = f"{test.target}, {plain(test.label)}"
    blocks = scores["n_blocks"].min()
    if isinstance(blocks, int) and blocks < FEW_BLOCKS:
        yield f"{where}: intervals rest on {count(blocks, 'block')} only."
    if test.section.protocol == "random_rows":
        yield f"{where}: rows were split by lot, so the scores say nothing about new places or later times."
    if test.forecast and passport.get("drivers") == "measured":
        yield f"{where}: the forecast was given the drivers measured after its origin, as no forecast has them."
    elif test.forecast and passport.get("drivers") == "climatology":
        yield f"{where}: after the origin the drivers are the climatology of earlier months, not a weather forecast."
