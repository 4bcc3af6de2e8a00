"""Finished fold predictions on disk, so that an interrupted evaluation goes on where it stopped."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from geocryoai import __version__
from geocryoai.core.errors import RunError
from geocryoai.core.files import complete_or_absent

if TYPE_CHECKING:
    from geocryoai.cube.samples import Samples
    from geocryoai.evaluation.folds import Fold


def fingerprint(samples: Samples, future: Samples | None = None) -> str:
    """Return a sha256 of all that a learner sees of samples and of declared future drivers, in their order.

    Windows are lazy: their shape, channels and index are in it, their values are not; a caller whose windows can
    change under the same index adds a key of their source, see `fold_key`.
    """
    digest = sha256(f"{samples.target}\0{samples.task}\0{samples.statics}".encode())
    named: dict[str, np.ndarray[Any, Any]] = {
        name: getattr(samples, name) for name in ("source_row", "lon", "lat", "y", "sigma")
    }
    named |= {f"feature {name}": values for name, values in samples.features.items()}
    named |= {f"anchor {name}": values for name, values in samples.anchors.items()}
    named |= {f"lag {step}": values for step, values in samples.lags.items()}
    named["time"] = samples.time.astype("datetime64[D]").astype(np.int64)
    if samples.window_index is not None:
        named["window_index"] = samples.window_index
    for name in sorted(named):
        digest.update(f"\0{name}\0{named[name].dtype.str}".encode())
        digest.update(np.ascontiguousarray(named[name]).tobytes())
    for texts in (samples.source, samples.site):
        digest.update("\0".join(texts.tolist()).encode())
    if samples.windows is not None:
        digest.update(f"\0{samples.windows.shape}\0{samples.windows.channels}".encode())
    if future is not None:
        digest.update(fingerprint(future).encode())
    return digest.hexdigest()


def fold_key(
    data: str, fold: Fold, model: str, options: Mapping[str, Any], seed: int, *, data_key: str = "", mode: str = ""
) -> str:
    """Return the key of one learner on one fold: data, rows, options, seed and version of the package.

    Parameters
    ----------
    data : str
        `fingerprint` of the samples and of declared future drivers.
    data_key : str
        What the fingerprint cannot see, for example the hash of the cube behind the windows.
    mode : str
        How the fold is predicted.
    """
    told = json.dumps(options, sort_keys=True, default=repr)
    origin = "" if fold.origin is None else str(fold.origin)
    digest = sha256("\0".join([__version__, data, data_key, mode, fold.name, origin, model, told, str(seed)]).encode())
    for rows in (fold.train, fold.test):
        digest.update(b"\0" + np.asarray(rows, ">i8").tobytes())
    return digest.hexdigest()


def read_fold(folder: Path | None, key: str) -> pl.DataFrame | None:
    """Return the stored predictions of a key, None where there are none.

    Raises
    ------
    RunError
        The file is damaged.
    """
    if folder is None or not (file := folder / f"{key}.parquet").exists():
        return None
    try:
        return pl.read_parquet(file)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise RunError(
            "a stored fold cannot be read", where=str(file), next_step="Delete the file; the fold is done again."
        ) from error


def write_fold(folder: Path | None, key: str, table: pl.DataFrame) -> None:
    """Store the predictions of a key, whole or not at all."""
    if folder is not None:
        write_whole(folder / f"{key}.parquet", table)


def write_whole(file: Path, table: pl.DataFrame) -> None:
    """Write a table (Parquet or CSV, by the name's end), whole or not at all."""
    with complete_or_absent(file) as part:
        if file.suffix == ".csv":
            table.write_csv(part)
        else:
            table.write_parquet(part)
