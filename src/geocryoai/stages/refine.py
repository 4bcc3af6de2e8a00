"""The part of harmonize that refines coarse fields, and checks that coarse fields lie where they claim."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geocryoai.core.errors import CubeError, nearest
from geocryoai.core.files import remove
from geocryoai.cube.layers import SIGMA

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr
    from numpy.typing import NDArray

    from geocryoai.core.grid import Grid
    from geocryoai.core.study import ValidateSection
    from geocryoai.cube.align import AlignOptions, FieldAligner
    from geocryoai.cube.scale.nested import NestedCells
    from geocryoai.stages.workspace import Workspace

#: With which field without time a coarse field is compared where the study names none.
REFERENCE = "elevation"


@dataclass
class RefinedStores:
    """Stores of fields in order of preference, what is left out of each, and what was noted of (source, variable).

    `scores` has a row for each station and product that a refined field was held against.
    """

    stores: list[Path] = field(default_factory=list)
    without: list[tuple[str, ...]] = field(default_factory=list)
    notes: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    scores: list[dict[str, Any]] = field(default_factory=list)

    def noted(self, line: Mapping[str, Any]) -> dict[str, Any]:
        """Return a line of the listing with what was noted of its field."""
        note = self.notes.get((line["source"], line["variable"]), {})
        method = {"method": note["refined"]["method"]} if "refined" in note else {}
        return {**line, **method, **note}


def refined_stores(
    work: Workspace,
    stores: Sequence[Path],
    grid: Grid,
    months: NDArray[np.datetime64],
    options: AlignOptions,
    scratch: Path,
) -> RefinedStores:
    """Refine what the study asks for into stores of their own, and check the place of every coarse field.

    Parameters
    ----------
    work : Workspace
    stores : sequence of Path
        Fields of the sources, ``SOURCE/fields.zarr``, in order of preference.
    grid : Grid
    months : array of datetime64
    options : AlignOptions
    scratch : Path
        Folder for the refined fields, ``SOURCE/VARIABLE.zarr``; emptied first.

    Raises
    ------
    CubeError
        A field to be refined, a covariate or a reference is not there, or nothing of it is coarser than the grid.
    """
    from geocryoai.cube.refine import FieldRefiner
    from geocryoai.cube.registered import registration_note

    remove(scratch)
    plan = RefinedStores()
    sections = work.study.refine
    aligners: dict[tuple[int, str], FieldAligner] = {}
    attributes: dict[tuple[int, str], Mapping[str, Any]] = {}
    for position, store in enumerate(stores):
        for name, aligner, given in _aligners(store, grid, months, options):
            aligners[position, name], attributes[position, name] = aligner, given
    statics = _Statics(aligners, grid, tuple(sections))
    _require(sections, aligners)
    compared: dict[object, NestedCells] = {}
    with work.progress.task("scales") as tick:
        for position, store in enumerate(stores):
            left_out = []
            for (owner, name), aligner in aligners.items():
                if owner != position or not _is_coarse(aligner):
                    continue
                tick(len(plan.notes), len(aligners))
                source, section = store.parent.name, sections.get(name)
                note: dict[str, Any] = {}
                reference = (section.reference if section else "") or REFERENCE
                if reference in statics or (section and section.reference):
                    note["registration"] = registration_note(aligner, reference, statics[reference], compared)
                if section is not None:
                    named = [*section.covariates, *([section.share] if section.share else [])]
                    refiner = FieldRefiner(aligner, attributes[owner, name], section, {n: statics[n] for n in named})
                    path = scratch / name / source / "fields.zarr"
                    path.parent.mkdir(parents=True)
                    note["refined"] = refiner.write(path).to_dict()
                    if section.validate_with is not None and work.targets:
                        note["validated"] = _validated(
                            work, section.validate_with, aligner, attributes[owner, name], path, plan.scores
                        )
                    plan.notes[source, name + SIGMA] = {"refined": {"method": section.method, "of": name}}
                    plan.stores.append(path)
                    plan.without.append(())
                    left_out.append(name)
                plan.notes[source, name] = note
            plan.stores.append(store)
            plan.without.append(tuple(left_out))
    return plan


def _validated(
    work: Workspace,
    section: ValidateSection,
    aligner: FieldAligner,
    attributes: Mapping[str, Any],
    refined: Path,
    scores: list[dict[str, Any]],
) -> dict[str, Any]:
    """Hold a refined field against stations: add the rows of scores, return their summary."""
    from geocryoai.cube.field_validation import validate_field

    observations = work.table("ingest", f"{section.source}/observations")
    rows, summary = validate_field(aligner, attributes, refined, refined.parent.name, section, observations)
    scores += rows
    return summary


class _Statics:
    """Fields without time on the study grid, made when first asked for."""

    def __init__(self, aligners: Mapping[tuple[int, str], FieldAligner], grid: Grid, refined: tuple[str, ...]) -> None:
        self._aligners = {
            name: a
            for (_, name), a in aligners.items()
            if a.monthly is None and not a.categorical and not _is_coarse(a) and name not in refined
        }
        self._grid = grid
        self._made: dict[str, NDArray[np.float64]] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._aligners

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        if name not in self._aligners:
            raise CubeError(f"no field without time, as fine as the grid, is called '{name}'", where="refine",
                            next_step=nearest(name, self._aligners))  # fmt: skip
        if name not in self._made:
            everywhere = slice(0, self._grid.height), slice(0, self._grid.width)
            self._made[name] = self._aligners[name].block(*everywhere)[0][0].astype("float64")
        return self._made[name]


def _aligners(
    store: Path, grid: Grid, months: NDArray[np.datetime64], options: AlignOptions
) -> list[tuple[str, FieldAligner, Mapping[str, Any]]]:
    import xarray as xr

    from geocryoai.cube.align import FieldAligner
    from geocryoai.cube.harmonise import field_names

    opened: xr.Dataset = xr.open_zarr(store, consolidated=False, chunks={})
    return [
        (name, FieldAligner(opened, name, grid, months, options), opened[name].attrs) for name in field_names(opened)
    ]


def _is_coarse(aligner: FieldAligner) -> bool:
    return aligner.regridder.method == "bilinear"


def _require(sections: Mapping[str, Any], aligners: Mapping[tuple[int, str], FieldAligner]) -> None:
    known = {name for _, name in aligners}
    for name in sections:
        if name not in known:
            raise CubeError(f"no source has the field '{name}'", where=f"refine.{name}", next_step=nearest(name, known))
        if not any(_is_coarse(aligner) for (_, field), aligner in aligners.items() if field == name):
            raise CubeError("there is nothing to refine: no source has the field coarser than the grid",
                            where=f"refine.{name}", next_step="Leave it out of refine.")  # fmt: skip
