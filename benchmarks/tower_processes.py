"""Processes alone against monthly tower fluxes: FLUXNET-CH4 (GPP, Reco, NEE, CH4) and ABCflux v1 (GPP, Reco, NEE).

Every model sees the drivers of the table alone, never a flux of the month or site. On the same rows, sites held out:

- the mean of the other sites (by month of the year where the table has dates);
- the anchors without parameters to fit, times one factor from the other sites;
- the carbon and methane models over the whole series of a tower with published parameters (`simulate_carbon`,
  `simulate_methane`), where the table has dates;
- the monthly process with published parameters by vegetation class, and with at most six parameters calibrated on the
  other sites.

Scores with 90 % intervals from drawing whole sites. Needs the data folder (GEOCRYOAI_DATA or ../shared/data).
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl
import yaml
from numpy.typing import NDArray

from geocryoai.core.study import study_from_dict
from geocryoai.cube.records import groups_within
from geocryoai.cube.samples import Samples
from geocryoai.evaluation.bootstrap import BlockBootstrap
from geocryoai.models.anchor import FittedAnchor
from geocryoai.models.anchors import ANCHORS, compute_anchor
from geocryoai.models.baselines import SiteClimatology
from geocryoai.models.fitted_process import FittedProcess
from geocryoai.models.folds import group_folds
from geocryoai.models.weights import row_weights
from geocryoai.processes.carbon import carbon_parameters, par_from_shortwave, simulate_carbon
from geocryoai.processes.methane import simulate_methane
from geocryoai.processes.sunlight import top_of_atmosphere_radiation
from geocryoai.stages.check import bundled_studies
from geocryoai.stages.run import run_study
from geocryoai.stages.samples import load_samples
from geocryoai.stages.workspace import Workspace

Floats = NDArray[np.float64]
DATA = Path(os.environ.get("GEOCRYOAI_DATA", Path(__file__).parents[1] / ".." / "shared" / "data")).resolve()
SEED = 7
FOLDS = 10

#: Roles of the columns, by table. Land surface temperature stands for air and soil at the towers; below 0 degC it is
#: that of the snow, and the soil is taken to be 0.3 of it. What is filled is the greenness of snow and, for ABCflux
#: (whose rows from the coarser model lack some blocks), about the median of the drivers.
TOWER_CO2 = {"tas": "modis_lst", "ts": "modis_lst", "greenness": "modis_evi", "index": "evi", "winter_share": 0.3}
TOWER_CH4 = {"ts": "modis_lst", "ts_before": "modis_lst_lag1", "upland": "is_upland"}
ABC = {"greenness": "ndvi", "woody": "tree_fraction"}
ABC_FILL = {"greenness": 0.55, "woody": 0.4}
PROCESSES: dict[str, dict[str, dict[str, Any]]] = {
    "towers": {
        "gpp": {
            "process": "gpp_process",
            "inputs": {k: v for k, v in TOWER_CO2.items() if k != "winter_share"},
            "fill": {"greenness": 0.05},
        },
        "reco": {"process": "reco_process", "inputs": TOWER_CO2, "fill": {"greenness": 0.05}},
        "nee": {"process": "nee_process", "inputs": TOWER_CO2, "fill": {"greenness": 0.05}},
        "fch4": {"process": "ch4_process", "inputs": TOWER_CH4},
    },
    "abcflux": {
        "gpp": {"process": "gpp_process", "inputs": ABC, "fill": ABC_FILL},
        "reco": {"process": "reco_process", "inputs": {**ABC, "ts": "ts_era5"}, "fill": {**ABC_FILL, "sm": 0.3}},
        "nee": {"process": "nee_process", "inputs": {**ABC, "ts": "ts_era5"}, "fill": {**ABC_FILL, "sm": 0.3}},
    },
}
#: Anchors without parameters to fit.
PRESENT: dict[str, dict[str, tuple[str, dict[str, Any]]]] = {
    "towers": {"fch4": ("ch4_q10", {"ts": "modis_lst"})},
    "abcflux": {
        "gpp": ("gpp_light_use", {"greenness": "ndvi"}),
        "reco": ("reco_lloyd_taylor", {"greenness": "ndvi", "ts": "ts_era5"}),
        "nee": ("nee_light_use", {"greenness": "ndvi", "ts": "ts_era5"}),
    },
}
#: Vegetation class of the published parameters, by a flag of the table; the first that is 1 holds, else GRS. Land cover
#: codes are those of ESA CCI (60 to 90: trees) and of the raster circumpolar vegetation map (31, 33: shrubs).
CLASSES = {"is_upland": "ENF", "landcover_70": "ENF", "landcover_90": "ENF", "landcover_80": "DNF",
           "landcover_60": "DBF", "landcover_31": "SHR", "landcover_33": "SHR"}  # fmt: skip


class Score(NamedTuple):
    """Score of one model: RMSE with its 90 % interval, bias and R2; in the unit of the target."""

    rmse: float
    low: float
    high: float
    bias: float
    r2: float


class Result(NamedTuple):
    """Scores of all models of one target, on the same rows; parameters are mean and spread over the folds."""

    target: str
    rows: int
    sites: int
    scores: dict[str, Score]
    parameters: dict[str, tuple[float, float]]
    at_bound: dict[str, int]


def load(data: Path, folder: Path, name: str) -> dict[str, Samples]:
    """Return the measured rows of a bundled study's tables, with all targets that this benchmark scores."""
    text = yaml.safe_load(bundled_studies()[name].read_text(encoding="utf-8"))
    like = text["targets"]["nee"]
    text["targets"] = {t: {**text["targets"].get(t, like), "anchors": []} for t in PROCESSES[name]}
    text["learners"] = {"site_climatology": {"model": "site_climatology"}}
    text["predict"] = {"learner": "site_climatology"}
    study = study_from_dict(text)
    run_study(study, data=data, out=folder, until="simulate", quiet=True)
    work = Workspace(study, folder, data)
    samples = {t: load_samples(work, t, "map") for t in PROCESSES[name]}
    return {t: s.take(np.isfinite(s.y)) for t, s in samples.items()}


def folds_of(samples: Samples) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Return folds that never part a site, nor sites closer than 1 km."""
    return group_folds(groups_within(samples.lon, samples.lat, samples.site, 1.0), FOLDS, SEED)


def published(samples: Samples, section: Mapping[str, Any]) -> Floats:
    """Return the process with the published parameters of each row's vegetation class."""
    flags = {name: samples.features[name] == 1 for name in CLASSES if name in samples.features}
    label = np.select(list(flags.values()), [CLASSES[name] for name in flags], "GRS")
    if section["process"] == "ch4_process":
        return FittedProcess(section["process"], section["inputs"], {}, {}, ()).at(samples)
    answer = np.empty(len(samples))
    for kind in np.unique(label):
        rows = label == kind
        inputs = {**section["inputs"], "vegetation": str(kind)}
        answer[rows] = FittedProcess(section["process"], inputs, section["fill"], {}, ()).at(samples.take(rows))
    return answer


def calibrated(samples: Samples, section: Mapping[str, Any]) -> tuple[Floats, list[FittedProcess]]:
    """Return the process with parameters from the other sites, and the fits."""
    answer, fits = np.empty(len(samples)), []
    for train, held in folds_of(samples):
        inside = samples.take(train)
        fit = FittedProcess.fit(inside, section, row_weights(inside, 0.5), SEED)
        answer[held] = fit.at(samples.take(held))
        fits.append(fit)
    return answer, fits


def climatology(samples: Samples) -> Floats:
    """Return the mean of the other sites."""
    answer = np.empty(len(samples))
    for train, held in folds_of(samples):
        learner = SiteClimatology(seed=SEED)
        learner.learn(samples.take(train))
        answer[held] = learner.answer(samples.take(held)).mean
    return answer


def scaled(samples: Samples, anchor: Floats) -> Floats:
    """Return an anchor times the factor of the other sites."""
    known, answer = replace(samples, anchors={"anchor": anchor}), np.empty(len(samples))
    for train, held in folds_of(samples):
        inside = known.take(train)
        fit = FittedAnchor.fit(inside, "anchor", "scale", row_weights(inside, 0.5))
        answer[held] = fit.at(known.take(held))
    return np.where(np.isfinite(anchor), answer, np.nan)


def series(folder: Path, towers: Mapping[str, Samples]) -> dict[str, Floats]:
    """Return the fluxes of `simulate_carbon` and `simulate_methane` at the rows of each target.

    Each tower is one cell, 2001-2018, month by month; months without a view from space take the mean of that month of
    the year, and a tower without any temperature has no series. Soil below snow is 0.3 of the temperature above.
    """
    months = np.arange("2001-01", "2019-01", dtype="datetime64[M]")
    table = pl.read_parquet(folder / "ingest" / "modis" / "records.parquet")
    nee = towers["nee"]
    sites = np.unique(np.concatenate([s.site for s in towers.values()]))
    lst, evi = (_monthly(table, name, sites, months) for name in ("lst", "evi"))
    evi = np.where(np.isfinite(evi), evi, 0.05)
    seen = np.isfinite(lst).all(axis=0)
    sites, lst, evi = sites[seen], lst[:, seen], evi[:, seen]
    first = [int(np.flatnonzero(nee.site == s)[0]) for s in sites]
    upland = nee.features["is_upland"][first] == 1
    day = (months - months.astype("datetime64[Y]")).astype(int) * 30.4 + 15.0
    sun = np.stack([top_of_atmosphere_radiation(np.full(day.size, nee.lat[i]), day) for i in first], axis=1)
    days = ((months + 1).astype("datetime64[D]") - months.astype("datetime64[D]")).astype(float)
    soil = np.where(lst < 0, 0.3 * lst, lst)
    moist, wet = np.ones_like(lst), np.broadcast_to(np.where(upland, 0.3, 0.9), lst.shape)
    carbon = simulate_carbon(
        par=par_from_shortwave(0.5 * sun), fpar=np.clip(evi, 0.0, 1.0), tmin=lst, vpd=np.zeros_like(lst), ts=soil,
        soil_moisture=moist, frozen=np.clip(0.5 - lst / 8.0, 0.0, 1.0), days=days,
        params=carbon_parameters(["ENF" if u else "GRS" for u in upland]),
    )  # fmt: skip
    liquid = np.clip(0.15 + 0.85 * (soil + 2.0) / 2.0, 0.15, 1.0)
    methane = simulate_methane(labile=carbon.pools.metabolic, ts=soil, anaerobic_fraction=wet, liquid_fraction=liquid,
                               days=days, mineralisation=carbon.rh)  # fmt: skip
    fields = {"gpp": carbon.gpp, "reco": carbon.reco, "nee": carbon.nee, "fch4": methane.emission}
    place = {str(s): k for k, s in enumerate(sites)}
    found = {}
    for target, samples in towers.items():
        month = (samples.time.astype("datetime64[M]") - months[0]).astype(int)
        cell = np.array([place.get(str(s), -1) for s in samples.site])
        use = (cell >= 0) & (month >= 0) & (month < months.size)
        found[target] = np.full(len(samples), np.nan)
        found[target][use] = fields[target][month[use], cell[use]]
    return found


def _monthly(table: pl.DataFrame, name: str, sites: NDArray[np.str_], months: NDArray[np.datetime64]) -> Floats:
    """Return a driver by month and site, gaps filled with the mean of that month of the year where there is one."""
    known = table.filter(pl.col(name).is_not_null()).with_columns(month=pl.col("time_start").dt.truncate("1mo"))
    mean = known.group_by("site", "month").agg(pl.col(name).mean())
    place, when = {str(s): k for k, s in enumerate(sites)}, {str(m): k for k, m in enumerate(months)}
    out = np.full((months.size, sites.size), np.nan)
    for site, month, value in mean.iter_rows():
        row = when.get(month.strftime("%Y-%m"))
        if site in place and row is not None:
            out[row, place[site]] = value
    cube = out.reshape(-1, 12, sites.size)
    count = np.isfinite(cube).sum(axis=0)
    usual = np.where(count > 0, np.nansum(cube, axis=0) / np.maximum(count, 1), np.nan)
    return np.where(np.isfinite(cube), cube, usual[None]).reshape(out.shape)


def score(answer: Floats, samples: Samples) -> Score:
    """Return the score of an answer, with the interval of its RMSE from drawing sites."""
    off = answer - samples.y
    bootstrap = BlockBootstrap(samples.site.astype(str), replicates=1000, seed=SEED)
    _, drawn = bootstrap.means(off[:, None] ** 2)
    low, high = bootstrap.interval(np.sqrt(drawn[:, 0]))
    r2 = 1.0 - float(np.mean(off**2) / np.var(samples.y))
    return Score(float(np.sqrt(np.mean(off**2))), low, high, float(off.mean()), r2)


def evaluate(name: str, target: str, samples: Samples, simulated: Floats | None = None) -> Result:
    """Return the scores of all models of one target on the rows where all of them have an answer."""
    section = PROCESSES[name][target]
    answers = {"mean of other sites": climatology(samples)}
    if target in PRESENT[name]:
        process, inputs = PRESENT[name][target]
        columns = {key: np.asarray(values, dtype=float) for key, values in samples.features.items()}
        anchor = compute_anchor(ANCHORS.get(process), inputs, columns)
        answers |= {process: anchor, f"{process}, scaled": scaled(samples, anchor)}
    if simulated is not None:
        answers["series, published parameters"] = simulated
    answers[f"{section['process']}, published parameters"] = published(samples, section)
    answers[f"{section['process']}, calibrated"], fits = calibrated(samples, section)
    use = np.logical_and.reduce([np.isfinite(a) for a in answers.values()])
    rows = samples.take(use)
    values = {p: np.array([fit.values[p] for fit in fits]) for p in fits[0].values}
    hits = [p for fit in fits for p in fit.at_bound]
    return Result(
        f"{name} {target}", len(rows), np.unique(rows.site).size,
        {model: score(answer[use], rows) for model, answer in answers.items()},
        {p: (float(v.mean()), float(v.std())) for p, v in values.items()},
        {p: hits.count(p) for p in dict.fromkeys(hits)},
    )  # fmt: skip


def results(data: Path) -> list[Result]:
    """Return the results of all targets of both tables."""
    found = []
    with tempfile.TemporaryDirectory() as scratch:
        towers = load(data, Path(scratch) / "towers", "towers")
        simulated = series(Path(scratch) / "towers", towers)
        found += [evaluate("towers", t, samples, simulated[t]) for t, samples in towers.items()]
        abc = load(data, Path(scratch) / "abcflux", "abcflux")
        found += [evaluate("abcflux", t, samples) for t, samples in abc.items()]
    return found


def main() -> None:
    """Print the scores of every model and target."""
    gains = []
    for r in results(DATA):
        unit = "mg CH4 m-2 d-1" if r.target.endswith("fch4") else "g C m-2 d-1"
        print(f"{r.target} [{unit}]: {r.rows} rows, {r.sites} sites")
        for model, s in r.scores.items():
            print(f"  {model:38s} RMSE {s.rmse:7.3f} [{s.low:.3f}, {s.high:.3f}]  bias {s.bias:+7.3f}  R2 {s.r2:+.2f}")
        fitted = ", ".join(f"{p} {mean:.3g} +- {sd:.2g}" for p, (mean, sd) in r.parameters.items())
        print(f"  calibrated: {fitted}; at a bound in folds: {r.at_bound or 'none'}")
        gains.append(next(iter(r.scores.values())).rmse / list(r.scores.values())[-1].rmse)
    gain = float(np.exp(np.mean(np.log(gains))))
    print(f"tower_processes ratio={gain:.2f} RMSE of the mean of other sites to that of the calibrated process, "
          f"geometric mean of {len(gains)} targets")  # fmt: skip


if __name__ == "__main__":
    main()
