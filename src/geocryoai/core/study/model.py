"""Typed sections of a study. An unknown key is an error; defaults are what a careful user would choose."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_MONTH = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")

#: Months back; never forward: what comes later must not be seen.
Back = Annotated[int, Field(ge=1, le=240)]
Step = Literal["month", "year"]


class Section(BaseModel):
    """Base of all sections: frozen, no unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _month(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and 1000 <= value <= 9999:
        return f"{value}-01"
    text = value.isoformat() if isinstance(value, date) else str(value)
    match = _MONTH.fullmatch(text)
    if match is None or not 1 <= int(match[2] or 1) <= 12:
        raise ValueError(f"'{text[:40]}' is not an ISO date (YYYY-MM, e.g. 1990-01)")
    return f"{match[1]}-{match[2] or '01'}"


def _months(value: object) -> object:
    if value == "all":
        return value
    return tuple(_month(each) for each in value) if isinstance(value, list | tuple) else (_month(value),)


def _name(value: object) -> str:
    text = str(value)
    if _NAME.fullmatch(text) is None:
        raise ValueError(f"'{text[:40]}' is not a name (lower-case letters, digits, - and _; at most 64)")
    return text


Month = Annotated[str, BeforeValidator(_month)]
Months = Annotated[Literal["all"] | tuple[str, ...], BeforeValidator(_months)]
Name = Annotated[str, BeforeValidator(_name)]


class PeriodSection(Section):
    """First and last month, both included; ``YYYY-MM``, or ``YYYY`` for January (start) or December (end)."""

    start: Month
    end: Month

    @model_validator(mode="before")
    @classmethod
    def _year_end(cls, values: Any) -> Any:
        if isinstance(values, dict) and re.fullmatch(r"\d{4}", str(values.get("end", ""))):
            return {**values, "end": f"{values['end']}-12"}
        return values

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.start > self.end:
            raise ValueError(f"start {self.start} is after end {self.end}")
        return self


class DomainSection(Section):
    """Where: an equal-area grid over a box in degrees (``west > east`` crosses the antimeridian), or its exact extent.

    The exact extent is the upper-left corner `left`, `top` in the CRS [m] and the number of cells `width`, `height`.
    """

    crs: str = "EPSG:3338"
    resolution: float = Field(10_000.0, ge=0.01, le=1e7, description="cell size [m]")
    west: float | None = Field(None, ge=-180, le=180)
    east: float | None = Field(None, ge=-180, le=180)
    south: float | None = Field(None, ge=-90, le=90)
    north: float | None = Field(None, ge=-90, le=90)
    left: float | None = Field(None, allow_inf_nan=False)
    top: float | None = Field(None, allow_inf_nan=False)
    width: int | None = Field(None, ge=1)
    height: int | None = Field(None, ge=1)

    @property
    def box(self) -> tuple[float, float, float, float] | None:
        """Return west, east, south, north, where the domain is a box in degrees."""
        if self.west is None or self.east is None or self.south is None or self.north is None:
            return None
        return self.west, self.east, self.south, self.north

    @property
    def extent(self) -> tuple[float, float, int, int] | None:
        """Return left, top, width, height, where the domain is an exact extent."""
        if self.left is None or self.top is None or self.width is None or self.height is None:
            return None
        return self.left, self.top, self.width, self.height

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        corners = (self.west, self.east, self.south, self.north, self.left, self.top, self.width, self.height)
        if (self.box is None) == (self.extent is None) or sum(corner is not None for corner in corners) != 4:
            raise ValueError("a domain is either west, east, south, north or left, top, width, height")
        if self.box is not None and self.box[2] >= self.box[3]:
            raise ValueError(f"south {self.south} is not below north {self.north}")
        return self


class SourceSection(Section):
    """One input: which reader, which file (relative to the data folder), the reader's own options."""

    reader: str
    path: str
    options: dict[str, Any] = Field(default_factory=dict)


class JoinSection(Section):
    """Which covariates of another source go with a record.

    ``by``: ``site`` (same site name), ``site_month`` (same site and month), ``position`` (nearest within
    ``within_km``), ``cell`` (the cube's cell and month that hold the record, or the nearest cell within ``within_km``).
    ``prefix`` goes before the names of what is joined. What a record brings itself wins.
    """

    source: str
    by: Literal["site", "site_month", "position", "cell"]
    within_km: float = Field(0.0, ge=0)
    columns: tuple[str, ...] = ()
    prefix: str = ""

    @model_validator(mode="after")
    def _distance(self) -> Self:
        if self.by == "position" and self.within_km == 0:
            raise ValueError("a join by position needs within_km, the largest distance [km]")
        return self


class AnchorSection(Section):
    """A process model that predicts the target from drivers alone."""

    process: str
    options: dict[str, Any] = Field(default_factory=dict)


class WindowSection(Section):
    """What a convolutional learner sees: history in months, window size in cells (odd), channels."""

    history: int = Field(12, ge=1, le=120)
    size: int = Field(1, ge=1, le=65)
    channels: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _odd(self) -> Self:
        if self.size % 2 == 0:
            raise ValueError(f"size {self.size} is even; a window is centred on its cell, so it must be odd")
        return self


class SelectSection(Section):
    """Which observations are learnt from and judged; records outside are still answered by `predict`."""

    quality: tuple[Literal["measured", "filled", "doubtful"], ...] = ("measured",)
    inside_domain: bool = True
    minimum: float | None = None
    maximum: float | None = None
    merge_within_km: float | None = Field(None, ge=0, description="same place and time in two sources: keep the first")


class TargetSection(Section):
    """One target variable: which records answer it, with which covariates, anchors and windows."""

    records: tuple[str, ...] = Field(min_length=1)
    step: Step = "month"
    select: SelectSection = SelectSection()
    join: tuple[JoinSection, ...] = ()
    features: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    lags: tuple[Back, ...] = ()
    means: tuple[Back, ...] = ()
    anchors: tuple[AnchorSection, ...] = ()
    windows: WindowSection | None = None


class LearnerSection(Section):
    """A learner of the registry and its options; `tasks` limits where it is judged."""

    model: str
    options: dict[str, Any] = Field(default_factory=dict)
    targets: tuple[str, ...] = ()
    tasks: tuple[Literal["map", "forecast"], ...] = ("map", "forecast")


class ProtocolSection(Section):
    """One honest test: a task, how folds are made, for which targets."""

    protocol: str
    task: Literal["map", "forecast"] = "map"
    options: dict[str, Any] = Field(default_factory=dict)
    targets: tuple[str, ...] = ()
    learners: tuple[str, ...] = ()


class EvaluateSection(Section):
    """Tests, intervals and suspicion tests."""

    protocols: dict[Name, ProtocolSection] = Field(default_factory=dict)
    replicates: int = Field(1000, ge=100, le=100_000)
    suspicion: bool = True


class PredictSection(Section):
    """What the finished run predicts: the learner, and for maps the months (or ``all`` of the period)."""

    learner: str
    maps: bool = False
    months: Months = ()


class ReportSection(Section):
    """What the report says beside the figures."""

    limitations: tuple[str, ...] = ()
    sites_shown: int = Field(6, ge=0, le=40)


class ComputeSection(Section):
    """Limits of the machine."""

    workers: int = Field(2, ge=1, le=256)
    memory_mb: int = Field(1024, ge=64)
    device: Literal["auto", "cpu", "cuda"] = "auto"


class Study(Section):
    """A whole study."""

    name: Name
    title: str = ""
    description: str = ""
    seed: int = Field(0, ge=0)
    period: PeriodSection
    domain: DomainSection | None = None
    twin: dict[str, Any] | None = None
    sources: dict[Name, SourceSection] = Field(min_length=1)
    targets: dict[str, TargetSection] = Field(min_length=1)
    learners: dict[Name, LearnerSection] = Field(min_length=1)
    evaluate: EvaluateSection = EvaluateSection()
    predict: PredictSection
    report: ReportSection = ReportSection()
    compute: ComputeSection = ComputeSection()
