"""What retrievals of a simulated world found against what they should have found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: Distance within which a plume counts as the planted one [m], and metres in a degree of latitude.
MATCH_M, _DEGREE = 600.0, 111_195.0


@dataclass(frozen=True)
class LayerScore:
    """One retrieved layer against the truth of the cells that its scenes saw.

    Attributes
    ----------
    retrieval, layer, unit : str
    n : int
        Cells, or cells and months.
    rmse, bias : float
    correlation : float
        NaN below three cells.
    within_one, within_two : float
        Share of the cells whose truth lies within one and two stated standard errors [1].
    """

    retrieval: str
    layer: str
    unit: str
    n: int
    rmse: float
    bias: float
    correlation: float
    within_one: float
    within_two: float


@dataclass(frozen=True)
class PlumeScore:
    """A line of radiance against what was planted in it.

    Attributes
    ----------
    scene : str
    planted : float
        Emission rate [kg h-1]; 0 where nothing was planted.
    found, sigma : float
        Rate of the strongest plume near the planted source [kg h-1]; NaN where none was found.
    others : int
        Further plumes: pieces of the planted one, or false.
    """

    scene: str
    planted: float
    found: float
    sigma: float
    others: int


def layer_scores(
    name: str, fields: xr.Dataset, scenes: Sequence[Mapping[str, Any]], truth: pl.DataFrame
) -> Iterator[LayerScore]:
    """Yield the score of each layer of a retrieval that the truth knows.

    Parameters
    ----------
    name : str
        Of the retrieval.
    fields : xarray.Dataset
        Its fields.
    scenes : sequence of mapping
        Its listing; scenes that failed are left out.
    truth : polars.DataFrame
        Columns scene, layer, row, column, truth, pixels.
    """
    months = {stem(scene["scene"]): scene["last_pass"][:7] for scene in scenes if "failed" not in scene}
    known = truth.filter(pl.col("scene").is_in(list(months)))
    prefix = name.replace("-", "_")
    for layer in sorted(known["layer"].unique()):
        field = f"{prefix}_{layer}"
        if field not in fields:
            continue
        rows = known.filter(pl.col("layer") == layer)
        monthly = "time" in fields[field].dims
        when = pl.col("scene").replace_strict(months) if monthly else pl.lit("all")
        weight = pl.col("pixels").cast(pl.Float64)
        cells = (
            rows.with_columns(when.alias("month"))
            .group_by("month", "row", "column", maintain_order=True)
            .agg(((pl.col("truth") * weight).sum() / weight.sum()).alias("truth"))
        )
        found, sigma = (_at(fields[field + end], cells) for end in ("", "_sigma"))
        yield _score(name, layer, str(fields[field].attrs["units"]), cells["truth"].to_numpy(), found, sigma)


def plume_scores(scenes: Sequence[Mapping[str, Any]], planted: pl.DataFrame) -> list[PlumeScore]:
    """Return what was found in each line of radiance.

    Parameters
    ----------
    scenes : sequence of mapping
        The listing of a retrieval of methane; scenes that failed are left out.
    planted : polars.DataFrame
        Columns scene, lon, lat, rate_kg_h.
    """
    rows = {row["scene"]: row for row in planted.iter_rows(named=True)}
    scores = []
    for scene in scenes:
        if "failed" in scene:
            continue
        name, plumes = stem(scene["scene"]), list(scene.get("plumes", []))
        source = rows.get(name)
        near = [plume for plume in plumes if source is not None and _metres(plume, source) <= MATCH_M]
        rate = next((plume["cross_section_rate"] for plume in near if "cross_section_rate" in plume), None)
        scores.append(
            PlumeScore(
                name, 0.0 if source is None else float(source["rate_kg_h"]),
                float("nan") if rate is None else float(rate["kg_per_h"]),
                float("nan") if rate is None else float(rate["sigma_kg_per_h"]),
                len(plumes) - (rate is not None),
            )
        )  # fmt: skip
    return scores


def stem(scene: str) -> str:
    """Return the name of a scene without folder and endings."""
    return scene.rpartition("/")[2].partition(".")[0]


def _at(array: xr.DataArray, cells: pl.DataFrame) -> Floats:
    values = array.to_numpy().astype(float)
    row, column = cells["row"].to_numpy(), cells["column"].to_numpy()
    if array.ndim == 2:
        return np.asarray(values[row, column])
    months = [str(moment)[:7] for moment in array["time"].to_numpy()]
    return np.asarray(values[[months.index(month) for month in cells["month"]], row, column])


def _score(name: str, layer: str, unit: str, truth: Floats, found: Floats, sigma: Floats) -> LayerScore:
    both = np.isfinite(truth) & np.isfinite(found) & np.isfinite(sigma)
    n, error = int(both.sum()), (found - truth)[both]
    if n == 0:
        return LayerScore(name, layer, unit, 0, *[float("nan")] * 5)
    spread = n > 2 and truth[both].std() > 0 and found[both].std() > 0
    return LayerScore(
        name, layer, unit, n, float(np.sqrt(np.mean(error**2))), float(error.mean()),
        float(np.corrcoef(truth[both], found[both])[0, 1]) if spread else float("nan"),
        float(np.mean(np.abs(error) <= sigma[both])), float(np.mean(np.abs(error) <= 2 * sigma[both])),
    )  # fmt: skip


def _metres(plume: Mapping[str, Any], source: Mapping[str, Any]) -> float:
    if "lon" not in plume:
        return float("inf")
    north = (plume["lat"] - source["lat"]) * _DEGREE
    east = (plume["lon"] - source["lon"]) * _DEGREE * np.cos(np.radians(source["lat"]))
    return float(np.hypot(north, east))
