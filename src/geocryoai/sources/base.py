"""The contract of a reader: one provider's file in, canonical tables and grids out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    import polars as pl
    import xarray as xr

Kind = Literal["observations", "covariates", "fields"]


@dataclass(frozen=True)
class SourceInfo:
    """What a user must know before using a source.

    Attributes
    ----------
    name : str
        Name in a study file.
    kind : {"observations", "covariates", "fields"}
        What a study mainly takes from it.
    measures : tuple of str
        House names of the target variables that its records can answer.
    covariates : dict of str to str
        Covariate column -> unit. Names are house names, or names of their own for what no variable stands for.
    licence, citation, doi, url : str
        Terms of use and how to cite.
    quirks : tuple of str
        Traps of the file that the reader takes care of, one sentence each.
    """

    name: str
    title: str
    kind: Kind
    licence: str
    citation: str
    formats: tuple[str, ...]
    measures: tuple[str, ...] = ()
    covariates: Mapping[str, str] = field(default_factory=dict)
    doi: str = ""
    url: str = ""
    quirks: tuple[str, ...] = ()


@dataclass(frozen=True)
class SourceData:
    """What a reader returns.

    Attributes
    ----------
    info : SourceInfo
    records : polars.DataFrame
        One row for each record of the source that can be asked about: `RECORD_COLUMNS`, then covariates in canonical
        units. Complete also where nothing was measured and where place or date are unknown. Empty for pure grids.
    observations : polars.DataFrame
        `OBSERVATION_COLUMNS`; only values that were given. Empty when targets were not to be read.
    exclusions : polars.DataFrame
        `EXCLUSION_COLUMNS`; values taken out on reading, with the reason.
    fields : xarray.Dataset or None
        Gridded variables under house names, canonical units, CF attributes, coordinates ``time, y, x`` (projected) or
        ``time, lat, lon``; the CRS as WKT in a scalar coordinate ``crs``.
    notes : tuple of str
        What the reader decided and a user may want to know (for example an assumed month length).
    """

    info: SourceInfo
    records: pl.DataFrame
    observations: pl.DataFrame
    exclusions: pl.DataFrame
    fields: xr.Dataset | None = None
    notes: tuple[str, ...] = ()


class Reader(Protocol):
    """A reader of one provider's files."""

    info: SourceInfo

    def read(self, path: Path, *, source: str, options: Mapping[str, Any], targets: bool = True) -> SourceData:
        """Read one file or folder.

        Parameters
        ----------
        path : Path
            File or folder, as declared in the study.
        source : str
            What to write into the `source` column: the path relative to the data folder, with forward slashes.
        options : mapping
            The reader's own section of the study; an unknown key is an error naming the nearest one.
        targets : bool
            When false, the columns of `info.measures` (and everything measured together with them) are not looked at:
            `observations` is empty and `records` is the same as with them, to the byte.

        Raises
        ------
        SourceError
            The file is absent, truncated, or not what this reader reads.
        """
        ...
