"""How granules of soundings are declared: layers, positions, corners, time and quality."""

from __future__ import annotations

from typing import Any, Self

from pydantic import Field, field_validator, model_validator

from geocryoai.core.errors import GeoCryoAIError
from geocryoai.core.study.model import Section
from geocryoai.sources._layout import BitField, LayerLayout, compiled

#: Folder of the presets, in `geocryoai.sources`.
PRESETS = "soundings/presets"


class SoundingQuality(Section):
    """A condition that a sounding must meet; a sounding without the value does not meet it."""

    path: str = Field(description="variable of the file")
    above: float | None = Field(None, description="the value is greater")
    at_least: float | None = Field(None, description="the value is greater or equal")
    accept: tuple[int, ...] = Field((), description="whole values that are accepted")
    bits: tuple[BitField, ...] = Field((), description="fields of bits")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.above is None and self.at_least is None and not self.accept and not self.bits:
            raise ValueError("declare above, at_least, accept or bits: which soundings are good")
        return self


class SoundingLayer(LayerLayout):
    """One variable of the soundings, and where its standard error stands."""

    sigma: str = Field("", description="variable with the standard error of each sounding, in the same unit")
    long_name: str = Field("", description="what it is, for attributes and report")

    @model_validator(mode="after")
    def _simple(self) -> Self:
        for key in ("quality", "accumulated", "presence", "empty", "pattern", "take", "optional"):
            if getattr(self, key):
                raise ValueError(f"{key} has no meaning for soundings")
        if not self.path:
            raise ValueError("declare path: the variable of the file")
        return self


class SoundingTime(Section):
    """When a sounding was made: a variable of the file, or the date in the file's name.

    The variable holds text (ISO dates) or numbers whose unit is ``seconds since ...``; it has a value for each
    sounding, each scan line, or one.
    """

    path: str = Field("", description="variable of the file")
    units: str = Field("", description="where the variable states none: for example 'seconds since 1970-01-01'")
    pattern: str = Field("", description="of the file name, with the group date (YYYYMMDD)")

    @field_validator("pattern")
    @classmethod
    def _expression(cls, value: str) -> str:
        return compiled(value)

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if bool(self.path) == bool(self.pattern):
            raise ValueError("declare either path or pattern")
        if self.pattern and "(?P<date>" not in self.pattern:
            raise ValueError("the pattern needs the group date")
        return self


class SoundingOptions(Section):
    """Granules of soundings, HDF5 or NetCDF-4; paths name variables with their groups."""

    preset: str = Field("", description="what is known of a product beforehand; your own keys win")
    layers: dict[str, SoundingLayer] = Field(min_length=1, description="what is read, by any name")
    latitude: str = Field("latitude", description="centre of each sounding [degree]")
    longitude: str = Field("longitude", description="centre of each sounding [degree]")
    latitude_bounds: str = Field("", description="corners of each pixel in order, last dimension 4; none: the centre")
    longitude_bounds: str = Field("", description="corners of each pixel in order, last dimension 4; none: the centre")
    time: SoundingTime = Field(description="when")
    quality: tuple[SoundingQuality, ...] = Field(description="conditions that all hold; [] accepts every sounding")

    @model_validator(mode="before")
    @classmethod
    def _with_preset(cls, values: Any) -> Any:
        from geocryoai.sources.mission import completed

        if not isinstance(values, dict) or not values.get("preset"):
            return values
        try:
            tree = completed(values, "preset", PRESETS)
        except GeoCryoAIError as error:
            raise ValueError(str(error)) from error
        tree.pop("title", None)
        return {**tree, "preset": values["preset"]}

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if bool(self.latitude_bounds) != bool(self.longitude_bounds):
            raise ValueError("latitude_bounds and longitude_bounds belong together")
        names = [layer.house for layer in self.layers.values()]
        if len(set(names)) < len(names):
            raise ValueError("two layers are given one name; tell them apart with name")
        return self
