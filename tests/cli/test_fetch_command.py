"""The command ``geocryoai fetch``: places, years, what is said, exit codes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from geocryoai.cli.fetch import box_of_domain, read_years
from geocryoai.core.errors import GeoCryoAIError


class Handler(BaseHTTPRequestHandler):
    """Sends a small NetCDF-3, or a login page."""

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        body = b"<html>log in</html>" if "login" in self.path else b"CDF\x01" + bytes(100)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


Command = Callable[..., Any]


def test_files_come_and_are_there_the_next_time(command: Command, address: str, tmp_path: Path) -> None:
    words = ("fetch", "esa_cci_permafrost", "--years", "2014-2015", "--url", address + "/{year}.nc", "--out", tmp_path)
    first = command(*words, "--quiet")
    assert (first.code, first.out) == (0, f"{tmp_path}: 2 fetched, 0 there before, 0 failed\n")
    assert command(*words).out == f"{tmp_path}: 0 fetched, 2 there before, 0 failed\n"
    assert command(*words, "--offline").out == f"{tmp_path}: all 2 files are there\n"
    assert command(*words, "--dry-run").out.count("here: http://") == 2


def test_failures_are_listed_and_the_exit_code_says_so(command: Command, address: str, tmp_path: Path) -> None:
    answer = command(
        "fetch", "esa_cci_permafrost", "--url", address + "/a.nc", "--url", address + "/login.nc", "--out", tmp_path
    )
    assert answer.code == 3
    assert "1 fetched, 0 there before, 1 failed" in answer.out
    assert "1 of 2 files could not be fetched" in answer.err
    assert "1. login.nc: " in answer.err
    assert "web page, not with the file" in answer.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.nc", "fetched.json"]


def test_offline_says_what_is_missing_and_where_it_is_from(command: Command, tmp_path: Path) -> None:
    answer = command("fetch", "esa_cci_permafrost", "--years", "2003", "--offline", "--out", tmp_path)
    assert answer.code == 2
    assert "1 of 1 files are missing" in answer.err
    assert "from https://dap.ceda.ac.uk/" in answer.err
    unknown = command("fetch", "smap_l4c", "--offline", "--out", tmp_path)
    assert unknown.code == 2
    assert "known only to the provider's catalogue" in unknown.err


def test_sources_that_must_be_ordered(command: Command, tmp_path: Path) -> None:
    answer = command("fetch", "era5", "--out", tmp_path)
    assert answer.code == 2
    assert "must be ordered by hand. Order NetCDF from the Climate Data Store" in answer.err


@pytest.mark.parametrize(
    ("text", "box"),
    [
        ("-150,68,-149,69.5", (-150.0, 68.0, -149.0, 69.5)),
        ("172, 51, -129.5, 71.5", (172.0, 51.0, -129.5, 71.5)),
        ("north-slope", (-166.5, 68.0, -141.0, 71.5)),
    ],
)
def test_places(text: str, box: tuple[float, ...]) -> None:
    assert box_of_domain(text) == box


def test_the_domain_of_a_study_and_of_a_named_grid() -> None:
    west, south, east, north = box_of_domain("twin")
    assert -180 <= west < east < -130
    assert 50 < south < north < 75
    assert box_of_domain("above-Bh008v003")[1] > 60


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("-150,68,-149", "the place is not known"),
        ("atlantis", "the place is not known; found 'atlantis'; expected west,south,east,north, or alaska"),
        ("-150,69,-149,68", "the box cannot be"),
        ("-350,60,-149,68", "the box cannot be"),
        ("above-Zh1v1", "not a tile of the ABoVE grid"),
    ],
)
def test_places_that_are_none(text: str, message: str) -> None:
    with pytest.raises(GeoCryoAIError, match=message):
        box_of_domain(text)


def test_years() -> None:
    assert read_years(None) is None
    assert read_years("2015") == (2015, 2015)
    assert read_years("2015-2020") == (2015, 2020)
    for wrong in ("2020-2015", "15", "2015/2016"):
        with pytest.raises(GeoCryoAIError, match="the years are not understood"):
            read_years(wrong)
