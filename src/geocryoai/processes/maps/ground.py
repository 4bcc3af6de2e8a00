"""The ground column on maps: temperature, thaw and freeze-up of every cell from monthly air temperature and snow.

Monthly drivers are brought to shorter steps by `geocryoai.processes.monthly_interpolation`. Each column starts in
balance with the mean of its first years and is then run year by year, so that memory does not grow with the length of
the run. Columns are computed side by side in groups that stop iterating together; a group never holds cells of two
rows of the map, which is why results do not depend on how the map is divided.

The active layer is the ground that both thaws and freezes in a calendar year: down to the thaw front, or, over a talik,
to the depth of the winter's frost.

Without `snd`, snow follows from air temperature and precipitation (`geocryoai.processes.snowpack`).
"""

from __future__ import annotations

from dataclasses import dataclass

from geocryoai.core.errors import ModelError
from geocryoai.processes.checks import Array, above, between
from geocryoai.processes.maps.contract import Cells, Driver, MapProcess, Output

#: Classes of the mineral soil, as `geocryoai.processes.maps.soils.SOILS` has them.
MINERAL = ("sand", "silt", "clay")


@dataclass(frozen=True)
class GroundOptions:
    """Options of the ground column on maps.

    Attributes
    ----------
    depths : sequence of float, default (0.05, 0.25, 1.0)
        Depths of ground temperature, liquid share and zero curtain [m].
    magt_depth : float, default 10
        Depth of the mean annual ground temperature [m].
    organic_depth : float, default 0.15
        Thickness of the organic layer where no field gives it [m].
    mineral : {"sand", "silt", "clay"}
        Class of the mineral soil where no fields give sand and clay.
    n_thaw, n_thaw_forest : float, default 0.9 and 0.77
        Ratio of surface to air temperature above 0 degC [1], in the open (tundra: 0.8 to 1.1) and under trees.
    snow_density : float, default 270
        Where neither density nor water equivalent is given [kg m-3].
    geothermal : float, default 0.05
        Heat from below [W m-2].
    step_days : float, default 1
        Length of a step [d], about; a month is divided evenly.
    layers : int, default 40
        Cells of a column, 3 cm near the surface.
    bottom : float, default 30
        Depth of a column [m].
    spin_up_years : int, default 10
        The start is in balance with the mean of so many first years.
    """

    depths: tuple[float, ...] = (0.05, 0.25, 1.0)
    magt_depth: float = 10.0
    organic_depth: float = 0.15
    mineral: str = "silt"
    n_thaw: float = 0.9
    n_thaw_forest: float = 0.77
    snow_density: float = 270.0
    geothermal: float = 0.05
    step_days: float = 1.0
    layers: int = 40
    bottom: float = 30.0
    spin_up_years: int = 10

    def __post_init__(self) -> None:
        above("bottom [m]", self.bottom)
        if not self.depths:
            raise ModelError("no depth is asked for", where="depths [m]", expected="one or more")
        between("depths [m]", self.depths, 0.0, self.bottom)
        between("magt_depth [m]", self.magt_depth, 0.0, self.bottom)
        between("organic_depth [m]", self.organic_depth, 0.0, 20.0)
        between("step_days [d]", self.step_days, 1.0 / 24.0, 31.0)
        between("snow_density [kg m-3]", self.snow_density, 50.0, 600.0)
        for name in ("n_thaw", "n_thaw_forest"):
            between(f"{name} [1]", getattr(self, name), 0.0, 2.0)
        if self.mineral not in MINERAL:
            raise ModelError("unknown mineral soil", where="mineral", found=self.mineral, expected=", ".join(MINERAL))
        if self.spin_up_years < 1:
            raise ModelError("a spin-up needs a year", where="spin_up_years", found=self.spin_up_years)


def depth_name(depth: float) -> str:
    """Return how a depth [m] is spelled in names of outputs.

    >>> depth_name(0.25), depth_name(1.0)
    ('25cm', '100cm')
    """
    return f"{round(100 * depth)}cm"


def ground_outputs(options: GroundOptions) -> tuple[Output, ...]:
    """Return what the ground column gives."""
    within = "time: maximum within years"
    out = [
        Output("alt", "m", "active layer thickness by liquid water", "year", within,
               "permafrost_active_layer_thickness"),
        Output("alt_isotherm", "m", "active layer thickness by the 0 degC isotherm", "year", within),
        Output("magt", "degC", f"mean annual ground temperature at {options.magt_depth:g} m", "year",
               "time: mean within years"),
        Output("thaw_depth", "m", "largest depth of thaw from the surface in the month", "month", "time: maximum"),
    ]  # fmt: skip
    for depth in options.depths:
        name, at = depth_name(depth), f"at {depth:g} m"
        out.append(Output(f"tg_{name}", "degC", f"ground temperature {at}", standard_name="temperature_in_ground"))
        out.append(Output(f"liquid_{name}", "1", f"share of the soil water that is liquid {at}"))
        out.append(
            Output(f"zero_curtain_{name}", "d", f"days of freeze-up after the thaw of the year {at}", "year",
                   "time: sum within years", gaps="the winter after the last year is not simulated")
        )  # fmt: skip
    return tuple(out)


def _bytes_per_cell(months: int, options: GroundOptions) -> float:
    steps = 366.0 / options.step_days
    kept = 2 * options.layers + 7 + 6 * len(options.depths) + 10
    return 1.4 * 8.0 * (2 * steps * kept + 14 * months + 20 * options.layers)


def _run(cells: Cells, options: GroundOptions) -> dict[str, Array]:
    from geocryoai.processes.maps.ground_run import run_ground

    return run_ground(cells, options)


GROUND = MapProcess(
    "ground",
    "the ground column: heat with freezing and thawing under snow",
    (
        Driver("tas", "degC", "monthly mean air temperature", required=True, low=-90.0, high=60.0),
        Driver("snd", "m", "snow depth; without it `pr`", low=0.0, high=30.0),
        Driver("swe", "m", "snow water equivalent, from which density follows", low=0.0, high=10.0),
        Driver("snow_density", "kg m-3", "bulk density of snow", low=10.0, high=600.0),
        Driver("pr", "mm d-1", "precipitation, where there is no `snd`", low=0.0, high=2000.0),
        Driver("organic_depth", "m", "thickness of the organic layer", static=True, low=0.0, high=20.0),
        Driver("sand", "1", "sand mass fraction of the mineral soil", static=True, low=0.0, high=1.0),
        Driver("clay", "1", "clay mass fraction of the mineral soil", static=True, low=0.0, high=1.0),
        Driver("tree_fraction", "1", "tree area fraction", static=True, low=0.0, high=1.0),
    ),
    GroundOptions,
    ground_outputs,
    _run,
    _bytes_per_cell,
)
