"""Fields coarser than the grid: how each was brought to it, and whether it lies where it claims."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from geocryoai.report.html import Html, join, listing, table, tag
from geocryoai.report.words import NOTHING

if TYPE_CHECKING:
    from geocryoai.report.run_files import RunFiles


def scale_table(run: RunFiles) -> Html:
    """Return one row per coarse field, after the warnings of those that lie elsewhere than they claim."""
    coarse = [line for line in run.layers if "registration" in line or "parts" in line.get("refined", {})]
    if not coarse:
        return Html("")
    rows = [
        [line["variable"], line["source"], _method(line), _misfit(line), *_place(line.get("registration", {}))]
        for line in coarse
    ]
    heads = [
        "Field", "Source", "Brought to the grid by", "Misfit of coarse means", "Compared with",
        "Shift found (down, right) [coarse cells]", "Correlation as it lies", "Correlation after the shift",
    ]  # fmt: skip
    warnings = [line["registration"]["warning"] for line in coarse if "warning" in line.get("registration", {})]
    return join(
        [
            listing([tag("b", f"Warning: {text}.") for text in warnings]) if warnings else Html(""),
            table(heads, rows, caption="Fields coarser than the grid", text_columns=(0, 1, 2, 4)),
        ]
    )


def _method(line: Mapping[str, Any]) -> str:
    made = line.get("refined")
    if made is None:
        return f"{line['method']} interpolation"
    said = f"{made['method']}, {made['parts']} x {made['parts']} parts"
    if not made["covariates"]:
        return said
    used = [name for i, name in enumerate(made["covariates"]) if any(group[i] for group in made["slopes"])]
    slopes = "given" if made["known_slopes"] else "fitted"
    return f"{said}, covariates {', '.join(used)} (slopes {slopes})" if used else f"{said}, no covariate helped"


def _misfit(line: Mapping[str, Any]) -> str:
    made = line.get("refined")
    return NOTHING if made is None else f"{made['largest_misfit']:.0e} ({made['cells_kept']} cells)"


def _place(note: Mapping[str, Any]) -> list[str]:
    if not note:
        return [NOTHING] * 4
    if "not_checked" in note:
        return [f"{note['reference']}: not checked, {note['not_checked']}", NOTHING, NOTHING, NOTHING]
    if not note["shifted"]:
        return [note["reference"], "none", f"{note['correlation']:.2f}", NOTHING]
    move = f"{note['down']:+.2f}, {note['right']:+.2f}"
    return [note["reference"], move, f"{note['correlation']:.2f}", f"{note['best']:.2f}"]
