"""What the process models of a study give, as one CF dataset, and in a few lines of text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from geocryoai.core.errors import GeoCryoAIError

if TYPE_CHECKING:
    import xarray as xr

#: Outputs that the summary speaks of: short text, unit, and factor; fluxes are summed over the days of a year.
_SHOWN = {
    "alt": ("ALT", "m", 1.0),
    "biomass": ("mass of trees", "kg m-2", 1.0),
    "lai": ("LAI", "", 1.0),
    "organic_depth": ("organic layer", "m", 1.0),
    "magt": ("MAGT", "degC", 1.0),
    "top_temperature": ("top of permafrost", "degC", 1.0),
    "nee": ("NEE", "g C m-2 yr-1", 1.0),
    "gpp": ("GPP", "g C m-2 yr-1", 1.0),
    "reco": ("Reco", "g C m-2 yr-1", 1.0),
    "fch4": ("CH4", "g CH4 m-2 yr-1", 1e-3),
}


def simulated_dataset(answers: Mapping[str, tuple[str, xr.Dataset]], *, title: str) -> xr.Dataset:
    """Return the outputs of several runs as one dataset, ready for `geocryoai.cube.netcdf.write_netcdf`.

    Parameters
    ----------
    answers : dict of str to (str, xarray.Dataset)
        Prefix of the names, and what the run gave, by run.
    title : str
    """
    import xarray as xr

    parts = []
    for run, (prefix, answer) in answers.items():
        names = {str(n): f"{run}_coverage" if n == "coverage" else f"{prefix}{n}" for n in answer.data_vars}
        renamed = answer.rename_vars(names)
        for name in names.values():
            if "ancillary_variables" in renamed[name].attrs:
                renamed[name].attrs["ancillary_variables"] = f"{run}_coverage"
        parts.append(renamed)
    merged = xr.merge(parts, combine_attrs="drop_conflicts", join="exact", compat="override")
    for variable in merged.variables.values():
        variable.encoding = {
            k: v
            for k, v in variable.encoding.items()
            if k in {"units", "calendar", "dtype"} and variable.dtype.kind == "M"
        }
    return merged.assign_attrs({"Conventions": "CF-1.8", "title": title, "source": "geocryoai process models"})


def summary(answers: Mapping[str, tuple[str, xr.Dataset]]) -> Iterator[str]:
    """Yield one line for each output that is spoken of: mean over cells and years, least and largest year.

    Raises
    ------
    GeoCryoAIError
        Every cell is masked.
    """
    for run, (_, answer) in answers.items():
        inside = int(answer["coverage"].sum())
        cells = f"{inside} of {answer['coverage'].size} cells"
        if inside == 0:
            raise GeoCryoAIError(
                "every cell is masked: a driver has no value there", where=f"simulate.{run}",
                next_step="Name another place, or look at the coverage of the fields.",
            )  # fmt: skip
        for name, (text, unit, factor) in _SHOWN.items():
            if name not in answer.data_vars:
                continue
            yearly = factor * _yearly(answer, name)
            known = yearly[np.isfinite(yearly)]
            if known.size == 0:
                yield f"{run}: {text} missing in every year ({answer[name].attrs.get('comment', 'no value')})"
                continue
            years = answer["year"].to_numpy()
            mean = f"{known.mean():.3g} {unit}".rstrip()
            yield (
                f"{run}: {text} {mean} (years {known.min():.3g} to {known.max():.3g}; "
                f"{years[0]} to {years[-1]}, {cells})"
            )
        yield from _composition(run, answer)


def _composition(run: str, answer: xr.Dataset) -> Iterator[str]:
    """Yield the shares of the species in the mass of the last year, the greatest first."""
    stands = {
        str(answer[name].attrs["long_name"]).rpartition(": ")[2]: float(answer[name][-1].mean(skipna=True))
        for name in map(str, answer.data_vars)
        if name.startswith("biomass_")
    }
    total = sum(stands.values())
    if not stands:
        return
    shares = sorted(((mass / total, name) for name, mass in stands.items() if total > 0.0), reverse=True)
    shown = ", ".join(f"{name} {100 * share:.0f} %" for share, name in shares if share >= 0.01)
    yield f"{run}: {shown or 'no trees'} of the mass in {int(answer['year'][-1])}"


def _yearly(answer: xr.Dataset, name: str) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Return the mean over cells of each year; of a flux, its sum over the days."""
    y, x = answer["coverage"].dims
    field = answer[name].mean(dim=[y, x], skipna=True)
    if "year" in field.dims:
        return np.asarray(field.to_numpy(), dtype=np.float64)
    days = answer["time"].dt.days_in_month.to_numpy()
    return np.asarray((field.to_numpy().astype(np.float64) * days).reshape(-1, 12).sum(axis=1))
