"""The nomenclature: every entry is complete, ordered and reachable by one name only."""

from __future__ import annotations

from collections import Counter

import pytest

from geocryoai.core.errors import GeoCryoAIError
from geocryoai.core.units import convert, parse
from geocryoai.core.variables import Variable, variable, variables

ALL = list(variables().values())
by_name = pytest.mark.parametrize("entry", ALL, ids=lambda entry: entry.name)


@pytest.mark.contract
@by_name
def test_units_parse_and_agree(entry: Variable) -> None:
    parse(entry.unit)
    assert convert(1.0, entry.field_unit, entry.unit) > 0


@pytest.mark.contract
@by_name
def test_ranges_are_ordered_and_nested(entry: Variable) -> None:
    assert entry.valid[0] < entry.valid[1]
    assert entry.plausible[0] < entry.plausible[1]
    assert entry.valid[0] <= entry.plausible[0]
    assert entry.plausible[1] <= entry.valid[1]


@pytest.mark.contract
@by_name
def test_words_come_from_closed_sets(entry: Variable) -> None:
    assert entry.long_name
    assert entry.positive in (None, "up", "down")
    assert entry.molecule in (None, "CO2", "CH4", "H2O")
    assert entry.cf is None or entry.cf.replace("_", "").isalnum()


def test_names_and_aliases_are_unique() -> None:
    counts = Counter(name for entry in ALL for name in (entry.name, *entry.aliases))
    assert [name for name, count in counts.items() if count > 1] == []


def test_fluxes_have_a_direction() -> None:
    per_area_and_time = [
        v.name for v in ALL if "m-2" in v.unit and any(t in v.unit for t in ("d-1", "s-1", "W ", "yr-1"))
    ]
    assert {"nee", "gpp", "reco", "fch4", "rsds", "hfg"} <= set(per_area_and_time)
    assert [name for name in per_area_and_time if variable(name).positive is None] == []


@pytest.mark.parametrize(
    "name",
    [
        "alt",
        "thaw_depth",
        "tg",
        "ts",
        "snd",
        "swe",
        "tas",
        "pr",
        "rsds",
        "rlds",
        "par",
        "vp",
        "vpd",
        "nee",
        "gpp",
        "reco",
        "fch4",
        "wetland_fraction",
        "sm",
        "ndvi",
        "evi",
        "lai",
        "lst",
        "displacement",
        "elevation",
    ],
)
def test_the_variables_of_the_product_are_there(name: str) -> None:
    assert variable(name).name == name


def test_lookup_by_alias_and_cf_name() -> None:
    assert variable("ald") is variable("alt")
    assert variable("permafrost_active_layer_thickness").name == "alt"
    assert variable("surface_temperature").name == "lst"


def test_unknown_variable_names_the_nearest() -> None:
    with pytest.raises(GeoCryoAIError, match=r"no variable is called 'thaw_dpth'. Did you mean 'thaw_depth'\?"):
        variable("thaw_dpth")


def test_the_molecule_of_a_flux_is_the_one_of_its_unit() -> None:
    for entry in ALL:
        for molecule in ("CO2", "CH4"):
            if molecule in entry.unit or molecule in entry.field_unit:
                assert entry.molecule == molecule, entry.name
