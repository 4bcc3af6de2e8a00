"""Typed sections of a study. An unknown key is an error; defaults are what a careful user would choose."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from geocryoai.core.study.section import Section as Section
from geocryoai.core.study.supports import AverageSection, SupportSection

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_SCHEDULER = re.compile(r"none|local:[1-9][0-9]*|(tcp|tls|ucx)://\S+")
_MONTH = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")

#: What 64-bit nanoseconds can hold: no month before the first, none after the last.
FIRST_YEAR, LAST_YEAR = "1678", "2261-12"
#: Months back; never forward: what comes later must not be seen.
Back = Annotated[int, Field(ge=1, le=240)]
Step = Literal["month", "year"]


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


def _scheduler(value: object) -> str:
    text = str(value)
    if _SCHEDULER.fullmatch(text) is None:
        raise ValueError("expected none, local:N for N processes on this machine, or an address as tcp://host:8786")
    return text


def _support(value: object) -> object:
    return {"kind": value} if isinstance(value, str) else value


Month = Annotated[str, BeforeValidator(_month)]
Months = Annotated[Literal["all"] | tuple[str, ...], BeforeValidator(_months)]
Name = Annotated[str, BeforeValidator(_name)]
Scheduler = Annotated[str, BeforeValidator(_scheduler)]


class PeriodSection(Section):
    """First and last month, both included; ``YYYY-MM``, or ``YYYY`` for January (start) or December (end)."""

    start: Month = Field(description="first month")
    end: Month = Field(description="last month")

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
        if self.start < FIRST_YEAR or self.end > LAST_YEAR:
            raise ValueError(f"{self.start} to {self.end} is not within the years {FIRST_YEAR} to {LAST_YEAR[:4]}")
        return self


class DomainSection(Section):
    """Where: an equal-area grid over a box in degrees (``west > east`` crosses the antimeridian), or its exact extent.

    The exact extent is the upper-left corner `left`, `top` in the CRS [m] and the number of cells `width`, `height`.
    """

    crs: str = Field("EPSG:3338", description="any equal-area CRS that PROJ knows")
    resolution: float = Field(10_000.0, ge=0.01, le=1e7, description="cell size [m]")
    west: float | None = Field(None, ge=-180, le=180, description="box [degree east]")
    east: float | None = Field(None, ge=-180, le=180, description="box [degree east]")
    south: float | None = Field(None, ge=-90, le=90, description="box [degree north]")
    north: float | None = Field(None, ge=-90, le=90, description="box [degree north]")
    left: float | None = Field(None, allow_inf_nan=False, description="exact extent: left edge in the CRS [m]")
    top: float | None = Field(None, allow_inf_nan=False, description="exact extent: upper edge in the CRS [m]")
    width: int | None = Field(None, ge=1, description="exact extent: cells from left to right")
    height: int | None = Field(None, ge=1, description="exact extent: cells from top to bottom")

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
    """One input: which reader, which file (relative to the data folder), its options, what its values stand for."""

    reader: str = Field(description="name of a reader; `geocryoai sources` lists them")
    path: str = Field(description="file or folder, relative to the data folder")
    options: dict[str, Any] = Field(default_factory=dict, description="the reader's own options")
    support: Annotated[SupportSection, BeforeValidator(_support)] = Field(
        SupportSection(), description="what area its values stand for; a name, or keys"
    )
    average: AverageSection | None = Field(
        None, description="short records to daily or monthly means; none: as they are"
    )


RetrievalKind = Literal["ch4", "indices", "components", "displacement", "alt", "polsar", "soundings"]


def _paths(value: object) -> object:
    return (value,) if isinstance(value, str) else value


class RetrievalSection(Section):
    """Scenes retrieved one by one and gathered into the cells of the domain, as fields that learners may see.

    The fields are called ``NAME_LAYER``, with ``NAME_LAYER_sigma`` and ``NAME_LAYER_count`` beside them. A scene that
    fails is listed; the others go on.
    """

    kind: RetrievalKind = Field(description="what is retrieved, as by `geocryoai retrieve`, or `soundings`")
    scenes: Annotated[tuple[str, ...], BeforeValidator(_paths)] = Field(
        min_length=1, description="paths or patterns relative to the data folder: headers, annotations, C3 folders"
    )
    time: Literal["month", "static"] = Field(
        "static",
        description="`month`: the month of the scene's last pass (of each sounding); `static`: mean of all scenes",
    )
    per_scene: str | None = Field(
        None, description="CSV relative to the data folder: column `scene`, others named as options, which they replace"
    )
    options: dict[str, Any] = Field(default_factory=dict, description="the retrieval's own options")
    licence: str = Field("", description="terms of the scenes, for the report")
    citation: str = Field("", description="how to cite the scenes, for the report")


class JoinSection(Section):
    """Which covariates of another source go with a record.

    ``by``: ``site`` (same site name), ``site_month`` (same site and month), ``position`` (nearest within
    ``within_km``), ``cell`` (the cube's cell and month that hold the record, or the nearest cell within ``within_km``).
    ``prefix`` goes before the names of what is joined. What a record brings itself wins.
    """

    source: str = Field(description="a source of the study; `cube` with `by: cell`")
    by: Literal["site", "site_month", "position", "cell"] = Field(description="what has to agree")
    within_km: float = Field(0.0, ge=0, description="largest distance [km]")
    columns: tuple[str, ...] = Field((), description="what is joined; empty: all")
    prefix: str = Field("", description="goes before the joined names")

    @model_validator(mode="after")
    def _distance(self) -> Self:
        if self.by == "position" and self.within_km == 0:
            raise ValueError("a join by position needs within_km, the largest distance [km]")
        return self


class AnchorSection(Section):
    """A process model that predicts the target from drivers alone."""

    process: str = Field(description="name of a process")
    options: dict[str, Any] = Field(default_factory=dict, description="role -> column, and parameters")


class RunSection(Section):
    """A process model that runs over the cube, from monthly drivers and statics; its outputs may anchor targets.

    A driver is a field of the cube, an output of a run before it (``RUN.OUTPUT``), a column of a table of one station
    (``SOURCE.COLUMN``), or a number in the driver's unit.
    """

    process: str = Field(description="name of a process that runs over maps")
    drivers: dict[str, float | str] = Field(
        default_factory=dict,
        description="driver -> field, RUN.OUTPUT, SOURCE.COLUMN or number; empty: fields of the drivers' names",
    )
    fill: dict[str, float] = Field(
        default_factory=dict, description="driver -> what a month without value takes; without it a gap is an error"
    )
    options: dict[str, Any] = Field(default_factory=dict, description="the process's own options")
    outputs: tuple[str, ...] = Field((), description="what is written, beside what later runs need; empty: all")
    prefix: str = Field("simulated_", description="goes before the names of what is written")


def _validation(value: object) -> object:
    return {"source": value} if isinstance(value, str) else value


class ValidateSection(Section):
    """Stations that a refined field is held against; a name alone is the source."""

    source: str = Field(description="source of the study with the stations' observations")
    variable: str = Field("", description="what the stations measured; empty: what the field is of")
    depth: tuple[float, float] | None = Field(None, description="shallowest and deepest sensor [m]; none: all")
    months: tuple[Annotated[int, Field(ge=1, le=12)], ...] = Field(
        (), description="months of the year that count; empty: all"
    )

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.depth is not None and self.depth[0] > self.depth[1]:
            raise ValueError(f"the shallowest sensor, {self.depth[0]:g} m, is below the deepest, {self.depth[1]:g} m")
        return self


class RefineSection(Section):
    """How a field coarser than the grid is refined instead of interpolated; the mean of each coarse cell is kept.

    `area_to_point` knows covariates and spatial correlation and gives a standard error, `dasymetric` shares out by a
    carrier, `pycnophylactic` is only smooth. Covariates and carriers are fields without time of the study.
    """

    method: Literal["area_to_point", "dasymetric", "pycnophylactic"] = Field(
        "area_to_point", description="how the inside of a coarse cell is made"
    )
    covariates: tuple[str, ...] = Field((), description="fields without time, for area_to_point")
    slopes: dict[str, float] = Field(
        default_factory=dict, description="covariate -> known change per unit of it, for all or none; none: fitted"
    )
    groups: Literal["calendar_month", "all"] = Field("calendar_month", description="months that share fitted slopes")
    share: str = Field("", description="the carrier, a field without time from 0, for dasymetric")
    background: float = Field(0.0, ge=0, description="share added everywhere, for dasymetric")
    non_negative: bool = Field(False, description="keep the refined values from 0 up")
    reference: str = Field(
        "", description="field without time by which the place of the coarse field is checked; empty: elevation"
    )
    validate_with: Annotated[ValidateSection | None, BeforeValidator(_validation)] = Field(
        None, description="stations that the coarse, the interpolated and the refined field are held against"
    )

    @model_validator(mode="after")
    def _fits_method(self) -> Self:
        if (self.method == "dasymetric") != bool(self.share):
            raise ValueError("share names the carrier of method dasymetric, and of no other")
        if self.method != "area_to_point" and (self.covariates or self.slopes):
            raise ValueError("covariates and slopes belong to the method area_to_point")
        if self.slopes and set(self.slopes) != set(self.covariates):
            raise ValueError("known slopes are given for all covariates or for none")
        return self


class WindowSection(Section):
    """What a convolutional learner sees: history in months, window size in cells (odd), channels."""

    history: int = Field(12, ge=1, le=120, description="months that end with the record's")
    size: int = Field(1, ge=1, le=65, description="cells along a side, odd")
    channels: tuple[str, ...] = Field((), description="drivers shown; empty: all")

    @model_validator(mode="after")
    def _odd(self) -> Self:
        if self.size % 2 == 0:
            raise ValueError(f"size {self.size} is even; a window is centred on its cell, so it must be odd")
        return self


class SelectSection(Section):
    """Which observations are learnt from and judged; records outside are still answered by `predict`."""

    quality: tuple[Literal["measured", "filled", "doubtful"], ...] = Field(
        ("measured",), description="qualities that count"
    )
    inside_domain: bool = Field(True, description="only records inside the domain, if there is one")
    minimum: float | None = Field(None, description="smallest value that counts, in the canonical unit")
    maximum: float | None = Field(None, description="largest value that counts, in the canonical unit")
    merge_within_km: float | None = Field(
        None, ge=0, description="same place and time in two sources: keep the first [km]"
    )


class TargetSection(Section):
    """One target variable: which records answer it, with which covariates, anchors and windows.

    ``coordinates`` makes place or year a feature (never a month: learners know the season themselves).
    """

    records: tuple[str, ...] = Field(min_length=1, description="sources that measured it, in order of preference")
    step: Step = Field("month", description="what one value stands for")
    select: SelectSection = Field(SelectSection(), description="which observations count")
    join: tuple[JoinSection, ...] = Field((), description="covariates of other sources")
    coordinates: tuple[Literal["lon", "lat", "year"], ...] = Field((), description="place and year as features")
    features: tuple[str, ...] = Field((), description="columns that learners see, `*` for any ending; empty: all")
    exclude: tuple[str, ...] = Field((), description="columns that learners do not see")
    lags: tuple[Back, ...] = Field((), description="drivers of so many months before, as further features")
    means: tuple[Back, ...] = Field((), description="running means of drivers over so many months")
    anchors: tuple[AnchorSection, ...] = Field((), description="process models; learners take the first by default")
    windows: WindowSection | None = Field(None, description="what networks see; none: a record's features")


class LearnerSection(Section):
    """A learner of the registry and its options; `tasks` limits where it is judged."""

    model: str = Field(description="name of a learner")
    options: dict[str, Any] = Field(default_factory=dict, description="the learner's own options")
    targets: tuple[str, ...] = Field((), description="targets that it is judged on; empty: all")
    tasks: tuple[Literal["map", "forecast"], ...] = Field(("map", "forecast"), description="tasks it takes part in")


class ProtocolSection(Section):
    """One honest test: a task, how folds are made, for which targets."""

    protocol: str = Field(description="name of a protocol")
    task: Literal["map", "forecast"] = Field("map", description="what is asked")
    options: dict[str, Any] = Field(
        default_factory=dict,
        description="the protocol's own options; also `colocated_km` and, for forecasts, `future_drivers`",
    )
    targets: tuple[str, ...] = Field((), description="empty: all")
    learners: tuple[str, ...] = Field((), description="empty: all that take part in the task")


class AblationSection(Section):
    """What each kind of data adds: a learner judged again without it, on the rows and folds of one test."""

    protocol: str = Field(description="a test of the study")
    learner: str = Field(description="a learner of the study that does with features alone (no windows, no anchors)")
    modalities: dict[Name, tuple[str, ...]] = Field(
        min_length=1, description="name -> features, `*` for any part; `anchor_NAME` for a process anchor"
    )
    targets: tuple[str, ...] = Field((), description="empty: all of the test")


class EvaluateSection(Section):
    """Tests, intervals and suspicion tests."""

    protocols: dict[Name, ProtocolSection] = Field(default_factory=dict, description="tests by the name in the scores")
    replicates: int = Field(1000, ge=100, le=100_000, description="draws of the block bootstrap")
    suspicion: bool = Field(True, description="run the suspicion tests")
    ablation: AblationSection | None = Field(None, description="what each kind of data adds; none: not asked")


class PredictSection(Section):
    """What the finished run predicts: the learner, and for maps the months (or ``all`` of the period)."""

    learner: str = Field("", description="learner of the study that is trained on all records")
    maps: bool = Field(False, description="also predict on the grid of the domain")
    months: Months = Field((), description="months of the maps; empty: the last one")


class ReportSection(Section):
    """What the report says beside the figures."""

    limitations: tuple[str, ...] = Field((), description="sentences that stand first among the limitations")
    sites_shown: int = Field(6, ge=0, le=40, description="sites with a time series")


class ComputeSection(Section):
    """Limits of the machine."""

    memory_mb: int = Field(1024, ge=64, description="budget of the cube [MB]")
    scheduler: Scheduler = Field(
        "none",
        description="who makes the cube's blocks and fits the folds: `none` (this process), `local:N` (N processes), "
        "or `tcp://host:port`",
    )


class Study(Section):
    """A whole study."""

    name: Name = Field(description="lower-case letters, digits, - and _")
    title: str = Field("", description="heading of the report")
    description: str = Field("", description="what it is about, in the report")
    seed: int = Field(0, ge=0, description="same seed: same bytes")
    period: PeriodSection = Field(description="when")
    domain: DomainSection | None = Field(None, description="where; needed for a cube and maps")
    twin: dict[str, Any] | None = Field(None, description="options of a simulated Alaska")
    sources: dict[Name, SourceSection] = Field(default_factory=dict, description="what is read")
    retrievals: dict[Name, RetrievalSection] = Field(
        default_factory=dict, description="scenes that become fields, by the first part of the fields' names"
    )
    targets: dict[str, TargetSection] = Field(
        default_factory=dict, description="what is predicted, by house name; none: the study is only simulated"
    )
    refine: dict[str, RefineSection] = Field(
        default_factory=dict, description="coarse fields that are refined on the way to the cube, by name"
    )
    simulate: dict[Name, RunSection] = Field(
        default_factory=dict, description="process models over the cube, in the order in which they run"
    )
    learners: dict[Name, LearnerSection] = Field(
        default_factory=dict, description="what learns, by the name in the scores"
    )
    evaluate: EvaluateSection = Field(EvaluateSection(), description="the honest tests")
    predict: PredictSection = Field(PredictSection(), description="what the finished run predicts")
    report: ReportSection = Field(ReportSection(), description="what the report says beside the figures")
    compute: ComputeSection = Field(ComputeSection(), description="limits of the machine")
