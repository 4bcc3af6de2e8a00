"""A map of active-layer thickness from a map of displacement over the thaw season, lazily."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from geocryoai.core.errors import ModelError, nearest
from geocryoai.retrievals.radar.checks import number_between
from geocryoai.retrievals.radar.resalt import thickness_between_dates, thickness_sigma
from geocryoai.retrievals.radar.soil_porosity import SoilPorosity

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True)
class ThicknessOptions:
    """Degree days of thaw and soil.

    Attributes
    ----------
    thaw_first, thaw_second, thaw_end : float
        Degree days of thaw [degC d] up to the first and second pass, and to the end of the season.
    soil : SoilPorosity
    water_sigma : float
        Relative standard deviation of the water in the pores [1].
    """

    thaw_first: float
    thaw_second: float
    thaw_end: float
    soil: SoilPorosity = field(default_factory=SoilPorosity)
    water_sigma: float = 0.1

    def __post_init__(self) -> None:
        number_between("water_sigma", self.water_sigma, 0.0, 10.0)


def thickness_map(displacement: xr.Dataset, options: ThicknessOptions) -> xr.Dataset:
    """Return active-layer thickness and its standard deviation where the ground sank.

    Parameters
    ----------
    displacement : xarray.Dataset
        ``displacement`` (up positive) and ``displacement_sigma`` [m], as `displacement_map` makes them.
    options : ThicknessOptions

    Returns
    -------
    xarray.Dataset
        ``alt``, ``alt_sigma`` [m]; NaN where the ground rose or nothing is known. ``subsidence`` [m], down positive.

    Raises
    ------
    ModelError
        A variable is absent or not in metres, degree days are out of order, or the ground sank nowhere.
    """
    import xarray as xr

    for name in ("displacement", "displacement_sigma"):
        if name not in displacement:
            raise ModelError(f"the map has no variable '{name}'", next_step=nearest(name, map(str, displacement)))
        if displacement[name].attrs.get("units") != "m":
            raise ModelError("the map is not in metres", where=name, found=displacement[name].attrs.get("units"))
    dates = (options.thaw_first, options.thaw_second, options.thaw_end)
    thickness_between_dates(0.0, *dates, options.soil)
    subsidence = -displacement["displacement"].astype(np.float64)
    if not bool((subsidence >= 0).any()):
        raise ModelError(
            "the ground sank nowhere", where="displacement", found="only heave or missing pixels",
            next_step="Check the sign of the phase (phase_grows) and the reference area.",
        )  # fmt: skip
    alt = xr.apply_ufunc(
        lambda values: thickness_between_dates(values, *dates, options.soil), subsidence, dask="parallelized",
        output_dtypes=[np.float64],
    )  # fmt: skip
    sigma = xr.apply_ufunc(
        lambda depth, noise: thickness_sigma(depth, noise, *dates, options.soil, water_sigma=options.water_sigma),
        alt, displacement["displacement_sigma"].astype(np.float64), dask="parallelized", output_dtypes=[np.float64],
    )  # fmt: skip
    layers = {
        "alt": (alt, "active layer thickness (annual maximum thaw depth)"),
        "alt_sigma": (sigma, "standard deviation of the thickness from phase noise and soil water"),
        "subsidence": (subsidence, "subsidence between the passes (positive = down)"),
    }
    attributes = {**displacement.attrs, "thaw_degree_days": list(dates), **asdict(options.soil)}
    return xr.Dataset(
        {
            name: array.astype(np.float32).assign_attrs(units="m", long_name=text)
            for name, (array, text) in layers.items()
        },
        attrs=attributes,
    )
