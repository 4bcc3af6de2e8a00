"""Folds and splits: who trains, who is tested, checked and hashed."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import numpy as np

from geocryoai.core.errors import ProtocolError, nearest
from geocryoai.evaluation import PROTOCOLS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geocryoai.cube.samples import Ints, Samples


@dataclass(frozen=True)
class Fold:
    """One fold: rows to train on and rows to be tested, both with a measured target.

    Attributes
    ----------
    name : str
    train, test : array of int
        Row numbers in the samples the fold was made for, ascending.
    origin : datetime64[M] or None
        Rolling origin only: all that is trained on ended before the first day of this month.
    """

    name: str
    train: Ints
    test: Ints
    origin: np.datetime64 | None = None


@dataclass(frozen=True)
class Split:
    """All folds of one protocol.

    Attributes
    ----------
    protocol : str
    folds : tuple of Fold
    blocks : array of int, shape (n,)
        Block of each row for the block bootstrap; rows of one block are resampled together.
    block_size : str
        What a block is, for people: ``"site"``, ``"0.5 degree"``.
    meta : dict
        Options used and counts: rows tested, tested more than once, never tested, without a measured target, ...
    """

    protocol: str
    folds: tuple[Fold, ...]
    blocks: Ints
    block_size: str
    meta: Mapping[str, Any] = field(default_factory=dict)


def make_split(
    samples: Samples, protocol: str, *, seed: int = 0, groups: NDArray[Any] | None = None, **options: Any
) -> Split:
    """Return the split that the named protocol makes of the samples.

    Parameters
    ----------
    samples : Samples
    protocol : str
        A name of `PROTOCOLS`.
    seed : int
        Used by protocols that draw lots.
    groups : array, shape (n,), optional
        Rows of one label never straddle a fold border; see `geocryoai.cube.records.groups_within` and
        `geocryoai.evaluation.groups.merge_labels`.
    **options
        Options of the protocol.

    Raises
    ------
    ProtocolError
        An option is unknown, or the split cannot be made.
    """
    builder = PROTOCOLS.get(protocol)
    accepted = [name for name in inspect.signature(builder).parameters if name != "samples"]
    unknown = [name for name in options if name not in accepted]
    if unknown:
        raise ProtocolError(f"unknown option '{unknown[0]}'", where=protocol, next_step=nearest(unknown[0], accepted))
    common = {"seed": seed, "groups": groups}
    return builder(samples, **{name: value for name, value in common.items() if name in accepted}, **options)


def measured_rows(samples: Samples) -> Ints:
    """Return the numbers of the rows that have a measured target; an infinite one is an error, not a gap."""
    endless = np.flatnonzero(np.isinf(samples.y))
    if len(endless):
        raise ProtocolError(
            "the target is infinite",
            where=f"{samples.target}, site '{samples.site[endless[0]]}'",
            found=f"{len(endless)} rows",
            expected="a number, or NaN where nothing was measured",
        )
    return np.flatnonzero(np.isfinite(samples.y))


def assemble(
    samples: Samples,
    protocol: str,
    folds: Sequence[Fold],
    *,
    blocks: Ints,
    block_size: str,
    whole: Mapping[str, NDArray[Any]] | None = None,
    meta: Mapping[str, Any] | None = None,
) -> Split:
    """Check the folds of a protocol, count, and return the split.

    Parameters
    ----------
    whole : dict of str to array, shape (n,)
        Labels (for example of sites) that no fold may have on both sides.

    Raises
    ------
    ProtocolError
        There is no fold, or one is empty, overlaps itself, splits what must stay whole or tests an unmeasured row.
    """
    if not folds:
        raise ProtocolError("no fold could be made", where=protocol, next_step="Give measured rows or other options.")
    codes = {label: np.unique(values, return_inverse=True)[1] for label, values in (whole or {}).items()}
    for fold in folds:
        _check_fold(fold, samples, f"{protocol}, fold '{fold.name}'", codes)
    tested = np.zeros(len(samples), dtype=np.int64)
    for fold in folds:
        tested[fold.test] += 1
    measured = np.isfinite(samples.y)
    counts = {
        "folds": len(folds),
        "rows": len(samples),
        "rows_without_target": int((~measured).sum()),
        "rows_tested": int((tested > 0).sum()),
        "rows_tested_more_than_once": int((tested > 1).sum()),
        "rows_never_tested": int((measured & (tested == 0)).sum()),
    }
    return Split(protocol, tuple(folds), np.asarray(blocks, np.int64), block_size, {**(meta or {}), **counts})


def _check_fold(fold: Fold, samples: Samples, where: str, whole: Mapping[str, Ints]) -> None:
    for side, rows in (("train", fold.train), ("test", fold.test)):
        if len(rows) == 0:
            raise ProtocolError(
                f"nothing is left to {side}",
                where=where,
                next_step="Use fewer folds, a smaller buffer or an origin inside the record.",
            )
        if not np.isfinite(samples.y[rows]).all():
            raise ProtocolError(f"a {side} row has no measured target", where=where)
    both = np.intersect1d(fold.train, fold.test)
    if len(both):
        raise ProtocolError("rows are on both sides", where=where, found=f"{len(both)} rows, first {both[0]}")
    for label, code in whole.items():
        tested = np.zeros(int(code.max()) + 1, dtype=bool)
        tested[code[fold.test]] = True
        shared = fold.train[tested[code[fold.train]]]
        if len(shared):
            raise ProtocolError(
                f"a {label} is on both sides",
                where=where,
                found=f"site '{samples.site[shared[0]]}' in {len(shared)} training rows",
            )


def row_hashes(samples: Samples) -> NDArray[np.uint64]:
    """Return one 64-bit hash per row, of its source, source row, site and time."""
    times = samples.time.astype("datetime64[D]").astype(str)
    keys = zip(samples.source, samples.source_row, samples.site, times, strict=True)
    digests = b"".join(sha256("\0".join(map(str, key)).encode()).digest()[:8] for key in keys)
    return np.frombuffer(digests, dtype=">u8").astype(np.uint64)


def split_hash(folds: Sequence[Fold], samples: Samples) -> str:
    """Return a sha256 of which record is on which side of which fold; the order of rows and folds does not matter."""
    hashes = row_hashes(samples)
    digests = []
    for fold in folds:
        sides = [np.sort(hashes[rows]).astype(">u8").tobytes() for rows in (fold.test, fold.train)]
        name = fold.name.encode()
        digests.append(sha256(b"\0".join([name, str(len(fold.test)).encode(), *sides])).digest())
    return sha256(b"".join(sorted(digests))).hexdigest()
