"""How a column is simulated: steps, iteration, what is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from geocryoai.core.errors import ModelError
from geocryoai.processes.checks import above


@dataclass(frozen=True)
class Options:
    """Options of `simulate_column`.

    Attributes
    ----------
    step : float, default 1
        Longest step [d]; longer intervals are divided evenly.
    snow_cells : int, default 3
        Cells into which the snow is divided.
    knots : int, default 256
        Segments of the enthalpy tables.
    tolerance : float, default 1e-8
        Largest difference between T(H) and the temperature that drives the fluxes [degC]. Energy closes whatever it is.
    iterations : int, default 40
        After which a step is halved.
    prediction : int, default 3
        Iterations of a step with the conductivities of its start, after which it is iterated to the end with those of
        the state found; 0 keeps those of the start, which lets thaw run ahead by 1 to 2 cm a summer at daily steps.
    halvings : int, default 8
        How often, before the run stops with an error that names column and time.
    profile : bool, default True
        Whether temperature and liquid share of every cell and interval are kept. Without them a run of many columns
        keeps series and yearly results only.
    backend : {"numba", "torch"}
    device : str, default "cpu"
        Of the torch back end.
    """

    step: float = 1.0
    snow_cells: int = 3
    knots: int = 256
    tolerance: float = 1e-8
    iterations: int = 40
    prediction: int = 3
    halvings: int = 8
    profile: bool = True
    backend: Literal["numba", "torch"] = "numba"
    device: str = "cpu"

    def __post_init__(self) -> None:
        above("step [d]", self.step)
        above("tolerance [degC]", self.tolerance)
        for name, low in (("snow_cells", 1), ("knots", 8), ("iterations", 2), ("prediction", 0), ("halvings", 0)):
            if getattr(self, name) < low:
                raise ModelError("an option is too small", where=name, found=getattr(self, name),
                                 expected=f">= {low}")  # fmt: skip
        if self.backend not in ("numba", "torch"):
            raise ModelError("unknown back end", where="backend", found=self.backend, expected="numba or torch")
