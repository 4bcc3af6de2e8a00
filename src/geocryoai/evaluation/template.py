"""How to add a protocol or a metric: copy the part you need, rename, register.

A protocol
----------
1. One file in ``evaluation/protocols/`` with one function ``name(samples, *, options) -> Split``. It is given `seed`
   and `groups` when it has parameters of these names.
2. Folds hold rows with a measured target only (`measured_rows`); `assemble` checks them. Name in `whole` the labels
   that no fold may have on both sides; say in `meta` which rows were left out and why.
3. One line in ``PROTOCOLS`` (or the entry-point group ``geocryoai.protocols`` of your own package).
4. A test with samples for which the right folds are known, and one that asserts the text of an error.

A metric
--------
1. A `Metric`: columns of numbers per row, and the score as a function of their weighted means. Intervals, weights and
   tables then come by themselves.
2. One line in ``METRICS`` (or the entry-point group ``geocryoai.metrics``).
3. A test against a value worked out by hand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geocryoai.core.errors import ProtocolError
from geocryoai.evaluation.folds import Fold, Split, assemble, measured_rows
from geocryoai.evaluation.groups import merge_labels
from geocryoai.evaluation.metrics import Metric, Pairs

if TYPE_CHECKING:
    from geocryoai.cube.samples import Floats, Samples


def leave_year_out(samples: Samples) -> Split:
    """Return one fold per calendar year, to tell how good a learner is in a year it never saw."""
    rows = measured_rows(samples)
    dated = rows[~np.isnat(samples.time[rows])]
    year = samples.time[dated].astype("datetime64[Y]")
    if len(np.unique(year)) < 2:
        raise ProtocolError(
            "there are not two years to tell apart",
            where="leave_year_out",
            found=f"{len(np.unique(year))} years",
            next_step="Use a spatial protocol instead.",
        )
    return assemble(
        samples,
        "leave_year_out",
        [Fold(str(one), dated[year != one], dated[year == one]) for one in np.unique(year)],
        blocks=merge_labels(samples.site),
        block_size="site",
        meta={"rows_without_date": len(rows) - len(dated)},
    )


def _within_a_tenth(p: Pairs) -> Floats:
    return (np.abs(p.mean - p.observed) <= 0.1 * np.abs(p.observed)).astype(float)[:, None]


#: Share of predictions within a tenth of the observation.
WITHIN_A_TENTH = Metric("within_a_tenth", _within_a_tenth, lambda means: means[..., 0], unit="1")
