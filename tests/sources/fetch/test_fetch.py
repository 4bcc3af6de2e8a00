"""Fetching, against a server on this machine that truncates, stalls, lies and changes its mind."""

from __future__ import annotations

import hashlib
import io
import json
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from geocryoai.core.errors import MissingDependencyError
from geocryoai.sources import READERS
from geocryoai.sources.fetch import fetch
from geocryoai.sources.fetch.download import Fetched, Patience, Remote, download
from geocryoai.sources.fetch.errors import FetchError, PassingError, RefusedError, WrongContentError
from geocryoai.sources.fetch.manifest import Manifest
from geocryoai.sources.fetch.routes import ROUTES, Http, Order, addresses
from geocryoai.sources.fetch.run import route_of
from geocryoai.sources.fetch.search import split_box
from geocryoai.sources.fetch.transport import PlainTransport, SessionTransport, Transport

BODY = b"CDF\x01" + bytes(range(256)) * 4000
OTHER = b"CDF\x02" + bytes(range(256)) * 3000
QUICK = Patience(tries=3, wait=0.0, timeout=1.0)
BOX = (-150.0, 68.0, -149.0, 69.0)


class Server(ThreadingHTTPServer):
    """Answers by path; remembers what was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[str, str | None]] = []
        self.released = threading.Event()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/{path}"

    def times(self, path: str) -> int:
        return sum(1 for asked, _ in self.asked if asked == f"/{path}")


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Server

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        path = self.path.split("?")[0]
        self.server.asked.append((path, self.headers.get("Range")))
        name = path.strip("/").split("/")[0]
        answer: Callable[[], None] = getattr(self, f"_{name}", self._whole)
        answer()

    def _send(
        self,
        body: bytes,
        *,
        status: int = 200,
        kind: str = "application/x-netcdf",
        length: int | None = None,
        **headers: str,
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        for key, value in headers.items():
            self.send_header(key.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def _start(self) -> int:
        given = self.headers.get("Range")
        return int(given.removeprefix("bytes=").rstrip("-")) if given else 0

    def _part(self, body: bytes, start: int, total: int, upto: int | None = None) -> None:
        span = f"bytes {start}-{total - 1}/{total}"
        self._send(body[start:upto], status=206, length=total - start, Content_Range=span, ETag='"1"')

    def _whole(self) -> None:
        self._send(BODY, ETag='"1"')

    def _truncating(self) -> None:
        start = self._start()
        stop = min(start + 400_000, len(BODY))
        if start:
            self._part(BODY, start, len(BODY), stop)
        else:
            self._send(BODY[:stop], length=len(BODY), ETag='"1"')

    def _once(self) -> None:
        if self._start():
            self._send(b"no", status=503)
        else:
            self._send(BODY[:400_000], length=len(BODY), ETag='"1"')

    def _truncated(self) -> None:
        self._send(BODY[:1000], length=len(BODY))

    def _stalling(self) -> None:
        if self.server.times(self.path.strip("/")) == 1:
            self.send_response(200)
            self.send_header("Content-Length", str(len(BODY)))
            self.end_headers()
            self.wfile.write(BODY[:5000])
            self.wfile.flush()
            self.server.released.wait(20)
            return
        self._part(BODY, self._start(), len(BODY)) if self._start() else self._whole()

    def _login(self) -> None:
        self._send(b"<!DOCTYPE html><html><title>Earthdata Login</title>", kind="text/html")

    def _disguised(self) -> None:
        self._send(b"\n <HTML>Please accept the licence", kind="application/x-netcdf")

    def _busy(self) -> None:
        if self.server.times(self.path.strip("/")) < 3:
            self._send(b"later", status=503)
        else:
            self._whole()

    def _absent(self) -> None:
        self._send(b"no", status=404)

    def _forbidden(self) -> None:
        self._send(b"no", status=403)

    def _changing(self) -> None:
        start = self._start()
        if start:
            self._part(OTHER, start, len(OTHER))
        elif self.server.times(self.path.strip("/")) == 1:
            self._send(BODY[:5000], length=len(BODY), ETag='"1"')
        else:
            self._send(OTHER, ETag='"2"')

    def _shrunk(self) -> None:
        if self._start() > len(b"CDF\x01tiny"):
            self._send(b"", status=416, Content_Range=f"bytes */{len(BODY) - 9}")
        elif self.server.times(self.path.strip("/")) == 1:
            self._send(BODY[:5000], length=len(BODY))
        else:
            self._send(b"CDF\x01tiny")

    def _unranged(self) -> None:
        if self.server.times(self.path.strip("/")) == 1:
            self._send(BODY[:5000], length=len(BODY))
        else:
            self._send(BODY)

    def _emptyzip(self) -> None:
        self._send(zipped({}), kind="application/zip")

    def _goodzip(self) -> None:
        self._send(zipped({"a.txt": b"alt" * 100}), kind="application/zip")

    def _brokenzip(self) -> None:
        body = bytearray(zipped({"a.txt": b"alt" * 100}))
        body[40] ^= 0xFF
        self._send(bytes(body), kind="application/zip")

    def _nothing(self) -> None:
        self._send(b"")


def zipped(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield running
    running.released.set()
    running.shutdown()
    running.server_close()
    thread.join()


def sessions() -> Transport:
    requests = pytest.importorskip("requests")
    return SessionTransport(requests.Session())


TRANSPORTS: dict[str, Callable[[], Transport]] = {"plain": PlainTransport, "session": sessions}


def get(server: Server, path: str, folder: Path, transport: Transport | None = None, **known: Any) -> Fetched:
    name = path.rsplit("/", 1)[-1]
    return download(Remote(server.url(path), name, **known), folder, transport or PlainTransport(), QUICK)


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize(
    ("path", "body", "requests"),
    [
        ("whole/a.nc", BODY, 1), ("truncating/a.nc", BODY, 3), ("stalling/a.nc", BODY, 2), ("busy/a.nc", BODY, 3),
        ("changing/a.nc", OTHER, 3), ("shrunk/a.nc", b"CDF\x01tiny", 3), ("unranged/a.nc", BODY, 2),
    ],
)  # fmt: skip
def test_a_file_comes_whole_in_the_end(
    path: str, body: bytes, requests: int, transport: str, server: Server, tmp_path: Path
) -> None:
    fetched = get(server, path, tmp_path, TRANSPORTS[transport]())
    assert (tmp_path / "a.nc").read_bytes() == body
    assert fetched == Fetched(len(body), hashlib.sha256(body).hexdigest(), requests)
    assert left(tmp_path) == ["a.nc"]


def test_a_part_is_gone_on_with(server: Server, tmp_path: Path) -> None:
    with pytest.raises(PassingError, match="the server is busy or out of order"):
        download(Remote(server.url("once/a.nc"), "a.nc"), tmp_path, PlainTransport(), Patience(1, 0.0, 1.0))
    assert left(tmp_path) == [".a.nc.about.part", ".a.nc.part"]
    get(server, "truncating/a.nc", tmp_path)
    wanted = [None, "bytes=400000-", "bytes=400000-", "bytes=800000-"]
    assert [span for _, span in server.asked] == wanted
    assert (tmp_path / "a.nc").read_bytes() == BODY


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize(
    ("path", "kind", "message", "requests"),
    [
        ("login/a.nc", WrongContentError, "web page, not with the file; found <!DOCTYPE html>.*Log in", 1),
        ("disguised/a.nc", WrongContentError, "web page, not with the file", 1),
        ("emptyzip/a.zip", WrongContentError, "the zip archive is empty", 1),
        ("brokenzip/a.zip", WrongContentError, "zip archive is (broken|damaged)|damaged", 1),
        ("nothing/a.nc", WrongContentError, "the file is empty", 1),
        ("whole/a.tif", WrongContentError, r"not what its name says \(.tif\)", 1),
        ("absent/a.nc", RefusedError, "the server refuses; found status 404", 1),
        ("forbidden/a.nc", RefusedError, "status 403. Accept the provider's licence", 1),
    ],
)
def test_what_is_not_the_file_is_refused_and_nothing_stays(
    path: str, kind: type[FetchError], message: str, requests: int, transport: str, server: Server, tmp_path: Path
) -> None:
    with pytest.raises(kind, match=message):
        get(server, path, tmp_path, TRANSPORTS[transport]())
    assert left(tmp_path) == []
    assert len(server.asked) == requests


def test_a_server_that_never_sends_it_all_is_given_up(server: Server, tmp_path: Path) -> None:
    with pytest.raises(PassingError, match="the connection ended before the file did"):
        get(server, "truncated/a.nc", tmp_path)
    assert "a.nc" not in left(tmp_path)
    assert 3 <= len(server.asked) <= 8


def test_size_and_checksum_that_are_known(server: Server, tmp_path: Path) -> None:
    with pytest.raises(
        WrongContentError, match=r"another size than its catalogue says; found 1024004 bytes; expected 7 bytes"
    ):
        get(server, "whole/a.nc", tmp_path, size=7)
    with pytest.raises(WrongContentError, match="the checksum is wrong"):
        get(server, "whole/a.nc", tmp_path, sha256="0" * 64)
    assert left(tmp_path) == []
    get(server, "goodzip/a.zip", tmp_path)
    assert left(tmp_path) == ["a.zip"]


def test_an_address_that_nobody_answers(tmp_path: Path) -> None:
    with pytest.raises(PassingError, match="the server cannot be reached"):
        download(Remote("http://127.0.0.1:9/a.nc", "a.nc"), tmp_path, PlainTransport(), Patience(2, 0.0, 0.5))


def test_a_manifest_and_a_second_run(server: Server, tmp_path: Path) -> None:
    urls = [server.url("whole/{year}.nc"), server.url("absent/b.nc")]
    report = fetch("esa_cci_permafrost", tmp_path, box=BOX, years=(2014, 2015), urls=urls, patience=QUICK)
    assert report.came == ("2014.nc", "2015.nc")
    assert list(report.failures) == ["b.nc"]
    tree = json.loads((tmp_path / "fetched.json").read_text())
    entry = tree["files"]["2014.nc"]
    assert (entry["size"], entry["sha256"]) == (len(BODY), hashlib.sha256(BODY).hexdigest())
    assert entry["url"].endswith("/whole/2014.nc")
    assert entry["time"].endswith("+00:00")
    assert "status 404" in tree["failures"]["b.nc"]["reason"]
    (tmp_path / "2015.nc").write_bytes(BODY[:-1] + b"x")
    server.asked.clear()
    again = fetch("esa_cci_permafrost", tmp_path, box=BOX, years=(2014, 2015), urls=urls, patience=QUICK)
    assert (again.here, again.came) == (("2014.nc",), ("2015.nc",))
    assert server.times("whole/2014.nc") == 0


def test_offline_and_dry_runs_ask_nothing(server: Server, tmp_path: Path) -> None:
    for options in ({"offline": True}, {"dry_run": True}):
        report = fetch("x", tmp_path, box=BOX, urls=[server.url("whole/a.nc")], **options)
        assert [remote.name for remote in report.absent] == ["a.nc"]
    assert server.asked == []
    assert left(tmp_path) == []


def test_addresses_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="not an address of the web; found file:///etc/hosts"):
        fetch("x", tmp_path, box=BOX, urls=["file:///etc/hosts"])
    with pytest.raises(FetchError, match="the address names no file"):
        fetch("x", tmp_path, box=BOX, urls=["https://a.org/"], dry_run=True)
    with pytest.raises(FetchError, match=r"has a file for each year. Add --years"):
        fetch("x", tmp_path, box=BOX, urls=["https://a.org/{year}.nc"])


def test_a_damaged_manifest(tmp_path: Path) -> None:
    (tmp_path / "fetched.json").write_text("{")
    with pytest.raises(Exception, match="the list of what was fetched is damaged"):
        Manifest(tmp_path)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("era5", "must be ordered by hand. Order NetCDF from the Climate Data Store"),
        ("calm", "has no route by which it can be fetched. Get the files"),
        ("smap_l4d", "no source is called 'smap_l4d'. Did you mean 'smap_l4c'"),
    ],
)
def test_sources_without_a_route(source: str, message: str) -> None:
    with pytest.raises(FetchError, match=message):
        route_of(source)


@pytest.mark.contract
@pytest.mark.parametrize("name", ROUTES)
def test_a_route_is_of_a_source_and_complete(name: str) -> None:
    route = ROUTES[name]
    assert name in READERS.names() or name in ("uavsar", "aviris_ng")
    if isinstance(route, Http):
        assert all(url.startswith("https://") for url in addresses(route, None))
        assert addresses(route, None)
    if isinstance(route, Order):
        assert "https://" in route.how or "PANGAEA" in route.how


class Granule:
    """A granule of a catalogue."""

    def __init__(self, url: str) -> None:
        self.url = url

    def data_links(self, access: str) -> list[str]:
        assert access == "external"
        return [self.url]


def test_a_search_at_earthdata(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    requests = pytest.importorskip("requests")
    queries: list[dict[str, Any]] = []

    def search_data(**query: Any) -> list[Granule]:
        queries.append(query)
        return [Granule(server.url("whole/SMAP_1.nc")), Granule(server.url("whole/SMAP_2.nc"))]

    fake = SimpleNamespace(
        search_data=search_data, login=lambda strategy: SimpleNamespace(authenticated=strategy == "netrc"),
        get_requests_https_session=requests.Session,
    )  # fmt: skip
    monkeypatch.setitem(sys.modules, "earthaccess", fake)
    report = fetch("smap_l4c", tmp_path, box=(170.0, 60.0, -170.0, 70.0), years=(2015, 2016), patience=QUICK)
    assert report.came == ("SMAP_1.nc", "SMAP_2.nc")
    assert [query["bounding_box"] for query in queries] == split_box((170.0, 60.0, -170.0, 70.0))
    assert queries[0]["short_name"] == "SPL4CMDL"
    assert queries[0]["temporal"] == ("2015-01-01", "2016-12-31")
    offline = fetch("smap_l4c", tmp_path, box=BOX, offline=True)
    assert not offline.absent
    fake.login = lambda strategy: SimpleNamespace(authenticated=False)
    (tmp_path / "SMAP_1.nc").unlink()
    with pytest.raises(FetchError, match=r"the Earthdata login is refused.*netrc"):
        fetch("smap_l4c", tmp_path, box=BOX)


def test_a_search_at_asf(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found = SimpleNamespace(properties={"url": "https://a.org/x.grd", "fileName": "../x.grd"})
    queries: list[dict[str, Any]] = []
    monkeypatch.setitem(
        sys.modules, "asf_search", SimpleNamespace(search=lambda **query: queries.append(query) or [found])
    )
    report = fetch("uavsar", tmp_path, box=BOX, years=(2017, 2017), dry_run=True)
    assert report.wanted == (Remote("https://a.org/x.grd", "x.grd"),)
    assert queries[0]["intersectsWith"].startswith("POLYGON((-150.0 68.0, -149.0 68.0")


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "earthaccess", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'geocryoai\[fetch\]'"):
        fetch("smap_l4c", tmp_path, box=BOX)
