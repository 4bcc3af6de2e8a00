"""Every registered source can be imported and says what a user must know."""

from __future__ import annotations

import pytest

from geocryoai.core.variables import variables
from geocryoai.sources import READERS
from geocryoai.sources.base import SourceInfo
from geocryoai.sources.catalogue import catalogue, fetch_hint

CONFIGURED = ("table", "grid", "toa5", "mission")


@pytest.mark.contract
@pytest.mark.parametrize("name", READERS.names())
def test_info_is_complete(name: str) -> None:
    reader = READERS.get(name)
    info = reader.info
    assert info.name == name
    assert info.kind in ("observations", "covariates", "fields")
    for text in (info.title, info.licence, info.citation, *info.formats, *info.quirks):
        assert text.strip()
    assert info.formats
    assert info.quirks
    assert set(info.measures) <= set(variables())
    if name not in CONFIGURED:
        assert info.measures or info.covariates
        assert info.kind != "observations" or info.measures


@pytest.mark.contract
@pytest.mark.parametrize("name", READERS.names())
def test_covariates_have_units(name: str) -> None:
    for column, unit in READERS.get(name).info.covariates.items():
        if column in variables():
            assert unit == variables()[column].unit, column
        else:
            assert unit.strip(), column


def test_the_catalogue_lists_every_reader() -> None:
    assert [info.name for info in catalogue()] == READERS.names()


def test_fetch_hints() -> None:
    assert "declare what they hold" in fetch_hint(READERS.get("table").info)
    assert "https://doi.org/10.5/x or https://x.org" in fetch_hint(
        SourceInfo("a", "A", "fields", "CC0", "A (2000)", ("nc",), doi="10.5/x", url="https://x.org")
    )
