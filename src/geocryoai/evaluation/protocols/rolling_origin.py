"""Rolling origin: train on the past, test on what came after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from geocryoai.core.errors import ProtocolError
from geocryoai.evaluation.folds import Fold, Split, assemble, measured_rows
from geocryoai.evaluation.groups import merge_labels
from geocryoai.evaluation.periods import month_numbers, period_months

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geocryoai.cube.samples import Ints, Samples

WHERE = "rolling_origin"


def rolling_origin(
    samples: Samples,
    *,
    origins: Sequence[str] | None = None,
    first: str | None = None,
    step_months: int | None = None,
    horizon_months: int | None = None,
    horizon_years: int | None = None,
    groups: NDArray[Any] | None = None,
) -> Split:
    """Return one fold per origin: training strictly before it, tests from it to the horizon.

    Parameters
    ----------
    origins : list of str, optional
        ISO dates (``2013-01-01`` or ``2013-01``), each the first day of a month.
    first : str, optional
        Where no origins are given: the first of them; by default the January after half of the measured rows.
    step_months : int, optional
        Distance of origins; by default the horizon, so that no row is tested twice.
    horizon_months, horizon_years : int
        Length of the test after each origin; exactly one of the two.
    groups : array, shape (n,), optional
        Sites that share a label are one block of the bootstrap.

    Notes
    -----
    A row counts as before the origin when its whole period (month, or year for annual values) has ended by then.
    Rows without a date neither train nor test. Origins of a step after which nothing was measured are listed in
    the metadata; a declared origin like that is an error.
    """
    horizon = _horizon(horizon_months, horizon_years)
    period = period_months(samples)
    rows = measured_rows(samples)
    dated = rows[~np.isnat(samples.time[rows])]
    if not len(dated):
        raise ProtocolError("no measured row has a date", where=WHERE, next_step="Use a spatial protocol instead.")
    month = month_numbers(samples.time)
    chosen = _origins(origins, first, step_months or horizon, month[dated], period)
    made, empty = [], []
    for origin in chosen:
        train = dated[month[dated] + period <= origin]
        test = dated[(month[dated] >= origin) & (month[dated] < origin + horizon)]
        date = np.datetime64(int(origin), "M")
        if origins is None and (not len(test) or not len(train)):
            empty.append(str(date))
            continue
        made.append(Fold(str(date), train, test, origin=date))
    return assemble(
        samples,
        WHERE,
        made,
        blocks=merge_labels(samples.site, groups),
        block_size="site" if groups is None else "group of sites",
        meta={
            "horizon_months": horizon,
            "step_months": step_months or horizon,
            "period_months": period,
            "origins": [fold.name for fold in made],
            "origins_without_rows": empty,
            "rows_without_date": len(rows) - len(dated),
        },
    )


def _horizon(months: int | None, years: int | None) -> int:
    if (months is None) == (years is None):
        raise ProtocolError(
            "the length of the forecast must be given once", where=WHERE, expected="horizon_months or horizon_years"
        )
    length = months if months is not None else 12 * (years or 0)
    if length < 1:
        raise ProtocolError("the forecast has no length", where=WHERE, found=length, expected="at least 1 month")
    return length


def _origins(
    origins: Sequence[str] | None, first: str | None, step: int, month: Ints, period: int
) -> Sequence[int] | Ints:
    if origins is not None:
        if not origins:
            raise ProtocolError("the list of origins is empty", where=f"{WHERE}: origins", expected="ISO dates")
        return sorted({_origin(text, period) for text in origins})
    start = 12 * (int(np.median(month)) // 12 + 1) if first is None else _origin(first, period)
    if step < 1 or step % period:
        raise ProtocolError(
            "origins would fall inside a row's period",
            where=f"{WHERE}: step_months",
            found=step,
            expected=f"a multiple of {period}",
        )
    if start > month.max():
        raise ProtocolError(
            "the first origin lies after the record",
            where=f"{WHERE}: first",
            found=str(np.datetime64(start, "M")),
            expected=f"not after {np.datetime64(int(month.max()), 'M')}",
        )
    return np.arange(start, month.max() + 1, step)


def _origin(text: str, period: int) -> int:
    """Return the month number of an origin, which must not cut a row's period."""
    try:
        day = np.datetime64(str(text), "D")
    except ValueError as error:
        raise ProtocolError("not a date", where=f"{WHERE}: origins", found=text, expected="an ISO date") from error
    month = day.astype("datetime64[M]")
    number = int(month.astype(np.int64))
    if np.isnat(day) or month.astype("datetime64[D]") != day or number % period:
        raise ProtocolError(
            "an origin would cut a row's period in two",
            where=f"{WHERE}: origins",
            found=text,
            expected="the first day of a month" if period == 1 else "the first of January, as the values are annual",
        )
    return number
