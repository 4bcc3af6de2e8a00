"""How to add a process, shown on the frost number of Nelson and Outcalt.

1. Copy this file to ``processes/NAME.py``. One concept a file; say in plain words what the model is, what it leaves
   out, and where it is from (DOI).
2. Write pure functions on arrays: no files, no global state, no random numbers. Shapes broadcast; time is the first
   axis where there is one. A unit in brackets stands in every docstring and in the name given to the checks.
3. Check every argument with `geocryoai.processes.checks` before the first line of physics, so that a NaN or a negative
   depth is an error that names it, never a silent NaN in the answer.
4. Several parameters make a frozen dataclass with their source in its docstring.
5. Test against known answers (`tests/processes/test_NAME.py`): a published or analytic value, a limit, a monotonic
   relation, a balance that closes, and bad input.

The frost number compares how deep winter frost and summer thaw would go: sqrt(FDD) / (sqrt(FDD) + sqrt(TDD)). Above
0.5 frost wins and permafrost can last; 0.5 to 0.6 is sporadic, 0.6 to 0.67 widespread, above 0.67 continuous.

References
----------
Nelson, F. E. and Outcalt, S. I. (1987), Arct. Alp. Res. 19, 279-288, doi:10.2307/1551363.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from geocryoai.core.errors import ModelError
from geocryoai.processes.checks import Array, at_least, common_shape


def frost_number(tdd: ArrayLike, fdd: ArrayLike) -> Array:
    """Return the frost number.

    Parameters
    ----------
    tdd, fdd : array_like
        Thawing and freezing degree days [degC d], both >= 0 and not both 0. Shapes broadcast.

    Returns
    -------
    array
        Frost number [1], 0 to 1.

    Examples
    --------
    >>> float(frost_number(400.0, 3600.0))
    0.75
    """
    thaw, frost = np.sqrt(at_least("tdd [degC d]", tdd)), np.sqrt(at_least("fdd [degC d]", fdd))
    common_shape(tdd=thaw, fdd=frost)
    both = thaw + frost
    if (both == 0).any():
        raise ModelError("a place has neither thaw nor frost", where="tdd, fdd [degC d]", expected="one above 0")
    return np.asarray(frost / both)
