"""What a user may choose about the simulated Alaska; every option has a documented default."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from pydantic import Field, ValidationError, model_validator

from geocryoai.core.errors import StudyError
from geocryoai.core.study.load import problems_of
from geocryoai.core.study.model import Section

#: Largest world that is generated [cells x months]: about 4 GB of memory.
MAX_CELL_MONTHS = 16_000_000


class WeatherOptions(Section):
    """Climate of the twin.

    Attributes
    ----------
    warming : float
        Trend of annual mean air temperature at the inland end of the transect [degC per decade]; winters warm more.
    variability : float
        Factor on all departures from the climatology [1]; 0 gives the same weather (and the trend) every year.
    length : float
        Distance at which temperature anomalies are nearly independent [m]; precipitation and cloud vary closer.
    """

    warming: float = Field(0.5, ge=-2, le=3)
    variability: float = Field(1.0, ge=0, le=3)
    length: float = Field(900_000.0, ge=10_000, le=5_000_000)


class TruthOptions(Section):
    """How far the truth departs from what maps and default parameters say.

    Attributes
    ----------
    strength : float
        Factor on all parameter perturbations [1]; 0 leaves every process at its default parameters.
    length : float
        Length scale of the parameter perturbations [m].
    map_error : float
        Factor on the errors of the static maps and remote-sensing drivers [1].
    """

    strength: float = Field(1.0, ge=0, le=3)
    length: float = Field(120_000.0, ge=5_000, le=2_000_000)
    map_error: float = Field(1.0, ge=0, le=3)


class NetworkOptions(Section):
    """The observing network: how many sites, how clustered, how gappy, how noisy.

    Attributes
    ----------
    probe_sites, towers : int
        Sites with late-season probing of thaw depth; flux towers.
    chambers, flights, boreholes : int
        Chamber sites, flight lines and boreholes; 0 leaves that file out.
    road_share : float
        Share of sites along the road and around the stations; the others lie anywhere on land [1].
    cluster_scale : float
        Typical distance of a clustered site from the road or station [m].
    year_gap : float
        Probability that a probe site is not visited in a year [1].
    winter_gap : float
        Probability that a tower-month from October to April was not measured [1].
    summer_gap : float
        The same from May to September [1].
    filled_share : float
        Share of the missing tower-months that the provider filled with a model, flagged as filled [1].
    probe_points : int
        Probings per site and visit.
    probe_spread : float
        Relative standard deviation of thaw depth between the probings of a site [1].
    site_spread : float
        Relative standard deviation of a site's true mean around the mean of its cell (representativeness) [1].
    nee_noise : float
        Standard error of a tower-month of NEE [umol CO2 m-2 s-1].
    flux_noise : float
        Relative standard error of tower-months of Reco and FCH4 [1]; chambers have three times that.
    """

    probe_sites: int = Field(60, ge=1, le=5000)
    towers: int = Field(14, ge=1, le=1000)
    chambers: int = Field(30, ge=0, le=5000)
    flights: int = Field(10, ge=0, le=500)
    boreholes: int = Field(12, ge=0, le=1000)
    road_share: float = Field(0.7, ge=0, le=1)
    cluster_scale: float = Field(15_000.0, ge=0, le=500_000)
    year_gap: float = Field(0.35, ge=0, le=0.99)
    winter_gap: float = Field(0.65, ge=0, le=1)
    summer_gap: float = Field(0.1, ge=0, le=0.99)
    filled_share: float = Field(0.4, ge=0, le=1)
    probe_points: int = Field(121, ge=2, le=10_000)
    probe_spread: float = Field(0.22, ge=0, le=1)
    site_spread: float = Field(0.15, ge=0, le=1)
    nee_noise: float = Field(0.08, ge=0, le=5)
    flux_noise: float = Field(0.1, ge=0, le=1)


class CoarseOptions(Section):
    """The coarse process-model product that comes with the twin.

    Attributes
    ----------
    factor : int
        Cells of the twin along one side of a coarse cell.
    bias : float
        Factor on the product's known faults (wetlands too wide, cold season cut off, respiration too weak) [1].
    """

    factor: int = Field(6, ge=2, le=16)
    bias: float = Field(1.0, ge=0, le=3)


class AirborneOptions(Section):
    """Scenes of airborne instruments, in their true formats but with pixels coarser than real ones.

    Attributes
    ----------
    radar_pairs : int
        UAVSAR repeat-pass pairs over one thaw season each.
    radar_pixel : float
        Pixel of the pairs [m]; real ones have about 6 m.
    reflectance_lines : int
        AVIRIS-NG lines of reflectance.
    reflectance_pixel : float
        Their pixel [m]; real ones have about 5 m.
    radiance_lines : int
        AVIRIS-NG lines of radiance with pixels of 5 m; methane comes out of a lake's edge in every line but each third.
    """

    radar_pairs: int = Field(0, ge=0, le=200)
    radar_pixel: float = Field(400.0, ge=5, le=5_000)
    reflectance_lines: int = Field(0, ge=0, le=200)
    reflectance_pixel: float = Field(500.0, ge=4, le=5_000)
    radiance_lines: int = Field(0, ge=0, le=50)


class MoistureOptions(Section):
    """Surface soil moisture: a coarse satellite product and stations.

    Attributes
    ----------
    smap_days : int
        Days from one file of SMAP level 4 to the next; 0 writes none. The mission has eight files a day.
    smap_bias, smap_noise : float
        Bias of the product and standard deviation of its noise in a cell and file [m3 m-3].
    stations : int
        Stations; 0 leaves their file out.
    station_spread : float
        Standard deviation of a station's lasting difference from its cell [m3 m-3].
    """

    smap_days: int = Field(0, ge=0, le=31)
    smap_bias: float = Field(0.03, ge=-0.3, le=0.3)
    smap_noise: float = Field(0.01, ge=0, le=0.3)
    stations: int = Field(0, ge=0, le=1000)
    station_spread: float = Field(0.03, ge=0, le=0.3)


class TwinOptions(Section):
    """The whole twin.

    Attributes
    ----------
    seed : int
        Same seed and options: same bytes.
    left, top : float
        Upper-left corner of the grid in EPSG:3338 [m].
    resolution : float
        Cell size [m].
    width, height : int
        Cells west to east and north to south.
    first_year, last_year : int
        Both included.
    """

    seed: int = Field(1, ge=0, lt=2**32)
    left: float = Field(-30_000.0, ge=-3_000_000, le=3_000_000)
    top: float = Field(2_340_000.0, ge=0, le=4_000_000)
    resolution: float = Field(12_000.0, ge=10, le=100_000)
    width: int = Field(40, ge=4, le=5000)
    height: int = Field(66, ge=4, le=5000)
    first_year: int = Field(1990, ge=1900, le=2100)
    last_year: int = Field(2022, ge=1900, le=2100)
    weather: WeatherOptions = WeatherOptions()
    truth: TruthOptions = TruthOptions()
    network: NetworkOptions = NetworkOptions()
    coarse: CoarseOptions = CoarseOptions()
    airborne: AirborneOptions = AirborneOptions()
    moisture: MoistureOptions = MoistureOptions()

    @property
    def years(self) -> range:
        """Years simulated."""
        return range(self.first_year, self.last_year + 1)

    @property
    def months(self) -> int:
        """Number of months simulated."""
        return 12 * len(self.years)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        problems = []
        if self.last_year < self.first_year:
            problems.append(
                f"the years are reversed: first_year is {self.first_year}, last_year {self.last_year}; "
                "give first_year <= last_year"
            )
        elif self.width * self.height * self.months > MAX_CELL_MONTHS:
            problems.append(
                f"the world is too large: {self.width} x {self.height} cells x {self.months} months = "
                f"{self.width * self.height * self.months:,}, expected at most {MAX_CELL_MONTHS:,} cell-months; "
                "choose a coarser resolution, a smaller grid or fewer years"
            )
        if min(self.width, self.height) < self.coarse.factor:
            problems.append(
                f"coarse.factor is {self.coarse.factor}, but the grid has only {self.width} x {self.height} cells; "
                "choose a factor no larger than the shorter side"
            )
        if problems:
            raise ValueError("; ".join(problems))
        return self


def read_options(section: Mapping[str, Any] | None) -> TwinOptions:
    """Return the options in the `twin` section of a study.

    Raises
    ------
    StudyError
        With every problem found, unknown keys with the nearest known one.
    """
    try:
        return TwinOptions.model_validate(dict(section or {}))
    except ValidationError as error:
        raise StudyError(problems_of(error, TwinOptions), where="twin") from error
