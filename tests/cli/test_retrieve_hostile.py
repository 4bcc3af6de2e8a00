"""Headers that lie, odd names, links, folders that refuse, and Ctrl-C: one clear message, nothing half-written."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from geocryoai.core.errors import GeoCryoAIError, PartlyDoneError, SourceError
from geocryoai.sources.envi import write_envi
from geocryoai.stages.scene_batch import each_once, each_scene

Command = Callable[..., tuple[int, str, str]]

NAME = "ang20180814t224053_rfl_v2r2_img"
WAVELENGTH = np.array([470.0, 660.0, 860.0, 1240.0, 1650.0])


def write_image(folder: Path, name: str = NAME, lines: int = 20) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    cube = np.full((lines, 12, 5), 0.2, np.float32)
    cube[:, :, 2] = 0.4
    write_envi(folder / name, cube, wavelength=WAVELENGTH, fwhm=np.full(5, 15.0), ignore=-9999.0)
    return folder / name


def indices(command: Command, *files: object, out: Path, more: tuple[object, ...] = ()) -> tuple[int, str, str]:
    return command("retrieve", "indices", *files, "--index", "ndvi", "--out", out, *more)


@pytest.mark.parametrize(
    ("pattern", "value", "said"),
    [
        (r"lines = \d+", "lines = 21", "the binary is truncated"),
        (r"lines = \d+", "lines = 19", "the binary is longer than the header says"),
        (r"samples = \d+", "samples = 99999999999", "the binary is truncated"),
        (r"bands = \d+", "bands = 4", "the binary is longer than the header says"),
        (r"bands = \d+", "bands = 0", "'bands' is not a count"),
        (r"lines = \d+", "lines = -20", "'lines' is not a count"),
        (r"header offset = \d+", "header offset = 8", "the binary is truncated"),
        (r"wavelength = \{ 470", "wavelength = { NaN", "a wavelength is not positive; found nan"),
        (r"wavelength = \{ 470", "wavelength = { -470", "a wavelength is not positive; found -470"),
        (r"fwhm = \{ 15", "fwhm = { NaN", "fwhm: the width of a band is not positive; found nan"),
        (r"fwhm = \{ 15", "fwhm = { 0", "fwhm: the width of a band is not positive; found 0"),
    ],
)
def test_a_header_that_lies(command: Command, tmp_path: Path, pattern: str, value: str, said: str):
    image = write_image(tmp_path / "in")
    header = image.with_name(f"{image.name}.hdr")
    text = header.read_text()
    assert re.search(pattern, text)
    header.write_text(re.sub(pattern, value, text))
    code, _, error = indices(command, image, out=tmp_path / "o")
    assert code == 2
    assert f"{image}" in error
    assert said in error
    assert not list((tmp_path / "o").iterdir())


def test_files_that_are_not_there_or_no_files(command: Command, tmp_path: Path):
    image = write_image(tmp_path / "in")
    image.with_name(f"{image.name}.hdr").rename(tmp_path / "in" / "other.hdr")
    (tmp_path / "folder" / f"{NAME}.hdr").mkdir(parents=True)
    (tmp_path / "folder" / NAME).touch()
    cases = [
        (image, f"the header does not exist; expected {NAME}.hdr"),
        (tmp_path / "none", "the binary does not exist"),
        (tmp_path / "folder" / NAME, "the header is not a file"),
        ("/dev/null", "the binary is not a file"),
    ]
    for path, said in cases:
        code, _, error = indices(command, path, out=tmp_path / "o")
        assert code == 2, path
        assert said in error, (path, error)


def test_links_that_lead_nowhere_do_not_stop_the_others(command: Command, tmp_path: Path):
    write_image(tmp_path / "in")
    (tmp_path / "in" / "loop.hdr").symlink_to(tmp_path / "in" / "loop.hdr")
    (tmp_path / "in" / "nowhere.hdr").symlink_to(tmp_path / "nowhere")
    (tmp_path / "in" / "folder.hdr").mkdir()
    code, out, error = indices(command, tmp_path / "in", out=tmp_path / "o")
    assert code == 3
    assert "3 of 4 scenes could not be retrieved, the others were" in error
    assert out.count("failed: ") == 3
    assert (tmp_path / "o" / f"{NAME}_indices.json").is_file()


def test_odd_names_and_links_are_names_like_any_other(command: Command, tmp_path: Path):
    image = write_image(tmp_path / "Flüge im August", "größe 1 (a).img")
    (tmp_path / "link").symlink_to(tmp_path / "Flüge im August")
    for path in (image, tmp_path / "link" / image.name, tmp_path / "link"):
        code, _, error = indices(command, path, out=tmp_path / "Ergebnis ö", more=("--reflectance",))
        assert code == 0, error
    assert (tmp_path / "Ergebnis ö" / "größe 1 (a)_indices.nc").is_file()


def test_scenes_of_one_name_do_not_overwrite_each_other(command: Command, tmp_path: Path):
    one, two = write_image(tmp_path / "one"), write_image(tmp_path / "two")
    code, _, error = indices(command, one, two, out=tmp_path / "o")
    assert code == 2
    assert f"two images have one name; found {one}, {two}" in error
    assert not (tmp_path / "o").exists()
    code, out, _ = indices(command, one, one.with_name(f"{NAME}.hdr"), out=tmp_path / "o")
    assert code == 2
    code, out, _ = indices(command, one, one, tmp_path / "one" / ".." / "one" / NAME, out=tmp_path / "o")
    assert code == 0
    assert out.count(".json\n") == 1


def test_names_that_only_differ_in_case_are_one_name_on_some_disks():
    with pytest.raises(SourceError, match="two images have one name"):
        each_once([Path("a/Scene"), Path("b/scene")], lambda path: path.name, "images")


def test_places_that_cannot_be_written_to_are_told_before_any_work(command: Command, tmp_path: Path):
    image = write_image(tmp_path / "in")
    (tmp_path / "file").write_text("kept")
    for place in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/none")):
        code, _, error = indices(command, image, out=place)
        assert code == 2, place
        assert "--out: nothing can be written there" in error, place
        code, _, error = command("fetch", "esa_cci_permafrost", "--url", "http://127.0.0.1:9/a.nc", "--out", place)
        assert code == 2, place
        assert "--out: nothing can be written there" in error, place
    assert (tmp_path / "file").read_text() == "kept"


@pytest.mark.parametrize("timeout", ["inf", "nan", "0", "-1", "1e9"])
def test_a_time_to_wait_that_cannot_be(command: Command, tmp_path: Path, timeout: str):
    words = ("fetch", "esa_cci_permafrost", "--url", "http://127.0.0.1:9/a.nc", "--out", tmp_path / "o")
    code, _, error = command(*words, "--timeout", timeout)
    assert code == 2
    assert "Invalid value for '--timeout'" in error
    assert not (tmp_path / "o").exists()


def test_a_fault_of_ours_in_one_scene_is_listed_and_a_full_disk_stops_all():
    told: list[str] = []

    def retrieve(path: Path) -> Path:
        if path.name == "bad":
            raise ValueError("shapes\ndiffer")
        if path.name == "full":
            raise OSError(28, "No space left on device", "x.nc")
        if path.name == "wrong":
            raise GeoCryoAIError("wrong", where="wrong")
        return path

    with pytest.raises(PartlyDoneError) as error:
        each_scene([Path("good"), Path("bad"), Path("wrong")], retrieve, told.append)
    assert error.value.exit_code == 3
    assert "1. internal error (ValueError: shapes differ)\n  2. wrong: wrong." in str(error.value)
    assert told == ["failed: bad", "failed: wrong"]
    with pytest.raises(OSError, match="No space left"):
        each_scene([Path("good"), Path("full")], retrieve, told.append)
    with pytest.raises(SourceError, match="none of 2 scenes could be retrieved") as all_failed:
        each_scene([Path("bad"), Path("wrong")], retrieve, told.append)
    assert all_failed.value.exit_code == 2
    with pytest.raises(ValueError, match="shapes"):
        each_scene([Path("bad")], retrieve, told.append)


def wait_for(there: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 120
    while not there():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)


def interrupted(process: subprocess.Popen[str]) -> str:
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=120)
    assert process.returncode == 130, error
    assert "Traceback" not in error
    return error


def test_ctrl_c_in_a_retrieval_leaves_nothing_half_written(process: Callable[..., Any], tmp_path: Path):
    cube = np.random.default_rng(0).normal(0.3, 0.01, (2000, 200, 40)).astype(np.float32)
    write_envi(tmp_path / "image", cube, wavelength=np.linspace(450.0, 1200.0, 40), fwhm=np.full(40, 20.0))
    out = tmp_path / "o"
    running = process("retrieve", "components", tmp_path / "image", "--out", out, "--count", 12)
    wait_for(out.exists, running)
    assert interrupted(running) == "geocryoai: interrupted. Scenes that were finished are complete.\n"
    assert not list(out.iterdir())


@pytest.fixture
def stalling() -> Iterator[str]:
    """Address of a server that sends half a file, and then nothing."""
    listener = socket.create_server(("127.0.0.1", 0))
    held: list[socket.socket] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            held.append(connection)
            connection.recv(65536)
            head = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-netcdf\r\nContent-Length: 2000000\r\n\r\n"
            connection.sendall(head + b"CDF\x01" + b"\0" * 999_996)

    threading.Thread(target=serve, daemon=True).start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/a.nc"
    for each in (listener, *held):
        each.close()


def test_ctrl_c_in_a_fetch_leaves_what_came_to_be_gone_on_with(
    process: Callable[..., Any], tmp_path: Path, stalling: str
):
    running = process("fetch", "esa_cci_permafrost", "--url", stalling, "--out", tmp_path / "o")
    wait_for((tmp_path / "o" / ".a.nc.part").exists, running)
    assert interrupted(running).endswith("geocryoai: interrupted. The same command goes on where it stopped.\n")
    assert not (tmp_path / "o" / "a.nc").exists()
