"""Searching the catalogues of NASA and of the Alaska Satellite Facility, through their own packages."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from geocryoai.core.errors import MissingDependencyError
from geocryoai.sources.fetch.download import Remote
from geocryoai.sources.fetch.errors import FetchError
from geocryoai.sources.fetch.routes import Asf, Box, Earthdata
from geocryoai.sources.fetch.transport import SessionTransport, Transport

_LOGIN = "Register at https://urs.earthdata.nasa.gov and put name and password into ~/.netrc."


def earthdata_files(route: Earthdata, box: Box, years: tuple[int, int] | None) -> list[Remote]:
    """Return the files of a collection that touch a box and years.

    Raises
    ------
    MissingDependencyError
        earthaccess is not installed.
    FetchError
        The search fails.
    """
    earthaccess = _package("earthaccess")
    remotes: list[Remote] = []
    for part in split_box(box):
        query: dict[str, Any] = {**route.query, "bounding_box": part}
        if years is not None:
            query["temporal"] = (f"{years[0]}-01-01", f"{years[1]}-12-31")
        try:
            found = earthaccess.search_data(**query)
        except Exception as error:
            raise FetchError("the search at NASA failed", where=str(route.query), found=str(error)) from error
        remotes += [Remote(url, name_of(url)) for granule in found for url in granule.data_links(access="external")]
    return unique(remotes)


def asf_files(route: Asf, box: Box, years: tuple[int, int] | None) -> list[Remote]:
    """Return the files of a platform that touch a box and years; see `earthdata_files`."""
    asf_search = _package("asf_search")
    remotes: list[Remote] = []
    for west, south, east, north in split_box(box):
        corners = [(west, south), (east, south), (east, north), (west, north), (west, south)]
        query: dict[str, Any] = {
            "platform": route.platform, "processingLevel": list(route.levels),
            "intersectsWith": "POLYGON((" + ", ".join(f"{x} {y}" for x, y in corners) + "))",
        }  # fmt: skip
        if years is not None:
            query |= {"start": f"{years[0]}-01-01T00:00:00Z", "end": f"{years[1]}-12-31T23:59:59Z"}
        try:
            found = asf_search.search(**query)
        except Exception as error:
            raise FetchError("the search at ASF failed", where=route.platform, found=str(error)) from error
        for product in found:
            given = product.properties
            remotes.append(Remote(str(given["url"]), str(given.get("fileName") or name_of(given["url"]))))
    return unique(remotes)


def earthdata_transport() -> Transport:
    """Return a transport that is logged in at Earthdata.

    Raises
    ------
    FetchError
        No login is stored, or it is refused.
    """
    earthaccess = _package("earthaccess")
    try:
        login = earthaccess.login(strategy="netrc")
    except Exception as error:
        raise FetchError("no Earthdata login", where="~/.netrc", found=str(error), next_step=_LOGIN) from error
    if not getattr(login, "authenticated", False):
        raise FetchError("the Earthdata login is refused", where="~/.netrc", next_step=_LOGIN)
    return SessionTransport(earthaccess.get_requests_https_session())


def split_box(box: Box) -> list[Box]:
    """Return a box that crosses the antimeridian as two that do not.

    >>> split_box((170.0, 60.0, -170.0, 70.0))
    [(170.0, 60.0, 180.0, 70.0), (-180.0, 60.0, -170.0, 70.0)]
    """
    west, south, east, north = box
    return [box] if west <= east else [(west, south, 180.0, north), (-180.0, south, east, north)]


def name_of(url: str) -> str:
    """Return the name of the file at an address, without folders.

    >>> name_of("https://a.org/b/c.nc?token=1")
    'c.nc'
    """
    return PurePosixPath(urlsplit(url).path).name


def unique(remotes: list[Remote]) -> list[Remote]:
    """Return files once each, by address, in order; a name that is taken gets a number, folders are left out.

    Raises
    ------
    FetchError
        An address that names no file.
    """
    seen: dict[str, Remote] = {}
    names: set[str] = set()
    for remote in remotes:
        if remote.url in seen:
            continue
        name, number = PurePosixPath(remote.name).name, 2
        if not name or name == "..":
            raise FetchError("the address names no file", where=remote.url)
        stem, ending = PurePosixPath(name).stem, PurePosixPath(name).suffix
        while name in names:
            name, number = f"{stem}_{number}{ending}", number + 1
        names.add(name)
        seen[remote.url] = Remote(remote.url, name, remote.size, remote.sha256)
    return list(seen.values())


def _package(name: str) -> Any:
    import importlib

    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise MissingDependencyError(name, extra="fetch", needed_for="searching the provider's catalogue") from error
