"""Carbon and methane models, compiled, against the same equations in numpy, vectorised over cells, in one run.

The numpy path takes the public functions of the processes step by step. A cell-month is one cell through one month of
both models, spin-up, checks of the forcing and all series of the result included. The limit of memory is that of a
program that only writes as many new arrays as the two models give and reads their forcing once.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numba import get_num_threads

from geocryoai.processes.carbon import (
    CarbonPools,
    autotrophic_respiration,
    carbon_parameters,
    decomposition_multiplier,
    gpp_lue,
    periodic_pools,
    pool_step,
    simulate_carbon,
)
from geocryoai.processes.methane import MethaneParameters, methane_production, methane_step, simulate_methane

YEAR = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31.0])
Floats = np.ndarray


class World(NamedTuple):
    """Monthly forcing of both models, made up, shape (time, cells)."""

    carbon: dict[str, Floats]
    wet: Floats
    liquid: Floats
    classes: list[str]

    @classmethod
    def of(cls, years: int, cells: int, seed: int = 0) -> World:
        """Return a made-up world."""
        rng = np.random.default_rng(seed)
        season = np.tile(-np.cos(2 * np.pi * (np.arange(12) - 0.5) / 12), years)[:, None]
        ts = rng.uniform(-9, 2, cells) + 12 * season + rng.normal(0, 1, (12 * years, cells))
        carbon = {
            "par": np.clip(4.5 * (1 + season) + rng.normal(0, 0.3, ts.shape), 0, None),
            "fpar": np.clip(0.3 + 0.3 * season + rng.normal(0, 0.05, ts.shape), 0, 1),
            "tmin": ts - 4.0,
            "vpd": np.clip(300 + 250 * season + rng.normal(0, 60, ts.shape), 0, None),
            "ts": ts,
            "soil_moisture": np.clip(rng.normal(0.6, 0.15, ts.shape), 0, 1),
            "frozen": (ts < 0).astype(float),
            "days": np.tile(YEAR, years),
        }
        wet = np.clip(rng.normal(0.7, 0.2, ts.shape), 0, 1)
        liquid = np.where(ts > 0, 1.0, np.clip(0.3 / np.maximum(-ts, 0.3), 0, 1))
        return cls(carbon, wet, liquid, list(rng.choice(["ENF", "DBF", "SHR", "GRS"], cells)))


def compiled(world: World) -> dict[str, Floats]:
    """Return the fluxes of both models as the package simulates them."""
    found = simulate_carbon(**world.carbon, params=carbon_parameters(world.classes))
    methane = simulate_methane(
        labile=found.pools.metabolic, ts=world.carbon["ts"], anaerobic_fraction=world.wet,
        liquid_fraction=world.liquid, days=world.carbon["days"], mineralisation=found.rh,
    )  # fmt: skip
    return {"gpp": found.gpp, "rh": found.rh, "nee": found.nee, "carbon": found.pools.total,
            "emission": methane.emission, "oxidation": methane.oxidation, "storage": methane.storage}  # fmt: skip


def in_numpy(world: World, years: int = 10, longest: float = 5.0) -> dict[str, Floats]:
    """Return the same fluxes, all cells of a step at once in numpy."""
    f, params = world.carbon, carbon_parameters(world.classes)
    days, shape = f["days"], f["ts"].shape
    gpp = gpp_lue(f["par"], f["fpar"], f["tmin"], f["vpd"], f["soil_moisture"], f["frozen"], params)
    ra = autotrophic_respiration(gpp, params)
    npp, multiplier = gpp - ra, decomposition_multiplier(f["ts"], f["soil_moisture"], params)
    count = max(1, min(years, shape[0] // 12))
    mean_npp, mean_multiplier = (v[: 12 * count].reshape(count, 12, -1).mean(axis=0) for v in (npp, multiplier))
    total = np.cumsum(np.concatenate([0 * npp[:1], mean_npp * YEAR[:, None], npp * days[:, None]])[:-1], axis=0)
    litter = np.maximum((total[12:] - total[:-12]) / YEAR.sum(), 0.0)
    pools = periodic_pools(litter[0], mean_multiplier, YEAR, params)
    rh, kept = np.empty(shape), CarbonPools(*(np.empty(shape) for _ in range(3)))
    for t in range(shape[0]):
        pools, rh[t] = pool_step(pools, litter[t], multiplier[t], float(days[t]), params)
        for series, now in zip(kept, pools, strict=True):
            series[t] = now
    methane = MethaneParameters()
    made = methane_production(kept.metabolic, f["ts"], world.wet, world.liquid, methane, rh)
    store = np.zeros(shape[1])
    means = np.zeros((5, *shape))
    storage = np.empty(shape)
    for t in [*(3 * list(range(12))), *range(shape[0])]:
        parts = int(np.ceil(days[t] / longest))
        means[:, t] = 0.0
        for _ in range(parts):
            part = methane_step(store, made[t], f["ts"][t], world.wet[t], world.liquid[t], days[t] / parts, methane)
            store = part.store
            means[:, t] += np.stack(part[1:]) / parts
        storage[t] = store
    emission = 16.043 * means[2:].sum(axis=0)
    return {"gpp": gpp, "rh": rh, "nee": ra + rh - gpp, "carbon": kept.total,
            "emission": emission, "oxidation": 16.043 * means[1], "storage": 16.043 * storage}  # fmt: skip


def seconds(count: int, run: Callable[[], object]) -> tuple[float, float]:
    """Return the shortest time by the clock and of all cores [s]."""
    times = []
    for _ in range(count):
        begin = time.perf_counter(), time.process_time()
        run()
        times.append((time.perf_counter() - begin[0], time.process_time() - begin[1]))
    return min(t[0] for t in times), min(t[1] for t in times)


def only_memory(world: World) -> None:
    """Write 16 new series of the size of a result and read the forcing: what no arithmetic can save."""
    for values in (*world.carbon.values(), world.wet, world.liquid):
        values.max()
    _ = [np.full_like(world.wet, 1.0) for _ in range(16)]


def main() -> None:
    """Print speeds, their ratio, and how far the results are apart."""
    years, cells = 10, 20_000
    world = World.of(years, cells)
    ours, theirs = compiled(world), in_numpy(world)
    for name, values in ours.items():
        apart = np.abs(values - theirs[name]).max() / np.abs(theirs[name]).max()
        print(f"{name}: largest difference {apart:.0e} of the largest value")
    months = 12.0 * years * cells / 1e6
    fast, slow = seconds(5, lambda: compiled(world)), seconds(1, lambda: in_numpy(world))
    found = simulate_carbon(**world.carbon, params=carbon_parameters(world.classes))
    alone = seconds(5, lambda: simulate_carbon(**world.carbon, params=carbon_parameters(world.classes)))
    wet = seconds(5, lambda: simulate_methane(
        labile=found.pools.metabolic, ts=world.carbon["ts"], anaerobic_fraction=world.wet,
        liquid_fraction=world.liquid, days=world.carbon["days"], mineralisation=found.rh,
    ))  # fmt: skip
    print(f"{cells} cells x {12 * years} months, {get_num_threads()} threads: million cell-months per core-second, "
          f"both {months / fast[1]:.1f} (numpy {months / slow[1]:.2f}), carbon alone {months / alone[1]:.1f}, methane "
          f"alone {months / wet[1]:.1f}; by the clock both {months / fast[0]:.1f} (numpy {months / slow[0]:.2f})"
          )  # fmt: skip
    limit = seconds(5, lambda: only_memory(world))
    print(f"limit of memory: {months / limit[1]:.0f} million cell-months per core-second; of the time of both models "
          f"{100 * limit[1] / fast[1]:.0f} % is memory, the rest arithmetic, checks and sums")  # fmt: skip
    print(f"carbon_methane ratio={slow[1] / fast[1]:.2f} to the same equations in numpy over cells, per core-second")


if __name__ == "__main__":
    main()
