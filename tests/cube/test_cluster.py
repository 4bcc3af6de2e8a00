"""Blocks made by a Dask cluster: the same bytes as in one process, also where a worker is killed in mid-run."""

from __future__ import annotations

import hashlib
import os
import signal
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from geocryoai.core.calendar import month_axis
from geocryoai.core.errors import CubeError
from geocryoai.cube.cluster import connected, in_order
from geocryoai.cube.harmonise import write_stores

distributed = pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def client():
    with connected("local:2") as client:
        yield client


@pytest.fixture
def store(tmp_path: Path, made) -> Path:
    fine = made.grid(1000.0, width=520, height=300)
    fields = made.projected(fine, made.noise(24, 300, 520).astype(np.float32))
    path = tmp_path / "fields.zarr"
    fields.to_zarr(path, zarr_format=3, consolidated=False)
    return path


def content(path: Path) -> str:
    files = sorted(file for file in path.rglob("*") if file.is_file())
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def slow_square(number: int) -> int:
    time.sleep(0.15)
    return number**2


def test_results_come_in_order(client):
    assert list(in_order(client, slow_square, [(n,) for n in range(12)])) == [n**2 for n in range(12)]
    assert list(in_order(None, slow_square, [(3,)])) == [9]


@pytest.mark.slow
def test_the_cube_is_the_same_in_one_process_and_on_a_cluster(tmp_path, made, store, client):
    grid, address = made.grid(1000.0, width=520, height=300), client.scheduler.address
    for name, scheduler in (("one", "none"), ("many", address)):
        write_stores(tmp_path / name, [store], grid, made.months, scheduler=scheduler)
    assert content(tmp_path / "one") == content(tmp_path / "many")
    with xr.open_zarr(store, consolidated=False) as fields:
        assert fields.sizes["time"] == 24


@pytest.mark.slow
def test_a_killed_worker_loses_nothing(client):
    pids = sorted(client.run(os.getpid).values())
    killer = threading.Timer(0.4, os.kill, (pids[0], signal.SIGKILL))
    killer.start()
    got = list(in_order(client, slow_square, [(n,) for n in range(30)]))
    killer.join()
    assert got == [n**2 for n in range(30)]
    client.wait_for_workers(2, timeout=30)
    assert pids[0] not in client.run(os.getpid).values()


@pytest.mark.parametrize("scheduler", ["dask", "local:0", "local:x", "http://a:1"])
def test_what_is_no_scheduler_is_refused(scheduler):
    with pytest.raises(CubeError, match="not a scheduler"), connected(scheduler):
        pass


def test_a_scheduler_that_does_not_answer_is_named(monkeypatch):
    monkeypatch.setattr("geocryoai.cube.cluster.PATIENCE", 1)
    with pytest.raises(CubeError, match="no scheduler answers"), connected("tcp://127.0.0.1:9"):
        pass


def test_workers_that_cannot_see_the_files_say_so(tmp_path, made):
    with pytest.raises(CubeError, match="the fields are not there"):
        write_stores(tmp_path / "c", [tmp_path / "absent.zarr"], made.grid(), month_axis("2000-01", "2000-02"))
