"""The report of a run: one page that needs nothing else, and its figures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from geocryoai.core.files import complete_or_absent, write_text
from geocryoai.report.figures.sites import sites_figure, without_position
from geocryoai.report.html import Html, image, join, listing, page, section, tag
from geocryoai.report.inventory import (
    citations,
    exclusion_table,
    left_out_table,
    method_parts,
    source_notes,
    source_table,
    version_lines,
)
from geocryoai.report.limitations import limitations
from geocryoai.report.retrieval_part import retrieval_part
from geocryoai.report.run_files import RunFiles
from geocryoai.report.scale_table import scale_table
from geocryoai.report.support_table import support_table
from geocryoai.report.target_part import absent, target_part
from geocryoai.report.validation_table import validation_tables
from geocryoai.report.verdict import passed_tests, verdict_box, verdict_items
from geocryoai.report.words import count, title_of

if TYPE_CHECKING:
    from geocryoai.core.study import Study
    from geocryoai.report.figures.polar import View
    from geocryoai.report.figures.style import Picture

#: Called with (done, total).
Tick = Callable[[int, int], None]


def build_report(root: Path, study: Study, out: Path, *, view: View | None = None, tick: Tick | None = None) -> Path:
    """Write ``report.html`` and ``figures/*.png`` and return the page.

    Parameters
    ----------
    root : Path
        Run folder; nothing else is read.
    study : Study
    out : Path
        Folder of the report.
    view : View, optional
        Map of the study's domain.
    tick : callable, optional
        Progress.
    """
    run = RunFiles(root, study)
    figures = out / "figures"
    figures.mkdir(parents=True, exist_ok=True)

    def place(picture: Picture | None, sentence: str) -> Html:
        if picture is None:
            return absent(sentence)
        with complete_or_absent(figures / f"{picture.name}.png") as temporary:
            temporary.write_bytes(picture.png)
        return image(picture.png, width=picture.width, alt=picture.alt, caption=picture.caption)

    records = {target: run.records(target) for target in study.targets}
    sites = sites_figure({t: table for t, table in records.items() if not table.is_empty()}, view)
    parts = []
    for done, target in enumerate(study.targets):
        if tick is not None:
            tick(done, len(study.targets))
        parts.append(target_part(run, target, place))
    if tick is not None:
        tick(len(study.targets), len(study.targets))
    unplaced = without_position({t: table for t, table in records.items() if not table.is_empty()})
    where = [place(sites, "No site of any target has a position, so there is no map of sites."), tag("p", unplaced)]
    body = [
        _header(run),
        _contents(study),
        section("verdict", "Verdict, worst first", verdict_box(verdict_items(run)), passed_tests(run)),
        section("sites", "Where was measured", *(where if sites or not unplaced else where[:1])),
        *parts,
        retrieval_part(run),
        _data(run),
        section("method", "Inputs and learners", method_parts(run), version_lines(run)),
        section("limitations", "Limitations", listing(limitations(run))),
        section("cite", "How to cite", citations(run)),
        _footer(),
    ]
    path = out / "report.html"
    write_text(path, page(study.title or study.name, *body))
    return path


def _header(run: RunFiles) -> Html:
    study = run.study
    facts = {
        "Study": study.name,
        "Period": f"{study.period.start} to {study.period.end}",
        "Targets": ", ".join(study.targets),
        "Product learner": study.predict.learner,
        "Inputs": f"{count(len(study.sources), 'source')}, hash {run.inputs_hash or 'unknown'}",
        "Code": f"geocryoai {run.facts.get('geocryoai', 'of unknown version')}",
        "Seed": str(run.facts.get("seed", study.seed)),
        "World": "simulated, truth known" if study.twin is not None else "measured",
    }
    shown = [tag("div", tag("dt", name), tag("dd", value)) for name, value in facts.items()]
    commands = [
        "geocryoai run STUDY --data DATA --out RUN      # goes on where it stopped, changes nothing that is done"
    ]
    if study.twin is not None:
        commands = ["geocryoai run STUDY --out RUN      # goes on where it stopped, changes nothing that is done"]
    commands.append(
        "geocryoai predict RUN --data DATA --out predictions.parquet      # other sites or times, same layout"
    )
    if study.domain is not None:
        commands.append(f"geocryoai predict RUN --grid --month {study.period.end} --out map.nc      # a map")
    return tag(
        "header",
        tag("h1", study.title or study.name),
        tag("p", study.description, class_="sub") if study.description else None,
        tag("dl", *shown, class_="facts"),
        tag("details", tag("summary", "Use this run again"), tag("pre", "\n".join(commands)),
            tag("p", "The resolved study stands in study.yml of the run folder, scores in evaluate/scores.csv, "
                "predictions in predict/predictions.parquet, the figures of this page in report/figures.")),
    )  # fmt: skip


def _contents(study: Study) -> Html:
    links = [("verdict", "Verdict"), ("sites", "Sites")]
    links += [(f"target-{target}", title_of(target)) for target in study.targets]
    links += [
        *([("retrievals", "Retrievals")] if study.retrievals else []),
        ("data", "Data"),
        ("method", "Inputs and learners"),
        ("limitations", "Limitations"),
        ("cite", "How to cite"),
    ]
    return tag("nav", join([tag("a", name, href=f"#{anchor}") for anchor, name in links]), aria_label="Contents")


def _data(run: RunFiles) -> Html:
    parts = [source_table(run), scale_table(run), support_table(run), validation_tables(run), left_out_table(run),
             exclusion_table(run), source_notes(run)]  # fmt: skip
    return section("data", "Data inventory", *parts)


def _footer() -> Html:
    text = (
        "Uncertainties are 90 % intervals unless stated otherwise. RMSE root mean squared error; MAE mean absolute "
        "error; bias mean of predicted minus observed; R² 1 minus squared error over variance of the same "
        "observations; CRPS continuous ranked probability score."
    )
    return tag("footer", tag("p", text))
