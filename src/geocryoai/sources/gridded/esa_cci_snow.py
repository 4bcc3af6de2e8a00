"""ESA CCI Snow: daily water equivalent of snow from microwaves, and cover fraction from optical sensors."""

from __future__ import annotations

from geocryoai.sources._layout import LayerLayout, Layout, TimeLayout
from geocryoai.sources._product import Product
from geocryoai.sources.base import SourceInfo

_TERMS = {
    "kind": "fields", "licence": "ESA CCI data policy: any use, with attribution", "formats": ("nc",),
    "url": "https://catalogue.ceda.ac.uk",
}  # fmt: skip


def _water(path: str, name: str, **meaning: object) -> LayerLayout:
    """Return water equivalent [mm in the file]; signs of no value are negative, and 0 is ground without snow."""
    tree = {"path": path, "name": name, "unit_from": "file", "stored": (0.0, 10_000.0), "statistic": "time: mean"}
    return LayerLayout.model_validate({**tree, **meaning})


SWE = Product(
    SourceInfo(
        name="esa_cci_snow_swe",
        title="ESA CCI Snow: daily snow water equivalent of the northern hemisphere, from 1979, 0.1 or 0.25 degree",
        citation="Luojus et al., ESA Snow Climate Change Initiative (Snow_cci): Snow Water Equivalent, NERC EDS CEDA",
        doi="10.5285/fa20aaa2060e40cabf5fedce7a9716d0",
        quirks=(
            "0 is ground without snow, a value; the valid range in the file begins at 1 and would make a gap of it.",
            "Negative numbers are no values: -30 glacier, -20 mountain, -10 water, -1 no data.",
            "Mountains are masked, so much of the Brooks and Alaska Ranges is missing.",
            "Summer has no files: a month without them is missing, not free of snow.",
            "Until May 1987 there is a file every second day: time: {days: 2}.",
        ),
        **_TERMS,  # type: ignore[arg-type]
    ),
    Layout(
        container="netcdf",
        files=r"(?i)ESACCI.*SWE.*\.nc$",
        layers={
            "swe": _water("swe", "swe_cci", variable="swe"),
            "swe_std": _water("swe_std", "swe_cci_sigma", unit="m", optional=True),
        },
        time=TimeLayout(interval="day"),
    ),
)


def _cover(path: str, name: str, **meaning: object) -> LayerLayout:
    """Return a cover fraction [percent in the file], stored as 0 to 100; larger numbers are signs of no value."""
    tree = {"path": path, "name": name, "unit_from": "file", "stored": (0.0, 100.0), "statistic": "time: mean"}
    return LayerLayout.model_validate({**tree, "optional": True, **meaning})


SCF = Product(
    SourceInfo(
        name="esa_cci_snow_scf",
        title="ESA CCI Snow: daily snow cover fraction, on the ground (SCFG) or as seen from above (SCFV), from 1982",
        citation="Naegeli et al. and Nagler et al., ESA Snow Climate Change Initiative (Snow_cci): Daily global Snow "
        "Cover Fraction, NERC EDS CEDA",
        quirks=(
            "0 to 100 is a value; larger numbers are cloud, polar night, water, permanent ice or no acquisition.",
            "The valid range of the file reaches to 254, signs included, and is not used.",
            "SCFV is snow that is seen, SCFG snow on the ground, also below trees: fields scf_viewable and scf_ground.",
            "A month with cloud or night on more than a fifth of its days is missing.",
        ),
        **_TERMS,  # type: ignore[arg-type]
    ),
    Layout(
        container="netcdf",
        files=r"(?i)ESACCI.*SCF[GV].*\.nc$",
        layers={
            "scfg": _cover("scfg", "scf_ground", variable="scf"),
            "scfv": _cover("scfv", "scf_viewable", variable="scf"),
            "scfg_unc": _cover("scfg_unc", "scf_ground_sigma", unit="1"),
            "scfv_unc": _cover("scfv_unc", "scf_viewable_sigma", unit="1"),
        },
        time=TimeLayout(interval="day"),
    ),
)
