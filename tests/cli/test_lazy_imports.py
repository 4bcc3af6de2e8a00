"""Commands that only talk start soon: they load no scientific library. Modules are looked at, not time."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = {
    "torch", "pandas", "polars", "xarray", "dask", "numba", "sklearn", "scipy", "matplotlib", "rasterio", "pint",
    "zarr", "lightgbm", "h5py", "pyarrow",
}  # fmt: skip

SCRIPT = """
import json, sys
sys.argv = ["geocryoai", *{arguments!r}]
from geocryoai.cli.main import main
try:
    main()
except SystemExit as ended:
    code = ended.code
print(json.dumps([code, sorted({{name.partition(".")[0] for name in sys.modules}})]))
"""


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["run", "--help"],
        ["predict", "--help"],
        ["simulate", "--help"],
        ["retrieve", "ch4", "--help"],
        ["studies"],
        ["retrieve", "components", "--help"],
        ["fetch", "--help"],
        ["validate", "twin"],
        ["run", "twin", "--print-config"],
    ],
    ids=" ".join,
)
def test_nothing_heavy_is_loaded(arguments: list[str], environment: dict[str, str]):
    code = SCRIPT.format(arguments=arguments)
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    ended, modules = json.loads(done.stdout.splitlines()[-1])
    assert ended in (0, None)
    assert "geocryoai" in modules
    assert sorted(HEAVY & set(modules)) == []
