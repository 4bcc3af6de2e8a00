"""MODIS (and VIIRS) land products as AppEEARS delivers them: surface temperature, vegetation indices, leaf area."""

from __future__ import annotations

from geocryoai.sources._layout import BitField, LayerLayout, Layout, Quality, TimeLayout
from geocryoai.sources._product import Product
from geocryoai.sources.base import SourceInfo

_NAME = r"_doy(?P<year>\d{4})(?P<doy>\d{3})"
_TERMS = {
    "kind": "fields", "licence": "NASA EOSDIS open data, with citation", "formats": ("nc", "tif"),
    "url": "https://appeears.earthdatacloud.nasa.gov",
}  # fmt: skip
_QUIRKS = (
    "HDF4 files of the archive are not read: order NetCDF or GeoTIFF from AppEEARS, which also cuts to a region.",
    "Scale, fill value and valid range are those of the file; a file that states no scale is refused.",
    "Cells that the quality flags do not call good are missing; quality: any keeps them.",
    "The calendar 'julian' of AppEEARS files is read as the civil one.",
)
_GOOD = BitField(first=0, count=2, accept=(0,))


def _layer(path: str, quality: Quality | None, **meaning: object) -> LayerLayout:
    return LayerLayout.model_validate(
        {
            "path": rf"{path}$|{path}_doy", "pattern": True, "file": rf"{path}|\.nc$", "packed": True,
            "quality": quality, "statistic": "time: mean", "optional": True, **meaning,
        }
    )  # fmt: skip


def _temperature(time: str, house: str) -> LayerLayout:
    flags = Quality(path=f"QC_{time}", replace=f"LST_{time}_1km", by=f"QC_{time}", bits=(_GOOD,))
    return _layer(f"LST_{time}_1km", flags, variable=house, unit_from="file")


def _index(name: str) -> LayerLayout:
    word = r"_(?:1_km|500m|250m)_(?:16_days|monthly)"
    flags = Quality(path="_pixel_reliability$", pattern=True, replace=name, by="pixel_reliability", accept=(0, 1))
    return LayerLayout(
        path=rf"{word}_{name}(?:$|_doy)", pattern=True, file=rf"_{name}|\.nc$", variable=name.lower(), unit="1",
        unit_from="declared", packed=True, quality=flags, statistic="time: mean", optional=True,
    )  # fmt: skip


MODIS_LST = Product(
    SourceInfo(
        name="modis_lst",
        title="MODIS land surface temperature at the day and the night overpass (MOD11A1, MYD11A1, MOD11A2), 1 km",
        citation="Wan, Hook and Hulley (2021), MODIS/Terra Land Surface Temperature/Emissivity V061, LP DAAC",
        quirks=(
            *_QUIRKS,
            "Eight-day composites (MOD11A2) need time: {days: 8}.",
            "Of daily files a month with clouds on more than a fifth of its days is missing.",
        ),
        **_TERMS,  # type: ignore[arg-type]
    ),
    Layout(
        files=r"(?i)(M[OY]D11|\.nc$).*\.?(nc|tif)$",
        layers={"day": _temperature("Day", "lst_day"), "night": _temperature("Night", "lst_night")},
        time=TimeLayout(pattern=_NAME, interval="day"),
    ),
)

MODIS_VEGETATION = Product(
    SourceInfo(
        name="modis_vegetation",
        title="MODIS vegetation indices NDVI and EVI (MOD13A2, MYD13A2, MOD13A3, MOD13Q1)",
        citation="Didan (2021), MODIS/Terra Vegetation Indices V061, LP DAAC",
        quirks=(
            *_QUIRKS,
            "Composites last 16 days, the last of a year less; monthly files need time: {interval: month}.",
        ),
        **_TERMS,  # type: ignore[arg-type]
    ),
    Layout(
        files=r"(?i)\.(nc|tif)$",
        layers={"ndvi": _index("NDVI"), "evi": _index("EVI")},
        time=TimeLayout(pattern=_NAME, days=16.0),
    ),
)


def _fraction(path: str, house: str) -> LayerLayout:
    flags = Quality(path="FparLai_QC", replace=path, by="FparLai_QC", bits=(BitField(first=0, accept=(0,)),))
    return _layer(path, flags, variable=house, unit="1", unit_from="declared")


MODIS_LAI = Product(
    SourceInfo(
        name="modis_lai",
        title="MODIS leaf area index and absorbed fraction of light (MCD15A2H, MOD15A2H), 500 m, 8 days",
        citation="Myneni, Knyazikhin and Park (2021), MODIS Leaf Area Index/FPAR V061, LP DAAC",
        quirks=(*_QUIRKS, "Only cells of the main algorithm count, unless quality: any."),
        **_TERMS,  # type: ignore[arg-type]
    ),
    Layout(
        files=r"(?i)\.(nc|tif)$",
        layers={"lai": _fraction("Lai_500m", "lai"), "fpar": _fraction("Fpar_500m", "fpar")},
        time=TimeLayout(pattern=_NAME, days=8.0),
    ),
)

#: Of the flags of MOD10A1, 0 to 2 are best, good and ok; 3 and 4 are not used.
_SNOW_FLAGS = Quality(
    path="NDSI_Snow_Cover_Basic_QA", replace="NDSI_Snow_Cover", by="NDSI_Snow_Cover_Basic_QA", accept=(0, 1, 2)
)

MODIS_SNOW = Product(
    SourceInfo(
        name="modis_snow",
        title="MODIS snow cover index NDSI of snow, daily at 500 m (MOD10A1, MYD10A1)",
        citation="Hall and Riggs (2021), MODIS/Terra Snow Cover Daily L3 Global 500m SIN Grid V061, NSIDC DAAC",
        quirks=(
            _QUIRKS[0],
            "0 to 100 is the index of snow; larger numbers (cloud 250, night 211, water 237 and 239, ...) are missing.",
            "It is an index, not the fraction of the ground under snow: the field is ndsi_snow, not scf.",
            "Cells whose basic quality is not best, good or ok are missing; quality: any keeps them.",
            "A month with clouds on more than a fifth of its days is missing.",
        ),
        **_TERMS,  # type: ignore[arg-type]
    ),
    Layout(
        files=r"(?i)\.(nc|tif)$",
        layers={
            "ndsi": LayerLayout(
                path=r"NDSI_Snow_Cover$|NDSI_Snow_Cover_doy", pattern=True, file=r"NDSI_Snow_Cover_doy|\.nc$",
                name="ndsi_snow", unit="1", file_unit="percent", stored=(0.0, 100.0), quality=_SNOW_FLAGS,
                statistic="time: mean",
            )
        },
        time=TimeLayout(pattern=_NAME, interval="day"),
    ),
)  # fmt: skip
