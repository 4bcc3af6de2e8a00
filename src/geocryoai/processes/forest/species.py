"""The nine woody species of interior Alaska, their published parameters, and what the classes of tolerance mean."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geocryoai.core.errors import ModelError, nearest

#: Numbers that are read from the table as they are.
_PLAIN = (
    "conifer", "evergreen", "age_max", "diameter_max", "height_max", "height_slope", "growth_rate", "degree_days_min",
    "degree_days_opt", "degree_days_max", "stress_increment", "wood_density", "stem_shape", "leaf_area_factor",
    "leaf_mass", "bark",
)  # fmt: skip

#: Numbers that follow from classes.
_DERIVED = (
    "light_scale", "light_rate", "light_compensation", "drought_limit", "flood_limit", "nitrogen_constant",
    "nitrogen_linear", "nitrogen_square", "thaw_shallow", "thaw_middle", "thaw_middle_slope", "seedbed_depth",
    "old_age_share", "stress_death", "fire_seeds",
)  # fmt: skip

#: One record per species, as the compiled model reads it.
RECORD = np.dtype([(name, np.float64) for name in (*_PLAIN, *_DERIVED)])

#: Shade class 1 (tolerant) to 5: scale, rate and compensation of the light curve, increment and leaf area scaled.
_LIGHT = ((1.0, 4.64, 0.05), (1.31, 3.76, 0.0575), (1.62, 2.888, 0.065), (1.93, 2.012, 0.0725), (2.24, 1.136, 0.08))
_FASTER = (1.1, 1.15, 1.2, 1.23, 1.25)
_LEAFIER = (1.5, 1.55, 1.6, 1.65, 1.7)
#: Drought class 1 (tolerant) to 6, flood class 1 to 7: the index at which growth ends.
_DROUGHT = (0.433, 0.3364, 0.2398, 0.1432, 0.0466, 0.02)
_FLOOD = (0.99, 0.9, 0.65, 0.4, 0.3, 0.2, 0.1)
#: Nutrient class 0 (fixes nitrogen), 1 (tolerant of poor soil) to 3: the quadratic.
_NITROGEN = ((1.0, 0.0, 0.0), (0.2133, 1.789, -1.014), (-0.2352, 2.771, -1.55), (-0.6274, 3.6, -1.994))
#: Permafrost class 1 (tolerant), 2: slope to 0.6 m, constant and slope from 0.6 to 1 m.
_PERMAFROST = ((1.28, 1.0, 0.0), (0.494, 0.0, 0.8))
#: Class 1 (germinates on deep organic layers) to 3: depth at which one in e establishes [m].
_SEEDBED = (0.25, 0.15, 0.04)
#: Survival class 1 (often seen) to 3 (rarely seen): share of trees that reach the greatest age.
_OLD_AGE = (0.01, 0.001, 0.0001)
#: Stress class 1 (tolerant) to 5: yearly chance to die under stress.
_STRESS = (0.21, 0.24, 0.27, 0.30, 0.33)
#: Source of young trees after fire relative to that of the stand that burnt.
_AFTER_FIRE = {"none": 0.0, "seeds": 1.0, "sprouts": 2.0}


@dataclass(frozen=True)
class Species:
    """Species of a simulation.

    Attributes
    ----------
    codes : tuple of str
        Eight letters: four of the genus, four of the species.
    names, common_names : tuple of str
    table : structured array, shape (species,)
        Parameters, see `RECORD`; docs/processes/forest.md tells each with its unit.

    References
    ----------
    Foster, A. C. et al. (2019), Ecological Modelling 409, 108765, and the parameters published with UVAFME (species
    list of boreal North America): classes, degree days, growth, wood density, leaf area. The depth of seedbed per
    class and the sources of young trees after fire are this package's, after Johnstone, J. F. and Chapin, F. S.
    (2006), Ecosystems 9, 14-31, doi:10.1007/s10021-004-0042-x.
    """

    codes: tuple[str, ...]
    names: tuple[str, ...]
    common_names: tuple[str, ...]
    table: NDArray[Any]

    def __len__(self) -> int:
        return len(self.codes)


def species_table(codes: Sequence[str] | None = None) -> Species:
    """Return the parameters of some species, or of all nine.

    Parameters
    ----------
    codes : sequence of str, optional
        Codes such as ``"PICEmari"``; also scientific or common names.

    Raises
    ------
    ModelError
        A species is unknown (the message names the nearest), named twice, or none is named.

    Examples
    --------
    >>> species_table(["black spruce", "POPUtrem"]).names
    ('Picea mariana', 'Populus tremuloides')
    """
    rows = _rows()
    known = {row[key]: row for row in rows for key in ("code", "name", "common_name")}
    chosen = rows if codes is None else tuple(_find(code, known) for code in codes)
    if not chosen:
        raise ModelError("a forest needs at least one species", where="species")
    labels = tuple(row["code"] for row in chosen)
    twice = sorted({label for label in labels if labels.count(label) > 1})
    if twice:
        raise ModelError("a species is named twice", where="species", found=", ".join(twice))
    table = np.array([_record(row) for row in chosen], dtype=RECORD)
    names, common = (tuple(row[key] for row in chosen) for key in ("name", "common_name"))
    return Species(labels, names, common, table)


def _find(name: str, known: dict[str, dict[str, str]]) -> dict[str, str]:
    if name not in known:
        raise ModelError("the species is not known", where="species", found=f"'{name}'", next_step=nearest(name, known))
    return known[name]


@cache
def _rows() -> tuple[dict[str, str], ...]:
    text = files("geocryoai.processes.forest").joinpath("species.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))


def _record(row: dict[str, str]) -> tuple[float, ...]:
    """Return one record: classes turned into the numbers they stand for."""
    plain = {name: float(row[name]) for name in _PLAIN}
    shade = int(row["shade"]) - 1
    plain["growth_rate"] *= _FASTER[shade]
    plain["leaf_area_factor"] *= _LEAFIER[shade]
    plain["leaf_mass"] *= 0.4
    return (
        *plain.values(), *_LIGHT[shade], _DROUGHT[int(row["drought"]) - 1], _FLOOD[int(row["flood"]) - 1],
        *_NITROGEN[int(row["nutrient"])], *_PERMAFROST[int(row["permafrost"]) - 1],
        _SEEDBED[int(row["organic"]) - 1], _OLD_AGE[int(row["survival"]) - 1], _STRESS[int(row["stress"]) - 1],
        _AFTER_FIRE[row["after_fire"]],
    )  # fmt: skip
