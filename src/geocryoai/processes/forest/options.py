"""What a user of the forest model may choose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from geocryoai.core.errors import ModelError
from geocryoai.processes.checks import above, at_least, between


@dataclass(frozen=True)
class ForestOptions:
    """Choices of a simulation.

    Attributes
    ----------
    spin_up_years : int, default 200
        Years simulated from bare ground before the first year of the climate.
    spin_up_sample : int, default 30
        The climate of the spin-up is drawn, by years, from this many first years of the climate.
    capacity : int, default 128
        Most trees that stand on a plot; further young ones do not establish.
    plot_area : float, default 100
        Of one plot [m2].
    extinction : float, default 0.4
        Extinction of light in the canopy [1].
    daily_sd : float, default 4.0
        Standard deviation of daily means within a month [K], for degree days.
    fire_interval : float or None, default None
        Mean years between fires [yr]; no fires by chance where None.
    fire_years : dict of int to float
        Calendar year -> severity (0 to 1) of a fire in all stands.
    tree_years : tuple of int
        Calendar years at whose end the single trees are kept.
    """

    spin_up_years: int = 200
    spin_up_sample: int = 30
    capacity: int = 128
    plot_area: float = 100.0
    extinction: float = 0.4
    daily_sd: float = 4.0
    fire_interval: float | None = None
    fire_years: Mapping[int, float] = field(default_factory=dict)
    tree_years: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        for name, low in (("spin_up_years", 0), ("spin_up_sample", 1), ("capacity", 1)):
            value = getattr(self, name)
            if not isinstance(value, int | np.integer) or value < low:
                raise ModelError("not a whole number in range", where=name, found=repr(value), expected=f">= {low}")
        above("plot_area [m2]", self.plot_area)
        above("extinction [1]", self.extinction)
        above("daily_sd [K]", self.daily_sd)
        if self.fire_interval is not None:
            at_least("fire_interval [yr]", self.fire_interval, 1.0)
        between("severity of fire_years [1]", list(self.fire_years.values()), 0.0, 1.0)
