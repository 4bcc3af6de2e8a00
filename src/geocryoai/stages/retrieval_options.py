"""Options of the retrievals of a study: typed, unknown ones named with the nearest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, ValidationError

from geocryoai.core.errors import StudyError
from geocryoai.core.study.load import problems_of
from geocryoai.core.study.model import Section
from geocryoai.sources.soundings.options import SoundingOptions


class Ch4Options(Section):
    """Methane enhancement and plumes of a line of radiance."""

    target: str = Field(description="absorption of methane: unit-absorption file or look-up table, in the data folder")
    group: int = Field(1, ge=1, description="detector columns that share mean and covariance")
    sun_zenith: float = Field(50.0, ge=0, lt=90, description="[degree]")
    false_alarms: float = Field(0.05, gt=0, description="expected false plumes in a scene")
    wind: float | None = Field(None, gt=0, description="[m s-1]")
    wind_sigma: float | None = Field(None, ge=0, description="[m s-1]")
    memory_mb: float = Field(512.0, ge=16, description="[MB]")


class IndicesOptions(Section):
    """Spectral indices of an image of reflectance."""

    indices: tuple[str, ...] = Field(("ndvi", "ndwi", "ndii"), min_length=1, description="names of indices")


class ComponentsOptions(Section):
    """Scores of principal components that `geocryoai retrieve components` learnt from another scene."""

    loadings: str = Field(description="file of components (.npz), in the data folder")
    count: int | None = Field(None, ge=1, description="only so many of them, the first ones; none: all")
    memory_mb: float = Field(256.0, ge=16, description="memory for blocks of the image [MB]")


class DisplacementChoices(Section):
    """Vertical displacement between two passes of a radar."""

    phase_grows: Literal["away", "towards"] = Field("away", description="sign: what makes the phase grow")
    least_coherence: float = Field(0.35, ge=0, le=1, description="below it a pixel is missing [1]")
    reference_lat: float | None = Field(None, ge=-90, le=90, description="ground taken not to move [degree]")
    reference_lon: float | None = Field(None, ge=-180, le=180, description="[degree]")
    reference_radius: float | None = Field(None, gt=0, description="[m]")
    remove_ramp: bool = Field(False, description="take off a robust plane")
    angle: Literal["best", "look_vector", "incidence", "track"] = Field("best", description="angle to the vertical")
    looks: float | None = Field(None, gt=0, description="independent looks; none: the annotation's")
    common_sigma: float = Field(0.0, ge=0, description="error that all pixels share: atmosphere, reference, ramp [m]")


class AltChoices(DisplacementChoices):
    """Active-layer thickness from the displacement over a thaw season."""

    thaw_first: float = Field(ge=0, description="degree days of thaw up to the first pass [degC d]")
    thaw_second: float = Field(gt=0, description="up to the second pass [degC d]")
    thaw_end: float = Field(gt=0, description="up to the end of the season [degC d]")
    organic_mass: float = Field(30.0, ge=0, description="organic matter of the soil [kg m-2]")
    saturation: float = Field(1.0, gt=0, le=1, description="share of the pores filled with water [1]")
    water_sigma: float = Field(0.1, ge=0, description="relative standard deviation of the water in the pores [1]")


class PolsarChoices(Section):
    """Polarimetry of a quad-pol product."""

    speckle_filter: Literal["none", "boxcar", "refined_lee"] = Field("boxcar", description="filter of speckle")
    window: int = Field(5, ge=1, description="odd number of pixels")
    looks: float = Field(4.0, gt=0, description="looks of the input, for refined_lee")


#: Kind of a retrieval -> its options.
OPTIONS: dict[str, type[Section]] = {
    "ch4": Ch4Options,
    "indices": IndicesOptions,
    "components": ComponentsOptions,
    "displacement": DisplacementChoices,
    "alt": AltChoices,
    "polsar": PolsarChoices,
    "soundings": SoundingOptions,
}


def read_choices(kind: str, given: Mapping[str, Any], where: str) -> Section:
    """Return the options of a retrieval.

    Raises
    ------
    StudyError
        With every problem found.
    """
    model = OPTIONS[kind]
    try:
        return model.model_validate(dict(given))
    except ValidationError as error:
        raise StudyError([f"{where}.{problem}" for problem in problems_of(error, model)]) from error


def option_problems(kind: str, given: Mapping[str, Any], *, per_scene: bool, where: str) -> list[str]:
    """Return what is wrong with the options of a study; what a table by scene may bring is not missed."""
    model = OPTIONS[kind]
    try:
        model.model_validate(dict(given))
    except ValidationError as error:
        kept = [item for item in error.errors() if not (per_scene and item["type"] == "missing")]
        if not kept:
            return []
        return [
            f"{where}.{text}"
            for item, text in zip(error.errors(), problems_of(error, model), strict=True)
            if item in kept
        ]
    return []
