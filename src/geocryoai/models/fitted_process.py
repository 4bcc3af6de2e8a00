"""A process whose parameters are calibrated on the rows that a learner may see, and on no others."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from geocryoai.core.errors import ModelError, nearest
from geocryoai.models.anchors import ANCHORS, anchor_inputs, compute_anchor
from geocryoai.models.anchors.ranges import parameters_of
from geocryoai.models.calibration import calibrate
from geocryoai.processes.sunlight import top_of_atmosphere_radiation

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geocryoai.cube.samples import Samples

    Floats = NDArray[np.float64]

#: Keys of an entry of the option `processes`.
KEYS = ("process", "inputs", "fill", "parameters")
#: Rows for each parameter below which the published values are kept.
ROWS_PER_PARAMETER = 10
STARTS = 2


@dataclass(frozen=True)
class FittedProcess:
    """A process and its calibrated parameters.

    Attributes
    ----------
    process : str
        Name of the anchor.
    inputs : dict
        Roles and fixed parameters, as in the anchors of a study; the role `sun` (radiation above the atmosphere) is
        computed from place and month where there is no column for `rsds`.
    fill : dict of str to float
        Value of a role where it is missing, for example the greenness of snow.
    values : dict of str to float
        Calibrated parameters; empty where there were too few rows, and the published ones hold.
    at_bound : tuple of str
        Parameters that ended at their bounds.
    """

    process: str
    inputs: dict[str, Any]
    fill: dict[str, float]
    values: dict[str, float]
    at_bound: tuple[str, ...]

    @classmethod
    def fit(cls, samples: Samples, section: Mapping[str, Any], weight: Floats, seed: int) -> Self:
        """Return the process calibrated on `samples`.

        Parameters
        ----------
        samples : Samples
            With finite `y`.
        section : mapping
            `process`, and optionally `inputs`, `fill` and `parameters` (names; default: all that the columns allow).
        weight : array, shape (n,)
        seed : int
        """
        process, inputs = str(section["process"]), dict(section.get("inputs", {}))
        fill = {str(role): float(value) for role, value in section.get("fill", {}).items()}
        unfitted = cls(process, inputs, fill, {}, ())
        columns = unfitted._columns(samples)
        anchor = ANCHORS.get(process)
        known = parameters_of(process, anchor_inputs(anchor, inputs, columns))
        names = [p.name for p in known] if section.get("parameters") is None else list(section["parameters"])
        for name in names:
            if name not in {p.name for p in known}:
                raise ModelError(
                    f"'{name}' cannot be calibrated here",
                    where=f"process {process}",
                    expected=", ".join(p.name for p in known),
                    next_step=nearest(str(name), [p.name for p in known]),
                )
        chosen = [p for p in known if p.name in names and p.name not in inputs]
        use = np.isfinite(unfitted.at(samples))
        if not chosen or use.sum() < ROWS_PER_PARAMETER * len(chosen) or np.ptp(samples.y[use]) == 0:
            return unfitted
        seen = {name: column[use] for name, column in columns.items()}
        found = calibrate(
            lambda values: compute_anchor(anchor, {**inputs, **values}, seen),
            samples.y[use], chosen, weight=weight[use], starts=STARTS, seed=seed,
        )  # fmt: skip
        return cls(process, inputs, fill, found.values, found.at_bound)

    def at(self, samples: Samples) -> Floats:
        """Return the process at each row, NaN where an input is missing."""
        return compute_anchor(ANCHORS.get(self.process), {**self.inputs, **self.values}, self._columns(samples))

    def facts(self) -> dict[str, Any]:
        """Return the process as JSON values."""
        return {"process": self.process, "inputs": self.inputs, "fill": self.fill, "values": self.values,
                "at_bound": list(self.at_bound)}  # fmt: skip

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> Self:
        """Return the process that `facts` described."""
        return cls(facts["process"], facts["inputs"], facts["fill"], facts["values"], tuple(facts["at_bound"]))

    def _columns(self, samples: Samples) -> dict[str, Floats]:
        columns = {name: np.asarray(values, dtype=np.float64) for name, values in samples.features.items()}
        if "sun" not in columns and str(self.inputs.get("rsds", "rsds")) not in columns:
            columns["sun"] = _sun(samples)
        for role, value in self.fill.items():
            column = str(self.inputs.get(role, role))
            if column in columns:
                columns[column] = np.where(np.isfinite(columns[column]), columns[column], value)
        return columns


def check_section(target: str, section: Any) -> None:
    """Raise ModelError where an entry of the option `processes` cannot be right."""
    where = f"option 'processes', {target}"
    if not isinstance(section, Mapping) or "process" not in section:
        raise ModelError("a process is not named", where=where, expected="process: NAME, and inputs")
    for key in section:
        if key not in KEYS:
            raise ModelError(f"unknown key '{key}'", where=where, next_step=nearest(str(key), KEYS))
    process = str(section["process"])
    if process not in ANCHORS:
        raise ModelError(f"no process '{process}'", where=where, next_step=nearest(process, ANCHORS))
    known = inspect.signature(ANCHORS.get(process)).parameters
    for key in [*section.get("inputs", {}), *section.get("fill", {})]:
        if key not in known:
            raise ModelError(f"unknown input '{key}'", where=where, next_step=nearest(str(key), known))
    ranges = [p.name for p in parameters_of(process, known)]
    for key in section.get("parameters") or []:
        if key not in ranges:
            raise ModelError(f"no parameter '{key}' to calibrate", where=where, next_step=nearest(str(key), ranges))


def _sun(samples: Samples) -> Floats:
    """Return the radiation above the atmosphere in the middle of each month [W m-2], NaN without place or time."""
    known = np.isfinite(samples.lat) & ~np.isnat(samples.time)
    sun = np.full(len(samples), np.nan)
    time = samples.time[known]
    day = (time - time.astype("datetime64[Y]")).astype("timedelta64[D]").astype(float)
    sun[known] = top_of_atmosphere_radiation(samples.lat[known], np.minimum(day + 15.0, 365.0))
    return sun
