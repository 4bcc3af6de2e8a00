"""From the records of a field to months: mean or sum by `cell_methods`, missing days allowed up to a stated share.

- Records shorter than a month are weighted by their overlap with the month.
- Monthly records pass through to the bit, each to the month in which it lies.
- Longer records (years) stand for each month that lies in them; a sum over a longer time cannot be split.

Without time bounds a stamp is the start of its record, after rounding down to the day (or to the hour, where records
are shorter than a day); a monthly or yearly record is the calendar month or year of its stamp.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from scipy.sparse import csr_array

from geocryoai.core.calendar import month_bounds
from geocryoai.core.errors import CubeError
from geocryoai.cube.overlap import SNAP

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Months = NDArray[np.datetime64]
    Read = Callable[[slice], NDArray[np.floating[Any]]]

Statistic = Literal["copy", "mean", "sum"]

#: Records of 27 to 32 days are months.
_MONTH_DAYS = (27.0, 32.0)
_YEAR_DAYS = (359.0, 367.0)

_METHODS = {"": "mean", "mean": "mean", "point": "mean", "maximum": "mean", "minimum": "mean", "sum": "sum"}


@dataclass(frozen=True)
class MonthlyWeights:
    """How records make months.

    Attributes
    ----------
    statistic : {"copy", "mean", "sum"}
    weights : scipy.sparse.csr_array, shape (months, records)
        Days that a record and a month have in common; 1 for `copy`.
    duration : array of float, shape (records,)
        Length of each record [d].
    length : array of float, shape (months,)
        Length of each month [d]; 1 for `copy`.
    cell_methods : str
        Of the monthly values.
    """

    statistic: Statistic
    weights: csr_array
    duration: Floats
    length: Floats
    cell_methods: str

    def covered(self) -> NDArray[np.bool_]:
        """Return for each month whether any record lies in it, shape (months,)."""
        return np.asarray(np.diff(self.weights.indptr) > 0)

    def reduce(self, read: Read, steps: slice, shape: tuple[int, int], *, min_share: float, at_once: int) -> Floats:
        """Return monthly values, NaN where less than `min_share` of the month has valid records.

        A sum over a month with missing records is the sum of what is there divided by the share of days covered.

        Parameters
        ----------
        read : callable
            Gives the records of a slice, shape (records, rows, columns), NaN where missing.
        steps : slice
            Months wanted.
        shape : tuple of int
            Rows and columns that `read` gives.
        min_share : float
            Least share of days with valid records [1].
        at_once : int
            Most records read at once.

        Returns
        -------
        array of float, shape (months, rows, columns)
        """
        weights = self.weights[steps]
        total = np.full((weights.shape[0], *shape), np.nan if self.statistic == "copy" else 0.0)
        days = np.zeros_like(total) if self.statistic != "copy" else total
        used = weights.indices
        first, last = (int(used.min()), int(used.max()) + 1) if len(used) else (0, 0)
        for start in range(first, last, at_once):
            part = slice(start, min(start + at_once, last))
            values = read(part)
            share = weights[:, part].tocoo()
            if self.statistic == "copy":
                total[share.row] = values[share.col]
            else:
                self._accumulate(total, days, values, share.tocsr(), self.duration[part])
        if self.statistic == "copy":
            return total
        share_of_days = days / self.length[steps][:, None, None]
        enough = (share_of_days > 0) & (share_of_days >= min_share - 1e-9)
        divisor = days if self.statistic == "mean" else share_of_days
        return np.divide(total, divisor, out=np.full_like(total, np.nan), where=enough)

    def _accumulate(
        self, total: Floats, days: Floats, values: NDArray[Any], common: csr_array, duration: Floats
    ) -> None:
        flat = values.reshape(len(values), -1)
        valid = np.isfinite(flat)
        present = np.where(valid, flat, 0.0).astype(np.float64)
        if self.statistic == "sum":
            present /= duration[:, None]
        total += (common @ present).reshape(total.shape)
        days += (common @ valid.astype(np.float64)).reshape(total.shape)


def as_months(months: Months) -> Months:
    """Return an axis of months as datetime64[M], or raise CubeError where it is empty or has a gap."""
    axis = np.asarray(months).astype("datetime64[M]")
    if axis.ndim != 1 or not len(axis) or np.any(np.diff(axis).astype(int) != 1):
        raise CubeError("the months are not consecutive", expected="every month of a period once, in order")
    return axis


def monthly_weights(field: xr.DataArray, months: Months, bounds: xr.DataArray | None = None) -> MonthlyWeights:
    """Return the weights from a field's records to months.

    Parameters
    ----------
    field : xarray.DataArray
        With a coordinate ``time`` (datetime64; see `core.calendar.decode_time`) and the attribute `cell_methods`.
    months : array of datetime64
        First day of each month.
    bounds : xarray.DataArray, optional
        Start and end of each record, shape (time, 2), decoded as ``time``.

    Raises
    ------
    CubeError
        Records out of order or twice in a month, a statistic that has no monthly value, or one record without bounds.
    """
    name = str(field.name)
    stamp = _days(field["time"].values, name)
    if len(stamp) > 1 and np.any(np.diff(stamp) <= 0):
        raise CubeError("the times are not in ascending order, or one is there twice", where=name)
    axis = as_months(months)
    month_start, month_end = (_date_days(edge) for edge in month_bounds(axis).T)
    start, end = _intervals(stamp, bounds, name)
    duration = end - start
    usual = float(np.median(duration))
    statistic, methods = _statistic(field, usual)
    if usual < _MONTH_DAYS[0]:
        common = _common_days(start, end, month_start, month_end)
        return MonthlyWeights(statistic, common, duration, month_end - month_start, methods)
    pairs = _month_of_record if usual <= _MONTH_DAYS[1] else _record_of_month
    step, record = pairs(start, end, month_start, month_end)
    if len(np.unique(step)) < len(step):
        twice = axis[np.flatnonzero(np.bincount(step) > 1)[0]]
        raise CubeError("two monthly records lie in one month", where=name, found=str(twice))
    weights = csr_array((np.ones(len(step)), (step, record)), shape=(len(axis), len(start)))
    return MonthlyWeights("copy", weights, duration, np.ones(len(axis)), methods)


def _statistic(field: xr.DataArray, duration: float) -> tuple[Statistic, str]:
    methods = str(field.attrs.get("cell_methods", ""))
    found = re.findall(r"time\s*:\s*(\w+)", methods)
    if _MONTH_DAYS[0] <= duration <= _MONTH_DAYS[1]:
        return "copy", methods or "time: mean"
    first = found[0] if found else ""
    if first not in _METHODS or (duration > _MONTH_DAYS[1] and _METHODS[first] == "sum"):
        raise CubeError(
            "the records cannot be brought to months", where=str(field.name),
            found=f"cell_methods '{methods}' over {duration:.4g} d",
            expected="time: mean, point, maximum or minimum, or time: sum over less than a month",
        )  # fmt: skip
    if _METHODS[first] == "sum":
        return "sum", "time: sum"
    if duration > _MONTH_DAYS[1]:
        return "copy", methods or "time: mean"
    within = f"time: {first} within days time: mean over days"
    return "mean", within if first in ("maximum", "minimum") else "time: mean"


def _intervals(stamp: Floats, bounds: xr.DataArray | None, name: str) -> tuple[Floats, Floats]:
    if bounds is not None:
        start, end = (_days(bounds.values[:, side], name) for side in (0, 1))
        if np.any(end <= start):
            raise CubeError("time bounds end before they start", where=name)
        return start, end
    if len(stamp) < 2:
        raise CubeError(
            "a single record without time bounds has no known duration", where=name, next_step="Give time bounds."
        )
    step = float(np.median(np.diff(stamp)))
    for unit, (shortest, longest) in (("Y", _YEAR_DAYS), ("M", _MONTH_DAYS)):
        if shortest <= step <= longest:
            period = np.floor(stamp).astype("datetime64[D]").astype(f"datetime64[{unit}]")
            return _date_days(period), _date_days(period + 1)
    if step > _MONTH_DAYS[1]:
        raise CubeError("records longer than a month need time bounds", where=name, found=f"{step:.4g} d apart")
    rounding = 1.0 if step > 0.9 else step
    start = np.floor(stamp / rounding + SNAP) * rounding
    start = start if np.all(np.diff(start) > 0) else stamp
    following = np.append(np.diff(start), step)
    return start, start + np.where(following < 1.5 * step, following, step)


def _month_of_record(start: Floats, end: Floats, month_start: Floats, month_end: Floats) -> tuple[Any, Any]:
    middle = (start + end) / 2
    step = np.searchsorted(month_start, middle, side="right") - 1
    inside = (step >= 0) & (middle < month_end[np.maximum(step, 0)])
    return step[inside], np.flatnonzero(inside)


def _record_of_month(start: Floats, end: Floats, month_start: Floats, month_end: Floats) -> tuple[Any, Any]:
    middle = (month_start + month_end) / 2
    record = np.searchsorted(start, middle, side="right") - 1
    inside = (record >= 0) & (middle < end[np.maximum(record, 0)])
    return np.flatnonzero(inside), record[inside]


def _common_days(start: Floats, end: Floats, month_start: Floats, month_end: Floats) -> csr_array:
    """Return the days common to each month and record; records are shorter than a month and may have gaps."""
    first = np.searchsorted(month_end, start, side="right")
    steps, records, days = [], [], []
    for step in (first, first + 1):
        known = step < len(month_start)
        at = np.where(known, step, 0)
        common = np.minimum(end, month_end[at]) - np.maximum(start, month_start[at])
        keep = known & (common > SNAP * (end - start))
        steps.append(at[keep])
        records.append(np.flatnonzero(keep))
        days.append(common[keep])
    parts = (np.concatenate(days), (np.concatenate(steps), np.concatenate(records)))
    return csr_array(parts, shape=(len(month_start), len(start)))


def _days(times: NDArray[Any], name: str) -> Floats:
    if not np.issubdtype(times.dtype, np.datetime64):
        raise CubeError("the times are not decoded", where=name, found=f"{times.dtype}", expected="datetime64")
    if np.isnat(times).any():
        raise CubeError("a time is missing", where=name, found="NaT")
    return np.asarray((times - np.datetime64("1970-01-01")) / np.timedelta64(1, "D"), float)


def _date_days(dates: Months) -> Floats:
    return dates.astype("datetime64[D]").astype(float)
