"""The report's section on retrievals: scenes, failures, and in a simulated world how well they found the truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import TYPE_CHECKING, Any

import polars as pl

from geocryoai.core.files import read_json
from geocryoai.report.html import Html, join, listing, section, table, tag
from geocryoai.report.retrieval_truth import LayerScore, PlumeScore, layer_scores, plume_scores
from geocryoai.report.words import count, number, percent, unit_text

if TYPE_CHECKING:
    from pathlib import Path

    from geocryoai.report.run_files import RunFiles

Scenes = Sequence[Mapping[str, Any]]


def retrieval_part(run: RunFiles) -> Html:
    """Return the section; nothing for a study without retrievals."""
    listings = retrieved_scenes(run)
    if not listings:
        return Html("")
    parts = [_summary(run, listings), _failures(listings)]
    truth = run.root / "ingest" / "twin" / "airborne"
    if (truth / "truth_airborne.csv").is_file():
        parts += _against_truth(run, listings, truth)
    return section("retrievals", "Retrievals from scenes", *parts)


def retrieved_scenes(run: RunFiles) -> dict[str, Scenes]:
    """Return the listing of each retrieval of the study."""
    paths = {name: run.root / "ingest" / name / "scenes.json" for name in run.study.retrievals}
    return {name: list(read_json(path)["scenes"]) for name, path in paths.items() if path.is_file()}


def _summary(run: RunFiles, listings: Mapping[str, Scenes]) -> Html:
    rows = []
    for name, scenes in listings.items():
        good = [scene for scene in scenes if "failed" not in scene]
        pixels, used = (sum(int(scene[key]) for scene in good) for key in ("pixels", "used"))
        times = sorted(scene["last_pass"][:10] for scene in good if scene["last_pass"])
        rows.append(
            [name, run.study.retrievals[name].kind, str(len(good)), str(len(scenes) - len(good)),
             f"{times[0]} to {times[-1]}" if times else "", f"{pixels:,}",
             percent(1 - used / pixels if pixels else float("nan")), run.study.retrievals[name].licence or "not stated"]
        )  # fmt: skip
    heads = ["Retrieval", "Kind", "Scenes", "Failed", "Flown", "Pixels", "Masked, missing or outside", "Licence"]
    return table(heads, rows, caption="Scenes that became fields of the cube", text_columns=(0, 1, 4, 7))


def _failures(listings: Mapping[str, Scenes]) -> Html:
    failed = [
        f"{name}: {scene['failed']}" for name, scenes in listings.items() for scene in scenes if "failed" in scene
    ]
    return join([tag("h3", "Scenes that failed"), listing(failed)]) if failed else Html("")


def _against_truth(run: RunFiles, listings: Mapping[str, Scenes], truth: Path) -> list[Html]:
    import xarray as xr

    known = pl.read_csv(truth / "truth_airborne.csv")
    planted = pl.read_csv(truth / "truth_plumes.csv", schema_overrides={"rate_kg_h": pl.Float64})
    layers: list[LayerScore] = []
    plumes: list[PlumeScore] = []
    for name, scenes in listings.items():
        with xr.open_zarr(run.root / "ingest" / name / "fields.zarr", consolidated=False) as fields:
            layers += layer_scores(name, fields, scenes, known)
        if run.study.retrievals[name].kind == "ch4":
            plumes += plume_scores(scenes, planted)
    parts = [tag("h3", "How well each retrieval recovers the truth")]
    if layers:
        parts.append(_layer_table(layers))
    if plumes:
        parts += [_plume_table(plumes), _plume_words(plumes)]
    return parts


def _layer_table(scores: Sequence[LayerScore]) -> Html:
    rows = [
        [s.retrieval, s.layer, unit_text(s.unit), f"{s.n:,}", number(s.rmse), number(s.bias), number(s.correlation, 2),
         percent(s.within_one), percent(s.within_two)]
        for s in scores
    ]  # fmt: skip
    heads = ["Retrieval", "Layer", "Unit", "Cells", "RMSE", "Bias", "Correlation", "Within 1 sigma", "Within 2 sigma"]
    caption = (
        "Retrieved cells against the truth of the pixels seen there; honest standard errors hold 68 % and 95 %. The "
        "truth is used for these scores only."
    )
    return table(heads, rows, caption=caption, text_columns=(0, 1, 2))


def _plume_table(scores: Sequence[PlumeScore]) -> Html:
    rows = [
        [s.scene, number(s.planted, 0) if s.planted else "none", number(s.found, 0), number(s.sigma, 0),
         _judged(s), str(s.others)]
        for s in scores
    ]  # fmt: skip
    heads = ["Line", "Planted [kg h⁻¹]", "Found [kg h⁻¹]", "Sigma [kg h⁻¹]", "Error in sigma", "Further plumes"]
    caption = "Methane plumes planted and found, by cross-sections of the strongest plume near the source"
    return table(heads, rows, caption=caption, text_columns=(0,))


def _judged(score: PlumeScore) -> str:
    return number((score.found - score.planted) / score.sigma, 1) if isfinite(score.found) else number(None)


def _plume_words(scores: Sequence[PlumeScore]) -> Html:
    planted, blank = [s for s in scores if s.planted], [s for s in scores if not s.planted]
    found = sum(isfinite(s.found) for s in planted)
    false = sum(s.others for s in blank)
    text = f"{found} of {count(len(planted), 'planted plume')} found; "
    text += f"{count(false, 'false plume')} in {count(len(blank), 'line')} without any."
    return tag("p", text)
