"""Report: what the run found, worst first, as one page and its figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geocryoai.stages.harmonize import study_grid
from geocryoai.stages.workspace import Workspace

if TYPE_CHECKING:
    from geocryoai.report.figures.polar import View


def report(work: Workspace) -> None:
    """Write ``report.html`` and ``figures/*.png``."""
    from geocryoai.report.build import build_report

    with work.progress.task("report") as tick:
        build_report(work.root, work.study, work.folder("report"), view=_domain_view(work), tick=tick)


def _domain_view(work: Workspace) -> View | None:
    from geocryoai.report.figures.polar import view_of_box

    grid = study_grid(work.study)
    return None if grid is None else view_of_box(grid.crs, *grid.bounds)
