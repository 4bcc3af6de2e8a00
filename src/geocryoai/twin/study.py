"""How the twin's files are declared to the general readers `table` and `grid`: the `sources` section of a study."""

from __future__ import annotations

from typing import Any

#: Files that hold the truth: for scoring only, never among the sources.
TRUTH_FILES = ("truth.nc", "truth_probe_sites.csv", "truth_towers.csv")

_TERMS = {
    "licence": "CC0-1.0 (simulated)",
    "citation": "simulated Alaska of geocryoai; not measured anywhere",
}
_TOWER_FLAGS = {"0": "measured", "1": "filled", "2": "doubtful"}


def study_sources(*, chambers: bool = True, flights: bool = True) -> dict[str, dict[str, Any]]:
    """Return the `sources` section of a study on the twin: name -> reader, path, options.

    Parameters
    ----------
    chambers, flights : bool
        Whether those files are there (they are not when the network has none).
    """
    sources = {
        "drivers": _grid("drivers.nc", "Monthly drivers", _DRIVERS),
        "landscape": _grid("landscape.nc", "Mapped landscape", _LANDSCAPE),
        "coarse_model": _grid("coarse_model.nc", "Coarse process model", _COARSE),
        "probe_sites": _probe_sites(),
        "towers": _towers(),
    }
    if chambers:
        sources["chambers"] = _chambers()
    if flights:
        sources["flights"] = _flights()
    return sources
