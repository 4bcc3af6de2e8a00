"""The catalogue of sources as text."""

import pytest

from geocryoai.core.errors import GeoCryoAIError
from geocryoai.sources.base import SourceInfo
from geocryoai.stages.describe import describe_sources

PROBES = SourceInfo(
    name="probes",
    title="Thaw probes",
    kind="observations",
    licence="CC-BY-4.0",
    citation="Frost & Thaw (2001), " + "a long title " * 12,
    formats=("csv", "xls"),
    measures=("alt",),
    covariates={"tas": "degC", "ndvi": "1"},
    doi="10.5/x",
    url="https://example.org",
    quirks=("Years go by position.",),
)
TILES = SourceInfo(name="a_tile", title="A tile", kind="fields", licence="MIT", citation="Somebody", formats=("nc",))


def test_the_listing_has_one_line_per_source_in_order_of_names():
    lines = describe_sources([PROBES, TILES], None).splitlines()
    assert lines[0].split() == ["name", "kind", "measures", "licence"]
    assert lines[1].split() == ["a_tile", "fields", "-", "MIT"]
    assert lines[2].split() == ["probes", "observations", "alt", "CC-BY-4.0"]
    assert lines[1].index("fields") == lines[2].index("observations") == lines[0].index("kind")


def test_one_source_is_told_in_full_and_wrapped():
    text = describe_sources([PROBES, TILES], "probes")
    for part in ("Thaw probes", "csv, xls", "tas [degC], ndvi [1]", "CC-BY-4.0", "10.5/x", "https://example.org"):
        assert part in text
    assert "  - Years go by position." in text
    assert max(map(len, text.splitlines())) <= 100


def test_what_a_source_lacks_is_said():
    text = describe_sources([TILES], "a_tile")
    assert "nothing that is learnt" in text
    assert "reader takes care" not in text


def test_an_unknown_name_is_an_error_with_the_nearest():
    with pytest.raises(GeoCryoAIError) as caught:
        describe_sources([PROBES, TILES], "prbes")
    assert "no source is called 'prbes'" in str(caught.value)
    assert "probes" in str(caught.value).split("prbes'")[1]


def test_every_registered_source_can_be_described():
    from geocryoai.sources.catalogue import catalogue

    infos = catalogue()
    for info in infos:
        assert describe_sources(infos, info.name).startswith(f"{info.name}: {info.title}")
