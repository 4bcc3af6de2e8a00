"""What area the records of each source stand for: kinds, how much of it lies on the grid, and what was refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from geocryoai.report.html import Html, table

if TYPE_CHECKING:
    from geocryoai.report.run_files import RunFiles

_KINDS = {
    "chamber": "the cell of the place",
    "probe_grid": "a square",
    "footprint": "footprint of the tower",
    "circle": "plain circle (approximation of a footprint)",
}


def support_table(run: RunFiles) -> Html:
    """Return one row per source and kind of support; empty where all records stand for their cells."""
    path = run.root / "harmonize" / "supports.parquet"
    if not path.exists():
        return Html("")
    places = pl.read_parquet(path)
    rows = []
    for part in places.partition_by("source", "support", maintain_order=True):
        source, kind = part.row(0)[part.columns.index("source")], part["support"][0]
        total, cells = part["total"].to_numpy(), part["cells"].list.len().to_numpy()
        refused = int((part["total"] < part["minimum"]).sum())
        rows.append([
            source, _KINDS[kind], f"{part.height:,}", f"{cells.min()} to {cells.max()}",
            f"{total.min():.2f} to {total.max():.2f}", f"{part['minimum'][0]:.2f}", f"{refused:,}",
        ])  # fmt: skip
    heads = ["File", "Values stand for", "Places", "Cells seen", "Share on the grid", "Least share", "Places below it"]
    caption = "What measurements stand for (cells and weights in harmonize/supports.parquet); others: their cell"
    return table(heads, rows, caption=caption, text_columns=(0, 1))
