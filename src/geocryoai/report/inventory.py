"""What went in: sources, exclusions, what was left out and why; features, anchors and learners."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import polars as pl

from geocryoai.cube.records import REASONS
from geocryoai.report.html import Html, html, join, listing, paragraphs, table, tag
from geocryoai.report.roles import ROLES, role
from geocryoai.report.words import NOTHING, count, plain

if TYPE_CHECKING:
    from geocryoai.report.run_files import RunFiles

#: Reasons of exclusions listed per source.
MOST_REASONS = 8


def source_table(run: RunFiles) -> Html:
    """Return one row per source: reader, file, what it gave, licence."""
    if not run.sources:
        return tag("p", "The run folder holds no ingested source.")
    rows = []
    for name, source in run.sources.items():
        info = source["info"]
        given = [
            *([count(source["records"], "record")] if source["records"] else []),
            *([count(source["observations"], "observation")] if source["observations"] else []),
            *([f"fields {', '.join(source['fields'])}"] if source["fields"] else []),
        ]
        rows.append(
            [name, info["title"], info["name"], tag("code", source["path"]), "; ".join(given) or "nothing",
             f"{source['exclusions']:,}", info["licence"]]
        )  # fmt: skip
    heads = ["Source", "Title", "Reader", "File", "Gave", "Values excluded on reading", "Licence"]
    return table(heads, rows, caption="Sources of the run", text_columns=(0, 1, 2, 3, 4, 6))


def exclusion_table(run: RunFiles) -> Html:
    """Return exclusions on reading, by source, variable and reason."""
    rows = []
    for name in run.sources:
        excluded = run.exclusions(name)
        if excluded.is_empty():
            continue
        counted = (
            excluded.group_by("variable", "reason")
            .len()
            .sort("len", "variable", "reason", descending=[True, False, False])
        )
        shown = counted.head(MOST_REASONS)
        rows += [[name, row["variable"], row["reason"], f"{row['len']:,}"] for row in shown.iter_rows(named=True)]
        if counted.height > shown.height:
            rest = int(counted["len"].tail(counted.height - shown.height).sum())
            rows.append([name, "", f"{count(counted.height - shown.height, 'further reason')}", f"{rest:,}"])
    if not rows:
        return tag("p", "No value was excluded on reading.")
    caption = "Values excluded on reading (kept with raw text and row in ingest/SOURCE/exclusions.parquet)"
    return table(["Source", "Variable", "Reason", "Values"], rows, caption=caption, text_columns=(0, 1, 2))


def left_out_table(run: RunFiles) -> Html:
    """Return for each target how many records are learnt, and why the others are not."""
    rows = []
    for target in run.study.targets:
        summary = run.summary(target)
        if not summary:
            rows.append([target, NOTHING, NOTHING, "not harmonised"])
            continue
        reasons = [f"{REASONS.get(key, plain(key))}: {n:,}" for key, n in summary["left_out"].items()]
        rows.append([target, f"{summary['records']:,}", f"{summary['learnt']:,}", listing(reasons) or "none"])
    return table(
        ["Target", "Records", "Learnt", "Left out, by reason"], rows, caption="Records of each target",
        text_columns=(0, 3),
    )  # fmt: skip


def source_notes(run: RunFiles) -> Html:
    """Return what each reader decided and a user may want to know."""
    points = [
        join([tag("b", f"{name}: "), note]) for name, source in run.sources.items() for note in source.get("notes", [])
    ]
    return join([tag("h3", "Notes of the readers"), listing(points)]) if points else Html("")


def citations(run: RunFiles) -> Html:
    """Return how to cite the data, each citation once."""
    version = run.facts.get("geocryoai", "unknown version")
    points: list[object] = [f"geocryoai {version} (software, Apache-2.0)."]
    said: dict[str, list[str]] = {}
    links: dict[str, Html] = {}
    for name, source in run.sources.items():
        info = source["info"]
        said.setdefault(info["citation"], []).append(name)
        links[info["citation"]] = _links(info)
    for name, section in run.study.retrievals.items():
        if section.citation:
            said.setdefault(section.citation, []).append(name)
            links.setdefault(section.citation, Html(""))
    points += [join([text, links[text], f" ({', '.join(names)})"]) for text, names in said.items()]
    points.append("Coastline of the maps: Natural Earth (naturalearthdata.com), public domain.")
    return listing(points)


def method_parts(run: RunFiles) -> Html:
    """Return features and anchors of each target, learners and their options."""
    study = run.study
    targets = []
    for target, section in study.targets.items():
        summary = run.summary(target)
        statics = list(summary.get("statics", []))
        moving = [name for name in summary.get("features", []) if name not in statics]
        anchors = [f"{a.process} ({_options(a.options)})" if a.options else a.process for a in section.anchors]
        targets.append(
            [target, section.step, ", ".join(section.records), ", ".join(moving) or "none",
             ", ".join(statics) or "none", ", ".join(anchors) or "none"]
        )  # fmt: skip
    heads = [
        "Target",
        "Step",
        "Records from",
        "Features that change in time",
        "Features that do not",
        "Anchors (process models)",
    ]
    columns = tuple(range(6))
    learners = [
        [
            plain(name),
            ROLES[role(study, name)],
            section.model,
            _options(section.options) or "defaults",
            ", ".join(section.tasks),
        ]
        for name, section in study.learners.items()
    ]
    return join(
        [
            table(heads, targets, caption="Targets and their inputs", text_columns=columns),
            table(
                ["Learner", "Role", "Model", "Options", "Tasks"], learners, caption="Learners", text_columns=columns[:5]
            ),
        ]
    )


def version_lines(run: RunFiles) -> Html:
    """Return the versions of the packages that the run was made with."""
    versions: Mapping[str, str] = run.facts.get("versions", {})
    return paragraphs("Made with " + ", ".join(f"{name} {number}" for name, number in versions.items()) + ".") if (
        versions
    ) else html("")  # fmt: skip


def _options(options: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{key}: {value if isinstance(value, str) else json.dumps(value)}" for key, value in options.items()
    )


def _links(info: Mapping[str, Any]) -> Html:
    def places() -> Iterator[Html]:
        if info.get("doi"):
            yield tag("a", f"doi:{info['doi']}", href=f"https://doi.org/{info['doi']}")
        if str(info.get("url", "")).startswith(("https://", "http://")):
            yield tag("a", info["url"], href=info["url"])

    return join([Html(" "), join(places(), " ")]) if any(True for _ in places()) else Html("")


def learnt_rows(records: pl.DataFrame) -> pl.DataFrame:
    """Return the records that were learnt from."""
    return records.filter(pl.col("learn")) if not records.is_empty() else records
