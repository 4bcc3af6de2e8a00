"""Sections of an input that say what area its values stand for, and how short records become days or months."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from geocryoai.core.study.section import Section


class SupportSection(Section):
    """What area the values of a source stand for: its features are averages of the cube's fields over that area.

    `cell`: the cell in which a site stands. `chamber`: the same, and nothing where that cell is not there.
    `probe_grid`: a square around the site, along the axes of the grid. `footprint`: what a flux tower sees, by its
    `meteorology` (Kljun et al. 2015), or for towers without it a circle of `radius` that weighs all places alike, an
    approximation.
    """

    kind: Literal["cell", "chamber", "probe_grid", "footprint"] = Field("cell", description="what the area is")
    side: float = Field(1000.0, gt=0, le=1e6, allow_inf_nan=False, description="of a probe grid's square [m]")
    sides: dict[str, float] = Field(default_factory=dict, description="site -> side, where it is another [m]")
    meteorology: str | None = Field(
        None, description="CSV relative to the data folder: turbulence at the towers, for footprints"
    )
    radius: float | None = Field(
        None, gt=0, le=1e5, allow_inf_nan=False, description="of towers without meteorology: a plain circle [m]"
    )
    reach: float = Field(
        1000.0, gt=0, le=1e5, allow_inf_nan=False, description="farthest that a footprint is followed [m]"
    )
    minimum: float = Field(
        0.7, gt=0, le=1, description="least share of the area with data; with less a feature is missing"
    )

    @model_validator(mode="after")
    def _fits_kind(self) -> Self:
        owner = {"side": "probe_grid", "sides": "probe_grid", "meteorology": "footprint", "radius": "footprint",
                 "reach": "footprint"}  # fmt: skip
        fields = type(self).model_fields
        changed = [name for name in owner if getattr(self, name) != fields[name].get_default(call_default_factory=True)]
        if wrong := [name for name in changed if owner[name] != self.kind]:
            raise ValueError(f"{', '.join(wrong)}: only for the support {owner[wrong[0]]}, not for {self.kind}")
        if self.kind == "footprint" and self.meteorology is None and self.radius is None:
            raise ValueError("a footprint needs meteorology (a table of turbulence), or a radius [m] as approximation")
        if any(not 0 < side <= 1e6 for side in self.sides.values()):
            raise ValueError("sides: expected lengths above 0 [m]")
        return self


class AverageSection(Section):
    """Records shorter than a day to daily or monthly means with a standard error: random error and that of gaps.

    Only measured values are averaged; the mean follows the diurnal course, so that gaps at night do not shift it.
    """

    to: Literal["day", "month"] = Field(description="length of the means")
    utc_offset_hours: float = Field(ge=-14, le=14, description="local standard time minus UTC, by which days are cut")
    minimum: float = Field(0.2, gt=0, le=1, description="least share of the period that is measured")
    random_error: Literal["nugget", "scaling"] = Field(
        "nugget",
        description="of values without a standard error: what neighbours do not share, or offset + slope |value|",
    )
    offset: float = Field(0.0, ge=0, allow_inf_nan=False, description="for scaling, in the canonical unit")
    slope: float = Field(0.0, ge=0, allow_inf_nan=False, description="for scaling [1]")

    @model_validator(mode="after")
    def _scaled(self) -> Self:
        if (self.random_error == "scaling") != (self.offset + self.slope > 0):
            raise ValueError("offset and slope belong to random_error: scaling, and one of them is above 0")
        return self
