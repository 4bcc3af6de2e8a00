"""What the name of a delivered file says: instrument, flight line, start, product, version, layer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True)
class SceneName:
    """Parts of a file name; empty where the name does not say.

    Attributes
    ----------
    instrument : {"AVIRIS-NG", "AVIRIS-3", "AVIRIS-C", "EMIT"}
    flight : str
        Identifies the flight line or granule; files that belong together share it.
    start : datetime
        Start of the acquisition (UTC); midnight for AVIRIS-C, whose names give the day only.
    product : str
        Lower case, such as ``rdn``, ``rfl``, ``corr``, ``h2o``, ``ch4mf``.
    version : str
    layer : str
        Lower case: ``img``, ``glt``, ``igm``, ``loc``, ``obs``, also ``ort`` (orthorectified image).
    """

    instrument: str
    flight: str
    start: datetime
    product: str = ""
    version: str = ""
    layer: str = ""


_NG = re.compile(
    r"^(?P<flight>ang(?P<start>\d{8}t\d{6}))(?:_?(?P<product>rdn|corr|rfl|h2o|ch4mf))?(?:_(?P<version>v\d[a-z]\d*))?"
    r"(?:_(?:img|clip))?(?:_(?P<layer>glt|igm|loc|obs_ort|obs|ort_glt|ort_igm))?(?:_band\d+)?$"
)
_THREE = re.compile(
    r"^(?P<flight>AV3(?P<start>\d{8}t\d{6}))(?:_L\w\w?_(?P<level>[A-Z0-9]+)_(?P<version>\w{3})_\w{8})?"
    r"(?:_(?P<layer>[A-Za-z0-9]+(?:_ORT)?))?$"
)
_CLASSIC = re.compile(
    r"^(?P<flight>f(?P<start>\d{6})t\d\dp\d\dr\d\d)_?(?P<product>rdn|rfl|corr|h2o)?(?:_(?P<version>[a-z0-9]+))?"
    r"(?:_sc\d+)?(?:_ort)?(?:_(?P<layer>img|glt|igm|loc|obs_ort|obs))?$"
)
_EMIT = re.compile(
    r"^(?P<flight>EMIT_L\d[AB]_(?P<product>[A-Z0-9]+)_(?P<version>\d{3})_(?P<start>\d{8}T\d{6})(?:_\d+_\d+)?)$"
)

#: Last part of an AVIRIS-3 name -> layer; the others name the product.
_LAYERS = ("glt", "igm", "loc", "obs")


def parse_name(name: str) -> SceneName | None:
    """Return what a file name says; None where it follows no known grammar.

    Parameters
    ----------
    name : str
        File name, with or without ``.hdr``, ``.img``, ``.nc``.

    Examples
    --------
    >>> scene = parse_name("ang20180814t224053_rdn_v2r2_img.hdr")
    >>> scene.instrument, scene.start.isoformat(), scene.product, scene.version, scene.layer
    ('AVIRIS-NG', '2018-08-14T22:40:53+00:00', 'rdn', 'v2r2', 'img')
    >>> parse_name("scene.img") is None
    True
    """
    stem = re.sub(r"(\.(img|dat|bin|hdr|nc|tar|gz))+$", "", name)
    if found := _NG.match(stem):
        layer = (found["layer"] or "img").removeprefix("ort_").removesuffix("_ort")
        return SceneName(
            "AVIRIS-NG", found["flight"], _time(found["start"]), found["product"] or "", found["version"] or "", layer
        )
    if found := _THREE.match(stem):
        last = (found["layer"] or "").lower()
        layer = last if last in _LAYERS else "ort" if last.endswith("_ort") else "img"
        product = "" if last in _LAYERS else last.removesuffix("_ort") or (found["level"] or "").lower()
        return SceneName("AVIRIS-3", found["flight"], _time(found["start"]), product, found["version"] or "", layer)
    if found := _CLASSIC.match(stem):
        layer = (found["layer"] or "img").removesuffix("_ort")
        start = _time(f"20{found['start']}t000000") if int(found["start"][:2]) < 80 else _time(
            f"19{found['start']}t000000"
        )  # fmt: skip
        return SceneName("AVIRIS-C", found["flight"], start, found["product"] or "", found["version"] or "", layer)
    if found := _EMIT.match(stem):
        return SceneName(
            "EMIT", found["flight"], _time(found["start"].lower()), found["product"].lower(), found["version"], "img"
        )
    return None


def _time(text: str) -> datetime:
    return datetime.strptime(text, "%Y%m%dt%H%M%S").replace(tzinfo=UTC)
