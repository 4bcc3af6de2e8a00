"""Fetch a source: what there is for a place and years, each file complete or absent, failures listed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from geocryoai.core.errors import GeoCryoAIError, nearest
from geocryoai.core.files import require_folder
from geocryoai.sources import READERS
from geocryoai.sources.catalogue import fetch_hint
from geocryoai.sources.fetch.download import Patience, Remote, download
from geocryoai.sources.fetch.errors import FetchError
from geocryoai.sources.fetch.manifest import Manifest
from geocryoai.sources.fetch.routes import ROUTES, Asf, Box, Earthdata, Http, Order, Route, addresses
from geocryoai.sources.fetch.search import asf_files, earthdata_files, earthdata_transport, name_of, unique
from geocryoai.sources.fetch.transport import PlainTransport, Transport


@dataclass(frozen=True)
class FetchReport:
    """What became of a fetch.

    Attributes
    ----------
    wanted : tuple of Remote
        Files that there are for the place and years.
    here : tuple of str
        Names of files that were there before, whole.
    came : tuple of str
        Names of files that came now.
    failures : dict of str to str
        Name of a file that did not come -> why.
    """

    wanted: tuple[Remote, ...]
    here: tuple[str, ...]
    came: tuple[str, ...]
    failures: dict[str, str]

    @property
    def absent(self) -> list[Remote]:
        """Return the files that are not there."""
        present = {*self.here, *self.came}
        return [remote for remote in self.wanted if remote.name not in present]


def fetch(
    source: str,
    folder: Path,
    *,
    box: Box,
    years: tuple[int, int] | None = None,
    urls: Sequence[str] = (),
    offline: bool = False,
    dry_run: bool = False,
    patience: Patience | None = None,
    told: Callable[[str], None] = lambda line: None,
) -> FetchReport:
    """Fetch the files of a source into a folder.

    Parameters
    ----------
    source : str
        Name of a source, see `ROUTES`.
    folder : Path
        Gets the files and ``fetched.json``.
    box : tuple of float
        West, south, east, north [degree].
    years : tuple of int, optional
        First and last.
    urls : sequence of str
        Addresses instead of the source's own, with ``{year}`` where there is a file for each year.
    offline : bool
        Ask nothing of the network; say what is missing.
    dry_run : bool
        Say what would be fetched.
    patience : Patience, optional
    told : callable
        Is told what happens, line by line.

    Raises
    ------
    FetchError
        The source has no route, or its catalogue cannot be asked. Single files that fail are in the report.
    """
    for url in urls:
        if not url.startswith(("http://", "https://")):
            raise FetchError("not an address of the web", where="--url", found=url, expected="http:// or https://")
    route = Http(tuple(urls)) if urls else route_of(source)
    manifest = Manifest(folder)
    wanted = _wanted(route, source, box, years, manifest, offline=offline)
    here = [remote for remote in wanted if manifest.holds(remote)]
    absent = [remote for remote in wanted if remote not in here]
    came: list[str] = []
    failures: dict[str, str] = {}
    if absent and not (offline or dry_run):
        require_folder(folder)
        transport = _transport(route)
        for number, remote in enumerate(absent, 1):
            told(f"{number} of {len(absent)}: {remote.name}")
            try:
                manifest.came(remote, download(remote, folder, transport, patience), source)
                came.append(remote.name)
            except GeoCryoAIError as error:
                failures[remote.name] = str(error)
                manifest.failed(remote, str(error))
    return FetchReport(tuple(wanted), tuple(remote.name for remote in here), tuple(came), failures)


def route_of(source: str) -> Route:
    """Return how a source is fetched.

    Raises
    ------
    FetchError
        It must be got by hand, or nothing has that name.
    """
    route = ROUTES.get(source)
    if route is None and source in READERS:
        info = READERS.get(source).info
        raise FetchError("the source has no route by which it can be fetched", where=source, next_step=fetch_hint(info))
    if route is None:
        raise FetchError(f"no source is called '{source}'", next_step=nearest(source, [*ROUTES, *READERS.names()]))
    if isinstance(route, Order):
        raise FetchError("the files must be ordered by hand", where=source, next_step=route.how)
    return route


def _wanted(
    route: Route, source: str, box: Box, years: tuple[int, int] | None, manifest: Manifest, *, offline: bool
) -> list[Remote]:
    if isinstance(route, Http):
        if years is None and not route.first and any("{year}" in template for template in route.templates):
            raise FetchError("the source has a file for each year", where=source, next_step="Add --years FIRST-LAST.")
        found = unique([Remote(url, name_of(url)) for url in addresses(route, years)])
        if not found:
            raise FetchError(
                "there are no files for these years", where=source, expected=f"{route.first} to {route.last}"
            )
        return found
    if offline:
        return [
            Remote(entry["url"], name)
            for name, entry in {**manifest.failures, **manifest.files}.items()
            if entry.get("source", source) == source
        ]
    if isinstance(route, Earthdata):
        found = earthdata_files(route, box, years)
    elif isinstance(route, Asf):
        found = asf_files(route, box, years)
    else:
        raise FetchError("the files must be ordered by hand", where=source, next_step=route.how)
    if not found:
        raise FetchError("the catalogue has nothing for this place and time", where=source, found=f"{box}, {years}")
    return found


def _transport(route: Route) -> Transport:
    return PlainTransport() if isinstance(route, Http) else earthdata_transport()
