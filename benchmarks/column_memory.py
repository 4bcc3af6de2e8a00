"""Peak memory of a year of many columns, streamed in blocks: forcing is made, used and dropped block by block.

What is kept of a block is its active layer and the mean temperature of its ground, two numbers a column. So the peak is
that of one block, whatever the number of columns. ``python benchmarks/column_memory.py 1000000`` runs all of a million;
without a number, one in ten.
"""

from __future__ import annotations

import importlib.util
import resource
import sys
import time
from pathlib import Path

import numpy as np

from geocryoai.processes.column import Options, simulate_column

MILLION = 1_000_000
BLOCK = 4096
LIMIT = 4.0


def peak() -> float:
    """Return the peak of the resident memory of this process so far [GiB]."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def main(columns: int = MILLION // 10) -> None:
    """Stream a year of columns and print time and peak memory."""
    spec = importlib.util.spec_from_file_location("columns", Path(__file__).with_name("columns.py"))
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    kept = np.empty((2, columns), dtype=np.float32)
    peaks = []
    begin = time.perf_counter(), time.process_time()
    for first in range(0, columns, BLOCK):
        size = min(BLOCK, columns - first)
        forcing, soil = made.tundra(size, 365, seed=first)
        result = simulate_column(forcing, soil, -5.0, Options(profile=False))
        kept[0, first : first + size] = result.yearly.alt_phase[0]
        kept[1, first : first + size] = result.yearly.mean[0, 40]
        peaks.append(peak())
    wall, cores = time.perf_counter() - begin[0], time.process_time() - begin[1]
    few = peaks[min(3, len(peaks) - 1)]
    print(f"{columns} columns x {made.LAYERS} layers x 365 d in blocks of {BLOCK}: {wall:.0f} s, {cores:.0f} "
          f"core-seconds; mean active layer {kept[0].mean():.2f} m")  # fmt: skip
    million = peaks[-1] + 8 * max(MILLION - columns, 0) / 2**30
    print(f"peak memory after 4 blocks {few:.2f} GiB, after all {len(peaks)} {peaks[-1]:.2f} GiB; {MILLION} columns "
          f"{million:.2f} GiB, limit {LIMIT:g} GiB")  # fmt: skip
    print(f"column_memory ratio={LIMIT / peaks[-1]:.2f} of the limit to the peak")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
