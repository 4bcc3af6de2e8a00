"""How the twin's files are declared to the general readers `table` and `grid`: the `sources` section of a study."""

from __future__ import annotations

from typing import Any

#: Depths of the sensors of a borehole [cm].
SENSORS = (5, 25, 50, 100)

#: Files that hold the truth: for scoring only, never among the sources.
TRUTH_FILES = (
    "truth.nc", "truth_probe_sites.csv", "truth_towers.csv", "truth_boreholes.csv", "truth_moisture.nc"
)  # fmt: skip

_TERMS = {
    "licence": "CC0-1.0 (simulated)",
    "citation": "simulated Alaska of geocryoai; not measured anywhere",
}
_TOWER_FLAGS = {"0": "measured", "1": "filled", "2": "doubtful"}


def study_sources(
    *, chambers: bool = True, flights: bool = True, boreholes: bool = True, smap_days: int = 0
) -> dict[str, dict[str, Any]]:
    """Return the `sources` section of a study on the twin: name -> reader, path, options.

    Parameters
    ----------
    chambers, flights, boreholes : bool
        Whether those files are there (they are not when the network has none).
    smap_days : int
        Days from one file of soil moisture to the next; 0: neither they nor stations of moisture are there.
    """
    sources = {
        "drivers": _drivers(),
        "landscape": _landscape(),
        "coarse_model": _coarse_model(),
        "probe_sites": _probe_sites(),
        "towers": _towers(),
    }
    if chambers:
        sources["chambers"] = _chambers()
    if flights:
        sources["flights"] = _flights()
    if boreholes:
        sources["boreholes"] = _boreholes()
    if smap_days:
        sources["smap"], sources["moisture_stations"] = _smap(smap_days), _moisture_stations()
    return sources


def _grid(path: str, title: str, variables: dict[str, dict[str, Any]], **options: Any) -> dict[str, Any]:
    return {"reader": "grid", "path": path, "options": {"variables": variables, **options, "title": title, **_TERMS}}


def _house(*names: str) -> dict[str, dict[str, Any]]:
    """Declare variables that carry their house name, their unit standing in the file."""
    return {name: {"variable": name} for name in names}


def _drivers() -> dict[str, Any]:
    variables = _house("tas", "pr", "rsds", "vp", "snd", "swe", "lai", "ndvi")
    variables["rsds"]["positive"] = "down"
    return _grid("drivers.nc", "Monthly drivers", variables)


def _landscape() -> dict[str, Any]:
    relief = _house("elevation", "slope", "coast_distance")
    cover = _house("organic_depth", "wetland_fraction", "sand", "clay", "shrub_fraction", "tree_fraction")
    return _grid("landscape.nc", "Mapped landscape", {**relief, **cover}, time={"static": True})


def _coarse_model() -> dict[str, Any]:
    variables = {
        "nee_model": {"variable": "nee", "name": "nee_model", "positive": "up"},
        "fch4_model": {"variable": "fch4", "name": "fch4_model", "positive": "up"},
        "alt_model": {"variable": "alt", "name": "alt_model"},
    }
    return _grid("coarse_model.nc", "Coarse process model", variables)


def _table(path: str, title: str, support_m: float, time: dict[str, Any], **options: Any) -> dict[str, Any]:
    place = {"lon": "longitude", "lat": "latitude", "time": time, "support_m": support_m}
    return {"reader": "table", "path": path, "options": {**place, **options, "title": title, **_TERMS}}


def _flux(variable: str, unit: str, positive: str, sigma: str) -> dict[str, Any]:
    return {"variable": variable, "unit": unit, "positive": positive, "sigma_column": sigma}


_FOOTPRINT = {"footprint_wetland_fraction": {"name": "wetland_fraction", "unit": "1"}}
_MONTHLY = {"year": "year", "month": "month"}


def _probe_sites() -> dict[str, Any]:
    measured = {
        "variable": "alt",
        "unit": "cm",
        "sigma_column": "se_cm",
        "method": "probe",
        "quality_column": "flag",
        "quality": {"end_of_season": "measured", "early": "doubtful"},
    }
    return _table("probe_sites.csv", "Probe sites", 100.0, {"year": "year"}, site="site", columns={"alt_cm": measured})


def _towers() -> dict[str, Any]:
    co2 = {"method": "eddy covariance", "quality_column": "CO2_QC", "quality": _TOWER_FLAGS}
    ch4 = {**co2, "quality_column": "FCH4_QC"}
    carbon, methane = "umol CO2 m-2 s-1", "nmol CH4 m-2 s-1"
    columns = {
        "NEE": {**_flux("nee", carbon, "up", "NEE_SE"), **co2},
        "GPP": {**_flux("gpp", carbon, "down", "GPP_SE"), **co2},
        "RECO": {**_flux("reco", carbon, "up", "RECO_SE"), **co2},
        "FCH4": {**_flux("fch4", methane, "up", "FCH4_SE"), **ch4},
    }
    return _table("towers.csv", "Flux towers", 250.0, _MONTHLY, site="site", columns=columns, covariates=_FOOTPRINT)


def _chambers() -> dict[str, Any]:
    columns = {"FCH4": {**_flux("fch4", "mg CH4 m-2 d-1", "up", "FCH4_SE"), "method": "chamber"}}
    return _table("chambers.csv", "Chamber sites", 1.0, _MONTHLY, site="site", columns=columns, covariates=_FOOTPRINT)


def _flights() -> dict[str, Any]:
    thaw = {
        "variable": "thaw_depth",
        "unit": "cm",
        "sigma_column": "thaw_se_cm",
        "method": "airborne radar",
        "quality_column": "flag",
        "quality": {"ok": "measured", "saturated": "doubtful"},
    }
    return _table(
        "flights.csv",
        "Airborne radar",
        30.0,
        {"column": "date", "interval": "day"},
        site="line",
        columns={"thaw_cm": thaw},
        covariates={"wetness": {"name": "wetness", "unit": "1"}},
    )


def _boreholes() -> dict[str, Any]:
    columns = {
        f"T_{depth}CM": {"variable": "tg", "unit": "degC", "depth": depth / 100, "method": "thermistor"}
        for depth in SENSORS
    }
    time = {"column": "date", "interval": "day"}
    return _table("boreholes.csv", "Boreholes", 1.0, time, site="site", columns=columns)


def _smap(days: int) -> dict[str, Any]:
    time = {"days": days, "stamp": "start"}
    return {"reader": "smap_l4_soil_moisture", "path": "smap", "options": {"read": ["sm"], "time": time}}


def _moisture_stations() -> dict[str, Any]:
    columns = {"SM_5CM": {"variable": "sm", "unit": "m3 m-3", "depth": 0.05, "method": "permittivity probe"}}
    time = {"column": "date", "interval": "day"}
    return _table("moisture_stations.csv", "Stations of soil moisture", 1.0, time, site="site", columns=columns)
