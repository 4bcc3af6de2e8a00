"""What the name of a UAVSAR file says: site, line, flights, dates, band, polarisation, version and kind of file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from geocryoai.core.errors import SourceError

Product = Literal["RPI", "PolSAR", "Stack"]

_POLARISATION = "HH|HV|VH|VV"
_SITE = r"(?P<site>[A-Za-z0-9]+)_(?P<line>\d{5})"
_BAND = r"(?P<band>[LPK])(?P<steering>\d{3})"

_PATTERNS: dict[Product, re.Pattern[str]] = {
    "RPI": re.compile(
        _SITE + r"_(?P<flight>\d{5})-(?P<take>\d{3})_(?P<flight2>\d{5})-(?P<take2>\d{3})_(?P<days>\d{4})d"
        r"_s(?P<segment>\d{2})_" + _BAND + rf"(?P<polarisation>{_POLARISATION})?_(?P<version>\d{{2}})"
        r"(?:\.(?P<extension>[A-Za-z0-9.]+))?"
    ),
    "PolSAR": re.compile(
        _SITE + r"_(?P<flight>\d{5})_(?P<take>\d{3})_(?P<date>\d{6})_"
        + _BAND + rf"(?P<polarisation>(?:{_POLARISATION}){{1,2}})?_(?P<calibration>CX|XX)_(?P<version>\d{{2}})"
        r"(?:\.(?P<extension>[A-Za-z0-9.]+))?"
    ),
    "Stack": re.compile(
        _SITE + r"(?:_(?P<flight>\d{5})_(?P<take>\d{3})_(?P<date>\d{6})_"
        + _BAND + rf"(?P<polarisation>{_POLARISATION})?)?_(?P<version>\d{{2}})_(?P<baseline>B[UC])"
        r"(?:_s(?P<segment>\d{1,2}))?(?:_(?P<looks>\d+x\d+))?(?:\.(?P<extension>[A-Za-z0-9.]+))?"
    ),
}  # fmt: skip


@dataclass(frozen=True)
class FileName:
    """Parts of a name; what a kind of name does not have is empty.

    Attributes
    ----------
    product : {"RPI", "PolSAR", "Stack"}
    site, line : str
        Site of six letters; line of heading (3 digits, degree) and counter (2 digits).
    flight, take, flight2, take2 : str
        Flight (year of 2 digits, number of 3) and data take of each pass.
    days : int or None
        Days between the passes.
    date : str
        ISO date of the flight.
    band, steering, polarisation, version, segment, looks, extension : str
    calibration : str
        ``CX``: cross talk is calibrated.
    baseline : str
        ``BC``, ``BU``: residual baseline corrected or not.
    """

    product: Product
    site: str
    line: str
    flight: str = ""
    take: str = ""
    flight2: str = ""
    take2: str = ""
    days: int | None = None
    date: str = ""
    band: str = ""
    steering: str = ""
    polarisation: str = ""
    version: str = ""
    calibration: str = ""
    baseline: str = ""
    segment: str = ""
    looks: str = ""
    extension: str = ""


def parse_name(name: str) -> FileName:
    """Return the parts of a file's name.

    Raises
    ------
    SourceError
        The name is of none of the three kinds.

    Examples
    --------
    >>> parse_name("denalN_09115_17066-008_17100-003_0094d_s01_L090HH_01.unw.grd").days
    94
    """
    for product, pattern in _PATTERNS.items():
        match = pattern.fullmatch(name)
        if match is not None:
            parts = {key: value or "" for key, value in match.groupdict().items()}
            days, date = parts.pop("days", ""), parts.pop("date", "")
            iso = f"20{date[:2]}-{date[2:4]}-{date[4:]}" if date else ""
            return FileName(product, **parts, days=int(days) if days else None, date=iso)
    raise SourceError(
        "not a name of a UAVSAR file", where=name,
        expected="SITE_LINE_FLIGHT-TAKE_FLIGHT-TAKE_DAYSd_sNN_L090HH_VV (a pair), "
        "SITE_LINE_FLIGHT_TAKE_DATE_L090HHHH_CX_VV (PolSAR) or SITE_LINE_FLIGHT_TAKE_DATE_L090HH_VV_BC_sN_LxL (stack)",
    )  # fmt: skip
